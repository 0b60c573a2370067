//! What the controller reported about a sync: figures, result, reasons, taken from the status before and after. Must not
//! judge.

use crate::hpa::{self, Decision, MetricStatus, Source, Target, quantity};
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
                .map(|c| fetch_error(&c.message).to_owned()),
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

    /// Gives figures that are of no pod, whose average the status has, as a whole: `replicas` are those that it was divided by.
    pub fn undivide(&mut self, spec: &hpa::Spec, replicas: i32) {
        let whole = |metric: &hpa::Metric| matches!(metric.source, Source::Object { .. } | Source::External { .. });
        for (figure, metric) in self.figures.iter_mut().flatten().zip(&spec.metrics).filter(|(_, m)| whole(m)) {
            if let Some(figure) = figure {
                figure.value = figure.value.or(figure.average_value.map(|a| total(a, replicas, metric.target)));
            }
        }
    }

    /// The figure of a metric.
    pub fn figure(&self, index: usize) -> Option<MetricStatus> {
        self.figures.as_ref()?.get(index).copied().flatten()
    }
}

/// The API's own error in the message of a failure, which names the metrics that could not be fetched before it.
fn fetch_error(message: &str) -> &str {
    message.rsplit_once(" metrics API: ").map_or(message, |(_, error)| error)
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

/// The figure whose average, rounded up, the controller reports: a whole number where one fits.
pub(super) fn total(average: i64, replicas: i32, target: Target) -> i64 {
    let most = average.saturating_mul(i64::from(replicas.max(1)));
    let whole = most - most.rem_euclid(1000);
    let fits = most.saturating_sub(whole) < i64::from(replicas.max(1));
    match target {
        Target::AverageValue(_) if fits => whole,
        _ => most,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_total_is_recovered_from_its_rounded_average() {
        // 12 over 7 replicas is reported as 1.715.
        assert_eq!(total(1715, 7, Target::AverageValue(4000)), 12_000);
        assert_eq!(total(2400, 5, Target::AverageValue(4000)), 12_000);
        assert_eq!(total(17, 1, Target::AverageValue(4000)), 17);
    }

    #[test]
    fn a_whole_figure_is_that_of_the_replicas_it_was_divided_by() {
        let metric = |source, target| hpa::Metric { source, target };
        let queue = Source::External { metric: "queue".into(), selector: None };
        let cpu = Source::Resource { resource: "cpu".into() };
        let spec = hpa::Spec {
            min: None,
            max: 9,
            metrics: vec![metric(cpu, Target::AverageValue(1000)), metric(queue, Target::AverageValue(20_000))],
            behavior: None,
        };
        let average = |value| Some(MetricStatus { average_value: Some(value), ..MetricStatus::default() });
        let mut evidence = Evidence { figures: Some(vec![average(500), average(30_000)]), ..Evidence::default() };
        evidence.undivide(&spec, 3);
        assert_eq!((evidence.figure(0).unwrap().value, evidence.figure(1).unwrap().value), (None, Some(90_000)));
    }
}
