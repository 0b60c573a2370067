//! Retries for requests that are not watches: polls, discovery, `/scale`.

use super::client::{Fault, Kind};
use super::context::{Shared, Teller};
use crate::observe::{Feed, FeedState, FeedStatus};
use std::time::Duration;

/// Attempts that failed since the last success.
#[derive(Debug, Default)]
pub struct Tries(u32);

impl Tries {
    /// How long an answer may take.
    pub fn limit(&self, shared: &Shared) -> Duration {
        match self.0 {
            0 => shared.pace.request,
            _ => shared.pace.retried.min(shared.pace.request),
        }
    }

    /// A request succeeded.
    pub fn worked(&mut self) {
        self.0 = 0;
    }

    /// A request failed: report it, wait, and wait for the turn of the next attempt.
    pub async fn failed(&mut self, shared: &Shared, teller: &mut Teller, part: usize, feed: Feed, fault: &Fault) {
        self.0 += 1;
        let wait = fault.wait(self.0, &shared.pace);
        teller.tell(part, FeedStatus { retry_at: shared.out.after(wait), ..fault.link(feed, self.0) }).await;
        match fault.kind {
            Kind::Unreachable => shared.gate.pause(wait).await,
            _ => tokio::time::sleep(wait).await,
        }
        shared.gate.turn().await;
    }
}

/// A feed's status with a reason.
pub fn state(feed: Feed, state: FeedState, reason: impl Into<String>) -> FeedStatus {
    FeedStatus { reason: Some(reason.into()), ..FeedStatus::new(feed, state) }
}
