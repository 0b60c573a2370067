//! What the processes in the pods do: k6, the application, the collectors, Elasticsearch, and all others, which idle.
//! The kubelets start and end them; they meet one another here, once a step.

pub mod agent;
pub mod elastic;
pub mod gateway;
mod heap;
pub mod items;
mod k6_text;
pub mod line;
pub mod log_classes;
pub mod process;
pub mod run;
mod sources;
pub mod stages;
pub mod streams;
pub mod traffic;
pub mod trend;

use super::cluster::pod_status::Exit;
use super::objects::{Key, changed, is_ready, key, selects, text};
use super::params::STEP_MS;
use super::rng::Rng;
use super::seen::LogLine;
use super::{Ms, Store, Time};
use crate::lab::scenario::Scenario;
use agent::Agent;
use elastic::{Elastic, Trouble};
use gateway::{Gateway, Tier};
use process::{Process, Used};
use run::Run;
use serde_json::Value;
use std::collections::BTreeMap;
use streams::Streams;
use traffic::{Member, Pace};

/// All processes.
#[derive(Debug, Clone)]
pub struct Flow {
    pub gateways: BTreeMap<Key, Gateway>,
    pub agents: BTreeMap<Key, Agent>,
    pub runs: BTreeMap<Key, Run>,
    pub members: BTreeMap<Key, Member>,
    pub elastic: Option<Elastic>,
    pub elastic_pod: Option<Key>,
    pub streams: Streams,
    /// All others, and what they use: cores.
    plain: BTreeMap<Key, (Process, f64)>,
    scenario: Scenario,
    pace: Pace,
    sources: sources::Sources,
    /// Gateways that the Service has as endpoints.
    endpoints: Vec<Key>,
    looked: u64,
    made: u64,
    rng: Rng,
    /// When a k6 first ran.
    pub load_started: Option<Ms>,
}

impl Flow {
    pub fn new(scenario: &Scenario, seed: u64) -> Self {
        Flow {
            gateways: BTreeMap::new(),
            agents: BTreeMap::new(),
            runs: BTreeMap::new(),
            members: BTreeMap::new(),
            elastic: None,
            elastic_pod: None,
            streams: Streams::new(&scenario.logs, seed),
            plain: BTreeMap::new(),
            scenario: scenario.clone(),
            pace: Pace::default(),
            sources: sources::Sources::default(),
            endpoints: Vec::new(),
            looked: 0,
            made: 0,
            rng: Rng::new(seed, 5),
            load_started: None,
        }
    }

    /// Start what a pod's first container runs.
    pub fn start(&mut self, pod: &Value, store: &Store, now: Time, t: Ms) {
        let at = key(pod);
        let process = Process::of(pod, now, t);
        let image = text(&pod["spec"]["containers"][0]["image"]);
        let app = text(&pod["metadata"]["labels"]["app"]);
        let node = text(&pod["spec"]["nodeName"]).to_owned();
        self.made += 1;
        let member = |process, tier| Member { process, tier, node: node.clone(), ready: false };
        match what(image, app) {
            What::K6 => {
                let (stages, script) = sources::script(pod, store, &self.scenario.load);
                self.load_started.get_or_insert(t);
                self.runs.insert(at, Run::new(process, stages, script));
            }
            What::Gateway => {
                let mut gateway = Gateway::new(process, &self.scenario.gateway, t);
                gateway.greet(now);
                self.gateways.insert(at, gateway);
            }
            What::Agent { of_cluster } => {
                self.agents
                    .insert(at, Agent::new(process, &node, of_cluster, self.made, self.scenario.agents.queue, t));
            }
            What::Elastic => {
                self.streams.restarted();
                self.elastic = Some(Elastic::new(process, &self.scenario.elasticsearch, self.made));
                self.elastic_pod = Some(at);
            }
            What::App(tier) => drop(self.members.insert(at, member(process, tier))),
            What::Other(cores, bytes) => {
                let mut process = process;
                process.hold(bytes);
                self.plain.insert(at, (process, cores));
            }
        }
    }

    fn process(&self, at: &Key) -> Option<&Process> {
        let elastic = || self.elastic.as_ref().filter(|_| self.elastic_pod.as_ref() == Some(at)).map(|e| &e.process);
        None.or_else(|| self.gateways.get(at).map(|g| &g.process))
            .or_else(|| self.agents.get(at).map(|a| &a.process))
            .or_else(|| self.runs.get(at).map(|r| &r.process))
            .or_else(|| self.members.get(at).map(|m| &m.process))
            .or_else(|| self.plain.get(at).map(|(process, _)| process))
            .or_else(elastic)
    }

