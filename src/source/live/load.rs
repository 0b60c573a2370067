//! The load feed: the load Job by its name, and its pods.

pub mod log;
pub mod rest;
mod summary;

use super::convert;
use super::fault::Asked;
use super::hpa::namespace_exists;
use super::http::encode;
use super::pods;
use super::retry::state;
use super::shared::{Shared, Teller};
use super::watch::{Saw, Spec, follow};
use super::wire::{Job, Pod};
use crate::observe::{Feed, Link, LinkState, Observation, PodGone};
use tokio::sync::mpsc;

const JOB: usize = 0;
const PODS: usize = 1;

/// Watch the Job and its pods until the program ends.
pub async fn run(shared: Shared, namespace: String, job: String) {
    let mut teller = Teller::new(shared.out.clone(), Feed::Load, 2);
    let jobs = Spec {
        feed: Feed::Load,
        collection: format!("/apis/batch/v1/namespaces/{}/jobs", encode(&namespace)),
        selectors: vec![("fieldSelector", format!("metadata.name={job}"))],
        asked: Asked {
            verb: "list",
            group: "batch".into(),
            version: "v1".into(),
            resource: "jobs".into(),
            namespace: namespace.clone(),
        },
        bookmarks: true,
    };
    // The Job controller sets this label besides its newer form, and did so before there was one.
    let pods = pods::spec(Feed::Load, &namespace, &format!("job-name={job}"));
    let (to_jobs, mut from_jobs) = mpsc::channel(64);
    let (to_pods, mut from_pods) = mpsc::channel(64);
    let following = futures::future::join(follow::<Job>(&shared, jobs, to_jobs), follow::<Pod>(&shared, pods, to_pods));
    tokio::pin!(following);
    let mut link = Link::new(Feed::Load, LinkState::Connecting);
    let (mut current, mut absence) = (None, None);
    loop {
        tokio::select! {
            _ = &mut following => return,
            saw = from_pods.recv() => match saw {
                None => return,
                Some(Saw::Object(pod)) => shared.out.say(Observation::LoadPod(Box::new(convert::pod(&pod)))).await,
                Some(Saw::Gone { uid, name }) => shared.out.say(Observation::PodGone(PodGone { uid, name })).await,
                Some(Saw::Listed) => {}
                Some(Saw::State(link)) => teller.tell(PODS, link).await,
            },
            saw = from_jobs.recv() => {
                match saw {
                    None => return,
                    Some(Saw::Object(object)) => {
                        let seen = convert::job(&object);
                        (current, absence) = (Some(seen.uid.clone()), None);
                        shared.out.say(Observation::Job(Box::new(seen))).await;
                    }
                    Some(Saw::Gone { uid, .. }) if current.as_ref() == Some(&uid) => {
                        current = None;
                        absence = Some(gone(&shared, &namespace, &job).await);
                    }
                    Some(Saw::Gone { .. }) => {}
                    Some(Saw::Listed) if current.is_none() && absence.is_none() => {
                        absence = Some(gone(&shared, &namespace, &job).await);
                    }
                    Some(Saw::Listed) => {}
                    Some(Saw::State(now)) => link = now,
                }
                let shown = match (&absence, link.state) {
                    (Some(absence), LinkState::Up) => absence.clone(),
                    _ => link.clone(),
                };
                teller.tell(JOB, shown).await;
            }
        }
    }
}

/// Tell that there is no load Job, and why not.
async fn gone(shared: &Shared, namespace: &str, job: &str) -> Link {
    shared.out.say(Observation::JobGone { name: job.to_owned() }).await;
    match namespace_exists(shared, namespace).await {
        Some(false) => Link {
            mend: Some("say --load-namespace, or create it".into()),
            ..state(Feed::Load, LinkState::Absent, format!("there is no namespace {namespace}"))
        },
        _ => state(Feed::Load, LinkState::Absent, format!("there is no Job {job} in namespace {namespace}")),
    }
}
