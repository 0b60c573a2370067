//! The feeds over a scripted API server: what each observes, and how each recovers.

use crate::it::support::fake_api::{FakeApi, Reply, Request, Step, timing, world};
use edot_tui::observe::{Feed, FeedState, Observation, PodUsage, WatchingSeen};
use edot_tui::source::live::{Timing, list_hpas};
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;
use world::{deployment, event, event_about, hpa, list, pod, usage};

fn hpas(r: &Request) -> bool {
    r.of("/horizontalpodautoscalers")
}

/// A request that looks for the HPA by its name.
fn by_name(r: &Request) -> bool {
    hpas(r) && r.query("fieldSelector").is_some()
}

fn watching(o: &Observation) -> Option<WatchingSeen> {
    match o {
        Observation::Watching(seen) => Some(seen.clone()),
        _ => None,
    }
}

fn named(name: &str, version: &str) -> Value {
    let mut other = hpa(version);
    other["metadata"]["name"] = json!(name);
    other["metadata"]["uid"] = json!(name);
    other
}

#[tokio::test]
async fn what_is_watched_comes_first_and_the_servers_version_when_it_is_known() {
    let api = FakeApi::start(|_| None).await;
    let mut seen = api.watch().await;
    let first = seen.next("anything", |o| Some(o.clone())).await;
    let Observation::Watching(first) = first else { panic!("first came {first:?}") };
    assert_eq!((first.context.as_str(), first.server_version.as_str()), ("fake", ""));
    assert_eq!(seen.next("version", watching).await.server_version, "v1.36.3");
    seen.all_up().await;
    assert!(seen.standing(Feed::Collector) == Some(FeedState::Absent));
    seen.stop.cancel();
    assert_eq!(seen.run.await.unwrap(), Ok(()));
}

/// The controller manager's lease, renewed at `renewed` and kept for a second.
fn lease(renewed: &str, version: &str) -> Value {
    json!({
        "metadata": {"name": "kube-controller-manager", "uid": "lease", "resourceVersion": version},
        "spec": {"holderIdentity": "one", "leaseDurationSeconds": 1, "acquireTime": "2026-11-28T11:53:39.123456Z", "renewTime": renewed}
    })
}

#[tokio::test]
async fn a_lease_that_is_no_longer_renewed_is_noticed_when_its_renewal_is_due() {
    let at = |ms: i64| (chrono::Utc::now() + chrono::TimeDelta::milliseconds(ms)).to_rfc3339();
    let (first, last) = (at(-2000), at(-1000));
    let leases = |r: &Request| r.of("/leases");
    let answer = last.clone();
    let api = FakeApi::start(move |r| match (leases(r), r.is_watch(), r.query("fieldSelector")) {
        (true, true, _) => Some(Reply::hold([event("MODIFIED", lease(&answer, "2"))])),
        (true, false, Some(_)) => Some(list(1, [lease(&first, "1")])),
        (true, false, None) => Some(Reply::json(lease(&answer, "2"))),
        _ => None,
    })
    .await;
    let mut seen = api.watch().await;
    let lapsed = |o: &Observation| match o {
        Observation::Lease(lease) => Some(lease.lapsed),
        _ => None,
    };
    assert_eq!(seen.next("a lease", lapsed).await, None);
    assert_eq!(seen.next("its end", lapsed).await, Some(last.parse().unwrap()));
    assert_eq!(api.requests(leases).len(), 4, "a first look, a list, a watch, and one more look");
}

#[tokio::test]
async fn where_there_is_no_lease_other_hpas_tell_that_the_controller_is_at_work() {
    let api = FakeApi::start(|r| match (hpas(r) && !by_name(r), r.is_watch()) {
        (true, false) => Some(list(100, [hpa("1"), named("other", "1")])),
        (true, true) => {
            let mut annotated = named("other", "101");
            annotated["metadata"]["annotations"] = json!({"a": "b"});
            let mut synced = named("other", "103");
            synced["status"]["currentReplicas"] = json!(2);
            let own = hpa("102");
            Some(Reply::hold([annotated, own, synced].map(|object| event("MODIFIED", object))))
        }
        _ => None,
    })
    .await;
    let mut seen = api.watch().await;
    seen.next("a sign", |o| matches!(o, Observation::OtherSynced).then_some(())).await;
    seen.all_up().await;
    let signs = seen.all.iter().filter(|s| matches!(s.what, Observation::OtherSynced)).count();
    assert_eq!(signs, 1, "only what changes the status of another one is a sign");
}

