//! Shadows: the same computation as `what-if`, over what was observed so far, and again only when there is more of it.

use crate::it::support::any_seen;
use crate::it::support::recorded::scale_cycle;
use edot_tui::decide::rerun::{Changes, record, simulate};
use edot_tui::decide::shadow::{self, ShadowRun, Shadows};
use edot_tui::explain::shadow::sentence;
use edot_tui::observe::{HpaSeen, Metric, MetricKind, MetricValue, Observation, ShadowSeen, Stamped};
use edot_tui::report;
use edot_tui::session::Session;
use proptest::prelude::*;

fn flags(text: &str) -> ShadowSeen {
    ShadowSeen { flags: text.into(), ..ShadowSeen::default() }
}

fn spec(file: &str, change: impl FnOnce(&mut HpaSeen)) -> ShadowSeen {
    let hpa = scale_cycle().into_iter().find_map(|s| match s.what {
        Observation::Hpa(hpa) => Some(hpa),
        _ => None,
    });
    let mut hpa = hpa.unwrap();
    change(&mut hpa);
    ShadowSeen { file: file.into(), spec: Some(hpa), ..ShadowSeen::default() }
}

/// The recorded cycle with shadows that are set after this share of it.
fn session(share: f64, all: &[ShadowSeen]) -> Session {
    let seen = scale_cycle();
    let place = (seen.len() as f64 * share) as usize;
    let mut session = Session::default();
    for (i, one) in seen.iter().enumerate() {
        if i == place {
            session.apply(&Stamped { at: one.at, what: Observation::Shadows { all: all.to_vec() } });
        }
        session.apply(one);
    }
    session
}

fn only(session: &Session) -> ShadowRun {
    let mut all = shadow::run(session);
    assert_eq!(all.len(), 1);
    all.remove(0).run.unwrap()
}

const LINES: [&str; 4] =
    ["--target cpu=40 --max 8", "--max 2", "--min 3 --scale-down-window 300", "--drop memory --request cpu=500m"];

#[test]
fn a_shadow_is_what_if_live() {
    let recorded = record(scale_cycle().into_iter());
    for line in LINES {
        let what_if = simulate(&recorded, &Changes::of_flags(line).unwrap()).unwrap();
        let shadow = only(&session(0.0, &[flags(line)]));
        assert_eq!(shadow.simulation, what_if, "{line}");
        assert_eq!(shadow.decided.len(), what_if.steps.len());
        for (decided, step) in shadow.decided.iter().zip(&what_if.steps) {
            assert_eq!(decided.computed.result, step.simulated, "{line}");
        }
    }
}

#[test]
fn one_that_is_set_later_covers_what_was_observed_before() {
    for line in LINES {
        let first = only(&session(0.0, &[flags(line)]));
        for share in [0.3, 0.7, 0.99] {
            assert_eq!(
                only(&session(share, &[flags(line)])).simulation.steps,
                first.simulation.steps,
                "{line} {share}"
            );
        }
    }
}

#[test]
fn the_hpas_own_spec_never_diverges_and_scores_what_happened() {
    let run = only(&session(0.0, &[spec("same.yaml", |_| ())]));
    assert_eq!((run.simulation.diverged, run.actual), (None, run.shadow));
    assert!(run.actual.rescales > 0 && run.actual.replica_minutes > 5.0);
}

#[test]
fn a_spec_from_a_file_is_the_same_as_its_changes() {
    let by_file = spec("new.yaml", |hpa| {
        hpa.max_replicas = 8;
        hpa.metrics.iter_mut().filter(|m| m.name == "cpu").for_each(|m| m.value.utilization = Some(40));
    });
    let (file, line) = (only(&session(0.0, &[by_file])), only(&session(0.0, &[flags(LINES[0])])));
    assert_eq!(file.simulation.steps, line.simulation.steps);
    assert_eq!(file.decided, line.decided);
    // The order of metrics is the file's own.
    let turned = spec("turned.yaml", |hpa| hpa.metrics.reverse());
    assert_eq!(only(&session(0.0, &[turned])).simulation.diverged, None);
}

#[test]
fn a_divergence_is_explained_at_each_sync() {
    let run = only(&session(0.0, &[flags("--max 2")]));
    let clock = |_: i64| "10:42:00".to_owned();
    let at = |n: i32| run.simulation.steps.iter().position(|s| s.actual == n).unwrap();
    assert_eq!(sentence(&run, at(1), clock), "would have the same 1");
    assert_eq!(sentence(&run, at(2), clock), "would have the same 2");
    let words = sentence(&run, at(4), clock);
    assert!(words.starts_with("would have 2 since 10:42:00: cpu ") && words.ends_with(" wants 4, max 2"), "{words}");
    let last = sentence(&run, run.simulation.steps.len() - 1, clock);
    assert!(last.ends_with("by an estimate since 10:42:00"), "{last}");

    let up = only(&session(0.0, &[flags("--target cpu=20 --max 9")]));
    let first = up.simulation.steps.iter().position(|s| s.simulated > s.actual).unwrap();
    let words = sentence(&up, first, clock);
    assert!(words.contains(", target 20 %"), "{words}");
}

