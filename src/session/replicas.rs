//! Replicas and bounds in time, as those tell them who ought to know: the target of its own, the HPA of its own. A feed
//! that has not worked for a while vouches for nothing; then there is a gap.

use super::{Session, Steps, told};
use crate::observe::{Feed, FeedState};

/// Milliseconds for which what a feed said last holds although it does not work. A restart of the API server is over by
/// then, and has changed nothing.
const HOLD: i64 = 10_000;

/// Replicas and bounds in time; None while unknown.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Replicas {
    /// The target's replicas; the controller's figure where the target is not seen.
    pub current: Steps<Option<i32>>,
    /// `status.desiredReplicas`.
    pub desired: Steps<Option<i32>>,
    pub ready: Steps<Option<i32>>,
    pub min: Steps<Option<i32>>,
    pub max: Steps<Option<i32>>,
}

impl Session {
    /// Notes what is known of the replicas at `ms`.
    pub(super) fn note_replicas(&mut self, ms: i64) {
        let hpa = self.hpa.as_ref().filter(|_| !self.lost(Feed::Hpa, ms));
        let target = self.target.as_ref().filter(|_| !self.lost(Feed::Target, ms));
        // Of a target that does not exist, the controller only has what it was.
        let exists = self.feeds.state(Feed::Target) != FeedState::Absent;
        let current = match target {
            Some(target) => target.replicas.or(target.spec_replicas),
            None => hpa.filter(|_| exists).and_then(told::current),
        };
        let known = self.feeds.is_up(Feed::Pods) && self.target.is_some();
        let counted = || known.then(|| i32::try_from(self.pods.ready()).unwrap_or(i32::MAX));
        let ready = target.and_then(|t| t.ready).or_else(counted);
        let (desired, min) = (hpa.and_then(told::desired), hpa.map(|h| h.min_replicas.unwrap_or(1)));
        let max = hpa.map(|h| h.max_replicas);
        let r = &mut self.replicas;
        let all = [(&mut r.current, current), (&mut r.ready, ready), (&mut r.desired, desired)];
        let bounds = [(&mut r.min, min), (&mut r.max, max)];
        // Before anything was known there is no gap either.
        let news = all.into_iter().chain(bounds).filter(|(steps, now)| now.is_some() || steps.last().is_some());
        news.for_each(|(steps, now)| steps.set(ms, now));
    }

    /// Whether a feed has not worked for a while.
    fn lost(&self, feed: Feed, ms: i64) -> bool {
        self.feeds.get(feed).is_some_and(|l| {
            matches!(l.status.state, FeedState::Retrying | FeedState::Denied) && ms - l.since.timestamp_millis() > HOLD
        })
    }
}
