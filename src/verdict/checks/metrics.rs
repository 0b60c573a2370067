//! Whether the HPA has its metrics: in time, and from then on. Must not judge their values.

use super::{CheckResult, Run, no_load};
use crate::observe::{Condition, Feed};
use crate::session::ChunkedList;
use crate::verdict::run::clock;
use std::sync::Arc;

/// Known within `limit` of the load's start, and never unknown for longer than `gap` afterwards; milliseconds.
pub fn known(run: &Run, limit: i64, gap: i64) -> CheckResult {
    let expected =
        format!("every metric of the HPA is known by {}, and never missing for more than {}", clock(limit), clock(gap));
    let Some(start) = run.start else { return no_load(run, expected) };
    let changes = run.session.conditions.changes();
    if changes.iter().all(|(_, c)| active(c).is_none()) {
        return match run.session.feeds.is_up(Feed::Hpa) && run.now <= start + limit {
            true => CheckResult::waiting(expected, "the controller has not yet reported whether it has metrics"),
            false => CheckResult::unobservable(run, Feed::Hpa, expected),
        };
    }
    let due = start + limit;
    // What held when the load began counts from then.
    let first = changes.iter().find(|(ms, c)| active(c) == Some(true) && next(changes, *ms).is_none_or(|n| n > start));
    let Some(first) = first.map(|(ms, _)| (*ms).max(start)) else {
        let why = changes.last().and_then(|(_, c)| message(c)).unwrap_or_default();
        return match run.now <= due {
            true => CheckResult::waiting(expected, format!("not yet: {why}")),
            false => CheckResult::failed(expected, format!("never known: {why}")).at(due),
        };
    };
    if first > due {
        return CheckResult::failed(expected, format!("known only at {}", run.clock(first))).at(first);
    }
    let mut longest: Option<(i64, i64, String)> = None;
    for (i, (ms, conditions)) in changes.iter().enumerate() {
        if active(conditions) != Some(false) {
            continue;
        }
        let until = changes.range(i..changes.len()).find(|(_, c)| active(c) == Some(true)).map_or(run.now, |c| c.0);
        let from = (*ms).max(first);
        if until > from && longest.as_ref().is_none_or(|(a, b, _)| until - from > b - a) {
            longest = Some((from, until, message(conditions).unwrap_or_default()));
        }
    }
    match longest {
        Some((from, until, why)) if until - from > gap => {
            let text = format!("missing from {} for {}: {why}", run.clock(from), clock(until - from));
            CheckResult::failed(expected, text).at(from)
        }
        _ if run.end.is_none() => CheckResult::waiting(expected, format!("known since {}", run.clock(first))).at(first),
        Some((from, until, _)) => {
            let text = format!("known by {}; missing once for {}", run.clock(first), clock(until - from));
            CheckResult::passed(expected, text).at(first)
        }
        None => CheckResult::passed(expected, format!("known from {} on, without a gap", run.clock(first))).at(first),
    }
}

fn next(changes: &ChunkedList<(i64, Arc<[Condition]>)>, after: i64) -> Option<i64> {
    changes.iter().map(|c| c.0).find(|ms| *ms > after)
}

fn active(conditions: &[Condition]) -> Option<bool> {
    conditions.iter().find(|c| c.kind == "ScalingActive").map(|c| c.status == "True")
}

fn message(conditions: &[Condition]) -> Option<String> {
    conditions.iter().find(|c| c.kind == "ScalingActive").map(|c| c.message.clone())
}
