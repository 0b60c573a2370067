//! Scale targets of any other kind: found by discovery, read through `/scale`, watched for changes or polled.

use super::target::{gone, missing, publish};
use crate::observe::{Feed, FeedState, FeedStatus, TargetRef};
use crate::source::live::client::{ApiError, ApiErrorKind, ResourceAttributes, encode, get, read};
use crate::source::live::context::{FeedContext, StatusReporter};
use crate::source::live::convert;
use crate::source::live::discovered::{Discovered, miss};
use crate::source::live::retry::{Tries, state};
use crate::source::live::scale_target::{self, Served};
use crate::source::live::watch::{Spec, WatchEvent, follow};
use crate::source::live::wire::{Scale, Workload};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};

const FEED: Feed = Feed::Target;
/// The parts of the feed: the object's watch, and its `/scale`.
const WATCH: usize = 0;
const SCALE: usize = 1;

/// Follow a target of any kind until aborted.
pub async fn follow_any(
    shared: &FeedContext,
    namespace: &str,
    target: &TargetRef,
    discovered: &Discovered,
    reporter: &mut StatusReporter,
) {
    reporter.report(WATCH, FeedStatus::new(FEED, FeedState::Up)).await;
    let mut tries = Tries::default();
    let served = loop {
        match discover(shared, namespace, target, tries.limit(shared)).await {
            Ok(served) => break served,
            Err(fault) => {
                if matches!(fault.kind, ApiErrorKind::Absent | ApiErrorKind::Denied) {
                    miss(&discovered.scaled, "the scale target cannot be read, so its pods are not known");
                }
                tries.failed(shared, reporter, SCALE, FEED, &fault).await;
            }
        }
    };
    let target = &TargetRef { kind: served.kind.clone(), ..target.clone() };
    let spec = Spec {
        feed: FEED,
        collection: served.collection.clone(),
        selectors: vec![("fieldSelector", format!("metadata.name={}", target.name))],
        attributes: served.attributes.clone(),
        bookmarks: true,
    };
    let (to, mut from) = mpsc::channel(64);
    let mut object = None;
    let following = async {
        if served.watchable {
            follow::<Workload>(shared, spec, to).await;
        }
        std::future::pending::<()>().await;
    };
    tokio::pin!(following);
    let (mut tries, mut absent, mut polled) = (Tries::default(), false, !served.watchable);
    // What is watched is read when the watch reports a change.
    let mut due = polled.then(Instant::now);
    loop {
        let saw = tokio::select! {
            biased;
            () = &mut following => return,
            saw = from.recv() => saw,
            () = async { sleep_until(due.unwrap_or_else(Instant::now)).await }, if due.is_some() => {
                due = ask(shared, (target, &served, object.as_ref()), discovered, reporter, (&mut tries, &mut absent), polled).await;
                continue;
            }
        };
        match saw {
            Some(WatchEvent::Object(new)) => (object, due) = (Some(new), Some(Instant::now())),
            Some(WatchEvent::Gone { .. } | WatchEvent::Listed) => due = Some(Instant::now()),
            Some(WatchEvent::State(status)) => {
                polled = status.state == FeedState::Denied;
                if polled {
                    due = due.or_else(|| Some(Instant::now() + shared.timing().poll));
                    reporter.report(WATCH, state(FEED, FeedState::Up, polling(&status, shared.timing().poll))).await;
                } else {
                    reporter.report(WATCH, status).await;
                }
            }
            None => return,
        }
    }
}

fn polling(denied: &FeedStatus, every: Duration) -> String {
    let why = denied.reason.as_deref().unwrap_or("it may not be watched");
    format!("polled every {} s, since {why}", every.as_secs())
}

/// Read `/scale` and publish it. Returns when to read it again without a change reported by the watch.
async fn ask(
    shared: &FeedContext,
    (target, served, object): (&TargetRef, &Served, Option<&Workload>),
    discovered: &Discovered,
    reporter: &mut StatusReporter,
    (tries, absent): (&mut Tries, &mut bool),
    polled: bool,
) -> Option<Instant> {
    let resource = format!("{}/scale", served.attributes.resource);
    let attributes = ResourceAttributes { verb: "get", resource, ..served.attributes.clone() };
    let path = format!("{}/{}/scale", served.collection, encode(&target.name));
    let next = polled.then(|| Instant::now() + shared.timing().poll);
    let answer = get(shared, &path, &attributes, tries.limit(shared)).await;
    match answer.and_then(|body| read::<Scale>(&body).map_err(|e| unreadable(&e))) {
        Ok(scale) => {
            tries.worked();
            *absent = false;
            publish(shared, discovered, target, convert::scale(target, &scale, object)).await;
            reporter.report(SCALE, FeedStatus::new(FEED, FeedState::Up)).await;
            next
        }
        Err(fault) if fault.kind == ApiErrorKind::Absent => {
            if !std::mem::replace(absent, true) {
                gone(shared, discovered).await;
            }
            reporter.report(SCALE, missing(target, &served.attributes.namespace)).await;
            // A watch reports when it is created.
            next
        }
        Err(fault) => {
            if fault.kind == ApiErrorKind::Denied {
                miss(&discovered.scaled, "the target's /scale may not be read, so its pods are not known");
            }
            tries.failed(shared, reporter, SCALE, FEED, &fault).await;
            Some(Instant::now())
        }
    }
}

/// Where the kind is served.
async fn discover(
    shared: &FeedContext,
    namespace: &str,
    target: &TargetRef,
    limit: Duration,
) -> Result<Served, ApiError> {
    let attributes = ResourceAttributes {
        verb: "get",
        group: target.group().to_owned(),
        version: target.api_version.rsplit('/').next().unwrap_or_default().to_owned(),
        resource: target.kind.clone(),
        namespace: namespace.to_owned(),
    };
    let attributes = &attributes;
    let answer = |path: String| async move {
        let body = get(shared, &path, attributes, limit).await?;
        read(&body).map_err(|why| unreadable(&why))
    };
    scale_target::find(target, namespace, answer).await
}

fn unreadable(why: &str) -> ApiError {
    ApiError::new(ApiErrorKind::Garbled, format!("the answer cannot be read: {why}"))
}
