//! The load Job, and the responses to the user's requests to the cluster. Must not decide what is allowed.

use super::{Condition, Time};
use serde::{Deserialize, Serialize};

/// One version of the load Job.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct JobSeen {
    /// Empty for a Job; `TestRun` where several Jobs are one run of the k6 operator.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub kind: String,
    pub namespace: String,
    pub name: String,
    pub uid: String,
    pub created: Option<Time>,
    /// `metadata.deletionTimestamp`: it is terminating.
    pub deleted: Option<Time>,
    pub started: Option<Time>,
    pub completed: Option<Time>,
    pub suspended: bool,
    pub active: i32,
    pub ready: i32,
    pub succeeded: i32,
    pub failed: i32,
    /// `spec.completions`, or 1.
    pub completions: i32,
    pub image: String,
    pub conditions: Vec<Condition>,
}

/// What the user can request of a source.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ask {
    /// What starting (or stopping) the load would do.
    PlanLoad,
    StartLoad,
    StopLoad,
    #[default]
    #[serde(other)]
    Unknown,
}

/// The response to a request: a plan to confirm, progress, success or refusal.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct AnswerSeen {
    pub to: Ask,
    pub ok: bool,
    /// One sentence for the message line.
    pub text: String,
    /// PlanLoad: what would be done, a line each.
    pub steps: Vec<String>,
    /// PlanLoad: a load runs, so the plan is to stop it.
    pub stops: bool,
}
