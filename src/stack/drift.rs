//! What differs between an object as it is and as it would be after applying, as far as that is what was applied: others may have
//! written to it between the two readings. Pure.

use crate::observe::text::clean;
use serde_json::{Map, Value};

/// What the server writes, which is no one's wish.
const NOT_WISHED: [&str; 6] =
    ["managedFields", "resourceVersion", "generation", "creationTimestamp", "uid", "selfLink"];
/// The most that is shown of a value, in bytes.
const SHOWN: usize = 80;

/// A field that differs.
#[derive(Clone, Debug, PartialEq)]
pub struct Difference {
    /// `spec.template.spec.containers[edot-collector].image`.
    pub path: String,
    /// As they are shown; `nothing` where it is not there.
    pub is: String,
    pub wanted: String,
}

/// The fields that differ, of those that are in `own`, the object that is applied, or that applying it would remove; but for the
/// status and what the server itself writes.
pub fn differences(live: &Value, after: &Value, own: &Value) -> Vec<Difference> {
    let mut out = Vec::new();
    // A Secret's texts come back under another name.
    let own = if own.get("stringData").is_some() { after } else { own };
    let empty = Map::new();
    let (live_map, after_map) = (live.as_object().unwrap_or(&empty), after.as_object().unwrap_or(&empty));
    for key in keys(live_map, after_map).into_iter().filter(|key| key != "status") {
        compare(&key, live_map.get(&key), after_map.get(&key), own.get(&key), &mut out);
    }
    out.retain(|d| !NOT_WISHED.iter().any(|field| d.path == format!("metadata.{field}")));
    if live["kind"] == "Secret" {
        for d in &mut out {
            (d.is, d.wanted) = ("(not shown)".into(), "(not shown)".into());
        }
    }
    out
}

fn keys(a: &Map<String, Value>, b: &Map<String, Value>) -> Vec<String> {
    let mut all: Vec<String> = a.keys().chain(b.keys()).cloned().collect();
    all.sort();
    all.dedup();
    all
}

fn compare(path: &str, live: Option<&Value>, after: Option<&Value>, own: Option<&Value>, out: &mut Vec<Difference>) {
    match (live, after) {
        (a, b) if a == b => {}
        (Some(Value::Object(a)), Some(Value::Object(b))) => {
            for key in keys(a, b) {
                let own = own.and_then(|own| own.get(&key));
                compare(&format!("{path}.{}", clean(&key, 63)), a.get(&key), b.get(&key), own, out);
            }
        }
        (Some(Value::Array(a)), Some(Value::Array(b))) if named(a) && named(b) => {
            let of = |list: &[Value], name: &Value| list.iter().find(|one| one["name"] == *name).cloned();
            let own = own.and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
            let mut names: Vec<&Value> = Vec::new();
            for one in a.iter().chain(b) {
                if !names.contains(&&one["name"]) {
                    names.push(&one["name"]);
                }
            }
            for name in names {
                let at = format!("{path}[{}]", clean(name.as_str().unwrap_or_default(), 63));
                compare(&at, of(a, name).as_ref(), of(b, name).as_ref(), of(own, name).as_ref(), out);
            }
        }
        (Some(Value::Array(a)), Some(Value::Array(b))) if a.len() == b.len() => {
            for (i, (a, b)) in a.iter().zip(b).enumerate() {
                compare(&format!("{path}[{i}]"), Some(a), Some(b), own.and_then(|own| own.get(i)), out);
            }
        }
        // Another's field, which another has written since.
        (_, Some(_)) if own.is_none() => {}
        (Some(Value::String(a)), Some(Value::String(b))) if a.contains('\n') || b.contains('\n') => {
            // The first line that differs stands for all.
            let line = |text: &str, n: usize| text.lines().nth(n).map(str::to_owned);
            let most = a.lines().count().max(b.lines().count());
            let first = (0..most).find(|n| line(a, *n) != line(b, *n)).unwrap_or(0);
            let shown = |text: Option<String>| text.map_or_else(|| "nothing".to_owned(), |text| clean(&text, SHOWN));
            let path = format!("{path}, line {}", first + 1);
            out.push(Difference { path, is: shown(line(a, first)), wanted: shown(line(b, first)) });
        }
        (a, b) => out.push(Difference { path: path.to_owned(), is: shown(a), wanted: shown(b) }),
    }
}

/// Every element has a name of its own.
fn named(list: &[Value]) -> bool {
    list.iter().all(|one| one["name"].is_string())
}

fn shown(value: Option<&Value>) -> String {
    match value {
        None => "nothing".to_owned(),
        Some(Value::String(text)) => clean(text, SHOWN),
        Some(other) => clean(&other.to_string(), SHOWN),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn fields_are_named_and_the_servers_own_are_left_out() {
        let live = json!({"kind": "X", "status": {"a": 1}, "metadata": {"uid": "1", "labels": {"a": "b"}, "generation": 2},
            "spec": {"containers": [{"name": "c", "image": "x:1", "args": ["a", "b"]}, {"name": "extra"}], "list": [1, 2]}});
        let wanted = json!({"kind": "X", "status": {}, "metadata": {"uid": "2", "labels": {"a": "c"}},
            "spec": {"containers": [{"name": "c", "image": "x:2", "args": ["a", "c"]}], "list": [1], "new": true}});
        let all: Vec<String> =
            differences(&live, &wanted, &wanted).iter().map(|d| format!("{}: {} {}", d.path, d.is, d.wanted)).collect();
        assert_eq!(
            all,
            [
                "metadata.labels.a: b c",
                "spec.containers[c].args[1]: b c",
                "spec.containers[c].image: x:1 x:2",
                "spec.containers[extra]: {\"name\":\"extra\"} nothing",
                "spec.list: [1,2] [1]",
                "spec.new: nothing true",
            ]
        );
    }

    #[test]
    fn of_a_long_text_the_first_line_that_differs_is_shown_and_of_a_secret_nothing() {
        let of = |text: &str, kind: &str| json!({"kind": kind, "data": {"a.yaml": text}});
        let changed = of("a\nx\u{1b}[2J\nc", "ConfigMap");
        let found = differences(&of("a\nb\nc", "ConfigMap"), &changed, &changed);
        assert_eq!((&*found[0].path, &*found[0].is, &*found[0].wanted), ("data.a.yaml, line 2", "b", "x"));
        let own = json!({"kind": "Secret", "stringData": {"a.yaml": "other"}});
        let hidden = differences(&of("hidden", "Secret"), &of("other", "Secret"), &own);
        assert!(!format!("{hidden:?}").contains("hidden\"") && hidden.len() == 1, "{hidden:?}");
    }

    #[test]
    fn what_others_write_meanwhile_is_no_difference_and_what_is_no_longer_wanted_is() {
        let live = json!({"metadata": {}, "spec": {"replicas": 1, "image": "x", "old": true}});
        let after = json!({"metadata": {"annotations": {"revision": "2"}}, "spec": {"replicas": 3, "image": "y"}});
        let own = json!({"spec": {"image": "y"}});
        let paths: Vec<String> = differences(&live, &after, &own).into_iter().map(|d| d.path).collect();
        assert_eq!(paths, ["spec.image", "spec.old"]);
    }
}
