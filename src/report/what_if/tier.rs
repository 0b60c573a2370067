//! The simulated pods and what each would have used: the tier's load shared by those that are Ready, on top of what a pod uses by
//! itself. Must not decide how many there are, nor learn.

use super::model::{Model, counted, newest, shares};
use super::{Changes, Recorded, RecordedSync};
use crate::hpa::{ConditionStatus, ContainerUsage, Phase, Pod, PodName, PodSample, Ready, Scale, Values, World};
use crate::observe::Time;
use chrono::TimeDelta;
use std::{collections::BTreeMap, sync::Arc};

/// metrics-server reports a container that has run for this long, milliseconds.
const MEASURED: i64 = 10_000;
/// Pods that went are remembered for the longest window of a sample, milliseconds.
const GONE: i64 = 120_000;

/// Container → resource → milli-units of all pods together.
type Load = BTreeMap<String, BTreeMap<String, f64>>;

/// A simulated pod; times in milliseconds since 1970.
#[derive(Clone, Debug, PartialEq)]
struct SimulatedPod {
    name: PodName,
    created: i64,
    runs: i64,
    ready: i64,
}

/// All simulated pods.
pub struct Tier<'a> {
    model: &'a Model,
    pods: Vec<SimulatedPod>,
    /// When pods that are no longer there became Ready, and when they went.
    gone: Vec<(i64, i64)>,
    made: u32,
    /// A pod of the recording that the simulated ones are modelled on.
    pattern: Option<Pod>,
}

impl<'a> Tier<'a> {
    /// The pods of a sync, which are simulated from here on, scaled to `size`.
    pub fn begin(model: &'a Model, recorded: &Recorded, m: &RecordedSync, size: i32) -> Self {
        let pods = counted(m).map(|(p, ready)| {
            let created = p.started.map_or(m.ms, |t| t.timestamp_millis());
            let ready = ready.unwrap_or(created + model.ready).max(created);
            SimulatedPod { name: p.name.clone(), created, runs: (created + model.runs).min(ready), ready }
        });
        let mut tier = Tier {
            model,
            pods: pods.collect(),
            gone: Vec::new(),
            made: 0,
            pattern: recorded.syncs.iter().find_map(|m| m.world.pods.first().map(|p| Pod::clone(p))),
        };
        tier.scale(m.ms, size);
        tier
    }

    pub fn size(&self) -> i32 {
        i32::try_from(self.pods.len()).unwrap_or(i32::MAX)
    }

    /// Scales to `size` pods at `ms`: the newest go first.
    pub fn scale(&mut self, ms: i64, size: i32) {
        let size = usize::try_from(size).unwrap_or(0);
        self.gone.retain(|gone| gone.1 > ms - GONE);
        if size < self.pods.len() {
            self.pods.sort_by_key(|p| (p.ready > ms, p.created));
            self.gone.extend(self.pods.drain(size..).map(|p| (p.ready, ms)));
        }
        while self.pods.len() < size {
            self.made += 1;
            let name = format!("simulated-{}", self.made).into();
            let Model { runs, ready, .. } = *self.model;
            self.pods.push(SimulatedPod { name, created: ms, runs: ms + runs, ready: ms + ready });
        }
    }

    /// The inputs that the controller would have at a recorded sync.
    pub fn world(&self, m: &RecordedSync, changes: &Changes) -> World {
        let recorded = m.world.samples.as_ref().ok().filter(|s| !s.is_empty());
        let taken = recorded.and_then(|s| newest(s));
        let samples = match (recorded, taken) {
            (Some(recorded), Some((ms, window))) => {
                let load = self.load(m, recorded, ms, window);
                Ok(self.samples(&load, ms, window))
            }
            _ => Err("no sample".into()),
        };
        let size = self.size();
        let n = i64::from(size.max(1));
        let values = m.world.values.iter().map(|(index, value)| {
            let value = value.as_ref().map(|v| match v {
                // The mean of the pods' own values: their sum stays the same, and is shared by the simulated pods.
                Values::Pods(each) => {
                    let mean = each.first().map_or(0, |v| v.1).saturating_mul(i64::from(m.found.max(1))) / n;
                    Values::Pods(self.pods.iter().map(|p| (p.name.clone(), mean)).collect())
                }
                other => other.clone(),
            });
            (*index, value.map_err(Clone::clone))
        });
        World {
            scale: Ok(Scale { spec: size, status: size }),
            pods: self.pods.iter().filter_map(|p| self.pod(p, m.ms, changes)).map(Arc::new).collect(),
            samples,
            values: values.collect(),
            ..m.world.clone()
        }
    }

