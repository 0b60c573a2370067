//! The scheduler: binds pods to the emptiest node where their requests fit, or reports why none fits.

use crate::lab::model::events::{EventRecord, Events};
use crate::lab::model::objects::{
    condition, deleting, is_active, key, name, quantities, requested, set_condition, text,
};
use crate::lab::model::{Store, Time};
use serde_json::{Value, json};
use std::collections::BTreeMap;

const RESOURCES: [&str; 2] = ["cpu", "memory"];

/// Bind the pods that are not bound. With `full`, no node accepts any.
pub fn sync(store: &mut Store, events: &mut Events, now: Time, full: bool) {
    let waiting: Vec<Value> =
        store.list("pods", None).filter(|pod| pod["spec"]["nodeName"].is_null() && is_active(pod)).cloned().collect();
    for pod in &waiting {
        match place(store, pod, full) {
            Ok(node) => bind(store, events, pod, &node, now),
            Err(why) => refuse(store, events, pod, why, now),
        }
    }
}

/// The emptiest node that fits, by the larger of its requested shares of CPU and memory.
///
/// # Errors
/// Why no node fits, in the scheduler's words.
fn place(store: &Store, pod: &Value, full: bool) -> Result<String, String> {
    let mut used: BTreeMap<&str, [i64; 2]> = BTreeMap::new();
    for other in store.list("pods", None).filter(|pod| !matches!(text(&pod["status"]["phase"]), "Succeeded" | "Failed"))
    {
        let sums = used.entry(text(&other["spec"]["nodeName"])).or_default();
        RESOURCES.iter().zip(sums).for_each(|(resource, sum)| *sum += requested(other, resource));
    }
    let (mut best, mut reasons): (Option<(i64, &str)>, BTreeMap<String, usize>) = (None, BTreeMap::new());
    let nodes: Vec<&Value> = store.list("nodes", None).collect();
    for node in &nodes {
        if let Some(reason) = unfit(node, pod) {
            *reasons.entry(reason).or_default() += 1;
            continue;
        }
        let has = quantities(&node["status"]["allocatable"]);
        let taken = used.get(name(node)).copied().unwrap_or_default();
        let mut fits = true;
        let mut fullest = 0;
        for (resource, taken) in RESOURCES.iter().zip(taken) {
            let has = if full { 0 } else { has.get(*resource).copied().unwrap_or(0) };
            let request = requested(pod, resource);
            if request > has - taken && request > 0 {
                *reasons.entry(format!("Insufficient {resource}")).or_default() += 1;
                fits = false;
            }
            fullest = fullest.max((taken + request).saturating_mul(1000) / has.max(1));
        }
        if fits && best.is_none_or(|(least, _)| fullest < least) {
            best = Some((fullest, name(node)));
        }
    }
    if let Some((_, node)) = best {
        return Ok(node.to_owned());
    }
    let count = nodes.len();
    let reasons: Vec<String> = reasons.iter().map(|(reason, nodes)| format!("{nodes} {reason}")).collect();
    Err(format!(
        "0/{count} nodes are available: {}. preemption: 0/{count} nodes are available: {count} No preemption victims found for incoming pod.",
        reasons.join(", ")
    ))
}

/// Why a node is unsuitable however empty it is.
fn unfit(node: &Value, pod: &Value) -> Option<String> {
    if node["spec"]["unschedulable"] == true {
        return Some("node(s) were unschedulable".into());
    }
    let wanted = pod["spec"]["nodeSelector"].as_object().into_iter().flatten();
    let labels = &node["metadata"]["labels"];
    let fits = wanted.clone().all(|(key, value)| labels.get(key) == Some(value));
    (!fits).then(|| "node(s) didn't match Pod's node affinity/selector".into())
}

fn bind(store: &mut Store, events: &mut Events, pod: &Value, node: &str, now: Time) {
    let (namespace, of) = key(pod);
    let bound = store.update("pods", &namespace, &of, |pod| {
        pod["spec"]["nodeName"] = json!(node);
        set_condition(pod, "PodScheduled", true, &json!({"lastProbeTime": null}), now);
    });
    if bound.is_ok() {
        let message = format!("Successfully assigned {namespace}/{of} to {node}");
        let event = EventRecord { component: "default-scheduler", warning: false, reason: "Scheduled", message };
        events.record(store, now, ("v1", "Pod"), pod, &event);
    }
}

fn refuse(store: &mut Store, events: &mut Events, pod: &Value, why: String, now: Time) {
    let known = condition(pod, "PodScheduled").is_some_and(|c| c["message"] == json!(why));
    if known || deleting(pod) {
        return;
    }
    let (namespace, of) = key(pod);
    let _updated = store.update("pods", &namespace, &of, |pod| {
        let extra = json!({"lastProbeTime": null, "reason": "Unschedulable", "message": why});
        set_condition(pod, "PodScheduled", false, &extra, now);
    });
    let event = EventRecord { component: "default-scheduler", warning: true, reason: "FailedScheduling", message: why };
    events.record(store, now, ("v1", "Pod"), pod, &event);
}
