//! metrics.k8s.io: the samples of metrics-server as PodMetrics and NodeMetrics.

use crate::lab::model::{Lab, NodeSample, PodSample, Time, Usage};
use crate::lab::store::time;
use chrono::TimeDelta;
use serde_json::{Value, json};

/// PodMetrics of a namespace, or of all.
pub fn pods(lab: &Lab, namespace: Option<&str>) -> Vec<Value> {
    let now = lab.now();
    let samples = lab.samples().into_iter().filter(|sample| namespace.is_none_or(|asked| asked == sample.namespace));
    let one = |sample: PodSample| {
        let labels = lab.store.get("pods", &sample.namespace, &sample.pod).map(|pod| pod["metadata"]["labels"].clone());
        pod(&sample, labels, now)
    };
    let mut all: Vec<Value> = samples.map(one).collect();
    all.sort_by_key(|one| (one["metadata"]["namespace"].to_string(), one["metadata"]["name"].to_string()));
    all
}

fn pod(sample: &PodSample, labels: Option<Value>, now: Time) -> Value {
    let mut metadata = json!({"name": sample.pod, "namespace": sample.namespace, "creationTimestamp": time(now)});
    if let Some(labels) = labels.filter(|labels| !labels.is_null()) {
        metadata["labels"] = labels;
    }
    let containers: Vec<Value> = sample
        .containers
        .iter()
        .map(|Usage { name, cpu_nanocores, memory_bytes }| {
            json!({"name": name, "usage": usage(*cpu_nanocores, *memory_bytes)})
        })
        .collect();
    json!({
        "kind": "PodMetrics", "apiVersion": "metrics.k8s.io/v1beta1", "metadata": metadata,
        "timestamp": time(sample.at), "window": window(sample.window), "containers": containers,
    })
}

/// NodeMetrics.
pub fn nodes(lab: &Lab) -> Vec<Value> {
    let now = lab.now();
    let one = |sample: NodeSample| {
        json!({
            "kind": "NodeMetrics", "apiVersion": "metrics.k8s.io/v1beta1",
            "metadata": {"name": sample.node, "creationTimestamp": time(now)},
            "timestamp": time(sample.at), "window": window(sample.window),
            "usage": usage(sample.cpu_nanocores, sample.memory_bytes),
        })
    };
    lab.node_samples().into_iter().map(one).collect()
}

/// Quantities as metrics-server writes them: nanocores, and kibibytes if there is no rest.
fn usage(cpu: u64, memory: u64) -> Value {
    let cpu = if cpu == 0 { "0".to_owned() } else { format!("{cpu}n") };
    let memory =
        if memory > 0 && memory.is_multiple_of(1024) { format!("{}Ki", memory / 1024) } else { memory.to_string() };
    json!({"cpu": cpu, "memory": memory})
}

/// A duration below a minute in the form of Go: `14.993s`.
fn window(span: TimeDelta) -> String {
    format!("{}s", span.num_milliseconds() as f64 / 1000.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_are_written_as_by_metrics_server() {
        assert_eq!(usage(3_999_911, 96 << 20), json!({"cpu": "3999911n", "memory": "98304Ki"}));
        assert_eq!(usage(0, 1001), json!({"cpu": "0", "memory": "1001"}));
        assert_eq!(
            (window(TimeDelta::milliseconds(14_993)), window(TimeDelta::seconds(15))),
            ("14.993s".into(), "15s".into())
        );
    }
}