    /// What the recorded pods used together beyond what each uses by itself. Those without a sample yet had their share, too.
    fn load(&self, m: &RecordedSync, samples: &[PodSample], ms: i64, window: i64) -> Load {
        let pods: Vec<(&Pod, Option<i64>)> = counted(m).collect();
        let served: Vec<(i64, Option<i64>)> = pods.iter().map(|p| (p.1.unwrap_or(i64::MAX), None)).collect();
        let shares = shares(&served, ms, window, self.model.mean);
        let mut sum = Load::new();
        let mut listed = 0.0;
        for ((pod, _), share) in pods.iter().zip(shares) {
            let Some(sample) = samples.iter().find(|s| s.pod == pod.name) else { continue };
            listed += share;
            for c in &sample.containers {
                for (resource, used) in &c.usage {
                    let own = self.model.own.get(&c.name).and_then(|r| r.get(resource)).copied().unwrap_or(0);
                    *sum.entry(c.name.clone()).or_default().entry(resource.clone()).or_default() += (used - own) as f64;
                }
            }
        }
        let whole = if listed > 0.05 { self.model.factor / listed } else { self.model.factor };
        sum.values_mut().flat_map(|r| r.values_mut()).for_each(|v| *v = v.max(0.0) * whole);
        sum
    }

    /// The load shared by the simulated pods.
    fn samples(&self, load: &Load, ms: i64, window: i64) -> Vec<PodSample> {
        let there = self.pods.iter().map(|p| (p.ready, None));
        let served: Vec<_> = there.chain(self.gone.iter().map(|(ready, gone)| (*ready, Some(*gone)))).collect();
        let mut shares = shares(&served, ms, window, self.model.mean);
        if shares.iter().sum::<f64>() <= 0.0 {
            shares = vec![1.0 / self.pods.len().max(1) as f64; served.len()];
        }
        let own = &self.model.own;
        let names: Vec<&String> = own.keys().chain(load.keys().filter(|k| !own.contains_key(*k))).collect();
        let one = |(p, share): (&SimulatedPod, f64)| {
            let containers = names.iter().map(|name| {
                let mut usage = own.get(*name).cloned().unwrap_or_default();
                for (resource, total) in load.get(*name).into_iter().flatten() {
                    *usage.entry(resource.clone()).or_default() += (total * share).round() as i64;
                }
                ContainerUsage { name: (*name).clone(), usage }
            });
            PodSample {
                pod: p.name.clone(),
                at: time(ms),
                window: TimeDelta::milliseconds(window.min(ms - p.runs)),
                containers: containers.collect(),
            }
        };
        self.pods.iter().zip(shares).filter(|(p, _)| ms - p.runs >= MEASURED).map(one).collect()
    }

    fn pod(&self, p: &SimulatedPod, now: i64, changes: &Changes) -> Option<Pod> {
        let mut pod = self.pattern.clone()?;
        pod.name = p.name.clone();
        pod.phase = if now >= p.runs { Phase::Running } else { Phase::Pending };
        (pod.deleted, pod.started) = (false, Some(time(p.created)));
        let (status, since) = match now >= p.ready {
            true => (ConditionStatus::True, p.ready),
            false => (ConditionStatus::False, p.created),
        };
        pod.ready = Some(Ready { status, since: time(since) });
        changes.request_of(&mut pod);
        Some(pod)
    }
}

fn time(ms: i64) -> Time {
    Time::from_timestamp_millis(ms).unwrap_or_default()
}
