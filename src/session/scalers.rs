//! What decides over the target besides the HPA: KEDA, VerticalPodAutoscalers, people and their tools. Must not word it.

use super::{Incident, Mark, Session};
use crate::observe::{
    ContainerSeen, HpaSeen, MetricKind, PodSeen, ScaledObjectSeen, TargetSeen, Time, VpaSeen, WriterSeen,
};
use std::collections::BTreeMap;

/// VerticalPodAutoscalers of a namespace that are kept at most.
const MOST: usize = 500;
/// The manager and the subresource of the HPA controller's own writes.
const CONTROLLER: (&str, &str) = ("kube-controller-manager", "scale");

/// The others.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Scalers {
    /// KEDA's, that the HPA is of.
    pub scaled_object: Option<ScaledObjectSeen>,
    /// By uid.
    vpas: BTreeMap<String, VpaSeen>,
}

/// How a ScaledObject is paused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pause {
    /// KEDA takes the HPA away; the replicas stay.
    All,
    /// The same, after scaling to this many.
    At(i32),
    /// KEDA turns off the HPA's scaling in this direction.
    ScaleIn,
    ScaleOut,
}

/// A VPA that changes the requests which the HPA's utilization is a share of.
#[derive(Clone, Debug, PartialEq)]
pub struct Rival<'a> {
    pub vpa: &'a VpaSeen,
    /// `cpu`, `memory`: those that the HPA scales by, too.
    pub resources: Vec<&'a str>,
}

impl Scalers {
    pub(super) fn vpa(&mut self, vpa: &VpaSeen) {
        if self.vpas.contains_key(&vpa.uid) || self.vpas.len() < MOST {
            self.vpas.insert(vpa.uid.clone(), vpa.clone());
        }
    }

    pub(super) fn vpa_gone(&mut self, uid: &str) {
        self.vpas.remove(uid);
    }

    /// The VPAs of the HPA's target.
    pub fn vpas_of<'a>(&'a self, hpa: &'a HpaSeen) -> impl Iterator<Item = &'a VpaSeen> {
        self.vpas.values().filter(|vpa| vpa.target.same(&hpa.target))
    }

    /// Those that change what the HPA measures by.
    pub fn rivals<'a>(&'a self, hpa: &'a HpaSeen) -> Vec<Rival<'a>> {
        let by_request = |m: &&crate::observe::Metric| {
            matches!(m.kind, MetricKind::Resource | MetricKind::ContainerResource) && m.value.utilization.is_some()
        };
        let rival = |vpa: &'a VpaSeen| {
            let mut resources: Vec<&str> = Vec::new();
            for metric in hpa.metrics.iter().filter(by_request) {
                let name = metric.name.as_str();
                if !resources.contains(&name) && changes(vpa, name, metric.container.as_deref()) {
                    resources.push(name);
                }
            }
            Some(Rival { vpa, resources }).filter(|rival| !rival.resources.is_empty())
        };
        self.vpas_of(hpa).filter_map(rival).collect()
    }
}

/// Whether the VPA changes the requests of `resource`, in that container or else in any.
fn changes(vpa: &VpaSeen, resource: &str, container: Option<&str>) -> bool {
    if vpa.mode.as_deref() == Some("Off") {
        return false;
    }
    let controls = |policy: &crate::observe::VpaPolicySeen| {
        let named = policy.resources.as_ref().is_none_or(|all| all.iter().any(|one| one == resource));
        policy.mode.as_deref() != Some("Off") && named
    };
    let rest = vpa.policies.iter().find(|policy| policy.container == "*");
    let own = |name: &str| vpa.policies.iter().find(|policy| policy.container == name).or(rest);
    match container {
        Some(name) => own(name).is_none_or(controls),
        // Without a policy for the rest, the rest is changed.
        None => rest.is_none() || vpa.policies.iter().any(controls),
    }
}

/// How it is paused; None: it is not.
pub fn pause(made: &ScaledObjectSeen) -> Option<Pause> {
    let annotation = |key: &str| made.annotations.get(key).map(String::as_str);
    let on = |key: &str| annotation(key).is_some_and(|value| value.eq_ignore_ascii_case("true"));
    match annotation("paused-replicas").and_then(|replicas| replicas.parse().ok()) {
        Some(replicas) => Some(Pause::At(replicas)),
        None if on("paused") => Some(Pause::All),
        None if on("paused-scale-in") => Some(Pause::ScaleIn),
        None if on("paused-scale-out") => Some(Pause::ScaleOut),
        None => None,
    }
}

/// Whether a trigger's metric is replaced by the fallback.
pub fn falls_back(made: &ScaledObjectSeen) -> bool {
    made.conditions.iter().any(|c| c.kind == "Fallback" && c.status == "True")
}

