//! Edges of the controller's rules, computed by hand, and whole scale-downs of the lab's HPA sync by sync.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, TimeZone, Utc};
use edot_tui::hpa::{
    Band, Behavior, ConditionStatus, ConditionType, Container, ContainerUsage, Decision, Direction, GroupReason,
    Memory, Metric, Phase, Pod, PodSample, PodTarget, Policy, PolicyKind, Reading, Readings, Ready, Recommendation,
    Resources, Scale, ScaleEvent, ScalingRules, SelectPolicy, Selector, Settings, Source, Spec, Status, Target, Values,
    Verdict, World, WrittenRules, groups, history, per_pod, rate, readings, reconcile, stabilize,
};

fn at(seconds: i64) -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 1, 1, 12, 0, 0).unwrap() + TimeDelta::seconds(seconds)
}

fn pod(name: &str, cpu: i64, memory: i64) -> Arc<Pod> {
    Arc::new(Pod {
        name: name.into(),
        phase: Phase::Running,
        deleted: false,
        ready: Some(Ready { status: ConditionStatus::True, since: at(-9000) }),
        started: Some(at(-9000)),
        containers: vec![Container { name: "app".to_owned(), requests: amounts(cpu, memory), restartable: false }],
        init_containers: Vec::new(),
        pod_level_requests: Resources::new(),
    })
}

fn amounts(cpu: i64, memory: i64) -> Resources {
    Resources::from([("cpu".to_owned(), cpu), ("memory".to_owned(), memory)])
}

fn readings_of(values: &[(&str, i64)], now: DateTime<Utc>) -> Readings {
    let values: Vec<_> = values.iter().map(|(pod, v)| ((*pod).into(), *v)).collect();
    readings::of_custom(&values, now).unwrap()
}

fn band() -> Band {
    Band::of(None, &Settings::default())
}

#[test]
fn the_percentage_is_truncated_before_the_ratio() {
    let pods = [pod("a", 1000, 0)];
    let settings = Settings::default();
    let propose = |usage| {
        let readings = readings_of(&[("a", usage)], at(0));
        let groups = groups::group(&pods, &readings, "", &settings, at(0));
        let target = PodTarget::Utilization(80);
        per_pod::propose(groups, &readings, &[1000], target, band(), 1, settings.conversions).unwrap()
    };
    let held = propose(889);
    assert_eq!((held.first.percent, held.replicas), (Some(88), 1));
    assert_eq!(held.verdict, Verdict::Within);
    assert_eq!(propose(890).replicas, 2);
}

#[test]
fn a_filled_set_larger_than_current_does_not_scale_the_other_way() {
    // five pods are listed while the scale says 2: 0.5 over four readings, but ceil(0.6 × 5) = 3 > 2
    let pods = ["a", "b", "c", "d", "e"].map(|name| pod(name, 100, 0));
    let values = [("a", 50), ("b", 50), ("c", 50), ("d", 50)];
    let readings = readings_of(&values, at(0));
    let groups = groups::group(&pods, &readings, "", &Settings::default(), at(0));
    let target = PodTarget::Average(100);
    let it = per_pod::propose(groups, &readings, &[], target, band(), 2, Settings::default().conversions).unwrap();
    assert_eq!(it.second.as_ref().unwrap().replicas, 3);
    assert_eq!((it.verdict, it.replicas), (Verdict::CountReversed, 2));
}

#[test]
fn the_initialization_period_ends_at_its_length() {
    let reading = Reading { pod: "a".into(), value: 1, at: at(0), window: TimeDelta::seconds(15) };
    let settings = Settings::default();
    let mut pod = Pod::clone(&pod("a", 1, 1));
    pod.ready = Some(Ready { status: ConditionStatus::False, since: at(-200) });
    for (age, want) in [(299, GroupReason::Initializing), (300, GroupReason::Counted)] {
        pod.started = Some(at(-age));
        let reason = groups::reason(&pod, Some(&reading), true, &settings, at(0));
        assert_eq!(reason, want, "started {age} s ago");
    }
}

