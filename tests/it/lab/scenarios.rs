//! Each shipped scenario does in simulated time what its description says.

use crate::it::support::lab_run::{NS, ScenarioRun, run_scenario, shipped, start};
use chrono::TimeDelta;
use edot_tui::lab::model::{ApiFaultKind, Lab, setup};
use edot_tui::lab::scenario::{SHIPPED, Scenario};

#[test]
#[ignore = "prints the runs: SCENARIO=guide cargo test lab::scenarios::show -- --ignored --nocapture"]
fn show() {
    let wanted = std::env::var("SCENARIO").unwrap_or_default();
    for (name, _) in SHIPPED.iter().filter(|(name, _)| wanted.is_empty() || *name == wanted) {
        let began = std::time::Instant::now();
        let run = shipped(name);
        println!("== {name} ({} ms)\n{}", began.elapsed().as_millis(), run.table());
        let mut events: Vec<_> = run.lab.store.list("events", None).cloned().collect();
        events.sort_by_key(|e| e["lastTimestamp"].as_str().or(e["eventTime"].as_str()).unwrap_or_default().to_owned());
        for e in events {
            let about = &e["involvedObject"]["name"];
            println!("{} {} {} {about} x{} {}", e["lastTimestamp"], e["type"], e["reason"], e["count"], e["message"]);
        }
    }
}

/// However its time is moved, and whatever else is asked of it.
#[test]
fn the_same_seed_gives_the_same_run_to_the_byte() {
    let whole = |seed: u64, stride_ms: i64| {
        let mut lab = Lab::new(&Scenario::shipped("guide").unwrap(), seed, start());
        let began = start() + TimeDelta::seconds(30);
        while lab.now() < began {
            let next = (lab.now() + TimeDelta::milliseconds(stride_ms)).min(began);
            lab.advance(next);
        }
        lab.store.create("jobs", setup::job(), began).unwrap();
        let end = began + TimeDelta::seconds(400);
        let mut seen = String::new();
        let mut next_look = began;
        while lab.now() < end {
            let next =
                (lab.now() + TimeDelta::milliseconds(stride_ms)).min(next_look + TimeDelta::seconds(20)).min(end);
            lab.advance(next);
            if lab.now() >= next_look + TimeDelta::seconds(20) {
                next_look = lab.now();
                for resource in ["horizontalpodautoscalers", "deployments", "pods", "events", "jobs"] {
                    lab.store.list(resource, None).for_each(|object| seen += &object.to_string());
                }
                seen += &format!("{:?}", lab.samples());
            }
        }
        seen
    };
    let first = whole(7, 200);
    assert!(first.len() > 100_000 && first == whole(7, 200) && first == whole(7, 1400));
    assert_ne!(first, whole(8, 200));
}

fn job(run: &ScenarioRun) -> String {
    let job = run.lab.store.get("jobs", setup::DEMO, "k6-load").unwrap();
    let all = job["status"]["conditions"].as_array().into_iter().flatten();
    all.map(|c| c["type"].as_str().unwrap()).collect::<Vec<_>>().join(",")
}

