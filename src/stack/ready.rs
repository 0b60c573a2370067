//! Whether what was applied is ready, and why not. The judging is pure; [`look`] asks the cluster for what it judges.

use super::api::{Api, Id};
use super::pods;
use crate::observe::text::clean;
use crate::source::live::client::{ApiError, encode};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// The most that is shown of a message, in bytes.
const SHOWN: usize = 160;

/// One object's state.
#[derive(Clone, Debug, PartialEq)]
pub struct State {
    pub id: Id,
    pub ready: bool,
    /// `2 of 2 ready`.
    pub progress: String,
    /// Why it is not; each once.
    pub why: Vec<String>,
}

/// Whether an object of that kind becomes ready at all; all others are so as soon as they exist.
pub fn is_watched(id: &Id) -> bool {
    let kinds =
        ["Deployment", "DaemonSet", "HorizontalPodAutoscaler", "Elasticsearch", "Kibana", "APIService", "ScaledObject"];
    kinds.contains(&id.kind.as_str())
}

/// The state of those objects that can be ready, in order.
///
/// # Errors
/// The cluster does not answer.
pub async fn look(api: &Api, ids: &[Id]) -> Result<Vec<State>, ApiError> {
    let mut states = Vec::new();
    let mut pods: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    let mut warnings: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for id in ids.iter().filter(|id| is_watched(id)) {
        let object = api.get(id).await?;
        let (ready, progress) = judge(id, object.as_ref());
        let mut state = State { id: id.clone(), ready, progress, why: Vec::new() };
        if let Some(object) = object.as_ref().filter(|_| !ready) {
            let namespace = &id.namespace;
            if !namespace.is_empty() && !pods.contains_key(namespace) {
                // Who may not read them gets no reasons.
                let pod = Id::new("v1", "Pod", namespace, "");
                pods.insert(namespace.clone(), listed(api, &pod, "pods").await);
                warnings.insert(namespace.clone(), listed(api, &pod, "events?fieldSelector=type%3DWarning").await);
            }
            let listed = |all| BTreeMap::get(all, namespace).map(Vec::as_slice).unwrap_or_default();
            state.why = why(object, listed(&pods), listed(&warnings));
        }
        states.push(state);
    }
    Ok(states)
}

async fn listed(api: &Api, id: &Id, what: &str) -> Vec<Value> {
    let path = format!("/api/v1/namespaces/{}/{what}", encode(&id.namespace));
    api.read(&path).await.ok().flatten().map(super::api::items).unwrap_or_default()
}

/// Whether an object is ready, and how far it is.
pub fn judge(id: &Id, object: Option<&Value>) -> (bool, String) {
    let Some(object) = object else { return (false, "is not there".into()) };
    let number = |pointer: &str| object.pointer(pointer).and_then(Value::as_i64);
    let condition = |kind: &str| conditions(object).iter().find(|c| c["type"] == kind).map(|c| c["status"] == "True");
    let text = |pointer: &str| object.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
    let seen = number("/status/observedGeneration").unwrap_or(0) >= number("/metadata/generation").unwrap_or(0);
    let counted = |wanted: i64, ready: i64, current: bool| {
        let done = current && seen && ready >= wanted;
        (done, format!("{ready} of {wanted} ready{}", if current && seen { "" } else { ", not all of them new" }))
    };
    match id.kind.as_str() {
        "Deployment" => {
            let wanted = number("/spec/replicas").unwrap_or(1);
            let updated = number("/status/updatedReplicas").unwrap_or(0) >= wanted;
            let all = number("/status/replicas").unwrap_or(0) <= number("/status/updatedReplicas").unwrap_or(0);
            counted(wanted, number("/status/availableReplicas").unwrap_or(0), updated && all)
        }
        "DaemonSet" => {
            let wanted = number("/status/desiredNumberScheduled").unwrap_or(0);
            let updated = number("/status/updatedNumberScheduled").unwrap_or(0) >= wanted;
            let (ready, text) = counted(wanted, number("/status/numberAvailable").unwrap_or(0), updated);
            if wanted == 0 { (false, "no node takes it".into()) } else { (ready, text) }
        }
        "HorizontalPodAutoscaler" => match condition("ScalingActive") {
            Some(true) => (true, "scaling".into()),
            _ => (false, "has no metrics yet".into()),
        },
        "APIService" => match condition("Available") {
            Some(true) => (true, "available".into()),
            _ => (false, "not available yet".into()),
        },
        "ScaledObject" => match condition("Ready") {
            Some(true) => (true, "ready".into()),
            _ => (false, "not ready".into()),
        },
        _ => {
            let health = text("/status/health");
            let ready = matches!(health, "green" | "yellow");
            (ready, if health.is_empty() { "not begun".into() } else { format!("health {}", clean(health, 20)) })
        }
    }
}

