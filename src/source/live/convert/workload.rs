//! Scale targets -> TargetSeen: the well-known workloads, and `/scale` for every other kind.

use super::{conditions, containers, name};
use crate::observe::{TargetRef, TargetSeen};
use crate::source::live::client::selector;
use crate::source::live::wire;

/// A Deployment, StatefulSet, ReplicaSet or ReplicationController. The API omits zeros, so a missing number is 0.
pub fn workload(target: &TargetRef, from: &wire::Workload) -> TargetSeen {
    let (meta, spec, status) = (&from.metadata, &from.spec, &from.status);
    TargetSeen {
        api_version: target.api_version.clone(),
        kind: target.kind.clone(),
        namespace: name(&meta.namespace),
        name: name(&meta.name),
        uid: name(&meta.uid),
        created: meta.creation_timestamp,
        spec_replicas: spec.replicas,
        replicas: Some(status.replicas.unwrap_or(0)),
        ready: Some(status.ready_replicas.unwrap_or(0)),
        updated: has_updates(&target.kind).then(|| status.updated_replicas.unwrap_or(0)),
        available: Some(status.available_replicas.unwrap_or(0)),
        selector: selector(&spec.selector),
        containers: containers(&spec.template.spec, &wire::PodStatus::default()),
        conditions: conditions(&status.conditions),
    }
}

fn has_updates(kind: &str) -> bool {
    matches!(kind, "Deployment" | "StatefulSet")
}

/// Any other kind, as far as its `/scale` shows. The Scale carries the object's own name, uid and creation time.
pub fn scale(target: &TargetRef, from: &wire::Scale) -> TargetSeen {
    TargetSeen {
        api_version: target.api_version.clone(),
        kind: target.kind.clone(),
        namespace: name(&from.metadata.namespace),
        name: name(&from.metadata.name),
        uid: name(&from.metadata.uid),
        created: from.metadata.creation_timestamp,
        spec_replicas: from.spec.replicas,
        replicas: from.status.replicas,
        selector: from.status.selector.clone(),
        ..TargetSeen::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(kind: &str) -> TargetRef {
        TargetRef { api_version: "apps/v1".into(), kind: kind.into(), name: "web".into() }
    }

    #[test]
    fn zeros_that_the_api_leaves_out_are_zeros() {
        let text =
            r#"{"metadata":{"name":"web"},"spec":{"replicas":0,"selector":{"matchLabels":{"app":"web"}}},"status":{}}"#;
        let seen = workload(&target("Deployment"), &serde_json::from_str(text).unwrap());
        assert_eq!((seen.spec_replicas, seen.replicas, seen.ready, seen.updated), (Some(0), Some(0), Some(0), Some(0)));
        assert_eq!(seen.selector, "app=web");
    }

    #[test]
    fn a_replication_controller_selects_by_a_plain_map() {
        let text = r#"{"metadata":{"name":"web"},"spec":{"selector":{"app":"web","tier":"a"}}}"#;
        let seen = workload(&target("ReplicationController"), &serde_json::from_str(text).unwrap());
        assert_eq!((seen.selector.as_str(), seen.updated), ("app=web,tier=a", None));
    }

    #[test]
    fn a_scale_without_status_has_no_replicas() {
        let seen = scale(
            &target("Rollout"),
            &serde_json::from_str(r#"{"metadata":{"name":"web"},"spec":{"replicas":2}}"#).unwrap(),
        );
        assert_eq!((seen.spec_replicas, seen.replicas, seen.ready), (Some(2), None, None));
    }
}
