//! The figures at one moment, present or past: what the time cursor reads. Must not draw or format.

use super::{Session, TargetType, Track, pods::max_gap};
use crate::observe::Condition;
use std::sync::Arc;

/// A metric at a moment.
#[derive(Clone, Debug, PartialEq)]
pub struct MetricAt<'a> {
    pub track: &'a Track,
    /// Percent or base units; None when there is no sample that still holds.
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

    /// On the chart's axis: percent of request, or of the target for metrics of another type.
    pub fn percent(&self) -> Option<f64> {
        match self.track.target_type {
            TargetType::Utilization => self.value,
            _ => self.ratio().map(|r| r * 100.0),
        }
    }
}

/// Figures at a moment; None where nothing is known.
#[derive(Clone, Debug, PartialEq)]
pub struct Moment<'a> {
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
    pub fn moment(&self, ms: i64) -> Moment<'_> {
        let r = &self.replicas;
        let max_age = max_gap(self.resolution_s.unwrap_or(15.0)) + 15_000;
        let metrics = self.metrics.all.iter().filter(|t| t.there(ms)).map(|track| {
            let sample = track.samples.at(ms, max_age);
            MetricAt {
                track,
                value: sample.map(|s| s.1),
                sampled: sample.map(|s| s.0),
                target: track.target.at(ms).copied(),
            }
        });
        Moment {
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
