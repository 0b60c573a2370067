//! Turns observations into the inputs of the controller's arithmetic. Must not compute itself: that is `hpa`'s part.

use super::{
    metrics::{TargetType, Track},
    pods::{Pod, Pods},
};
use crate::hpa::{
    metric as hpa_metric, pods as model, quantity, ratio, requests,
    settings::Settings,
    spec,
    world::{Scale, Selector, World},
};
use crate::observe::{ContainerSeen, HpaSeen, MetricKind, PodSeen, PodUsage, Resources, Rules, Time};
use chrono::TimeDelta;
use std::{collections::BTreeMap, sync::Arc};

/// The controller's settings for an API server's version such as `v1.36.3`; the newest for one that is not known.
pub fn settings(server_version: &str) -> Settings {
    minor(server_version).map_or_else(Settings::default, Settings::of_minor)
}

/// The minor of an API server's version such as `v1.36.3`.
pub fn minor(server_version: &str) -> Option<u32> {
    let minor = server_version.trim_start_matches('v').split('.').nth(1)?;
    minor.chars().take_while(char::is_ascii_digit).collect::<String>().parse().ok()
}

/// The settings with the gates that the HPA proves to be on.
pub fn proven(settings: Settings, hpa: &HpaSeen) -> Settings {
    let rules = hpa.behavior.iter().flat_map(|b| [&b.scale_up, &b.scale_down]).flatten();
    let tolerance = rules.into_iter().any(|r| r.tolerance.is_some());
    let to_zero = hpa.status.conditions.iter().any(|c| c.kind == "ScaledToZero");
    settings.proven_by(tolerance, to_zero)
}

/// Whether the average of an Object or External metric, milli-units, was divided by 0 replicas (or is beyond int64), which gives
/// the lowest or highest int64: the metric's value is then unknown.
pub fn is_of_no_replica(kind: MetricKind, average: i64) -> bool {
    matches!(kind, MetricKind::Object | MetricKind::External) && average.unsigned_abs() >= i64::MAX.unsigned_abs()
}

/// The pods as the controller sees them, with the latest sample of each.
pub fn world(pods: &Pods, spec_replicas: i32, status_replicas: i32, namespace: &str) -> World {
    World {
        namespace: namespace.into(),
        scale: Ok(Scale { spec: spec_replicas, status: status_replicas }),
        selector: Selector::Own,
        pods: pods.live().map(|p| Arc::new(pod(&p.seen))).collect(),
        samples: Ok(pods.live().filter_map(|p| p.usage.as_ref()).map(sample).collect()),
        values: BTreeMap::new(),
        update_error: None,
    }
}

/// The figure that the controller would compute for a resource metric: percent, or base units per pod; None when it would
/// have none (no sample of a pod that counts, or a missing request).
pub fn figure(track: &Track, world: &World, settings: &Settings, now: Time) -> Option<f64> {
    let metric = metric(&track.metric)?;
    let band = ratio::Band::of(None, settings);
    let scale = world.scale.clone().ok()?;
    let status = hpa_metric::propose(0, &metric, band, scale, world, settings, now).ok()?.status;
    match track.target_type {
        TargetType::Utilization => status.average_utilization.map(f64::from),
        _ => status.average_value.map(|v| v as f64 / 1000.0),
    }
}

/// A pod's request of a resource, milli-units; None when one of its containers sets none.
pub fn request(seen: &Pod, resource: &str) -> Option<i64> {
    requests::of_pod(&pod(&seen.seen), resource, None, &Settings::default()).ok()
}

/// The spec with its defaults; None when a target or quantity cannot be parsed.
pub fn spec(hpa: &HpaSeen) -> Option<spec::Spec> {
    let metrics = hpa.metrics.iter().map(metric).collect::<Option<Vec<_>>>()?;
    let behavior = hpa.behavior.as_ref().map(|b| {
        let written = |r: &Option<Rules>| r.as_ref().map(written);
        spec::Behavior::defaulted(written(&b.scale_up), written(&b.scale_down))
    });
    Some(spec::Spec { min: hpa.min_replicas, max: hpa.max_replicas, metrics, behavior })
}

