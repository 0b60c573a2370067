//! The ingest feed over a scripted Elasticsearch: its observations, and one clear sentence for every failure.

use crate::it::support::fake_api::{FakeApi, Reply, Request, Step, timing, world};
use crate::it::support::seen::{Seen, watch_with};
use edot_tui::observe::{CountedBy, Feed, FeedState, FeedStatus, Observation};
use edot_tui::source::live::Timing;
use edot_tui::source::live::elastic::IngestSettings;
use secrecy::SecretString;
use std::time::Duration;

/// The responses of a healthy Elasticsearch.
pub fn healthy(r: &Request) -> Reply {
    let body = match r.path.split('?').next().unwrap_or_default() {
        "/" => include_str!("../../data/elastic/root.json"),
        p if p.contains("/_stats/") => include_str!("../../data/elastic/stats-shards-before.json"),
        p if p.starts_with("/_nodes/stats") => include_str!("../../data/elastic/nodes-stats.json"),
        "/_cluster/health" => include_str!("../../data/elastic/cluster-health.json"),
        p if p.ends_with("/_search") => r#"{"hits":{"total":{"value":0}},"_shards":{"failed":0}}"#,
        _ => {
            return Reply::Whole(405, "application/json", include_bytes!("../../data/elastic/error-405.json").to_vec());
        }
    };
    Reply::Whole(200, "application/json", body.as_bytes().to_vec())
}

fn is_elastic(r: &Request) -> bool {
    r.path == "/" || r.path.starts_with("/_") || r.path.contains("/_stats/") || r.path.contains("/_search")
}

/// One server for both: the cluster's API, and Elasticsearch by `script`. `limit` is the request timeout.
async fn both_within(limit: Duration, script: impl Fn(&Request) -> Reply + Send + Sync + 'static) -> (FakeApi, Seen) {
    let api = FakeApi::start(move |r| is_elastic(r).then(|| script(r))).await;
    let settings = IngestSettings {
        url: Some(format!("http://{}", api.address)),
        user: Some("watcher".into()),
        password: Some(SecretString::from("hunter2".to_owned())),
        ..IngestSettings::default()
    };
    let timing = Timing { ingest: Duration::from_millis(40), request: limit, ..timing() };
    let seen = watch_with(api.cluster().await, timing, world::HPA, settings);
    (api, seen)
}

pub async fn both(script: impl Fn(&Request) -> Reply + Send + Sync + 'static) -> (FakeApi, Seen) {
    both_within(Duration::from_secs(20), script).await
}

fn ingest(o: &Observation) -> Option<FeedStatus> {
    match o {
        Observation::FeedStatus(link) if link.feed == Feed::Ingest && link.state != FeedState::Connecting => {
            Some(link.clone())
        }
        _ => None,
    }
}

/// The feed's status after its first contact with `script`.
async fn status_with(script: impl Fn(&Request) -> Reply + Send + Sync + 'static) -> (FeedState, String, String) {
    let (_api, mut seen) = both(script).await;
    let link = seen.next("link of ingest", ingest).await;
    (link.state, link.reason.unwrap_or_default(), link.hint.unwrap_or_default())
}

#[tokio::test]
async fn a_healthy_cluster_gives_counters_nodes_health_and_quality() {
    let (api, mut seen) = both(healthy).await;
    let nodes = seen.next("nodes", |o| if let Observation::ElasticNodes(n) = o { Some(n.clone()) } else { None }).await;
    let node = &nodes.nodes[0];
    assert_eq!((node.name.as_str(), node.uptime_ms, node.heap_percent), ("edot-es-0", Some(1_943_435), Some(21.0)));
    assert!(node.write.is_some() && node.breakers.iter().any(|b| b.name == "parent"));
    let counters =
        seen.next("counters", |o| if let Observation::Counters(c) = o { Some(c.clone()) } else { None }).await;
    assert_eq!((counters.by, counters.indices.len(), counters.failed_shards), (CountedBy::SeqNo, 1, 0));
    let documents: i64 = counters.indices[0].shards.iter().map(|s| s.max_seq_no + 1).sum();
    assert_eq!((documents, counters.indices[0].indexed), (600, Some(600)));
    seen.ever("health", |o| matches!(o, Observation::ElasticHealth(h) if h.status == "green")).await;
    seen.ever("quality", |o| matches!(o, Observation::LogQuality(q) if q.denied.is_none())).await;
    seen.ever("cluster", |o| matches!(o, Observation::Elastic(e) if e.version == "8.19.21" && e.user == "watcher"))
        .await;
    let link = seen.link(Feed::Ingest, FeedState::Up).await;
    assert_eq!(link.hint, None);
    assert!(!format!("{:?} {:?}", seen.all, link).contains("hunter2"));
    drop(api);
}

#[tokio::test]
async fn without_elasticsearch_all_other_feeds_work() {
    let api = FakeApi::start(|_| None).await;
    let mut seen = watch_with(api.cluster().await, timing(), world::HPA, IngestSettings::default());
    let link = seen.link(Feed::Ingest, FeedState::Absent).await;
    assert!(link.hint.unwrap().contains("--es-url"), "a hint");
    seen.all_up().await;
}

