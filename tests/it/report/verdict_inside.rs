//! The verdict on what happens inside: the recorded cycle with collectors and an Elasticsearch added, whole and spoilt.

use crate::it::support::recorded::scale_cycle;
use chrono::TimeDelta;
use edot_tui::observe::{
    CollectorSeen, CountedBy, CountersSeen, ExporterSeen, Feed, FeedState, FeedStatus, IndexSeen, LogGroup,
    LogQualitySeen, Observation, ProcessSeen, ReceiverSeen, Role, ShardSeen, Signal, Stamped, Time,
};
use edot_tui::session::{Session, StageGap, StageKind};
use edot_tui::verdict::{self, Expectations, Overall, Verdict};
use std::collections::BTreeMap;
use std::sync::Arc;

/// What is wrong in a run.
#[derive(Clone, Copy, Default, PartialEq)]
struct Wrong {
    /// The first pod gets everything.
    sticky: bool,
    /// Spans are given up from the 120th second on.
    loses: bool,
    /// A queue is full from the 100th to the 160th second.
    full: bool,
    /// As many documents come in without load.
    flat: bool,
    /// A third of the records have no level.
    poor: bool,
}

/// Load from the 20th to the 185th second of the recording.
fn is_load(second: i64) -> bool {
    (20..185).contains(&second)
}

/// Every five seconds the counters of each gateway pod and of Elasticsearch.
fn session(wrong: Wrong) -> Session {
    let all = scale_cycle();
    let began = all[0].at;
    let mut session = Session::default();
    let mut counted: BTreeMap<String, f64> = BTreeMap::new();
    let (mut next, mut documents) = (0, 0.0);
    for seen in &all {
        let second = (seen.at - began).num_seconds();
        while next <= second {
            let at = began + TimeDelta::seconds(next);
            documents += 5.0 * if wrong.flat || is_load(next) { 400.0 } else { 40.0 };
            for what in scraped(&session, wrong, next, documents, &mut counted, at) {
                session.apply(&Stamped { at, what });
            }
            next += 5;
        }
        let absent = |l: &FeedStatus| matches!(l.feed, Feed::Collector | Feed::Ingest);
        if !matches!(&seen.what, Observation::FeedStatus(l) if absent(l)) {
            session.apply(seen);
        }
    }
    session
}

fn run(wrong: Wrong) -> Verdict {
    verdict::run(&session(wrong), Expectations::guide())
}

fn scraped(
    session: &Session,
    wrong: Wrong,
    second: i64,
    documents: f64,
    counted: &mut BTreeMap<String, f64>,
    at: Time,
) -> Vec<Observation> {
    let up = |feed| Observation::FeedStatus(FeedStatus::new(feed, FeedState::Up));
    let mut out = if second == 0 { vec![up(Feed::Collector), up(Feed::Ingest)] } else { vec![] };
    let pods: Vec<_> = session.pods.live().map(|p| (p.seen.uid.clone(), p.seen.name.clone(), p.seen.created)).collect();
    let oldest = pods.iter().min_by_key(|p| p.2).map(|p| p.0.clone());
    let rate = if is_load(second) { 1000.0 } else { 0.0 };
    for (uid, name, created) in &pods {
        let takes = !wrong.sticky || Some(uid) == oldest.as_ref();
        let share = if wrong.sticky { rate } else { rate / pods.len() as f64 };
        let accepted = counted.entry(uid.clone()).or_default();
        *accepted += if takes { 5.0 * share } else { 0.0 };
        let failed = if wrong.loses && second >= 120 { 70.0 } else { 0.0 };
        let size = if wrong.full && (100..160).contains(&second) { 10.0 } else { 1.0 };
        let uptime = created.map(|c| (at - c).num_milliseconds() as f64 / 1000.0);
        out.push(Observation::Collector(Arc::new(CollectorSeen {
            pod: name.clone(),
            uid: uid.clone(),
            role: Role::Gateway,
            process: ProcessSeen { uptime_s: uptime, ..Default::default() },
            receivers: vec![ReceiverSeen {
                name: "otlp".into(),
                signal: Signal::Traces,
                accepted: Some(*accepted),
                ..Default::default()
            }],
            exporters: vec![ExporterSeen {
                name: "elasticsearch".into(),
                signal: Signal::Traces,
                sent: Some(*accepted),
                send_failed: Some(failed),
                queue_size: Some(size),
                queue_capacity: Some(10.0),
                ..Default::default()
            }],
            ..Default::default()
        })));
    }
    let shard = ShardSeen { n: 0, max_seq_no: documents as i64, node: "n".into(), ..ShardSeen::default() };
    let index = IndexSeen {
        name: ".ds-traces-generic.otel-default-2026.11.24-000001".into(),
        uuid: "u".into(),
        shards: vec![shard],
        ..Default::default()
    };
    out.push(Observation::Counters(Box::new(CountersSeen {
        by: CountedBy::SeqNo,
        every_ms: 5000,
        indices: vec![index],
        ..Default::default()
    })));
    let lacking = if wrong.poor { 300 } else { 3 };
    out.push(Observation::LogQuality(Box::new(LogQualitySeen {
        to: at,
        records: 900,
        groups: vec![LogGroup {
            dataset: "generic.otel".into(),
            service: Some("frontend".into()),
            records: 900,
            without_level: lacking,
            ..Default::default()
        }],
        ..Default::default()
    })));
    out
}