/// Why it is not ready, each reason once.
pub fn why(object: &Value, pods: &[Value], warnings: &[Value]) -> Vec<String> {
    let kind = object["kind"].as_str().unwrap_or_default();
    let mut out: Vec<String> = Vec::new();
    for condition in conditions(object) {
        let bad = match condition["type"].as_str().unwrap_or_default() {
            // Quotas, and what admission refuses.
            "ReplicaFailure" => condition["status"] == "True",
            "Progressing" => condition["reason"] == "ProgressDeadlineExceeded",
            "ScalingActive" | "Available" | "Ready" => condition["status"] != "True" && kind != "Deployment",
            _ => false,
        };
        if bad {
            out.push(clean(condition["message"].as_str().unwrap_or_default(), SHOWN));
        }
    }
    let name = object["metadata"]["name"].as_str().unwrap_or_default();
    let own = |event: &&Value| event["involvedObject"]["name"] == name && event["involvedObject"]["kind"] == kind;
    let created = warnings.iter().filter(own).rfind(|event| event["reason"] == "FailedCreate");
    out.extend(created.map(|event| clean(event["message"].as_str().unwrap_or_default(), SHOWN)));
    if matches!(kind, "Elasticsearch" | "Kibana") && object["status"].as_object().is_none_or(serde_json::Map::is_empty)
    {
        out.push("Elastic's operator has not begun: is it running? kubectl -n elastic-system get pods".into());
    }
    let mine = |pod: &&Value| selects(object, pod);
    out.extend(pods.iter().filter(mine).filter_map(|pod| pods::why(pod, warnings)));
    out.retain(|text| !text.is_empty());
    let mut seen = BTreeSet::new();
    out.retain(|text| seen.insert(text.clone()));
    out
}

/// Whether a pod is of this object: by its selector, or by the label that Elastic's operator gives it.
fn selects(object: &Value, pod: &Value) -> bool {
    let labels = &pod["metadata"]["labels"];
    let name = &object["metadata"]["name"];
    match object["kind"].as_str().unwrap_or_default() {
        "Elasticsearch" => labels["elasticsearch.k8s.elastic.co/cluster-name"] == *name,
        "Kibana" => labels["kibana.k8s.elastic.co/name"] == *name,
        _ => {
            let wanted = object["spec"]["selector"]["matchLabels"].as_object();
            wanted.is_some_and(|wanted| {
                !wanted.is_empty() && wanted.iter().all(|(key, value)| labels[key.as_str()] == *value)
            })
        }
    }
}

fn conditions(object: &Value) -> &[Value] {
    object.pointer("/status/conditions").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn id(kind: &str) -> Id {
        Id::new("x/v1", kind, "n", "x")
    }

    #[test]
    fn a_deployment_is_ready_once_all_of_it_is_new() {
        let of = |generation: i64, replicas: i64, updated: i64, available: i64| {
            json!({"metadata": {"generation": 2}, "spec": {"replicas": 2}, "status": {"observedGeneration": generation,
                   "replicas": replicas, "updatedReplicas": updated, "availableReplicas": available}})
        };
        let judged = |object: Value| judge(&id("Deployment"), Some(&object));
        assert_eq!(judged(of(2, 2, 2, 2)), (true, "2 of 2 ready".into()));
        assert_eq!(judged(of(1, 2, 2, 2)), (false, "2 of 2 ready, not all of them new".into()));
        assert_eq!(judged(of(2, 3, 1, 2)), (false, "2 of 2 ready, not all of them new".into()));
        assert_eq!(judged(of(2, 2, 2, 1)), (false, "1 of 2 ready".into()));
        assert_eq!(judge(&id("Deployment"), None), (false, "is not there".into()));
        assert_eq!(judge(&id("DaemonSet"), Some(&json!({}))).1, "no node takes it");
        assert!(judge(&id("Elasticsearch"), Some(&json!({"status": {"health": "yellow"}}))).0);
    }

    #[test]
    fn the_reasons_are_those_of_the_object_and_of_its_pods() {
        let object = json!({"kind": "Deployment", "metadata": {"name": "x"}, "spec": {"selector": {"matchLabels": {"app": "x"}}},
            "status": {"conditions": [{"type": "ReplicaFailure", "status": "True", "message": "exceeded quota: q"},
                                      {"type": "Available", "status": "False", "message": "no"}]}});
        let pod = |app: &str| json!({"metadata": {"name": app, "labels": {"app": app}}, "status": {}});
        assert_eq!(why(&object, &[pod("x"), pod("x"), pod("y")], &[]), ["exceeded quota: q", "pod x is being started"]);
        let set = json!({"kind": "DaemonSet", "metadata": {"name": "d"}});
        let event = json!({"involvedObject": {"kind": "DaemonSet", "name": "d"}, "reason": "FailedCreate", "message": "forbidden"});
        assert_eq!(why(&set, &[], &[event]), ["forbidden"]);
        let elastic = json!({"kind": "Elasticsearch", "metadata": {"name": "e"}});
        assert!(why(&elastic, &[], &[])[0].contains("operator"));
    }
}
