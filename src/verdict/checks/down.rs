//! The scale-down: it begins after the window, respects the window and the policies, and ends at the minimum. Must not judge
//! the scale-up.

use super::{CheckResult, Run, no_load, replicas, up};
use crate::explain;
use crate::format::text::plural;
use crate::hpa::{Direction, Memory, SelectPolicy, rate};
use crate::observe::{Feed, Time};
use crate::verdict::run::{Rescale, clock};

/// Times are reported in whole seconds: what is this near to the edge of a window (milliseconds) may be on either side.
const EDGE: i64 = 1500;

pub fn begins(run: &Run, grace: i64) -> CheckResult {
    let window = run.down_window();
    let lag = window + 2 * (run.resolution + run.sync);
    let expected = format!(
        "the scale-down begins within {} of the load's end (window {} s, samples and syncs, and the grace)",
        clock(lag + grace),
        window / 1000
    );
    let end = match ended(run, &expected) {
        Ok(end) => end,
        Err(found) => return found,
    };
    let due = end + lag + grace;
    if let Some(first) = downs(run).find(|r| r.ms >= end) {
        let text = format!("{} at {}", first.text(), run.clock(first.ms));
        return match first.ms <= due {
            true => CheckResult::passed(expected, text).at(first.ms),
            false => CheckResult::failed(expected, text).at(first.ms),
        };
    }
    match (run.replicas_at(end), run.min_at(end)) {
        (Some(n), Some(min)) if n <= min => {
            CheckResult::passed(expected, format!("at the minimum of {min} when the load ended")).at(end)
        }
        (Some(n), _) if run.now > due => {
            CheckResult::failed(expected, format!("{} still: {}", replicas(n), why(run))).at(due)
        }
        (Some(n), _) => CheckResult::waiting(expected, format!("{}: {}", replicas(n), why(run))).by(Some(due)),
        (None, _) => CheckResult::unobservable(run, Feed::Target, expected),
    }
}

pub fn window(run: &Run) -> CheckResult {
    let window = run.down_window();
    let expected = format!("no scale-down below the highest recommendation of the last {} s", window / 1000);
    let Some(_) = run.start else { return no_load(run, expected) };
    let mut seen = 0;
    for r in downs(run) {
        let worked = run.sync_of(r).and_then(|s| s.computation.as_ref());
        let window = worked.and_then(|w| run.window_of(&w.spec)).unwrap_or(window);
        let within = run.session.decisions.rows().iter();
        let within = within.filter(|row| row.last > r.ms - window + EDGE && row.first < r.ms + EDGE);
        let max = run.max().unwrap_or(i32::MAX);
        let known = within.filter_map(|row| row.computed.recommended.map(|n| (row.last.min(r.ms), n.min(max))));
        let Some((ms, highest)) = known.max_by_key(|t| t.1) else {
            seen += usize::from(window == 0);
            continue;
        };
        seen += 1;
        let sync = run.sync_of(r);
        // A reconstruction that agrees in everything knows better what the controller remembered.
        if r.to < highest && !sync.is_some_and(|s| s.exact) {
            let why = sync
                .and_then(|s| s.cause.as_ref())
                .map(|c| format!(": {}", explain::cause::cause(c)))
                .unwrap_or_default();
            let text = format!(
                "{} at {}, though {highest} was recommended {} s before{why}",
                r.text(),
                run.clock(r.ms),
                (r.ms - ms) / 1000
            );
            return CheckResult::failed(expected, text).at(r.ms);
        }
    }
    let last = downs(run).last().map(|r| r.ms);
    settled(
        run,
        expected,
        last,
        seen > 0,
        format!("{}{} after its window", plural(seen, "scale-down"), if seen > 1 { ", each" } else { "" }),
    )
}

pub fn policy(run: &Run) -> CheckResult {
    let note = pace(run);
    let expected = "each step is one that the HPA's policies allow";
    let Some(_) = run.start else { return no_load(run, expected).noting(note) };
    if run.behavior().is_none() {
        let note =
            Some("without `behavior` there are no policies; only the minimum and the maximum bound a step".into());
        let steps = downs(run).map(Rescale::text).collect::<Vec<_>>();
        return settled(run, expected.into(), downs(run).last().map(|r| r.ms), true, steps.join(", ")).noting(note);
    }
    let by = run.session.decisions.settings().conversions;
    let mut memory = Memory::default();
    let mut steps: Vec<String> = Vec::new();
    for r in &run.rescales {
        // The spec may have been edited since: the sync's own working has the one that was in force.
        let sync = run.sync_of(r);
        let then = sync.and_then(|s| s.computation.as_ref()).map_or(run.behavior(), |w| w.spec.behavior.as_ref());
        let from = sync.map(|s| s.computed.current).or(r.from);
        let (Some(behavior), Some(from), Some(at)) = (then, from, Time::from_timestamp_millis(r.ms)) else { continue };
        let direction = if r.to > from { Direction::Up } else { Direction::Down };
        let rules = if r.to > from { &behavior.up } else { &behavior.down };
        let later = Time::from_timestamp_millis(r.ms + EDGE).unwrap_or(at);
        let allowed = rate::limit(direction, rules, from, &memory, later, by).limit;
        let bounds = r.reason.starts_with("Current number of replicas");
        let exact = sync.is_some_and(|s| s.exact);
        if !bounds && !exact && ((r.to > from && r.to > allowed) || (r.to < from && r.to < allowed)) {
            let text = format!("{} at {}, the policies allow {allowed}", r.text(), run.clock(r.ms));
            return CheckResult::failed(expected, text).at(r.ms).noting(note);
        }
        memory.rescaled(Some(behavior), from, r.to, at);
        steps.push(format!("{} at {}", r.text(), run.clock(r.ms)));
    }
    let last = run.rescales.last().map(|r| r.ms);
    settled(run, expected.into(), last, true, steps.join(", ")).noting(note)
}

