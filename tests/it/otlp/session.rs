//! A recorded run by OTLP: what arrives has the names and units of the conventions, and the times of the report.

use super::receiver::{Answer, Receiver};
use edot_tui::advise;
use edot_tui::otlp::{Access, Exporter};
use edot_tui::recording;
use edot_tui::report::{self, BudgetPart};
use edot_tui::session::Session;
use edot_tui::verdict::{self, Expectations};
use opentelemetry_proto::tonic::common::v1::{KeyValue, any_value::Value};
use opentelemetry_proto::tonic::metrics::v1::{Metric, metric::Data};
use opentelemetry_proto::tonic::trace::v1::Span;
use opentelemetry_semantic_conventions::{SCHEMA_URL, attribute, metric};
use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(20);

fn path() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/recordings/v1/lab.jsonl.gz")
}

/// The recording sent as it would be live; the session, what was said meanwhile, and the sentence at the end.
async fn sent(receiver: &Receiver, variables: &[(&str, &str)], patience: Duration) -> (Session, Vec<String>, String) {
    sent_to(receiver.access(variables), patience).await
}

/// The same to a receiver of another kind.
pub async fn sent_to(access: Access, patience: Duration) -> (Session, Vec<String>, String) {
    let mut exporter = Exporter::start(access, None).unwrap();
    let (mut session, mut said) = (advise::session(), Vec::new());
    for seen in recording::open(&path()).unwrap() {
        session.apply(&seen);
        if seen.what == edot_tui::observe::Observation::Tick {
            said.extend(exporter.tick(&session, Expectations::guide()));
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
    let end = exporter.end(&session, Expectations::guide()).done(patience).await;
    (session, said, end)
}

fn text<'a>(attributes: &'a [KeyValue], key: &str) -> &'a str {
    let found = attributes.iter().find(|a| a.key == key).and_then(|a| a.value.as_ref()?.value.as_ref());
    match found {
        Some(Value::StringValue(text)) => text,
        other => panic!("{key}: {other:?}"),
    }
}

fn metrics(receiver: &Receiver) -> Vec<Metric> {
    let held = receiver.held.lock().unwrap();
    let all = held.metrics.iter().flat_map(|r| &r.resource_metrics).flat_map(|r| &r.scope_metrics);
    all.flat_map(|s| s.metrics.clone()).collect()
}

fn spans(receiver: &Receiver) -> Vec<Span> {
    let held = receiver.held.lock().unwrap();
    let all = held.traces.iter().flat_map(|r| &r.resource_spans).flat_map(|r| &r.scope_spans);
    all.flat_map(|s| s.spans.clone()).collect()
}

