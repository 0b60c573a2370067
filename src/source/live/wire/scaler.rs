//! KEDA's ScaledObject and the VerticalPodAutoscaler on the wire; who wrote which field of an object; values of external and
//! custom metrics.

use super::{Condition, CrossRef, Meta, nullable};
use crate::observe::{Resources, Time};
use serde::Deserialize;
use serde::de::IgnoredAny;
use std::collections::BTreeMap;

/// One of `metadata.managedFields`, as far as it says who wrote a spec.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ManagedFields {
    #[serde(deserialize_with = "nullable")]
    pub manager: String,
    #[serde(deserialize_with = "nullable")]
    pub subresource: String,
    pub time: Option<Time>,
    #[serde(rename = "fieldsV1", deserialize_with = "nullable")]
    pub fields: OwnedFields,
}

/// The fields that one manager owns.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct OwnedFields {
    #[serde(rename = "f:spec")]
    pub spec: Option<OwnedSpec>,
}

/// Those of the spec.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct OwnedSpec {
    #[serde(rename = "f:replicas")]
    pub replicas: Option<IgnoredAny>,
}

/// `keda.sh/v1alpha1` ScaledObject.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct ScaledObject {
    #[serde(deserialize_with = "nullable")]
    pub metadata: Meta,
    #[serde(deserialize_with = "nullable")]
    pub spec: ScaledObjectSpec,
    #[serde(deserialize_with = "nullable")]
    pub status: ScaledObjectStatus,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ScaledObjectSpec {
    pub min_replica_count: Option<i32>,
    pub max_replica_count: Option<i32>,
    pub idle_replica_count: Option<i32>,
    pub cooldown_period: Option<i32>,
    pub polling_interval: Option<i32>,
    #[serde(deserialize_with = "nullable")]
    pub triggers: Vec<Trigger>,
    pub fallback: Option<Fallback>,
    #[serde(deserialize_with = "nullable")]
    pub advanced: Advanced,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Trigger {
    #[serde(rename = "type", deserialize_with = "nullable")]
    pub kind: String,
    #[serde(deserialize_with = "nullable")]
    pub name: String,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Fallback {
    pub failure_threshold: Option<i32>,
    pub replicas: Option<i32>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Advanced {
    #[serde(deserialize_with = "nullable")]
    pub scaling_modifiers: Modifiers,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Modifiers {
    #[serde(deserialize_with = "nullable")]
    pub formula: String,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ScaledObjectStatus {
    #[serde(deserialize_with = "nullable")]
    pub conditions: Vec<Condition>,
    #[serde(deserialize_with = "nullable")]
    pub external_metric_names: Vec<String>,
    #[serde(deserialize_with = "nullable")]
    pub health: BTreeMap<String, Health>,
    /// By the name of the trigger's metric.
    #[serde(deserialize_with = "nullable")]
    pub triggers_activity: BTreeMap<String, Activity>,
    pub last_active_time: Option<Time>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Health {
    pub number_of_failures: Option<i64>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Activity {
    pub is_active: Option<bool>,
}

/// `autoscaling.k8s.io/v1` VerticalPodAutoscaler.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Vpa {
    #[serde(deserialize_with = "nullable")]
    pub metadata: Meta,
    #[serde(deserialize_with = "nullable")]
    pub spec: VpaSpec,
    #[serde(deserialize_with = "nullable")]
    pub status: VpaStatus,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct VpaSpec {
    #[serde(deserialize_with = "nullable")]
    pub target_ref: CrossRef,
    #[serde(deserialize_with = "nullable")]
    pub update_policy: UpdatePolicy,
    #[serde(deserialize_with = "nullable")]
    pub resource_policy: ResourcePolicy,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct UpdatePolicy {
    pub update_mode: Option<String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ResourcePolicy {
    #[serde(deserialize_with = "nullable")]
    pub container_policies: Vec<ContainerPolicy>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ContainerPolicy {
    #[serde(deserialize_with = "nullable")]
    pub container_name: String,
    pub mode: Option<String>,
    pub controlled_resources: Option<Vec<String>>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct VpaStatus {
    #[serde(deserialize_with = "nullable")]
    pub recommendation: Recommendation,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Recommendation {
    #[serde(deserialize_with = "nullable")]
    pub container_recommendations: Vec<ContainerRecommendation>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ContainerRecommendation {
    #[serde(deserialize_with = "nullable")]
    pub container_name: String,
    #[serde(deserialize_with = "nullable")]
    pub target: Resources,
}

/// ExternalMetricValueList, or the MetricValueList of custom metrics.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct MetricValues {
    #[serde(deserialize_with = "nullable")]
    pub items: Vec<OneValue>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct OneValue {
    #[serde(deserialize_with = "nullable")]
    pub value: String,
}
