//! The scale target: what `/scale` reports, and for workloads the requests of its pod template. Must not interpret them.

use super::{Condition, Time, WriterSeen};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Quantities by resource name, as the API wrote them: `cpu` -> `50m`.
pub type Resources = BTreeMap<String, String>;

/// The object that the HPA scales.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct TargetSeen {
    pub api_version: String,
    pub kind: String,
    pub namespace: String,
    pub name: String,
    pub uid: String,
    pub created: Option<Time>,
    /// `spec.replicas`; None when the kind leaves it unset.
    pub spec_replicas: Option<i32>,
    /// Who wrote `spec.replicas` last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scaled: Option<WriterSeen>,
    /// `status.replicas`.
    pub replicas: Option<i32>,
    /// `status.readyReplicas`; None where the kind has no such figure.
    pub ready: Option<i32>,
    pub updated: Option<i32>,
    pub available: Option<i32>,
    /// The scale's label selector in its string form.
    pub selector: String,
    /// Containers of the pod template with requests and limits; empty where the kind has no template.
    pub containers: Vec<super::ContainerSeen>,
    pub conditions: Vec<Condition>,
    /// Pods of another version than the stable one are outside of the selector: a Rollout that routes traffic.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub stable_only: bool,
}
