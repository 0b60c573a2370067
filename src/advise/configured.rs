//! What the rules over the collectors' configuration ask of it, and how its parts are named in a sentence. Must not judge.

use crate::observe::{ConfigSeen, PipelineSeen, Role, component_kind};
use crate::session::Session;

/// The gateway's configuration.
pub fn gateway(session: &Session) -> Option<&ConfigSeen> {
    session.collectors.config(Role::Gateway)
}

/// The pipelines that take data from outside; what a connector passes on has been taken already.
pub fn entrances(config: &ConfigSeen) -> impl Iterator<Item = &PipelineSeen> {
    let outside = |p: &&PipelineSeen| p.receivers.iter().any(|r| !config.connectors.contains(r));
    config.pipelines.iter().filter(outside)
}

/// `the pipelines traces, logs`.
pub fn pipelines(all: &[&PipelineSeen]) -> String {
    let names: Vec<&str> = all.iter().map(|p| p.name.as_str()).collect();
    format!("pipeline{} {}", if all.len() == 1 { "" } else { "s" }, names.join(", "))
}

/// Where it stands: `ConfigMap edot-gateway-config/config.yaml`.
pub fn place(config: &ConfigSeen) -> String {
    format!("ConfigMap {}", config.from.join(", "))
}

/// The place of a kind of processor in a pipeline.
pub fn position(pipeline: &PipelineSeen, kind: &str) -> Option<usize> {
    pipeline.processors.iter().position(|id| component_kind(id) == kind)
}
