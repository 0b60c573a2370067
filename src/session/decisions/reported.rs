//! A world that gives the controller's own figures, where its samples are not seen: each pod that counts has its share of what
//! the status reports. Must not invent a figure: a metric without one has no samples.

use super::inputs::Inputs;
use super::sync_case::SyncCase;
use crate::hpa::{
    ConditionStatus, Container, ContainerUsage, Decision, Phase, Pod, PodSample, Ready, Settings, Source, Steps,
    Target, World,
};
use crate::observe::Time;
use chrono::TimeDelta;
use std::sync::Arc;

/// Pods made up at most, where none are seen.
const PODS: i32 = 1000;

/// The world at `now` (milliseconds since 1970) without samples that were seen.
pub fn world(case: &SyncCase, inputs: &Inputs, now: i64, settings: &Settings) -> World {
    let mut world = case.world(inputs, now, Ok(Vec::new()));
    if world.pods.is_empty() {
        let count = case.observed.current.unwrap_or(1).clamp(1, PODS);
        world.pods = (0..count).map(|n| Arc::new(stand_in(case, n))).collect();
    }
    world.samples = Ok(world.pods.iter().map(|pod| sample(case, pod)).collect());
    let (decision, _) = case.run(&world, &case.memory, settings);
    fill(case, &mut world, &decision);
    world
}

/// The metrics' own figures in place of the samples of the pods that count, as `decision` over the same world counted them; a
/// metric without a figure is left as it is. Returns whether all of them could be set.
pub fn fill(case: &SyncCase, world: &mut World, decision: &Decision) -> bool {
    let Ok(samples) = world.samples.as_mut() else { return false };
    let set = |(i, metric): (usize, &crate::hpa::Metric)| {
        let (resource, container) = match &metric.source {
            Source::Resource { resource } => (resource, None),
            Source::ContainerResource { resource, container } => (resource, Some(container)),
            _ => return Some(()),
        };
        let figure = case.observed.figure(i)?;
        let Steps::PerPod(steps) = &decision.metrics.get(i)?.as_ref().ok()?.steps else { return None };
        let n = i64::try_from(steps.first.pods.len()).ok().filter(|n| *n > 0)?;
        // The least sum that gives the percentage, else the mean.
        let sum = match (figure.average_utilization, steps.first.requests, metric.target) {
            (Some(percent), Some(requests), Target::Utilization(_)) => {
                i64::from(percent).checked_mul(requests)?.checked_add(99)?.checked_div(100)?
            }
            _ => figure.average_value?.checked_mul(n)?,
        };
        for (k, counted) in steps.first.pods.iter().enumerate() {
            let Some(sample) = samples.iter_mut().find(|s| s.pod == counted.pod) else { continue };
            let share = sum / n + i64::from((k as i64) < sum % n);
            let first = sample.containers.iter().position(|c| container.is_none_or(|name| c.name == *name))?;
            for (j, c) in sample.containers.iter_mut().enumerate() {
                if let Some(used) = c.usage.get_mut(resource).filter(|_| container.is_none() || j == first) {
                    *used = if j == first { share } else { 0 };
                }
            }
        }
        Some(())
    };
    // Each is set, also after one that cannot be.
    case.spec.metrics.iter().enumerate().map(set).filter(Option::is_none).count() == 0
}

/// A pod like those that the status speaks of: Ready for long, with the request that gives both figures.
fn stand_in(case: &SyncCase, number: i32) -> Pod {
    let mut containers: Vec<Container> = vec![Container { name: "container".into(), ..Container::default() }];
    for (i, metric) in case.spec.metrics.iter().enumerate() {
        let (resource, name) = match &metric.source {
            Source::Resource { resource } => (resource, None),
            Source::ContainerResource { resource, container } => (resource, Some(container)),
            _ => continue,
        };
        let figure = case.observed.figure(i).unwrap_or_default();
        let request = match (figure.average_value, figure.average_utilization) {
            (Some(value), Some(percent)) if percent > 0 => value.saturating_mul(100) / i64::from(percent),
            _ => 1000,
        };
        let at = name.map_or(Some(0), |name| containers.iter().position(|c| c.name == *name));
        let at = at.unwrap_or_else(|| {
            containers.push(Container { name: name.cloned().unwrap_or_default(), ..Container::default() });
            containers.len() - 1
        });
        if let Some(container) = containers.get_mut(at) {
            container.requests.insert(resource.clone(), request.max(1));
        }
    }
    // Every container needs a request of every resource.
    let resources: Vec<String> = containers.iter().flat_map(|c| c.requests.keys().cloned()).collect();
    for container in &mut containers {
        resources.iter().for_each(|r| {
            container.requests.entry(r.clone()).or_insert(0);
        });
    }
    Pod {
        name: format!("pod-{number}").into(),
        phase: Phase::Running,
        deleted: false,
        ready: Some(Ready { status: ConditionStatus::True, since: Time::default() }),
        started: Some(Time::default()),
        containers,
        init_containers: Vec::new(),
        pod_level_requests: Default::default(),
    }
}

/// A sample of a pod with something of every resource of which the controller reported a figure.
fn sample(case: &SyncCase, pod: &Pod) -> PodSample {
    let figures = case.spec.metrics.iter().enumerate().filter(|(i, _)| case.observed.figure(*i).is_some());
    let resources: Vec<&String> = figures
        .filter_map(|(_, metric)| match &metric.source {
            Source::Resource { resource } | Source::ContainerResource { resource, .. } => Some(resource),
            _ => None,
        })
        .collect();
    let sidecars = pod.init_containers.iter().filter(|c| c.restartable);
    let usage = |c: &Container| ContainerUsage {
        name: c.name.clone(),
        usage: resources.iter().map(|r| ((*r).clone(), 1)).collect(),
    };
    PodSample {
        pod: pod.name.clone(),
        at: case.at,
        window: TimeDelta::zero(),
        containers: pod.containers.iter().chain(sidecars).map(usage).collect(),
    }
}
