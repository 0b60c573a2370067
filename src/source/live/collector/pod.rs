//! What is known of a collector from its pod's object: its container, its configuration files, its named ports.

use super::super::discovered::PodTarget;
use super::super::wire::Pod;
use super::mounts;
use crate::observe::{ContainerSeen, PodSeen};

/// Whether a container is a collector, and not a sidecar of one.
pub fn is_collector(container: &ContainerSeen) -> bool {
    let named = |text: &str| ["otel", "edot", "collector", "elastic-agent"].iter().any(|part| text.contains(part));
    named(&container.name) || container.image.rsplit('/').next().is_some_and(named)
}

/// The collector in a pod, where its configuration is, and the ports that have a name.
pub fn collector_pod(pod: &Pod, seen: &PodSeen) -> PodTarget {
    let inside = PodTarget::of(seen, is_collector);
    let ports = pod.spec.containers.iter().flat_map(|c| &c.ports).map(|p| (p.name.clone(), p.container_port));
    let mut variables = pod.spec.containers.iter().filter(|c| c.name == inside.container).flat_map(|c| &c.env);
    PodTarget {
        config: mounts::files(&pod.spec, &inside.container),
        go_limit: variables.any(|variable| variable.name == "GOMEMLIMIT"),
        ports: ports.collect(),
        ..inside
    }
}
