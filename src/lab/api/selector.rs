//! Label and field selectors. Pure.

use super::failure::Failure;
use serde_json::Value;

/// One requirement of a selector.
#[derive(Clone, Debug, PartialEq)]
enum Requirement {
    In(String, Vec<String>),
    NotIn(String, Vec<String>),
    Exists(String),
    DoesNotExist(String),
}

/// A label and a field selector; the default selects all.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Selector {
    labels: Vec<Requirement>,
    fields: Vec<Requirement>,
}

impl Selector {
    /// From `labelSelector` and `fieldSelector`.
    ///
    /// # Errors
    /// One of them cannot be read.
    pub fn read(labels: &str, fields: &str) -> Result<Self, Failure> {
        let bad = |kind: &str, text: &str| {
            Failure::bad_request(format!("unable to parse requirement: invalid {kind} selector {text:?}"))
        };
        let mut selector = Selector::default();
        for term in terms(labels) {
            selector.labels.push(label(term).ok_or_else(|| bad("label", term))?);
        }
        for term in terms(fields) {
            selector.fields.push(field(term).ok_or_else(|| bad("field", term))?);
        }
        Ok(selector)
    }

    /// Whether it selects the object.
    pub fn matches(&self, object: &Value) -> bool {
        let labels = &object["metadata"]["labels"];
        self.labels.iter().all(|requirement| requirement.is_met(|key| labels[key].as_str().map(str::to_owned)))
            && self.fields.iter().all(|requirement| requirement.is_met(|key| Some(field_of(object, key))))
    }
}

impl Requirement {
    fn is_met(&self, value: impl Fn(&str) -> Option<String>) -> bool {
        match self {
            Requirement::In(key, values) => value(key).is_some_and(|value| values.contains(&value)),
            Requirement::NotIn(key, values) => value(key).is_none_or(|value| !values.contains(&value)),
            Requirement::Exists(key) => value(key).is_some(),
            Requirement::DoesNotExist(key) => value(key).is_none(),
        }
    }
}

/// The terms of a selector, separated by commas outside brackets.
fn terms(text: &str) -> Vec<&str> {
    let (mut out, mut depth, mut start) = (Vec::new(), 0, 0);
    for (at, c) in text.char_indices() {
        match c {
            '(' => depth += 1,
            ')' => depth -= 1,
            ',' if depth == 0 => {
                out.push(text[start..at].trim());
                start = at + 1;
            }
            _ => {}
        }
    }
    out.push(text[start..].trim());
    out.retain(|term| !term.is_empty());
    out
}

fn label(term: &str) -> Option<Requirement> {
    if let Some(requirement) = equality(term) {
        return Some(requirement);
    }
    if let Some(key) = term.strip_prefix('!') {
        return word(key).map(Requirement::DoesNotExist);
    }
    let mut words = term.split_whitespace();
    let key = word(words.next()?)?;
    let rest = term[term.find(&key)? + key.len()..].trim();
    let list = |rest: &str| {
        let inner = rest.trim().strip_prefix('(')?.strip_suffix(')')?;
        Some(inner.split(',').map(|value| value.trim().to_owned()).collect::<Vec<_>>())
    };
    if rest.is_empty() {
        Some(Requirement::Exists(key))
    } else if let Some(rest) = rest.strip_prefix("notin") {
        Some(Requirement::NotIn(key, list(rest)?))
    } else {
        Some(Requirement::In(key, list(rest.strip_prefix("in")?)?))
    }
}

fn field(term: &str) -> Option<Requirement> {
    equality(term)
}

fn equality(term: &str) -> Option<Requirement> {
    if term.contains('(') {
        return None;
    }
    if let Some((key, value)) = term.split_once("!=") {
        return Some(Requirement::NotIn(word(key)?, vec![value.trim().to_owned()]));
    }
    let (key, value) = term.split_once("==").or_else(|| term.split_once('='))?;
    Some(Requirement::In(word(key)?, vec![value.trim().to_owned()]))
}

fn word(text: &str) -> Option<String> {
    let text = text.trim();
    let fine = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '/');
    (!text.is_empty() && text.chars().all(fine)).then(|| text.to_owned())
}

/// A field's value as text; empty when it is missing. Events are stored with the field names of core/v1.
fn field_of(object: &Value, path: &str) -> String {
    let path = match path.split_once('.') {
        Some(("regarding", rest)) => format!("involvedObject.{rest}"),
        _ => path.to_owned(),
    };
    let found = path.split('.').try_fold(object, |at, key| at.get(key));
    match (found, path.as_str()) {
        (Some(Value::String(text)), _) => text.clone(),
        (Some(Value::Null) | None, "spec.unschedulable") => "false".into(),
        (Some(Value::Null) | None, _) => String::new(),
        (Some(other), _) => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn meets(labels: &str, fields: &str) -> bool {
        let pod = json!({
            "metadata": {"name": "x", "labels": {"app": "web", "tier": "a"}},
            "status": {"phase": "Running"},
            "involvedObject": {"uid": "u"},
        });
        Selector::read(labels, fields).unwrap().matches(&pod)
    }

    #[test]
    fn labels() {
        for yes in ["", "app=web", "app==web, tier in (a, b)", "app", "!gone", "gone!=x", "tier notin (b),app"] {
            assert!(meets(yes, ""), "{yes}");
        }
        for no in ["app=x", "tier notin (a,b)", "gone", "!app", "gone in (a)", "app!=web"] {
            assert!(!meets(no, ""), "{no}");
        }
        for bad in ["a b", "=x", "a in b", "a in (b", "a,(b)"] {
            assert_eq!(Selector::read(bad, "").err().map(|f| f.code), Some(400), "{bad}");
        }
    }

    #[test]
    fn fields() {
        assert!(meets("", "metadata.name=x,status.phase!=Failed"));
        assert!(meets("", "spec.nodeName=,regarding.uid=u"));
        assert!(!meets("", "metadata.name=y"));
    }
}
