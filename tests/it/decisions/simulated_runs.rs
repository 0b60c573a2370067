//! The reconstruction compared with a simulated controller: the same arithmetic with other flags and sync periods, watched as
//! the API server would report it.

use chrono::{DateTime, TimeDelta, Utc};
use edot_tui::explain;
use edot_tui::hpa::{self, Memory, Settings};
use edot_tui::observe::{
    Behavior, Condition, ContainerSeen, Feed, FeedState, FeedStatus, HpaSeen, LeaseSeen, Metric, MetricKind,
    MetricValue, Observation, PodGone, PodSeen, PodUsage, ReadySeen, Rules, Stamped, TargetSeen, UsageSeen,
    WatchingSeen,
};
use edot_tui::session::decisions::sync::Cause;
use edot_tui::session::{Pods, Session, controller};

/// What happens in a run.
pub struct Run {
    pub settings: Settings,
    pub period_ms: i64,
    pub behavior: Option<Behavior>,
    pub max: i32,
    /// The controller is stopped from one second to another, and goes on.
    pub stop: Option<(i64, i64)>,
    /// The controller restarts at this second.
    pub restart: Option<i64>,
    /// The HPA gets another behavior at this second.
    pub edit: Option<(i64, Behavior)>,
    /// The target is scaled by hand at this second.
    pub by_hand: Option<(i64, i32)>,
    /// Total cpu in millicores at a second.
    pub load: fn(i64) -> i64,
    pub seconds: i64,
}

impl Default for Run {
    fn default() -> Self {
        Run {
            settings: Settings::of_minor(36),
            period_ms: 15_030,
            behavior: None,
            max: 8,
            stop: None,
            restart: None,
            edit: None,
            by_hand: None,
            load: waves,
            seconds: 2400,
        }
    }
}

fn waves(second: i64) -> i64 {
    match second / 100 % 9 {
        0 | 1 => 10,
        2 => 95,
        3 => 160,
        4 => 230,
        5 => 120,
        6 => 66,
        _ => 12,
    }
}

fn at(ms: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(1_800_000_000_000 + ms).unwrap()
}

fn pod(name: u32, ms: i64, ready_ms: i64, now: i64) -> PodSeen {
    let ready = now >= ready_ms;
    let requests = [("cpu".to_string(), "50m".to_string())].into();
    PodSeen {
        uid: format!("uid-{name}"),
        name: format!("gw-{name}"),
        phase: "Running".into(),
        created: Some(at(ms / 1000 * 1000)),
        started: Some(at(ms / 1000 * 1000)),
        ready: Some(ReadySeen {
            status: if ready { "True" } else { "False" }.into(),
            since: Some(at(if ready { ready_ms } else { ms } / 1000 * 1000)),
        }),
        containers: vec![ContainerSeen { name: "c".into(), requests, ..Default::default() }],
        ..Default::default()
    }
}

fn status(hpa: &HpaSeen, d: &hpa::Decision) -> edot_tui::observe::HpaStatus {
    let mut out = hpa.status.clone();
    out.current_replicas = Some(d.status.current);
    out.desired_replicas = d.status.desired;
    out.last_scale = d.status.last_scale.map(|t| DateTime::from_timestamp(t.timestamp(), 0).unwrap());
    let value = |m: &hpa::MetricStatus| MetricValue {
        utilization: m.average_utilization,
        average_value: m.average_value.map(|v| format!("{v}m")),
        value: None,
    };
    let metric = |(m, spec): (&Option<hpa::MetricStatus>, &Metric)| match m {
        Some(m) => Metric { value: value(m), ..spec.clone() },
        None => Metric::default(),
    };
    out.metrics = d.status.metrics.iter().zip(&hpa.metrics).map(metric).collect();
    let condition = |c: &hpa::Condition| Condition {
        kind: c.kind.name().into(),
        status: format!("{:?}", c.status),
        reason: c.reason.to_string(),
        message: c.message.to_string(),
        since: None,
    };
    out.conditions = d.status.conditions.iter().map(condition).collect();
    out
}