pub fn scale_ups(session: &Session) -> Vec<BudgetPart> {
    let ups = session.decisions.rows().iter().filter(|row| row.rescaled && row.controller > row.computed.current);
    ups.map(|row| report::budget(session, row)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_arrives_whole_over_http_and_grpc() {
    for (grpc, gzip) in [(false, "gzip"), (true, "gzip"), (true, "none"), (false, "none")] {
        let receiver = Receiver::start(grpc).await;
        let (session, said, end) = sent(&receiver, &[("OTEL_EXPORTER_OTLP_COMPRESSION", gzip)], PATIENCE).await;
        assert_eq!(said, Vec::<String>::new());
        assert!(end.contains("items sent to") && !end.contains("dropped"), "{end}");

        let all = metrics(&receiver);
        let units: BTreeMap<&str, (&str, bool)> = all
            .iter()
            .map(|m| (m.name.as_str(), (m.unit.as_str(), matches!(&m.data, Some(Data::Sum(s)) if !s.is_monotonic))))
            .collect();
        for name in
            [metric::K8S_HPA_POD_CURRENT, metric::K8S_HPA_POD_DESIRED, metric::K8S_HPA_POD_MIN, metric::K8S_HPA_POD_MAX]
        {
            assert_eq!(units[name], ("{pod}", true), "{name}");
        }
        assert_eq!(units[metric::K8S_HPA_METRIC_TARGET_CPU_AVERAGE_UTILIZATION], ("1", false));
        assert_eq!(units["edot_tui.gateway.accepted"], ("{item}/s", false));
        assert_eq!(units["edot_tui.sync.asked"], ("{pod}", false));

        let resource = receiver.held.lock().unwrap().metrics.last().unwrap().resource_metrics[0].clone();
        assert_eq!(resource.schema_url, SCHEMA_URL);
        let attributes = resource.resource.unwrap().attributes;
        assert_eq!(text(&attributes, attribute::K8S_HPA_NAME), session.watching.hpa);
        assert_eq!(text(&attributes, attribute::K8S_NAMESPACE_NAME), session.watching.namespace);
        assert_eq!(text(&attributes, attribute::K8S_HPA_SCALETARGETREF_NAME), "edot-gateway");
        assert_eq!(text(&attributes, attribute::SERVICE_NAME), "edot-tui");

        let records: Vec<_> = {
            let held = receiver.held.lock().unwrap();
            let all = held.logs.iter().flat_map(|r| &r.resource_logs).flat_map(|r| &r.scope_logs);
            all.flat_map(|s| s.log_records.clone()).collect()
        };
        let of = |name: &str| records.iter().filter(|r| r.event_name == name).count();
        // What happened before the session began is not its own.
        let began = session.began.unwrap().timestamp_millis();
        let rescales = verdict::Run::rescales_since(&session, began).len();
        assert_eq!(of("edot_tui.rescale"), rescales, "each rescale once");
        assert!(of("edot_tui.verdict") > 3, "{}", of("edot_tui.verdict"));
        assert!(records.iter().all(|r| r.body.is_some() && r.severity_number > 0));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_span_is_as_long_as_its_stage_of_the_budget() {
    let receiver = Receiver::start(true).await;
    let (session, ..) = sent(&receiver, &[], PATIENCE).await;
    let (spans, ups) = (spans(&receiver), scale_ups(&session));
    assert!(!ups.is_empty());
    let roots: Vec<&Span> = spans.iter().filter(|s| s.parent_span_id.is_empty()).collect();
    assert_eq!(roots.len(), ups.len(), "a trace a scale-up");
    for (root, up) in roots.iter().zip(&ups) {
        let known: Vec<_> = up.stages.iter().filter(|s| s.at.is_some()).collect();
        let parts: Vec<&Span> = spans.iter().filter(|s| s.parent_span_id == root.span_id).collect();
        assert_eq!(parts.len(), known.len() - 1);
        for (span, stage) in parts.iter().zip(&known[1..]) {
            let took = (span.end_time_unix_nano - span.start_time_unix_nano) as f64 / 1e9;
            assert_eq!((span.name.as_str(), took), (stage.stage, stage.took_s.unwrap().max(0.0)));
            assert_eq!(span.end_time_unix_nano / 1_000_000, stage.at.unwrap().timestamp_millis() as u64);
            assert_eq!(span.trace_id, root.trace_id);
            assert!(root.start_time_unix_nano <= span.start_time_unix_nano);
            assert!(span.end_time_unix_nano <= root.end_time_unix_nano);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_passes_is_sent_again_and_what_does_not_is_counted() {
    for (grpc, later, never) in [(true, 14, 16), (false, 503, 401)] {
        let receiver = Receiver::start(grpc).await;
        let no = |code: u16| Answer::No(code, "Bearer eyJhbGciOi.secret-of-mine is not known".into());
        receiver.will(&[no(later), no(later), no(never), Answer::Partial(1)]);
        let headers = [("OTEL_EXPORTER_OTLP_HEADERS", "api-key=secret-of-mine")];
        let (_, said, end) = sent(&receiver, &headers, PATIENCE).await;
        let all = format!("{said:?} {end}");
        assert!(said[0].contains("by OTLP"), "{said:?}");
        assert!(end.contains("dropped"), "{end}");
        assert!(!all.contains("secret-of-mine") && !all.contains("eyJ"), "{all}");
        let held = receiver.held.lock().unwrap();
        assert!(held.asked.iter().all(|(_, headers)| headers["api-key"] == "secret-of-mine"));
        assert!(held.asked.len() > held.traces.len() + held.metrics.len() + held.logs.len());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_collector_that_does_not_answer_holds_up_nothing() {
    let receiver = Receiver::start(false).await;
    receiver.will(&vec![Answer::Hang; 100]);
    let began = std::time::Instant::now();
    let (.., end) = sent(&receiver, &[("OTEL_EXPORTER_OTLP_TIMEOUT", "200")], Duration::from_secs(1)).await;
    assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());
    assert!(end.contains("0 items sent") && end.contains("dropped: no answer from"), "{end}");
}
