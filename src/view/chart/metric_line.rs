//! One metric as the utilization chart draws it: its samples, its target, its tolerance. Plain data; must not draw.
use super::{Segments, StepPoints};
use crate::view::theme::Role;

/// One metric.
#[derive(Clone, Debug, PartialEq)]
pub struct MetricLine {
    /// `cpu`.
    pub name: String,
    /// At the right end: `cpu 96 %`.
    pub label: String,
    pub role: Role,
    /// In percent.
    pub segments: Segments,
    /// In percent, as the spec had it at that time.
    pub target: StepPoints,
    /// Tolerance below and above the target, as shares of it: `(0.1, 0.1)`.
    pub band: (f64, f64),
}
