//! A restart of the controller: when it can have been, and what the controller then remembers. Must not decide whether it
//! restarted.
//!
//! A restart shows as a sync outside the sync period. The new controller may have synced before that without a trace, at
//! whole periods before it; each of these times stays possible until its windows have passed.

use crate::hpa::{Memory, Recommendation};
use crate::observe::Time;

/// Start times tried at most: the longest window at the default period.
const MOST: usize = 240;

/// A sync outside the sync period.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Restart {
    /// The last observed sync of the old controller, milliseconds since 1970.
    pub from: i64,
    /// The first observed sync of the new one.
    pub at: i64,
    /// Milliseconds.
    pub period: i64,
}

impl Restart {
    /// The times at which the new controller may have started, ascending; of those before `since` only the last matters.
    pub fn possible_starts(&self, since: i64) -> Vec<i64> {
        let period = self.period.max(1);
        let back = (0i64..).map(|n| self.at - n * period).take_while(|ms| *ms > self.from);
        let mut out: Vec<i64> = back.take(MOST).collect();
        let near = out.iter().position(|ms| *ms < since).map_or(out.len(), |n| n + 1);
        out.truncate(near);
        out.reverse();
        out
    }

    /// The memory of a controller that started at `since` and found `current` replicas, which it notes as its first
    /// recommendation.
    pub fn memory(&self, memory: &Memory, since: i64, current: i32) -> Memory {
        let later = |at: Time| at.timestamp_millis() >= since;
        let own = |r: &Recommendation| Recommendation { at: self.on_new_schedule(r.at), ..*r };
        let first = Time::from_timestamp_millis(since).map(|at| Recommendation { replicas: current, at });
        let since_then = memory.recommendations().iter().map(own).filter(|r| later(r.at));
        let all: Vec<Recommendation> = first.into_iter().chain(since_then).collect();
        let mut out = memory.clone();
        out.recommendations = Some(all);
        out.ups.retain(|e| later(e.at));
        out.downs.retain(|e| later(e.at));
        out
    }

    /// Syncs without a trace were placed on the old controller's schedule; this is the sync of the new one before that.
    fn on_new_schedule(&self, at: Time) -> Time {
        let (ms, period) = (at.timestamp_millis(), self.period.max(1));
        if ms <= self.from || ms >= self.at {
            return at;
        }
        let periods = (self.at - ms + period - 1) / period;
        Time::from_timestamp_millis(self.at - periods * period).unwrap_or(at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT: Restart = Restart { from: 0, at: 67_000, period: 15_000 };

    fn memory(all: &[(i64, i32)]) -> Memory {
        let one = |(ms, replicas): &(i64, i32)| Recommendation {
            replicas: *replicas,
            at: Time::from_timestamp_millis(*ms).unwrap(),
        };
        Memory { recommendations: Some(all.iter().map(one).collect()), ..Memory::default() }
    }

    #[test]
    fn it_started_whole_periods_before_its_first_observed_sync() {
        assert_eq!(AT.possible_starts(0), [7_000, 22_000, 37_000, 52_000, 67_000]);
        assert_eq!(AT.possible_starts(40_000), [37_000, 52_000, 67_000]);
        assert_eq!(AT.possible_starts(100_000), [67_000]);
    }

    #[test]
    fn it_remembers_what_it_found_and_its_own_syncs() {
        let before = memory(&[(0, 9), (15_000, 1), (30_000, 2), (45_000, 3), (60_000, 4), (67_000, 5)]);
        let restarted = AT.memory(&before, 37_000, 6);
        let all = restarted.recommendations().iter().map(|r| (r.at.timestamp_millis(), r.replicas)).collect::<Vec<_>>();
        assert_eq!(all, [(37_000, 6), (37_000, 3), (52_000, 4), (67_000, 5)]);
    }
}
