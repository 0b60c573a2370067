//! What the controller would have done under other settings: its arithmetic re-run, sync by sync, over the recorded raw
//! samples. Must not know how a recording is read.
//!
//! ```text
//! observations ─► record: syncs (spec, pods, samples, memory of each) ─► model: what a pod uses by itself, how it starts
//!              ─► Rerun: all that no change alters ─► run: changes, tier ─► simulate: each step, with its band
//! ```
//!
//! As long as the unchanged settings give what happened and the changed ones the same, each sync has exactly the inputs that the
//! controller had. From then on the pods are simulated: the tier's load is shared by those that would have been Ready. What the
//! recording leaves open is simulated at its limits, too, which gives the band.

mod apart;
mod changes;
mod draws;
mod flags;
mod joins;
mod model;
mod own_use;
mod recorded;
mod shares;
mod tier;

pub use apart::SyncPhase;
pub use changes::{Changes, Rule, Whole, can_be_simulated};
pub use flags::ChangeFlags;
pub use model::{Learned, Model};
pub use recorded::{Recorded, RecordedSync, record};

use crate::hpa::{self, Memory, MetricStatus, reconcile};
use crate::observe::Time;
use crate::session::decisions::sync::{MetricOutcome, Verdict};
use apart::Start;
use serde::Serialize;
use std::sync::Arc;

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

/// What the unchanged settings give at a sync, over the recorded inputs.
struct Real {
    replicas: Option<i32>,
    recommended: Option<i32>,
    reason: String,
    metrics: Vec<Option<MetricStatus>>,
}

/// A recording made ready to be re-run, any number of times: all that no change alters.
pub struct Rerun<'a> {
    pub recorded: &'a Recorded,
    pub learned: Learned,
    metrics: Vec<KnownMetric>,
    real: Vec<Real>,
    /// The times of the syncs as the controller has them.
    times: Vec<Time>,
    /// The recorded phase, by the likeliest model.
    phase: SyncPhase,
}

/// One sync of a run under changes.
pub struct Sync<'a> {
    pub index: usize,
    pub recorded: &'a RecordedSync,
    /// Replicas that it begins with, and those that it asks for.
    pub found: i32,
    pub size: i32,
    pub spec: &'a hpa::Spec,
    pub decision: &'a hpa::Decision,
}

impl<'a> Rerun<'a> {
    /// # Errors
    /// There is no sync in the recording.
    pub fn new(recorded: &'a Recorded) -> Result<Self, String> {
        if recorded.syncs.is_empty() {
            return Err("no sync of the controller can be distinguished in this recording".into());
        }
        let real = |m: &RecordedSync| {
            let it = reconcile(&m.spec, &m.status, &m.world, &mut m.memory.clone(), m.at, &m.settings);
            Real {
                replicas: it.replicas,
                recommended: it.recommended,
                metrics: (0..it.metrics.len()).map(|i| status(&it, i)).collect(),
                reason: it.reason,
            }
        };
        let (learned, times) = (model::learn(recorded), apart::times(recorded));
        Ok(Rerun {
            recorded,
            metrics: known_metrics(recorded),
            real: recorded.syncs.iter().map(real).collect(),
            phase: SyncPhase::of(recorded, &times, &learned.likely, 0),
            times,
            learned,
        })
    }