#[test]
fn a_sample_without_containers_is_a_missing_pod() {
    let sample = PodSample { pod: "a".into(), at: at(0), window: TimeDelta::seconds(15), containers: Vec::new() };
    let readings = readings::of_resource(&[sample], "cpu", None, false, "ns").unwrap();
    assert!(readings.as_slice().is_empty());
}

#[test]
fn an_event_exactly_a_period_old_neither_counts_nor_is_outdated() {
    let event = |age: i64, change| ScaleEvent { change, at: at(-age), outdated: false };
    assert_eq!(history::changed_within(&[event(60, 3), event(59, 4)], 60, at(0)), 4);
    let rules = rules(SelectPolicy::Max, &[(PolicyKind::Pods, 1, 60), (PolicyKind::Pods, 1, 15)]);
    let mut events = vec![event(90, 1), event(61, 2), event(60, 3)];
    history::store_event(&mut events, 9, &rules, at(0));
    let changes: Vec<i32> = events.iter().map(|e| e.change).collect();
    assert_eq!(changes, [1, 9, 3], "the last outdated slot is reused");
    let memory = Memory { ups: vec![event(60, 3)], ..Memory::default() };
    let limit = rate::limit(Direction::Up, &rules, 5, &memory, at(0), Settings::default().conversions);
    assert_eq!(limit.budgets[0].start, 5);
}

#[test]
fn the_last_outdated_recommendation_is_overwritten() {
    let log = |ages: &[i64]| {
        let one = |age: &i64| Recommendation { replicas: 1, at: at(-age) };
        Memory { recommendations: Some(ages.iter().map(one).collect()), ..Memory::default() }
    };
    let mut memory = log(&[500, 400, 10]);
    stabilize::legacy(&mut memory, 7, &Settings::default(), at(0));
    let slots: Vec<i32> = memory.recommendations().iter().map(|r| r.replicas).collect();
    assert_eq!(slots, [1, 7, 1]);
}

#[test]
fn of_equal_proposals_the_first_names_the_reason_and_zero_yields() {
    let metric = |name: &str| Metric {
        source: Source::External { metric: name.to_owned(), selector: None },
        target: Target::AverageValue(1000),
    };
    let run = |values: [i64; 2]| {
        let mut world = world(&[], 2);
        for (index, value) in values.into_iter().enumerate() {
            world.values.insert(index, Ok(Values::External(vec![value])));
        }
        let spec = Spec { min: Some(0), max: 9, metrics: vec![metric("one"), metric("two")], behavior: None };
        sync(&spec, &world, &mut Memory::default(), at(0))
    };
    let it = run([5000, 5000]);
    assert_eq!(it.reason, "external metric one(nil) above target");
    assert_eq!(run([0, 0]).winner, Some(1));
    assert_eq!(run([5000, 6000]).winner, Some(1));
}

fn rules(select: SelectPolicy, policies: &[(PolicyKind, i32, i32)]) -> ScalingRules {
    let policy = |(kind, value, period_seconds): &(PolicyKind, i32, i32)| Policy {
        kind: *kind,
        value: *value,
        period_seconds: *period_seconds,
    };
    let written = WrittenRules {
        window_seconds: Some(30),
        select: Some(select),
        policies: Some(policies.iter().map(policy).collect()),
        tolerance: None,
    };
    ScalingRules::defaulted(Direction::Down, written)
}

fn world(pods: &[Arc<Pod>], replicas: i32) -> World {
    World {
        namespace: "ns".to_owned(),
        scale: Ok(Scale { spec: replicas, status: replicas }),
        selector: Selector::Own,
        pods: pods.to_vec(),
        samples: Ok(Vec::new()),
        values: BTreeMap::new(),
        update_error: None,
    }
}

