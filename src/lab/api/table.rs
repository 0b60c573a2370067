//! Tables: what `kubectl get` prints, column by column as a real API server has them. Pure.

mod age;
mod hpa;
mod pods;
mod rest;
mod workloads;

use super::convert;
use super::path::{Place, Query};
use crate::lab::model::Time;
use serde_json::{Value, json};

/// A column: its name, and whether it stands only in the wide form.
struct Column(&'static str, bool);

/// How a kind is printed: its columns, and the cells of an object.
struct Printer {
    columns: &'static [Column],
    cells: fn(&Value, Time) -> Vec<Value>,
}

const fn narrow(name: &'static str) -> Column {
    Column(name, false)
}

const fn wide(name: &'static str) -> Column {
    Column(name, true)
}

fn printer(place: &Place) -> Printer {
    match (place.kind.group, place.kind.plural) {
        ("metrics.k8s.io", "pods") => rest::POD_METRICS,
        ("metrics.k8s.io", _) => rest::NODE_METRICS,
        (_, "pods") => pods::PODS,
        (_, "deployments") => workloads::DEPLOYMENTS,
        (_, "replicasets") => workloads::REPLICASETS,
        (_, "statefulsets") => workloads::STATEFULSETS,
        (_, "daemonsets") => workloads::DAEMONSETS,
        (_, "jobs") => workloads::JOBS,
        (_, "horizontalpodautoscalers") => hpa::HPAS,
        (_, "events") => rest::EVENTS,
        (_, "nodes") => rest::NODES,
        (_, "namespaces") => rest::NAMESPACES,
        (_, "services") => rest::SERVICES,
        (_, "configmaps") => rest::CONFIGMAPS,
        (_, "secrets") => rest::SECRETS,
        (_, "endpoints") => rest::ENDPOINTS,
        (_, "endpointslices") => rest::ENDPOINTSLICES,
        (_, "elasticsearches") => rest::ELASTICSEARCHES,
        _ => rest::ANY,
    }
}

/// The table of objects, which are in the place's version.
pub fn of(place: &Place, all: &[&Value], metadata: Value, query: &Query, now: Time) -> Value {
    let Printer { columns, cells } = printer(place);
    let columns: Vec<Value> = columns
        .iter()
        .map(|Column(name, wide)| {
            let format = if *name == "Name" { "name" } else { "" };
            json!({"name": name, "type": "string", "format": format, "description": "", "priority": i32::from(*wide)})
        })
        .collect();
    let rows: Vec<Value> = all
        .iter()
        .map(|object| {
            let mut row = json!({"cells": cells(object, now)});
            match query.get("includeObject") {
                "None" => {}
                "Object" => row["object"] = (*object).clone(),
                _ => row["object"] = convert::metadata_only(object),
            }
            row
        })
        .collect();
    json!({"kind": "Table", "apiVersion": "meta.k8s.io/v1", "metadata": metadata, "columnDefinitions": columns, "rows": rows})
}

/// The text at a pointer; empty when there is none.
fn text<'a>(object: &'a Value, pointer: &str) -> &'a str {
    object.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

/// The number at a pointer; 0 when there is none, as Go has it.
fn number(object: &Value, pointer: &str) -> i64 {
    object.pointer(pointer).and_then(Value::as_i64).unwrap_or_default()
}

/// The elements of a list at a pointer.
fn each<'a>(object: &'a Value, pointer: &str) -> impl Iterator<Item = &'a Value> {
    object.pointer(pointer).and_then(Value::as_array).into_iter().flatten()
}

fn name(object: &Value) -> Value {
    json!(text(object, "/metadata/name"))
}

fn age_of(object: &Value, now: Time) -> Value {
    json!(age::since(text(object, "/metadata/creationTimestamp"), now))
}

/// `<none>` in place of nothing.
fn or_none(text: impl Into<String>) -> Value {
    let text = text.into();
    json!(if text.is_empty() { "<none>".to_owned() } else { text })
}

/// Labels as a selector: `app=x,tier=y`.
fn labels(object: &Value, pointer: &str) -> String {
    let all = object.pointer(pointer).and_then(Value::as_object).into_iter().flatten();
    all.map(|(k, v)| format!("{k}={}", v.as_str().unwrap_or_default())).collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests;
