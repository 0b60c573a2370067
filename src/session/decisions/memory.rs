//! What the controller remembers, as far as it was watched: recommendations and rescales, corrected by what it really did,
//! so that one wrong sync does not affect the next ones. Must not run the arithmetic.

use super::evidence::Evidence;
use super::restart::Restart;
use crate::hpa::history::store_event;
use crate::hpa::{Behavior, Decision, Limited, Memory, Recommendation, Settings, Spec, Stabilized};
use crate::observe::Time;
use chrono::TimeDelta;
use std::collections::VecDeque;

/// The longest window that the API allows, seconds.
const LONGEST: i64 = 3600;
/// Recommendations kept at most: an hour of syncs every four seconds. Each recorded sync of a what-if has a copy of them.
const MOST: usize = 1000;
/// Rescales from before the watch began, taken in at most.
const EARLIER: usize = 64;
/// Syncs whose other possible recommendations are kept, and how many of each are tried.
const DOUBTS: usize = 64;
const SIZES: usize = 24;
/// Stretches of inferred syncs that are tried to be none.
const STRETCHES: usize = 6;
/// A status is seen up to this much later than another on a busy machine, milliseconds: a sync may be moved by that, but by less
/// than half a period.
const NOISE: i64 = 3000;
/// A restart this much after the time of a sync, milliseconds, is one at that sync.
const SAME: i64 = 500;
/// What a sync takes at least, milliseconds: the next one comes a period and this much after it.
const WORK: i64 = 5;

/// The controller's memory of the HPA.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ControllerMemory {
    pub memory: Memory,
    /// What happened before this time is not known.
    pub known_from: Option<Time>,
    /// The time of the recommendation that was assumed at the beginning, as the controller does when it starts.
    assumed_at: Option<Time>,
    /// The times of the rescales from before the watch began that were taken in.
    earlier: Vec<Time>,
    /// A sync came outside the period, or another controller manager took the lease: it may have restarted before it.
    pub restart: Option<Restart>,
    /// A restart that a later sync proved.
    forgot: Option<Restart>,
    /// The times of syncs that were only inferred.
    inferred: VecDeque<Time>,
    /// What else may have been recommended at a time, where what was seen allows several.
    doubts: VecDeque<(Time, Vec<i32>)>,
}

impl ControllerMemory {
    /// Whether recommendations or rescales from before the watch (or a gap in it) may still have an effect at `now`.
    pub fn is_unknown(&self, spec: &Spec, settings: &Settings, now: Time) -> bool {
        self.known_from.is_some_and(|from| now - from <= horizon(spec, settings))
    }

    /// What happened before `at` is not known, except what was `recommended` last, as far as the status tells.
    pub fn begin(&mut self, at: Time, recommended: Option<i32>) {
        self.known_from = Some(at);
        if let Some(replicas) = recommended {
            self.memory.recommendations.get_or_insert_default().push(Recommendation { replicas, at });
            self.assumed_at = Some(at);
        }
    }

    /// All rescales from before the watch began that are known by now, ascending: milliseconds since 1970, from, to. For a
    /// scale-up the recommendation was at least the new size.
    pub fn earlier(&mut self, behavior: Option<&Behavior>, all: &[(i64, Option<i32>, i32)]) {
        let Some(known) = self.known_from else { return };
        // They may have come in any order, and where one started follows from the one before it.
        let before = std::mem::take(&mut self.earlier);
        let taken = |at: &Time| before.contains(at);
        if let Some(recommendations) = &mut self.memory.recommendations {
            recommendations.retain(|r| !taken(&r.at));
        }
        self.memory.ups.retain(|e| !taken(&e.at));
        self.memory.downs.retain(|e| !taken(&e.at));
        for (ms, from, to) in all.iter().rev().take(EARLIER).rev() {
            let Some((at, from)) = Time::from_timestamp_millis(*ms).zip(*from).filter(|(at, _)| *at < known) else {
                continue;
            };
            self.earlier.push(at);
            if let Some(behavior) = behavior {
                let (events, rules) = match *to > from {
                    true => (&mut self.memory.ups, &behavior.up),
                    false => (&mut self.memory.downs, &behavior.down),
                };
                store_event(events, to.saturating_sub(from).saturating_abs(), rules, at);
            }
            if *to > from {
                self.insert(Recommendation { replicas: *to, at });
            }
        }
    }

    /// Inserts an earlier recommendation by its time.
    fn insert(&mut self, r: Recommendation) {
        let all = self.memory.recommendations.get_or_insert_default();
        all.insert(all.partition_point(|before| before.at <= r.at), r);
    }

