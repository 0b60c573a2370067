//! The scale-up: from the minimum, in time, far enough, for the right reason, and steady under load. Must not judge the
//! scale-down.

use super::{CheckResult, Run, no_load, replicas};
use crate::format::text::plural;
use crate::observe::Feed;
use crate::session::{TargetType, Track};
use crate::verdict::run::{Rescale, clock};

pub fn starts_at_min(run: &Run) -> CheckResult {
    let expected = "the gateway is at its minimum when the load starts";
    let Some(start) = run.start else { return no_load(run, expected) };
    // An HPA that was first observed just after the load's start counts for the start, too.
    let at = start.max(run.session.replicas.current.changes().first().map_or(start, |c| c.0));
    // If it was rescaled before that, it was another size at the start.
    let rescaled = run.rescales.iter().find(|r| r.ms <= at);
    let size = rescaled.map_or_else(|| run.replicas_at(at).filter(|_| at <= start + 30_000), |r| r.from);
    match (size, run.min_at(at)) {
        (Some(n), Some(min)) if n == min => {
            CheckResult::passed(expected, format!("{}, the minimum", replicas(n))).at(at)
        }
        (Some(n), Some(min)) => CheckResult::failed(expected, format!("{}, the minimum is {min}", replicas(n))).at(at),
        _ => CheckResult::unobservable(run, Feed::Target, expected),
    }
}

pub fn begins(run: &Run, by: i64, grace: i64) -> CheckResult {
    let Some(start) = run.start else { return no_load(run, format!("the scale-up begins by {}", clock(by + grace))) };
    let crossed = crossing(run, start);
    // A metric that leaves its band late has a late reaction: a sample, and two syncs.
    let due = crossed.map_or(start + by, |ms| (start + by).max(ms + run.resolution + 2 * run.sync)) + grace;
    let expected = format!("the scale-up begins by {} where a metric leaves its band", clock(due - start));
    if let Some(first) = ups(run).next() {
        let text = format!("{} at {}{}", first.text(), run.clock(first.ms), lag(crossed, first.ms));
        return match first.ms <= due {
            true => CheckResult::passed(expected, text).at(first.ms),
            false => CheckResult::failed(expected, text).at(first.ms),
        };
    }
    if let (Some(max), Some(n)) = (run.max(), run.replicas_at(start))
        && n >= max
    {
        return CheckResult::passed(expected, format!("{} at the load's start, the maximum already", replicas(n)))
            .at(start);
    }
    match (crossed, run.end) {
        (None, Some(end)) => {
            let text = format!("no metric left its band ({}), so no scale-up was due", highest(run, start));
            CheckResult::passed(expected, text).at(end)
        }
        (None, None) => {
            CheckResult::waiting(expected, format!("no metric has left its band ({})", highest(run, start)))
        }
        (Some(ms), Some(end)) if run.stopped.is_some() && end < due => {
            CheckResult::waiting(expected, format!("a metric left its band at {}; {}", run.clock(ms), early(run)))
        }
        (Some(ms), _) if run.now > due => {
            CheckResult::failed(expected, format!("no scale-up, though a metric left its band at {}", run.clock(ms)))
                .at(due)
        }
        (Some(ms), _) => CheckResult::waiting(expected, format!("a metric left its band at {}", run.clock(ms))),
    }
}

/// `stopped by you at 1:28; not decided`.
fn early(run: &Run) -> String {
    let at = run.end.map_or_else(String::new, |end| format!(" at {}", run.clock(end)));
    format!("{}{at}; not decided", run.stopped.unwrap_or_default())
}

fn lag(crossed: Option<i64>, ms: i64) -> String {
    match crossed {
        Some(c) if c <= ms => format!(", {} s after the first sample above the band", (ms - c + 500) / 1000),
        _ => String::new(),
    }
}

/// Whether the replicas reach at least `least`, and never exceed `most`, within `limit` of the load's start, milliseconds.
pub fn reach(run: &Run, limit: i64, (least, most): (f64, Option<f64>)) -> CheckResult {
    let (asked, max) = (least as i32, run.max());
    let least = max.map_or(asked, |m| asked.min(m));
    let most = most.map(|m| m as i32).or(max).unwrap_or(i32::MAX);
    let note = (least < asked)
        .then(|| format!("{asked} replicas were asked for, but the HPA's maximum is {least}, so {least} is enough"));
    let range = if least == most { least.to_string() } else { format!("{least} to {most}") };
    let expected = format!("{range} replicas are reached by {}", clock(limit));
    let Some(start) = run.start else { return no_load(run, expected).noting(note) };
    let changes = run.session.replicas.current.within(start, run.now);
    let known = || changes.iter().filter_map(|(ms, n)| n.map(|n| ((*ms).max(start), n)));
    let Some(peak) = known().map(|c| c.1).max() else {
        return CheckResult::unobservable(run, Feed::Target, expected).noting(note);
    };
    let due = start + limit;
    if let Some((ms, n)) = known().find(|c| c.1 > most) {
        return CheckResult::failed(expected, format!("{} at {}", replicas(n), run.clock(ms))).at(ms).noting(note);
    }
    let found = match known().find(|c| c.1 >= least) {
        Some((ms, n)) if ms <= due => {
            let more = if peak > n { format!(", {peak} at most") } else { String::new() };
            CheckResult::passed(expected, format!("{} at {}{more}", replicas(n), run.clock(ms))).at(ms)
        }
        Some((ms, n)) => CheckResult::failed(expected, format!("{} only at {}", replicas(n), run.clock(ms))).at(ms),
        None if run.stopped.is_some() && run.end.is_some_and(|end| end < due) => {
            CheckResult::waiting(expected, format!("{} at most; {}", replicas(peak), early(run)))
        }
        None if run.now > due || run.end.is_some_and(|end| run.now > end + 2 * (run.resolution + run.sync)) => {
            CheckResult::failed(expected, format!("{} at most ({})", replicas(peak), highest(run, start)))
                .at(run.now.min(due))
        }
        None => CheckResult::waiting(expected, format!("{peak} so far")),
    };
    found.noting(note)
}

