//! Scores and searches over recordings: what happened scores what happened, nothing worse than another is recommended, and what is
//! asked for is kept to.

use crate::it::support::recorded::scale_cycle;
use edot_tui::decide::front::Objective;
use edot_tui::decide::rerun::{Changes, Recorded, Rerun, SyncPhase, record};
use edot_tui::decide::score::{Line, Measure, Score, lines};
use edot_tui::decide::space::{Limits, Part};
use edot_tui::decide::tune::{Ask, Search, Tuned};
use edot_tui::recording;
use edot_tui::report::tune;
use proptest::prelude::*;
use std::sync::LazyLock;
use std::sync::atomic::AtomicBool;

/// Runs of real controllers, and one that was simulated.
pub static RUNS: LazyLock<Vec<(String, Recorded)>> = LazyLock::new(|| {
    let data = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data");
    let mut all = vec![("cycle".to_owned(), record(scale_cycle().into_iter()))];
    for folder in ["what_if", "decisions"] {
        for entry in std::fs::read_dir(data.join(folder)).unwrap() {
            let path = entry.unwrap().path();
            if path.to_string_lossy().contains(".jsonl") {
                let name = path.file_name().unwrap().to_string_lossy().into_owned();
                all.push((name, record(recording::open(&path).unwrap())));
            }
        }
    }
    all.retain(|(_, r)| !r.syncs.is_empty());
    all.sort_by(|a, b| a.0.cmp(&b.0));
    all
});

fn named(name: &str) -> &'static Recorded {
    &RUNS.iter().find(|r| r.0.starts_with(name)).unwrap().1
}

pub fn ask(objective: Objective, candidates: usize) -> Ask {
    let parts = [Part::Targets, Part::Bounds, Part::Windows, Part::Policies].into();
    let limits = Limits { parts, ..Limits::default() };
    Ask { objective, limits, lines: Vec::new(), candidates, seed: 1 }
}

pub fn tuned(recordings: &[Recorded], ask: &Ask) -> Tuned {
    Search::new(recordings, ask).unwrap().run(ask, &AtomicBool::new(false), &mut |_| {}).unwrap()
}

/// The score of a run under changes, were its syncs at this phase.
pub fn simulated(rerun: &Rerun<'_>, phase: &SyncPhase, changes: &Changes, lines: &[Line]) -> Score {
    let measure = Measure::on(rerun, phase, lines.to_vec());
    let mut tally = measure.tally();
    rerun.run_on(phase, changes, |it| tally.sync(it.index, (it.found, it.size), it.spec, it.decision));
    tally.score()
}

/// Records cannot be copied cheaply, so a search over several borrows them as one list.
fn list(names: &[&str]) -> Vec<Recorded> {
    let data = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/what_if");
    names.iter().map(|n| record(recording::open(&data.join(format!("{n}.jsonl.gz"))).unwrap())).collect()
}

/// What the recorded sizes themselves say: replica-minutes, rescales, flaps, most replicas.
fn happened(r: &Recorded) -> (f64, u32, u32, i32) {
    let held = |i: usize| r.syncs.get(i + 1).map_or(0, |next| (next.ms - r.syncs[i].ms).max(0)) as f64 / 60_000.0;
    let minutes = r.syncs.iter().enumerate().map(|(i, m)| f64::from(m.actual) * held(i)).sum();
    let steps: Vec<i32> = r.syncs.iter().map(|m| m.actual - m.found).filter(|d| *d != 0).collect();
    let flaps = steps.windows(2).filter(|w| w[0].signum() != w[1].signum()).count();
    (minutes, steps.len() as u32, flaps as u32, r.syncs.iter().map(|m| m.actual).max().unwrap())
}

#[test]
fn settings_that_a_run_had_score_what_happened() {
    let mut seen = 0;
    for (name, r) in RUNS.iter() {
        let one = std::slice::from_ref(r);
        let ask = ask(Objective::Balanced, 1);
        let Ok(search) = Search::new(one, &ask) else { continue };
        let all = search.run(&ask, &AtomicBool::new(false), &mut |_| {}).unwrap();
        // An HPA that was edited during its run has settings that only its last part had.
        let edited = r.syncs.iter().any(|m| m.spec != r.syncs.last().unwrap().spec);
        let (minutes, rescales, flaps, most) = happened(r);
        let score = match edited {
            true => Measure::new(&Rerun::new(r).unwrap(), all.lines.clone()).happened(&Rerun::new(r).unwrap()),
            false => Score::together(&all.happened),
        };
        assert!((score.replica_minutes - minutes).abs() < 1e-6, "{name}: {} {minutes}", score.replica_minutes);
        assert_eq!((score.rescales, score.flaps, score.most_replicas), (rescales, flaps, most), "{name}");
        seen += usize::from(!edited);
    }
    assert!(seen >= 8, "{seen}");
}

