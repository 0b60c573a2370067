//! A label selector in its string form. Must not do I/O.

use crate::source::live::wire;

/// As `kubectl -l` and `/scale` write it, ordered by key: `app=web,tier in (a,b),!old`. Empty for an empty selector.
pub fn selector(from: &wire::Selector) -> String {
    let labels = from.match_labels.iter().map(|(k, v)| (k.as_str(), format!("{k}={v}")));
    let expressions = from.match_expressions.iter().map(|r| {
        let mut values = r.values.clone();
        values.sort();
        let text = match r.operator.as_str() {
            "In" => format!("{} in ({})", r.key, values.join(",")),
            "NotIn" => format!("{} notin ({})", r.key, values.join(",")),
            "DoesNotExist" => format!("!{}", r.key),
            _ => r.key.clone(),
        };
        (r.key.as_str(), text)
    });
    let mut all: Vec<(&str, String)> = labels.chain(expressions).collect();
    all.sort();
    all.into_iter().map(|(_, text)| text).collect::<Vec<_>>().join(",")
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
        assert_eq!(selector(&wire::Selector::default()), "");
    }
}
