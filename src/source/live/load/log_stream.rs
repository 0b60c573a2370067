//! Streams the log of one k6 pod; after an interruption it continues where it stopped. No line is read twice, and k6's
//! figures are totals, so nothing is counted twice.

use super::log::{LogEntry, LogParser};
use crate::observe::{K6ErrorSeen, K6Seen, K6SummarySeen, Observation, Time};
use crate::source::live::client::{self, ApiError, ApiErrorKind, ResourceAttributes, encode};
use crate::source::live::context::FeedContext;
use crate::source::live::discovered::PodTarget;
use chrono::SecondsFormat;

/// Lines that are read of a log that already exists. At three lines a second that is a run of half an hour.
const BACKLOG: &str = "5000";
/// The most that is read of one line, in bytes; the rest of it is skipped.
const LONGEST_LINE: usize = 16 << 10;
/// The most errors of one process that are passed on.
const MOST_ERRORS: usize = 64;

/// How far a log has been read.
#[derive(Debug, Default)]
pub struct LogPosition {
    parser: LogParser,
    /// When the last line was written.
    last: Option<Time>,
    /// How many errors were passed on, and the last of them.
    errors: usize,
    error: String,
}

/// The request in the terms of RBAC.
pub fn asked(namespace: &str) -> ResourceAttributes {
    ResourceAttributes {
        verb: "get",
        version: "v1".into(),
        resource: "pods/log".into(),
        namespace: namespace.to_owned(),
        ..ResourceAttributes::default()
    }
}

/// Stream the log from `position` on until it ends or breaks off.
pub async fn stream(
    shared: &FeedContext,
    uid: &str,
    pod: &PodTarget,
    position: &mut LogPosition,
) -> Result<(), ApiError> {
    let from = match position.last {
        None => format!("tailLines={BACKLOG}"),
        Some(last) => format!("sinceTime={}", encode(&last.to_rfc3339_opts(SecondsFormat::Secs, true))),
    };
    let path = format!(
        "/api/v1/namespaces/{}/pods/{}/log?container={}&follow=true&timestamps=true&{from}",
        encode(&pod.namespace),
        encode(&pod.name),
        encode(&pod.container)
    );
    let mut lines =
        client::open(shared, &path, &asked(&pod.namespace), shared.timing().request).await.map_err(|fault| {
            // The kubelet has no log before the container starts, and none after it was cleared away.
            match fault.kind {
                ApiErrorKind::Refused | ApiErrorKind::Absent => ApiError { kind: ApiErrorKind::Busy, ..fault },
                _ => fault,
            }
        })?;
    let before = position.last;
    while let Some(line) = lines.next_part(LONGEST_LINE).await? {
        // The server puts a time before every line, so one without anything is no line of k6's.
        if line.is_empty() {
            continue;
        }
        shared.gate.reached();
        let text = String::from_utf8_lossy(&line);
        let (written, text) = split_timestamp(&text);
        if written.is_some_and(|w| before.is_some_and(|b| w <= b)) {
            continue;
        }
        position.last = written.max(position.last);
        for entry in position.parser.line(text) {
            emit(shared, uid, pod, position, written, entry).await;
        }
    }
    Ok(())
}

/// The process has ended, and its log with it: emit what was read of a summary.
pub async fn finish(shared: &FeedContext, uid: &str, pod: &PodTarget, position: &mut LogPosition) {
    if let Some(entry) = position.parser.end() {
        let written = position.last;
        emit(shared, uid, pod, position, written, entry).await;
    }
}

async fn emit(
    shared: &FeedContext,
    uid: &str,
    pod: &PodTarget,
    position: &mut LogPosition,
    written: Option<Time>,
    entry: LogEntry,
) {
    let (uid, pod) = (uid.to_owned(), pod.name.clone());
    let what = match entry {
        LogEntry::Progress(seen) => Observation::K6(Box::new(K6Seen { pod, uid, written, ..*seen })),
        LogEntry::Summary(seen) => Observation::K6Summary(Box::new(K6SummarySeen { pod, uid, written, ..*seen })),
        LogEntry::Error(text) => {
            // A script may throw the same again in each iteration.
            if text == position.error || position.errors == MOST_ERRORS {
                return;
            }
            (position.errors, position.error) = (position.errors + 1, text.clone());
            Observation::K6Error(K6ErrorSeen { pod, uid, written, text })
        }
    };
    shared.out.emit(what).await;
}

/// The timestamp before a line, and the line without it.
fn split_timestamp(line: &str) -> (Option<Time>, &str) {
    let (head, rest) = line.split_once(' ').unwrap_or((line, ""));
    match head.parse::<Time>() {
        Ok(time) => (Some(time), rest),
        Err(_) => (None, line),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_timestamp_before_a_line_is_split_off() {
        let (time, rest) = split_timestamp("2026-11-24T00:26:26.123456789Z running (05.0s), 04/30 VUs");
        assert_eq!(time.unwrap().timestamp_subsec_nanos(), 123_456_789);
        assert_eq!(rest, "running (05.0s), 04/30 VUs");
        assert_eq!(
            split_timestamp("2026-11-24T00:26:26Z"),
            (Some(Time::from_timestamp(1_795_479_986, 0).unwrap()), "")
        );
        assert_eq!(split_timestamp("running (05.0s)"), (None, "running (05.0s)"));
    }
}
