//! Finds the collectors beside the gateway: the agents, one a node, and the cluster collector. They are watched by the labels
//! that the lab and the OpenTelemetry operator give them. Must not scrape.

use super::super::context::FeedContext;
use super::super::convert;
use super::super::discovered::PodTarget;
use super::super::feeds::pods::spec;
use super::super::watch::{WatchEvent, follow};
use super::super::wire::Pod;
use super::pod::collector_pod;
use crate::observe::{Feed, FeedState, Observation, PodGone, PodSeen, Role};
use std::collections::BTreeMap;
use tokio::sync::{mpsc, watch};

const SELECTORS: [&str; 2] =
    ["app in (edot-agent,edot-cluster,edot-cluster-collector)", "app.kubernetes.io/component=opentelemetry-collector"];

/// The collectors that were found, by pod uid, and why there may be more.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct OtherCollectors {
    pub pods: BTreeMap<String, (Role, PodTarget)>,
    pub fault: Option<String>,
}

/// Watch them until the program ends.
pub async fn run(shared: FeedContext, namespace: String, found: watch::Sender<OtherCollectors>) {
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
                let entry = (role, collector_pod(&pod, &seen));
                found.send_if_modified(|f| f.pods.insert(seen.uid.clone(), entry.clone()) != Some(entry));
                shared.out.emit(Observation::CollectorPod { role, pod: Box::new(seen) }).await;
            }
            Some(WatchEvent::Gone { uid, name }) => {
                found.send_if_modified(|f| f.pods.remove(&uid).is_some());
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

/// The role, by the pod's owner and name; None for the gateway's pods, which the HPA's target selects.
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
