//! The scale target's observations and status, whichever way it is read: as a workload or by `/scale`.

use crate::observe::{Feed, FeedState, FeedStatus, Observation, TargetRef, TargetSeen};
use crate::source::live::context::Shared;
use crate::source::live::discovered::{Fact, Facts, Scaled, miss, set};
use crate::source::live::retry::state;

/// Send what the target is now, and make its pods known.
pub async fn publish(shared: &Shared, facts: &Facts, target: &TargetRef, seen: TargetSeen) {
    match seen.selector.is_empty() {
        // An empty selector would stand for every pod of the namespace; the controller refuses it as well.
        true => miss(&facts.scaled, "the scale target has no selector, so its pods are not known"),
        false => {
            let scaled = Scaled { target: target.clone(), selector: seen.selector.clone() };
            set(&facts.scaled, Fact::Is(scaled));
        }
    }
    shared.out.say(Observation::Target(Box::new(seen))).await;
}

/// Send that the target is not there.
pub async fn gone(shared: &Shared, facts: &Facts) {
    miss(&facts.scaled, "the scale target does not exist, so there are no pods of it");
    shared.out.say(Observation::TargetGone).await;
}

/// The feed's status while the target does not exist.
pub fn missing(target: &TargetRef, namespace: &str) -> FeedStatus {
    let reason =
        format!("there is no {} {} in namespace {namespace}, which the HPA is to scale", target.kind, target.name);
    let hint = "create it, or correct the HPA's scaleTargetRef".to_owned();
    FeedStatus { hint: Some(hint), ..state(Feed::Target, FeedState::Absent, reason) }
}
