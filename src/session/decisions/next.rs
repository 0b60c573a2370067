//! The next sync with the figures at hand: the arithmetic over the newest samples and what is remembered, at the moment
//! the rhythm predicts. Must not promise: the controller's samples may be others by then.

use super::case::Case;
use super::evidence::Evidence;
use super::limits::{Hold, hold};
use super::past::reason;
use super::status;
use crate::hpa::{self, Stabilized};
use crate::session::Session;
use chrono::TimeDelta;

/// Samples older than this (milliseconds) are no basis.
const OLD: i64 = 180_000;

impl Session {
    /// What the next sync would do if nothing else came in; None without samples or status figures to reckon with.
    pub fn next_sync(&self) -> Option<hpa::Decision> {
        let (decisions, now) = (&self.decisions, self.now_ms());
        let known = decisions.hpa.as_ref()?;
        let spec = known.spec.clone()?;
        let mut told = Evidence::of(&known.seen, &known.seen.status);
        told.current = self.current_replicas();
        let at = decisions.expected(now).unwrap_or(now);
        let settings = decisions.settings();
        // A first recommendation that is only assumed is no ground to promise that it holds.
        let unknown = decisions.past.unknown(&spec, &settings, Case::moment(at));
        let past = if unknown { decisions.past.unseeded() } else { decisions.past.memory.clone() };
        let case = Case {
            at: Case::moment(at + 20),
            spec: spec.clone(),
            status: status(&known.seen),
            world: Case::nowhere(),
            past,
            told,
        };
        let answer = decisions.inputs().answers(now).next().filter(|a| now - a.seen <= OLD);
        let samples = answer.map(|a| a.samples.clone());
        if samples.is_none() && spec.metrics.iter().any(|m| matches!(m.source, hpa::Source::Resource { .. })) {
            return None;
        }
        let world = case.world(decisions.inputs(), now, Ok(samples.unwrap_or_default()));
        Some(case.run(&world, &case.past, &settings).0)
    }
}

/// A scale-down window that reaches back to before the watch began.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unwatched {
    pub seconds: i64,
    /// The last sync told that it holds.
    pub holds: bool,
}

impl super::Decisions {
    /// The scale-down window, as long as what it holds is not all known.
    pub fn unwatched(&self, now: i64) -> Option<Unwatched> {
        let (known, settings) = (self.hpa.as_ref()?, self.settings());
        let spec = known.spec.as_ref()?;
        let behavior = spec.behavior.as_ref().and_then(|b| b.down.window_seconds);
        let length = behavior.map_or(settings.downscale_stabilization, |s| TimeDelta::seconds(i64::from(s)));
        self.past.known_from.filter(|from| now - from.timestamp_millis() < length.num_milliseconds())?;
        let told = |c: &crate::observe::Condition| c.kind == "AbleToScale" && c.reason == reason(Stabilized::Down);
        let holds = known.seen.status.conditions.iter().any(told);
        Some(Unwatched { seconds: length.num_seconds(), holds })
    }

    /// When the next sync is expected, milliseconds since 1970; None without a rhythm to go by.
    pub fn expected(&self, now: i64) -> Option<i64> {
        let last = self.last.filter(|_| !self.blind)?;
        let period = self.rhythm.period();
        let beats = (now - last).max(0) / period + 1;
        (beats <= 20).then_some(last + beats * period)
    }
}

/// What holds the next sync's result, in a few words; None where nothing does.
pub fn held_by(it: &hpa::Decision) -> Option<String> {
    let result = it.replicas?;
    if matches!(it.branch, hpa::Branch::AboveMax) {
        return Some(format!("max {}", it.max));
    }
    if matches!(it.branch, hpa::Branch::BelowMin) {
        return Some(format!("min {}", it.min));
    }
    let s = it.stabilization?;
    match hold(s.recommended, result, Some(s.outcome), it.limit.as_ref().map(|l| l.by))? {
        Hold::Max => return Some(format!("max {}", it.max)),
        Hold::Min => return Some(format!("min {}", it.min)),
        Hold::Rate => return Some(format!("a policy that allows {result}")),
        Hold::Window => {}
    }
    let lower = s.stabilized > s.recommended;
    let window = if lower { Some(s.down) } else { s.up }?;
    let (which, seconds) = (if lower { "highest" } else { "lowest" }, window.length.num_seconds());
    Some(match window.held_by {
        Some(held) => {
            let leaves = (held.at.timestamp() + seconds - it.at.timestamp()).max(0);
            format!("the window: the {which} wanted in {seconds} s is {}, in it for {leaves} s more", held.replicas)
        }
        None => format!("the window of {seconds} s"),
    })
}