/// Runs the controller, and returns what was watched and how often it rescaled.
pub fn run(r: &Run) -> (Vec<Stamped>, u32) {
    let mut out = Vec::new();
    let mut observe = |ms: i64, what: Observation| out.push(Stamped { at: at(ms), what });
    let watching = WatchingSeen { server_version: "v1.36.3".into(), hpa: "h".into(), ..Default::default() };
    observe(0, Observation::Watching(watching));
    [Feed::Hpa, Feed::Target, Feed::Pods, Feed::Usage]
        .into_iter()
        .for_each(|f| observe(0, Observation::FeedStatus(FeedStatus::new(f, FeedState::Up))));
    let target = MetricValue { utilization: Some(80), ..Default::default() };
    let cpu = Metric { kind: MetricKind::Resource, name: "cpu".into(), value: target, ..Default::default() };
    let mut hpa = HpaSeen {
        uid: "h".into(),
        name: "h".into(),
        created: Some(at(0)),
        max_replicas: r.max,
        metrics: vec![cpu],
        behavior: r.behavior.clone(),
        ..Default::default()
    };
    let mut spec = controller::spec(&hpa).unwrap();
    observe(1, Observation::Hpa(Box::new(hpa.clone())));
    let (mut pods, mut names): (Vec<(u32, i64, i64)>, u32) = (vec![(0, -900_000, -890_000)], 0);
    let (mut memory, mut state, mut size, mut rescales) = (Memory::default(), hpa::Status::default(), 1, 0);
    let mut seen = Pods::default();
    let (mut next, mut samples): (i64, Vec<PodUsage>) = (r.period_ms, Vec::new());
    for ms in (0..r.seconds * 1000).step_by(500) {
        let second = ms / 1000;
        if ms % 1000 == 0 {
            observe(ms, Observation::Tick);
        }
        if let Some((second, behavior)) = &r.edit
            && second * 1000 == ms
        {
            hpa.behavior = Some(behavior.clone());
            spec = controller::spec(&hpa).unwrap();
            observe(ms, Observation::Hpa(Box::new(hpa.clone())));
        }
        if r.by_hand.is_some_and(|(s, _)| s * 1000 == ms) {
            size = r.by_hand.unwrap().1;
        }
        if let Some((from, to)) = r.stop
            && (from * 1000..to * 1000).contains(&next)
        {
            next = to * 1000;
        }
        if r.restart == Some(second) && ms % 1000 == 0 {
            (memory, next) = (Memory::default(), ms + 19_000);
        }
        // Pods follow the size, and turn ready after four seconds.
        while pods.len() < size as usize {
            names += 1;
            pods.push((names, ms, ms + 4000));
        }
        while pods.len() > size as usize {
            let (name, ..) = pods.pop().unwrap();
            seen.leave(ms, &format!("uid-{name}"));
            observe(ms, Observation::PodGone(PodGone { uid: format!("uid-{name}"), name: format!("gw-{name}") }));
        }
        for (name, made, ready) in &pods {
            if *made == ms || *ready == ms || ms == 0 {
                let p = pod(*name, *made, *ready, ms);
                seen.take(&p);
                observe(ms, Observation::Pod(Box::new(p)));
            }
        }
        let target = TargetSeen { spec_replicas: Some(size), replicas: Some(size), ..Default::default() };
        if ms == 0 || r.by_hand.is_some_and(|(s, _)| s * 1000 == ms) {
            observe(ms, Observation::Target(Box::new(target.clone())));
        }
        // A scrape every fifteen seconds; our poll is three seconds late.
        if ms % 15_000 == 4000 {
            let up: Vec<_> = pods.iter().filter(|p| ms - p.1 >= 11_000).collect();
            let share = (r.load)(second) / up.len().max(1) as i64;
            let one = |(name, ..): &&(u32, i64, i64)| PodUsage {
                pod: format!("gw-{name}"),
                at: at(ms),
                window_s: 15.0,
                containers: vec![(
                    "c".into(),
                    [("cpu".to_string(), format!("{}m", share + i64::from(*name % 3)))].into(),
                )],
            };
            samples = up.iter().map(one).collect();
            seen.forget_usage();
            samples.iter().for_each(|s| seen.used(s));
        }
        if ms % 15_000 == 7000 && !samples.is_empty() {
            observe(ms, Observation::Usage(UsageSeen { pods: samples.clone() }));
        }
        if ms >= next {
            let world = controller::world(&seen, size, size, "");
            let d = hpa::reconcile(&spec, &state, &world, &mut memory, at(next), &r.settings);
            let after = status(&hpa, &d);
            if matches!(d.action, hpa::Action::ScaleUp | hpa::Action::ScaleDown) {
                size = d.replicas.unwrap();
                rescales += 1;
                let target = TargetSeen { spec_replicas: Some(size), replicas: Some(size), ..Default::default() };
                observe(next, Observation::Target(Box::new(target)));
            }
            state = d.status;
            if after != hpa.status {
                hpa.status = after;
                observe(next + 15 + next % 40, Observation::Hpa(Box::new(hpa.clone())));
            }
            next += r.period_ms;
        }
    }
    (out, rescales)
}

