//! The next sync with the figures at hand: the arithmetic over the newest samples, or over the controller's own figures where no
//! samples are seen, and the controller's memory, at the time at which the sync is expected. Must not promise: the controller's
//! samples may be others by then.

use super::evidence::Evidence;
use super::inputs::Inputs;
use super::memory::{ControllerMemory, stabilized_reason};
use super::observed_hpa::ObservedHpa;
use super::reported;
use super::sync_case::{SyncCase, WORK};
use crate::hpa::{self, Settings, Stabilized};
use crate::observe::Condition;
use chrono::TimeDelta;

/// Samples older than this (milliseconds) are not used.
const OLD: i64 = 180_000;

/// What the next sync would do.
#[derive(Clone, Debug, PartialEq)]
pub struct NextSync {
    pub decision: hpa::Decision,
    /// No samples are seen: it was computed from the controller's own figures.
    pub reported: bool,
}

/// A scale-down window that reaches back to before the watch began.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnwatchedWindow {
    pub seconds: i64,
    /// The last sync reported that it holds.
    pub holds: bool,
}

/// Times of syncs, milliseconds since 1970.
#[derive(Clone, Copy, Debug)]
pub struct Times {
    /// The last one; None where it is not known.
    pub last: Option<i64>,
    pub now: i64,
    /// The next one.
    pub at: i64,
}

/// What the next sync would do with what is known now; None without samples or status
/// figures to compute with. `current` are the target's replicas.
pub fn decision(
    hpa: &ObservedHpa,
    inputs: &Inputs,
    memory: &ControllerMemory,
    settings: &Settings,
    Times { last, now, at }: Times,
    current: Option<i32>,
) -> Option<NextSync> {
    let spec = hpa.spec.clone()?;
    let mut observed = Evidence::of(&hpa.seen, &hpa.seen.status);
    observed.current = current;
    let then = last.and_then(|last| inputs.scale.at(last - WORK)).and_then(|(_, status)| *status);
    then.into_iter().for_each(|replicas| observed.undivide(&spec, replicas));
    // A recommendation that is only assumed is no reason to promise that it holds.
    let unknown = memory.is_unknown(&spec, settings, SyncCase::before_status(at));
    let memory = if unknown { memory.without_assumed() } else { memory.memory.clone() };
    let case = SyncCase {
        at: SyncCase::before_status(at + 20),
        spec: spec.clone(),
        status: hpa.status(),
        world: SyncCase::empty_world(),
        memory,
        observed,
    };
    let answer = inputs.answers(now).next().filter(|a| now - a.seen <= OLD);
    let samples = answer.map(|a| a.samples.clone());
    let reads = spec
        .metrics
        .iter()
        .any(|m| matches!(m.source, hpa::Source::Resource { .. } | hpa::Source::ContainerResource { .. }));
    let reported = samples.is_none() && reads;
    let world = match reported {
        true => reported::world(&case, inputs, now, settings),
        false => case.world(inputs, now, Ok(samples.unwrap_or_default())),
    };
    Some(NextSync { decision: case.run(&world, &case.memory, settings).0, reported })
}

/// The scale-down window, as long as what it holds is not all known.
pub fn unwatched(
    hpa: &ObservedHpa,
    memory: &ControllerMemory,
    settings: &Settings,
    now: i64,
) -> Option<UnwatchedWindow> {
    let behavior = hpa.spec.as_ref()?.behavior.as_ref().and_then(|b| b.down.window_seconds);
    let length = behavior.map_or(settings.downscale_stabilization, |s| TimeDelta::seconds(i64::from(s)));
    memory.known_from.filter(|from| now - from.timestamp_millis() < length.num_milliseconds())?;
    let reason = stabilized_reason(Stabilized::Down);
    let holds = |c: &Condition| c.kind == "AbleToScale" && c.reason == reason;
    Some(UnwatchedWindow { seconds: length.num_seconds(), holds: hpa.seen.status.conditions.iter().any(holds) })
}