impl Session {
    pub(super) fn scaled_object_seen(&mut self, at: Time, made: Option<&ScaledObjectSeen>) {
        let before = self.scalers.scaled_object.as_ref().filter(|b| made.is_some_and(|made| made.uid == b.uid));
        let changed = before.zip(made).filter(|(before, made)| pause(before) != pause(made));
        if let Some((_, made)) = changed {
            let what = pause(made).map_or(Incident::Resumed, Incident::Paused);
            self.markers.add(at.timestamp_millis(), Mark::Incident(what));
        }
        self.scalers.scaled_object = made.cloned();
    }

    /// Marks replicas that anyone but the HPA controller wrote, by whom and when.
    pub(super) fn note_writer(&mut self, ms: i64, target: Option<&TargetSeen>) {
        let before = self.target.as_ref().filter(|b| target.is_some_and(|now| now.uid == b.uid));
        let Some((before, now)) = before.zip(target) else { return };
        let (Some(from), Some(to), Some(by)) = (before.spec_replicas, now.spec_replicas, &now.scaled) else { return };
        if from != to && before.scaled != now.scaled && (by.manager.as_str(), by.subresource.as_str()) != CONTROLLER {
            let what = Incident::ScaledBy { by: by.manager.clone(), from, to };
            self.markers.add(wrote(by, ms), Mark::Incident(what));
        }
    }

    /// Marks requests that were changed in place, once where several pods have it at about the same time.
    pub(super) fn note_resize(&mut self, ms: i64, now: &PodSeen) {
        let Some(before) = self.pods.named(&now.name).filter(|before| before.seen.uid == now.uid) else { return };
        let of_container = |now: &ContainerSeen| {
            let before = before.seen.containers.iter().find(|c| c.name == now.name);
            let changed = |(resource, to): (&String, &String)| {
                let from = before?.requests.get(resource).filter(|from| *from != to)?;
                Some(Incident::Resized { resource: resource.clone(), from: from.clone(), to: to.clone() })
            };
            now.requests.iter().filter_map(changed).collect::<Vec<_>>()
        };
        let all: Vec<Incident> = now.containers.iter().flat_map(of_container).collect();
        all.into_iter().for_each(|what| self.markers.incident(ms, what));
    }

    /// Marks an edit of the HPA, by whom where that is known.
    pub(super) fn note_edit(&mut self, ms: i64, now: &HpaSeen) {
        let Some(before) = self.hpa.as_ref().filter(|before| before.uid == now.uid) else { return };
        if before.same_spec(now) {
            return;
        }
        let by = now.edited.as_ref().filter(|by| before.edited.as_ref() != Some(by));
        let what = Incident::Edited { by: by.map(|by| by.manager.clone()).unwrap_or_default() };
        self.markers.add(by.map_or(ms, |by| wrote(by, ms)), Mark::Incident(what));
    }
}

