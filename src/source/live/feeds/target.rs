//! What the target feed publishes, however the target is read: as a workload or through `/scale`.

use crate::observe::{Feed, FeedState, FeedStatus, Observation, TargetRef, TargetSeen};
use crate::source::live::context::FeedContext;
use crate::source::live::discovered::{Discovered, Fact, Scaled, miss, set};
use crate::source::live::retry::state;

/// Send the target's state, and make its selector known.
pub async fn publish(shared: &FeedContext, discovered: &Discovered, target: &TargetRef, seen: TargetSeen) {
    match seen.selector.is_empty() {
        // An empty selector would select every pod of the namespace; the controller refuses it as well.
        true => miss(&discovered.scaled, "the scale target has no selector, so its pods are not known"),
        false => {
            let scaled = Scaled { target: target.clone(), selector: seen.selector.clone() };
            set(&discovered.scaled, Fact::Is(scaled));
        }
    }
    shared.out.emit(Observation::Target(Box::new(seen))).await;
}

/// Send that the target does not exist.
pub async fn gone(shared: &FeedContext, discovered: &Discovered) {
    miss(&discovered.scaled, "the scale target does not exist, so it has no pods");
    shared.out.emit(Observation::TargetGone).await;
}

/// The feed's status while the target does not exist.
pub fn missing(target: &TargetRef, namespace: &str) -> FeedStatus {
    let reason =
        format!("there is no {} {} in namespace {namespace}, which the HPA is to scale", target.kind, target.name);
    let hint = "create it, or correct the HPA's scaleTargetRef".to_owned();
    FeedStatus { hint: Some(hint), ..state(Feed::Target, FeedState::Absent, reason) }
}
