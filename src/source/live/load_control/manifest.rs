//! The objects of a load: the built-in Job and scenario, or the user's manifest, checked before anything is applied.
//! Must not talk to a cluster.

use serde_json::{Value, json};

/// The built-in scenario and Job.
pub const SCENARIO: &str = include_str!("../../../../assets/stack/load/scripts/scenario.js");
pub const JOB: &str = include_str!("../../../../assets/stack/load/job.yaml");
/// The lab's ConfigMap, used when it exists.
pub const LAB_SCRIPTS: &str = "k6-scripts";
/// The built-in one, applied when the lab's is missing.
pub const OWN_SCRIPTS: &str = "edot-tui-k6-scenario";
/// The largest manifest, in bytes.
pub const LARGEST: u64 = 1 << 20;

/// The kinds that a manifest may hold: what a load needs and nothing that reaches beyond its namespace.
const KINDS: &[(&str, &str, &str)] = &[
    ("batch/v1", "Job", "jobs"),
    ("v1", "ConfigMap", "configmaps"),
    ("v1", "Secret", "secrets"),
    ("v1", "Service", "services"),
    ("v1", "ServiceAccount", "serviceaccounts"),
    ("v1", "PersistentVolumeClaim", "persistentvolumeclaims"),
];

/// An object to apply.
#[derive(Clone, Debug, PartialEq)]
pub struct Object {
    pub kind: &'static str,
    /// API group; empty for core.
    pub group: &'static str,
    /// Plural, as in paths.
    pub resource: &'static str,
    pub name: String,
    pub body: Value,
}

/// The Job, and what is applied before it.
#[derive(Clone, Debug, PartialEq)]
pub struct Manifest {
    pub job: Object,
    pub others: Vec<Object>,
}

impl Object {
    /// `/apis/batch/v1/namespaces/demo-app/jobs`.
    pub fn collection(&self, namespace: &str) -> String {
        let root = if self.group.is_empty() { "/api/v1".to_owned() } else { format!("/apis/{}/v1", self.group) };
        format!("{root}/namespaces/{namespace}/{}", self.resource)
    }

    /// `ConfigMap k6-scripts`.
    pub fn title(&self) -> String {
        format!("{} {}", self.kind, self.name)
    }

    /// For a Job, the images of its containers.
    pub fn images(&self) -> Vec<String> {
        let containers = self.body.pointer("/spec/template/spec/containers").and_then(Value::as_array);
        let image = |c: &Value| Some(crate::observe::text::clean(c.get("image")?.as_str()?, 253));
        containers.into_iter().flatten().filter_map(image).collect()
    }
}

/// The key of the script in the `data` of a ConfigMap: `scenario.js` if there, else the first that ends in `.js`.
pub fn script_key(config_map: &Value) -> Option<String> {
    let mut keys: Vec<&String> = config_map.get("data")?.as_object()?.keys().filter(|k| k.ends_with(".js")).collect();
    keys.sort_by_key(|k| (k.as_str() != "scenario.js", k.as_str()));
    keys.first().map(|k| (*k).clone())
}

/// The built-in manifest for a Job of that name. `script` is the key of the script in the lab's ConfigMap; None when there
/// is no such ConfigMap: then the built-in one is part of the manifest.
///
/// # Errors
/// Only if the built-in Job were not a Job; a test checks that it is.
pub fn built_in(namespace: &str, job: &str, script: Option<&str>) -> Result<Manifest, String> {
    let mut manifest = parse(JOB, "the built-in Job", namespace, "k6-load")?;
    let (scripts, key) = script.map_or((OWN_SCRIPTS, "scenario.js"), |key| (LAB_SCRIPTS, key));
    let body = &mut manifest.job.body;
    for (pointer, value) in [
        ("/metadata/name", json!(job)),
        ("/spec/template/spec/volumes/0/configMap/name", json!(scripts)),
        ("/spec/template/spec/containers/0/args/1", json!(format!("/scripts/{key}"))),
    ] {
        *body.pointer_mut(pointer).ok_or_else(|| format!("the built-in Job has no {pointer}"))? = value;
    }
    manifest.job.name = job.to_owned();
    if script.is_none() {
        manifest.others.push(Object {
            kind: "ConfigMap",
            group: "",
            resource: "configmaps",
            name: OWN_SCRIPTS.into(),
            body: json!({
                "apiVersion": "v1", "kind": "ConfigMap",
                "metadata": {"name": OWN_SCRIPTS, "namespace": namespace,
                             "labels": {"app.kubernetes.io/managed-by": "edot-tui"}},
                "data": {"scenario.js": SCENARIO},
            }),
        });
    }
    Ok(manifest)
}

