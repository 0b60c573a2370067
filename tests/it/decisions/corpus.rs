//! The corpus of recordings of real controllers (`tests/data/decisions`, whose README says what was so): each reads as it was,
//! however late its lines were seen, and the score is printed by version.

use edot_tui::explain;
use edot_tui::observe::Stamped;
use edot_tui::recording;
use edot_tui::session::Session;
use edot_tui::session::decisions::score::Score;
use edot_tui::session::decisions::sync::{Cause, Sync, Verdict};
use edot_tui::session::decisions::sync_period::Certainty;
use std::collections::BTreeMap;
use std::path::Path;

/// The lines of a recording in `tests/data`.
fn lines(path: &str) -> Vec<Stamped> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(path);
    recording::open(&path).unwrap().collect()
}

fn decided(name: &str) -> Vec<Stamped> {
    lines(&format!("decisions/{name}"))
}

/// All recordings of real controllers, and of the lab.
fn all() -> Vec<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data");
    let mut out = Vec::new();
    for folder in ["decisions", "recordings/v1"] {
        for entry in std::fs::read_dir(root.join(folder)).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            if name.contains(".jsonl") {
                out.push(format!("{folder}/{name}"));
            }
        }
    }
    out.sort();
    out
}

fn fold(all: &[Stamped]) -> Session {
    let mut session = Session::default();
    all.iter().for_each(|seen| session.apply(seen));
    session
}

/// The time of day, as `11:53:39`.
fn clock(ms: i64) -> String {
    chrono::DateTime::from_timestamp_millis(ms).unwrap().format("%H:%M:%S").to_string()
}

fn described(row: &Sync) -> String {
    let cause = row.cause.as_ref().map(explain::cause::cause).unwrap_or_default();
    format!(
        "{} x{} ({} inferred): {} [{cause}]",
        clock(row.first),
        row.count,
        row.inferred,
        explain::sync::sentence(row)
    )
}

fn wrong(s: &Session) -> Vec<String> {
    s.decisions.rows().iter().filter(|r| r.verdict() == Verdict::Differs).map(described).collect()
}

/// The known sync at a time of day, to the second.
fn at<'a>(s: &'a Session, time: &str) -> &'a Sync {
    let near = |row: &&Sync| row.is_known() && (clock(row.last) == time || clock(row.first) == time);
    s.decisions.rows().iter().find(near).unwrap_or_else(|| panic!("no sync at {time}"))
}

#[test]
fn every_sync_of_the_corpus_is_explained_and_no_cause_is_made_up() {
    let mut by_version: BTreeMap<String, (u32, Score)> = BTreeMap::new();
    let mut bad = Vec::new();
    for name in all() {
        let s = fold(&lines(&name));
        let score = s.decisions.score;
        println!("{name}: {score:?}, {}", explain::sync::period(&s.decisions.sync_period));
        bad.extend(wrong(&s).into_iter().map(|w| format!("{name}: {w}")));
        for row in s.decisions.rows().iter() {
            let made_up = match row.cause {
                Some(Cause::Restart) if name.contains("S1-stop") => clock(row.last).as_str() < "01:18:02",
                Some(Cause::Restart) if name.contains("S2-flag") => clock(row.last).as_str() < "04:21:38",
                Some(Cause::Restart) if name.contains("V1") || name.contains("V3") => {
                    clock(row.last).as_str() < "07:27:46"
                }
                Some(Cause::Restart) if name.contains("V2") => clock(row.last).as_str() < "07:57:25",
                Some(Cause::Restart) if name.contains("decisions/W") => clock(row.last).as_str() < "10:12:17",
                Some(Cause::Restart) => !name.contains("R5-defs"),
                Some(Cause::OtherFlag(_)) => !name.contains("flags"),
                Some(Cause::ChangedByOther { .. }) => !name.contains("recordings"),
                _ => false,
            };
            bad.extend(made_up.then(|| format!("{name}: made up: {}", described(row))));
        }
        let version = if s.watching.lab { "lab".into() } else { s.watching.server_version.clone() };
        let sum = by_version.entry(version).or_default();
        sum.0 += 1;
        for (to, from) in [(&mut sum.1.rescales, score.rescales), (&mut sum.1.quiet, score.quiet)] {
            (to.agreed, to.of) = (to.agreed + from.agreed, to.of + from.of);
        }
        sum.1.consistent += score.consistent;
        sum.1.undecided += score.undecided;
        sum.1.unseen += score.unseen;
    }
    for (version, (recordings, s)) in by_version {
        println!(
            "| {version} | {recordings} recordings | rescales {} | other known syncs {} | inferred {} | undecided {} | \
             samples not seen {} |",
            s.rescales, s.quiet, s.consistent, s.undecided, s.unseen
        );
    }
    assert!(bad.is_empty(), "{bad:#?}");
}

