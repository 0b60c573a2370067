//! Real responses of Elasticsearch, from their bytes to the figures on screen.

use crate::it::screens::gateways::check;
use edot_tui::observe::{CountersSeen, ElasticNodesSeen, Observation, Signal, Stamped, Time};
use edot_tui::session::Session;
use edot_tui::session::ingest::RejectionCause;
use edot_tui::source::live::elastic::convert;
use edot_tui::ui::Screen;

fn at(second: i64) -> Time {
    Time::from_timestamp(1_795_000_000 + second, 0).unwrap()
}

fn observed(session: &mut Session, second: i64, what: Observation) {
    session.apply(&Stamped { at: at(second), what });
}

fn counters(text: &str) -> Observation {
    let seen: CountersSeen = convert::counters(text.as_bytes()).unwrap();
    Observation::Counters(Box::new(CountersSeen { every_ms: 10_000, ..seen }))
}

fn nodes(text: &str) -> ElasticNodesSeen {
    convert::nodes(text.as_bytes()).unwrap()
}

#[test]
fn a_rollover_and_a_deleted_index_leave_the_rates_right() {
    let mut session = Session::default();
    let mut rates = Vec::new();
    for (i, text) in [
        include_str!("../../data/elastic/stats-shards-before.json"),
        include_str!("../../data/elastic/stats-shards-after.json"),
        include_str!("../../data/elastic/stats-shards-after-rollover.json"),
        include_str!("../../data/elastic/stats-shards-after-index-deleted.json"),
    ]
    .into_iter()
    .enumerate()
    {
        observed(&mut session, i as i64 * 10, counters(text));
        rates.push(session.ingest.documents_per_s(Signal::Logs, session.now_ms()));
    }
    // 300 and 200 documents were written, then nothing.
    assert_eq!(rates, [None, Some(30.0), Some(20.0), Some(0.0)]);
    let flow = session.ingest.signal(Signal::Logs).unwrap();
    assert_eq!((flow.total, flow.partial, flow.bytes_total), (500, false, 234_321));
    assert_eq!(session.ingest.documents_per_s(Signal::Traces, session.now_ms()), Some(0.0));
}

#[test]
fn rejections_are_counted_by_cause() {
    let mut session = Session::default();
    let mut before = nodes(include_str!("../../data/elastic/nodes-stats-rejected.json"));
    let after = before.clone();
    if let Some(write) = &mut before.nodes[0].write {
        write.rejected = Some(0);
    }
    if let Some(pressure) = &mut before.nodes[0].pressure {
        pressure.coordinating_rejections = Some(0);
    }
    observed(&mut session, 0, Observation::ElasticNodes(Box::new(before)));
    observed(&mut session, 10, Observation::ElasticNodes(Box::new(after)));
    let p = &session.ingest.pressure;
    assert_eq!(
        (p.rejected.get(&RejectionCause::WritePool), p.rejected.get(&RejectionCause::Coordinating)),
        (Some(&1694), Some(&1))
    );
    assert_eq!(p.rejected_writes(), Some(1695));
    let strain = session.ingest.strain(session.now_ms());
    let text = edot_tui::explain::elasticsearch::strain(&strain[0]);
    assert_eq!(text, "writes rejected, the last time 1694 (write queue full), 1 (indexing pressure, coordinating)");
    assert!(session.ingest.strain(session.now_ms() + 61_000).is_empty());
}

#[test]
fn two_thousand_indices_are_read() {
    let index = |n: usize| {
        let name = format!(".ds-logs-service{:04}.otel-default-2026.11.24-{:06}", n / 10, n % 10 + 1);
        format!(
            r#""{name}":{{"uuid":"uuid-of-some-length-{n}","primaries":{{"docs":{{"count":{n}}},"store":{{"size_in_bytes":57627}},"indexing":{{"index_total":{n},"index_failed":0,"is_throttled":false}},"bulk":{{"total_size_in_bytes":413931}}}},"shards":{{"0":[{{"routing":{{"state":"STARTED","primary":true,"node":"7L4YxOBSS8qGulygKqus5Q"}},"seq_no":{{"max_seq_no":{n}}}}}]}}}}"#
        )
    };
    let all: Vec<String> = (0..2000).map(index).collect();
    let text = format!(r#"{{"_shards":{{"failed":0}},"indices":{{{}}}}}"#, all.join(","));
    let mut session = Session::default();
    for second in 0..5 {
        observed(&mut session, second * 10, counters(&text));
    }
    assert_eq!(session.ingest.documents_per_s(Signal::Logs, session.now_ms()), Some(0.0));
}

/// Before and after a rejection, with two data streams that grow.
fn rejecting() -> Session {
    let mut session = Session::default();
    let after = nodes(include_str!("../../data/elastic/nodes-stats-rejected.json"));
    let mut before = after.clone();
    before.nodes.iter_mut().filter_map(|n| n.write.as_mut()).for_each(|w| w.rejected = Some(0));
    let texts = [
        include_str!("../../data/elastic/stats-shards-before.json"),
        include_str!("../../data/elastic/stats-shards-after.json"),
    ];
    for (second, (text, nodes)) in (0..).step_by(10).zip(texts.into_iter().zip([before, after])) {
        observed(&mut session, second, counters(text));
        observed(&mut session, second, Observation::ElasticNodes(Box::new(nodes)));
    }
    session
}

#[test]
fn the_screen_shows_them() {
    check("ingest-rejecting", &rejecting(), Screen::Ingest, &[(80, 24), (120, 36), (200, 50)]);
}

#[test]
fn unusual_responses_are_distinguished_from_garbage() {
    let empty = convert::counters(br#"{"_shards":{"failed":0}}"#).unwrap();
    assert!(empty.indices.is_empty());
    assert!(convert::counters(b"[]").is_err() || convert::counters(b"[]").is_ok_and(|s| s.indices.is_empty()));
    assert!(convert::counters(b"<html>").is_err());
    let part = convert::counters(
        br#"{"_shards":{"failed":1,"failures":[{"shard":0,"index":"logs-a"},{}]},"indices":{"logs-b":{}}}"#,
    );
    let part = part.unwrap();
    assert_eq!((part.failed_shards, part.failed, part.indices.len()), (1, vec!["logs-a".to_string()], 1));
}

proptest::proptest! {
    #[test]
    fn no_response_breaks_the_reader(bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..200)) {
        let _ = (convert::counters(&bytes), convert::nodes(&bytes));
    }
}
