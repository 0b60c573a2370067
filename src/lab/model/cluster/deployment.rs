//! The Deployment controller: one ReplicaSet per template, scaled directly or by a rolling update, and the status.

use crate::lab::model::events::{EventRecord, Events};
use crate::lab::model::objects::{
    condition, deleting, key, name, number, owned_by, owner, set_condition, stamp, text, uid,
};
use crate::lab::model::{Store, Time};
use serde_json::{Value, json};

pub fn sync(store: &mut Store, events: &mut Events, now: Time) {
    let all: Vec<Value> = store.list("deployments", None).filter(|d| !deleting(d)).cloned().collect();
    for deployment in &all {
        sync_deployment(store, events, deployment, now);
    }
}

fn sync_deployment(store: &mut Store, events: &mut Events, deployment: &Value, now: Time) {
    let (namespace, of) = key(deployment);
    let hash = template_hash(&deployment["spec"]["template"]);
    let new_name = format!("{of}-{hash}");
    if store.get("replicasets", &namespace, &new_name).is_none() {
        create_set(store, deployment, &new_name, &hash, now);
    }
    let desired = number(&deployment["spec"]["replicas"], 1);
    let sets = owned_sets(store, deployment);
    let Some(new) = sets.iter().find(|set| name(set) == new_name) else { return };
    let old: Vec<&Value> =
        sets.iter().filter(|set| name(set) != new_name && number(&set["spec"]["replicas"], 0) > 0).collect();
    let mut scales: Vec<(String, i64, i64)> = Vec::new();
    let new_size = number(&new["spec"]["replicas"], 0);
    if old.is_empty() {
        scales.push((new_name.clone(), new_size, desired));
    } else {
        roll(deployment, desired, new, &old, &mut scales);
    }
    for (set, from, to) in scales.into_iter().filter(|(_, from, to)| from != to) {
        let _scaled = store.update("replicasets", &namespace, &set, |set| {
            set["spec"]["replicas"] = json!(to);
            set["metadata"]["annotations"]["deployment.kubernetes.io/desired-replicas"] = json!(desired.to_string());
        });
        let direction = if to > from { "up" } else { "down" };
        let message = format!("Scaled {direction} replica set {set} from {from} to {to}");
        let event =
            EventRecord { component: "deployment-controller", warning: false, reason: "ScalingReplicaSet", message };
        events.record(store, now, ("apps/v1", "Deployment"), deployment, &event);
    }
    status(store, deployment, &new_name, desired, now);
}

fn owned_sets(store: &Store, deployment: &Value) -> Vec<Value> {
    let (namespace, _) = key(deployment);
    let of = uid(deployment);
    let all = store.list("replicasets", Some(&namespace));
    all.filter(|set| owner(set).is_some_and(|(_, _, owner)| owner == of) && !deleting(set)).cloned().collect()
}

/// The steps of a rolling update that are allowed now: ReplicaSet, old size, new size.
fn roll(deployment: &Value, desired: i64, new: &Value, old: &[&Value], scales: &mut Vec<(String, i64, i64)>) {
    let rolling = &deployment["spec"]["strategy"]["rollingUpdate"];
    let recreate = deployment["spec"]["strategy"]["type"] == "Recreate";
    let surge = if recreate { 0 } else { part(&rolling["maxSurge"], desired, true) };
    let mut unavailable = if recreate { desired } else { part(&rolling["maxUnavailable"], desired, false) };
    if surge == 0 && unavailable == 0 {
        unavailable = 1;
    }
    let size = |set: &Value| number(&set["spec"]["replicas"], 0);
    let ready = |set: &Value| number(&set["status"]["readyReplicas"], 0);
    let total = size(new) + old.iter().map(|set| size(set)).sum::<i64>();
    let more = (desired + surge - total).clamp(0, (desired - size(new)).max(0));
    if more > 0 || size(new) > desired {
        scales.push((name(new).to_owned(), size(new), (size(new) + more).min(desired)));
    }
    // The old sets' surplus over what must stay available; pods that are not ready count as gone.
    let mut spare = (ready(new) + old.iter().map(|set| ready(set)).sum::<i64>() - (desired - unavailable)).max(0);
    for set in old {
        let broken = (size(set) - ready(set)).max(0);
        let cut = (broken + spare).min(size(set));
        spare -= (cut - broken).max(0);
        scales.push((name(set).to_owned(), size(set), size(set) - cut));
    }
}

/// `25%` or a number, as replicas of `of`.
fn part(value: &Value, of: i64, up: bool) -> i64 {
    let percent = match value {
        Value::Number(n) => return n.as_i64().unwrap_or(0).max(0),
        Value::String(text) => text.trim_end_matches('%').parse::<i64>().unwrap_or(25),
        _ => 25,
    };
    let hundredfold = (of * percent).max(0);
    if up { (hundredfold + 99) / 100 } else { hundredfold / 100 }
}

