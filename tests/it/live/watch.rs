//! The watch loop against each failure of a server: what is reported, what is requested, and that it recovers.

use crate::it::support::fake_api::{FakeApi, Reply, Request, Step, timing, world};
use edot_tui::observe::{Feed, FeedState, Observation};
use edot_tui::source::live::Timing;
use serde_json::json;
use std::time::Duration;
use world::{bookmark, event, expired, hpa, list, pod};

fn pods(request: &Request) -> bool {
    request.of("/namespaces/observability-lab/pods?") && !request.of("metrics.k8s.io")
}

fn hpas(request: &Request) -> bool {
    request.of("/horizontalpodautoscalers") && request.query("fieldSelector").is_some()
}

fn pod_seen(o: &Observation) -> Option<String> {
    match o {
        Observation::Pod(pod) => Some(pod.uid.clone()),
        _ => None,
    }
}

fn pod_gone(o: &Observation) -> Option<String> {
    match o {
        Observation::PodGone(pod) => Some(pod.uid.clone()),
        _ => None,
    }
}

/// Lists pods a and b first, then b and c; the first watch is answered with `first_watch`.
async fn relisted_after(first_watch: fn() -> Reply) {
    let api = FakeApi::start(move |r| match (pods(r), r.is_watch(), r.nth) {
        (true, false, 0) => Some(list(10, [pod("a", "1"), pod("b", "2")])),
        (true, false, _) => Some(list(20, [pod("b", "2"), pod("c", "15")])),
        (true, true, 0) => Some(first_watch()),
        _ => None,
    })
    .await;
    let mut seen = api.watch().await;
    assert_eq!(seen.next("pod", pod_seen).await, "a");
    assert_eq!(seen.next("pod", pod_seen).await, "b");
    assert_eq!(seen.next("pod", pod_seen).await, "c", "b has not changed and is not sent again");
    assert_eq!(seen.next("gone", pod_gone).await, "a");
    seen.all_up().await;
    let watches = api.wait_for(2, |r| pods(r) && r.is_watch()).await;
    assert_eq!(watches[1].query("resourceVersion"), Some("20"));
    assert!(!seen.links().iter().any(|l| l.starts_with("pods Retrying")), "{:?}", seen.links());
}

#[tokio::test]
async fn a_410_in_the_watch_lists_again_and_sends_what_changed_meanwhile() {
    relisted_after(|| Reply::hold([expired()])).await;
}

#[tokio::test]
async fn a_410_as_the_watchs_answer_does_the_same() {
    relisted_after(|| Reply::status(410, "Expired", "too old resource version")).await;
}

#[tokio::test]
async fn a_server_that_always_answers_410_is_reported_without_spinning() {
    let api = FakeApi::start(|r| (pods(r) && r.is_watch()).then(|| Reply::end([expired()]))).await;
    let mut seen = api.watch().await;
    let mut link = seen.link(Feed::Pods, FeedState::Retrying).await;
    while link.attempt < 3 {
        link = seen.link(Feed::Pods, FeedState::Retrying).await;
    }
    assert!(link.reason.unwrap().contains("410"));
    assert!(api.requests(|r| pods(r) && r.is_watch()).len() <= 5);
}

#[tokio::test]
async fn a_watch_resumes_from_its_bookmark() {
    let api = FakeApi::start(|r| match (pods(r) && r.is_watch(), r.nth) {
        (true, 0) => Some(Reply::Stream(vec![
            Step::Line(event("ADDED", pod("b", "110"))),
            Step::Line(bookmark("150")),
            Step::Wait(Duration::from_millis(350)),
        ])),
        (true, 1) => Some(Reply::hold([event("DELETED", pod("b", "160"))])),
        _ => None,
    })
    .await;
    let mut seen = api.watch().await;
    assert_eq!(seen.next("gone", pod_gone).await, "b");
    let watches = api.requests(|r| pods(r) && r.is_watch());
    let versions: Vec<_> = watches.iter().map(|r| r.query("resourceVersion").unwrap()).collect();
    assert_eq!(versions, ["100", "150"]);
    assert_eq!(api.requests(|r| pods(r) && !r.is_watch()).len(), 1, "nothing is listed again");
    assert!(watches[0].query("allowWatchBookmarks") == Some("true") && watches[0].query("timeoutSeconds").is_some());
}

