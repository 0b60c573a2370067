//! Simulations: with no change they are what happened; with a change, what the arithmetic makes of it.

use crate::it::decisions::simulated_runs::{Run, run};
use crate::it::support::recorded::scale_cycle;
use edot_tui::decide::rerun::{Agreement, Changes, Recorded, Simulation, Step, record, simulate};
use edot_tui::observe::{MetricKind, MetricValue, Observation, Stamped};
use edot_tui::recording;
use edot_tui::report::what_if::{self, summarize};
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

/// Recordings of a real controller (Kubernetes 1.36.3, all flags at their defaults, samples every 15 s, a busy machine), two by two:
/// both had the same load at the same time, each under settings of its own. (Recorded, really run, what differs.)
const REAL: [(&str, &str, &[&str]); 12] = [
    ("a1", "b1", &["window=90", "policy=down=Pods:1/30"]),
    ("b1", "a1", &["window=30", "policy=down=Percent:100/15"]),
    ("a2", "b2", &["target=cpu=40", "max=12", "policy=up=Pods:2/30"]),
    ("b2", "a2", &["target=cpu=60", "max=8", "policy=up=Pods:4/15", "policy=up=Percent:100/15"]),
    ("a3", "b3", &["drop=memory", "max=6", "window=60", "policy=down=Pods:1/30"]),
    ("a4", "b4", &["target=cpu=50", "max=10"]),
    ("b4", "a4", &["target=cpu=80", "max=6"]),
    ("a5", "b5", &["target=cpu=85", "max=10", "window=0", "policy=up=Pods:1/15", "policy=down=Percent:100/15"]),
    (
        "b5",
        "a5",
        &[
            "target=cpu=60",
            "max=8",
            "window=60",
            "policy=up=Pods:4/15",
            "policy=up=Percent:100/15",
            "policy=down=Percent:50/30",
        ],
    ),
    ("a6", "b6", &["min=1", "window=90"]),
    ("b6", "a6", &["min=2", "window=0"]),
    ("b1", "b1", &["max=8"]),
];

/// The load began this long after the recording, milliseconds; before, the two may differ by how they were set up.
const SET_UP: i64 = 55_000;
/// A sync, and what it may be late.
const ONE_SYNC: i64 = 17_000;

/// (When, to which size) of each rescale after the set-up.
fn rescales(sizes: &[(i64, i32)]) -> Vec<(i64, i32)> {
    let begin = sizes[0].0 + SET_UP;
    sizes.windows(2).filter(|w| w[0].1 != w[1].1 && w[1].0 > begin).map(|w| w[1]).collect()
}

fn minutes(sizes: &[(i64, i32)]) -> f64 {
    sizes.windows(2).map(|w| (w[1].0 - w[0].0) as f64 / 60_000.0 * f64::from(w[0].1)).sum()
}

/// Whether every size is the same, each rescale within one sync, and the replica-minutes within 5 %.
fn is_exact(supposed: &[(i64, i32)], real: &[(i64, i32)]) -> bool {
    let (ours, theirs) = (rescales(supposed), rescales(real));
    let same = |(a, b): (&(i64, i32), &(i64, i32))| a.1 == b.1 && (a.0 - b.0).abs() <= ONE_SYNC;
    let minutes = (minutes(supposed), minutes(real));
    ours.len() == theirs.len() && ours.iter().zip(&theirs).all(same) && (minutes.0 / minutes.1 - 1.0).abs() <= 0.05
}

/// The sizes outside of the band, with their times.
fn outside(s: &Simulation, real: &[(i64, i32)]) -> Vec<String> {
    let begin = real[0].0 + SET_UP;
    let mut out = Vec::new();
    for step in s.steps.iter().filter(|step| step.ms > begin) {
        let size = real.iter().rev().find(|r| r.0 <= step.ms + 1000).map_or(real[0].1, |r| r.1);
        if !(step.band.0..=step.band.1).contains(&size) {
            out.push(format!("{} really {size}, supposed {} in {:?}", clock(step.ms), step.simulated, step.band));
        }
    }
    out
}

