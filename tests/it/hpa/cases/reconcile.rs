//! The kind of cases about one whole sync.

use std::collections::BTreeMap;

use edot_tui::hpa::{
    Action, Behavior, Condition, ConditionStatus, ConditionType, Decision, EventType, Metric, MetricStatus, Scale,
    Selector, Source, Spec, Status, Target, Values, World, spec,
};
use serde_json::{Map, Value, json};

use super::{Got, input};

pub fn reconcile(case: &Value) -> Got {
    let spec = hpa(&case["hpa"])?.defaulted();
    let status = status(&case["status"]);
    let world = world(case, &spec);
    let mut memory = input::memory(case);
    let settings = input::settings(case)?;
    let now = input::now();
    let it = edot_tui::hpa::reconcile(&spec, &status, &world, &mut memory, now, &settings);
    let mut got = outcome(&it, &spec);
    let log = memory.recommendations().iter().map(|r| r.replicas.into());
    got.insert("recommendations".to_owned(), Value::Array(log.collect()));
    Ok(got)
}

fn hpa(value: &Value) -> Result<Spec, String> {
    let metrics: Result<_, String> = input::list(&value["metrics"]).iter().map(metric).collect();
    let behavior = &value["behavior"];
    let rules = |key: &str| (!behavior[key].is_null()).then(|| input::rules(&behavior[key]));
    Ok(Spec {
        min: (!value["min"].is_null()).then(|| input::int(&value["min"])),
        max: input::int(&value["max"]),
        metrics: metrics?,
        behavior: (!behavior.is_null()).then(|| Behavior::defaulted(rules("scaleUp"), rules("scaleDown"))),
    })
}

fn metric(value: &Value) -> Result<Metric, String> {
    let name = || input::text(&value["name"]);
    let selector = || match &value["selector"] {
        Value::Object(labels) => {
            let pairs = labels.iter().map(|(k, v)| format!("{k}={}", input::text(v)));
            Some(spec::selector_text(&pairs.collect::<Vec<_>>().join(",")))
        }
        Value::String(text) => Some(text.clone()),
        _ => None,
    };
    let source = match value["type"].as_str().ok_or("a metric without type")? {
        "Resource" => Source::Resource { resource: name() },
        "ContainerResource" => {
            Source::ContainerResource { resource: name(), container: input::text(&value["container"]) }
        }
        "Pods" => Source::Pods { metric: name() },
        "Object" => Source::Object {
            metric: name(),
            kind: input::text(&value["object"]["kind"]),
            name: input::text(&value["object"]["name"]),
            selector: selector(),
        },
        "External" => Source::External { metric: name(), selector: selector() },
        other => Source::Other(other.to_owned()),
    };
    let target = |key: &str| value[key].as_i64();
    let target = if let Some(average) = target("target_average_milli") {
        Target::AverageValue(average)
    } else if let Some(whole) = target("target_value_milli") {
        Target::Value(whole)
    } else if target("target_utilization").is_some() {
        Target::Utilization(input::int(&value["target_utilization"]))
    } else {
        Target::None
    };
    Ok(Metric { source, target })
}

/// The status before. Conditions are a list of [type, status, reason, message?] or of objects with these keys, or an
/// object of type to status.
fn status(value: &Value) -> Status {
    let condition = |value: &Value| {
        let part = |index: usize, key: &str| match value.is_array() {
            true => value[index].clone(),
            false => value[key].clone(),
        };
        Condition {
            kind: ConditionType::of_name(&input::text(&part(0, "type"))).expect("a condition type"),
            status: input::status(&part(1, "status")),
            reason: input::text(&part(2, "reason")).into(),
            message: input::text(&part(3, "message")).into(),
            since: None,
        }
    };
    let known = match &value["conditions"] {
        Value::Object(by_type) => by_type.iter().map(|(kind, status)| json!([kind, status])).collect(),
        list => input::list(list).to_vec(),
    };
    Status {
        current: value["current_replicas"].as_i64().unwrap_or(0) as i32,
        desired: value["desired_replicas"].as_i64().unwrap_or(0) as i32,
        conditions: known.iter().map(condition).collect(),
        ..Status::default()
    }
}

fn world(case: &Value, spec: &Spec) -> World {
    let value = &case["world"];
    let fault = |key: &str| value["faults"][key].as_str().map(str::to_owned);
    let mut it = input::world(input::pods(&value["pods"]));
    it.scale = match fault("get_scale") {
        Some(error) => Err(error),
        None => Ok(Scale {
            spec: input::int(&case["scale"]["spec_replicas"]),
            status: input::int(&case["scale"]["status_replicas"]),
        }),
    };
    it.update_error = fault("update_scale");
    it.samples = match fault("resource") {
        Some(error) => Err(error),
        None => Ok(input::samples(&value["samples"])),
    };
    it.selector = selector(value);
    it.values = values(value, spec);
    it
}

