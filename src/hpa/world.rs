//! Everything that one sync of the controller reads besides the HPA itself. Plain values: must not read the API.

use std::{collections::BTreeMap, sync::Arc};

use super::pods::{Pod, PodName, PodSample};

/// The `/scale` of the target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scale {
    /// spec.replicas: what "current" means everywhere.
    pub spec: i32,
    /// status.replicas: used by average targets of Object and External metrics only.
    pub status: i32,
}

/// The selector of the scale.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Selector {
    /// The scale has none.
    Missing,
    /// It cannot be parsed; the parser's error.
    Invalid(String),
    /// Its pods belong to several HPAs, "namespace/name" each.
    Shared { selector: String, hpas: Vec<String> },
    /// One HPA, one selector.
    Own,
}

/// The values of a metric that is not in the resource metrics API, milli-units.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Values {
    /// Pods metrics.
    Pods(Vec<(PodName, i64)>),
    /// Object metrics.
    Object(i64),
    /// External metrics: one value per series.
    External(Vec<i64>),
}

/// What the controller reads.
#[derive(Debug, Clone, PartialEq)]
pub struct World {
    /// The HPA's namespace; only in messages.
    pub namespace: String,
    /// The scale, or why it could not be read.
    pub scale: Result<Scale, String>,
    pub selector: Selector,
    /// All pods of the selector, shared with the caller's history.
    pub pods: Vec<Arc<Pod>>,
    /// The resource metrics API, or its error.
    pub samples: Result<Vec<PodSample>, String>,
    /// The other metrics by their index in `spec.metrics`, or the API's error. A missing index is an empty answer.
    pub values: BTreeMap<usize, Result<Values, String>>,
    /// Why the scale cannot be updated, if it cannot.
    pub update_error: Option<String>,
}