/// When it was written: managedFields have whole seconds, and nothing is written after it was seen.
fn wrote(by: &WriterSeen, seen: i64) -> i64 {
    by.at.map_or(seen, |at| at.timestamp_millis().min(seen))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observe::{Metric, MetricValue, Observation, Stamped, TargetRef, VpaPolicySeen};

    fn hpa() -> HpaSeen {
        let cpu = Metric {
            kind: MetricKind::Resource,
            name: "cpu".into(),
            value: MetricValue { utilization: Some(80), ..MetricValue::default() },
            ..Metric::default()
        };
        let target = TargetRef { api_version: "apps/v1".into(), kind: "Deployment".into(), name: "web".into() };
        HpaSeen {
            name: "web".into(),
            uid: "h".into(),
            target,
            metrics: vec![cpu],
            max_replicas: 4,
            ..HpaSeen::default()
        }
    }

    /// A container, its mode, and what of it is controlled.
    type Of<'a> = (&'a str, Option<&'a str>, Option<&'a [&'a str]>);

    fn vpa(mode: Option<&str>, policies: &[Of]) -> VpaSeen {
        let policy = |(container, mode, resources): &Of| VpaPolicySeen {
            container: (*container).into(),
            mode: mode.map(str::to_owned),
            resources: resources.map(|all| all.iter().map(|r| (*r).to_owned()).collect()),
        };
        VpaSeen {
            name: "web".into(),
            uid: "v".into(),
            target: hpa().target,
            mode: mode.map(str::to_owned),
            policies: policies.iter().map(policy).collect(),
            ..VpaSeen::default()
        }
    }

    #[test]
    fn a_vpa_is_a_rival_only_where_it_changes_what_the_hpa_measures_by() {
        let memory: Option<&[&str]> = Some(&["memory"]);
        let rows: [(VpaSeen, bool); 7] = [
            (vpa(None, &[]), true),
            (vpa(Some("Off"), &[]), false),
            (vpa(Some("Initial"), &[]), true),
            (vpa(None, &[("*", None, memory)]), false),
            (vpa(None, &[("*", None, memory), ("main", None, None)]), true),
            (vpa(None, &[("main", Some("Off"), None)]), true),
            (vpa(None, &[("*", Some("Off"), None)]), false),
        ];
        for (vpa, rival) in rows {
            let mut scalers = Scalers::default();
            scalers.vpa(&vpa);
            assert_eq!(!scalers.rivals(&hpa()).is_empty(), rival, "{vpa:?}");
            let of_another = HpaSeen { target: TargetRef { name: "other".into(), ..hpa().target }, ..hpa() };
            assert!(scalers.rivals(&of_another).is_empty());
        }
        let mut by_amount = hpa();
        by_amount.metrics[0].value = MetricValue { average_value: Some("1".into()), ..MetricValue::default() };
        let mut scalers = Scalers::default();
        scalers.vpa(&vpa(None, &[]));
        assert!(scalers.rivals(&by_amount).is_empty(), "an amount is no share of a request");
        let mut of_main = hpa();
        (of_main.metrics[0].kind, of_main.metrics[0].container) = (MetricKind::ContainerResource, Some("main".into()));
        scalers.vpa(&vpa(None, &[("main", Some("Off"), None)]));
        assert!(scalers.rivals(&of_main).is_empty(), "that container is left alone");
    }

    #[test]
    fn who_wrote_the_replicas_is_marked_unless_it_was_the_controller() {
        let at = |s: i64| Time::from_timestamp(1_800_000_000 + s, 0).unwrap();
        let target = |s: i64, replicas: i32, manager: &str, subresource: &str| TargetSeen {
            uid: "t".into(),
            spec_replicas: Some(replicas),
            scaled: Some(WriterSeen { manager: manager.into(), subresource: subresource.into(), at: Some(at(s)) }),
            ..TargetSeen::default()
        };
        let mut session = Session::default();
        let mut see = |s: i64, target: TargetSeen| {
            session.apply(&Stamped { at: at(s), what: Observation::Target(Box::new(target)) });
            session.markers.all().len()
        };
        assert_eq!(see(0, target(-60, 2, "kubectl-create", "")), 0, "what was there before");
        assert_eq!(see(10, target(9, 4, "kube-controller-manager", "scale")), 0);
        assert_eq!(see(20, target(19, 7, "kubectl", "scale")), 1);
        assert_eq!(see(21, target(19, 7, "kubectl", "scale")), 1);
        let by = Incident::ScaledBy { by: "kubectl".into(), from: 4, to: 7 };
        let marked = session.markers.all()[0].clone();
        assert_eq!((marked.ms, marked.mark), (at(19).timestamp_millis(), Mark::Incident(by)));
    }

    #[test]
    fn requests_that_are_changed_in_place_are_marked_once() {
        let at = Time::from_timestamp(1_800_000_000, 0).unwrap();
        let mut session = Session::default();
        let mut see = |name: &str, cpu: &str| {
            let requests = BTreeMap::from([("cpu".to_owned(), cpu.to_owned())]);
            let container = ContainerSeen { name: "main".into(), requests, ..ContainerSeen::default() };
            let pod =
                PodSeen { name: name.into(), uid: name.into(), containers: vec![container], ..PodSeen::default() };
            session.apply(&Stamped { at, what: Observation::Pod(Box::new(pod)) });
            session.markers.all().len()
        };
        assert_eq!((see("a", "50m"), see("b", "50m")), (0, 0));
        assert_eq!((see("a", "100m"), see("b", "100m")), (1, 1));
        assert_eq!(see("c", "200m"), 1, "a new pod was not changed");
    }

    #[test]
    fn an_edit_of_the_hpa_is_marked_with_its_writer() {
        let at = Time::from_timestamp(1_800_000_000, 0).unwrap();
        let mut session = Session::default();
        let mut see = |hpa: HpaSeen| {
            session.apply(&Stamped { at, what: Observation::Hpa(Box::new(hpa)) });
            session.markers.all().iter().map(|m| m.mark.clone()).collect::<Vec<_>>()
        };
        assert_eq!(see(hpa()), []);
        let mut status = hpa();
        status.status.current_replicas = Some(3);
        assert_eq!(see(status), [], "the status is the controller's");
        let edited = Some(WriterSeen { manager: "kubectl-edit".into(), at: Some(at), ..WriterSeen::default() });
        let marks = see(HpaSeen { max_replicas: 9, edited, ..hpa() });
        assert_eq!(marks, [Mark::Incident(Incident::Edited { by: "kubectl-edit".into() })]);
    }

    #[test]
    fn each_pause_has_its_meaning() {
        let made = |key: &str, value: &str| ScaledObjectSeen {
            annotations: BTreeMap::from([(key.to_owned(), value.to_owned())]),
            ..ScaledObjectSeen::default()
        };
        assert_eq!(pause(&made("paused", "true")), Some(Pause::All));
        assert_eq!(pause(&made("paused", "false")), None);
        assert_eq!(pause(&made("paused-replicas", "3")), Some(Pause::At(3)));
        assert_eq!(pause(&made("paused-scale-in", "true")), Some(Pause::ScaleIn));
        assert_eq!(pause(&ScaledObjectSeen::default()), None);
    }
}