#[test]
fn a_simulated_run_under_the_same_settings_scores_as_it_happened() {
    // Not by looking at the settings, but sync by sync, on recordings that the arithmetic misses nowhere.
    let mut seen = 0;
    for (name, r) in RUNS.iter() {
        let rerun = Rerun::new(r).unwrap();
        let Ok(lines) = lines(r.syncs.last().unwrap(), &[]) else { continue };
        let measure = Measure::new(&rerun, lines);
        let (mut tally, mut same) = (measure.tally(), true);
        rerun.run_on(rerun.phase(), &Changes::default(), |it| {
            same &= it.size == it.recorded.actual;
            tally.sync(it.index, (it.found, it.size), it.spec, it.decision);
        });
        if same {
            assert_eq!(tally.score(), measure.happened(&rerun), "{name}");
            seen += 1;
        }
    }
    assert!(seen >= 8, "{seen}");
}

#[test]
fn what_is_expected_is_over_the_moments_of_the_syncs() {
    let mut apart = 0;
    for name in ["a1", "a3", "b2"] {
        let r = named(name);
        let rerun = Rerun::new(r).unwrap();
        let phases = rerun.phases(&rerun.learned.likely, 4);
        let period = r.session.decisions.sync_period.period();
        let shifts: Vec<i64> = phases.iter().map(|phase| phase.shift).collect();
        assert_eq!(shifts, [0, period / 4, period / 2, period * 3 / 4]);

        let changes = Changes { targets: vec![("cpu".into(), "40".into())], ..Changes::default() };
        let lines = lines(r.syncs.last().unwrap(), &[]).unwrap();
        let each: Vec<Score> = phases.iter().map(|phase| simulated(&rerun, phase, &changes, &lines)).collect();
        // All are the same load, so that they cost about the same; which syncs are above the line is chance.
        let minutes: Vec<f64> = each.iter().map(|s| s.replica_minutes).collect();
        let (low, high) =
            (minutes.iter().copied().fold(f64::MAX, f64::min), minutes.iter().copied().fold(0.0, f64::max));
        assert!(high < low * 1.5, "{name}: {minutes:?}");
        apart += usize::from(each.iter().any(|s| s.above_s != each[0].above_s));
        let mean = Score::expected(&each);
        assert!((mean.above_s * 4.0 - each.iter().map(|s| s.above_s).sum::<f64>()).abs() < 1e-9);

        let all = tuned(std::slice::from_ref(r), &ask(Objective::Balanced, 100));
        let (chosen, range) = (all.recommended().unwrap(), all.range().unwrap());
        let of = |expected: f64, (least, most): (f64, f64)| least <= expected && expected <= most;
        assert!(of(chosen.total.above_s, range.above_s) && of(chosen.total.cost, range.cost), "{name}: {range:?}");
        assert!(of(each[0].above_s, all.present_range.above_s), "{name}: what happened is at one of the moments");
    }
    assert!(apart > 0, "the moment matters somewhere");
}

#[test]
fn what_cannot_be_simulated_is_refused_with_the_same_words() {
    let r = named("a1");
    let text = "maxReplicas would be 100000; at most 1000 replicas are simulated";
    let changes = Changes::of_flags("--target cpu=1 --max 100000").unwrap();
    assert_eq!(Rerun::new(r).unwrap().simulate(&changes, |_| ()).unwrap_err(), text);
    let mut ask = ask(Objective::Balanced, 10);
    ask.limits.max_replicas = Some(100_000);
    assert_eq!(Search::new(std::slice::from_ref(r), &ask).err().unwrap(), text);
    // As many as there may be, of pods that use more by themselves than their target.
    let changes = Changes::of_flags("--target cpu=1 --max 1000").unwrap();
    assert!(Rerun::new(r).unwrap().simulate(&changes, |_| ()).is_ok());
}

