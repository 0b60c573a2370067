//! Rules over the gateway's `batch` processors, as they are configured. Must not count batches.

use super::configured::{gateway, ingress, origin, pipelines, position};
use super::{Finding, FindingKind, Rule, Severity};
use crate::observe::{BatchingSeen, ConfigSeen, PipelineSeen, Signal, component_kind};
use crate::session::Session;

/// Processors that drop data, and so belong before the batches are made.
const DROPS: [&str; 3] = ["filter", "probabilistic_sampler", "tail_sampling"];

const SPLIT: FindingKind = FindingKind {
    id: "metrics-batch-split",
    severity: &[Severity::Warning],
    when: "a metrics pipeline that exports to Elasticsearch uses a `batch` processor with `send_batch_max_size` above 0",
    evidence: "`send_batch_max_size`, and the ConfigMap",
    hint: "a separate batch processor for metrics, with `send_batch_max_size` 0",
    source: "the gateway's configuration (ConfigMap)",
};
const MISSING: FindingKind = FindingKind {
    id: "no-batch",
    severity: &[Severity::Info],
    when: "a gateway pipeline that receives from outside has no `batch` processor, and neither its exporters nor a connector \
           behind it batches",
    evidence: "the ConfigMap",
    hint: "a batch processor behind `memory_limiter`, or `sending_queue.batch`",
    source: "the gateway's configuration (ConfigMap)",
};
const ORDER: FindingKind = FindingKind {
    id: "batch-order",
    severity: &[Severity::Info],
    when: "`batch` comes before `filter`, `probabilistic_sampler` or `tail_sampling`, or `elasticapm` before `batch`",
    evidence: "the pipeline's processors in their order, and the ConfigMap",
    hint: "`memory_limiter` first, then what drops data, then `batch`, then `elasticapm`",
    source: "the gateway's configuration (ConfigMap)",
};

pub const RULES: &[Rule] = &[
    Rule { rank: 260, check: metrics_split, finds: &[SPLIT] },
    Rule { rank: 270, check: missing, finds: &[MISSING] },
    Rule { rank: 280, check: order, finds: &[ORDER] },
];

/// Data points of one moment that are split over several requests become several documents of the same time series.
fn metrics_split(session: &Session) -> Vec<Finding> {
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
        id: SPLIT.id,
        severity: Severity::Warning,
        text: format!(
            "the gateway splits batches of metrics ({} in {}): data points that belong together conflict in Elasticsearch",
            batch.name, pipeline.name
        ),
        evidence: format!("send_batch_max_size {most}; {}", origin(config)),
        hint: "a separate batch processor for metrics, with send_batch_max_size 0".into(),
    }]
}

/// Without batches, every request that a sender makes becomes a bulk request.
fn missing(session: &Session) -> Vec<Finding> {
    let Some(config) = gateway(session) else { return Vec::new() };
    let batched_later = |p: &PipelineSeen| {
        let batches = |id: &String| config.connectors.contains(id) || exporter_batches(config, id);
        !p.exporters.is_empty() && p.exporters.iter().all(batches)
    };
    let without: Vec<&PipelineSeen> =
        ingress(config).filter(|p| position(p, "batch").is_none() && !batched_later(p)).collect();
    if without.is_empty() {
        return Vec::new();
    }
    vec![Finding {
        id: MISSING.id,
        severity: Severity::Info,
        text: format!("the gateway makes no batches in its {}", pipelines(&without)),
        evidence: origin(config),
        hint: "a batch processor behind memory_limiter, or sending_queue.batch in the exporter: fewer and larger bulk requests"
            .into(),
    }]
}

fn exporter_batches(config: &ConfigSeen, id: &str) -> bool {
    config.exporters.iter().any(|e| e.name == id && e.batches)
}

/// Batches are made after everything that drops data, and before `elasticapm`.
fn order(session: &Session) -> Vec<Finding> {
    let Some(config) = gateway(session) else { return Vec::new() };
    let wrong = |p: &PipelineSeen| {
        let batch = position(p, "batch")?;
        let late = DROPS.iter().find(|kind| position(p, kind).is_some_and(|at| at > batch));
        let early = position(p, "elasticapm").is_some_and(|at| at < batch);
        late.map(|kind| format!("batch comes before {kind}")).or(early.then(|| "elasticapm comes before batch".into()))
    };
    let Some((pipeline, why)) = config.pipelines.iter().find_map(|p| Some((p, wrong(p)?))) else { return Vec::new() };
    vec![Finding {
        id: ORDER.id,
        severity: Severity::Info,
        text: format!("{why} in the gateway's pipeline {}", pipeline.name),
        evidence: format!("{}; {}", pipeline.processors.join(", "), origin(config)),
        hint: "memory_limiter first, then what drops data, then batch, then elasticapm".into(),
    }]
}
