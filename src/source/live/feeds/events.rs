//! The events feed: events of the two namespaces that concern the HPA, its target, its pods, and the load.

use crate::observe::{Feed, ObjectRef, Observation, TargetRef};
use crate::source::live::client::{ResourceAttributes, encode};
use crate::source::live::context::{FeedContext, StatusReporter};
use crate::source::live::convert;
use crate::source::live::discovered::{Discovered, Fact};
use crate::source::live::watch::{Spec, WatchEvent, follow};
use crate::source::live::wire::Event;
use std::time::Duration;
use tokio::sync::mpsc;

/// How long to wait for the target, so that the first list need not be read twice.
const PATIENCE: Duration = Duration::from_secs(3);

/// Where to look for events, and of which load.
#[derive(Clone, Debug)]
pub struct Places {
    pub namespace: String,
    pub load_namespace: String,
    pub load_job: String,
}

/// Watch the events until the program ends.
pub async fn run(shared: FeedContext, places: Places, discovered: Discovered) {
    let both = places.namespace != places.load_namespace;
    let mut reporter = StatusReporter::new(shared.out.clone(), Feed::Events, if both { 2 } else { 1 });
    let mut targets = discovered.target.subscribe();
    // If the target is late, the list is read again below.
    let _ = tokio::time::timeout(PATIENCE, targets.wait_for(|fact| *fact != Fact::NotYet)).await;
    let (to_lab, mut from_lab) = mpsc::channel(64);
    let (to_load, mut from_load) = mpsc::channel(64);
    let load = async {
        if both {
            follow::<Event>(&shared, spec(&places.load_namespace), to_load).await;
        }
        std::future::pending::<()>().await;
    };
    tokio::pin!(load);
    let mut target = known(&targets.borrow_and_update());
    let lab = follow::<Event>(&shared, spec(&places.namespace), to_lab.clone());
    let mut lab = Box::pin(lab);
    loop {
        let (part, saw) = tokio::select! {
            () = &mut lab => return,
            () = &mut load => return,
            saw = from_lab.recv() => (0, saw),
            saw = from_load.recv(), if both => (1, saw),
            changed = targets.changed() => {
                let now = known(&targets.borrow_and_update());
                if changed.is_ok() && now != target {
                    // Events that were ignored may belong to the new target.
                    target = now;
                    lab = Box::pin(follow::<Event>(&shared, spec(&places.namespace), to_lab.clone()));
                }
                continue;
            }
        };
        match saw {
            None => return,
            Some(WatchEvent::State(status)) => reporter.report(part, status).await,
            Some(WatchEvent::Object(event)) => {
                let seen = convert::event(&event);
                let wanted = part == 0 && of_hpa(&seen.object, &discovered.hpa.borrow(), target.as_ref())
                    || part == 0 && seen.object.kind == "Pod" && discovered.pods.borrow().contains(&seen.object.name)
                    || (part == 1 || !both) && of_load(&seen.object, &places.load_job);
                if wanted {
                    shared.out.emit(Observation::Event(Box::new(seen))).await;
                }
            }
            Some(WatchEvent::Gone { .. } | WatchEvent::Listed) => {}
        }
    }
}

fn known(target: &Fact<TargetRef>) -> Option<TargetRef> {
    match target {
        Fact::Is(target) => Some(target.clone()),
        _ => None,
    }
}

fn spec(namespace: &str) -> Spec {
    Spec {
        feed: Feed::Events,
        collection: format!("/api/v1/namespaces/{}/events", encode(namespace)),
        selectors: Vec::new(),
        attributes: ResourceAttributes {
            verb: "list",
            version: "v1".into(),
            resource: "events".into(),
            namespace: namespace.to_owned(),
            ..ResourceAttributes::default()
        },
        // Events are not cached by the API server, and so it sends no bookmarks for them.
        bookmarks: false,
    }
}

/// Whether an event is about the HPA, its target, the target's ReplicaSets or its pods. Names are distinguished by how many
/// parts the controllers append: `web-canary` has ReplicaSets `web-canary-…`, which are not those of `web`.
fn of_hpa(object: &ObjectRef, hpa: &str, target: Option<&TargetRef>) -> bool {
    if object.kind == "HorizontalPodAutoscaler" {
        return object.name == hpa;
    }
    let Some(target) = target else { return false };
    if object.kind == target.kind {
        return object.name == target.name;
    }
    let added = object.name.strip_prefix(&target.name).and_then(|rest| rest.strip_prefix('-'));
    let Some(parts) = added.map(|rest| rest.split('-').count()) else { return false };
    match (object.kind.as_str(), target.kind.as_str()) {
        ("ReplicaSet", _) => parts == 1,
        ("Pod", "Deployment") => parts == 2,
        ("Pod", "StatefulSet" | "ReplicaSet" | "ReplicationController") => parts == 1,
        ("Pod", _) => parts <= 2,
        _ => false,
    }
}

/// Whether an event is about the load Job or its pods.
fn of_load(object: &ObjectRef, job: &str) -> bool {
    match object.kind.as_str() {
        "Job" => object.name == job,
        "Pod" => {
            let added = object.name.strip_prefix(job).and_then(|rest| rest.strip_prefix('-'));
            added.is_some_and(|rest| !rest.contains('-'))
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(kind: &str, name: &str) -> ObjectRef {
        ObjectRef { kind: kind.into(), name: name.into(), uid: String::new() }
    }

    #[test]
    fn objects_with_the_same_name_prefix_are_distinguished() {
        let target = TargetRef { api_version: "apps/v1".into(), kind: "Deployment".into(), name: "web".into() };
        let wanted = |kind, name| of_hpa(&object(kind, name), "web-hpa", Some(&target));
        for (kind, name) in [
            ("HorizontalPodAutoscaler", "web-hpa"),
            ("Deployment", "web"),
            ("ReplicaSet", "web-64f456477b"),
            ("Pod", "web-64f456477b-w5lsb"),
        ] {
            assert!(wanted(kind, name), "{kind} {name}");
        }
        for (kind, name) in [
            ("HorizontalPodAutoscaler", "web"),
            ("Deployment", "web-canary"),
            ("ReplicaSet", "web-canary-64f456477b"),
            ("Pod", "web-canary-64f456477b-w5lsb"),
            ("Pod", "website-64f456477b-w5lsb"),
            ("Pod", "web"),
            ("Node", "web-a-b"),
        ] {
            assert!(!wanted(kind, name), "{kind} {name}");
        }
    }

    #[test]
    fn a_statefulsets_pods_are_numbered() {
        let target = TargetRef { api_version: "apps/v1".into(), kind: "StatefulSet".into(), name: "db".into() };
        assert!(of_hpa(&object("Pod", "db-0"), "", Some(&target)));
        assert!(!of_hpa(&object("Pod", "db-replica-0"), "", Some(&target)));
    }

    #[test]
    fn the_load_is_the_job_and_its_pods() {
        assert!(of_load(&object("Job", "k6-load"), "k6-load") && of_load(&object("Pod", "k6-load-x7k2p"), "k6-load"));
        assert!(!of_load(&object("Pod", "k6-load-other-x7k2p"), "k6-load"));
        assert!(!of_load(&object("Job", "k6-load-2"), "k6-load"));
    }
}
