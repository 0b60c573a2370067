//! The load feed: the load's Job and its pods; and the feed k6, which reads k6's own figures in those pods.
//!
//! The load is the Job of the given name. Where there is none, anything that runs k6 counts: a run of the k6 operator, or a
//! Job with an image of k6. All Jobs of the namespace are watched for that, and the pods of the one that was chosen.

mod jobs;
mod k6;
mod log;
mod log_stream;
mod progress;
pub mod rest;
mod rest_port;
mod summary;

pub use k6::PORT;

use super::client::{ResourceAttributes, encode};
use super::context::{FeedContext, StatusReporter};
use super::convert;
use super::discovered::{Discovered, Fact, FoundLoad, miss, note, set, until_changed};
use super::feeds::pods;
use super::hpa::namespace_exists;
use super::retry::state;
use super::watch::{Spec, WatchEvent, follow as follow_all, next_of};
use super::wire::{Job, Pod};
use crate::observe::{Feed, FeedState, FeedStatus, Observation, PodGone};
use jobs::{ChosenLoad, KnownJob};
use std::collections::BTreeMap;
use tokio::sync::{mpsc, watch};

/// The two parts of the feed, each with a status.
const JOB: usize = 0;
const PODS: usize = 1;

/// Watch the load until the program ends.
pub async fn run(shared: FeedContext, namespace: String, job: String, discovered: Discovered) {
    let (to, mut statuses) = mpsc::channel::<(usize, FeedStatus)>(16);
    let pods = watch::Sender::new(None);
    let reporting = async {
        let mut reporter = StatusReporter::new(shared.out.clone(), Feed::Load, 2);
        while let Some((part, status)) = statuses.recv().await {
            reporter.report(part, status).await;
        }
    };
    let choice = LoadChoice {
        shared: &shared,
        namespace: &namespace,
        job: &job,
        discovered: &discovered,
        pods: &pods,
        current: None,
        absence: None,
    };
    tokio::join!(
        reporting,
        watch_jobs(choice, to.clone()),
        watch_pods(&shared, &namespace, &discovered, pods.subscribe(), to),
        k6::run(&shared, discovered.k6.subscribe()),
    );
}

/// Watch the namespace's Jobs, and keep the choice of the load up to date.
async fn watch_jobs(mut choice: LoadChoice<'_>, to: mpsc::Sender<(usize, FeedStatus)>) {
    let (objects, mut from) = mpsc::channel(64);
    let following = follow_all::<Job>(choice.shared, jobs_spec(choice.namespace), objects);
    tokio::pin!(following);
    let mut status = FeedStatus::new(Feed::Load, FeedState::Connecting);
    let mut all: BTreeMap<String, KnownJob> = BTreeMap::new();
    let mut listed = false;
    while let Some(event) = next_of(following.as_mut(), &mut from).await {
        match event {
            WatchEvent::Object(object) => {
                let known = KnownJob::of(&object);
                all.insert(known.seen.uid.clone(), known);
            }
            WatchEvent::Gone { uid, .. } => {
                all.remove(&uid);
            }
            WatchEvent::Listed => listed = true,
            WatchEvent::State(now) => {
                if now.state == FeedState::Denied {
                    miss(&choice.discovered.load, "the Jobs may not be read, so the load is not known");
                }
                status = now;
            }
        }
        if listed {
            choice.update(jobs::choose(all.values(), choice.job)).await;
        }
        let absence = choice.absence.clone().filter(|_| status.state == FeedState::Up);
        if to.send((JOB, absence.unwrap_or_else(|| status.clone()))).await.is_err() {
            return;
        }
    }
}

fn jobs_spec(namespace: &str) -> Spec {
    Spec {
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
    }
}

/// Which pods are the chosen load's. Those of a Job that was created again have the same labels, and are listed again.
#[derive(Clone, Debug, PartialEq)]
struct LoadPods {
    /// The uid of the Job or TestRun.
    job: String,
    selector: String,
}

