//! Rules over requests and limits: what utilization is reckoned from, and what bounds a pod. Must not look at usage.

use super::{Finding, Severity};
use crate::format;
use crate::observe::ContainerSeen;
use crate::session::{Session, TargetType};

/// 10.3: a utilization target, and a container that sets no request of that resource.
pub fn missing(session: &Session) -> Vec<Finding> {
    let by_utilization = |t: &&crate::session::Track| t.is_resource() && t.target_type == TargetType::Utilization;
    let one = |track: &crate::session::Track| {
        let resource = &track.metric.name;
        let concerned = |c: &&ContainerSeen| track.metric.container.as_ref().is_none_or(|name| *name == c.name);
        let unset = |c: &&ContainerSeen| !c.requests.contains_key(resource);
        let pods = session.pods.live().filter(|p| p.seen.deleted.is_none() && !p.seen.requests.contains_key(resource));
        let mut found = pods.filter_map(|p| Some((p, p.seen.containers.iter().filter(concerned).find(unset)?)));
        let (pod, container) = found.next()?;
        Some(Finding {
            id: "missing-request",
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

/// Production guidance: a gateway without a limit can take a node down with it.
pub fn no_limits(session: &Session) -> Vec<Finding> {
    let pods = || session.pods.live().filter(|p| p.seen.deleted.is_none());
    let unbounded = |c: &&ContainerSeen| !c.sidecar && !c.limits.contains_key("memory");
    let Some(container) = pods().flat_map(|p| &p.seen.containers).find(unbounded) else { return Vec::new() };
    vec![Finding {
        id: "no-memory-limit",
        severity: Severity::Info,
        text: format!(
            "container {} sets no memory limit, so a queue that grows is bounded by the node alone",
            container.name
        ),
        evidence: format::text::plural(pods().count(), "pod"),
        hint: "set resources.limits.memory, and memory_limiter's limit_percentage below it".into(),
    }]
}
