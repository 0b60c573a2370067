//! What Elasticsearch shows of the run: more arrives under load, and log records have the fields they should. Must not judge
//! the collectors.

use super::{CheckResult, Run, no_load};
use crate::observe::{Feed, Signal};
use crate::session::ingest::quality::{Field, lack};
use crate::verdict::run::clock;

/// How long after its start the load has taken effect, and after its end has worn off, milliseconds.
const SETTLE: i64 = 30_000;
const WORN: i64 = 60_000;
/// A shorter period is not enough for a rate, milliseconds.
const ENOUGH: i64 = 20_000;

/// Under load at least `least` times as many documents come in as without.
pub fn grows(run: &Run, least: f64) -> CheckResult {
    let expected = format!("at least {least} times as many documents a second under load as without");
    let Some(start) = run.start else { return no_load(run, expected) };
    let Some(since) = run.session.ingest.since else { return CheckResult::unobservable(run, Feed::Ingest, expected) };
    let last = run.session.ingest.at.unwrap_or(since);
    let under = rate(run, start + SETTLE, run.end.unwrap_or(last).min(last));
    let idle = rate(run, since, start).or_else(|| rate(run, run.end? + WORN, last));
    match (under, idle, run.end) {
        (Some(under), Some(idle), _) if under >= idle * least && under > 0.0 => {
            let found = CheckResult::passed(expected, format!("{under:.0} docs/s under load, {idle:.0} without"));
            match run.end {
                Some(end) => found.at(end),
                None => found,
            }
        }
        (Some(under), Some(idle), Some(end)) => {
            CheckResult::failed(expected, format!("{under:.0} docs/s under load, {idle:.0} without")).at(end)
        }
        (Some(under), None, Some(end)) if last > end + WORN + ENOUGH => {
            CheckResult::failed(expected, format!("{under:.0} docs/s under load, and the rate without load is unknown"))
        }
        _ => {
            // Decided once there is an answer from this long after the end.
            let due = run.end.map(|end| end + WORN + ENOUGH + run.session.ingest.max_age());
            CheckResult::waiting(expected, format!("observed for {} so far", clock(last - since))).by(due)
        }
    }
}

/// Documents a second between two times, all signals together.
fn rate(run: &Run, from: i64, to: i64) -> Option<f64> {
    if to - from < ENOUGH {
        return None;
    }
    let all = Signal::ALL.into_iter().filter_map(|s| run.session.ingest.indexed(s, from, to));
    let (documents, span) = all.fold((0, 0), |(n, span), i| (n + i.documents, span.max(i.to - i.from)));
    (span > 0).then(|| documents as f64 / (span as f64 / 1000.0))
}

/// At least `percent` of the log records carry each field.
pub fn quality(run: &Run, percent: f64) -> CheckResult {
    let fields = [Field::Level, Field::Trace, Field::Service];
    let names = fields.map(Field::name).join(", ");
    let expected = format!("at least {percent} % of the log records carry {names}");
    let Some(_) = run.start else { return no_load(run, expected) };
    let Some(seen) = run.session.ingest.quality.as_ref().filter(|q| q.denied.is_none()) else {
        return CheckResult::unobservable(run, Feed::Ingest, expected);
    };
    let lacks = fields.map(|f| (f, lack(seen, f)));
    let share = |l: &crate::session::ingest::quality::Lack| l.share().map(|s| 100.0 - s * 100.0);
    if lacks.iter().all(|(_, l)| l.records == 0) {
        return CheckResult::waiting(expected, "no log record of an application yet");
    }
    let shares = lacks.iter().filter_map(|(f, l)| Some(format!("{} {:.0} %", f.name(), share(l)?)));
    let shares = shares.collect::<Vec<_>>().join(", ");
    let observed = format!(
        "of {} records up to {}: {shares}",
        crate::format::number::grouped(lacks[0].1.records as f64),
        run.clock(seen.to.timestamp_millis())
    );
    let poor = lacks.iter().any(|(_, l)| share(l).is_some_and(|s| s < percent));
    match (poor, run.end) {
        (_, None) => CheckResult::waiting(expected, observed),
        (true, Some(_)) => CheckResult::failed(expected, observed).at(seen.to.timestamp_millis()),
        (false, Some(_)) => CheckResult::passed(expected, observed).at(seen.to.timestamp_millis()),
    }
}
