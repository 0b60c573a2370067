//! What each pod requests of a resource, summed as the controller sums it. One pod without a request fails the metric. Must not
//! look at usage.

use std::sync::Arc;

use super::{
    fault::Fault,
    pods::{Container, Pod},
    settings::Settings,
};

/// The request of every pod for a resource, milli-units, in the order of `pods`: of the named container, else of
/// the pod (pod-level requests), else of its containers and restartable init containers together.
///
/// # Errors
/// The first pod without such a request.
pub fn of_pods(
    pods: &[Arc<Pod>],
    resource: &str,
    container: Option<&str>,
    settings: &Settings,
) -> Result<Vec<i64>, Fault> {
    pods.iter().map(|pod| of_pod(pod, resource, container, settings)).collect()
}

/// The request of one pod, milli-units. See [`of_pods`].
///
/// # Errors
/// When the pod has no such request.
pub fn of_pod(pod: &Pod, resource: &str, container: Option<&str>, settings: &Settings) -> Result<i64, Fault> {
    if container.is_none() && settings.pod_level_requests && sets_pod_level(pod) {
        return pod_level(pod, resource)
            .ok_or_else(|| Fault::MissingPodRequest { resource: resource.to_owned(), pod: pod.name.clone() });
    }
    let sidecars = pod.init_containers.iter().filter(|c| c.restartable && settings.restartable_init);
    let mut sum = 0_i64;
    for each in pod.containers.iter().chain(sidecars) {
        if container.is_some_and(|name| name != each.name) {
            continue;
        }
        let request = each.requests.get(resource);
        sum = sum.wrapping_add(*request.ok_or_else(|| Fault::MissingRequest {
            resource: resource.to_owned(),
            container: each.name.clone(),
            pod: pod.name.clone(),
        })?);
        if container.is_some() {
            return Ok(sum);
        }
    }
    match container {
        Some(name) if settings.absent_container_request_fails => {
            Err(Fault::ContainerNotFound { container: name.to_owned(), pod: pod.name.clone() })
        }
        _ => Ok(sum),
    }
}

/// The resources that may be requested at pod level.
fn is_pod_level(resource: &str) -> bool {
    matches!(resource, "cpu" | "memory") || resource.starts_with("hugepages-")
}

fn sets_pod_level(pod: &Pod) -> bool {
    pod.pod_level_requests.keys().any(|name| is_pod_level(name))
}

/// The effective request of a pod that has pod-level requests: its own for the resource, else what its containers need.
fn pod_level(pod: &Pod, resource: &str) -> Option<i64> {
    let own = pod.pod_level_requests.get(resource);
    match own.filter(|_| is_pod_level(resource)) {
        Some(request) => Some(*request),
        None => aggregate(pod, resource),
    }
}

/// What the scheduler counts for the containers: the sum of those that run together, or the peak during start-up.
fn aggregate(pod: &Pod, resource: &str) -> Option<i64> {
    let of = |c: &Container| c.requests.get(resource).copied();
    let all = || pod.containers.iter().chain(&pod.init_containers);
    all().find_map(of)?;
    let running = pod.containers.iter().filter_map(of);
    let mut together = running.fold(0_i64, i64::saturating_add);
    let (mut sidecars, mut peak) = (0_i64, 0_i64);
    for init in &pod.init_containers {
        let request = of(init).unwrap_or(0);
        if init.restartable {
            together = together.saturating_add(request);
            sidecars = sidecars.saturating_add(request);
            peak = peak.max(sidecars);
        } else {
            peak = peak.max(sidecars.saturating_add(request));
        }
    }
    Some(together.max(peak))
}