fn selector(value: &Value) -> Selector {
    let selector = input::text(&value["selector"]);
    if selector.is_empty() {
        return Selector::Missing;
    }
    if let Some(error) = value["selector_error"].as_str() {
        return Selector::Invalid(error.to_owned());
    }
    let others = match &value["other_hpas"] {
        Value::String(printed) => printed.trim_matches(['[', ']']).to_owned(),
        Value::Array(names) => names.iter().map(input::text).collect::<Vec<_>>().join(" "),
        _ => String::new(),
    };
    let hpas: Vec<String> = others.split_whitespace().map(str::to_owned).collect();
    match hpas.is_empty() {
        true => Selector::Own,
        false => Selector::Shared { selector, hpas },
    }
}

/// The values of every metric that is not a resource: the case has one of each type.
fn values(value: &Value, spec: &Spec) -> BTreeMap<usize, Result<Values, String>> {
    let mut found = BTreeMap::new();
    for (index, metric) in spec.metrics.iter().enumerate() {
        let (values, api) = match &metric.source {
            Source::Pods { .. } if value["custom_pods"].is_object() => {
                let values = input::amounts(&value["custom_pods"]).into_iter();
                let values = values.map(|(pod, value)| (pod.into(), value));
                (Some(Values::Pods(values.collect())), "custom")
            }
            Source::Pods { .. } => (None, "custom"),
            Source::Object { .. } => {
                let value = value["object_value"].as_i64();
                (value.map(Values::Object), "custom")
            }
            Source::External { .. } => {
                let values = input::list(&value["external_values"]);
                let values = values.iter().map(|v| v.as_i64().unwrap()).collect();
                (Some(Values::External(values)), "external")
            }
            _ => continue,
        };
        if let Some(error) = value["faults"][api].as_str() {
            found.insert(index, Err(error.to_owned()));
        } else if let Some(values) = values {
            found.insert(index, Ok(values));
        }
    }
    found
}

fn outcome(it: &Decision, spec: &Spec) -> Map<String, Value> {
    let conditions = it.status.conditions.iter().map(|c| {
        let status = match c.status {
            ConditionStatus::True => "True",
            ConditionStatus::False => "False",
            ConditionStatus::Unknown => "Unknown",
        };
        json!([c.kind.name(), status, c.reason])
    });
    let messages = it.status.conditions.iter();
    let messages = messages.map(|c| (c.kind.name().to_owned(), c.message.clone().into()));
    let events = it.events.iter().map(|e| {
        let kind = match e.kind {
            EventType::Normal => "Normal",
            EventType::Warning => "Warning",
        };
        json!([kind, e.reason, e.message])
    });
    let rescales = it.events.iter().filter(|e| e.reason == "SuccessfulRescale");
    let statuses = it.status.metrics.iter().map(metric_status);
    let got = json!({
        "desired": it.status.desired,
        "scale_updated": matches!(it.action, Action::ScaleUp | Action::ScaleDown),
        "action": match it.action {
            Action::None | Action::Failed => "none",
            Action::ScaleUp => "scale_up",
            Action::ScaleDown => "scale_down",
        },
        "error": it.error.is_some(),
        "conditions": conditions.collect::<Vec<_>>(),
        "messages": Value::Object(messages.collect()),
        "events": events.collect::<Vec<_>>(),
        "event": rescales.map(|e| e.message.clone()).collect::<Vec<_>>(),
        "cpu_utilization": cpu_utilization(it, spec),
        "current_metrics": match it.status.metrics.is_empty() {
            true => Value::Null,
            false => Value::Array(statuses.collect()),
        },
    });
    got.as_object().cloned().unwrap_or_default()
}

fn metric_status(status: &Option<MetricStatus>) -> Value {
    let Some(status) = status else {
        return Value::Null;
    };
    let mut it = Map::new();
    let mut put = |key: &str, value: Option<i64>| {
        if let Some(value) = value {
            it.insert(key.to_owned(), value.into());
        }
    };
    put("averageUtilization", status.average_utilization.map(i64::from));
    put("averageValue", status.average_value);
    put("value", status.value);
    Value::Object(it)
}

fn cpu_utilization(it: &Decision, spec: &Spec) -> Option<i32> {
    let cpu = |m: &Metric| matches!(&m.source, Source::Resource { resource } if resource == "cpu");
    let index = spec.metrics.iter().position(cpu)?;
    it.status.metrics.get(index)?.as_ref()?.average_utilization
}
