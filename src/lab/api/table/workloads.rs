//! Deployments, ReplicaSets, StatefulSets, DaemonSets, Jobs.

use super::{Printer, age, age_of, each, labels, name, narrow, number, text, wide};
use crate::lab::model::Time;
use chrono::DateTime;
use serde_json::{Value, json};

pub const DEPLOYMENTS: Printer = Printer {
    columns: &[
        narrow("Name"),
        narrow("Ready"),
        narrow("Up-to-date"),
        narrow("Available"),
        narrow("Age"),
        wide("Containers"),
        wide("Images"),
        wide("Selector"),
    ],
    cells: |it, now| {
        let counts = vec![
            name(it),
            json!(ready(it)),
            json!(number(it, "/status/updatedReplicas")),
            json!(number(it, "/status/availableReplicas")),
        ];
        [counts, vec![age_of(it, now)], containers(it), vec![json!(selector(it))]].concat()
    },
};

pub const REPLICASETS: Printer = Printer {
    columns: &[
        narrow("Name"),
        narrow("Desired"),
        narrow("Current"),
        narrow("Ready"),
        narrow("Age"),
        wide("Containers"),
        wide("Images"),
        wide("Selector"),
    ],
    cells: |it, now| {
        let counts = ["/spec/replicas", "/status/replicas", "/status/readyReplicas"].map(|at| json!(number(it, at)));
        [vec![name(it)], counts.to_vec(), vec![age_of(it, now)], containers(it), vec![json!(selector(it))]].concat()
    },
};

pub const STATEFULSETS: Printer = Printer {
    columns: &[narrow("Name"), narrow("Ready"), narrow("Age"), wide("Containers"), wide("Images")],
    cells: |it, now| [vec![name(it), json!(ready(it)), age_of(it, now)], containers(it)].concat(),
};

pub const DAEMONSETS: Printer = Printer {
    columns: &[
        narrow("Name"),
        narrow("Desired"),
        narrow("Current"),
        narrow("Ready"),
        narrow("Up-to-date"),
        narrow("Available"),
        narrow("Node Selector"),
        narrow("Age"),
        wide("Containers"),
        wide("Images"),
        wide("Selector"),
    ],
    cells: |it, now| {
        let counts = [
            "desiredNumberScheduled",
            "currentNumberScheduled",
            "numberReady",
            "updatedNumberScheduled",
            "numberAvailable",
        ]
        .map(|key| json!(number(it, &format!("/status/{key}"))));
        let nodes = super::or_none(labels(it, "/spec/template/spec/nodeSelector"));
        [vec![name(it)], counts.to_vec(), vec![nodes, age_of(it, now)], containers(it), vec![json!(selector(it))]]
            .concat()
    },
};

pub const JOBS: Printer = Printer {
    columns: &[
        narrow("Name"),
        narrow("Status"),
        narrow("Completions"),
        narrow("Duration"),
        narrow("Age"),
        wide("Containers"),
        wide("Images"),
        wide("Selector"),
    ],
    cells: |it, now| {
        let done = number(it, "/status/succeeded");
        let wanted = it.pointer("/spec/completions").and_then(Value::as_i64).unwrap_or(1);
        let took = duration(it, now);
        let own =
            vec![name(it), json!(job_status(it)), json!(format!("{done}/{wanted}")), json!(took), age_of(it, now)];
        [own, containers(it), vec![json!(selector(it))]].concat()
    },
};

fn job_status(job: &Value) -> &'static str {
    let is = |kind: &str| each(job, "/status/conditions").any(|c| c["type"] == kind && c["status"] == "True");
    if is("Complete") {
        "Complete"
    } else if is("Failed") {
        "Failed"
    } else if !text(job, "/metadata/deletionTimestamp").is_empty() {
        "Terminating"
    } else if is("Suspended") {
        "Suspended"
    } else if is("FailureTarget") {
        "FailureTarget"
    } else if is("SuccessCriteriaMet") {
        "SuccessCriteriaMet"
    } else {
        "Running"
    }
}

/// The time from its start to its completion, or until now.
fn duration(job: &Value, now: Time) -> String {
    let at = |pointer: &str| DateTime::parse_from_rfc3339(text(job, pointer)).ok().map(|t| t.to_utc());
    let Some(start) = at("/status/startTime") else { return String::new() };
    let end = at("/status/completionTime").unwrap_or(now);
    age::human((end - start).num_seconds())
}

fn ready(it: &Value) -> String {
    format!("{}/{}", number(it, "/status/readyReplicas"), number(it, "/spec/replicas"))
}

/// The names and images of the containers.
fn containers(it: &Value) -> Vec<Value> {
    let all = |key: &str| {
        let all = each(it, "/spec/template/spec/containers").map(|c| c[key].as_str().unwrap_or_default());
        json!(all.collect::<Vec<_>>().join(","))
    };
    vec![all("name"), all("image")]
}

fn selector(it: &Value) -> String {
    labels(it, "/spec/selector/matchLabels")
}
