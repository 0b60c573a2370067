//! 10.11: rules over the load itself. A test that does not test what it should explains much of what else is seen.

use super::{Finding, Severity};
use crate::explain;
use crate::format;
use crate::session::{LoadPhase, Session};

/// Shares of failed requests that are worth a word.
const FAILED: f64 = 0.05;

/// Requests of the load fail.
pub fn requests_fail(session: &Session) -> Vec<Finding> {
    let progress = session.load.progress(session.now_ms());
    let running = session.load.phase() == LoadPhase::Running;
    let share = if running { progress.failed_now.or(progress.failed_ratio) } else { progress.failed_ratio };
    let Some(share) = share.filter(|s| *s > FAILED) else { return Vec::new() };
    let requests =
        progress.requests.map_or_else(String::new, |n| format!(" of {} requests", format::number::rounded(n as f64)));
    vec![Finding {
        id: "load-requests-fail",
        severity: Severity::Warning,
        text: format!("{} % of k6's requests fail: the load is not what it is meant to be", (share * 100.0).round()),
        evidence: format!("http_req_failed {}{requests}", format::number::one_decimal(share * 100.0) + " %"),
        hint: "call what the target really serves, and look at the frontend's log".into(),
    }]
}

/// The load ended badly.
pub fn load_failed(session: &Session) -> Vec<Finding> {
    let LoadPhase::Failed(why) = session.load.phase() else { return Vec::new() };
    vec![Finding {
        id: "load-failed",
        severity: Severity::Warning,
        text: format!("the load failed: {}", explain::load::failure(&why)),
        evidence: job(session),
        hint: "mend it and start it again; what was measured during this run is not a whole run".into(),
    }]
}

/// The load cannot start.
pub fn load_stuck(session: &Session) -> Vec<Finding> {
    let Some(why) = session.load.stuck() else { return Vec::new() };
    vec![Finding {
        id: "load-stuck",
        severity: Severity::Warning,
        text: format!("the load does not start: {}", explain::load::pod_problem(&why)),
        evidence: job(session),
        hint: "mend that in the Job's pod template and start it anew; s stops the Job that waits".into(),
    }]
}

fn job(session: &Session) -> String {
    session.load.job.as_ref().map_or_else(String::new, |j| format!("Job {}", j.name))
}
