//! Which events concern the HPA, its target and the load: those about objects that are known to be theirs, by uid or name,
//! and by the ownership that controllers write into names and messages. Pure.

use crate::observe::{EventSeen, ObjectRef, TargetRef, is_kind};
use crate::source::live::discovered::{FoundLoad, OwnedPod, OwnedPods, PodTargets};
use std::collections::BTreeSet;

/// Objects remembered at most, of the target's and of the load's.
const MOST: usize = 20_000;
/// The API server cuts a name that it generates to this length, and appends [`RANDOM`] characters.
const CUT: usize = 58;
const RANDOM: usize = 5;

/// Kinds whose pods get generated names.
const GENERATING: [&str; 5] = ["Deployment", "ReplicaSet", "ReplicationController", "DaemonSet", "Job"];

/// Whether an event is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Concern {
    Yes,
    /// Only its name points to the target, and another object's pods may be named the same.
    Perhaps,
    /// Not by what is known so far.
    No,
}

/// Objects that are known. They stay known when they are gone, since events about their end come later.
#[derive(Debug, Default)]
struct Objects {
    uids: BTreeSet<String>,
    /// Kind and name.
    names: BTreeSet<(String, String)>,
}

impl Objects {
    /// Returns whether it was not known.
    fn add(&mut self, kind: &str, name: &str, uid: &str) -> bool {
        let new = !uid.is_empty() && self.uids.insert(uid.to_owned());
        let new = self.names.insert((kind.to_owned(), name.to_owned())) || new;
        if self.uids.len() > MOST {
            self.uids.pop_first();
        }
        if self.names.len() > MOST {
            self.names.pop_first();
        }
        new
    }

    fn has_uid(&self, object: &ObjectRef) -> bool {
        self.uids.contains(&object.uid)
    }

    fn has_name(&self, object: &ObjectRef) -> bool {
        self.names.contains(&(object.kind.clone(), object.name.clone()))
    }
}

/// The HPA, its target, and what is known to belong to the target.
#[derive(Debug, Default)]
pub struct OfTarget {
    hpa: String,
    target: Option<TargetRef>,
    objects: Objects,
    /// Deployments that own the target's pods: the target itself, or a custom resource's.
    deployments: BTreeSet<String>,
    /// The names of the pods' direct owners.
    owners: BTreeSet<String>,
    /// Another object generates names that cannot be distinguished from those of the target's pods.
    rival: bool,
}

impl OfTarget {
    /// Another HPA or target forgets what belonged to the one before.
    pub fn watch(&mut self, hpa: &str, target: Option<TargetRef>) {
        if self.hpa == hpa && self.target == target {
            return;
        }
        let own = target.iter().filter(|t| is_kind(&t.kind, "Deployment")).map(|t| t.name.clone());
        let deployments = own.collect();
        *self = OfTarget { hpa: hpa.to_owned(), target, deployments, ..OfTarget::default() };
    }

    /// Takes in the pods that the target's selector finds, with their owners.
    pub fn pods(&mut self, pods: &OwnedPods) {
        for (uid, pod) in pods {
            self.objects.add("Pod", &pod.name, uid);
            let Some(owner) = pod.owner.as_ref().filter(|_| self.owns(pod)) else { continue };
            self.objects.add(&owner.kind, &owner.name, &owner.uid);
            self.owners.insert(owner.name.clone());
            self.deployments.extend(pod.deployment.clone());
        }
    }

    /// Whether a pod's owner is the target's as well: a selector may find pods of other Deployments too.
    fn owns(&self, pod: &OwnedPod) -> bool {
        let Some(target) = &self.target else { return false };
        match &pod.deployment {
            Some(deployment) if is_kind(&target.kind, "Deployment") => *deployment == target.name,
            _ => true,
        }
    }

    /// Learns from an event: a pod that the target's ReplicaSet created, or that another object is named alike. Returns
    /// whether other events may be judged differently now.
    pub fn learn(&mut self, event: &EventSeen) -> bool {
        let ours = self.concerns(&event.object) == Concern::Yes;
        let created = event.message.strip_prefix("Created pod: ").filter(|_| event.object.kind != "Pod");
        match created {
            Some(pod) if ours => return self.objects.add("Pod", pod.trim(), ""),
            Some(pod) => self.rival |= self.perhaps(pod.trim().as_bytes()),
            None if !ours && GENERATING.contains(&&*event.object.kind) => {
                self.rival |= self.perhaps(&generated(&event.object.name, "00000"));
            }
            None => {}
        }
        false
    }