#[test]
fn nothing_is_run_again_while_nothing_has_changed() {
    let mut shadows = Shadows::default();
    let mut session = session(0.0, &[flags("--max 2")]);
    let first = shadows.of(&session).as_ptr();
    let tick = Stamped { at: session.now.unwrap() + chrono::TimeDelta::seconds(1), what: Observation::Tick };
    session.apply(&tick);
    assert_eq!(shadows.of(&session).as_ptr(), first);
    session.apply(&Stamped { at: tick.at, what: Observation::Shadows { all: vec![flags("--max 3")] } });
    assert_eq!(shadows.of(&session)[0].name, "--max 3");
    session.apply(&Stamped { at: tick.at, what: Observation::Shadows { all: vec![] } });
    assert!(shadows.of(&session).is_empty());
}

#[test]
fn without_shadows_nothing_is_kept() {
    let mut session = Session::default();
    scale_cycle().iter().for_each(|seen| session.apply(seen));
    assert!(session.decisions.journal().is_empty());
    assert!(shadow::run(&session).is_empty());
    let set = |all| Stamped { at: session.now.unwrap(), what: Observation::Shadows { all } };
    let (on, off) = (set(vec![flags("--max 3")]), set(vec![]));
    session.apply(&on);
    assert!(!session.decisions.journal().is_empty());
    session.apply(&off);
    assert!(session.decisions.journal().is_empty());
}

#[test]
fn what_does_not_fit_says_so_beside_those_that_do() {
    let queue = Metric {
        kind: MetricKind::External,
        name: "queue".into(),
        value: MetricValue { average_value: Some("100".into()), ..MetricValue::default() },
        ..Metric::default()
    };
    let all = [
        flags("--target queue=5"),
        flags("--max 3"),
        spec("q.yaml", |hpa| hpa.metrics.push(queue)),
        spec("max.yaml", |hpa| hpa.max_replicas = 0),
    ];
    let shadows = shadow::run(&session(0.0, &all));
    let errors: Vec<&str> = shadows.iter().map(|s| s.run.as_ref().err().map_or("", String::as_str)).collect();
    assert_eq!(
        errors,
        [
            "the HPA has no metric queue; it has cpu, memory",
            "",
            "the watched HPA has no metric queue, so that its values were not observed",
            "spec.maxReplicas is 0; it is at least 1",
        ]
    );
    let early = Session { shadows: all[..1].into(), ..Session::default() };
    assert_eq!(shadow::run(&early)[0].run.as_ref().unwrap_err(), "no sync of the controller has been seen yet");
    // A recording may hold anything.
    let many = vec![flags("--max 3"); 400];
    assert_eq!(shadow::run(&session(0.0, &many)).len(), shadow::MOST);
}

#[test]
fn a_report_names_the_shadows_with_their_figures() {
    let session = session(0.0, &[flags("--max 2"), spec("new.yaml", |hpa| hpa.max_replicas = 3)]);
    let text = report::text::plain(
        &report::shadow::document(&report::shadow::summarize(&session, &shadow::run(&session))),
        200,
    );
    for part in [
        "shadow 1: --max 2: would have",
        "shadow 2: new.yaml: ",
        "replica-minutes",
        "assumed: the load of the tier is held",
    ] {
        assert!(text.contains(part), "{part}:\n{text}");
    }
    let verdict = edot_tui::verdict::run(&session, edot_tui::verdict::Expectations::guide());
    let whole = report::report(&session, &verdict, &report::Origin::default());
    assert_eq!(whole.shadows.len(), 2);
    let whole = report::text::plain(&report::document::document(&whole), 200);
    assert!(whole.contains("Shadows: what the HPA did"), "{whole}");
}

#[test]
fn a_shadow_that_would_run_away_is_refused() {
    let error = |shadow| shadow::run(&session(0.0, &[shadow]))[0].run.clone().unwrap_err();
    let text = "maxReplicas would be 2000000000; at most 1000 replicas are simulated";
    assert_eq!(error(spec("big.yaml", |hpa| hpa.max_replicas = 2_000_000_000)), text);
    assert!(error(flags("--target cpu=1 --max 90000")).contains("at most 1000 replicas"));
    // As many as are allowed: each uses more by itself than its target.
    let run = only(&session(0.0, &[flags("--target cpu=1 --max 1000")]));
    assert!(run.shadow.most_replicas > 100);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn any_shadow_of_a_recording_gives_a_run_or_says_why_not(all in any_seen::shadows()) {
        for shadow in shadow::run(&session(0.5, &all)) {
            match shadow.run {
                Ok(run) => prop_assert_eq!(run.decided.len(), run.simulation.steps.len()),
                Err(text) => prop_assert!(!text.is_empty() && !text.contains('\n')),
            }
        }
    }
}
