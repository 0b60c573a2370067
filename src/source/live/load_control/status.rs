//! The status of the load's Job, read from the object. Must not do I/O.

use crate::observe::text::clean;
use serde_json::Value;

/// Where the Job is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// It does not exist.
    None,
    /// Not ended: running, pending or suspended.
    Running,
    Finished,
    /// Being deleted.
    Terminating,
}

/// The Job when it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobStatus {
    pub phase: Phase,
    /// Empty when it does not exist.
    pub uid: String,
    /// As after "Job k6-load": `runs`, `has completed`.
    pub text: String,
}

impl JobStatus {
    /// From the Job; None: it does not exist.
    pub fn of(job: Option<&Value>) -> JobStatus {
        let Some(job) = job else {
            return JobStatus { phase: Phase::None, uid: String::new(), text: "does not exist".into() };
        };
        let field = |pointer: &str| clean(job.pointer(pointer).and_then(Value::as_str).unwrap_or_default(), 64);
        let count = |pointer: &str| job.pointer(pointer).and_then(Value::as_i64).unwrap_or(0);
        let condition = |kind: &str| {
            let all = job.pointer("/status/conditions").and_then(Value::as_array);
            let is = |c: &&Value| c["type"] == kind && c["status"] == "True";
            all.into_iter().flatten().find(is).map(|c| clean(c["reason"].as_str().unwrap_or_default(), 64))
        };
        let (phase, text) = if !field("/metadata/deletionTimestamp").is_empty() {
            (Phase::Terminating, format!("is terminating since {}", field("/metadata/deletionTimestamp")))
        } else if condition("Complete").is_some() {
            (Phase::Finished, format!("completed at {}", field("/status/completionTime")))
        } else if let Some(reason) = condition("Failed") {
            (Phase::Finished, format!("failed: {reason}"))
        } else if job.pointer("/spec/suspend") == Some(&Value::Bool(true)) {
            (Phase::Running, "is suspended".into())
        } else if count("/status/ready") > 0 {
            (Phase::Running, format!("runs since {}", field("/status/startTime")))
        } else {
            (Phase::Running, "is starting".into())
        };
        JobStatus { phase, uid: field("/metadata/uid"), text }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn phase(job: Value) -> (Phase, String) {
        let status = JobStatus::of(Some(&job));
        (status.phase, status.text)
    }

    #[test]
    fn the_phases_of_the_job_are_distinguished() {
        assert_eq!(JobStatus::of(None).phase, Phase::None);
        let done = json!({"status": {"completionTime": "T", "conditions": [{"type": "SuccessCriteriaMet", "status": "True"},
            {"type": "Complete", "status": "True", "reason": "CompletionsReached"}]}});
        assert_eq!(phase(done), (Phase::Finished, "completed at T".into()));
        let failed =
            json!({"status": {"conditions": [{"type": "Failed", "status": "True", "reason": "BackoffLimitExceeded"}]}});
        assert_eq!(phase(failed), (Phase::Finished, "failed: BackoffLimitExceeded".into()));
        let undone = json!({"status": {"active": 1, "ready": 1, "startTime": "T",
            "conditions": [{"type": "Failed", "status": "False"}]}});
        assert_eq!(phase(undone), (Phase::Running, "runs since T".into()));
        assert_eq!(phase(json!({"spec": {"suspend": true}})), (Phase::Running, "is suspended".into()));
        assert_eq!(phase(json!({})), (Phase::Running, "is starting".into()));
        let going = json!({"metadata": {"deletionTimestamp": "T"}, "status": {"conditions": [{"type": "Complete", "status": "True"}]}});
        assert_eq!(phase(going).0, Phase::Terminating);
    }
}
