//! The lab's cluster: pure, seeded, stepped in simulated time. No clock, no I/O; whoever holds it moves its time.
//!
//! ```text
//! k6 ─► frontend, backend, Redis ─► agents ─► gateways ─► Elasticsearch        (flow: what processes do)
//! kubelets ─► metrics-server ─► HPA ─► Deployment ─► ReplicaSet ─► scheduler   (cluster: what controllers do)
//! ```
//!
//! The two meet in the kubelets, which start and end processes, and in metrics-server, which reads what they use.
//! Everything else goes through the store, so what a user changes there acts. Constants are in `params`.

pub mod cluster;
mod events;
mod faults;
pub mod flow;
pub mod objects;
pub mod params;
pub mod rng;
pub mod seen;
pub mod setup;

use super::face;
use super::scenario::{FaultKind, Scenario};
use super::store::{Refused, Store};
use chrono::TimeDelta;
use cluster::Cluster;
use faults::Plan;
use flow::Flow;
use params::{STEP_MS, WARM_UP_MS};
pub use seen::{Answer, ApiFault, ApiFaultKind, Ask, LogLine, NodeSample, PodSample, Unheard, Usage};
use serde_json::Value;

/// A moment in lab time.
pub type Time = chrono::DateTime<chrono::Utc>;
/// Milliseconds since the lab's start; negative before.
pub type Ms = i64;

/// The cluster.
pub struct Lab {
    /// Its objects. What is written here by others (a Job, an HPA's new spec, a deleted pod) is acted on in the next
    /// step.
    pub store: Store,
    scenario: Scenario,
    start: Time,
    /// Of the step done last.
    t: Ms,
    cluster: Cluster,
    flow: Flow,
    plan: Plan,
    password: String,
    job_made: bool,
}

impl Lab {
    /// A cluster as it stands a while after it was set up, with the scenario's settings.
    pub fn new(scenario: &Scenario, seed: u64, start: Time) -> Self {
        let mut rng = rng::Rng::new(seed, 1);
        let password: String = (0..24).map(|_| char::from(b'a' + (rng.below(26) as u8))).collect();
        let mut lab = Lab {
            store: Store::new(seed),
            scenario: scenario.clone(),
            start,
            t: -WARM_UP_MS,
            cluster: Cluster::new(seed, -WARM_UP_MS),
            flow: Flow::new(scenario, seed),
            plan: Plan::of(&scenario.faults),
            password,
            job_made: false,
        };
        let now = lab.now();
        setup::all(&mut lab.store, scenario, &lab.password, now);
        lab.advance(start);
        lab
    }

    /// The lab's time.
    pub fn now(&self) -> Time {
        self.at(self.t)
    }

    fn at(&self, t: Ms) -> Time {
        self.start + TimeDelta::milliseconds(t)
    }

    /// The scenario it runs.
    pub fn scenario(&self) -> &Scenario {
        &self.scenario
    }

    /// Go on to a time, in fixed steps; what is less than a step is left for the next time.
    pub fn advance(&mut self, to: Time) {
        while self.now() + TimeDelta::milliseconds(STEP_MS) <= to {
            self.t += STEP_MS;
            self.step();
        }
    }

    fn step(&mut self) {
        let (now, t) = (self.now(), self.t);
        self.befall(now, t);
        let outage = self.holds(FaultKind::MetricsOutage);
        let full = self.holds(FaultKind::NodesFull);
        let Cluster { kubelet, events, .. } = &mut self.cluster;
        kubelet.step(&mut self.store, events, &mut self.flow, now, t);
        self.cluster.reconcile(&mut self.store, full, now, t);
        self.flow.step(&self.store, now, t);
        if outage {
            self.cluster.metrics.lose(t);
        } else {
            self.cluster.metrics.step(&self.store, &self.flow, self.scenario.metrics.resolution.ms(), t);
        }
        let Cluster { hpa, events, metrics, .. } = &mut self.cluster;
        let start = self.start;
        let samples = || match outage {
            true => Err("the server is currently unable to handle the request (get pods.metrics.k8s.io)".to_owned()),
            false => Ok(metrics.samples(|t| start + TimeDelta::milliseconds(t))),
        };
        hpa.step(&mut self.store, events, &samples, now, t);
    }

