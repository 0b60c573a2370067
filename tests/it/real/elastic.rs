//! The ingest feed over a real Elasticsearch (`EDOT_ES_URL`, plain HTTP, no security), written to at known rates while an
//! index rolls over, another is deleted, documents are refused, and (with the shell command `EDOT_ES_RESTART`) it starts
//! anew.

use crate::it::support::fake_api::{FakeApi, timing, world};
use crate::it::support::seen::watch_with;
use edot_tui::observe::{Observation, Signal};
use edot_tui::session::Session;
use edot_tui::session::ingest::RejectionCause;
use edot_tui::source::live::Timing;
use edot_tui::source::live::elastic::IngestSettings;
use std::time::Duration;
use tokio::time::{Instant, interval, sleep_until};

/// Stream, its signal, documents a second.
const STREAMS: [(&str, Signal, u32); 3] = [
    ("logs-generic.otel-rates", Signal::Logs, 200),
    ("metrics-generic.otel-rates", Signal::Metrics, 120),
    ("traces-generic.otel-rates", Signal::Traces, 50),
];

fn url() -> String {
    std::env::var("EDOT_ES_URL").unwrap_or_else(|_| "http://127.0.0.1:19200".into())
}

async fn send(method: reqwest::Method, path: &str, body: String) -> Result<serde_json::Value, reqwest::Error> {
    let kind = if path.contains("_bulk") { "application/x-ndjson" } else { "application/json" };
    let request = reqwest::Client::new().request(method, format!("{}/{path}", url())).header("content-type", kind);
    let text = request.body(body).timeout(Duration::from_secs(30)).send().await?.text().await?;
    Ok(serde_json::from_str(&text).unwrap_or_default())
}

/// A bulk body; every document but those of `odd` can be indexed.
fn bulk(documents: u32, odd: bool) -> String {
    let now = chrono::Utc::now().to_rfc3339();
    let at = if odd { "\"no time at all\"".to_owned() } else { format!("\"{now}\"") };
    let one = format!("{{\"create\":{{}}}}\n{{\"@timestamp\":{at},\"n\":1,\"text\":\"{}\"}}\n", "x".repeat(200));
    one.repeat(documents as usize)
}

