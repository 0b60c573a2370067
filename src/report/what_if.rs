//! What the controller would have done under other settings: its arithmetic re-run, sync by sync, over the recorded raw
//! samples. Must not know how a recording is read.
//!
//! ```text
//! observations ─► record: syncs (spec, pods, samples, memory of each) ─► model: what a pod uses by itself, how it starts
//!              ─► simulate: changes, tier ─► Simulation, with its band ─► summary
//! ```
//!
//! As long as the unchanged settings give what happened and the changed ones the same, each sync has exactly the inputs that the
//! controller had. From then on the pods are simulated: the tier's load is shared by those that would have been Ready. What the
//! recording leaves open is simulated at its limits, too, which gives the band.

mod apart;
mod changes;
mod model;
mod recorded;
mod summary;
mod tier;

pub use changes::{Changes, Rule};
pub use recorded::{Recorded, RecordedSync, record};
pub use summary::{document, panels, summarize};

use crate::hpa::{self, Memory, reconcile};
use crate::session::decisions::sync::{MetricOutcome, Verdict};
use apart::Start;
use serde::Serialize;

/// One sync, actual and simulated.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// Milliseconds since 1970.
    pub ms: i64,
    /// Replicas that the sync began with, actual and simulated.
    pub found: (i32, i32),
    /// minReplicas, actual and simulated.
    pub min: (i32, i32),
    /// Replicas asked for.
    pub actual: i32,
    pub simulated: i32,
    /// The least and the most that `simulated` may be, one sync either way, by what the recording leaves open.
    pub band: (i32, i32),
    /// By metric, in the order of [`Simulation::metrics`]; None where the HPA did not have the metric at this sync.
    pub metrics: Vec<Option<MetricStep>>,
    /// The controller's reason for a simulated rescale.
    pub reason: String,
}

/// A metric at one sync. Values are percent of the request for a utilization, milli-units otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MetricStep {
    pub percent: bool,
    /// The controller's figure, actual and simulated.
    pub figure: (Option<i64>, Option<i64>),
    /// Actual and simulated; the simulated one is None for a metric that the changes drop.
    pub target: (Option<i64>, Option<i64>),
}

/// The re-run under changes.
#[derive(Clone, Debug, PartialEq)]
pub struct Simulation {
    /// Each a sentence's words.
    pub changes: Vec<String>,
    pub assumptions: Vec<String>,
    /// Names of all metrics that the HPA had during the recording.
    pub metrics: Vec<String>,
    pub steps: Vec<Step>,
    /// Milliseconds since 1970; None where it never diverged from what happened.
    pub diverged: Option<i64>,
    /// Set when nothing is changed: how well the arithmetic agrees.
    pub agreement: Option<Agreement>,
    /// In how many of the syncs the unchanged settings, run over the recorded inputs, do not give what the controller did.
    pub missed: (usize, usize),
}

/// In how many of the syncs the unchanged arithmetic gives what the controller did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Agreement {
    pub agreed: usize,
    pub syncs: usize,
    /// Syncs whose inputs were not all observed, so that the result is the corrected one of the Decisions screen.
    pub corrected: usize,
}

/// A metric that the HPA had at some time. Edits may add, remove or reorder them, so they are matched by their source.
struct KnownMetric {
    source: hpa::Source,
    name: String,
}

/// All metrics of a recording, in the order in which they first appear.
fn known_metrics(recorded: &Recorded) -> Vec<KnownMetric> {
    let mut out: Vec<KnownMetric> = Vec::new();
    for sync in &recorded.syncs {
        for (metric, name) in sync.spec.metrics.iter().zip(sync.names.iter()) {
            if out.iter().all(|known| known.source != metric.source) {
                out.push(KnownMetric { source: metric.source.clone(), name: name.clone() });
            }
        }
    }
    out
}