#[test]
fn the_period_is_that_of_the_controller_and_sure() {
    for name in all() {
        let s = fold(&lines(&name));
        let five = ["A-saw", "R6-surge", "S2-flag", "flags"].iter().any(|short| name.contains(short));
        let period = &s.decisions.sync_period;
        assert_eq!(period.period(), if five { 5000 } else { 15_000 }, "{name}");
        // Too few syncs are no reason for another one.
        let known = s.decisions.score.all().of;
        assert!(known < 5 || period.certainty() == Certainty::Sure, "{name}: {period:?}");
    }
}

#[test]
fn the_one_restart_that_was_is_found_and_is_no_flag() {
    let s = fold(&decided("R5-defs.jsonl.gz"));
    let row = s.decisions.rows().iter().find(|r| r.cause == Some(Cause::Restart)).expect("a restart");
    assert_eq!(s.decisions.inferred_flags().count(), 0);
    // It held 5 replicas by what the new controller found when it started, between 11:53:27 and 11:53:57.
    let computation = row.computation.as_ref().unwrap();
    let first = computation.remembered.first().unwrap();
    assert!(
        ("11:53:27".."11:53:58").contains(&clock(first.0).as_str()) && first.1 == 5,
        "{:?}",
        computation.remembered
    );
}

#[test]
fn a_controller_that_was_stopped_for_a_while_did_not_restart_until_its_lease_says_so() {
    let s = fold(&decided("S1-stop.jsonl.gz"));
    let restarts: Vec<String> =
        s.decisions.rows().iter().filter(|r| r.cause == Some(Cause::Restart)).map(|r| clock(r.first)).collect();
    assert!(restarts.iter().all(|at| at.as_str() >= "01:18:02"), "{restarts:?}");
    assert_eq!((s.decisions.score.rescales.of, s.decisions.score.quiet.of), (21, 25));
    // Nobody held the lease for 15 s before it was acquired, so nobody synced.
    let between = |row: &&Sync| row.inferred > 0 && ("01:17:48".."01:18:02").contains(&clock(row.last).as_str());
    assert_eq!(s.decisions.rows().iter().filter(between).count(), 0);
}

#[test]
fn no_syncs_are_made_up_while_a_controller_was_stopped() {
    // By other HPAs of the namespace, by the lease, and by neither: the rhythm alone.
    let rhythm = |name: &str| -> Vec<Stamped> {
        let other = |seen: &Stamped| matches!(seen.what, edot_tui::observe::Observation::OtherSynced);
        decided(name).into_iter().filter(|seen| !other(seen)).collect()
    };
    for (name, lines) in [
        ("W1", decided("W1-others.jsonl.gz")),
        ("W2", decided("W2-lease.jsonl.gz")),
        ("W3", decided("W3-restart.jsonl.gz")),
        ("W3, by its rhythm", rhythm("W3-restart.jsonl.gz")),
    ] {
        let mut s = Session::default();
        s.decisions.keep_journal();
        lines.iter().for_each(|seen| s.apply(seen));
        let stops = [("10:06:01", "10:06:40"), ("10:12:01", "10:12:13")];
        let inferred = s.decisions.journal().iter().filter(|j| !j.sync.is_known()).map(|j| clock(j.sync.first));
        let made_up = inferred.filter(|at| stops.iter().any(|(from, to)| (*from..*to).contains(&at.as_str())));
        assert_eq!(made_up.collect::<Vec<_>>(), Vec::<String>::new(), "{name}");
        // What is added to each period is not what the controller was held up by.
        assert!(s.decisions.sync_period.distance() < 15_150, "{name}: {}", s.decisions.sync_period.distance());
    }
}

