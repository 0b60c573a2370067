//! Each hypothesis alone, in a table: a controller that runs with what is true, and the case as it looks with what is assumed.

use super::explanation::{Background, Explanation, Hypothesis, first};
use super::figures;
use super::result::{self, RESULT};
use crate::hpa::{
    Action, ConditionType, Decision, Limited, Memory, Recommendation, Scale, Selector, Settings, Source, Spec, Status,
    Target, World, reconcile, spec,
};
use crate::observe::{ContainerSeen, PodSeen, PodUsage, ReadySeen, Time, UsageSeen};
use crate::session::controller;
use crate::session::decisions::evidence::Evidence;
use crate::session::decisions::flag::Flag;
use crate::session::decisions::flags::Flags;
use crate::session::decisions::inputs::Inputs;
use crate::session::decisions::memory::ControllerMemory;
use crate::session::decisions::restart::Restart;
use crate::session::decisions::sync::{Basis, BasisKind, Cause, Divergence, Suspicion, Unexplained};
use crate::session::decisions::sync_case::{Attempt, SyncCase};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Milliseconds since 1970 of the sync, as it was seen.
const NOW: i64 = 1_800_000_000_000;
const PERIOD: i64 = 15_000;
const RESTART: Restart = Restart { from: NOW - 60_000, at: NOW, period: PERIOD };

/// Recommendations as (milliseconds after the sync, replicas).
type Remembered = &'static [(i64, i32)];

/// One pod: seconds since its start, whether it is Ready, and the percentage of its CPU request that it uses.
#[derive(Clone, Copy)]
struct PodAt(i64, bool, i64);

/// A sync of two pods with a CPU target of 50 %, and what is assumed about it. The default scales nothing and fits.
#[derive(Clone)]
struct Given {
    pods: [PodAt; 2],
    /// The controller's real memory, flag and time (milliseconds after the sync as it was seen).
    memory: Remembered,
    flag: Option<Flag>,
    at: i64,
    /// What is assumed of the memory.
    assumed: Remembered,
    /// The watch began this many seconds ago, with the size that the controller had asked for.
    watched_s: Option<(i64, Option<i32>)>,
    restart: Option<Restart>,
    last_observed: Option<i64>,
    /// What else may have been recommended at a time.
    doubt: Option<(i64, i32)>,
    /// How many of the last assumed syncs are only inferred.
    inferred: usize,
    /// The same case was kept before.
    kept: bool,
    /// How many syncs no flag explained before.
    in_vain: u32,
    /// Changes what the controller reported.
    report: fn(&mut Evidence),
    shifted: bool,
}

const IDLE: [PodAt; 2] = [PodAt(9000, true, 10); 2];
const CALM: Given = Given {
    pods: [PodAt(9000, true, 50); 2],
    memory: &[],
    flag: None,
    at: 0,
    assumed: &[],
    watched_s: None,
    restart: None,
    last_observed: None,
    doubt: None,
    inferred: 0,
    kept: false,
    in_vain: 0,
    report: |_| {},
    shifted: false,
};
/// The controller holds two replicas by a recommendation that the assumed memory lacks.
const HELD: Given = Given { pods: IDLE, memory: &[(-100_000, 2)], assumed: &[(-200_000, 1)], ..CALM };
/// The controller scales down, which the assumed memory forbids.
const RELEASED: Given = Given { pods: IDLE, memory: &[(-200_000, 1)], assumed: &[(-100_000, 2)], ..CALM };

fn at(ms: i64) -> Time {
    Time::from_timestamp_millis(NOW + ms).unwrap()
}

fn memory(all: Remembered) -> Memory {
    let one = |(ms, replicas): &(i64, i32)| Recommendation { replicas: *replicas, at: at(*ms) };
    Memory { recommendations: Some(all.iter().map(one).collect()), ..Memory::default() }
}

fn pod_seen(n: usize, PodAt(age, ready, _): PodAt) -> PodSeen {
    let (status, since) = if ready { ("True", age - 5) } else { ("False", 10) };
    PodSeen {
        uid: n.to_string(),
        name: format!("pod-{n}"),
        phase: "Running".into(),
        created: Some(at(-age * 1000)),
        started: Some(at(-age * 1000)),
        ready: Some(ReadySeen { status: status.into(), since: Some(at(-since * 1000)) }),
        containers: vec![ContainerSeen {
            name: "c".into(),
            requests: [("cpu".to_string(), "100m".to_string())].into(),
            ..Default::default()
        }],
        ..PodSeen::default()
    }
}

