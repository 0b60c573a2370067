//! The kinds of cases about what happens to a recommendation: defaults, stabilization, rate limits, scale events.

use edot_tui::hpa::{
    Behavior, Direction, PolicyKind, ScalingRules, SelectPolicy, Stabilized, history, limit, rate, stabilize,
};
use serde_json::{Value, json};

use super::{Got, input};

fn object(value: Value) -> Got {
    value.as_object().cloned().ok_or("no object".to_owned())
}

fn direction(case: &Value) -> Result<Direction, String> {
    match case["direction"].as_str() {
        Some("up") => Ok(Direction::Up),
        Some("down") => Ok(Direction::Down),
        other => Err(format!("direction {other:?}")),
    }
}

pub fn defaults(case: &Value) -> Got {
    let rules = ScalingRules::defaulted(direction(case)?, input::rules(&case["rules"]));
    let policy = |p: &edot_tui::hpa::Policy| {
        let kind = match p.kind {
            PolicyKind::Pods => "Pods",
            PolicyKind::Percent => "Percent",
        };
        json!({ "type": kind, "value": p.value, "periodSeconds": p.period_seconds })
    };
    object(json!({
        "policies": rules.policies.iter().map(policy).collect::<Vec<_>>(),
        "stabilizationWindowSeconds": rules.window_seconds,
        "selectPolicy": match rules.select {
            SelectPolicy::Max => "Max",
            SelectPolicy::Min => "Min",
            SelectPolicy::Disabled => "Disabled",
        },
        "tolerance": rules.tolerance,
    }))
}

pub fn legacy_rules(case: &Value) -> Got {
    let int = |key: &str| input::int(&case[key]);
    let settings = input::settings(case)?;
    let (current, desired) = (int("current"), int("desired"));
    let limit = limit::legacy(current, desired, int("min"), int("max"), &settings);
    object(json!({ "replicas": limit.replicas, "reason": limit.by.reason() }))
}

pub fn legacy_stabilize(case: &Value) -> Got {
    let mut memory = input::memory(case);
    let desired = input::int(&case["desired"]);
    let it = stabilize::legacy(&mut memory, desired, &input::settings(case)?, input::now());
    let log: Vec<i32> = memory.recommendations().iter().map(|r| r.replicas).collect();
    object(json!({
        "replicas": it.stabilized,
        "log_length": log.len(),
        "recommendations": log,
        "reason": reason(it.outcome),
    }))
}

pub fn rate_limit(case: &Value) -> Got {
    let direction = direction(case)?;
    let rules = ScalingRules::defaulted(direction, input::rules(&case["rules"]));
    let current = input::int(&case["current"]);
    let memory = input::memory(case);
    let limit = rate::limit(direction, &rules, current, &memory, input::now(), input::settings(case)?.conversions);
    object(json!({ "limit": limit.limit }))
}

pub fn behavior_rate(case: &Value) -> Got {
    let int = |key: &str| input::int(&case[key]);
    let rules = |key: &str| (!case[key].is_null()).then(|| input::rules(&case[key]));
    let behavior = Behavior::defaulted(rules("scale_up"), rules("scale_down"));
    let memory = input::memory(case);
    let bounds = (int("min"), int("max"));
    let (current, desired) = (int("current"), int("desired"));
    let limit = limit::with_behavior(
        &behavior,
        &memory,
        current,
        desired,
        bounds,
        input::now(),
        input::settings(case)?.conversions,
    );
    object(json!({ "replicas": limit.replicas, "reason": limit.by.reason() }))
}

/// Each case holds for both directions.
pub fn store_event(case: &Value) -> Got {
    let change = input::int(&case["change"]);
    let before = input::events(&case["prev_events"]);
    let behavior = (!case["rules"].is_null()).then(|| {
        let rules = || Some(input::rules(&case["rules"]));
        Behavior::defaulted(rules(), rules())
    });
    let mut memory = history::Memory { recommendations: None, ups: before.clone(), downs: before.clone() };
    memory.rescaled(behavior.as_ref(), 5, 5 + change, input::now());
    memory.rescaled(behavior.as_ref(), 5 + change, 5, input::now());
    if memory.ups != memory.downs {
        return Err("the two directions differ".to_owned());
    }
    let event = |e: &history::ScaleEvent| json!({ "change": e.change, "outdated": e.outdated });
    object(json!({
        "change_in_60s": history::changed_within(&before, 60, input::now()),
        "events": memory.ups.iter().map(event).collect::<Vec<_>>(),
    }))
}

pub fn behavior_stabilize(case: &Value) -> Got {
    let mut behavior = Behavior::defaulted(None, None);
    behavior.up.window_seconds = Some(input::int(&case["up_window_s"]));
    behavior.down.window_seconds = Some(input::int(&case["down_window_s"]));
    let mut memory = input::memory(case);
    let (current, desired) = (input::int(&case["current"]), input::int(&case["desired"]));
    let settings = input::settings(case)?;
    let now = input::now();
    let it = stabilize::with_behavior(&mut memory, &behavior, current, desired, &settings, now);
    let log: Vec<i32> = memory.recommendations().iter().map(|r| r.replicas).collect();
    object(json!({
        "replicas": it.stabilized,
        "recommendations": log,
        "reason": reason(it.outcome),
    }))
}

fn reason(outcome: Stabilized) -> &'static str {
    match outcome {
        Stabilized::Unchanged => "ReadyForNewScale",
        Stabilized::Up => "ScaleUpStabilized",
        Stabilized::Down => "ScaleDownStabilized",
    }
}
