//! Renders a folder as `kubectl kustomize` does, as far as the files of `assets/stack` need it; what they do not use is refused.
//! Pure: files in, objects out. Must not know which files there are.
//!
//! Sequence in a folder, as kustomize's: resources, generators, patches, namespace, suffix, labels; at the end of all, hashes.

use ring::digest::{SHA256, digest};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// Texts by their path, with `/`.
pub type Files<'a> = BTreeMap<&'a str, &'a str>;

/// Kinds without a namespace.
const CLUSTER_SCOPED: [&str; 5] =
    ["Namespace", "ClusterRole", "ClusterRoleBinding", "APIService", "CustomResourceDefinition"];

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Kustomization {
    #[serde(rename = "apiVersion")]
    _api_version: String,
    #[serde(rename = "kind")]
    _kind: String,
    #[serde(default)]
    resources: Vec<String>,
    namespace: Option<String>,
    name_suffix: Option<String>,
    #[serde(default)]
    labels: Vec<Labels>,
    #[serde(default)]
    patches: Vec<Patch>,
    #[serde(default)]
    config_map_generator: Vec<Generator>,
    #[serde(default)]
    generator_options: GeneratorOptions,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Labels {
    pairs: BTreeMap<String, String>,
    #[serde(default)]
    include_selectors: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Patch {
    target: Option<Target>,
    path: Option<String>,
    patch: Option<String>,
}

/// The name is one, or several with `|` between.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Target {
    kind: String,
    name: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Generator {
    name: String,
    namespace: Option<String>,
    /// `merge`, or none.
    behavior: Option<String>,
    #[serde(default)]
    files: Vec<String>,
    #[serde(default)]
    envs: Vec<String>,
    #[serde(default)]
    literals: Vec<String>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct GeneratorOptions {
    #[serde(default)]
    disable_name_suffix_hash: bool,
}

/// An object on its way, and whether its name gets a hash.
struct Part {
    body: Value,
    hashed: bool,
}

impl Part {
    fn text(&self, pointer: &str) -> &str {
        self.body.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
    }

    fn is(&self, kind: &str, name: &str, namespace: &str) -> bool {
        self.text("/kind") == kind
            && self.text("/metadata/name") == name
            && self.text("/metadata/namespace") == namespace
    }
}

/// The objects of a folder, in the order in which kustomize prints them, which is that in which they can be applied.
///
/// # Errors
/// Which file, and what in it is missing or unknown.
pub fn render(files: &Files<'_>, folder: &str) -> Result<Vec<Value>, String> {
    let mut parts = accumulate(files, folder)?;
    let hashed: Vec<(String, String, String)> = parts
        .iter()
        .filter(|part| part.hashed)
        .map(|part| {
            let name = part.text("/metadata/name");
            (part.text("/metadata/namespace").to_owned(), name.to_owned(), format!("{name}-{}", hash(&part.body)))
        })
        .collect();
    for (namespace, name, with_hash) in hashed {
        rename(&mut parts, ("ConfigMap", &namespace, &name), &with_hash);
    }
    parts.sort_by_cached_key(place);
    Ok(parts.into_iter().map(|part| part.body).collect())
}

fn accumulate(files: &Files<'_>, folder: &str) -> Result<Vec<Part>, String> {
    let at = join(folder, "kustomization.yaml");
    let text = files.get(at.as_str()).ok_or_else(|| format!("{at}: there is no such file"))?;
    let own: Kustomization = parse(text).map_err(|e| format!("{at}: {e}"))?;
    let mut parts = Vec::new();
    for resource in &own.resources {
        let path = join(folder, resource);
        match files.get(path.as_str()) {
            Some(text) => {
                let all: Vec<Value> = serde_saphyr::from_multiple(text).map_err(|e| format!("{path}: {e}"))?;
                parts.extend(all.into_iter().map(|body| Part { body, hashed: false }));
            }
            None => parts.extend(accumulate(files, &path)?),
        }
    }
    for generator in &own.config_map_generator {
        generate(files, folder, generator, &own, &mut parts).map_err(|e| format!("{at}: {}: {e}", generator.name))?;
    }
    for one in &own.patches {
        patch(files, folder, one, &mut parts).map_err(|e| format!("{at}: {e}"))?;
    }
    if let Some(namespace) = &own.namespace {
        parts.iter_mut().for_each(|part| set_namespace(&mut part.body, namespace));
    }
    if let Some(suffix) = &own.name_suffix {
        let text = |part: &Part, pointer| part.text(pointer).to_owned();
        let named = |p: &Part| (text(p, "/kind"), text(p, "/metadata/namespace"), text(p, "/metadata/name"));
        // A namespace keeps its name.
        let all = parts.iter().map(named).filter(|(kind, ..)| kind != "Namespace");
        for (kind, namespace, name) in all.collect::<Vec<_>>() {
            rename(&mut parts, (&kind, &namespace, &name), &format!("{name}{suffix}"));
        }
    }
    for labels in &own.labels {
        parts.iter_mut().for_each(|part| label(&mut part.body, labels));
    }
    Ok(parts)
}

fn parse<T: serde::de::DeserializeOwned>(text: &str) -> Result<T, String> {
    let options = serde_saphyr::options! { with_snippet: false };
    serde_saphyr::from_str_with_options(text, options).map_err(|e| e.to_string())
}

/// A path from a folder, without `.` and `..`.
fn join(folder: &str, path: &str) -> String {
    let mut out: Vec<&str> = Vec::new();
    for step in folder.split('/').chain(path.split('/')) {
        match step {
            "" | "." => {}
            ".." => drop(out.pop()),
            step => out.push(step),
        }
    }
    out.join("/")
}

fn generate(
    files: &Files<'_>,
    folder: &str,
    of: &Generator,
    own: &Kustomization,
    parts: &mut Vec<Part>,
) -> Result<(), String> {
    let read = |path: &str| {
        let whole = join(folder, path);
        files.get(whole.as_str()).copied().ok_or_else(|| format!("{whole}: there is no such file"))
    };
    let mut data = Map::new();
    for path in &of.files {
        data.insert(path.rsplit('/').next().unwrap_or(path).to_owned(), json!(read(path)?));
    }
    let mut pairs: Vec<&str> = Vec::new();
    for path in &of.envs {
        pairs
            .extend(read(path)?.lines().map(str::trim_start).filter(|line| !line.is_empty() && !line.starts_with('#')));
    }
    pairs.extend(of.literals.iter().map(String::as_str));
    for pair in pairs {
        let (key, value) = pair.split_once('=').ok_or_else(|| format!("{pair:?} has no ="))?;
        data.insert(key.to_owned(), json!(value));
    }
    let namespace = of.namespace.as_deref().unwrap_or_default();
    match of.behavior.as_deref() {
        None => {
            let mut metadata = json!({"name": of.name});
            if !namespace.is_empty() {
                metadata["namespace"] = json!(namespace);
            }
            let body = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data});
            parts.push(Part { body, hashed: !own.generator_options.disable_name_suffix_hash });
            Ok(())
        }
        Some("merge") => {
            let found = parts.iter_mut().find(|part| part.is("ConfigMap", &of.name, namespace));
            let known = found.and_then(|part| {
                part.hashed &= !own.generator_options.disable_name_suffix_hash;
                part.body.get_mut("data")?.as_object_mut()
            });
            known.ok_or("there is no such ConfigMap to merge with")?.extend(data);
            Ok(())
        }
        Some(other) => Err(format!("behavior {other:?} is not supported")),
    }
}

fn patch(files: &Files<'_>, folder: &str, of: &Patch, parts: &mut Vec<Part>) -> Result<(), String> {
    let path = of.path.as_ref().map(|path| join(folder, path));
    let text = match (&path, &of.patch) {
        (Some(path), None) => *files.get(path.as_str()).ok_or_else(|| format!("{path}: there is no such file"))?,
        (None, Some(text)) => text.as_str(),
        _ => return Err("a patch needs either path or patch".into()),
    };
    let Some(target) = &of.target else { return remove(&parse::<Value>(text)?, parts) };
    let operations: json_patch::Patch = parse(text)?;
    let mut found = false;
    for part in parts.iter_mut() {
        let name = part.text("/metadata/name");
        if part.text("/kind") == target.kind && target.name.split('|').any(|one| one == name) {
            let name = name.to_owned();
            json_patch::patch(&mut part.body, &operations).map_err(|e| format!("{} {name}: {e}", target.kind))?;
            found = true;
        }
    }
    if found { Ok(()) } else { Err(format!("there is no {} {} to patch", target.kind, target.name)) }
}

/// Carry out `$patch: delete`.
fn remove(of: &Value, parts: &mut Vec<Part>) -> Result<(), String> {
    if of["$patch"] != "delete" {
        return Err("a patch without a target must be `$patch: delete`".into());
    }
    let text = |pointer: &str| of.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
    let (kind, name, namespace) = (text("/kind"), text("/metadata/name"), text("/metadata/namespace"));
    let before = parts.len();
    parts.retain(|part| !part.is(kind, name, namespace));
    if parts.len() < before { Ok(()) } else { Err(format!("there is no {kind} {name} to delete")) }
}

fn set_namespace(body: &mut Value, namespace: &str) {
    let kind = body["kind"].as_str().unwrap_or_default();
    let field = match kind {
        "Namespace" => "name",
        kind if CLUSTER_SCOPED.contains(&kind) => return,
        _ => "namespace",
    };
    body["metadata"][field] = json!(namespace);
}

/// Give an object another name, and those that refer to it.
fn rename(parts: &mut [Part], (kind, namespace, name): (&str, &str, &str), new: &str) {
    for part in parts {
        if part.is(kind, name, namespace) {
            part.body["metadata"]["name"] = json!(new);
        }
        if part.text("/metadata/namespace") == namespace {
            references(&mut part.body, kind, &mut |reference| {
                if reference == name {
                    *reference = json!(new);
                }
            });
        }
    }
}

/// Every place in an object that holds the name of an object of that kind.
fn references(body: &mut Value, kind: &str, act: &mut dyn FnMut(&mut Value)) {
    if kind == "ConfigMap" {
        let Some(pod) = body.pointer_mut("/spec/template/spec") else { return };
        for volume in pod.get_mut("volumes").and_then(Value::as_array_mut).into_iter().flatten() {
            volume.pointer_mut("/configMap/name").map(&mut *act);
        }
        for list in ["containers", "initContainers"] {
            for container in pod.get_mut(list).and_then(Value::as_array_mut).into_iter().flatten() {
                for from in container.get_mut("envFrom").and_then(Value::as_array_mut).into_iter().flatten() {
                    from.pointer_mut("/configMapRef/name").map(&mut *act);
                }
            }
        }
    } else if body.pointer("/spec/scaleTargetRef/kind").is_some_and(|of| of == kind) {
        body.pointer_mut("/spec/scaleTargetRef/name").map(act);
    }
}

fn label(body: &mut Value, labels: &Labels) {
    let mut places: Vec<String> = vec!["/metadata".into()];
    if labels.include_selectors {
        let kind = body["kind"].as_str().unwrap_or_default();
        places.extend(match kind {
            "Service" => vec!["/spec selector".to_owned()],
            "PodDisruptionBudget" => vec!["/spec/selector matchLabels".into()],
            "Deployment" => {
                let spread = body.pointer("/spec/template/spec/topologySpreadConstraints").and_then(Value::as_array);
                let spread = (0..spread.map_or(0, Vec::len))
                    .map(|i| format!("/spec/template/spec/topologySpreadConstraints/{i}/labelSelector matchLabels"));
                ["/spec/selector matchLabels".into(), "/spec/template/metadata".into()]
                    .into_iter()
                    .chain(spread)
                    .collect()
            }
            _ => Vec::new(),
        });
    }
    for place in places {
        let (pointer, field) = place.split_once(' ').unwrap_or((place.as_str(), "labels"));
        let Some(Value::Object(of)) = body.pointer_mut(pointer) else { continue };
        if let Value::Object(into) = of.entry(field).or_insert_with(|| json!({})) {
            into.extend(labels.pairs.iter().map(|(key, value)| (key.clone(), json!(value))));
        }
    }
}

/// kustomize's hash of a ConfigMap: ten characters of the SHA-256 of its JSON as Go writes it.
fn hash(body: &Value) -> String {
    // kustomize looks for the name where it is not, so the data alone decides.
    let of = json!({"data": body["data"], "kind": "ConfigMap", "name": ""}).to_string();
    // Go escapes what HTML would mistake.
    let escapes =
        [('<', "\\u003c"), ('>', "\\u003e"), ('&', "\\u0026"), ('\u{2028}', "\\u2028"), ('\u{2029}', "\\u2029")];
    let of = escapes.iter().fold(of, |of, (from, to)| of.replace(*from, to));
    let hex: String = digest(&SHA256, of.as_bytes()).as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    // No vowels, and nothing that would be taken for another.
    let other = |c: char| match c {
        '0' => 'g',
        '1' => 'h',
        '3' => 'k',
        'a' => 'm',
        'e' => 't',
        c => c,
    };
    hex.chars().take(10).map(other).collect()
}

/// kustomize's order: what others need comes first, then by group, kind, namespace and name.
fn place(part: &Part) -> (usize, String, String, String) {
    const FIRST: [&str; 14] = [
        "Namespace",
        "CustomResourceDefinition",
        "ServiceAccount",
        "Role",
        "ClusterRole",
        "RoleBinding",
        "ClusterRoleBinding",
        "ConfigMap",
        "Secret",
        "Service",
        "Deployment",
        "StatefulSet",
        "CronJob",
        "PodDisruptionBudget",
    ];
    let kind = part.text("/kind");
    let first = FIRST.iter().position(|one| *one == kind).unwrap_or(FIRST.len());
    let group = part.text("/apiVersion").split_once('/').map_or("", |(group, _)| group);
    let name = format!("{}|{}", part.text("/metadata/namespace"), part.text("/metadata/name"));
    (first, group.to_owned(), kind.to_owned(), name)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n";

    fn rendered(own: &str) -> Result<Vec<Value>, String> {
        let own = format!("{HEAD}{own}");
        render(
            &Files::from([("a/kustomization.yaml", own.as_str()), ("a/x.yaml", "kind: Service\nmetadata: {name: x}")]),
            "a",
        )
    }

    #[test]
    fn what_is_not_known_is_refused_with_its_file() {
        for (own, why) in [
            ("replicas: []", "unknown field"),
            ("resources: [y.yaml]", "a/y.yaml/kustomization.yaml: there is no such file"),
            ("resources: [x.yaml]\npatches: [{target: {kind: Job, name: x}, patch: '[]'}]", "no Job x to patch"),
            ("resources: [x.yaml]\npatches: [{patch: '{kind: Service, metadata: {name: x}}'}]", "without a target"),
            ("configMapGenerator: [{name: c, behavior: merge}]", "c: there is no such ConfigMap"),
            ("configMapGenerator: [{name: c, behavior: replace}]", "\"replace\" is not supported"),
            ("configMapGenerator: [{name: c, literals: [a]}]", "\"a\" has no ="),
        ] {
            let error = rendered(own).unwrap_err();
            assert!(error.contains(why) && error.starts_with("a/"), "{own}: {error}");
        }
    }

    #[test]
    fn an_object_is_deleted_and_a_path_is_followed_upwards() {
        let own =
            "resources: [../a/x.yaml]\npatches: [{patch: '{$patch: delete, kind: Service, metadata: {name: x}}'}]";
        assert_eq!(rendered(own).unwrap(), Vec::<Value>::new());
    }
}