fn usage(n: usize, PodAt(.., percent): PodAt) -> PodUsage {
    let used = [("cpu".to_string(), format!("{percent}m"))].into();
    PodUsage { pod: format!("pod-{n}"), at: at(-5000), window_s: 5.0, containers: vec![("c".into(), used)] }
}

impl Given {
    fn spec(&self) -> Arc<Spec> {
        let cpu = spec::Metric { source: Source::Resource { resource: "cpu".into() }, target: Target::Utilization(50) };
        Arc::new(Spec { min: Some(1), max: 9, metrics: vec![cpu], behavior: None })
    }

    fn world(&self) -> World {
        let all = || self.pods.iter().enumerate();
        World {
            namespace: String::new(),
            scale: Ok(Scale { spec: 2, status: 2 }),
            selector: Selector::Own,
            pods: all().map(|(n, p)| Arc::new(controller::pod(&pod_seen(n, *p)))).collect(),
            samples: Ok(all().map(|(n, p)| controller::sample(&usage(n, *p))).collect()),
            values: BTreeMap::new(),
            update_error: None,
        }
    }

    /// What the controller reports.
    fn evidence(&self) -> Evidence {
        let mut settings = Settings::default();
        self.flag.into_iter().for_each(|f| f.set(&mut settings));
        let mut remembered = memory(self.memory);
        let it = reconcile(&self.spec(), &Status::default(), &self.world(), &mut remembered, at(self.at), &settings);
        let reason = |kind| it.status.condition(kind).map(|c| c.reason.to_string()).unwrap_or_default();
        let mut evidence = Evidence {
            current: it.current,
            controller: it.replicas.or(it.current).unwrap_or_default(),
            rescaled: it.action != Action::None,
            figures: Some(it.status.metrics.clone()),
            able: reason(ConditionType::AbleToScale),
            limited: reason(ConditionType::ScalingLimited),
            active: it
                .status
                .condition(ConditionType::ScalingActive)
                .map(|c| c.message.to_string())
                .unwrap_or_default(),
            failed: None,
        };
        (self.report)(&mut evidence);
        evidence
    }

    fn case(&self, memory: Memory) -> SyncCase {
        SyncCase {
            at: at(0),
            spec: self.spec(),
            status: Status::default(),
            world: self.world(),
            memory,
            observed: self.evidence(),
        }
    }

    /// What a hypothesis makes of it.
    fn ask(&self, hypothesis: Hypothesis) -> Option<Explanation> {
        let (base, mut flags, mut inputs) = (Settings::default(), Flags::default(), Inputs::default());
        inputs
            .usage(NOW - 4000, &UsageSeen { pods: self.pods.iter().enumerate().map(|(n, p)| usage(n, *p)).collect() });
        let mut assumed = ControllerMemory::default();
        assumed.memory = memory(self.assumed);
        if let Some((seconds, asked)) = self.watched_s {
            assumed.begin(at(-seconds * 1000), asked);
        }
        assumed.restart = self.restart;
        let inferred = self.assumed.iter().rev().take(self.inferred);
        inferred.for_each(|(ms, _)| assumed.infers(at(*ms)));
        self.doubt.into_iter().for_each(|(ms, other)| assumed.doubt(at(ms), vec![other]));
        let case = self.case(assumed.memory.clone());
        if self.kept {
            flags.keep(case.clone(), &base);
        }
        (0..self.in_vain).for_each(|_| flags.searched_in_vain());
        let (decision, fit) = case.run(&case.world, &case.memory, &base);
        let basis = Basis { kind: BasisKind::Samples, ..Basis::default() };
        let (world, others, alternatives) = (case.world.clone(), Vec::new(), Vec::new());
        let best = Attempt { decision, world, basis, fit, shifted: self.shifted, others, alternatives };
        let known = Background {
            inputs: &inputs,
            memory: &assumed,
            flags: &flags,
            base: &base,
            settings: &base,
            asked: Some(2),
            last_observed: self.last_observed,
            period: PERIOD,
            sync_period: None,
        };
        hypothesis(&known, &case, &best)
    }
}

