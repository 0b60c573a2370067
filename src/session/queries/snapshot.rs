//! The figures at one time, present or past: what the time cursor reads. Must not draw or format.

use crate::observe::Condition;
use crate::session::Session;
use crate::session::metrics::{TargetType, Track};
use crate::session::pods::max_gap;
use std::sync::Arc;

/// A metric at a time.
#[derive(Clone, Debug, PartialEq)]
pub struct MetricAt<'a> {
    pub track: &'a Track,
    /// Percent or base units; None when no sample is recent enough.
    pub value: Option<f64>,
    /// When the sample was taken (milliseconds since 1970).
    pub sampled: Option<i64>,
    pub target: Option<f64>,
}

impl MetricAt<'_> {
    /// Value over target.
    pub fn ratio(&self) -> Option<f64> {
        let target = self.target.filter(|t| *t > 0.0)?;
        self.value.map(|v| v / target)
    }

    /// The value on the chart's axis: percent of request, or percent of the target for other target types.
    pub fn percent(&self) -> Option<f64> {
        match self.track.target_type {
            TargetType::Utilization => self.value,
            _ => self.ratio().map(|r| r * 100.0),
        }
    }
}

/// Figures at a time; None where nothing is known.
#[derive(Clone, Debug, PartialEq)]
pub struct Snapshot<'a> {
    /// Milliseconds since 1970.
    pub ms: i64,
    pub current: Option<i32>,
    pub desired: Option<i32>,
    pub ready: Option<i32>,
    pub min: Option<i32>,
    pub max: Option<i32>,
    pub metrics: Vec<MetricAt<'a>>,
    pub conditions: &'a [Condition],
}

impl Session {
    /// The figures at `ms`, milliseconds since 1970.
    pub fn snapshot(&self, ms: i64) -> Snapshot<'_> {
        let r = &self.replicas;
        let max_age = max_gap(self.resolution_s.unwrap_or(15.0)) + 15_000;
        let metrics = self.metrics.all.iter().filter(|t| t.is_in_spec(ms)).map(|track| {
            let sample = track.samples.at(ms, max_age);
            MetricAt {
                track,
                value: sample.map(|s| s.1),
                sampled: sample.map(|s| s.0),
                target: track.target.at(ms).copied(),
            }
        });
        Snapshot {
            ms,
            current: r.current.at(ms).copied().flatten(),
            desired: r.desired.at(ms).copied().flatten(),
            ready: r.ready.at(ms).copied().flatten(),
            min: r.min.at(ms).copied().flatten(),
            max: r.max.at(ms).copied().flatten(),
            metrics: metrics.collect(),
            conditions: self.conditions.at(ms).map_or(&[], Arc::as_ref),
        }
    }

    /// The time of the next sample or change after `ms`, or of the last before it.
    pub fn step(&self, ms: i64, forward: bool) -> Option<i64> {
        let times = self.metrics.all.iter().filter_map(|t| t.samples.step(ms, forward));
        if forward { times.min() } else { times.max() }
    }
}
