//! Scraping one collector, again and again. It is stopped by being aborted, which closes its connection.

use super::read::Reader;
use super::{Endpoint, Told};
use crate::observe::CollectorSeen;
use crate::source::live::client::port_forward::{self, Forward, Port};
use crate::source::live::client::{ApiError, ErrorKind, RetryGate, root};
use crate::source::live::context::FeedContext;
use crate::source::live::convert;
use crate::source::live::discovered::PodTarget;
use ::http::{Method, StatusCode};
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;

/// The most that is read of an answer: a thousand times a usual one.
const MOST: usize = 16 << 20;

/// What to scrape.
pub struct Target {
    pub endpoint: Endpoint,
    pub pod: PodTarget,
    /// How many collectors there are.
    pub many: watch::Receiver<usize>,
}

/// Scrape until aborted.
pub async fn run(shared: FeedContext, target: Target, turns: RetryGate, uid: String, to: mpsc::Sender<Told>) {
    let (mut forward, mut failed) = (None, 0u32);
    loop {
        turns.turn().await;
        let begun = Instant::now();
        // A connection that was kept open may have been closed meanwhile; that is no fault of the collector's.
        let kept = forward.is_some();
        let mut outcome = once(&shared, &target, &mut forward).await;
        if kept && matches!(&outcome, Err(fault) if fault.kind == ErrorKind::Cut) {
            outcome = once(&shared, &target, &mut forward).await;
        }
        let wait = match &outcome {
            Ok(_) => {
                failed = 0;
                shared.timing.scrape
            }
            Err(fault) => {
                forward = None;
                failed += 1;
                match fault.kind {
                    // Who may not ask one may not ask any: all of them together try four times a minute.
                    ErrorKind::Denied | ErrorKind::Unauthorized => {
                        shared.timing.inside * (*target.many.borrow() as u32).div_ceil(4)
                    }
                    _ => shared.timing.scrape.saturating_mul(1 << (failed - 1).min(8)).min(shared.timing.inside),
                }
            }
        };
        if to.send(Told { uid: uid.clone(), outcome }).await.is_err() {
            return;
        }
        tokio::time::sleep_until(begun + wait).await;
    }
}

async fn once(
    shared: &FeedContext,
    target: &Target,
    forward: &mut Option<Forward>,
) -> Result<Box<CollectorSeen>, ApiError> {
    let mut reader = Reader::default();
    let limit = shared.timing.retried;
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
            let code = open.request(Method::GET, path, "", (limit, MOST), |chunk| reader.feed(chunk)).await;
            if code.is_err() {
                *forward = None;
            }
            code?
        }
        // It was looked up before anything is scraped.
        Endpoint::Service { name, .. } => {
            return Err(ApiError::new(ErrorKind::Absent, format!("Service {name} is not known yet")));
        }
        Endpoint::Url(url) => direct(url, &target.pod.name, limit, &mut reader).await?,
    };
    if !code.is_success() {
        let why = format!("the metrics of {} answer {code}", target.pod.name);
        return Err(ApiError::new(ErrorKind::Refused, why));
    }
    let why = || format!("what {} answers are no metrics of a collector", target.pod.name);
    reader.end().map(Box::new).ok_or_else(|| ApiError::new(ErrorKind::Garbled, why()))
}

/// Over the network, without the API server.
async fn direct(url: &str, pod: &str, limit: Duration, reader: &mut Reader) -> Result<StatusCode, ApiError> {
    let url = url.replace("{pod}", pod);
    let broke = |e: reqwest::Error| {
        let name = reqwest::Url::parse(&url).ok().and_then(|u| u.host_str().map(convert::name)).unwrap_or_default();
        ApiError::new(ErrorKind::Busy, format!("{name} does not answer: {}", root(&e)))
    };
    let client = reqwest::Client::builder().timeout(limit).build().map_err(broke)?;
    let mut answer = client.get(&url).send().await.map_err(broke)?;
    let (code, mut size) = (answer.status(), 0);
    while let Some(chunk) = answer.chunk().await.map_err(broke)? {
        size += chunk.len();
        if size > MOST {
            return Err(ApiError::new(ErrorKind::Garbled, format!("the answer is longer than {} MB", MOST >> 20)));
        }
        reader.feed(&chunk);
    }
    Ok(code)
}
