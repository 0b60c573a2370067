//! Tables for `kubectl get`, with the columns of a real API server. Pure.

mod age;
mod hpa;
mod other_kinds;
mod pods;
mod workloads;

use super::convert;
use super::path::{Query, ResourcePath};
use crate::lab::model::Time;
use serde_json::{Value, json};

/// A column: its name, and whether it is only in the wide output.
struct Column(&'static str, bool);

/// The columns of a kind, and the cells of an object.
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

fn printer(path: &ResourcePath) -> Printer {
    match (path.kind.group, path.kind.plural) {
        ("metrics.k8s.io", "pods") => other_kinds::POD_METRICS,
        ("metrics.k8s.io", _) => other_kinds::NODE_METRICS,
        (_, "pods") => pods::PODS,
        (_, "deployments") => workloads::DEPLOYMENTS,
        (_, "replicasets") => workloads::REPLICASETS,
        (_, "statefulsets") => workloads::STATEFULSETS,
        (_, "daemonsets") => workloads::DAEMONSETS,
        (_, "jobs") => workloads::JOBS,
        (_, "horizontalpodautoscalers") => hpa::HPAS,
        (_, "events") => other_kinds::EVENTS,
        (_, "nodes") => other_kinds::NODES,
        (_, "namespaces") => other_kinds::NAMESPACES,
        (_, "services") => other_kinds::SERVICES,
        (_, "configmaps") => other_kinds::CONFIGMAPS,
        (_, "secrets") => other_kinds::SECRETS,
        (_, "endpoints") => other_kinds::ENDPOINTS,
        (_, "endpointslices") => other_kinds::ENDPOINTSLICES,
        (_, "elasticsearches") => other_kinds::ELASTICSEARCHES,
        _ => other_kinds::ANY,
    }
}

/// The table of objects in the version of the path.
pub fn of(path: &ResourcePath, all: &[&Value], metadata: Value, query: &Query, now: Time) -> Value {
    let Printer { columns, cells } = printer(path);
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

/// The text at a JSON pointer; empty when there is none.
fn text<'a>(object: &'a Value, pointer: &str) -> &'a str {
    object.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

/// The number at a JSON pointer; 0 when there is none, as in Go.
fn number(object: &Value, pointer: &str) -> i64 {
    object.pointer(pointer).and_then(Value::as_i64).unwrap_or_default()
}

/// The elements of the list at a JSON pointer.
fn each<'a>(object: &'a Value, pointer: &str) -> impl Iterator<Item = &'a Value> {
    object.pointer(pointer).and_then(Value::as_array).into_iter().flatten()
}

fn name(object: &Value) -> Value {
    json!(text(object, "/metadata/name"))
}

fn age_of(object: &Value, now: Time) -> Value {
    json!(age::since(text(object, "/metadata/creationTimestamp"), now))
}

/// `<none>` instead of an empty text.
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
