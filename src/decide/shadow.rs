//! Other specs run beside the HPA's own while it is watched: what the controller would have asked for under each, over the same
//! samples. All that was observed is run again whenever a sync has been settled, since what is learned of the pods holds from the
//! beginning. Must not word a decision, nor know how it is shown.

use super::rerun::{Changes, Recorded, Rerun, Simulation, Whole};
use super::score::{Measure, Score, lines};
use crate::hpa::{Direction, Invalid, Spec, Target, validate};
use crate::observe::{HpaSeen, ShadowSeen};
use crate::session::{Session, controller, decisions::sync::Computed, metric_label};
use std::sync::Arc;

/// Shadows at most.
pub const MOST: usize = Session::MOST_SHADOWS;

/// A shadow, and what it gives over what was observed.
#[derive(Clone, Debug, PartialEq)]
pub struct Shadow {
    pub name: String,
    /// Or why there is nothing: no sync yet, or it does not fit the HPA that is watched.
    pub run: Result<ShadowRun, String>,
}

/// What a shadow gives.
#[derive(Clone, Debug, PartialEq)]
pub struct ShadowRun {
    /// Its steps, oldest first, with when it diverged and what is assumed.
    pub simulation: Simulation,
    /// What each step computed, in their order.
    pub decided: Vec<Decided>,
    /// The figures of both runs, by the lines of the HPA's own targets.
    pub actual: Score,
    pub shadow: Score,
    /// The lines in words: `cpu 88 % of the request (114m)`.
    pub lines: Vec<String>,
}

/// What a sync computes under a shadow.
#[derive(Clone, Debug, PartialEq)]
pub struct Decided {
    pub computed: Computed,
    pub metrics: Arc<Metrics>,
}

/// The metrics of a shadow's spec: names, and targets (percent or milli-units).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Metrics {
    pub names: Vec<String>,
    pub targets: Vec<Option<i64>>,
}

/// What was run last, so that nothing is run again while nothing has changed.
#[derive(Debug, Default)]
pub struct Shadows {
    of: Option<Version>,
    all: Vec<Shadow>,
}

/// The shadows, and how many syncs were settled, the first and the last of them (milliseconds since 1970).
type Version = (Arc<[ShadowSeen]>, usize, i64, i64);

impl Shadows {
    /// The shadows of a session, run again only where a sync was settled or they were set since.
    pub fn of(&mut self, session: &Session) -> &[Shadow] {
        if session.shadows.is_empty() {
            *self = Shadows::default();
            return &self.all;
        }
        let journal = session.decisions.journal();
        let ms = |sync: Option<&crate::session::decisions::Settled>| sync.map_or(0, |settled| settled.sync.first);
        let version = (session.shadows.clone(), journal.len(), ms(journal.first()), ms(journal.last()));
        if self.of.as_ref() != Some(&version) {
            (self.of, self.all) = (Some(version), run(session));
        }
        &self.all
    }
}

/// The changes that a shadow is.
///
/// # Errors
/// A flag or a field of the spec that cannot be.
pub fn changes(shadow: &ShadowSeen) -> Result<Changes, String> {
    match &shadow.spec {
        None => Changes::of_flags(&shadow.flags),
        Some(seen) => Ok(Changes { instead: Some(whole(seen)?), ..Changes::default() }),
    }
}

/// A spec as the API server would take it.
fn whole(seen: &HpaSeen) -> Result<Whole, String> {
    let spec = controller::spec(seen).ok_or("spec.metrics: a ContainerResource metric has no container")?;
    if let Some(wrong) = validate(&spec).first() {
        return Err(words(*wrong));
    }
    if spec.metrics.is_empty() {
        return Err("spec.metrics is empty; a shadow needs at least one metric".into());
    }
    Ok(Whole { spec, names: seen.metrics.iter().map(metric_label).collect() })
}

