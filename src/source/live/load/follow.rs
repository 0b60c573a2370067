//! The log of one k6 pod, followed; after a cut it goes on where it stood. Lines that were read are not read again, and k6's
//! figures are totals, so that nothing counts twice.

use super::log::{Log, Said};
use crate::observe::{K6ErrorSeen, K6Seen, K6SummarySeen, Observation, Time};
use crate::source::live::client::{self, ApiError, ErrorKind, ResourceAttributes, encode};
use crate::source::live::context::FeedContext;
use crate::source::live::discovered::PodTarget;
use chrono::SecondsFormat;

/// Lines of a log that are read on the first look. At three a second it is a run of half an hour.
const BACKLOG: &str = "5000";
/// So much of a line is read; the rest of it is passed over.
const LONGEST: usize = 16 << 10;
/// Errors of one process that are passed on.
const ERRORS: usize = 64;

/// Where the reading of a log stands.
#[derive(Debug, Default)]
pub struct Place {
    log: Log,
    /// When the last line was written.
    last: Option<Time>,
    errors: usize,
    error: String,
}

/// What RBAC calls it.
pub fn asked(namespace: &str) -> ResourceAttributes {
    ResourceAttributes {
        verb: "get",
        version: "v1".into(),
        resource: "pods/log".into(),
        namespace: namespace.to_owned(),
        ..ResourceAttributes::default()
    }
}

/// Follow the log from where `place` stands until it ends or breaks off.
pub async fn follow(shared: &FeedContext, uid: &str, pod: &PodTarget, place: &mut Place) -> Result<(), ApiError> {
    let from = match place.last {
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
        client::open(shared, &path, &asked(&pod.namespace), shared.timing.request).await.map_err(|fault| {
            // The kubelet has no log before the container starts, and none after it was cleared away.
            match fault.kind {
                ErrorKind::Refused | ErrorKind::Absent => ApiError { kind: ErrorKind::Busy, ..fault },
                _ => fault,
            }
        })?;
    let before = place.last;
    while let Some(line) = lines.next_part(LONGEST).await? {
        shared.gate.reached();
        let text = String::from_utf8_lossy(&line);
        let (written, text) = split(&text);
        if written.is_some_and(|w| before.is_some_and(|b| w <= b)) {
            continue;
        }
        place.last = written.max(place.last);
        for said in place.log.line(text) {
            say(shared, uid, pod, place, written, said).await;
        }
    }
    Ok(())
}

/// The process has ended, and its log with it: what there is of a summary is all there will be.
pub async fn end(shared: &FeedContext, uid: &str, pod: &PodTarget, place: &mut Place) {
    if let Some(said) = place.log.end() {
        let written = place.last;
        say(shared, uid, pod, place, written, said).await;
    }
}

async fn say(shared: &FeedContext, uid: &str, pod: &PodTarget, place: &mut Place, written: Option<Time>, said: Said) {
    let (uid, pod) = (uid.to_owned(), pod.name.clone());
    let what = match said {
        Said::Progress(seen) => Observation::K6(Box::new(K6Seen { pod, uid, written, ..*seen })),
        Said::Summary(seen) => Observation::K6Summary(Box::new(K6SummarySeen { pod, uid, written, ..*seen })),
        Said::Error(text) => {
            // A script may throw the same again in each iteration.
            if text == place.error || place.errors == ERRORS {
                return;
            }
            (place.errors, place.error) = (place.errors + 1, text.clone());
            Observation::K6Error(K6ErrorSeen { pod, uid, written, text })
        }
    };
    shared.out.emit(what).await;
}

/// The time that stands before each line, and the line.
fn split(line: &str) -> (Option<Time>, &str) {
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
    fn the_time_before_a_line_is_taken_off() {
        let (time, rest) = split("2026-11-24T00:26:26.123456789Z running (05.0s), 04/30 VUs");
        assert_eq!(time.unwrap().timestamp_subsec_nanos(), 123_456_789);
        assert_eq!(rest, "running (05.0s), 04/30 VUs");
        assert_eq!(split("2026-11-24T00:26:26Z"), (Some(Time::from_timestamp(1_795_479_986, 0).unwrap()), ""));
        assert_eq!(split("running (05.0s)"), (None, "running (05.0s)"));
    }
}
