//! Whether the controller's arithmetic, re-run over what was seen, gives what the controller did.

use super::{Found, Run};
use crate::observe::Feed;

/// At least `percent` of all syncs agree.
pub fn agree(run: &Run, percent: f64) -> Found {
    let expected = format!("the controller's arithmetic gives what it did in at least {percent} % of the syncs");
    let score = run.session.decisions.score;
    let all = score.all();
    if all.of == 0 {
        return match run.session.feeds.is_up(Feed::Hpa) {
            true => Found::waiting(expected, "no sync has been told apart yet"),
            false => Found::unobservable(run, Feed::Hpa, expected),
        };
    }
    let share = f64::from(all.agreed) / f64::from(all.of) * 100.0;
    let observed = format!("{all} syncs, {} of those that changed the replicas", score.rescales);
    let first = run.session.decisions.rows().iter().find(|r| !r.agrees);
    if share < percent {
        let why = first
            .and_then(|r| r.cause.as_ref())
            .map(|c| format!("; first: {}", crate::explain::cause::cause(c)))
            .unwrap_or_default();
        let found = Found::failed(expected, format!("{observed}{why}"));
        return first.map_or(found.clone(), |r| found.at(r.first));
    }
    match run.end {
        Some(_) => Found::passed(expected, observed).at(run.now),
        None => Found::waiting(expected, observed),
    }
}
