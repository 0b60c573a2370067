//! Simulations: with no change they are what happened; with a change, what the arithmetic makes of it.

use crate::it::decisions::simulated_runs::{Run, run};
use crate::it::support::recorded::scale_cycle;
use edot_tui::observe::{MetricKind, MetricValue, Observation, Stamped};
use edot_tui::report::what_if::{self, Agreement, Changes, Recorded, Simulation, record, simulate, summarize};
use std::collections::BTreeSet;

fn lines(text: &str) -> Vec<Stamped> {
    text.lines().map(|l| serde_json::from_str(l).unwrap()).collect()
}

fn recordings() -> [(&'static str, Vec<Stamped>); 4] {
    [
        ("cycle", scale_cycle()),
        ("slow", lines(include_str!("../../data/decisions/slow.jsonl"))),
        ("two", lines(include_str!("../../data/decisions/two.jsonl"))),
        ("flags", lines(include_str!("../../data/decisions/flags.jsonl"))),
    ]
}

fn recorded(all: &[Stamped]) -> Recorded {
    record(all.iter().cloned())
}

#[test]
fn nothing_changed_agrees_as_well_as_the_decisions_do() {
    for (name, all) in recordings() {
        let r = recorded(&all);
        let s = simulate(&r, &Changes::default()).unwrap();
        let Agreement { agreed, syncs: of, corrected } = s.agreement.unwrap();
        let score = r.session.decisions.score.all();
        assert_eq!((agreed as u32, of as u32), (score.agreed, score.of), "{name}");
        assert_eq!(agreed, of, "{name}: parted {:?}", s.diverged);
        assert!(r.session.decisions.rows().iter().all(|row| row.agrees), "{name}");
        assert!(corrected * 10 <= of, "{name}: {corrected} of {of} had to be taken on trust");
    }
}

fn most(s: &Simulation) -> i32 {
    s.steps.iter().map(|step| step.simulated).max().unwrap()
}

fn changed(all: &[Stamped], change: impl FnOnce(&mut Changes)) -> Simulation {
    let mut changes = Changes::default();
    change(&mut changes);
    simulate(&recorded(all), &changes).unwrap()
}

#[test]
fn bounds_requests_and_targets_do_what_they_say() {
    let all = scale_cycle();
    assert_eq!(most(&changed(&all, |c| c.max = Some(2))), 2);
    assert_eq!(most(&changed(&all, |c| c.max = Some(3))), 3);
    assert!(changed(&all, |c| c.min = Some(3)).steps.iter().skip(1).all(|s| s.simulated >= 3));
    // Ten times the request is a tenth of the utilization: nothing leaves the band.
    let wide = changed(&all, |c| c.requests.push(("cpu".into(), 500)));
    assert!(most(&wide) == 1 || wide.steps.iter().all(|s| s.simulated <= s.actual), "{:?}", most(&wide));
    let tight = changed(&all, |c| c.targets.push(("cpu".into(), "30".into())));
    let sum = |s: &Simulation| s.steps.iter().map(|x| x.simulated - x.actual).sum::<i32>();
    assert!(sum(&tight) > 0);
    let slow = changed(&all, |c| c.down.window_s = Some(300));
    let late = |s: &Simulation| s.steps.last().unwrap().simulated;
    assert_eq!((late(&slow), slow.steps.last().unwrap().actual), (4, 1), "the window holds what was");
    let summary = summarize(&slow, &recorded(&all), None);
    assert!(
        summary.actual.back_to_min_s.is_some() && summary.simulated.back_to_min_s.is_none(),
        "not back while it is held"
    );
    let higher = summarize(&changed(&all, |c| c.min = Some(2)), &recorded(&all), None);
    assert!(higher.simulated.back_to_min_s < higher.actual.back_to_min_s, "each by its own minimum");
    let first = slow.diverged.unwrap();
    assert!(slow.steps.iter().take_while(|s| s.ms < first).all(|s| s.simulated == s.actual));
}

#[test]
fn a_change_that_does_not_fit_is_named() {
    let r = recorded(&scale_cycle());
    let wrong = |change: fn(&mut Changes)| {
        let mut changes = Changes::default();
        change(&mut changes);
        simulate(&r, &changes).unwrap_err()
    };
    assert!(wrong(|c| c.drop.push("disk".into())).contains("no metric disk; it has cpu, memory"));
    assert!(wrong(|c| c.drop = vec!["cpu".into(), "memory".into()]).contains("at least one"));
    assert!(wrong(|c| c.targets.push(("cpu".into(), "much".into()))).contains("percent of request"));
    assert!(wrong(|c| c.max = Some(0)).contains("minimum"));
    let nothing = record(std::iter::empty());
    assert!(simulate(&nothing, &Changes::default()).unwrap_err().contains("no sync"));
}

#[test]
fn a_sync_that_the_arithmetic_misses_costs_no_other() {
    let (all, _) = run(&Run { restart: Some(760), by_hand: Some((1100, 6)), seconds: 1800, ..Run::default() });
    let r = recorded(&all);
    let Agreement { agreed, syncs: of, .. } = simulate(&r, &Changes::default()).unwrap().agreement.unwrap();
    let score = r.session.decisions.score.all();
    assert_eq!((agreed as u32, of as u32), (score.agreed, score.of));
}

/// A controller of our own runs the same load under other settings: the supposition from the first run is the second.
#[test]
fn supposed_is_what_another_run_really_does() {
    let base = Run { seconds: 1800, max: 8, ..Run::default() };
    let (first, _) = run(&base);
    let r = recorded(&first);
    for max in [2, 3, 5] {
        let (second, _) = run(&Run { seconds: 1800, max, ..Run::default() });
        let real = recorded(&second);
        let changes = Changes { max: Some(max), ..Changes::default() };
        let supposed = simulate(&r, &changes).unwrap();
        let (mut near, mut all) = (0, 0);
        for step in &supposed.steps {
            let there = real.syncs.iter().filter(|m| (m.ms - step.ms).abs() <= 16_000);
            all += 1;
            near += usize::from(there.map(|m| (m.actual - step.simulated).abs()).min().is_some_and(|d| d <= 1));
        }
        assert!(near * 10 >= all * 9, "max {max}: {near} of {all}");
    }
}

/// A recording during which the HPA's metrics were edited: reordered, one removed, one added.
fn edited() -> Vec<Stamped> {
    let mut all = scale_cycle();
    let total = all.len();
    for (i, stamped) in all.iter_mut().enumerate() {
        let Observation::Hpa(hpa) = &mut stamped.what else { continue };
        let part = i * 4 / total;
        match part {
            0 => {}
            1 => {
                hpa.metrics.reverse();
                hpa.status.metrics.reverse();
            }
            2 => {
                hpa.metrics.retain(|m| m.name == "cpu");
                hpa.status.metrics.retain(|m| m.name == "cpu");
            }
            _ => {
                let mut queue = hpa.metrics[0].clone();
                queue.kind = MetricKind::External;
                queue.name = "queue".into();
                queue.value = MetricValue { average_value: Some("10".into()), ..MetricValue::default() };
                hpa.metrics.insert(0, queue.clone());
                hpa.status.metrics.insert(0, queue);
            }
        }
    }
    all
}

#[test]
fn metrics_that_were_edited_during_the_run_are_matched_by_what_they_are() {
    let r = recorded(&edited());
    let orders: BTreeSet<Vec<String>> = r.syncs.iter().map(|s| s.names.to_vec()).collect();
    assert!(orders.len() >= 3, "{orders:?}");
    for changes in [Changes::default(), Changes { max: Some(3), ..Changes::default() }] {
        let s = simulate(&r, &changes).unwrap();
        assert_eq!(s.metrics, ["cpu", "memory", "queue"]);
        let summary = summarize(&s, &r, None);
        let (panels, _) = what_if::panels(&s, &r);
        what_if::document(&summary);
        assert_eq!(panels.len(), 4, "a chart for each metric, and the replicas");
        for ((i, sync), shown) in r.syncs.iter().enumerate().zip(&summary.syncs) {
            // Each figure is with its own metric, and a metric that was not there has none.
            let names: BTreeSet<&str> = shown.metrics.iter().map(|m| m.name.as_str()).collect();
            assert_eq!(names, sync.names.iter().map(String::as_str).collect());
            for metric in &shown.metrics {
                let place = sync.names.iter().position(|n| *n == metric.name).unwrap();
                assert_eq!(metric.actual, sync.figures[place].figure, "{} at sync {i}", metric.name);
            }
            for (panel, name) in panels.iter().zip(&s.metrics) {
                let there = sync.names.contains(name);
                assert!(there || panel.traces.iter().all(|t| t.points[i].1.is_none()), "a gap for {name} at sync {i}");
            }
        }
    }
    let wrong = simulate(&r, &Changes { drop: vec!["disk".into()], ..Changes::default() }).unwrap_err();
    assert!(wrong.contains("it has cpu, memory, queue"), "{wrong}");
}