/// Writes at a steady rate until `end`; how many documents were taken.
async fn write(stream: &'static str, rate: u32, end: Instant) -> u64 {
    let (mut taken, mut tick) = (0, interval(Duration::from_millis(100)));
    while Instant::now() < end {
        tick.tick().await;
        if let Ok(answer) = send(reqwest::Method::POST, &format!("{stream}/_bulk"), bulk(rate / 10, false)).await {
            let items = answer["items"].as_array().into_iter().flatten();
            taken += items.filter(|i| i["create"]["status"] == 201).count() as u64;
        }
    }
    taken
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a real Elasticsearch, and writes to it"]
async fn real_rates_are_right_whatever_happens_to_the_indices() {
    for (stream, ..) in STREAMS {
        let _ = send(reqwest::Method::DELETE, &format!("_data_stream/{stream}"), String::new()).await;
    }
    let template = r#"{"index_patterns":["logs-*-rates","metrics-*-rates","traces-*-rates"],"priority":900,"data_stream":{},"template":{"settings":{"number_of_shards":2,"number_of_replicas":0}}}"#;
    send(reqwest::Method::PUT, "_index_template/rates", template.into()).await.unwrap();
    let api = FakeApi::start(|_| None).await;
    let settings = IngestSettings { url: Some(url()), ..IngestSettings::default() };
    let timing = Timing { ingest: Duration::from_secs(10), request: Duration::from_secs(10), ..timing() };
    let mut seen = watch_with(api.cluster().await, timing, world::HPA, settings);
    let began = Instant::now();
    let at = move |s: u64| began + Duration::from_secs(s);
    let (end, restart) = (at(120), std::env::var("EDOT_ES_RESTART").ok());
    let writing: Vec<_> = STREAMS.map(|(stream, _, rate)| tokio::spawn(write(stream, rate, end))).into();
    tokio::spawn(async move {
        let logs = STREAMS[0].0;
        sleep_until(at(30)).await;
        println!("rollover: {:?}", send(reqwest::Method::POST, &format!("{logs}/_rollover"), "{}".into()).await);
        sleep_until(at(45)).await;
        let about = send(reqwest::Method::GET, &format!("{logs}/_stats/docs"), String::new()).await.unwrap_or_default();
        let old = about["indices"].as_object().and_then(|all| all.keys().min().cloned()).unwrap_or_default();
        println!("delete {old}: {:?}", send(reqwest::Method::DELETE, &old, String::new()).await);
        sleep_until(at(60)).await;
        let refused = send(reqwest::Method::POST, &format!("{logs}/_bulk"), bulk(500, true)).await.unwrap_or_default();
        println!("mapping errors: {}", refused["errors"]);
        sleep_until(at(75)).await;
        if let Some(command) = restart {
            let done =
                tokio::task::spawn_blocking(move || std::process::Command::new("sh").args(["-c", &command]).status())
                    .await;
            println!("restart: {done:?}");
        }
    });
    let mut session = Session::default();
    while Instant::now() < at(150) {
        let Ok(Some(stamped)) = tokio::time::timeout(Duration::from_secs(1), seen.source.observations.recv()).await
        else {
            continue;
        };
        session.apply(&stamped);
        if matches!(stamped.what, Observation::Counters(_)) {
            let now = session.ingest.at.unwrap();
            let rate = |s| session.ingest.documents_per_s(s, now).map(|r| (r * 10.0).round() / 10.0);
            println!("{:>5.1} s {:?}", began.elapsed().as_secs_f32(), Signal::ALL.map(|s| (s.name(), rate(s))));
        }
    }
    let mut truth = Vec::new();
    for task in writing {
        truth.push(task.await.unwrap());
    }
    for ((stream, signal, rate), written) in STREAMS.into_iter().zip(truth) {
        let flow = session.ingest.signal(signal).unwrap();
        println!("{stream}: written {written}, counted {}, whole {}", flow.total, !flow.partial);
        let off = (flow.total as f64 - written as f64).abs() / written as f64;
        assert!(off < 0.02 || (flow.partial && flow.total < written), "{stream}: {off}");
        // While nothing but the stream itself changes, every rate is right; none is ever a spike.
        let points = flow.rate.points();
        assert!(points.iter().all(|p| p.1 >= 0.0 && p.1 < f64::from(rate) * 1.25), "{stream}: {points:?}");
        let steady = points.iter().filter(|p| (p.1 - f64::from(rate)).abs() <= f64::from(rate) * 0.02).count();
        println!("{stream}: {steady} of {} rates within 2 %", points.len());
        assert!(steady >= 4, "{stream}: {points:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a real Elasticsearch with thread_pool.write.queue_size=1 and indexing_pressure.memory.limit=64kb"]
async fn real_rejections_are_seen_within_one_look() {
    let api = FakeApi::start(|_| None).await;
    let settings = IngestSettings { url: Some(url()), ..IngestSettings::default() };
    let timing = Timing { ingest: Duration::from_secs(10), request: Duration::from_secs(10), ..timing() };
    let mut seen = watch_with(api.cluster().await, timing, world::HPA, settings);
    let mut session = Session::default();
    let (began, mut provoked) = (Instant::now(), None);
    while began.elapsed() < Duration::from_secs(60) {
        let Ok(Some(stamped)) = tokio::time::timeout(Duration::from_secs(1), seen.source.observations.recv()).await
        else {
            continue;
        };
        session.apply(&stamped);
        if session.ingest.pressure.rejections.points().len() == 1 && provoked.is_none() {
            provoked = Some(Instant::now());
            // More than fits, and many at once.
            let large = send(reqwest::Method::POST, "logs-generic.otel-rates/_bulk", bulk(400, false)).await.unwrap();
            println!("large: {}", large["status"]);
            let many: Vec<_> = (0..64)
                .map(|_| tokio::spawn(send(reqwest::Method::POST, "logs-generic.otel-rates/_bulk", bulk(20, false))))
                .collect();
            futures::future::join_all(many).await;
        }
        if let Some((_, causes)) = &session.ingest.pressure.last_rejected {
            let after = provoked.unwrap().elapsed();
            println!("{after:?}: {causes:?}; {:?}", session.ingest.strain(session.now_ms()));
            assert!(
                causes.iter().any(|(c, _)| matches!(c, RejectionCause::Coordinating | RejectionCause::WritePool)),
                "{causes:?}"
            );
            assert!(after < Duration::from_secs(12), "{after:?}");
            return;
        }
    }
    panic!("no rejection was seen");
}
