//! The last step: keeps the stabilized recommendation within the rate limit and min/max, and names the bound that applied.

use chrono::{DateTime, Utc};

use super::{
    conversions::{self, Conversions},
    history::Memory,
    rate::{self, RateLimit},
    settings::Settings,
    spec::{Behavior, Direction, SelectPolicy},
};

/// The bound that applied, as in the condition ScalingLimited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limited {
    /// DesiredWithinRange.
    Not,
    /// ScaleUpLimit: the rate limit when scaling up.
    UpRate,
    /// ScaleDownLimit: the rate limit when scaling down.
    DownRate,
    /// TooManyReplicas: maxReplicas.
    Max,
    /// TooFewReplicas: minReplicas.
    Min,
}

impl Limited {
    /// The reason in the condition.
    #[must_use]
    pub const fn reason(self) -> &'static str {
        match self {
            Self::Not => "DesiredWithinRange",
            Self::UpRate => "ScaleUpLimit",
            Self::DownRate => "ScaleDownLimit",
            Self::Max => "TooManyReplicas",
            Self::Min => "TooFewReplicas",
        }
    }

    /// The message in the condition.
    #[must_use]
    pub const fn message(self) -> &'static str {
        match self {
            Self::Not => "the desired count is within the acceptable range",
            Self::UpRate => "the desired replica count is increasing faster than the maximum scale rate",
            Self::DownRate => "the desired replica count is decreasing faster than the maximum scale rate",
            Self::Max => "the desired replica count is more than the maximum replica count",
            Self::Min => "the desired replica count is less than the minimum replica count",
        }
    }
}

/// The stabilized recommendation after the limits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limit {
    pub stabilized: i32,
    pub replicas: i32,
    pub by: Limited,
    /// The lowest count allowed in this sync, and the highest; `None` when the direction was not computed.
    pub floor: Option<i32>,
    pub ceiling: Option<i32>,
    /// With `behavior`, when the replicas should change: the rate limit of that direction.
    pub rate: Option<RateLimit>,
}

impl Limit {
    /// Whether the direction is switched off by `selectPolicy: Disabled`.
    #[must_use]
    pub fn is_disabled(&self) -> bool {
        self.rate.as_ref().is_some_and(|rate| rate.select == SelectPolicy::Disabled)
    }
}

/// Without `behavior`: min, max, and when scaling up at most max(factor × current, minimum).
#[must_use]
pub fn legacy(current: i32, stabilized: i32, min: i32, max: i32, settings: &Settings) -> Limit {
    let fastest = settings.scale_up_factor * f64::from(current);
    // beyond int32 this is the lowest count, in every version
    let rate = conversions::truncate(fastest.max(settings.scale_up_minimum), false);
    let (ceiling, why) = match max > rate {
        true => (rate, Limited::UpRate),
        false => (max, Limited::Max),
    };
    let (replicas, by) = if stabilized < min {
        (min, Limited::Min)
    } else if stabilized > ceiling {
        (ceiling, why)
    } else {
        (stabilized, Limited::Not)
    };
    Limit { stabilized, replicas, by, floor: Some(min), ceiling: Some(ceiling), rate: None }
}

/// With `behavior`: the rate limit of the direction and max or min. Without a change no limit is computed.
#[must_use]
pub fn with_behavior(
    behavior: &Behavior,
    memory: &Memory,
    current: i32,
    stabilized: i32,
    (min, max): (i32, i32),
    now: DateTime<Utc>,
    by: Conversions,
) -> Limit {
    let mut limit =
        Limit { stabilized, replicas: stabilized, by: Limited::Not, floor: None, ceiling: None, rate: None };
    if stabilized > current {
        let rate = rate::limit(Direction::Up, &behavior.up, current, memory, now, by);
        let allowed = rate.limit.max(current);
        let (ceiling, why) = match max > allowed {
            true => (allowed, Limited::UpRate),
            false => (max, Limited::Max),
        };
        if stabilized > ceiling {
            (limit.replicas, limit.by) = (ceiling, why);
        }
        (limit.ceiling, limit.rate) = (Some(ceiling), Some(rate));
    } else if stabilized < current {
        let rate = rate::limit(Direction::Down, &behavior.down, current, memory, now, by);
        let allowed = rate.limit.min(current);
        let (floor, why) = match min < allowed {
            true => (allowed, Limited::DownRate),
            false => (min, Limited::Min),
        };
        if stabilized < floor {
            (limit.replicas, limit.by) = (floor, why);
        }
        (limit.floor, limit.rate) = (Some(floor), Some(rate));
    }
    limit
}
