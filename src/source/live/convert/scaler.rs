//! ScaledObject and VerticalPodAutoscaler -> what is seen of them; managedFields -> who wrote a field last.

use super::{conditions, name, quantities};
use crate::observe::{
    FailingSeen, FallbackSeen, RecommendedSeen, ScaledObjectSeen, TargetRef, TriggerSeen, VpaPolicySeen, VpaSeen,
    WriterSeen,
};
use crate::source::live::wire;
use std::collections::BTreeMap;

/// The annotations that pause a ScaledObject, and the label of the HPAs that KEDA makes.
const PREFIX: &str = "autoscaling.keda.sh/";
const PAUSES: [&str; 4] = ["paused", "paused-replicas", "paused-scale-in", "paused-scale-out"];
const MADE_OF: &str = "scaledobject.keda.sh/name";
/// Triggers, policies and recommendations that are kept at most, of each.
const MOST: usize = 64;

/// The last writer among those that own what `of` picks; that of the status never counts.
pub fn writer(meta: &wire::Meta, of: impl Fn(&wire::OwnedFields) -> bool) -> Option<WriterSeen> {
    let writes = |f: &&wire::ManagedFields| f.subresource != "status" && of(&f.fields);
    let last = meta.managed_fields.iter().filter(writes).max_by_key(|f| f.time)?;
    Some(WriterSeen { manager: name(&last.manager), subresource: name(&last.subresource), at: last.time })
}

/// The ScaledObject that KEDA made an HPA of; by its owner, or by the label where ownership is turned off.
pub fn made_of(meta: &wire::Meta) -> Option<String> {
    let owner = meta.owner_references.iter().find(|o| o.kind == "ScaledObject").map(|o| &o.name);
    owner.or(meta.labels.get(MADE_OF)).map(|of| name(of)).filter(|of| !of.is_empty())
}

/// One version of a ScaledObject.
pub fn scaled_object(from: &wire::ScaledObject) -> ScaledObjectSeen {
    let (meta, spec, status) = (&from.metadata, &from.spec, &from.status);
    let pause = |key: &&str| Some(((*key).to_owned(), name(meta.annotations.get(&format!("{PREFIX}{key}"))?)));
    ScaledObjectSeen {
        name: name(&meta.name),
        uid: name(&meta.uid),
        min_replicas: spec.min_replica_count,
        max_replicas: spec.max_replica_count,
        idle_replicas: spec.idle_replica_count,
        cooldown_s: spec.cooldown_period,
        polling_s: spec.polling_interval,
        annotations: PAUSES.iter().filter_map(pause).collect(),
        triggers: triggers(from),
        formula: Some(name(&spec.advanced.scaling_modifiers.formula)).filter(|formula| !formula.is_empty()),
        fallback: spec.fallback.as_ref().map(|f| FallbackSeen { replicas: f.replicas, failures: f.failure_threshold }),
        conditions: conditions(&status.conditions),
        failing: failing(&status.health),
        last_active: status.last_active_time,
    }
}

/// KEDA names the metric of a trigger `s2-prometheus-…`: the trigger's index, then what it is about. cpu and memory have none.
fn triggers(from: &wire::ScaledObject) -> Vec<TriggerSeen> {
    let activity = &from.status.triggers_activity;
    let one = |(i, trigger): (usize, &wire::Trigger)| {
        let of_it = activity.iter().find(|(metric, _)| metric.starts_with(&format!("s{i}-")));
        TriggerSeen {
            kind: name(&trigger.kind),
            name: name(&trigger.name),
            active: of_it.and_then(|(_, activity)| activity.is_active),
        }
    };
    from.spec.triggers.iter().take(MOST).enumerate().map(one).collect()
}

fn failing(health: &BTreeMap<String, wire::Health>) -> Vec<FailingSeen> {
    let failed = |(metric, health): (&String, &wire::Health)| {
        let failures = health.number_of_failures.filter(|failures| *failures > 0)?;
        Some(FailingSeen { metric: name(metric), failures })
    };
    health.iter().filter_map(failed).take(MOST).collect()
}

