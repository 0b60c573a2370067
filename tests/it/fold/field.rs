//! What the fold makes of clusters as they are found in the field: wrapped exporters, windows that are no periods, more of
//! everything than there is room for.

use edot_tui::observe::{
    CollectorSeen, ConfigSeen, CountedBy, CountersSeen, ElasticNode, ElasticNodesSeen, ElasticsearchSeen, EventSeen,
    IndexSeen, K6Seen, LogGroup, LogQualitySeen, Observation, PipelineSeen, PodSeen, PodUsage, Role, Signal, Stamped,
    Time, UsageSeen,
};
use edot_tui::report::{self, Origin, document, status, status_as_text, text};
use edot_tui::session::Session;
use edot_tui::source::live::collector::normalize::normalize;
use edot_tui::ui::{Screen, Ui};
use edot_tui::verdict::{self, Expectations};
use edot_tui::view::{self, Cx, Look};
use ratatui::{buffer::Buffer, layout::Rect};
use std::sync::Arc;

fn at(s: i64) -> Time {
    Time::from_timestamp(1_700_000_000 + s, 0).unwrap()
}

fn observe(session: &mut Session, s: i64, what: Observation) {
    session.apply(&Stamped { at: at(s), what });
}

/// A page of a collector whose exporters have each sent `sent` log records, and failed with a tenth of them.
fn page(exporters: &[String], second: i64, sent: u32) -> CollectorSeen {
    let mut text = format!("otelcol_process_uptime_total {}\n", 100 + second);
    for name in exporters {
        text += &format!("otelcol_exporter_sent_log_records_total{{exporter=\"{name}\"}} {sent}\n");
        text += &format!("otelcol_exporter_send_failed_log_records_total{{exporter=\"{name}\"}} {}\n", sent / 10);
    }
    CollectorSeen { uid: "a".into(), pod: "a".into(), role: Role::Gateway, ..normalize(text.as_bytes()).unwrap() }
}

#[test]
fn items_of_wrapped_exporters_count_once() {
    let names = |all: &[&str]| all.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    let many = |wrapper: Option<&str>, count: u32| {
        let own = (0..count).map(|n| format!("otlp/10.42.{}.{}:4317", n / 250, n % 250));
        wrapper.map(str::to_owned).into_iter().chain(own).collect::<Vec<_>>()
    };
    for (exporters, pipeline, count) in [
        (names(&["loadbalancing", "otlp/10.0.0.1:4317", "otlp/10.0.0.2:4317"]), None, 1.0),
        (
            names(&["loadbalancing/logs", "loadbalancing/logs_10.0.0.1:4317", "loadbalancing/logs_b-0.b:4317"]),
            None,
            1.0,
        ),
        (names(&["failover", "otlp/first", "otlp/second"]), Some(&["failover"][..]), 1.0),
        (names(&["failover/x", "otlp/first", "elasticsearch"]), Some(&["failover/x", "elasticsearch"]), 2.0),
        (many(Some("loadbalancing"), 90), None, 1.0),
        (many(None, 90), None, 90.0),
        (many(None, 700), None, 700.0),
    ] {
        let mut session = Session::default();
        if let Some(exporters) = pipeline {
            let pipeline = PipelineSeen { name: "logs".into(), exporters: names(exporters), ..PipelineSeen::default() };
            let config = ConfigSeen { role: Role::Gateway, pipelines: vec![pipeline], ..ConfigSeen::default() };
            observe(&mut session, 0, Observation::CollectorConfig(Box::new(config)));
        }
        for (s, sent) in [(0, 1000), (5, 2000)] {
            observe(&mut session, s, Observation::Collector(Arc::new(page(&exporters, s, sent))));
        }
        let flow = session.collectors.of("a").unwrap().flow(Signal::Logs);
        assert_eq!((flow.sent.total, flow.send_failed.total), (1000.0 * count, 100.0 * count), "{exporters:?}");
    }
}

#[test]
fn samples_that_are_averaged_over_minutes_still_come_every_few_seconds() {
    for (window_s, step, period) in [(300.0, 15, Some(15.0)), (15.0, 60, Some(60.0)), (30.0, 30, Some(30.0))] {
        let mut session = Session::default();
        let pod = PodSeen { name: "gw".into(), uid: "gw".into(), ..PodSeen::default() };
        observe(&mut session, 0, Observation::Pod(Box::new(pod)));
        for n in 0..8 {
            let containers = vec![("c".to_owned(), [("cpu".to_owned(), "100m".to_owned())].into())];
            let usage = PodUsage { pod: "gw".into(), at: at(n * step), window_s, containers };
            observe(&mut session, n * step, Observation::Usage(UsageSeen { pods: vec![usage] }));
        }
        assert_eq!(session.resolution_s, period, "window {window_s}");
        // After the first three samples the period is known, so that no gap is seen where there is none.
        let pod = session.pods.named("gw").unwrap();
        let known = pod.cpu.segments(at(3 * step).timestamp_millis(), at(8 * step).timestamp_millis());
        assert_eq!(known.len(), 1, "window {window_s}, every {step} s: {known:?}");
    }
}