fn metric(m: &crate::observe::Metric) -> Option<spec::Metric> {
    let name = m.name.clone();
    let (kind, object) = m.object.as_deref().and_then(|o| o.split_once('/')).unwrap_or_default();
    let selector = || m.selector.as_deref().map(spec::selector_text);
    let source = match m.kind {
        MetricKind::Resource => spec::Source::Resource { resource: name },
        MetricKind::ContainerResource => {
            spec::Source::ContainerResource { resource: name, container: m.container.clone()? }
        }
        MetricKind::Pods => spec::Source::Pods { metric: name },
        MetricKind::Object => {
            spec::Source::Object { metric: name, kind: kind.into(), name: object.into(), selector: selector() }
        }
        MetricKind::External => spec::Source::External { metric: name, selector: selector() },
        MetricKind::Unknown => spec::Source::Other(name),
    };
    let milli = |q: &Option<String>| q.as_deref().and_then(|q| quantity::milli(q).ok());
    let target = match (m.value.utilization, milli(&m.value.average_value), milli(&m.value.value)) {
        (Some(u), _, _) => spec::Target::Utilization(u),
        (_, Some(a), _) => spec::Target::AverageValue(a),
        (_, _, Some(v)) => spec::Target::Value(v),
        _ => spec::Target::None,
    };
    Some(spec::Metric { source, target })
}

fn written(rules: &Rules) -> spec::WrittenRules {
    let policy = |p: &crate::observe::Policy| spec::Policy {
        kind: if p.kind == "Percent" { spec::PolicyKind::Percent } else { spec::PolicyKind::Pods },
        value: p.value,
        period_seconds: p.period_s,
    };
    spec::WrittenRules {
        window_seconds: rules.window_s,
        select: rules.select.as_deref().map(|s| match s {
            "Min" => spec::SelectPolicy::Min,
            "Disabled" => spec::SelectPolicy::Disabled,
            _ => spec::SelectPolicy::Max,
        }),
        policies: rules.policies.as_ref().map(|all| all.iter().map(policy).collect()),
        tolerance: rules.tolerance.as_deref().and_then(|t| quantity::approximate(t).ok()),
    }
}

pub(crate) fn pod(seen: &PodSeen) -> model::Pod {
    let (inits, containers) = seen.containers.iter().partition::<Vec<_>, _>(|c| c.sidecar);
    let all = |list: Vec<&ContainerSeen>| list.into_iter().map(container).collect();
    model::Pod {
        name: seen.name.as_str().into(),
        phase: match seen.phase.as_str() {
            "Pending" => model::Phase::Pending,
            "Running" => model::Phase::Running,
            "Succeeded" => model::Phase::Succeeded,
            "Failed" => model::Phase::Failed,
            _ => model::Phase::Unknown,
        },
        deleted: seen.deleted.is_some(),
        ready: seen.ready.as_ref().map(|r| model::Ready {
            status: match r.status.as_str() {
                "True" => model::ConditionStatus::True,
                "False" => model::ConditionStatus::False,
                _ => model::ConditionStatus::Unknown,
            },
            since: r.since.unwrap_or_default(),
        }),
        started: seen.started,
        containers: all(containers),
        init_containers: all(inits),
        pod_level_requests: millis(&seen.requests),
    }
}

fn container(seen: &ContainerSeen) -> model::Container {
    model::Container { name: seen.name.clone(), requests: millis(&seen.requests), restartable: seen.sidecar }
}

pub(super) fn sample(usage: &PodUsage) -> model::PodSample {
    let usages = usage.containers.iter();
    model::PodSample {
        pod: usage.pod.as_str().into(),
        at: usage.at,
        window: TimeDelta::milliseconds((usage.window_s.clamp(0.0, 1e6) * 1000.0) as i64),
        containers: usages.map(|(n, r)| model::ContainerUsage { name: n.clone(), usage: millis(r) }).collect(),
    }
}

fn millis(quantities: &Resources) -> model::Resources {
    quantities.iter().filter_map(|(name, q)| Some((name.clone(), quantity::milli(q).ok()?))).collect()
}
