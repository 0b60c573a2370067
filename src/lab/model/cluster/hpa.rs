//! The HPA controller: syncs each HPA at its period by the arithmetic of the `hpa` room, and keeps the memory of each. Its
//! decisions go to the target's scale, the HPA's status and events.

use super::{hpa_spec, hpa_status};
use crate::hpa::{
    self, ConditionStatus, Container, ContainerUsage, EventType, Memory, Phase, Pod, Ready, Scale, Selector, Settings,
    Status, World,
};
use crate::lab::model::events::{EventRecord, Events};
use crate::lab::model::interface::{PodSample, Usage};
use crate::lab::model::objects::{
    condition, deleting, is_empty, key, name, number, quantities, selects, text, time, uid,
};
use crate::lab::model::params::{HPA_SYNC_MS, KUBERNETES_MINOR};
use crate::lab::model::rng::Rng;
use crate::lab::model::{Ms, Store, Time};
use serde_json::{Value, json};
use std::{collections::BTreeMap, sync::Arc};

/// What the controller keeps about one HPA while it runs.
#[derive(Debug, Clone, Default)]
struct HpaRecord {
    next_sync: Ms,
    memory: Memory,
    status: Status,
}

/// The metrics API's response, or its error.
pub type Samples = Result<Vec<PodSample>, String>;

#[derive(Debug, Clone)]
pub struct HpaController {
    settings: Settings,
    /// By the HPA's uid.
    records: BTreeMap<String, HpaRecord>,
    rng: Rng,
}

impl HpaController {
    pub fn new(seed: u64) -> Self {
        let settings = Settings::of_minor(KUBERNETES_MINOR);
        HpaController { settings, records: BTreeMap::new(), rng: Rng::new(seed, 11) }
    }

    /// The controller restarts: it loses all recommendations, and its sync period starts again.
    pub fn restart(&mut self, t: Ms) {
        for record in self.records.values_mut() {
            record.memory = Memory::default();
            record.next_sync = t + HPA_SYNC_MS + 2000;
        }
    }

    pub fn step(&mut self, store: &mut Store, events: &mut Events, samples: &dyn Fn() -> Samples, now: Time, t: Ms) {
        // A new HPA is first synced after one period.
        let all: Vec<(String, (String, String))> =
            store.list("horizontalpodautoscalers", None).map(|h| (uid(h).to_owned(), key(h))).collect();
        self.records.retain(|id, _| all.iter().any(|(there, _)| there == id));
        for (id, (namespace, of)) in all {
            let late = self.rng.between(8.0, 45.0) as Ms;
            let record = self
                .records
                .entry(id)
                .or_insert_with(|| HpaRecord { next_sync: t + HPA_SYNC_MS, ..HpaRecord::default() });
            if t < record.next_sync {
                continue;
            }
            record.next_sync += HPA_SYNC_MS + late;
            let Some(object) = store.get("horizontalpodautoscalers", &namespace, &of).cloned() else { continue };
            sync(store, events, &object, record, &self.settings, samples(), now);
        }
    }
}

fn sync(
    store: &mut Store,
    events: &mut Events,
    object: &Value,
    record: &mut HpaRecord,
    settings: &Settings,
    samples: Samples,
    now: Time,
) {
    let (namespace, of) = key(object);
    let Some(spec) = hpa_spec::of(&object["spec"]) else { return };
    let target = &object["spec"]["scaleTargetRef"];
    let resource = plural(text(&target["kind"]));
    let world = world(store, object, &resource, &samples);
    let decision = hpa::reconcile(&spec, &record.status, &world, &mut record.memory, now, settings);
    for event in &decision.events {
        let event = EventRecord {
            component: "horizontal-pod-autoscaler",
            warning: event.kind == EventType::Warning,
            reason: event.reason,
            message: event.message.clone(),
        };
        events.record(store, now, ("autoscaling/v2", "HorizontalPodAutoscaler"), object, &event);
    }
    if let (hpa::Action::ScaleUp | hpa::Action::ScaleDown, Some(replicas)) = (decision.action, decision.replicas) {
        let _scaled = store.update(&resource, &namespace, text(&target["name"]), |target| {
            target["spec"]["replicas"] = json!(replicas);
        });
    }
    record.status = decision.status;
    let status = hpa_status::of(&record.status, &spec);
    let _updated = store.update("horizontalpodautoscalers", &namespace, &of, |hpa| hpa["status"] = status);
}

/// The resource name of a scalable kind.
fn plural(kind: &str) -> String {
    format!("{}s", kind.to_lowercase())
}

/// The input of a sync: the target, its pods and their samples.
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
        let of_target = |s: &&PodSample| s.namespace == namespace && pods.iter().any(|pod| name(pod) == s.pod);
        all.iter().filter(of_target).map(sample).collect()
    };
    let values = (0..object["spec"]["metrics"].as_array().map_or(0, Vec::len))
        .filter(|index| !text(&object["spec"]["metrics"][index]["type"]).ends_with("Resource"))
        .map(|index| (index, Err("no known available metric versions found".to_owned())))
        .collect();
    World {
        scale: scale.ok_or_else(|| format!("{resource}{group} \"{named}\" not found")),
        selector: selector(store, object, &labels),
        pods: pods.iter().map(|pod| Arc::new(pod_input(pod))).collect(),
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

fn pod_input(pod: &Value) -> Pod {
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
    let usage = |u: &Usage| ContainerUsage {
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
