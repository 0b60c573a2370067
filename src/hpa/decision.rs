//! The result of one sync: every step as data, for code that explains, compares or draws it. Must not compute.

use chrono::{DateTime, Utc};

use super::{
    limit::Limit,
    metric::{Failure, Proposal},
    stabilize::Stabilization,
    status::{Event, Status},
};

/// Which path the sync took.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Branch {
    /// The scale could not be read.
    NoScale,
    /// The target has 0 replicas, and the HPA may not raise it.
    Disabled,
    /// spec.replicas was above maxReplicas: cut to it without reading metrics.
    AboveMax,
    /// spec.replicas was below minReplicas: raised to it without reading metrics.
    BelowMin,
    /// The selector is missing, invalid or shared.
    NoSelector,
    /// All metrics are invalid, or some are and the rest would scale down.
    NoMetrics,
    /// The metrics decided.
    Metrics,
}

/// What the sync did to the scale.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    None,
    ScaleUp,
    ScaleDown,
    /// The update of the scale failed.
    Failed,
}

/// One sync of the controller.
#[derive(Debug, Clone, PartialEq)]
pub struct Decision {
    pub at: DateTime<Utc>,
    pub branch: Branch,
    /// spec.replicas as read; `None` when it could not be read.
    pub current: Option<i32>,
    pub min: i32,
    pub max: i32,
    /// What each metric of the spec proposes, in order; empty when metrics were not read.
    pub metrics: Vec<Result<Proposal, Box<Failure>>>,
    /// The index in `spec.metrics` of the metric whose proposal is the recommendation (the first of several equal ones).
    pub winner: Option<usize>,
    /// The best valid proposal, before stabilization and limits; given also when the branch is `NoMetrics`.
    pub recommended: Option<i32>,
    pub stabilization: Option<Stabilization>,
    pub limit: Option<Limit>,
    /// The replicas asked for in this sync, also when the update failed; `None` when nothing was decided.
    pub replicas: Option<i32>,
    /// As in "New size: 4; reason: …"; empty when there was no reason to change.
    pub reason: String,
    pub action: Action,
    /// The error the sync returned; a rescale may have happened even so.
    pub error: Option<String>,
    /// The status afterwards.
    pub status: Status,
    /// The events emitted, in order.
    pub events: Vec<Event>,
}
