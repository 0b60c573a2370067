//! Whether the controller's arithmetic, re-run over what was observed, gives what the controller did. Must not re-run it.

use super::{CheckResult, Run};
use crate::observe::Feed;
use crate::session::decisions::sync::Verdict;

/// At least `percent` of all known syncs agree.
pub fn agree(run: &Run, percent: f64) -> CheckResult {
    let expected = format!("the controller's arithmetic gives what it did in at least {percent} % of the syncs");
    let score = run.session.decisions.score;
    let all = score.all();
    if all.of == 0 {
        return match run.session.feeds.is_up(Feed::Hpa) {
            true => CheckResult::waiting(expected, "no sync has been recognised yet"),
            false => CheckResult::unobservable(run, Feed::Hpa, expected),
        };
    }
    let share = f64::from(all.agreed) / f64::from(all.of) * 100.0;
    let inferred = match score.consistent {
        0 => String::new(),
        n => format!("; {n} more were inferred and do not count"),
    };
    let rescales = match score.rescales.of {
        0 => String::new(),
        _ => format!(", {} of those that changed the replicas", score.rescales),
    };
    let observed = format!("explained {all} known syncs{rescales}{inferred}");
    let first = run.session.decisions.rows().iter().find(|r| r.verdict() == Verdict::Differs);
    // While the run goes on, the share can still rise.
    if share < percent && (run.start.is_none() || run.end.is_some()) {
        let why = first
            .and_then(|r| r.cause.as_ref())
            .map(|c| format!("; first: {}", crate::explain::cause::cause(c)))
            .unwrap_or_default();
        let found = CheckResult::failed(expected, format!("{observed}{why}"));
        return first.map_or(found.clone(), |r| found.at(r.first));
    }
    match run.end {
        Some(_) => CheckResult::passed(expected, observed).at(run.now),
        None => CheckResult::waiting(expected, observed),
    }
}