    /// Whether an event about this object is wanted.
    pub fn concerns(&self, object: &ObjectRef) -> Concern {
        if object.kind == "HorizontalPodAutoscaler" {
            return if object.name == self.hpa { Concern::Yes } else { Concern::No };
        }
        let Some(target) = &self.target else { return Concern::No };
        let known = self.objects.has_uid(object)
            || self.objects.has_name(object)
            || is_kind(&target.kind, &object.kind) && object.name == target.name
            || object.kind == "Deployment" && self.deployments.contains(&object.name);
        if known || self.is_named_after(object, target) {
            return Concern::Yes;
        }
        match object.kind == "Pod" && !self.rival && self.perhaps(object.name.as_bytes()) {
            true => Concern::Perhaps,
            false => Concern::No,
        }
    }

    /// Whether controllers gave it its name, by how many parts they append to the owner's: `web-canary` has ReplicaSets
    /// `web-canary-…`, which are not those of `web`. For what was gone before its owner could be looked up.
    fn is_named_after(&self, object: &ObjectRef, target: &TargetRef) -> bool {
        let parts = |name: &str| {
            let added = object.name.strip_prefix(name).and_then(|rest| rest.strip_prefix('-'));
            added.map(|rest| rest.split('-').collect::<Vec<_>>())
        };
        let deployments = || self.deployments.iter().filter_map(|d| parts(d));
        match object.kind.as_str() {
            "ReplicaSet" => deployments().chain(parts(&target.name)).any(|parts| parts.len() == 1),
            "Pod" => {
                let by_deployment = deployments().any(|parts| match parts.as_slice() {
                    [_, random] => random.len() == RANDOM,
                    // The cut took the dash after the hash.
                    [hash] => object.name.len() == CUT + RANDOM && hash.len() > RANDOM,
                    _ => false,
                });
                let direct = ["StatefulSet", "ReplicaSet", "ReplicationController"];
                let by_target = parts(&target.name).is_some_and(|parts| match parts.as_slice() {
                    _ if is_kind(&target.kind, "Deployment") => false,
                    [_] => true,
                    [_, random] => random.len() == RANDOM && !direct.iter().any(|kind| is_kind(&target.kind, kind)),
                    _ => false,
                });
                by_deployment || by_target
            }
            _ => false,
        }
    }

    /// Whether a pod's name was generated, and cut, from that of one of the target's owners.
    fn perhaps(&self, pod: &[u8]) -> bool {
        let target = self.target.iter().map(|t| &t.name);
        let mut owners = target.chain(&self.deployments).chain(&self.owners).filter(|name| name.len() + 1 >= CUT);
        pod.len() == CUT + RANDOM && owners.any(|name| generated(name, "") == pod[..CUT])
    }
}

/// The name that the API server generates for a pod of this owner, as bytes.
fn generated(owner: &str, random: &str) -> Vec<u8> {
    let mut name = format!("{owner}-").into_bytes();
    name.truncate(CUT);
    name.extend(random.bytes());
    name
}

/// What is known to belong to the load.
#[derive(Debug, Default)]
pub struct OfLoad {
    /// Of everything that was chosen as the load since the program began.
    objects: Objects,
    /// The configured Job, while there is no load: the events of the one before are about it.
    missing: Option<String>,
}

impl OfLoad {
    /// Takes in the load that was chosen.
    pub fn chosen(&mut self, load: &FoundLoad) {
        self.missing = None;
        for (uid, name) in &load.jobs {
            self.objects.add("Job", name, uid);
        }
        if load.is_test_run() {
            for kind in ["TestRun", "K6"] {
                self.objects.add(kind, &load.name, &load.uid);
            }
        }
    }

    /// There is no load.
    pub fn none(&mut self, job: &str) {
        self.missing = Some(job.to_owned());
    }

    /// Takes in the load's pods.
    pub fn pods(&mut self, pods: &PodTargets) {
        for (uid, pod) in pods {
            self.objects.add("Pod", &pod.name, uid);
        }
    }

    /// Learns the name of a pod that one of the load's Jobs created. Returns whether it is news.
    pub fn learn(&mut self, event: &EventSeen) -> bool {
        let created = event.message.strip_prefix("Created pod: ").filter(|_| event.object.kind == "Job");
        created.is_some_and(|pod| self.concerns(&event.object) && self.objects.add("Pod", pod.trim(), ""))
    }

