//! One metric of the spec: its proposal, its entry in the status, or its failure in the controller's words.

use chrono::{DateTime, Utc};

use super::{
    conversions::Conversions,
    fault::{Api, Fault},
    groups::{self, Groups},
    per_pod::{self, PerPod, PodTarget},
    ratio::{Band, Utilization, utilization},
    readings::{self, Readings},
    requests,
    settings::Settings,
    spec::{Metric, Source, Target},
    status::MetricStatus,
    whole::{self, Divided, Whole},
    wording,
    world::{Scale, Values, World},
};

/// A metric's valid proposal.
#[derive(Debug, Clone, PartialEq)]
pub struct Proposal {
    /// Replicas, not yet limited by anything.
    pub replicas: i32,
    /// The controller's name for the metric, as in "… above target".
    pub name: String,
    pub status: MetricStatus,
    pub steps: Steps,
}

/// How a proposal was computed.
#[derive(Debug, Clone, PartialEq)]
pub enum Steps {
    PerPod(Box<PerPod>),
    Whole(Whole),
}

/// A metric without a proposal.
#[derive(Debug, Clone, PartialEq)]
pub struct Failure {
    pub fault: Fault,
    /// The reason of event and condition, e.g. "FailedGetResourceMetric".
    pub reason: &'static str,
    /// The event's message; the condition adds a prefix of its own.
    pub message: String,
    /// The error as the aggregate over all metrics quotes it.
    pub error: String,
    /// The grouping, if the computation got that far.
    pub groups: Option<Groups>,
}

/// A fault, and the grouping if there already was one.
type Failed = (Fault, Option<Groups>);

/// What one metric proposes. `index` is its index in `spec.metrics`.
///
/// # Errors
/// The metric is invalid in this sync.
pub fn propose(
    index: usize,
    metric: &Metric,
    band: Band,
    scale: Scale,
    world: &World,
    settings: &Settings,
    now: DateTime<Utc>,
) -> Result<Proposal, Box<Failure>> {
    let by = settings.conversions;
    let steps = match &metric.source {
        Source::Resource { resource } => {
            let of = (resource.as_str(), None);
            resource_metric(of, metric.target, band, scale, world, settings, now)
        }
        Source::ContainerResource { resource, container } => {
            let of = (resource.as_str(), Some(container.as_str()));
            resource_metric(of, metric.target, band, scale, world, settings, now)
        }
        Source::Pods { .. } => pods_metric(index, metric.target, band, scale, world, settings, now),
        Source::Object { .. } => {
            let value = object_value(index, world);
            let value = value.map(|value| (value, value));
            whole_metric(value, metric.target, (Fault::NoObjectTarget, by.replicas), band, scale, world, by)
        }
        Source::External { .. } => {
            let values = external_values(index, world);
            let value = values.map(|v| (whole::sum(v, by), whole::sum_for_average(v, by)));
            whole_metric(value, metric.target, (Fault::NoExternalTarget, by.external_average), band, scale, world, by)
        }
        Source::Other(kind) => Err((Fault::UnknownSource(kind.clone()), None)),
    };
    match steps {
        Ok(steps) => Ok(Proposal {
            replicas: match &steps {
                Steps::PerPod(steps) => steps.replicas,
                Steps::Whole(steps) => steps.replicas,
            },
            name: wording::metric_name(metric),
            status: status(&steps),
            steps,
        }),
        Err((fault, groups)) => {
            let (reason, message, error) = wording::failure(metric, &fault, &world.namespace, settings);
            Err(Box::new(Failure { fault, reason, message, error, groups }))
        }
    }
}

/// The utilization of a set of pods, the figure the controller would report now, with the grouping behind it.
/// Needs no target and no HPA.
///
/// # Errors
/// As the metric itself would fail.
pub fn resource_utilization(
    world: &World,
    resource: &str,
    container: Option<&str>,
    settings: &Settings,
    now: DateTime<Utc>,
) -> Result<(Groups, Utilization), Fault> {
    let of = (resource, container);
    let (readings, groups) = grouped(of, world, settings, now)?;
    let requests = requests::of_pods(&world.pods, resource, container, settings)?;
    let target = PodTarget::Utilization(100);
    let pass = per_pod::first_pass(&groups, &readings, &requests, target, settings.conversions)?;
    let sums = utilization(pass.pods.iter().map(|p| (p.usage, p.request)), settings.conversions.utilization);
    Ok((groups, sums.ok_or(Fault::NoKnownPods)?))
}

/// Readings and groups of a resource metric: `of` is the resource and, for ContainerResource, the container.
fn grouped(
    of: (&str, Option<&str>),
    world: &World,
    settings: &Settings,
    now: DateTime<Utc>,
) -> Result<(Readings, Groups), Fault> {
    let (resource, container) = of;
    let samples = world.samples.as_ref().map_err(|error| Fault::Fetch { api: Api::Resource, error: error.clone() })?;
    let strict = settings.absent_container_fails;
    let readings = readings::of_resource(samples, resource, container, strict, &world.namespace)?;
    if world.pods.is_empty() {
        return Err(Fault::NoPods);
    }
    let groups = groups::group(&world.pods, &readings, resource, settings, now);
    Ok((readings, groups))
}