#[test]
fn syncs_without_a_trace_are_placed_by_the_period_from_the_beginning() {
    // 5 s, though 15 s are assumed until the third distance.
    let mut s = Session::default();
    s.decisions.keep_journal();
    decided("A-saw.jsonl.gz").iter().for_each(|seen| s.apply(seen));
    let known: Vec<_> =
        s.decisions.journal().iter().take(8).map(|j| (clock(j.sync.first), j.sync.is_known())).collect();
    assert!(known.iter().filter(|k| !k.1).count() >= 3, "{known:?}");
}

#[test]
fn a_window_of_two_periods_lets_go_at_the_sync_at_its_edge() {
    let s = fold(&decided("B-objv.jsonl.gz"));
    let row = at(&s, "11:18:27");
    assert!(row.rescaled && row.agrees && row.exact && row.controller < row.computed.current, "{}", described(row));
}

#[test]
fn a_recommendation_that_a_window_hides_is_of_the_right_moment() {
    let s = fold(&decided("R6-surge.jsonl.gz"));
    for time in ["11:57:06", "11:57:11", "11:57:16"] {
        let row = at(&s, time);
        assert!(row.agrees && row.exact && row.cause.is_none(), "{}", described(row));
    }
}

/// The observations up to a time of day.
fn until<'a>(all: &'a [Stamped], time: &str) -> &'a [Stamped] {
    &all[..all.partition_point(|seen| clock(seen.at.timestamp_millis()).as_str() < time)]
}

#[test]
fn a_controller_that_is_dead_is_silent_and_no_syncs_are_made_up() {
    // It was stopped at 06:58:45 and ended 40 s later; the one HPA has its figures from samples, the other from a custom metric.
    for (name, last) in [("D1-dead.jsonl.gz", "06:58:30"), ("D2-dead.jsonl.gz", "06:58:32")] {
        let all = decided(name);
        let silence = |time| {
            let s = fold(until(&all, time));
            s.decisions.silence(s.now_ms()).map(|silence| clock(silence.since))
        };
        assert_eq!(silence("06:59:10"), None, "{name}");
        // Also after the watch of the HPA was reopened.
        assert_eq!(["07:00:15", "07:02:55"].map(silence), [Some(last.to_string()), Some(last.into())], "{name}");
        let s = fold(&all);
        assert_eq!(s.decisions.expected(s.now_ms()), None, "{name}");
        let made_up: u32 = s
            .decisions
            .rows()
            .iter()
            .filter(|row| clock(row.first).as_str() > "06:59:20")
            .map(|row| row.inferred)
            .sum();
        assert_eq!(made_up, 0, "{name}");
    }
}

#[test]
fn a_controller_whose_lease_is_no_longer_renewed_is_silent_until_it_syncs_again() {
    let all = decided("R7-keda-ok.jsonl.gz");
    let mut s = fold(until(&all, "12:01:30"));
    assert_eq!(s.decisions.rows().last().map(|row| row.inferred), Some(4));
    let lapsed = s.now.map(|now| now - chrono::TimeDelta::seconds(64));
    let lease = edot_tui::observe::LeaseSeen { lapsed, ..Default::default() };
    s.apply(&Stamped { at: s.now.unwrap(), what: edot_tui::observe::Observation::Lease(lease) });
    // It would have been renewed two seconds later.
    assert_eq!(s.decisions.rows().last().map(|row| row.inferred), Some(0));
    assert_eq!(s.decisions.silence(s.now_ms()).map(|silence| clock(silence.since)), Some("12:00:18".into()));
    all[until(&all, "12:01:30").len()..].iter().for_each(|seen| s.apply(seen));
    assert_eq!(s.decisions.silence(s.now_ms()), None);
}

