//! autoscaling/v1 Scale on the wire: what is read of a scale target of any other kind.

use super::{Meta, nullable};
use serde::Deserialize;

/// autoscaling/v1 Scale.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Scale {
    #[serde(deserialize_with = "nullable")]
    pub metadata: Meta,
    #[serde(deserialize_with = "nullable")]
    pub spec: ScaleSpec,
    #[serde(deserialize_with = "nullable")]
    pub status: ScaleStatus,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct ScaleSpec {
    pub replicas: Option<i32>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct ScaleStatus {
    pub replicas: Option<i32>,
    #[serde(deserialize_with = "nullable")]
    pub selector: String,
}