#[test]
fn supposed_is_what_a_real_controller_did_or_within_the_band() {
    let (exact, wrong) = compare(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/what_if"), &REAL);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(exact >= 5, "only {exact} are the same in every size");
}

type Pair<'a> = (&'a str, &'a str, &'a [&'a str]);

/// How many of the pairs are exact, and those that are neither exact nor inside the band.
fn compare(folder: &str, pairs: &[Pair<'_>]) -> (usize, Vec<String>) {
    let data = |name: &str| record_file(&format!("{folder}/{name}.jsonl.gz"));
    let (mut exact, mut wrong) = (0, Vec::new());
    for (recorded, real, words) in pairs {
        let s = simulate(&data(recorded), &parsed(words)).unwrap();
        let real_sizes: Vec<(i64, i32)> = data(real).syncs.iter().map(|m| (m.ms, m.actual)).collect();
        let supposed: Vec<(i64, i32)> = s.steps.iter().map(|step| (step.ms, step.simulated)).collect();
        let (low, high) = (|step: &Step| step.band.0, |step: &Step| step.band.1);
        let sum = |of: fn(&Step) -> i32| minutes(&s.steps.iter().map(|x| (x.ms, of(x))).collect::<Vec<_>>());
        let really = minutes(&real_sizes);
        let outside = outside(&s, &real_sizes);
        let is = is_exact(&supposed, &real_sizes);
        let list = |all: &[(i64, i32)]| {
            let one = |r: &(i64, i32)| format!("{} {}", clock(r.0), r.1);
            rescales(all).iter().map(one).collect::<Vec<_>>().join(", ")
        };
        let both = format!("  supposed {}\n  really   {}", list(&supposed), list(&real_sizes));
        let (low, high) = (sum(low), sum(high));
        println!("{recorded} -> {real}: exact {is}, {really:.1} in {low:.1}..{high:.1}, outside {outside:?}\n{both}");
        exact += usize::from(is);
        let near = really >= low * 0.95 && really <= high * 1.05;
        if !is && (!outside.is_empty() || !near) {
            wrong.push(format!("{recorded} -> {real}: {outside:?}\n{both}"));
        }
    }
    (exact, wrong)
}

/// Compares other pairs: `EDOT_PAIRS="FOLDER recorded real change…; recorded real change…"`.
#[test]
#[ignore = "compares pairs of recordings: EDOT_PAIRS"]
fn other_pairs() {
    let given = std::env::var("EDOT_PAIRS").unwrap();
    let (folder, rest) = given.split_once(' ').unwrap();
    let all: Vec<Vec<&str>> = rest.split(';').map(|one| one.split_whitespace().collect()).collect();
    let pairs: Vec<Pair<'_>> = all.iter().map(|words| (words[0], words[1], &words[2..])).collect();
    let (exact, wrong) = compare(folder, &pairs);
    println!("{exact} of {} are exact\n{}", pairs.len(), wrong.join("\n"));
}

#[test]
fn recorded_runs_of_a_real_controller_scale_down_as_it_would_have() {
    let data =
        |name: &str| record_file(&format!("{}/tests/data/decisions/{name}.jsonl.gz", env!("CARGO_MANIFEST_DIR")));
    let supposed = |name: &str, words: &[&str]| {
        let s = simulate(&data(name), &parsed(words)).unwrap();
        rescales(&s.steps.iter().map(|step| (step.ms, step.simulated)).collect::<Vec<_>>())
    };
    // Background traffic is shared by the pods that there are: a real HPA went 11, 8, 2.
    let down = supposed("R3-wi1a", &["target=cpu=40", "max=12", "policy=up=Pods:2/30"]);
    let sizes: Vec<i32> = down.iter().map(|r| r.1).skip_while(|size| *size < 11).collect();
    assert_eq!(sizes, [11, 8, 2]);
    // A real HPA held 4 until 11:37:33, then had 3.
    let slow = supposed("R4-wi3a", &["window=120", "policy=down=Pods:1/30"]);
    let slow: Vec<(String, i32)> = slow.into_iter().map(|(ms, size)| (clock(ms), size)).collect();
    assert!(slow.len() >= 2 && slow[0] == ("11:32:47".into(), 4) && slow[1].1 == 3, "{slow:?}");
    assert!(("11:37:17".."11:37:50").contains(&slow[1].0.as_str()), "{slow:?}");
}

#[test]
fn without_a_change_it_lists_exactly_what_happened() {
    for (name, all) in recordings() {
        let r = recorded(&all);
        let s = simulate(&r, &Changes::default()).unwrap();
        let happened: Vec<i32> = r.syncs.iter().map(|m| m.actual).collect();
        assert_eq!(s.steps.iter().map(|step| step.simulated).collect::<Vec<_>>(), happened, "{name}");
        assert!(s.steps.iter().all(|step| step.band == (step.actual, step.actual)), "{name}: nothing is open");
    }
}

#[test]
fn what_happened_is_not_used_where_the_unchanged_settings_do_not_give_it() {
    let mut r = recorded(&scale_cycle());
    let max = Changes { max: Some(r.syncs[0].spec.max), ..Changes::default() };
    let before = simulate(&r, &max).unwrap();
    assert_eq!((before.missed.0, before.diverged), (0, None), "the change is none");
    let place = r.syncs.len() / 2;
    r.syncs[place].actual += 1;
    let s = simulate(&r, &max).unwrap();
    assert_eq!(s.missed, (1, r.syncs.len()));
    assert_eq!((s.steps[place].simulated, s.diverged), (before.steps[place].simulated, Some(r.syncs[place].ms)));
    let text = format!("{:?}", what_if::document(&summarize(&s, &r, None)));
    assert!(text.contains(&format!("in 1 of {} syncs", r.syncs.len())), "{text}");
}

/// Prints simulations of recordings, to look at: `EDOT_WHAT_IF="FILE change…; …" cargo test it::report::what_if::show -- --ignored
/// --nocapture`, with changes as [`parsed`] reads them, and `FILE` alone for what happened.
#[test]
#[ignore = "prints simulations, to look at: EDOT_WHAT_IF"]
fn show() {
    for one in std::env::var("EDOT_WHAT_IF").unwrap().split(';') {
        let mut words = one.split_whitespace();
        let r = record_file(words.next().unwrap());
        let s = simulate(&r, &parsed(&words.collect::<Vec<_>>())).unwrap();
        println!("== {one}\n{}", sizes(&s));
        for line in &s.assumptions {
            println!("   {line}");
        }
        println!("   missed {:?}, diverged {:?}", s.missed, s.diverged.map(clock));
    }
}

fn clock(ms: i64) -> String {
    chrono::DateTime::from_timestamp_millis(ms).unwrap().format("%H:%M:%S").to_string()
}

/// Every rescale, actual and simulated, with the band.
fn sizes(s: &Simulation) -> String {
    let mut out = String::new();
    for pair in s.steps.windows(2) {
        let [a, b] = pair else { continue };
        if a.actual != b.actual || a.simulated != b.simulated || a.band != b.band {
            let figures: Vec<String> = b.metrics.iter().flatten().map(|m| format!("{:?}", m.figure)).collect();
            out += &format!(
                "   {} actual {} simulated {} {:?} {}\n",
                clock(b.ms),
                b.actual,
                b.simulated,
                b.band,
                figures.join(" ")
            );
        }
    }
    out
}

fn record_file(path: &str) -> Recorded {
    record(recording::open(path.as_ref()).unwrap())
}

/// Changes as words: `target=cpu=40`, `min=2`, `max=8`, `window=30`, `drop=memory`, `policy=down=Pods:1/30`, `request=cpu=200m`.
pub fn parsed(words: &[&str]) -> Changes {
    let mut c = Changes::default();
    for word in words {
        let (key, value) = word.split_once('=').unwrap();
        match key {
            "target" => c.targets.push(Changes::pair(value).unwrap()),
            "min" => c.min = value.parse().ok(),
            "max" => c.max = value.parse().ok(),
            "window" => c.down.window_s = value.parse().ok(),
            "drop" => c.drop.push(value.to_owned()),
            "request" => c.requests.push(Changes::request(value).unwrap()),
            "policy" => {
                let (direction, policy) = Changes::policy(value).unwrap();
                let rule = if direction == edot_tui::hpa::Direction::Up { &mut c.up } else { &mut c.down };
                rule.policies.push(policy);
            }
            _ => unreachable!("{key}"),
        }
    }
    c
}
