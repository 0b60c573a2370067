//! What the live feeds make of clusters as they are found in the field.

use crate::it::support::fake_api::{FakeApi, Reply, Request, Step, world};
use crate::it::support::seen::Seen;
use edot_tui::observe::{Feed, FeedState, Observation};
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use world::{event, event_about, hpa, list, pod};

fn hpas(r: &Request) -> bool {
    r.of("/horizontalpodautoscalers")
}

#[tokio::test]
async fn the_target_is_followed_however_its_kind_and_version_are_written() {
    for (api, kind) in [("apps/v1", "deployment"), ("apps/v1beta1", "Deployment"), ("apps/v7", "deployment")] {
        let api = FakeApi::start(move |r| {
            let mut hpa = hpa("1");
            hpa["spec"]["scaleTargetRef"]["kind"] = json!(kind);
            hpa["spec"]["scaleTargetRef"]["apiVersion"] = json!(api);
            (hpas(r) && !r.is_watch()).then(|| list(1, [hpa]))
        })
        .await;
        let mut seen = api.watch().await;
        let kind = |o: &Observation| if let Observation::Target(t) = o { Some(t.kind.clone()) } else { None };
        assert_eq!(seen.next("target", kind).await, "Deployment");
        seen.all_up().await;
    }
}

#[tokio::test]
async fn a_reference_that_the_controller_cannot_map_is_reported_with_the_correction() {
    let api = FakeApi::start(|r| {
        let mut hpa = hpa("1");
        hpa["spec"]["scaleTargetRef"].as_object_mut().unwrap().remove("apiVersion");
        match r.path.as_str() {
            "/api/v1" => Some(Reply::json(json!({"resources": [{"name": "pods", "kind": "Pod"}]}))),
            _ => (hpas(r) && !r.is_watch()).then(|| list(1, [hpa])),
        }
    })
    .await;
    let mut seen = api.watch().await;
    let status = seen.link(Feed::Target, FeedState::Absent).await;
    assert_eq!(status.reason.as_deref(), Some("v1 does not serve the kind Deployment"));
    assert_eq!(status.hint.as_deref(), Some("write apiVersion: apps/v1 in the HPA's scaleTargetRef"));
}

#[tokio::test]
async fn a_server_without_autoscaling_v2_is_too_old() {
    let api = FakeApi::start(|r| match r.path.as_str() {
        "/version" => Some(Reply::json(json!({"gitVersion": "v1.22.9"}))),
        _ => hpas(r).then(|| Reply::Whole(404, "text/plain", b"404 page not found\n".to_vec())),
    })
    .await;
    let mut seen = api.watch().await;
    seen.reported("Kubernetes 1.23 or later is needed, and this is v1.22.9").await;
}

const LONG: &str = "team-orders-telemetry-gateway-for-region-eu-central-production";

/// An event about an object with a uid.
fn about(uid: &str, kind: &str, name: &str, object: &str, message: &str) -> Value {
    let mut event = event_about(uid, kind, name, message);
    event["involvedObject"]["uid"] = json!(object);
    event
}

/// A pod of the gateway, of a Deployment with this name.
fn owned(uid: &str, name: &str, deployment: &str) -> Value {
    let mut pod = pod(uid, "1");
    pod["metadata"]["name"] = json!(name);
    pod["metadata"]["labels"]["pod-template-hash"] = json!("6d4cf56db6");
    pod["metadata"]["ownerReferences"] = json!([{"kind": "ReplicaSet", "name": format!("{deployment}-6d4cf56db6"),
        "uid": "r", "controller": true}]);
    pod
}

/// The next events by their uids, sorted.
async fn next_events(seen: &mut Seen, count: usize) -> Vec<String> {
    let mut uids = Vec::new();
    while uids.len() < count {
        let uid = |o: &Observation| if let Observation::Event(e) = o { Some(e.uid.clone()) } else { None };
        uids.push(seen.next("event", uid).await);
    }
    uids.sort();
    uids
}

