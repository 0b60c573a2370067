//! Converts HorizontalPodAutoscalers between autoscaling/v2 and v1, which keeps all but the CPU target in annotations.

use serde_json::{Map, Value, json};

const METRICS: &str = "autoscaling.alpha.kubernetes.io/metrics";
const CURRENT: &str = "autoscaling.alpha.kubernetes.io/current-metrics";
const CONDITIONS: &str = "autoscaling.alpha.kubernetes.io/conditions";
const BEHAVIOR: &str = "autoscaling.alpha.kubernetes.io/behavior";

/// A CPU resource metric, which v1 has its own field for.
fn cpu(metric: &Value) -> Option<&Value> {
    let resource = &metric["resource"];
    (metric["type"] == "Resource" && resource["name"] == "cpu").then_some(resource)
}

pub fn to_v1(hpa: &Value) -> Value {
    let mut out = hpa.clone();
    out["apiVersion"] = json!("autoscaling/v1");
    let mut annotations = out["metadata"]["annotations"].as_object().cloned().unwrap_or_default();
    if let Some(spec) = out["spec"].as_object_mut() {
        let metrics = spec.remove("metrics").unwrap_or_default();
        let all = metrics.as_array().cloned().unwrap_or_default();
        let target = |m: &Value| cpu(m).map(|r| r["target"]["averageUtilization"].clone()).filter(|t| !t.is_null());
        if let Some(target) = all.iter().find_map(target) {
            spec.insert("targetCPUUtilizationPercentage".into(), target);
        }
        let others: Vec<&Value> = all.iter().filter(|metric| target(metric).is_none()).collect();
        annotate(&mut annotations, METRICS, &json!(others));
        annotate(&mut annotations, BEHAVIOR, &spec.remove("behavior").unwrap_or_default());
    }
    if let Some(status) = out["status"].as_object_mut() {
        let current = status.remove("currentMetrics").unwrap_or_default();
        let value = |m: &Value| cpu(m).map(|r| r["current"]["averageUtilization"].clone()).filter(|v| !v.is_null());
        if let Some(value) = current.as_array().into_iter().flatten().find_map(value) {
            status.insert("currentCPUUtilizationPercentage".into(), value);
        }
        annotate(&mut annotations, CURRENT, &current);
        annotate(&mut annotations, CONDITIONS, &status.remove("conditions").unwrap_or_default());
    }
    if !annotations.is_empty() {
        out["metadata"]["annotations"] = Value::Object(annotations);
    }
    out
}

/// Keep a value that is not empty as an annotation.
fn annotate(annotations: &mut Map<String, Value>, key: &str, value: &Value) {
    let empty = value.is_null() || value.as_array().is_some_and(Vec::is_empty);
    if !empty {
        annotations.insert(key.to_owned(), json!(value.to_string()));
    }
}

pub fn to_v2(hpa: Value) -> Value {
    let mut out = hpa;
    out["apiVersion"] = json!("autoscaling/v2");
    let mut take = |key: &str| {
        let annotations = out["metadata"]["annotations"].as_object_mut()?;
        serde_json::from_str::<Value>(annotations.remove(key)?.as_str()?).ok()
    };
    let (metrics, behavior, current, conditions) = (take(METRICS), take(BEHAVIOR), take(CURRENT), take(CONDITIONS));
    if let Some(spec) = out["spec"].as_object_mut() {
        let mut all = metrics.and_then(|m| m.as_array().cloned()).unwrap_or_default();
        if let Some(target) = spec.remove("targetCPUUtilizationPercentage") {
            let target = json!({"type": "Utilization", "averageUtilization": target});
            all.insert(0, json!({"type": "Resource", "resource": {"name": "cpu", "target": target}}));
        }
        if !all.is_empty() {
            spec.insert("metrics".into(), json!(all));
        }
        if let Some(behavior) = behavior {
            spec.insert("behavior".into(), behavior);
        }
    }
    if let Some(status) = out.get_mut("status").and_then(Value::as_object_mut) {
        status.remove("currentCPUUtilizationPercentage");
        for (key, value) in [("currentMetrics", current), ("conditions", conditions)] {
            if let Some(value) = value {
                status.insert(key.into(), value);
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_conversion_and_back_loses_nothing() {
        let resource = |name: &str, kind: &str| json!({"type": "Resource", "resource": {"name": name, kind: {"type": "Utilization", "averageUtilization": 80}}});
        let hpa = json!({
            "kind": "HorizontalPodAutoscaler", "apiVersion": "autoscaling/v2", "metadata": {"name": "h", "annotations": {"a": "b"}},
            "spec": {"maxReplicas": 4, "metrics": [resource("cpu", "target"), resource("memory", "target")], "behavior": {"scaleUp": {}}},
            "status": {"currentMetrics": [resource("cpu", "current")], "conditions": [{"type": "AbleToScale"}]},
        });
        let v1 = to_v1(&hpa);
        assert_eq!(v1["spec"]["targetCPUUtilizationPercentage"], 80);
        assert_eq!(v1["status"]["currentCPUUtilizationPercentage"], 80);
        assert_eq!((&v1["spec"]["metrics"], &v1["spec"]["behavior"]), (&Value::Null, &Value::Null));
        assert_eq!(to_v2(v1), hpa);
    }
}