pub fn reason(run: &Run) -> CheckResult {
    let expected = "each scale-up names a metric above its target";
    let Some(_) = run.start else { return no_load(run, expected) };
    let all: Vec<&Rescale> = ups(run).collect();
    reasons(run, expected, &all, |reason| reason.ends_with("above target"))
}

/// Whether the reasons of these rescales satisfy `is`.
pub fn reasons(run: &Run, expected: &str, all: &[&Rescale], is: impl Fn(&str) -> bool) -> CheckResult {
    if let Some(other) = all.iter().find(|r| !r.reason.is_empty() && !is(&r.reason)) {
        return CheckResult::failed(expected, format!("{} at {}: {}", other.text(), run.clock(other.ms), other.reason))
            .at(other.ms);
    }
    let explained: Vec<&&Rescale> = all.iter().filter(|r| !r.reason.is_empty()).collect();
    let due = run.end.map(|end| end + 2 * (run.resolution + run.sync) + run.down_window());
    match (all.last(), explained.last()) {
        (None, _) if due.is_some_and(|due| run.now > due) => CheckResult::passed(expected, "there was no such rescale"),
        (None, _) => CheckResult::waiting(expected, "no such rescale yet").by(due),
        (Some(_), None) => CheckResult::unobservable(run, Feed::Events, expected),
        (Some(_), Some(last)) => {
            let text =
                format!("{} of {} with a reason: {}", explained.len(), plural(all.len(), "rescale"), last.reason);
            CheckResult::passed(expected, text).at(last.ms)
        }
    }
}

pub fn steady(run: &Run) -> CheckResult {
    let expected = "no scale-down while the load runs";
    let Some(start) = run.start else { return no_load(run, expected) };
    let during = |r: &&Rescale| r.up() == Some(false) && run.end.is_none_or(|end| r.ms < end);
    match (run.rescales.iter().find(during), run.end) {
        // Without a load Job it is unknown whether the load was still running.
        (Some(_), _) if run.inferred.is_some() => CheckResult::unobservable(run, Feed::Load, expected),
        (Some(r), _) => CheckResult::failed(expected, format!("{} at {}", r.text(), run.clock(r.ms))).at(r.ms),
        (None, Some(end)) => {
            let n = run.replicas_at(end).map_or_else(|| "– replicas".into(), replicas);
            CheckResult::passed(expected, format!("{n} at the load's end, none removed before")).at(end)
        }
        (None, None) => CheckResult::waiting(expected, format!("no scale-down in {}", clock(run.now - start))),
    }
}

fn ups<'r>(run: &'r Run) -> impl Iterator<Item = &'r Rescale> {
    run.rescales.iter().filter(|r| r.up() == Some(true))
}

/// The time of the first sample since `from` that is above its band.
fn crossing(run: &Run, from: i64) -> Option<i64> {
    let up = 1.0 + run.session.tolerance().1;
    let first = |t: &Track| {
        let above = |(ms, v): &(i64, f64)| *ms >= from && target(t, *ms).is_some_and(|target| *v > target * up);
        t.samples.points().iter().find(above).map(|p| p.0)
    };
    run.session.metrics.all.iter().filter_map(first).min()
}

fn target(track: &Track, ms: i64) -> Option<f64> {
    track.target.at(ms).or(track.target.changes().first().map(|c| &c.1)).copied()
}

/// The highest sample since `from` against its target: `cpu 61 % of 80 %`.
fn highest(run: &Run, from: i64) -> String {
    let of = |t: &Track| {
        let samples = t.samples.points().iter().filter(|p| p.0 >= from);
        let top = samples.map(|p| p.1).reduce(f64::max)?;
        let goal = target(t, from.max(run.now)).filter(|g| *g > 0.0)?;
        let text = match t.target_type {
            TargetType::Utilization => format!("{} {top:.0} % of {goal:.0} %", t.label()),
            _ => format!("{} at {:.0} % of its target", t.label(), top / goal * 100.0),
        };
        Some((top / goal, text))
    };
    let all = run.session.metrics.live().filter_map(of);
    all.reduce(|a, b| if b.0 > a.0 { b } else { a }).map_or_else(|| "no sample was observed".into(), |h| h.1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::Session;
    use crate::verdict::Outcome;

    #[test]
    fn the_size_at_the_start_is_that_before_the_first_rescale() {
        let mut session = Session::default();
        // The target is seen when it has been rescaled already.
        session.replicas.current.set(6000, Some(4));
        session.replicas.min.set(6000, Some(1));
        let mut run = Run::of(&session);
        run.start = Some(1000);
        run.rescales = vec![Rescale { ms: 5000, from: Some(1), to: 4, reason: String::new() }];
        assert_eq!(starts_at_min(&run).outcome, Outcome::Passed);
        run.rescales[0].from = None;
        assert_eq!(starts_at_min(&run).outcome, Outcome::Unobservable(Feed::Target));
        run.rescales.clear();
        assert_eq!(starts_at_min(&run).outcome, Outcome::Failed);
    }
}
