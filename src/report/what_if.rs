//! What the controller would have done under other settings: its arithmetic re-run, sync for sync, over the recorded raw
//! samples. Must not know how a recording is read.
//!
//! ```text
//! observations ─► record: moments (pods, samples, memory of each sync) ─► suppose: changes, tier ─► Supposition
//! ```
//!
//! Up to the sync at which the supposed run parts from what happened, each sync has the very inputs that the controller
//! had. From then on the pods are supposed: the tier's load is shared by those that would have been Ready.

mod changes;
mod moments;
mod tell;
mod tier;

pub use changes::{Changes, Rule};
pub use moments::{Moment, Recorded, record};
pub use tell::{Told, page, panels, tell};

use crate::hpa::{self, Memory, reconcile};
use crate::session::decisions::sync::MetricOutcome;
use serde::Serialize;
use tier::Tier;

/// One sync, as it was and as it is supposed.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// Milliseconds since 1970.
    pub ms: i64,
    /// Replicas found at the sync.
    pub found: (i32, i32),
    /// minReplicas, as it was and as it is supposed.
    pub min: (i32, i32),
    /// Replicas asked for.
    pub actual: i32,
    pub supposed: i32,
    /// Each metric's figure, as it was and as it is supposed; by the recorded spec's places.
    pub figures: Vec<(Option<i64>, Option<i64>)>,
    /// Each metric's target, as it was and as it is supposed.
    pub targets: Vec<(Option<i64>, Option<i64>)>,
    /// The controller's reason for a supposed rescale.
    pub reason: String,
}

/// What would have been.
#[derive(Clone, Debug, PartialEq)]
pub struct Supposition {
    pub changes: Vec<String>,
    pub assumptions: Vec<String>,
    pub names: Vec<String>,
    pub steps: Vec<Step>,
    /// Milliseconds since 1970; None where it never parted from what happened.
    pub parted: Option<i64>,
    /// Nothing is changed: how well the arithmetic agrees.
    pub agreement: Option<Agreement>,
}

/// With nothing changed, in how many of the syncs the arithmetic gives what the controller did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Agreement {
    pub agreed: usize,
    pub of: usize,
    /// Syncs whose inputs were not all seen, so that the result is that of the Decisions screen, which corrects them.
    pub on_trust: usize,
}

/// Re-runs the recorded syncs under changes.
///
/// # Errors
/// A change that does not fit the recorded HPA, in words.
pub fn suppose(recorded: &Recorded, changes: &Changes) -> Result<Supposition, String> {
    let Some(first) = recorded.moments.first() else {
        return Err("no sync of the controller can be told apart in this recording".into());
    };
    changes.check(&first.spec, &first.names)?;
    let none = changes.is_none();
    let mut tier = Tier::new(recorded);
    // What the controller remembers: the real one, and the supposed one as soon as it differs.
    let (mut theirs, mut own) = (Memory::default(), None::<Memory>);
    let mut steps: Vec<Step> = Vec::with_capacity(recorded.moments.len());
    let (mut parted, mut agreement) = (None, Agreement::default());
    for m in &recorded.moments {
        agreement.of += 1 + m.others.0;
        let spec = changes.spec(&m.spec, &m.names);
        let together = parted.is_none();
        let world = if together { changes.world(&m.world) } else { tier.world(m, changes) };
        let found = world.scale.as_ref().map_or(m.found, |s| s.spec);
        // The real one's memory is as what it did corrects it.
        theirs = m.memory.clone().filter(|_| together).unwrap_or(theirs);
        let mut memory = own.take().unwrap_or_else(|| theirs.clone());
        let known = memory.clone();
        let run = |spec: &hpa::Spec, world: &hpa::World, memory: &mut Memory| {
            reconcile(spec, &hpa::Status::default(), world, memory, m.at(), &m.settings)
        };
        let it = run(&spec, &world, &mut memory);
        let unchanged = together.then(|| {
            let apart = known != theirs;
            let real = run(&m.spec, &m.world, &mut theirs);
            own = Some(memory.clone()).filter(|_| apart || it.recommended != real.recommended);
            real.replicas.unwrap_or(m.found)
        });
        let asked = it.replicas.unwrap_or(found);
        // What the same inputs give under both settings is no difference, right or wrong: then that happens which happened.
        let supposed = match unchanged {
            Some(result) if none => {
                agreement.agreed += m.others.1 + usize::from(m.reckoned == m.actual);
                agreement.on_trust += usize::from(result != m.reckoned);
                m.reckoned
            }
            Some(result) if result == asked => m.actual,
            _ => asked,
        };
        if together && !none && supposed != m.actual {
            (parted, own) = (Some(m.ms), Some(memory));
            tier.begin(m, supposed);
        } else if !together {
            own = Some(memory);
            tier.scale(m.ms, supposed);
        }
        steps.push(step(m, found, supposed, &spec, &it));
    }
    Ok(Supposition {
        changes: changes.words(),
        assumptions: tier.assumptions(recorded),
        names: first.names.to_vec(),
        parted,
        agreement: none.then_some(agreement),
        steps,
    })
}

fn step(m: &Moment, found: i32, supposed: i32, spec: &hpa::Spec, it: &hpa::Decision) -> Step {
    // The supposed spec may lack metrics: its places are found again by their sources.
    let place = |i: usize| {
        let source = m.spec.metrics.get(i).map(|metric| &metric.source)?;
        spec.metrics.iter().position(|metric| metric.source == *source)
    };
    let figure = |i: usize| {
        let status = it.metrics.get(place(i)?)?.as_ref().ok()?.status;
        status.average_utilization.map(i64::from).or(status.average_value).or(status.value)
    };
    let number = |metric: &hpa::Metric| match metric.target {
        hpa::Target::Utilization(u) => Some(i64::from(u)),
        hpa::Target::AverageValue(v) | hpa::Target::Value(v) => Some(v),
        hpa::Target::None => None,
    };
    let targets = |i: usize| {
        let supposed = place(i).and_then(|p| spec.metrics.get(p)).and_then(number);
        (m.spec.metrics.get(i).and_then(number), supposed)
    };
    let was = |i: usize| m.figures.get(i).and_then(|s: &MetricOutcome| s.figure);
    let places = 0..m.spec.metrics.len();
    Step {
        ms: m.ms,
        found: (m.found, found),
        min: (m.spec.min_replicas(), spec.min_replicas()),
        actual: m.actual,
        supposed,
        figures: places.clone().map(|i| (was(i), figure(i))).collect(),
        targets: places.map(targets).collect(),
        reason: if supposed == found { String::new() } else { it.reason.clone() },
    }
}
