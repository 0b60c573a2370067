//! metrics.k8s.io PodMetrics on the wire.

use super::{Meta, nullable};
use crate::observe::Time;
use serde::Deserialize;
use std::collections::BTreeMap;

/// metrics.k8s.io PodMetrics.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct PodMetrics {
    #[serde(deserialize_with = "nullable")]
    pub metadata: Meta,
    pub timestamp: Option<Time>,
    #[serde(deserialize_with = "nullable")]
    pub window: String,
    #[serde(deserialize_with = "nullable")]
    pub containers: Vec<ContainerMetrics>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct ContainerMetrics {
    #[serde(deserialize_with = "nullable")]
    pub name: String,
    #[serde(deserialize_with = "nullable")]
    pub usage: BTreeMap<String, String>,
}