#[test]
fn guide_follows_the_guides_timeline() {
    let c = shipped("guide");
    let sizes = c.sizes();
    assert_eq!((sizes[0], *sizes.last().unwrap()), (1, 1), "{}", c.table());
    assert!((2..=4).contains(sizes.iter().max().unwrap()), "{sizes:?}");
    let top = sizes.iter().position(|n| Some(n) == sizes.iter().max()).unwrap();
    assert!(sizes[..=top].is_sorted() && sizes[top..].iter().rev().is_sorted(), "up, then down: {sizes:?}");
    // 0:00–1:00 at its minimum while usage ramps up; 1:00–3:00 it begins; 3:00–8:00 it has 2 to 4.
    assert!(c.at(30).replicas == 1 && c.at(45).cpu > c.at(0).cpu);
    let up = c.when(0, |r| r.replicas > 1).unwrap();
    assert!((45..=120).contains(&up), "{up}");
    assert!(c.when(up, |r| r.ready >= 2).unwrap() <= up + 10);
    assert!(c.rows.iter().filter(|r| (180..300).contains(&r.s)).all(|r| (2..=4).contains(&r.replicas)));
    // At its steady size, utilization is in the band, and every replica does its share.
    assert!(
        c.rows.iter().filter(|r| (210..280).contains(&r.s)).all(|r| (60..=100).contains(&r.cpu.unwrap())),
        "{}",
        c.table()
    );
    let (a, b) = (&c.at(180).shares, &c.at(280).shares);
    let done: Vec<u64> = a.iter().zip(b).map(|(a, b)| b - a).collect();
    assert!(done.iter().max().unwrap() < &(done.iter().sum::<u64>() * 7 / 10 / done.len() as u64 * 2), "{done:?}");
    // The load ends after five minutes, and within four more it is back.
    assert_eq!(job(&c), "SuccessCriteriaMet,Complete");
    let back = c.when(300, |r| r.replicas == 1).unwrap();
    assert!((335..=540).contains(&back), "{back}");
    let messages = c.events("SuccessfulRescale");
    assert!(
        messages.contains(&"New size: 2; reason: cpu resource utilization (percentage of request) above target".into()),
        "{messages:?}"
    );
    assert!(messages.contains(&"New size: 1; reason: All metrics below target".into()), "{messages:?}");
    // Nothing is lost, no pod restarts, and the load brings more documents.
    assert_eq!(c.most(|r| r.refused + r.send_failed + r.agents_lost), 0);
    assert_eq!(c.most(|r| r.restarts), 0);
    let rate = |from: i64, to: i64| (c.at(to).documents - c.at(from).documents) as i64 / (to - from);
    assert!(rate(120, 240) > 10 * (rate(420, 540) + 1), "{} and {}", rate(120, 240), rate(420, 540));
    assert!(c.rows.windows(7).all(|w| w.iter().any(|r| r.queue < 10 * r.shares.len())), "a queue stays full");
}

#[test]
fn production_takes_small_steps_and_keeps_its_replicas_for_five_minutes() {
    let c = shipped("production");
    let sizes = c.sizes();
    let most = *sizes.iter().max().unwrap();
    assert_eq!((sizes[0], *sizes.last().unwrap()), (2, 2), "{}", c.table());
    assert!((3..=5).contains(&most), "{sizes:?}");
    let top = sizes.iter().position(|n| *n == most).unwrap();
    assert!(sizes[top..].windows(2).all(|two| two[0] == two[1] + 1), "down by one: {sizes:?}");
    // The load ramps down from 4:30 to 5:00; the window of five minutes begins in between.
    let down = c.when(300, |r| r.replicas < most).unwrap();
    assert!((540..=660).contains(&down), "{down}");
    assert!(c.when(down, |r| r.replicas < most - 1).is_none_or(|again| again >= down + 60), "{}", c.table());
    assert_eq!(c.most(|r| r.refused + r.send_failed + r.agents_lost), 0, "{}", c.table());
    assert_eq!(c.most(|r| r.restarts), 0);
}

#[test]
fn lab_goes_from_one_to_four_on_a_request_that_is_too_small() {
    let c = shipped("lab");
    assert!(c.most(|r| r.cpu.unwrap_or(0)) > 900, "{}", c.table());
    assert_eq!(c.most(|r| r.replicas), 4);
    let sizes = c.sizes();
    assert!(sizes.iter().position(|n| *n == 4).unwrap() <= 2, "{sizes:?}");
    // One gateway does nearly everything, close to its limit of one core: 2000 % of its request.
    let shares = &c.at(240).shares;
    assert!(shares.iter().max().unwrap() * 100 / shares.iter().sum::<u64>() >= 95, "{shares:?}");
    assert_eq!((c.last().replicas, job(&c).as_str()), (1, "SuccessCriteriaMet,Complete"), "{}", c.table());
}

