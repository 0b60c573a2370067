//! Where the controller converts to int32 and adds int64, and which of these saturate in a version. Those that do not do what Go
//! does on amd64: sums wrap, and a float that an integer cannot hold becomes the lowest one. Must not know why a version does.

use super::versions::{Change, holds};

/// Which conversions saturate, by the place where the controller makes them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Conversions {
    /// ceil(ratio × pods) of Resource and Pods metrics, ceil(value / target) of an Object average, ceil(ratio) from zero, and
    /// ceil(start × (1 + percent)) of a policy for scaling up.
    pub replicas: bool,
    /// ceil(ratio × ready pods) of a Value target.
    pub by_ready: bool,
    /// ceil(sum / target) of an External average; a negative sum then counts as an overflow.
    pub external_average: bool,
    /// The sum of an External metric against a Value target.
    pub external_value: bool,
    /// Sums over pods, and the percentage.
    pub utilization: bool,
}

impl Conversions {
    /// Those of Kubernetes 1.`minor`.
    #[must_use]
    pub fn of_minor(minor: u32) -> Self {
        Self {
            external_average: holds(Change::ExternalAverageSaturates, minor),
            by_ready: holds(Change::ReadyCountSaturates, minor),
            external_value: holds(Change::ExternalSumSaturates, minor),
            replicas: holds(Change::CountsSaturate, minor),
            utilization: holds(Change::SumsSaturate, minor),
        }
    }
}

/// ceil(x) as an int32.
#[must_use]
pub fn ceil(x: f64, saturates: bool) -> i32 {
    truncate(x.ceil(), saturates)
}

/// ceil(x) as an int64; what it cannot hold becomes the lowest one in every version, so the average over 0 replicas, too.
#[must_use]
pub fn ceil_wide(x: f64) -> i64 {
    let x = x.ceil();
    match (i64::MIN as f64..i64::MAX as f64).contains(&x) {
        true => x as i64,
        false => i64::MIN,
    }
}

/// A float as an int32, without its fraction.
#[must_use]
pub fn truncate(x: f64, saturates: bool) -> i32 {
    match saturates || (f64::from(i32::MIN)..=f64::from(i32::MAX)).contains(&x) {
        true => x as i32,
        false => i32::MIN,
    }
}

/// The sum of int64; where it saturates, it is exact until it is converted.
#[must_use]
pub fn sum(values: impl IntoIterator<Item = i64>, saturates: bool) -> i128 {
    let values = values.into_iter();
    match saturates {
        true => values.map(i128::from).sum(),
        false => i128::from(values.fold(0, i64::wrapping_add)),
    }
}

/// A wide sum as an int64.
#[must_use]
pub fn wide(x: i128) -> i64 {
    x.clamp(i128::from(i64::MIN), i128::from(i64::MAX)) as i64
}
