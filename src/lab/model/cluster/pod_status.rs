//! What a kubelet writes to a pod's status at each step of its life.

use crate::lab::model::Time;
use crate::lab::model::flow::process::Exit;
use crate::lab::model::objects::{fingerprint, set_condition, stamp, text};
use serde_json::{Value, json};

/// The kubelet has accepted the pod; its containers are being created.
pub fn creating(pod: &mut Value, host: &str, ip: &str, now: Time) {
    let at = stamp(now);
    pod["status"]["phase"] = json!("Pending");
    pod["status"]["hostIP"] = json!(host);
    pod["status"]["hostIPs"] = json!([{"ip": host}]);
    pod["status"]["podIP"] = json!(ip);
    pod["status"]["podIPs"] = json!([{"ip": ip}]);
    pod["status"]["startTime"] = at;
    for kind in ["PodReadyToStartContainers", "Initialized"] {
        set_condition(pod, kind, true, &json!({"lastProbeTime": null}), now);
    }
    ready(pod, false, now);
    containers(pod, |status| {
        status["state"] = json!({"waiting": {"reason": "ContainerCreating"}});
        status["lastState"] = json!({});
        status["ready"] = json!(false);
        status["started"] = json!(false);
        status["restartCount"] = json!(0);
        status["imageID"] = json!("");
    });
}

/// The containers run.
pub fn running(pod: &mut Value, restarts: i64, now: Time) {
    pod["status"]["phase"] = json!("Running");
    containers(pod, |status| {
        let id = fingerprint(&format!("{}{restarts}{now}", status["name"]));
        status["state"] = json!({"running": {"startedAt": stamp(now)}});
        status["started"] = json!(true);
        status["restartCount"] = json!(restarts);
        status["containerID"] = json!(format!("containerd://{id}"));
        status["imageID"] = json!(format!("{}@sha256:{}", text(&status["image"]), fingerprint(text(&status["image"]))));
    });
}

/// The containers are ready, or are not.
pub fn ready(pod: &mut Value, ready: bool, now: Time) {
    let extra = match ready {
        true => json!({"lastProbeTime": null}),
        false => json!({
            "lastProbeTime": null, "reason": "ContainersNotReady",
            "message": format!("containers with unready status: {}", names(pod)),
        }),
    };
    set_condition(pod, "Ready", ready, &extra, now);
    set_condition(pod, "ContainersReady", ready, &extra, now);
    containers(pod, |status| status["ready"] = json!(ready));
}

/// The containers ended and will not start again: the pod's phase shows how.
pub fn ended(pod: &mut Value, exit: Exit, now: Time) {
    let done = exit.code == 0;
    pod["status"]["phase"] = json!(if done { "Succeeded" } else { "Failed" });
    let reason = if done { "PodCompleted" } else { "PodFailed" };
    for kind in ["Ready", "ContainersReady"] {
        set_condition(pod, kind, false, &json!({"lastProbeTime": null, "reason": reason}), now);
    }
    set_condition(pod, "Initialized", true, &json!({"lastProbeTime": null, "reason": reason}), now);
    containers(pod, |status| {
        let state = terminated(status, exit, now);
        status["state"] = state;
        status["ready"] = json!(false);
        status["started"] = json!(false);
    });
}

/// The containers ended and will be restarted after a back-off.
pub fn backing_off(pod: &mut Value, exit: Exit, wait: Option<&str>, now: Time) {
    ready(pod, false, now);
    containers(pod, |status| {
        let state = terminated(status, exit, now);
        status["lastState"] = state.clone();
        status["started"] = json!(false);
        status["state"] = match wait {
            Some(message) => json!({"waiting": {"reason": "CrashLoopBackOff", "message": message}}),
            None => state,
        };
    });
}

fn terminated(status: &Value, exit: Exit, now: Time) -> Value {
    json!({"terminated": {
        "exitCode": exit.code, "reason": exit.reason, "startedAt": status["state"]["running"]["startedAt"],
        "finishedAt": stamp(now), "containerID": status["containerID"],
    }})
}

/// Change each container's status; create it first if there is none.
fn containers(pod: &mut Value, mut change: impl FnMut(&mut Value)) {
    if !pod["status"]["containerStatuses"].is_array() {
        let all = pod["spec"]["containers"].as_array().into_iter().flatten();
        let made: Vec<Value> = all.map(|c| json!({"name": c["name"], "image": c["image"]})).collect();
        pod["status"]["containerStatuses"] = json!(made);
    }
    pod["status"]["containerStatuses"].as_array_mut().into_iter().flatten().for_each(&mut change);
}

fn names(pod: &Value) -> String {
    let all = pod["spec"]["containers"].as_array().into_iter().flatten();
    format!("[{}]", all.map(|c| text(&c["name"])).collect::<Vec<_>>().join(" "))
}
