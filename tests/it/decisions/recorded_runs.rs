//! The syncs of recorded controllers, reconstructed: what a real kube-controller-manager 1.36 did, and the score.

use crate::it::support::recorded::scale_cycle;
use edot_tui::explain;
use edot_tui::session::decisions::limit::Limit;
use edot_tui::{
    observe::Stamped,
    session::{Session, StageKind},
};

/// A recording of the live source, folded.
pub fn folded(lines: &str) -> Session {
    let mut session = Session::default();
    lines.lines().for_each(|l| session.apply(&serde_json::from_str::<Stamped>(l).unwrap()));
    session
}

pub fn cycle() -> Session {
    let mut session = Session::default();
    scale_cycle().iter().for_each(|s| session.apply(s));
    session
}

fn perfect(what: &str, s: &Session, rescales: u32, syncs: u32) {
    let score = s.decisions.score;
    let wrong: Vec<_> = s.decisions.rows().iter().filter(|r| !r.agrees || !r.exact).collect();
    assert!(wrong.is_empty(), "{what}: {wrong:#?}");
    let syncs_seen = score.all().of + score.consistent;
    assert_eq!((score.rescales.of, syncs_seen >= syncs), (rescales, true), "{what}: {score:?}");
    assert_eq!(score.all().agreed, score.all().of, "{what}");
}

#[test]
fn the_recorded_cycle_agrees_in_every_sync() {
    perfect("cycle", &cycle(), 4, 18);
}

#[test]
fn a_policy_of_one_pod_a_minute_agrees() {
    let s = folded(include_str!("../../data/decisions/slow.jsonl"));
    perfect("slow", &s, 9, 30);
    assert!(s.decisions.rows().iter().any(|r| r.limit() == Some(Limit::Rate)));
}

#[test]
fn two_metrics_agree() {
    perfect("two", &folded(include_str!("../../data/decisions/two.jsonl")), 14, 30);
}

#[test]
fn a_target_far_below_the_usage_makes_a_controller_of_1_36_go_to_min() {
    // 96 Mi per pod of 0.01 B: the count does not fit an int32.
    let s = folded(include_str!("../../data/decisions/tiny_target.jsonl"));
    let wrong: Vec<_> = s.decisions.rows().iter().filter(|r| !r.agrees).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
    let score = s.decisions.score;
    assert!(score.rescales.of >= 1 && score.rescales.agreed == score.rescales.of, "{score:?}");
    assert_eq!(s.decisions.rows().last().map(|r| r.controller), Some(1));
}

#[test]
fn a_watch_that_joins_in_the_middle_agrees_from_the_first_sync() {
    // Windows both ways and a rate limit, all with something in them from before.
    let s = folded(include_str!("../../data/decisions/joined.jsonl"));
    let score = s.decisions.score;
    assert_eq!((score.rescales.agreed, score.rescales.of), (score.rescales.of, 3), "{score:?}");
    assert!(score.all().agreed == score.all().of && score.all().of + score.consistent >= 13, "{score:?}");
}

#[test]
fn flags_are_found_in_what_a_real_controller_did() {
    // --horizontal-pod-autoscaler-sync-period=5s --…-downscale-stabilization=1m, memory only, no behavior.
    let s = folded(include_str!("../../data/decisions/flags.jsonl"));
    perfect("flags", &s, 6, 90);
    let flags: Vec<String> = s.decisions.inferred_flags().map(explain::cause::flag).collect();
    assert_eq!(flags, ["downscale stabilization about 60 s"]);
    assert!((s.decisions.sync_period.period() - 5020).abs() < 60);
}

#[test]
fn a_rescale_carries_its_reason_in_numbers() {
    let s = cycle();
    for row in s.decisions.rows().iter().filter(|r| r.rescaled) {
        let text: String = explain::sync::working(row)
            .iter()
            .flat_map(|l| l.parts.iter().map(|p| p.1.as_str()).chain(["\n"]))
            .collect();
        assert!(text.contains("ceil(") && text.contains("Σ") && text.contains("recommended"), "{text}");
        assert!(text.contains(&format!("asks for {}, as the controller did", row.controller)), "{text}");
        let stages = s.budget(row);
        assert!(stages.iter().any(|g| g.kind == StageKind::SampleTaken && g.at.is_ok_and(|t| t < row.first)));
        assert!(stages.iter().filter_map(|g| g.at.err()).all(|gap| !explain::reaction::gap(gap).is_empty()));
    }
}

#[test]
fn equal_syncs_that_change_nothing_are_one_row() {
    let s = cycle();
    let rows = s.decisions.rows();
    let syncs: u32 = rows.iter().map(|r| r.count).sum();
    assert!(syncs as usize > rows.len(), "{syncs} in {} rows", rows.len());
    assert!(rows.iter().all(|r| r.count == 1 || !r.rescaled));
    assert!(rows.iter().zip(rows.iter().skip(1)).all(|(a, b)| a.first <= a.last && a.last < b.first));
}

#[test]
fn syncs_during_an_interruption_are_not_made_up() {
    use edot_tui::observe::{Feed, FeedState, FeedStatus, Observation};
    let all = scale_cycle();
    let (from, to) = (all[0].at + chrono::TimeDelta::seconds(60), all[0].at + chrono::TimeDelta::seconds(150));
    let mut s = Session::default();
    let mut down = false;
    for seen in &all {
        if seen.at > from && seen.at < to {
            if !std::mem::replace(&mut down, true) {
                let link = FeedStatus::new(Feed::Hpa, FeedState::Retrying);
                s.apply(&Stamped { at: seen.at, what: Observation::FeedStatus(link) });
            }
            if matches!(seen.what, Observation::Hpa(_)) {
                continue;
            }
        }
        s.apply(seen);
    }
    let score = s.decisions.score.all();
    assert!(score.of < cycle().decisions.score.all().of);
    let wrong: Vec<_> = s.decisions.rows().iter().filter(|r| !r.agrees).map(|r| r.cause).collect();
    assert!(wrong.len() <= 1 && wrong.iter().all(Option::is_some), "{wrong:?}");
}

#[test]
fn the_next_sync_is_explained_in_a_sentence() {
    let all = scale_cycle();
    let after = |seconds| {
        let mut s = Session::default();
        let until = all[0].at + chrono::TimeDelta::seconds(seconds);
        all.iter().take_while(|seen| seen.at <= until).for_each(|seen| s.apply(seen));
        explain::forecast::forecast(&s, &s.forecast().unwrap()).sentence
    };
    assert_eq!(after(21), "cpu at 152 % of 80 % asks for 2 replicas, so it goes to 2 at the next sync, in ~2 s");
    assert_eq!(
        after(83),
        "cpu at 151 % of 80 %, 75 % with the pods that are missing or not ready counted in, is within tolerance \
         (the other metrics alone: 2), so it stays at 4 at the next sync, in ~15 s"
    );
    assert_eq!(after(169), "cpu at 152 % of 80 % asks for 8 replicas, but it stays at 4, held by max 4");
    assert_eq!(
        after(201),
        "memory at 37 % of 80 % asks for 2 replicas, but it stays at 4, held by the window: the highest wanted in 30 s \
         is 8, in it for 15 s more"
    );
}
