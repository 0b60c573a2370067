//! Suppositions: with no change they are what happened; with a change, what the arithmetic makes of it.

use crate::decisions::simulated_runs::{Run, run};
use crate::support::recorded::scale_cycle;
use edot_tui::observe::Stamped;
use edot_tui::report::what_if::{Agreement, Changes, Recorded, Simulation, record, simulate, summarize};

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
    let told = summarize(&slow, &recorded(&all), None);
    assert!(told.actual.back_to_min_s.is_some() && told.simulated.back_to_min_s.is_none(), "not back while it is held");
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
