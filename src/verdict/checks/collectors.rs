//! What the collectors show of the run: telemetry arrives, every replica has its share, no queue stays full, nothing is lost.
//! Must not judge the HPA.

use super::{CheckResult, Run, no_load};
use crate::format::text::plural;
use crate::observe::{Feed, Role, Signal};
use crate::session::{Collector, Incident, Loss, Mark, Marker, Tier, Undelivered};
use crate::verdict::run::clock;

/// Below this fraction of an even share a pod counts as idle.
const FAIR: f64 = 0.05;
/// From this ratio on a queue counts as full.
const FULL: f64 = 0.999;

/// The first traces or logs are accepted within `limit` of the load's start, milliseconds.
pub fn first(run: &Run, limit: i64) -> CheckResult {
    let expected = format!("the gateway accepts the first traces or logs by {}", clock(limit));
    let Some(start) = run.start else { return no_load(run, expected) };
    let accepted = run.session.collectors.tier(Role::Gateway).map(|tier| {
        let first = |signal| {
            let points = tier.rates(signal).accepted.points();
            points.iter().find(|(ms, rate)| *ms >= start && *rate > 0.0).map(|p| (p.0, signal))
        };
        [Signal::Traces, Signal::Logs].into_iter().filter_map(first).min()
    });
    let indexed = || {
        let first = |signal| run.session.ingest.first_after(signal, start).map(|(_, by)| (by, signal));
        [Signal::Traces, Signal::Logs].into_iter().filter_map(first).min()
    };
    let (found, what) = match accepted {
        Some(found) => (found, "accepted"),
        None if run.session.ingest.since.is_some() => (indexed(), "indexed"),
        None => return CheckResult::unobservable(run, Feed::Collector, expected),
    };
    let due = start + limit;
    match found {
        Some((ms, signal)) if ms <= due => {
            CheckResult::passed(expected, format!("{} {what} at {}", signal.name(), run.clock(ms))).at(ms)
        }
        Some((ms, signal)) => {
            CheckResult::failed(expected, format!("{} {what} only at {}", signal.name(), run.clock(ms))).at(ms)
        }
        None if run.now > due => CheckResult::failed(expected, format!("none by {}", run.clock(run.now))).at(due),
        None => CheckResult::waiting(expected, "nothing accepted so far"),
    }
}

/// No pod goes without its share for longer than `within` after its start, milliseconds, while the load runs.
pub fn share(run: &Run, within: i64) -> CheckResult {
    let expected = format!("every replica has a share of the load within {} of its start", clock(within));
    let Some(start) = run.start else { return no_load(run, expected) };
    let Some(tier) = run.session.collectors.tier(Role::Gateway) else {
        return CheckResult::unobservable(run, Feed::Collector, expected);
    };
    let end = run.end.unwrap_or(run.now);
    let mut judged = 0;
    let mut idle: Option<(i64, i64, &Collector)> = None;
    for one in run.session.collectors.all().filter(|c| c.role == Role::Gateway) {
        let pod = run.session.pods.all().find(|p| p.seen.uid == one.uid);
        let made = pod.and_then(|p| p.seen.created).map_or(one.at, |t| t.timestamp_millis());
        // Only replicas that were created under load are new to the senders.
        if made < start - 5000 {
            continue;
        }
        let until = end.min(one.gone.unwrap_or(i64::MAX)).min(run.now);
        if until - made < within {
            continue;
        }
        judged += 1;
        let busy =
            one.accepted.rate.points().iter().find(|(ms, rate)| *ms >= made && *rate > FAIR * even(run, tier, *ms));
        let waited = busy.map_or(until, |b| b.0.min(until)) - made;
        if waited > within && idle.is_none_or(|(w, ..)| waited > w) {
            idle = Some((waited, made, one));
        }
    }
    match (idle, judged, run.end) {
        (Some((waited, made, one)), ..) => {
            let text =
                format!("{} had no share for {} after it was created at {}", one.pod, clock(waited), run.clock(made));
            CheckResult::failed(expected, text).at(made + within)
        }
        (None, 0, Some(end)) => CheckResult::passed(expected, "no new replica was there for long enough").at(end),
        (None, n, Some(end)) => {
            CheckResult::passed(expected, format!("{}, {}", plural(n, "new replica"), shares(n))).at(end)
        }
        (None, 0, None) => CheckResult::waiting(expected, "no new replica has been there for long enough yet"),
        (None, n, None) => {
            CheckResult::waiting(expected, format!("{} so far, {}", plural(n, "new replica"), shares(n)))
        }
    }
}

/// Of replicas that were in time.
fn shares(n: usize) -> &'static str {
    if n == 1 { "which had its share of the load in time" } else { "each of which had its share of the load in time" }
}

