//! Which feeds there are, and what each of them is given; those that watch or poll the Kubernetes API are one file each here. Must
//! not fail: what goes wrong becomes the feed's status.

mod cadence;
mod concerns;
pub mod cost;
pub mod events;
pub mod hpa;
pub mod lease;
mod metric_values;
mod other_hpas;
pub mod pods;
mod scale;
pub mod scalers;
pub mod session_info;
mod target;
pub mod usage;
pub mod workload;

use super::context::FeedContext;
use super::discovered::Discovered;
use super::{Settings, collector, controls, elastic, load};
use crate::control::Control;
use crate::observe::WatchingSeen;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

/// Starts every feed, and what answers `requests`.
pub fn start(
    settings: Settings,
    shared: FeedContext,
    discovered: Discovered,
    seen: watch::Sender<WatchingSeen>,
    requests: mpsc::Receiver<Control>,
) -> JoinSet<()> {
    let Settings { namespace, any, load, collector, ingest, .. } = settings;
    let places = events::Places {
        namespace: namespace.clone(),
        load_namespace: load.namespace.clone(),
        load_job: load.job.clone(),
    };
    let mut tasks = JoinSet::new();
    tasks.spawn(session_info::tick(shared.out.clone()));
    tasks.spawn(cost::run(shared.clone()));
    tasks.spawn(lease::run(shared.clone(), namespace.clone(), discovered.clone()));
    tasks.spawn(session_info::watching(shared.out.clone(), seen.subscribe()));
    tasks.spawn(hpa::run(shared.clone(), namespace.clone(), any, discovered.clone(), seen.clone()));
    tasks.spawn(workload::run(shared.clone(), namespace.clone(), discovered.clone()));
    tasks.spawn(pods::run(shared.clone(), namespace.clone(), discovered.clone()));
    tasks.spawn(scalers::run(shared.clone(), namespace.clone(), discovered.clone()));
    tasks.spawn(usage::run(shared.clone(), namespace.clone(), discovered.clone()));
    tasks.spawn(collector::run(shared.clone(), namespace.clone(), discovered.clone(), collector));
    tasks.spawn(elastic::run(shared.clone(), namespace, ingest, discovered.clone()));
    tasks.spawn(events::run(shared.clone(), places, discovered.clone()));
    tasks.spawn(load::run(shared.clone(), load.namespace.clone(), load.job.clone(), discovered.clone()));
    tasks.spawn(controls::run(shared.clone(), load, discovered, requests));
    tasks.spawn(session_info::version(shared, seen));
    tasks
}
