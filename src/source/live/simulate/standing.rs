//! How the load's Job stands, read from the object. Must not do I/O.

use crate::observe::text::clean;
use serde_json::Value;

/// What there is of the Job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    None,
    /// Not ended: running, pending or suspended.
    Running,
    Finished,
    /// Being deleted.
    Terminating,
}

/// The Job at the moment it was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    pub phase: Phase,
    /// Empty when there is none.
    pub uid: String,
    /// As after "Job k6-load": `runs`, `has completed`.
    pub words: String,
}

impl Standing {
    /// From the Job, or None when there is none.
    pub fn of(job: Option<&Value>) -> Standing {
        let Some(job) = job else {
            return Standing { phase: Phase::None, uid: String::new(), words: "is not there".into() };
        };
        let text = |pointer: &str| clean(job.pointer(pointer).and_then(Value::as_str).unwrap_or_default(), 64);
        let count = |pointer: &str| job.pointer(pointer).and_then(Value::as_i64).unwrap_or(0);
        let condition = |kind: &str| {
            let all = job.pointer("/status/conditions").and_then(Value::as_array);
            let is = |c: &&Value| c["type"] == kind && c["status"] == "True";
            all.into_iter().flatten().find(is).map(|c| clean(c["reason"].as_str().unwrap_or_default(), 64))
        };
        let (phase, words) = if !text("/metadata/deletionTimestamp").is_empty() {
            (Phase::Terminating, format!("is terminating since {}", text("/metadata/deletionTimestamp")))
        } else if condition("Complete").is_some() {
            (Phase::Finished, format!("completed at {}", text("/status/completionTime")))
        } else if let Some(reason) = condition("Failed") {
            (Phase::Finished, format!("failed: {reason}"))
        } else if job.pointer("/spec/suspend") == Some(&Value::Bool(true)) {
            (Phase::Running, "is suspended".into())
        } else if count("/status/ready") > 0 {
            (Phase::Running, format!("runs since {}", text("/status/startTime")))
        } else {
            (Phase::Running, "is starting".into())
        };
        Standing { phase, uid: text("/metadata/uid"), words }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn phase(job: Value) -> (Phase, String) {
        let standing = Standing::of(Some(&job));
        (standing.phase, standing.words)
    }

    #[test]
    fn what_there_is_of_the_job_is_told_apart() {
        assert_eq!(Standing::of(None).phase, Phase::None);
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
