//! The verdict on recorded runs of a real controller, as judged by hand, and on the same run with errors.

use crate::it::decisions::recorded_runs::{cycle, folded};
use crate::it::support::recorded::scale_cycle;
use chrono::TimeDelta;
use edot_tui::observe::{Condition, Exit, Feed, FeedState, FeedStatus, JobSeen, Observation, Stamped, Time};
use edot_tui::session::Session;
use edot_tui::verdict::{self, CheckResult, Expectations, Outcome, Overall, Verdict};

fn guide(session: &Session) -> Verdict {
    verdict::run(session, Expectations::guide())
}

fn fold(all: &[Stamped]) -> Session {
    let mut session = Session::default();
    all.iter().for_each(|s| session.apply(s));
    session
}

fn found<'v>(v: &'v Verdict, id: &str) -> &'v CheckResult {
    &v.checks.iter().find(|c| c.id == id).unwrap_or_else(|| panic!("no check {id}")).found
}

fn ids<'v>(v: &'v Verdict, word: &str) -> Vec<&'v str> {
    v.checks.iter().filter(|c| c.found.outcome.as_str() == word).map(|c| c.id.as_str()).collect()
}

/// Nobody read the load, the collectors or Elasticsearch in these recordings.
const BLIND: [&str; 8] = [
    "load-starts",
    "first-telemetry",
    "even-share",
    "ingest-grows",
    "no-back-pressure",
    "nothing-lost",
    "log-quality",
    "load-ends",
];

#[test]
fn the_recorded_cycle_did_all_that_can_be_seen_of_it() {
    let v = guide(&cycle());
    assert_eq!((v.result, ids(&v, "failed")), (Overall::Pass, vec![]));
    assert_eq!(ids(&v, "not_observable"), BLIND);
    assert!(v.inferred.is_some(), "there was no load Job");
    let said = |id| found(&v, id).observed.as_str();
    assert_eq!(said("starts-at-min"), "1 replica, the minimum");
    assert_eq!(said("replicas-reached"), "2 replicas at 0:03, 4 at most");
    assert_eq!(said("back-to-min"), "1 replica at end +1:03");
    assert_eq!(said("scale-down-begins"), "4→2 at end +0:33");
    assert!(said("decisions").starts_with("explained 15 of 15 known syncs"));
    let note = found(&v, "steps").note.as_deref().unwrap();
    assert!(note.contains("4→1 in one step"), "{note}");
}

#[test]
fn what_is_not_over_waits() {
    let all = scale_cycle();
    let half: Vec<Stamped> = all.iter().take_while(|s| s.at < all[0].at + TimeDelta::seconds(120)).cloned().collect();
    let v = guide(&fold(&half));
    assert_eq!((v.result, ids(&v, "failed")), (Overall::Unknown, vec![]));
    for id in ["steady", "back-to-min", "scale-down-begins", "reason-down"] {
        assert_eq!(found(&v, id).outcome, Outcome::Waiting, "{id}");
    }
    assert_eq!(found(&v, "scale-up-begins").outcome, Outcome::Passed);
}

#[test]
fn nothing_seen_is_neither_passed_nor_failed() {
    let v = guide(&Session::default());
    assert_eq!((v.result, ids(&v, "passed").len(), ids(&v, "failed").len()), (Overall::Unknown, 0, 0));
}

#[test]
fn a_metrics_outage_fails_on_the_metrics_alone() {
    let mut all = scale_cycle();
    let from = all[0].at + TimeDelta::seconds(150);
    for s in all.iter_mut().filter(|s| s.at > from && s.at < from + TimeDelta::seconds(90)) {
        if let Observation::Hpa(hpa) = &mut s.what {
            let active = hpa.status.conditions.iter_mut().find(|c| c.kind == "ScalingActive").unwrap();
            (active.status, active.message) = ("False".into(), "unable to fetch metrics".into());
        }
    }
    let v = guide(&fold(&all));
    assert_eq!(ids(&v, "failed"), ["metrics-stable"]);
    assert!(found(&v, "metrics-stable").observed.contains("unable to fetch metrics"));
}

#[test]
fn a_killed_container_fails_on_that_alone() {
    let mut all = scale_cycle();
    let killed = all[0].at + TimeDelta::seconds(130);
    for s in all.iter_mut().filter(|s| s.at > killed) {
        if let Observation::Pod(pod) = &mut s.what {
            let exit = Exit { code: 137, reason: "OOMKilled".into(), finished: Some(killed), ..Exit::default() };
            pod.containers[0].last_terminated = Some(exit);
        }
    }
    let v = guide(&fold(&all));
    assert_eq!(ids(&v, "failed"), ["pods-stay-up"]);
    assert!(found(&v, "pods-stay-up").observed.contains("OOMKilled"));
}

