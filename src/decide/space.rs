//! The settings that a search may choose from: one dimension a setting, whose first value is the present one. Must not judge them.

use super::queue;
use super::rerun::{Changes, RecordedSync, Rule};
use super::score::request;
use crate::format;
use crate::hpa::{Behavior, Direction, Metric, Policy, PolicyKind, Source, Spec, Target, WrittenRules, quantity};
use std::collections::BTreeSet;

/// What may be searched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    Targets,
    Bounds,
    Windows,
    Policies,
    Requests,
}

/// What a search may choose from, at the most.
#[derive(Clone, Debug, Default)]
pub struct Limits {
    pub parts: BTreeSet<Part>,
    /// By metric: the lowest and the highest target, percent.
    pub targets: Vec<(String, (i32, i32))>,
    pub min_replicas: Option<i32>,
    pub max_replicas: Option<i32>,
}

/// A value of a setting.
#[derive(Clone, Debug, PartialEq)]
enum Edit {
    Target(String, String),
    Min(i32),
    Max(i32),
    Request(String, i64),
    Window(Direction, i32),
    Policies(Direction, Vec<Policy>),
}

/// A setting, its values in words, and each but the first as an edit of the present settings.
#[derive(Clone, Debug)]
struct Dimension {
    name: String,
    present: String,
    /// The present value is within the limits.
    allowed: bool,
    /// How many of the edits' values are below the present one; 0 where they have no order.
    below: usize,
    edits: Vec<(String, Edit)>,
}

/// The index of a value for each dimension; 0 is the present one.
pub type Choice = Vec<u8>;

/// All that can be chosen.
pub struct Space {
    dimensions: Vec<Dimension>,
    /// The present settings, each written out, so that they hold for recordings under other ones, too.
    base: Changes,
    max_replicas: i32,
    min_replicas: i32,
    /// The present requests of the resources that may be changed, milli-units.
    requests: Vec<(String, f64)>,
}

const TARGETS: [i32; 15] = [25, 30, 35, 40, 45, 50, 55, 60, 65, 70, 75, 80, 85, 90, 95];
/// How full the queues may be, percent, the advised one first.
const FILLS: [i32; 6] = [60, 70, 50, 80, 40, 30];
/// Shares of a present quantity.
const SHARES: [f64; 8] = [0.5, 0.6, 0.7, 0.8, 0.9, 1.25, 1.5, 2.0];
const WINDOWS: [i32; 9] = [0, 15, 30, 45, 60, 90, 120, 180, 300];
/// Kind, value, period.
const POLICIES: [(PolicyKind, i32, i32); 12] = [
    (PolicyKind::Percent, 100, 15),
    (PolicyKind::Percent, 50, 15),
    (PolicyKind::Percent, 100, 60),
    (PolicyKind::Percent, 50, 60),
    (PolicyKind::Pods, 1, 15),
    (PolicyKind::Pods, 2, 15),
    (PolicyKind::Pods, 4, 15),
    (PolicyKind::Pods, 1, 30),
    (PolicyKind::Pods, 2, 30),
    (PolicyKind::Pods, 1, 60),
    (PolicyKind::Pods, 2, 60),
    (PolicyKind::Pods, 1, 120),
];

