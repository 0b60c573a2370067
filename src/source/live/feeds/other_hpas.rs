//! Signs that the controller is at work, where no lease tells: it writes the status of other HPAs of the namespace, too. Only that it
//! did is passed on. Must not be run beside the lease, which tells it better.

use super::hpa::{attributes, collection, list_hpas};
use crate::observe::{Feed, FeedState, Observation};
use crate::source::live::context::FeedContext;
use crate::source::live::discovered::Discovered;
use crate::source::live::watch::{Spec, WatchEvent, follow, next_of};
use crate::source::live::wire::StatusOnly;
use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::Duration;
use tokio::sync::mpsc;

/// The shortest time between two signs.
const APART: Duration = Duration::from_secs(5);

/// Watch the other HPAs of the namespace until the program ends. Where there is none, they are not watched.
pub async fn run(shared: FeedContext, namespace: String, discovered: Discovered) {
    if list_hpas(&shared, &namespace).await.is_ok_and(|names| names.len() < 2) {
        return;
    }
    let spec = Spec {
        feed: Feed::Hpa,
        collection: collection(&namespace),
        selectors: Vec::new(),
        attributes: attributes(&namespace),
        bookmarks: true,
    };
    let (to, mut from) = mpsc::channel(16);
    let following = follow::<StatusOnly>(&shared, spec, to);
    tokio::pin!(following);
    let clock = shared.out.clock();
    // By uid, what each status was.
    let mut statuses: HashMap<String, u64> = HashMap::new();
    let mut due = clock.instant();
    while let Some(event) = next_of(following.as_mut(), &mut from).await {
        match event {
            WatchEvent::Object(hpa) if hpa.metadata.name != *discovered.hpa.borrow() => {
                let mut hasher = DefaultHasher::new();
                hpa.status.hash(&mut hasher);
                let status = hasher.finish();
                let before = statuses.insert(hpa.metadata.uid, status);
                if before.is_some_and(|before| before != status) && clock.instant() >= due {
                    due = clock.instant() + APART;
                    shared.out.emit(Observation::OtherSynced).await;
                }
            }
            WatchEvent::Gone { uid, .. } => drop(statuses.remove(&uid)),
            WatchEvent::State(now) if matches!(now.state, FeedState::Denied | FeedState::Absent) => return,
            _ => {}
        }
    }
}
