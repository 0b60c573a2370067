//! Changes to the recorded settings, parsed from the command line and applied to a spec. Must not simulate.

use super::RecordedSync;
use crate::hpa::{
    Behavior, Direction, Metric, Pod, Policy, PolicyKind, SelectPolicy, Source, Spec, Target, World, quantity,
    spec::ScalingRules, spec::WrittenRules,
};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

/// More replicas than this, or than the recorded maximum, are not simulated: a pod that uses more by itself than its target would
/// be scaled to the maximum, whatever it is, and each pod is simulated at each sync.
const MOST_REPLICAS: i32 = 1000;

/// Whether a maximum can be simulated beside a recorded spec.
///
/// # Errors
/// How many can.
pub fn can_be_simulated(max: i32, recorded: &Spec) -> Result<(), String> {
    let most = recorded.max.max(MOST_REPLICAS);
    match max > most {
        true => Err(format!("maxReplicas would be {max}; at most {most} replicas are simulated")),
        false => Ok(()),
    }
}

/// Changes of one direction.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rule {
    pub window_s: Option<i32>,
    /// They replace the recorded ones; empty keeps those.
    pub policies: Vec<Policy>,
    pub select: Option<SelectPolicy>,
}

/// A whole spec, with the names of its metrics.
#[derive(Clone, Debug, PartialEq)]
pub struct Whole {
    pub spec: Spec,
    pub names: Arc<[String]>,
}

/// Everything that can be changed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Changes {
    /// By the metric's name: percent, or a quantity.
    pub targets: Vec<(String, String)>,
    pub drop: Vec<String>,
    pub min: Option<i32>,
    pub max: Option<i32>,
    /// By resource: the request of a pod, milli-units.
    pub requests: Vec<(String, i64)>,
    pub up: Rule,
    pub down: Rule,
    /// A spec in place of the recorded one, to which the other changes but the requests do not apply.
    pub instead: Option<Whole>,
}

impl Changes {
    pub fn is_none(&self) -> bool {
        *self == Changes::default()
    }

    /// Whether the recorded settings are these already, all the time.
    pub fn change_nothing(&self, syncs: &[RecordedSync]) -> bool {
        let mut before: Option<&RecordedSync> = None;
        syncs.iter().all(|sync| {
            let known = before.is_some_and(|b| b.spec == sync.spec);
            before = Some(sync);
            let requests = || {
                sync.world.pods.iter().all(|pod| {
                    let mut changed = Pod::clone(pod);
                    self.request_of(&mut changed);
                    changed == **pod
                })
            };
            // One replica is what no minReplicas means.
            let same = |changed: Spec| {
                changed.min_replicas() == sync.spec.min_replicas()
                    && Spec { min: sync.spec.min, ..changed } == *sync.spec
            };
            (known || same(self.spec(&sync.spec, &sync.names))) && (self.requests.is_empty() || requests())
        })
    }

    /// `NAME=VALUE`.
    ///
    /// # Errors
    /// What is accepted.
    pub fn pair(text: &str) -> Result<(String, String), String> {
        let parts = text.split_once('=').filter(|(n, v)| !n.is_empty() && !v.is_empty());
        parts.map(|(n, v)| (n.to_string(), v.to_string())).ok_or_else(|| "NAME=VALUE, such as cpu=60".into())
    }

    /// `cpu=200m`.
    ///
    /// # Errors
    /// What is accepted.
    pub fn request(text: &str) -> Result<(String, i64), String> {
        let (name, value) = Changes::pair(text).map_err(|_| "RESOURCE=QUANTITY, such as cpu=200m or memory=512Mi")?;
        let milli = quantity::milli(&value).ok().filter(|m| *m > 0);
        milli.map(|m| (name, m)).ok_or_else(|| format!("{value:?} is no quantity above 0, such as 200m or 512Mi"))
    }

