//! Rules about requests: utilization is a percentage of them, so one that is missing stops the HPA. Pure.

use super::check::Check;
use super::facts::Facts;
use k8s_openapi::api::autoscaling::v2::{HorizontalPodAutoscaler, MetricSpec};
use k8s_openapi::api::core::v1::{Container, Pod, ResourceRequirements};

/// Every (resource, container) whose request a metric is a percentage of. No metrics at all stands for cpu.
fn wanted(hpa: &HorizontalPodAutoscaler) -> Vec<(String, Option<String>)> {
    let Some(spec) = &hpa.spec else { return Vec::new() };
    let of = |m: &MetricSpec| match (m.type_.as_str(), &m.resource, &m.container_resource) {
        ("Resource", Some(r), _) if r.target.average_utilization.is_some() => Some((r.name.clone(), None)),
        ("ContainerResource", _, Some(r)) if r.target.average_utilization.is_some() => {
            Some((r.name.clone(), Some(r.container.clone())))
        }
        _ => None,
    };
    match spec.metrics.as_deref() {
        None | Some([]) => vec![("cpu".into(), None)],
        Some(metrics) => metrics.iter().filter_map(of).collect(),
    }
}

/// A check for each resource that a metric is a percentage of: every container that counts must request it.
pub fn requests(facts: &Facts, hpa: &HorizontalPodAutoscaler) -> Vec<Check> {
    let Some(Ok(pods)) = &facts.pods else { return Vec::new() };
    if pods.is_empty() {
        return Vec::new();
    }
    let check = |(resource, container): (String, Option<String>)| {
        let what = format!("{resource} requests");
        let mut missing = Vec::new();
        for pod in pods {
            for name in without(pod, &resource, container.as_deref()) {
                missing.push(format!("container {name} of pod {}", pod.metadata.name.as_deref().unwrap_or_default()));
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

/// The containers of the pod that lack the request, of those that count: all that run on, or the one that is named.
fn without(pod: &Pod, resource: &str, only: Option<&str>) -> Vec<String> {
    let Some(spec) = &pod.spec else { return Vec::new() };
    let has = |r: Option<&ResourceRequirements>| {
        r.and_then(|r| r.requests.as_ref()).is_some_and(|r| r.contains_key(resource))
    };
    if only.is_none() && has(spec.resources.as_ref()) {
        return Vec::new();
    }
    let sidecar = |c: &&Container| c.restart_policy.as_deref() == Some("Always");
    let counting = spec.containers.iter().chain(spec.init_containers.iter().flatten().filter(sidecar));
    let lacking = counting.filter(|c| only.is_none_or(|o| c.name == o)).filter(|c| !has(c.resources.as_ref()));
    lacking.map(|c| c.name.clone()).collect()
}
