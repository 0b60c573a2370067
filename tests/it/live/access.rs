//! Servers that refuse or cannot be reached, as all feeds together see them.

use crate::it::support::fake_api::{FakeApi, Reply, Request, timing, world};
use edot_tui::observe::{Feed, FeedState, Observation};
use edot_tui::source::live::Timing;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use world::{hpa, list};

fn hpas(r: &Request) -> bool {
    r.of("/horizontalpodautoscalers")
}

#[tokio::test]
async fn a_list_that_is_denied_names_the_rule_and_recovers() {
    let api = FakeApi::start(|r| {
        (hpas(r) && !r.is_watch() && r.nth < 2)
            .then(|| Reply::forbidden("list", "horizontalpodautoscalers.autoscaling"))
    })
    .await;
    let mut seen = api.watch().await;
    let link = seen.link(Feed::Hpa, FeedState::Denied).await;
    let rule = link.rule.unwrap();
    assert_eq!((rule.verb.as_str(), rule.group.as_str()), ("list", "autoscaling"));
    assert_eq!((rule.resource.as_str(), rule.namespace.as_str()), ("horizontalpodautoscalers", "observability-lab"));
    assert!(
        link.hint.unwrap().starts_with("add to a Role in namespace observability-lab: apiGroups [\"autoscaling\"]")
    );
    assert!(link.retry_at.is_some());
    seen.link(Feed::Pods, FeedState::Absent).await;
    seen.all_up().await;
}

#[tokio::test]
async fn if_only_the_watch_is_denied_the_list_is_shown_and_read_again() {
    let api = FakeApi::start(|r| match (hpas(r), r.is_watch()) {
        (true, true) if r.nth < 3 => Some(Reply::forbidden("watch", "horizontalpodautoscalers.autoscaling")),
        (true, false) => Some(list(10 + r.nth as u32, [hpa(&r.nth.to_string())])),
        _ => None,
    })
    .await;
    let mut seen = api.watch().await;
    assert_eq!(seen.link(Feed::Hpa, FeedState::Denied).await.rule.unwrap().verb, "watch");
    let version = |o: &Observation| match o {
        Observation::Hpa(hpa) => Some(hpa.resource_version.clone()),
        _ => None,
    };
    while seen.next("HPA", version).await != "2" {}
    seen.all_up().await;
    assert!(!seen.links().iter().any(|l| l.starts_with("hpa Absent")), "{:?}", seen.links());
}

#[tokio::test]
async fn a_token_that_has_expired_is_renewed_silently() {
    let api = FakeApi::secure(|r| (r.token == "old").then(|| Reply::status(401, "Unauthorized", "Unauthorized"))).await;
    api.write_token("old");
    let cluster = api.cluster().await;
    api.write_token("new");
    let names = edot_tui::source::live::list_hpas(&cluster, world::NAMESPACE).await;
    assert_eq!(names.unwrap(), [world::HPA]);
    let tokens: Vec<String> = api.requests(hpas).into_iter().map(|r| r.token).collect();
    assert_eq!(tokens, ["old", "new"]);
}

#[tokio::test]
async fn credentials_that_are_refused_are_denied_until_there_are_others() {
    let api =
        FakeApi::secure(|r| (r.token != "good").then(|| Reply::status(401, "Unauthorized", "Unauthorized"))).await;
    let mut seen = api.watch().await;
    let link = seen.link(Feed::Hpa, FeedState::Denied).await;
    assert!(link.reason.unwrap().contains("401") && link.rule.is_none());
    assert!(link.hint.unwrap().contains("log in again"));
    api.write_token("good");
    seen.all_up().await;
}

#[tokio::test]
async fn credentials_that_can_no_longer_be_read_are_reported() {
    let api =
        FakeApi::secure(|r| (r.token != "good").then(|| Reply::status(401, "Unauthorized", "Unauthorized"))).await;
    let mut seen = api.watch().await;
    seen.link(Feed::Hpa, FeedState::Denied).await;
    api.remove_token();
    let no_file = |o: &Observation| match o {
        Observation::FeedStatus(link) => {
            link.reason.clone().filter(|reason| reason.contains("cannot read the token file"))
        }
        _ => None,
    };
    seen.next("reason", no_file).await;
    api.write_token("good");
    seen.all_up().await;
}

#[tokio::test]
async fn a_server_that_stops_and_returns_is_watched_again_by_every_feed() {
    let mut api = FakeApi::start(|_| None).await;
    let mut seen = api.watch().await;
    seen.all_up().await;
    api.stop().await;
    seen.all_are(&[Feed::Hpa, Feed::Target, Feed::Pods, Feed::Events, Feed::Load], FeedState::Retrying).await;
    let reason = seen.links().pop().unwrap();
    assert!(reason.to_lowercase().contains("connection refused"), "{reason}");
    api.resume().await;
    seen.all_up().await;
}

#[tokio::test]
async fn requests_that_follow_failures_keep_their_distance_all_feeds_together() {
    let between = Duration::from_millis(20);
    let api = FakeApi::start(|_| Some(Reply::status(503, "ServiceUnavailable", "starting"))).await;
    let fast = Timing { between, first: Duration::from_millis(1), longest: Duration::from_millis(2), ..timing() };
    let _seen = api.watch_as(fast, world::HPA).await;
    // These wait for no turn: the version and the first lists, which are the HPA, events twice, the Job and its pods.
    let (free, count) = (6, 36);
    let times: Vec<_> = api.wait_for(count, |_| true).await.into_iter().map(|r| r.at).collect();
    let least = between * (count - free - 2) as u32;
    assert!(times[count - 1] - times[0] >= least, "{:?} for {count}", times[count - 1] - times[0]);
}

#[tokio::test]
async fn silent_watches_are_doubted_when_other_requests_get_no_answer() {
    let hung = Arc::new(AtomicBool::new(false));
    let is_hung = hung.clone();
    let api = FakeApi::start(move |r| match is_hung.load(Ordering::SeqCst) {
        true => Some(Reply::Hang),
        // A poll that fails, and so is repeated soon.
        false => r.of("/apis/metrics.k8s.io/v1beta1/").then(|| Reply::status(503, "", "")),
    })
    .await;
    let brief = Timing { request: Duration::from_millis(400), retried: Duration::from_millis(200), ..timing() };
    let mut seen = api.watch_as(brief, world::HPA).await;
    seen.all_are(&[Feed::Hpa, Feed::Target, Feed::Pods, Feed::Events], FeedState::Up).await;
    hung.store(true, Ordering::SeqCst);
    seen.reported(r#"Stale Some("the API server does not answer other requests")"#).await;
    hung.store(false, Ordering::SeqCst);
    // The usage feed's answer is an error, but an answer.
    seen.all_are(&[Feed::Hpa, Feed::Target, Feed::Pods, Feed::Events], FeedState::Up).await;
}

#[tokio::test]
async fn a_cluster_that_was_created_again_elsewhere_is_found_by_its_kubeconfig() {
    let mut old = FakeApi::start(|_| None).await;
    let mut seen = old.watch().await;
    seen.all_up().await;
    let new = FakeApi::start(|r| match hpas(r) && !r.is_watch() {
        true => Some(list(7, [hpa("7")])),
        false => None,
    })
    .await;
    old.stop().await;
    seen.link(Feed::Hpa, FeedState::Retrying).await;
    old.point_to(new.address);
    let version = |o: &Observation| match o {
        Observation::Hpa(hpa) => Some(hpa.resource_version.clone()),
        _ => None,
    };
    assert_eq!(seen.next("HPA", version).await, "7");
    seen.all_up().await;
}
