//! The Job controller: creates pods until enough have succeeded or too many have failed, and writes the Job's status.

use super::pods;
use super::replicaset::owned_pods;
use crate::lab::model::events::{EventRecord, Events};
use crate::lab::model::objects::{
    deleting, holds, is_active, key, name, number, owned_by, set_condition, stamp, text, time, uid,
};
use crate::lab::model::{Store, Time};
use chrono::TimeDelta;
use serde_json::{Value, json};

/// The back-off between a failed pod and the next one, seconds; doubled each time.
const BACKOFF_S: i64 = 10;

/// A Job's pods. Those that were deleted are counted from the status they left behind.
struct PodCounts {
    active: i64,
    ready: usize,
    succeeded: i64,
    failed: i64,
}

/// How a Job ends.
struct JobEnd {
    /// The condition that it gets, after another one that announces it.
    condition: &'static str,
    announced_by: &'static str,
    reason: &'static str,
    message: &'static str,
    event: EventRecord<'static>,
}

/// Returns when something is due that no change announces.
pub fn sync(store: &mut Store, events: &mut Events, now: Time) -> Option<Time> {
    let all: Vec<Value> = store.list("jobs", None).filter(|job| !deleting(job)).cloned().collect();
    all.iter().filter_map(|job| sync_job(store, events, job, now)).min()
}

fn sync_job(store: &mut Store, events: &mut Events, job: &Value, now: Time) -> Option<Time> {
    if holds(job, "Complete") || holds(job, "Failed") {
        return expire(store, job, now);
    }
    let pods = owned_pods(store, job);
    let mut counts = count(job, &pods);
    let end = end_of(job, &counts);
    let mut due = None;
    if let Some(end) = &end {
        events.record(store, now, ("batch/v1", "Job"), job, &end.event);
    } else if job["spec"]["suspend"] == true {
        let (namespace, _) = key(job);
        pods.iter().filter(|pod| is_active(pod)).for_each(|pod| pods::delete(store, &namespace, name(pod), now));
        counts.active = 0;
    } else {
        due = backoff(job, &pods, &counts, now);
        if due.is_none() {
            create_pods(store, events, job, &mut counts, now);
        }
    }
    write_status(store, job, &counts, end.as_ref(), now);
    due
}

fn count(job: &Value, pods: &[Value]) -> PodCounts {
    let in_phase = |phase: &str| pods.iter().filter(|pod| pod["status"]["phase"] == phase).count() as i64;
    let active = || pods.iter().filter(|pod| is_active(pod));
    PodCounts {
        active: active().count() as i64,
        ready: active().filter(|pod| holds(pod, "Ready")).count(),
        succeeded: in_phase("Succeeded").max(number(&job["status"]["succeeded"], 0)),
        failed: in_phase("Failed").max(number(&job["status"]["failed"], 0)),
    }
}

fn end_of(job: &Value, counts: &PodCounts) -> Option<JobEnd> {
    if counts.succeeded >= completions(job) {
        return Some(JobEnd {
            condition: "Complete",
            announced_by: "SuccessCriteriaMet",
            reason: "CompletionsReached",
            message: "Reached expected number of succeeded pods",
            event: event("Completed", false, "Job completed".to_owned()),
        });
    }
    let message = "Job has reached the specified backoff limit";
    (counts.failed > number(&job["spec"]["backoffLimit"], 6)).then(|| JobEnd {
        condition: "Failed",
        announced_by: "FailureTarget",
        reason: "BackoffLimitExceeded",
        message,
        event: event("BackoffLimitExceeded", true, message.to_owned()),
    })
}

fn completions(job: &Value) -> i64 {
    number(&job["spec"]["completions"], 1)
}

/// How many pods may run at once now.
fn wanted(job: &Value, counts: &PodCounts) -> i64 {
    number(&job["spec"]["parallelism"], 1).min(completions(job) - counts.succeeded)
}

/// Until when no pod is created, because one has failed.
fn backoff(job: &Value, pods: &[Value], counts: &PodCounts, now: Time) -> Option<Time> {
    let finished = |pod: &Value| time(&pod["status"]["containerStatuses"][0]["state"]["terminated"]["finishedAt"]);
    let last = pods.iter().filter(|pod| pod["status"]["phase"] == "Failed").filter_map(finished).max()?;
    let due = last + TimeDelta::seconds(BACKOFF_S << counts.failed.clamp(1, 6) >> 1);
    (counts.failed > 0 && due > now && counts.active < wanted(job, counts)).then_some(due)
}

fn create_pods(store: &mut Store, events: &mut Events, job: &Value, counts: &mut PodCounts, now: Time) {
    let (namespace, of) = key(job);
    let labels = [
        ("batch.kubernetes.io/controller-uid", uid(job)),
        ("batch.kubernetes.io/job-name", of.as_str()),
        ("controller-uid", uid(job)),
        ("job-name", of.as_str()),
    ];
    while counts.active < wanted(job, counts) {
        let owner = owned_by(job, "batch/v1", "Job");
        let pod = pods::of_template(&job["spec"]["template"], &namespace, &of, &labels, owner);
        let Ok(pod) = store.create("pods", pod, now) else { break };
        let created = event("SuccessfulCreate", false, format!("Created pod: {}", name(pod)));
        events.record(store, now, ("batch/v1", "Job"), job, &created);
        counts.active += 1;
    }
}

fn write_status(store: &mut Store, job: &Value, counts: &PodCounts, end: Option<&JobEnd>, now: Time) {
    let (namespace, of) = key(job);
    let _updated = store.update("jobs", &namespace, &of, |job| {
        if !job["status"].is_object() {
            job["status"] = json!({});
        }
        if job["status"]["startTime"].is_null() && job["spec"]["suspend"] != true {
            job["status"]["startTime"] = stamp(now);
        }
        let fields = [("active", counts.active), ("succeeded", counts.succeeded), ("failed", counts.failed)];
        for (field, count) in fields {
            match job["status"].as_object_mut() {
                Some(status) if count == 0 => drop(status.remove(field)),
                _ => job["status"][field] = json!(count),
            }
        }
        job["status"]["ready"] = json!(counts.ready);
        job["status"]["terminating"] = json!(0);
        job["status"]["uncountedTerminatedPods"] = json!({});
        let Some(end) = end else { return };
        for kind in [end.announced_by, end.condition] {
            let extra = json!({"lastProbeTime": stamp(now), "reason": end.reason, "message": end.message});
            set_condition(job, kind, true, &extra, now);
        }
        if end.condition == "Complete" {
            job["status"]["completionTime"] = stamp(now);
        }
    });
}

fn event(reason: &'static str, warning: bool, message: String) -> EventRecord<'static> {
    EventRecord { component: "job-controller", warning, reason, message }
}

/// Delete a finished Job after its `ttlSecondsAfterFinished`; returns when that is due.
fn expire(store: &mut Store, job: &Value, now: Time) -> Option<Time> {
    let ttl = job["spec"]["ttlSecondsAfterFinished"].as_i64()?;
    let all = job["status"]["conditions"].as_array()?;
    let end = all
        .iter()
        .filter(|c| matches!(text(&c["type"]), "Complete" | "Failed"))
        .find_map(|c| time(&c["lastTransitionTime"]))?;
    let due = end + TimeDelta::seconds(ttl);
    if due > now {
        return Some(due);
    }
    let (namespace, of) = key(job);
    let _deleted = store.delete("jobs", &namespace, &of);
    None
}
