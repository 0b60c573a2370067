//! Scale targets -> TargetSeen: the well-known workloads, and `/scale` for every other kind.

use super::{conditions, containers, name};
use crate::observe::{TargetRef, TargetSeen, WriterSeen};
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
        scaled: writer_of_replicas(meta),
        replicas: Some(status.replicas.unwrap_or(0)),
        ready: Some(status.ready_replicas.unwrap_or(0)),
        updated: has_updates(&target.kind).then(|| status.updated_replicas.unwrap_or(0)),
        available: Some(status.available_replicas.unwrap_or(0)),
        selector: selector(&spec.selector),
        containers: containers(&spec.template.spec, &wire::PodStatus::default()),
        conditions: conditions(&status.conditions),
        stable_only: false,
    }
}

fn writer_of_replicas(meta: &wire::Meta) -> Option<WriterSeen> {
    super::writer(meta, |fields| fields.spec.as_ref().is_some_and(|spec| spec.replicas.is_some()))
}

fn has_updates(kind: &str) -> bool {
    matches!(kind, "Deployment" | "StatefulSet")
}

/// Any other kind, as far as its `/scale` shows, which carries the object's own name, uid and creation time; and as far as the
/// object itself, where it was seen, looks like a Deployment, as Argo's Rollout does.
pub fn scale(target: &TargetRef, from: &wire::Scale, object: Option<&wire::Workload>) -> TargetSeen {
    let same = object.filter(|object| object.metadata.uid == from.metadata.uid);
    let status = same.map(|object| &object.status);
    let counts = status.filter(|s| s.ready_replicas.or(s.updated_replicas).or(s.available_replicas).is_some());
    let spec = same.map(|object| &object.spec);
    TargetSeen {
        // A zero is left out.
        ready: counts.map(|s| s.ready_replicas.unwrap_or(0)),
        updated: counts.map(|s| s.updated_replicas.unwrap_or(0)),
        available: counts.map(|s| s.available_replicas.unwrap_or(0)),
        scaled: same.and_then(|object| writer_of_replicas(&object.metadata)),
        containers: spec.map(|spec| containers(&spec.template.spec, &wire::PodStatus::default())).unwrap_or_default(),
        conditions: status.map(|s| conditions(&s.conditions)).unwrap_or_default(),
        stable_only: spec.is_some_and(|spec| spec.strategy.routes_traffic()),
        api_version: target.api_version.clone(),
        kind: target.kind.clone(),
        namespace: name(&from.metadata.namespace),
        name: name(&from.metadata.name),
        uid: name(&from.metadata.uid),
        created: from.metadata.creation_timestamp,
        spec_replicas: from.spec.replicas,
        replicas: from.status.replicas,
        selector: from.status.selector.clone(),
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
            None,
        );
        assert_eq!((seen.spec_replicas, seen.replicas, seen.ready), (Some(2), None, None));
    }

    #[test]
    fn a_rollout_has_its_counts_beside_its_scale_as_long_as_it_is_the_same_one() {
        let scale_of = |uid: &str| {
            let text = format!(
                r#"{{"metadata":{{"name":"web","uid":"{uid}"}},"spec":{{"replicas":3}},"status":{{"replicas":3,"selector":"app=web"}}}}"#
            );
            serde_json::from_str(&text).unwrap()
        };
        let text = r#"{"metadata":{"uid":"a"},
          "spec":{"strategy":{"canary":{"trafficRouting":{"nginx":{}}}},"template":{"spec":{"containers":[{"name":"main"}]}}},
          "status":{"selector":"app=web,rollouts-pod-template-hash=5","updatedReplicas":1,"readyReplicas":2}}"#;
        let object: wire::Workload = serde_json::from_str(text).unwrap();
        let seen = scale(&target("Rollout"), &scale_of("a"), Some(&object));
        assert_eq!((seen.ready, seen.updated, seen.available), (Some(2), Some(1), Some(0)));
        assert!(seen.stable_only && seen.containers.len() == 1 && seen.selector == "app=web");
        let seen = scale(&target("Rollout"), &scale_of("b"), Some(&object));
        assert_eq!((seen.ready, seen.stable_only), (None, false), "another one of that name");
    }
}