/// The recorded cycle with a load Job from its 20th second, which ends at its 200th.
fn with_load(failed: bool) -> Vec<Stamped> {
    let mut all = scale_cycle();
    let at = |s| all[0].at + TimeDelta::seconds(s);
    let job = |over: Option<&str>| {
        let condition = over.map(|kind| Condition {
            kind: kind.into(),
            status: "True".into(),
            reason: "BackoffLimitExceeded".into(),
            since: Some(at(200)),
            ..Default::default()
        });
        let conditions = condition.into_iter().collect();
        Observation::Job(Box::new(JobSeen {
            name: "k6-load".into(),
            uid: "j".into(),
            started: Some(at(20)),
            ready: 1,
            conditions,
            completions: 1,
            ..Default::default()
        }))
    };
    let link = Observation::FeedStatus(FeedStatus::new(Feed::Load, FeedState::Up));
    let added = [
        Stamped { at: at(19), what: link },
        Stamped { at: at(21), what: job(None) },
        Stamped { at: at(200), what: job(Some(if failed { "Failed" } else { "Complete" })) },
    ];
    all.extend(added);
    all.sort_by_key(|s| s.at);
    all
}

#[test]
fn times_count_from_the_load_job_where_there_is_one() {
    let all = with_load(false);
    let v = guide(&fold(&all));
    assert_eq!(v.start, Some((all[0].at + TimeDelta::seconds(20)).timestamp_millis()));
    assert_eq!((v.inferred.as_deref(), v.result), (None, Overall::Pass));
    assert_eq!(found(&v, "load-starts").observed, "started 0:20 after the session began");
    assert_eq!(found(&v, "load-ends").observed, "ran for 3:00 and ended by itself");
    let grow = v.phases.iter().find(|p| p.id == "grow");
    assert!(grow.is_none(), "the load ended before this phase began: {grow:?}");
    let failed = guide(&fold(&with_load(true)));
    assert_eq!(ids(&failed, "failed"), ["load-ends"]);
}

#[test]
fn what_time_decides_is_pending_until_then() {
    let all = with_load(false);
    let ended = all[0].at + TimeDelta::seconds(201);
    let mut session = fold(&all.into_iter().take_while(|s| s.at < ended).collect::<Vec<_>>());
    let waiting = guide(&session);
    let due = ["scale-down-begins", "back-to-min"].map(|id| {
        assert_eq!(found(&waiting, id).outcome, Outcome::Waiting, "{id}");
        found(&waiting, id).due.unwrap()
    });
    assert!(waiting.is_pending(session.now_ms()) && waiting.is_pending(due[1]) && !waiting.is_pending(due[1] + 1));
    // Nothing more comes: then both are decided when they said.
    session.apply(&Stamped { at: Time::from_timestamp_millis(due[1] + 1).unwrap(), what: Observation::Tick });
    let over = guide(&session);
    assert_eq!(ids(&over, "failed"), ["scale-down-begins", "back-to-min"]);
    assert!(!over.is_pending(session.now_ms()) && due[0] < due[1]);
}

#[test]
fn a_run_that_stays_small_fails_where_it_stays_small() {
    let mine = "schema = \"edot-tui/expectations/1\"\nname = \"mine\"\nabout = \"\"\n[[expect]]\nid = \"five\"\n\
                says = \"five\"\ncheck = \"replicas-reach\"\nby = \"2:00\"\nat_least = 3\nat_most = 3\n";
    let v = verdict::run(&cycle(), &Expectations::read(mine).unwrap());
    assert_eq!(v.result, Overall::Fail);
    assert_eq!(found(&v, "five").observed, "4 replicas at 1:03");
}

#[test]
fn policies_and_windows_hold_on_every_recorded_controller() {
    let recorded = [
        folded(include_str!("../../data/decisions/slow.jsonl")),
        folded(include_str!("../../data/decisions/two.jsonl")),
        folded(include_str!("../../data/decisions/flags.jsonl")),
        cycle(),
    ];
    for s in recorded {
        let v = guide(&s);
        for id in ["stabilization", "steps", "decisions", "pods-stay-up", "reason-up", "reason-down"] {
            assert!(found(&v, id).outcome != Outcome::Failed, "{id}: {:?}", found(&v, id));
        }
    }
}

#[test]
fn a_step_that_no_policy_allows_is_seen() {
    let mut all = scale_cycle();
    for s in &mut all {
        if let Observation::Hpa(hpa) = &mut s.what {
            let down = hpa.behavior.as_mut().unwrap().scale_down.as_mut().unwrap();
            down.policies.as_mut().unwrap().iter_mut().for_each(|p| (p.kind, p.value) = ("Pods".into(), 1));
        }
    }
    let v = guide(&fold(&all));
    // No arithmetic gives such a step, which is one of few known syncs.
    assert_eq!(ids(&v, "failed"), ["steps", "decisions"]);
    assert!(found(&v, "steps").observed.contains("4→2"), "{:?}", found(&v, "steps"));
}
