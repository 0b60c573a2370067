//! What every feed is handed: the cluster, the gate, the durations, and the way out for observations.

use super::client::cluster::Cluster;
use super::client::{Gate, Pace};
use crate::clock::Clock;
use crate::observe::{Feed, FeedState, FeedStatus, Observation, Stamped, Time};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;
use tokio::sync::mpsc;

/// Handed to every feed; cloning is cheap.
#[derive(Clone)]
pub struct Shared {
    pub cluster: Cluster,
    pub gate: Gate,
    pub pace: Arc<Pace>,
    pub out: Out,
    /// Requests to Elasticsearch so far.
    pub elastic: Arc<AtomicU64>,
}

/// The way out: stamps with the clock it was handed.
#[derive(Clone)]
pub struct Out {
    to: mpsc::Sender<Stamped>,
    clock: Clock,
}

impl Out {
    pub fn new(to: mpsc::Sender<Stamped>, clock: Clock) -> Self {
        Out { to, clock }
    }

    /// Send, and wait while the receiver is behind. Once it is gone nobody listens, and the source is about to end.
    pub async fn say(&self, what: Observation) {
        let _ = self.to.send(Stamped { at: self.now(), what }).await;
    }

    pub fn now(&self) -> Time {
        self.clock.now()
    }

    pub fn clock(&self) -> Clock {
        self.clock
    }

    /// The moment after a wait of `wait`.
    pub fn after(&self, wait: Duration) -> Option<Time> {
        Some(self.now() + chrono::TimeDelta::from_std(self.clock.span(wait)).ok()?)
    }
}

/// A feed's state, said only when it changes. A feed of several parts stands as its worst part does.
pub struct Teller {
    out: Out,
    parts: Vec<FeedStatus>,
    last: Option<FeedStatus>,
}

impl Teller {
    pub fn new(out: Out, feed: Feed, parts: usize) -> Self {
        Teller { out, parts: vec![FeedStatus::new(feed, FeedState::Connecting); parts], last: None }
    }

    /// Every part stands so.
    pub async fn tell_all(&mut self, link: FeedStatus) {
        self.parts.fill(link.clone());
        self.tell(0, link).await;
    }

    /// Part `part` stands so.
    pub async fn tell(&mut self, part: usize, link: FeedStatus) {
        if let Some(place) = self.parts.get_mut(part) {
            *place = link;
        }
        let Some(worst) = self.parts.iter().max_by_key(|link| (badness(link.state), link.reason.is_some())).cloned()
        else {
            return;
        };
        if self.last.as_ref() != Some(&worst) {
            self.last = Some(worst.clone());
            self.out.say(Observation::FeedStatus(worst)).await;
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
    async fn a_feed_stands_as_its_worst_part_and_says_so_once() {
        let (to, mut from) = mpsc::channel(16);
        let out = Out::new(to, Clock::system());
        let mut teller = Teller::new(out, Feed::Load, 2);
        let link = |state| FeedStatus::new(Feed::Load, state);
        for (part, state) in [
            (0, FeedState::Up),
            (1, FeedState::Up),
            (1, FeedState::Denied),
            (0, FeedState::Retrying),
            (1, FeedState::Up),
            (0, FeedState::Up),
        ] {
            teller.tell(part, link(state)).await;
        }
        drop(teller);
        let mut said = Vec::new();
        while let Some(Stamped { what: Observation::FeedStatus(link), .. }) = from.recv().await {
            said.push(link.state);
        }
        use FeedState::*;
        assert_eq!(said, [Connecting, Up, Denied, Retrying, Up]);
    }
}
