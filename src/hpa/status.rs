//! The HPA's status: conditions, current metrics, and the events a sync emits. Data, and the rule for updating a condition.

use std::borrow::Cow;

use chrono::{DateTime, Utc};

use super::pods::ConditionStatus;

/// The conditions an HPA has, in the controller's names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConditionType {
    AbleToScale,
    ScalingActive,
    ScalingLimited,
    /// From 1.36, with gate HPAScaleToZero.
    ScaledToZero,
}

impl ConditionType {
    /// The name in the API.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::AbleToScale => "AbleToScale",
            Self::ScalingActive => "ScalingActive",
            Self::ScalingLimited => "ScalingLimited",
            Self::ScaledToZero => "ScaledToZero",
        }
    }

    /// The condition of an API name.
    #[must_use]
    pub fn of_name(name: &str) -> Option<Self> {
        [Self::AbleToScale, Self::ScalingActive, Self::ScalingLimited, Self::ScaledToZero]
            .into_iter()
            .find(|kind| kind.name() == name)
    }
}

/// One condition of the status.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition {
    pub kind: ConditionType,
    pub status: ConditionStatus,
    pub reason: Cow<'static, str>,
    pub message: Cow<'static, str>,
    /// `lastTransitionTime`: when the status flipped last; reason and message change without it.
    pub since: Option<DateTime<Utc>>,
}

/// The current values of one metric in the status, milli-units (utilization in percent).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct MetricStatus {
    pub average_utilization: Option<i32>,
    pub average_value: Option<i64>,
    pub value: Option<i64>,
}

/// The HPA's status.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Status {
    pub current: i32,
    pub desired: i32,
    pub last_scale: Option<DateTime<Utc>>,
    /// One entry per metric of the spec, `None` for a failed one; empty when metrics were not read.
    pub metrics: Vec<Option<MetricStatus>>,
    /// In the order of their first appearance.
    pub conditions: Vec<Condition>,
}

impl Status {
    /// The condition of this type, if it was ever set.
    #[must_use]
    pub fn condition(&self, kind: ConditionType) -> Option<&Condition> {
        self.conditions.iter().find(|c| c.kind == kind)
    }

    /// Sets a condition: appended when new, else rewritten in place; `since` moves only when the status flips.
    pub fn set(
        &mut self,
        kind: ConditionType,
        holds: bool,
        reason: &'static str,
        message: Cow<'static, str>,
        now: DateTime<Utc>,
    ) {
        let status = match holds {
            true => ConditionStatus::True,
            false => ConditionStatus::False,
        };
        let old = self.conditions.iter_mut().find(|c| c.kind == kind);
        let since = match &old {
            Some(old) if old.status == status => old.since,
            _ => Some(now),
        };
        let condition = Condition { kind, status, reason: reason.into(), message, since };
        match old {
            Some(old) => *old = condition,
            None => self.conditions.push(condition),
        }
    }
}

/// An event's type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EventType {
    Normal,
    Warning,
}

/// An event the sync emits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    pub kind: EventType,
    pub reason: &'static str,
    pub message: String,
}
