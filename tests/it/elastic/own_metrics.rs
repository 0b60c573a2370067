//! Collectors that send their own metrics and open no port for them: read from the documents in Elasticsearch.

use super::feed::healthy;
use crate::it::support::fake_api::{FakeApi, Reply, Request, timing, world};
use crate::it::support::seen::{Seen, settings, watch_as};
use edot_tui::observe::{CollectorSeen, Feed, FeedState, Observation, Role, Signal};
use edot_tui::source::live::collector::Endpoint;
use edot_tui::source::live::elastic::IngestSettings;
use edot_tui::source::live::{Settings, Timing};
use serde_json::{Value, json};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// Two exports, ten seconds apart, of a real collector 0.157 that sends them to itself and so to Elasticsearch 8.19. The first
/// has documents of two milliseconds.
const ANSWER: &str = include_str!("../../data/elasticsearch/own-metrics.json");
const POD: &str = "edot-gateway-64f456477b-a";

/// The documents, by the pod's name and without those that `keep` leaves out.
fn answer(keep: impl Fn(usize, &Value) -> bool) -> String {
    let mut answer: Value = serde_json::from_str(&ANSWER.replace("edot-gateway-abc-1", POD)).unwrap();
    let hits = answer["hits"]["hits"].as_array_mut().unwrap();
    let kept: Vec<Value> =
        hits.iter().enumerate().filter(|(at, hit)| keep(*at, hit)).map(|(_, hit)| hit.clone()).collect();
    *hits = kept;
    answer.to_string()
}

/// A cluster whose gateway has this configuration and no port 8888, and an Elasticsearch that answers the searches of
/// collectors' metrics by `script`.
async fn watch_sending(
    readers: &'static str,
    script: impl Fn(usize) -> (u16, String) + Send + Sync + 'static,
) -> (FakeApi, Seen) {
    let searches = AtomicUsize::new(0);
    let config = format!(
        "receivers: {{otlp: {{}}}}\nexporters: {{elasticsearch/otel: {{}}}}\nservice:\n  telemetry: {{metrics: {{readers: {readers}}}}}\n  \
         pipelines: {{metrics: {{receivers: [otlp], exporters: [elasticsearch/otel]}}}}\n"
    );
    let api = FakeApi::start(move |r: &Request| {
        if r.of("/configmaps/") {
            return Some(Reply::json(json!({"data": {"config.yaml": config, "gateway.yaml": config}})));
        }
        if r.of("metrics-*/_search") {
            let (code, body) = script(searches.fetch_add(1, Ordering::Relaxed));
            return Some(Reply::Whole(code, "application/json", body.into_bytes()));
        }
        let elastic = r.path == "/" || r.path.starts_with("/_") || r.of("/_stats/") || r.of("/_search");
        elastic.then(|| healthy(r))
    })
    .await;
    let ingest = IngestSettings { url: Some(format!("http://{}", api.address)), ..IngestSettings::default() };
    let timing = Timing { ingest: Duration::from_millis(40), ..timing() };
    let watched = Settings { ingest, collector: Some(Endpoint::default()), ..settings(timing, world::HPA) };
    let seen = watch_as(api.cluster().await, watched);
    (api, seen)
}

fn scrape(o: &Observation) -> Option<CollectorSeen> {
    if let Observation::Collector(seen) = o { Some((**seen).clone()) } else { None }
}

fn spans(seen: &CollectorSeen) -> Option<f64> {
    seen.receivers.iter().find(|r| r.signal == Signal::Traces)?.accepted
}

#[tokio::test]
async fn what_a_collector_sends_of_itself_is_read_from_elasticsearch() {
    // At first half of the second export is indexed, for two answers alike.
    let newest = |hit: &Value| hit["_source"]["@timestamp"] == 1_796_009_170_370_i64;
    let script = move |nth| (200, answer(|at, hit| nth > 1 || !newest(hit) || at % 2 == 0));
    let (_api, mut seen) = watch_sending("[{periodic: {exporter: {otlp: {}}}}]", script).await;
    let first = seen.next("the first export", scrape).await;
    assert_eq!(
        (first.pod.as_str(), first.uid.as_str(), first.role, first.version.as_str()),
        (POD, "a", Role::Gateway, "0.157.0")
    );
    assert_eq!(
        first.measured.map(|at| at.timestamp_millis()),
        Some(1_796_009_160_369),
        "both milliseconds are one export"
    );
    let second = seen.next("the second export", scrape).await;
    assert_eq!(second.measured.map(|at| at.timestamp_millis()), Some(1_796_009_170_370));
    assert_eq!((spans(&first), spans(&second)), (Some(1800.0), Some(2800.0)), "100 spans a second");
    assert!(second.process.uptime_s > first.process.uptime_s && second.process.rss_bytes.is_some());
    assert!(second.exporters.iter().any(|e| e.name == "elasticsearch/otel" && e.queue_capacity == Some(10.0)));
    assert!(second.elastic.outcomes.iter().any(|o| o.outcome == "success" && o.documents > Some(0.0)));
    seen.ever("the feed is up", |o| match o {
        Observation::FeedStatus(status) if status.feed == Feed::Collector && status.state == FeedState::Up => {
            status.reason.as_deref().is_some_and(|r| r.starts_with("1 of 1 collectors answer (1 read in Elasticsearch"))
        }
        _ => false,
    })
    .await;
    let scrapes = seen.all.iter().filter(|stamped| scrape(&stamped.what).is_some()).count();
    assert_eq!(scrapes, 2, "the same export is reported once");
}

#[tokio::test]
async fn where_they_may_not_be_read_the_feed_says_so() {
    let (_api, mut seen) = watch_sending("[{periodic: {}}]", |_| (200, r#"{"_shards":{"total":0}}"#.into())).await;
    seen.reported("they cannot be read in Elasticsearch: without credentials may not read metrics-*").await;
}

#[tokio::test]
async fn documents_that_do_not_name_a_pod_are_of_no_collector() {
    let nameless = |_| (200, answer(|_, _| true).replace(POD, "another"));
    let (_api, mut seen) = watch_sending("[{periodic: {}}]", nameless).await;
    seen.reported("Elasticsearch has none that name their pods").await;
    assert!(seen.all.iter().all(|stamped| scrape(&stamped.what).is_none()));
}

#[tokio::test]
async fn a_collector_that_can_be_scraped_is_not_searched_for() {
    let (api, mut seen) = watch_sending("[{pull: {}}, {periodic: {}}]", |_| (200, answer(|_, _| true))).await;
    seen.link(Feed::Collector, FeedState::Retrying).await;
    seen.next("two turns", |o| matches!(o, Observation::ElasticHealth(_)).then_some(())).await;
    assert!(api.requests(|r| r.of("metrics-*/_search")).is_empty());
}