#[tokio::test]
async fn a_tick_comes_at_whole_seconds() {
    let api = FakeApi::start(|_| None).await;
    let mut seen = api.watch().await;
    seen.next("tick", |o| matches!(o, Observation::Tick).then_some(())).await;
    let tick = seen.all.iter().rev().find(|s| matches!(s.what, Observation::Tick)).unwrap();
    assert!(tick.at.timestamp_subsec_millis() < 500, "{}", tick.at);
}

#[tokio::test]
async fn at_rest_each_watch_lists_once_and_each_sample_is_polled_once() {
    let api = FakeApi::start(|_| None).await;
    let mut seen = api.watch().await;
    seen.all_up().await;
    seen.next("tick", |o| matches!(o, Observation::Tick).then_some(())).await;
    let requests: Vec<String> = api.requests(|_| true).into_iter().map(|r| r.path).collect();
    // Eight lists (one of them a poll), seven watches, the version, the metrics group, the load's namespace.
    assert!(requests.len() <= 19, "{requests:#?}");
}

#[tokio::test]
async fn the_only_hpa_is_watched_when_the_named_one_does_not_exist() {
    let api = FakeApi::start(|r| match (by_name(r), r.of("metadata.name=wrong")) {
        (true, true) => Some(list(1, [])),
        (true, false) => Some(if r.is_watch() { Reply::hold([]) } else { list(1, [named("other", "1")]) }),
        _ => hpas(r).then(|| list(1, [named("other", "1")])),
    })
    .await;
    let mut seen = api.watch_as(timing(), "wrong").await;
    let now = seen.next("other HPA", |o| watching(o).filter(|w| w.hpa == "other")).await;
    assert_eq!(now.notes, ["there is no HPA wrong; watching other, the only one in namespace observability-lab"]);
    seen.link(Feed::Hpa, FeedState::Up).await;
    assert_eq!(list_hpas(&api.cluster().await, world::NAMESPACE).await.unwrap(), ["other"]);
}

