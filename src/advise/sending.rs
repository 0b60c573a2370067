//! Rules over how the collectors' exporters are configured to send: queue, retry, and whether one signal crowds out the
//! others. Must not judge how full a queue is; that is in `queues`.

use super::configured::origin;
use super::{Finding, FindingKind, Rule, Severity};
use crate::format;
use crate::observe::{ConfigSeen, Role, SendingSeen, Signal, component_kind, leads_out};
use crate::session::{Session, quantity};
use std::collections::BTreeSet;

/// The least size of an item in a queue, in bytes.
const ITEM: f64 = 500.0;
/// The default queue size, in requests. It was not chosen by the user, so it is never reported.
const DEFAULT_QUEUE_SIZE: f64 = 1000.0;
/// One signal dominates from this share of all items on …
const DOMINANT_SHARE: f64 = 0.8;
/// … and from this rate on, in items/s …
const DOMINANT_RATE: f64 = 100.0;
/// … as a mean over this many milliseconds.
const DOMINANT_SPAN: i64 = 60_000;

const NO_QUEUE: FindingKind = FindingKind {
    id: "no-sending-queue",
    severity: &[Severity::Info],
    when: "an exporter in use that leads out of the collector has `sending_queue.enabled: false`",
    evidence: "the setting, and the ConfigMap",
    hint: "`sending_queue: {enabled: true}` with a `queue_size` that fits into memory",
    source: "the collectors' configuration (ConfigMaps)",
};
const NO_RETRY: FindingKind = FindingKind {
    id: "no-retry",
    severity: &[Severity::Info],
    when: "an exporter in use that leads out of the collector has its retry disabled",
    evidence: "the setting, and the ConfigMap",
    hint: "`retry_on_failure: {enabled: true}` (`retry` for Elasticsearch)",
    source: "the collectors' configuration (ConfigMaps)",
};
const BEYOND_MEMORY: FindingKind = FindingKind {
    id: "queue-beyond-memory",
    severity: &[Severity::Info],
    when: "a full queue would need more than the container's memory limit, and no `memory_limiter` precedes it",
    evidence: "the queue's size in bytes (at least), and the container's limit",
    hint: "a `memory_limiter` first in its pipelines, or a smaller `queue_size`",
    source: "the collectors' configuration (ConfigMaps), pods",
};
const DOMINATES: FindingKind = FindingKind {
    id: "signal-dominates",
    severity: &[Severity::Info],
    when: "the gateway is strained, and over a minute one signal made up at least 80 % of the items (and 100 \
           items/s) through an exporter that other signals share",
    evidence: "both rates, and the shared exporter",
    hint: "a separate gateway with its own HPA for that signal, or at least a separate exporter",
    source: "collector metrics, the gateway's configuration (ConfigMap)",
};

pub const RULES: &[Rule] = &[
    Rule { rank: 290, check: no_queue, finds: &[NO_QUEUE] },
    Rule { rank: 300, check: no_retry, finds: &[NO_RETRY] },
    Rule { rank: 310, check: beyond_memory, finds: &[BEYOND_MEMORY] },
    Rule { rank: 320, check: dominated, finds: &[DOMINATES] },
];

/// Each tier's configuration with its exporters that lead out and are in use.
fn exporters(session: &Session) -> impl Iterator<Item = (&ConfigSeen, &SendingSeen)> {
    let tiers = [Role::Gateway, Role::Agent, Role::Cluster];
    tiers.into_iter().filter_map(|role| session.collectors.config(role)).flat_map(|config| {
        let used = |e: &&SendingSeen| config.pipelines.iter().any(|p| p.exporters.contains(&e.name));
        config.exporters.iter().filter(used).filter(|e| leads_out(&e.name)).map(move |e| (config, e))
    })
}

fn tier(role: Role) -> &'static str {
    match role {
        Role::Agent => "the agents'",
        Role::Cluster => "the cluster collector's",
        _ => "the gateway's",
    }
}

/// Nothing is kept while the destination is unavailable.
fn no_queue(session: &Session) -> Vec<Finding> {
    let Some((config, e)) = exporters(session).find(|(_, e)| e.queue == Some(false)) else { return Vec::new() };
    vec![Finding {
        id: NO_QUEUE.id,
        severity: Severity::Info,
        text: format!("{} exporter {} has no queue: its senders wait for every answer", tier(config.role), e.name),
        evidence: format!("sending_queue.enabled false; {}", origin(config)),
        hint: "sending_queue: {enabled: true} with a queue_size that fits into memory".into(),
    }]
}

/// Without retry, a request that fails once is lost.
fn no_retry(session: &Session) -> Vec<Finding> {
    let Some((config, e)) = exporters(session).find(|(_, e)| e.retry == Some(false)) else { return Vec::new() };
    let key = if component_kind(&e.name) == "elasticsearch" { "retry" } else { "retry_on_failure" };
    vec![Finding {
        id: NO_RETRY.id,
        severity: Severity::Info,
        text: format!("{} exporter {} never retries: what fails once is lost", tier(config.role), e.name),
        evidence: format!("{key}.enabled false; {}", origin(config)),
        hint: format!("{key}: {{enabled: true}}"),
    }]
}

