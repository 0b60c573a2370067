//! The rate limit of `behavior`: how many replicas its policies allow now. Must not apply min and max; `limit` does.

use chrono::{DateTime, Utc};

use super::{
    conversions::{self, Conversions},
    history::{Memory, changed_within},
    spec::{Direction, Policy, PolicyKind, ScalingRules, SelectPolicy},
};

/// What the policies of a direction allow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RateLimit {
    pub direction: Direction,
    pub select: SelectPolicy,
    /// One entry per policy; empty when the direction is disabled.
    pub budgets: Vec<Budget>,
    /// The replicas allowed: at most (up) or at least (down). Not yet compared with the current replicas.
    pub limit: i32,
}

/// What one policy allows, after the changes within its period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    pub policy: Policy,
    /// Replicas added within the period.
    pub added: i32,
    /// Replicas removed within the period.
    pub removed: i32,
    /// The replicas at the start of the period: current - added + removed.
    pub start: i32,
    /// The replicas this policy allows.
    pub limit: i32,
}

/// The rate limit of one direction. Events of both directions count towards the start of a period.
#[must_use]
pub fn limit(
    direction: Direction,
    rules: &ScalingRules,
    current: i32,
    memory: &Memory,
    now: DateTime<Utc>,
    by: Conversions,
) -> RateLimit {
    let disabled = rules.select == SelectPolicy::Disabled;
    let budget = |policy: &Policy| budget(*policy, direction, current, memory, now, by);
    let budgets: Vec<Budget> = match disabled {
        true => Vec::new(),
        false => rules.policies.iter().map(budget).collect(),
    };
    let limits = budgets.iter().map(|b| b.limit);
    // the largest change is the highest count when scaling up and the lowest when scaling down
    let highest = (direction == Direction::Up) == (rules.select == SelectPolicy::Max);
    let limit = match highest {
        _ if disabled => current,
        true => limits.max().unwrap_or(i32::MIN),
        false => limits.min().unwrap_or(i32::MAX),
    };
    RateLimit { direction, select: rules.select, budgets, limit }
}

/// Sums of int32 wrap in every version.
fn budget(
    policy: Policy,
    direction: Direction,
    current: i32,
    memory: &Memory,
    now: DateTime<Utc>,
    by: Conversions,
) -> Budget {
    let changed = |events| changed_within(events, policy.period_seconds, now);
    let added = changed(memory.events(Direction::Up));
    let removed = changed(memory.events(Direction::Down));
    let start = current.wrapping_sub(added).wrapping_add(removed);
    let part = f64::from(policy.value) / 100.0;
    let limit = match (direction, policy.kind) {
        (Direction::Up, PolicyKind::Pods) => start.wrapping_add(policy.value),
        (Direction::Down, PolicyKind::Pods) => start.wrapping_sub(policy.value),
        // rounded up, so that a small percentage of few replicas can grow at all
        (Direction::Up, PolicyKind::Percent) => conversions::ceil(f64::from(start) * (1.0 + part), by.replicas),
        (Direction::Down, PolicyKind::Percent) => conversions::truncate(f64::from(start) * (1.0 - part), false),
    };
    Budget { policy, added, removed, start, limit }
}
