//! The HPA controller: every HPA's sync in its rhythm, on the arithmetic of the `hpa` room, with the memory of each. What
//! it decides is written to the target and the status, and told by events.

use super::super::events::{Events, Told};
use super::super::rng::Rng;
use super::super::seen::PodSample;
use super::{hpa_spec, hpa_status};
use crate::hpa::{
    self, ConditionStatus, Container, ContainerUsage, EventType, Memory, Phase, Pod, Ready, Scale, Selector, Settings,
    Status, World,
};
use crate::lab::model::objects::{
    condition, deleting, is_empty, key, name, number, quantities, selects, text, time, uid,
};
use crate::lab::model::params::{HPA_SYNC_MS, KUBERNETES_MINOR};
use crate::lab::model::{Ms, Store, Time};
use serde_json::{Value, json};
use std::{collections::BTreeMap, sync::Arc};

/// What the controller keeps of one HPA while it runs.
#[derive(Debug, Clone, Default)]
struct Kept {
    next: Ms,
    memory: Memory,
    status: Status,
}

/// The metrics API as the controller finds it.
pub type Samples = Result<Vec<PodSample>, String>;

#[derive(Debug, Clone)]
pub struct Controller {
    settings: Settings,
    /// By the HPA's uid.
    kept: BTreeMap<String, Kept>,
    rng: Rng,
}

impl Controller {
    pub fn new(seed: u64) -> Self {
        let settings = Settings::of_minor(KUBERNETES_MINOR);
        Controller { settings, kept: BTreeMap::new(), rng: Rng::new(seed, 11) }
    }

    /// The controller restarts: it forgets all recommendations and starts its rhythm anew.
    pub fn restart(&mut self, t: Ms) {
        for kept in self.kept.values_mut() {
            kept.memory = Memory::default();
            kept.next = t + HPA_SYNC_MS + 2000;
        }
    }

    pub fn step(&mut self, store: &mut Store, events: &mut Events, samples: &dyn Fn() -> Samples, now: Time, t: Ms) {
        // A new one is first looked at one period after it came.
        let all: Vec<(String, (String, String))> =
            store.list("horizontalpodautoscalers", None).map(|h| (uid(h).to_owned(), key(h))).collect();
        self.kept.retain(|id, _| all.iter().any(|(there, _)| there == id));
        for (id, (namespace, of)) in all {
            let late = self.rng.between(8.0, 45.0) as Ms;
            let kept = self.kept.entry(id).or_insert_with(|| Kept { next: t + HPA_SYNC_MS, ..Kept::default() });
            if t < kept.next {
                continue;
            }
            kept.next += HPA_SYNC_MS + late;
            let Some(object) = store.get("horizontalpodautoscalers", &namespace, &of).cloned() else { continue };
            sync(store, events, &object, kept, &self.settings, samples(), now);
        }
    }
}

fn sync(
    store: &mut Store,
    events: &mut Events,
    object: &Value,
    kept: &mut Kept,
    settings: &Settings,
    samples: Samples,
    now: Time,
) {
    let (namespace, of) = key(object);
    let Some(spec) = hpa_spec::of(&object["spec"]) else { return };
    let target = &object["spec"]["scaleTargetRef"];
    let resource = plural(text(&target["kind"]));
    let world = world(store, object, &resource, &samples);
    let decision = hpa::reconcile(&spec, &kept.status, &world, &mut kept.memory, now, settings);
    for event in &decision.events {
        let told = Told {
            component: "horizontal-pod-autoscaler",
            warning: event.kind == EventType::Warning,
            reason: event.reason,
            message: event.message.clone(),
        };
        events.tell(store, now, ("autoscaling/v2", "HorizontalPodAutoscaler"), object, &told);
    }
    if let (hpa::Action::ScaleUp | hpa::Action::ScaleDown, Some(replicas)) = (decision.action, decision.replicas) {
        let _scaled = store.update(&resource, &namespace, text(&target["name"]), |target| {
            target["spec"]["replicas"] = json!(replicas);
        });
    }
    kept.status = decision.status;
    let status = hpa_status::of(&kept.status, &spec);
    let _told = store.update("horizontalpodautoscalers", &namespace, &of, |hpa| hpa["status"] = status);
}

/// The resource of a kind that can be scaled.
fn plural(kind: &str) -> String {
    format!("{}s", kind.to_lowercase())
}

