//! The proposal of a metric that is one figure for the whole workload: Object and External metrics.
//! Value targets multiply the ready pods; average targets divide by the scale's status.replicas.

use std::sync::Arc;

use super::{
    conversions::{self, Conversions},
    fault::Fault,
    per_pod::Verdict,
    pods::{Phase, Pod},
    ratio::{self, Band},
};

/// The proposal of an Object or External metric, and how it was computed.
#[derive(Debug, Clone, PartialEq)]
pub struct Whole {
    /// The figure (External: the sum), milli-units.
    pub value: i64,
    /// Milli-units: in total, or per pod.
    pub target: i64,
    /// value / target, or value / (target × status.replicas).
    pub ratio: f64,
    pub band: Band,
    pub divided: Divided,
    pub verdict: Verdict,
    pub replicas: i32,
}

/// How the figure relates to pods.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Divided {
    /// Value target: the ratio times the Running and Ready pods; not counted inside the band or from zero.
    ByReady(Option<usize>),
    /// Average target: the scale's status.replicas, and the reported average per pod, milli-units.
    ByStatus { replicas: i32, average: i64 },
}

/// The sum of an External metric's values against a Value target.
#[must_use]
pub fn sum(values: &[i64], by: Conversions) -> i64 {
    match by.external_value {
        true => values.iter().fold(0, |sum, v| sum.saturating_add(*v)),
        false => values.iter().fold(0, |sum, v| sum.wrapping_add(*v)),
    }
}

/// The sum against an average target. Where it saturates, a negative sum counts as an overflow, as in the controller.
#[must_use]
pub fn sum_for_average(values: &[i64], by: Conversions) -> i64 {
    if !by.external_average {
        return values.iter().fold(0, |sum, v| sum.wrapping_add(*v));
    }
    let add = |sum: i64, v: &i64| {
        let sum = sum.wrapping_add(*v);
        (sum >= 0).then_some(sum)
    };
    values.iter().try_fold(0, add).unwrap_or(i64::MAX)
}

/// The proposal for a Value target. `current` is spec.replicas; from zero there is no tolerance.
///
/// # Errors
/// `Fault::NoPodsToCount` when the ready pods are needed and the selector matches none.
pub fn by_value(
    value: i64,
    target: i64,
    pods: &[Arc<Pod>],
    band: Band,
    current: i32,
    by: Conversions,
) -> Result<Whole, Fault> {
    let ratio = ratio::ratio(value, target);
    let (ready, verdict, replicas) = if current == 0 {
        (None, Verdict::Scaled, conversions::ceil(ratio, by.replicas))
    } else if band.holds(ratio) {
        (None, Verdict::Within, current)
    } else {
        let ready = ready_pods(pods)?;
        let wanted = conversions::ceil(ratio * ready as f64, by.by_ready);
        (Some(ready), Verdict::Scaled, wanted)
    };
    Ok(Whole { value, target, ratio, band, divided: Divided::ByReady(ready), verdict, replicas })
}

/// The proposal for an average target. Inside the band it is status.replicas, regardless of spec.replicas.
/// `saturates` is whether the count does.
#[must_use]
pub fn by_average(value: i64, target: i64, status_replicas: i32, band: Band, saturates: bool) -> Whole {
    let ratio = value as f64 / (target as f64 * f64::from(status_replicas));
    let (verdict, replicas) = if band.holds(ratio) {
        (Verdict::Within, status_replicas)
    } else {
        let wanted = conversions::ceil(ratio::ratio(value, target), saturates);
        (Verdict::Scaled, wanted)
    };
    let average = if value as f64 >= i64::MAX as f64 {
        i64::MAX
    } else {
        conversions::ceil_wide(value as f64 / f64::from(status_replicas))
    };
    Whole {
        value,
        target,
        ratio,
        band,
        divided: Divided::ByStatus { replicas: status_replicas, average },
        verdict,
        replicas,
    }
}

/// The pods that are Running and Ready.
///
/// # Errors
/// Without any pod.
pub fn ready_pods(pods: &[Arc<Pod>]) -> Result<usize, Fault> {
    if pods.is_empty() {
        return Err(Fault::NoPodsToCount);
    }
    let ready = |p: &&Arc<Pod>| p.phase == Phase::Running && p.is_ready();
    Ok(pods.iter().filter(ready).count())
}
