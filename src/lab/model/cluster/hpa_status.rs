//! Writes an HPA's status from the `hpa` room's types to JSON, with quantities as the API server prints them.

use crate::hpa::{ConditionStatus, Metric, MetricStatus, Source, Spec, Status};
use crate::lab::model::objects::stamp;
use serde_json::{Value, json};

pub fn of(status: &Status, spec: &Spec) -> Value {
    let conditions: Vec<Value> = status
        .conditions
        .iter()
        .map(|c| {
            let holds = match c.status {
                ConditionStatus::True => "True",
                ConditionStatus::False => "False",
                ConditionStatus::Unknown => "Unknown",
            };
            let since = c.since.map_or(Value::Null, stamp);
            json!({
                "type": c.kind.name(), "status": holds, "lastTransitionTime": since, "reason": c.reason,
                "message": c.message,
            })
        })
        .collect();
    let mut out = json!({"desiredReplicas": status.desired, "conditions": conditions});
    if status.current != 0 || status.desired != 0 {
        out["currentReplicas"] = json!(status.current);
    }
    if let Some(at) = status.last_scale {
        out["lastScaleTime"] = stamp(at);
    }
    out["currentMetrics"] = match status.metrics.is_empty() {
        true => Value::Null,
        false => status.metrics.iter().zip(&spec.metrics).map(|(m, spec)| metric(m.as_ref(), spec)).collect(),
    };
    out
}

fn metric(current: Option<&MetricStatus>, spec: &Metric) -> Value {
    let Some(current) = current else { return json!({"type": ""}) };
    let binary = matches!(&spec.source, Source::Resource { resource } | Source::ContainerResource { resource, .. } if resource != "cpu");
    let print = |milli: i64| if binary { bytes(milli) } else { decimal(milli) };
    let mut now = json!({});
    if let Some(percent) = current.average_utilization {
        now["averageUtilization"] = json!(percent);
    }
    if let Some(value) = current.average_value {
        now["averageValue"] = json!(print(value));
    }
    if let Some(value) = current.value {
        now["value"] = json!(print(value));
    }
    let named = |metric: &str| json!({"name": metric});
    match &spec.source {
        Source::Resource { resource } => json!({"type": "Resource", "resource": {"name": resource, "current": now}}),
        Source::ContainerResource { resource, container } => json!({
            "type": "ContainerResource", "containerResource": {"name": resource, "container": container, "current": now},
        }),
        Source::Pods { metric } => json!({"type": "Pods", "pods": {"metric": named(metric), "current": now}}),
        Source::Object { metric, kind, name, .. } => json!({
            "type": "Object",
            "object": {"metric": named(metric), "describedObject": {"kind": kind, "name": name}, "current": now},
        }),
        Source::External { metric, .. } => {
            json!({"type": "External", "external": {"metric": named(metric), "current": now}})
        }
        Source::Other(_) => json!({"type": ""}),
    }
}

/// `38m`, `2`: milli-units in decimal form.
fn decimal(milli: i64) -> String {
    match milli % 1000 {
        0 => (milli / 1000).to_string(),
        _ => format!("{milli}m"),
    }
}

/// `128Mi`, `120795955`, `171502796800m`: bytes in the largest power of 1024 that divides them.
fn bytes(milli: i64) -> String {
    if milli % 1000 != 0 {
        return format!("{milli}m");
    }
    let (mut value, mut suffix) = (milli / 1000, "");
    for larger in ["Ki", "Mi", "Gi", "Ti"] {
        if value == 0 || value % 1024 != 0 {
            break;
        }
        (value, suffix) = (value / 1024, larger);
    }
    format!("{value}{suffix}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_are_printed_as_by_a_real_server() {
        assert_eq!((decimal(38), decimal(2000), decimal(0)), ("38m".into(), "2".into(), "0".into()));
        let real = [("128Mi", 134_217_728_000), ("96Mi", 100_663_296_000), ("120795955", 120_795_955_000)];
        for (text, milli) in real {
            assert_eq!(bytes(milli), text);
        }
        assert_eq!(bytes(171_502_796_800), "171502796800m");
        assert_eq!(bytes(0), "0");
    }
}
