//! The controllers of ReplicaSets, StatefulSets and DaemonSets: keep the wanted number of pods of a template, and choose
//! which are deleted first.

use super::pods;
use crate::lab::model::events::{EventRecord, Events};
use crate::lab::model::objects::{
    condition, deleting, holds, is_active, is_ready, key, name, number, owned_by, owner, text, time, uid,
};
use crate::lab::model::{Store, Time};
use serde_json::{Value, json};
use std::collections::BTreeMap;

pub fn sync(store: &mut Store, events: &mut Events, now: Time) {
    for resource in ["replicasets", "statefulsets"] {
        let all: Vec<Value> = store.list(resource, None).filter(|set| !deleting(set)).cloned().collect();
        for set in &all {
            match resource {
                "replicasets" => sync_replicaset(store, events, set, now),
                _ => sync_statefulset(store, events, set, now),
            }
        }
    }
    let daemons: Vec<Value> = store.list("daemonsets", None).filter(|set| !deleting(set)).cloned().collect();
    for set in &daemons {
        sync_daemonset(store, events, set, now);
    }
}

/// The pods that an object controls.
pub fn owned_pods(store: &Store, of: &Value) -> Vec<Value> {
    let (namespace, _) = key(of);
    let id = uid(of);
    let all = store.list("pods", Some(&namespace));
    all.filter(|pod| owner(pod).is_some_and(|(_, _, owner)| owner == id)).cloned().collect()
}

fn sync_replicaset(store: &mut Store, events: &mut Events, set: &Value, now: Time) {
    let (namespace, of) = key(set);
    let pods = owned_pods(store, set);
    let mut active: Vec<&Value> = pods.iter().filter(|pod| is_active(pod)).collect();
    let wanted = usize::try_from(number(&set["spec"]["replicas"], 1)).unwrap_or(0);
    for _ in active.len()..wanted {
        let owner = owned_by(set, "apps/v1", "ReplicaSet");
        let pod = pods::of_template(&set["spec"]["template"], &namespace, &of, &[], owner);
        create(store, events, ("apps/v1", "ReplicaSet"), "replicaset-controller", set, pod, now);
    }
    if active.len() > wanted {
        let mut on_node: BTreeMap<&str, usize> = BTreeMap::new();
        active.iter().for_each(|pod| *on_node.entry(text(&pod["spec"]["nodeName"])).or_default() += 1);
        active.sort_by_cached_key(|pod| rank(pod, on_node[text(&pod["spec"]["nodeName"])]));
        for pod in &active[..active.len() - wanted] {
            pods::delete(store, &namespace, name(pod), now);
            let message = format!("Deleted pod: {}", name(pod));
            let event =
                EventRecord { component: "replicaset-controller", warning: false, reason: "SuccessfulDelete", message };
            events.record(store, now, ("apps/v1", "ReplicaSet"), set, &event);
        }
    }
    status(store, "replicasets", set);
}

/// Pods with a lower rank are deleted first: not bound, pending, not ready, lower deletion cost, more pods of the set on
/// their node, ready for a shorter time, more restarts, younger.
fn rank(pod: &Value, on_node: usize) -> impl Ord + use<> {
    let placed = !pod["spec"]["nodeName"].is_null();
    let running = pod["status"]["phase"] == "Running";
    let cost = text(&pod["metadata"]["annotations"]["controller.kubernetes.io/pod-deletion-cost"]).parse::<i64>();
    let ready = condition(pod, "Ready").filter(|c| c["status"] == "True");
    let ready_since = ready.and_then(|c| time(&c["lastTransitionTime"]));
    let restarts = number(&pod["status"]["containerStatuses"][0]["restartCount"], 0);
    let created = time(&pod["metadata"]["creationTimestamp"]);
    let crowd = std::cmp::Reverse(on_node);
    (
        (placed, running, ready.is_some(), cost.unwrap_or(0), crowd),
        (std::cmp::Reverse(ready_since), -restarts, std::cmp::Reverse(created), name(pod).to_owned()),
    )
}

