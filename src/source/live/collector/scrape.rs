//! Scraping one collector, again and again. It is stopped by being aborted, which closes its connection.

use super::read::Reader;
use super::{Endpoint, Told};
use crate::observe::CollectorSeen;
use crate::source::live::convert;
use crate::source::live::facts::Inside;
use crate::source::live::fault::{Fault, Kind, root};
use crate::source::live::forward::{self, Forward, Port};
use crate::source::live::gate::Gate;
use crate::source::live::shared::Shared;
use ::http::{Method, StatusCode};
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;

/// The most that is read of an answer: a thousand times a usual one.
const MOST: usize = 16 << 20;

/// What to scrape.
pub struct Target {
    pub endpoint: Endpoint,
    pub pod: Inside,
    /// How many collectors there are.
    pub many: watch::Receiver<usize>,
}

/// Scrape until aborted.
pub async fn run(shared: Shared, target: Target, turns: Gate, uid: String, to: mpsc::Sender<Told>) {
    let (mut forward, mut failed) = (None, 0u32);
    loop {
        turns.turn().await;
        let begun = Instant::now();
        // A connection that was kept open may have been closed meanwhile; that is no fault of the collector's.
        let kept = forward.is_some();
        let mut outcome = once(&shared, &target, &mut forward).await;
        if kept && matches!(&outcome, Err(fault) if fault.kind == Kind::Cut) {
            outcome = once(&shared, &target, &mut forward).await;
        }
        let wait = match &outcome {
            Ok(_) => {
                failed = 0;
                shared.pace.scrape
            }
            Err(fault) => {
                forward = None;
                failed += 1;
                match fault.kind {
                    // Who may not ask one may not ask any: all of them together try four times a minute.
                    Kind::Denied | Kind::Unauthorized => {
                        shared.pace.inside * (*target.many.borrow() as u32).div_ceil(4)
                    }
                    _ => shared.pace.scrape.saturating_mul(1 << (failed - 1).min(8)).min(shared.pace.inside),
                }
            }
        };
        if to.send(Told { uid: uid.clone(), outcome }).await.is_err() {
            return;
        }
        tokio::time::sleep_until(begun + wait).await;
    }
}

async fn once(shared: &Shared, target: &Target, forward: &mut Option<Forward>) -> Result<Box<CollectorSeen>, Fault> {
    let mut reader = Reader::default();
    let limit = shared.pace.retried;
    let code = match &target.endpoint {
        Endpoint::Pod { port, path } => {
            let Inside { namespace, name, .. } = &target.pod;
            let port = port.in_pod(&target.pod)?;
            let open = match forward.take() {
                Some(open) => open,
                None => {
                    let port = Port { namespace: namespace.clone(), pod: name.clone(), port };
                    forward::open(shared, &port, limit).await?
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
            return Err(Fault::new(Kind::Absent, format!("Service {name} is not known yet")));
        }
        Endpoint::Url(url) => direct(url, &target.pod.name, limit, &mut reader).await?,
    };
    if !code.is_success() {
        let why = format!("the metrics of {} answer {code}", target.pod.name);
        return Err(Fault::new(Kind::Refused, why));
    }
    let why = || format!("what {} answers are no metrics of a collector", target.pod.name);
    reader.end().map(Box::new).ok_or_else(|| Fault::new(Kind::Garbled, why()))
}

/// Over the network, without the API server.
async fn direct(url: &str, pod: &str, limit: Duration, reader: &mut Reader) -> Result<StatusCode, Fault> {
    let url = url.replace("{pod}", pod);
    let broke = |e: reqwest::Error| {
        let name = reqwest::Url::parse(&url).ok().and_then(|u| u.host_str().map(convert::name)).unwrap_or_default();
        Fault::new(Kind::Busy, format!("{name} does not answer: {}", root(&e)))
    };
    let client = reqwest::Client::builder().timeout(limit).build().map_err(broke)?;
    let mut answer = client.get(&url).send().await.map_err(broke)?;
    let (code, mut size) = (answer.status(), 0);
    while let Some(chunk) = answer.chunk().await.map_err(broke)? {
        size += chunk.len();
        if size > MOST {
            return Err(Fault::new(Kind::Garbled, format!("the answer is longer than {} MB", MOST >> 20)));
        }
        reader.feed(&chunk);
    }
    Ok(code)
}
