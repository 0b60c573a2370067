//! What each string of an observation is: a name of something, a text, or a word of the API. The table is by the last two keys
//! on the way to the string; a string that has no row counts as a name, so that what is added later is replaced, too. Must not
//! replace anything itself.

use serde_json::{Map, Value};

/// What a string is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    /// A word of the API or of this program, a time, a quantity, a random id.
    Keep,
    /// A random id; one of another form counts as a name.
    Id,
    /// A word from outside that is one of a few, such as a reason: kept if it is a single word.
    Code,
    /// A version: kept up to what a vendor appended.
    Version,
    /// A name, and what its replacement is called.
    Name(&'static str),
    /// The name of an object whose kind stands beside it, in `kind`.
    Named,
    /// `Kind/name`.
    KindAndName,
    /// Parts that are names, separated by `/`.
    Path,
    /// The id of a collector's component, `kind/name`.
    Component,
    /// An index or a data stream.
    Index,
    /// `data_stream.dataset`.
    Dataset,
    /// Labels: `k=v,k2 in (a,b)`.
    Selector,
    /// The name of a k6 metric, with tags.
    K6Metric,
    Url,
    /// Sentences, with names in them.
    Text,
    /// What a person or a script wrote: replaced as a whole.
    Words,
    /// Printed by a script: left out.
    Drop,
}

use Field::{
    Code, Component, Dataset, Drop, Id, Index, K6Metric, Keep, KindAndName, Name, Named, Path, Selector, Text, Url,
    Version, Words,
};

/// `key`, or `parent.key` where the same key means different things; the first row that fits counts.
const FIELDS: &[(&str, Field)] = &[
    ("seen", Keep),
    ("header.tool", Keep),
    ("header.at", Keep),
    ("lab.scenario", Name("scenario")),
    ("settings.*", Text),
    ("context", Name("context")),
    ("server_version", Version),
    ("namespace", Name("namespace")),
    ("load_namespace", Name("namespace")),
    ("watching.hpa", Name("hpa")),
    ("load_job", Name("job")),
    ("notes", Text),
    ("feed_status.feed", Keep),
    ("feed_status.state", Keep),
    ("feed_status.reason", Text),
    ("retry_at", Keep),
    ("rule.verb", Code),
    ("rule.group", Text),
    ("rule.resource", Text),
    ("harms.rule", Keep),
    ("thresholds.rule", Keep),
    ("hint", Text),
    ("uid", Id),
    ("uuid", Keep),
    ("resource_version", Keep),
    ("created", Keep),
    ("measured", Keep),
    ("started", Keep),
    ("deleted", Keep),
    ("scheduled", Keep),
    ("completed", Keep),
    ("since", Keep),
    ("finished", Keep),
    ("written", Keep),
    ("first", Keep),
    ("last", Keep),
    ("last_scale", Keep),
    ("acquired", Keep),
    ("pods.at", Keep),
    ("log_quality.from", Keep),
    ("log_quality.to", Keep),
    ("api_version", Text),
    ("target.kind", Code),
    ("policies.kind", Code),
    ("metrics.kind", Keep),
    ("object.kind", Code),
    ("job.kind", Code),
    ("hpa.name", Name("hpa")),
    ("manager", Name("writer")),
    ("subresource", Code),
    ("edited.at", Keep),
    ("scaled.at", Keep),
    ("scaled_object.name", Name("scaledobject")),
    ("annotations.*", Code),
    ("triggers.kind", Code),
    ("triggers.name", Name("trigger")),
    ("failing.metric", Name("metric")),
    ("formula", Words),
    ("last_active", Keep),
    ("vpa.name", Name("vpa")),
    ("mode", Code),
    ("policies.resources", Code),
    ("spec.name", Name("hpa")),
    ("all.flags", Text),
    ("all.file", Path),
    ("target.name", Named),
    ("object.name", Named),
    ("metrics.name", Name("metric")),
    ("metrics.container", Name("container")),
    ("metrics.object", KindAndName),
    ("metrics.selector", Selector),
    ("target.selector", Selector),
    ("average_value", Keep),
    ("value.value", Keep),
    ("metric_values.kind", Keep),
    ("metric_values.name", Name("metric")),
    ("metric_values.selector", Selector),
    ("metric_values.values", Keep),
    ("select", Code),
    ("tolerance", Keep),
    ("type", Code),
    ("status", Code),
    ("reason", Code),
    ("collector_lost.reason", Text),
    ("phase", Code),
    ("message", Text),
    ("holder", Name("holder")),
    ("lapsed", Keep),
    ("owner", KindAndName),
    ("node", Name("node")),
    ("shards.node", Keep),
    ("pod.name", Name("pod")),
    ("load_pod.name", Name("pod")),
    ("pod_gone.name", Name("pod")),
    ("job.name", Name("job")),
    ("job_gone.name", Name("job")),
    ("containers.name", Name("container")),
    ("containers.image", Name("image")),
    ("containers.waiting", Code),
    ("containers.waiting_message", Text),
    ("containers.running", Keep),
    // What a container uses, by resource.
    ("containers.*", Name("quantity")),
    ("image", Name("image")),
    ("requests.*", Keep),
    ("actual.*", Keep),
    ("limits.*", Keep),
    ("pods.pod", Name("pod")),
    ("pods.containers", Name("container")),
    ("event.source", Name("source")),
    ("pod", Name("pod")),
    ("k6.from", Keep),
    ("k6.state", Keep),
    ("thresholds.metric", K6Metric),
    ("k6_summary.text", Drop),
    ("k6_error.text", Words),
    ("note.text", Words),
    ("role", Keep),
    ("signal", Keep),
    ("version", Version),
    ("kibana_version", Version),
    ("outcomes.outcome", Code),
    ("outcomes.code", Code),
    ("outcomes.error", Code),
    ("receivers.name", Component),
    ("processors.name", Component),
    ("batches.name", Component),
    ("exporters.name", Component),
    ("limiters.name", Component),
    ("pipelines.name", Component),
    ("receivers", Component),
    ("processors", Component),
    ("exporters", Component),
    ("extensions", Component),
    ("connectors", Component),
    ("container", Name("container")),
    ("collector_config.from", Path),
    ("harms.seen", Text),
    ("sizer", Code),
    ("elastic.cluster", Name("cluster")),
    ("flavor", Code),
    ("distribution", Code),
    ("url", Url),
    ("kibana", Url),
    ("route", Text),
    ("elastic.user", Name("user")),
    ("counters.by", Keep),
    ("failed", Index),
    ("indices.name", Index),
    ("nodes.id", Keep),
    ("nodes.name", Name("es-node")),
    ("breakers.name", Code),
    ("dataset", Dataset),
    ("service", Name("service")),
    ("denied", Text),
    ("answer.to", Keep),
    ("answer.text", Text),
    ("steps", Text),
];

