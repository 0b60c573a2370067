//! What every feed gets: the cluster, the gate, the durations, and where observations and feed states are sent. Must not know
//! any feed.

use super::client::cluster::Cluster;
use super::client::{RetryGate, Timing};
use crate::clock::Clock;
use crate::observe::{Feed, FeedState, FeedStatus, Observation, Stamped, Time};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;
use tokio::sync::mpsc;

/// What every feed gets; cloning is cheap.
#[derive(Clone)]
pub struct FeedContext {
    pub cluster: Cluster,
    pub gate: RetryGate,
    /// By the clock; [`FeedContext::timing`] has them in real time.
    timing: Arc<Timing>,
    pub out: Emitter,
    /// Requests to Elasticsearch so far.
    pub elastic: Arc<AtomicU64>,
}

impl FeedContext {
    /// `timing` is by the cluster's clock.
    pub fn new(cluster: Cluster, timing: Timing, to: mpsc::Sender<Stamped>) -> FeedContext {
        let clock = cluster.clock();
        let gate = RetryGate::new(timing.between, clock);
        FeedContext { cluster, gate, timing: Arc::new(timing), out: Emitter::new(to, clock), elastic: Arc::default() }
    }

    /// The wait between two scrapes of any collectors.
    pub fn scrape_gate(&self) -> RetryGate {
        RetryGate::new(self.timing.apart, self.out.clock)
    }

    /// The durations in real time, at the clock's present speed.
    pub fn timing(&self) -> Timing {
        self.timing.of(self.out.clock)
    }
}

/// Where observations are sent; stamps them with its clock.
#[derive(Clone)]
pub struct Emitter {
    to: mpsc::Sender<Stamped>,
    clock: Clock,
}

impl Emitter {
    pub fn new(to: mpsc::Sender<Stamped>, clock: Clock) -> Self {
        Emitter { to, clock }
    }

    /// Send, and wait while the receiver is behind. Once it is gone the source is about to end, and nothing is sent.
    pub async fn emit(&self, what: Observation) {
        let _ = self.to.send(Stamped { at: self.now(), what }).await;
    }

    pub fn now(&self) -> Time {
        self.clock.now()
    }

    pub fn clock(&self) -> Clock {
        self.clock
    }

    /// The time after a wait of `wait`, which is real time.
    pub fn after(&self, wait: Duration) -> Option<Time> {
        Some(self.now() + chrono::TimeDelta::from_std(self.clock.span(wait)).ok()?)
    }
}

/// Reports a feed's status when it changes. A feed of several parts has the status of its worst part.
pub struct StatusReporter {
    out: Emitter,
    parts: Vec<FeedStatus>,
    last: Option<FeedStatus>,
}

impl StatusReporter {
    pub fn new(out: Emitter, feed: Feed, parts: usize) -> Self {
        StatusReporter { out, parts: vec![FeedStatus::new(feed, FeedState::Connecting); parts], last: None }
    }

    /// Every part has this status.
    pub async fn report_all(&mut self, status: FeedStatus) {
        self.parts.fill(status.clone());
        self.report(0, status).await;
    }

    /// Part `part` has this status.
    pub async fn report(&mut self, part: usize, status: FeedStatus) {
        if let Some(place) = self.parts.get_mut(part) {
            *place = status;
        }
        let Some(worst) =
            self.parts.iter().max_by_key(|status| (badness(status.state), status.reason.is_some())).cloned()
        else {
            return;
        };
        if self.last.as_ref() != Some(&worst) {
            self.last = Some(worst.clone());
            self.out.emit(Observation::FeedStatus(worst)).await;
        }
    }
}

/// How bad a state is, for the worst of several.
fn badness(state: FeedState) -> u8 {
    match state {
        FeedState::Up => 0,
        FeedState::Absent => 1,
        FeedState::Unknown => 2,
        FeedState::Connecting => 3,
        FeedState::Stale => 4,
        FeedState::Retrying => 5,
        FeedState::Denied => 6,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_feed_has_the_status_of_its_worst_part_and_reports_it_once() {
        let (to, mut from) = mpsc::channel(16);
        let out = Emitter::new(to, Clock::system());
        let mut reporter = StatusReporter::new(out, Feed::Load, 2);
        let status = |state| FeedStatus::new(Feed::Load, state);
        for (part, state) in [
            (0, FeedState::Up),
            (1, FeedState::Up),
            (1, FeedState::Denied),
            (0, FeedState::Retrying),
            (1, FeedState::Up),
            (0, FeedState::Up),
        ] {
            reporter.report(part, status(state)).await;
        }
        drop(reporter);
        let mut states = Vec::new();
        while let Some(Stamped { what: Observation::FeedStatus(status), .. }) = from.recv().await {
            states.push(status.state);
        }
        use FeedState::*;
        assert_eq!(states, [Connecting, Up, Denied, Retrying, Up]);
    }
}
