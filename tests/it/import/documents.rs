//! What the collectors' receivers would have written of a run of the lab: documents in the exporter's own shape, from observations.

use edot_tui::hpa::quantity;
use edot_tui::observe::{HpaSeen, Observation, PodSeen, PodUsage, Resources, Stamped, TargetSeen, Time};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// How the documents are written.
#[derive(Clone, Copy)]
pub struct How {
    /// Seconds between two.
    pub every: i64,
    pub events: bool,
    /// The cluster receiver's figures of pods and containers.
    pub states: bool,
}

fn at(ms: i64) -> Time {
    Time::from_timestamp_millis(ms).unwrap()
}

fn document(receiver: &str, ms: i64, attributes: Value, metrics: Value) -> (String, Value) {
    let index = format!(".ds-metrics-{receiver}.otel-default-2026.11.24-000001");
    let data_stream = json!({"type": "metrics", "dataset": format!("{receiver}.otel"), "namespace": "default"});
    (
        index,
        json!({"@timestamp": ms, "data_stream": data_stream, "resource": {"attributes": attributes}, "metrics": metrics}),
    )
}

fn base(of: &Resources, name: &str) -> Option<f64> {
    of.get(name).and_then(|text| quantity::milli(text).ok()).map(|milli| milli as f64 / 1000.0)
}

/// A sum of what a sample's containers used, in base units; finer than the arithmetic rounds.
fn used(usage: &PodUsage, name: &str) -> f64 {
    usage.containers.iter().filter_map(|(_, of)| base(of, name)).sum()
}

/// The documents.
pub fn of(run: &[Stamped], how: How) -> Vec<(String, Value)> {
    let mut out = Vec::new();
    let mut pods: BTreeMap<String, PodSeen> = BTreeMap::new();
    let (mut usage, mut hpa, mut target) = (Vec::<PodUsage>::new(), None::<HpaSeen>, None::<TargetSeen>);
    for seen in run {
        let ms = seen.at.timestamp_millis();
        match &seen.what {
            Observation::Pod(pod) => drop(pods.insert(pod.uid.clone(), (**pod).clone())),
            Observation::PodGone(gone) => drop(pods.remove(&gone.uid)),
            Observation::Usage(all) => usage.clone_from(&all.pods),
            Observation::Hpa(seen) => hpa = Some((**seen).clone()),
            Observation::Target(seen) => target = Some((**seen).clone()),
            Observation::Event(event) if how.events => out.push(event_document(ms, event)),
            Observation::Tick if seen.at.timestamp() % how.every == 3 % how.every => {
                out.extend(samples(ms, &usage, &pods));
                if how.states {
                    out.extend(pods.values().flat_map(|pod| states(ms + 40, pod)));
                }
                out.extend(hpa.iter().map(|hpa| hpa_document(ms + 40, hpa)));
                out.extend(target.iter().map(|target| target_document(ms + 40, target)));
            }
            _ => {}
        }
    }
    out
}

fn names(pod: &PodSeen) -> Map<String, Value> {
    let all = json!({"k8s.namespace.name": pod.namespace, "k8s.pod.name": pod.name, "k8s.pod.uid": pod.uid});
    all.as_object().unwrap().clone()
}

fn samples(ms: i64, usage: &[PodUsage], pods: &BTreeMap<String, PodSeen>) -> Vec<(String, Value)> {
    let of = |pod: &PodSeen| {
        let sample = usage.iter().find(|usage| usage.pod == pod.name).filter(|_| pod.deleted.is_none())?;
        let metrics =
            json!({"k8s.pod.cpu.usage": used(sample, "cpu"), "k8s.pod.memory.working_set": used(sample, "memory")});
        Some(document("kubeletstatsreceiver", ms, Value::Object(names(pod)), metrics))
    };
    pods.values().filter_map(of).collect()
}

fn states(ms: i64, pod: &PodSeen) -> Vec<(String, Value)> {
    let phase = ["", "Pending", "Running"].iter().position(|phase| *phase == pod.phase).unwrap_or(5);
    let receiver = "k8sclusterreceiver";
    let mut out = vec![document(receiver, ms, Value::Object(names(pod)), json!({"k8s.pod.phase": phase}))];
    let ready = pod.ready.as_ref().is_some_and(|ready| ready.status == "True");
    for container in &pod.containers {
        let mut attributes = names(pod);
        attributes.insert("k8s.container.name".into(), json!(container.name));
        let mut metrics =
            json!({"k8s.container.ready": i32::from(ready), "k8s.container.restarts": container.restarts});
        for resource in ["cpu", "memory"] {
            if let Some(value) = base(&container.requests, resource) {
                metrics[format!("k8s.container.{resource}_request")] = json!(value);
            }
        }
        out.push(document(receiver, ms, Value::Object(attributes), metrics));
    }
    out
}

fn hpa_document(ms: i64, hpa: &HpaSeen) -> (String, Value) {
    let attributes = json!({"k8s.namespace.name": hpa.namespace, "k8s.hpa.name": hpa.name, "k8s.hpa.uid": hpa.uid});
    let metrics = json!({
        "k8s.hpa.min_replicas": hpa.min_replicas.unwrap_or(1), "k8s.hpa.max_replicas": hpa.max_replicas,
        "k8s.hpa.current_replicas": hpa.status.current_replicas.unwrap_or(0),
        "k8s.hpa.desired_replicas": hpa.status.desired_replicas,
    });
    document("k8sclusterreceiver", ms, attributes, metrics)
}

fn target_document(ms: i64, target: &TargetSeen) -> (String, Value) {
    let attributes = json!({"k8s.namespace.name": target.namespace, "k8s.deployment.name": target.name});
    let metrics = json!({"k8s.deployment.desired": target.spec_replicas, "k8s.deployment.available": target.available});
    document("k8sclusterreceiver", ms, attributes, metrics)
}

fn event_document(ms: i64, event: &edot_tui::observe::EventSeen) -> (String, Value) {
    let whole = |time: Option<Time>| time.map(|t| at(t.timestamp() * 1000).to_rfc3339());
    let object = json!({
        "kind": "Event", "apiVersion": "v1", "metadata": {"name": event.uid, "uid": event.uid, "namespace": event.namespace},
        "involvedObject": {"kind": event.object.kind, "name": event.object.name, "uid": event.object.uid},
        "reason": event.reason, "message": event.message, "type": event.kind, "count": event.count.to_string(),
        "firstTimestamp": whole(event.first), "lastTimestamp": whole(event.last), "eventTime": null,
        "source": {"component": event.source},
    });
    let source = json!({
        "@timestamp": ms, "observed_timestamp": ms,
        "data_stream": {"type": "logs", "dataset": "k8sobjectsreceiver.otel", "namespace": "default"},
        "attributes": {"k8s.resource.name": "events", "event.domain": "k8s", "event.name": event.uid},
        "resource": {"attributes": {"k8s.namespace.name": event.namespace}},
        "body": {"structured": {"type": "ADDED", "object": object}},
    });
    (".ds-logs-k8sobjectsreceiver.otel-default-2026.11.24-000001".into(), source)
}
