//! The processes in the pods: k6, the application, the collectors, Elasticsearch, and all others, which idle. The kubelets
//! start and end them; they exchange data here, once a step.

pub mod agent;
pub mod application;
pub mod bulk_indexing;
pub mod data_streams;
pub mod exporter_pipeline;
pub mod gateway;
mod heap;
pub mod items;
mod k6_output;
pub mod k6_run;
pub mod log_classes;
pub mod process;
pub mod stages;
mod telemetry;
pub mod trend;

use super::interface::LogLine;
use super::objects::{Key, changed, is_ready, key, selects, text};
use super::params::STEP_MS;
use super::rng::Rng;
use super::{Ms, Store, Time};
use crate::lab::scenario::Scenario;
use agent::Agent;
use application::{AppProcess, IterationRate};
use bulk_indexing::{ElasticFaults, ElasticNode};
use data_streams::DataStreams;
use gateway::{Gateway, GatewayTier};
use k6_run::K6Run;
use process::{Exit, Process, ProcessUsage};
use serde_json::Value;
use std::collections::BTreeMap;
use telemetry::Telemetry;

/// The memory of a shard's pod.
const SHARD_BYTES: f64 = 180e6;

/// All processes.
#[derive(Debug, Clone)]
pub struct Flow {
    pub gateways: BTreeMap<Key, Gateway>,
    pub agents: BTreeMap<Key, Agent>,
    pub runs: BTreeMap<Key, K6Run>,
    pub app_processes: BTreeMap<Key, AppProcess>,
    pub elastic: Option<ElasticNode>,
    pub elastic_pod: Option<Key>,
    pub streams: DataStreams,
    /// All others, each with the cores it uses.
    idle: BTreeMap<Key, (Process, f64)>,
    scenario: Scenario,
    iteration_rate: IterationRate,
    telemetry: Telemetry,
    /// The gateways that are endpoints of the Service.
    endpoints: Vec<Key>,
    /// The store's version at the last look.
    seen: u64,
    /// How many processes were started.
    started: u64,
    rng: Rng,
    /// When the first k6 run started.
    pub load_started: Option<Ms>,
}

impl Flow {
    pub fn new(scenario: &Scenario, seed: u64) -> Self {
        Flow {
            gateways: BTreeMap::new(),
            agents: BTreeMap::new(),
            runs: BTreeMap::new(),
            app_processes: BTreeMap::new(),
            elastic: None,
            elastic_pod: None,
            streams: DataStreams::new(&scenario.logs, seed),
            idle: BTreeMap::new(),
            scenario: scenario.clone(),
            iteration_rate: IterationRate::default(),
            telemetry: Telemetry::default(),
            endpoints: Vec::new(),
            seen: 0,
            started: 0,
            rng: Rng::new(seed, 5),
            load_started: None,
        }
    }

    /// Start the process of a pod's first container.
    pub fn start(&mut self, pod: &Value, store: &Store, now: Time, t: Ms) {
        let at = key(pod);
        let process = Process::of(pod, t);
        let image = text(&pod["spec"]["containers"][0]["image"]);
        let app = text(&pod["metadata"]["labels"]["app"]);
        let node = text(&pod["spec"]["nodeName"]).to_owned();
        self.started += 1;
        if self.scenario.shards.iter().any(|shard| shard.namespace == at.0) {
            let mut process = process;
            process.hold(SHARD_BYTES);
            self.idle.insert(at, (process, 0.0));
            return;
        }
        let member = |process, tier| AppProcess { process, tier, node: node.clone(), ready: false };
        match program(image, app) {
            Program::K6 => {
                let (stages, script) = telemetry::script(pod, store, &self.scenario.load);
                self.load_started.get_or_insert(t);
                self.runs.insert(at, K6Run::new(process, stages, script));
            }
            Program::Gateway => {
                let mut gateway = Gateway::new(process, &self.scenario.gateway, t);
                gateway.log_startup(now);
                self.gateways.insert(at, gateway);
            }
            Program::Agent { of_cluster } => {
                self.agents
                    .insert(at, Agent::new(process, &node, of_cluster, self.started, self.scenario.agents.queue, t));
            }
            Program::ElasticNode => {
                self.streams.restarted();
                self.elastic = Some(ElasticNode::new(process, &self.scenario.elasticsearch, self.started));
                self.elastic_pod = Some(at);
            }
            Program::App(tier) => drop(self.app_processes.insert(at, member(process, tier))),
            Program::Other(cores, bytes) => {
                let mut process = process;
                process.hold(bytes);
                self.idle.insert(at, (process, cores));
            }
        }
    }