    /// What the scenario has for this moment.
    fn befall(&mut self, now: Time, t: Ms) {
        if !self.job_made && self.scenario.load.start.is_some_and(|at| at.ms() <= t) {
            self.job_made = true;
            let _made = self.store.create("jobs", setup::job(), now);
        }
        let started = self.flow.load_started;
        for kind in self.plan.begin(t, started) {
            match kind {
                FaultKind::ControllerRestart => self.cluster.hpa.restart(t),
                FaultKind::Oom => self.flow.run_out_of_memory(),
                FaultKind::EsRollover => self.flow.streams.roll_over(now),
                FaultKind::K6Abort => self.flow.abort_load(t),
                _ => {}
            }
        }
        let trouble = self.plan.trouble(t, started);
        self.flow.set_trouble(trouble);
    }

    fn holds(&self, kind: FaultKind) -> bool {
        self.plan.holds(kind, self.t, self.flow.load_started)
    }

    /// What metrics-server would answer now; empty during an outage.
    pub fn samples(&self) -> Vec<PodSample> {
        match self.holds(FaultKind::MetricsOutage) {
            true => Vec::new(),
            false => self.cluster.metrics.samples(|t| self.at(t)),
        }
    }

    /// What metrics-server would answer now of the nodes; empty during an outage.
    pub fn node_samples(&self) -> Vec<NodeSample> {
        match self.holds(FaultKind::MetricsOutage) {
            true => Vec::new(),
            false => self.cluster.metrics.node_samples(&self.store, |t| self.at(t)),
        }
    }

    /// The log of a pod's container since it last started, oldest first; None when there is no such pod.
    pub fn log(&self, namespace: &str, pod: &str) -> Option<&[LogLine]> {
        self.store.get("pods", namespace, pod)?;
        Some(self.flow.log(&(namespace.to_owned(), pod.to_owned())).unwrap_or_default())
    }

    /// Ask what listens on a port of a pod.
    ///
    /// # Errors
    /// There is no such pod, or nobody listens.
    pub fn port(&mut self, namespace: &str, pod: &str, port: u16, ask: &Ask) -> Result<Answer, Unheard> {
        let Some(object) = self.store.get("pods", namespace, pod) else {
            return Err(Unheard::NoPod(pod.to_owned()));
        };
        let phase = objects::text(&object["status"]["phase"]);
        if phase != "Running" {
            return Err(Unheard::NotRunning(phase.to_owned()));
        }
        let at = (namespace.to_owned(), pod.to_owned());
        let moment = face::Moment { now: self.at(self.t), t: self.t, start: self.start, password: &self.password };
        face::answer(&mut self.flow, &moment, &at, port, ask).ok_or(Unheard::NoListener(port))
    }

    /// Delete as the API server does: a running pod ends gracefully and goes later, all else goes at once, and what it
    /// owned follows. Returns the object as it is then.
    ///
    /// # Errors
    /// It is not there.
    pub fn delete(&mut self, resource: &str, namespace: &str, name: &str) -> Result<Value, Refused> {
        let now = self.now();
        if resource == "pods" {
            let last = self.store.get(resource, namespace, name).cloned();
            cluster::pods::delete(&mut self.store, namespace, name, now);
            let there = self.store.get(resource, namespace, name).cloned();
            if let Some(object) = there.or(last) {
                return Ok(object);
            }
        }
        Ok(self.store.delete(resource, namespace, name)?.as_ref().clone())
    }

    /// The faults of the API that are in force now.
    pub fn faults(&self) -> Vec<ApiFault> {
        let now = self.plan.now(self.t, self.flow.load_started);
        now.filter_map(|(fault, from, until)| {
            Some(ApiFault { what: faults::of_api(fault)?, since: self.at(from), until: self.at(until) })
        })
        .collect()
    }

    /// The processes, to compare them with real ones.
    pub fn flow(&self) -> &Flow {
        &self.flow
    }
}
