//! The ingest feed: Elasticsearch's counters, its nodes, its health, and what its log records lack.
//!
//! ```text
//! discover (--es-url, ECK, the gateway's exporter) ─► client (elasticsearch crate, through the bridge) ─► poller (schedule)
//! ```
//! Every failure is one sentence with a hint. After a failure that other credentials or another pod could resolve,
//! discovery starts again.

mod bridge;
mod by_url;
mod client;
pub mod convert;
mod discover;
mod errors;
mod exporter_endpoint;
pub mod fields;
mod kibana;
mod kubernetes;
mod own_metrics;
mod poller;
mod probe;
mod quality;
mod schedule;
mod settings;
mod target;
mod wire;

pub use kubernetes::{asked, in_cluster, list};
pub use probe::{Probed, probe};
pub use settings::IngestSettings;

use super::client::{ApiError, ApiErrorKind, jitter};
use super::context::{FeedContext, StatusReporter};
use super::discovered::Discovered;
use super::retry::state;
use crate::observe::{Feed, FeedState, FeedStatus, Time};
use client::Client;
use discover::discover;
use poller::Poller;
use std::time::Duration;
use target::Target;

/// Discover and poll Elasticsearch until the program ends.
pub async fn run(shared: FeedContext, namespace: String, settings: IngestSettings, discovered: Discovered) {
    let mut reporter = StatusReporter::new(shared.out.clone(), Feed::Ingest, 1);
    if settings.off {
        reporter.report(0, state(Feed::Ingest, FeedState::Absent, "switched off (--no-es)")).await;
        return std::future::pending().await;
    }
    reporter.report(0, state(Feed::Ingest, FeedState::Connecting, "looking for Elasticsearch")).await;
    let (mut attempt, began) = (0, shared.out.now());
    loop {
        let fault = match discover(&shared, &namespace, &settings).await {
            Ok(target) => poll(&shared, &discovered, target, &mut reporter, &mut attempt, began).await,
            Err(fault) => fault,
        };
        discovered.stored.send_modify(|stored| stored.fault = Some(fault.reason.clone()));
        attempt += 1;
        let wait = wait(&fault, attempt, &shared);
        tracing::info!(reason = fault.reason, "Elasticsearch");
        reporter
            .report(0, FeedStatus { retry_at: shared.out.after(wait), ..fault.feed_status(Feed::Ingest, attempt) })
            .await;
        match fault.kind {
            ApiErrorKind::Unreachable => shared.gate.pause(wait).await,
            _ => tokio::time::sleep(wait).await,
        }
    }
}

/// How long to wait before the next discovery.
fn wait(fault: &ApiError, attempt: u32, shared: &FeedContext) -> Duration {
    let timing = &shared.timing();
    match fault.kind {
        // Servers lock accounts after too many attempts with a wrong password.
        ApiErrorKind::Unauthorized => (timing.settled * attempt.min(8)).max(timing.settled),
        // Such a response may be large each time.
        ApiErrorKind::Garbled => timing.ingest,
        // Discovery looked in several places, none of which changes often.
        ApiErrorKind::Absent => timing.settled * 8,
        ApiErrorKind::Denied | ApiErrorKind::Refused | ApiErrorKind::Tls => timing.settled * 2,
        ApiErrorKind::Busy => {
            (timing.ingest * attempt.min(4)).max(fault.retry_after.unwrap_or_default().min(timing.ingest * 6))
        }
        _ => jitter(timing.backoff(attempt)),
    }
}

/// Poll one Elasticsearch until a fault that needs a new discovery.
async fn poll(
    shared: &FeedContext,
    discovered: &Discovered,
    target: Target,
    reporter: &mut StatusReporter,
    attempt: &mut u32,
    began: Time,
) -> ApiError {
    let (client, bridge) = match Client::open(target, shared).await {
        Ok(open) => open,
        Err(fault) => return fault,
    };
    let mut poller = Poller::new(shared, client, discovered).since(began);
    tokio::select! {
        fault = poller.run(reporter, attempt) => fault,
        () = bridge => ApiError::new(ApiErrorKind::Unreachable, "the connection to Elasticsearch ended"),
    }
}