#[tokio::test]
async fn a_rejected_password_is_reported_without_it() {
    let wrong = include_bytes!("../../data/elastic/error-401-wrong.json");
    let (state, reason, hint) = status_with(|_| Reply::Whole(401, "application/json", wrong.to_vec())).await;
    assert_eq!(state, FeedState::Denied);
    assert_eq!(reason, "Elasticsearch does not accept the password of user watcher (401)");
    assert!(hint.contains("EDOT_TUI_ES_PASSWORD") && !hint.contains("hunter2"), "{hint}");
}

#[tokio::test]
async fn one_denied_api_leaves_the_others() {
    let denied = |r: &Request| match r.path.starts_with("/_nodes") {
        true => Reply::Whole(403, "application/json", include_bytes!("../../data/elastic/error-403.json").to_vec()),
        false => healthy(r),
    };
    let (state, reason, hint) = status_with(denied).await;
    assert_eq!(state, FeedState::Up);
    assert!(reason.contains("user watcher may not use _nodes (403)"), "{reason}");
    assert!(hint.contains("monitor"), "{hint}");
}

#[tokio::test]
async fn without_stats_documents_are_counted() {
    let script = |r: &Request| match r.path.as_str() {
        p if p.contains("/_stats/") => Reply::Whole(
            410,
            "application/json",
            br#"{"error":{"reason":"not available in serverless mode"}}"#.to_vec(),
        ),
        p if p.starts_with("/_cat/indices") => {
            let rows =
                r#"[{"index":".ds-logs-a-b-2026.11.24-000001","uuid":"u","docs.count":"50","pri.store.size":"9"}]"#;
            Reply::Whole(200, "application/json", rows.as_bytes().to_vec())
        }
        _ => healthy(r),
    };
    let (_api, mut seen) = both(script).await;
    let counters =
        seen.next("counters", |o| if let Observation::Counters(c) = o { Some(c.clone()) } else { None }).await;
    assert_eq!((counters.by, counters.indices[0].documents), (CountedBy::Documents, Some(50)));
    let link = seen.link(Feed::Ingest, FeedState::Up).await;
    assert!(link.reason.unwrap().contains("counted by searchable documents"), "the method is named");
}

#[tokio::test]
async fn a_proxys_error_page_is_recognised() {
    let page = b"<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>";
    let (state, reason, hint) = status_with(|_| Reply::Whole(502, "text/html", page.to_vec())).await;
    assert_eq!(state, FeedState::Retrying);
    assert_eq!(reason, "a proxy before Elasticsearch answers 502: 502 Bad Gateway 502 Bad Gateway");
    assert!(hint.contains("ingress"), "{hint}");
}

#[tokio::test]
async fn a_response_is_limited_in_size() {
    let endless = |r: &Request| match r.path.contains("/_stats/") {
        true => Reply::Stream((0..50).map(|_| Step::Bytes(vec![b' '; 1 << 20])).collect()),
        false => healthy(r),
    };
    let (state, reason, _) = status_with(endless).await;
    assert_eq!((state, reason.as_str()), (FeedState::Retrying, "the answer is longer than 16 MB"));
}

#[tokio::test]
async fn a_response_that_never_ends_times_out() {
    let slow = |r: &Request| match r.path.contains("/_stats/") {
        true => Reply::Stream(vec![Step::Bytes(b"{".to_vec()), Step::Hold]),
        false => healthy(r),
    };
    let (_api, mut seen) = both_within(Duration::from_millis(400), slow).await;
    let link = seen.next("link of ingest", ingest).await;
    let (state, reason, hint) = (link.state, link.reason.unwrap(), link.hint.unwrap());
    assert_eq!(state, FeedState::Retrying);
    assert!(
        reason.starts_with("no whole answer from http://127.0.0.1:") && reason.ends_with("within 0.4 s"),
        "{reason}"
    );
    assert!(hint.contains("--request-timeout"), "{hint}");
}

#[tokio::test]
async fn another_server_is_reported_as_such() {
    let (_, reason, hint) = status_with(|_| Reply::Whole(200, "text/html", b"<html>Sign in</html>".to_vec())).await;
    assert!(reason.contains("is not one of Elasticsearch's"), "{reason}");
    assert!(hint.contains("check that http://"), "{hint}");
    let (state, reason, hint) = status_with(|_| Reply::Cut).await;
    assert!(state == FeedState::Retrying && reason.contains("closed the connection without an answer"), "{reason}");
    assert!(hint.contains("https://"), "{hint}");
}

#[tokio::test]
async fn queries_follow_the_schedule_and_resume_after_a_failure() {
    let script = |r: &Request| match (r.path.contains("/_stats/"), r.nth) {
        (true, 2) => Reply::Whole(503, "application/json", br#"{"error":"busy","status":503}"#.to_vec()),
        _ => healthy(r),
    };
    let (api, mut seen) = both(script).await;
    let link = seen.link(Feed::Ingest, FeedState::Retrying).await;
    assert_eq!(link.reason.as_deref(), Some("Elasticsearch answers _stats with 503: busy"));
    seen.link(Feed::Ingest, FeedState::Up).await;
    let asked = |part: &'static str| api.requests(move |r| r.of(part)).len();
    assert!(asked("/_stats/") >= 4 && asked("/_cat/") == 0 && asked("_data_stream") == 0);
    assert!(api.requests(|r| r.of("/_stats/")).iter().all(|r| r.of("filter_path=_shards.failed")));
}
