//! Where the controller converts to int32 and adds int64, and from which Kubernetes minor on each of these saturates. Before that
//! they do what Go does on amd64: sums wrap, and a float that an integer cannot hold becomes the lowest one.

/// Which conversions saturate, by the place where the controller makes them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Conversions {
    /// ceil(ratio × pods) of Resource and Pods metrics, ceil(value / target) of an Object average, and ceil(ratio) from zero.
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
    pub const fn of_minor(minor: u32) -> Self {
        Self {
            external_average: minor >= 34,
            by_ready: minor >= 35,
            external_value: minor >= 35,
            replicas: minor >= 38,
            utilization: minor >= 38,
        }
    }
}

/// ceil(x) as an int32.
#[must_use]
pub fn ceil(x: f64, saturates: bool) -> i32 {
    let x = x.ceil();
    match saturates || (f64::from(i32::MIN)..=f64::from(i32::MAX)).contains(&x) {
        true => x as i32,
        false => i32::MIN,
    }
}

/// An int64 as an int32.
#[must_use]
pub fn narrow(x: i64, saturates: bool) -> i32 {
    match saturates {
        true => x.clamp(i64::from(i32::MIN), i64::from(i32::MAX)) as i32,
        // the low 32 bits
        false => x as i32,
    }
}

/// The sum of two int64.
#[must_use]
pub fn add(a: i64, b: i64, saturates: bool) -> i64 {
    if saturates { a.saturating_add(b) } else { a.wrapping_add(b) }
}