#[test]
fn the_first_sample_of_the_full_load_scales_the_lab_to_its_maximum_in_one_step() {
    let mut lab = Lab::new(&Scenario::shipped("lab").unwrap(), 7, start());
    // Started right after a sample, so that the next one covers only the load.
    let began = start() + TimeDelta::seconds(36);
    lab.advance(began);
    lab.store.create("jobs", setup::job(), began).unwrap();
    lab.advance(began + TimeDelta::seconds(60));
    let all = lab.store.list("events", None).filter(|e| e["reason"] == "SuccessfulRescale");
    let messages: Vec<_> = all.map(|e| e["message"].as_str().unwrap().to_owned()).collect();
    assert_eq!(messages, ["New size: 4; reason: cpu resource utilization (percentage of request) above target"]);
}

#[test]
fn sticky_replicas_idle() {
    let c = shipped("sticky");
    assert_eq!((c.most(|r| r.replicas), c.last().replicas), (4, 1), "{}", c.table());
    let shares = &c.at(270).shares;
    assert_eq!(shares.iter().filter(|n| **n == 0).count(), 3, "{shares:?}");
}

#[test]
fn memory_holds_the_replicas() {
    let c = shipped("memory-hold");
    let last = c.last();
    assert!(last.replicas >= 2 && last.cpu.unwrap() < 20, "{}", c.table());
    assert!(last.memory.unwrap() < 80);
    let active = c.condition("ScalingActive");
    assert!(active["message"].as_str().unwrap().contains("from memory resource utilization"), "{active}");
}

#[test]
fn backpressure_fills_queues_without_loss_then_loses_without_queues() {
    let c = shipped("backpressure");
    let slow: Vec<_> = c.rows.iter().filter(|r| (80..235).contains(&r.s)).collect();
    assert!(slow.iter().all(|r| r.send_failed == 0 && r.refused == 0 && r.agents_lost == 0), "{}", c.table());
    assert!(slow.iter().any(|r| r.queue >= 20), "{}", c.table());
    assert!(slow.iter().map(|r| r.agents_queue).max().unwrap() > 20, "{}", c.table());
    let rate = |from: i64, to: i64| (c.at(to).documents - c.at(from).documents) as i64 / (to - from);
    assert!(rate(125, 155) * 3 < rate(60, 80) * 2, "{} {}", rate(125, 155), rate(60, 80));
    // It drains, and then refusals lose what comes, with little in the queues.
    assert!(c.at(235).agents_queue < 20 && c.at(235).queue < 20, "{}", c.table());
    let lost = c.at(270).send_failed - c.at(240).send_failed;
    assert!(lost > 50_000, "{lost}");
    assert!(
        c.rows.iter().filter(|r| (245..265).contains(&r.s)).all(|r| r.queue <= 12 && r.agents_queue < 20),
        "{}",
        c.table()
    );
    assert_eq!(c.last().send_failed, c.at(300).send_failed);
}

#[test]
fn metrics_outage_stops_the_hpa_which_reports_it() {
    let c = shipped("metrics-outage");
    let away: Vec<_> = c.rows.iter().filter(|r| (170..270).contains(&r.s)).collect();
    assert!(away.iter().all(|r| r.cpu.is_none() && r.replicas == away[0].replicas), "{}", c.table());
    let messages = c.events("FailedGetResourceMetric");
    let text = "failed to get cpu utilization: unable to get metrics for resource cpu: unable to fetch metrics from resource metrics API: the server is currently unable to handle the request (get pods.metrics.k8s.io)";
    assert!(messages.iter().any(|m| m == text), "{messages:?}");
    assert_eq!((c.last().replicas, c.last().cpu.is_some()), (1, true), "{}", c.table());
}

#[test]
fn oom_kills_the_gateway_before_the_limiter_acts() {
    let c = shipped("oom");
    assert!(c.most(|r| r.restarts) >= 1, "{}", c.table());
    assert_eq!(c.most(|r| r.refused), 0);
    let pods = c.lab.store.list("pods", Some(NS)).filter(|p| p["metadata"]["labels"]["app"] == "edot-gateway");
    let ends: Vec<_> = pods.map(|p| p["status"]["containerStatuses"][0]["lastState"]["terminated"].clone()).collect();
    assert!(ends.iter().any(|e| e["reason"] == "OOMKilled" && e["exitCode"] == 137), "{ends:?}");
    assert!(c.last().ready >= 1 && c.last().queue < 10, "{}", c.table());
}

