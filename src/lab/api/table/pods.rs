//! Pods: ready, status, restarts, as the API server's `printPod` prints them.

use super::{Printer, age, age_of, each, name, narrow, number, or_none, text, wide};
use crate::lab::model::Time;
use serde_json::{Value, json};

pub const PODS: Printer = Printer {
    columns: &[
        narrow("Name"),
        narrow("Ready"),
        narrow("Status"),
        narrow("Restarts"),
        narrow("Age"),
        wide("IP"),
        wide("Node"),
        wide("Nominated Node"),
        wide("Readiness Gates"),
    ],
    cells,
};

fn cells(pod: &Value, now: Time) -> Vec<Value> {
    let total = each(pod, "/spec/containers").count();
    let ready =
        each(pod, "/status/containerStatuses").filter(|c| c["ready"] == true && c["state"]["running"].is_object());
    vec![
        name(pod),
        json!(format!("{}/{total}", ready.count())),
        json!(status(pod)),
        json!(restarts(pod, now)),
        age_of(pod, now),
        or_none(text(pod, "/status/podIP")),
        or_none(text(pod, "/spec/nodeName")),
        or_none(text(pod, "/status/nominatedNodeName")),
        json!("<none>"),
    ]
}

/// Its phase, or a more specific reason.
fn status(pod: &Value) -> String {
    let mut reason = match (text(pod, "/status/reason"), text(pod, "/status/phase")) {
        ("", phase) => phase.to_owned(),
        (reason, _) => reason.to_owned(),
    };
    let gated =
        each(pod, "/status/conditions").any(|c| c["type"] == "PodScheduled" && c["reason"] == "SchedulingGated");
    if gated {
        reason = "SchedulingGated".into();
    }
    let mut running = false;
    let all: Vec<&Value> = each(pod, "/status/containerStatuses").collect();
    for container in all.iter().rev() {
        let (waiting, terminated) = (text(container, "/state/waiting/reason"), &container["state"]["terminated"]);
        if !waiting.is_empty() {
            reason = waiting.to_owned();
        } else if terminated.is_object() {
            reason = match (text(terminated, "/reason"), number(terminated, "/signal")) {
                ("", 0) => format!("ExitCode:{}", number(terminated, "/exitCode")),
                ("", signal) => format!("Signal:{signal}"),
                (reason, _) => reason.to_owned(),
            };
        } else if container["ready"] == true && container["state"]["running"].is_object() {
            running = true;
        }
    }
    if reason == "Completed" && running {
        let ready = each(pod, "/status/conditions").any(|c| c["type"] == "Ready" && c["status"] == "True");
        reason = if ready { "Running".into() } else { "NotReady".into() };
    }
    if !text(pod, "/metadata/deletionTimestamp").is_empty() {
        let over = matches!(text(pod, "/status/phase"), "Succeeded" | "Failed");
        reason = if over { reason } else { "Terminating".into() };
    }
    reason
}

/// The number of restarts, and how long ago the last one was.
fn restarts(pod: &Value, now: Time) -> String {
    let count: i64 = each(pod, "/status/containerStatuses").map(|c| number(c, "/restartCount")).sum();
    let last = each(pod, "/status/containerStatuses").map(|c| text(c, "/lastState/terminated/finishedAt")).max();
    match last.filter(|last| count > 0 && !last.is_empty()) {
        Some(last) => format!("{count} ({} ago)", age::since(last, now)),
        None => count.to_string(),
    }
}
