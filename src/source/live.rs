//! A live cluster as a source. Every feed recovers by itself and reports its status; none returns an error.
//!
//! ```text
//! client (connect, requests, streams, port-forwards, errors) ─► watch ─► feeds: hpa, workload, pods, events; load
//!                                                            └► feeds: usage (polled), scale (/scale), session_info
//! wire (the API's objects) ─► convert ─► observations          load_control: starts and stops the load
//! hpa ─ target ─► workload ─ selector ─► pods, usage           discovered: what one feed finds and others need
//! fleet: every HPA of several clusters, by one watch each
//! pods, load ─► collector, k6 ─► port-forward, logs            elastic: Elasticsearch, through a port-forward or by URL
//! ```

pub mod client;
pub mod collector;
mod context;
mod controls;
pub mod convert;
mod discovered;
pub mod elastic;
mod feeds;
pub mod fleet;
mod inspect;
pub mod load;
pub mod load_control;
mod retry;
pub mod scale_target;
mod watch;
pub mod wire;

pub use client::{ApiError, ApiErrorKind, Timing, cluster, connect};
pub use feeds::hpa::not_served;
pub use feeds::usage::metrics_version;

use crate::control::{Abilities, Died, Inspect, Source};
use crate::observe::{Observation, WatchingSeen};
use cluster::Cluster;
use context::FeedContext;
use discovered::Discovered;
use elastic::IngestSettings;
use feeds::hpa;
use load_control::LoadSettings;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// What to watch.
#[derive(Clone, Debug)]
pub struct Settings {
    pub namespace: String,
    pub hpa: String,
    /// When it does not exist, the only other HPA of the namespace is watched.
    pub any: bool,
    /// The load: its namespace and Job are watched as well.
    pub load: LoadSettings,
    /// The endpoint of the collectors' metrics; None: they are not read.
    pub collector: Option<collector::Endpoint>,
    /// Which Elasticsearch, as whom.
    pub ingest: IngestSettings,
    /// Periods and limits; [`Timing::default`] outside tests.
    pub timing: Timing,
}

/// The names of all HPAs of a namespace, sorted.
///
/// # Errors
/// See [`ApiErrorKind`].
pub async fn list_hpas(cluster: &Cluster, namespace: &str) -> Result<Vec<String>, ApiError> {
    // Nothing is sent.
    let (to, _) = mpsc::channel(1);
    hpa::list_hpas(&shared(cluster.clone(), to, Timing::default()), namespace).await
}

/// What the user wants to read once, in lines.
///
/// # Errors
/// See [`ApiErrorKind`].
pub async fn inspect(cluster: &Cluster, what: &Inspect) -> Result<Vec<String>, ApiError> {
    let (to, _) = mpsc::channel(1);
    inspect::inspect(&shared(cluster.clone(), to, Timing::default()), what).await
}

/// The namespaces and names of all HPAs of the cluster, sorted; none where they may not be listed.
pub async fn list_hpas_everywhere(cluster: &Cluster) -> Vec<(String, String)> {
    let (to, _) = mpsc::channel(1);
    hpa::list_everywhere(&shared(cluster.clone(), to, Timing::default())).await
}

fn shared(cluster: Cluster, to: mpsc::Sender<crate::observe::Stamped>, timing: Timing) -> FeedContext {
    let timing = Timing { request: cluster.request_timeout().min(timing.request), ..timing };
    FeedContext::new(cluster, timing, to)
}

/// A source over the cluster, and the future that drives it: it returns Ok when `stop` is cancelled, and an error when a
/// task panics.
pub fn open(
    settings: Settings,
    cluster: Cluster,
    stop: CancellationToken,
) -> (Source, impl Future<Output = Result<(), Died>> + Send) {
    let (to, observations) = mpsc::channel(1024);
    let (controls, requests) = mpsc::channel(16);
    let shared = shared(cluster, to, settings.timing.clone());
    let abilities = Abilities { load: !settings.load.readonly, seek: false };
    (Source { observations, controls, abilities }, run(settings, shared, requests, stop))
}

async fn run(
    settings: Settings,
    shared: FeedContext,
    requests: mpsc::Receiver<crate::control::Control>,
    stop: CancellationToken,
) -> Result<(), Died> {
    let discovered = Discovered::new(&settings.hpa);
    let seen = tokio::sync::watch::Sender::new(WatchingSeen {
        context: shared.cluster.context(),
        namespace: settings.namespace.clone(),
        hpa: settings.hpa.clone(),
        load_namespace: settings.load.namespace.clone(),
        load_job: settings.load.job.clone(),
        lab: shared.cluster.is_lab(),
        notes: shared.cluster.notes(),
        ..WatchingSeen::default()
    });
    let first = seen.borrow().clone();
    shared.out.emit(Observation::Watching(first)).await;
    let tasks = feeds::start(settings, shared, discovered, seen, requests);
    driven(tasks, stop).await
}

/// Drives the tasks until `stop`, or until all have ended.
async fn driven(mut tasks: JoinSet<()>, stop: CancellationToken) -> Result<(), Died> {
    loop {
        tokio::select! {
            () = stop.cancelled() => return Ok(()),
            ended = tasks.join_next() => match ended {
                Some(Err(e)) if e.is_panic() => return Err(Died::from_panic(e)),
                Some(_) => {}
                None => return Ok(()),
            },
        }
    }
}