#[test]
fn flapping_goes_up_and_down() {
    let c = shipped("flapping");
    let sizes = c.sizes();
    let turns = sizes.windows(3).filter(|w| (w[1] > w[0]) != (w[2] > w[1])).count();
    assert!(turns >= 4, "{sizes:?}");
    assert_eq!(c.last().replicas, 1);
}

#[test]
fn hostile_has_every_fault_of_the_api_in_its_time() {
    let scenario = Scenario::shipped("hostile").unwrap();
    let mut lab = Lab::new(&scenario, 1, start());
    let mut seen: Vec<(i64, ApiFaultKind)> = Vec::new();
    for s in 0..scenario.length.ms() / 1000 {
        lab.advance(start() + TimeDelta::seconds(s));
        for fault in lab.faults() {
            if !seen.iter().any(|(_, kind)| *kind == fault.what) {
                seen.push((s, fault.what));
            }
        }
    }
    let names: Vec<String> =
        seen.iter().map(|(s, kind)| format!("{s} {}", format!("{kind:?}").split(' ').next().unwrap())).collect();
    let expected = [
        "20 WatchCut",
        "30 Compacted",
        "45 Forbidden",
        "80 Slow",
        "150 EmptyAnswer",
        "180 MetricsOutage",
        "230 Restart",
        "330 SilentWatch",
    ];
    assert_eq!(names, expected);
    assert!(lab.faults().is_empty());
    assert_eq!(lab.store.get("deployments", NS, "edot-gateway").unwrap()["spec"]["replicas"], 1);
    assert!(!lab.samples().is_empty());
}

#[test]
fn the_same_seed_gives_the_same_run_byte_for_byte() {
    let scenario = Scenario::shipped("guide").unwrap();
    let bytes = |seed| {
        let c = run_scenario(&scenario, seed, Some(100));
        let resources = ["pods", "events", "horizontalpodautoscalers", "deployments", "jobs", "replicasets"];
        let objects: Vec<_> =
            resources.iter().flat_map(|r| c.lab.store.list(r, None)).map(ToString::to_string).collect();
        let run =
            c.lab.store.list("pods", Some(setup::DEMO)).find(|p| p["metadata"]["labels"]["app"] == "k6-load").unwrap();
        let log = c.lab.log(setup::DEMO, run["metadata"]["name"].as_str().unwrap()).unwrap();
        format!("{objects:?}{log:?}{:?}{:?}", c.rows, c.lab.samples())
    };
    assert_eq!(bytes(3), bytes(3));
    assert_ne!(bytes(3), bytes(4));
}

#[test]
fn shards_give_the_list_of_every_hpa_something_to_tell() {
    let mut lab = Lab::new(&Scenario::shipped("shards").unwrap(), 7, start());
    lab.advance(start() + TimeDelta::minutes(8));
    let hpa = |namespace: &str, name: &str| lab.store.get("horizontalpodautoscalers", namespace, name).unwrap().clone();
    let status = |hpa: &serde_json::Value, kind: &str| {
        let all = hpa["status"]["conditions"].as_array().unwrap().clone();
        let found = all.iter().find(|c| c["type"] == kind).unwrap().clone();
        (found["status"].as_str().unwrap().to_owned(), found["reason"].as_str().unwrap().to_owned())
    };
    let calm = hpa("gateway-dev", "edot-gateway-hpa");
    assert_eq!(
        (calm["status"]["currentReplicas"].clone(), status(&calm, "ScalingActive").0),
        (1.into(), "True".into())
    );
    let kedas = hpa("gateway-staging", "keda-hpa-edot-gateway");
    assert_eq!(kedas["metadata"]["ownerReferences"][0]["kind"], "ScaledObject");
    assert!(kedas["status"]["lastScaleTime"].is_string(), "it moves: {kedas}");
    let full = hpa("gateway-prod", "edot-gateway-hpa");
    assert_eq!(full["status"]["currentReplicas"], 4);
    assert_eq!(status(&full, "ScalingLimited"), ("True".into(), "TooManyReplicas".into()));
    let blind = hpa("gateway-batch", "edot-gateway-hpa");
    assert_eq!(status(&blind, "ScalingActive"), ("False".into(), "FailedGetExternalMetric".into()));
}
