//! autoscaling/v2 HorizontalPodAutoscaler on the wire.

use super::{Condition, Meta, nullable};
use crate::observe::Time;
use serde::Deserialize;
use std::collections::BTreeMap;

/// The object.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Hpa {
    #[serde(deserialize_with = "nullable")]
    pub metadata: Meta,
    #[serde(deserialize_with = "nullable")]
    pub spec: HpaSpec,
    #[serde(deserialize_with = "nullable")]
    pub status: HpaStatus,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct HpaSpec {
    #[serde(deserialize_with = "nullable")]
    pub scale_target_ref: CrossRef,
    pub min_replicas: Option<i32>,
    #[serde(deserialize_with = "nullable")]
    pub max_replicas: i32,
    #[serde(deserialize_with = "nullable")]
    pub metrics: Vec<MetricEntry>,
    pub behavior: Option<Behavior>,
    pub sync_period_seconds: Option<i32>,
}

/// `scaleTargetRef` and `describedObject`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct CrossRef {
    #[serde(deserialize_with = "nullable")]
    pub api_version: String,
    #[serde(deserialize_with = "nullable")]
    pub kind: String,
    #[serde(deserialize_with = "nullable")]
    pub name: String,
}

/// A metric of the spec or of the status: `type`, and the member of that name.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct MetricEntry {
    #[serde(rename = "type", deserialize_with = "nullable")]
    pub kind: String,
    pub resource: Option<MetricBody>,
    pub container_resource: Option<MetricBody>,
    pub pods: Option<MetricBody>,
    pub object: Option<MetricBody>,
    pub external: Option<MetricBody>,
}

/// The members of all metric sources together.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct MetricBody {
    /// Resource and ContainerResource.
    pub name: Option<String>,
    pub container: Option<String>,
    pub metric: Option<MetricName>,
    pub described_object: Option<CrossRef>,
    /// In a spec.
    pub target: Option<MetricValue>,
    /// In a status.
    pub current: Option<MetricValue>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct MetricName {
    #[serde(deserialize_with = "nullable")]
    pub name: String,
    pub selector: Option<Selector>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct MetricValue {
    pub average_utilization: Option<i32>,
    pub average_value: Option<String>,
    pub value: Option<String>,
}

/// A LabelSelector.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Selector {
    #[serde(deserialize_with = "nullable")]
    pub match_labels: BTreeMap<String, String>,
    #[serde(deserialize_with = "nullable")]
    pub match_expressions: Vec<Requirement>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Requirement {
    #[serde(deserialize_with = "nullable")]
    pub key: String,
    #[serde(deserialize_with = "nullable")]
    pub operator: String,
    #[serde(deserialize_with = "nullable")]
    pub values: Vec<String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Behavior {
    pub scale_up: Option<Rules>,
    pub scale_down: Option<Rules>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Rules {
    pub stabilization_window_seconds: Option<i32>,
    pub select_policy: Option<String>,
    pub policies: Option<Vec<Policy>>,
    pub tolerance: Option<String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Policy {
    #[serde(rename = "type", deserialize_with = "nullable")]
    pub kind: String,
    #[serde(deserialize_with = "nullable")]
    pub value: i32,
    #[serde(deserialize_with = "nullable")]
    pub period_seconds: i32,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct HpaStatus {
    pub current_replicas: Option<i32>,
    #[serde(deserialize_with = "nullable")]
    pub desired_replicas: i32,
    pub last_scale_time: Option<Time>,
    #[serde(deserialize_with = "nullable")]
    pub current_metrics: Vec<MetricEntry>,
    #[serde(deserialize_with = "nullable")]
    pub conditions: Vec<Condition>,
    pub observed_generation: Option<i64>,
}
