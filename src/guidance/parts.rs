//! The parts of a collector's configuration and of objects that several rules look at. Pure; judges nothing.

use crate::observe::{component_kind, leads_out};
use serde_json::{Map, Value};

/// A pipeline.
pub struct Pipeline<'a> {
    pub name: &'a str,
    pub receivers: Vec<&'a str>,
    pub processors: Vec<&'a str>,
    pub exporters: Vec<&'a str>,
}

impl Pipeline<'_> {
    /// `logs` of `logs/apps`.
    pub fn signal(&self) -> &str {
        component_kind(self.name)
    }
}

pub fn pipelines(config: &Value) -> Vec<Pipeline<'_>> {
    let all = config["service"]["pipelines"].as_object().into_iter().flatten();
    all.map(|(name, of)| Pipeline {
        name,
        receivers: ids(&of["receivers"]),
        processors: ids(&of["processors"]),
        exporters: ids(&of["exporters"]),
    })
    .collect()
}

fn ids(of: &Value) -> Vec<&str> {
    of.as_array().into_iter().flatten().filter_map(Value::as_str).collect()
}

/// The components of a part of the configuration, by their ids.
pub fn components<'a>(config: &'a Value, part: &str) -> impl Iterator<Item = (&'a String, &'a Value)> {
    config[part].as_object().into_iter().flat_map(Map::iter)
}

/// Whether a component is a connector: what it passes on has been received already.
pub fn is_connector(config: &Value, id: &str) -> bool {
    config["connectors"].get(id).is_some()
}

/// The pipelines that receive from outside.
pub fn ingress(config: &Value) -> Vec<Pipeline<'_>> {
    let outside = |p: &Pipeline<'_>| p.receivers.iter().any(|id| !is_connector(config, id));
    pipelines(config).into_iter().filter(outside).collect()
}

/// The exporters that are in use and lead out of the collector; of a balancing one, what it sends with.
pub fn sending(config: &Value) -> Vec<(&str, &Value)> {
    let used: Vec<&str> = pipelines(config).into_iter().flat_map(|p| p.exporters).collect();
    let all = components(config, "exporters").filter(|(id, _)| used.contains(&id.as_str()) && leads_out(id));
    all.map(|(id, of)| (id.as_str(), of.pointer("/protocol/otlp").filter(|_| is_balancing(id)).unwrap_or(of))).collect()
}

/// By its older and its newer name.
pub fn is_balancing(id: &str) -> bool {
    matches!(component_kind(id), "loadbalancing" | "load_balancing")
}

/// By its older and its newer name: reads files.
pub fn is_filelog(id: &str) -> bool {
    matches!(component_kind(id), "filelog" | "file_log")
}

/// Every text below a value.
pub fn texts<'a>(of: &'a Value, out: &mut Vec<&'a str>) {
    match of {
        Value::String(text) => out.push(text),
        Value::Array(list) => list.iter().for_each(|one| texts(one, out)),
        Value::Object(map) => map.values().for_each(|one| texts(one, out)),
        _ => {}
    }
}

/// A number, also when it is quoted.
pub fn number(of: &Value) -> Option<f64> {
    of.as_f64().or_else(|| of.as_str()?.trim().parse().ok())
}

/// Whether a Service's, or a budget's, selector matches these labels.
pub fn selects(selector: &Value, labels: &Value) -> bool {
    selector
        .as_object()
        .is_some_and(|all| !all.is_empty() && all.iter().all(|(key, value)| labels[key.as_str()] == *value))
}

/// An object's name.
pub fn name(of: &Value) -> &str {
    of["metadata"]["name"].as_str().unwrap_or_default()
}
