//! What the controller remembers of one HPA between syncs: recommendations and scale events, with its reuse of
//! outdated slots. Lost when the controller restarts or the leader changes. Must not decide anything.

use chrono::{DateTime, TimeDelta, Utc};

use super::{
    pods::later,
    spec::{Behavior, Direction, ScalingRules},
};

/// One raw recommendation (the best proposal of a sync, before any limit).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Recommendation {
    pub replicas: i32,
    pub at: DateTime<Utc>,
}

/// One rescale that was carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ScaleEvent {
    /// Replicas added or removed, positive.
    pub change: i32,
    pub at: DateTime<Utc>,
    /// Older than every period of its direction: its slot may be reused.
    pub outdated: bool,
}

/// The controller's memory of one HPA.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Memory {
    /// `None` until the first sync that read the scale.
    pub recommendations: Option<Vec<Recommendation>>,
    pub ups: Vec<ScaleEvent>,
    pub downs: Vec<ScaleEvent>,
}

impl Memory {
    /// The first sync after a start records the current size, so a restart cannot cause an instant scale-down.
    pub fn seed(&mut self, current: i32, now: DateTime<Utc>) {
        let first = Recommendation { replicas: current, at: now };
        self.recommendations.get_or_insert_with(|| vec![first]);
    }

    /// The recommendations, in slot order (not in time order).
    #[must_use]
    pub fn recommendations(&self) -> &[Recommendation] {
        self.recommendations.as_deref().unwrap_or_default()
    }

    /// The scale events of a direction.
    #[must_use]
    pub fn events(&self, direction: Direction) -> &[ScaleEvent] {
        match direction {
            Direction::Up => &self.ups,
            Direction::Down => &self.downs,
        }
    }

    /// Remembers a raw recommendation: over the last slot that satisfies `outdated`, else in a new one.
    pub fn remember(&mut self, replicas: i32, now: DateTime<Utc>, outdated: impl Fn(&Recommendation) -> bool) {
        let list = self.recommendations.get_or_insert_default();
        let new = Recommendation { replicas, at: now };
        match list.iter_mut().rev().find(|r| outdated(r)) {
            Some(slot) => *slot = new,
            None => list.push(new),
        }
    }

    /// Remembers a rescale. Without `behavior` nothing is remembered, as nothing would read it.
    pub fn rescaled(&mut self, behavior: Option<&Behavior>, from: i32, to: i32, now: DateTime<Utc>) {
        let Some(behavior) = behavior else { return };
        let change = to.saturating_sub(from).saturating_abs();
        match to > from {
            true => store_event(&mut self.ups, change, &behavior.up, now),
            false => store_event(&mut self.downs, change, &behavior.down, now),
        }
    }
}

/// Stores a scale event: marks those older than the longest period of the rules as outdated, then reuses the last
/// outdated slot or appends.
pub fn store_event(events: &mut Vec<ScaleEvent>, change: i32, rules: &ScalingRules, now: DateTime<Utc>) {
    let longest = rules.policies.iter().map(|p| p.period_seconds).max();
    let cutoff = ago(now, longest.unwrap_or(0).max(0));
    for event in events.iter_mut() {
        event.outdated |= event.at < cutoff;
    }
    let new = ScaleEvent { change, at: now, outdated: false };
    match events.iter_mut().rev().find(|e| e.outdated) {
        Some(slot) => *slot = new,
        None => events.push(new),
    }
}

/// The replicas changed within the last `period_seconds`; an event exactly that old no longer counts.
#[must_use]
pub fn changed_within(events: &[ScaleEvent], period_seconds: i32, now: DateTime<Utc>) -> i32 {
    let cutoff = ago(now, period_seconds);
    let recent = events.iter().filter(|e| e.at > cutoff);
    recent.fold(0, |sum: i32, e| sum.saturating_add(e.change))
}

/// `now` minus `seconds`.
pub(super) fn ago(now: DateTime<Utc>, seconds: i32) -> DateTime<Utc> {
    later(now, TimeDelta::seconds(-i64::from(seconds)))
}
