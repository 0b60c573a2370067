//! Scrapes one collector periodically. Aborting the task stops it and closes its connection.

use super::endpoint::Endpoint;
use super::normalize::Normalizer;
use crate::observe::CollectorSeen;
use crate::source::live::client::port_forward::{self, Forward, Port};
use crate::source::live::client::{ApiError, ApiErrorKind, RetryGate, root};
use crate::source::live::context::FeedContext;
use crate::source::live::convert;
use crate::source::live::discovered::PodTarget;
use ::http::{Method, StatusCode};
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;

/// The most that is read of a response, in bytes: a thousand times the usual size.
const MOST: usize = 16 << 20;

/// One collector to scrape.
pub struct ScrapeTarget {
    pub endpoint: Endpoint,
    pub pod: PodTarget,
    /// How many collectors are scraped in all.
    pub count: watch::Receiver<usize>,
}

/// The outcome of one scrape.
pub struct ScrapeOutcome {
    /// The pod's.
    pub uid: String,
    pub outcome: Result<Box<CollectorSeen>, ApiError>,
}

/// Scrape until aborted.
pub async fn run(
    shared: FeedContext,
    target: ScrapeTarget,
    turns: RetryGate,
    uid: String,
    to: mpsc::Sender<ScrapeOutcome>,
) {
    let (mut forward, mut failed) = (None, 0u32);
    loop {
        turns.turn().await;
        let begun = Instant::now();
        // A connection kept open may have been closed by something in between: not the collector's failure.
        let kept = forward.is_some();
        let mut outcome = scrape(&shared, &target, &mut forward).await;
        if kept && matches!(&outcome, Err(fault) if fault.kind == ApiErrorKind::Cut) {
            outcome = scrape(&shared, &target, &mut forward).await;
        }
        let wait = match &outcome {
            Ok(_) => {
                failed = 0;
                shared.timing().scrape
            }
            Err(fault) => {
                forward = None;
                failed += 1;
                match fault.kind {
                    // Permission is missing for all of them alike: together they retry four times a minute.
                    ApiErrorKind::Denied | ApiErrorKind::Unauthorized => {
                        shared.timing().inside * (*target.count.borrow() as u32).div_ceil(4)
                    }
                    _ => shared.timing().scrape.saturating_mul(1 << (failed - 1).min(8)).min(shared.timing().inside),
                }
            }
        };
        if to.send(ScrapeOutcome { uid: uid.clone(), outcome }).await.is_err() {
            return;
        }
        shared.out.clock().sleep(wait.saturating_sub(begun.elapsed())).await;
    }
}

async fn scrape(
    shared: &FeedContext,
    target: &ScrapeTarget,
    forward: &mut Option<Forward>,
) -> Result<Box<CollectorSeen>, ApiError> {
    let mut normalizer = Normalizer::default();
    let limit = shared.timing().retried;
    let code = match &target.endpoint {
        Endpoint::Pod { port, path } => {
            let PodTarget { namespace, name, .. } = &target.pod;
            let port = port.in_pod(&target.pod)?;
            let open = match forward.take() {
                Some(open) => open,
                None => {
                    let port = Port { namespace: namespace.clone(), pod: name.clone(), port };
                    port_forward::open(shared, &port, limit).await?
                }
            };
            let open = forward.insert(open);
            let code = open.request(Method::GET, path, "", (limit, MOST), |chunk| normalizer.feed(chunk)).await;
            if code.is_err() {
                *forward = None;
            }
            code?
        }
        // Services are resolved before anything is scraped.
        Endpoint::Service { name, .. } => {
            return Err(ApiError::new(ApiErrorKind::Absent, format!("Service {name} is not known yet")));
        }
        Endpoint::Url(url) => scrape_url(url, &target.pod.name, limit, &mut normalizer).await?,
    };
    if !code.is_success() {
        let why = format!("the metrics of {} answer {code}", target.pod.name);
        return Err(ApiError::new(ApiErrorKind::Refused, why));
    }
    let why = || format!("what {} answers are no metrics of a collector", target.pod.name);
    normalizer.end().map(Box::new).ok_or_else(|| ApiError::new(ApiErrorKind::Garbled, why()))
}

/// Scrape over the network, without the API server.
async fn scrape_url(
    url: &str,
    pod: &str,
    limit: Duration,
    normalizer: &mut Normalizer,
) -> Result<StatusCode, ApiError> {
    let url = url.replace("{pod}", pod);
    let broke = |e: reqwest::Error| {
        let name = reqwest::Url::parse(&url).ok().and_then(|u| u.host_str().map(convert::name)).unwrap_or_default();
        ApiError::new(ApiErrorKind::Busy, format!("{name} does not answer: {}", root(&e)))
    };
    let client = reqwest::Client::builder().timeout(limit).build().map_err(broke)?;
    let mut answer = client.get(&url).send().await.map_err(broke)?;
    let (code, mut size) = (answer.status(), 0);
    while let Some(chunk) = answer.chunk().await.map_err(broke)? {
        size += chunk.len();
        if size > MOST {
            return Err(ApiError::new(ApiErrorKind::Garbled, format!("the answer is longer than {} MB", MOST >> 20)));
        }
        normalizer.feed(&chunk);
    }
    Ok(code)
}
