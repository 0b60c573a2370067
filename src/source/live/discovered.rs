//! What one feed discovers and others need: the HPA's target, the target's selector, the pods. Must not do I/O.

use super::convert;
use super::wire::Pod;
use crate::observe::{ContainerSeen, Metric, ObjectRef, PodSeen, Role, TargetRef};
use std::collections::{BTreeMap, BTreeSet};
use tokio::sync::watch;

/// Something that one feed discovers and others wait for.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Fact<T> {
    #[default]
    NotYet,
    /// It cannot be known for now; why, for the user.
    Missing(String),
    Is(T),
}

impl<T> Fact<T> {
    /// What it is, if it is known.
    pub fn known(&self) -> Option<&T> {
        match self {
            Fact::Is(known) => Some(known),
            Fact::NotYet | Fact::Missing(_) => None,
        }
    }
}

/// A scale target whose pods can be found.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Scaled {
    pub target: TargetRef,
    /// The label selector of its pods, in the string form.
    pub selector: String,
}

/// A pod whose ports can be reached: a collector's, or k6's.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PodTarget {
    pub namespace: String,
    pub name: String,
    /// The container that matters, by its image or name, else the first.
    pub container: String,
    /// The container runs; otherwise not yet, or not any more.
    pub runs: bool,
    /// It has ended and does not restart.
    pub over: bool,
    pub restarts: i32,
    /// Where a collector's configuration is, in the order in which its files are merged.
    pub config: Vec<ConfigFile>,
    /// The runtime's own memory limit is set for the container (`GOMEMLIMIT`).
    pub go_limit: bool,
    /// The named ports of its containers.
    pub ports: BTreeMap<String, u16>,
    /// The port of k6's REST API from its arguments; None: the default one.
    pub port: Option<u16>,
}

/// A file out of a ConfigMap.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct ConfigFile {
    pub map: String,
    /// Empty: any key that holds a collector's configuration.
    pub key: String,
}

impl PodTarget {
    /// From one version of a pod; `is` picks the container.
    pub fn of(pod: &PodSeen, is: impl Fn(&ContainerSeen) -> bool) -> PodTarget {
        let main = || pod.containers.iter().filter(|c| !c.sidecar);
        let container = main().find(|c| is(c)).or_else(|| main().next());
        PodTarget {
            namespace: pod.namespace.clone(),
            name: pod.name.clone(),
            container: container.map(|c| c.name.clone()).unwrap_or_default(),
            runs: container.is_some_and(|c| c.running.is_some()),
            over: matches!(&*pod.phase, "Succeeded" | "Failed") || container.is_some_and(|c| c.terminated.is_some()),
            restarts: container.map_or(0, |c| c.restarts),
            ..PodTarget::default()
        }
    }
}

/// A pod of the scale target, and what it belongs to.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct OwnedPod {
    pub name: String,
    /// Its controller, such as a ReplicaSet.
    pub owner: Option<ObjectRef>,
    /// The Deployment that owns its ReplicaSet.
    pub deployment: Option<String>,
}

impl OwnedPod {
    /// A ReplicaSet's name is that of its Deployment and the hash of the pod template, which its pods have as a label.
    pub fn of(pod: &Pod) -> OwnedPod {
        let meta = &pod.metadata;
        let owner = meta.controller().map(|o| ObjectRef {
            kind: convert::name(&o.kind),
            name: convert::name(&o.name),
            uid: convert::name(&o.uid),
        });
        let hash = meta.labels.get("pod-template-hash");
        let deployment = owner.as_ref().filter(|o| o.kind == "ReplicaSet").zip(hash).and_then(|(set, hash)| {
            set.name.strip_suffix(hash.as_str()).and_then(|rest| rest.strip_suffix('-')).map(str::to_owned)
        });
        OwnedPod { name: convert::name(&meta.name), owner, deployment }
    }
}

/// The scale target's pods by uid.
pub type OwnedPods = BTreeMap<String, OwnedPod>;

/// Pods by uid.
pub type PodTargets = BTreeMap<String, PodTarget>;

/// Collectors that send their own metrics and open no port for them, by their pods' uids: the tier, and the pod's name.
pub type SendingCollectors = BTreeMap<String, (Role, String)>;