/// What a pod would accept a second if the load were shared evenly by all Ready pods.
fn even(run: &Run, tier: &Tier, ms: i64) -> f64 {
    let all = tier.accepted.at(ms, 60_000).map_or(f64::INFINITY, |p| p.1);
    let ready = run.session.replicas.ready.at(ms).copied().flatten().unwrap_or(1).max(1);
    all / f64::from(ready)
}

/// No queue of the gateway is full for longer than `gap` in a row, milliseconds, and Elasticsearch rejects nothing.
pub fn back_pressure(run: &Run, gap: i64) -> CheckResult {
    let expected =
        format!("no queue of the gateway stays full for more than {}, and Elasticsearch rejects nothing", clock(gap));
    let Some(start) = run.start else { return no_load(run, expected) };
    let rejected = run.session.ingest.pressure.rejections.points().iter().find(|p| p.0 >= start && p.1 > 0.0);
    let tier = run.session.collectors.tier(Role::Gateway);
    let full = tier.and_then(|tier| longest_full(run, tier, start)).filter(|(a, b)| b - a > gap);
    let queue = |(from, to): (i64, i64)| format!("a queue was full from {} for {}", run.clock(from), clock(to - from));
    if let Some((ms, _)) = rejected {
        let causes = run.session.ingest.pressure.rejected.iter().filter(|(_, n)| **n > 0);
        let words = causes
            .map(|(c, n)| format!("{} ({n})", crate::explain::elasticsearch::rejection(c)))
            .collect::<Vec<_>>()
            .join(", ");
        let text = format!("Elasticsearch rejected writes from {} on: {words}", run.clock(ms));
        return match full {
            Some(full) => CheckResult::failed(expected, format!("{text}; {}", queue(full))).at(ms),
            None => CheckResult::failed(expected, text).at(ms),
        };
    }
    let Some(tier) = tier else { return CheckResult::unobservable(run, Feed::Collector, expected) };
    let most = tier.queue.points().iter().filter(|p| p.0 >= start).map(|p| p.1).reduce(f64::max);
    match (full, run.end) {
        (Some(full), _) => CheckResult::failed(expected, queue(full)).at(full.0),
        (None, Some(end)) => {
            let most = most.map_or_else(|| "unknown".into(), |m| format!("{:.0} % full at most", m * 100.0));
            CheckResult::passed(expected, format!("fullest queue: {most}")).at(end)
        }
        (None, None) => CheckResult::waiting(expected, "no full queue so far"),
    }
}

/// The longest stretch since `start` in which a queue of a tier was full.
fn longest_full(run: &Run, tier: &Tier, start: i64) -> Option<(i64, i64)> {
    let mut full: Option<(i64, i64)> = None;
    for segment in tier.queue.segments(start, run.now) {
        for stretch in segment.split(|p| p.1 < FULL).filter(|s| !s.is_empty()) {
            let (from, to) = (stretch[0].0, stretch[stretch.len() - 1].0);
            if from >= start && full.is_none_or(|(a, b)| to - from > b - a) {
                full = Some((from, to));
            }
        }
    }
    full
}

/// Nothing that was accepted is lost. What is refused may be sent again, so it is not lost.
pub fn losses(run: &Run) -> CheckResult {
    let expected = "no item is lost before it is in Elasticsearch";
    let Some(start) = run.start else { return no_load(run, expected) };
    if run.session.collectors.tier(Role::Gateway).is_none() {
        return CheckResult::unobservable(run, Feed::Collector, expected);
    }
    let all = || run.session.collectors.losses.all().iter().filter(|l| l.how.is_loss() && l.until >= start);
    let Some(first) = all().min_by_key(|l| l.since) else {
        let killed = |m: &Marker| m.ms >= start && matches!(m.mark, Mark::Incident(Incident::OutOfMemory(_)));
        let more = if run.session.markers.all().iter().any(killed) {
            "; what an OOM-killed gateway held is in no count"
        } else {
            ""
        };
        return match run.end {
            Some(end) => CheckResult::passed(expected, format!("none was counted as lost{more}")).at(end),
            None => CheckResult::waiting(expected, format!("no item counted as lost so far{more}")),
        };
    };
    let items: f64 = all().map(|l| l.items).sum();
    let items = crate::format::number::grouped(items);
    let text = format!("{items} items lost, the first at {}: {}", run.clock(first.since), words(first));
    CheckResult::failed(expected, text).at(first.since)
}

fn words(loss: &Loss) -> String {
    let what = loss.signal.map_or("documents", Signal::name);
    let how = match loss.how {
        Undelivered::Refused => "refused",
        Undelivered::EnqueueFailed => "no room in an exporter's queue",
        Undelivered::SendFailed => "given up after the last try",
        Undelivered::Rejected => "rejected by Elasticsearch one by one",
    };
    format!("{what}, {how}, at {}", loss.pods.join(", "))
}
