//! metrics-server: scrapes the kubelets and keeps the last two readings of each pod.

use crate::lab::model::flow::Flow;
use crate::lab::model::interface::{NodeSample, PodSample, Usage};
use crate::lab::model::objects::{Key, key, name, text};
use crate::lab::model::params::{FRESH_CONTAINER_MS, NODE_IDLE_BYTES, NODE_IDLE_CORES};
use crate::lab::model::{Ms, Store, Time};
use chrono::TimeDelta;
use serde_json::Value;
use std::collections::BTreeMap;

/// From its start to its first scrape, ms. Estimate.
const RESTART_MS: Ms = 3000;

/// A reading of a pod's counters.
#[derive(Debug, Clone, Copy)]
struct Reading {
    at: Ms,
    started: Ms,
    core_seconds: f64,
    bytes: u64,
}

#[derive(Debug, Clone)]
struct PodReadings {
    containers: Vec<String>,
    node: String,
    before: Option<Reading>,
    last: Reading,
}

#[derive(Debug, Clone, Default)]
pub struct MetricsServer {
    pods: BTreeMap<Key, PodReadings>,
    next: Ms,
    scrapes: u64,
}

impl MetricsServer {
    pub fn starting(at: Ms) -> Self {
        MetricsServer { next: at, ..Self::default() }
    }

    /// Scrape when it is due.
    pub fn step(&mut self, store: &Store, flow: &Flow, resolution: Ms, t: Ms) {
        if t < self.next {
            return;
        }
        self.next += resolution;
        self.scrapes += 1;
        let mut fresh = BTreeMap::new();
        for pod in store.list("pods", None) {
            let key = key(pod);
            let Some(used) = flow.usage(&key) else { continue };
            // The kubelet's own reading is a little older than the scrape, by a different amount each time.
            let late = 40 + Ms::try_from((self.scrapes * 37) % 90).unwrap_or(0);
            let last =
                Reading { at: t - late, started: used.started, core_seconds: used.core_seconds, bytes: used.bytes };
            let known = self.pods.remove(&key).map(|points| points.last);
            let before = known.filter(|p| p.started == last.started && p.at < last.at).or_else(|| {
                // A new container's start serves as its first reading.
                let age = last.at - last.started;
                let fresh = (FRESH_CONTAINER_MS..resolution).contains(&age);
                fresh.then_some(Reading { at: last.started, started: last.started, core_seconds: 0.0, bytes: 0 })
            });
            let all = pod["spec"]["containers"].as_array().into_iter().flatten();
            let containers = all.map(|c| text(&c["name"]).to_owned()).collect();
            let node = text(&pod["spec"]["nodeName"]).to_owned();
            fresh.insert(key, PodReadings { containers, node, before, last });
        }
        self.pods = fresh;
    }

    /// It is down: it loses its readings, and starts again later.
    pub fn reset(&mut self, t: Ms) {
        self.pods.clear();
        self.next = t + RESTART_MS;
    }

    pub fn samples(&self, at: impl Fn(Ms) -> Time) -> Vec<PodSample> {
        let sample = |((namespace, pod), points): (&Key, &PodReadings)| {
            let before = points.before?;
            let window = points.last.at - before.at;
            let cores = (points.last.core_seconds - before.core_seconds).max(0.0) * 1000.0 / window.max(1) as f64;
            let usage = |(place, name): (usize, &String)| Usage {
                name: name.clone(),
                // The first container is the one that is modelled.
                cpu_nanocores: if place == 0 { nanocores(cores) } else { 200_000 },
                memory_bytes: if place == 0 { points.last.bytes / 1024 * 1024 } else { 8 << 20 },
            };
            Some(PodSample {
                namespace: namespace.clone(),
                pod: pod.clone(),
                at: whole_second(at(points.last.at)),
                window: TimeDelta::milliseconds(window),
                containers: points.containers.iter().enumerate().map(usage).collect(),
            })
        };
        self.pods.iter().filter_map(sample).collect()
    }

    pub fn node_samples(&self, store: &Store, at: impl Fn(Ms) -> Time) -> Vec<NodeSample> {
        let sample = |node: &Value| {
            let here = || self.pods.values().filter(|points| points.node == name(node));
            let last = here().map(|p| p.last.at).max()?;
            let window = here().filter_map(|p| Some(p.last.at - p.before?.at)).max()?;
            let cores = |p: &PodReadings| {
                let before = p.before?;
                Some(
                    (p.last.core_seconds - before.core_seconds).max(0.0) * 1000.0
                        / (p.last.at - before.at).max(1) as f64,
                )
            };
            Some(NodeSample {
                node: name(node).to_owned(),
                at: whole_second(at(last)),
                window: TimeDelta::milliseconds(window),
                cpu_nanocores: nanocores(here().filter_map(cores).sum::<f64>() + NODE_IDLE_CORES),
                memory_bytes: here().map(|p| p.last.bytes).sum::<u64>() / 1024 * 1024 + NODE_IDLE_BYTES,
            })
        };
        store.list("nodes", None).filter_map(sample).collect()
    }
}

fn nanocores(cores: f64) -> u64 {
    (cores * 1e9).round().max(0.0) as u64
}

/// The kubelet reports times to the second.
fn whole_second(at: Time) -> Time {
    use chrono::DurationRound;
    at.duration_trunc(TimeDelta::seconds(1)).unwrap_or(at)
}