    /// The time of the recommendation that was assumed when the watch began, as long as it is in the memory.
    pub fn assumed(&self) -> Option<Time> {
        self.assumed_at.filter(|_| self.known_from.is_some())
    }

    /// Whether the controller may have restarted, less than its longest window ago.
    pub fn may_have_restarted(&self, spec: &Spec, settings: &Settings, now: Time) -> bool {
        is_within(self.restart, spec, settings, now)
    }

    /// Whether a sync proved that it restarted, less than its longest window ago.
    pub fn has_restarted(&self, spec: &Spec, settings: &Settings, now: Time) -> bool {
        is_within(self.forgot, spec, settings, now)
    }

    /// A sync proved a restart: nothing from before is in doubt any more.
    pub fn forgets(&mut self, restart: Restart) {
        (self.restart, self.forgot, self.known_from) = (Some(restart), Some(restart), None);
    }

    /// Syncs are at least a period apart, so the time at which one was seen bounds those before it: each is moved to where it
    /// can have been, before the sync at `now`. Windows are mostly whole periods long, so this decides what is still in them.
    /// `period`: milliseconds.
    pub fn space(&mut self, now: Time, period: i64) {
        let apart = TimeDelta::milliseconds(period + WORK);
        let mut latest = now.checked_sub_signed(apart).unwrap_or(now);
        let known_from = self.known_from;
        let is_sync = |at: &Time| known_from.is_none_or(|from| *at > from);
        let m = &self.memory;
        let events = m.ups.iter().chain(&m.downs).map(|e| e.at);
        let mut times: Vec<Time> = m.recommendations().iter().map(|r| r.at).chain(events).filter(is_sync).collect();
        times.sort_unstable();
        times.dedup();
        for at in times.into_iter().rev() {
            if (at - latest).num_milliseconds() > NOISE.min(period / 2) {
                break;
            }
            if at > latest {
                self.move_sync(at, latest);
            }
            latest = at.min(latest).checked_sub_signed(apart).unwrap_or(at);
        }
    }

    /// A sync that was taken to be at one time was at another.
    fn move_sync(&mut self, from: Time, to: Time) {
        let all = self.memory.recommendations.iter_mut().flatten().map(|r| &mut r.at);
        let events = self.memory.ups.iter_mut().chain(&mut self.memory.downs).map(|e| &mut e.at);
        let doubts = self.doubts.iter_mut().map(|d| &mut d.0);
        let inferred = self.inferred.iter_mut();
        all.chain(events)
            .chain(doubts)
            .chain(inferred)
            .chain(&mut self.assumed_at)
            .filter(|at| **at == from)
            .for_each(|at| *at = to);
    }

    /// An inferred sync was rather at another time.
    pub fn place(&mut self, from: Time, to: Time) {
        if from != to {
            self.move_sync(from, to);
        }
    }

    /// Notes what else may have been recommended at `at`.
    pub fn doubt(&mut self, at: Time, others: Vec<i32>) {
        if others.is_empty() {
            return;
        }
        self.doubts.push_back((at, others));
        if self.doubts.len() > DOUBTS {
            self.doubts.pop_front();
        }
    }

    /// The memory with one other recommendation that is possible as well, the latest sync first. Several pods that changed
    /// together may also give any size between those that each of them gives.
    pub fn possible(&self) -> impl Iterator<Item = Memory> {
        self.doubts.iter().rev().flat_map(move |(at, others)| {
            // The seed of a new memory has the time of the first sync, too.
            let index = self.memory.recommendations().iter().rposition(|r| r.at == *at);
            let was = index.and_then(|i| self.memory.recommendations().get(i)).map_or(0, |r| r.replicas);
            let lowest = others.iter().copied().min().map_or(was, |low| low.min(was));
            let highest = others.iter().copied().max().map_or(was, |high| high.max(was));
            let mut sizes: Vec<i32> = (lowest..=highest).take(SIZES).filter(|size| *size != was).collect();
            sizes.sort_by_key(|size| !others.contains(size));
            sizes.into_iter().filter_map(move |size| {
                let mut memory = self.memory.clone();
                memory.recommendations.as_mut()?.get_mut(index?)?.replicas = size;
                Some(memory)
            })
        })
    }

    /// Notes that the sync at `at` is only inferred.
    pub fn infers(&mut self, at: Time) {
        self.inferred.push_back(at);
        if self.inferred.len() > DOUBTS {
            self.inferred.pop_front();
        }
    }

