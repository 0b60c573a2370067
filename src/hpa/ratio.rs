//! The ratio of usage to target, with the controller's truncations, and the band in which the replicas stay.
//! Sums are int64 and percentages int32, as in the controller (`conversions`). Must not decide which pods count.

use super::{conversions, settings::Settings, spec::Behavior};

/// The pooled utilization of a set of pods.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Utilization {
    /// Σusage of the pods that have a request, milli-units.
    pub usage: i64,
    /// Σrequests of the same pods, milli-units.
    pub requests: i64,
    /// The number of those pods.
    pub pods: usize,
    /// Σusage × 100 / Σrequests, truncated: the percentage the controller reports and computes with.
    pub percent: i32,
    /// Mean usage per pod, truncated, milli-units.
    pub mean: i64,
}

/// The utilization of pods given as (usage, request), both in milli-units; a pod without a request is left out.
/// `None` when the requests add up to nothing.
#[must_use]
pub fn utilization(pods: impl IntoIterator<Item = (i64, Option<i64>)>, saturates: bool) -> Option<Utilization> {
    let known: Vec<(i64, i64)> = pods.into_iter().filter_map(|(used, request)| Some((used, request?))).collect();
    let usage = conversions::sum(known.iter().map(|p| p.0), saturates);
    let requests = conversions::sum(known.iter().map(|p| p.1), saturates);
    if requests == 0 {
        return None;
    }
    let percent = match saturates {
        true => (usage * 100 / requests).clamp(i128::from(i32::MIN), i128::from(i32::MAX)) as i32,
        // the low 32 bits
        false => conversions::wide(usage).wrapping_mul(100).wrapping_div(conversions::wide(requests)) as i32,
    };
    Some(Utilization {
        usage: conversions::wide(usage),
        requests: conversions::wide(requests),
        pods: known.len(),
        percent,
        mean: mean(usage, known.len())?,
    })
}

/// Sum and truncated mean of values in milli-units; `None` without values.
#[must_use]
pub fn average(values: impl IntoIterator<Item = i64>, saturates: bool) -> Option<(i64, i64)> {
    let mut count = 0;
    let sum = conversions::sum(values.into_iter().inspect(|_| count += 1), saturates);
    Some((conversions::wide(sum), mean(sum, count)?))
}

fn mean(sum: i128, count: usize) -> Option<i64> {
    sum.checked_div(i128::try_from(count).ok()?).map(conversions::wide)
}

/// value / target as the controller divides.
#[must_use]
pub fn ratio(value: i64, target: i64) -> f64 {
    value as f64 / target as f64
}

/// The ratios at which the replicas stay: 1 - down … 1 + up.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Band {
    /// Tolerance below the target, e.g. 0.1.
    pub down: f64,
    /// Tolerance above the target.
    pub up: f64,
    /// Compares as Kubernetes up to 1.32 does.
    pub strict: bool,
}

impl Band {
    /// The band of a spec: the fields of `behavior` where the version uses them, else the flag.
    #[must_use]
    pub fn of(behavior: Option<&Behavior>, settings: &Settings) -> Self {
        let behavior = behavior.filter(|_| settings.tolerance_fields);
        let flag = settings.tolerance;
        Self {
            down: behavior.and_then(|b| b.down.tolerance).unwrap_or(flag),
            up: behavior.and_then(|b| b.up.tolerance).unwrap_or(flag),
            strict: settings.strict_tolerance,
        }
    }

    /// Whether a ratio is inside the band.
    #[must_use]
    pub fn holds(&self, ratio: f64) -> bool {
        if self.strict {
            let tolerance = if ratio < 1.0 { self.down } else { self.up };
            return (1.0 - ratio).abs() <= tolerance;
        }
        (1.0 - self.down) <= ratio && ratio <= (1.0 + self.up)
    }

    /// The lowest and highest integer percentage of utilization inside the band, for a target in percent.
    /// `None` when no percentage lies inside, or the band has no end.
    #[must_use]
    pub fn percentages(&self, target: i32) -> Option<(i32, i32)> {
        let holds = |percent: i32| self.holds(f64::from(percent) / f64::from(target));
        let near = |ratio: f64| (ratio * f64::from(target)).round() as i32;
        let around = |middle: i32| middle.saturating_sub(2)..=middle.saturating_add(2);
        let low = around(near(1.0 - self.down)).find(|p| holds(*p))?;
        let high = around(near(1.0 + self.up)).rev().find(|p| holds(*p))?;
        Some((low, high))
    }
}