    /// `down=Pods:1/15`, `up=Percent:100/60`.
    ///
    /// # Errors
    /// What is accepted.
    pub fn policy(text: &str) -> Result<(Direction, Policy), String> {
        let read = || {
            let (direction, rest) = text.split_once('=')?;
            let (kind, rest) = rest.split_once(':')?;
            let (value, period) = rest.split_once('/')?;
            let kind = match kind.to_ascii_lowercase().as_str() {
                "pods" => PolicyKind::Pods,
                "percent" => PolicyKind::Percent,
                _ => return None,
            };
            let value = value.parse().ok().filter(|v: &i32| *v > 0)?;
            let period_seconds = period.parse().ok().filter(|p: &i32| (1..=1800).contains(p))?;
            Some((self::direction(direction)?, Policy { kind, value, period_seconds }))
        };
        read().ok_or_else(|| "up or down, a type, a value and a period in seconds, such as down=Pods:1/15".into())
    }

    /// `down=Min`.
    ///
    /// # Errors
    /// What is accepted.
    pub fn select(text: &str) -> Result<(Direction, SelectPolicy), String> {
        let read = || {
            let (direction, policy) = text.split_once('=')?;
            let policy = match policy.to_ascii_lowercase().as_str() {
                "max" => SelectPolicy::Max,
                "min" => SelectPolicy::Min,
                "disabled" => SelectPolicy::Disabled,
                _ => return None,
            };
            Some((self::direction(direction)?, policy))
        };
        read().ok_or_else(|| "up or down with Max, Min or Disabled, such as down=Min".into())
    }