impl Space {
    /// What can be chosen around the settings of a sync, where `most` replicas were demanded at the most.
    ///
    /// # Errors
    /// The limits leave no choice, or name a metric that is not there.
    pub fn new(m: &RecordedSync, limits: &Limits, most: i32) -> Result<Self, String> {
        let (spec, names) = (&m.spec, &m.names);
        if let Some((name, _)) = limits.targets.iter().find(|t| !names.contains(&t.0)) {
            return Err(format!("there is no metric {name}; there are {}", names.join(", ")));
        }
        // Beyond a few times the present maximum a recording says little.
        let wanted = most.saturating_add(2).min(spec.max.saturating_mul(4));
        let max_replicas = limits.max_replicas.unwrap_or(spec.max.max(wanted));
        let min_replicas =
            limits.min_replicas.unwrap_or(0).min(spec.min_replicas()).max(limits.min_replicas.unwrap_or(1));
        if min_replicas > max_replicas {
            return Err(format!("at least {min_replicas} and at most {max_replicas} replicas leave no choice"));
        }
        let has = |part| limits.parts.contains(&part);
        let mut dimensions = Vec::new();
        if has(Part::Targets) {
            let each = spec.metrics.iter().zip(names.iter());
            dimensions.extend(each.filter_map(|(metric, name)| targets(metric, name, limits)));
        }
        if has(Part::Bounds) {
            dimensions.extend(bounds(spec, min_replicas, max_replicas));
        }
        for direction in [Direction::Up, Direction::Down] {
            if has(Part::Windows) {
                dimensions.push(windows(spec, direction, m.settings.downscale_stabilization.num_seconds()));
            }
            if has(Part::Policies) {
                dimensions.push(policies(spec, direction));
            }
        }
        let requests = if has(Part::Requests) { present_requests(m) } else { Vec::new() };
        dimensions.extend(requests.iter().map(|(resource, milli)| requests_of(resource, *milli)));
        dimensions.retain(|d| !d.edits.is_empty());
        if dimensions.is_empty() {
            return Err("nothing is left to search; name more with --search, or widen the bounds".into());
        }
        Ok(Space { dimensions, base: written_out(spec, names), max_replicas, min_replicas, requests })
    }

    /// How many values each setting has.
    pub fn sizes(&self) -> Vec<usize> {
        self.dimensions.iter().map(|d| d.edits.len() + 1).collect()
    }

    /// The names of the settings.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.dimensions.iter().map(|d| d.name.as_str())
    }

    pub fn present(&self) -> Choice {
        vec![0; self.dimensions.len()]
    }

    /// The choice as changes of any recording.
    pub fn changes(&self, choice: &[u8]) -> Changes {
        let mut out = self.base.clone();
        for (dimension, value) in self.dimensions.iter().zip(choice) {
            let edit = usize::from(*value).checked_sub(1).and_then(|i| dimension.edits.get(i));
            if let Some((_, edit)) = edit {
                edit.apply(&mut out);
            }
        }
        out
    }

    /// Whether the choice is within the limits, and has a minimum that is not above its maximum.
    pub fn fits(&self, choice: &[u8]) -> bool {
        if self.dimensions.iter().zip(choice).any(|(d, value)| *value == 0 && !d.allowed) {
            return false;
        }
        let changes = self.changes(choice);
        let (min, max) = (changes.min.unwrap_or(1), changes.max.unwrap_or(1));
        min <= max && max <= self.max_replicas && min >= self.min_replicas
    }

    /// How many times as much a replica requests: by the resource that grows most.
    pub fn request_times(&self, choice: &[u8]) -> f64 {
        let changes = self.changes(choice);
        let times = changes.requests.iter().filter_map(|(resource, milli)| {
            let present = self.requests.iter().find(|r| r.0 == *resource)?.1;
            Some(*milli as f64 / present)
        });
        times.max_by(f64::total_cmp).unwrap_or(1.0)
    }

    /// The values of a dimension that are nearer to the present one than `value` is, the nearest first.
    pub fn nearer(&self, place: usize, value: u8) -> Vec<u8> {
        let Some(d) = self.dimensions.get(place) else { return Vec::new() };
        let distance = |value: u8| match usize::from(value) {
            0 => 0,
            v if v > d.below => v - d.below,
            v => d.below + 1 - v,
        };
        let mut out: Vec<u8> = (0..=d.edits.len()).filter_map(|v| u8::try_from(v).ok()).collect();
        out.retain(|other| distance(*other) < distance(value));
        out.sort_by_key(|other| distance(*other));
        out
    }

    /// Each changed setting: its dimension, its name, its value and the present one.
    pub fn words<'a>(&'a self, choice: &'a [u8]) -> impl Iterator<Item = (usize, &'a str, &'a str, &'a str)> {
        self.dimensions.iter().zip(choice).enumerate().filter_map(|(i, (d, value))| {
            let (text, _) = d.edits.get(usize::from(*value).checked_sub(1)?)?;
            Some((i, d.name.as_str(), text.as_str(), d.present.as_str()))
        })
    }
}

