//! The reaction budget of a rescale, stage by stage: from the load and the sample that showed it to the figure back in the
//! band. A stage without data says what is missing; nothing is estimated.

use crate::session::Session;
use crate::session::decisions::sync::Sync;
use crate::session::markers::Mark;
use crate::session::pods::{Pod, is_ready};

/// The pods of a rescale are created within this many milliseconds after it.
const CREATED_WITHIN: i64 = 60_000;
/// A load that started or ended longer ago than this (milliseconds) did not cause the rescale.
const CAUSE_WITHIN: i64 = 900_000;

/// What happens in a stage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StageKind {
    LoadStarted,
    LoadEnded,
    /// The sample that the decision rests on was taken.
    SampleTaken,
    /// That sample was served by the metrics API.
    SampleSeen,
    Decision,
    PodsCreated,
    PodsScheduled,
    PodsReady,
    /// Every new pod's collector has accepted something.
    FirstTelemetry,
    PodsGone,
    /// The deciding metric is no longer above its tolerance band.
    BackInBand,
}

/// Why a stage has no time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StageGap {
    NotKnown,
    NotSeen,
    NotYet,
    /// The load went on when the controller scaled down.
    LoadWentOn,
    /// The pods are not Ready yet, or no longer.
    NotReady,
    /// Not every new pod's collector has accepted something yet.
    NotInEveryPod,
    /// The new pods' collectors were not scraped.
    NotScraped,
    /// The pods are not gone yet, or their leaving was not seen.
    NotGone,
}

/// One stage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stage {
    pub kind: StageKind,
    /// Milliseconds since 1970, or why that is not known.
    pub at: Result<i64, StageGap>,
}

impl Session {
    /// The stages of a rescale, in order; empty for a sync that changed nothing.
    pub fn budget(&self, sync: &Sync) -> Vec<Stage> {
        if !sync.rescaled {
            return Vec::new();
        }
        let up = sync.controller > sync.computed.current;
        let stage = |kind, at: Option<i64>, gap| Stage { kind, at: at.ok_or(gap) };
        let load = if up { StageKind::LoadStarted } else { StageKind::LoadEnded };
        let runs = !up && self.load_before(sync, true).is_some();
        let mut out = vec![
            stage(load, self.load_before(sync, up), if runs { StageGap::LoadWentOn } else { StageGap::NotKnown }),
            stage(StageKind::SampleTaken, sync.basis.sampled, StageGap::NotSeen),
            stage(StageKind::SampleSeen, sync.basis.seen, StageGap::NotSeen),
            stage(StageKind::Decision, Some(sync.first), StageGap::NotKnown),
        ];
        let size = sync.controller.abs_diff(sync.computed.current) as usize;
        if !up {
            out.push(stage(StageKind::PodsGone, self.pods_gone(sync, size), StageGap::NotGone));
            return out;
        }
        let pods = self.pods_created(sync, size);
        let complete = pods.len() >= size;
        // Kubernetes has whole seconds, so what followed the decision can seem to be just before it.
        let last = |f: &dyn Fn(&Pod) -> Option<i64>| {
            let times: Option<Vec<i64>> = pods.iter().map(|p| f(p).map(|at| at.max(sync.first))).collect();
            times.filter(|_| complete).and_then(|t| t.into_iter().max())
        };
        let ms = |t: crate::observe::Time| t.timestamp_millis();
        let created = last(&|p| p.seen.created.map(ms));
        let scheduled = last(&|p| p.seen.scheduled.map(ms));
        let ready = last(&|p| p.seen.ready.as_ref().filter(|_| is_ready(&p.seen))?.since.map(ms));
        // A new process counts from 0, so what its first scrape shows was accepted since it started.
        let telemetry = last(&|p| self.collectors.of(&p.seen.uid)?.first);
        let scraped = |p: &&Pod| self.collectors.of(&p.seen.uid).is_some_and(|c| c.seen.is_some());
        let no_telemetry = if pods.iter().any(scraped) { StageGap::NotInEveryPod } else { StageGap::NotScraped };
        out.push(stage(StageKind::PodsCreated, created, StageGap::NotSeen));
        out.push(stage(StageKind::PodsScheduled, scheduled, StageGap::NotYet));
        out.push(stage(StageKind::PodsReady, ready, StageGap::NotReady));
        out.push(stage(StageKind::FirstTelemetry, telemetry, no_telemetry));
        out.push(stage(StageKind::BackInBand, self.back_in_band(sync), StageGap::NotYet));
        out
    }

    fn load_before(&self, sync: &Sync, up: bool) -> Option<i64> {
        let before = self.markers.all().iter().rev().filter(|m| m.ms <= sync.first && m.ms > sync.first - CAUSE_WITHIN);
        let mut loads = before.filter(|m| matches!(m.mark, Mark::LoadStart | Mark::LoadEnd { .. }));
        loads.next().filter(|m| matches!(m.mark, Mark::LoadStart) == up).map(|m| m.ms)
    }

    /// The pods that were created for it, at most `size`, by their creation.
    fn pods_created(&self, sync: &Sync, size: usize) -> Vec<&Pod> {
        let created = |p: &&Pod| {
            let at = p.seen.created.map_or(0, |t| t.timestamp_millis());
            at >= sync.first - 1500 && at <= sync.first + CREATED_WITHIN
        };
        let mut pods: Vec<&Pod> = self.pods.all().filter(created).collect();
        pods.sort_by_key(|p| (p.seen.created, p.seen.uid.as_str()));
        pods.truncate(size);
        pods
    }

    fn pods_gone(&self, sync: &Sync, size: usize) -> Option<i64> {
        let mut gone: Vec<i64> = self.pods.all().filter_map(|p| p.gone).filter(|g| *g >= sync.first - 500).collect();
        gone.sort_unstable();
        gone.get(size.checked_sub(1)?).copied()
    }

    /// The first sample after it that is no longer above the band.
    fn back_in_band(&self, sync: &Sync) -> Option<i64> {
        let name = sync.names.get(sync.computed.winner?)?;
        let track = self.metrics.all.iter().find(|t| t.label() == *name)?;
        let (_, up) = self.tolerance();
        let points = track.samples.points();
        let from = points.until(sync.first);
        let within = |(ms, v): &(i64, f64)| track.target.at(*ms).is_some_and(|t| *v <= t * (1.0 + up));
        points.range(from..points.len()).find(within).map(|p| p.0)
    }
}
