//! Rules over pods, bounds and requests.

use super::world::{World, at, metric, resources};
use super::{finding, found};
use edot_tui::observe::{EventSeen, Exit, ObjectRef, Observation, Stamped};

#[test]
fn a_kill_out_of_memory_is_reported_for_a_while() {
    let mut w = World::new(2);
    w.ended(0, 137, "OOMKilled");
    let f = finding(&w.session(), "oom-killed");
    assert!(f.text.contains("gateway-0") && f.evidence.contains("512Mi"), "{f:?}");
    w.seconds = 3600;
    w.pods[0].containers[0].last_terminated =
        Some(Exit { code: 137, reason: "OOMKilled".into(), finished: Some(at(60)), ..Exit::default() });
    assert_eq!(found(&w.session()), Vec::<&str>::new(), "an hour later it is history");
}

#[test]
fn an_end_for_another_reason_names_code_and_log() {
    let mut w = World::new(2);
    w.ended(1, 1, "Error");
    let f = finding(&w.session(), "container-restarted");
    assert!(f.text.contains("exit code 1") && f.hint.contains("logs -n lab gateway-1"), "{f:?}");
    w.ended(1, 0, "Completed");
    assert_eq!(found(&w.session()), Vec::<&str>::new());
}

#[test]
fn a_pod_that_cannot_be_scheduled() {
    let mut w = World::new(3);
    let pod = &mut w.pods[2];
    (pod.phase, pod.ready) = ("Pending".into(), None);
    (pod.reason, pod.message) = (Some("Unschedulable".into()), Some("0/2 nodes are available".into()));
    let f = finding(&w.session(), "pod-not-running");
    assert!(f.text.contains("gateway-2 does not run: Unschedulable: 0/2 nodes"), "{f:?}");
    w.pods[2].created = Some(at(w.seconds - 10));
    assert_eq!(found(&w.session()), Vec::<&str>::new(), "it was created 10 s ago");
}

#[test]
fn a_pod_whose_image_cannot_be_pulled() {
    let mut w = World::new(1);
    w.pods[0].containers[0].waiting = Some("ImagePullBackOff".into());
    assert!(finding(&w.session(), "pod-not-running").hint.contains("image"));
    w.pods[0].containers[0].waiting = Some("ContainerCreating".into());
    assert_eq!(found(&w.session()), Vec::<&str>::new());
}

#[test]
fn pods_at_their_cpu_limit() {
    let mut w = World::new(2);
    w.pods.iter_mut().for_each(|p| p.containers[0].limits = resources("165m", "512Mi"));
    let f = finding(&w.session(), "cpu-throttled");
    assert!(f.text.starts_with("2 of 2 pods") && f.evidence.contains("160m of 165m"), "{f:?}");
    w.pods.iter_mut().for_each(|p| p.containers[0].limits = resources("200m", "512Mi"));
    assert_eq!(found(&w.session()), Vec::<&str>::new());
}

#[test]
fn more_is_proposed_than_the_maximum_allows() {
    let mut w = World::new(4);
    w.uses.0 = 900;
    w.condition("ScalingLimited", "True", "TooManyReplicas");
    let f = finding(&w.session(), "at-maximum");
    assert!(f.text.contains("maximum of 4 replicas, and cpu asks for 23"), "{f:?}");
    w.uses.0 = 160;
    assert!(!found(&w.session()).contains(&"at-maximum"), "the condition lags behind the figures");
}

#[test]
fn memory_holds_replicas_that_cpu_would_remove() {
    let mut w = World::new(3);
    w.uses = (20, 150);
    let f = finding(&w.session(), "memory-holds");
    // ceil(58/80 × 3) = 3; two need 53 %.
    assert!(f.evidence.contains("memory 58 % of 80 %; 53 % or less"), "{f:?}");
    w.uses = (20, 130);
    assert!(!found(&w.session()).contains(&"memory-holds"), "50 % removes one");
    w.uses = (160, 150);
    assert!(!found(&w.session()).contains(&"memory-holds"), "cpu proposes them as well");
    w.uses = (20, 150);
    w.seconds = 45;
    assert!(!found(&w.session()).contains(&"memory-holds"), "it is too soon to judge");
}

#[test]
fn flapping() {
    let rescale = |second: i64, to: i32| {
        let event = EventSeen {
            uid: format!("e{second}"),
            first: Some(at(second)),
            last: Some(at(second)),
            count: 1,
            reason: "SuccessfulRescale".into(),
            message: format!("New size: {to}; reason: cpu resource utilization above target"),
            object: ObjectRef { kind: "HorizontalPodAutoscaler".into(), ..Default::default() },
            ..Default::default()
        };
        Stamped { at: at(second), what: Observation::Event(Box::new(event)) }
    };
    let mut w = World::new(2);
    w.seconds = 400;
    w.extra = [(10, 1), (60, 3), (120, 1), (180, 3), (240, 2)].map(|(s, to)| rescale(s, to)).to_vec();
    let f = finding(&w.session(), "flapping");
    assert!(f.text.contains("3 times") && f.evidence.contains("2 of them up"), "{f:?}");
    w.extra.truncate(3);
    assert_eq!(found(&w.session()), Vec::<&str>::new());
}

#[test]
fn a_sidecar_without_a_request() {
    let mut w = World::new(2);
    let mut sidecar = w.pods[0].containers[0].clone();
    (sidecar.name, sidecar.requests) = ("proxy".into(), [("memory".to_string(), "8Mi".to_string())].into());
    w.pods.iter_mut().for_each(|p| p.containers.push(sidecar.clone()));
    let f = finding(&w.session(), "missing-request");
    assert!(f.text.contains("container proxy sets no cpu request"), "{f:?}");
    let mut of_container = metric("cpu", 80);
    of_container.kind = edot_tui::observe::MetricKind::ContainerResource;
    of_container.container = Some("collector".into());
    w.hpa.metrics = vec![of_container];
    assert!(!found(&w.session()).contains(&"missing-request"), "that metric does not look at the sidecar");
}

#[test]
fn no_memory_limit() {
    let mut w = World::new(1);
    w.pods[0].containers[0].limits.remove("memory");
    assert_eq!(found(&w.session()), ["no-memory-limit"]);
}