/// Checks whether a hypothesis applies to each case, and with which cause.
fn check(hypothesis: Hypothesis, table: &[(&str, Given, Option<Option<Cause>>)]) {
    for (name, given, expected) in table {
        let found = given.ask(hypothesis);
        assert_eq!(found.as_ref().map(|e| e.cause), *expected, "{name}: {found:#?}");
        let fits = |e: &Explanation| e.run.as_ref().is_none_or(|(_, fit)| fit.full());
        assert!(found.is_none_or(|e| fits(&e)), "{name}: a run that replaces another one fits");
    }
}

fn decision(given: &Given) -> Decision {
    let case = given.case(memory(given.assumed));
    case.run(&case.world, &case.memory, &Settings::default()).0
}

#[test]
fn the_cases_are_what_they_are_meant_to_be() {
    let evidence = HELD.evidence();
    assert!(evidence.is_stabilized() && evidence.controller == 2 && evidence.limited == Limited::Not.reason());
    assert_eq!((decision(&HELD).replicas, decision(&RELEASED).replicas), (Some(1), Some(2)));
    assert_eq!((decision(&CALM).replicas, RELEASED.evidence().controller), (Some(2), 1));
}

#[test]
fn slightly_other_time() {
    let edge = Given { memory: &[(-300_100, 2)], assumed: &[(-300_100, 2)], at: -150, ..HELD };
    check(
        result::slightly_other_time,
        &[
            ("a recommendation at the edge of the window", edge, Some(None)),
            ("nothing differs", CALM, Some(None)),
            ("another memory", HELD, None),
        ],
    );
}

#[test]
fn restart() {
    check(
        result::restart,
        &[
            ("a sync outside the period", Given { restart: Some(RESTART), ..HELD }, Some(Some(Cause::Restart))),
            ("no such sync", HELD, None),
            ("a restart would hold, the controller did not", Given { restart: Some(RESTART), ..RELEASED }, None),
        ],
    );
    let found = Given { restart: Some(RESTART), ..HELD }.ask(result::restart).unwrap();
    assert_eq!(found.restart, Some(RESTART));
    assert!(found.memory.is_some() && found.run.is_some() && found.inferred.is_none());
}

#[test]
fn failed_update() {
    let failed = Given { report: |e| e.able = "FailedUpdateScale".into(), ..CALM };
    check(
        result::failed_update,
        &[("the update failed", failed, Some(Some(Cause::UpdateFailed))), ("it did not", CALM, None)],
    );
}

#[test]
fn scale_not_read() {
    let failed = Given { report: |e| e.able = "FailedGetScale".into(), ..CALM };
    check(
        result::scale_not_read,
        &[("the scale was not read", failed, Some(Some(Cause::ScaleNotRead))), ("it was", CALM, None)],
    );
}

#[test]
fn without_assumed_recommendation() {
    let released = Given { assumed: &[(-200_000, 1)], ..RELEASED };
    let young = Given { watched_s: Some((10, Some(2))), ..released.clone() };
    check(
        result::without_assumed_recommendation,
        &[
            ("the watch began with a size that was not recommended", young, Some(None)),
            ("the history is known", released, None),
            ("it was recommended", Given { watched_s: Some((10, Some(2))), ..HELD }, None),
        ],
    );
}

#[test]
fn held_by_unknown_history() {
    check(
        result::held_by_unknown_history,
        &[
            (
                "the watch began lately",
                Given { watched_s: Some((10, None)), ..HELD },
                Some(Some(Cause::UnknownHistory)),
            ),
            ("long ago", Given { watched_s: Some((400, None)), ..HELD }, None),
            ("nothing is held", Given { watched_s: Some((10, None)), ..CALM }, None),
        ],
    );
}

