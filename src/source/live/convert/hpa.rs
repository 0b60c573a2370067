//! HorizontalPodAutoscaler -> HpaSeen. Must not apply defaults: what the object leaves unset stays unset.

use super::{conditions, message, name};
use crate::observe::{Behavior, HpaSeen, HpaStatus, Metric, MetricKind, MetricValue, Policy, Rules, TargetRef};
use crate::source::live::client::as_written;
use crate::source::live::wire;

/// One version of the HPA.
pub fn hpa(from: &wire::Hpa) -> HpaSeen {
    let (meta, spec, status) = (&from.metadata, &from.spec, &from.status);
    HpaSeen {
        namespace: name(&meta.namespace),
        name: name(&meta.name),
        uid: name(&meta.uid),
        resource_version: name(&meta.resource_version),
        created: meta.creation_timestamp,
        generation: meta.generation,
        target: TargetRef {
            api_version: name(&spec.scale_target_ref.api_version),
            kind: name(&spec.scale_target_ref.kind),
            name: name(&spec.scale_target_ref.name),
        },
        min_replicas: spec.min_replicas,
        max_replicas: spec.max_replicas,
        metrics: spec.metrics.iter().map(metric).collect(),
        behavior: spec.behavior.as_ref().map(|b| Behavior {
            scale_up: b.scale_up.as_ref().map(rules),
            scale_down: b.scale_down.as_ref().map(rules),
        }),
        edited: super::writer(meta, |fields| fields.spec.is_some()),
        sync_period_s: spec.sync_period_seconds,
        status: HpaStatus {
            current_replicas: status.current_replicas,
            desired_replicas: status.desired_replicas,
            last_scale: status.last_scale_time,
            metrics: status.current_metrics.iter().map(metric).collect(),
            conditions: conditions(&status.conditions),
            observed_generation: status.observed_generation,
        },
    }
}

fn metric(from: &wire::MetricEntry) -> Metric {
    let (kind, body) = match from.kind.as_str() {
        "Resource" => (MetricKind::Resource, &from.resource),
        "ContainerResource" => (MetricKind::ContainerResource, &from.container_resource),
        "Pods" => (MetricKind::Pods, &from.pods),
        "Object" => (MetricKind::Object, &from.object),
        "External" => (MetricKind::External, &from.external),
        _ => (MetricKind::Unknown, &None),
    };
    let Some(body) = body else { return Metric { kind, ..Metric::default() } };
    let named = body.metric.as_ref();
    Metric {
        kind,
        name: name(named.map(|m| &m.name).or(body.name.as_ref()).map_or("", String::as_str)),
        container: body.container.as_deref().map(name),
        object: body.described_object.as_ref().map(|o| name(&format!("{}/{}", o.kind, o.name))),
        selector: named.and_then(|m| m.selector.as_ref()).map(|s| message(&as_written(s))),
        value: body.target.as_ref().or(body.current.as_ref()).map(value).unwrap_or_default(),
    }
}

fn value(from: &wire::MetricValue) -> MetricValue {
    MetricValue {
        utilization: from.average_utilization,
        average_value: from.average_value.as_deref().map(name),
        value: from.value.as_deref().map(name),
    }
}

fn rules(from: &wire::Rules) -> Rules {
    let policy = |p: &wire::Policy| Policy { kind: name(&p.kind), value: p.value, period_s: p.period_seconds };
    Rules {
        window_s: from.stabilization_window_seconds,
        select: from.select_policy.as_deref().map(name),
        policies: from.policies.as_ref().map(|all| all.iter().map(policy).collect()),
        tolerance: from.tolerance.as_deref().map(name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_metrics_selector_is_cleaned() {
        let text = r#"{"spec":{"metrics":[{"type":"External","external":{"metric":{"name":"q",
          "selector":{"matchLabels":{"a":"\u001b[31mb\u202e"}}},"target":{"type":"Value","value":"1"}}}]}}"#;
        assert_eq!(hpa(&serde_json::from_str(text).unwrap()).metrics[0].selector.as_deref(), Some("a=b"));
    }

    #[test]
    fn every_kind_of_metric_keeps_its_name_and_target() {
        let text = r#"{"spec":{"metrics":[
          {"type":"ContainerResource","containerResource":{"name":"cpu","container":"app","target":{"type":"Utilization","averageUtilization":60}}},
          {"type":"Pods","pods":{"metric":{"name":"qps"},"target":{"type":"AverageValue","averageValue":"1k"}}},
          {"type":"Object","object":{"describedObject":{"kind":"Ingress","name":"main","apiVersion":"networking.k8s.io/v1"},
            "metric":{"name":"rps"},"target":{"type":"Value","value":"2k"}}},
          {"type":"External","external":{"metric":{"name":"queue","selector":{"matchLabels":{"q":"a"}}},"target":{"type":"AverageValue","averageValue":"30"}}},
          {"type":""}, {"type":"Later","later":{}}]}, "status":null}"#;
        let seen = hpa(&serde_json::from_str(text).unwrap());
        let names: Vec<&str> = seen.metrics.iter().map(|m| m.name.as_str()).collect();
        assert_eq!(names, ["cpu", "qps", "rps", "queue", "", ""]);
        assert_eq!(seen.metrics[0].container.as_deref(), Some("app"));
        assert_eq!(seen.metrics[0].value.utilization, Some(60));
        assert_eq!(seen.metrics[1].value.average_value.as_deref(), Some("1k"));
        assert_eq!(seen.metrics[2].object.as_deref(), Some("Ingress/main"));
        assert_eq!(seen.metrics[2].value.value.as_deref(), Some("2k"));
        assert_eq!(seen.metrics[3].selector.as_deref(), Some("q=a"));
        assert!(seen.metrics[4..].iter().all(|m| m.kind == MetricKind::Unknown));
        assert_eq!(seen.status.current_replicas, None);
    }
}
