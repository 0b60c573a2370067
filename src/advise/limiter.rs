//! Rules over the gateway's `memory_limiter`, as it is configured: that there is one, that it comes first, that it acts
//! before the container is killed. Must not look at what it refuses; that is in `losses`.

use super::configured::{gateway, ingress, origin, pipelines, position};
use super::{Finding, FindingKind, Rule, Severity};
use crate::format;
use crate::format::size::MEBI;
use crate::observe::{LimiterSeen, PipelineSeen, component_kind};
use crate::session::{Session, quantity};

/// What a process uses beyond the heap that the limiter measures, in bytes.
const BEYOND_HEAP: f64 = 50.0 * MEBI;
/// From this share of the container's limit on, a hard limit has no effect.
const CLOSE: f64 = 0.95;

const MISSING: FindingKind = FindingKind {
    id: "no-memory-limiter",
    severity: &[Severity::Warning],
    when: "a gateway pipeline that receives from outside has no `memory_limiter`, it is not configured as an \
           extension, and `GOMEMLIMIT` is not set",
    evidence: "the ConfigMap",
    hint: "put `memory_limiter` first, with `limit_percentage` 80 and `spike_limit_percentage` 20",
    source: "the gateway's configuration (ConfigMap)",
};
const TOO_HIGH: FindingKind = FindingKind {
    id: "memory-limiter-too-high",
    severity: &[Severity::Info, Severity::Warning],
    when: "the soft limit plus 50 Mi of the process itself is above the container's memory limit (warning), or the \
           hard limit is at least 95 % of it (info)",
    evidence: "both limits, and the container's",
    hint: "`limit_percentage` 80, `spike_limit_percentage` 20, `GOMEMLIMIT` at 80 % of that",
    source: "the gateway's configuration (ConfigMap), pods",
};
const NOT_FIRST: FindingKind = FindingKind {
    id: "memory-limiter-order",
    severity: &[Severity::Info],
    when: "`memory_limiter` is in a gateway pipeline but not its first processor",
    evidence: "the pipeline's processors in their order, and the ConfigMap",
    hint: "put `memory_limiter` first",
    source: "the gateway's configuration (ConfigMap)",
};

pub const RULES: &[Rule] = &[
    Rule { rank: 230, check: missing, finds: &[MISSING] },
    Rule { rank: 240, check: too_high, finds: &[TOO_HIGH] },
    Rule { rank: 250, check: not_first, finds: &[NOT_FIRST] },
];

/// A pipeline without one accepts everything until the container is killed.
fn missing(session: &Session) -> Vec<Finding> {
    let Some(config) = gateway(session) else { return Vec::new() };
    // As an extension it protects the receivers themselves; and Elastic's own gateways have GOMEMLIMIT in its place.
    if config.go_limit || config.extensions.iter().any(|e| component_kind(e) == "memory_limiter") {
        return Vec::new();
    }
    let without: Vec<&PipelineSeen> = ingress(config).filter(|p| position(p, "memory_limiter").is_none()).collect();
    if without.is_empty() {
        return Vec::new();
    }
    vec![Finding {
        id: MISSING.id,
        severity: Severity::Warning,
        text: format!(
            "no memory_limiter in the gateway's {}: nothing is refused before the container is killed",
            pipelines(&without)
        ),
        evidence: origin(config),
        hint: "put memory_limiter first in its processors, with limit_percentage 80 and spike_limit_percentage 20"
            .into(),
    }]
}

/// Processors before it work on data that is refused afterwards.
fn not_first(session: &Session) -> Vec<Finding> {
    let Some(config) = gateway(session) else { return Vec::new() };
    let late = |p: &&PipelineSeen| position(p, "memory_limiter").is_some_and(|at| at > 0);
    let late: Vec<&PipelineSeen> = config.pipelines.iter().filter(late).collect();
    let Some(first) = late.first() else { return Vec::new() };
    vec![Finding {
        id: NOT_FIRST.id,
        severity: Severity::Info,
        text: format!("memory_limiter is not the first processor of the gateway's {}", pipelines(&late)),
        evidence: format!("{}: {}; {}", first.name, first.processors.join(", "), origin(config)),
        hint: "put memory_limiter first, so that data is refused before it is processed".into(),
    }]
}

/// The container is killed before the limiter acts.
fn too_high(session: &Session) -> Vec<Finding> {
    let Some(config) = gateway(session) else { return Vec::new() };
    let containers = session.pods.live().filter(|p| p.seen.deleted.is_none()).flat_map(|p| &p.seen.containers);
    let limit = containers.filter(|c| c.name == config.container).find_map(|c| quantity(c.limits.get("memory")?));
    let Some(limit) = limit.filter(|l| *l > 0.0) else { return Vec::new() };
    let used = |l: &&LimiterSeen| config.pipelines.iter().any(|p| p.processors.contains(&l.name));
    let bounded = config.limiters.iter().filter(used).filter_map(|l| Some((l, limits(l, limit)?)));
    let never = |soft: f64| soft + BEYOND_HEAP > limit;
    let mut high = bounded.filter(|(_, (hard, soft))| *hard >= limit * CLOSE || never(*soft));
    let Some((limiter, (hard, soft))) = high.next() else { return Vec::new() };
    let never = never(soft);
    vec![Finding {
        id: TOO_HIGH.id,
        severity: if never { Severity::Warning } else { Severity::Info },
        text: match never {
            true => format!("{} refuses nothing before the gateway's container is killed", limiter.name),
            false => {
                format!(
                    "{}'s hard limit is above what the gateway's container can hold: it would be killed first",
                    limiter.name
                )
            }
        },
        evidence: format!(
            "it refuses from {} on and collects garbage from {} on; the container's limit is {}, and the process uses about 50 Mi beyond",
            format::size::mebi(soft),
            format::size::mebi(hard),
            format::size::mebi(limit)
        ),
        hint: "limit_percentage 80 and spike_limit_percentage 20, and GOMEMLIMIT at 80 % of that".into(),
    }]
}

/// The hard limit (it collects garbage) and the soft limit (it refuses), in bytes; without a spike limit the soft one is a
/// fifth lower.
fn limits(l: &LimiterSeen, container: f64) -> Option<(f64, f64)> {
    let share = |percent: f64| container * percent / 100.0;
    let hard = l.limit_mib.filter(|m| *m > 0.0).map(|m| m * MEBI).or(l.limit_percent.map(share))?;
    let spike = l.spike_mib.filter(|m| *m > 0.0).map(|m| m * MEBI).or(l.spike_percent.map(share)).unwrap_or(hard * 0.2);
    Some((hard, (hard - spike).max(0.0)))
}