    /// The memory without the last syncs that were inferred between two known ones (without one, two, and so on), the latest
    /// such stretch first; with the times of those left out.
    pub fn without_inferred(&self) -> impl Iterator<Item = (Memory, Vec<Time>)> {
        let all = self.memory.recommendations();
        let is_inferred = |i: &usize| all.get(*i).is_some_and(|r| self.inferred.contains(&r.at));
        let ends = (0..all.len()).rev().filter(move |i| is_inferred(i) && !is_inferred(&(i + 1))).take(STRETCHES);
        let stretches: Vec<(usize, usize)> =
            ends.map(|end| (end, (0..=end).rev().take_while(is_inferred).count())).collect();
        stretches.into_iter().flat_map(|(end, length)| (1..=length).map(move |without| (end + 1 - without, end))).map(
            move |(from, end)| {
                let mut memory = self.memory.clone();
                let out = memory.recommendations.iter_mut().flat_map(|r| r.drain(from..=end)).map(|r| r.at).collect();
                (memory, out)
            },
        )
    }

    /// Forgets the inferred sync at `at`: there was none.
    pub fn retract(&mut self, at: Time) {
        if let Some(all) = &mut self.memory.recommendations {
            all.retain(|r| r.at != at);
        }
        self.doubts.retain(|d| d.0 != at);
    }

    /// What a controller that restarted would remember at `now`, the longest memory first; `found` gives the replicas at a
    /// time.
    pub fn after_restart(
        &self,
        restart: &Restart,
        spec: &Spec,
        settings: &Settings,
        now: Time,
        found: impl Fn(i64) -> Option<i32>,
    ) -> Vec<Memory> {
        let horizon = now.checked_sub_signed(horizon(spec, settings)).unwrap_or(now).timestamp_millis();
        // One that started after this sync did not decide it.
        let until = now.timestamp_millis() + SAME;
        let starts = restart.possible_starts(horizon).into_iter().filter(|ms| *ms <= until);
        starts.filter_map(|ms| Some(restart.memory(&self.memory, ms, found(ms)?))).collect()
    }

    /// The memory without the recommendation that was assumed at the beginning.
    pub fn without_assumed(&self) -> Memory {
        let mut memory = self.memory.clone();
        let all = memory.recommendations.get_or_insert_default();
        if let Some(assumed) = all.iter().position(|r| Some(r.at) == self.assumed_at) {
            all.remove(assumed);
        }
        memory
    }

    /// Remembers a sync at `now` with its raw recommendation.
    pub fn remember(&mut self, current: i32, recommended: Option<i32>, now: Time) {
        if self.memory.recommendations.is_none() {
            self.assumed_at = Some(now);
            self.memory.seed(current, now);
        }
        if let Some(replicas) = recommended {
            self.memory.recommendations.get_or_insert_default().push(Recommendation { replicas, at: now });
        }
        let cutoff = now.checked_sub_signed(TimeDelta::seconds(LONGEST)).unwrap_or(now);
        if let Some(all) = &mut self.memory.recommendations {
            let older = all.iter().take_while(|r| r.at < cutoff).count();
            let dropped = older.max(all.len().saturating_sub(MOST));
            all.drain(..dropped.min(all.len().saturating_sub(1)));
        }
    }

    /// Remembers a rescale.
    pub fn rescaled(&mut self, behavior: Option<&Behavior>, from: i32, to: i32, now: Time) {
        self.memory.rescaled(behavior, from, to, now);
    }

    /// Corrects the memory by what the controller did at `now`, where the arithmetic asked for something else. Returns the
    /// recommendation that the controller must have had, as far as that can be derived.
    pub fn correct(
        &mut self,
        it: &Decision,
        observed: &Evidence,
        spec: &Spec,
        settings: &Settings,
        now: Time,
    ) -> Option<i32> {
        let current = it.current.or(observed.current).unwrap_or(observed.controller);
        let free = observed.limited == Limited::Not.reason();
        let did = observed.controller;
        if !observed.rescaled && observed.able == stabilized_reason(Stabilized::Unchanged) && free {
            return Some(did);
        }
        let since = now.checked_sub_signed(longest_window(spec, settings)).unwrap_or(now);
        if let Some(all) = &mut self.memory.recommendations {
            for r in all.iter_mut().filter(|r| r.at >= since) {
                if did < current && r.replicas > did {
                    r.replicas = did;
                }
            }
        }
        let held = observed.able == stabilized_reason(Stabilized::Down) && did == current;
        if held && it.recommended.is_some_and(|r| r < did) {
            // It remembers a recommendation as high as that; since when is not known, at most since the watch began.
            let at = self.known_from.filter(|from| *from > since);
            let at = at.or_else(|| since.checked_add_signed(TimeDelta::seconds(1))).unwrap_or(since);
            self.insert(Recommendation { replicas: did, at });
        }
        match it.recommended {
            Some(r) if did > current => Some(r.max(did)),
            Some(r) if did < current => Some(r.min(did)),
            other => other,
        }
    }
}

