//! Retries for requests that are not watches: polls, discovery, `/scale`.

use super::client::{ApiError, ApiErrorKind};
use super::context::{FeedContext, StatusReporter};
use crate::observe::{Feed, FeedState, FeedStatus};
use std::time::Duration;

/// Attempts that failed since the last success.
#[derive(Debug, Default)]
pub struct Tries(u32);

impl Tries {
    /// How long an answer may take.
    pub fn limit(&self, shared: &FeedContext) -> Duration {
        match self.0 {
            0 => shared.timing().request,
            _ => shared.timing().retried.min(shared.timing().request),
        }
    }

    /// A request succeeded.
    pub fn worked(&mut self) {
        self.0 = 0;
    }

    /// A request failed: report it, wait, and wait for the turn of the next attempt.
    pub async fn failed(
        &mut self,
        shared: &FeedContext,
        reporter: &mut StatusReporter,
        part: usize,
        feed: Feed,
        fault: &ApiError,
    ) {
        self.failed_for(shared, reporter, (part, feed), fault, Duration::MAX).await;
    }

    /// The same, and wait for `most` at most, unless the server itself asks for more.
    pub async fn failed_for(
        &mut self,
        shared: &FeedContext,
        reporter: &mut StatusReporter,
        (part, feed): (usize, Feed),
        fault: &ApiError,
        most: Duration,
    ) {
        self.0 += 1;
        let asked = fault.retry_after.unwrap_or_default().min(shared.timing().settled);
        let wait = fault.wait(self.0, &shared.timing()).min(most.max(asked));
        reporter.report(part, FeedStatus { retry_at: shared.out.after(wait), ..fault.feed_status(feed, self.0) }).await;
        match fault.kind {
            ApiErrorKind::Unreachable => shared.gate.pause(wait).await,
            _ => tokio::time::sleep(wait).await,
        }
        shared.gate.turn().await;
    }
}

/// A feed's status with a reason.
pub fn state(feed: Feed, state: FeedState, reason: impl Into<String>) -> FeedStatus {
    FeedStatus { reason: Some(reason.into()), ..FeedStatus::new(feed, state) }
}
