//! The templates and the role of the store: what is installed, what differs from this version's, and how it is brought up to
//! date. Must not ask anyone; a newer version's stay.

use super::client::{Client, StoreError, StoreErrorKind};
use serde_json::Value;
use std::collections::BTreeMap;

/// An asset: the path that it is installed at, and its text.
struct Asset {
    path: &'static str,
    text: &'static str,
    /// The index or data stream that may be there already, whose mappings then take the new fields.
    made: &'static str,
}

const ASSETS: [Asset; 6] = [
    Asset {
        path: "_index_template/edot-tui-sessions",
        text: include_str!("../../assets/elasticsearch/sessions.json"),
        made: super::SESSIONS,
    },
    Asset {
        path: "_index_template/edot-tui-recordings",
        text: include_str!("../../assets/elasticsearch/recordings.json"),
        made: super::RECORDINGS,
    },
    Asset {
        path: "_index_template/edot-tui-sync",
        text: include_str!("../../assets/elasticsearch/sync.json"),
        made: super::SYNCS,
    },
    Asset {
        path: "_index_template/edot-tui-gateway",
        text: include_str!("../../assets/elasticsearch/gateway.json"),
        made: super::GATEWAY,
    },
    Asset {
        path: "_index_template/edot-tui-event",
        text: include_str!("../../assets/elasticsearch/event.json"),
        made: super::EVENTS,
    },
    Asset { path: "_security/role/edot-tui", text: include_str!("../../assets/elasticsearch/role.json"), made: "" },
];

/// What is to be done about an asset.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// It is as it should be.
    Same,
    Create,
    /// Lines with `-` and `+`.
    Change(Vec<String>),
    /// A later version's, by its number: it stays.
    Newer(i64),
    /// It can be neither read nor written here, and why.
    Not(String),
}

/// An asset, and what is to be done about it.
#[derive(Clone, Debug)]
pub struct Planned {
    pub path: &'static str,
    pub step: Step,
    body: Value,
    made: &'static str,
}

impl Planned {
    /// Whether it would be written.
    pub fn is_due(&self) -> bool {
        matches!(self.step, Step::Create | Step::Change(_))
    }
}

/// Compares what is installed with this version's.
///
/// # Errors
/// The store does not answer, or denies that its templates are read.
pub async fn plan(client: &Client) -> Result<Vec<Planned>, StoreError> {
    let mut out = Vec::new();
    for asset in ASSETS {
        let body: Value = serde_json::from_str(asset.text).unwrap_or_default();
        let is_role = asset.path.starts_with("_security");
        let step = match client.get(asset.path).await {
            Ok(answer) => compared(&body, &installed(&answer)),
            Err(error) if error.kind == StoreErrorKind::NotFound => Step::Create,
            // Without security there are no roles; and that one may not be read need not stop the rest.
            Err(error) if is_role && !error.passes() => Step::Not(error.reason),
            Err(error) => return Err(needs(error)),
        };
        out.push(Planned { path: asset.path, step, body, made: asset.made });
    }
    Ok(out)
}

/// Installs it; and gives what is there already the new fields.
///
/// # Errors
/// The store does not answer, or denies it.
pub async fn install(client: &Client, planned: &Planned) -> Result<(), StoreError> {
    client.put(planned.path, &planned.body).await.map_err(needs)?;
    if planned.made.is_empty() {
        return Ok(());
    }
    match client.put(&format!("{}/_mapping", planned.made), &planned.body["template"]["mappings"]).await {
        Err(error) if error.kind != StoreErrorKind::NotFound => Err(needs(error)),
        _ => Ok(()),
    }
}

fn needs(error: StoreError) -> StoreError {
    match error.kind {
        StoreErrorKind::Denied => error.hint(
            "setup needs cluster [\"manage_index_templates\", \"manage_security\"] and, on edot-tui-*, metrics-edot_tui.*, \
             logs-edot_tui.*, indices [\"manage\"]; what it installs is in assets/elasticsearch",
        ),
        _ => error,
    }
}

