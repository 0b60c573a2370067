//! Whether a run is over: the load has ended and the HPA has nothing left to do. Pure.

use crate::session::{LoadPhase, Mark, Session};

/// How long nothing may have happened, milliseconds.
const QUIET: i64 = 60_000;
/// The controller's default stabilization window for scaling down, in seconds.
const WINDOW: i32 = 300;

/// Whether the run has settled. With `load`, a load is expected: then nothing is settled before it has ended.
pub fn is_settled(session: &Session, load: bool) -> bool {
    let runs = matches!(session.load.phase(), LoadPhase::Pending(_) | LoadPhase::Running | LoadPhase::Terminating);
    let marks = session.markers.all().iter();
    let ended = marks.clone().filter(|m| matches!(m.mark, Mark::LoadEnd { .. })).map(|m| m.ms).max();
    let changed = marks.filter(|m| !matches!(m.mark, Mark::Note(_) | Mark::Incident(_))).map(|m| m.ms).max();
    let (Some(began), Some(hpa)) = (session.began, &session.hpa) else { return false };
    if runs || (load && ended.is_none()) {
        return false;
    }
    let last = |steps: &crate::session::StepSeries<Option<i32>>| steps.last().copied().flatten();
    let replicas = &session.replicas;
    let (current, desired, ready) = (last(&replicas.current), last(&replicas.desired), last(&replicas.ready));
    if current.is_none() || current != desired || (ready.is_some() && ready != current) {
        return false;
    }
    if session.forecast().is_some_and(|f| Some(f.replicas) != current) {
        return false;
    }
    let least = current <= Some(hpa.min_replicas.unwrap_or(1));
    let down = hpa.behavior.as_ref().and_then(|b| b.scale_down.as_ref()).and_then(|r| r.window_s);
    let window = if least { 0 } else { i64::from(down.unwrap_or(WINDOW)) * 1000 };
    let since = changed.unwrap_or(0).max(began.timestamp_millis());
    session.now_ms() - since >= QUIET + window
}
