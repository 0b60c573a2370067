//! Patches: JSON merge, JSON patch, and strategic merge as far as lists of these kinds need it. Pure.

mod strategic;

use serde_json::{Map, Value};
pub use strategic::strategic;

/// RFC 7386: members replace, null removes.
pub fn merge(target: &mut Value, patch: &Value) {
    let Value::Object(patch) = patch else {
        *target = patch.clone();
        return;
    };
    if !target.is_object() {
        *target = Value::Object(Map::new());
    }
    let Some(members) = target.as_object_mut() else { return };
    for (key, value) in patch {
        match value {
            Value::Null => drop(members.remove(key)),
            value => merge(members.entry(key.clone()).or_insert(Value::Null), value),
        }
    }
}

/// RFC 6902.
///
/// # Errors
/// What is wrong with which operation.
pub fn json(target: &mut Value, patch: &Value) -> Result<(), String> {
    let operations = patch.as_array().ok_or("a JSON patch is a list of operations")?;
    operations.iter().try_for_each(|operation| operate(target, operation))
}

fn operate(target: &mut Value, operation: &Value) -> Result<(), String> {
    let word = |key: &str| operation[key].as_str().unwrap_or_default();
    let path = word("path");
    let value = || operation.get("value").cloned().ok_or_else(|| format!("{}: value is missing", word("op")));
    let missing = |path: &str| format!("{}: there is nothing at {path:?}", word("op"));
    match word("op") {
        "add" => put(target, path, value()?, true).ok_or_else(|| missing(path)),
        "replace" => put(target, path, value()?, false).ok_or_else(|| missing(path)),
        "remove" => take(target, path).map(drop).ok_or_else(|| missing(path)),
        "test" if target.pointer(path) == Some(&value()?) => Ok(()),
        "test" => Err(format!("test: {path:?} is another")),
        "move" => {
            let moved = take(target, word("from")).ok_or_else(|| missing(word("from")))?;
            put(target, path, moved, true).ok_or_else(|| missing(path))
        }
        "copy" => {
            let copied = target.pointer(word("from")).cloned().ok_or_else(|| missing(word("from")))?;
            put(target, path, copied, true).ok_or_else(|| missing(path))
        }
        other => Err(format!("{other:?} is no operation of a JSON patch")),
    }
}

/// The parent of what a pointer names, and the last part of it.
fn parent<'a>(target: &'a mut Value, path: &str) -> Option<(&'a mut Value, String)> {
    let (before, last) = path.rsplit_once('/')?;
    Some((target.pointer_mut(before)?, last.replace("~1", "/").replace("~0", "~")))
}

fn put(target: &mut Value, path: &str, value: Value, new: bool) -> Option<()> {
    if path.is_empty() {
        *target = value;
        return Some(());
    }
    match parent(target, path)? {
        (Value::Object(members), last) => {
            if !new && !members.contains_key(&last) {
                return None;
            }
            members.insert(last, value);
        }
        (Value::Array(items), last) if new && last == "-" => items.push(value),
        (Value::Array(items), last) => {
            let at: usize = last.parse().ok().filter(|at| *at <= items.len())?;
            match new {
                true => items.insert(at, value),
                false => *items.get_mut(at)? = value,
            }
        }
        _ => return None,
    }
    Some(())
}

fn take(target: &mut Value, path: &str) -> Option<Value> {
    match parent(target, path)? {
        (Value::Object(members), last) => members.remove(&last),
        (Value::Array(items), last) => {
            let at: usize = last.parse().ok().filter(|at| *at < items.len())?;
            Some(items.remove(at))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json as value;

    #[test]
    fn merging_replaces_and_removes() {
        let mut target = value!({"a": {"b": 1, "c": 2}, "list": [1, 2]});
        merge(&mut target, &value!({"a": {"b": null, "d": {"e": null}}, "list": [3]}));
        assert_eq!(target, value!({"a": {"c": 2, "d": {}}, "list": [3]}));
    }

    #[test]
    fn a_json_patch_does_its_operations_in_order() {
        let mut target = value!({"a": [1, 2], "m": {"x/y": 1}});
        let patch = value!([
            {"op": "test", "path": "/a/0", "value": 1},
            {"op": "add", "path": "/a/1", "value": 9},
            {"op": "add", "path": "/a/-", "value": 8},
            {"op": "remove", "path": "/m/x~1y"},
            {"op": "replace", "path": "/a/0", "value": 0},
            {"op": "copy", "from": "/a/0", "path": "/m/c"},
            {"op": "move", "from": "/a", "path": "/b"},
        ]);
        json(&mut target, &patch).unwrap();
        assert_eq!(target, value!({"m": {"c": 0}, "b": [0, 9, 2, 8]}));
        for (wrong, why) in [
            (value!([{"op": "remove", "path": "/none"}]), "nothing at \"/none\""),
            (value!([{"op": "test", "path": "/m/c", "value": 5}]), "is another"),
            (value!([{"op": "jump", "path": "/"}]), "no operation"),
            (value!({}), "a list of operations"),
        ] {
            let said = json(&mut target, &wrong).unwrap_err();
            assert!(said.contains(why), "{said}");
        }
    }
}
