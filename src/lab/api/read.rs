//! get and list: from the store or the metrics samples, selected, paged, in the form the client wants.

use super::convert;
use super::failure::Failure;
use super::kinds::METRICS;
use super::path::{Query, ResourcePath};
use super::response::Form;
use super::samples;
use super::selector::Selector;
use super::table;
use crate::lab::model::Lab;
use serde_json::{Value, json};
use std::borrow::Cow;

/// One object.
///
/// # Errors
/// There is no such object.
pub fn get(lab: &Lab, path: &ResourcePath, form: Form, query: &Query) -> Result<Value, Failure> {
    let name = path.name.as_deref().unwrap_or_default();
    let found = found(lab, path, name)?;
    if path.subresource.as_deref() == Some("scale") {
        return Ok(convert::scale(&found));
    }
    Ok(formed(&found, path, form, query, lab))
}

/// The object in the path's version.
pub fn found<'a>(lab: &'a Lab, path: &ResourcePath, name: &str) -> Result<Cow<'a, Value>, Failure> {
    let missing = || Failure::not_found(path.kind, name);
    if path.kind.group == METRICS {
        let all = measured(lab, path);
        return all.into_iter().find(|one| one["metadata"]["name"] == name).map(Cow::Owned).ok_or_else(missing);
    }
    let object = lab.store.get(path.kind.plural, path.store_namespace(), name).ok_or_else(missing)?;
    Ok(convert::shown(path, object))
}

fn measured(lab: &Lab, path: &ResourcePath) -> Vec<Value> {
    match path.kind.namespaced {
        true => samples::pods(lab, path.namespace.as_deref()),
        false => samples::nodes(lab),
    }
}

/// An object in the form the client wants.
pub fn formed(object: &Value, path: &ResourcePath, form: Form, query: &Query, lab: &Lab) -> Value {
    match form {
        Form::Objects => object.clone(),
        Form::Metadata => convert::metadata_only(object),
        Form::Table => {
            let version = object["metadata"]["resourceVersion"].clone();
            table::of(path, &[object], json!({"resourceVersion": version}), query, lab.now())
        }
    }
}

/// The selected objects, or a page of them.
///
/// # Errors
/// A selector or a continue token cannot be read.
pub fn list(lab: &Lab, path: &ResourcePath, form: Form, query: &Query) -> Result<Value, Failure> {
    let selector = Selector::read(query.get("labelSelector"), query.get("fieldSelector"))?;
    if path.kind.group == METRICS {
        let all = measured(lab, path);
        let chosen: Vec<&Value> = all.iter().filter(|one| selector.matches(one)).collect();
        return Ok(assembled(&chosen, json!({}), path, form, query, lab));
    }
    let (version, after) = page(query.get("continue"), lab.store.version())?;
    let limit = query.number("limit").and_then(|n| usize::try_from(n).ok()).filter(|n| *n > 0).unwrap_or(usize::MAX);
    let all: Vec<&Value> = lab
        .store
        .list(path.kind.plural, path.namespace.as_deref())
        .filter(|one| selector.matches(one) && after.as_ref().is_none_or(|after| key(one) > *after))
        .collect();
    let mut metadata = json!({"resourceVersion": version.to_string()});
    let left = all.len().saturating_sub(limit);
    if left > 0
        && let Some(last) = all.get(limit - 1)
    {
        let (namespace, name) = key(last);
        metadata["continue"] = json!(hex(&format!("{version}/{namespace}/{name}")));
        metadata["remainingItemCount"] = json!(left);
    }
    let shown: Vec<Cow<'_, Value>> = all.iter().take(limit).map(|one| convert::shown(path, one)).collect();
    let chosen: Vec<&Value> = shown.iter().map(AsRef::as_ref).collect();
    Ok(assembled(&chosen, metadata, path, form, query, lab))
}

fn assembled(all: &[&Value], metadata: Value, path: &ResourcePath, form: Form, query: &Query, lab: &Lab) -> Value {
    let items = |kind: String, version: String, one: fn(&Value) -> Value| {
        let items: Vec<Value> = all.iter().map(|object| one(object)).collect();
        json!({"kind": kind, "apiVersion": version, "metadata": metadata, "items": items})
    };
    match form {
        Form::Table => table::of(path, all, metadata, query, lab.now()),
        Form::Metadata => items("PartialObjectMetadataList".into(), "meta.k8s.io/v1".into(), convert::metadata_only),
        Form::Objects => items(format!("{}List", path.kind.name), path.api_version(), in_list),
    }
}

/// An item of a list: without kind and version, except for custom resources.
fn in_list(object: &Value) -> Value {
    let mut object = object.clone();
    let custom = object["apiVersion"].as_str().is_some_and(|version| version.contains(".co/"));
    if !custom && let Some(members) = object.as_object_mut() {
        members.remove("kind");
        members.remove("apiVersion");
    }
    object
}

fn key(object: &Value) -> (String, String) {
    let of = |key: &str| object["metadata"][key].as_str().unwrap_or_default().to_owned();
    (of("namespace"), of("name"))
}

/// The list's version, and the last object of the previous page if the list is continued.
fn page(token: &str, current: u64) -> Result<(u64, Option<(String, String)>), Failure> {
    if token.is_empty() {
        return Ok((current, None));
    }
    let read = || {
        let text = unhex(token)?;
        let mut parts = text.splitn(3, '/');
        let version = parts.next()?.parse().ok()?;
        Some((version, Some((parts.next()?.to_owned(), parts.next()?.to_owned()))))
    };
    read().ok_or_else(|| Failure::bad_request("continue key is not valid"))
}

fn hex(text: &str) -> String {
    text.bytes().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &str) -> Option<String> {
    let digits: Vec<u8> = text.bytes().collect();
    let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    String::from_utf8(digits.chunks(2).map(byte).collect::<Option<Vec<u8>>>()?).ok()
}
