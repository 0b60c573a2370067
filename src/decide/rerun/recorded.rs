//! The recorded syncs, each with the inputs that the reconstruction settled on: spec, pods, samples, memory, time. Must not
//! simulate, nor look for other inputs.

use crate::hpa::{Memory, Settings, Spec, Status, World};
use crate::observe::{Stamped, Time};
use crate::session::Session;
use crate::session::decisions::Settled;
use crate::session::decisions::sync::{MetricOutcome, Verdict};
use std::sync::Arc;

/// One sync of the controller, and its inputs.
#[derive(Clone, Debug)]
pub struct RecordedSync {
    /// When its status was seen, or it is inferred to have been; milliseconds since 1970.
    pub ms: i64,
    /// When the controller computed it, as settled.
    pub at: Time,
    /// Replicas that the controller found, and those that it asked for.
    pub found: i32,
    pub actual: i32,
    pub spec: Arc<Spec>,
    /// Names of the spec's metrics, in its order.
    pub names: Arc<[String]>,
    pub settings: Settings,
    /// What the controller read of the status before it.
    pub status: Status,
    pub world: World,
    /// The controller's memory before the sync.
    pub memory: Memory,
    /// Figures of the spec's metrics, in its order.
    pub figures: Vec<MetricOutcome>,
    /// Replicas that the reconstruction computes.
    pub computed: i32,
    /// What the sync says of the arithmetic.
    pub verdict: Verdict,
}

/// A recording as its syncs, and the session at its end.
pub struct Recorded {
    pub syncs: Vec<RecordedSync>,
    pub session: Session,
}

/// Folds observations, and takes each sync as the decisions settled it.
pub fn record(observations: impl Iterator<Item = Stamped>) -> Recorded {
    let mut session = Session::default();
    session.decisions.keep_journal();
    observations.for_each(|seen| session.apply(&seen));
    Recorded::of(session)
}

impl Recorded {
    /// The syncs that a session has kept.
    pub fn of(session: Session) -> Recorded {
        Recorded { syncs: session.decisions.journal().iter().map(recorded_sync).collect(), session }
    }
}

fn recorded_sync(settled: &Settled) -> RecordedSync {
    let (sync, case) = (&settled.sync, &settled.case);
    RecordedSync {
        ms: sync.first,
        at: case.at,
        found: sync.computed.current,
        actual: sync.controller,
        spec: case.spec.clone(),
        names: sync.names.clone(),
        settings: settled.settings.clone(),
        status: case.status.clone(),
        world: case.world.clone(),
        memory: case.memory.clone(),
        figures: sync.computed.metrics.clone(),
        computed: sync.computed.result,
        verdict: sync.verdict(),
    }
}
