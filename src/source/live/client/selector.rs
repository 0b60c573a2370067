//! A label selector in its string form. Must not do I/O.

use crate::source::live::wire;

/// As `kubectl -l` and `/scale` write it, ordered by key: `app=web,tier in (a,b),!old`. Empty for an empty selector.
pub fn selector(from: &wire::Selector) -> String {
    let labels = from.match_labels.iter().map(|(k, v)| (k.as_str(), label(k, v)));
    let expressions = from.match_expressions.iter().map(|r| {
        let mut values = r.values.clone();
        values.sort();
        (r.key.as_str(), expression(r, &values))
    });
    let mut all: Vec<(&str, String)> = labels.chain(expressions).collect();
    all.sort();
    all.into_iter().map(|(_, text)| text).collect::<Vec<_>>().join(",")
}

/// The same with the expressions and their values in the order in which they were written, as the controller prints them.
pub fn as_written(from: &wire::Selector) -> String {
    let labels = from.match_labels.iter().map(|(k, v)| label(k, v));
    let all: Vec<String> = labels.chain(from.match_expressions.iter().map(|r| expression(r, &r.values))).collect();
    all.join(",")
}

fn label(key: &str, value: &str) -> String {
    format!("{key}={value}")
}

fn expression(of: &wire::Requirement, values: &[String]) -> String {
    let key = &of.key;
    match of.operator.as_str() {
        "In" => format!("{key} in ({})", values.join(",")),
        "NotIn" => format!("{key} notin ({})", values.join(",")),
        "DoesNotExist" => format!("!{key}"),
        _ => key.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_selector_reads_as_kubectl_writes_it() {
        let text = r#"{"matchLabels":{"z":"1","app":"web"},"matchExpressions":[
            {"key":"tier","operator":"In","values":["b","a"]},{"key":"old","operator":"DoesNotExist"},
            {"key":"env","operator":"NotIn","values":["x"]},{"key":"any","operator":"Exists"}]}"#;
        let from: wire::Selector = serde_json::from_str(text).unwrap();
        assert_eq!(selector(&from), "any,app=web,env notin (x),!old,tier in (a,b),z=1");
        assert_eq!(as_written(&from), "app=web,z=1,tier in (b,a),!old,env notin (x),any");
        assert_eq!(selector(&wire::Selector::default()), "");
    }
}
