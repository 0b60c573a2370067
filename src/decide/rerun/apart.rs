//! The part of a simulation in which it goes its own way, and the band around it. Must not learn.

use super::draws::Draws;
use super::model::Model;
use super::tier::{Load, Tier, TierLoad};
use super::{Changes, Recorded, Rerun, Specs, Step, Sync};
use crate::hpa::{Memory, Recommendation, ScaleEvent, reconcile};
use crate::observe::Time;
use chrono::TimeDelta;

/// Moments within a sync period at which the syncs of a band are tried.
const MOMENTS: u16 = 4;
/// Runs of a band in which each pod and each sample is drawn.
const RUNS: usize = 64;
/// Syncs of all these runs together, at most: a shadow's band is computed at each sync.
const SYNCS: usize = 64 * 720;
/// The least number of these runs, however many syncs there are.
const LEAST: usize = 16;

/// When a run has its syncs, and what it reads at each by one model: those of the recording, or all of them later.
pub struct SyncPhase {
    model: Model,
    /// By how many milliseconds they are later.
    pub shift: i64,
    /// The times of the syncs as the controller has them.
    times: Vec<Time>,
    load: TierLoad,
}

impl SyncPhase {
    pub fn of(recorded: &Recorded, times: &[Time], model: &Model, shift: i64) -> SyncPhase {
        SyncPhase {
            model: model.clone(),
            shift,
            times: times.iter().map(|at| later(*at, shift)).collect(),
            load: TierLoad::of(model, recorded, shift),
        }
    }

    /// The load at a sync.
    pub fn load(&self, sync: usize) -> Option<&Load> {
        self.load.at(sync).map(|at| &at.load)
    }
}

fn later(at: Time, ms: i64) -> Time {
    at.checked_add_signed(TimeDelta::milliseconds(ms)).unwrap_or(at)
}

/// Where the simulation begins to go its own way.
pub struct Start {
    /// The sync whose pods it begins with, and the first that is simulated.
    pub pods: usize,
    pub next: usize,
    /// The simulated controller's memory, and the size that was asked for last.
    pub memory: Memory,
    pub size: i32,
}

impl Start {
    /// The beginning of a recording, for a phase whose syncs are not the recorded ones.
    pub fn first(recorded: &Recorded) -> Option<Start> {
        let first = recorded.syncs.first()?;
        Some(Start { pods: 0, next: 0, memory: first.memory.clone(), size: first.found })
    }
}

/// Runs all syncs after the start in a phase.
pub fn run(rerun: &Rerun<'_>, changes: &Changes, phase: &SyncPhase, start: &Start, each: &mut impl FnMut(&Sync<'_>)) {
    run_drawn(rerun, changes, phase, None, start, each);
}

/// The same with pods and samples that are drawn.
fn run_drawn(
    rerun: &Rerun<'_>,
    changes: &Changes,
    phase: &SyncPhase,
    draws: Option<Draws<'_>>,
    start: &Start,
    each: &mut impl FnMut(&Sync<'_>),
) {
    let recorded = rerun.recorded;
    let Some(first) = recorded.syncs.get(start.pods) else { return };
    let mut memory = start.memory.clone();
    retime(&mut memory, recorded, phase);
    let mut specs = Specs::new(changes);
    let mut tier = Tier::begin((&phase.model, draws), changes, recorded, first, start.size);
    for (index, m) in recorded.syncs.iter().enumerate().skip(start.next) {
        let Some(at) = phase.times.get(index) else { return };
        let (spec, now) = (specs.of(m), m.ms + phase.shift);
        let found = tier.size();
        let world = tier.world(m, now, phase.load.at(index));
        let it = reconcile(spec, &m.status, world, &mut memory, *at, &m.settings);
        let size = it.replicas.unwrap_or(found);
        each(&Sync { index, recorded: m, found, size, spec, decision: &it });
        tier.scale(now, size);
    }
}

/// Sets the band of each step from the start on: what the models at the limits give, and the likeliest one in other phases and with
/// pods and samples that are drawn, at the sync itself and at those beside it, since another run of the controller would have had its
/// syncs at other moments.
pub fn band(rerun: &Rerun<'_>, changes: &Changes, start: &Start, steps: &mut [Step]) {
    let mut limits: Vec<(i32, i32)> = steps.iter().map(|s| (s.simulated, s.simulated)).collect();
    let mut widen = |it: &Sync<'_>| {
        if let Some((low, high)) = limits.get_mut(it.index) {
            (*low, *high) = ((*low).min(it.size), (*high).max(it.size));
        }
    };
    for model in &rerun.learned.limits {
        run(rerun, changes, &rerun.phase_by(model, 0), start, &mut widen);
    }
    let phases = rerun.phases(&rerun.learned.likely, MOMENTS);
    for phase in phases.iter().skip(1) {
        rerun.run_on(phase, changes, &mut widen);
    }
    let first = Start::first(rerun.recorded);
    let runs = (SYNCS / rerun.recorded.syncs.len().max(1)).clamp(LEAST, RUNS);
    for (seed, phase) in (0u64..).zip(phases.iter().cycle()).take(runs) {
        let start = if phase.shift == 0 { Some(start) } else { first.as_ref() };
        if let Some(start) = start {
            run_drawn(rerun, changes, phase, Some(Draws::new(&rerun.learned, seed)), start, &mut widen);
        }
    }
    for (i, step) in steps.iter_mut().enumerate().skip(start.pods.saturating_sub(1)) {
        let near = &limits[i.saturating_sub(1)..(i + 2).min(limits.len())];
        let low = near.iter().map(|l| l.0).min().unwrap_or(step.simulated);
        step.band = (low, near.iter().map(|l| l.1).max().unwrap_or(step.simulated));
    }
}

/// The times of the syncs as the controller has them: never closer than its period, which is a fixed delay after each sync. As
/// seen they are late by different amounts, which would decide what is still in a window of whole periods.
pub fn times(recorded: &Recorded) -> Vec<Time> {
    let mut out: Vec<Time> = Vec::with_capacity(recorded.syncs.len());
    let mut before: Option<(i64, i64)> = None;
    let period = recorded.session.decisions.sync_period.period();
    for m in &recorded.syncs {
        let seen = m.at.timestamp_millis();
        let least = before.map_or(seen, |(was, at)| at + ((seen - was + period / 2) / period) * period);
        let at = seen.max(least);
        before = Some((seen, at));
        out.push(Time::from_timestamp_millis(at).unwrap_or_default());
    }
    out
}

/// Moves what the controller remembers to those times.
fn retime(memory: &mut Memory, recorded: &Recorded, phase: &SyncPhase) {
    let moved = |at: Time| {
        let ms = at.timestamp_millis();
        let after = recorded.syncs.partition_point(|m| m.at.timestamp_millis() < ms);
        let near = [after.checked_sub(1), Some(after)].into_iter().flatten();
        let near = near.filter_map(|i| Some((recorded.syncs.get(i)?.at.timestamp_millis(), *phase.times.get(i)?)));
        let nearest = near.min_by_key(|(seen, _)| (seen - ms).abs()).filter(|(seen, _)| (seen - ms).abs() < 2000);
        nearest.map_or(later(at, phase.shift), |(_, time)| time)
    };
    for Recommendation { at, .. } in memory.recommendations.iter_mut().flatten() {
        *at = moved(*at);
    }
    for ScaleEvent { at, .. } in memory.ups.iter_mut().chain(&mut memory.downs) {
        *at = moved(*at);
    }
}