/// A queue that exhausts memory before it is full.
fn beyond_memory(session: &Session) -> Vec<Finding> {
    let found = exporters(session).find_map(|(config, e)| {
        let memory = memory(session, config)?;
        let size = queue_bytes(config, e)?;
        // A memory_limiter refuses in time, so it bounds the queue.
        let limits = |id: &String| component_kind(id) == "memory_limiter";
        let fed = || config.pipelines.iter().filter(|p| p.exporters.contains(&e.name));
        let limited = config.extensions.iter().any(limits) || fed().all(|p| p.processors.iter().any(limits));
        (size > memory && !limited).then_some((config, e, size, memory))
    });
    let Some((config, e, size, memory)) = found else { return Vec::new() };
    let sizer = if e.sizer.is_empty() { "requests" } else { &e.sizer };
    vec![Finding {
        id: BEYOND_MEMORY.id,
        severity: Severity::Info,
        text: format!(
            "the queue of {} exporter {} is larger than its memory, and no memory_limiter precedes it",
            tier(config.role),
            e.name
        ),
        evidence: format!(
            "{} {sizer} are about {}, the container's limit is {}",
            format::number::rounded(e.queue_size.unwrap_or_default()),
            format::size::mebi(size),
            format::size::mebi(memory)
        ),
        hint: "a memory_limiter first in its pipelines, or a smaller sending_queue.queue_size".into(),
    }]
}

/// The least size of the full queue, in bytes.
fn queue_bytes(config: &ConfigSeen, e: &SendingSeen) -> Option<f64> {
    let size = e.queue_size?;
    let batch = || {
        let fed = config.pipelines.iter().filter(|p| p.exporters.contains(&e.name));
        let sizes = fed.flat_map(|p| &p.processors).filter_map(|id| config.batches.iter().find(|b| b.name == *id));
        // 8192 is the processor's own default.
        sizes.map(|b| b.size.unwrap_or(8192.0)).reduce(f64::min)
    };
    match e.sizer.as_str() {
        "bytes" => Some(size),
        "items" => Some(size * ITEM),
        _ if size <= DEFAULT_QUEUE_SIZE => None,
        _ => Some(size * batch()? * ITEM),
    }
}

/// The memory limit of the container that reads this configuration, in bytes.
fn memory(session: &Session, config: &ConfigSeen) -> Option<f64> {
    let gateway = session.pods.live().map(|p| &p.seen).filter(|_| config.role == Role::Gateway);
    let mut pods = gateway.chain(session.collectors.pods(config.role));
    let limit = |c: &crate::observe::ContainerSeen| quantity(c.limits.get("memory")?).filter(|l| *l > 0.0);
    pods.find_map(|p| p.containers.iter().find(|c| c.name == config.container).and_then(limit))
}

/// One signal makes up nearly all, shares the others' exporter, and the gateway is strained.
fn dominated(session: &Session) -> Vec<Finding> {
    let now = session.now_ms();
    let Some((config, tier)) = session.collectors.config(Role::Gateway).zip(session.collectors.tier(Role::Gateway))
    else {
        return Vec::new();
    };
    let mean = |signal: Signal| {
        let recent: Vec<f64> = tier
            .rates(signal)
            .accepted
            .points()
            .iter()
            .rev()
            .take_while(|p| now - p.0 <= DOMINANT_SPAN)
            .map(|p| p.1)
            .collect();
        (recent.len() >= 8).then(|| recent.iter().sum::<f64>() / recent.len() as f64)
    };
    let rates: Option<Vec<(Signal, f64)>> = Signal::ALL.into_iter().map(|s| Some((s, mean(s)?))).collect();
    let Some(rates) = rates else { return Vec::new() };
    let all: f64 = rates.iter().map(|r| r.1).sum();
    let Some((signal, most)) = rates.into_iter().max_by(|a, b| a.1.total_cmp(&b.1)) else { return Vec::new() };
    let out_of = |of: &dyn Fn(Signal) -> bool| -> BTreeSet<&String> {
        config.pipelines.iter().filter(|p| of(p.signal)).flat_map(|p| &p.exporters).collect()
    };
    let (own, others) = (out_of(&|s| s == signal), out_of(&|s| s != signal));
    let Some(shared) = own.intersection(&others).find(|id| !config.connectors.contains(**id)) else {
        return Vec::new();
    };
    let strained = super::queues::is_strained(session);
    if most < all * DOMINANT_SHARE || most < DOMINANT_RATE || !strained {
        return Vec::new();
    }
    vec![Finding {
        id: DOMINATES.id,
        severity: Severity::Info,
        text: format!("{} are {:.0} % of all items and crowd out the other signals", signal.name(), most / all * 100.0),
        evidence: format!(
            "{} of {} items/s, through the same exporter {shared}",
            format::number::rounded(most),
            format::number::rounded(all)
        ),
        hint: format!("a separate gateway for {}, with its own HPA; or at least a separate exporter", signal.name()),
    }]
}
