//! The kubelets: start what is placed on their node, tell when it is ready, start it again when it ends, and end what is
//! deleted.

use super::super::events::{Events, Told};
use super::super::flow::Flow;
use super::pod_status::{self, Exit};
use crate::lab::model::objects::{Key, changed, deleting, key, number, text, uid};
use crate::lab::model::params::{CONTAINER_START_MS, CRASH_BACKOFF_MOST_MS, CRASH_BACKOFF_MS, READY_MS};
use crate::lab::model::{Ms, Store, Time};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// A pod on its node.
#[derive(Debug, Clone)]
struct Run {
    key: Key,
    phase: Phase,
    restarts: i64,
    /// When its container started last.
    started: Ms,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// Image and container are being made.
    Creating { due: Ms },
    /// The container runs; whether it is ready has been told.
    Running { ready: bool },
    /// It ended and starts again.
    Waiting { due: Ms },
    /// It was told to end, and is killed then.
    Stopping { by: Ms },
    /// It ended for good.
    Done,
}

#[derive(Debug, Clone, Default)]
pub struct Kubelet {
    /// By the pod's uid.
    runs: BTreeMap<String, Run>,
    /// The version of the store that was looked at last.
    seen: u64,
    /// Addresses given out.
    addresses: u32,
}

impl Kubelet {
    pub fn step(&mut self, store: &mut Store, events: &mut Events, flow: &mut Flow, now: Time, t: Ms) {
        if changed(store, self.seen, &["pods"]) {
            self.look(store, events, flow, now, t);
        }
        self.seen = store.version();
        let uids: Vec<String> =
            self.runs.iter().filter(|(_, run)| due(run, flow, t)).map(|(id, _)| id.clone()).collect();
        for id in uids {
            self.go_on(&id, store, events, flow, now, t);
        }
    }

    /// What came, what is to end, what is gone.
    fn look(&mut self, store: &mut Store, events: &mut Events, flow: &mut Flow, now: Time, t: Ms) {
        let placed = || store.list("pods", None).filter(|pod| !pod["spec"]["nodeName"].is_null());
        let there: BTreeSet<&str> = placed().map(uid).collect();
        let gone: Vec<String> = self.runs.keys().filter(|id| !there.contains(id.as_str())).cloned().collect();
        let stops = |pod: &&Value| {
            let known = self.runs.get(uid(pod)).map(|run| run.phase);
            known.is_none_or(|phase| deleting(pod) && !matches!(phase, Phase::Stopping { .. }))
        };
        let pods: Vec<Value> = placed().filter(stops).cloned().collect();
        for run in gone.iter().filter_map(|id| self.runs.remove(id)) {
            flow.kill(&run.key);
        }
        for pod in &pods {
            let Some(run) = self.runs.get_mut(uid(pod)) else {
                self.take(pod, store, events, now, t);
                continue;
            };
            let running = matches!(run.phase, Phase::Running { .. });
            let grace = number(&pod["metadata"]["deletionGracePeriodSeconds"], 30) * 1000;
            run.phase = Phase::Stopping { by: if running { t + grace } else { t } };
            if running {
                flow.terminate(&run.key, t);
                each_container(pod, |c| {
                    tell(store, events, pod, now, false, "Killing", format!("Stopping container {c}"));
                });
            }
        }
    }

    fn take(&mut self, pod: &Value, store: &mut Store, events: &mut Events, now: Time, t: Ms) {
        let (namespace, of) = key(pod);
        let node = text(&pod["spec"]["nodeName"]);
        let Some(host) = store.get("nodes", "", node) else { return };
        let host = text(&host["status"]["addresses"][0]["address"]).to_owned();
        self.addresses += 1;
        let ip = format!("10.42.{}.{}", host.rsplit('.').next().unwrap_or("0"), 2 + self.addresses % 250);
        let _told = store.update("pods", &namespace, &of, |pod| pod_status::creating(pod, &host, &ip, now));
        each_container_image(pod, |image| {
            let message = format!("Container image \"{image}\" already present on machine");
            tell(store, events, pod, now, false, "Pulled", message);
        });
        let phase = Phase::Creating { due: t + CONTAINER_START_MS };
        self.runs.insert(uid(pod).to_owned(), Run { key: (namespace, of), phase, restarts: 0, started: t });
    }

