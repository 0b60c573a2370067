//! The pods of the scale's selector and their usage samples, as the controller's lister and the metrics API show them.
//! Plain data: values are milli-units (cpu in millicores, memory in bytes × 1000), times are the server's own.

use std::{collections::BTreeMap, sync::Arc};

use chrono::{DateTime, TimeDelta, Utc};

/// A pod's name, shared between the inputs and every explanation that mentions it.
pub type PodName = Arc<str>;

/// Amounts by resource name ("cpu", "memory", …), in milli-units.
pub type Resources = BTreeMap<String, i64>;

/// `status.phase`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Phase {
    Pending,
    #[default]
    Running,
    Succeeded,
    Failed,
    Unknown,
}

/// A condition's status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConditionStatus {
    True,
    False,
    Unknown,
}

/// The pod's Ready condition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ready {
    pub status: ConditionStatus,
    /// `lastTransitionTime`: when the status last flipped.
    pub since: DateTime<Utc>,
}

/// A container (or init container) of a pod's spec.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Container {
    pub name: String,
    /// `resources.requests`, milli-units.
    pub requests: Resources,
    /// `restartPolicy: Always`: an init container that stays, a sidecar.
    pub restartable: bool,
}

/// One pod of the selector.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pod {
    pub name: PodName,
    pub phase: Phase,
    /// `metadata.deletionTimestamp` is set.
    pub deleted: bool,
    /// The Ready condition, if the pod has one.
    pub ready: Option<Ready>,
    /// `status.startTime`.
    pub started: Option<DateTime<Utc>>,
    pub containers: Vec<Container>,
    pub init_containers: Vec<Container>,
    /// `spec.resources.requests`, milli-units; empty when not set.
    pub pod_level_requests: Resources,
}

impl Pod {
    /// Whether the Ready condition is True.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.ready.is_some_and(|ready| ready.status == ConditionStatus::True)
    }
}

/// The usage of one container in a sample.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContainerUsage {
    pub name: String,
    /// Milli-units, each already rounded up as the controller rounds it.
    pub usage: Resources,
}

/// One item of the resource metrics API: a pod's usage, averaged over `window` and ending at `at`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PodSample {
    pub pod: PodName,
    pub at: DateTime<Utc>,
    pub window: TimeDelta,
    pub containers: Vec<ContainerUsage>,
}

/// `t + d`, kept inside what a timestamp can hold.
#[inline]
pub(super) fn later(t: DateTime<Utc>, d: TimeDelta) -> DateTime<Utc> {
    t.checked_add_signed(d).unwrap_or(if d < TimeDelta::zero() {
        DateTime::<Utc>::MIN_UTC
    } else {
        DateTime::<Utc>::MAX_UTC
    })
}
