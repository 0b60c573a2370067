//! Why the pods of a workload are not ready, in words, from the pods and the warnings about them. Pure.

use crate::observe::text::clean;
use serde_json::Value;

/// The most that is shown of a message, in bytes.
const SHOWN: usize = 160;

/// Why a pod is not ready; None where it is, or nothing is wrong yet. `warnings` are events of its namespace.
pub fn why(pod: &Value, warnings: &[Value]) -> Option<String> {
    let name = text(pod, "/metadata/name");
    let condition = |kind: &str| list(pod, "/status/conditions").iter().find(|c| c["type"] == kind).cloned();
    if condition("Ready").is_some_and(|ready| ready["status"] == "True") || text(pod, "/status/phase") == "Succeeded" {
        return None;
    }
    let scheduled = condition("PodScheduled");
    if let Some(place) = scheduled.filter(|c| c["status"] == "False") {
        return Some(format!("no node takes pod {name}: {}", message(&place)));
    }
    let statuses = || list(pod, "/status/initContainerStatuses").iter().chain(list(pod, "/status/containerStatuses"));
    if let Some(why) = statuses().find_map(container) {
        return Some(format!("pod {name}: {why}"));
    }
    let own = |event: &&Value| event["involvedObject"]["name"] == name && event["involvedObject"]["kind"] == "Pod";
    let event = warnings.iter().filter(own).max_by_key(|event| text(event, "/lastTimestamp").to_owned());
    if let Some(event) = event {
        let what = match text(event, "/reason") {
            "Unhealthy" => "its probe fails",
            "FailedMount" | "FailedAttachVolume" => "a volume cannot be mounted",
            "FailedCreatePodSandBox" => "it gets no network",
            _ => "it reports",
        };
        return Some(format!("pod {name}: {what}: {}", message(event)));
    }
    let initial = list(pod, "/status/initContainerStatuses")
        .iter()
        .find(|c| c["ready"] != true && c["state"]["running"].is_object());
    if let Some(container) = initial {
        return Some(format!("pod {name}: its init container {} is running", text(container, "/name")));
    }
    let started = statuses().any(|c| c["state"]["running"].is_object());
    Some(match started {
        true => format!("pod {name} runs, and its readiness probe has not yet succeeded"),
        false => format!("pod {name} is being started"),
    })
}

/// Why a container does not run.
fn container(status: &Value) -> Option<String> {
    let name = text(status, "/name");
    let waiting = text(status, "/state/waiting/reason");
    let detail = clean(text(status, "/state/waiting/message"), SHOWN);
    let ended = |at: &str| {
        let code = status.pointer(&format!("{at}/exitCode")).and_then(Value::as_i64)?;
        let reason = text(status, &format!("{at}/reason"));
        Some(if reason == "OOMKilled" { "out of memory".to_owned() } else { format!("exit code {code}") })
    };
    match waiting {
        "ErrImagePull" | "ImagePullBackOff" | "InvalidImageName" | "ErrImageNeverPull" => {
            let image = clean(text(status, "/image"), SHOWN);
            Some(format!("the image of {name} cannot be pulled ({image}): {detail}"))
        }
        "CrashLoopBackOff" => {
            let last = ended("/lastState/terminated").unwrap_or_else(|| "it ends".to_owned());
            Some(format!("{name} ends again and again ({last}): see kubectl logs --previous"))
        }
        "CreateContainerConfigError" | "CreateContainerError" | "RunContainerError" => {
            Some(format!("{name} cannot be started: {detail}"))
        }
        _ => ended("/state/terminated")
            .filter(|_| status["state"]["terminated"]["exitCode"] != 0)
            .map(|how| format!("{name} ended ({how})")),
    }
}

fn message(of: &Value) -> String {
    let text = of["message"].as_str().or(of["note"].as_str()).unwrap_or_default();
    clean(text, SHOWN)
}

fn text<'a>(of: &'a Value, pointer: &str) -> &'a str {
    of.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

fn list<'a>(of: &'a Value, pointer: &str) -> &'a [Value] {
    of.pointer(pointer).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn pod(status: Value) -> Value {
        json!({"metadata": {"name": "p"}, "status": status})
    }

    #[test]
    fn each_reason_has_its_words() {
        let waiting = |reason: &str| {
            json!({"containerStatuses": [{"name": "c", "image": "x:1", "state": {"waiting": {"reason": reason, "message": "m\u{1b}[2J"}},
                   "lastState": {"terminated": {"exitCode": 137, "reason": "OOMKilled"}}}]})
        };
        for (status, words) in [
            (
                json!({"conditions": [{"type": "PodScheduled", "status": "False", "message": "0/1 nodes: Insufficient cpu"}]}),
                "no node takes pod p: 0/1 nodes: Insufficient cpu",
            ),
            (waiting("ImagePullBackOff"), "pod p: the image of c cannot be pulled (x:1): m"),
            (waiting("CrashLoopBackOff"), "pod p: c ends again and again (out of memory): see kubectl logs --previous"),
            (waiting("CreateContainerConfigError"), "pod p: c cannot be started: m"),
            (
                json!({"containerStatuses": [{"name": "c", "state": {"running": {}}}]}),
                "pod p runs, and its readiness probe has not yet succeeded",
            ),
            (
                json!({"initContainerStatuses": [{"name": "requirements", "ready": false, "state": {"running": {}}}]}),
                "pod p: its init container requirements is running",
            ),
            (waiting("ContainerCreating"), "pod p is being started"),
        ] {
            assert_eq!(why(&pod(status), &[]).as_deref(), Some(words));
        }
        assert_eq!(why(&pod(json!({"conditions": [{"type": "Ready", "status": "True"}]})), &[]), None);
    }

    #[test]
    fn the_latest_warning_explains_what_the_status_does_not() {
        let event = |at: &str, reason: &str, pod: &str| json!({"involvedObject": {"kind": "Pod", "name": pod}, "reason": reason, "message": at, "lastTimestamp": at});
        let all = [event("2", "FailedMount", "p"), event("1", "Unhealthy", "p"), event("3", "Unhealthy", "q")];
        assert_eq!(why(&pod(json!({})), &all).as_deref(), Some("pod p: a volume cannot be mounted: 2"));
    }
}