fn fold(all: &[Stamped]) -> Session {
    fold_into(Session::default(), all)
}

fn fold_into(mut session: Session, all: &[Stamped]) -> Session {
    let mut sorted = all.to_vec();
    sorted.sort_by_key(|s| s.at);
    sorted.iter().for_each(|s| session.apply(s));
    session
}

/// The inferred flags, in words.
fn flags(s: &Session) -> Vec<String> {
    s.decisions.inferred_flags().map(explain::cause::flag).collect()
}

fn down(window_s: i32) -> Option<Behavior> {
    Some(Behavior { scale_up: None, scale_down: Some(Rules { window_s: Some(window_s), ..Default::default() }) })
}

/// At most `misses` syncs differ, and every rescale is a row.
fn held(what: &str, r: &Run, misses: u32) -> Session {
    let (all, rescales) = run(r);
    let s = fold(&all);
    let score = s.decisions.score;
    assert!(rescales >= 4, "{what}: {rescales} rescales are too few to judge");
    assert!(score.rescales.of >= rescales - 1, "{what}: {score:?} of {rescales}");
    let whole = score.all();
    let wrong: Vec<_> = s
        .decisions
        .rows()
        .iter()
        .filter(|r| !r.agrees)
        .map(|r| (r.first % 100_000_000, &r.cause, explain::sync::sentence(r)))
        .collect();
    assert!(whole.of - whole.agreed <= misses, "{what}: {score:?} {wrong:?}");
    assert!(wrong.iter().all(|w| w.1.is_some()), "{what}: a disagreement without a cause");
    s
}

#[test]
fn the_defaults_are_followed_without_a_miss() {
    held("no behavior", &Run::default(), 0);
    held("behavior", &Run { behavior: down(30), ..Default::default() }, 0);
}

#[test]
fn periods_from_two_seconds_to_a_minute_are_learned() {
    for period_ms in [2020, 5020, 10_020, 30_030, 60_030] {
        let s = held(
            &format!("{period_ms}"),
            &Run { period_ms, behavior: down(30), seconds: 3600, ..Default::default() },
            0,
        );
        let period = s.decisions.sync_period.period();
        assert!((period - period_ms).abs() < period_ms / 40, "{period} for {period_ms}");
    }
}

#[test]
fn flags_that_are_not_at_their_default_are_found() {
    let mut stabilization = Settings::of_minor(36);
    stabilization.downscale_stabilization = TimeDelta::seconds(60);
    let s = held("stabilization", &Run { settings: stabilization, ..Default::default() }, 1);
    assert!(flags(&s).iter().any(|f| f.contains("stabilization about 60 s")), "{:?}", flags(&s));

    let mut init = Settings::of_minor(36);
    init.cpu_initialization = TimeDelta::seconds(10);
    held("initialization", &Run { settings: init, behavior: down(30), ..Default::default() }, 1);

    let mut tolerance = Settings::of_minor(36);
    tolerance.tolerance = 0.3;
    let s = held("tolerance", &Run { settings: tolerance, behavior: down(30), ..Default::default() }, 3);
    assert!(flags(&s).iter().any(|f| f.contains("tolerance")), "{:?}", flags(&s));
}

#[test]
fn defaults_find_no_flag() {
    let s = held("defaults", &Run { behavior: down(45), seconds: 5000, ..Default::default() }, 0);
    assert_eq!(flags(&s), Vec::<String>::new());
}

#[test]
fn a_controller_that_restarted_is_noticed() {
    // In the middle of a long window: it has forgotten its recommendations.
    let r = Run { restart: Some(640), ..Default::default() };
    let s = held("restart", &r, 2);
    let causes: Vec<_> = s.decisions.rows().iter().filter_map(|r| r.cause).collect();
    assert!(causes.iter().all(|c| !matches!(c, Cause::NotExplained(_))), "{causes:?}");
}

