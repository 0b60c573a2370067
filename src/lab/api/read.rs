//! get and list: from the store or the samples, selected, in pages, in the form that is wanted.

use super::answer::Form;
use super::convert;
use super::failure::Failure;
use super::kinds::METRICS;
use super::path::{Place, Query};
use super::samples;
use super::select::Selector;
use super::table;
use crate::lab::model::Lab;
use serde_json::{Value, json};
use std::borrow::Cow;

/// One object.
///
/// # Errors
/// It is not there.
pub fn get(lab: &Lab, place: &Place, form: Form, query: &Query) -> Result<Value, Failure> {
    let name = place.name.as_deref().unwrap_or_default();
    let found = found(lab, place, name)?;
    if place.part.as_deref() == Some("scale") {
        return Ok(convert::scale(&found));
    }
    Ok(formed(&found, place, form, query, lab))
}

/// The object in the place's version.
pub fn found<'a>(lab: &'a Lab, place: &Place, name: &str) -> Result<Cow<'a, Value>, Failure> {
    let missing = || Failure::not_found(place.kind, name);
    if place.kind.group == METRICS {
        let all = measured(lab, place);
        return all.into_iter().find(|one| one["metadata"]["name"] == name).map(Cow::Owned).ok_or_else(missing);
    }
    let object = lab.store.get(place.kind.plural, place.at(), name).ok_or_else(missing)?;
    Ok(convert::shown(place, object))
}

fn measured(lab: &Lab, place: &Place) -> Vec<Value> {
    match place.kind.namespaced {
        true => samples::pods(lab, place.namespace.as_deref()),
        false => samples::nodes(lab),
    }
}

/// An object in the form that is wanted.
pub fn formed(object: &Value, place: &Place, form: Form, query: &Query, lab: &Lab) -> Value {
    match form {
        Form::Objects => object.clone(),
        Form::Metadata => convert::metadata_only(object),
        Form::Table => {
            let version = object["metadata"]["resourceVersion"].clone();
            table::of(place, &[object], json!({"resourceVersion": version}), query, lab.now())
        }
    }
}

/// All that are selected, or a page of them.
///
/// # Errors
/// A selector or a page's token that cannot be read.
pub fn list(lab: &Lab, place: &Place, form: Form, query: &Query) -> Result<Value, Failure> {
    let selector = Selector::read(query.get("labelSelector"), query.get("fieldSelector"))?;
    if place.kind.group == METRICS {
        let all = measured(lab, place);
        let chosen: Vec<&Value> = all.iter().filter(|one| selector.meets(one)).collect();
        return Ok(assembled(&chosen, json!({}), place, form, query, lab));
    }
    let (version, after) = page(query.get("continue"), lab.store.version())?;
    let limit = query.number("limit").and_then(|n| usize::try_from(n).ok()).filter(|n| *n > 0).unwrap_or(usize::MAX);
    let all: Vec<&Value> = lab
        .store
        .list(place.kind.plural, place.namespace.as_deref())
        .filter(|one| selector.meets(one) && after.as_ref().is_none_or(|after| key(one) > *after))
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
    let shown: Vec<Cow<'_, Value>> = all.iter().take(limit).map(|one| convert::shown(place, one)).collect();
    let chosen: Vec<&Value> = shown.iter().map(AsRef::as_ref).collect();
    Ok(assembled(&chosen, metadata, place, form, query, lab))
}

fn assembled(all: &[&Value], metadata: Value, place: &Place, form: Form, query: &Query, lab: &Lab) -> Value {
    let items = |kind: String, version: String, one: fn(&Value) -> Value| {
        let items: Vec<Value> = all.iter().map(|object| one(object)).collect();
        json!({"kind": kind, "apiVersion": version, "metadata": metadata, "items": items})
    };
    match form {
        Form::Table => table::of(place, all, metadata, query, lab.now()),
        Form::Metadata => items("PartialObjectMetadataList".into(), "meta.k8s.io/v1".into(), convert::metadata_only),
        Form::Objects => items(format!("{}List", place.kind.name), place.api_version(), in_list),
    }
}

/// In a list, objects do not repeat what they are; custom resources do.
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

/// The version of the list that is continued, and the last object of the page before.
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
