//! The HorizontalPodAutoscaler as the API wrote it (autoscaling/v2). Quantities stay strings; defaults stay unset. Must
//! not interpret them.

use super::{Time, WriterSeen};
use serde::{Deserialize, Serialize};

/// One version of the HPA object.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct HpaSeen {
    pub namespace: String,
    pub name: String,
    pub uid: String,
    pub resource_version: String,
    pub created: Option<Time>,
    /// `metadata.generation`, which counts edits of the spec; from Kubernetes 1.37 on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub generation: Option<i64>,
    pub target: TargetRef,
    pub min_replicas: Option<i32>,
    pub max_replicas: i32,
    /// The spec's metrics; `value` is the target.
    pub metrics: Vec<Metric>,
    pub behavior: Option<Behavior>,
    /// Who wrote the spec last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub edited: Option<WriterSeen>,
    /// `spec.syncPeriodSeconds`, of versions that have it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sync_period_s: Option<i32>,
    pub status: HpaStatus,
}

impl HpaSeen {
    /// Whether both ask for the same, regardless of the status.
    pub fn same_spec(&self, other: &HpaSeen) -> bool {
        self.target == other.target
            && (self.min_replicas, self.max_replicas) == (other.min_replicas, other.max_replicas)
            && self.metrics == other.metrics
            && self.behavior == other.behavior
            && self.sync_period_s == other.sync_period_s
    }
}

/// `spec.scaleTargetRef`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct TargetRef {
    pub api_version: String,
    pub kind: String,
    pub name: String,
}

impl TargetRef {
    /// The API group; empty for core, also where the reference has no `apiVersion`.
    pub fn group(&self) -> &str {
        self.api_version.split_once('/').map_or("", |(group, _)| group)
    }

    /// Whether two references of one namespace name the same object.
    pub fn same(&self, other: &TargetRef) -> bool {
        let kinds = is_kind(&self.kind, &other.kind) || is_kind(&other.kind, &self.kind);
        kinds && self.group() == other.group() && self.name == other.name
    }
}

/// Whether a kind as it was written is this kind: exactly, or all in lower case, which the mapper knows as well.
pub fn is_kind(written: &str, kind: &str) -> bool {
    written == kind || written == kind.to_lowercase()
}

/// A metric of the spec (`value` = target) or of the status (`value` = current).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Metric {
    pub kind: MetricKind,
    /// `cpu`, or the metric's name.
    pub name: String,
    /// ContainerResource only.
    pub container: Option<String>,
    /// Object only: `Ingress/main`.
    pub object: Option<String>,
    /// The metric's label selector, as `k=v,k2 in (a,b)`, in the order in which it is written; None when it has none.
    pub selector: Option<String>,
    pub value: MetricValue,
}

impl Metric {
    /// Whether both are the same metric, regardless of their values.
    pub fn same(&self, other: &Metric) -> bool {
        self.kind == other.kind
            && self.name == other.name
            && self.container == other.container
            && self.object == other.object
            && self.selector == other.selector
    }
}

/// What the API of external or custom metrics answered for a metric of the spec.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct MetricValuesSeen {
    pub kind: MetricKind,
    pub name: String,
    pub selector: Option<String>,
    /// Quantities: one a series of an external metric, one a pod.
    pub values: Vec<String>,
}

/// `type` of a metric source.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum MetricKind {
    Resource,
    ContainerResource,
    Pods,
    Object,
    External,
    /// The empty entry the controller leaves for a metric that failed, or a later type.
    #[default]
    #[serde(other)]
    Unknown,
}

/// A target or a current value. Its type follows from which fields are set.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct MetricValue {
    /// Percent of request.
    pub utilization: Option<i32>,
    /// Quantity, mean over pods.
    pub average_value: Option<String>,
    /// Quantity.
    pub value: Option<String>,
}

/// `spec.behavior`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Behavior {
    pub scale_up: Option<Rules>,
    pub scale_down: Option<Rules>,
}

/// The rules of one direction, as far as they are set.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Rules {
    pub window_s: Option<i32>,
    /// `Max`, `Min` or `Disabled`.
    pub select: Option<String>,
    /// None: not set, so the default policies apply.
    pub policies: Option<Vec<Policy>>,
    /// Quantity, such as `0.05` or `50m`.
    pub tolerance: Option<String>,
}

/// A scaling policy.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Policy {
    /// `Pods` or `Percent`.
    pub kind: String,
    pub value: i32,
    pub period_s: i32,
}

/// `status`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct HpaStatus {
    pub current_replicas: Option<i32>,
    pub desired_replicas: i32,
    pub last_scale: Option<Time>,
    /// The controller's figures; `value` is current.
    pub metrics: Vec<Metric>,
    pub conditions: Vec<Condition>,
    /// The generation that the last sync used; from Kubernetes 1.37 on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
}

/// A condition of an HPA or a Job.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Condition {
    #[serde(rename = "type")]
    pub kind: String,
    pub status: String,
    pub reason: String,
    pub message: String,
    pub since: Option<Time>,
}