impl Edit {
    fn apply(&self, changes: &mut Changes) {
        match self {
            Edit::Target(name, value) => {
                changes.targets.retain(|t| t.0 != *name);
                changes.targets.push((name.clone(), value.clone()));
            }
            Edit::Min(n) => changes.min = Some(*n),
            Edit::Max(n) => changes.max = Some(*n),
            Edit::Request(resource, milli) => changes.requests.push((resource.clone(), *milli)),
            Edit::Window(direction, seconds) => rule(changes, *direction).window_s = Some(*seconds),
            Edit::Policies(direction, policies) => rule(changes, *direction).policies.clone_from(policies),
        }
    }
}

fn rule(changes: &mut Changes, direction: Direction) -> &mut Rule {
    match direction {
        Direction::Up => &mut changes.up,
        Direction::Down => &mut changes.down,
    }
}

/// A spec as changes that lead to it from any other of the same metrics.
fn written_out(spec: &Spec, names: &[String]) -> Changes {
    let target = |(metric, name): (&Metric, &String)| {
        let value = match metric.target {
            Target::Utilization(percent) => percent.to_string(),
            Target::AverageValue(milli) | Target::Value(milli) => quantity::text(milli),
            Target::None => return None,
        };
        Some((name.clone(), value))
    };
    let rules = |direction| {
        spec.behavior.as_ref().map_or_else(Rule::default, |behavior| {
            let rules = match direction {
                Direction::Up => &behavior.up,
                Direction::Down => &behavior.down,
            };
            Rule { window_s: rules.window_seconds, policies: rules.policies.clone(), select: Some(rules.select) }
        })
    };
    Changes {
        targets: spec.metrics.iter().zip(names).filter_map(target).collect(),
        min: Some(spec.min_replicas()),
        max: Some(spec.max),
        up: rules(Direction::Up),
        down: rules(Direction::Down),
        ..Changes::default()
    }
}

fn targets(metric: &Metric, name: &str, limits: &Limits) -> Option<Dimension> {
    let (low, high) = limits.targets.iter().rfind(|t| t.0 == name).map_or((1, 100), |t| t.1);
    let (mut allowed, below);
    allowed = true;
    let (present, values): (String, Vec<(String, String)>) = match metric.target {
        Target::Utilization(present) => {
            // The ends of a range that was asked for count, too.
            let ends = limits.targets.iter().filter(|t| t.0 == name).flat_map(|t| [t.1.0, t.1.1]);
            let all: BTreeSet<i32> = TARGETS.into_iter().filter(|t| (low..=high).contains(t)).chain(ends).collect();
            allowed = limits.targets.iter().all(|t| t.0 != name) || (low..=high).contains(&present);
            below = all.range(..present).count();
            let one = |t: i32| (format!("{t} %"), t.to_string());
            (format!("{present} %"), all.into_iter().filter(|t| *t != present).map(one).collect())
        }
        Target::AverageValue(queue::NEVER) => {
            // It is added, and stays only with a target of its own.
            (allowed, below) = (false, 0);
            let ends = limits.targets.iter().filter(|t| t.0 == name).flat_map(|t| [t.1.0, t.1.1]);
            let mut fills: Vec<i32> = FILLS.into_iter().filter(|fill| (low..=high).contains(fill)).collect();
            fills.extend(ends.filter(|end| !FILLS.contains(end)));
            ("none".into(), fills.into_iter().map(|fill| (format!("{fill} % full"), fill.to_string())).collect())
        }
        Target::AverageValue(present) | Target::Value(present) => {
            let of = |share: f64| ((present as f64 * share).round() as i64).max(1);
            let all: BTreeSet<i64> = SHARES.into_iter().map(of).filter(|v| *v != present).collect();
            below = all.range(..present).count();
            let one = |milli: i64| (format::amount(name, milli), quantity::text(milli));
            (format::amount(name, present), all.into_iter().map(one).collect())
        }
        Target::None => return None,
    };
    let edits = values.into_iter().map(|(text, value)| (text, Edit::Target(name.to_owned(), value)));
    Some(Dimension { name: format!("target of {name}"), present, allowed, below, edits: edits.collect() })
}