fn sync(spec: &Spec, world: &World, memory: &mut Memory, now: DateTime<Utc>) -> Decision {
    let (status, settings) = (Status::default(), Settings::default());
    reconcile(spec, &status, world, memory, now, &settings)
}

const MIB: i64 = 1024 * 1024 * 1000;

/// The rescales after a load that ended at 300 s, as (seconds, replicas, ScalingLimited): cpu is high up to the sync
/// at 315 s (the scrape after the end still averages the load), then 4m per pod; memory is MiB per pod at a time.
fn scale_down(down: ScalingRules, memory_mib: impl Fn(i64) -> f64) -> Vec<(i64, i32, String)> {
    let resource =
        |name: &str| Metric { source: Source::Resource { resource: name.to_owned() }, target: Target::Utilization(80) };
    let spec = Spec {
        min: Some(1),
        max: 4,
        metrics: vec![resource("cpu"), resource("memory")],
        behavior: Some(Behavior { up: ScalingRules::defaulted(Direction::Up, WrittenRules::default()), down }),
    };
    let (mut replicas, mut memory, mut rescales) = (4, Memory::default(), Vec::new());
    for t in (270..900).step_by(15) {
        let names = (0..replicas).map(|n| format!("p{n}"));
        let pods: Vec<Arc<Pod>> = names.map(|name| pod(&name, 50, 256 * MIB)).collect();
        let usage = amounts(if t <= 315 { 400 } else { 4 }, (memory_mib(t - 13) * MIB as f64) as i64);
        let sample = |pod: &Arc<Pod>| PodSample {
            pod: pod.name.clone(),
            at: at(t - 13),
            window: TimeDelta::seconds(15),
            containers: vec![ContainerUsage { name: "app".to_owned(), usage: usage.clone() }],
        };
        let mut world = world(&pods, replicas);
        world.samples = Ok(pods.iter().map(sample).collect());
        let it = sync(&spec, &world, &mut memory, at(t));
        if it.status.desired != replicas {
            replicas = it.status.desired;
            let limited = it.status.condition(ConditionType::ScalingLimited);
            rescales.push((t, replicas, limited.unwrap().reason.to_string()));
        }
    }
    rescales
}

#[test]
fn scale_downs_of_the_lab() {
    let two = [(PolicyKind::Percent, 100, 15), (PolicyKind::Pods, 2, 15)];
    let lab = || rules(SelectPolicy::Max, &two);
    let steps = |all: Vec<(i64, i32, String)>| -> Vec<(i64, i32)> {
        all.into_iter().map(|(t, replicas, _)| (t, replicas)).collect()
    };
    assert_eq!(steps(scale_down(lab(), |_| 50.0)), [(345, 1)]);
    assert_eq!(steps(scale_down(lab(), |_| 70.0)), [(345, 2), (375, 1)]);
    let releasing = |t: i64| (150.0 - 0.4 * (t - 300).max(0) as f64).max(90.0);
    assert_eq!(steps(scale_down(lab(), releasing)), [(345, 3), (375, 2), (450, 1)]);
    assert_eq!(steps(scale_down(lab(), |_| 150.0)), [(345, 3)]);
    assert_eq!(steps(scale_down(lab(), |_| 215.0)), []);
    let min = scale_down(rules(SelectPolicy::Min, &two), |_| 50.0);
    assert_eq!(min[0], (345, 2, "ScaleDownLimit".to_owned()));
    assert_eq!(steps(min), [(345, 2), (360, 1)]);
    let one = rules(SelectPolicy::Max, &[(PolicyKind::Pods, 1, 15)]);
    assert_eq!(steps(scale_down(one, |_| 50.0)), [(345, 3), (360, 2), (375, 1)]);
    // one pod a minute: the event of the last rescale is what holds the next
    let slow = rules(SelectPolicy::Max, &[(PolicyKind::Pods, 1, 60)]);
    assert_eq!(steps(scale_down(slow, |_| 50.0)), [(345, 3), (405, 2), (465, 1)]);
    let off = rules(SelectPolicy::Disabled, &two);
    assert_eq!(steps(scale_down(off, |_| 50.0)), []);
}

