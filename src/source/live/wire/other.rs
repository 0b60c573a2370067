//! Events, Jobs, PodMetrics, discovery, versions and Status on the wire.

use super::{Condition, Meta, Template, nullable};
use crate::observe::Time;
use serde::Deserialize;
use std::collections::BTreeMap;

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

/// batch/v1 Job.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Job {
    #[serde(deserialize_with = "nullable")]
    pub metadata: Meta,
    #[serde(deserialize_with = "nullable")]
    pub spec: JobSpec,
    #[serde(deserialize_with = "nullable")]
    pub status: JobStatus,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct JobSpec {
    pub suspend: Option<bool>,
    pub completions: Option<i32>,
    pub backoff_limit: Option<i32>,
    #[serde(deserialize_with = "nullable")]
    pub template: Template,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct JobStatus {
    pub start_time: Option<Time>,
    pub completion_time: Option<Time>,
    pub active: Option<i32>,
    pub ready: Option<i32>,
    pub succeeded: Option<i32>,
    pub failed: Option<i32>,
    #[serde(deserialize_with = "nullable")]
    pub conditions: Vec<Condition>,
}

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

/// APIGroup: the versions of a group.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Group {
    #[serde(deserialize_with = "nullable")]
    pub versions: Vec<GroupVersion>,
    pub preferred_version: Option<GroupVersion>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct GroupVersion {
    #[serde(deserialize_with = "nullable")]
    pub group_version: String,
    #[serde(deserialize_with = "nullable")]
    pub version: String,
}

/// APIResourceList: what a version of a group serves.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Resources {
    #[serde(deserialize_with = "nullable")]
    pub resources: Vec<Resource>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Resource {
    #[serde(deserialize_with = "nullable")]
    pub name: String,
    #[serde(deserialize_with = "nullable")]
    pub kind: String,
    #[serde(deserialize_with = "nullable")]
    pub namespaced: bool,
    #[serde(deserialize_with = "nullable")]
    pub verbs: Vec<String>,
}

/// `GET /version`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Version {
    #[serde(deserialize_with = "nullable")]
    pub git_version: String,
    #[serde(deserialize_with = "nullable")]
    pub platform: String,
}

/// metav1 Status: an error's body, and the object of a watch's ERROR event.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Status {
    #[serde(deserialize_with = "nullable")]
    pub kind: String,
    #[serde(deserialize_with = "nullable")]
    pub message: String,
    #[serde(deserialize_with = "nullable")]
    pub reason: String,
    #[serde(deserialize_with = "nullable")]
    pub code: u16,
    #[serde(deserialize_with = "nullable")]
    pub details: StatusDetails,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct StatusDetails {
    pub retry_after_seconds: Option<u64>,
}
