//! Objects in the requested API version: the store holds HPAs as autoscaling/v2 and events as core/v1. Pure.

mod hpa;

use super::path::ResourcePath;
use serde_json::{Map, Value, json};
use std::borrow::Cow;

/// A stored object in the version of the path.
pub fn shown<'a>(path: &ResourcePath, object: &'a Value) -> Cow<'a, Value> {
    match (path.kind.plural, path.kind.group, path.version.as_str()) {
        ("horizontalpodautoscalers", _, "v1") => Cow::Owned(hpa::to_v1(object)),
        ("events", "events.k8s.io", _) => Cow::Owned(event_to_group(object)),
        _ => Cow::Borrowed(object),
    }
}

/// An object of the path's version in the stored version.
pub fn stored(path: &ResourcePath, object: Value) -> Value {
    match (path.kind.plural, path.kind.group, path.version.as_str()) {
        ("horizontalpodautoscalers", _, "v1") => hpa::to_v2(object),
        ("events", "events.k8s.io", _) => event_to_core(object),
        _ => object,
    }
}

/// An HPA of autoscaling/v1 as autoscaling/v2.
pub fn stored_hpa(v1: &Value) -> Value {
    hpa::to_v2(v1.clone())
}

/// The names of the fields of events in core/v1 and in events.k8s.io/v1.
const EVENT: [(&str, &str); 6] = [
    ("involvedObject", "regarding"),
    ("message", "note"),
    ("source", "deprecatedSource"),
    ("firstTimestamp", "deprecatedFirstTimestamp"),
    ("lastTimestamp", "deprecatedLastTimestamp"),
    ("count", "deprecatedCount"),
];

fn event_to_group(event: &Value) -> Value {
    let mut out = renamed(event, |core| EVENT.iter().find(|(from, _)| *from == core).map(|(_, to)| *to));
    if let Some(controller) = out.remove("reportingComponent") {
        out.insert("reportingController".into(), controller);
    }
    // `eventTime` is always there, if only as null.
    if out.get("eventTime").is_none() {
        out.insert("eventTime".into(), Value::Null);
    }
    out.insert("apiVersion".into(), json!("events.k8s.io/v1"));
    Value::Object(out)
}

fn event_to_core(event: Value) -> Value {
    let mut out = renamed(&event, |group| EVENT.iter().find(|(_, from)| *from == group).map(|(to, _)| *to));
    if let Some(component) = out.remove("reportingController") {
        out.insert("reportingComponent".into(), component);
    }
    out.insert("apiVersion".into(), json!("v1"));
    Value::Object(out)
}

fn renamed(object: &Value, name: impl Fn(&str) -> Option<&'static str>) -> Map<String, Value> {
    let all = object.as_object().into_iter().flatten();
    all.map(|(key, value)| (name(key).unwrap_or(key).to_owned(), value.clone())).collect()
}

/// The `/scale` subresource of a workload.
pub fn scale(workload: &Value) -> Value {
    let meta = &workload["metadata"];
    let labels = workload["spec"]["selector"]["matchLabels"].as_object().into_iter().flatten();
    let selector: Vec<String> = labels.map(|(k, v)| format!("{k}={}", v.as_str().unwrap_or_default())).collect();
    let number = |value: &Value| value.as_i64().unwrap_or_default();
    json!({
        "kind": "Scale", "apiVersion": "autoscaling/v1",
        "metadata": {
            "name": meta["name"], "namespace": meta["namespace"], "uid": meta["uid"],
            "resourceVersion": meta["resourceVersion"], "creationTimestamp": meta["creationTimestamp"],
        },
        "spec": {"replicas": number(&workload["spec"]["replicas"])},
        "status": {"replicas": number(&workload["status"]["replicas"]), "selector": selector.join(",")},
    })
}

/// An object as PartialObjectMetadata.
pub fn metadata_only(object: &Value) -> Value {
    json!({"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": object["metadata"]})
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::api::path::{Route, route};

    fn path(path: &str) -> ResourcePath {
        match route(path) {
            Route::Resource(path) => path,
            Route::Other(_) => panic!("{path}"),
        }
    }

    #[test]
    fn events_have_other_field_names_in_their_own_group() {
        let core = json!({
            "kind": "Event", "apiVersion": "v1", "metadata": {"name": "e"}, "message": "m", "count": 2,
            "involvedObject": {"kind": "Pod"}, "reportingComponent": "kubelet", "lastTimestamp": "t",
        });
        let events = path("/apis/events.k8s.io/v1/events");
        let seen = shown(&events, &core).into_owned();
        assert_eq!((&seen["note"], &seen["regarding"]["kind"]), (&json!("m"), &json!("Pod")));
        assert_eq!((&seen["deprecatedCount"], &seen["reportingController"]), (&json!(2), &json!("kubelet")));
        assert_eq!(stored(&events, seen)["involvedObject"], core["involvedObject"]);
        assert_eq!(*shown(&path("/api/v1/events"), &core), core);
    }

    #[test]
    fn a_scale_names_the_selector() {
        let deploy = json!({
            "metadata": {"name": "d"}, "status": {"replicas": 3},
            "spec": {"replicas": 2, "selector": {"matchLabels": {"app": "x", "tier": "y"}}},
        });
        let scale = scale(&deploy);
        assert_eq!(scale["status"], json!({"replicas": 3, "selector": "app=x,tier=y"}));
        assert_eq!(scale["spec"]["replicas"], 2);
    }
}
