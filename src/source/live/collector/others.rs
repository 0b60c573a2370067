//! Collectors beside the gateway: the agents, one a node, and the one that watches the cluster; found by the labels that the
//! lab and the OpenTelemetry operator give them, and watched. Must not scrape.

use super::super::context::FeedContext;
use super::super::convert;
use super::super::discovered::PodTarget;
use super::super::pods::spec;
use super::super::watch::{WatchEvent, follow};
use super::super::wire::Pod;
use super::config;
use crate::observe::{Feed, FeedState, Observation, PodGone, PodSeen, Role};
use std::collections::BTreeMap;
use tokio::sync::{mpsc, watch};

const SELECTORS: [&str; 2] =
    ["app in (edot-agent,edot-cluster,edot-cluster-collector)", "app.kubernetes.io/component=opentelemetry-collector"];

/// What was found, by uid, and what stands in the way of finding more.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Found {
    pub pods: BTreeMap<String, (Role, PodTarget)>,
    pub fault: Option<String>,
}

/// Look for them until the program ends.
pub async fn run(shared: FeedContext, namespace: String, found: watch::Sender<Found>) {
    let (to, mut from) = mpsc::channel(64);
    let watches =
        SELECTORS.map(|selector| follow::<Pod>(&shared, spec(Feed::Collector, &namespace, selector), to.clone()));
    let watching = futures::future::join_all(watches);
    tokio::pin!(watching);
    loop {
        let saw = tokio::select! {
            _ = &mut watching => return,
            saw = from.recv() => saw,
        };
        match saw {
            None => return,
            Some(WatchEvent::Object(pod)) => {
                let seen = convert::pod(&pod);
                let Some(role) = role(&seen) else { continue };
                let inside = config::inside(&pod, &seen);
                let old = found.borrow().pods.get(&seen.uid).cloned();
                if old.as_ref() != Some(&(role, inside.clone())) {
                    found.send_modify(|f| {
                        f.pods.insert(seen.uid.clone(), (role, inside));
                    });
                }
                shared.out.emit(Observation::CollectorPod { role, pod: Box::new(seen) }).await;
            }
            Some(WatchEvent::Gone { uid, name }) => {
                found.send_modify(|f| {
                    f.pods.remove(&uid);
                });
                shared.out.emit(Observation::PodGone(PodGone { uid, name })).await;
            }
            Some(WatchEvent::Listed) => {}
            Some(WatchEvent::State(link)) => {
                let fault = (link.state == FeedState::Denied).then_some(link.reason).flatten();
                found.send_if_modified(|f| std::mem::replace(&mut f.fault, fault.clone()) != fault);
            }
        }
    }
}

/// By its owner and its name; None for the gateway's own, which the HPA's target names.
fn role(pod: &PodSeen) -> Option<Role> {
    let owner = pod.owner.as_deref().unwrap_or_default();
    let named = |part: &str| pod.name.contains(part);
    match () {
        () if owner.starts_with("DaemonSet/") || named("agent") || named("daemon") => Some(Role::Agent),
        () if named("cluster") => Some(Role::Cluster),
        () => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_follow_from_owners_and_names() {
        let role = |owner: &str, name: &str| {
            super::role(&PodSeen { owner: Some(owner.into()), name: name.into(), ..PodSeen::default() })
        };
        assert_eq!(role("DaemonSet/edot-agent", "edot-agent-x7k"), Some(Role::Agent));
        assert_eq!(role("ReplicaSet/edot-cluster-5f", "edot-cluster-5f-abc"), Some(Role::Cluster));
        assert_eq!(
            role("ReplicaSet/kube-stack-cluster-stats-collector-1", "kube-stack-cluster-stats-1"),
            Some(Role::Cluster)
        );
        assert_eq!(role("ReplicaSet/kube-stack-gateway-1", "kube-stack-gateway-1-x"), None);
    }
}