fn resource_metric(
    of: (&str, Option<&str>),
    target: Target,
    band: Band,
    scale: Scale,
    world: &World,
    settings: &Settings,
    now: DateTime<Utc>,
) -> Result<Steps, Failed> {
    let target = match target {
        Target::Utilization(percent) => PodTarget::Utilization(percent),
        Target::AverageValue(value) => PodTarget::Average(value),
        Target::Value(_) | Target::None => return Err((Fault::NoResourceTarget, None)),
    };
    let (readings, groups) = grouped(of, world, settings, now).map_err(|fault| (fault, None))?;
    let requests = match target {
        // the controller looks for usable samples before it looks at requests
        PodTarget::Utilization(_) if !usable(&groups) => Err(Fault::NoneUsable),
        PodTarget::Utilization(_) => requests::of_pods(&world.pods, of.0, of.1, settings),
        PodTarget::Average(_) => Ok(Vec::new()),
    };
    match requests {
        Ok(requests) => per_pod_steps(groups, &readings, &requests, target, band, scale, settings.conversions),
        Err(fault) => Err((fault, Some(groups))),
    }
}

fn pods_metric(
    index: usize,
    target: Target,
    band: Band,
    scale: Scale,
    world: &World,
    settings: &Settings,
    now: DateTime<Utc>,
) -> Result<Steps, Failed> {
    let Target::AverageValue(target) = target else {
        return Err((Fault::NoResourceTarget, None));
    };
    let readings = match world.values.get(&index) {
        Some(Ok(Values::Pods(values))) => readings::of_custom(values, now),
        Some(Err(error)) => Err(fetch(Api::Custom, error)),
        _ => Err(Fault::Empty { api: Api::Custom }),
    };
    let readings = readings.map_err(|fault| (fault, None))?;
    if world.pods.is_empty() {
        return Err((Fault::NoPods, None));
    }
    let groups = groups::group(&world.pods, &readings, "", settings, now);
    let target = PodTarget::Average(target);
    per_pod_steps(groups, &readings, &[], target, band, scale, settings.conversions)
}

fn per_pod_steps(
    groups: Groups,
    readings: &Readings,
    requests: &[i64],
    target: PodTarget,
    band: Band,
    scale: Scale,
    by: Conversions,
) -> Result<Steps, Failed> {
    match per_pod::propose(groups, readings, requests, target, band, scale.spec, by) {
        Ok(steps) => Ok(Steps::PerPod(Box::new(steps))),
        Err((fault, groups)) => Err((fault, Some(groups))),
    }
}

/// `value` is the figure for a Value target and for an average target; the flag is whether the count of the latter saturates.
fn whole_metric(
    value: Result<(i64, i64), Fault>,
    target: Target,
    (no_target, average_saturates): (Fault, bool),
    band: Band,
    scale: Scale,
    world: &World,
    by: Conversions,
) -> Result<Steps, Failed> {
    let steps = match target {
        Target::Value(target) => {
            value.and_then(|(value, _)| whole::by_value(value, target, &world.pods, band, scale.spec, by))
        }
        Target::AverageValue(target) => {
            value.map(|(_, value)| whole::by_average(value, target, scale.status, band, average_saturates))
        }
        Target::Utilization(_) | Target::None => Err(no_target),
    };
    steps.map(Steps::Whole).map_err(|fault| (fault, None))
}

fn object_value(index: usize, world: &World) -> Result<i64, Fault> {
    match world.values.get(&index) {
        Some(Ok(Values::Object(value))) => Ok(*value),
        Some(Err(error)) => Err(fetch(Api::Custom, error)),
        _ => Err(fetch(Api::Custom, "no value")),
    }
}

fn external_values(index: usize, world: &World) -> Result<&[i64], Fault> {
    match world.values.get(&index) {
        Some(Ok(Values::External(values))) if !values.is_empty() => Ok(values),
        Some(Err(error)) => Err(fetch(Api::External, error)),
        _ => Err(Fault::Empty { api: Api::External }),
    }
}

fn fetch(api: Api, error: &str) -> Fault {
    let error = error.to_owned();
    Fault::Fetch { api, error }
}

/// Whether any reading is left once those of ignored and unready pods are dropped.
fn usable(groups: &Groups) -> bool {
    !groups.unlisted.is_empty() || groups.count(groups::Group::Ready) > 0
}

/// The entry in currentMetrics: always from the first pass.
fn status(steps: &Steps) -> MetricStatus {
    match steps {
        Steps::PerPod(steps) => MetricStatus {
            average_utilization: steps.first.percent,
            average_value: Some(steps.first.mean),
            value: None,
        },
        Steps::Whole(steps) => match steps.divided {
            Divided::ByReady(_) => MetricStatus { value: Some(steps.value), ..MetricStatus::default() },
            Divided::ByStatus { average, .. } => {
                MetricStatus { average_value: Some(average), ..MetricStatus::default() }
            }
        },
    }
}
