//! Pods and what they use. Usage keeps the sample's own timestamp and window. Must not compute with it.

use super::{Resources, Time};
use serde::{Deserialize, Serialize};

/// One version of a pod.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct PodSeen {
    pub namespace: String,
    pub name: String,
    pub uid: String,
    /// The owner that controls it: `ReplicaSet/edot-gateway-64f456477b`.
    pub owner: Option<String>,
    pub node: Option<String>,
    /// `Pending`, `Running`, `Succeeded`, `Failed`, `Unknown`.
    pub phase: String,
    pub created: Option<Time>,
    /// `status.startTime`.
    pub started: Option<Time>,
    /// `metadata.deletionTimestamp`.
    pub deleted: Option<Time>,
    /// Condition PodScheduled turned True.
    pub scheduled: Option<Time>,
    /// Condition Ready; None when the pod has none.
    pub ready: Option<ReadySeen>,
    /// Why it is not running: status reason or the PodScheduled condition's (`Unschedulable`, `Evicted`).
    pub reason: Option<String>,
    pub message: Option<String>,
    /// Containers, then restartable init containers (`sidecar`).
    pub containers: Vec<ContainerSeen>,
    /// `spec.resources.requests`, set on the pod as a whole.
    pub requests: Resources,
}

impl PodSeen {
    /// Restarts of all its containers together.
    pub fn restarts(&self) -> i32 {
        self.containers.iter().fold(0, |all, c| all.saturating_add(c.restarts))
    }
}

/// The Ready condition.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ReadySeen {
    /// `True`, `False` or `Unknown`.
    pub status: String,
    pub since: Option<Time>,
}

/// A container of a pod or of a template (which has no state).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ContainerSeen {
    pub name: String,
    pub image: String,
    /// An init container with `restartPolicy: Always`.
    pub sidecar: bool,
    pub requests: Resources,
    /// The requests that are in force, where they differ: an in-place resize that is not done.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub actual: Option<Resources>,
    pub limits: Resources,
    pub ready: bool,
    pub restarts: i32,
    /// `waiting.reason`, such as `ImagePullBackOff`.
    pub waiting: Option<String>,
    pub waiting_message: Option<String>,
    /// Since when it runs.
    pub running: Option<Time>,
    pub terminated: Option<Exit>,
    pub last_terminated: Option<Exit>,
}

/// How a container ended.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Exit {
    pub code: i32,
    /// `OOMKilled`, `Error`, `Completed`.
    pub reason: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub started: Option<Time>,
    pub finished: Option<Time>,
}

/// A pod was deleted.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct PodGone {
    pub uid: String,
    pub name: String,
}

/// One answer of the metrics API.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct UsageSeen {
    pub pods: Vec<PodUsage>,
}

/// What a pod's containers used.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct PodUsage {
    pub pod: String,
    /// The end of the window that the sample covers.
    pub at: Time,
    /// Seconds.
    pub window_s: f64,
    /// Container name -> quantities.
    pub containers: Vec<(String, Resources)>,
}
