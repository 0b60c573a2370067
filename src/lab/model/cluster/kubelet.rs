//! The kubelets: start the pods bound to their node, report readiness, restart containers that end, and terminate pods
//! that are deleted.

use super::pod_status;
use crate::lab::model::events::{EventRecord, Events};
use crate::lab::model::flow::Flow;
use crate::lab::model::flow::process::Exit;
use crate::lab::model::objects::{Key, changed, deleting, key, number, text, uid};
use crate::lab::model::params::{CONTAINER_START_MS, CRASH_BACKOFF_MOST_MS, CRASH_BACKOFF_MS, READY_MS};
use crate::lab::model::{Ms, Store, Time};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// A pod on its node.
#[derive(Debug, Clone)]
struct KubeletPod {
    key: Key,
    phase: ContainerPhase,
    restarts: i64,
    /// When its container last started.
    started: Ms,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ContainerPhase {
    /// The container is being created.
    Creating { due: Ms },
    /// The container runs; `ready` is what was last reported.
    Running { ready: bool },
    /// It ended and will be restarted.
    Waiting { due: Ms },
    /// It received SIGTERM, and is killed at `by`.
    Stopping { by: Ms },
    /// It ended and stays so.
    Done,
}

#[derive(Debug, Clone, Default)]
pub struct Kubelet {
    /// By the pod's uid.
    pods: BTreeMap<String, KubeletPod>,
    /// The store's version at the last look.
    seen: u64,
    /// How many addresses were assigned.
    addresses: u32,
}

impl Kubelet {
    pub fn step(&mut self, store: &mut Store, events: &mut Events, flow: &mut Flow, now: Time, t: Ms) {
        if changed(store, self.seen, &["pods"]) {
            self.observe_pods(store, events, flow, now, t);
        }
        self.seen = store.version();
        let uids: Vec<String> =
            self.pods.iter().filter(|(_, state)| due(state, flow, t)).map(|(id, _)| id.clone()).collect();
        for id in uids {
            self.advance(&id, store, events, flow, now, t);
        }
    }

    /// Handle pods that were bound, deleted or removed.
    fn observe_pods(&mut self, store: &mut Store, events: &mut Events, flow: &mut Flow, now: Time, t: Ms) {
        let placed = || store.list("pods", None).filter(|pod| !pod["spec"]["nodeName"].is_null());
        let there: BTreeSet<&str> = placed().map(uid).collect();
        let gone: Vec<String> = self.pods.keys().filter(|id| !there.contains(id.as_str())).cloned().collect();
        let stops = |pod: &&Value| {
            let known = self.pods.get(uid(pod)).map(|state| state.phase);
            known.is_none_or(|phase| deleting(pod) && !matches!(phase, ContainerPhase::Stopping { .. }))
        };
        let pods: Vec<Value> = placed().filter(stops).cloned().collect();
        for state in gone.iter().filter_map(|id| self.pods.remove(id)) {
            flow.kill(&state.key);
        }
        for pod in &pods {
            let Some(state) = self.pods.get_mut(uid(pod)) else {
                self.accept(pod, store, events, now, t);
                continue;
            };
            let running = matches!(state.phase, ContainerPhase::Running { .. });
            let grace = number(&pod["metadata"]["deletionGracePeriodSeconds"], 30) * 1000;
            state.phase = ContainerPhase::Stopping { by: if running { t + grace } else { t } };
            if running {
                flow.terminate(&state.key, t);
                each_container(pod, |c| {
                    record(store, events, pod, now, false, "Killing", format!("Stopping container {c}"));
                });
            }
        }
    }

    /// A pod was bound to a node.
    fn accept(&mut self, pod: &Value, store: &mut Store, events: &mut Events, now: Time, t: Ms) {
        let (namespace, of) = key(pod);
        let node = text(&pod["spec"]["nodeName"]);
        let Some(host) = store.get("nodes", "", node) else { return };
        let host = text(&host["status"]["addresses"][0]["address"]).to_owned();
        self.addresses += 1;
        let ip = format!("10.42.{}.{}", host.rsplit('.').next().unwrap_or("0"), 2 + self.addresses % 250);
        let _updated = store.update("pods", &namespace, &of, |pod| pod_status::creating(pod, &host, &ip, now));
        each_container_image(pod, |image| {
            let message = format!("Container image \"{image}\" already present on machine");
            record(store, events, pod, now, false, "Pulled", message);
        });
        let phase = ContainerPhase::Creating { due: t + CONTAINER_START_MS };
        self.pods.insert(uid(pod).to_owned(), KubeletPod { key: (namespace, of), phase, restarts: 0, started: t });
    }