#[tokio::test]
async fn a_proxy_that_cuts_every_watch_is_reported_without_spinning_until_it_stops() {
    let api = FakeApi::start(|r| match (hpas(r) && r.is_watch(), r.nth) {
        (true, n) if n < 8 => {
            Some(Reply::Stream(vec![if n % 2 == 0 { Step::Cut } else { Step::Wait(Duration::ZERO) }]))
        }
        _ => None,
    })
    .await;
    let mut seen = api.watch().await;
    let mut link = seen.link(Feed::Hpa, FeedState::Retrying).await;
    assert_eq!(link.attempt, 3, "the first cuts are not reported: {link:?}");
    assert!(link.reason.as_ref().unwrap().contains("is cut after 0.0 s again and again"), "{link:?}");
    while link.attempt < 6 {
        link = seen.link(Feed::Hpa, FeedState::Retrying).await;
    }
    assert!(api.requests(|r| hpas(r) && r.is_watch()).len() <= 7, "no more requests than were reported");
    assert_eq!(api.requests(|r| hpas(r) && !r.is_watch()).len(), 1);
    seen.link(Feed::Hpa, FeedState::Up).await;
}

#[tokio::test]
async fn a_list_that_breaks_off_is_reported_and_read_again() {
    let api = FakeApi::start(|r| match (hpas(r) && !r.is_watch(), r.nth) {
        (true, 0) => Some(Reply::Torn(b"{\"items\":[".to_vec())),
        (true, 1) => Some(Reply::Cut),
        _ => None,
    })
    .await;
    let mut seen = api.watch().await;
    let reason = seen.link(Feed::Hpa, FeedState::Retrying).await.reason.unwrap();
    assert!(reason.contains("broke off after 10 bytes"), "{reason}");
    let reason = seen.link(Feed::Hpa, FeedState::Retrying).await.reason.unwrap();
    assert!(reason.starts_with("cannot reach http://127.0.0.1:"), "{reason}");
    seen.link(Feed::Hpa, FeedState::Up).await;
}

#[tokio::test]
async fn a_watch_without_a_sign_of_life_is_stale_and_opened_again() {
    let api = FakeApi::start(|r| match (hpas(r) && r.is_watch(), r.nth) {
        (true, 0) => Some(Reply::hold([bookmark("120")])),
        (true, 1) => Some(Reply::hold([event("MODIFIED", hpa("130"))])),
        _ => None,
    })
    .await;
    let mut seen = api.watch_as(Timing { silent: Duration::from_millis(150), ..timing() }, world::HPA).await;
    let link = seen.link(Feed::Hpa, FeedState::Stale).await;
    assert!(link.reason.unwrap().starts_with("no sign of life"));
    seen.link(Feed::Hpa, FeedState::Up).await;
    let second = &api.requests(|r| hpas(r) && r.is_watch())[1];
    assert_eq!(second.query("resourceVersion"), Some("120"));
    let seconds: u64 = second.query("timeoutSeconds").unwrap().parse().unwrap();
    assert!(seconds > 200, "there were bookmarks, so there is no need for short watches");
}

#[tokio::test]
async fn without_bookmarks_the_watchs_own_end_is_the_sign_of_life() {
    let api = FakeApi::start(|_| None).await;
    let mut seen = api.watch_as(Timing { silent: Duration::from_millis(150), ..timing() }, world::HPA).await;
    seen.link(Feed::Hpa, FeedState::Up).await;
    let asked = |r: &Request| r.query("timeoutSeconds").unwrap().parse::<u64>().unwrap();
    let watches = api.wait_for(2, |r| hpas(r) && r.is_watch()).await;
    seen.next("a moment", |o| matches!(o, Observation::Tick).then_some(())).await;
    let doubted =
        |o: &Observation| matches!(o, Observation::FeedStatus(l) if l.feed == Feed::Hpa && l.state == FeedState::Stale);
    assert!(!seen.all.iter().any(|s| doubted(&s.what)), "it is not the server's fault");
    assert!(asked(&watches[0]) > 200 && asked(&watches[1]) <= 70);
    assert!(api.requests(|r| r.of("/events?") && r.is_watch()).iter().all(|r| asked(r) <= 70));
}

