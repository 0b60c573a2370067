//! The target feed: what the HPA scales, watched. Makes the selector of its pods known to the other feeds.

use super::scale;
use super::target::{gone, missing, publish};
use crate::observe::{Feed, FeedState, FeedStatus, TargetRef};
use crate::source::live::context::{FeedContext, StatusReporter};
use crate::source::live::convert;
use crate::source::live::discovered::{Discovered, Fact, miss};
use crate::source::live::retry::state;
use crate::source::live::scale_target;
use crate::source::live::watch::{Spec, WatchEvent, follow, next_of};
use crate::source::live::wire::Workload;
use tokio::sync::mpsc;

/// Watch the target of the HPA, and the next one when the HPA's reference changes.
pub async fn run(shared: FeedContext, namespace: String, discovered: Discovered) {
    let mut reporter = StatusReporter::new(shared.out.clone(), Feed::Target, 2);
    let mut targets = discovered.target.subscribe();
    loop {
        let target = targets.borrow_and_update().clone();
        let following = async {
            match target {
                Fact::NotYet => {
                    reporter.report_all(state(Feed::Target, FeedState::Connecting, "waits for the HPA")).await
                }
                Fact::Missing(why) => {
                    miss(&discovered.scaled, why.clone());
                    reporter.report_all(state(Feed::Target, FeedState::Absent, why)).await;
                }
                Fact::Is(target) => match scale_target::workload(&target) {
                    Some(kind) => {
                        let target = TargetRef { kind: kind.kind.to_owned(), ..target };
                        known(&shared, &namespace, &target, kind, &discovered, &mut reporter).await
                    }
                    None => scale::follow_any(&shared, &namespace, &target, &discovered, &mut reporter).await,
                },
            }
            std::future::pending::<()>().await;
        };
        tokio::select! {
            () = following => {}
            changed = targets.changed() => {
                if changed.is_err() {
                    return;
                }
            }
        }
    }
}

async fn known(
    shared: &FeedContext,
    namespace: &str,
    target: &TargetRef,
    kind: &scale_target::Workload,
    discovered: &Discovered,
    reporter: &mut StatusReporter,
) {
    let spec = Spec {
        feed: Feed::Target,
        collection: kind.collection(namespace),
        selectors: vec![("fieldSelector", format!("metadata.name={}", target.name))],
        attributes: kind.attributes(namespace),
        bookmarks: true,
    };
    reporter.report(1, FeedStatus::new(Feed::Target, FeedState::Up)).await;
    let (to, mut from) = mpsc::channel(64);
    let following = follow::<Workload>(shared, spec, to);
    tokio::pin!(following);
    let mut status = FeedStatus::new(Feed::Target, FeedState::Connecting);
    let (mut current, mut absent) = (None, false);
    loop {
        match next_of(following.as_mut(), &mut from).await {
            None => return,
            Some(WatchEvent::Object(object)) => {
                (current, absent) = (Some(convert::name(&object.metadata.uid)), false);
                publish(shared, discovered, target, convert::workload(target, &object)).await;
            }
            Some(WatchEvent::Gone { uid, .. }) if current.as_ref() == Some(&uid) => {
                (current, absent) = (None, true);
                gone(shared, discovered).await;
            }
            Some(WatchEvent::Gone { .. }) => {}
            Some(WatchEvent::Listed) if current.is_none() && !absent => {
                absent = true;
                gone(shared, discovered).await;
            }
            Some(WatchEvent::Listed) => {}
            Some(WatchEvent::State(now)) => {
                if now.state == FeedState::Denied {
                    miss(&discovered.scaled, "the scale target may not be read, so its pods are not known");
                }
                status = now;
            }
        }
        let shown = if absent && status.state == FeedState::Up { missing(target, namespace) } else { status.clone() };
        reporter.report(0, shown).await;
    }
}
