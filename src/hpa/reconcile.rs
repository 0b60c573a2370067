//! One whole sync of the controller: from the scale and the metrics to replicas, status, conditions and events.
//! The order of the steps is the controller's, as conditions and events show it. `now` comes with the call.

use chrono::{DateTime, Utc};

use super::{
    decision::{Action, Branch, Decision},
    history::Memory,
    metrics::{self, Proposals},
    pods::ConditionStatus,
    settings::Settings,
    spec::Spec,
    status::{ConditionType, Event, EventType, Status},
    steps::{Inputs, active, normalize, selector, set, warn},
    wording,
    world::{Scale, World},
};

/// One sync. `spec` is the stored spec (defaults filled in), `status` the one before; `memory` is what the controller
/// remembers of this HPA, and is updated.
#[must_use]
pub fn reconcile(
    spec: &Spec,
    status: &Status,
    world: &World,
    memory: &mut Memory,
    now: DateTime<Utc>,
    settings: &Settings,
) -> Decision {
    let cx = Inputs { spec, world, settings, now };
    let mut it = Decision {
        at: now,
        branch: Branch::Metrics,
        current: None,
        min: spec.min_replicas(),
        max: spec.max,
        metrics: Vec::new(),
        winner: None,
        recommended: None,
        stabilization: None,
        limit: None,
        replicas: None,
        reason: String::new(),
        action: Action::None,
        error: None,
        status: status.clone(),
        events: Vec::new(),
    };
    match &world.scale {
        Ok(scale) => with_scale(&cx, *scale, memory, &mut it),
        Err(error) => without_scale(&cx, error, &mut it),
    }
    it
}

fn without_scale(cx: &Inputs<'_>, error: &str, it: &mut Decision) {
    it.branch = Branch::NoScale;
    warn(it, "FailedGetScale", error.to_owned());
    let message = format!("the HPA controller was unable to get the target's current scale: {error}");
    set(cx, it, ConditionType::AbleToScale, false, "FailedGetScale", message);
    it.error = Some(format!("failed to query scale subresource: {error}"));
}

fn with_scale(cx: &Inputs<'_>, scale: Scale, memory: &mut Memory, it: &mut Decision) {
    let current = scale.spec;
    it.current = Some(current);
    set(cx, it, ConditionType::AbleToScale, true, "SucceededGetScale", wording::GOT_SCALE);
    memory.seed(current, cx.now);
    if current == 0 && !may_leave_zero(cx, it) {
        it.branch = Branch::Disabled;
        set(cx, it, ConditionType::ScalingActive, false, "ScalingDisabled", wording::DISABLED);
        return finish(it, current, current, false, cx.now);
    }
    if current > it.max {
        it.branch = Branch::AboveMax;
        it.reason = wording::ABOVE_MAX.to_owned();
        rescale(cx, current, it.max, memory, it);
    } else if current != 0 && current < it.min {
        it.branch = Branch::BelowMin;
        it.reason = wording::BELOW_MIN.to_owned();
        rescale(cx, current, it.min, memory, it);
    } else if let Some(replicas) = decide(cx, scale, memory, it) {
        rescale(cx, current, replicas, memory, it);
    }
}

/// Whether metrics may raise a target from 0.
fn may_leave_zero(cx: &Inputs<'_>, it: &Decision) -> bool {
    if !by_condition(cx) {
        return it.min == 0;
    }
    scaled_to_zero(cx, it) && (it.min != 0 || cx.spec.watches_other_than_pods())
}

fn by_condition(cx: &Inputs<'_>) -> bool {
    cx.settings.zero_by_condition || cx.settings.scaled_to_zero_condition
}

/// Whether it was the controller that scaled to zero.
fn scaled_to_zero(cx: &Inputs<'_>, it: &Decision) -> bool {
    let condition = it.status.condition(ConditionType::ScaledToZero);
    by_condition(cx) && condition.is_some_and(|c| c.status == ConditionStatus::True)
}

