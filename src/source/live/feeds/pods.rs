//! The pods feed: the pods of the scale target, watched by its selector.

use crate::observe::{Feed, FeedState, Observation, PodGone};
use crate::source::live::client::{ResourceAttributes, encode};
use crate::source::live::collector::pod::collector_pod;
use crate::source::live::context::{FeedContext, StatusReporter};
use crate::source::live::convert;
use crate::source::live::discovered::{Discovered, Fact, OwnedPod, note, until_changed};
use crate::source::live::retry::state;
use crate::source::live::watch::{Spec, WatchEvent, follow, next_of};
use crate::source::live::wire::Pod;
use std::collections::BTreeMap;
use tokio::sync::mpsc;

/// Pods of a namespace by a label selector.
pub fn spec(feed: Feed, namespace: &str, selector: &str) -> Spec {
    Spec {
        feed,
        collection: format!("/api/v1/namespaces/{}/pods", encode(namespace)),
        selectors: vec![("labelSelector", selector.to_owned())],
        attributes: ResourceAttributes {
            verb: "list",
            version: "v1".into(),
            resource: "pods".into(),
            namespace: namespace.to_owned(),
            ..ResourceAttributes::default()
        },
        bookmarks: true,
    }
}

/// Watch the pods until the program ends, and others when the selector changes.
pub async fn run(shared: FeedContext, namespace: String, discovered: Discovered) {
    let mut reporter = StatusReporter::new(shared.out.clone(), Feed::Pods, 1);
    let mut scaled = discovered.scaled.subscribe();
    // uid -> name.
    let mut here: BTreeMap<String, String> = BTreeMap::new();
    loop {
        let now = scaled.borrow_and_update().clone();
        let following = async {
            match now {
                Fact::NotYet => {
                    reporter.report(0, state(Feed::Pods, FeedState::Connecting, "waits for the target")).await
                }
                Fact::Missing(why) => reporter.report(0, state(Feed::Pods, FeedState::Absent, why)).await,
                Fact::Is(scaled) => {
                    let spec = spec(Feed::Pods, &namespace, &scaled.selector);
                    pods(&shared, spec, &discovered, &mut reporter, &mut here).await;
                }
            }
        };
        if !until_changed(&mut scaled, following).await {
            return;
        }
        // The next selector's watch sends those that still exist.
        for (uid, name) in std::mem::take(&mut here) {
            shared.out.emit(Observation::PodGone(PodGone { uid, name })).await;
        }
        discovered.pods.send_modify(|pods| pods.clear());
        discovered.gateways.send_modify(|pods| pods.clear());
    }
}

async fn pods(
    shared: &FeedContext,
    spec: Spec,
    discovered: &Discovered,
    reporter: &mut StatusReporter,
    here: &mut BTreeMap<String, String>,
) {
    let (to, mut from) = mpsc::channel(64);
    let following = follow::<Pod>(shared, spec, to);
    tokio::pin!(following);
    loop {
        match next_of(following.as_mut(), &mut from).await {
            None => return,
            Some(WatchEvent::Object(pod)) => {
                let seen = convert::pod(&pod);
                here.insert(seen.uid.clone(), seen.name.clone());
                note(&discovered.pods, &seen.uid, Some(OwnedPod::of(&pod)));
                note(&discovered.gateways, &seen.uid, Some(collector_pod(&pod, &seen)));
                shared.out.emit(Observation::Pod(Box::new(seen))).await;
            }
            Some(WatchEvent::Gone { uid, name }) => {
                here.remove(&uid);
                note(&discovered.gateways, &uid, None);
                note(&discovered.pods, &uid, None);
                shared.out.emit(Observation::PodGone(PodGone { uid, name })).await;
            }
            Some(WatchEvent::Listed) => {}
            Some(WatchEvent::State(status)) => reporter.report(0, status).await,
        }
    }
}