/// What is left out, where it shows: `status` as JSON and text, the report, a screen.
fn shows(session: &Session, screen: Screen, words: &str, drawn_words: &str) {
    let json = serde_json::to_string(&status(session)).unwrap();
    assert!(json.contains(words), "JSON: {json}");
    let lines = status_as_text(&status(session));
    assert!(lines.contains(words), "text: {lines}");
    let judged = verdict::run(session, Expectations::guide());
    let page = document::document(&report::report(session, &judged, &Origin { file: None, damage: vec![] }));
    assert!(text::plain(&page, 200).replace('\n', " ").contains(words), "report: {}", text::plain(&page, 200));
    let mut ui = Ui::new(false, view::panes());
    ui.screen = screen;
    let mut buffer = Buffer::empty(Rect::new(0, 0, 240, 60));
    view::draw(&mut buffer, &Cx::new(session, session.now_ms(), &ui, &Look::roles()));
    let drawn = view::golden::planes(&buffer).text.join("\n");
    assert!(drawn.contains(drawn_words), "screen: {drawn}");
}

#[test]
fn what_is_left_out_of_the_clusters_figures_is_said_where_they_stand() {
    let mut session = Session::default();
    for n in 0..=Session::MOST_PODS {
        let pod =
            PodSeen { name: format!("gw-{n:05}"), uid: format!("u{n}"), phase: "Running".into(), ..PodSeen::default() };
        observe(&mut session, 1, Observation::Pod(Box::new(pod)));
    }
    shows(&session, Screen::Gateways, "there are more than 5000 pods; the others are left out", "more than 5000 pods");
    let mut session = Session::default();
    for n in 0..2001 {
        let event = EventSeen { uid: n.to_string(), count: 1, last: Some(at(n)), ..EventSeen::default() };
        observe(&mut session, n, Observation::Event(Box::new(event)));
    }
    shows(&session, Screen::Timeline, "100 older events are left out", "100 older events");
    let mut session = Session::default();
    for n in 0..70 {
        let progress = K6Seen { uid: n.to_string(), pod: n.to_string(), vus: Some(1), ..K6Seen::default() };
        observe(&mut session, 1, Observation::K6(Box::new(progress)));
    }
    assert!(session.load.k6.crowded);
    let json = serde_json::to_string(&status(&session)).unwrap();
    assert!(json.contains("there are more than 64 k6 processes"), "{json}");
}

/// An answer with these indices and documents beyond them.
fn counters(session: &mut Session, s: i64, indices: usize, left_out: u64) {
    let index = |n: usize| IndexSeen {
        name: format!("logs-{n}-default"),
        uuid: n.to_string(),
        documents: Some(7),
        stored_bytes: (n != 1).then_some(100),
        ..IndexSeen::default()
    };
    let seen = CountersSeen {
        by: CountedBy::Documents,
        every_ms: 10_000,
        indices: (0..indices).map(index).collect(),
        left_out,
        ..CountersSeen::default()
    };
    observe(session, s, Observation::Counters(Box::new(seen)));
}

#[test]
fn what_is_left_out_of_elasticsearchs_figures_is_said_where_they_stand() {
    let mut session = Session::default();
    let about = ElasticsearchSeen { cluster: "es".into(), version: "8.19.21".into(), ..ElasticsearchSeen::default() };
    observe(&mut session, 0, Observation::Elastic(Box::new(about)));
    counters(&mut session, 1, 600, 0);
    counters(&mut session, 11, 600, 0);
    shows(&session, Screen::Ingest, "88 of the quietest data streams are left out of the list", "88 of the quietest");
    assert!(session.ingest.signal(Signal::Logs).is_some_and(|flow| !flow.partial));
    counters(&mut session, 21, 20, 1234);
    shows(
        &session,
        Screen::Ingest,
        "1234 documents are left out: they are in indices beyond the 5,000 largest",
        "1234 documents are left out",
    );
    assert!(session.ingest.signal(Signal::Logs).is_some_and(|flow| flow.partial), "the sums lack them");
    let stored = |session: &Session, name: &str| session.ingest.stream(name).and_then(|s| s.stored);
    assert_eq!(
        (stored(&session, "logs-0-default"), stored(&session, "logs-1-default")),
        (Some(100), None),
        "unknown is no 0"
    );
    let nodes = ElasticNodesSeen { nodes: vec![ElasticNode::default()], left_out: 3, breakers_left_out: 2, failed: 0 };
    observe(&mut session, 22, Observation::ElasticNodes(Box::new(nodes)));
    shows(&session, Screen::Ingest, "3 nodes are left out; 2 circuit breakers are left out", "3 nodes are left out");
    let group = LogGroup { dataset: "app".into(), service: Some("a".into()), records: 60, ..LogGroup::default() };
    let quality =
        LogQualitySeen { records: 100, groups: vec![group], from: at(0), to: at(20), ..LogQualitySeen::default() };
    observe(&mut session, 23, Observation::LogQuality(Box::new(quality)));
    shows(&session, Screen::Ingest, "40 of 100 records are left out", "40 of 100 records");
}
