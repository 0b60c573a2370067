//! Reads an HPA's spec (autoscaling/v2) from JSON into the types of the `hpa` room.

use crate::hpa::{
    Behavior, Metric, Policy, PolicyKind, SelectPolicy, Source, Spec, Target, WrittenRules, quantity,
    spec::selector_text,
};
use crate::lab::model::objects::text;
use serde_json::Value;

/// None when a target or a quantity cannot be read.
pub fn of(spec: &Value) -> Option<Spec> {
    let metrics = spec["metrics"].as_array().into_iter().flatten().map(metric).collect::<Option<Vec<_>>>()?;
    let behavior = spec.get("behavior").filter(|b| b.is_object());
    let written = |b: &Value, direction: &str| b.get(direction).map(rules);
    let spec = Spec {
        min: int(&spec["minReplicas"]),
        max: int(&spec["maxReplicas"]).unwrap_or(1),
        metrics,
        behavior: behavior.map(|b| Behavior::defaulted(written(b, "scaleUp"), written(b, "scaleDown"))),
    };
    Some(spec.defaulted())
}

fn int(value: &Value) -> Option<i32> {
    value.as_i64().and_then(|n| i32::try_from(n).ok())
}

fn metric(m: &Value) -> Option<Metric> {
    let own = |of: &Value| text(&of["name"]).to_owned();
    let selector = |of: &Value| {
        let labels = of["metric"]["selector"]["matchLabels"].as_object()?;
        let pairs: Vec<String> = labels.iter().map(|(key, value)| format!("{key}={}", text(value))).collect();
        Some(selector_text(&pairs.join(",")))
    };
    let (source, target) = match text(&m["type"]) {
        "Resource" => (Source::Resource { resource: own(&m["resource"]) }, &m["resource"]["target"]),
        "ContainerResource" => {
            let of = &m["containerResource"];
            let container = text(&of["container"]).to_owned();
            (Source::ContainerResource { resource: own(of), container }, &of["target"])
        }
        "Pods" => (Source::Pods { metric: own(&m["pods"]["metric"]) }, &m["pods"]["target"]),
        "Object" => {
            let of = &m["object"];
            let object = &of["describedObject"];
            let source = Source::Object {
                metric: own(&of["metric"]),
                kind: text(&object["kind"]).to_owned(),
                name: own(object),
                selector: selector(of),
            };
            (source, &of["target"])
        }
        "External" => {
            let of = &m["external"];
            (Source::External { metric: own(&of["metric"]), selector: selector(of) }, &of["target"])
        }
        other => (Source::Other(other.to_owned()), &Value::Null),
    };
    Some(Metric { source, target: self::target(target)? })
}

fn target(t: &Value) -> Option<Target> {
    let milli = |key: &str| quantity::milli(&written(&t[key])).ok();
    Some(match text(&t["type"]) {
        "Utilization" => Target::Utilization(int(&t["averageUtilization"])?),
        "AverageValue" => Target::AverageValue(milli("averageValue")?),
        "Value" => Target::Value(milli("value")?),
        _ => Target::None,
    })
}

/// A quantity may be a JSON number.
fn written(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn rules(from: &Value) -> WrittenRules {
    let policy = |p: &Value| Policy {
        kind: if p["type"] == "Pods" { PolicyKind::Pods } else { PolicyKind::Percent },
        value: int(&p["value"]).unwrap_or(0),
        period_seconds: int(&p["periodSeconds"]).unwrap_or(15),
    };
    WrittenRules {
        window_seconds: int(&from["stabilizationWindowSeconds"]),
        select: match text(&from["selectPolicy"]) {
            "Max" => Some(SelectPolicy::Max),
            "Min" => Some(SelectPolicy::Min),
            "Disabled" => Some(SelectPolicy::Disabled),
            _ => None,
        },
        policies: from["policies"].as_array().filter(|all| !all.is_empty()).map(|all| all.iter().map(policy).collect()),
        tolerance: from.get("tolerance").and_then(|t| quantity::approximate(&written(t)).ok()),
    }
}
