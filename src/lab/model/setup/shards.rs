//! The gateways of other environments: a namespace, a Deployment and an HPA each.

use super::{Workload, namespace, workload};
use crate::lab::scenario::{Scenario, Shard};
use serde_json::{Value, json};

const NAME: &str = "edot-gateway";

pub fn all(scenario: &Scenario) -> Vec<(&'static str, Value)> {
    scenario.shards.iter().flat_map(of).collect()
}

fn of(shard: &Shard) -> Vec<(&'static str, Value)> {
    let labels = json!({"app": NAME});
    let container = json!({
        "name": "edot-collector", "image": "docker.elastic.co/elastic-agent/elastic-agent:9.2.5",
        "resources": {"requests": {"cpu": shard.request.text, "memory": "512Mi"}, "limits": {"cpu": "1", "memory": "1Gi"}},
    });
    let gateway = Workload {
        kind: "Deployment",
        namespace: &shard.namespace,
        name: NAME,
        labels,
        replicas: u32::try_from(shard.min).ok(),
        container,
        volumes: Value::Null,
        grace: 10,
    };
    let mut all = vec![
        ("namespaces", namespace(&shard.namespace)),
        ("deployments", workload(gateway)),
        ("horizontalpodautoscalers", hpa(shard)),
    ];
    all.extend(shard.scaled_object.iter().map(|name| ("scaledobjects", scaled_object(shard, name))));
    all.extend(shard.vpa.iter().map(|mode| ("verticalpodautoscalers", vpa(shard, mode))));
    all
}

fn target() -> Value {
    json!({"apiVersion": "apps/v1", "kind": "Deployment", "name": NAME})
}

/// With a trigger on CPU, as its HPA has it.
fn scaled_object(shard: &Shard, name: &str) -> Value {
    let condition = |kind: &str, status: &str| json!({"type": kind, "status": status});
    json!({
        "kind": "ScaledObject", "apiVersion": "keda.sh/v1alpha1",
        "metadata": {"name": name, "namespace": shard.namespace},
        "spec": {
            "scaleTargetRef": target(), "minReplicaCount": shard.min, "maxReplicaCount": shard.max,
            "triggers": [{"type": "cpu", "metricType": "Utilization", "metadata": {"value": shard.cpu.to_string()}}],
        },
        "status": {
            "hpaName": format!("keda-hpa-{name}"), "resourceMetricNames": ["cpu"],
            "conditions": [condition("Ready", "True"), condition("Active", "True"), condition("Fallback", "False")],
        },
    })
}

fn vpa(shard: &Shard, mode: &str) -> Value {
    let cpu = format!("{}m", (shard.request.units() * 2000.0).round());
    json!({
        "kind": "VerticalPodAutoscaler", "apiVersion": "autoscaling.k8s.io/v1",
        "metadata": {"name": NAME, "namespace": shard.namespace},
        "spec": {"targetRef": target(), "updatePolicy": {"updateMode": mode}},
        "status": {"recommendation": {"containerRecommendations": [
            {"containerName": "edot-collector", "target": {"cpu": cpu, "memory": "512Mi"}},
        ]}},
    })
}

fn hpa(shard: &Shard) -> Value {
    let resource = json!({
        "type": "Resource",
        "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": shard.cpu}},
    });
    let external = |name: &String| {
        let metric = json!({"name": name, "selector": {"matchLabels": {"environment": shard.namespace}}});
        json!({"type": "External", "external": {"metric": metric, "target": {"type": "AverageValue", "averageValue": "30"}}})
    };
    let metric = shard.external_metric.as_ref().map_or(resource, external);
    let policies = |kind: &str, value: u32| json!([{"type": kind, "value": value, "periodSeconds": 15}]);
    let (mut labels, mut owners) = (json!({"app": NAME, "environment": shard.namespace}), json!([]));
    // As KEDA's operator marks the HPAs that it makes.
    let name = match &shard.scaled_object {
        Some(made_by) => {
            labels["scaledobject.keda.sh/name"] = json!(made_by);
            labels["app.kubernetes.io/managed-by"] = json!("keda-operator");
            owners = json!([{
                "apiVersion": "keda.sh/v1alpha1", "kind": "ScaledObject", "name": made_by,
                "uid": "5c1c1f3e-8a1b-4a55-9d3a-2f0c6f1d7e11", "controller": true, "blockOwnerDeletion": true,
            }]);
            format!("keda-hpa-{made_by}")
        }
        None => format!("{NAME}-hpa"),
    };
    json!({
        "kind": "HorizontalPodAutoscaler", "apiVersion": "autoscaling/v2",
        "metadata": {"name": name, "namespace": shard.namespace, "labels": labels, "ownerReferences": owners},
        "spec": {
            "scaleTargetRef": target(),
            "minReplicas": shard.min, "maxReplicas": shard.max, "metrics": [metric],
            "behavior": {
                "scaleUp": {"stabilizationWindowSeconds": 0, "selectPolicy": "Max", "policies": policies("Percent", 100)},
                "scaleDown": {
                    "stabilizationWindowSeconds": shard.scale_down_window.ms() / 1000, "selectPolicy": "Max",
                    "policies": policies("Pods", 1),
                },
            },
        },
        "status": {"desiredReplicas": 0, "currentMetrics": null},
    })
}