    pub fn runs(&self, at: &Key) -> bool {
        self.process(at).is_some()
    }

    pub fn exit(&self, at: &Key) -> Option<Exit> {
        self.process(at)?.exit
    }

    pub fn usage(&self, at: &Key) -> Option<Used> {
        self.process(at).filter(|p| p.exit.is_none()).map(Process::used)
    }

    pub fn log(&self, at: &Key) -> Option<&[LogLine]> {
        self.process(at).map(Process::log)
    }

    /// Whether it would answer a probe.
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
        } else if let Some(member) = self.members.get_mut(at) {
            member.process.end(0);
        } else if let Some((process, _)) = self.plain.get_mut(at) {
            process.end(0);
        } else if let Some(elastic) = self.elastic.as_mut().filter(|_| self.elastic_pod.as_ref() == Some(at)) {
            elastic.process.end(0);
        }
    }

    /// SIGKILL, and what is left of it is cleared away.
    pub fn kill(&mut self, at: &Key) {
        self.gateways.remove(at);
        self.agents.remove(at);
        self.runs.remove(at);
        self.members.remove(at);
        self.plain.remove(at);
        if self.elastic_pod.as_ref() == Some(at) {
            self.elastic = None;
            self.elastic_pod = None;
        }
    }

    /// The collectors' version.
    pub fn collector_version(&self) -> &str {
        &self.scenario.gateway.version
    }

    pub fn set_trouble(&mut self, trouble: Trouble) {
        if let Some(elastic) = &mut self.elastic {
            elastic.trouble = trouble;
        }
    }

    /// The fullest gateway runs out of memory.
    pub fn run_out_of_memory(&mut self) {
        let fullest = self.gateways.values_mut().max_by(|a, b| a.process.bytes.total_cmp(&b.process.bytes));
        if let Some(gateway) = fullest {
            let limit = gateway.process.most_bytes;
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
        if changed(store, self.looked, &["pods", "services"]) {
            self.look(store);
        }
        self.looked = store.version();
        let settings = (&self.scenario.app, &self.scenario.load);
        let served = self.pace.step(settings, &mut self.runs, &mut self.members, &mut self.rng, (now, t, dt));
        self.sources.step(&self.scenario, served.iterations, &self.members, &mut self.agents, t, dt);
        let mut tier = Tier { gateways: &mut self.gateways, ready: &self.endpoints, t };
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
        for (process, cores) in self.plain.values_mut() {
            process.work(*cores * dt * self.rng.around_one(0.1), dt);
        }
    }

    /// What the store says of endpoints and of the pods on each node.
    fn look(&mut self, store: &Store) {
        let ready = |pod: &&Value| is_ready(pod);
        let service = store.list("services", None).find(|s| text(&s["metadata"]["name"]) == "edot-gateway");
        self.endpoints = service.map_or_else(Vec::new, |service| {
            let namespace = text(&service["metadata"]["namespace"]);
            let all = store.list("pods", Some(namespace)).filter(|pod| selects(&service["spec"]["selector"], pod));
            all.filter(ready).map(key).collect()
        });
        self.endpoints.retain(|at| self.gateways.contains_key(at));
        for (at, member) in &mut self.members {
            member.ready = store.get("pods", &at.0, &at.1).is_some_and(is_ready);
        }
        self.sources.look(store);
    }
}

/// What a container runs, by its image and its pod's label.
enum What {
    K6,
    Gateway,
    Agent {
        of_cluster: bool,
    },
    Elastic,
    App(traffic::Tier),
    /// Something that idles: cores and bytes.
    Other(f64, f64),
}

fn what(image: &str, app: &str) -> What {
    let has = |part: &str| image.contains(part);
    match () {
        () if has("k6") => What::K6,
        () if has("elastic-agent") || has("otel") => match app {
            app if app.contains("cluster") => What::Agent { of_cluster: true },
            app if app.contains("agent") => What::Agent { of_cluster: false },
            _ => What::Gateway,
        },
        () if has("elasticsearch/elasticsearch") => What::Elastic,
        () if has("frontend") => What::App(traffic::Tier::Frontend),
        () if has("backend") => What::App(traffic::Tier::Backend),
        () if has("redis") => What::App(traffic::Tier::Redis),
        () if has("kibana") => What::Other(0.055, 640e6),
        () if has("eck-operator") => What::Other(0.006, 58e6),
        () if has("metrics-server") => What::Other(0.005, 26e6),
        () if has("coredns") => What::Other(0.002, 18e6),
        () => What::Other(0.001, 12e6),
    }
}
