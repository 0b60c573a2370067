//! What real collectors answered, read.

use super::*;
use proptest::prelude::*;

fn file(name: &str) -> CollectorSeen {
    read(&bytes(name)).unwrap()
}

fn bytes(name: &str) -> Vec<u8> {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/data/collector/{name}.prom"));
    std::fs::read(path).unwrap()
}

fn exporter_of(seen: &CollectorSeen, signal: Signal) -> &ExporterSeen {
    seen.exporters.iter().find(|e| e.signal == signal).unwrap()
}

#[test]
fn a_gateway_under_load() {
    let seen = file("under-load-3");
    assert_eq!(seen.version, "0.157.0");
    assert_eq!(seen.process.uptime_s, Some(23.294_325_499));
    assert_eq!((seen.process.rss_bytes, seen.process.cpu_s), (Some(9.641_984e7), Some(3.33)));
    assert_eq!(seen.receivers.len(), 3);
    assert!(seen.receivers.iter().all(|r| r.name == "otlp" && r.accepted == Some(69_200.0) && r.refused == Some(0.0)));
    let traces = exporter_of(&seen, Signal::Traces);
    assert_eq!((traces.name.as_str(), traces.sent, traces.send_failed), ("elasticsearch/otel", Some(65_600.0), None));
    assert_eq!((traces.queue_size, traces.queue_capacity, traces.in_flight), (Some(0.0), Some(10.0), Some(0.0)));
    let batch = &seen.batches[0];
    assert_eq!((batch.batches, batch.items, batch.by_size), (Some(24.0), Some(196_800.0), Some(24.0)));
    let ok = &seen.elastic.outcomes[0];
    assert_eq!((ok.outcome.as_str(), ok.code.as_str(), ok.error.as_str()), ("success", "200", ""));
    assert_eq!((ok.documents, ok.requests), (Some(196_800.0), Some(40.0)));
    assert!((ok.latency_s.unwrap() - 4.364_702_536).abs() < 1e-6);
    let limiter = seen.processors.iter().find(|p| p.name == "memory_limiter" && p.signal == Signal::Logs).unwrap();
    assert_eq!((limiter.incoming, limiter.outgoing, limiter.refused), (Some(69_200.0), Some(69_200.0), None));
}

#[test]
fn every_naming_reads_the_same() {
    for name in ["names-normal-suffixed", "names-normal-utf8", "names-basic"] {
        let seen = file(name);
        assert!(
            seen.process.uptime_s.is_some() && seen.process.rss_bytes.is_some() && seen.process.cpu_s.is_some(),
            "{name}"
        );
        assert!(seen.receivers.iter().all(|r| r.accepted == Some(6_600.0)), "{name}");
        assert_eq!(seen.receivers.len(), 3, "{name}");
        assert!(exporter_of(&seen, Signal::Traces).sent.is_some(), "{name}");
        let ok = &seen.elastic.outcomes[0];
        assert_eq!((ok.outcome.as_str(), ok.code.as_str()), ("success", "200"), "{name}");
        assert!(ok.requests.is_some() && ok.documents.is_some() && ok.latency_s.is_some(), "{name}: {ok:?}");
    }
}

#[test]
fn before_the_first_item_there_are_only_gauges() {
    let seen = file("idle");
    assert!(seen.receivers.is_empty() && seen.elastic.outcomes.is_empty());
    assert_eq!(exporter_of(&seen, Signal::Logs).queue_capacity, Some(10.0));
    assert_eq!(exporter_of(&seen, Signal::Logs).sent, None);
}

#[test]
fn documents_refused_one_by_one_are_told_from_whole_requests() {
    let seen = file("items-409-3");
    let lost: f64 = seen.elastic.outcomes.iter().filter(|o| o.is_lost()).filter_map(|o| o.documents).sum();
    assert_eq!(lost, 1603.0 + 8109.0);
    let failed: f64 = seen.exporters.iter().filter_map(|e| e.send_failed).sum();
    let whole: f64 =
        seen.elastic.outcomes.iter().filter(|o| o.outcome == "failed_server").filter_map(|o| o.documents).sum();
    assert_eq!(failed, whole, "whole requests that failed are in send_failed already");
}

#[test]
fn an_agent_sums_over_addresses() {
    let seen = file("agent-queue-full-10");
    let logs = exporter_of(&seen, Signal::Logs);
    assert_eq!((logs.name.as_str(), logs.sent, logs.queue_size), ("otlp_grpc/gateway", Some(46_000.0), Some(64.0)));
    let two = "otelcol_exporter_sent_spans{exporter=\"o\",server_address=\"a\"} 1\n\
               otelcol_exporter_sent_spans{exporter=\"o\",server_address=\"b\"} 2\n";
    assert_eq!(exporter_of(&read(two.as_bytes()).unwrap(), Signal::Traces).sent, Some(3.0));
}

#[test]
fn a_memory_limiter_refuses() {
    let seen = file("memory-limiter-refusing-6");
    assert!(seen.receivers.iter().all(|r| r.refused == Some(55_500.0)));
    let limiter = seen.processors.iter().find(|p| p.name == "memory_limiter" && p.signal == Signal::Traces).unwrap();
    assert_eq!(limiter.refused, Some(55_500.0));
}

#[test]
fn what_is_no_collector_is_told_apart() {
    assert_eq!(read(b"<html>404 page not found</html>"), None);
    assert_eq!(read(b"go_goroutines 12\nup 1\n"), None);
    assert_eq!(read(b""), None);
    assert_eq!(read(b"otelcol_process_uptime NaN\n"), None);
}

#[test]
fn an_answer_of_any_size_takes_bounded_room() {
    let mut reader = Reader::default();
    let long = vec![b'x'; 1 << 20];
    for n in 0..100 {
        reader.feed(format!("otelcol_receiver_accepted_spans{{receiver=\"r{n}\"}} 1\n").as_bytes());
        reader.feed(&long);
        reader.feed(b"\n");
    }
    let seen = reader.end().unwrap();
    assert_eq!(seen.receivers.len(), MOST);
}

proptest! {
    #[test]
    fn a_real_answer_cut_and_spoilt_anywhere_is_taken(at in 0usize..9000, len in 0usize..40, byte in any::<u8>(), chunk in 1usize..700) {
        let mut text = bytes("under-load-3");
        let from = at.min(text.len());
        let to = (from + len).min(text.len());
        text[from..to].fill(byte);
        let whole = read(&text);
        let mut reader = Reader::default();
        text.chunks(chunk).for_each(|c| reader.feed(c));
        prop_assert_eq!(reader.end(), whole);
    }
}