    /// Whether the changes fit the HPA, which may have been edited while it was recorded.
    ///
    /// # Errors
    /// The change that does not fit, and what would.
    pub fn check(&self, syncs: &[RecordedSync]) -> Result<(), String> {
        let mut names: Vec<&String> = Vec::new();
        for name in syncs.iter().flat_map(|s| s.names.iter()) {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        for name in self.targets.iter().map(|t| &t.0).chain(&self.drop) {
            if !names.contains(&name) {
                let known = names.into_iter().map(String::as_str).collect::<Vec<_>>().join(", ");
                return Err(format!("the HPA has no metric {name}; it has {known}"));
            }
        }
        let mut before: Option<&RecordedSync> = None;
        for sync in syncs {
            if before.is_none_or(|b| b.spec != sync.spec) {
                can_be_simulated(self.spec(&sync.spec, &sync.names).max, &sync.spec)?;
                match &self.instead {
                    Some(whole) => whole.check(&sync.spec)?,
                    None => self.check_spec(&sync.spec, &sync.names)?,
                }
            }
            before = Some(sync);
        }
        Ok(())
    }

    /// Whether the changes fit one version of the spec, whose metrics have these names.
    fn check_spec(&self, spec: &Spec, names: &[String]) -> Result<(), String> {
        if names.iter().all(|n| self.drop.contains(n)) {
            return Err("no metric would be left; the HPA needs at least one".into());
        }
        for (name, value) in &self.targets {
            let metric = names.iter().position(|n| n == name).and_then(|i| spec.metrics.get(i));
            if metric.is_some_and(|m| target(m.target, value).is_none()) {
                let accepted = match metric.map(|m| m.target) {
                    Some(Target::Utilization(_)) => "percent of request, such as 60",
                    _ => "a quantity, such as 100m or 512Mi",
                };
                return Err(format!("the target of {name} cannot be {value:?}; it is {accepted}"));
            }
        }
        let (min, max) = (self.min.unwrap_or(spec.min_replicas()), self.max.unwrap_or(spec.max));
        if min < 0 || max < 1 || min > max {
            return Err(format!("the minimum would be {min} and the maximum {max}"));
        }
        Ok(())
    }

    /// A recorded spec under these changes.
    pub fn spec(&self, recorded: &Spec, names: &[String]) -> Spec {
        if let Some(whole) = &self.instead {
            return whole.spec.clone();
        }
        let mut spec = recorded.clone();
        for (name, value) in &self.targets {
            let metric = names.iter().position(|n| n == name).and_then(|i| spec.metrics.get_mut(i));
            if let Some(metric) = metric {
                metric.target = target(metric.target, value).unwrap_or(metric.target);
            }
        }
        let mut index = 0;
        spec.metrics.retain(|_| {
            let kept = names.get(index).is_none_or(|n| !self.drop.contains(n));
            index += 1;
            kept
        });
        spec.min = self.min.or(spec.min);
        spec.max = self.max.unwrap_or(spec.max);
        if self.up != Rule::default() || self.down != Rule::default() {
            let mut behavior = spec
                .behavior
                .unwrap_or_else(|| Behavior::defaulted(Some(WrittenRules::default()), Some(WrittenRules::default())));
            self.up.apply_to(&mut behavior.up);
            self.down.apply_to(&mut behavior.down);
            spec.behavior = Some(behavior);
        }
        spec
    }

    /// The recorded inputs under these changes: requests are part of them, and values go by their metric's index.
    pub fn world<'a>(&self, m: &'a RecordedSync) -> Cow<'a, World> {
        let moves = self.instead.is_some() || !self.drop.is_empty();
        if self.requests.is_empty() && (!moves || m.world.values.is_empty()) {
            return Cow::Borrowed(&m.world);
        }
        let mut world = m.world.clone();
        world.pods.iter_mut().map(Arc::make_mut).for_each(|pod| self.request_of(pod));
        world.values = self.values_at(world.values, m);
        Cow::Owned(world)
    }

    /// Values by the index of their metric in the spec of a sync, re-indexed for the changed spec.
    pub fn values_at<T: Clone>(&self, recorded: BTreeMap<usize, T>, m: &RecordedSync) -> BTreeMap<usize, T> {
        let Some(whole) = &self.instead else { return self.values(recorded, &m.names) };
        let index = |metric: &Metric| m.spec.metrics.iter().position(|r| r.source == metric.source);
        let of = |(i, metric): (usize, &Metric)| Some((i, recorded.get(&index(metric)?)?.clone()));
        whole.spec.metrics.iter().enumerate().filter_map(of).collect()
    }

    /// Values by the index of their metric in the recorded spec, re-indexed for the spec without the dropped metrics.
    pub fn values<T>(&self, recorded: BTreeMap<usize, T>, names: &[String]) -> BTreeMap<usize, T> {
        let is_kept = |i: usize| names.get(i).is_none_or(|n| !self.drop.contains(n));
        let kept = recorded.into_iter().filter(|(i, _)| is_kept(*i));
        kept.map(|(i, value)| ((0..i).filter(|before| is_kept(*before)).count(), value)).collect()
    }

    /// Gives the pod's whole request to its first container; the others request none of that resource.
    pub fn request_of(&self, pod: &mut Pod) {
        for (resource, milli) in &self.requests {
            for (i, container) in pod.containers.iter_mut().enumerate() {
                container.requests.insert(resource.clone(), if i == 0 { *milli } else { 0 });
            }
            pod.pod_level_requests.entry(resource.clone()).and_modify(|r| *r = *milli);
        }
    }

    /// Each change in words.
    pub fn sentences(&self) -> Vec<String> {
        if let Some(whole) = &self.instead {
            return whole.sentences();
        }
        let mut out: Vec<String> = self.targets.iter().map(|(n, v)| format!("target of {n}: {v}")).collect();
        out.extend(self.drop.iter().map(|n| format!("without the metric {n}")));
        out.extend(self.min.map(|n| format!("minReplicas {n}")));
        out.extend(self.max.map(|n| format!("maxReplicas {n}")));
        let quantity = |(n, m): &(String, i64)| match n.as_str() {
            "cpu" => format!("request of cpu: {m}m a pod"),
            _ => format!("request of {n}: {} a pod", crate::format::bytes(*m as f64 / 1000.0)),
        };
        out.extend(self.requests.iter().map(quantity));
        out.extend(self.up.sentences("scaleUp"));
        out.extend(self.down.sentences("scaleDown"));
        out
    }
}

impl Whole {
    /// Whether what the metrics read was observed under a recorded spec.
    fn check(&self, recorded: &Spec) -> Result<(), String> {
        for (metric, name) in self.spec.metrics.iter().zip(self.names.iter()) {
            let of_pods = matches!(metric.source, Source::Resource { .. } | Source::ContainerResource { .. });
            if !of_pods && recorded.metrics.iter().all(|r| r.source != metric.source) {
                return Err(format!("the watched HPA has no metric {name}, so that its values were not observed"));
            }
        }
        Ok(())
    }

