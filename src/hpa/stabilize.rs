//! Stabilization: compares the recommendation of a sync with those of its window, and remembers it. Must not apply rate limits
//! or min and max; `rate` and `limit` do.

use chrono::{DateTime, TimeDelta, Utc};

use super::{
    history::{Memory, Recommendation},
    pods::later,
    settings::Settings,
    spec::Behavior,
};

/// A recommendation after stabilization.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stabilization {
    /// The raw recommendation of this sync.
    pub recommended: i32,
    pub stabilized: i32,
    /// The scale-up window: the lowest recommendation in it. `None` without `behavior`, which has no such window.
    pub up: Option<Window>,
    /// The scale-down window: the highest recommendation in it.
    pub down: Window,
    pub outcome: Stabilized,
}

/// One direction's window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    pub length: TimeDelta,
    /// The lowest (up) or highest (down) recommendation, this sync's included.
    pub bound: i32,
    /// The remembered recommendation that sets the bound; `None` when this sync's own does. Of several equal ones
    /// the newest, which stays in the window longest.
    pub held_by: Option<Recommendation>,
    /// When `held_by` leaves the window.
    pub until: Option<DateTime<Utc>>,
}

/// The outcome, as in the condition AbleToScale.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stabilized {
    /// ReadyForNewScale: the recommendation was not changed.
    Unchanged,
    /// ScaleUpStabilized.
    Up,
    /// ScaleDownStabilized.
    Down,
}

/// Without `behavior`: the highest recommendation not older than the downscale-stabilization flag. It may exceed the
/// current replicas, and then scales up again.
pub fn legacy(memory: &mut Memory, recommended: i32, settings: &Settings, now: DateTime<Utc>) -> Stabilization {
    let length = settings.downscale_stabilization;
    let cutoff = later(now, -length);
    let recent = |r: &Recommendation| r.at >= cutoff;
    let down = window(memory, length, recommended, recent, |a, b| a > b);
    memory.remember(recommended, now, |r| r.at < cutoff);
    Stabilization {
        recommended,
        stabilized: down.bound,
        up: None,
        down,
        outcome: match down.bound == recommended {
            true => Stabilized::Unchanged,
            false => Stabilized::Down,
        },
    }
}

/// With `behavior`: the current replicas, raised to the lowest recommendation of the scale-up window and lowered to the
/// highest of the scale-down window.
pub fn with_behavior(
    memory: &mut Memory,
    behavior: &Behavior,
    current: i32,
    recommended: i32,
    settings: &Settings,
    now: DateTime<Utc>,
) -> Stabilization {
    let seconds = |s: i32| TimeDelta::seconds(i64::from(s));
    let up = seconds(behavior.up.window_seconds.unwrap_or(0));
    let down = behavior.down.window_seconds.map_or_else(
        // the controller keeps the flag in whole seconds
        || TimeDelta::seconds(settings.downscale_stabilization.num_seconds()),
        seconds,
    );
    let (up_cutoff, down_cutoff) = (later(now, -up), later(now, -down));
    let up = window(memory, up, recommended, |r| r.at > up_cutoff, |a, b| a < b);
    let newer = |r: &Recommendation| r.at > down_cutoff;
    let down = window(memory, down, recommended, newer, |a, b| a > b);
    let outdated = |r: &Recommendation| r.at < up_cutoff && r.at < down_cutoff;
    memory.remember(recommended, now, outdated);
    let stabilized = current.max(up.bound).min(down.bound);
    Stabilization {
        recommended,
        stabilized,
        up: Some(up),
        down,
        outcome: match stabilized == recommended {
            true => Stabilized::Unchanged,
            false if recommended >= current => Stabilized::Up,
            false => Stabilized::Down,
        },
    }
}

/// The bound of one window: this sync's recommendation, or the most extreme remembered one that `counts`.
fn window(
    memory: &Memory,
    length: TimeDelta,
    recommended: i32,
    counts: impl Fn(&Recommendation) -> bool,
    beyond: impl Fn(i32, i32) -> bool,
) -> Window {
    let (mut bound, mut held_by) = (recommended, None::<Recommendation>);
    // The newest are mostly last, so that the first of several equal ones is usually the newest.
    for each in memory.recommendations().iter().rev() {
        let newer = held_by.is_some_and(|held| each.replicas == bound && each.at > held.at);
        // Few are beyond the bound, and comparing times is the slow part: the times are compared last.
        if (beyond(each.replicas, bound) || newer) && counts(each) {
            bound = each.replicas;
            held_by = Some(*each);
        }
    }
    Window { length, bound, held_by, until: held_by.map(|held| later(held.at, length)) }
}
