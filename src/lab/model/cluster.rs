//! The cluster's controllers and what they remember, one file each. They communicate only through the store.

pub mod deployment;
pub mod garbage;
pub mod hpa;
pub mod hpa_spec;
pub mod hpa_status;
pub mod job;
pub mod kubelet;
pub mod metrics_server;
pub mod pod_status;
pub mod pods;
pub mod replicaset;
pub mod scheduler;

use super::events::Events;
use super::objects::changed;
use super::{Ms, Store, Time};
use hpa::HpaController;
use kubelet::Kubelet;
use metrics_server::MetricsServer;

/// The resources that controllers react to.
const WATCHED: [&str; 7] = ["deployments", "replicasets", "statefulsets", "daemonsets", "jobs", "pods", "nodes"];

/// All controllers.
#[derive(Debug, Clone)]
pub struct Cluster {
    pub events: Events,
    pub kubelet: Kubelet,
    pub metrics: MetricsServer,
    pub hpa: HpaController,
    /// The store's version after the controllers last ran.
    seen: u64,
    /// When something is due that no change announces.
    due: Option<Time>,
    nodes_full: bool,
    last_expiry: Ms,
}

impl Cluster {
    pub fn new(seed: u64, t: Ms) -> Self {
        Cluster {
            events: Events::default(),
            kubelet: Kubelet::default(),
            metrics: MetricsServer::starting(t + 4000),
            hpa: HpaController::new(seed),
            seen: 0,
            due: None,
            nodes_full: false,
            last_expiry: t,
        }
    }

    /// Run the controllers that react to changes, if anything changed or is due.
    pub fn reconcile(&mut self, store: &mut Store, nodes_full: bool, now: Time, t: Ms) {
        if t - self.last_expiry > 60_000 {
            self.last_expiry = t;
            self.events.expire(store, now);
        }
        let acts = changed(store, self.seen, &WATCHED) || self.nodes_full != nodes_full;
        if !acts && self.due.is_none_or(|due| due > now) {
            self.seen = store.version();
            return;
        }
        self.nodes_full = nodes_full;
        let before = store.version();
        let events = &mut self.events;
        garbage::sync(store, now);
        self.due = job::sync(store, events, now);
        deployment::sync(store, events, now);
        replicaset::sync(store, events, now);
        scheduler::sync(store, events, now, nodes_full);
        // Their own changes are handled in the next step.
        self.seen = before;
    }
}
