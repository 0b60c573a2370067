//! What decides over the scale target besides its HPA: KEDA's ScaledObject, VerticalPodAutoscalers, and who wrote a field last.
//! Must not interpret them.

use super::{Condition, Resources, TargetRef, Time};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Who wrote a field last, from `metadata.managedFields`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct WriterSeen {
    /// The field manager: `kubectl-edit`, `kube-controller-manager`, `argocd-controller`.
    pub manager: String,
    /// `scale` where it was written through that; empty: the object itself.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub subresource: String,
    pub at: Option<Time>,
}

/// The ScaledObject that KEDA made the HPA of.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ScaledObjectSeen {
    pub name: String,
    pub uid: String,
    pub min_replicas: Option<i32>,
    pub max_replicas: Option<i32>,
    /// Replicas while no trigger is active, in place of the minimum.
    pub idle_replicas: Option<i32>,
    /// Seconds without activity after which KEDA scales to 0.
    pub cooldown_s: Option<i32>,
    /// Seconds between two looks at the triggers while there are no replicas.
    pub polling_s: Option<i32>,
    /// The annotations `autoscaling.keda.sh/paused…` without that prefix: `paused-replicas`.
    pub annotations: BTreeMap<String, String>,
    pub triggers: Vec<TriggerSeen>,
    /// `advanced.scalingModifiers.formula`: the metrics are combined into one.
    pub formula: Option<String>,
    pub fallback: Option<FallbackSeen>,
    /// Ready, Active, Fallback, Paused.
    pub conditions: Vec<Condition>,
    /// Metrics that fail.
    pub failing: Vec<FailingSeen>,
    pub last_active: Option<Time>,
}

/// One of a ScaledObject's triggers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct TriggerSeen {
    /// `prometheus`, `kafka`, `cpu`.
    pub kind: String,
    /// Empty where it has none.
    pub name: String,
    /// Whether it asks for replicas; None where KEDA does not say.
    pub active: Option<bool>,
}

/// A metric of a ScaledObject that fails.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct FailingSeen {
    /// As KEDA calls it: `s0-prometheus`.
    pub metric: String,
    /// Failures in a row.
    pub failures: i64,
}

/// What a ScaledObject does while a trigger fails.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct FallbackSeen {
    pub replicas: Option<i32>,
    /// The failures in a row after which it holds.
    pub failures: Option<i32>,
}

/// A VerticalPodAutoscaler of the namespace.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct VpaSeen {
    pub name: String,
    pub uid: String,
    pub target: TargetRef,
    /// `updatePolicy.updateMode`; None: the default of the VPA that is installed.
    pub mode: Option<String>,
    /// What each container's policy says; `*` is every other one.
    pub policies: Vec<VpaPolicySeen>,
    pub recommended: Vec<RecommendedSeen>,
}

/// What a VPA recommends for a container.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct RecommendedSeen {
    pub container: String,
    pub requests: Resources,
}

/// A container's policy of a VPA.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct VpaPolicySeen {
    pub container: String,
    /// `Off`: this container is left alone.
    pub mode: Option<String>,
    /// `cpu`, `memory`; None: both.
    pub resources: Option<Vec<String>>,
}