/// A note where the guide's "1–2 step reductions every 15 s" does not follow from the behavior.
fn pace(run: &Run) -> Option<String> {
    let down = &run.behavior()?.down;
    if down.select == SelectPolicy::Disabled {
        return Some("scaleDown is disabled, so there is no scale-down".into());
    }
    let (max, min) = (run.max()?, run.spec.as_ref()?.min_replicas());
    let by = run.session.decisions.settings().conversions;
    let whole = rate::limit(Direction::Down, down, max, &Memory::default(), Time::default(), by).limit <= min;
    whole.then(|| {
        let select = if down.select == SelectPolicy::Max { "Max" } else { "Min" };
        format!(
            "the guide speaks of steps of 1–2 every 15 s; selectPolicy {select} over these policies allows {max}→{min} \
             in one step, so only the window and the metrics pace the scale-down"
        )
    })
}

pub fn back(run: &Run, grace: i64) -> CheckResult {
    let expected = "back at the minimum after the load";
    let end = match ended(run, expected) {
        Ok(end) => end,
        Err(found) => return found,
    };
    let (Some(min), Some(from)) = (run.min_at(end), run.replicas_at(end)) else {
        return CheckResult::unobservable(run, Feed::Target, expected);
    };
    // A lower recommendation must outlast the one before it, at worst once for each replica.
    let period = run.behavior().and_then(|b| b.down.policies.iter().map(|p| p.period_seconds).max()).unwrap_or(0);
    let step = run.down_window().max(i64::from(period) * 1000) + run.sync;
    let steps = i64::from(from.saturating_sub(min).max(1));
    let due = end.saturating_add(step.saturating_mul(steps)).saturating_add(2 * (run.resolution + run.sync) + grace);
    let expected = format!("back at the minimum of {min} by {}", run.clock(due));
    let changes = run.session.replicas.current.within(end, run.now);
    match changes.iter().find(|(_, n)| n.is_some_and(|n| n <= min)).map(|c| c.0.max(end)) {
        Some(ms) if ms <= due => {
            CheckResult::passed(expected, format!("{} at {}", replicas(min), run.clock(ms))).at(ms)
        }
        Some(ms) => CheckResult::failed(expected, format!("{} only at {}", replicas(min), run.clock(ms))).at(ms),
        None => {
            let n = run.replicas_at(run.now).map_or_else(|| "– replicas".into(), replicas);
            let text = format!("{n} at {}: {}", run.clock(run.now), why(run));
            match run.now > due {
                true => CheckResult::failed(expected, text).at(due),
                false => CheckResult::waiting(expected, text).by(Some(due)),
            }
        }
    }
}

pub fn reason(run: &Run) -> CheckResult {
    let expected = "each scale-down has the reason that all metrics are below target";
    let Some(_) = run.start else { return no_load(run, expected) };
    let all: Vec<&Rescale> = downs(run).collect();
    up::reasons(run, expected, &all, |reason| reason == "All metrics below target")
}

fn downs<'r>(run: &'r Run) -> impl Iterator<Item = &'r Rescale> {
    run.rescales.iter().filter(|r| r.up() == Some(false))
}

/// The load's end, or the result before it.
fn ended(run: &Run, expected: &str) -> Result<i64, CheckResult> {
    match (run.start, run.end) {
        (None, _) => Err(no_load(run, expected)),
        (Some(_), None) => Err(CheckResult::waiting(expected, "waits for the load to end")),
        (_, Some(end)) => Ok(end),
    }
}

/// Passed once a rescale could be judged, or once none can follow.
fn settled(run: &Run, expected: String, last: Option<i64>, judged: bool, observed: String) -> CheckResult {
    let min = run.min_at(run.now);
    let over = run.end.is_some_and(|end| run.now > end) && run.replicas_at(run.now) <= min;
    match (last, judged) {
        (Some(at), true) if run.end.is_some() => CheckResult::passed(expected, observed).at(at),
        (Some(_), true) => CheckResult::waiting(expected, observed),
        (Some(_), false) => CheckResult::unobservable(run, Feed::Usage, expected),
        (None, _) if over => CheckResult::passed(expected, "there was no such rescale"),
        (None, _) => CheckResult::waiting(expected, "no such rescale yet"),
    }
}

/// Why the replicas are what they are now.
fn why(run: &Run) -> String {
    let Some(forecast) = run.session.forecast() else { return "no metric has a figure".into() };
    let text = explain::forecast::forecast(run.session, &forecast);
    match text.limited_by {
        Some(by) => format!("{}, held by {by}", text.arithmetic),
        None => text.arithmetic,
    }
}
