//! One HPA as a row: its object, its figures against their targets, and what the next sync makes of them. Must not word it.

use super::super::{Forecast, Session, TargetType, hpa_status};
use super::history::{History, Seen};
use crate::observe::{HpaSeen, Metric, MetricValue, Time};
use std::collections::BTreeMap;

/// A row.
#[derive(Clone, Debug, PartialEq)]
pub struct HpaRow {
    /// The place of its cluster.
    pub cluster: usize,
    pub labels: BTreeMap<String, String>,
    /// What made it: `ScaledObject/web`.
    pub owner: Option<String>,
    /// As it was written last, and when that was seen.
    pub hpa: HpaSeen,
    pub seen: Time,
    pub current: Option<i32>,
    pub desired: Option<i32>,
    /// The spec's metrics, in its order.
    pub figures: Vec<Figure>,
    /// The tolerance for scaling down and up, as ratios.
    pub band: (f64, f64),
    /// What the next sync does if the figures stay as they are, as far as the status alone tells.
    pub forecast: Option<Forecast>,
    /// The spec was changed since the controller wrote the status.
    edited: bool,
    pub rescaled: Option<Rescaled>,
    pub history: History,
}

/// A metric against its target.
#[derive(Clone, Debug, PartialEq)]
pub struct Figure {
    /// As for a single HPA: `cpu`, `queue{tier=a}`.
    pub label: String,
    /// As in the spec; its value is the target.
    pub metric: Metric,
    pub target_type: TargetType,
    /// Percent or base units.
    pub target: f64,
    /// The same of the controller's figure; None while it has none.
    pub current: Option<f64>,
    /// That as the API wrote it.
    pub status: Option<MetricValue>,
}

impl Figure {
    /// Figure over target.
    pub fn ratio(&self) -> Option<f64> {
        self.current.filter(|_| self.target > 0.0).map(|current| current / self.target)
    }
}

/// The last rescale.
#[derive(Clone, Debug, PartialEq)]
pub struct Rescaled {
    pub at: Time,
    /// Where it was seen.
    pub from: Option<i32>,
    pub to: Option<i32>,
    /// The controller's reason, from its event; empty where that is not known.
    pub reason: String,
}

/// The event and the status report the same rescale if they are this close, milliseconds: each has whole seconds.
const SAME: i64 = 5000;

impl HpaRow {
    /// The row of what `session` knows of its HPA; `before` is the row that it replaces.
    pub(super) fn new(
        cluster: usize,
        labels: BTreeMap<String, String>,
        owner: Option<String>,
        at: Time,
        session: &Session,
        before: Option<HpaRow>,
    ) -> HpaRow {
        let hpa = session.hpa.clone().unwrap_or_default();
        let figures = session.metrics.live().filter_map(|track| {
            Some(Figure {
                label: track.label(),
                metric: track.metric.clone(),
                target_type: track.target_type,
                target: *track.target.last()?,
                current: track.current,
                status: track.status.clone(),
            })
        });
        let edited = before.as_ref().is_some_and(|row| {
            let same = row.hpa.status == hpa.status;
            same && (row.edited || !row.hpa.same_spec(&hpa))
        });
        let (history, rescaled) = before.map(|row| (row.history, row.rescaled)).unwrap_or_default();
        let mut row = HpaRow {
            cluster,
            labels,
            owner,
            seen: at,
            current: hpa_status::current(&hpa),
            desired: hpa_status::desired(&hpa),
            figures: figures.collect(),
            band: session.tolerance(),
            // The time of the next sync is not known from one object.
            forecast: session.forecast().map(|forecast| Forecast { next_sync_s: None, ..forecast }),
            edited,
            rescaled,
            history,
            hpa,
        };
        let ratios = row.figures.iter().map(|figure| (figure.label.as_str(), figure.ratio())).collect();
        row.history.take(at.timestamp_millis(), &Seen { ratios, replicas: row.current });
        row.note_rescale();
        row
    }

    /// The status reports the time of the last rescale, and neither where from nor why.
    fn note_rescale(&mut self) {
        let Some(at) = self.hpa.status.last_scale else { return };
        let known = self.rescaled.as_ref().is_some_and(|r| (at - r.at).num_milliseconds() <= SAME);
        if !known {
            let (from, to) = (self.current.filter(|from| self.desired != Some(*from)), self.desired);
            self.rescaled = Some(Rescaled { at, from, to, reason: String::new() });
        }
    }

    /// The controller's event about a rescale.
    pub(super) fn rescaled_by(&mut self, at: Time, to: i32, reason: &str) {
        match &mut self.rescaled {
            Some(last) if (last.at - at).num_milliseconds() > SAME => {}
            Some(last) if (at - last.at).num_milliseconds() <= SAME => {
                (last.to, last.reason) = (Some(to), reason.to_owned());
            }
            last => *last = Some(Rescaled { at, from: None, to: Some(to), reason: reason.to_owned() }),
        }
    }

    /// The greatest ratio of a figure to its target.
    pub fn ratio(&self) -> Option<f64> {
        self.figures.iter().filter_map(Figure::ratio).max_by(f64::total_cmp)
    }

    /// Its replicas are about to change, or just did.
    pub fn is_moving(&self) -> bool {
        let asked = self.desired.is_some() && self.desired != self.current;
        asked || self.next_moves()
    }

    /// The replicas that the next sync asks for; None where that is not known.
    pub fn next_replicas(&self) -> Option<i32> {
        self.forecast.map(|f| if self.stayed() { f.current } else { f.replicas })
    }

    /// The next sync changes the replicas.
    pub fn next_moves(&self) -> bool {
        self.forecast.is_some_and(|f| f.replicas != f.current) && !self.stayed()
    }

    /// The figures alone would change the replicas, and the last sync had them and did not, though nothing held it: pods that
    /// are not ready or have no sample count otherwise, and are not seen here.
    pub fn stayed(&self) -> bool {
        let is = |kind: &str, status: &str| hpa_status::condition(&self.hpa, kind).is_some_and(|c| c.status == status);
        let free = hpa_status::condition(&self.hpa, "AbleToScale").is_some_and(|c| c.reason == "ReadyForNewScale");
        let moves = self.forecast.is_some_and(|f| f.replicas != f.current);
        let settled = self.desired.is_some() && self.desired == self.current;
        moves && settled && free && !self.edited && is("ScalingActive", "True") && is("ScalingLimited", "False")
    }
}