    /// Whether an event about this object is wanted. A Job's name says little, since a new Job may have it again; its uid
    /// decides wherever there is one.
    pub fn concerns(&self, object: &ObjectRef) -> bool {
        let unique = object.uid.is_empty() || object.kind == "Pod";
        if self.objects.has_uid(object) || unique && self.objects.has_name(object) {
            return true;
        }
        let Some(job) = &self.missing else { return false };
        match object.kind.as_str() {
            "Job" => object.name == *job,
            "Pod" => {
                let added = object.name.strip_prefix(job.as_str()).and_then(|rest| rest.strip_prefix('-'));
                added.is_some_and(|rest| !rest.contains('-'))
            }
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::live::discovered::PodTarget;

    const LONG: &str = "team-orders-telemetry-gateway-for-region-eu-central-production";

    fn object(kind: &str, name: &str, uid: &str) -> ObjectRef {
        ObjectRef { kind: kind.into(), name: name.into(), uid: uid.into() }
    }

    fn about(kind: &str, name: &str, message: &str) -> EventSeen {
        EventSeen { object: object(kind, name, ""), message: message.into(), ..EventSeen::default() }
    }

    fn of(api: &str, kind: &str, name: &str) -> OfTarget {
        let mut of = OfTarget::default();
        of.watch("web-hpa", Some(TargetRef { api_version: api.into(), kind: kind.into(), name: name.into() }));
        of
    }

    fn pod(name: &str, owner: ObjectRef, deployment: Option<&str>) -> OwnedPod {
        OwnedPod { name: name.into(), owner: Some(owner), deployment: deployment.map(str::to_owned) }
    }

    #[test]
    fn objects_with_the_same_name_prefix_are_distinguished() {
        let of = of("apps/v1", "deployment", "web");
        for (kind, name, wanted) in [
            ("HorizontalPodAutoscaler", "web-hpa", true),
            ("Deployment", "web", true),
            ("ReplicaSet", "web-64f456477b", true),
            ("Pod", "web-64f456477b-w5lsb", true),
            ("HorizontalPodAutoscaler", "web", false),
            ("Deployment", "web-canary", false),
            ("ReplicaSet", "web-canary-64f456477b", false),
            ("Pod", "web-canary-64f456477b-w5lsb", false),
            ("Pod", "website-64f456477b-w5lsb", false),
            ("Pod", "web", false),
            ("Node", "web-a-b", false),
        ] {
            let judged = of.concerns(&object(kind, name, ""));
            assert_eq!(judged, if wanted { Concern::Yes } else { Concern::No }, "{kind} {name}");
        }
    }

    #[test]
    fn a_statefulsets_pods_are_numbered() {
        let of = of("apps/v1", "StatefulSet", "db");
        assert_eq!(of.concerns(&object("Pod", "db-0", "")), Concern::Yes);
        assert_eq!(of.concerns(&object("Pod", "db-replica-0", "")), Concern::No);
    }

    #[test]
    fn a_pod_with_a_cut_name_is_known_by_uid_name_and_the_event_of_its_creation() {
        let mut of = of("apps/v1", "Deployment", LONG);
        let (set, cut) = (format!("{LONG}-6d4cf56db6"), &LONG[..CUT]);
        let is = |of: &OfTarget, name: &str, uid: &str| of.concerns(&object("Pod", &format!("{cut}{name}"), uid));
        assert_eq!(is(&of, "aaaaa", "u1"), Concern::Perhaps);
        let known = pod("other", object("ReplicaSet", &set, "r"), Some(LONG));
        of.pods(&OwnedPods::from([("u1".into(), known)]));
        assert_eq!(is(&of, "aaaaa", "u1"), Concern::Yes, "by uid");
        assert!(of.learn(&about("ReplicaSet", &set, &format!("Created pod: {cut}bbbbb"))));
        assert_eq!(is(&of, "bbbbb", "u2"), Concern::Yes, "by the event");
        assert_eq!(is(&of, "ccccc", ""), Concern::Perhaps);
        assert_eq!(of.concerns(&object("Pod", "team-orders-telemetr-other-1-abcde", "")), Concern::No);
        // Another Deployment whose pods are named the same but for the random part.
        of.learn(&about("ReplicaSet", &format!("{LONG}-canary-5bd4"), &format!("Created pod: {cut}ddddd")));
        assert_eq!((is(&of, "ddddd", ""), is(&of, "ccccc", "")), (Concern::No, Concern::No));
        assert_eq!(is(&of, "bbbbb", ""), Concern::Yes);
    }

    #[test]
    fn a_name_that_is_cut_within_the_hash_is_still_the_deployments() {
        let name = "n".repeat(50);
        let of = of("apps/v1", "Deployment", &name);
        assert_eq!(of.concerns(&object("Pod", &format!("{name}-6d4cf56w5lsb"), "")), Concern::Yes);
        assert_eq!(of.concerns(&object("Pod", &format!("{name}-a-d4cf5w5lsb"), "")), Concern::No);
    }

    #[test]
    fn a_custom_resource_has_the_events_of_its_deployment_by_whatever_name() {
        let mut of = of("opentelemetry.io/v1beta1", "OpenTelemetryCollector", "gw");
        let wanted = [
            ("OpenTelemetryCollector", "gw"),
            ("Deployment", "gw-collector"),
            ("ReplicaSet", "gw-collector-5bd4"),
            ("ReplicaSet", "gw-collector-77aa"),
            ("Pod", "gw-collector-77aa-w5lsb"),
        ];
        assert_eq!(of.concerns(&object("Deployment", "gw-collector", "")), Concern::No, "its owner is not known yet");
        let owner = object("ReplicaSet", "gw-collector-5bd4", "r");
        of.pods(&OwnedPods::from([("u".into(), pod("gw-collector-5bd4-abcde", owner, Some("gw-collector")))]));
        for (kind, name) in wanted {
            assert_eq!(of.concerns(&object(kind, name, "")), Concern::Yes, "{kind} {name}");
        }
        for (kind, name) in [("Deployment", "gw"), ("Deployment", "gw-targetallocator"), ("Pod", "gw-db-0")] {
            assert_eq!(of.concerns(&object(kind, name, "")), Concern::No, "{kind} {name}");
        }
    }

    #[test]
    fn another_deployments_pods_that_the_selector_finds_bring_no_events_of_that_deployment() {
        let mut of = of("apps/v1", "Deployment", "web");
        let owner = object("ReplicaSet", "web-canary-5bd4", "r");
        of.pods(&OwnedPods::from([("u".into(), pod("web-canary-5bd4-abcde", owner, Some("web-canary")))]));
        assert_eq!(of.concerns(&object("Pod", "web-canary-5bd4-abcde", "u")), Concern::Yes, "the HPA counts it");
        assert_eq!(of.concerns(&object("ReplicaSet", "web-canary-5bd4", "r")), Concern::No);
        assert_eq!(of.concerns(&object("Deployment", "web-canary", "")), Concern::No);
    }

    fn test_run(uid: &str, jobs: &[(&str, &str)]) -> FoundLoad {
        let jobs = jobs.iter().map(|(uid, name)| (uid.to_string(), name.to_string())).collect();
        FoundLoad { kind: "TestRun".into(), name: "checkout".into(), uid: uid.into(), jobs, retries: false }
    }

    #[test]
    fn the_load_is_what_was_chosen_with_its_runners_and_their_pods() {
        let mut load = OfLoad::default();
        load.chosen(&test_run("t2", &[("j1", "checkout-1"), ("j2", "checkout-2")]));
        let pod = PodTarget { name: "checkout-2-abc12".into(), ..PodTarget::default() };
        load.pods(&PodTargets::from([("p".into(), pod)]));
        assert!(load.learn(&EventSeen {
            object: object("Job", "checkout-1", "j1"),
            ..about("", "", "Created pod: checkout-1-x7k2p")
        }));
        for (kind, name, uid, wanted) in [
            ("Job", "checkout-2", "j2", true),
            ("Job", "checkout-2", "", true),
            ("Pod", "checkout-2-abc12", "p", true),
            ("Pod", "checkout-1-x7k2p", "p9", true),
            ("TestRun", "checkout", "t2", true),
            // Those of an earlier run of the same name, and the operator's other Jobs.
            ("Job", "checkout-2", "j0", false),
            ("TestRun", "checkout", "t1", false),
            ("Job", "checkout-starter", "j3", false),
            ("Pod", "checkout-starter-abcde", "p3", false),
            ("Job", "k6-load", "j4", false),
        ] {
            assert_eq!(load.concerns(&object(kind, name, uid)), wanted, "{kind} {name} {uid}");
        }
    }

    #[test]
    fn without_a_load_the_configured_jobs_name_counts() {
        let mut load = OfLoad::default();
        assert!(!load.concerns(&object("Job", "k6-load", "j")), "the Jobs are not known yet");
        load.none("k6-load");
        assert!(load.concerns(&object("Job", "k6-load", "j")) && load.concerns(&object("Pod", "k6-load-x7k2p", "")));
        assert!(
            !load.concerns(&object("Pod", "k6-load-other-x7k2p", ""))
                && !load.concerns(&object("Job", "k6-load-2", ""))
        );
    }
}
