//! Whether the gateway's containers keep running during the run. Must not judge scaling.

use super::{CheckResult, Run, no_load};
use crate::observe::Feed;
use crate::session::Pod;

pub fn stay_up(run: &Run) -> CheckResult {
    let expected = "no gateway container ends during the run";
    let Some(start) = run.start else { return no_load(run, expected) };
    if run.session.pods.all().next().is_none() {
        return CheckResult::unobservable(run, Feed::Pods, expected);
    }
    let ended = run.session.pods.all().filter_map(|p| unexpected_exit(p, start)).min();
    match (ended, run.end) {
        (Some((ms, text)), _) => CheckResult::failed(expected, format!("{text} at {}", run.clock(ms))).at(ms),
        (None, Some(end)) => CheckResult::passed(expected, "every container kept running").at(end),
        (None, None) => CheckResult::waiting(expected, "every container kept running so far"),
    }
}

/// When a container of a pod ended without being asked to, and how.
fn unexpected_exit(pod: &Pod, start: i64) -> Option<(i64, String)> {
    let exits = pod.seen.containers.iter().flat_map(|c| {
        // Deleting a pod ends its containers, too.
        let present = c.terminated.as_ref().filter(|e| pod.seen.deleted.is_none() || e.reason == "OOMKilled");
        [c.last_terminated.as_ref(), present].into_iter().flatten().map(move |e| (c, e))
    });
    let ended = exits.filter_map(|(c, e)| {
        let ms = e.finished?.timestamp_millis();
        let again = if c.restarts > 1 { format!(", restart {}", c.restarts) } else { String::new() };
        let text = format!("{}, container {}: {} (exit code {}{again})", pod.seen.name, c.name, e.reason, e.code);
        (ms >= start).then_some((ms, text))
    });
    ended.min()
}