    fn process(&self, at: &Key) -> Option<&Process> {
        let elastic = || self.elastic.as_ref().filter(|_| self.elastic_pod.as_ref() == Some(at)).map(|e| &e.process);
        None.or_else(|| self.gateways.get(at).map(|g| &g.process))
            .or_else(|| self.agents.get(at).map(|a| &a.process))
            .or_else(|| self.runs.get(at).map(|r| &r.process))
            .or_else(|| self.app_processes.get(at).map(|m| &m.process))
            .or_else(|| self.idle.get(at).map(|(process, _)| process))
            .or_else(elastic)
    }

    pub fn runs(&self, at: &Key) -> bool {
        self.process(at).is_some()
    }

    pub fn exit(&self, at: &Key) -> Option<Exit> {
        self.process(at)?.exit
    }

    pub fn usage(&self, at: &Key) -> Option<ProcessUsage> {
        self.process(at).filter(|p| p.exit.is_none()).map(Process::used)
    }

    pub fn log(&self, at: &Key) -> Option<&[LogLine]> {
        self.process(at).map(Process::log)
    }

    /// Whether it passes its readiness probe.
    pub fn is_ready(&self, at: &Key, t: Ms) -> bool {
        match self.gateways.get(at) {
            Some(gateway) => !self.scenario.gateway.readiness_probe || gateway.listens(t),
            None => true,
        }
    }

    /// SIGTERM.
    pub fn terminate(&mut self, at: &Key, t: Ms) {
        if let Some(gateway) = self.gateways.get_mut(at) {
            gateway.process.terminated = Some(t);
        } else if let Some(agent) = self.agents.get_mut(at) {
            agent.process.terminated = Some(t);
        } else if let Some(run) = self.runs.get_mut(at) {
            run.process.terminated = Some(t);
        } else if let Some(member) = self.app_processes.get_mut(at) {
            member.process.end(0);
        } else if let Some((process, _)) = self.idle.get_mut(at) {
            process.end(0);
        } else if let Some(elastic) = self.elastic.as_mut().filter(|_| self.elastic_pod.as_ref() == Some(at)) {
            elastic.process.end(0);
        }
    }

    /// SIGKILL; the process and its log are removed.
    pub fn kill(&mut self, at: &Key) {
        self.gateways.remove(at);
        self.agents.remove(at);
        self.runs.remove(at);
        self.app_processes.remove(at);
        self.idle.remove(at);
        if self.elastic_pod.as_ref() == Some(at) {
            self.elastic = None;
            self.elastic_pod = None;
        }
    }

    /// The collectors' version.
    pub fn collector_version(&self) -> &str {
        &self.scenario.gateway.version
    }

    pub fn set_elastic_faults(&mut self, faults: ElasticFaults) {
        if let Some(elastic) = &mut self.elastic {
            elastic.faults = faults;
        }
    }

    /// The fullest gateway runs out of memory.
    pub fn run_out_of_memory(&mut self) {
        let fullest = self.gateways.values_mut().max_by(|a, b| a.process.bytes.total_cmp(&b.process.bytes));
        if let Some(gateway) = fullest {
            let limit = gateway.process.memory_limit;
            gateway.process.hold(limit * 1.01);
        }
    }

    /// k6 gets a SIGTERM.
    pub fn abort_load(&mut self, t: Ms) {
        self.runs.values_mut().for_each(|run| run.process.terminated = Some(t));
    }

