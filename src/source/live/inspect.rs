//! What the user wants to read once: an object as YAML with its events, or the end of a log. Secrets in it are masked. Must
//! not change anything, nor emit an observation: what is read is shown and not recorded.

use super::client::{ApiError, ApiErrorKind, ResourceAttributes, encode, get, read};
use super::context::FeedContext;
use crate::control::Inspect;
use crate::format::yaml;
use crate::observe::mask;
use crate::observe::text::clean;
use serde_json::Value;

/// The last lines of a log that are read, and the most bytes of a line that are shown.
const TAIL: usize = 500;
const LINE: usize = 400;
/// The most lines of an object.
const LINES: usize = 2000;

/// What was asked for, in lines.
///
/// # Errors
/// See [`ApiErrorKind`]; the kind cannot be described.
pub async fn inspect(shared: &FeedContext, what: &Inspect) -> Result<Vec<String>, ApiError> {
    match what {
        Inspect::Log { namespace, pod, container } => log(shared, namespace, pod, container).await,
        Inspect::Object { kind, namespace, name } => object(shared, kind, namespace, name).await,
    }
}

async fn log(shared: &FeedContext, namespace: &str, pod: &str, container: &str) -> Result<Vec<String>, ApiError> {
    let (space, pod, container) = (encode(namespace), encode(pod), encode(container));
    let path = format!("/api/v1/namespaces/{space}/pods/{pod}/log?container={container}&tailLines={TAIL}");
    let asked = attributes("get", "", "v1", "pods/log", namespace);
    let body = get(shared, &path, &asked, shared.timing().request).await?;
    let text = String::from_utf8_lossy(&body);
    let lines: Vec<String> = text.lines().map(shown).collect();
    Ok(if lines.is_empty() { vec!["the log is empty".into()] } else { lines })
}

async fn object(shared: &FeedContext, kind: &str, namespace: &str, name: &str) -> Result<Vec<String>, ApiError> {
    let (group, version, resource) = match kind {
        "Pod" => ("", "v1", "pods"),
        "HorizontalPodAutoscaler" => ("autoscaling", "v2", "horizontalpodautoscalers"),
        "Job" => ("batch", "v1", "jobs"),
        "Deployment" => ("apps", "v1", "deployments"),
        "ReplicaSet" => ("apps", "v1", "replicasets"),
        "StatefulSet" => ("apps", "v1", "statefulsets"),
        _ => {
            return Err(ApiError::new(
                ApiErrorKind::Refused,
                format!("objects of kind {kind} cannot be described here"),
            ));
        }
    };
    let root = if group.is_empty() { format!("/api/{version}") } else { format!("/apis/{group}/{version}") };
    // What may be listed and watched need not be allowed to be read by its name.
    let only = encode(&format!("metadata.name={name}"));
    let path = format!("{root}/namespaces/{}/{resource}?fieldSelector={only}", encode(namespace));
    let asked = attributes("list", group, version, resource, namespace);
    let limit = shared.timing().request;
    let garbled = |e: String| ApiError::new(ApiErrorKind::Garbled, format!("the answer cannot be read: {e}"));
    let list: Value = read(&get(shared, &path, &asked, limit).await?).map_err(garbled)?;
    let found = list["items"].as_array().and_then(|all| all.iter().find(|one| one["metadata"]["name"] == name));
    let Some(found) = found else {
        return Err(ApiError::new(ApiErrorKind::Absent, format!("there is no such object in namespace {namespace}")));
    };
    let mut object = found.clone();
    // Objects of a list carry no kind.
    object["kind"] = kind.into();
    let mut lines = described(object);
    lines.truncate(LINES);
    let of = encode(&format!("involvedObject.name={name},involvedObject.kind={kind}"));
    let path = format!("/api/v1/namespaces/{}/events?fieldSelector={of}", encode(namespace));
    let events = get(shared, &path, &attributes("list", "", "v1", "events", namespace), limit).await;
    lines.push(String::new());
    match events.and_then(|body| read::<Value>(&body).map_err(garbled)) {
        Ok(list) => lines.extend(events_of(&list).iter().map(|line| shown(line))),
        Err(fault) => lines.push(shown(&format!("events: {}", fault.reason))),
    }
    Ok(lines)
}

fn events_of(list: &Value) -> Vec<String> {
    let all = list["items"].as_array().map(Vec::as_slice).unwrap_or_default();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let when =
        |e: &Value| [&e["lastTimestamp"], &e["eventTime"]].into_iter().find_map(Value::as_str).map(str::to_owned);
    let mut rows: Vec<(String, String)> = all
        .iter()
        .map(|e| {
            (
                when(e).unwrap_or_default(),
                format!("{} {}: {}", text(&e["type"]), text(&e["reason"]), text(&e["message"])),
            )
        })
        .collect();
    rows.sort();
    let head = if rows.is_empty() { "events: none" } else { "events:" };
    std::iter::once(head.to_owned()).chain(rows.into_iter().map(|(at, what)| format!("  {at} {what}"))).collect()
}

fn attributes(verb: &'static str, group: &str, version: &str, resource: &str, namespace: &str) -> ResourceAttributes {
    ResourceAttributes {
        verb,
        group: group.into(),
        version: version.into(),
        resource: resource.into(),
        namespace: namespace.to_owned(),
    }
}

/// A line as it is shown; its indentation stays.
fn shown(line: &str) -> String {
    mask::credentials(&clean(line, LINE))
}

/// An object as lines of YAML, without what is of no use to a reader and without secrets.
fn described(mut object: Value) -> Vec<String> {
    tidy(&mut object);
    let text = yaml::documents(&[object]);
    // It stands for a value, and is none that YAML would have to quote.
    text.lines().map(|line| shown(&line.replace("'***'", "***"))).collect()
}

fn tidy(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.retain(|key, _| {
                !matches!(key.as_str(), "managedFields" | "kubectl.kubernetes.io/last-applied-configuration")
            });
            // The value of a variable whose name is one of a secret.
            if fields.get("name").and_then(Value::as_str).is_some_and(mask::names_a_secret)
                && let Some(value) = fields.get_mut("value")
            {
                *value = "***".into();
            }
            fields.values_mut().for_each(tidy);
        }
        Value::Array(all) => all.iter_mut().for_each(tidy),
        // As a whole: a secret may stand on the line after its name.
        Value::String(text) => *text = mask::credentials(text),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_object_is_yaml_without_noise_and_without_secrets() {
        let pod = json!({
            "kind": "Pod",
            "metadata": {"name": "gw", "managedFields": [{"x": 1}], "labels": {}},
            "spec": {"containers": [{"name": "c", "args": ["--a", "--b"], "env": [
                {"name": "ES_PASSWORD", "value": "hunter2"}, {"name": "MODE", "value": "fast"},
            ]}]},
        });
        assert_eq!(
            described(pod).join("\n"),
            "kind: Pod\nmetadata:\n  labels: {}\n  name: gw\nspec:\n  containers:\n  - args:\n    - --a\n    - --b\n    env:\n    - name: ES_PASSWORD\n      value: ***\n    - name: MODE\n      value: fast\n    name: c"
        );
    }

    #[test]
    fn lines_are_cleaned_and_masked() {
        assert_eq!(shown("    password: hunter2 \u{1b}[31mred"), "    password: *** red");
    }
}
