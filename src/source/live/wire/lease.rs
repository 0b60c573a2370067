//! coordination.k8s.io/v1 Lease on the wire.

use super::{Meta, nullable};
use crate::observe::Time;
use serde::Deserialize;

/// The object.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Lease {
    #[serde(deserialize_with = "nullable")]
    pub metadata: Meta,
    #[serde(deserialize_with = "nullable")]
    pub spec: LeaseSpec,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct LeaseSpec {
    #[serde(deserialize_with = "nullable")]
    pub holder_identity: String,
    pub acquire_time: Option<Time>,
    pub renew_time: Option<Time>,
    pub lease_transitions: Option<i32>,
    pub lease_duration_seconds: Option<i32>,
}