/// One version of a VerticalPodAutoscaler.
pub fn vpa(from: &wire::Vpa) -> VpaSeen {
    let (meta, spec) = (&from.metadata, &from.spec);
    let policy = |p: &wire::ContainerPolicy| VpaPolicySeen {
        container: name(&p.container_name),
        mode: p.mode.as_deref().map(name),
        resources: p.controlled_resources.as_ref().map(|all| all.iter().take(MOST).map(|r| name(r)).collect()),
    };
    let recommended = from.status.recommendation.container_recommendations.iter().take(MOST);
    VpaSeen {
        name: name(&meta.name),
        uid: name(&meta.uid),
        target: TargetRef {
            api_version: name(&spec.target_ref.api_version),
            kind: name(&spec.target_ref.kind),
            name: name(&spec.target_ref.name),
        },
        mode: spec.update_policy.update_mode.as_deref().map(name),
        policies: spec.resource_policy.container_policies.iter().take(MOST).map(policy).collect(),
        recommended: recommended
            .map(|r| RecommendedSeen { container: name(&r.container_name), requests: quantities(&r.target) })
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn meta(text: &str) -> wire::Meta {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn the_last_writer_of_a_field_is_found_and_never_that_of_the_status() {
        let meta = meta(
            r#"{"managedFields": [
              {"manager":"kubectl-client-side-apply","operation":"Update","time":"2026-11-24T00:00:00Z",
               "fieldsV1":{"f:metadata":{},"f:spec":{"f:replicas":{},"f:template":{}}}},
              {"manager":"kube-controller-manager","subresource":"scale","time":"2026-11-24T00:02:00Z",
               "fieldsV1":{"f:spec":{"f:replicas":{}}}},
              {"manager":"kube-controller-manager","subresource":"status","time":"2026-11-24T00:03:00Z",
               "fieldsV1":{"f:status":{"f:replicas":{}}}},
              {"manager":"editor","time":"2026-11-24T00:01:00Z","fieldsV1":{"f:spec":{"f:template":{}}}},
              {"manager":"odd","time":null,"fieldsV1":null}]}"#,
        );
        let replicas = writer(&meta, |f| f.spec.as_ref().is_some_and(|spec| spec.replicas.is_some())).unwrap();
        assert_eq!((replicas.manager.as_str(), replicas.subresource.as_str()), ("kube-controller-manager", "scale"));
        assert_eq!(writer(&wire::Meta::default(), |_| true), None);
    }

    #[test]
    fn a_scaled_object_is_found_by_owner_or_label() {
        let owned = meta(r#"{"ownerReferences":[{"kind":"ScaledObject","name":"web"}]}"#);
        let labelled = meta(r#"{"labels":{"scaledobject.keda.sh/name":"web"}}"#);
        assert_eq!((made_of(&owned), made_of(&labelled)), (Some("web".into()), Some("web".into())));
        assert_eq!(made_of(&meta(r#"{"ownerReferences":[{"kind":"Collector","name":"web"}]}"#)), None);
    }

    #[test]
    fn triggers_have_their_activity_by_their_place() {
        let text = r#"{"metadata":{"name":"web","annotations":{"autoscaling.keda.sh/paused":"true","other":"x"}},
          "spec":{"minReplicaCount":0,"maxReplicaCount":9,"triggers":[{"type":"cpu"},{"type":"prometheus","name":"queue"}],
                  "fallback":{"failureThreshold":3,"replicas":4},"advanced":{"scalingModifiers":{"formula":"a + b"}}},
          "status":{"conditions":[{"type":"Paused","status":"True","reason":"ScaledObjectPaused"}],
                    "triggersActivity":{"s1-prometheus":{"isActive":true}},
                    "health":{"s1-prometheus":{"numberOfFailures":2,"status":"Failing"},"s0":{"numberOfFailures":0}}}}"#;
        let seen = scaled_object(&serde_json::from_str(text).unwrap());
        assert_eq!(seen.triggers.iter().map(|t| t.active).collect::<Vec<_>>(), [None, Some(true)]);
        assert_eq!(seen.annotations, BTreeMap::from([("paused".into(), "true".into())]));
        assert_eq!(seen.failing, [FailingSeen { metric: "s1-prometheus".into(), failures: 2 }]);
        assert_eq!(seen.fallback, Some(FallbackSeen { replicas: Some(4), failures: Some(3) }));
        assert_eq!((seen.formula.as_deref(), seen.min_replicas), (Some("a + b"), Some(0)));
    }

    #[test]
    fn a_vpa_has_its_target_mode_and_policies() {
        let text = r#"{"spec":{"targetRef":{"apiVersion":"apps/v1","kind":"Deployment","name":"web"},
          "updatePolicy":{"updateMode":"InPlaceOrRecreate"},
          "resourcePolicy":{"containerPolicies":[{"containerName":"*","controlledResources":["memory"]},{"containerName":"a","mode":"Off"}]}},
          "status":{"recommendation":{"containerRecommendations":[{"containerName":"b","target":{"cpu":"250m","memory":"1Gi"}}]}}}"#;
        let seen = vpa(&serde_json::from_str(text).unwrap());
        assert_eq!((seen.target.name.as_str(), seen.mode.as_deref()), ("web", Some("InPlaceOrRecreate")));
        assert_eq!(seen.policies[0].resources, Some(vec!["memory".to_owned()]));
        assert_eq!(seen.recommended[0].requests["cpu"], "250m");
        assert_eq!(vpa(&serde_json::from_str(r#"{"spec":null,"status":null}"#).unwrap()), VpaSeen::default());
    }
}
