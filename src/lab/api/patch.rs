//! Patches: JSON merge patch and JSON patch by the `json-patch` crate, strategic merge patch as far as these resources
//! need it. Pure.

mod strategic;

use json_patch::{PatchErrorKind, PatchOperation};
use serde_json::Value;

pub use json_patch::merge;
pub use strategic::strategic;

/// Apply an RFC 6902 patch.
///
/// # Errors
/// Which operation failed, and why.
pub fn json(target: &mut Value, patch: &Value) -> Result<(), String> {
    let operations = patch.as_array().ok_or("a JSON patch is a list of operations")?;
    let read = |operation: &Value| {
        serde_json::from_value::<PatchOperation>(operation.clone())
            .map_err(|e| format!("{operation} is no operation of a JSON patch: {e}"))
    };
    let operations: Vec<PatchOperation> = operations.iter().map(read).collect::<Result<_, _>>()?;
    json_patch::patch(target, &operations).map_err(|e| {
        let path = e.path.to_string();
        match e.kind {
            PatchErrorKind::TestFailed => format!("test: the value at {path:?} is another one"),
            PatchErrorKind::InvalidPointer => format!("there is nothing at {path:?}"),
            kind => format!("{path:?}: {kind}"),
        }
    })
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
            let error = json(&mut target, &wrong).unwrap_err();
            assert!(error.contains(why), "{error}");
        }
    }
}
