//! `pods/log`: the log of a container, also with `follow`.

use super::failure::Failure;
use super::kinds;
use super::path::{Query, ResourcePath};
use super::response::{self, ApiResponse, BodySender};
use super::state::ApiState;
use crate::lab::model::{Lab, LogLine, Time};
use chrono::{DateTime, SecondsFormat, TimeDelta};
use hyper::body::Bytes;
use std::sync::Arc;

/// The options of a log request.
struct LogOptions {
    tail: Option<usize>,
    since: Option<Time>,
    timestamps: bool,
    bytes: usize,
}

/// The log of a pod.
///
/// # Errors
/// There is no such pod or container, or the container has not started.
pub fn open(state: &Arc<ApiState>, path: &ResourcePath, query: &Query) -> Result<ApiResponse, Failure> {
    let name = path.name.clone().unwrap_or_default();
    let namespace = path.store_namespace().to_owned();
    let lab = state.lab();
    let options = options(query, lab.now())?;
    check(&lab, &namespace, &name, query)?;
    if query.yes("previous") {
        let container = container(&lab, &namespace, &name, query);
        let why = format!("previous terminated container \"{container}\" in pod \"{name}\" not found");
        return Err(Failure::bad_request(why));
    }
    let lines = lab.log(&namespace, &name).unwrap_or_default();
    let text = lines_text(lines, &options);
    let first = lines.first().map(|line| line.at);
    let seen = (first, lines.len());
    drop(lab);
    if !query.yes("follow") {
        return Ok(response::whole(200, "text/plain", text));
    }
    let (answer, sender) = response::stream("text/plain");
    tokio::spawn(follow(Arc::clone(state), (namespace, name), options, (text, seen), sender));
    Ok(answer)
}

fn options(query: &Query, now: Time) -> Result<LogOptions, Failure> {
    let read = |key: &str| match query.get(key) {
        "" => Ok(None),
        text => text
            .parse::<usize>()
            .map(Some)
            .map_err(|_| Failure::bad_request(format!("unable to decode query: {key}: {text:?} is no number"))),
    };
    let ago = read("sinceSeconds")?.map(|s| now - TimeDelta::seconds(i64::try_from(s).unwrap_or(i64::from(i32::MAX))));
    let since = DateTime::parse_from_rfc3339(query.get("sinceTime")).ok().map(|time| time.to_utc());
    let bytes = read("limitBytes")?.unwrap_or(usize::MAX);
    Ok(LogOptions { tail: read("tailLines")?, since: ago.or(since), timestamps: query.yes("timestamps"), bytes })
}

fn container(lab: &Lab, namespace: &str, name: &str, query: &Query) -> String {
    let own = lab.store.get("pods", namespace, name).and_then(|pod| pod["spec"]["containers"][0]["name"].as_str());
    match query.get("container") {
        "" => own.unwrap_or_default().to_owned(),
        wanted => wanted.to_owned(),
    }
}

fn check(lab: &Lab, namespace: &str, name: &str, query: &Query) -> Result<(), Failure> {
    let pods = kinds::find("", "pods").ok_or_else(Failure::no_such_path)?;
    let pod = lab.store.get("pods", namespace, name).ok_or_else(|| Failure::not_found(pods, name))?;
    let wanted = container(lab, namespace, name, query);
    let all = pod["spec"]["containers"].as_array().into_iter().flatten();
    if !all.clone().any(|container| container["name"] == wanted.as_str()) {
        return Err(Failure::bad_request(format!("container {wanted} is not valid for pod {name}")));
    }
    let statuses = pod["status"]["containerStatuses"].as_array().into_iter().flatten();
    let waits =
        statuses.clone().find(|status| status["name"] == wanted.as_str()).map(|status| &status["state"]["waiting"]);
    let reason = match waits {
        Some(waiting) if waiting.is_object() => waiting["reason"].as_str().unwrap_or_default(),
        None if pod["spec"]["nodeName"].is_null() => {
            return Err(Failure::bad_request(format!("pod {name} does not have a host assigned")));
        }
        _ => return Ok(()),
    };
    // Between two runs of a container, its log can still be read.
    match lab.log(namespace, name).is_some_and(|lines| !lines.is_empty()) {
        true => Ok(()),
        false => {
            Err(Failure::bad_request(format!("container \"{wanted}\" in pod \"{name}\" is waiting to start: {reason}")))
        }
    }
}

fn lines_text(lines: &[LogLine], options: &LogOptions) -> Vec<u8> {
    let from = lines.partition_point(|line| options.since.is_some_and(|since| line.at < since));
    let lines = &lines[from..];
    let tail = options.tail.map_or(0, |tail| lines.len().saturating_sub(tail));
    let mut out = Vec::new();
    for line in &lines[tail..] {
        write(&mut out, line, options.timestamps);
    }
    out.truncate(options.bytes);
    out
}

fn write(out: &mut Vec<u8>, line: &LogLine, timestamps: bool) {
    if timestamps {
        out.extend(line.at.to_rfc3339_opts(SecondsFormat::Nanos, true).bytes());
        out.push(b' ');
    }
    out.extend(line.text.bytes());
    out.push(b'\n');
}

/// Whether the container may still write to its log.
fn may_write(lab: &Lab, namespace: &str, name: &str) -> bool {
    let Some(pod) = lab.store.get("pods", namespace, name) else { return false };
    !matches!(pod["status"]["phase"].as_str(), Some("Succeeded" | "Failed"))
        && !pod["status"]["containerStatuses"][0]["state"]["terminated"].is_object()
}

/// Send new lines until the container has ended. `seen`: the first line's time, and how many lines were sent.
async fn follow(
    state: Arc<ApiState>,
    (namespace, name): (String, String),
    options: LogOptions,
    (mut text, mut seen): (Vec<u8>, (Option<Time>, usize)),
    sender: BodySender,
) {
    let mut steps = state.steps.subscribe();
    let mut disruptions = state.disruptions.subscribe();
    let restarts = disruptions.borrow().restarts;
    loop {
        if !text.is_empty() && sender.send(Ok(Bytes::from(std::mem::take(&mut text)))).await.is_err() {
            return;
        }
        tokio::select! {
            stepped = steps.changed() => if stepped.is_err() { return },
            changed = disruptions.changed() => if changed.is_err() || disruptions.borrow().restarts != restarts { return },
            () = sender.closed() => return,
        }
        let lab = state.lab();
        let lines = lab.log(&namespace, &name).unwrap_or_default();
        let first = lines.first().map(|line| line.at);
        // A different first line means a new run of the container.
        let sent = if seen.0.is_none() || seen.0 == first { seen.1.min(lines.len()) } else { 0 };
        for line in &lines[sent..] {
            write(&mut text, line, options.timestamps);
        }
        seen = (first, lines.len());
        if text.is_empty() && !may_write(&lab, &namespace, &name) {
            return;
        }
    }
}