#[test]
fn other_flag() {
    let tolerant = Given { pods: [PodAt(9000, true, 57); 2], flag: Some(Flag::Tolerance(0.15)), ..CALM };
    let forgetful = Given { memory: &[(-100_000, 2)], flag: Some(Flag::Stabilization(60)), ..RELEASED };
    check(
        result::other_flag,
        &[
            ("a wider tolerance", tolerant.clone(), Some(Some(Cause::OtherFlag(Flag::Tolerance(0.15))))),
            ("a shorter window", forgetful, Some(Some(Cause::OtherFlag(Flag::Stabilization(90))))),
            ("one case proves nothing after a restart", Given { restart: Some(RESTART), ..tolerant.clone() }, None),
            (
                "two do",
                Given { restart: Some(RESTART), kept: true, ..tolerant.clone() },
                Some(Some(Cause::OtherFlag(Flag::Tolerance(0.15)))),
            ),
            ("no flag explains it", HELD, None),
            (
                "after many that none explained it is searched for seldom",
                Given { in_vain: 1001, ..tolerant.clone() },
                None,
            ),
            (
                "and found",
                Given { in_vain: 1000, ..tolerant.clone() },
                Some(Some(Cause::OtherFlag(Flag::Tolerance(0.15)))),
            ),
        ],
    );
}

#[test]
fn a_longer_window_and_a_restart_do_not_prove_each_other_wrong() {
    let remembered: Remembered = &[(-400_000, 2), (-200_000, 1)];
    let flag = Flag::Stabilization(600);
    let held = Given { memory: remembered, assumed: remembered, flag: Some(flag), ..HELD };
    let step = Divergence::of(&decision(&held), held.evidence().controller);
    let thin = Cause::NotExplained(Unexplained { step, likely: [Suspicion::Restart, Suspicion::OtherFlag(flag)] });
    check(
        result::other_flag,
        &[
            ("no restart is possible", held.clone(), Some(Some(Cause::OtherFlag(flag)))),
            ("one is", Given { last_observed: Some(NOW - 60_000), ..held }, Some(Some(thin))),
        ],
    );
}

#[test]
fn inferred_syncs_that_were_none() {
    // They would hold two replicas, and were the only ones to do so.
    let held: Remembered = &[(-400_000, 1), (-100_000, 2), (-50_000, 2)];
    let paused = Given { memory: &[(-400_000, 1)], assumed: held, inferred: 2, ..RELEASED };
    check(
        result::without_inferred_syncs,
        &[
            ("both were none", paused.clone(), Some(None)),
            ("only the last is inferred", Given { inferred: 1, ..paused.clone() }, None),
            ("they were known", Given { inferred: 0, ..paused.clone() }, None),
        ],
    );
    assert_eq!(paused.ask(result::without_inferred_syncs).unwrap().retracted.len(), 2);
}

#[test]
fn another_recommendation_of_an_earlier_sync() {
    // What was recommended 100 s ago did not show, and may as well have been 2.
    let earlier: Remembered = &[(-200_000, 1), (-100_000, 1)];
    let doubted = Given { assumed: earlier, doubt: Some((-100_000, 2)), ..HELD };
    check(
        result::other_recommendation,
        &[
            ("it explains the hold", doubted.clone(), Some(None)),
            ("nothing is in doubt", Given { doubt: None, ..doubted.clone() }, None),
            ("it is between the two", Given { doubt: Some((-100_000, 5)), ..doubted.clone() }, Some(None)),
            ("a smaller one does not", Given { doubt: Some((-100_000, 0)), ..doubted }, None),
        ],
    );
}

#[test]
fn silent_restart() {
    let last_observed = Some(NOW - 60_000);
    // Nothing proves it.
    let step = Divergence::Result { computed: 1, controller: 2 };
    let suspected = Cause::NotExplained(Unexplained { step, likely: [Suspicion::Restart, Suspicion::OtherTime] });
    check(
        result::silent_restart,
        &[
            ("it holds what it should have forgotten", Given { last_observed, ..HELD }, Some(Some(suspected))),
            ("no sync was observed before", HELD, None),
            ("it does not hold", Given { last_observed, ..RELEASED }, None),
        ],
    );
    let found = Given { last_observed, ..HELD }.ask(result::silent_restart).unwrap();
    assert!(found.run.is_none() && found.memory.is_some(), "the run stays, the memory is taken over");
}

