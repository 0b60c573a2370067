//! Replicas and bounds over time, each from the object that owns it: the target's from the target, the HPA's from the HPA.
//! After a feed has been down for a while its last figures no longer hold, and there is a gap. Must not compute proposals.

use super::feeds::Feeds;
use super::hpa_status;
use super::series::StepSeries;
use crate::observe::{Feed, FeedState, HpaSeen, TargetSeen};

/// Milliseconds for which the last figures hold while their feed is down. A restart of the API server is over by then, and
/// has changed nothing.
const HOLD: i64 = 10_000;

/// Replicas and bounds over time; None while unknown.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Replicas {
    /// The target's replicas; the controller's figure where the target cannot be read.
    pub current: StepSeries<Option<i32>>,
    /// `status.desiredReplicas`.
    pub desired: StepSeries<Option<i32>>,
    pub ready: StepSeries<Option<i32>>,
    pub min: StepSeries<Option<i32>>,
    pub max: StepSeries<Option<i32>>,
}

impl Replicas {
    /// Notes what is known at `ms`; `ready_pods` counts the Ready pods where the target does not report them.
    pub fn note(
        &mut self,
        ms: i64,
        feeds: &Feeds,
        hpa: Option<&HpaSeen>,
        target: Option<&TargetSeen>,
        ready_pods: usize,
    ) {
        let pods_known = feeds.is_up(Feed::Pods) && target.is_some();
        let hpa = hpa.filter(|_| !is_stale(feeds, Feed::Hpa, ms));
        let target = target.filter(|_| !is_stale(feeds, Feed::Target, ms));
        // If the target does not exist, the controller's figure is an old one.
        let exists = feeds.state(Feed::Target) != FeedState::Absent;
        let current = match target {
            Some(target) => target.replicas.or(target.spec_replicas),
            None => hpa.filter(|_| exists).and_then(hpa_status::current),
        };
        let counted = || pods_known.then(|| i32::try_from(ready_pods).unwrap_or(i32::MAX));
        let ready = target.and_then(|t| t.ready).or_else(counted);
        let (desired, min) = (hpa.and_then(hpa_status::desired), hpa.map(|h| h.min_replicas.unwrap_or(1)));
        let max = hpa.map(|h| h.max_replicas);
        let figures = [(&mut self.current, current), (&mut self.ready, ready), (&mut self.desired, desired)];
        let bounds = [(&mut self.min, min), (&mut self.max, max)];
        // Before the first known value there is no gap to note.
        let changes = figures.into_iter().chain(bounds).filter(|(steps, now)| now.is_some() || steps.last().is_some());
        changes.for_each(|(steps, now)| steps.set(ms, now));
    }
}

/// Whether a feed has been down for longer than its figures hold.
fn is_stale(feeds: &Feeds, feed: Feed, ms: i64) -> bool {
    feeds.get(feed).is_some_and(|f| {
        matches!(f.status.state, FeedState::Retrying | FeedState::Denied) && ms - f.since.timestamp_millis() > HOLD
    })
}
