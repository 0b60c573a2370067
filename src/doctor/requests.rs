//! Rules about requests: utilization is a percentage of them, so one that is missing stops the HPA. Pure.

use super::check::Check;
use super::facts::Facts;
use crate::observe::{HpaSeen, Metric, MetricKind, PodSeen};

/// Every (resource, container) whose request a metric is a percentage of. No metrics at all means cpu.
fn wanted(hpa: &HpaSeen) -> Vec<(String, Option<String>)> {
    if hpa.metrics.is_empty() {
        return vec![("cpu".into(), None)];
    }
    let of_requests = |m: &&Metric| {
        matches!(m.kind, MetricKind::Resource | MetricKind::ContainerResource) && m.value.utilization.is_some()
    };
    hpa.metrics.iter().filter(of_requests).map(|m| (m.name.clone(), m.container.clone())).collect()
}

/// A check for each resource that a metric is a percentage of: every counted container must request it.
pub fn requests(facts: &Facts, hpa: &HpaSeen) -> Vec<Check> {
    let Some(Ok(pods)) = &facts.pods else { return Vec::new() };
    if pods.is_empty() {
        return Vec::new();
    }
    let check = |(resource, container): (String, Option<String>)| {
        let what = format!("{resource} requests");
        let mut missing = Vec::new();
        for pod in pods {
            for name in without(pod, &resource, container.as_deref()) {
                missing.push(format!("container {name} of pod {}", pod.name));
            }
        }
        if missing.is_empty() {
            return Check::ok("requests", what, "set on every container that counts");
        }
        let more = if missing.len() > 3 { format!(" and {} more", missing.len() - 3) } else { String::new() };
        missing.truncate(3);
        Check::fail(
            "requests",
            what,
            format!("missing on {}{more}: utilization of {resource} is a percentage of it", missing.join(", ")),
            format!("set resources.requests.{resource} on every container, sidecars too"),
        )
    };
    wanted(hpa).into_iter().map(check).collect()
}

/// The containers of the pod that lack the request, of those that count: all long-running ones, or the one that is named.
fn without(pod: &PodSeen, resource: &str, only: Option<&str>) -> Vec<String> {
    if only.is_none() && pod.requests.contains_key(resource) {
        return Vec::new();
    }
    let counting = pod.containers.iter().filter(|c| only.is_none_or(|o| c.name == o));
    counting.filter(|c| !c.requests.contains_key(resource)).map(|c| c.name.clone()).collect()
}
