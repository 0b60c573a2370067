//! Scaling on the gateways' queues: back-tested as a metric of the pods, and whether more gateways helped.

use super::tune::{ask, tuned};
use edot_tui::decide::front::Objective;
use edot_tui::decide::queue::{FULL, METRIC, NAME, with_queue};
use edot_tui::decide::rerun::{Changes, Recorded, Rerun, record};
use edot_tui::decide::tune::{Ask, Search};
use edot_tui::hpa::Target;
use edot_tui::lab::scenario::Scenario;
use edot_tui::report::{scaled_object, text, tune};
use edot_tui::trial;
use std::sync::LazyLock;
use std::sync::atomic::AtomicBool;

fn recorded(scenario: &Scenario) -> Recorded {
    record(trial::watched_inside(scenario, 7, trial::length(scenario)).into_iter())
}

static BACKPRESSURE: LazyLock<Recorded> =
    LazyLock::new(|| with_queue(recorded(&Scenario::shipped("backpressure").unwrap())).unwrap());

fn queue_ask(candidates: usize) -> Ask {
    Ask { lines: vec![(NAME.into(), FULL.to_string())], ..ask(Objective::Balanced, candidates) }
}

#[test]
fn without_a_target_the_metric_changes_nothing() {
    let plain = recorded(&Scenario::shipped("backpressure").unwrap());
    let (a, b) = (Rerun::new(&plain).unwrap(), Rerun::new(&BACKPRESSURE).unwrap());
    let steps = |rerun: &Rerun<'_>| rerun.simulate(&Changes::default(), |_| ()).unwrap();
    assert_eq!(steps(&a).missed, steps(&b).missed);
    let sizes = |rerun: &Rerun<'_>| steps(rerun).steps.iter().map(|s| s.simulated).collect::<Vec<_>>();
    assert_eq!(sizes(&a), sizes(&b));
    let filled = BACKPRESSURE.syncs.iter().filter(|m| {
        m.world.values.values().any(|v| matches!(v, Ok(edot_tui::hpa::Values::Pods(all)) if all[0].1 >= 80_000))
    });
    assert!(filled.count() >= 3, "the queues filled");
}

#[test]
fn a_target_for_the_queue_scales_up_where_it_fills_and_is_what_is_recommended() {
    let rerun = Rerun::new(&BACKPRESSURE).unwrap();
    let changes = Changes { targets: vec![(NAME.into(), "30".into())], max: Some(8), ..Changes::default() };
    let most = |s: &edot_tui::decide::rerun::Simulation| s.steps.iter().map(|s| s.simulated).max().unwrap();
    assert!(most(&rerun.simulate(&changes, |_| ()).unwrap()) > 4);

    let recordings = std::slice::from_ref(&*BACKPRESSURE);
    let ask = queue_ask(200);
    let all = tuned(recordings, &ask);
    let metric = all.specs.1.metrics.last().unwrap();
    assert!(matches!(metric.target, Target::AverageValue(30_000..=80_000)), "{metric:?}");
    assert!(all.parts.iter().any(|p| p.name == "target of queue" && p.present == "none"), "{:?}", all.parts);

    let search = Search::new(recordings, &ask).unwrap();
    let summary = tune::summary::summarize(&all, &ask, recordings, vec![None], |c| search.words(c)).unwrap();
    let queue = summary.queue.as_ref().unwrap();
    assert!(
        queue.query.contains("otelcol_exporter_queue_size{namespace=\"observability-lab\",pod=~\"edot-gateway-.*\"}")
    );
    let pods = &summary.manifest["spec"]["metrics"].as_array().unwrap().last().unwrap()["pods"];
    assert_eq!(pods["metric"]["name"], METRIC);
    assert_eq!(summary.patch["spec"]["metrics"].as_array().unwrap().len(), all.specs.1.metrics.len());
    let triggers = queue.scaled_object["spec"]["triggers"].as_array().unwrap();
    let kinds: Vec<&str> = triggers.iter().map(|t| t["type"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["cpu", "memory", "prometheus"]);
    assert_eq!(triggers[2]["metadata"]["threshold"], pods["target"]["averageValue"]);
    assert_eq!((triggers[2]["metricType"].as_str(), queue.without_trigger), (Some("Value"), 0));
    let seen = recordings[0].session.hpa.as_ref().unwrap();
    assert_eq!(scaled_object::of(seen, &all.specs.1), queue.scaled_object);
    let text = text::plain(&tune::document(&summary), 120);
    assert!(text.contains("The metric of the queues") && text.contains("Elasticsearch was the limit"), "{text}");
}

#[test]
fn a_range_is_kept_to() {
    let recordings = std::slice::from_ref(&*BACKPRESSURE);
    let mut ask = queue_ask(120);
    ask.limits.targets.push((NAME.into(), (63, 66)));
    let all = Search::new(recordings, &ask).unwrap().run(&ask, &AtomicBool::new(false), &mut |_| {}).unwrap();
    assert!(matches!(all.specs.1.metrics.last().unwrap().target, Target::AverageValue(63_000 | 66_000)));
}

#[test]
fn without_queues_it_says_so() {
    let plain = record(trial::watched(&Scenario::shipped("guide").unwrap(), 7, 60).0.into_iter());
    assert!(with_queue(plain).err().unwrap().contains("no gateway reported how full"));
}
