//! What watching costs: counted, recorded, and part of the reports.

use crate::it::replay::reading::fold;
use crate::it::support::fake_api::{FakeApi, timing};
use crate::it::support::recorded::scale_cycle;
use edot_tui::observe::{CostSeen, Observation};
use edot_tui::report;
use edot_tui::source::live::Timing;
use serde_json::Value;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

fn cost(o: &Observation) -> Option<CostSeen> {
    match o {
        Observation::Cost(seen) => Some(seen.clone()),
        _ => None,
    }
}

#[tokio::test]
async fn every_request_to_the_api_server_is_counted_once() {
    let api = FakeApi::start(|_| None).await;
    let mut seen = api.watch_as(Timing { cost: Duration::from_millis(20), ..timing() }, "edot-gateway-hpa").await;
    let first = seen.next("a first reading", cost).await;
    seen.all_up().await;
    // A request is counted when it is sent, so the counts are equal once none is in flight.
    let there = || api.requests(|_| true).len() as u64;
    let last = seen.next("the same count", |o| cost(o).filter(|c| c.api > 10 && c.api == there())).await;
    assert!(first.api < last.api && first.up_ms < last.up_ms && !last.lab);
    assert!(last.cpu_ms >= first.cpu_ms && last.resident > Some(4 << 20) && last.highest >= last.resident);
}

fn edot_tui(args: &[&str], home: &Path) -> std::process::Output {
    let mut command = Command::new(crate::it::support::program());
    command.env_clear().env("PATH", "/usr/bin:/bin").env("HOME", home);
    command.args(args).output().unwrap()
}

#[test]
fn a_recorded_run_reports_what_watching_cost() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("run.jsonl.gz");
    let file = file.to_str().unwrap();
    let ran = edot_tui(&["record", "--lab", "--speed", "30", "--for", "120s", "-o", file], folder.path());
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    let report = |form| String::from_utf8(edot_tui(&["report", file, "-o", form], folder.path()).stdout).unwrap();
    let json: Value = serde_json::from_str(&report("json")).unwrap();
    let cost = &json["cost"];
    let number = |key: &str| cost[key].as_f64().unwrap_or_else(|| panic!("{key} in {cost}"));
    // In the lab's time, which took four seconds on this machine.
    assert!((90.0..=125.0).contains(&number("over_s")), "{cost}");
    let per_min = |count: &str, rate: &str| (number(count) * 60.0 / number("over_s") - number(rate)).abs() < 0.1;
    assert!(per_min("api_requests", "api_requests_per_min"), "{cost}");
    assert!(per_min("elasticsearch_requests", "elasticsearch_requests_per_min"), "{cost}");
    assert!((5.0..600.0).contains(&number("api_requests_per_min")), "{cost}");
    assert!((5.0..600.0).contains(&number("elasticsearch_requests_per_min")), "{cost}");
    assert!(number("cpu_s") > 0.0 && (0.1..800.0).contains(&number("cpu_percent")), "{cost}");
    assert!(number("memory_bytes") > 4e6 && number("memory_peak_bytes") >= number("memory_bytes"), "{cost}");
    assert_eq!(cost["with_lab"], true);
    uses_the_labs_clock(Path::new(file), &json);
    for form in ["text", "markdown", "html"] {
        let text = report(form);
        let has_cost =
            text.contains("What watching took") && text.contains(" requests a minute to the API server and ");
        assert!(has_cost && text.contains("the lab inside the process included"), "{form}: {text}");
    }
}

/// Header, observations and report use the lab's time, and the header has what is needed to repeat the run.
fn uses_the_labs_clock(file: &Path, report: &Value) {
    let mut reading = edot_tui::recording::open(file).unwrap();
    let header = reading.header.clone();
    let lab = header.lab.as_ref().unwrap();
    assert_eq!((lab.scenario.as_str(), lab.speed, header.watching.lab), ("guide", 30.0, true));
    assert_eq!(lab.seed, edot_tui::lab::scenario::Scenario::shipped("guide").unwrap().seed);
    let times: Vec<_> = reading.by_ref().map(|s| s.at).collect();
    assert!((times[0] - header.at).num_seconds().abs() <= 1, "{} {}", header.at, times[0]);
    let whole = (*times.last().unwrap() - header.at).num_seconds();
    assert!((115..=125).contains(&whole), "{whole} s of the lab, which took 4 s");
    let seconds = report["duration_s"].as_f64().unwrap();
    assert!((115.0..=125.0).contains(&seconds), "{seconds}");
}

#[test]
fn without_a_recorded_cost_there_is_none() {
    let session = fold(&scale_cycle());
    let judged = edot_tui::verdict::run(&session, edot_tui::verdict::Expectations::guide());
    let full = report::report(&session, &judged, &report::Origin::default());
    let json = serde_json::to_value(&full).unwrap();
    assert!(json.as_object().unwrap().contains_key("cost") && json["cost"].is_null());
    let page = report::document::document(&full);
    assert!(!report::text::plain(&page, 200).contains("What watching took"));
}
