//! Rules over the gateway's `memory_limiter`, as its configuration has it: that there is one, that nothing stands before
//! it, that it acts before the container is killed. Must not look at what it refuses; that is `losses`' part.

use super::configured::{entrances, gateway, pipelines, place, position};
use super::{Finding, Severity};
use crate::format;
use crate::format::size::MEBI;
use crate::observe::{LimiterSeen, PipelineSeen, component_kind};
use crate::session::{Session, quantity};

/// What a process takes beyond the heap that the limiter goes by, in bytes.
const BEYOND_HEAP: f64 = 50.0 * MEBI;
/// A hard limit at such a part of the container's is as good as none.
const CLOSE: f64 = 0.95;

/// A pipeline without one takes whatever comes until the container is killed.
pub fn missing(session: &Session) -> Vec<Finding> {
    let Some(config) = gateway(session) else { return Vec::new() };
    // As an extension it guards the receivers themselves.
    if config.extensions.iter().any(|e| component_kind(e) == "memory_limiter") {
        return Vec::new();
    }
    let without: Vec<&PipelineSeen> = entrances(config).filter(|p| position(p, "memory_limiter").is_none()).collect();
    if without.is_empty() {
        return Vec::new();
    }
    vec![Finding {
        id: "no-memory-limiter",
        severity: Severity::Warning,
        text: format!(
            "no memory_limiter in the gateway's {}: nothing is refused before the container is killed",
            pipelines(&without)
        ),
        evidence: place(config),
        hint: "put memory_limiter first in its processors, with limit_percentage 80 and spike_limit_percentage 20"
            .into(),
    }]
}

/// Whatever stands before it works on data that is refused afterwards.
pub fn not_first(session: &Session) -> Vec<Finding> {
    let Some(config) = gateway(session) else { return Vec::new() };
    let late = |p: &&PipelineSeen| position(p, "memory_limiter").is_some_and(|at| at > 0);
    let late: Vec<&PipelineSeen> = config.pipelines.iter().filter(late).collect();
    let Some(first) = late.first() else { return Vec::new() };
    vec![Finding {
        id: "memory-limiter-order",
        severity: Severity::Info,
        text: format!("memory_limiter is not the first processor of the gateway's {}", pipelines(&late)),
        evidence: format!("{}: {}; {}", first.name, first.processors.join(", "), place(config)),
        hint: "put memory_limiter first, so that data is refused before it is worked on".into(),
    }]
}

/// R9: the container is killed before the limiter acts.
pub fn too_high(session: &Session) -> Vec<Finding> {
    let Some(config) = gateway(session) else { return Vec::new() };
    let containers = session.pods.live().filter(|p| p.seen.deleted.is_none()).flat_map(|p| &p.seen.containers);
    let limit = containers.filter(|c| c.name == config.container).find_map(|c| quantity(c.limits.get("memory")?));
    let Some(limit) = limit.filter(|l| *l > 0.0) else { return Vec::new() };
    let used = |l: &&LimiterSeen| config.pipelines.iter().any(|p| p.processors.contains(&l.name));
    let bounded = config.limiters.iter().filter(used).filter_map(|l| Some((l, bounds(l, limit)?)));
    let never = |soft: f64| soft + BEYOND_HEAP > limit;
    let mut high = bounded.filter(|(_, (hard, soft))| *hard >= limit * CLOSE || never(*soft));
    let Some((limiter, (hard, soft))) = high.next() else { return Vec::new() };
    let never = never(soft);
    vec![Finding {
        id: "memory-limiter-too-high",
        severity: if never { Severity::Warning } else { Severity::Info },
        text: match never {
            true => format!("{} refuses nothing before the gateway's container is killed", limiter.name),
            false => {
                format!("{}'s hard limit is so high that the gateway's container is killed before it", limiter.name)
            }
        },
        evidence: format!(
            "it refuses from {} on and collects garbage from {} on; the container's limit is {}, and the process takes some 50 Mi beyond",
            format::size::mebi(soft),
            format::size::mebi(hard),
            format::size::mebi(limit)
        ),
        hint: "limit_percentage 80 and spike_limit_percentage 20, and GOMEMLIMIT at 80 % of that".into(),
    }]
}

/// From where on it collects garbage and from where on it refuses, in bytes; a fifth less where no spike is set.
fn bounds(l: &LimiterSeen, container: f64) -> Option<(f64, f64)> {
    let share = |percent: f64| container * percent / 100.0;
    let hard = l.limit_mib.filter(|m| *m > 0.0).map(|m| m * MEBI).or(l.limit_percent.map(share))?;
    let spike = l.spike_mib.filter(|m| *m > 0.0).map(|m| m * MEBI).or(l.spike_percent.map(share)).unwrap_or(hard * 0.2);
    Some((hard, (hard - spike).max(0.0)))
}