#[test]
fn other_flag_for_young_pods() {
    // Both pods use the same, so the figure does not depend on whether the young one counts.
    let young = Given {
        pods: [PodAt(9000, true, 80), PodAt(50, false, 80)],
        flag: Some(Flag::Initialization(30)),
        kept: true,
        ..CALM
    };
    check(
        result::other_flag_for_young_pods,
        &[
            ("a shorter initialization", young.clone(), Some(Some(Cause::OtherFlag(Flag::Initialization(30))))),
            ("one case proves nothing", Given { kept: false, ..young }, None),
            ("no young pods", Given { kept: true, ..HELD }, None),
        ],
    );
}

#[test]
fn slightly_late() {
    let by = |ms: i64| Given { memory: &[(-300_900, 2)], assumed: &[(-300_900, 2)], at: ms, ..HELD };
    check(
        result::slightly_late,
        &[
            ("a second late", by(-1000), Some(None)),
            ("another memory", HELD, None),
            ("nothing differs", CALM, Some(None)),
        ],
    );
}

#[test]
fn late_status() {
    let late = Given { memory: &[(-300_900, 2)], assumed: &[(-300_900, 2)], at: -1000, ..HELD };
    check(
        result::late_status,
        &[("a second late", late, Some(None)), ("another memory", HELD, None), ("it agrees", CALM, None)],
    );
}

#[test]
fn unknown_history() {
    check(
        result::unknown_history,
        &[
            (
                "the watch began lately",
                Given { watched_s: Some((10, None)), ..HELD },
                Some(Some(Cause::UnknownHistory)),
            ),
            ("the history is known", HELD, None),
            ("it agrees", Given { watched_s: Some((10, None)), ..CALM }, None),
        ],
    );
}

#[test]
fn changed_within_a_second() {
    check(
        result::changed_within_a_second,
        &[
            ("another time was needed", Given { shifted: true, ..HELD }, Some(Some(Cause::SyncTime))),
            ("the likeliest was right", HELD, None),
            ("it agrees", Given { shifted: true, ..CALM }, None),
        ],
    );
}

#[test]
fn flag_for_young_pods() {
    let young = Given {
        pods: [PodAt(9000, true, 80), PodAt(50, false, 20)],
        flag: Some(Flag::Initialization(30)),
        kept: true,
        ..CALM
    };
    check(
        figures::flag_for_young_pods,
        &[
            ("a shorter initialization", young.clone(), Some(Some(Cause::OtherFlag(Flag::Initialization(30))))),
            ("one case proves nothing", Given { kept: false, ..young }, None),
            ("no young pods", Given { kept: true, ..CALM }, None),
        ],
    );
}

#[test]
fn reported_figures() {
    let other = Given { report: |e| e.figures.iter_mut().flatten().flatten().for_each(|f| set_percent(f, 51)), ..CALM };
    let silent = Given { report: |e| e.figures = None, ..CALM };
    check(
        figures::reported_figures,
        &[
            ("figures that no sample gives", other.clone(), Some(Some(Cause::UnseenSample))),
            ("no figures", silent, None),
        ],
    );
    assert_eq!(other.ask(figures::reported_figures).unwrap().basis, Some(BasisKind::Status));
}

fn set_percent(figure: &mut crate::hpa::MetricStatus, percent: i32) {
    (figure.average_utilization, figure.average_value) = (Some(percent), Some(i64::from(percent)));
}

#[test]
fn unseen_sample() {
    check(
        figures::unseen_sample,
        &[
            ("the result differs", HELD, Some(Some(Cause::UnseenSample))),
            ("the result agrees by chance", CALM, Some(None)),
        ],
    );
}

#[test]
fn the_first_hypothesis_that_applies_explains_the_result() {
    let both = Given { restart: Some(RESTART), watched_s: Some((10, None)), ..HELD };
    let all: Hypothesis = |known, case, best| first(&RESULT, known, case, best);
    check(
        all,
        &[
            ("a restart comes before an unknown history", both.clone(), Some(Some(Cause::Restart))),
            ("the next one", Given { restart: None, ..both }, Some(Some(Cause::UnknownHistory))),
            ("none applies", HELD, None),
        ],
    );
}
