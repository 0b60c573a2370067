//! Kubernetes events, with the counts that the API keeps. Must not interpret them.

use super::Time;
use serde::{Deserialize, Serialize};

/// One version of an event; the API raises `count` on the same uid.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct EventSeen {
    pub uid: String,
    pub namespace: String,
    pub first: Option<Time>,
    pub last: Option<Time>,
    /// At least 1.
    pub count: i32,
    /// `Normal` or `Warning`.
    #[serde(rename = "type")]
    pub kind: String,
    pub reason: String,
    pub message: String,
    /// The component that wrote it.
    pub source: String,
    pub object: ObjectRef,
}

/// What an event concerns.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ObjectRef {
    pub kind: String,
    pub name: String,
    pub uid: String,
}