#[test]
fn nothing_is_recommended_that_another_candidate_is_better_than() {
    let objectives = [Objective::Balanced, Objective::Slo, Objective::Cost, Objective::P95Util];
    for name in ["a1", "a3", "b2", "cycle", "R6-surge"] {
        for objective in objectives {
            let ask = Ask { seed: 3, ..ask(objective, 300) };
            let all = tuned(std::slice::from_ref(named(name)), &ask);
            let chosen = all.recommended().unwrap().total;
            let better = all.candidates.iter().find(|c| c.total.dominates(&chosen));
            assert!(better.is_none(), "{name} {objective:?}: {chosen:?} {better:?}");
            assert!(all.front.iter().any(|m| m.candidate == all.chosen));
            for m in &all.front {
                let member = &all.candidates[m.candidate].total;
                assert!(!all.candidates.iter().any(|c| c.total.dominates(member)), "{name} {objective:?}");
            }
            let present = all.present().unwrap().total;
            match objective {
                Objective::Slo => {
                    assert!(chosen.above_s <= present.above_s);
                    assert!(all.front.iter().all(|m| m.range.above_s.1 >= all.range().unwrap().above_s.1))
                }
                Objective::Cost => assert!(chosen.above_s <= present.above_s && chosen.cost <= present.cost),
                _ => {}
            }
            // Each change is there for something.
            for part in &all.parts {
                assert!(part.without.is_none_or(|w| w.aims() != chosen.aims()), "{name} {objective:?}: {part:?}");
            }
        }
    }
}

#[test]
fn the_same_seed_gives_the_same_and_limits_are_kept_to() {
    let r = std::slice::from_ref(named("b3"));
    let base = ask(Objective::Balanced, 400);
    let (a, b) = (tuned(r, &base), tuned(r, &base));
    assert_eq!(a.candidates, b.candidates);
    assert_eq!((a.chosen, &a.front), (b.chosen, &b.front));
    assert_ne!(tuned(r, &Ask { seed: 2, ..base.clone() }).candidates, a.candidates);
    let narrow = Limits {
        parts: [Part::Targets, Part::Bounds].into(),
        targets: vec![("cpu".into(), (52, 58))],
        min_replicas: Some(2),
        max_replicas: Some(5),
    };
    let narrow = Ask { limits: narrow, ..base.clone() };
    let all = tuned(r, &narrow);
    let spec = &all.specs.1;
    assert!(spec.max <= 5 && spec.min_replicas() >= 2, "{spec:?}");
    assert!(matches!(spec.metrics[0].target, edot_tui::hpa::Target::Utilization(52..=58)), "{spec:?}");
    let only = |ask: &Ask| Search::new(r, ask).err().unwrap_or_default();
    let wrong = |change: fn(&mut Ask)| {
        let mut ask = base.clone();
        change(&mut ask);
        only(&ask)
    };
    assert!(wrong(|a| a.limits.parts.clear()).contains("nothing is left to search"));
    assert!(wrong(|a| a.limits.targets.push(("disk".into(), (1, 2)))).contains("no metric disk; there are cpu"));
    assert!(wrong(|a| a.lines.push(("cpu".into(), "much".into()))).contains("percent of the request"));
    assert!(wrong(|a| a.lines.push(("disk".into(), "9".into()))).contains("no metric disk"));
    assert!(wrong(|a| (a.limits.min_replicas, a.limits.max_replicas) = (Some(9), Some(2))).contains("leave no choice"));
    assert!(Search::new(&[], &base).err().unwrap().contains("no sync"));
}

#[test]
fn of_values_that_serve_equally_well_the_nearest_is_recommended() {
    use edot_tui::decide::space::Space;
    let r = named("a1");
    let last = r.syncs.last().unwrap();
    let parts = [Part::Targets, Part::Bounds].into();
    let space = Space::new(last, &Limits { parts, max_replicas: Some(10), ..Limits::default() }, 4).unwrap();
    let values = |place: usize| -> Vec<String> {
        let farthest = u8::try_from(space.sizes()[place] - 1).unwrap();
        let choice = |value: u8| {
            let mut choice = space.present();
            choice[place] = value;
            choice
        };
        let text = |value: u8| space.words(&choice(value)).map(|w| w.2.to_owned()).next();
        space.nearer(place, farthest).into_iter().map(|v| text(v).unwrap_or_else(|| "present".into())).collect()
    };
    let (targets, most) = (values(0), values(2));
    assert_eq!(targets[0], "present");
    assert_eq!(space.names().collect::<Vec<_>>(), ["target of cpu", "minReplicas", "maxReplicas"]);
    let present = last.spec.max;
    let near: Vec<i32> = most[1..3].iter().map(|m| m.parse().unwrap()).collect();
    assert!(near.contains(&(present - 1)) && near.contains(&(present + 1)), "{most:?}");
}

#[test]
fn a_search_that_is_stopped_gives_what_there_is() {
    let r = std::slice::from_ref(named("a2"));
    let base = ask(Objective::Slo, 100_000);
    let search = Search::new(r, &base).unwrap();
    let at_once = search.run(&base, &AtomicBool::new(true), &mut |_| {}).unwrap();
    assert!(at_once.stopped && at_once.parts.is_empty() && at_once.chosen == 0);
    let stop = AtomicBool::new(false);
    let later =
        search.run(&base, &stop, &mut |scored| stop.store(scored > 200, std::sync::atomic::Ordering::Relaxed)).unwrap();
    assert!(later.stopped && later.candidates.len() > 200 && later.candidates.len() < 2000);
}

