//! What the controller remembers, as far as it was watched: recommendations and rescales, corrected by what it really
//! did, so that one miss does not poison the next syncs. Must not run the arithmetic.

use super::evidence::Evidence;
use super::restart::Restart;
use crate::hpa::history::store_event;
use crate::hpa::{Behavior, Decision, Limited, Memory, Recommendation, Settings, Spec, Stabilized};
use crate::observe::Time;
use chrono::TimeDelta;

/// The longest window that the API allows, seconds.
const LONGEST: i64 = 3600;
/// Rescales from before the session that are taken in at most.
const EARLIER: usize = 64;

/// The controller's memory of the HPA.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Past {
    pub memory: Memory,
    /// What was before this moment is not known.
    pub known_from: Option<Time>,
    /// When a first recommendation was assumed, as the controller does for itself when it starts.
    seeded: Option<Time>,
    /// Rescales from before that, by their times.
    told: Vec<i64>,
    /// A sync came off the rhythm: the controller may have started anew before it.
    pub restart: Option<Restart>,
}

impl Past {
    /// Whether recommendations or rescales from before the session (or a gap) may still be in force at `now`.
    pub fn unknown(&self, spec: &Spec, settings: &Settings, now: Time) -> bool {
        self.known_from.is_some_and(|from| now - from <= horizon(spec, settings))
    }

    /// What was before `at` is not known, but for the size `asked` for last: as long as nothing tells otherwise, that is
    /// what was recommended.
    pub fn begin(&mut self, at: Time, asked: Option<i32>) {
        self.known_from = Some(at);
        if let Some(replicas) = asked {
            self.memory.recommendations.get_or_insert_default().push(Recommendation { replicas, at });
            self.seeded = Some(at);
        }
    }

    /// A rescale from before the watch began. On the way up the recommendation was at least the new size.
    pub fn earlier(&mut self, behavior: Option<&Behavior>, ms: i64, from: Option<i32>, to: i32) {
        let (Some(at), Some(known), Some(from)) = (Time::from_timestamp_millis(ms), self.known_from, from) else {
            return;
        };
        if at >= known || self.told.contains(&ms) || self.told.len() >= EARLIER {
            return;
        }
        self.told.push(ms);
        if let Some(behavior) = behavior {
            let (events, rules) = match to > from {
                true => (&mut self.memory.ups, &behavior.up),
                false => (&mut self.memory.downs, &behavior.down),
            };
            store_event(events, to.saturating_sub(from).saturating_abs(), rules, at);
        }
        if to > from {
            self.put(Recommendation { replicas: to, at });
        }
    }

    /// Puts in a recommendation of before, where it belongs in time.
    fn put(&mut self, r: Recommendation) {
        let all = self.memory.recommendations.get_or_insert_default();
        all.insert(all.partition_point(|before| before.at <= r.at), r);
    }

    /// The recommendation that was assumed when the watch began, as long as nothing else took its place.
    pub fn assumed(&self) -> Option<Time> {
        self.seeded.filter(|_| self.known_from.is_some())
    }

    /// Whether a controller that may have started anew has not yet run through its longest window.
    pub fn restarted(&self, spec: &Spec, settings: &Settings, now: Time) -> bool {
        let window = horizon(spec, settings).num_milliseconds();
        self.restart.is_some_and(|r| now.timestamp_millis() - r.at <= window)
    }

    /// What a controller that started anew would remember at `now`, the longest memory first; `found` are the replicas
    /// at a moment.
    pub fn anew(&self, spec: &Spec, settings: &Settings, now: Time, found: impl Fn(i64) -> Option<i32>) -> Vec<Memory> {
        let Some(restart) = self.restart else { return Vec::new() };
        let horizon = now.checked_sub_signed(horizon(spec, settings)).unwrap_or(now).timestamp_millis();
        let beats = restart.beats(horizon).into_iter();
        beats.filter_map(|ms| Some(restart.anew(&self.memory, ms, found(ms)?))).collect()
    }

    /// The memory without the recommendation that was assumed at its beginning.
    pub fn unseeded(&self) -> Memory {
        let mut memory = self.memory.clone();
        let all = memory.recommendations.get_or_insert_default();
        if let Some(seed) = all.iter().position(|r| Some(r.at) == self.seeded) {
            all.remove(seed);
        }
        memory
    }

    /// Remembers a sync at `now`: its raw recommendation, and the rescale that the controller really did.
    pub fn remember(&mut self, current: i32, recommended: Option<i32>, now: Time) {
        if self.memory.recommendations.is_none() {
            self.seeded = Some(now);
            self.memory.seed(current, now);
        }
        if let Some(replicas) = recommended {
            self.memory.recommendations.get_or_insert_default().push(Recommendation { replicas, at: now });
        }
        let cutoff = now.checked_sub_signed(TimeDelta::seconds(LONGEST)).unwrap_or(now);
        if let Some(all) = &mut self.memory.recommendations {
            let older = all.iter().take_while(|r| r.at < cutoff).count();
            all.drain(..older.min(all.len().saturating_sub(1)));
        }
    }

    /// Remembers a rescale.
    pub fn rescaled(&mut self, behavior: Option<&Behavior>, from: i32, to: i32, now: Time) {
        self.memory.rescaled(behavior, from, to, now);
    }

    /// Corrects what is remembered by what the controller did at `now`, where the arithmetic asked for something
    /// else. Returns the recommendation that the controller must have had, as far as that can be told.
    pub fn correct(
        &mut self,
        it: &Decision,
        told: &Evidence,
        spec: &Spec,
        settings: &Settings,
        now: Time,
    ) -> Option<i32> {
        let current = it.current.or(told.current).unwrap_or(told.controller);
        let free = told.limited == Limited::Not.reason();
        let did = told.controller;
        if !told.rescaled && told.able == reason(Stabilized::Unchanged) && free {
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
        let held = told.able == reason(Stabilized::Down) && did == current;
        if held && it.recommended.is_some_and(|r| r < did) {
            // It remembers something as high from before; how long is not known, at most as long as we watched.
            let at = self.known_from.filter(|from| *from > since);
            let at = at.or_else(|| since.checked_add_signed(TimeDelta::seconds(1))).unwrap_or(since);
            self.put(Recommendation { replicas: did, at });
        }
        match it.recommended {
            Some(r) if did > current => Some(r.max(did)),
            Some(r) if did < current => Some(r.min(did)),
            other => other,
        }
    }
}

/// The reason in the condition AbleToScale.
pub fn reason(held: Stabilized) -> &'static str {
    match held {
        Stabilized::Unchanged => "ReadyForNewScale",
        Stabilized::Up => "ScaleUpStabilized",
        Stabilized::Down => "ScaleDownStabilized",
    }
}

/// How far back anything remembered matters: the longest window or period of a policy.
fn horizon(spec: &Spec, settings: &Settings) -> TimeDelta {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn at(s: i64) -> Time {
        Time::from_timestamp(1_800_000_000 + s, 0).unwrap()
    }

    #[test]
    fn what_is_older_than_any_window_goes() {
        let mut past = Past::default();
        (0..1000).for_each(|i| past.remember(1, Some(1), at(i * 15)));
        assert!(past.memory.recommendations().len() <= 242);
    }
}