    /// One step of everything.
    pub fn step(&mut self, store: &Store, now: Time, t: Ms) {
        let dt = STEP_MS as f64 / 1000.0;
        if changed(store, self.seen, &["pods", "services"]) {
            self.observe_store(store);
        }
        self.seen = store.version();
        let settings = (&self.scenario.app, &self.scenario.load);
        let iterations =
            self.iteration_rate.step(settings, &mut self.runs, &mut self.app_processes, &mut self.rng, (now, t, dt));
        self.telemetry.step(&self.scenario, iterations, &self.app_processes, &mut self.agents, t, dt);
        let mut tier = GatewayTier { gateways: &mut self.gateways, ready: &self.endpoints, t };
        let settings = (&self.scenario.agents, &self.scenario.gateway);
        for agent in self.agents.values_mut().filter(|a| a.process.exit.is_none()) {
            agent.step(settings, &mut tier, &mut self.rng, now, t, dt);
        }
        if let Some(elastic) = self.elastic.as_mut().filter(|e| e.process.exit.is_none()) {
            elastic.step(&mut self.streams, now, t, dt);
            elastic.forget(t - 60_000);
        }
        for gateway in self.gateways.values_mut().filter(|g| g.process.exit.is_none()) {
            gateway.step(&mut self.elastic, now, t, dt);
        }
        self.streams.step(t);
        self.load_shards(t);
        for (process, cores) in self.idle.values_mut() {
            process.work(*cores * dt * self.rng.around_one(0.1), dt);
        }
    }

    /// The pods of each shard share what it has to do.
    fn load_shards(&mut self, t: Ms) {
        for shard in &self.scenario.shards {
            let mut pods: Vec<&mut f64> =
                self.idle.iter_mut().filter(|(at, _)| at.0 == shard.namespace).map(|(_, p)| &mut p.1).collect();
            let share = shard.cores_at(t) / pods.len().max(1) as f64;
            pods.iter_mut().for_each(|cores| **cores = share);
        }
    }

    /// Read the endpoints and the pods on each node from the store.
    fn observe_store(&mut self, store: &Store) {
        let ready = |pod: &&Value| is_ready(pod);
        let service = store.list("services", None).find(|s| text(&s["metadata"]["name"]) == "edot-gateway");
        self.endpoints = service.map_or_else(Vec::new, |service| {
            let namespace = text(&service["metadata"]["namespace"]);
            let all = store.list("pods", Some(namespace)).filter(|pod| selects(&service["spec"]["selector"], pod));
            all.filter(ready).map(key).collect()
        });
        self.endpoints.retain(|at| self.gateways.contains_key(at));
        for (at, member) in &mut self.app_processes {
            member.ready = store.get("pods", &at.0, &at.1).is_some_and(is_ready);
        }
        self.telemetry.observe_store(store);
    }
}

/// The program in a container, judged by its image and its pod's `app` label.
enum Program {
    K6,
    Gateway,
    Agent {
        of_cluster: bool,
    },
    ElasticNode,
    App(application::AppTier),
    /// A process that idles: cores and bytes.
    Other(f64, f64),
}

fn program(image: &str, app: &str) -> Program {
    let has = |part: &str| image.contains(part);
    match () {
        () if has("k6") => Program::K6,
        () if has("elastic-agent") || has("otel") => match app {
            app if app.contains("cluster") => Program::Agent { of_cluster: true },
            app if app.contains("agent") => Program::Agent { of_cluster: false },
            _ => Program::Gateway,
        },
        () if has("elasticsearch/elasticsearch") => Program::ElasticNode,
        () if has("frontend") => Program::App(application::AppTier::Frontend),
        () if has("backend") => Program::App(application::AppTier::Backend),
        () if has("redis") => Program::App(application::AppTier::Redis),
        () if has("kibana") => Program::Other(0.055, 640e6),
        () if has("eck-operator") => Program::Other(0.006, 58e6),
        () if has("metrics-server") => Program::Other(0.005, 26e6),
        () if has("coredns") => Program::Other(0.002, 18e6),
        () => Program::Other(0.001, 12e6),
    }
}
