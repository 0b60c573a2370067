//! An HPA with a metric of the gateways' queues as what has to be there for it: the query that gives the metric, and the same
//! settings as a ScaledObject of KEDA. Must not choose them.

use super::manifest;
use crate::decide::queue;
use crate::hpa::{Metric, Source, Spec, Target};
use crate::observe::HpaSeen;
use serde_json::{Value, json};

/// Where Prometheus is taken to be; nothing that is recorded says.
pub const SERVER: &str = "http://prometheus.monitoring.svc:9090";

/// The query that gives how full the gateways' queues are: of each pod the fullest, the mean of all, percent.
pub fn query(seen: &HpaSeen) -> String {
    let of = format!("{{namespace=\"{}\",pod=~\"{}-.*\"}}", seen.namespace, seen.target.name);
    format!("100 * avg(max by (pod) (otelcol_exporter_queue_size{of} / otelcol_exporter_queue_capacity{of}))")
}

/// The ScaledObject that makes an HPA of this spec, and takes over the one that is there.
pub fn of(seen: &HpaSeen, spec: &Spec) -> Value {
    let triggers: Vec<Value> = spec.metrics.iter().filter_map(|metric| trigger(seen, metric)).collect();
    let mut config = json!({ "name": seen.name });
    if let Some(behavior) = manifest::hpa(seen, spec)["spec"].get("behavior") {
        config["behavior"] = behavior.clone();
    }
    json!({
        "apiVersion": "keda.sh/v1alpha1",
        "kind": "ScaledObject",
        "metadata": {
            "namespace": seen.namespace,
            "name": seen.name,
            "annotations": { "scaledobject.keda.sh/transfer-hpa-ownership": "true" },
        },
        "spec": {
            "scaleTargetRef": {
                "apiVersion": seen.target.api_version,
                "kind": seen.target.kind,
                "name": seen.target.name,
            },
            "minReplicaCount": spec.min_replicas(),
            "maxReplicaCount": spec.max,
            "advanced": { "horizontalPodAutoscalerConfig": config },
            "triggers": triggers,
        },
    })
}

/// The metrics of a spec that have no trigger here, by their kind.
pub fn without_trigger(seen: &HpaSeen, spec: &Spec) -> usize {
    spec.metrics.iter().filter(|metric| trigger(seen, metric).is_none()).count()
}

fn trigger(seen: &HpaSeen, metric: &Metric) -> Option<Value> {
    let (kind, value) = match metric.target {
        Target::Utilization(percent) => ("Utilization", percent.to_string()),
        Target::AverageValue(milli) => ("AverageValue", manifest::quantity(milli)),
        Target::Value(milli) => ("Value", manifest::quantity(milli)),
        Target::None => return None,
    };
    match &metric.source {
        Source::Resource { resource } => {
            Some(json!({ "type": resource, "metricType": kind, "metadata": { "value": value } }))
        }
        Source::ContainerResource { resource, container } => Some(json!({
            "type": resource,
            "metricType": kind,
            "metadata": { "value": value, "containerName": container },
        })),
        // One value for all pods, so that the replicas that are Ready are multiplied by its share of the target.
        Source::Pods { metric } if metric == queue::METRIC => Some(json!({
            "type": "prometheus",
            "metricType": "Value",
            "metadata": { "serverAddress": SERVER, "query": query(seen), "threshold": value },
        })),
        _ => None,
    }
}
