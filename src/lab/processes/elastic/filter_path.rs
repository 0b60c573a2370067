//! The `filter_path` parameter: which parts of a response are kept. And the wildcards of Elasticsearch.

use serde_json::{Map, Value};

/// The response with only what the comma-separated paths name; a path that begins with `-` removes.
pub fn kept(body: &Value, paths: &str) -> Value {
    let (removed, named): (Vec<&str>, Vec<&str>) =
        paths.split(',').filter(|p| !p.is_empty()).partition(|p| p.starts_with('-'));
    let parts = |paths: &[&str]| {
        paths.iter().map(|p| p.trim_start_matches('-').split('.').map(str::to_owned).collect()).collect::<Vec<Vec<_>>>()
    };
    let mut kept = match named.is_empty() {
        true => body.clone(),
        false => only(body, &parts(&named)).unwrap_or_else(|| Value::Object(Map::new())),
    };
    parts(&removed).iter().for_each(|path| without(&mut kept, path));
    kept
}

fn only(value: &Value, paths: &[Vec<String>]) -> Option<Value> {
    if paths.iter().any(Vec::is_empty) {
        return Some(value.clone());
    }
    match value {
        Value::Object(all) => {
            let mut kept = Map::new();
            for (key, inner) in all {
                let rest = descend(paths, key);
                if let Some(value) = (!rest.is_empty()).then(|| only(inner, &rest)).flatten() {
                    kept.insert(key.clone(), value);
                }
            }
            (!kept.is_empty()).then_some(Value::Object(kept))
        }
        Value::Array(all) => {
            let kept: Vec<Value> = all.iter().filter_map(|inner| only(inner, paths)).collect();
            (!kept.is_empty()).then_some(Value::Array(kept))
        }
        _ => None,
    }
}

/// The rests of the paths below a key.
fn descend(paths: &[Vec<String>], key: &str) -> Vec<Vec<String>> {
    let mut out = Vec::new();
    for path in paths {
        match path.split_first() {
            Some((first, rest)) if first == "**" => {
                out.push(path.clone());
                if rest.first().is_some_and(|next| wild(next, key)) {
                    out.push(rest[1..].to_vec());
                }
            }
            Some((first, rest)) if wild(first, key) => out.push(rest.to_vec()),
            _ => {}
        }
    }
    out
}

fn without(value: &mut Value, path: &[String]) {
    let Some((first, rest)) = path.split_first() else { return };
    match value {
        Value::Object(all) if rest.is_empty() => all.retain(|key, _| !wild(first, key)),
        Value::Object(all) => all.iter_mut().filter(|(key, _)| wild(first, key)).for_each(|(_, v)| without(v, rest)),
        Value::Array(all) => all.iter_mut().for_each(|v| without(v, path)),
        _ => {}
    }
}

/// Whether a text matches a pattern in which `*` matches anything.
pub fn wild(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(mut rest) = parts.next().and_then(|first| text.strip_prefix(first)) else { return false };
    let mut last = None;
    for part in parts {
        if let Some(before) = last.replace(part) {
            match rest.find(before) {
                Some(at) => rest = &rest[at + before.len()..],
                None => return false,
            }
        }
    }
    match last {
        None => rest.is_empty(),
        Some(end) => rest.ends_with(end),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn wildcards() {
        for (pattern, text) in
            [("*", ""), ("a*", "abc"), ("*c", "abc"), ("a*c*e", "abcde"), ("abc", "abc"), ("logs-*", "logs-x")]
        {
            assert!(wild(pattern, text), "{pattern} {text}");
        }
        for (pattern, text) in [("a*", "bc"), ("a*c", "abd"), ("abc", "abcd"), ("a*b*a", "aba b"), ("ab*ba", "aba")] {
            assert!(!wild(pattern, text), "{pattern} {text}");
        }
    }

    #[test]
    fn paths_keep_and_remove() {
        let body = json!({"_shards": {"total": 1, "failed": 0}, "indices": {"a": {"uuid": "u", "x": 1}, "b": {"uuid": "v"}}, "l": [{"k": 1, "m": 2}]});
        assert_eq!(
            kept(&body, "_shards.failed,indices.*.uuid"),
            json!({"_shards": {"failed": 0}, "indices": {"a": {"uuid": "u"}, "b": {"uuid": "v"}}})
        );
        assert_eq!(kept(&body, "l.k"), json!({"l": [{"k": 1}]}));
        assert_eq!(kept(&body, "**.x"), json!({"indices": {"a": {"x": 1}}}));
        assert_eq!(kept(&body, "-indices,-l.m"), json!({"_shards": {"total": 1, "failed": 0}, "l": [{"k": 1}]}));
        assert_eq!(kept(&body, "nope"), json!({}));
    }
}
