//! The load feed: the load's Job and its pods; and the feed k6, which reads in those pods what k6 tells of itself.
//!
//! The Job is the one of the given name. Where there is none, whatever runs k6 will do: a run of the k6 operator, or a Job
//! whose image is k6's. All Jobs of the namespace are watched for that, and the pods of the one that was chosen.

mod follow;
mod inside;
mod jobs;
pub mod log;
mod port;
pub mod rest;
mod summary;

pub use inside::PORT;

use super::client::{ResourceAttributes, encode};
use super::context::{FeedContext, StatusReporter};
use super::convert;
use super::discovered::{Discovered, FoundLoad, note};
use super::hpa::namespace_exists;
use super::pods;
use super::retry::state;
use super::watch::{Spec, WatchEvent, follow as follow_all, next_of};
use super::wire::{Job, Pod};
use crate::observe::{ContainerSeen, Feed, FeedState, FeedStatus, Observation, PodGone};
use jobs::{Chosen, Known};
use std::collections::BTreeMap;
use tokio::sync::{mpsc, watch};

const JOB: usize = 0;
const PODS: usize = 1;

/// Watch the load until the program ends.
pub async fn run(shared: FeedContext, namespace: String, job: String, discovered: Discovered) {
    let (to, mut links) = mpsc::channel::<(usize, FeedStatus)>(16);
    let selector = watch::Sender::new(None);
    let telling = async {
        let mut reporter = StatusReporter::new(shared.out.clone(), Feed::Load, 2);
        while let Some((part, link)) = links.recv().await {
            reporter.report(part, link).await;
        }
    };
    tokio::join!(
        telling,
        watch_jobs(&shared, &namespace, &job, &discovered, &selector, to.clone()),
        watch_pods(&shared, &namespace, &discovered, selector.subscribe(), to),
        inside::run(&shared, discovered.k6.subscribe()),
    );
}

/// A container that is k6, beside whatever else is in its pod.
pub fn is_k6(container: &ContainerSeen) -> bool {
    jobs::is_k6_image(&container.image) || container.name.contains("k6")
}

async fn watch_jobs(
    shared: &FeedContext,
    namespace: &str,
    job: &str,
    discovered: &Discovered,
    selector: &watch::Sender<Option<String>>,
    links: mpsc::Sender<(usize, FeedStatus)>,
) {
    let spec = Spec {
        feed: Feed::Load,
        collection: format!("/apis/batch/v1/namespaces/{}/jobs", encode(namespace)),
        selectors: Vec::new(),
        attributes: ResourceAttributes {
            verb: "list",
            group: "batch".into(),
            version: "v1".into(),
            resource: "jobs".into(),
            namespace: namespace.to_owned(),
        },
        bookmarks: true,
    };
    let (to, mut from) = mpsc::channel(64);
    let following = follow_all::<Job>(shared, spec, to);
    tokio::pin!(following);
    let mut link = FeedStatus::new(Feed::Load, FeedState::Connecting);
    let mut all: BTreeMap<String, Known> = BTreeMap::new();
    let (mut listed, mut current, mut absence) = (false, None::<Chosen>, None::<FeedStatus>);
    loop {
        match next_of(following.as_mut(), &mut from).await {
            None => return,
            Some(WatchEvent::Object(object)) => {
                let known = Known::of(&object);
                all.insert(known.seen.uid.clone(), known);
            }
            Some(WatchEvent::Gone { uid, .. }) => {
                all.remove(&uid);
            }
            Some(WatchEvent::Listed) => listed = true,
            Some(WatchEvent::State(now)) => link = now,
        }
        if listed {
            let chosen = jobs::choose(all.values(), job);
            match &chosen {
                Some(now) if current.as_ref() != Some(now) => {
                    absence = None;
                    let found =
                        FoundLoad { kind: now.seen.kind.clone(), name: now.seen.name.clone(), retries: now.retries };
                    discovered.load.send_if_modified(|old| old.replace(found.clone()) != Some(found));
                    selector.send_if_modified(|old| old.replace(now.selector.clone()).as_ref() != Some(&now.selector));
                    shared.out.emit(Observation::Job(Box::new(now.seen.clone()))).await;
                }
                None if current.is_some() || absence.is_none() => {
                    discovered.load.send_replace(None);
                    selector.send_replace(None);
                    let name = current.as_ref().map_or(job, |c| &c.seen.name).to_owned();
                    shared.out.emit(Observation::JobGone { name }).await;
                    absence = Some(gone(shared, namespace, job).await);
                }
                _ => {}
            }
            current = chosen;
        }
        let shown = match (&absence, link.state) {
            (Some(absence), FeedState::Up) => absence.clone(),
            _ => link.clone(),
        };
        if links.send((JOB, shown)).await.is_err() {
            return;
        }
    }
}

/// Watch the chosen load's pods, and others when another is chosen.
async fn watch_pods(
    shared: &FeedContext,
    namespace: &str,
    discovered: &Discovered,
    mut selector: watch::Receiver<Option<String>>,
    links: mpsc::Sender<(usize, FeedStatus)>,
) {
    loop {
        let now = selector.borrow_and_update().clone();
        let following = async {
            match now {
                // There is nothing amiss about having no pods where there is no Job.
                None => _ = links.send((PODS, FeedStatus::new(Feed::Load, FeedState::Up))).await,
                Some(selector) => load_pods(shared, namespace, &selector, discovered, &links).await,
            }
            std::future::pending::<()>().await;
        };
        tokio::select! {
            () = following => {}
            changed = selector.changed() => {
                if changed.is_err() {
                    return;
                }
            }
        }
        let left = discovered.k6.send_replace(BTreeMap::new());
        for (uid, pod) in left {
            shared.out.emit(Observation::PodGone(PodGone { uid, name: pod.name })).await;
        }
    }
}

async fn load_pods(
    shared: &FeedContext,
    namespace: &str,
    selector: &str,
    discovered: &Discovered,
    links: &mpsc::Sender<(usize, FeedStatus)>,
) {
    let (to, mut from) = mpsc::channel(64);
    let following = follow_all::<Pod>(shared, pods::spec(Feed::Load, namespace, selector), to);
    tokio::pin!(following);
    loop {
        match next_of(following.as_mut(), &mut from).await {
            None => return,
            Some(WatchEvent::Object(pod)) => {
                let seen = convert::pod(&pod);
                note(&discovered.k6, &seen.uid, Some(port::inside(&pod, &seen)));
                shared.out.emit(Observation::LoadPod(Box::new(seen))).await;
            }
            Some(WatchEvent::Gone { uid, name }) => {
                note(&discovered.k6, &uid, None);
                shared.out.emit(Observation::PodGone(PodGone { uid, name })).await;
            }
            Some(WatchEvent::Listed) => {}
            Some(WatchEvent::State(link)) => _ = links.send((PODS, link)).await,
        }
    }
}

/// Why there is no load Job.
async fn gone(shared: &FeedContext, namespace: &str, job: &str) -> FeedStatus {
    match namespace_exists(shared, namespace).await {
        Some(false) => FeedStatus {
            hint: Some("say --load-namespace, or create it".into()),
            ..state(Feed::Load, FeedState::Absent, format!("there is no namespace {namespace}"))
        },
        _ => state(Feed::Load, FeedState::Absent, format!("there is no Job {job} in namespace {namespace}")),
    }
}
