//! The lab's cluster: pure, seeded, stepped in simulated time. No clock, no I/O; whoever holds it moves its time.
//!
//! ```text
//! k6 ─► frontend, backend, Redis ─► agents ─► gateways ─► Elasticsearch        (flow: what processes do)
//! kubelets ─► metrics-server ─► HPA ─► Deployment ─► ReplicaSet ─► scheduler   (cluster: what controllers do)
//! ```

pub mod seen;

use super::scenario::Scenario;
use super::store::Store;
pub use seen::{Answer, ApiFault, ApiFaultKind, Ask, LogLine, NodeSample, PodSample, Unheard, Usage};

/// A moment in lab time.
pub type Time = chrono::DateTime<chrono::Utc>;

/// The cluster.
pub struct Lab {
    /// Its objects. What is written here by others (a Job, an HPA's new spec, a deleted pod) is acted on in the next
    /// step.
    pub store: Store,
    now: Time,
}

impl Lab {
    /// A cluster as it stands a while after it was set up, with the scenario's settings.
    pub fn new(scenario: &Scenario, seed: u64, start: Time) -> Self {
        let _ = scenario;
        Lab { store: Store::new(seed), now: start }
    }

    /// The lab's time.
    pub fn now(&self) -> Time {
        self.now
    }

    /// Go on to a time, in fixed steps.
    pub fn advance(&mut self, to: Time) {
        self.now = self.now.max(to);
    }

    /// What metrics-server would answer now; empty during an outage.
    pub fn samples(&self) -> Vec<PodSample> {
        Vec::new()
    }

    /// What metrics-server would answer now of the nodes; empty during an outage.
    pub fn node_samples(&self) -> Vec<NodeSample> {
        Vec::new()
    }

    /// The log of a pod's container since it last started, oldest first; None when there is no such pod.
    pub fn log(&self, namespace: &str, pod: &str) -> Option<&[LogLine]> {
        let _ = (namespace, pod);
        None
    }

    /// Ask what listens on a port of a pod.
    ///
    /// # Errors
    /// There is no such pod, or nobody listens.
    pub fn port(&mut self, namespace: &str, pod: &str, port: u16, ask: &Ask) -> Result<Answer, Unheard> {
        let _ = (namespace, port, ask);
        Err(Unheard::NoPod(pod.to_owned()))
    }

    /// Delete as the API server does: a running pod ends gracefully and goes later, all else goes at once, and what it
    /// owned follows. Returns the object as it is then.
    ///
    /// # Errors
    /// It is not there.
    pub fn delete(
        &mut self,
        resource: &str,
        namespace: &str,
        name: &str,
    ) -> Result<serde_json::Value, super::store::Refused> {
        Ok(self.store.delete(resource, namespace, name)?.as_ref().clone())
    }

    /// The faults of the API that are in force now.
    pub fn faults(&self) -> Vec<ApiFault> {
        Vec::new()
    }
}