    /// Move a pod to its next phase, if that is due.
    fn advance(&mut self, id: &str, store: &mut Store, events: &mut Events, flow: &mut Flow, now: Time, t: Ms) {
        let Some(state) = self.pods.get_mut(id) else { return };
        let (namespace, of) = state.key.clone();
        let Some(pod) = store.get("pods", &namespace, &of).cloned() else { return };
        match state.phase {
            ContainerPhase::Creating { due } | ContainerPhase::Waiting { due } if t >= due => {
                (state.phase, state.started) = (ContainerPhase::Running { ready: false }, t);
                let restarts = state.restarts;
                flow.start(&pod, store, now, t);
                let _updated = store.update("pods", &namespace, &of, |pod| pod_status::running(pod, restarts, now));
                each_container(&pod, |c| {
                    record(store, events, &pod, now, false, "Created", format!("Created container: {c}"));
                    record(store, events, &pod, now, false, "Started", format!("Started container {c}"));
                });
            }
            ContainerPhase::Running { ready } => {
                if let Some(exit) = flow.exit(&state.key) {
                    // A container that is not restarted keeps its log until the pod is deleted.
                    if exited(state, &pod, exit, store, events, now, t) {
                        flow.kill(&state.key);
                    }
                } else if !ready && flow.is_ready(&state.key, t) && t >= state.started + READY_MS {
                    state.phase = ContainerPhase::Running { ready: true };
                    let _updated = store.update("pods", &namespace, &of, |pod| pod_status::ready(pod, true, now));
                }
            }
            ContainerPhase::Stopping { by } if t >= by || flow.exit(&state.key).is_some() || !flow.runs(&state.key) => {
                flow.kill(&state.key);
                self.pods.remove(id);
                let _deleted = store.delete("pods", &namespace, &of);
            }
            _ => {}
        }
    }
}

/// Whether there may be something to do, judged without the objects.
fn due(state: &KubeletPod, flow: &Flow, t: Ms) -> bool {
    match state.phase {
        ContainerPhase::Creating { due } | ContainerPhase::Waiting { due } => t >= due,
        ContainerPhase::Running { ready } => !ready || flow.exit(&state.key).is_some(),
        ContainerPhase::Stopping { .. } => true,
        ContainerPhase::Done => false,
    }
}

/// A container exited; returns whether it will be restarted.
fn exited(
    state: &mut KubeletPod,
    pod: &Value,
    exit: Exit,
    store: &mut Store,
    events: &mut Events,
    now: Time,
    t: Ms,
) -> bool {
    let (namespace, of) = &state.key;
    let restarts = match text(&pod["spec"]["restartPolicy"]) {
        "Never" => false,
        "OnFailure" => exit.code != 0,
        _ => true,
    };
    if !restarts {
        state.phase = ContainerPhase::Done;
        let _updated = store.update("pods", namespace, of, |pod| pod_status::ended(pod, exit, now));
        return false;
    }
    // The first restart is immediate, the later ones back off.
    let wait = match state.restarts {
        0 => None,
        n => Some((CRASH_BACKOFF_MS << (n - 1).min(6)).min(CRASH_BACKOFF_MOST_MS)),
    };
    state.restarts += 1;
    state.phase = ContainerPhase::Waiting { due: t + wait.unwrap_or(CONTAINER_START_MS) };
    let container = text(&pod["spec"]["containers"][0]["name"]);
    let message = wait.map(|ms| {
        let wait =
            if ms >= 60_000 { format!("{}m{}s", ms / 60_000, ms / 1000 % 60) } else { format!("{}s", ms / 1000) };
        format!("back-off {wait} restarting failed container={container} pod={of}_{namespace}({})", uid(pod))
    });
    let _updated =
        store.update("pods", namespace, of, |pod| pod_status::backing_off(pod, exit, message.as_deref(), now));
    if wait.is_some() {
        let message = format!("Back-off restarting failed container {container} in pod {of}_{namespace}({})", uid(pod));
        record(store, events, pod, now, true, "BackOff", message);
    }
    true
}

fn record(
    store: &mut Store,
    events: &mut Events,
    pod: &Value,
    now: Time,
    warning: bool,
    reason: &'static str,
    message: String,
) {
    events.record(store, now, ("v1", "Pod"), pod, &EventRecord { component: "kubelet", warning, reason, message });
}

fn each_container(pod: &Value, mut with: impl FnMut(&str)) {
    pod["spec"]["containers"].as_array().into_iter().flatten().for_each(|c| with(text(&c["name"])));
}

fn each_container_image(pod: &Value, mut with: impl FnMut(&str)) {
    pod["spec"]["containers"].as_array().into_iter().flatten().for_each(|c| with(text(&c["image"])));
}