/// What the API server would not take.
fn words(wrong: Invalid) -> String {
    let of = |direction: Direction| match direction {
        Direction::Up => "spec.behavior.scaleUp",
        Direction::Down => "spec.behavior.scaleDown",
    };
    match wrong {
        Invalid::Max(max) => format!("spec.maxReplicas is {max}; it is at least 1"),
        Invalid::Min(min) => {
            format!("spec.minReplicas is {min}; it is at least 1, or 0 with an Object or External metric")
        }
        Invalid::MaxBelowMin { min, max } => format!("spec.maxReplicas {max} is below spec.minReplicas {min}"),
        Invalid::Target(i) => {
            format!("spec.metrics[{i}]: the target is not positive, or of a kind that the metric's type does not have")
        }
        Invalid::Source(i) => {
            format!("spec.metrics[{i}].type is none of Resource, ContainerResource, Pods, Object, External")
        }
        Invalid::Window(d, s) => format!("{}.stabilizationWindowSeconds is {s}; it is 0 to 3600", of(d)),
        Invalid::NoPolicies(d) => format!("{}.policies is empty", of(d)),
        Invalid::PolicyValue(d, v) => format!("{}.policies: a value is {v}; it is at least 1", of(d)),
        Invalid::PolicyPeriod(d, s) => format!("{}.policies: a periodSeconds is {s}; it is 1 to 1800", of(d)),
        Invalid::Tolerance(d) => format!("{}.tolerance is negative or no number", of(d)),
    }
}

/// Runs all shadows of a session over what it has kept.
pub fn run(session: &Session) -> Vec<Shadow> {
    if session.shadows.is_empty() {
        return Vec::new();
    }
    let recorded = Recorded::of(session.clone());
    let ready = Ready::new(&recorded);
    let one = |shadow: &ShadowSeen| Shadow {
        name: shadow.name().to_owned(),
        run: ready.as_ref().map_err(Clone::clone).and_then(|ready| ready.run(&changes(shadow)?)),
    };
    session.shadows.iter().map(one).collect()
}

/// What all shadows have in common.
struct Ready<'a> {
    rerun: Rerun<'a>,
    measure: Measure,
    lines: Vec<String>,
}

impl<'a> Ready<'a> {
    fn new(recorded: &'a Recorded) -> Result<Ready<'a>, String> {
        let none = "no sync of the controller has been seen yet";
        let last = recorded.syncs.last().ok_or(none)?;
        let rerun = Rerun::new(recorded)?;
        let lines = lines(last, &[])?;
        let words = lines.iter().map(|line| format!("{} {}", line.name, line.text)).collect();
        Ok(Ready { measure: Measure::new(&rerun, lines), lines: words, rerun })
    }

    fn run(&self, changes: &Changes) -> Result<ShadowRun, String> {
        let mut tally = self.measure.tally();
        let mut decided: Vec<Decided> = Vec::new();
        let mut known = None::<(Spec, Arc<Metrics>)>;
        let simulation = self.rerun.simulate(changes, |it| {
            tally.sync(it.index, (it.found, it.size), it.spec, it.decision);
            let same = known.as_ref().filter(|known| known.0 == *it.spec).map(|known| known.1.clone());
            let metrics = same.unwrap_or_else(|| Arc::new(metrics(changes, it.spec, &it.recorded.names)));
            known = Some((it.spec.clone(), metrics.clone()));
            decided.push(Decided { computed: Computed::of(it.decision, it.found), metrics });
        })?;
        let (actual, shadow) = (self.measure.happened(&self.rerun), tally.score());
        Ok(ShadowRun { simulation, decided, actual, shadow, lines: self.lines.clone() })
    }
}

/// The metrics of a changed spec; `recorded` are the names of the recorded one.
fn metrics(changes: &Changes, spec: &Spec, recorded: &[String]) -> Metrics {
    let target = |metric: &crate::hpa::Metric| match metric.target {
        Target::Utilization(percent) => Some(i64::from(percent)),
        Target::AverageValue(milli) | Target::Value(milli) => Some(milli),
        Target::None => None,
    };
    let names = match &changes.instead {
        Some(whole) => whole.names.to_vec(),
        None => recorded.iter().filter(|name| !changes.drop.contains(name)).cloned().collect(),
    };
    Metrics { names, targets: spec.metrics.iter().map(target).collect() }
}
