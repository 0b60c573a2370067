//! Simulations compared with the lab: what a run under some settings predicts for others is what a run under those does.

use super::what_if::parsed;
use edot_tui::decide::rerun::{Simulation, record, simulate};
use edot_tui::lab::scenario::{SHIPPED, Scenario};
use edot_tui::trial::watched;
use std::collections::BTreeMap;

/// Seconds from the load's start.
const LONG: i64 = 780;

/// A shipped scenario with these texts in place of others.
fn edited(name: &str, edits: &[Edit]) -> Scenario {
    let mut text = SHIPPED.iter().find(|(n, _)| *n == name).unwrap().1.to_owned();
    for (from, to) in edits {
        assert!(text.contains(from), "{from}");
        text = text.replacen(from, to, 1);
    }
    Scenario::parse(name, "a test", &text).unwrap()
}

/// The supposed size at each second.
fn supposed(s: &Simulation, began: i64, seconds: usize, first: i32) -> Vec<i32> {
    let mut steps = s.steps.iter().peekable();
    let mut size = first;
    let second = |n: usize| {
        while let Some(step) = steps.next_if(|step| step.ms <= began + n as i64 * 1000) {
            size = step.simulated;
        }
        size
    };
    (0..seconds).map(second).collect()
}

/// For how much of the time the two lie within one replica and one sync of one another, percent.
fn near(supposed: &[i32], real: &[i32]) -> usize {
    let close = |(n, size): (usize, &i32)| {
        let around = &supposed[n.saturating_sub(15)..(n + 16).min(supposed.len())];
        around.iter().any(|s| (s - size).abs() <= 1)
    };
    real.iter().enumerate().filter(|pair| close(*pair)).count() * 100 / real.len()
}

type Edit = (&'static str, &'static str);

struct Pair {
    scenario: &'static str,
    /// What the run has that is recorded, and the other one.
    first: &'static [Edit],
    other: &'static [Edit],
    change: &'static [&'static str],
}

const ONE_A_MINUTE: Edit = (
    "window = \"30s\"\n# \"Max\" (the default), \"Min\" or \"Disabled\"\nselect = \"Max\"\npolicies = [\n  { type = \"Percent\", \
     value = 100, period = \"15s\" },\n  { type = \"Pods\", value = 2, period = \"15s\" },\n]",
    "window = \"30s\"\npolicies = [ { type = \"Pods\", value = 1, period = \"60s\" } ]",
);
const CPU_60: Edit = ("\ncpu = 80\n", "\ncpu = 60\n");
const CPU_50: Edit = ("\ncpu = 80\n", "\ncpu = 50\n");
const MAX_2: Edit = ("max = 4\n", "max = 2\n");
const MAX_8: Edit = ("max = 4\n", "max = 8\n");
const HPA_60: Edit = ("[gateway]\n", "[hpa]\ncpu = 60\nmemory = 80\n\n[gateway]\n");
const NO_MEMORY: Edit = ("[gateway]\n", "[hpa]\ncpu = 80\n\n[gateway]\n");
const LATE_DOWN: Edit = ("window = \"30s\"", "window = \"300s\"");

const fn guide(other: &'static [Edit], change: &'static [&'static str]) -> Pair {
    Pair { scenario: "guide", first: &[], other, change }
}

const PAIRS: [Pair; 16] = [
    guide(&[CPU_60], &["target=cpu=60"]),
    guide(&[CPU_50, MAX_8], &["target=cpu=50", "max=8"]),
    guide(&[MAX_8], &["max=8"]),
    guide(&[MAX_2], &["max=2"]),
    guide(&[LATE_DOWN], &["window=300"]),
    guide(&[("\nmemory = 80\n", "\n")], &["drop=memory"]),
    guide(&[("cpu = \"130m\"", "cpu = \"200m\"")], &["request=cpu=200m"]),
    guide(&[ONE_A_MINUTE], &["policy=down=Pods:1/60"]),
    Pair { scenario: "guide", first: &[MAX_2], other: &[], change: &["max=4"] },
    Pair { scenario: "guide", first: &[CPU_50, MAX_8], other: &[MAX_8], change: &["target=cpu=80"] },
    Pair { scenario: "guide", first: &[LATE_DOWN], other: &[], change: &["window=30"] },
    Pair { scenario: "flapping", first: &[], other: &[HPA_60], change: &["target=cpu=60"] },
    Pair { scenario: "memory-hold", first: &[], other: &[NO_MEMORY], change: &["drop=memory"] },
    Pair { scenario: "metrics-outage", first: &[], other: &[HPA_60], change: &["target=cpu=60"] },
    Pair { scenario: "sticky", first: &[], other: &[HPA_60], change: &["target=cpu=60"] },
    Pair { scenario: "lab", first: &[], other: &[("cpu = \"50m\"", "cpu = \"400m\"")], change: &["request=cpu=400m"] },
];

#[test]
fn what_is_simulated_from_a_run_is_what_the_lab_does() {
    let mut results = Vec::new();
    let mut runs = BTreeMap::new();
    for pair in &PAIRS {
        let first = || watched(&edited(pair.scenario, pair.first), 7, LONG);
        let (recorded, began, sizes) = runs.entry((pair.scenario, pair.first)).or_insert_with(|| {
            let (seen, sizes) = first();
            let began = seen[0].at.timestamp_millis();
            (record(seen.into_iter()), began, sizes)
        });
        let s = simulate(recorded, &parsed(pair.change)).unwrap();
        let (_, real) = watched(&edited(pair.scenario, pair.other), 7, LONG);
        let ours = supposed(&s, *began, real.len(), sizes[0]);
        let show = |sizes: &[i32]| sizes.iter().step_by(15).map(ToString::to_string).collect::<String>();
        let percent = near(&ours, &real);
        let shown = format!("  A {}\n  B {}\n  ? {}", show(sizes), show(&real), show(&ours));
        results.push((percent, format!("{} {}: {percent} %\n{shown}", pair.scenario, pair.change.join(" "))));
    }
    let all: Vec<&str> = results.iter().map(|t| t.1.as_str()).collect();
    println!("{}", all.join("\n"));
    assert!(results.iter().all(|t| t.0 >= 90), "\n{}", all.join("\n"));
}
