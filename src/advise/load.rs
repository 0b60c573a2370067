//! Rules over the load itself: a load that fails or does not start explains much of what else is observed. Must not judge
//! the gateway.

use super::{Finding, FindingKind, Rule, Severity};
use crate::explain;
use crate::format;
use crate::session::{LoadPhase, Session};

/// The share of failed requests above which they are reported.
const FAILED: f64 = 0.05;

const LOAD_FAILED: FindingKind = FindingKind {
    id: "load-failed",
    severity: &[Severity::Warning],
    when: "the k6 Job or TestRun failed",
    evidence: "the Job's name",
    hint: "fix the cause and start the load again; figures of this run do not cover a whole run",
    source: "Job status, k6's log",
};
const LOAD_STUCK: FindingKind = FindingKind {
    id: "load-stuck",
    severity: &[Severity::Warning],
    when: "the load's Job exists but its pod cannot start",
    evidence: "the Job's name",
    hint: "fix the Job's pod template and start it again; `s` stops the waiting Job",
    source: "Job and pod status, events",
};
const REQUESTS_FAIL: FindingKind = FindingKind {
    id: "load-requests-fail",
    severity: &[Severity::Warning],
    when: "more than 5 % of k6's recent requests fail while it runs",
    evidence: "`http_req_failed`, and the number of requests",
    hint: "call what the target serves, and look at the frontend's log",
    source: "k6's REST API or log",
};

pub const RULES: &[Rule] = &[
    Rule { rank: 150, check: load_failed, finds: &[LOAD_FAILED] },
    Rule { rank: 160, check: load_stuck, finds: &[LOAD_STUCK] },
    Rule { rank: 170, check: requests_fail, finds: &[REQUESTS_FAIL] },
];

/// Requests of the load fail.
fn requests_fail(session: &Session) -> Vec<Finding> {
    let progress = session.load.progress(session.now_ms());
    let ended = matches!(session.load.phase(), LoadPhase::Complete | LoadPhase::Failed(_));
    let share = progress.failed_now.or(progress.failed_ratio).filter(|share| !ended && *share > FAILED);
    let Some(share) = share else { return Vec::new() };
    let requests =
        progress.requests.map_or_else(String::new, |n| format!(" of {} requests", format::number::rounded(n as f64)));
    vec![Finding {
        id: REQUESTS_FAIL.id,
        severity: Severity::Warning,
        text: format!("{} % of k6's requests fail: the load is not what it is meant to be", (share * 100.0).round()),
        evidence: format!("http_req_failed {}{requests}", format::number::one_decimal(share * 100.0) + " %"),
        hint: "call what the target really serves, and look at the frontend's log".into(),
    }]
}

/// The load failed.
fn load_failed(session: &Session) -> Vec<Finding> {
    let LoadPhase::Failed(why) = session.load.phase() else { return Vec::new() };
    vec![Finding {
        id: LOAD_FAILED.id,
        severity: Severity::Warning,
        text: format!("the load failed: {}", explain::load::failure(&why)),
        evidence: job(session),
        hint: "fix the cause and start the load again; the figures of this run do not cover a whole run".into(),
    }]
}

/// The load cannot start.
fn load_stuck(session: &Session) -> Vec<Finding> {
    let Some(why) = session.load.stuck() else { return Vec::new() };
    vec![Finding {
        id: LOAD_STUCK.id,
        severity: Severity::Warning,
        text: format!("the load does not start: {}", explain::load::pod_problem(&why)),
        evidence: job(session),
        hint: "fix that in the Job's pod template and start it again; s stops the waiting Job".into(),
    }]
}

fn job(session: &Session) -> String {
    session.load.job.as_ref().map_or_else(String::new, |j| format!("Job {}", j.name))
}
