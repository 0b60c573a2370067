//! The load itself: it starts, and ends by itself. Must not judge its effects.

use super::{CheckResult, Run, no_load};
use crate::observe::Feed;
use crate::verdict::run::clock;

pub fn starts(run: &Run) -> CheckResult {
    let expected = "the load Job starts";
    match (run.start, &run.inferred) {
        (Some(_), Some(_)) => CheckResult::unobservable(run, Feed::Load, expected),
        (Some(at), None) => {
            let before = run.session.began.map_or(0, |t| at - t.timestamp_millis());
            let seen = if before < 0 {
                format!("started {} before the session began", clock(-before))
            } else {
                format!("started {} after the session began", clock(before))
            };
            CheckResult::passed(expected, seen).at(at)
        }
        (None, _) => no_load(run, expected),
    }
}

pub fn ends(run: &Run) -> CheckResult {
    let expected = "the load ends by itself";
    let (Some(start), None) = (run.start, &run.inferred) else {
        return match &run.inferred {
            Some(_) => CheckResult::unobservable(run, Feed::Load, expected),
            None => no_load(run, expected),
        };
    };
    if let (Some(end), Some(how)) = (run.end, run.stopped) {
        return CheckResult::waiting(expected, format!("{how} after {}; not decided", clock(end - start))).at(end);
    }
    match (run.end, &run.ended_well) {
        (Some(end), Some((true, _))) => {
            CheckResult::passed(expected, format!("ran for {} and ended by itself", clock(end - start))).at(end)
        }
        (Some(end), Some((false, why))) => {
            CheckResult::failed(expected, format!("ended after {}: {why}", clock(end - start))).at(end)
        }
        _ => CheckResult::waiting(expected, format!("runs for {}", clock(run.now - start))),
    }
}