/// The proposal of a metric that asks for far more replicas than an int32 holds, by the controller of Kubernetes 1.`minor`.
fn beyond_int32(minor: u32, source: Source, target: Target, current: i32, value: Values) -> i32 {
    let mut world = world(&[pod("a", 100, 100), pod("b", 100, 100)], current);
    world.values.insert(0, Ok(value));
    let metric = Metric { source, target };
    let settings = Settings::of_minor(minor);
    let scale = Scale { spec: current, status: current };
    edot_tui::hpa::metric::propose(0, &metric, band(), scale, &world, &settings, at(0)).unwrap().replicas
}

#[test]
fn a_count_beyond_int32_is_the_lowest_or_the_highest_by_site_and_version() {
    let huge = 1 << 60;
    let external = || Source::External { metric: "m".to_owned(), selector: None };
    let object =
        || Source::Object { metric: "m".to_owned(), kind: "Service".to_owned(), name: "s".to_owned(), selector: None };
    let pods = || Source::Pods { metric: "m".to_owned() };
    let in_pods = || Values::Pods(vec![("a".into(), huge), ("b".into(), huge)]);
    let one = || Values::External(vec![huge]);
    // (the minor before, the first that saturates)
    for (before, from) in [(36, 38), (37, 38)] {
        let run = |minor| beyond_int32(minor, pods(), Target::AverageValue(1), 2, in_pods());
        assert_eq!((run(before), run(from)), (i32::MIN, i32::MAX), "pods");
        let run = |minor| beyond_int32(minor, object(), Target::AverageValue(1), 2, Values::Object(huge));
        assert_eq!((run(before), run(from)), (i32::MIN, i32::MAX), "object average");
        let run = |minor| beyond_int32(minor, external(), Target::Value(1), 0, one());
        assert_eq!((run(before), run(from)), (i32::MIN, i32::MAX), "value from zero");
    }
    let run = |minor| beyond_int32(minor, external(), Target::Value(1), 2, one());
    assert_eq!((run(34), run(35)), (i32::MIN, i32::MAX), "external value");
    let run = |minor| beyond_int32(minor, object(), Target::Value(1), 2, Values::Object(huge));
    assert_eq!((run(34), run(35)), (i32::MIN, i32::MAX), "object value");
    let run = |minor| beyond_int32(minor, external(), Target::AverageValue(1), 2, one());
    assert_eq!((run(33), run(34)), (i32::MIN, i32::MAX), "external average");
}

#[test]
fn a_negative_external_sum_against_an_average_is_an_overflow_from_1_34_on() {
    let run = |minor, values: &[i64]| {
        let source = Source::External { metric: "m".to_owned(), selector: None };
        beyond_int32(minor, source, Target::AverageValue(50_000), 2, Values::External(values.to_vec()))
    };
    assert_eq!((run(33, &[-7_590_010]), run(34, &[-7_590_010])), (-151, i32::MAX));
    assert_eq!((run(33, &[100_000, -7_690_010]), run(34, &[100_000, -7_690_010])), (-151, i32::MAX));
}

#[test]
fn sums_and_percentages_wrap_before_1_38() {
    let percent = |minor, usage| {
        let by = Settings::of_minor(minor).conversions.utilization;
        edot_tui::hpa::ratio::utilization([(usage, Some(1))], by).unwrap().percent
    };
    assert_eq!((percent(37, 1 << 25), percent(38, 1 << 25)), (-939_524_096, i32::MAX));
    let sum = |minor| {
        let by = Settings::of_minor(minor).conversions.utilization;
        edot_tui::hpa::ratio::average([i64::MAX, 1], by).unwrap().0
    };
    assert_eq!((sum(37), sum(38)), (i64::MIN, i64::MAX));
}
