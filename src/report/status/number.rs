//! How `status` writes numbers, and figures by signal. Must not know what they are of.

use crate::observe::Signal;
use serde::{Serialize, Serializer};

/// Up to 2^53 every whole number is exact.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// For `serialize_with`: a whole number is written as one, `96` and not `96.0`; None is null.
pub fn figure<S: Serializer>(value: &Option<f64>, to: S) -> Result<S::Ok, S::Error> {
    match value {
        Some(v) if v.fract() == 0.0 && v.abs() < EXACT => to.serialize_i64(*v as i64),
        _ => value.serialize(to),
    }
}

/// The same for a figure that is always known.
pub fn number<S: Serializer>(value: &f64, to: S) -> Result<S::Ok, S::Error> {
    figure(&Some(*value), to)
}

/// Rounded to tenths.
pub fn tenths(value: f64) -> f64 {
    (value * 10.0).round() / 10.0
}

/// One figure for each signal; None is unknown.
#[derive(Debug, Default, Serialize)]
pub struct BySignal {
    #[serde(serialize_with = "figure")]
    pub traces: Option<f64>,
    #[serde(serialize_with = "figure")]
    pub metrics: Option<f64>,
    #[serde(serialize_with = "figure")]
    pub logs: Option<f64>,
}

impl BySignal {
    /// The figure of each signal.
    pub fn of(figure: impl Fn(Signal) -> Option<f64>) -> BySignal {
        BySignal { traces: figure(Signal::Traces), metrics: figure(Signal::Metrics), logs: figure(Signal::Logs) }
    }

    /// In the order in which they are shown.
    pub fn each(&self) -> [(&'static str, Option<f64>); 3] {
        [("traces", self.traces), ("metrics", self.metrics), ("logs", self.logs)]
    }
}
