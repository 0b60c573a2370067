//! Scale targets of the well-known kinds on the wire.

use super::{Condition, Meta, PodSpec, Selector, nullable};
use serde::de::IgnoredAny;
use serde::{Deserialize, Deserializer};
use std::collections::BTreeMap;

/// Deployment, StatefulSet, ReplicaSet, ReplicationController, and kinds that look like them, as Argo's Rollout: the members they share.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Workload {
    #[serde(deserialize_with = "nullable")]
    pub metadata: Meta,
    #[serde(deserialize_with = "nullable")]
    pub spec: WorkloadSpec,
    #[serde(deserialize_with = "nullable")]
    pub status: WorkloadStatus,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct WorkloadSpec {
    pub replicas: Option<i32>,
    #[serde(deserialize_with = "either_selector")]
    pub selector: Selector,
    #[serde(deserialize_with = "nullable")]
    pub template: Template,
    #[serde(deserialize_with = "nullable")]
    pub strategy: Strategy,
}

/// How versions replace each other, as far as a Rollout routes traffic between them.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Strategy {
    #[serde(deserialize_with = "nullable")]
    pub canary: Canary,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Canary {
    pub traffic_routing: Option<IgnoredAny>,
}

impl Strategy {
    /// The pods of the version that is tried are reached by other means than the selector.
    pub fn routes_traffic(&self) -> bool {
        self.canary.traffic_routing.is_some()
    }
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Template {
    #[serde(deserialize_with = "nullable")]
    pub spec: PodSpec,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct WorkloadStatus {
    pub replicas: Option<i32>,
    pub ready_replicas: Option<i32>,
    pub updated_replicas: Option<i32>,
    pub available_replicas: Option<i32>,
    #[serde(deserialize_with = "nullable")]
    pub conditions: Vec<Condition>,
}

/// A ReplicationController's selector is a plain map of labels; everything else has a LabelSelector.
fn either_selector<'de, D: Deserializer<'de>>(from: D) -> Result<Selector, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Either {
        Plain(BTreeMap<String, String>),
        Full(Selector),
    }
    Ok(match Option::<Either>::deserialize(from)? {
        Some(Either::Plain(match_labels)) => Selector { match_labels, match_expressions: Vec::new() },
        Some(Either::Full(selector)) => selector,
        None => Selector::default(),
    })
}
