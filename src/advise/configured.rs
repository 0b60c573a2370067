//! Queries on the collectors' configuration for the rules over it, and the names of its parts in sentences. Must not judge.

use crate::observe::{ConfigSeen, PipelineSeen, Role, component_kind};
use crate::session::Session;

/// The gateway's configuration.
pub fn gateway(session: &Session) -> Option<&ConfigSeen> {
    session.collectors.config(Role::Gateway)
}

/// The pipelines that receive data from outside; what a connector passes on has been received already.
pub fn ingress(config: &ConfigSeen) -> impl Iterator<Item = &PipelineSeen> {
    let outside = |p: &&PipelineSeen| p.receivers.iter().any(|r| !config.connectors.contains(r));
    config.pipelines.iter().filter(outside)
}

/// `the pipelines traces, logs`.
pub fn pipelines(all: &[&PipelineSeen]) -> String {
    let names: Vec<&str> = all.iter().map(|p| p.name.as_str()).collect();
    format!("pipeline{} {}", if all.len() == 1 { "" } else { "s" }, names.join(", "))
}

/// Where it was read from: `ConfigMap edot-gateway-config/config.yaml`.
pub fn origin(config: &ConfigSeen) -> String {
    format!("ConfigMap {}", config.from.join(", "))
}

/// The index of the first processor of a kind in a pipeline.
pub fn position(pipeline: &PipelineSeen, kind: &str) -> Option<usize> {
    pipeline.processors.iter().position(|id| component_kind(id) == kind)
}