#[tokio::test]
async fn events_are_matched_by_uid_and_ownership_where_names_are_cut() {
    let cut = &LONG[..58];
    let events = move || {
        let canary = format!("{LONG}-canary-5bd4");
        let set = format!("{LONG}-6d4cf56db6");
        [
            about("1", "Pod", &format!("{cut}aaaaa"), "a", "readiness probe failed"),
            about("2", "Pod", &format!("{cut}bbbbb"), "b", "of a pod that is gone, created as 3 shows"),
            about("3", "ReplicaSet", &set, "r", &format!("Created pod: {cut}bbbbb")),
            about("4", "Deployment", LONG, "d", "scaled up"),
            about("5", "Pod", &format!("{cut}ccccc"), "c", "of the other Deployment, as 6 shows"),
            about("6", "ReplicaSet", &canary, "r2", &format!("Created pod: {cut}ccccc")),
            about("7", "Pod", "team-orders-telemetr-other-1-abcde", "x", "a stranger"),
        ]
    };
    let api = FakeApi::start(move |r| {
        let mut hpa = hpa("1");
        hpa["spec"]["scaleTargetRef"]["name"] = json!(LONG);
        match r.is_watch() {
            true => None,
            false if r.of("/observability-lab/events?") => Some(list(1, events())),
            false if r.of("/pods?") && r.of("app=edot-gateway") => {
                Some(list(1, [owned("a", &format!("{cut}aaaaa"), LONG)]))
            }
            false => hpas(r).then(|| list(1, [hpa])),
        }
    })
    .await;
    let mut seen = api.watch().await;
    assert_eq!(next_events(&mut seen, 4).await, ["1", "2", "3", "4"]);
    seen.all_up().await;
    seen.next("tick", |o| matches!(o, Observation::Tick).then_some(())).await;
    let all = seen.all.iter().filter(|s| matches!(s.what, Observation::Event(_))).count();
    assert_eq!(all, 4, "neither the stranger's nor those of the Deployment that is named alike");
}

#[tokio::test]
async fn an_event_that_comes_before_its_pod_is_sent_once_the_pod_is_known() {
    let made = Arc::new(AtomicBool::new(false));
    let make = made.clone();
    let api = FakeApi::start(move |r| match r.is_watch() {
        false if r.of("/observability-lab/events?") => Some(list(
            1,
            [
                about("1", "Pod", "gw-collector-6d4cf56db6-late1", "late", "0/3 nodes are available"),
                about("2", "Deployment", "gw-collector", "d", "Scaled up replica set gw-collector-6d4cf56db6"),
                about("3", "Deployment", "gw-targetallocator", "d2", "not ours"),
                about("4", "Pod", "edot-gateway-64f456477b-w5lsb", "a", "known at once"),
            ],
        )),
        true if r.of("/pods?") && r.of("app=edot-gateway") => Some(Reply::Stream(vec![
            Step::When(make.clone()),
            Step::Line(event("ADDED", owned("late", "gw-collector-6d4cf56db6-late1", "gw-collector"))),
            Step::Hold,
        ])),
        // The gateway's selector is a custom resource's, as the operator writes it.
        false if hpas(r) => {
            let mut hpa = hpa("1");
            hpa["spec"]["scaleTargetRef"] = json!({"apiVersion": "x.io/v1", "kind": "Gateway", "name": "gw"});
            Some(list(1, [hpa]))
        }
        false if r.of("/apis/x.io/v1/namespaces/observability-lab/gateways/gw/scale") => Some(Reply::json(
            json!({"metadata": {"name": "gw"}, "spec": {"replicas": 1}, "status": {"selector": "app=edot-gateway"}}),
        )),
        false if r.path == "/apis/x.io/v1" => Some(Reply::json(json!({"resources": [
            {"name": "gateways", "kind": "Gateway", "namespaced": true, "verbs": ["get"]},
            {"name": "gateways/scale", "kind": "Scale", "namespaced": true, "verbs": ["get"]}]}))),
        false if r.of("/pods?") && r.of("app=edot-gateway") => {
            let mut pod = pod("a", "1");
            pod["metadata"]["name"] = json!("edot-gateway-64f456477b-w5lsb");
            pod["metadata"]["ownerReferences"] = json!([]);
            Some(list(1, [pod]))
        }
        _ => None,
    })
    .await;
    let mut seen = api.watch().await;
    assert_eq!(next_events(&mut seen, 1).await, ["4"]);
    made.store(true, Ordering::SeqCst);
    assert_eq!(next_events(&mut seen, 2).await, ["1", "2"]);
    seen.next("tick", |o| matches!(o, Observation::Tick).then_some(())).await;
    assert_eq!(seen.all.iter().filter(|s| matches!(s.what, Observation::Event(_))).count(), 3);
}