/// The replicas from the metrics, after stabilization and limits; `None` when they cannot decide.
fn decide(cx: &Inputs<'_>, scale: Scale, memory: &mut Memory, it: &mut Decision) -> Option<i32> {
    let current = scale.spec;
    if let Err(error) = selector(cx, it) {
        it.branch = Branch::NoSelector;
        if cx.settings.metrics_on_failure {
            it.status.metrics.clear();
        }
        cannot_decide(current, error, it);
        return None;
    }
    let proposals = metrics::propose(cx.spec, scale, cx.world, cx.settings, cx.now);
    for failure in proposals.each.iter().filter_map(|each| each.as_ref().err()) {
        let (reason, message) = (failure.reason, failure.message.clone());
        warn(it, reason, message);
    }
    active(cx, &proposals, it);
    let statuses = proposals.each.iter().map(|p| p.as_ref().ok().map(|p| p.status));
    if !proposals.blocked || cx.settings.metrics_on_failure {
        it.status.metrics = statuses.collect();
    }
    let Proposals { each, best, error, blocked } = proposals;
    it.metrics = each;
    it.winner = best.map(|(winner, _)| winner);
    it.recommended = best.map(|(_, replicas)| replicas.max(0));
    if blocked {
        it.branch = Branch::NoMetrics;
        cannot_decide(current, error.unwrap_or_default(), it);
        return None;
    }
    it.error = error;
    let recommended = it.recommended?;
    if recommended > current {
        it.reason = format!("{} above target", winner_name(it));
    } else if recommended < current {
        it.reason = wording::ALL_BELOW.to_owned();
    }
    let mut replicas = normalize(cx, current, recommended, memory, it);
    if current == 0 && scaled_to_zero(cx, it) && replicas < it.min {
        replicas = it.min;
        if it.reason.is_empty() {
            it.reason = wording::BELOW_MIN.to_owned();
        }
    }
    Some(replicas)
}

fn winner_name(it: &Decision) -> &str {
    let winner = it.winner.and_then(|winner| it.metrics.get(winner));
    winner.map_or("", |winner| winner.as_ref().map_or("", |p| &p.name))
}

/// Changes the scale, if the replicas differ, and ends the sync.
fn rescale(cx: &Inputs<'_>, current: i32, replicas: i32, memory: &mut Memory, it: &mut Decision) {
    it.replicas = Some(replicas);
    let kind = ConditionType::AbleToScale;
    if matches!(it.branch, Branch::AboveMax | Branch::BelowMin) {
        it.status.metrics.clear();
    }
    if replicas == current {
        return finish(it, current, current, false, cx.now);
    }
    let reason = it.reason.clone();
    if let Some(error) = &cx.world.update_error {
        it.action = Action::Failed;
        let message = format!("New size: {replicas}; reason: {reason}; error: {error}");
        warn(it, "FailedRescale", message);
        let message = format!("the HPA controller was unable to update the target scale: {error}");
        set(cx, it, kind, false, "FailedUpdateScale", message);
        it.status.current = current;
        it.error = Some(format!("failed to rescale: {error}"));
        return;
    }
    let message = format!("the HPA controller was able to update the target scale to {replicas}");
    set(cx, it, kind, true, "SucceededRescale", message);
    it.events.push(Event {
        kind: EventType::Normal,
        reason: "SuccessfulRescale",
        message: format!("New size: {replicas}; reason: {reason}"),
    });
    memory.rescaled(cx.spec.behavior.as_ref(), current, replicas, cx.now);
    it.action = match replicas > current {
        true => Action::ScaleUp,
        false => Action::ScaleDown,
    };
    if cx.settings.scaled_to_zero_condition {
        let to_zero = current > 0 && replicas == 0 && it.min == 0;
        let (holds, reason, message) = match to_zero && cx.spec.watches_other_than_pods() {
            true => (true, "ScaledToZero", wording::TO_ZERO),
            false => (false, "NotScaledToZero", wording::NOT_TO_ZERO),
        };
        let kind = ConditionType::ScaledToZero;
        set(cx, it, kind, holds, reason, message);
    }
    finish(it, current, replicas, true, cx.now);
}

/// The sync ends without a decision: desiredReplicas stays what it was.
fn cannot_decide(current: i32, error: String, it: &mut Decision) {
    it.status.current = current;
    warn(it, "FailedComputeMetricsReplicas", error.clone());
    it.error = Some(error);
}

fn finish(it: &mut Decision, current: i32, desired: i32, rescaled: bool, now: DateTime<Utc>) {
    if it.branch == Branch::Disabled {
        it.status.metrics.clear();
    }
    it.status.current = current;
    it.status.desired = desired;
    if rescaled {
        it.status.last_scale = Some(now);
    }
}
