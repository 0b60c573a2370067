//! The Job controller: pods until enough have succeeded or too many failed, and the Job's status and end.

use super::super::events::{Events, Told};
use super::pods;
use super::replicaset::owned_pods;
use crate::lab::model::objects::{
    deleting, holds, is_active, key, name, number, owned_by, set_condition, stamp, text, time, uid,
};
use crate::lab::model::{Store, Time};
use chrono::TimeDelta;
use serde_json::{Value, json};

/// Between a failed pod and the next one, doubled each time (`10 s`).
const BACKOFF_S: i64 = 10;

/// Returns when something is due that no change announces.
pub fn sync(store: &mut Store, events: &mut Events, now: Time) -> Option<Time> {
    let all: Vec<Value> = store.list("jobs", None).filter(|job| !deleting(job)).cloned().collect();
    all.iter().filter_map(|job| one(store, events, job, now)).min()
}

fn one(store: &mut Store, events: &mut Events, job: &Value, now: Time) -> Option<Time> {
    let (namespace, of) = key(job);
    if holds(job, "Complete") || holds(job, "Failed") {
        return after_the_end(store, job, now);
    }
    let (spec, status) = (&job["spec"], &job["status"]);
    let pods = owned_pods(store, job);
    let phase = |of: &'static str| pods.iter().filter(move |pod| pod["status"]["phase"] == of);
    let active: Vec<&Value> = pods.iter().filter(|pod| is_active(pod)).collect();
    // Pods that somebody deleted are counted from the status they left.
    let succeeded = (phase("Succeeded").count() as i64).max(number(&status["succeeded"], 0));
    let failed = (phase("Failed").count() as i64).max(number(&status["failed"], 0));
    let completions = number(&spec["completions"], 1);
    let limit = number(&spec["backoffLimit"], 6);
    let suspended = spec["suspend"] == true;
    let mut due = None;
    let told = |reason: &'static str, warning: bool, message: String| Told {
        component: "job-controller",
        warning,
        reason,
        message,
    };
    let kind = ("batch/v1", "Job");
    let (mut running, mut over) = (active.len() as i64, None);
    if succeeded >= completions {
        over = Some(("Complete", "CompletionsReached", "Reached expected number of succeeded pods".to_owned()));
        events.tell(store, now, kind, job, &told("Completed", false, "Job completed".into()));
    } else if failed > limit {
        let message = "Job has reached the specified backoff limit".to_owned();
        events.tell(store, now, kind, job, &told("BackoffLimitExceeded", true, message.clone()));
        over = Some(("Failed", "BackoffLimitExceeded", message));
    } else if suspended {
        active.iter().for_each(|pod| pods::delete(store, &namespace, name(pod), now));
        running = 0;
    } else {
        let wanted = number(&spec["parallelism"], 1).min(completions - succeeded);
        let last = phase("Failed").filter_map(ended).max();
        let wait = TimeDelta::seconds(BACKOFF_S << failed.clamp(1, 6) >> 1);
        due = last.map(|last| last + wait).filter(|due| failed > 0 && *due > now && running < wanted);
        while running < wanted && due.is_none() {
            let labels = [
                ("batch.kubernetes.io/controller-uid", uid(job)),
                ("batch.kubernetes.io/job-name", of.as_str()),
                ("controller-uid", uid(job)),
                ("job-name", of.as_str()),
            ];
            let owner = owned_by(job, "batch/v1", "Job");
            let pod = pods::of_template(&spec["template"], &namespace, &of, &labels, owner);
            let Ok(pod) = store.create("pods", pod, now) else { break };
            let message = format!("Created pod: {}", name(pod));
            events.tell(store, now, kind, job, &told("SuccessfulCreate", false, message));
            running += 1;
        }
    }
    let ready = active.iter().filter(|pod| holds(pod, "Ready")).count();
    let _told = store.update("jobs", &namespace, &of, |job| {
        if !job["status"].is_object() {
            job["status"] = json!({});
        }
        if job["status"]["startTime"].is_null() && !suspended {
            job["status"]["startTime"] = stamp(now);
        }
        let counts = [("active", running), ("succeeded", succeeded), ("failed", failed)];
        for (field, count) in counts {
            match job["status"].as_object_mut() {
                Some(status) if count == 0 => drop(status.remove(field)),
                _ => job["status"][field] = json!(count),
            }
        }
        job["status"]["ready"] = json!(ready);
        job["status"]["terminating"] = json!(0);
        job["status"]["uncountedTerminatedPods"] = json!({});
        if let Some((end, reason, message)) = &over {
            let before = if *end == "Complete" { "SuccessCriteriaMet" } else { "FailureTarget" };
            for kind in [before, end] {
                let extra = json!({"lastProbeTime": stamp(now), "reason": reason, "message": message});
                set_condition(job, kind, true, &extra, now);
            }
            if *end == "Complete" {
                job["status"]["completionTime"] = stamp(now);
            }
        }
    });
    due
}

fn ended(pod: &Value) -> Option<Time> {
    time(&pod["status"]["containerStatuses"][0]["state"]["terminated"]["finishedAt"])
}

/// `ttlSecondsAfterFinished`.
fn after_the_end(store: &mut Store, job: &Value, now: Time) -> Option<Time> {
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
    let _gone = store.delete("jobs", &namespace, &of);
    None
}