/// A Job of the k6 operator's TestRun `checkout`.
fn operators_job(name: &str, uid: &str, runner: bool, image: &str) -> Value {
    let labels = if runner { json!({"k6_cr": "checkout", "runner": "true"}) } else { json!({"k6_cr": "checkout"}) };
    json!({"metadata": {"name": name, "uid": uid, "resourceVersion": "1", "labels": labels,
            "creationTimestamp": "2026-11-24T00:00:00Z",
            "ownerReferences": [{"kind": "TestRun", "name": "checkout", "uid": "run-2", "controller": true}]},
        "spec": {"template": {"spec": {"containers": [{"name": "k6", "image": image}]}}},
        "status": {"conditions": [{"type": "Complete", "status": "True"}]}})
}

#[tokio::test]
async fn the_load_is_the_runners_and_its_events_are_theirs() {
    let api = FakeApi::start(|r| match r.is_watch() {
        true => None,
        false if r.of("/jobs?") => Some(list(
            1,
            [
                operators_job("checkout-initializer", "j0", false, "grafana/k6:latest"),
                operators_job("checkout-1", "j1", true, "grafana/k6:latest"),
                operators_job("checkout-2", "j2", true, "grafana/k6:latest"),
                operators_job("checkout-starter", "j9", false, "ghcr.io/grafana/k6-operator:latest-starter"),
            ],
        )),
        false if r.of("/demo-app/pods?") => {
            let mut runner = pod("p2", "1");
            runner["metadata"]["name"] = json!("checkout-2-abc12");
            Some(list(1, [runner]))
        }
        false if r.of("/demo-app/events?") => Some(list(
            1,
            [
                about("1", "Pod", "checkout-2-abc12", "p2", "0/3 nodes are available"),
                about("2", "Job", "checkout-2", "j2", "exceeded quota"),
                about("3", "Job", "checkout-2", "old", "of the run before, of the same name"),
                about("4", "Job", "checkout-starter", "j9", "not the load's"),
                about("5", "Pod", "checkout-1-gone1", "p1", "of a pod that is gone, created as 6 shows"),
                about("6", "Job", "checkout-1", "j1", "Created pod: checkout-1-gone1"),
            ],
        )),
        false => None,
    })
    .await;
    let mut seen = api.watch().await;
    let job = |o: &Observation| if let Observation::Job(j) = o { Some(j.clone()) } else { None };
    let job = seen.next("load", job).await;
    assert_eq!((&*job.kind, &*job.name, &*job.uid, job.completions), ("TestRun", "checkout", "run-2", 2));
    let mut events: Vec<String> = Vec::new();
    while events.len() < 4 {
        let found = seen
            .all
            .iter()
            .filter_map(|s| if let Observation::Event(e) = &s.what { Some(e.uid.clone()) } else { None });
        events = found.collect();
        seen.next("tick", |o| matches!(o, Observation::Tick).then_some(())).await;
    }
    events.sort();
    assert_eq!(events, ["1", "2", "5", "6"]);
}
