//! Rules over resource requests and limits: what utilization is computed from, and what bounds a pod. Must not look at
//! usage.

use super::{Finding, FindingKind, Rule, Severity};
use crate::format;
use crate::observe::ContainerSeen;
use crate::session::{Session, TargetType};

const MISSING: FindingKind = FindingKind {
    id: "missing-request",
    severity: &[Severity::Critical],
    when: "a metric has a utilization target, and a container that it covers sets no request of that resource",
    evidence: "the pod, and how many others",
    hint: "set `resources.requests` on every container, sidecars too",
    source: "HPA, pods",
};
const NO_LIMIT: FindingKind = FindingKind {
    id: "no-memory-limit",
    severity: &[Severity::Info],
    when: "a gateway container (not a sidecar) sets no memory limit",
    evidence: "the number of pods",
    hint: "set `resources.limits.memory`, and `memory_limiter`'s `limit_percentage` below it",
    source: "pods",
};

pub const RULES: &[Rule] =
    &[Rule { rank: 210, check: missing, finds: &[MISSING] }, Rule { rank: 220, check: no_limits, finds: &[NO_LIMIT] }];

/// A utilization target, and a container that sets no request of that resource.
fn missing(session: &Session) -> Vec<Finding> {
    let by_utilization = |t: &&crate::session::Track| t.is_resource() && t.target_type == TargetType::Utilization;
    let one = |track: &crate::session::Track| {
        let resource = &track.metric.name;
        let covered = |c: &&ContainerSeen| track.metric.container.as_ref().is_none_or(|name| *name == c.name);
        let unset = |c: &&ContainerSeen| !c.requests.contains_key(resource);
        let pods = session.pods.live().filter(|p| p.seen.deleted.is_none() && !p.seen.requests.contains_key(resource));
        let mut found = pods.filter_map(|p| Some((p, p.seen.containers.iter().filter(covered).find(unset)?)));
        let (pod, container) = found.next()?;
        Some(Finding {
            id: MISSING.id,
            severity: Severity::Critical,
            text: format!(
                "container {} sets no {resource} request, so {} has no utilization",
                container.name,
                track.label()
            ),
            evidence: format!("{} and {}", pod.seen.name, format::text::plural(found.count(), "other pod")),
            hint: format!("set resources.requests.{resource} on every container, sidecars too"),
        })
    };
    session.metrics.live().filter(by_utilization).filter_map(one).collect()
}

/// A gateway without a memory limit can take a node down.
fn no_limits(session: &Session) -> Vec<Finding> {
    let pods = || session.pods.live().filter(|p| p.seen.deleted.is_none());
    let unbounded = |c: &&ContainerSeen| !c.sidecar && !c.limits.contains_key("memory");
    let Some(container) = pods().flat_map(|p| &p.seen.containers).find(unbounded) else { return Vec::new() };
    vec![Finding {
        id: NO_LIMIT.id,
        severity: Severity::Info,
        text: format!("container {} sets no memory limit, so only the node bounds a queue that grows", container.name),
        evidence: format::text::plural(pods().count(), "pod"),
        hint: "set resources.limits.memory, and memory_limiter's limit_percentage below it".into(),
    }]
}
