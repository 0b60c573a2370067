//! What was fetched from the cluster, before it is judged. Only data.

use super::permissions::Permission;
use crate::observe::{HpaSeen, PodSeen};
use crate::source::live::ApiError;
use serde_json::Value;

/// An object, None when it is not there (404), or why it could not be read.
pub type Answer = Result<Option<Value>, ApiError>;

/// Whether a verb is allowed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Allowed {
    Yes,
    No,
    /// It could not be checked, and why.
    Unknown(String),
}

/// Everything that the rules look at.
#[derive(Clone, Debug)]
pub struct Facts {
    pub namespace: String,
    /// The configured name.
    pub hpa: String,
    /// The API server's, such as `v1.36.3`.
    pub version: String,
    /// The path of the served version of metrics.k8s.io.
    pub metrics_root: String,
    pub load_namespace: String,
    pub load_job: String,
    /// Each row with one answer for each of its verbs.
    pub allowed: Vec<(Permission, Vec<Allowed>)>,
    /// The APIResourceList of metrics.k8s.io.
    pub metrics_api: Answer,
    /// PodMetrics of the HPA's namespace.
    pub usage: Answer,
    /// The same once more, a moment later; None where the first shows how often samples come.
    pub usage_later: Option<Value>,
    /// The HPAs of the namespace.
    pub hpas: Result<Vec<HpaSeen>, ApiError>,
    /// The target's Scale; None when no HPA was found.
    pub scale: Option<Answer>,
    /// The pods of the Scale's selector; None when there is no Scale.
    pub pods: Option<Result<Vec<PodSeen>, ApiError>>,
    /// There are more of them than were read.
    pub more_pods: bool,
    /// The load's Namespace object.
    pub load_namespace_object: Answer,
    pub job: Answer,
    /// The ConfigMap `k6-scripts`.
    pub scripts: Answer,
}

impl Facts {
    /// The HPA that will be watched: the named one, else the only one there is.
    pub fn watched(&self) -> Option<&HpaSeen> {
        let all = self.hpas.as_ref().ok()?;
        let named = all.iter().find(|h| h.name == self.hpa);
        named.or(if let [only] = all.as_slice() { Some(only) } else { None })
    }
}
