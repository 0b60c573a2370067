//! core/v1 Event on the wire.

use super::{Meta, nullable};
use crate::observe::Time;
use serde::Deserialize;

/// core/v1 Event, which also holds what events.k8s.io wrote.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Event {
    #[serde(deserialize_with = "nullable")]
    pub metadata: Meta,
    #[serde(deserialize_with = "nullable")]
    pub involved_object: Involved,
    #[serde(deserialize_with = "nullable")]
    pub reason: String,
    #[serde(deserialize_with = "nullable")]
    pub message: String,
    #[serde(rename = "type", deserialize_with = "nullable")]
    pub kind: String,
    pub first_timestamp: Option<Time>,
    pub last_timestamp: Option<Time>,
    pub event_time: Option<Time>,
    pub count: Option<i32>,
    pub series: Option<Series>,
    #[serde(deserialize_with = "nullable")]
    pub source: Component,
    #[serde(deserialize_with = "nullable")]
    pub reporting_component: String,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Involved {
    #[serde(deserialize_with = "nullable")]
    pub kind: String,
    #[serde(deserialize_with = "nullable")]
    pub name: String,
    #[serde(deserialize_with = "nullable")]
    pub uid: String,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Series {
    pub count: Option<i32>,
    pub last_observed_time: Option<Time>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Component {
    #[serde(deserialize_with = "nullable")]
    pub component: String,
}
