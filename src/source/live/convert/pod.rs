//! Pod -> PodSeen, and the containers of any pod template.

use super::{message, name};
use crate::observe::{ContainerSeen, Exit, PodSeen, ReadySeen, Resources};
use crate::source::live::wire;
use std::collections::BTreeMap;

/// One version of a pod.
pub fn pod(from: &wire::Pod) -> PodSeen {
    let (meta, spec, status) = (&from.metadata, &from.spec, &from.status);
    let condition = |kind: &str| status.conditions.iter().find(|c| c.kind == kind);
    let scheduled = condition("PodScheduled");
    let unscheduled = scheduled.filter(|c| c.status != "True");
    let ready = condition("Ready");
    let owner = meta.controller();
    let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    PodSeen {
        namespace: name(&meta.namespace),
        name: name(&meta.name),
        uid: name(&meta.uid),
        owner: owner.map(|o| name(&format!("{}/{}", o.kind, o.name))),
        node: spec.node_name.as_deref().and_then(some).map(|n| name(&n)),
        phase: name(&status.phase),
        created: meta.creation_timestamp,
        started: status.start_time,
        deleted: meta.deletion_timestamp,
        scheduled: scheduled.filter(|c| c.status == "True").and_then(|c| c.last_transition_time),
        ready: ready.map(|c| ReadySeen { status: name(&c.status), since: c.last_transition_time }),
        reason: status.reason.as_deref().or(unscheduled.map(|c| &*c.reason)).and_then(some).map(|r| name(&r)),
        message: status.message.as_deref().or(unscheduled.map(|c| &*c.message)).and_then(some).map(|m| message(&m)),
        containers: containers(spec, status),
        requests: spec.resources.as_ref().map(|r| quantities(&r.requests)).unwrap_or_default(),
    }
}

/// The containers of a pod or template, then its sidecars (init containers that restart); a template has no state.
pub fn containers(spec: &wire::PodSpec, status: &wire::PodStatus) -> Vec<ContainerSeen> {
    let main = spec.containers.iter().map(|c| container(c, false, &status.container_statuses));
    let restarting = spec.init_containers.iter().filter(|c| c.restart_policy.as_deref() == Some("Always"));
    main.chain(restarting.map(|c| container(c, true, &status.init_container_statuses))).collect()
}

fn container(from: &wire::Container, sidecar: bool, statuses: &[wire::ContainerStatus]) -> ContainerSeen {
    let base = ContainerSeen {
        name: name(&from.name),
        image: name(&from.image),
        sidecar,
        requests: quantities(&from.resources.requests),
        limits: quantities(&from.resources.limits),
        ..ContainerSeen::default()
    };
    let Some(status) = statuses.iter().find(|s| s.name == from.name) else { return base };
    let waiting = status.state.waiting.as_ref();
    ContainerSeen {
        actual: actual(&base.requests, status),
        ready: status.ready,
        restarts: status.restart_count,
        waiting: waiting.and_then(|w| w.reason.as_deref()).map(name),
        waiting_message: waiting.and_then(|w| w.message.as_deref()).map(message),
        running: status.state.running.as_ref().and_then(|r| r.started_at),
        terminated: status.state.terminated.as_ref().map(exit),
        last_terminated: status.last_state.terminated.as_ref().map(exit),
        ..base
    }
}

/// The requests in force, where an in-place resize has not reached those of the spec yet.
fn actual(asked: &Resources, status: &wire::ContainerStatus) -> Option<Resources> {
    let actual = quantities(&status.resources.as_ref()?.requests);
    let differs = |(name, quantity): (&String, &String)| actual.get(name).is_some_and(|now| now != quantity);
    asked.iter().any(differs).then_some(actual)
}

fn exit(from: &wire::Terminated) -> Exit {
    Exit { code: from.exit_code, reason: name(&from.reason), started: from.started_at, finished: from.finished_at }
}

/// Quantities by resource name.
pub(super) fn quantities(from: &BTreeMap<String, String>) -> Resources {
    from.iter().map(|(k, v)| (name(k), name(v))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pod_that_cannot_be_scheduled_has_its_reason() {
        let text = r#"{"metadata":{"name":"p","uid":"u","ownerReferences":null},"spec":{"containers":[{"name":"a","resources":{}}]},
          "status":{"phase":"Pending","conditions":[{"type":"PodScheduled","status":"False","reason":"Unschedulable",
          "message":"0/2 nodes are available:\n2 Insufficient cpu.","lastTransitionTime":"2026-11-24T00:00:00Z"}]}}"#;
        let seen = pod(&serde_json::from_str(text).unwrap());
        assert_eq!(seen.reason.as_deref(), Some("Unschedulable"));
        assert_eq!(seen.message.as_deref(), Some("0/2 nodes are available: 2 Insufficient cpu."));
        assert_eq!((seen.scheduled, seen.ready, seen.node), (None, None, None));
    }

    #[test]
    fn sidecars_come_after_the_containers_and_plain_init_containers_not_at_all() {
        let text = r#"{"spec":{"containers":[{"name":"main","image":"i"}],
          "initContainers":[{"name":"setup"},{"name":"proxy","restartPolicy":"Always","resources":{"requests":{"cpu":"10m"}}}]},
          "status":{"containerStatuses":[{"name":"main","ready":false,"restartCount":3,
            "state":{"waiting":{"reason":"CrashLoopBackOff","message":"back-off"}},
            "lastState":{"terminated":{"exitCode":137,"reason":"OOMKilled","finishedAt":"2026-11-24T00:00:00Z"}}}],
           "initContainerStatuses":[{"name":"proxy","ready":true,"restartCount":0,"state":{"running":{"startedAt":null}},"lastState":{}}]}}"#;
        let seen = pod(&serde_json::from_str(text).unwrap());
        assert_eq!(seen.containers.len(), 2);
        let (main, proxy) = (&seen.containers[0], &seen.containers[1]);
        assert_eq!((main.restarts, main.waiting.as_deref()), (3, Some("CrashLoopBackOff")));
        assert_eq!(main.last_terminated.as_ref().map(|t| (t.code, t.reason.as_str())), Some((137, "OOMKilled")));
        assert!(proxy.sidecar && proxy.ready && proxy.requests["cpu"] == "10m");
    }
}