/// The reason in the condition AbleToScale for a stabilization.
pub fn stabilized_reason(held: Stabilized) -> &'static str {
    match held {
        Stabilized::Unchanged => "ReadyForNewScale",
        Stabilized::Up => "ScaleUpStabilized",
        Stabilized::Down => "ScaleDownStabilized",
    }
}

fn is_within(restart: Option<Restart>, spec: &Spec, settings: &Settings, now: Time) -> bool {
    let window = horizon(spec, settings).num_milliseconds();
    restart.is_some_and(|r| now.timestamp_millis() - r.at <= window)
}

/// How far back the memory matters: the longest window or policy period.
pub fn horizon(spec: &Spec, settings: &Settings) -> TimeDelta {
    let periods = spec.behavior.iter().flat_map(|b| b.up.policies.iter().chain(&b.down.policies));
    let longest = periods.map(|p| TimeDelta::seconds(i64::from(p.period_seconds))).max().unwrap_or_default();
    longest_window(spec, settings).max(longest)
}

/// The longest stabilization window of a spec.
pub fn longest_window(spec: &Spec, settings: &Settings) -> TimeDelta {
    let flag = settings.downscale_stabilization;
    let Some(behavior) = &spec.behavior else { return flag };
    let seconds = |s: i32| TimeDelta::seconds(i64::from(s));
    let up = seconds(behavior.up.window_seconds.unwrap_or(0));
    up.max(behavior.down.window_seconds.map_or(flag, seconds))
}

/// The first and the last of equal recommendations in a row: they give the same series and the same highest.
pub fn turns(all: &[Recommendation]) -> Vec<Recommendation> {
    let mut out: Vec<Recommendation> = Vec::new();
    for next in all {
        match out.as_mut_slice() {
            [.., before, last] if before.replicas == next.replicas && last.replicas == next.replicas => *last = *next,
            _ => out.push(*next),
        }
    }
    out.shrink_to_fit();
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(s: i64) -> Time {
        Time::from_timestamp(1_800_000_000 + s, 0).unwrap()
    }

    #[test]
    fn a_sync_seen_late_is_moved_to_where_it_can_have_been() {
        let mut memory = ControllerMemory::default();
        for (ms, replicas) in [(0, 4), (15_900, 4), (30_100, 1)] {
            memory.remember(1, Some(replicas), at(0) + TimeDelta::milliseconds(ms));
        }
        memory.space(at(45) + TimeDelta::milliseconds(40), 15_000);
        let times: Vec<i64> =
            memory.memory.recommendations().iter().map(|r| (r.at - at(0)).num_milliseconds()).collect();
        assert_eq!(times, [0, 0, 15_030, 30_035]);
        // One that is far too near was of another controller.
        memory.space(at(40), 15_000);
        assert_eq!(memory.memory.recommendations().last().map(|r| (r.at - at(0)).num_milliseconds()), Some(30_035));
    }

    #[test]
    fn a_restart_after_a_sync_did_not_decide_it() {
        let (memory, settings) = (ControllerMemory::default(), Settings::default());
        let spec = Spec { min: None, max: 4, metrics: Vec::new(), behavior: None };
        let ms = |s: i64| at(s).timestamp_millis();
        let restart = Restart { from: ms(0), at: ms(35), period: 15_000 };
        let starts = |now| memory.after_restart(&restart, &spec, &settings, now, |_| Some(3)).len();
        assert_eq!([1, 10, 20, 35].map(|s| starts(at(s))), [0, 1, 2, 3]);
    }

    #[test]
    fn what_is_older_than_any_window_is_forgotten() {
        let mut memory = ControllerMemory::default();
        (0..1000).for_each(|i| memory.remember(1, Some(1), at(i * 15)));
        assert!(memory.memory.recommendations().len() <= 242);
        (0..5000).for_each(|i| memory.remember(1, Some(1), at(20_000) + TimeDelta::milliseconds(i * 100)));
        assert!(memory.memory.recommendations().len() <= MOST);
    }
}
