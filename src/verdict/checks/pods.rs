//! Whether the gateway's pods live through the run.

use super::{Found, Run, no_load};
use crate::observe::Feed;
use crate::session::Pod;

pub fn stay_up(run: &Run) -> Found {
    let expected = "no gateway container ends during the run";
    let Some(start) = run.start else { return no_load(run, expected) };
    if run.session.pods.all().next().is_none() {
        return Found::unobservable(run, Feed::Pods, expected);
    }
    let ended = run.session.pods.all().filter_map(|p| fallen(p, start)).min();
    match (ended, run.end) {
        (Some((ms, text)), _) => Found::failed(expected, format!("{text} at {}", run.clock(ms))).at(ms),
        (None, Some(end)) => Found::passed(expected, "every container ran on").at(end),
        (None, None) => Found::waiting(expected, "none has so far"),
    }
}

/// When a container of a pod ended that nobody asked to, and how.
fn fallen(pod: &Pod, start: i64) -> Option<(i64, String)> {
    let exits = pod.seen.containers.iter().flat_map(|c| {
        // A pod that is deleted ends its containers, too.
        let present = c.terminated.as_ref().filter(|e| pod.seen.deleted.is_none() || e.reason == "OOMKilled");
        [c.last_terminated.as_ref(), present].into_iter().flatten().map(move |e| (c, e))
    });
    let told = exits.filter_map(|(c, e)| {
        let ms = e.finished?.timestamp_millis();
        let text = format!("{}, container {}: {} (exit code {})", pod.seen.name, c.name, e.reason, e.code);
        (ms >= start).then_some((ms, text))
    });
    told.min()
}
