//! The default world of the scripted server: the lab's gateway with one pod, idle.

use super::{Reply, Request};
use serde_json::{Value, json};

pub const NAMESPACE: &str = "observability-lab";
pub const HPA: &str = "edot-gateway-hpa";

/// The answer to any request of the live feeds.
pub fn answer(request: &Request) -> Reply {
    let path = request.path.split('?').next().unwrap_or_default();
    if request.is_watch() {
        return Reply::hold([]);
    }
    match path {
        "/version" => Reply::json(json!({"gitVersion": "v1.36.3"})),
        "/apis/metrics.k8s.io" => {
            Reply::json(json!({"kind": "APIGroup", "preferredVersion": {"version": "v1beta1"}, "versions": []}))
        }
        _ if path.starts_with("/apis/metrics.k8s.io/") => list(1, [usage("edot-gateway-64f456477b-w5lsb", 0)]),
        _ if path.starts_with("/api/v1/namespaces/") && path.split('/').count() == 5 => Reply::json(json!({})),
        _ if path.ends_with("/horizontalpodautoscalers") => list(100, [hpa("1")]),
        _ if path.ends_with("/deployments") => list(100, [deployment("1")]),
        _ if path.ends_with("/pods") && request.of("app=edot-gateway") => list(100, [pod("a", "1")]),
        _ if path.ends_with("/pods") || path.ends_with("/events") || path.ends_with("/jobs") => list(100, []),
        _ => Reply::Whole(404, "text/plain", b"404 page not found\n".to_vec()),
    }
}

/// A list of this version.
pub fn list(version: u32, items: impl IntoIterator<Item = Value>) -> Reply {
    let items: Vec<Value> = items.into_iter().collect();
    Reply::json(json!({"kind": "List", "metadata": {"resourceVersion": version.to_string()}, "items": items}))
}

/// A watch's line.
pub fn event(kind: &str, object: Value) -> Value {
    json!({"type": kind, "object": object})
}

pub fn bookmark(version: &str) -> Value {
    event("BOOKMARK", json!({"metadata": {"resourceVersion": version}}))
}

pub fn expired() -> Value {
    event("ERROR", json!({"kind": "Status", "code": 410, "reason": "Expired", "message": "too old resource version"}))
}

/// The lab's HPA, as it was recorded, of this version.
pub fn hpa(version: &str) -> Value {
    let mut hpa: Value = serde_json::from_str(include_str!("../../../data/hpa-maxed-out.json")).unwrap();
    hpa["metadata"]["resourceVersion"] = json!(version);
    hpa
}

pub fn deployment(version: &str) -> Value {
    let mut object = recorded("deployment");
    object["metadata"]["resourceVersion"] = json!(version);
    object
}

/// A pod of the gateway, named and identified by `uid`.
pub fn pod(uid: &str, version: &str) -> Value {
    let mut object = recorded("pods");
    object["metadata"]["resourceVersion"] = json!(version);
    object["metadata"]["uid"] = json!(uid);
    object["metadata"]["name"] = json!(format!("edot-gateway-64f456477b-{uid}"));
    object
}

/// A sample, `minute` minutes after the hour.
pub fn usage(pod: &str, minute: u32) -> Value {
    json!({"metadata": {"name": pod}, "timestamp": format!("2026-11-24T00:{minute:02}:00Z"), "window": "60s",
        "containers": [{"name": "edot-collector", "usage": {"cpu": "4000250n", "memory": "96Mi"}}]})
}

/// An event about an object.
pub fn event_about(uid: &str, kind: &str, name: &str, message: &str) -> Value {
    json!({"metadata": {"uid": uid, "name": uid, "resourceVersion": uid}, "type": "Normal", "reason": "R",
        "involvedObject": {"kind": kind, "name": name}, "message": message})
}

/// The first object of a recorded feed.
fn recorded(feed: &str) -> Value {
    let mark = format!("\"feed\":\"{feed}\"");
    let line = include_str!("../../../data/scale.jsonl").lines().find(|line| line.contains(&mark)).unwrap();
    serde_json::from_str::<Value>(line).unwrap()["event"]["object"].clone()
}
