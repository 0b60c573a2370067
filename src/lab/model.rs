//! The lab's cluster: a pure, seeded model, stepped in simulated time. It has no clock and does no I/O; its owner moves its
//! time. It must not know what its pods answer on their ports: `processes` renders that.
//!
//! ```text
//! k6 ─► frontend, backend, Redis ─► agents ─► gateways ─► Elasticsearch        (flow: what processes do)
//! kubelets ─► metrics-server ─► HPA ─► Deployment ─► ReplicaSet ─► scheduler   (cluster: what controllers do)
//! ```
//!
//! The two meet in the kubelets, which start and end processes, and in metrics-server, which reads their usage. Everything
//! else goes through the store, so changes that a user makes there take effect. Constants are in `params`.

pub mod cluster;
mod events;
mod faults;
pub mod flow;
pub mod interface;
pub mod objects;
pub mod params;
pub mod rng;
pub mod setup;

use super::scenario::{FaultKind, Scenario};
use super::store::{Store, StoreError};
use chrono::TimeDelta;
use cluster::Cluster;
use faults::FaultSchedule;
use flow::Flow;
use flow::k6_run::K6Run;
pub use interface::{ApiFault, ApiFaultKind, LogLine, NodeSample, PodSample, Usage};
use objects::Key;
use params::{STEP_MS, WARM_UP_MS};
use serde_json::Value;

/// A point in lab time.
pub type Time = chrono::DateTime<chrono::Utc>;
/// Milliseconds since the lab's start; negative during the warm-up.
pub type Ms = i64;

/// The cluster.
pub struct Lab {
    /// Its objects. The controllers act on what is written here (a Job, an HPA's new spec, a deleted pod) in the next step.
    pub store: Store,
    scenario: Scenario,
    start: Time,
    /// The time of the last step.
    t: Ms,
    cluster: Cluster,
    flow: Flow,
    schedule: FaultSchedule,
    password: String,
    job_created: bool,
}

impl Lab {
    /// A cluster with the scenario's settings, some minutes after it was set up.
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
            schedule: FaultSchedule::of(&scenario.faults),
            password,
            job_created: false,
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

    /// The lab's time in milliseconds since its start.
    pub fn elapsed_ms(&self) -> Ms {
        self.t
    }

    /// A time in milliseconds since the lab's start.
    pub fn ms_of(&self, at: Time) -> Ms {
        (at - self.start).num_milliseconds()
    }

    /// The password of Elasticsearch's user `elastic`.
    pub fn elastic_password(&self) -> &str {
        &self.password
    }

    fn at(&self, t: Ms) -> Time {
        self.start + TimeDelta::milliseconds(t)
    }

    /// Advance to a time in fixed steps; a rest shorter than a step waits for the next call.
    pub fn advance(&mut self, to: Time) {
        while self.now() + TimeDelta::milliseconds(STEP_MS) <= to {
            self.t += STEP_MS;
            self.step();
        }
    }

    fn step(&mut self) {
        let (now, t) = (self.now(), self.t);
        self.apply_faults(now, t);
        let outage = self.holds(FaultKind::MetricsOutage);
        let full = self.holds(FaultKind::NodesFull);
        let Cluster { kubelet, events, .. } = &mut self.cluster;
        kubelet.step(&mut self.store, events, &mut self.flow, now, t);
        self.cluster.reconcile(&mut self.store, full, now, t);
        self.flow.step(&self.store, now, t);
        if outage {
            self.cluster.metrics.reset(t);
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

    /// Start the load and the faults that the scenario has for this time.
    fn apply_faults(&mut self, now: Time, t: Ms) {
        if !self.job_created && self.scenario.load.start.is_some_and(|at| at.ms() <= t) {
            self.job_created = true;
            let _created = self.store.create("jobs", setup::job(), now);
        }
        let started = self.flow.load_started;
        for kind in self.schedule.begin(t, started) {
            match kind {
                FaultKind::ControllerRestart => self.cluster.hpa.restart(t),
                FaultKind::Oom => self.flow.run_out_of_memory(),
                FaultKind::EsRollover => self.flow.streams.roll_over(now),
                FaultKind::K6Abort => self.flow.abort_load(t),
                _ => {}
            }
        }
        let faults = self.schedule.elastic_faults(t, started);
        self.flow.set_elastic_faults(faults);
    }

    /// Whether a fault of this kind is in force now.
    fn holds(&self, kind: FaultKind) -> bool {
        self.schedule.holds(kind, self.t, self.flow.load_started)
    }

    /// The pod samples that metrics-server serves now; empty during an outage.
    pub fn samples(&self) -> Vec<PodSample> {
        match self.holds(FaultKind::MetricsOutage) {
            true => Vec::new(),
            false => self.cluster.metrics.samples(|t| self.at(t)),
        }
    }

    /// The node samples that metrics-server serves now; empty during an outage.
    pub fn node_samples(&self) -> Vec<NodeSample> {
        match self.holds(FaultKind::MetricsOutage) {
            true => Vec::new(),
            false => self.cluster.metrics.node_samples(&self.store, |t| self.at(t)),
        }
    }

    /// The log of a pod's container since its last start, oldest line first; None when there is no such pod.
    pub fn log(&self, namespace: &str, pod: &str) -> Option<&[LogLine]> {
        self.store.get("pods", namespace, pod)?;
        Some(self.flow.log(&(namespace.to_owned(), pod.to_owned())).unwrap_or_default())
    }

    /// Delete as the API server does: a running pod terminates gracefully and goes later, anything else goes at once, and
    /// what it owned follows. Returns the object after that.
    ///
    /// # Errors
    /// It is not there.
    pub fn delete(&mut self, resource: &str, namespace: &str, name: &str) -> Result<Value, StoreError> {
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
        let now = self.schedule.now(self.t, self.flow.load_started);
        now.filter_map(|(fault, from)| Some(ApiFault { what: faults::of_api(fault)?, since: self.at(from) })).collect()
    }

    /// The processes in the pods.
    pub fn flow(&self) -> &Flow {
        &self.flow
    }

    /// The k6 run in a pod, which its REST API may stop.
    pub fn k6_run_mut(&mut self, pod: &Key) -> Option<&mut K6Run> {
        self.flow.runs.get_mut(pod)
    }
}