fn create_set(store: &mut Store, deployment: &Value, named: &str, hash: &str, now: Time) {
    let (namespace, of) = key(deployment);
    let revision =
        |set: &Value| text(&set["metadata"]["annotations"]["deployment.kubernetes.io/revision"]).parse::<i64>();
    let latest = owned_sets(store, deployment).iter().filter_map(|set| revision(set).ok()).max().unwrap_or(0) + 1;
    let mut template = deployment["spec"]["template"].clone();
    template["metadata"]["labels"]["pod-template-hash"] = json!(hash);
    let mut selector = deployment["spec"]["selector"].clone();
    selector["matchLabels"]["pod-template-hash"] = json!(hash);
    let set = json!({
        "kind": "ReplicaSet", "apiVersion": "apps/v1",
        "metadata": {
            "name": named, "namespace": namespace, "labels": template["metadata"]["labels"],
            "annotations": {
                "deployment.kubernetes.io/desired-replicas": deployment["spec"]["replicas"].to_string(),
                "deployment.kubernetes.io/revision": latest.to_string(),
            },
            "ownerReferences": owned_by(deployment, "apps/v1", "Deployment"),
        },
        "spec": {"replicas": 0, "selector": selector, "template": template},
        "status": {"replicas": 0},
    });
    if store.create("replicasets", set, now).is_ok() {
        let _updated = store.update("deployments", &namespace, &of, |d| {
            d["metadata"]["annotations"]["deployment.kubernetes.io/revision"] = json!(latest.to_string());
        });
    }
}

fn status(store: &mut Store, deployment: &Value, new_name: &str, desired: i64, now: Time) {
    let (namespace, of) = key(deployment);
    let sets = owned_sets(store, deployment);
    let sum = |field: &str| sets.iter().map(|set| number(&set["status"][field], 0)).sum::<i64>();
    let (total, ready) = (sum("replicas"), sum("readyReplicas"));
    let new = sets.iter().find(|set| name(set) == new_name);
    let updated = new.map_or(0, |set| number(&set["status"]["replicas"], 0));
    let updated_ready = new.map_or(0, |set| number(&set["status"]["readyReplicas"], 0));
    let least = desired - part(&deployment["spec"]["strategy"]["rollingUpdate"]["maxUnavailable"], desired, false);
    let done = updated == desired && total == desired && updated_ready == desired;
    let progressed = condition(deployment, "Progressing")
        .is_some_and(|c| c["reason"] == "NewReplicaSetAvailable" && text(&c["message"]).contains(new_name));
    let _updated = store.update("deployments", &namespace, &of, |d| {
        d["status"]["observedGeneration"] = deployment["metadata"]["generation"].clone();
        let counts = [
            ("replicas", total),
            ("updatedReplicas", updated),
            ("readyReplicas", ready),
            ("availableReplicas", ready),
            ("unavailableReplicas", (desired.max(total) - ready).max(0)),
        ];
        for (field, count) in counts {
            match d["status"].as_object_mut() {
                Some(status) if count == 0 => drop(status.remove(field)),
                _ => d["status"][field] = json!(count),
            }
        }
        let available = match ready >= least {
            true => ("MinimumReplicasAvailable", "Deployment has minimum availability."),
            false => ("MinimumReplicasUnavailable", "Deployment does not have minimum availability."),
        };
        set_progress(d, "Available", ready >= least, available.0, available.1, now);
        if done || progressed {
            let message = format!("ReplicaSet \"{new_name}\" has successfully progressed.");
            set_progress(d, "Progressing", true, "NewReplicaSetAvailable", &message, now);
        } else {
            let message = format!("ReplicaSet \"{new_name}\" is progressing.");
            set_progress(d, "Progressing", true, "ReplicaSetUpdated", &message, now);
        }
    });
}

/// Set a condition; its `lastUpdateTime` changes when reason or message do.
fn set_progress(d: &mut Value, kind: &str, holds: bool, reason: &str, message: &str, now: Time) {
    let old = condition(d, kind);
    let same = old.is_some_and(|c| c["reason"] == reason && c["message"] == message);
    let updated = match (same, old) {
        (true, Some(old)) => old["lastUpdateTime"].clone(),
        _ => stamp(now),
    };
    let extra = json!({"lastUpdateTime": updated, "reason": reason, "message": message});
    set_condition(d, kind, holds, &extra, now);
}

/// The suffix of a ReplicaSet's name: equal for equal templates.
fn template_hash(template: &Value) -> String {
    const LETTERS: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for byte in template.to_string().bytes() {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    }
    let mut name = String::new();
    for _ in 0..10 {
        name.push(char::from(LETTERS[usize::try_from(hash % 27).unwrap_or(0)]));
        hash /= 27;
    }
    name
}
