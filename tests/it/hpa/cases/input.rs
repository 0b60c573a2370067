//! The inputs of cases: JSON into the types of `hpa`. Ages are seconds before `now()`.

use chrono::{DateTime, TimeDelta, TimeZone, Utc};
use edot_tui::hpa::{
    ConditionStatus, Container, ContainerUsage, Memory, Phase, Pod, PodSample, Policy, PolicyKind, Ready,
    Recommendation, Resources, ScaleEvent, SelectPolicy, Selector, Settings, World, WrittenRules,
};
use serde_json::Value;

/// The time every case happens at.
pub fn now() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 1, 1, 12, 0, 0).unwrap()
}

/// An age in seconds (fractions allowed), or 'zero' for Go's zero time.
pub fn time(age: &Value) -> DateTime<Utc> {
    match age {
        Value::String(zero) if zero == "zero" => Utc.with_ymd_and_hms(1, 1, 1, 0, 0, 0).unwrap(),
        age => now() - seconds(age),
    }
}

pub fn seconds(value: &Value) -> TimeDelta {
    let seconds = value.as_f64().unwrap_or_else(|| panic!("{value} s"));
    TimeDelta::microseconds((seconds * 1e6).round() as i64)
}

/// The controller's settings of a case: the defaults of its Kubernetes minors, changed by `config`.
pub fn settings(case: &Value) -> Result<Settings, String> {
    let versions = case["versions"].as_str().unwrap_or("all");
    let mut it = newest_minor(versions).map_or_else(Settings::default, Settings::of_minor);
    // The cases are of controllers without the gate HPAScaleToZero, unless they switch it on.
    it.scaled_to_zero_condition = false;
    let empty = serde_json::Map::new();
    for (key, value) in case["config"].as_object().unwrap_or(&empty) {
        let number = || value.as_f64().ok_or(format!("{key} is no number"));
        let flag = || value.as_bool().ok_or(format!("{key} is no flag"));
        match key.as_str() {
            "cpu_init_s" => it.cpu_initialization = seconds(value),
            "readiness_delay_s" => it.readiness_delay = seconds(value),
            "downscale_stabilization_s" => it.downscale_stabilization = seconds(value),
            "tolerance" => it.tolerance = number()?,
            "scale_up_limit_factor" => it.scale_up_factor = number()?,
            "scale_up_limit_min" => it.scale_up_minimum = number()?,
            "strict_tolerance" => it.strict_tolerance = flag()?,
            "scaled_to_zero_condition" => it.scaled_to_zero_condition = flag()?,
            _ => return Err(format!("unknown setting {key:?}")),
        }
    }
    Ok(it)
}

/// The newest minor an expectation holds for: of "<=1.32", "<1.33", "1.28-1.32"; none for "all" and ">=1.33".
fn newest_minor(versions: &str) -> Option<u32> {
    let number = |text: &str| {
        let end = text.find(|c: char| !c.is_ascii_digit());
        text[..end.unwrap_or(text.len())].parse::<u32>().ok()
    };
    if let Some(text) = versions.strip_prefix("<=1.") {
        return number(text);
    }
    if let Some(text) = versions.strip_prefix("<1.") {
        return Some(number(text)? - 1);
    }
    let text = versions.strip_prefix("1.")?;
    let range = text.split_whitespace().next()?;
    number(range.rsplit("1.").next()?)
}

pub fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

pub fn int(value: &Value) -> i32 {
    let wide = value.as_i64().unwrap_or_else(|| panic!("{value} replicas"));
    i32::try_from(wide).unwrap()
}

pub fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// A container's name; '' and null are none.
pub fn container_name(value: &Value) -> Option<&str> {
    value.as_str().filter(|name| !name.is_empty())
}

/// An object of integers, in its order.
pub fn amounts(value: &Value) -> Vec<(String, i64)> {
    let entries = value.as_object().into_iter().flatten();
    entries.map(|(k, v)| (k.clone(), v.as_i64().unwrap())).collect()
}

fn resources(value: &Value) -> Resources {
    amounts(value).into_iter().collect()
}

