//! What a real cluster said, as observations: one cycle of the HPA, 1 -> 2 -> 4 (its maximum) -> 2 -> 1 replicas.

use chrono::{DateTime, Utc};
use edot_tui::observe::{
    Feed, FeedState, FeedStatus, Observation, PodGone, Stamped, TargetRef, UsageSeen, WatchingSeen,
};
use edot_tui::source::live::{convert, wire};
use serde_json::Value;
use std::collections::BTreeMap;

/// The recorded cycle (2026-11-24T00:31:20Z to 00:36:28Z) as the live source would have sent it: `Watching` first, then
/// every feed Up (the load, collector and ingest absent), a tick a second, and repeated usage samples left out.
pub fn scale_cycle() -> Vec<Stamped> {
    let lines = include_str!("../../data/scale.jsonl").lines().map(|l| serde_json::from_str::<Value>(l).unwrap());
    let mut out: Vec<Stamped> = Vec::new();
    let mut sampled = BTreeMap::new();
    for line in lines {
        let at: DateTime<Utc> = line["at"].as_str().unwrap().parse().unwrap();
        match out.last().map(|s| s.at) {
            None => out.extend(opening(at)),
            Some(last) => out.extend((last.timestamp() + 1..=at.timestamp()).map(tick)),
        }
        out.extend(observation(&line, &mut sampled).map(|what| Stamped { at, what }));
    }
    out
}

fn tick(second: i64) -> Stamped {
    Stamped { at: DateTime::from_timestamp(second, 0).unwrap(), what: Observation::Tick }
}

fn opening(at: DateTime<Utc>) -> Vec<Stamped> {
    let watching = WatchingSeen {
        context: "edot".into(),
        server_version: "v1.36.3".into(),
        namespace: "observability-lab".into(),
        hpa: "edot-gateway-hpa".into(),
        load_namespace: "demo-app".into(),
        load_job: "k6-load".into(),
        lab: false,
        notes: Vec::new(),
    };
    let state = |feed| match feed {
        Feed::Load | Feed::K6 | Feed::Collector | Feed::Ingest => FeedState::Absent,
        _ => FeedState::Up,
    };
    let links = Feed::ALL.into_iter().map(|feed| Observation::FeedStatus(FeedStatus::new(feed, state(feed))));
    std::iter::once(Observation::Watching(watching)).chain(links).map(|what| Stamped { at, what }).collect()
}

fn observation(line: &Value, sampled: &mut BTreeMap<String, DateTime<Utc>>) -> Option<Observation> {
    let event = &line["event"];
    let gone = event["type"] == "DELETED";
    let object = event["object"].clone();
    match line["feed"].as_str().unwrap() {
        "hpa" if gone => Some(Observation::HpaGone),
        "hpa" => Some(Observation::Hpa(Box::new(convert::hpa(&serde_json::from_value(object).unwrap())))),
        "deployment" if gone => Some(Observation::TargetGone),
        "deployment" => {
            let target =
                TargetRef { api_version: "apps/v1".into(), kind: "Deployment".into(), name: "edot-gateway".into() };
            Some(Observation::Target(Box::new(convert::workload(&target, &serde_json::from_value(object).unwrap()))))
        }
        "pods" => {
            let seen = convert::pod(&serde_json::from_value(object).unwrap());
            Some(match gone {
                true => Observation::PodGone(PodGone { uid: seen.uid, name: seen.name }),
                false => Observation::Pod(Box::new(seen)),
            })
        }
        "events" => Some(Observation::Event(Box::new(convert::event(&serde_json::from_value(object).unwrap())))),
        "podmetrics" => {
            let list: wire::List<wire::PodMetrics> = serde_json::from_value(line["list"].clone()).unwrap();
            let fresh = list.items.iter().flatten().filter_map(convert::pod_usage);
            let pods: Vec<_> = fresh.filter(|u| sampled.insert(u.pod.clone(), u.at) != Some(u.at)).collect();
            (!pods.is_empty()).then_some(Observation::Usage(UsageSeen { pods }))
        }
        other => panic!("no such feed: {other}"),
    }
}

#[test]
fn the_recorded_cycle_tells_the_scaling_it_is_known_for() {
    let all = scale_cycle();
    assert!(all.windows(2).all(|w| w[0].at <= w[1].at), "in order of time");
    let mut desired: Vec<i32> = all
        .iter()
        .filter_map(|s| match &s.what {
            Observation::Hpa(hpa) => Some(hpa.status.desired_replicas),
            _ => None,
        })
        .collect();
    desired.dedup();
    assert_eq!(desired, [1, 2, 4, 2, 1]);
    let count = |test: fn(&Observation) -> bool| all.iter().filter(|s| test(&s.what)).count();
    assert_eq!(count(|o| matches!(o, Observation::Tick)), 308);
    assert_eq!(count(|o| matches!(o, Observation::PodGone(_))), 3);
    assert_eq!(count(|o| matches!(o, Observation::Usage(_))), 22);
    assert_eq!(count(|o| matches!(o, Observation::Event(_))), 31);
}

#[test]
fn every_observation_survives_being_written_and_read() {
    for stamped in scale_cycle() {
        let text = serde_json::to_string(&stamped).unwrap();
        assert_eq!(serde_json::from_str::<Stamped>(&text).unwrap(), stamped, "{text}");
        let twice = text.matches("\"kind\":").count();
        assert!(!matches!(stamped.what, Observation::Target(_)) || twice == 1, "{text}");
    }
}