fn create(
    store: &mut Store,
    events: &mut Events,
    kind: (&str, &str),
    component: &str,
    of: &Value,
    pod: Value,
    now: Time,
) {
    if let Ok(pod) = store.create("pods", pod, now) {
        let message = format!("Created pod: {}", name(pod));
        events.record(
            store,
            now,
            kind,
            of,
            &EventRecord { component, warning: false, reason: "SuccessfulCreate", message },
        );
    }
}

/// A StatefulSet's pods have ordinals.
fn sync_statefulset(store: &mut Store, events: &mut Events, set: &Value, now: Time) {
    let (namespace, of) = key(set);
    let wanted = number(&set["spec"]["replicas"], 1);
    for number in 0..wanted {
        let named = format!("{of}-{number}");
        if store.get("pods", &namespace, &named).is_none() {
            let owner = owned_by(set, "apps/v1", "StatefulSet");
            let extra = [("statefulset.kubernetes.io/pod-name", named.as_str())];
            let mut pod = pods::of_template(&set["spec"]["template"], &namespace, &of, &extra, owner);
            pod["metadata"]["name"] = json!(named);
            create(store, events, ("apps/v1", "StatefulSet"), "statefulset-controller", set, pod, now);
        }
    }
    for pod in owned_pods(store, set) {
        let ordinal = name(&pod).rsplit('-').next().and_then(|n| n.parse::<i64>().ok());
        if ordinal.is_some_and(|n| n >= wanted) {
            pods::delete(store, &namespace, name(&pod), now);
        }
    }
    status(store, "statefulsets", set);
}

/// A DaemonSet has one pod per node.
fn sync_daemonset(store: &mut Store, events: &mut Events, set: &Value, now: Time) {
    let (namespace, of) = key(set);
    let nodes: Vec<String> = store.list("nodes", None).map(|node| name(node).to_owned()).collect();
    let pods = owned_pods(store, set);
    for node in &nodes {
        let here = |pod: &&Value| {
            pod["spec"]["nodeName"] == json!(node)
                || pod["spec"]["nodeSelector"]["kubernetes.io/hostname"] == json!(node)
        };
        if !pods.iter().filter(|pod| is_active(pod)).any(|pod| here(&pod)) {
            let owner = owned_by(set, "apps/v1", "DaemonSet");
            let mut pod = pods::of_template(&set["spec"]["template"], &namespace, &of, &[], owner);
            pod["spec"]["nodeSelector"]["kubernetes.io/hostname"] = json!(node);
            create(store, events, ("apps/v1", "DaemonSet"), "daemonset-controller", set, pod, now);
        }
    }
    let ready = pods.iter().filter(|pod| is_ready(pod)).count();
    let (count, generation) = (nodes.len(), set["metadata"]["generation"].clone());
    let _updated = store.update("daemonsets", &namespace, &of, |set| {
        set["status"] = json!({
            "currentNumberScheduled": count, "desiredNumberScheduled": count, "numberAvailable": ready,
            "numberMisscheduled": 0, "numberReady": ready, "observedGeneration": generation,
            "updatedNumberScheduled": count,
        });
    });
}

fn status(store: &mut Store, resource: &str, set: &Value) {
    let (namespace, of) = key(set);
    let pods = owned_pods(store, set);
    let total = pods.iter().filter(|pod| is_active(pod)).count();
    let ready = pods.iter().filter(|pod| is_active(pod) && holds(pod, "Ready")).count();
    let generation = set["metadata"]["generation"].clone();
    let _updated = store.update(resource, &namespace, &of, |set| {
        let mut status = json!({"replicas": total, "observedGeneration": generation});
        if total > 0 && resource == "replicasets" {
            status["fullyLabeledReplicas"] = json!(total);
        }
        if ready > 0 {
            status["readyReplicas"] = json!(ready);
            status["availableReplicas"] = json!(ready);
        }
        set["status"] = status;
    });
}
