//! What a recording teaches about its pods, and that runs under other settings are as that says.

use super::tune::{RUNS, simulated};
use edot_tui::decide::rerun::{Changes, Recorded, Rerun, record};
use edot_tui::decide::score::lines;
use edot_tui::decide::verify::happened;
use edot_tui::lab::scenario::Scenario;
use edot_tui::trial;

/// A run of the lab, as long as the scenario is.
pub fn run(scenario: &Scenario, seed: u64) -> Recorded {
    record(trial::watched(scenario, seed, trial::length(scenario)).0.into_iter())
}

/// Seconds until a new pod has its share of the load: quickest, likely, slowest.
fn joins(r: &Recorded) -> (f64, f64, f64) {
    let learned = Rerun::new(r).unwrap().learned;
    let s = |ms: i64| ms as f64 / 1000.0;
    (s(learned.joins.0), s(learned.likely.joins), s(learned.joins.1))
}

#[test]
fn when_a_new_pod_has_its_share_of_the_load_is_learned() {
    for seed in [3, 7, 11] {
        // Its clients look the Service up again every 30 s; there, one connection for good.
        let (low, likely, high) = joins(&run(&Scenario::shipped("guide").unwrap(), seed));
        assert!(low <= likely && likely <= high && (5.0..32.0).contains(&likely), "{seed}: {likely}");
        let (_, never, _) = joins(&run(&Scenario::shipped("lab").unwrap(), seed));
        assert!(never > 60.0, "{seed}: {never}");
    }
    // Recorded on a control plane whose load was shared by the Ready pods at once; in one, new pods idled until the next step.
    for (name, r) in RUNS.iter().filter(|r| !r.0.starts_with("A-saw")) {
        let (_, likely, _) = joins(r);
        assert!(likely <= 2.0, "{name}: {likely}");
    }
}

#[test]
fn a_restarted_pod_does_not_teach_how_long_a_start_takes() {
    let r = run(&Scenario::shipped("oom").unwrap(), 7);
    let learned = Rerun::new(&r).unwrap().learned;
    assert!(learned.likely.ready <= 10_000, "{:?}", learned.likely);
}

#[test]
fn a_run_under_other_settings_is_above_the_line_as_long_as_simulated() {
    for (name, flags) in [("metrics-outage", "--target cpu=25 --min 2"), ("guide", "--target cpu=40 --min 2")] {
        let scenario = Scenario::shipped(name).unwrap();
        let recorded = run(&scenario, 7);
        let rerun = Rerun::new(&recorded).unwrap();
        let changes = Changes::of_flags(flags).unwrap();
        let present = recorded.syncs.last().unwrap();
        let lines = lines(present, &[]).unwrap();
        let phases = rerun.phases(&rerun.learned.likely, 12);
        let simulated: Vec<f64> =
            phases.iter().map(|phase| simulated(&rerun, phase, &changes, &lines).above_s).collect();
        let (low, high) =
            (simulated.iter().copied().fold(f64::MAX, f64::min), simulated.iter().copied().fold(0.0, f64::max));
        let other = trial::under(&scenario, &changes.spec(&present.spec, &present.names));
        for seed in [1, 2, 3] {
            let got = happened(&run(&other, seed), &lines).unwrap();
            assert!((low..=high).contains(&got.above_s), "{name} {seed}: {} s, simulated {simulated:?}", got.above_s);
        }
    }
}