/// Reads a manifest of one or more YAML documents; `file` is its name in errors.
///
/// # Errors
/// Names file, document, kind and field: what is wrong and what would be right.
pub fn parse(text: &str, file: &str, namespace: &str, job: &str) -> Result<Manifest, String> {
    let options = serde_saphyr::options! { with_snippet: false };
    let documents: Vec<Value> = serde_saphyr::from_multiple_with_options(text, options)
        .map_err(|e| format!("{file}: not valid YAML: {}", crate::observe::text::clean(&e.to_string(), 300)))?;
    let (mut jobs, mut others) = (Vec::new(), Vec::new());
    for (i, document) in documents.into_iter().enumerate().filter(|(_, d)| !d.is_null()) {
        let object = object(document, namespace).map_err(|why| format!("{file}, document {}: {why}", i + 1))?;
        if object.kind == "Job" {
            check_job(&object.body)
                .map_err(|why| format!("{file}, document {} (Job {}): {why}", i + 1, object.name))?;
            jobs.push(object);
        } else {
            others.push(object);
        }
    }
    match jobs.len() {
        1 => {}
        0 => return Err(format!("{file}: there is no Job in it; the load is one Job (apiVersion batch/v1)")),
        n => return Err(format!("{file}: there are {n} Jobs in it; the load is one Job")),
    }
    let found = jobs.remove(0);
    if found.name != job {
        return Err(format!(
            "{file}: the Job is named {:?}, but the load's Job is {job:?}: rename it, or pass --load-job {}",
            found.name, found.name
        ));
    }
    Ok(Manifest { job: found, others })
}

fn object(mut body: Value, namespace: &str) -> Result<Object, String> {
    let text = |pointer: &str| body.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
    let (version, kind, name) = (text("/apiVersion"), text("/kind"), text("/metadata/name"));
    if !body.is_object() || kind.is_empty() || version.is_empty() {
        return Err("not a Kubernetes object: it needs apiVersion and kind".into());
    }
    let Some((version, kind, resource)) = KINDS.iter().find(|(_, k, _)| *k == kind).copied().filter(|k| k.0 == version)
    else {
        let known: Vec<String> = KINDS.iter().map(|(v, k, _)| format!("{k} ({v})")).collect();
        let what = crate::observe::text::clean(&format!("{kind} ({version})"), 120);
        return Err(format!("{what} is not among what a load may hold: {}", known.join(", ")));
    };
    if name.is_empty() {
        return Err(format!("{kind}: metadata.name is missing"));
    }
    if !name.bytes().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, b'-' | b'.')) {
        return Err(format!("{kind}: metadata.name {name:?} is not a Kubernetes name"));
    }
    let other = text("/metadata/namespace");
    if !other.is_empty() && other != namespace {
        return Err(format!(
            "{kind} {name}: metadata.namespace is {other:?}, but the load's is {namespace:?}: \
             leave it out, or pass --load-namespace {other:?}"
        ));
    }
    if let Some(metadata) = body.get_mut("metadata").and_then(Value::as_object_mut) {
        metadata.insert("namespace".into(), json!(namespace));
    }
    let group = version.split_once('/').map_or("", |(group, _)| group);
    Ok(Object { kind, group, resource, name, body })
}

/// What the API server would refuse anyway, reported with the field before anything is applied.
fn check_job(body: &Value) -> Result<(), String> {
    let pod = body.pointer("/spec/template/spec").filter(|v| v.is_object()).ok_or("spec.template.spec is missing")?;
    let containers = pod.get("containers").and_then(Value::as_array).filter(|c| !c.is_empty());
    for (i, container) in containers.ok_or("spec.template.spec.containers is missing")?.iter().enumerate() {
        for field in ["name", "image"] {
            if container.get(field).and_then(Value::as_str).is_none_or(str::is_empty) {
                return Err(format!("spec.template.spec.containers[{i}].{field} is missing"));
            }
        }
    }
    match pod.get("restartPolicy").and_then(Value::as_str) {
        Some("Never" | "OnFailure") => Ok(()),
        _ => Err("spec.template.spec.restartPolicy must be Never or OnFailure".into()),
    }
}