/// Re-runs the recorded syncs under changes.
///
/// # Errors
/// A change that does not fit the recorded HPA, in words.
pub fn simulate(recorded: &Recorded, changes: &Changes) -> Result<Simulation, String> {
    if recorded.syncs.is_empty() {
        return Err("no sync of the controller can be distinguished in this recording".into());
    }
    changes.check(&recorded.syncs)?;
    let metrics = known_metrics(recorded);
    let none = changes.is_none();
    // The controller's memory: the actual one, and the simulated one as soon as it differs.
    let (mut real_memory, mut own) = (Memory::default(), None::<Memory>);
    let mut steps: Vec<Step> = Vec::with_capacity(recorded.syncs.len());
    let (mut start, mut agreement, mut missed) = (None::<Start>, Agreement::default(), 0);
    for (index, m) in recorded.syncs.iter().enumerate() {
        let counts = matches!(m.verdict, Verdict::Agrees | Verdict::Differs);
        agreement.syncs += usize::from(counts);
        // The memory of the actual controller is corrected by what it did.
        real_memory = m.memory.clone().unwrap_or(real_memory);
        let known = real_memory.clone();
        let run = |spec: &hpa::Spec, world: &hpa::World, memory: &mut Memory| {
            reconcile(spec, &m.status, world, memory, m.at, &m.settings)
        };
        let real = run(&m.spec, &m.world, &mut real_memory);
        let result = real.replicas.unwrap_or(m.found);
        missed += usize::from(result != m.actual);
        if none {
            agreement.agreed += usize::from(counts && m.computed == m.actual);
            agreement.corrected += usize::from(result != m.computed);
            steps.push(step(m, &metrics, (m.found, m.actual), &m.spec, &real));
            continue;
        }
        if start.is_some() {
            continue;
        }
        let spec = changes.spec(&m.spec, &m.names);
        let mut world = changes.world(&m.world);
        world.values = changes.values(world.values, &m.names);
        let differs = own.is_some();
        let mut memory = own.take().unwrap_or(known);
        let it = run(&spec, &world, &mut memory);
        // What happened says nothing of what would have happened where the same settings do not give it.
        let simulated = it.replicas.unwrap_or(m.found);
        steps.push(step(m, &metrics, (m.found, simulated), &spec, &it));
        if simulated != m.actual {
            start = Some(Start { index, memory, size: simulated });
        } else {
            own = Some(memory).filter(|_| differs || it.recommended != real.recommended);
        }
    }
    let learned = model::learn(recorded);
    if let Some(start) = &start {
        apart::run(recorded, changes, &learned.likely, start, |m, found, spec, it| {
            steps.push(step(m, &metrics, (found, it.replicas.unwrap_or(found)), spec, it));
        });
        apart::band(recorded, changes, &learned, start, &mut steps);
    }
    Ok(Simulation {
        changes: changes.sentences(),
        assumptions: learned.sentences(recorded),
        metrics: metrics.into_iter().map(|m| m.name).collect(),
        diverged: start.and_then(|start| recorded.syncs.get(start.index)).map(|m| m.ms),
        agreement: none.then_some(agreement),
        missed: (missed, recorded.syncs.len()),
        steps,
    })
}

fn step(
    m: &RecordedSync,
    metrics: &[KnownMetric],
    (found, simulated): (i32, i32),
    spec: &hpa::Spec,
    it: &hpa::Decision,
) -> Step {
    let target = |metric: &hpa::Metric| match metric.target {
        hpa::Target::Utilization(u) => Some(i64::from(u)),
        hpa::Target::AverageValue(v) | hpa::Target::Value(v) => Some(v),
        hpa::Target::None => None,
    };
    let figure = |i: usize| {
        let status = it.metrics.get(i)?.as_ref().ok()?.status;
        status.average_utilization.map(i64::from).or(status.average_value).or(status.value)
    };
    let one = |known: &KnownMetric| {
        let index_in = |spec: &hpa::Spec| spec.metrics.iter().position(|metric| metric.source == known.source);
        let actual = index_in(&m.spec)?;
        let recorded = m.spec.metrics.get(actual)?;
        // The simulated spec may lack it.
        let simulated = index_in(spec);
        Some(MetricStep {
            percent: matches!(recorded.target, hpa::Target::Utilization(_)),
            figure: (m.figures.get(actual).and_then(|s: &MetricOutcome| s.figure), simulated.and_then(figure)),
            target: (target(recorded), simulated.and_then(|i| spec.metrics.get(i)).and_then(target)),
        })
    };
    Step {
        ms: m.ms,
        found: (m.found, found),
        min: (m.spec.min_replicas(), spec.min_replicas()),
        actual: m.actual,
        simulated,
        band: (simulated, simulated),
        metrics: metrics.iter().map(one).collect(),
        reason: if simulated == found { String::new() } else { it.reason.clone() },
    }
}