fn failed(v: &Verdict) -> Vec<(&str, &str)> {
    let all = v.checks.iter().filter(|c| c.found.outcome.as_str() == "failed");
    all.map(|c| (c.id.as_str(), c.found.observed.as_str())).collect()
}

#[test]
fn a_whole_run_passes_in_all_that_is_inside() {
    let v = run(Wrong::default());
    assert_eq!(failed(&v), []);
    let open: Vec<_> = v.checks.iter().filter(|c| c.found.outcome.as_str() != "passed").map(|c| &c.id).collect();
    assert_eq!((v.result, open), (Overall::Pass, vec![&"load-starts".to_string(), &"load-ends".to_string()]));
}

#[test]
fn each_fault_fails_in_one_place() {
    let only = |wrong: Wrong, id: &str, word: &str| {
        let v = run(wrong);
        let failed = failed(&v);
        assert_eq!(failed.iter().map(|f| f.0).collect::<Vec<_>>(), [id], "{failed:?}");
        assert!(failed[0].1.contains(word), "{failed:?}");
    };
    let w = Wrong::default();
    only(Wrong { sticky: true, ..w }, "even-share", "had no share for");
    only(Wrong { loses: true, ..w }, "nothing-lost", "items lost, the first at 1:");
    only(Wrong { full: true, ..w }, "no-back-pressure", "a queue was full");
    only(Wrong { flat: true, ..w }, "ingest-grows", "400 docs/s under load, 400 without");
    only(Wrong { poor: true, ..w }, "log-quality", "log.level 67 %");
}

#[test]
fn the_first_telemetry_of_new_pods_is_a_stage_of_the_budget() {
    let stages = |s: &Session| -> Vec<_> {
        let rows = s.decisions.rows();
        let ups = rows.iter().filter(|r| r.rescaled && r.controller > r.computed.current);
        ups.map(|row| {
            let budget = s.budget(row);
            let stage = |kind| *budget.iter().find(|g| g.kind == kind).unwrap();
            (stage(StageKind::PodsReady), stage(StageKind::FirstTelemetry))
        })
        .collect()
    };
    let even = stages(&session(Wrong::default()));
    assert_eq!(even.len(), 2);
    for (ready, telemetry) in even {
        let later = telemetry.at.unwrap() - ready.at.unwrap();
        assert!((-5000..=10_000).contains(&later), "{later} ms after Ready, at a scrape every 5 s");
    }
    let sticky = stages(&session(Wrong { sticky: true, ..Wrong::default() }));
    assert!(sticky.iter().all(|(_, t)| t.at == Err(StageGap::NotInEveryPod)), "{sticky:?}");
    let mut alone = Session::default();
    scale_cycle().iter().for_each(|seen| alone.apply(seen));
    let unread = stages(&alone);
    assert!(unread.iter().all(|(_, t)| t.at == Err(StageGap::NotScraped)), "{unread:?}");
}
