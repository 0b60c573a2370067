//! The part of a simulation in which it goes its own way, and the band around it. Must not learn.

use super::model::Model;
use super::tier::{Tier, TierLoad};
use super::{Changes, Recorded, Rerun, Specs, Step, Sync};
use crate::hpa::{Memory, Recommendation, ScaleEvent, reconcile};
use crate::observe::Time;

/// Where the simulation parts from what happened.
pub struct Start {
    /// The sync at which it asks for another size.
    pub index: usize,
    /// The simulated controller's memory after it, and the size that it asks for.
    pub memory: Memory,
    pub size: i32,
}

/// Runs all syncs after the start under a model, whose load is given.
pub fn run(
    rerun: &Rerun<'_>,
    changes: &Changes,
    model: &Model,
    load: &TierLoad,
    start: &Start,
    each: &mut impl FnMut(&Sync<'_>),
) {
    let recorded = rerun.recorded;
    let Some(first) = recorded.syncs.get(start.index) else { return };
    let mut memory = start.memory.clone();
    retime(&mut memory, recorded, &rerun.times);
    let mut specs = Specs::new(changes);
    let mut tier = Tier::begin(model, changes, recorded, first, start.size);
    for (index, m) in recorded.syncs.iter().enumerate().skip(start.index + 1) {
        let Some(at) = rerun.times.get(index) else { return };
        let spec = specs.of(m);
        let found = tier.size();
        let world = tier.world(m, load.at(index));
        let it = reconcile(spec, &m.status, world, &mut memory, *at, &m.settings);
        let size = it.replicas.unwrap_or(found);
        each(&Sync { index, recorded: m, found, size, spec, decision: &it });
        tier.scale(m.ms, size);
    }
}

/// Sets the band of each step from the start on: what the models at the limits give, at the sync itself and at those beside it,
/// since another run of the controller would have had its syncs at other moments.
pub fn band(rerun: &Rerun<'_>, changes: &Changes, start: &Start, steps: &mut [Step]) {
    let mut limits: Vec<(i32, i32)> = steps.iter().map(|s| (s.simulated, s.simulated)).collect();
    for model in &rerun.learned.limits {
        let load = TierLoad::of(model, rerun.recorded);
        run(rerun, changes, model, &load, start, &mut |it: &Sync<'_>| {
            if let Some((low, high)) = limits.get_mut(it.index) {
                (*low, *high) = ((*low).min(it.size), (*high).max(it.size));
            }
        });
    }
    for (i, step) in steps.iter_mut().enumerate().skip(start.index.saturating_sub(1)) {
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
fn retime(memory: &mut Memory, recorded: &Recorded, times: &[Time]) {
    let moved = |at: Time| {
        let ms = at.timestamp_millis();
        let after = recorded.syncs.partition_point(|m| m.at.timestamp_millis() < ms);
        let near = [after.checked_sub(1), Some(after)].into_iter().flatten();
        let near = near.filter_map(|i| Some((recorded.syncs.get(i)?.at.timestamp_millis(), *times.get(i)?)));
        let nearest = near.min_by_key(|(seen, _)| (seen - ms).abs()).filter(|(seen, _)| (seen - ms).abs() < 2000);
        nearest.map_or(at, |(_, time)| time)
    };
    for Recommendation { at, .. } in memory.recommendations.iter_mut().flatten() {
        *at = moved(*at);
    }
    for ScaleEvent { at, .. } in memory.ups.iter_mut().chain(&mut memory.downs) {
        *at = moved(*at);
    }
}