    fn go_on(&mut self, id: &str, store: &mut Store, events: &mut Events, flow: &mut Flow, now: Time, t: Ms) {
        let Some(run) = self.runs.get_mut(id) else { return };
        let (namespace, of) = run.key.clone();
        let Some(pod) = store.get("pods", &namespace, &of).cloned() else { return };
        match run.phase {
            Phase::Creating { due } | Phase::Waiting { due } if t >= due => {
                (run.phase, run.started) = (Phase::Running { ready: false }, t);
                let restarts = run.restarts;
                flow.start(&pod, store, now, t);
                let _told = store.update("pods", &namespace, &of, |pod| pod_status::running(pod, restarts, now));
                each_container(&pod, |c| {
                    tell(store, events, &pod, now, false, "Created", format!("Created container: {c}"));
                    tell(store, events, &pod, now, false, "Started", format!("Started container {c}"));
                });
            }
            Phase::Running { ready } => {
                if let Some(exit) = flow.exit(&run.key) {
                    // What ended for good leaves its log until the pod goes.
                    if ended(run, &pod, exit, store, events, now, t) {
                        flow.kill(&run.key);
                    }
                } else if !ready && flow.is_ready(&run.key, t) && t >= run.started + READY_MS {
                    run.phase = Phase::Running { ready: true };
                    let _told = store.update("pods", &namespace, &of, |pod| pod_status::ready(pod, true, now));
                }
            }
            Phase::Stopping { by } if t >= by || flow.exit(&run.key).is_some() || !flow.runs(&run.key) => {
                flow.kill(&run.key);
                self.runs.remove(id);
                let _gone = store.delete("pods", &namespace, &of);
            }
            _ => {}
        }
    }
}

/// Whether there is anything to do, without looking at the objects.
fn due(run: &Run, flow: &Flow, t: Ms) -> bool {
    match run.phase {
        Phase::Creating { due } | Phase::Waiting { due } => t >= due,
        Phase::Running { ready } => !ready || flow.exit(&run.key).is_some(),
        Phase::Stopping { .. } => true,
        Phase::Done => false,
    }
}

/// Whether it starts again.
fn ended(run: &mut Run, pod: &Value, exit: Exit, store: &mut Store, events: &mut Events, now: Time, t: Ms) -> bool {
    let (namespace, of) = &run.key;
    let again = match text(&pod["spec"]["restartPolicy"]) {
        "Never" => false,
        "OnFailure" => exit.code != 0,
        _ => true,
    };
    if !again {
        run.phase = Phase::Done;
        let _told = store.update("pods", namespace, of, |pod| pod_status::ended(pod, exit, now));
        return false;
    }
    // The first time at once, then later and later.
    let wait = match run.restarts {
        0 => None,
        n => Some((CRASH_BACKOFF_MS << (n - 1).min(6)).min(CRASH_BACKOFF_MOST_MS)),
    };
    run.restarts += 1;
    run.phase = Phase::Waiting { due: t + wait.unwrap_or(CONTAINER_START_MS) };
    let container = text(&pod["spec"]["containers"][0]["name"]);
    let message = wait.map(|ms| {
        let wait =
            if ms >= 60_000 { format!("{}m{}s", ms / 60_000, ms / 1000 % 60) } else { format!("{}s", ms / 1000) };
        format!("back-off {wait} restarting failed container={container} pod={of}_{namespace}({})", uid(pod))
    });
    let _told = store.update("pods", namespace, of, |pod| pod_status::backing_off(pod, exit, message.as_deref(), now));
    if wait.is_some() {
        let message = format!("Back-off restarting failed container {container} in pod {of}_{namespace}({})", uid(pod));
        tell(store, events, pod, now, true, "BackOff", message);
    }
    true
}

fn tell(
    store: &mut Store,
    events: &mut Events,
    pod: &Value,
    now: Time,
    warning: bool,
    reason: &'static str,
    message: String,
) {
    events.tell(store, now, ("v1", "Pod"), pod, &Told { component: "kubelet", warning, reason, message });
}

fn each_container(pod: &Value, mut with: impl FnMut(&str)) {
    pod["spec"]["containers"].as_array().into_iter().flatten().for_each(|c| with(text(&c["name"])));
}

fn each_container_image(pod: &Value, mut with: impl FnMut(&str)) {
    pod["spec"]["containers"].as_array().into_iter().flatten().for_each(|c| with(text(&c["image"])));
}
