//! The sources of telemetry: the application's spans, logs and metrics, and what the collectors themselves read from nodes
//! and cluster. Also finds the load script of a k6 pod.

use super::agent::Agent;
use super::application::{AppProcess, AppTier};
use super::items::{ItemKind, Items, Rounding};
use super::stages;
use crate::lab::model::objects::{Key, text};
use crate::lab::model::params::{
    CLUSTER_POINTS_PER_POD, FRONTEND_PART, HOST_POINTS, KUBELET_POINTS_PER_POD, LOGS_PER_POD,
};
use crate::lab::model::{Ms, Store};
use crate::lab::scenario::{Load, Scenario, Stage};
use serde_json::Value;
use std::collections::BTreeMap;

/// The interval of polling receivers, ms.
const POLL_MS: Ms = 10_000;

#[derive(Debug, Clone, Default)]
pub struct Telemetry {
    rounding: BTreeMap<Key, Rounding>,
    /// Pods on each node.
    pods: BTreeMap<String, usize>,
    polled: Ms,
    events: usize,
    events_sent: usize,
}

impl Telemetry {
    /// Count pods and events in the store.
    pub fn observe_store(&mut self, store: &Store) {
        self.pods.clear();
        for pod in store.list("pods", None) {
            *self.pods.entry(text(&pod["spec"]["nodeName"]).to_owned()).or_default() += 1;
        }
        self.events = store.list("events", None).count();
    }

    /// One step of `dt` seconds in which the application served `iterations`: each collector receives its node's telemetry.
    pub fn step(
        &mut self,
        scenario: &Scenario,
        iterations: f64,
        app_processes: &BTreeMap<Key, AppProcess>,
        agents: &mut BTreeMap<Key, Agent>,
        t: Ms,
        dt: f64,
    ) {
        let app = &scenario.app;
        let count = |tier| app_processes.values().filter(|m| m.tier == tier && m.ready).count().max(1) as f64;
        let (frontends, backends) = (count(AppTier::Frontend), count(AppTier::Backend));
        let poll = t - self.polled >= POLL_MS;
        if poll {
            self.polled = t;
        }
        let all_pods: usize = self.pods.values().sum();
        for (at, agent) in agents.iter_mut() {
            let rounding = self.rounding.entry(at.clone()).or_default();
            let mut items = Items::default();
            let mut add = |kind, amount: f64| items.add(&rounding.take(kind, amount));
            if agent.of_cluster {
                if poll {
                    add(ItemKind::ClusterPoint, all_pods as f64 * CLUSTER_POINTS_PER_POD);
                    let fresh = self.events.saturating_sub(self.events_sent);
                    self.events_sent = self.events;
                    add(ItemKind::Event, fresh as f64);
                }
            } else {
                let mut part = 0.0;
                let mut processes = 0.0;
                for member in app_processes.values().filter(|m| m.ready && m.node == agent.node) {
                    processes += 1.0;
                    part += match member.tier {
                        AppTier::Frontend => FRONTEND_PART / frontends,
                        AppTier::Backend => (1.0 - FRONTEND_PART) / backends,
                        AppTier::Redis => 0.0,
                    };
                }
                add(ItemKind::Span, iterations * f64::from(app.spans) * part);
                let pods = self.pods.get(&agent.node).copied().unwrap_or(0) as f64;
                add(ItemKind::Log, iterations * f64::from(app.log_records) * part + LOGS_PER_POD * pods * dt);
                add(ItemKind::AppPoint, processes * f64::from(app.points) / 60.0 * dt);
                if poll {
                    add(ItemKind::KubeletPoint, pods * KUBELET_POINTS_PER_POD);
                    add(ItemKind::HostPoint, HOST_POINTS);
                }
            }
            agent.receive(&items, t);
        }
        self.rounding.retain(|at, _| agents.contains_key(at));
    }
}

/// A k6 pod's stages (those of the script it mounts if they can be read, else the scenario's) and the script's path as k6
/// prints it.
pub fn script(pod: &Value, store: &Store, load: &Load) -> (Vec<Stage>, String) {
    let container = &pod["spec"]["containers"][0];
    let args = ["command", "args"].into_iter().filter_map(|key| container[key].as_array()).flatten();
    let path =
        args.map(text).find(|arg| arg.ends_with(".js") || arg.ends_with(".ts")).unwrap_or("/scripts/scenario.js");
    let env: Vec<(String, String)> = container["env"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|e| (text(&e["name"]).to_owned(), text(&e["value"]).to_owned()))
        .collect();
    let namespace = text(&pod["metadata"]["namespace"]);
    let file = path.rsplit('/').next().unwrap_or(path);
    let maps = pod["spec"]["volumes"].as_array().into_iter().flatten().map(|v| text(&v["configMap"]["name"]));
    let written = maps
        .filter(|name| !name.is_empty())
        .filter_map(|name| store.get("configmaps", namespace, name))
        .find_map(|map| map["data"][file].as_str());
    let stages = written.and_then(|script| stages::of_script(script, &env));
    (stages.unwrap_or_else(|| load.stages.clone()), path.to_owned())
}