/// What a string is by the keys on the way to it; None where no row fits.
fn listed(parent: &str, key: &str) -> Option<Field> {
    let fits = |row: &str| match row.split_once('.') {
        Some((p, "*")) => p == parent,
        Some((p, k)) => p == parent && k == key,
        None => row == key,
    };
    // A row that names the parent means more than one that does not.
    let of = |named: bool| FIELDS.iter().find(move |(row, _)| row.contains('.') == named && fits(row));
    of(true).or_else(|| of(false)).map(|(_, field)| *field)
}

fn field(parent: &str, key: &str) -> Field {
    listed(parent, key).unwrap_or(Name("name"))
}

/// What stands beside a name and says what it is of: a kind, or the reason of an event.
fn beside(map: &Map<String, Value>) -> String {
    let word = |key: &str| map.get(key).and_then(Value::as_str);
    word("kind").or(word("reason")).unwrap_or_default().to_owned()
}

/// Calls `to` with every string of an observation or header.
pub fn each(value: &Value, root: &str, to: &mut impl FnMut(Field, &str, &str)) {
    // Reading is writing the same: one walk for both.
    each_mut(&mut value.clone(), root, &mut |field, text, beside| to(field, text, beside));
}

/// The same, to change them.
pub fn each_mut(value: &mut Value, root: &str, to: &mut impl FnMut(Field, &mut String, &str)) {
    let root = root_of(value, root);
    walk(value, ("", &root), "", &mut |(parent, key), text, beside| to(field(parent, key), text, beside));
}

/// What the rows call the outermost object: an observation by its kind.
fn root_of(value: &Value, other: &str) -> String {
    value.get("seen").and_then(Value::as_str).unwrap_or(other).to_owned()
}

fn walk(value: &mut Value, at: (&str, &str), near: &str, to: &mut impl FnMut((&str, &str), &mut String, &str)) {
    match value {
        Value::String(text) => to(at, text, near),
        Value::Array(all) => all.iter_mut().for_each(|one| walk(one, at, near, to)),
        Value::Object(map) => {
            let near = beside(map);
            map.iter_mut().for_each(|(key, one)| walk(one, (at.1, key), &near, to));
        }
        _ => {}
    }
}

/// Strings without a row, as `parent.key`.
#[cfg(test)]
pub fn unlisted(value: &Value) -> Vec<String> {
    let mut out = Vec::new();
    walk(&mut value.clone(), ("", &root_of(value, "")), "", &mut |(parent, key), _, _| {
        if listed(parent, key).is_none() {
            out.push(format!("{parent}.{key}"));
        }
    });
    out
}
