//! The lease of the controller manager: when its holder acquired it shows when the HPA controller last started, and a pause in
//! its renewals that it stopped. Watched, as nothing else shows a short pause; a cluster without the lease, or where it may not be
//! read, is not asked again.

use super::other_hpas;
use crate::observe::{Feed, FeedState, LeaseSeen, Observation, Time};
use crate::source::live::client::{ApiErrorKind, ResourceAttributes, get, read};
use crate::source::live::context::FeedContext;
use crate::source::live::convert;
use crate::source::live::discovered::Discovered;
use crate::source::live::watch::{Spec, WatchEvent, follow, next_of};
use crate::source::live::wire::Lease;
use std::time::Duration;
use tokio::sync::mpsc;

const NAMESPACE: &str = "kube-system";
const NAME: &str = "kube-controller-manager";

fn spec() -> Spec {
    Spec {
        feed: Feed::Hpa,
        collection: format!("/apis/coordination.k8s.io/v1/namespaces/{NAMESPACE}/leases"),
        selectors: vec![("fieldSelector", format!("metadata.name={NAME}"))],
        attributes: ResourceAttributes {
            verb: "list",
            group: "coordination.k8s.io".into(),
            version: "v1".into(),
            resource: "leases".into(),
            namespace: NAMESPACE.into(),
        },
        bookmarks: true,
    }
}

/// Watch the lease, or where it cannot be read the other HPAs of the namespace, until the program ends.
pub async fn run(shared: FeedContext, namespace: String, discovered: Discovered) {
    watch(&shared).await;
    other_hpas::run(shared, namespace, discovered).await;
}

/// Watch the lease as long as it can be read. Its renewals, every two seconds, are not passed on: only their end.
async fn watch(shared: &FeedContext) {
    let spec = spec();
    let path = format!("{}/{NAME}", spec.collection);
    let attributes = spec.attributes.to("get");
    let clock = shared.out.clock();
    let left_over = |lease: Lease| convert::lease(&lease, clock.now()).is_none();
    match get(shared, &path, &attributes, shared.timing().request).await {
        Err(fault) if matches!(fault.kind, ApiErrorKind::Denied | ApiErrorKind::Absent) => return,
        Ok(body) if read::<Lease>(&body).is_ok_and(left_over) => return,
        _ => {}
    }
    let (to, mut from) = mpsc::channel(4);
    let following = follow::<Lease>(shared, spec, to);
    tokio::pin!(following);
    // When its holder renewed it, and how long it may take until it does again.
    let mut renewed: Option<(Time, Duration)> = None;
    let mut known: Option<LeaseSeen> = None;
    let mut due = clock.instant();
    loop {
        let patience = renewed.map(|(_, wait)| wait).filter(|_| known.as_ref().is_some_and(|k| k.lapsed.is_none()));
        let (lease, asked) = tokio::select! {
            event = next_of(following.as_mut(), &mut from) => match event {
                Some(WatchEvent::Object(lease)) => (lease, false),
                Some(WatchEvent::State(now)) if matches!(now.state, FeedState::Denied | FeedState::Absent) => return,
                Some(_) => continue,
                None => return,
            },
            // What is late may be the watch.
            () = clock.sleep_until(due), if patience.is_some() => {
                due = clock.instant() + patience.unwrap_or_default();
                let answer = get(shared, &path, &attributes, shared.timing().request).await;
                match answer.ok().and_then(|body| read::<Lease>(&body).ok()) {
                    Some(lease) => (lease, true),
                    None => continue,
                }
            }
        };
        let Some(mut seen) = convert::lease(&lease, clock.now()) else { continue };
        let next = lease.spec.renew_time.map(|at| (at, convert::longest_pause(&lease)));
        seen.lapsed = next.filter(|_| asked && next == renewed).map(|(at, _)| at);
        renewed = next;
        due = clock.instant() + next.map(|(_, wait)| wait).unwrap_or_default();
        if known.as_ref() != Some(&seen) {
            known = Some(seen.clone());
            shared.out.emit(Observation::Lease(seen)).await;
        }
    }
}