/// The load that is chosen at present, and those who need to know it.
struct LoadChoice<'a> {
    shared: &'a FeedContext,
    namespace: &'a str,
    /// The Job's configured name.
    job: &'a str,
    discovered: &'a Discovered,
    pods: &'a watch::Sender<Option<LoadPods>>,
    current: Option<ChosenLoad>,
    /// Why there is no load, where there is none.
    absence: Option<FeedStatus>,
}

impl LoadChoice<'_> {
    /// Make a choice known where it differs from the one before.
    async fn update(&mut self, chosen: Option<ChosenLoad>) {
        match &chosen {
            Some(load) if self.current.as_ref() != Some(load) => {
                self.absence = None;
                let found = FoundLoad {
                    kind: load.seen.kind.clone(),
                    name: load.seen.name.clone(),
                    uid: load.uid.clone(),
                    jobs: load.jobs.clone(),
                    retries: load.retries,
                };
                set(&self.discovered.load, Fact::Is(found));
                self.shared.out.emit(Observation::Job(Box::new(load.seen.clone()))).await;
                // After the Job, since another Job's pods are not kept.
                let pods = Some(LoadPods { job: load.seen.uid.clone(), selector: load.selector.clone() });
                self.pods.send_if_modified(|old| std::mem::replace(old, pods.clone()) != pods);
            }
            None if self.current.is_some() || self.absence.is_none() => {
                self.pods.send_replace(None);
                let name = self.current.as_ref().map_or(self.job, |c| &c.seen.name).to_owned();
                set(&self.discovered.load, Fact::Missing(format!("there is no Job {name}")));
                self.shared.out.emit(Observation::JobGone { name }).await;
                self.absence = Some(gone(self.shared, self.namespace, self.job).await);
            }
            _ => {}
        }
        self.current = chosen;
    }
}

/// Watch the chosen load's pods, and others when another load is chosen.
async fn watch_pods(
    shared: &FeedContext,
    namespace: &str,
    discovered: &Discovered,
    mut pods: watch::Receiver<Option<LoadPods>>,
    to: mpsc::Sender<(usize, FeedStatus)>,
) {
    loop {
        let now = pods.borrow_and_update().clone();
        let watching = async {
            match now {
                // Without a Job there are no pods: nothing is wrong with that.
                None => _ = to.send((PODS, FeedStatus::new(Feed::Load, FeedState::Up))).await,
                Some(of) => load_pods(shared, namespace, &of.selector, discovered, &to).await,
            }
        };
        if !until_changed(&mut pods, watching).await {
            return;
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
    to: &mpsc::Sender<(usize, FeedStatus)>,
) {
    let (objects, mut from) = mpsc::channel(64);
    let following = follow_all::<Pod>(shared, pods::spec(Feed::Load, namespace, selector), objects);
    tokio::pin!(following);
    while let Some(event) = next_of(following.as_mut(), &mut from).await {
        match event {
            WatchEvent::Object(pod) => {
                let seen = convert::pod(&pod);
                note(&discovered.k6, &seen.uid, Some(rest_port::k6_pod(&pod, &seen)));
                shared.out.emit(Observation::LoadPod(Box::new(seen))).await;
            }
            WatchEvent::Gone { uid, name } => {
                note(&discovered.k6, &uid, None);
                shared.out.emit(Observation::PodGone(PodGone { uid, name })).await;
            }
            WatchEvent::Listed => {}
            WatchEvent::State(status) => _ = to.send((PODS, status)).await,
        }
    }
}

/// Why there is no load.
async fn gone(shared: &FeedContext, namespace: &str, job: &str) -> FeedStatus {
    match namespace_exists(shared, namespace).await {
        Some(false) => FeedStatus {
            hint: Some("give --load-namespace, or create it".into()),
            ..state(Feed::Load, FeedState::Absent, format!("there is no namespace {namespace}"))
        },
        _ => state(Feed::Load, FeedState::Absent, format!("there is no Job {job} in namespace {namespace}")),
    }
}
