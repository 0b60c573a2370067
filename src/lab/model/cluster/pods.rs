//! Pods as controllers create them from a template, and their deletion.

use crate::lab::model::objects::{deleting, number, quantities, stamp, text};
use crate::lab::model::{Store, Time};
use chrono::TimeDelta;
use serde_json::{Map, Value, json};

/// A pod of a template, not bound yet. `extra` are the labels that the controller adds.
pub fn of_template(template: &Value, namespace: &str, stem: &str, extra: &[(&str, &str)], owner: Value) -> Value {
    let mut labels = template["metadata"]["labels"].as_object().cloned().unwrap_or_default();
    labels.extend(extra.iter().map(|(key, value)| ((*key).to_owned(), json!(value))));
    let mut meta = json!({
        "generateName": format!("{stem}-"), "namespace": namespace, "labels": labels, "ownerReferences": owner,
    });
    if let Some(notes) = template["metadata"].get("annotations") {
        meta["annotations"] = notes.clone();
    }
    let spec = with_defaults(template["spec"].clone());
    let qos = qos(&spec);
    json!({
        "kind": "Pod", "apiVersion": "v1", "metadata": meta, "spec": spec,
        "status": {"phase": "Pending", "qosClass": qos},
    })
}

/// A pod's spec with the API server's defaults.
pub fn with_defaults(mut spec: Value) -> Value {
    let seconds =
        |key: &str| json!({"key": key, "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300});
    let defaults = json!({
        "restartPolicy": "Always", "terminationGracePeriodSeconds": 30, "dnsPolicy": "ClusterFirst",
        "serviceAccountName": "default", "serviceAccount": "default", "securityContext": {},
        "schedulerName": "default-scheduler", "priority": 0, "enableServiceLinks": true,
        "preemptionPolicy": "PreemptLowerPriority",
        "tolerations": [seconds("node.kubernetes.io/not-ready"), seconds("node.kubernetes.io/unreachable")],
    });
    if !spec.is_object() {
        spec = json!({});
    }
    fill(&mut spec, &defaults);
    let each = json!({
        "resources": {}, "terminationMessagePath": "/dev/termination-log", "terminationMessagePolicy": "File",
        "imagePullPolicy": "IfNotPresent",
    });
    for container in spec["containers"].as_array_mut().into_iter().flatten() {
        fill(container, &each);
        for port in container["ports"].as_array_mut().into_iter().flatten() {
            fill(port, &json!({"protocol": "TCP"}));
        }
    }
    spec
}

fn fill(value: &mut Value, defaults: &Value) {
    if let (Some(value), Some(defaults)) = (value.as_object_mut(), defaults.as_object()) {
        for (key, default) in defaults {
            value.entry(key.clone()).or_insert_with(|| default.clone());
        }
    }
}

fn qos(spec: &Value) -> &'static str {
    let containers = || spec["containers"].as_array().into_iter().flatten();
    let empty = |v: &Value| v.as_object().is_none_or(Map::is_empty);
    if containers().all(|c| empty(&c["resources"]["requests"]) && empty(&c["resources"]["limits"])) {
        return "BestEffort";
    }
    let guaranteed = |c: &Value| {
        let limits = quantities(&c["resources"]["limits"]);
        let requests = quantities(&c["resources"]["requests"]);
        ["cpu", "memory"].iter().all(|r| limits.contains_key(*r) && requests.get(*r).is_none_or(|q| limits[*r] == *q))
    };
    if containers().all(guaranteed) { "Guaranteed" } else { "Burstable" }
}

/// Delete a pod as the API server does: one that is bound terminates gracefully, any other goes at once.
pub fn delete(store: &mut Store, namespace: &str, name: &str, now: Time) {
    let Some(pod) = store.get("pods", namespace, name) else { return };
    let ended = matches!(text(&pod["status"]["phase"]), "Succeeded" | "Failed");
    if pod["spec"]["nodeName"].is_null() || ended {
        let _deleted = store.delete("pods", namespace, name);
    } else if !deleting(pod) {
        let grace = number(&pod["spec"]["terminationGracePeriodSeconds"], 30);
        let _marked = store.update("pods", namespace, name, |pod| {
            pod["metadata"]["deletionTimestamp"] = stamp(now + TimeDelta::seconds(grace));
            pod["metadata"]["deletionGracePeriodSeconds"] = json!(grace);
        });
    }
}
