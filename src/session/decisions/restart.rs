//! A controller that started anew: since when that can be, and what it then remembers. Must not decide whether it did.
//!
//! A restart shows as a sync between two beats. The new controller has synced in silence since some beat of its own
//! rhythm, of which only what it does later tells; so every such beat stays possible until its windows have run out.

use crate::hpa::{Memory, Recommendation};
use crate::observe::Time;

/// Beats tried at most: the longest window at the usual period.
const MOST: usize = 240;

/// A sync off the rhythm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Restart {
    /// The last sync that the old controller told of, milliseconds since 1970.
    pub from: i64,
    /// The first that the new one told of.
    pub at: i64,
    pub period: i64,
}

impl Restart {
    /// The beats on which the new controller may have begun, ascending; those before `since` are alike but for the last.
    pub fn beats(&self, since: i64) -> Vec<i64> {
        let period = self.period.max(1);
        let back = (0i64..).map(|n| self.at - n * period).take_while(|ms| *ms > self.from);
        let mut out: Vec<i64> = back.take(MOST).collect();
        let near = out.iter().position(|ms| *ms < since).map_or(out.len(), |n| n + 1);
        out.truncate(near);
        out.reverse();
        out
    }

    /// The memory of a controller that began at `since` and found `current` replicas, as it notes for itself.
    pub fn anew(&self, memory: &Memory, since: i64, current: i32) -> Memory {
        let later = |at: Time| at.timestamp_millis() >= since;
        let own = |r: &Recommendation| Recommendation { at: self.on_beat(r.at), ..*r };
        let seed = Time::from_timestamp_millis(since).map(|at| Recommendation { replicas: current, at });
        let since_then = memory.recommendations().iter().map(own).filter(|r| later(r.at));
        let all: Vec<Recommendation> = seed.into_iter().chain(since_then).collect();
        let mut out = memory.clone();
        out.recommendations = Some(all);
        out.ups.retain(|e| later(e.at));
        out.downs.retain(|e| later(e.at));
        out
    }

    /// Syncs without a trace were placed on the old rhythm: here on the beat of the new one before.
    fn on_beat(&self, at: Time) -> Time {
        let (ms, period) = (at.timestamp_millis(), self.period.max(1));
        if ms <= self.from || ms >= self.at {
            return at;
        }
        let beats = (self.at - ms + period - 1) / period;
        Time::from_timestamp_millis(self.at - beats * period).unwrap_or(at)
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
    fn it_began_on_a_beat_since_the_old_one_was_last_heard_of() {
        assert_eq!(AT.beats(0), [7_000, 22_000, 37_000, 52_000, 67_000]);
        assert_eq!(AT.beats(40_000), [37_000, 52_000, 67_000]);
        assert_eq!(AT.beats(100_000), [67_000]);
    }

    #[test]
    fn it_remembers_what_it_found_and_what_came_after_on_its_own_beat() {
        let before = memory(&[(0, 9), (15_000, 1), (30_000, 2), (45_000, 3), (60_000, 4), (67_000, 5)]);
        let anew = AT.anew(&before, 37_000, 6);
        let all = anew.recommendations().iter().map(|r| (r.at.timestamp_millis(), r.replicas)).collect::<Vec<_>>();
        assert_eq!(all, [(37_000, 6), (37_000, 3), (52_000, 4), (67_000, 5)]);
    }
}