pub fn status(value: &Value) -> ConditionStatus {
    match value.as_str() {
        Some("True") => ConditionStatus::True,
        Some("False") => ConditionStatus::False,
        Some("Unknown") => ConditionStatus::Unknown,
        other => panic!("condition status {other:?}"),
    }
}

pub fn pods(value: &Value) -> Vec<std::sync::Arc<Pod>> {
    list(value).iter().map(pod).map(std::sync::Arc::new).collect()
}

fn pod(value: &Value) -> Pod {
    let start = &value["start_age_s"];
    Pod {
        name: value["name"].as_str().unwrap().into(),
        phase: match value["phase"].as_str() {
            Some("Pending") => Phase::Pending,
            Some("Running") | None => Phase::Running,
            Some("Succeeded") => Phase::Succeeded,
            Some("Failed") => Phase::Failed,
            Some(_) => Phase::Unknown,
        },
        deleted: value["deleted"].as_bool().unwrap_or(false),
        ready: (!value["ready"].is_null()).then(|| Ready {
            status: status(&value["ready"]),
            since: match &value["transition_age_s"] {
                Value::Null => time(&"zero".into()),
                age => time(age),
            },
        }),
        started: (!start.is_null()).then(|| time(start)),
        containers: list(&value["containers"]).iter().map(container).collect(),
        init_containers: list(&value["init_containers"]).iter().map(container).collect(),
        pod_level_requests: resources(&value["pod_level_requests"]),
    }
}

fn container(value: &Value) -> Container {
    Container {
        name: text(&value["name"]),
        requests: resources(&value["requests"]),
        restartable: value["restart_policy"] == "Always",
    }
}

pub fn samples(value: &Value) -> Vec<PodSample> {
    let usage = |value: &Value| ContainerUsage { name: text(&value["name"]), usage: resources(&value["usage"]) };
    let sample = |value: &Value| PodSample {
        pod: value["pod"].as_str().unwrap().into(),
        at: time(&value["age_s"]),
        window: seconds(&value["window_s"]),
        containers: list(&value["containers"]).iter().map(usage).collect(),
    };
    list(value).iter().map(sample).collect()
}

/// A world with nothing in it but pods.
pub fn world(pods: Vec<std::sync::Arc<Pod>>) -> World {
    World {
        namespace: "test-namespace".to_owned(),
        scale: Err("not asked for".to_owned()),
        selector: Selector::Own,
        pods,
        samples: Ok(Vec::new()),
        values: std::collections::BTreeMap::new(),
        update_error: None,
    }
}

/// Rules as written; null fields are left to the defaults.
pub fn rules(value: &Value) -> WrittenRules {
    let policy = |value: &Value| Policy {
        kind: match value["type"].as_str() {
            Some("Pods") => PolicyKind::Pods,
            Some("Percent") => PolicyKind::Percent,
            other => panic!("policy type {other:?}"),
        },
        value: int(&value["value"]),
        period_seconds: int(&value["periodSeconds"]),
    };
    let window = &value["stabilizationWindowSeconds"];
    WrittenRules {
        window_seconds: (!window.is_null()).then(|| int(window)),
        select: value["selectPolicy"].as_str().map(|name| match name {
            "Max" => SelectPolicy::Max,
            "Min" => SelectPolicy::Min,
            "Disabled" => SelectPolicy::Disabled,
            other => panic!("selectPolicy {other:?}"),
        }),
        policies: value["policies"].as_array().map(|all| all.iter().map(policy).collect()),
        tolerance: value["tolerance"].as_f64(),
    }
}

/// The controller's memory: `recommendations` null is a key it does not know.
pub fn memory(case: &Value) -> Memory {
    let recommendation = |value: &Value| Recommendation { replicas: int(&value["rec"]), at: time(&value["age_s"]) };
    let known = case["recommendations"].as_array();
    Memory {
        recommendations: known.map(|all| all.iter().map(recommendation).collect()),
        ups: events(&case["up_events"]),
        downs: events(&case["down_events"]),
    }
}

pub fn events(value: &Value) -> Vec<ScaleEvent> {
    let event = |value: &Value| ScaleEvent {
        change: int(&value["change"]),
        at: time(&value["age_s"]),
        outdated: value["outdated"].as_bool().unwrap_or(false),
    };
    list(value).iter().map(event).collect()
}
