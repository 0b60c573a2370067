//! Rules over the gateway's `batch` processors, as its configuration has them. Must not count batches.

use super::configured::{entrances, gateway, pipelines, place, position};
use super::{Finding, Severity};
use crate::observe::{BatchingSeen, ConfigSeen, PipelineSeen, Signal, component_kind};
use crate::session::Session;

/// What drops data, and so belongs before the batches are made.
const DROPS: [&str; 3] = ["filter", "probabilistic_sampler", "tail_sampling"];

/// R14: metrics of one moment in several requests are several documents of the same time series.
pub fn metrics_split(session: &Session) -> Vec<Finding> {
    let Some(config) = gateway(session) else { return Vec::new() };
    let to_elastic = |p: &&PipelineSeen| {
        p.signal == Signal::Metrics && p.exporters.iter().any(|id| component_kind(id) == "elasticsearch")
    };
    let splits = |p: &PipelineSeen| -> Option<(&BatchingSeen, f64)> {
        let of = |b: &&BatchingSeen| p.processors.contains(&b.name);
        config.batches.iter().filter(of).find_map(|b| Some((b, b.max_size.filter(|m| *m > 0.0)?)))
    };
    let found = config.pipelines.iter().filter(to_elastic).find_map(|p| Some((p, splits(p)?)));
    let Some((pipeline, (batch, most))) = found else { return Vec::new() };
    vec![Finding {
        id: "metrics-batch-split",
        severity: Severity::Warning,
        text: format!(
            "the gateway splits batches of metrics ({} in {}): data points that belong together conflict in Elasticsearch",
            batch.name, pipeline.name
        ),
        evidence: format!("send_batch_max_size {most}; {}", place(config)),
        hint: "a batch processor of its own for metrics, with send_batch_max_size 0".into(),
    }]
}

/// Without batches every request of a sender is a bulk request.
pub fn missing(session: &Session) -> Vec<Finding> {
    let Some(config) = gateway(session) else { return Vec::new() };
    let batched_later = |p: &PipelineSeen| {
        let batches = |id: &String| config.connectors.contains(id) || exporter_batches(config, id);
        !p.exporters.is_empty() && p.exporters.iter().all(batches)
    };
    let without: Vec<&PipelineSeen> =
        entrances(config).filter(|p| position(p, "batch").is_none() && !batched_later(p)).collect();
    if without.is_empty() {
        return Vec::new();
    }
    vec![Finding {
        id: "no-batch",
        severity: Severity::Info,
        text: format!("the gateway makes no batches in its {}", pipelines(&without)),
        evidence: place(config),
        hint: "a batch processor behind memory_limiter, or sending_queue.batch in the exporter: fewer and larger bulk requests"
            .into(),
    }]
}

fn exporter_batches(config: &ConfigSeen, id: &str) -> bool {
    config.exporters.iter().any(|e| e.name == id && e.batches)
}

/// Batches are made after whatever drops data, and before `elasticapm`.
pub fn order(session: &Session) -> Vec<Finding> {
    let Some(config) = gateway(session) else { return Vec::new() };
    let wrong = |p: &PipelineSeen| {
        let batch = position(p, "batch")?;
        let late = DROPS.iter().find(|kind| position(p, kind).is_some_and(|at| at > batch));
        let early = position(p, "elasticapm").is_some_and(|at| at < batch);
        late.map(|kind| format!("batch stands before {kind}"))
            .or(early.then(|| "elasticapm stands before batch".into()))
    };
    let Some((pipeline, why)) = config.pipelines.iter().find_map(|p| Some((p, wrong(p)?))) else { return Vec::new() };
    vec![Finding {
        id: "batch-order",
        severity: Severity::Info,
        text: format!("{why} in the gateway's pipeline {}", pipeline.name),
        evidence: format!("{}; {}", pipeline.processors.join(", "), place(config)),
        hint: "memory_limiter first, then what drops data, then batch, then elasticapm".into(),
    }]
}
