//! A real cluster, live: one file a feed. Every feed heals by itself and says how it stands; none returns an error.
//!
//! ```text
//! connect ─► cluster (one client for all, renewed when refused) ─► http ─► watch ─► hpa, workload, pods, events, load
//!                                                                       └► usage (polled), scale (/scale)
//! hpa ─ target ─► workload ─ selector ─► pods, usage          gate: turns for retries, and who found the server away
//! pods, load ─► collector, k6 ─► forward (HTTP to a port inside a pod, kept open), logs
//! ```

pub mod client;
pub mod collector;
mod context;
mod controls;
pub mod convert;
mod discovered;
pub mod elastic;
mod feeds;
pub mod load;
pub mod load_control;
mod retry;
mod watch;
pub mod wire;

pub use client::{Fault, Kind, Pace, cluster, connect};

// The paths that collector, elastic and load use.
use client as fault;
use client as gate;
use client as http;
use client as pace;
use client::port_forward as forward;
use context as shared;
use discovered as facts;
pub use load_control as simulate;

use crate::control::Abilities;
use crate::observe::{Observation, WatchingSeen};
use crate::source::{Died, Source};
use client::Gate;
use cluster::Cluster;
use context::{Out, Shared};
use discovered::Facts;
use elastic::IngestSettings;
use feeds::{cost, events, hpa, pods, session_info, usage, workload};
use load_control::LoadSettings;
use std::sync::Arc;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// What to watch.
#[derive(Clone, Debug)]
pub struct Settings {
    pub namespace: String,
    pub hpa: String,
    /// When it is not there, the only other HPA of the namespace will do.
    pub any: bool,
    /// Its namespace and Job are watched as well.
    pub load: LoadSettings,
    /// Where the collectors' metrics are; None: they are not read.
    pub collector: Option<collector::Endpoint>,
    /// Which Elasticsearch, as whom.
    pub ingest: IngestSettings,
    /// How often and how long; [`Pace::default`] outside tests.
    pub pace: Pace,
}

/// The names of all HPAs of a namespace, in order.
pub async fn list_hpas(cluster: &Cluster, namespace: &str) -> Result<Vec<String>, Fault> {
    // Nobody listens, and nothing is said.
    let (to, _) = mpsc::channel(1);
    hpa::list_hpas(&shared(cluster.clone(), to, Pace::default()), namespace).await
}

fn shared(cluster: Cluster, to: mpsc::Sender<crate::observe::Stamped>, pace: Pace) -> Shared {
    let clock = cluster.clock();
    let pace = Pace { request: cluster.request_timeout().min(pace.request), ..pace }.of(clock);
    let gate = Gate::new(pace.between);
    Shared { cluster, gate, pace: Arc::new(pace), out: Out::new(to, clock), elastic: Arc::default() }
}

/// A source over the cluster, and the future that drives it: it ends well when `stop` is cancelled, and badly when a
/// task dies.
pub fn open(
    settings: Settings,
    cluster: Cluster,
    stop: CancellationToken,
) -> (Source, impl Future<Output = Result<(), Died>> + Send) {
    let (to, observations) = mpsc::channel(1024);
    let (controls, asked) = mpsc::channel(16);
    let shared = shared(cluster, to, settings.pace.clone());
    let abilities = Abilities { load: !settings.load.readonly, seek: false };
    (Source { observations, controls, abilities }, run(settings, shared, asked, stop))
}

async fn run(
    settings: Settings,
    shared: Shared,
    asked: mpsc::Receiver<crate::control::Control>,
    stop: CancellationToken,
) -> Result<(), Died> {
    let Settings { namespace, hpa, any, load, collector, ingest, .. } = settings;
    let facts = Facts::new(&hpa);
    let seen = tokio::sync::watch::Sender::new(WatchingSeen {
        context: shared.cluster.context(),
        namespace: namespace.clone(),
        hpa,
        load_namespace: load.namespace.clone(),
        load_job: load.job.clone(),
        lab: shared.cluster.is_lab(),
        notes: shared.cluster.notes(),
        ..WatchingSeen::default()
    });
    let first = seen.borrow().clone();
    shared.out.say(Observation::Watching(first)).await;
    let places = events::Places {
        namespace: namespace.clone(),
        load_namespace: load.namespace.clone(),
        load_job: load.job.clone(),
    };
    let mut tasks = JoinSet::new();
    tasks.spawn(session_info::tick(shared.out.clone()));
    tasks.spawn(cost::run(shared.clone()));
    tasks.spawn(session_info::watching(shared.out.clone(), seen.subscribe()));
    tasks.spawn(hpa::run(shared.clone(), namespace.clone(), any, facts.clone(), seen.clone()));
    tasks.spawn(workload::run(shared.clone(), namespace.clone(), facts.clone()));
    tasks.spawn(pods::run(shared.clone(), namespace.clone(), facts.clone()));
    tasks.spawn(usage::run(shared.clone(), namespace.clone(), facts.clone()));
    tasks.spawn(collector::run(shared.clone(), namespace.clone(), facts.clone(), collector));
    tasks.spawn(elastic::run(shared.clone(), namespace, ingest));
    tasks.spawn(events::run(shared.clone(), places, facts.clone()));
    tasks.spawn(load::run(shared.clone(), load.namespace.clone(), load.job.clone(), facts.clone()));
    tasks.spawn(controls::run(shared.clone(), load, facts, asked));
    tasks.spawn(session_info::version(shared, seen));
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
