//! The reaction budget of a rescale: from the sample that told of the load to the figure back in the band, stage by
//! stage. A stage without data says so; nothing is guessed.

use super::sync::Sync;
use crate::session::{Mark, Pod, Session, is_ready};

/// A rescale's pods are made within so many milliseconds after it.
const MADE: i64 = 60_000;
/// A load that began longer ago than this (milliseconds) did not cause the rescale.
const CAUSE: i64 = 900_000;

/// One stage.
#[derive(Clone, Debug, PartialEq)]
pub struct Stage {
    pub name: &'static str,
    /// Milliseconds since 1970.
    pub at: Option<i64>,
    /// Why it is not known.
    pub why: &'static str,
}

impl Session {
    /// The stages of a rescale, in order; empty for a sync that changed nothing.
    pub fn budget(&self, sync: &Sync) -> Vec<Stage> {
        if !sync.rescaled {
            return Vec::new();
        }
        let up = sync.controller > sync.reckoned.current;
        let stage = |name, at, why| Stage { name, at, why };
        let mut out = vec![
            stage(if up { "load started" } else { "load ended" }, self.load_before(sync, up), "not known"),
            stage("sample taken", sync.basis.sampled, "not seen"),
            stage("sample seen", sync.basis.seen, "not seen"),
            stage("decision", Some(sync.first), ""),
        ];
        let size = sync.controller.abs_diff(sync.reckoned.current) as usize;
        if up {
            let pods = self.made_by(sync, size);
            let all = pods.len() >= size;
            let last = |f: &dyn Fn(&Pod) -> Option<i64>| {
                let times: Option<Vec<i64>> = pods.iter().map(|p| f(p)).collect();
                times.filter(|_| all).and_then(|t| t.into_iter().max())
            };
            out.push(stage("pods created", last(&|p| p.seen.created.map(|t| t.timestamp_millis())), "not seen"));
            out.push(stage("pods scheduled", last(&|p| p.seen.scheduled.map(|t| t.timestamp_millis())), "not yet"));
            let ready =
                last(&|p| p.seen.ready.as_ref().filter(|_| is_ready(&p.seen))?.since.map(|t| t.timestamp_millis()));
            out.push(stage("pods Ready", ready, "not yet, or no longer"));
            // A new process counts from nothing, so what its first scrape tells was accepted since it began.
            let telemetry = last(&|p| self.collectors.of(&p.seen.uid)?.first);
            let read = |p: &&Pod| self.collectors.of(&p.seen.uid).is_some_and(|c| c.seen.is_some());
            let why = match pods.iter().any(read) {
                true => "not yet in every new pod",
                false => "not known: the new pods' collectors were not read",
            };
            out.push(stage("first telemetry", telemetry, why));
        } else {
            out.push(stage("pods gone", self.gone_by(sync, size), "not yet, or not seen"));
        }
        if up {
            out.push(stage("back in the band", self.back(sync), "not yet"));
        }
        out
    }

    fn load_before(&self, sync: &Sync, up: bool) -> Option<i64> {
        let before = self.markers.all().iter().rev().filter(|m| m.ms <= sync.first && m.ms > sync.first - CAUSE);
        let mut loads = before.filter(|m| matches!(m.mark, Mark::LoadStart | Mark::LoadEnd { .. }));
        loads.next().filter(|m| matches!(m.mark, Mark::LoadStart) == up).map(|m| m.ms)
    }

    /// The pods that were made for it, at most `size`, by their making.
    fn made_by(&self, sync: &Sync, size: usize) -> Vec<&Pod> {
        let made = |p: &&Pod| {
            let at = p.seen.created.map_or(0, |t| t.timestamp_millis());
            at >= sync.first - 1500 && at <= sync.first + MADE
        };
        let mut pods: Vec<&Pod> = self.pods.all().filter(made).collect();
        pods.sort_by_key(|p| (p.seen.created, p.seen.uid.as_str()));
        pods.truncate(size);
        pods
    }

    fn gone_by(&self, sync: &Sync, size: usize) -> Option<i64> {
        let mut gone: Vec<i64> = self.pods.all().filter_map(|p| p.gone).filter(|g| *g >= sync.first - 500).collect();
        gone.sort_unstable();
        gone.get(size.checked_sub(1)?).copied()
    }

    /// The first sample after it, with a new pod's share, that is no longer above the band.
    fn back(&self, sync: &Sync) -> Option<i64> {
        let name = sync.names.get(sync.reckoned.winner?)?;
        let track = self.metrics.all.iter().find(|t| t.label() == *name)?;
        let (_, up) = self.tolerance();
        let points = track.samples.points();
        let from = points.until(sync.first);
        let within = |(ms, v): &(i64, f64)| track.target.at(*ms).is_some_and(|t| *v <= t * (1.0 + up));
        points.range(from..points.len()).find(within).map(|p| p.0)
    }
}