#[tokio::test]
async fn an_hpa_that_does_not_exist_is_absent_until_it_is_created() {
    let made = Arc::new(AtomicBool::new(false));
    let make = made.clone();
    let api = FakeApi::start(move |r| match (by_name(r), r.is_watch()) {
        (true, false) => Some(list(1, [])),
        (true, true) => Some(Reply::Stream(vec![
            Step::When(make.clone()),
            Step::Line(event("ADDED", hpa("5"))),
            Step::Line(event("DELETED", hpa("6"))),
            Step::Line(event("ADDED", named(world::HPA, "7"))),
            Step::Hold,
        ])),
        _ => hpas(r).then(|| list(1, [named("b", "1"), named("a", "1")])),
    })
    .await;
    let mut seen = api.watch().await;
    seen.next("no HPA", |o| matches!(o, Observation::HpaGone).then_some(())).await;
    let link = seen.link(Feed::Hpa, FeedState::Absent).await;
    assert_eq!(
        link.reason.unwrap(),
        "there is no HPA edot-gateway-hpa in namespace observability-lab; there are: a, b"
    );
    seen.reported(r#"target Absent Some("there is no HPA, so its scale target is not known")"#).await;
    made.store(true, Ordering::SeqCst);
    seen.link(Feed::Hpa, FeedState::Up).await;
    seen.next("deletion", |o| matches!(o, Observation::HpaGone).then_some(())).await;
    assert_eq!(seen.link(Feed::Hpa, FeedState::Absent).await.reason.unwrap(), "HPA edot-gateway-hpa was deleted");
    seen.link(Feed::Hpa, FeedState::Up).await;
    seen.link(Feed::Pods, FeedState::Up).await;
}

#[tokio::test]
async fn a_missing_namespace_is_reported_as_such() {
    let api = FakeApi::start(|r| match r.path.as_str() {
        "/api/v1/namespaces/observability-lab" | "/api/v1/namespaces/demo-app" => {
            Some(Reply::status(404, "NotFound", "namespaces not found"))
        }
        _ => (hpas(r) && !r.is_watch()).then(|| list(1, [])),
    })
    .await;
    let mut seen = api.watch().await;
    assert_eq!(
        seen.link(Feed::Hpa, FeedState::Absent).await.reason.unwrap(),
        "there is no namespace observability-lab"
    );
    seen.reported(r#"load Absent Some("there is no namespace demo-app")"#).await;
    seen.ever("job gone", |o| matches!(o, Observation::JobGone { .. })).await;
}

#[tokio::test]
async fn a_target_that_does_not_exist_is_reported_and_the_next_one_is_followed() {
    let changed = Arc::new(AtomicBool::new(false));
    let change = changed.clone();
    let api = FakeApi::start(move |r| {
        let mut other = hpa("9");
        other["spec"]["scaleTargetRef"] = json!({"kind": "StatefulSet", "name": "db", "apiVersion": "apps/v1"});
        match (hpas(r) && r.is_watch(), r.of("/deployments?") && !r.is_watch(), r.of("/statefulsets?")) {
            (true, ..) => {
                Some(Reply::Stream(vec![Step::When(change.clone()), Step::Line(event("MODIFIED", other)), Step::Hold]))
            }
            (_, true, _) => Some(list(1, [])),
            (.., true) if !r.is_watch() => Some(list(1, [deployment("1")])),
            _ => None,
        }
    })
    .await;
    let mut seen = api.watch().await;
    seen.reported(r#"target Absent Some("there is no Deployment edot-gateway in namespace observability-lab, which the HPA is to scale")"#).await;
    seen.reported(r#"pods Absent Some("the scale target does not exist"#).await;
    seen.ever("no target", |o| matches!(o, Observation::TargetGone)).await;
    changed.store(true, Ordering::SeqCst);
    let kind = |o: &Observation| match o {
        Observation::Target(target) => Some(target.kind.clone()),
        _ => None,
    };
    assert_eq!(seen.next("target", kind).await, "StatefulSet");
    seen.all_up().await;
}

/// An HPA that scales a Rollout, which discovery knows in a later version than the HPA names.
fn rollout(r: &Request, scales: &AtomicUsize, watch: Reply) -> Option<Reply> {
    let path = r.path.split('?').next().unwrap();
    let verbs = ["get", "list", "watch"];
    match path {
        _ if hpas(r) && !r.is_watch() => {
            let mut hpa = hpa("9");
            hpa["spec"]["scaleTargetRef"] = json!({"kind": "Rollout", "name": "web", "apiVersion": "argoproj.io/v0"});
            Some(list(1, [hpa]))
        }
        "/apis/argoproj.io" => Some(Reply::json(json!({"preferredVersion": {"version": "v1alpha1"}}))),
        "/apis/argoproj.io/v1alpha1" => Some(Reply::json(json!({"resources": [
            {"name": "rollouts/scale", "kind": "Scale", "namespaced": true, "verbs": ["get"]},
            {"name": "rollouts", "kind": "Rollout", "namespaced": true, "verbs": verbs}]}))),
        _ if path.ends_with("/rollouts") && r.is_watch() => Some(watch),
        _ if path.ends_with("/rollouts") => {
            Some(list(1, [json!({"metadata": {"name": "web", "uid": "w", "resourceVersion": "1"}})]))
        }
        _ if path.ends_with("/rollouts/web/scale") => {
            let replicas = scales.fetch_add(1, Ordering::SeqCst) + 2;
            Some(Reply::json(json!({"metadata": {"name": "web", "uid": "w"}, "spec": {"replicas": replicas},
                "status": {"replicas": 1, "selector": "app=edot-gateway"}})))
        }
        _ => None,
    }
}

fn replicas(o: &Observation) -> Option<i32> {
    match o {
        Observation::Target(target) => target.spec_replicas,
        _ => None,
    }
}

#[tokio::test]
async fn any_other_kind_is_read_by_its_scale_when_it_changes() {
    let scales = Arc::new(AtomicUsize::new(0));
    let api = FakeApi::start(move |r| {
        let change = event("MODIFIED", json!({"metadata": {"name": "web", "uid": "w", "resourceVersion": "2"}}));
        rollout(r, &scales, Reply::hold([change]))
    })
    .await;
    let mut seen = api.watch().await;
    while seen.next("target", replicas).await < 3 {}
    seen.all_up().await;
    assert!(api.requests(|r| r.of("/rollouts/web/scale")).len() <= 3, "read after a change, and not otherwise");
}

#[tokio::test]
async fn what_may_not_be_watched_is_polled() {
    let scales = Arc::new(AtomicUsize::new(0));
    let api = FakeApi::start(move |r| rollout(r, &scales, Reply::forbidden("watch", "rollouts"))).await;
    let mut seen = api.watch().await;
    while seen.next("target", replicas).await < 5 {}
    seen.reported("may not watch rollouts.argoproj.io in namespace observability-lab").await;
    assert!(!seen.links().iter().any(|line| line.contains("target Denied")));
}

fn samples(o: &Observation) -> Option<Vec<PodUsage>> {
    match o {
        Observation::Usage(usage) => Some(usage.pods.clone()),
        _ => None,
    }
}

#[tokio::test]
async fn the_metrics_api_is_found_in_the_version_that_is_served() {
    let api = FakeApi::start(|r| {
        (r.path == "/apis/metrics.k8s.io").then(|| Reply::json(json!({"preferredVersion": {"version": "v1"}})))
    })
    .await;
    let mut seen = api.watch().await;
    assert_eq!(seen.next("usage", samples).await[0].pod, "edot-gateway-64f456477b-w5lsb");
    assert!(api.requests(|r| r.of("/apis/metrics.k8s.io/v1/namespaces/observability-lab/pods?")).len() == 1);
}

#[tokio::test]
async fn a_metrics_api_that_is_down_gives_a_hint_and_recovers() {
    let api = FakeApi::start(|r| match (r.of("metrics.k8s.io"), r.of("/pods?")) {
        (true, false) if r.nth < 2 => Some(Reply::Whole(404, "text/plain", b"404 page not found".to_vec())),
        (true, true) if r.nth < 2 => Some(Reply::Whole(503, "text/plain", b"service unavailable\n".to_vec())),
        _ => None,
    })
    .await;
    let mut seen = api.watch().await;
    let link = seen.link(Feed::Usage, FeedState::Absent).await;
    assert!(link.reason.unwrap().contains("is not served") && link.hint.unwrap().contains("install metrics-server"));
    let reason = seen.link(Feed::Usage, FeedState::Retrying).await.reason.unwrap();
    assert_eq!(reason, "no PodMetrics: metrics.k8s.io answers 503: service unavailable (metrics-server down?)");
    assert_eq!(seen.link(Feed::Usage, FeedState::Up).await.reason, None, "its period is not known yet");
}

#[tokio::test]
async fn the_return_of_the_metrics_api_is_noticed_at_once() {
    // It goes after the first samples; a wait as after other failures would outlast the test.
    let api = FakeApi::start(|r| match (r.of("metrics.k8s.io"), r.of("/pods?")) {
        (true, true) if r.nth == 1 => Some(Reply::Whole(404, "text/plain", b"404 page not found".to_vec())),
        (true, false) if (1..6).contains(&r.nth) => Some(Reply::Whole(503, "text/plain", b"no endpoints".to_vec())),
        _ => None,
    })
    .await;
    let slow = Duration::from_secs(600);
    let waits = Timing { outage: Duration::from_millis(20), settled: slow, first: slow, longest: slow, ..timing() };
    let mut seen = api.watch_as(waits, world::HPA).await;
    seen.link(Feed::Usage, FeedState::Up).await;
    seen.link(Feed::Usage, FeedState::Absent).await;
    seen.link(Feed::Usage, FeedState::Up).await;
}

#[tokio::test]
async fn a_sample_is_sent_once_even_if_it_is_read_several_times() {
    let api = FakeApi::start(|r| {
        let (a, b) = (usage("a", 1), usage("b", if r.nth < 2 { 1 } else { 2 }));
        match r.nth {
            // After a failure the next poll follows at once.
            1 | 3 if r.of("/apis/metrics.k8s.io/v1beta1/") => Some(Reply::status(500, "InternalError", "oops")),
            _ => r.of("/apis/metrics.k8s.io/v1beta1/").then(|| list(1, [a, b])),
        }
    })
    .await;
    let mut seen = api.watch().await;
    let names = |all: Vec<PodUsage>| all.into_iter().map(|u| u.pod).collect::<Vec<_>>();
    assert_eq!(names(seen.next("usage", samples).await), ["a", "b"]);
}

#[tokio::test]
async fn events_are_those_of_the_watched_objects_and_are_cleaned() {
    let api = FakeApi::start(|r| {
        let all = [
            event_about("1", "Pod", "edot-gateway-64f456477b-w5lsb", "ours"),
            event_about("2", "Pod", "another-64f456477b-w5lsb", "not ours"),
            event_about("3", "Deployment", "edot-gateway", &format!("\u{1b}[31mred\u{202e}{}", "x".repeat(1 << 20))),
        ];
        let mut bytes = format!("{}\n", event("ADDED", event_about("4", "HorizontalPodAutoscaler", world::HPA, "a?b")))
            .into_bytes();
        let at = bytes.iter().position(|b| *b == b'?').unwrap();
        bytes[at] = 0xff;
        match (r.of("/observability-lab/events?"), r.of("/demo-app/events?"), r.is_watch()) {
            (true, _, false) => Some(list(1, all)),
            (true, _, true) => Some(Reply::Stream(vec![Step::Bytes(bytes), Step::Hold])),
            (_, true, false) => {
                Some(list(1, [event_about("5", "Job", "k6-load", "load"), event_about("6", "Job", "other", "no")]))
            }
            _ => None,
        }
    })
    .await;
    let mut seen = api.watch().await;
    let mut events = Vec::new();
    while events.len() < 4 {
        events.push(
            seen.next("event", |o| match o {
                Observation::Event(event) => Some((event.uid.clone(), event.message.clone())),
                _ => None,
            })
            .await,
        );
    }
    events.sort();
    let uids: Vec<&str> = events.iter().map(|(uid, _)| uid.as_str()).collect();
    assert_eq!(uids, ["1", "3", "4", "5"]);
    assert!(events[1].1.starts_with("redxxx") && events[1].1.len() < 5000);
    assert_eq!(events[2].1, "a\u{fffd}b");
}

#[tokio::test]
async fn the_load_job_comes_and_goes() {
    let job = |version: &str, status: Value| json!({"metadata": {"name": "k6-load", "uid": "j", "resourceVersion": version}, "status": status});
    let over = Arc::new(AtomicBool::new(false));
    let end = over.clone();
    let api =
        FakeApi::start(move |r| match (r.of("/jobs?") && r.is_watch(), r.of("job-name=k6-load") && r.is_watch()) {
            (true, _) => Some(Reply::Stream(vec![
                Step::Line(event("ADDED", job("2", json!({"active": 1})))),
                Step::Line(event("MODIFIED", job("3", json!({"succeeded": 1})))),
                Step::When(end.clone()),
                Step::Line(event("DELETED", job("4", json!({})))),
                Step::Hold,
            ])),
            (_, true) => Some(Reply::hold([event("ADDED", pod("load", "2")), event("DELETED", pod("load", "3"))])),
            _ => None,
        })
        .await;
    let mut seen = api.watch().await;
    let job = |o: &Observation| match o {
        Observation::Job(job) => Some((job.active, job.succeeded)),
        _ => None,
    };
    assert_eq!(seen.next("job", job).await, (1, 0));
    assert_eq!(seen.next("job", job).await, (0, 1));
    seen.ever("pod of the load", |o| matches!(o, Observation::LoadPod(_))).await;
    over.store(true, Ordering::SeqCst);
    seen.next("gone", |o| matches!(o, Observation::JobGone { name } if name == "k6-load").then_some(())).await;
}

#[tokio::test]
async fn missing_samples_of_starting_pods_are_polled_for_soon() {
    let api = FakeApi::start(|r| (r.of("/apis/metrics.k8s.io/v1beta1/") && r.nth < 2).then(|| list(1, []))).await;
    let quick = Timing { settled: Duration::from_millis(20), ..timing() };
    let mut seen = api.watch_as(quick, world::HPA).await;
    let link = seen.link(Feed::Usage, FeedState::Up).await;
    assert!(link.reason.unwrap().contains("no sample of these pods yet"));
    seen.next("usage", samples).await;
}
