//! Helpers to read and write Kubernetes objects as JSON. They must not decide anything.

use super::{Store, Time};
use crate::hpa::quantity;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Namespace and name.
pub type Key = (String, String);

/// Whether an object of these resources changed since a version of the store.
pub fn changed(store: &Store, since: u64, resources: &[&str]) -> bool {
    if store.version() == since {
        return false;
    }
    // A change log that does not reach back that far may have lost any change.
    store.since(since).map_or(true, |mut all| all.any(|change| resources.contains(&change.resource.as_str())))
}

pub fn key(object: &Value) -> Key {
    (text(&object["metadata"]["namespace"]).to_owned(), name(object).to_owned())
}

pub fn name(object: &Value) -> &str {
    text(&object["metadata"]["name"])
}

pub fn uid(object: &Value) -> &str {
    text(&object["metadata"]["uid"])
}

pub fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

pub fn number(value: &Value, default: i64) -> i64 {
    value.as_i64().unwrap_or(default)
}

/// A time as objects hold it: to the second.
pub fn stamp(at: Time) -> Value {
    json!(at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true))
}

pub fn time(value: &Value) -> Option<Time> {
    value.as_str()?.parse().ok()
}

pub fn deleting(object: &Value) -> bool {
    !object["metadata"]["deletionTimestamp"].is_null()
}

/// The controller that owns an object: kind, name, uid.
pub fn owner(object: &Value) -> Option<(&str, &str, &str)> {
    let all = object["metadata"]["ownerReferences"].as_array()?;
    let owner = all.iter().find(|o| o["controller"] == true)?;
    Some((text(&owner["kind"]), text(&owner["name"]), text(&owner["uid"])))
}

/// The owner reference to a controller.
pub fn owned_by(object: &Value, api_version: &str, kind: &str) -> Value {
    json!([{
        "apiVersion": api_version, "kind": kind, "name": name(object), "uid": uid(object),
        "controller": true, "blockOwnerDeletion": true,
    }])
}

/// Whether a selector (`matchLabels` and `matchExpressions`, or a plain map) selects `object` by its labels.
pub fn selects(selector: &Value, object: &Value) -> bool {
    let labels = &object["metadata"]["labels"];
    let plain = selector.get("matchLabels").is_none() && selector.get("matchExpressions").is_none();
    let wanted = if plain { selector } else { &selector["matchLabels"] };
    let equal = wanted.as_object().is_none_or(|all| all.iter().all(|(key, value)| labels.get(key) == Some(value)));
    let expression = |e: &Value| {
        let there = labels.get(text(&e["key"]));
        let listed = || there.is_some_and(|value| e["values"].as_array().is_some_and(|all| all.contains(value)));
        match text(&e["operator"]) {
            "In" => listed(),
            "NotIn" => !listed(),
            "Exists" => there.is_some(),
            "DoesNotExist" => there.is_none(),
            _ => false,
        }
    };
    equal && (plain || selector["matchExpressions"].as_array().is_none_or(|all| all.iter().all(expression)))
}

/// Whether a selector selects anything at all.
pub fn is_empty(selector: &Value) -> bool {
    let none = |v: &Value| v.as_object().is_none_or(serde_json::Map::is_empty);
    match selector.get("matchLabels").is_some() || selector.get("matchExpressions").is_some() {
        true => none(&selector["matchLabels"]) && selector["matchExpressions"].as_array().is_none_or(Vec::is_empty),
        false => none(selector),
    }
}

/// Quantities by resource name, in milli-units.
pub fn quantities(value: &Value) -> BTreeMap<String, i64> {
    let all = value.as_object().into_iter().flatten();
    all.filter_map(|(key, value)| Some((key.clone(), quantity::milli(value.as_str()?).ok()?))).collect()
}

/// A pod's request for a resource, in milli-units.
pub fn requested(pod: &Value, resource: &str) -> i64 {
    let containers = pod["spec"]["containers"].as_array().into_iter().flatten();
    containers.map(|c| quantities(&c["resources"]["requests"]).get(resource).copied().unwrap_or(0)).sum()
}

pub fn condition<'a>(object: &'a Value, kind: &str) -> Option<&'a Value> {
    object["status"]["conditions"].as_array()?.iter().find(|c| c["type"] == kind)
}

pub fn holds(object: &Value, kind: &str) -> bool {
    condition(object, kind).is_some_and(|c| c["status"] == "True")
}

/// Whether a pod receives traffic.
pub fn is_ready(pod: &Value) -> bool {
    holds(pod, "Ready") && !deleting(pod)
}

/// Whether a pod is neither terminated nor terminating.
pub fn is_active(pod: &Value) -> bool {
    !deleting(pod) && !matches!(text(&pod["status"]["phase"]), "Succeeded" | "Failed")
}

/// Set a condition and the fields of `extra`; `lastTransitionTime` changes only when the status flips.
pub fn set_condition(object: &mut Value, kind: &str, status: bool, extra: &Value, now: Time) {
    let status = if status { "True" } else { "False" };
    if !object["status"].is_object() {
        object["status"] = json!({});
    }
    if !object["status"]["conditions"].is_array() {
        object["status"]["conditions"] = json!([]);
    }
    let Some(all) = object["status"]["conditions"].as_array_mut() else { return };
    let place = match all.iter().position(|c| c["type"] == kind) {
        Some(place) => place,
        None => {
            all.push(json!({"type": kind}));
            all.len() - 1
        }
    };
    let old = &all[place];
    let since = if old["status"] == status { old["lastTransitionTime"].clone() } else { stamp(now) };
    let mut new = json!({"type": kind, "status": status, "lastTransitionTime": since});
    if let (Some(new), Some(extra)) = (new.as_object_mut(), extra.as_object()) {
        new.extend(extra.clone());
    }
    all[place] = new;
}

/// 64 hexadecimal digits derived from a text, for ids that look like hashes (FNV-1a; not a secure hash).
pub fn fingerprint(of: &str) -> String {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    let mut out = String::new();
    for part in 0..4_u8 {
        for byte in of.bytes().chain([part]) {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
        out.push_str(&format!("{hash:016x}"));
    }
    out
}
