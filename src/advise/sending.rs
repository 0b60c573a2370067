//! Rules over how the collectors' exporters are configured to send: queue, retry, and whether one signal crowds out the
//! others. Must not judge how full a queue is; that is `queues`' part.

use super::configured::place;
use super::{Finding, Severity};
use crate::format;
use crate::observe::{ConfigSeen, Role, SendingSeen, Signal, component_kind, leads_out};
use crate::session::{Session, quantity};
use std::collections::BTreeSet;

/// Bytes that an item takes in a queue, at least.
const ITEM: f64 = 500.0;
/// Requests that a queue takes unless it is told otherwise; nobody chose that, so it is not held against anybody.
const USUAL: f64 = 1000.0;
/// One signal with such a part of all items dominates, from so many a second on.
const DOMINATES: (f64, f64) = (0.8, 100.0);
/// Over so many milliseconds.
const LATELY: i64 = 60_000;

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

/// Nothing is kept while what it sends to is away.
pub fn no_queue(session: &Session) -> Vec<Finding> {
    let Some((config, e)) = exporters(session).find(|(_, e)| e.queue == Some(false)) else { return Vec::new() };
    vec![Finding {
        id: "no-sending-queue",
        severity: Severity::Info,
        text: format!(
            "{} exporter {} has no queue: whoever sends to it waits for every answer",
            tier(config.role),
            e.name
        ),
        evidence: format!("sending_queue.enabled false; {}", place(config)),
        hint: "sending_queue: {enabled: true} with a queue_size that memory has room for".into(),
    }]
}

/// What fails once is lost.
pub fn no_retry(session: &Session) -> Vec<Finding> {
    let Some((config, e)) = exporters(session).find(|(_, e)| e.retry == Some(false)) else { return Vec::new() };
    let key = if component_kind(&e.name) == "elasticsearch" { "retry" } else { "retry_on_failure" };
    vec![Finding {
        id: "no-retry",
        severity: Severity::Info,
        text: format!("{} exporter {} never tries again: what fails once is lost", tier(config.role), e.name),
        evidence: format!("{key}.enabled false; {}", place(config)),
        hint: format!("{key}: {{enabled: true}}"),
    }]
}

/// A queue that memory ends before its own bound does.
pub fn beyond_memory(session: &Session) -> Vec<Finding> {
    let found = exporters(session).find_map(|(config, e)| {
        let memory = memory(session, config)?;
        let size = queue_bytes(config, e)?;
        // Where something refuses in time, memory bounds it after all.
        let guards = |id: &String| component_kind(id) == "memory_limiter";
        let fed = || config.pipelines.iter().filter(|p| p.exporters.contains(&e.name));
        let guarded = config.extensions.iter().any(guards) || fed().all(|p| p.processors.iter().any(guards));
        (size > memory && !guarded).then_some((config, e, size, memory))
    });
    let Some((config, e, size, memory)) = found else { return Vec::new() };
    let sizer = if e.sizer.is_empty() { "requests" } else { &e.sizer };
    vec![Finding {
        id: "queue-beyond-memory",
        severity: Severity::Info,
        text: format!(
            "the queue of {} exporter {} is larger than its memory, and no memory_limiter stands before it",
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

/// What a full queue would take, in bytes, at the least.
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
        _ if size <= USUAL => None,
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
pub fn dominated(session: &Session) -> Vec<Finding> {
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
            .take_while(|p| now - p.0 <= LATELY)
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
    if most < all * DOMINATES.0 || most < DOMINATES.1 || !strained {
        return Vec::new();
    }
    vec![Finding {
        id: "signal-dominates",
        severity: Severity::Info,
        text: format!("{} are {:.0} % of all items and crowd out the other signals", signal.name(), most / all * 100.0),
        evidence: format!(
            "{} of {} items/s, through the same exporter {shared}",
            format::number::rounded(most),
            format::number::rounded(all)
        ),
        hint: format!(
            "a gateway of its own for {}, with its own HPA; or at least an exporter of its own",
            signal.name()
        ),
    }]
}
