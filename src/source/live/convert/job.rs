//! Job -> JobSeen.

use super::{conditions, name};
use crate::observe::JobSeen;
use crate::source::live::wire;

/// One version of the load Job.
pub fn job(from: &wire::Job) -> JobSeen {
    let (meta, spec, status) = (&from.metadata, &from.spec, &from.status);
    JobSeen {
        kind: String::new(),
        namespace: name(&meta.namespace),
        name: name(&meta.name),
        uid: name(&meta.uid),
        created: meta.creation_timestamp,
        deleted: meta.deletion_timestamp,
        started: status.start_time,
        completed: status.completion_time,
        suspended: spec.suspend.unwrap_or(false),
        active: status.active.unwrap_or(0),
        ready: status.ready.unwrap_or(0),
        succeeded: status.succeeded.unwrap_or(0),
        failed: status.failed.unwrap_or(0),
        completions: spec.completions.unwrap_or(1),
        image: spec.template.spec.containers.first().map(|c| name(&c.image)).unwrap_or_default(),
        conditions: conditions(&status.conditions),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_job_keeps_its_condition() {
        let text = r#"{"metadata":{"name":"k6-load","uid":"u"},"spec":{"template":{"spec":{"containers":[{"name":"k6","image":"grafana/k6"}]}}},
          "status":{"failed":1,"conditions":[{"type":"Failed","status":"True","reason":"BackoffLimitExceeded","message":"m"}]}}"#;
        let seen = job(&serde_json::from_str(text).unwrap());
        assert_eq!((seen.failed, seen.active, seen.completions, seen.image.as_str()), (1, 0, 1, "grafana/k6"));
        assert_eq!(seen.conditions[0].reason, "BackoffLimitExceeded");
    }
}
