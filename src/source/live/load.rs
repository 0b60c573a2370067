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

use super::convert;
use super::facts::{Facts, FoundLoad, note};
use super::fault::Asked;
use super::hpa::namespace_exists;
use super::http::encode;
use super::pods;
use super::retry::state;
use super::shared::{Shared, Teller};
use super::watch::{Saw, Spec, follow as follow_all, next_of};
use super::wire::{Job, Pod};
use crate::observe::{ContainerSeen, Feed, FeedState, FeedStatus, Observation, PodGone};
use jobs::{Chosen, Known};
use std::collections::BTreeMap;
use tokio::sync::{mpsc, watch};

const JOB: usize = 0;
const PODS: usize = 1;

/// Watch the load until the program ends.
pub async fn run(shared: Shared, namespace: String, job: String, facts: Facts) {
    let (to, mut links) = mpsc::channel::<(usize, FeedStatus)>(16);
    let selector = watch::Sender::new(None);
    let telling = async {
        let mut teller = Teller::new(shared.out.clone(), Feed::Load, 2);
        while let Some((part, link)) = links.recv().await {
            teller.tell(part, link).await;
        }
    };
    tokio::join!(
        telling,
        watch_jobs(&shared, &namespace, &job, &facts, &selector, to.clone()),
        watch_pods(&shared, &namespace, &facts, selector.subscribe(), to),
        inside::run(&shared, facts.k6.subscribe()),
    );
}

/// A container that is k6, beside whatever else is in its pod.
pub fn is_k6(container: &ContainerSeen) -> bool {
    jobs::is_k6_image(&container.image) || container.name.contains("k6")
}

async fn watch_jobs(
    shared: &Shared,
    namespace: &str,
    job: &str,
    facts: &Facts,
    selector: &watch::Sender<Option<String>>,
    links: mpsc::Sender<(usize, FeedStatus)>,
) {
    let spec = Spec {
        feed: Feed::Load,
        collection: format!("/apis/batch/v1/namespaces/{}/jobs", encode(namespace)),
        selectors: Vec::new(),
        asked: Asked {
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
            Some(Saw::Object(object)) => {
                let known = Known::of(&object);
                all.insert(known.seen.uid.clone(), known);
            }
            Some(Saw::Gone { uid, .. }) => {
                all.remove(&uid);
            }
            Some(Saw::Listed) => listed = true,
            Some(Saw::State(now)) => link = now,
        }
        if listed {
            let chosen = jobs::choose(all.values(), job);
            match &chosen {
                Some(now) if current.as_ref() != Some(now) => {
                    absence = None;
                    let found =
                        FoundLoad { kind: now.seen.kind.clone(), name: now.seen.name.clone(), retries: now.retries };
                    facts.load.send_if_modified(|old| old.replace(found.clone()) != Some(found));
                    selector.send_if_modified(|old| old.replace(now.selector.clone()).as_ref() != Some(&now.selector));
                    shared.out.say(Observation::Job(Box::new(now.seen.clone()))).await;
                }
                None if current.is_some() || absence.is_none() => {
                    facts.load.send_replace(None);
                    selector.send_replace(None);
                    let name = current.as_ref().map_or(job, |c| &c.seen.name).to_owned();
                    shared.out.say(Observation::JobGone { name }).await;
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
    shared: &Shared,
    namespace: &str,
    facts: &Facts,
    mut selector: watch::Receiver<Option<String>>,
    links: mpsc::Sender<(usize, FeedStatus)>,
) {
    loop {
        let now = selector.borrow_and_update().clone();
        let following = async {
            match now {
                // There is nothing amiss about having no pods where there is no Job.
                None => _ = links.send((PODS, FeedStatus::new(Feed::Load, FeedState::Up))).await,
                Some(selector) => load_pods(shared, namespace, &selector, facts, &links).await,
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
        let left = facts.k6.send_replace(BTreeMap::new());
        for (uid, pod) in left {
            shared.out.say(Observation::PodGone(PodGone { uid, name: pod.name })).await;
        }
    }
}

async fn load_pods(
    shared: &Shared,
    namespace: &str,
    selector: &str,
    facts: &Facts,
    links: &mpsc::Sender<(usize, FeedStatus)>,
) {
    let (to, mut from) = mpsc::channel(64);
    let following = follow_all::<Pod>(shared, pods::spec(Feed::Load, namespace, selector), to);
    tokio::pin!(following);
    loop {
        match next_of(following.as_mut(), &mut from).await {
            None => return,
            Some(Saw::Object(pod)) => {
                let seen = convert::pod(&pod);
                note(&facts.k6, &seen.uid, Some(port::inside(&pod, &seen)));
                shared.out.say(Observation::LoadPod(Box::new(seen))).await;
            }
            Some(Saw::Gone { uid, name }) => {
                note(&facts.k6, &uid, None);
                shared.out.say(Observation::PodGone(PodGone { uid, name })).await;
            }
            Some(Saw::Listed) => {}
            Some(Saw::State(link)) => _ = links.send((PODS, link)).await,
        }
    }
}

/// Why there is no load Job.
async fn gone(shared: &Shared, namespace: &str, job: &str) -> FeedStatus {
    match namespace_exists(shared, namespace).await {
        Some(false) => FeedStatus {
            hint: Some("say --load-namespace, or create it".into()),
            ..state(Feed::Load, FeedState::Absent, format!("there is no namespace {namespace}"))
        },
        _ => state(Feed::Load, FeedState::Absent, format!("there is no Job {job} in namespace {namespace}")),
    }
}
