//! What the controller reported about a sync: figures, result, reasons, taken from the status before and after. Must not
//! judge.

use crate::hpa::{self, Decision, MetricStatus, quantity};
use crate::observe::{HpaSeen, HpaStatus, MetricKind, MetricValue};
use crate::session::controller;

/// The controller's own report of one sync.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Evidence {
    /// As read at the start of the sync.
    pub current: Option<i32>,
    /// What it asked for: the new size, or the one it found.
    pub controller: i32,
    pub rescaled: bool,
    /// A figure for each metric of the spec, None for one that failed; None when the list does not match the spec.
    pub figures: Option<Vec<Option<MetricStatus>>>,
    /// Reasons of AbleToScale and ScalingLimited; message of ScalingActive.
    pub able: String,
    pub limited: String,
    pub active: String,
    /// The metrics failed: the controller's message.
    pub failed: Option<String>,
}

/// How far the arithmetic and the controller's report agree.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fit {
    pub figures: bool,
    pub replicas: bool,
    pub reasons: bool,
}

impl Fit {
    pub fn full(self) -> bool {
        self.figures && self.replicas && self.reasons
    }
}

impl Evidence {
    /// From the HPA as it was before the sync and as it was after; the same twice for a sync that changed nothing.
    pub fn of(before: &HpaSeen, after: &HpaStatus) -> Self {
        let rescaled = after.last_scale.is_some() && after.last_scale != before.status.last_scale;
        let current = after.current_replicas;
        let condition = |kind: &str| after.conditions.iter().find(|c| c.kind == kind);
        let reason = |kind: &str| condition(kind).map(|c| c.reason.clone()).unwrap_or_default();
        // Where only replicas are known, as of an import, the status has no conditions either.
        let listed = !after.conditions.is_empty() || !after.metrics.is_empty();
        let listed = listed && (after.metrics.len() == before.metrics.len() || after.metrics.is_empty());
        let active = condition("ScalingActive");
        Evidence {
            current,
            controller: if rescaled { after.desired_replicas } else { current.unwrap_or(after.desired_replicas) },
            rescaled,
            figures: listed.then(|| after.metrics.iter().map(|m| figure(m.kind, &m.value)).collect()),
            able: reason("AbleToScale"),
            limited: reason("ScalingLimited"),
            active: active.map(|c| c.message.to_string()).unwrap_or_default(),
            failed: active
                .filter(|c| c.status == "False" && c.reason != "ScalingDisabled")
                .map(|c| c.message.to_string()),
        }
    }

    /// How a decision fits this report.
    pub fn fit(&self, it: &Decision, settings: &hpa::Settings) -> Fit {
        let stale = it.branch == hpa::Branch::NoMetrics && !settings.metrics_on_failure;
        let reason = |kind| it.status.condition(kind).map(|c| &*c.reason);
        let same = |kind, reported: &str| reason(kind).is_none_or(|r| reported.is_empty() || r == reported);
        let message = it.status.condition(hpa::ConditionType::ScalingActive).map(|c| &*c.message);
        Fit {
            figures: stale || self.figures.as_ref().is_none_or(|f| *f == it.status.metrics),
            replicas: it.replicas.or(it.current) == Some(self.controller),
            reasons: same(hpa::ConditionType::AbleToScale, &self.able)
                && same(hpa::ConditionType::ScalingLimited, &self.limited)
                // The message of a failure lists pods in the controller's own order.
                && (it.branch != hpa::Branch::Metrics || self.active.is_empty() || message.is_none_or(|m| m == self.active)),
        }
    }

    /// The controller held the size by a stabilization window.
    pub fn is_stabilized(&self) -> bool {
        self.able == "ScaleDownStabilized" || self.able == "ScaleUpStabilized"
    }

    /// The figure of a metric.
    pub fn figure(&self, index: usize) -> Option<MetricStatus> {
        self.figures.as_ref()?.get(index).copied().flatten()
    }
}

fn figure(kind: MetricKind, value: &MetricValue) -> Option<MetricStatus> {
    let milli = |q: &Option<String>| q.as_deref().and_then(|q| quantity::milli(q).ok());
    let figure = MetricStatus {
        average_utilization: value.utilization,
        average_value: milli(&value.average_value).filter(|v| !controller::is_of_no_replica(kind, *v)),
        value: milli(&value.value),
    };
    (kind != MetricKind::Unknown && figure != MetricStatus::default()).then_some(figure)
}