#[test]
fn each_recording_is_left_out_once() {
    let all = list(&["a1", "b1", "b3"]);
    let ask = ask(Objective::Balanced, 200);
    let search = Search::new(&all, &ask);
    // Different HPAs may have different metrics; these have the same.
    let search = search.unwrap();
    let tuned = search.run(&ask, &AtomicBool::new(false), &mut |_| {}).unwrap();
    assert_eq!((tuned.left_out.len(), tuned.recommended().unwrap().runs.len()), (3, 3));
    let sum: f64 = tuned.recommended().unwrap().runs.iter().map(|s| s.above_s).sum();
    assert!((sum - tuned.recommended().unwrap().total.above_s).abs() < 1e-9);
    let names = vec![Some("a".to_owned()), Some("b".into()), None];
    let summary = tune::summary::summarize(&tuned, &ask, &all, names, |c| search.words(c)).unwrap();
    let text = edot_tui::report::text::plain(&tune::document(&summary), 120);
    assert!(text.contains("left out one by one: on "), "{text}");
    assert!(text.contains("3 recordings of"), "{text}");
}

#[test]
fn other_requests_cost_what_they_reserve() {
    let limits = Limits { parts: [Part::Requests].into(), ..Limits::default() };
    let ask = Ask { limits, ..ask(Objective::Slo, 200) };
    let all = tuned(std::slice::from_ref(named("a1")), &ask);
    let dear = all.candidates.iter().find(|c| c.total.cost > c.total.replica_minutes * 1.2).unwrap();
    assert!(dear.choice != all.present().unwrap().choice);
    let present = all.present().unwrap().total;
    assert_eq!(present.cost, present.replica_minutes);
}

/// A recording whose pods use more.
fn louder(r: &mut Recorded, times: f64) {
    for sync in &mut r.syncs {
        let samples = sync.world.samples.iter_mut().flatten();
        for used in samples.flat_map(|s| &mut s.containers).flat_map(|c| c.usage.values_mut()) {
            *used = (*used as f64 * times) as i64;
        }
    }
}

fn demand(r: &Recorded) -> Vec<i32> {
    let rerun = Rerun::new(r).unwrap();
    let lines = lines(r.syncs.last().unwrap(), &[]).unwrap();
    Measure::new(&rerun, lines.into_iter().filter(|l| l.name == "cpu").collect()).demand
}

#[test]
fn more_load_never_demands_fewer_replicas() {
    for name in ["a1", "a4", "b4"] {
        let mut before = demand(&list(&[name])[0]);
        let calm = before.clone();
        for times in [1.1, 1.5, 2.0, 4.0] {
            let mut all = list(&[name]);
            louder(&mut all[0], times);
            let more = demand(&all[0]);
            assert!(before.iter().zip(&more).all(|(a, b)| a <= b), "{name} {times}\n{before:?}\n{more:?}");
            before = more;
        }
        assert_ne!(before, calm);
    }
}

#[test]
fn more_load_is_never_recommended_fewer_replicas() {
    for name in ["a1", "b2"] {
        let most = |times: f64| {
            let mut all = list(&[name]);
            louder(&mut all[0], times);
            // At the line there are as many as are demanded, whatever the load.
            tuned(&all, &ask(Objective::Slo, 300)).recommended().unwrap().total.most_replicas
        };
        let sizes = [1.0, 1.5, 2.0].map(most);
        assert!(sizes.is_sorted(), "{name}: {sizes:?}");
    }
}

fn any_score() -> impl Strategy<Value = Score> {
    (0u32..6, 0u32..6, 0u32..3).prop_map(|(cost, above, flaps)| Score {
        cost: f64::from(cost),
        above_s: f64::from(above) * 15.0,
        flaps,
        ..Score::default()
    })
}

proptest! {
    #[test]
    fn the_front_covers_all_and_each_objective_is_on_it(all in prop::collection::vec(any_score(), 1..40)) {
        use edot_tui::decide::front::{choose, front};
        let members = front(&all, |_| 0);
        for score in &all {
            let covered = members.iter().any(|i| all[*i].aims() == score.aims() || all[*i].dominates(score));
            prop_assert!(covered);
        }
        for objective in [Objective::Balanced, Objective::Slo, Objective::Cost, Objective::P95Util] {
            let chosen = choose(&all, &members, objective, &all[0], |i| (i * 7 % 5) as f64).unwrap();
            prop_assert!(members.contains(&chosen) && !all.iter().any(|s| s.dominates(&all[chosen])));
        }
    }
}