#[test]
fn a_restart_at_any_moment_costs_little() {
    for (behavior, from) in [(None, 300), (down(45), 400), (down(120), 500)] {
        for restart in (from..1500).step_by(133) {
            let (all, _) = run(&Run { restart: Some(restart), behavior: behavior.clone(), ..Default::default() });
            let s = fold(&all);
            let whole = s.decisions.score.all();
            assert!(whole.of - whole.agreed <= 2, "at {restart}: {:?}", s.decisions.score);
            assert_eq!(flags(&s), Vec::<String>::new(), "at {restart}");
        }
    }
}

/// The inferred syncs in a stretch, seconds from the beginning.
fn inferred(all: &[Stamped], (from, to): (i64, i64)) -> Vec<i64> {
    let mut session = Session::default();
    session.decisions.keep_journal();
    let session = fold_into(session, all);
    let of = |j: &edot_tui::session::decisions::Settled| (j.sync.first - at(0).timestamp_millis()) / 1000;
    session
        .decisions
        .journal()
        .iter()
        .filter(|j| !j.sync.is_known())
        .map(of)
        .filter(|s| (from..to).contains(s))
        .collect()
}

#[test]
fn no_syncs_are_made_up_while_a_controller_is_stopped() {
    let (mut plain, mut late) = (0, 0);
    for from in (600..900).step_by(7) {
        let stop = (from, from + 40);
        let (all, _) = run(&Run { stop: Some(stop), behavior: down(120), ..Default::default() });
        let within = (from + 4, from + 39);
        let with = |more: Vec<(i64, Observation)>| {
            let more = more.into_iter().map(|(second, what)| Stamped { at: at(second * 1000 + 300), what });
            inferred(&all.iter().cloned().chain(more).collect::<Vec<_>>(), within)
        };
        // Other HPAs that change every six seconds; without them, some are.
        let others = (0..2400).step_by(6).filter(|s| !(from..from + 40).contains(s));
        assert_eq!(with(others.map(|s| (s, Observation::OtherSynced)).collect()), Vec::<i64>::new(), "{from}");
        plain += with(Vec::new()).len();
        // A lease that was renewed until then, which shows ten seconds later.
        let lease = |lapsed: Option<i64>| {
            let lapsed = lapsed.map(|s| at(s * 1000));
            Observation::Lease(LeaseSeen {
                holder: "one".into(),
                acquired: Some(at(-1000)),
                lapsed,
                ..Default::default()
            })
        };
        let lapse = vec![(0, lease(None)), (from + 10, lease(Some(from))), (from + 41, lease(None))];
        assert_eq!(with(lapse), Vec::<i64>::new(), "{from}");
        // The rhythm alone shows it where it has changed.
        let next = (0..).map(|n| 15_030 * n).find(|ms| *ms >= from * 1000).unwrap_or_default();
        let shift = ((from + 40) * 1000 - next) % 15_030;
        if (3000..14_000).contains(&shift) {
            late += 1;
            assert_eq!(with(Vec::new()), Vec::<i64>::new(), "{from}");
        }
    }
    assert!(plain > 0 && late > 20, "{plain} {late}");
}

#[test]
fn an_edit_counts_from_the_next_sync_on() {
    // While the window holds, so that the new one releases at once.
    for second in 690..720 {
        let edit = Some((second, down(20).unwrap()));
        let s = held("edit", &Run { edit, ..Default::default() }, 0);
        assert_eq!(flags(&s), Vec::<String>::new(), "{second}");
    }
}

#[test]
fn replicas_changed_by_hand_are_noticed() {
    let s = held("by hand", &Run { by_hand: Some((150, 6)), behavior: down(30), ..Default::default() }, 0);
    let by_hand = Some(Cause::ChangedByOther { from: 1, to: 6 });
    assert!(s.decisions.rows().iter().any(|r| r.cause == by_hand));
}

#[test]
fn a_wrong_sync_does_not_affect_the_next_ones() {
    // Half of the samples are never seen.
    let (mut all, _) = run(&Run { behavior: down(30), ..Default::default() });
    let mut n = 0;
    all.retain(|s| {
        n += u32::from(matches!(s.what, Observation::Usage(_)));
        !(matches!(s.what, Observation::Usage(_)) && n % 2 == 0)
    });
    let score = fold(&all).decisions.score;
    let whole = score.all();
    assert!(whole.agreed * 100 >= whole.of * 97, "{score:?}");
    assert!(score.unseen > 10, "{score:?}");
}

#[test]
fn the_same_twice_is_the_same() {
    let (all, _) = run(&Run::default());
    assert_eq!(fold(&all), fold(&all));
}