fn bounds(spec: &Spec, low: i32, high: i32) -> [Dimension; 2] {
    // Of a large range a few values are enough.
    let step = usize::try_from((high - low) / 40).unwrap_or(0).max(1);
    let values = |present: i32| -> BTreeSet<i32> {
        (low..=high).step_by(step).chain([high]).filter(|n| *n != present && *n > 0).collect()
    };
    let dimension = |name: &str, present: i32, edit: fn(i32) -> Edit| Dimension {
        name: name.to_owned(),
        present: present.to_string(),
        allowed: (low..=high).contains(&present),
        below: values(present).range(..present).count(),
        edits: values(present).into_iter().map(|n| (n.to_string(), edit(n))).collect(),
    };
    [dimension("minReplicas", spec.min_replicas(), Edit::Min), dimension("maxReplicas", spec.max, Edit::Max)]
}

fn behavior(spec: &Spec) -> Behavior {
    let defaults = || Behavior::defaulted(Some(WrittenRules::default()), Some(WrittenRules::default()));
    spec.behavior.clone().unwrap_or_else(defaults)
}

fn windows(spec: &Spec, direction: Direction, flag_s: i64) -> Dimension {
    let (name, rules) = match direction {
        Direction::Up => ("scaleUp", behavior(spec).up),
        Direction::Down => ("scaleDown", behavior(spec).down),
    };
    let present = rules.window_seconds.map_or(flag_s, i64::from);
    let values = WINDOWS.into_iter().filter(|s| i64::from(*s) != present);
    Dimension {
        name: format!("{name}.stabilizationWindowSeconds"),
        present: present.to_string(),
        allowed: true,
        below: WINDOWS.into_iter().filter(|s| i64::from(*s) < present).count(),
        edits: values.map(|s| (s.to_string(), Edit::Window(direction, s))).collect(),
    }
}

fn policies(spec: &Spec, direction: Direction) -> Dimension {
    let (name, rules) = match direction {
        Direction::Up => ("scaleUp", behavior(spec).up),
        Direction::Down => ("scaleDown", behavior(spec).down),
    };
    let words = |all: &[Policy]| {
        let one = |p: &Policy| format!("{:?} {}/{} s", p.kind, p.value, p.period_seconds);
        all.iter().map(one).collect::<Vec<_>>().join(", ")
    };
    let policy = |(kind, value, period_seconds): (PolicyKind, i32, i32)| Policy { kind, value, period_seconds };
    let all = POLICIES.into_iter().map(|p| vec![policy(p)]).filter(|p| *p != rules.policies);
    Dimension {
        name: format!("{name}.policies"),
        present: words(&rules.policies),
        allowed: true,
        below: 0,
        edits: all.map(|p| (words(&p), Edit::Policies(direction, p))).collect(),
    }
}

/// What a pod requests of each resource that the HPA looks at as a share of it, milli-units.
fn present_requests(m: &RecordedSync) -> Vec<(String, f64)> {
    let of = |metric: &Metric| match (&metric.source, metric.target) {
        (Source::Resource { resource }, Target::Utilization(_)) => {
            Some((resource.clone(), request(m, &metric.source)?))
        }
        _ => None,
    };
    m.spec.metrics.iter().filter_map(of).collect()
}

fn requests_of(resource: &str, present: f64) -> Dimension {
    let step = if resource == "cpu" { 10.0 } else { 1000.0 * 1024.0 * 1024.0 };
    let of = |share: f64| ((present * share / step).round().max(1.0) * step) as i64;
    let all: BTreeSet<i64> = SHARES.into_iter().map(of).filter(|v| *v as f64 != present).collect();
    let text = |milli: i64| format::amount(resource, milli);
    Dimension {
        name: format!("request of {resource}"),
        present: text(present as i64),
        allowed: true,
        below: all.range(..present as i64).count(),
        edits: all.into_iter().map(|v| (text(v), Edit::Request(resource.to_owned(), v))).collect(),
    }
}