    /// A run under changes, which fit the recording, in a phase.
    pub fn run_on(&self, phase: &SyncPhase, changes: &Changes, mut each: impl FnMut(&Sync<'_>)) {
        let start = match phase.shift {
            0 => self.together(changes, &mut each),
            _ => Start::first(self.recorded),
        };
        if let Some(start) = start {
            apart::run(self, changes, phase, &start, &mut each);
        }
    }

    /// The phases that another run could as well have been in, the recorded one first: nobody chooses the moments at which the
    /// controller syncs. They are `count`, evenly over a period; `model` says what there is to read.
    pub fn phases(&self, model: &Model, count: u16) -> Vec<SyncPhase> {
        let (period, count) = (self.recorded.session.decisions.sync_period.period(), i64::from(count));
        (0..count).map(|i| self.phase_by(model, period * i / count)).collect()
    }

    fn phase_by(&self, model: &Model, shift: i64) -> SyncPhase {
        SyncPhase::of(self.recorded, &self.times, model, shift)
    }

    /// The recorded phase, by the likeliest model.
    pub fn phase(&self) -> &SyncPhase {
        &self.phase
    }

    /// The likeliest run under changes, beside what happened, with its band. `each` has every sync, unless nothing is changed.
    ///
    /// # Errors
    /// A change that does not fit the recorded HPA, in words.
    pub fn simulate(&self, changes: &Changes, mut each: impl FnMut(&Sync<'_>)) -> Result<Simulation, String> {
        let (recorded, metrics) = (self.recorded, &self.metrics);
        changes.check(&recorded.syncs)?;
        let none = changes.is_none();
        let mut steps: Vec<Step> = Vec::with_capacity(recorded.syncs.len());
        let (mut start, mut agreement, mut missed) = (None::<Start>, Agreement::default(), 0);
        for (m, real) in recorded.syncs.iter().zip(&self.real) {
            let counts = matches!(m.verdict, Verdict::Agrees | Verdict::Differs);
            let result = real.replicas.unwrap_or(m.found);
            missed += usize::from(result != m.actual);
            agreement.syncs += usize::from(counts);
            agreement.agreed += usize::from(counts && m.computed == m.actual);
            agreement.corrected += usize::from(result != m.computed);
            if none {
                let figure = |i: usize| real.metrics.get(i).copied().flatten().and_then(figure);
                steps.push(step(m, metrics, (m.found, m.actual), &m.spec, figure, &real.reason));
            }
        }
        if !none {
            let mut each = |it: &Sync<'_>| {
                let figure = |i: usize| status(it.decision, i).and_then(figure);
                steps.push(step(it.recorded, metrics, (it.found, it.size), it.spec, figure, &it.decision.reason));
                each(it);
            };
            start = self.together(changes, &mut each);
            if let Some(start) = &start {
                apart::run(self, changes, &self.phase, start, &mut each);
                apart::band(self, changes, start, &mut steps);
            }
        }
        Ok(Simulation {
            changes: changes.sentences(),
            assumptions: self.learned.sentences(recorded),
            metrics: metrics.iter().map(|m| m.name.clone()).collect(),
            diverged: start.and_then(|start| recorded.syncs.get(start.pods)).map(|m| m.ms),
            agreement: none.then_some(agreement),
            missed: (missed, recorded.syncs.len()),
            steps,
        })
    }

    /// What the controller reports of the spec's metrics at a recorded sync, in their order.
    pub fn happened(&self, sync: usize) -> &[Option<MetricStatus>] {
        self.real.get(sync).map_or(&[], |real| &real.metrics)
    }

    /// Runs the syncs up to the one that asks for another size than what happened.
    fn together(&self, changes: &Changes, each: &mut impl FnMut(&Sync<'_>)) -> Option<Start> {
        let mut specs = Specs::new(changes);
        // The simulated controller's memory where it differs from the actual one's.
        let mut own = None::<Memory>;
        for (index, (m, real)) in self.recorded.syncs.iter().zip(&self.real).enumerate() {
            let spec = specs.of(m);
            let differs = own.is_some();
            let mut memory = own.take().unwrap_or_else(|| m.memory.clone());
            let world = changes.world(m);
            let it = reconcile(spec, &m.status, &world, &mut memory, m.at, &m.settings);
            // What happened says nothing of what would have happened where the same settings do not give it.
            let size = it.replicas.unwrap_or(m.found);
            each(&Sync { index, recorded: m, found: m.found, size, spec, decision: &it });
            if size != m.actual {
                return Some(Start { pods: index, next: index + 1, memory, size });
            }
            own = Some(memory).filter(|_| differs || it.recommended != real.recommended);
        }
        None
    }
}

/// The recorded specs under changes; each version is changed once.
struct Specs<'a> {
    changes: &'a Changes,
    version: Option<(&'a Arc<hpa::Spec>, hpa::Spec)>,
}

impl<'a> Specs<'a> {
    fn new(changes: &'a Changes) -> Self {
        Specs { changes, version: None }
    }

    fn of(&mut self, m: &'a RecordedSync) -> &hpa::Spec {
        let version = match self.version.take() {
            Some((recorded, changed)) if Arc::ptr_eq(recorded, &m.spec) || *recorded == m.spec => (recorded, changed),
            _ => (&m.spec, self.changes.spec(&m.spec, &m.names)),
        };
        &self.version.insert(version).1
    }
}

/// Re-runs the recorded syncs under changes.
///
/// # Errors
/// A change that does not fit the recorded HPA, in words.
pub fn simulate(recorded: &Recorded, changes: &Changes) -> Result<Simulation, String> {
    Rerun::new(recorded)?.simulate(changes, |_| ())
}

/// What the controller reports of a metric of the spec.
pub fn status(it: &hpa::Decision, metric: usize) -> Option<MetricStatus> {
    it.metrics.get(metric)?.as_ref().ok().map(|proposal| proposal.status)
}

/// The controller's figure: percent of the request for a utilization, milli-units otherwise.
fn figure(status: MetricStatus) -> Option<i64> {
    status.average_utilization.map(i64::from).or(status.average_value).or(status.value)
}

fn step(
    m: &RecordedSync,
    metrics: &[KnownMetric],
    (found, simulated): (i32, i32),
    spec: &hpa::Spec,
    figure: impl Fn(usize) -> Option<i64>,
    reason: &str,
) -> Step {
    let target = |metric: &hpa::Metric| match metric.target {
        hpa::Target::Utilization(u) => Some(i64::from(u)),
        hpa::Target::AverageValue(v) | hpa::Target::Value(v) => Some(v),
        hpa::Target::None => None,
    };
    let one = |known: &KnownMetric| {
        let index_in = |spec: &hpa::Spec| spec.metrics.iter().position(|metric| metric.source == known.source);
        let actual = index_in(&m.spec)?;
        let recorded = m.spec.metrics.get(actual)?;
        // The simulated spec may lack it.
        let simulated = index_in(spec);
        Some(MetricStep {
            percent: matches!(recorded.target, hpa::Target::Utilization(_)),
            figure: (m.figures.get(actual).and_then(|s: &MetricOutcome| s.figure), simulated.and_then(&figure)),
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
        reason: if simulated == found { String::new() } else { reason.to_owned() },
    }
}