    fn sentences(&self) -> Vec<String> {
        let target = |(metric, name): (&Metric, &String)| match metric.target {
            Target::Utilization(percent) => format!("target of {name}: {percent} %"),
            Target::AverageValue(milli) | Target::Value(milli) => {
                format!("target of {name}: {}", crate::format::amount(name, milli))
            }
            Target::None => format!("{name} without a target"),
        };
        let mut out: Vec<String> = self.spec.metrics.iter().zip(self.names.iter()).map(target).collect();
        out.push(format!("minReplicas {}", self.spec.min_replicas()));
        out.push(format!("maxReplicas {}", self.spec.max));
        for (direction, rules) in self.spec.behavior.iter().flat_map(|b| [("scaleUp", &b.up), ("scaleDown", &b.down)]) {
            let policies = rules.policies.clone();
            out.extend(
                Rule { window_s: rules.window_seconds, policies, select: Some(rules.select) }.sentences(direction),
            );
        }
        out
    }
}

impl Rule {
    fn apply_to(&self, rules: &mut ScalingRules) {
        rules.window_seconds = self.window_s.or(rules.window_seconds);
        rules.select = self.select.unwrap_or(rules.select);
        if !self.policies.is_empty() {
            rules.policies.clone_from(&self.policies);
        }
    }

    fn sentences(&self, direction: &str) -> Vec<String> {
        let mut out: Vec<String> =
            self.window_s.iter().map(|s| format!("{direction}: stabilization window {s} s")).collect();
        let policies = self.policies.iter().map(|p| format!("{:?} {}/{} s", p.kind, p.value, p.period_seconds));
        let policies: Vec<String> = policies.collect();
        if !policies.is_empty() {
            out.push(format!("{direction}: policies {}", policies.join(", ")));
        }
        out.extend(self.select.map(|s| format!("{direction}: selectPolicy {s:?}")));
        out
    }
}

fn direction(text: &str) -> Option<Direction> {
    match text.to_ascii_lowercase().as_str() {
        "up" => Some(Direction::Up),
        "down" => Some(Direction::Down),
        _ => None,
    }
}

/// Another value for a target of the same type.
fn target(recorded: Target, value: &str) -> Option<Target> {
    match recorded {
        Target::Utilization(_) => {
            let percent = value.trim_end_matches('%').trim().parse().ok().filter(|p| (1..=100_000).contains(p))?;
            Some(Target::Utilization(percent))
        }
        Target::AverageValue(_) => quantity::milli(value).ok().filter(|v| *v > 0).map(Target::AverageValue),
        Target::Value(_) => quantity::milli(value).ok().filter(|v| *v > 0).map(Target::Value),
        Target::None => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_stay_with_their_metrics_when_one_before_them_is_dropped() {
        let changes = Changes { drop: vec!["memory".into()], ..Changes::default() };
        let names = ["cpu", "memory", "queue"].map(String::from);
        let values = changes.values(BTreeMap::from([(1, 'm'), (2, 'q')]), &names);
        assert_eq!(values, BTreeMap::from([(1, 'q')]));
    }

    #[test]
    fn changes_are_parsed() {
        assert_eq!(Changes::request("cpu=200m"), Ok(("cpu".into(), 200)));
        assert_eq!(Changes::request("memory=1Ki"), Ok(("memory".into(), 1_024_000)));
        let (direction, policy) = Changes::policy("down=pods:1/15").unwrap();
        assert_eq!((direction, policy.value, policy.period_seconds), (Direction::Down, 1, 15));
        assert_eq!(Changes::select("up=Disabled"), Ok((Direction::Up, SelectPolicy::Disabled)));
        for wrong in ["", "down", "down=Pods", "down=Pods:0/15", "left=Pods:1/15", "down=Pods:1/9999"] {
            assert!(Changes::policy(wrong).is_err(), "{wrong}");
        }
        assert!(Changes::request("cpu=0").is_err() && Changes::request("cpu").is_err());
    }
}
