//! The parts of a sync that set conditions and emit events: selector checks, the result over the metrics, stabilization and
//! limits. Must not decide in which order they run; `reconcile` does.

use std::borrow::Cow;

use chrono::{DateTime, Utc};

use super::{
    decision::Decision,
    history::Memory,
    limit,
    metrics::Proposals,
    settings::Settings,
    spec::Spec,
    stabilize::{self, Stabilized},
    status::{ConditionType, Event, EventType},
    wording,
    world::{Selector, World},
};

/// What one sync reads.
pub(super) struct Inputs<'a> {
    pub spec: &'a Spec,
    pub world: &'a World,
    pub settings: &'a Settings,
    pub now: DateTime<Utc>,
}

/// The checks of the selector, with their events and condition.
pub(super) fn selector(cx: &Inputs<'_>, it: &mut Decision) -> Result<(), String> {
    let (event, reason, error, message) = match &cx.world.selector {
        Selector::Own => return Ok(()),
        Selector::Missing => {
            let error = "selector is required".to_owned();
            let message = wording::NO_SELECTOR.to_owned();
            ("SelectorRequired", "InvalidSelector", error, message)
        }
        Selector::Invalid(error) => {
            let error = format!("couldn't convert selector into a corresponding internal selector object: {error}");
            ("InvalidSelector", "InvalidSelector", error.clone(), error)
        }
        Selector::Shared { selector, hpas } => {
            let hpas = hpas.join(" ");
            let error = format!("pods by selector {selector} are controlled by multiple HPAs: [{hpas}]");
            ("AmbiguousSelector", "AmbiguousSelector", error.clone(), error)
        }
    };
    warn(it, event, error.clone());
    set(cx, it, ConditionType::ScalingActive, false, reason, message);
    Err(error)
}

/// The condition ScalingActive after the metrics were computed.
pub(super) fn active(cx: &Inputs<'_>, proposals: &Proposals, it: &mut Decision) {
    let kind = ConditionType::ScalingActive;
    if proposals.blocked {
        if let Some(first) = proposals.first_failure() {
            let error = &first.message;
            let message = format!("the HPA was unable to compute the replica count: {error}");
            set(cx, it, kind, false, first.reason, message);
        }
    } else if let Some((winner, _)) = proposals.best
        && let Some(Ok(winner)) = proposals.each.get(winner)
    {
        let name = &winner.name;
        let message = format!("the HPA was able to successfully calculate a replica count from {name}");
        set(cx, it, kind, true, "ValidMetricFound", message);
    }
}

/// Stabilization, then limits, each with its condition.
pub(super) fn normalize(
    cx: &Inputs<'_>,
    current: i32,
    recommended: i32,
    memory: &mut Memory,
    it: &mut Decision,
) -> i32 {
    let (settings, now) = (cx.settings, cx.now);
    let stabilization = match &cx.spec.behavior {
        None => stabilize::legacy(memory, recommended, settings, now),
        Some(b) => stabilize::with_behavior(memory, b, current, recommended, settings, now),
    };
    let (reason, message) = match stabilization.outcome {
        Stabilized::Unchanged => ("ReadyForNewScale", wording::READY),
        Stabilized::Up => ("ScaleUpStabilized", wording::UP_STABILIZED),
        Stabilized::Down => ("ScaleDownStabilized", wording::DOWN_STABILIZED),
    };
    set(cx, it, ConditionType::AbleToScale, true, reason, message);
    let stabilized = stabilization.stabilized;
    let limit = match &cx.spec.behavior {
        None => limit::legacy(current, stabilized, it.min, it.max, settings),
        Some(b) => limit::with_behavior(b, memory, current, stabilized, (it.min, it.max), now, settings.conversions),
    };
    let limited = limit.replicas != stabilized;
    let (by, replicas) = (limit.by, limit.replicas);
    set(cx, it, ConditionType::ScalingLimited, limited, by.reason(), by.message());
    it.stabilization = Some(stabilization);
    it.limit = Some(limit);
    replicas
}

pub(super) fn warn(it: &mut Decision, reason: &'static str, message: String) {
    it.events.push(Event { kind: EventType::Warning, reason, message });
}

pub(super) fn set(
    cx: &Inputs<'_>,
    it: &mut Decision,
    kind: ConditionType,
    holds: bool,
    reason: &'static str,
    message: impl Into<Cow<'static, str>>,
) {
    it.status.set(kind, holds, reason, message.into(), cx.now);
}