/// How it goes to read their metrics of Elasticsearch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StoredMetrics {
    /// The pods' uids of which there are any.
    pub read: BTreeSet<String>,
    /// Why they cannot be read.
    pub fault: Option<String>,
}

/// The load that was found, for stopping it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FoundLoad {
    /// Empty for a Job, else `TestRun`.
    pub kind: String,
    pub name: String,
    /// Its own uid; empty for a TestRun whose uid is not known.
    pub uid: String,
    /// The Job, or a TestRun's runners: names by uid.
    pub jobs: BTreeMap<String, String>,
    /// When k6 fails it is started again.
    pub retries: bool,
}

impl FoundLoad {
    /// It is a run of the k6 operator, and not a plain Job.
    pub fn is_test_run(&self) -> bool {
        !self.kind.is_empty()
    }
}

/// All that is discovered; cloning shares it.
#[derive(Clone)]
pub struct Discovered {
    /// The name of the HPA that is watched.
    pub hpa: watch::Sender<String>,
    pub target: watch::Sender<Fact<TargetRef>>,
    /// Its metrics whose values are read from the API of external or custom metrics.
    pub metrics: watch::Sender<Vec<Metric>>,
    /// The ScaledObject that KEDA made the HPA of.
    pub scaled_object: watch::Sender<Option<String>>,
    pub scaled: watch::Sender<Fact<Scaled>>,
    /// The scale target's pods.
    pub pods: watch::Sender<OwnedPods>,
    /// The gateway's pods.
    pub gateways: watch::Sender<PodTargets>,
    pub sending: watch::Sender<SendingCollectors>,
    pub stored: watch::Sender<StoredMetrics>,
    /// The load that was found, and its pods.
    pub load: watch::Sender<Fact<FoundLoad>>,
    pub k6: watch::Sender<PodTargets>,
}

impl Discovered {
    pub fn new(hpa: &str) -> Self {
        Discovered {
            hpa: watch::Sender::new(hpa.to_owned()),
            target: watch::Sender::new(Fact::NotYet),
            metrics: watch::Sender::new(Vec::new()),
            scaled_object: watch::Sender::new(None),
            scaled: watch::Sender::new(Fact::NotYet),
            pods: watch::Sender::new(OwnedPods::new()),
            gateways: watch::Sender::new(PodTargets::new()),
            sending: watch::Sender::new(SendingCollectors::new()),
            stored: watch::Sender::new(StoredMetrics::default()),
            load: watch::Sender::new(Fact::NotYet),
            k6: watch::Sender::new(PodTargets::new()),
        }
    }
}

/// Set a fact; those who wait for it wake only if it has changed.
pub fn set<T: PartialEq>(place: &watch::Sender<Fact<T>>, fact: Fact<T>) {
    place.send_if_modified(|old| {
        let changed = *old != fact;
        if changed {
            *old = fact;
        }
        changed
    });
}

/// Set a pod, or remove it; those who wait wake only if something has changed.
pub fn note<T: Clone + PartialEq>(place: &watch::Sender<BTreeMap<String, T>>, uid: &str, pod: Option<T>) {
    place.send_if_modified(|all| match pod {
        Some(pod) => all.insert(uid.to_owned(), pod.clone()) != Some(pod),
        None => all.remove(uid).is_some(),
    });
}

/// Run `work` until a value changes; false once it can change no more.
pub async fn until_changed<T>(value: &mut watch::Receiver<T>, work: impl Future<Output = ()>) -> bool {
    tokio::select! {
        changed = value.changed() => changed.is_ok(),
        () = async { work.await; std::future::pending().await } => false,
    }
}

/// Mark a fact as missing, unless it is known already: what was seen once is still used.
pub fn miss<T: PartialEq>(place: &watch::Sender<Fact<T>>, why: impl Into<String>) {
    if !matches!(*place.borrow(), Fact::Is(_)) {
        set(place, Fact::Missing(why.into()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_known_fact_is_not_replaced_by_a_missing_one() {
        let place = watch::Sender::new(Fact::NotYet);
        miss(&place, "denied");
        assert_eq!(*place.borrow(), Fact::Missing("denied".into()));
        set(&place, Fact::Is(1));
        miss(&place, "gone");
        assert_eq!(*place.borrow(), Fact::Is(1));
    }
}
