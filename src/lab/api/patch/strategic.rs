//! Strategic merge patch: lists whose elements have a key are merged by element; with the directives that kubectl sends:
//! `$patch`, `$retainKeys`, `$setElementOrder`, `$deleteFromPrimitiveList`. No crate does this.

use serde_json::{Map, Value};

/// The merge key of a list's elements; None when the list is replaced as a whole.
fn key_of(list: &str, elements: &[Value]) -> Option<&'static str> {
    let has = |key: &str| elements.iter().any(|element| element.get(key).is_some());
    match list {
        "containers" | "initContainers" | "ephemeralContainers" | "env" | "volumes" | "imagePullSecrets" => {
            Some("name")
        }
        "conditions" => Some("type"),
        "volumeMounts" => Some("mountPath"),
        "ports" if has("containerPort") => Some("containerPort"),
        "ports" => Some("port"),
        "ownerReferences" => Some("uid"),
        "hostAliases" => Some("ip"),
        "addresses" => Some("type"),
        _ => None,
    }
}

/// Whether a list of plain values is merged instead of replaced.
fn is_set(list: &str) -> bool {
    list == "finalizers"
}

/// Merge a patch into an object.
pub fn strategic(target: &mut Value, patch: &Value) {
    let Value::Object(patch) = patch else {
        *target = patch.clone();
        return;
    };
    if patch.get("$patch").and_then(Value::as_str) == Some("replace") {
        *target = Value::Object(
            patch.iter().filter(|(key, _)| *key != "$patch").map(|(k, v)| (k.clone(), v.clone())).collect(),
        );
        return;
    }
    if !target.is_object() {
        *target = Value::Object(Map::new());
    }
    let Some(members) = target.as_object_mut() else { return };
    if let Some(keep) = patch.get("$retainKeys").and_then(Value::as_array) {
        members.retain(|key, _| keep.iter().any(|kept| kept == key));
    }
    for (key, value) in patch {
        if let Some(list) = key.strip_prefix("$deleteFromPrimitiveList/") {
            if let (Some(items), Some(gone)) = (members.get_mut(list).and_then(Value::as_array_mut), value.as_array()) {
                items.retain(|item| !gone.contains(item));
            }
            continue;
        }
        match value {
            _ if key.starts_with('$') => {}
            Value::Null => drop(members.remove(key)),
            Value::Array(items) => list(members.entry(key.clone()).or_insert(Value::Null), key, items),
            value => strategic(members.entry(key.clone()).or_insert(Value::Null), value),
        }
    }
    for (key, order) in patch.iter().filter_map(|(key, order)| Some((key.strip_prefix("$setElementOrder/")?, order))) {
        if let (Some(items), Some(order)) = (members.get_mut(key).and_then(Value::as_array_mut), order.as_array()) {
            sort(items, key, order);
        }
    }
}

fn list(target: &mut Value, name: &str, patch: &[Value]) {
    let mut items = match target {
        Value::Array(items) => std::mem::take(items),
        _ => Vec::new(),
    };
    let all: Vec<Value> = items.iter().chain(patch).cloned().collect();
    let Some(key) = key_of(name, &all) else {
        if is_set(name) {
            items.extend(patch.iter().filter(|new| !all[..items.len()].contains(new)).cloned().collect::<Vec<_>>());
        } else {
            items = patch.to_vec();
        }
        *target = Value::Array(items);
        return;
    };
    if patch.iter().any(|element| element.get("$patch").and_then(Value::as_str) == Some("replace")) {
        items.clear();
    }
    for element in patch {
        let at = items.iter().position(|item| item.get(key).is_some() && item.get(key) == element.get(key));
        match (element.get("$patch").and_then(Value::as_str), at) {
            (Some("delete"), Some(at)) => drop(items.remove(at)),
            (Some("delete" | "replace"), _) => {}
            (_, Some(at)) => strategic(&mut items[at], element),
            (_, None) => items.push(element.clone()),
        }
    }
    *target = Value::Array(items);
}

/// Sort the named elements in that order; the others follow in theirs.
fn sort(items: &mut [Value], name: &str, order: &[Value]) {
    let key = key_of(name, items);
    let place = |item: &Value| {
        order.iter().position(|one| match key {
            Some(key) => one.get(key).is_some() && one.get(key) == item.get(key),
            None => one == item,
        })
    };
    items.sort_by_key(|item| place(item).unwrap_or(usize::MAX));
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn containers_are_merged_by_name() {
        let mut pod = json!({"spec": {"containers": [
            {"name": "a", "image": "x:1", "env": [{"name": "K", "value": "1"}], "args": ["p"]}, {"name": "b"}]}});
        strategic(
            &mut pod,
            &json!({"spec": {
                "$setElementOrder/containers": [{"name": "c"}, {"name": "a"}],
                "containers": [
                    {"name": "a", "image": "x:2", "env": [{"name": "L", "value": "2"}], "args": ["q"]},
                    {"name": "b", "$patch": "delete"}, {"name": "c"}]}}),
        );
        assert_eq!(
            pod["spec"]["containers"],
            json!([{"name": "c"}, {"name": "a", "image": "x:2", "args": ["q"],
                "env": [{"name": "K", "value": "1"}, {"name": "L", "value": "2"}]}])
        );
    }

    #[test]
    fn other_lists_are_replaced_and_sets_grow() {
        let mut hpa = json!({"metadata": {"finalizers": ["a", "b"]}, "spec": {"metrics": [1, 2], "old": 1}});
        strategic(
            &mut hpa,
            &json!({"metadata": {"$deleteFromPrimitiveList/finalizers": ["a"], "finalizers": ["c"]},
                    "spec": {"metrics": [3], "old": null}}),
        );
        assert_eq!(hpa, json!({"metadata": {"finalizers": ["b", "c"]}, "spec": {"metrics": [3]}}));
    }

    #[test]
    fn a_map_can_be_replaced_or_cut_to_its_kept_keys() {
        let mut deploy =
            json!({"strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1}}, "data": {"a": 1}});
        let patch =
            json!({"strategy": {"$retainKeys": ["type"], "type": "Recreate"}, "data": {"$patch": "replace", "b": 2}});
        strategic(&mut deploy, &patch);
        assert_eq!(deploy, json!({"strategy": {"type": "Recreate"}, "data": {"b": 2}}));
    }
}
