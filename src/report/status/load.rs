//! The section `load` of `status`: the load Job and k6's own figures. A figure that is unknown is null.

use super::number::{figure, tenths};
use crate::explain;
use crate::observe::{ThresholdSeen, Time};
use crate::session::{LoadPhase, Session};
use serde::Serialize;

/// The load.
#[derive(Debug, Serialize)]
pub struct Load {
    /// `pending`, `running`, `complete`, `failed` or `terminating`.
    pub phase: &'static str,
    /// `namespace/name`.
    pub job: String,
    /// Why it is pending, or how it failed.
    pub reason: Option<String>,
    pub started: Option<Time>,
    pub ended: Option<Time>,
    /// k6 processes that have reported.
    pub processes: usize,
    pub vus: Option<u64>,
    pub vus_max: Option<u64>,
    /// As k6 reports it, else since the load's start.
    #[serde(serialize_with = "figure")]
    pub elapsed_s: Option<f64>,
    #[serde(serialize_with = "figure")]
    pub duration_s: Option<f64>,
    pub iterations: Option<u64>,
    #[serde(serialize_with = "figure")]
    pub iterations_per_s: Option<f64>,
    pub requests: Option<u64>,
    #[serde(serialize_with = "figure")]
    pub requests_per_s: Option<f64>,
    /// Of the whole run, as k6 reports it; 0 to 1.
    #[serde(serialize_with = "figure")]
    pub failed_ratio: Option<f64>,
    /// Of the whole run up to now, as k6 reports it.
    #[serde(serialize_with = "figure")]
    pub p95_ms: Option<f64>,
    pub thresholds: Vec<ThresholdSeen>,
}

/// The load; None where there is no Job.
pub fn load(session: &Session) -> Option<Load> {
    let load = &session.load;
    let job = load.job.as_ref()?;
    let phase = load.phase();
    let (started, ended) = (load.started(), load.ended());
    let until = ended.or(session.now);
    let ran = || started.zip(until).map(|(s, u)| (u - s).num_seconds() as f64);
    let p = load.progress(session.now_ms());
    Some(Load {
        phase: phase.word(),
        job: format!("{}/{}", job.namespace, job.name),
        reason: match phase {
            LoadPhase::Pending(why) => Some(explain::load::pending(&why)),
            LoadPhase::Failed(why) => Some(explain::load::failure(&why)),
            _ => None,
        },
        started,
        ended,
        processes: p.processes,
        vus: p.vus,
        vus_max: p.vus_max,
        elapsed_s: p.elapsed_s.or_else(ran),
        duration_s: p.duration_s,
        iterations: p.iterations,
        iterations_per_s: p.iterations_per_s.map(tenths),
        requests: p.requests,
        requests_per_s: p.requests_per_s.map(tenths),
        failed_ratio: p.failed_ratio,
        p95_ms: p.p95_ms,
        thresholds: p.thresholds,
    })
}