/// The object in an answer: `{"index_templates": [{"index_template": {…}}]}`, or `{"edot-tui": {…}}` for a role.
fn installed(answer: &Value) -> Value {
    match answer["index_templates"][0]["index_template"].clone() {
        Value::Null => answer.as_object().and_then(|all| all.values().next().cloned()).unwrap_or_default(),
        template => template,
    }
}

fn compared(ours: &Value, theirs: &Value) -> Step {
    let version = |of: &Value| of["_meta"]["version"].as_i64().or(of["metadata"]["version"].as_i64()).unwrap_or(0);
    if version(theirs) > version(ours) {
        return Step::Newer(version(theirs));
    }
    let (ours, theirs) = (flat(ours), flat(theirs));
    let mut lines = Vec::new();
    for (key, value) in &ours {
        match theirs.get(key) {
            Some(other) if other == value => {}
            Some(other) => lines.extend([format!("- {key}: {other}"), format!("+ {key}: {value}")]),
            None => lines.push(format!("+ {key}: {value}")),
        }
    }
    // Elsewhere the server adds its own defaults.
    let gone = theirs.iter().filter(|(key, _)| key.starts_with("template.mappings") || key.starts_with("indices"));
    let gone = gone.filter(|(key, _)| !ours.contains_key(*key) && !key.ends_with("allow_restricted_indices"));
    lines.extend(gone.map(|(key, value)| format!("- {key}: {value}")));
    if lines.is_empty() { Step::Same } else { Step::Change(lines) }
}

/// Every leaf by its path; scalars as text, since the server gives settings back as strings.
fn flat(value: &Value) -> BTreeMap<String, String> {
    fn walk(at: &str, value: &Value, out: &mut BTreeMap<String, String>) {
        let below = |key: &str| if at.is_empty() { key.to_owned() } else { format!("{at}.{key}") };
        match value {
            Value::Object(all) => all.iter().for_each(|(key, value)| walk(&below(key), value, out)),
            Value::Array(all) if all.iter().any(Value::is_object) => {
                all.iter().enumerate().for_each(|(n, value)| walk(&below(&n.to_string()), value, out));
            }
            Value::String(text) => drop(out.insert(at.to_owned(), text.clone())),
            other => drop(out.insert(at.to_owned(), other.to_string())),
        }
    }
    let mut out = BTreeMap::new();
    walk("", value, &mut out);
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn ours(n: usize) -> Value {
        serde_json::from_str(ASSETS[n].text).unwrap()
    }

    #[test]
    fn the_assets_are_json_with_a_version() {
        for (n, asset) in ASSETS.iter().enumerate() {
            let body = ours(n);
            let version = body["_meta"]["version"].as_i64().or(body["metadata"]["version"].as_i64());
            assert!(version.is_some(), "{}", asset.path);
        }
    }

    #[test]
    fn what_the_server_adds_is_no_difference_and_what_a_user_changed_is() {
        let mut theirs = ours(2);
        theirs["composed_of"] = json!([]);
        theirs["data_stream"] = json!({"hidden": false, "allow_custom_routing": false});
        theirs["template"]["lifecycle"]["enabled"] = json!(true);
        assert_eq!(compared(&ours(2), &theirs), Step::Same);
        theirs["template"]["lifecycle"]["data_retention"] = json!("30d");
        theirs["template"]["mappings"]["properties"]["own"] = json!({"type": "keyword"});
        let Step::Change(lines) = compared(&ours(2), &theirs) else { panic!() };
        assert_eq!(
            lines,
            [
                "- template.lifecycle.data_retention: 30d",
                "+ template.lifecycle.data_retention: 400d",
                "- template.mappings.properties.own.type: keyword"
            ]
        );
        theirs["_meta"]["version"] = json!(99);
        assert_eq!(compared(&ours(2), &theirs), Step::Newer(99));
    }
}