/// What the controller sees.
fn world(store: &Store, object: &Value, resource: &str, samples: &Samples) -> World {
    let (namespace, _) = key(object);
    let target = &object["spec"]["scaleTargetRef"];
    let named = text(&target["name"]);
    let found = store.get(resource, &namespace, named);
    let scale = found.map(|found| Scale {
        spec: count(&found["spec"]["replicas"], 1),
        status: count(&found["status"]["replicas"], 0),
    });
    let group = text(&target["apiVersion"]).split_once('/').map(|(group, _)| format!(".{group}")).unwrap_or_default();
    let labels = found.map(|found| found["spec"]["selector"].clone()).unwrap_or_default();
    let pods: Vec<&Value> = match is_empty(&labels) {
        true => Vec::new(),
        false => store.list("pods", Some(&namespace)).filter(|pod| selects(&labels, pod)).collect(),
    };
    let sampled = |all: &Vec<PodSample>| {
        let ours = |s: &&PodSample| s.namespace == namespace && pods.iter().any(|pod| name(pod) == s.pod);
        all.iter().filter(ours).map(sample).collect()
    };
    let values = (0..object["spec"]["metrics"].as_array().map_or(0, Vec::len))
        .filter(|index| !text(&object["spec"]["metrics"][index]["type"]).ends_with("Resource"))
        .map(|index| (index, Err("no known available metric versions found".to_owned())))
        .collect();
    World {
        scale: scale.ok_or_else(|| format!("{resource}{group} \"{named}\" not found")),
        selector: selector(store, object, &labels),
        pods: pods.iter().map(|pod| Arc::new(seen(pod))).collect(),
        samples: samples.as_ref().map(sampled).map_err(Clone::clone),
        values,
        update_error: None,
        namespace,
    }
}

fn selector(store: &Store, object: &Value, labels: &Value) -> Selector {
    if is_empty(labels) {
        return Selector::Missing;
    }
    let (namespace, _) = key(object);
    let target = &object["spec"]["scaleTargetRef"];
    let same = |other: &&Value| {
        let of = &other["spec"]["scaleTargetRef"];
        of["kind"] == target["kind"] && of["name"] == target["name"]
    };
    let all = store.list("horizontalpodautoscalers", Some(&namespace));
    let hpas: Vec<String> = all.filter(same).map(|hpa| format!("{namespace}/{}", name(hpa))).collect();
    match hpas.len() {
        0 | 1 => Selector::Own,
        _ => {
            let pairs = labels["matchLabels"].as_object().into_iter().flatten();
            let selector = pairs.map(|(key, value)| format!("{key}={}", text(value))).collect::<Vec<_>>().join(",");
            Selector::Shared { selector, hpas }
        }
    }
}

fn count(value: &Value, default: i64) -> i32 {
    i32::try_from(number(value, default)).unwrap_or(i32::MAX)
}

fn seen(pod: &Value) -> Pod {
    let containers = |of: &Value| {
        let container = |c: &Value| Container {
            name: text(&c["name"]).to_owned(),
            requests: quantities(&c["resources"]["requests"]),
            restartable: c["restartPolicy"] == "Always",
        };
        of.as_array().into_iter().flatten().map(container).collect()
    };
    let ready = condition(pod, "Ready").and_then(|c| {
        let status = match text(&c["status"]) {
            "True" => ConditionStatus::True,
            "False" => ConditionStatus::False,
            _ => ConditionStatus::Unknown,
        };
        Some(Ready { status, since: time(&c["lastTransitionTime"])? })
    });
    Pod {
        name: name(pod).into(),
        phase: match text(&pod["status"]["phase"]) {
            "Pending" => Phase::Pending,
            "Succeeded" => Phase::Succeeded,
            "Failed" => Phase::Failed,
            "Unknown" => Phase::Unknown,
            _ => Phase::Running,
        },
        deleted: deleting(pod),
        ready,
        started: time(&pod["status"]["startTime"]),
        containers: containers(&pod["spec"]["containers"]),
        init_containers: containers(&pod["spec"]["initContainers"]),
        pod_level_requests: quantities(&pod["spec"]["resources"]["requests"]),
    }
}

fn sample(from: &PodSample) -> hpa::PodSample {
    let milli = |units: u64, per: u64| i64::try_from(units.div_ceil(per)).unwrap_or(i64::MAX);
    let usage = |u: &super::super::seen::Usage| ContainerUsage {
        name: u.name.clone(),
        usage: [
            ("cpu".to_owned(), milli(u.cpu_nanocores, 1_000_000)),
            ("memory".to_owned(), milli(u.memory_bytes, 1).saturating_mul(1000)),
        ]
        .into(),
    };
    hpa::PodSample {
        pod: from.pod.as_str().into(),
        at: from.at,
        window: from.window,
        containers: from.containers.iter().map(usage).collect(),
    }
}