/// Each line delayed by up to a second, by a fixed series of numbers.
fn delayed(all: &[Stamped], seed: u64) -> Vec<Stamped> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut delay = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        chrono::TimeDelta::milliseconds((state % 1000) as i64)
    };
    let mut out: Vec<Stamped> = all.iter().map(|s| Stamped { at: s.at + delay(), what: s.what.clone() }).collect();
    out.sort_by_key(|s| s.at);
    out
}

/// Every recording in `tests/data` that the program made.
fn everything() -> Vec<String> {
    let mut out = all();
    out.push("recordings/real/stack.jsonl.gz".into());
    out.extend(["a", "b"].iter().flat_map(|run| (1..=6).map(move |n| format!("what_if/{run}{n}.jsonl.gz"))));
    out
}

/// What delays change in score and period, by recordings and series of delays.
fn changed_by_delays(series: impl Iterator<Item = (String, Vec<u64>)>) -> Vec<String> {
    let mut bad = Vec::new();
    for (name, seeds) in series {
        let lines = lines(&name);
        let on_time = fold(&lines).decisions;
        for seed in seeds {
            let late = fold(&delayed(&lines, seed));
            let d = &late.decisions;
            let same = (d.score.rescales, d.score.quiet) == (on_time.score.rescales, on_time.score.quiet)
                && d.sync_period.period() == on_time.sync_period.period();
            let what = || {
                let (was, is) = (on_time.score, d.score);
                format!("{name}, {seed}: {was:?} became {is:?}, {} {:#?}", d.sync_period.period(), wrong(&late))
            };
            bad.extend((!same).then(what));
        }
    }
    bad
}

#[test]
fn lines_that_come_late_change_neither_score_nor_period() {
    let mut series: Vec<(String, Vec<u64>)> = everything().into_iter().map(|name| (name, (0..8).collect())).collect();
    let once_wrong: [(&str, &[u64]); 5] = [
        // The first two versions of the HPA change places.
        ("A-saw.jsonl.gz", &[574, 1161]),
        // A pod's deletion is seen before its start.
        ("R6-surge.jsonl.gz", &[395]),
        // The restart moved the syncs by less than the lines are late.
        ("R5-defs.jsonl.gz", &[798, 999, 1079, 1280, 1914, 2037, 2335]),
        // A shift after a rescale is no reason for it.
        ("flags.jsonl", &[536]),
        // A pod is seen again after its end.
        ("V3-rollout.jsonl.gz", &[5, 32]),
    ];
    series.extend(once_wrong.iter().map(|(name, seeds)| (format!("decisions/{name}"), seeds.to_vec())));
    let bad = changed_by_delays(series.into_iter());
    assert!(bad.is_empty(), "{} {}", bad.len(), bad.join("\n"));
}

#[test]
#[ignore = "takes 10 minutes; EDOT_SERIES=8..2000 says which series of delays"]
fn lines_that_come_late_change_nothing_in_many_series() {
    let text = std::env::var("EDOT_SERIES").unwrap_or_else(|_| "8..200".into());
    let (from, to) = text.split_once("..").unwrap();
    let seeds: Vec<u64> = (from.parse().unwrap()..to.parse().unwrap()).collect();
    let bad = changed_by_delays(everything().into_iter().map(|name| (name, seeds.clone())));
    assert!(bad.is_empty(), "{} {}", bad.len(), bad.join("\n"));
}