#[tokio::test]
async fn a_line_that_is_no_event_lists_again() {
    let api = FakeApi::start(|r| match (hpas(r), r.is_watch(), r.nth) {
        (true, true, 0) => {
            Some(Reply::Stream(vec![Step::Bytes(b"<html><b>Proxy\x1b[2J</b> says no</html>\n".to_vec()), Step::Hold]))
        }
        (true, false, 1) => Some(list(200, [hpa("150")])),
        _ => None,
    })
    .await;
    let mut seen = api.watch().await;
    let reason = seen.link(Feed::Hpa, FeedState::Retrying).await.reason.unwrap();
    assert_eq!(reason, r#"the watch sent a line that is no event: "Proxy says no""#);
    let version = |o: &Observation| match o {
        Observation::Hpa(hpa) if hpa.resource_version == "150" => Some(()),
        _ => None,
    };
    seen.next("newer HPA", version).await;
    seen.link(Feed::Hpa, FeedState::Up).await;
}

#[tokio::test]
async fn a_line_without_end_is_refused() {
    let api = FakeApi::start(|r| {
        (hpas(r) && r.is_watch() && r.nth == 0)
            .then(|| Reply::Stream((0..18).map(|_| Step::Bytes(vec![b'x'; 1 << 20])).chain([Step::Hold]).collect()))
    })
    .await;
    let mut seen = api.watch().await;
    let reason = seen.next("retrying", |o| match o {
        Observation::FeedStatus(l) if l.feed == Feed::Hpa && l.state == FeedState::Retrying => l.reason.clone(),
        _ => None,
    });
    assert!(reason.await.contains("longer than 16 MB"));
    seen.link(Feed::Hpa, FeedState::Up).await;
}

#[tokio::test]
async fn an_object_that_cannot_be_read_is_left_out_and_the_rest_is_sent() {
    let api = FakeApi::start(|r| match (pods(r), r.is_watch(), r.nth) {
        (true, false, 0) => {
            let odd = json!({"metadata": {"uid": "odd"}, "spec": {"containers": 7}});
            Some(list(10, [odd, pod("a", "1")]))
        }
        (true, true, 0) => Some(Reply::hold([
            event("ADDED", json!({"metadata": {"uid": "o", "resourceVersion": "11"}, "status": {"phase": []}})),
            event("LATER", json!({"metadata": {"resourceVersion": "12"}})),
            event("ADDED", pod("b", "13")),
        ])),
        _ => None,
    })
    .await;
    let mut seen = api.watch().await;
    assert_eq!(seen.next("pod", pod_seen).await, "a");
    assert_eq!(seen.next("pod", pod_seen).await, "b");
}

#[tokio::test]
async fn a_thousand_pods_come_in_pages() {
    let api = FakeApi::start(|r| {
        let (from, next) = match r.query("continue") {
            None => (0, json!({"resourceVersion": "9", "continue": "more of it=="})),
            Some(_) => (500, json!({"resourceVersion": "9"})),
        };
        let one = |n: usize| json!({"metadata": {"uid": n.to_string(), "resourceVersion": "1"}});
        let page = || (from..from + 500).map(one).collect::<Vec<_>>();
        (pods(r) && !r.is_watch()).then(|| Reply::json(json!({"metadata": next, "items": page()})))
    })
    .await;
    let mut seen = api.watch().await;
    for n in 0..1000 {
        assert_eq!(seen.next("pod", pod_seen).await, n.to_string());
    }
    let lists = api.requests(|r| pods(r) && !r.is_watch());
    assert_eq!(lists.iter().map(|r| r.query("continue")).collect::<Vec<_>>(), [None, Some("more of it==")]);
}

#[tokio::test]
async fn a_list_whose_pages_never_end_is_given_up() {
    let api = FakeApi::start(|r| {
        let page = || json!({"metadata": {"resourceVersion": "9", "continue": "more"}, "items": []});
        (hpas(r) && !r.is_watch() && r.nth < 3_000).then(|| Reply::json(page()))
    })
    .await;
    let mut seen = api.watch().await;
    let reason = seen.link(Feed::Hpa, FeedState::Retrying).await.reason.unwrap();
    assert!(reason.contains("more than 1000 pages"), "{reason}");
}
