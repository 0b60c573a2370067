//! Each row of the table of versions: what the controller does just before and from the minor on. The minors are written again
//! here, and not read from the table.

use crate::it::doctor::hpa::{facts, real};
use chrono::{DateTime, TimeDelta, Utc};
use edot_tui::doctor::upgrade::upgrade;
use edot_tui::hpa::versions::{CHANGES, Change, ahead};
use edot_tui::hpa::*;
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::Arc;

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000, 0).unwrap()
}

fn cpu(milli: i64) -> Resources {
    Resources::from([("cpu".to_owned(), milli)])
}

fn container(name: &str, milli: i64, restartable: bool) -> Container {
    Container { name: name.into(), requests: cpu(milli), restartable }
}

fn pod(name: &str) -> Pod {
    let old = now() - TimeDelta::hours(1);
    Pod {
        name: name.into(),
        phase: Phase::Running,
        deleted: false,
        ready: Some(Ready { status: ConditionStatus::True, since: old }),
        started: Some(old),
        containers: vec![container("app", 100, false)],
        init_containers: Vec::new(),
        pod_level_requests: Resources::new(),
    }
}

fn sample(pod: &str, container: &str, milli: i64) -> PodSample {
    let usage = ContainerUsage { name: container.into(), usage: cpu(milli) };
    PodSample { pod: pod.into(), at: now(), window: TimeDelta::seconds(15), containers: vec![usage] }
}

fn world(pods: Vec<Pod>, samples: Vec<PodSample>, values: Option<Result<Values, String>>) -> World {
    World {
        namespace: "ns".into(),
        scale: Ok(Scale { spec: 2, status: 2 }),
        selector: Selector::Own,
        pods: pods.into_iter().map(Arc::new).collect(),
        samples: Ok(samples),
        values: values.into_iter().map(|v| (0, v)).collect::<BTreeMap<_, _>>(),
        update_error: None,
    }
}

fn spec(source: Source, target: Target) -> Spec {
    Spec { min: Some(1), max: 9, metrics: vec![Metric { source, target }], behavior: None }
}

fn resource() -> Source {
    Source::Resource { resource: "cpu".into() }
}

fn by_container() -> Source {
    Source::ContainerResource { resource: "cpu".into(), container: "app".into() }
}

fn external() -> Source {
    Source::External { metric: "m".into(), selector: None }
}

fn object() -> Source {
    Source::Object { metric: "m".into(), kind: "Service".into(), name: "s".into(), selector: None }
}

fn run(minor: u32, spec: &Spec, world: &World) -> Decision {
    with(&Settings::of_minor(minor), spec, world, &Status::default())
}

fn with(settings: &Settings, spec: &Spec, world: &World, status: &Status) -> Decision {
    reconcile(spec, status, world, &mut Memory::default(), now(), settings)
}

/// Two pods, each using `milli` of a request of 100m.
fn two(milli: i64) -> World {
    world(vec![pod("a"), pod("b")], vec![sample("a", "app", milli), sample("b", "app", milli)], None)
}

fn percent(of: i32) -> Spec {
    spec(resource(), Target::Utilization(of))
}

fn recommended(minor: u32, source: Source, target: Target, values: Values) -> Option<i32> {
    let world = world(vec![pod("a"), pod("b")], vec![], Some(Ok(values)));
    run(minor, &spec(source, target), &world).metrics[0].as_ref().ok().map(|p| p.replicas)
}

/// Replicas, at 0, of a target that the controller scaled there, or not.
fn leaves_zero(settings: &Settings, condition: Option<ConditionStatus>) -> bool {
    let mut world = world(vec![], vec![], Some(Ok(Values::External(vec![5000]))));
    world.scale = Ok(Scale { spec: 0, status: 0 });
    let mut status = Status::default();
    if let Some(holds) = condition {
        status.set(ConditionType::ScaledToZero, holds == ConditionStatus::True, "", "".into(), now());
    }
    let spec = Spec { min: Some(0), ..spec(external(), Target::AverageValue(1000)) };
    with(settings, &spec, &world, &status).status.desired > 0
}

/// Whether a row is in effect, by what the controller then does; `None` where it is no matter of the arithmetic.
fn in_effect(change: Change, minor: u32) -> Option<bool> {
    let settings = Settings::of_minor(minor);
    let huge = 1 << 60;
    Some(match change {
        Change::SidecarRequests => {
            let mut with_sidecar = pod("a");
            with_sidecar.init_containers.push(container("proxy", 100, true));
            let world = world(vec![with_sidecar], vec![sample("a", "app", 100)], None);
            run(minor, &percent(80), &world).status.metrics[0].unwrap().average_utilization == Some(50)
        }
        Change::StatusOnFailure => {
            let status = Status { metrics: vec![Some(MetricStatus::default())], ..Status::default() };
            with(&settings, &percent(80), &world(vec![], vec![], None), &status).status.metrics == [None]
        }
        Change::ClosedBand => run(minor, &percent(80), &two(88)).recommended == Some(2),
        Change::AbsentContainerSample => {
            let it = world(vec![pod("a"), pod("b")], vec![sample("a", "app", 200), sample("b", "other", 1)], None);
            run(minor, &spec(by_container(), Target::Utilization(80)), &it).metrics[0].is_ok()
        }
        Change::PodLevelRequests => {
            let mut whole = pod("a");
            whole.pod_level_requests = cpu(400);
            let world = world(vec![whole], vec![sample("a", "app", 200)], None);
            run(minor, &percent(80), &world).status.metrics[0].unwrap().average_utilization == Some(50)
        }
        Change::AbsentContainerRequest => {
            let mut other = pod("b");
            other.containers[0].name = "other".into();
            let it = world(vec![pod("a"), other], vec![sample("a", "app", 200), sample("b", "app", 1)], None);
            run(minor, &spec(by_container(), Target::Utilization(80)), &it).metrics[0].is_err()
        }
        Change::ExternalAverageSaturates => {
            let one = |value| recommended(minor, external(), Target::AverageValue(1), Values::External(vec![value]));
            assert_eq!(one(huge) == Some(i32::MAX), one(-5000) == Some(i32::MAX), "also where the sum is negative");
            one(huge) == Some(i32::MAX)
        }
        Change::ToleranceFields => {
            let rules = WrittenRules { tolerance: Some(0.5), ..WrittenRules::default() };
            let spec = Spec { behavior: Some(Behavior::defaulted(Some(rules), None)), ..percent(80) };
            run(minor, &spec, &two(110)).recommended == Some(2)
        }
        Change::ReadyCountSaturates => {
            let external = recommended(minor, external(), Target::Value(1), Values::External(vec![huge]));
            let object = recommended(minor, object(), Target::Value(1), Values::Object(huge));
            assert_eq!(external, object);
            object == Some(i32::MAX)
        }
        Change::ExternalSumSaturates => {
            let values = Values::External(vec![i64::MAX, i64::MAX]);
            // a sum that wraps is -2, and its ratio to this target is inside the band of the replicas
            recommended(minor, external(), Target::Value(i64::MAX), values) == Some(2)
        }
        Change::ZeroByCondition => {
            let not_by_us = leaves_zero(&settings, None);
            let by_us = leaves_zero(&settings, Some(ConditionStatus::True));
            assert!(by_us);
            !not_by_us
        }
        Change::ScaledToZeroCondition => {
            let it = run(minor, &percent(80), &two(200));
            it.status.condition(ConditionType::ScaledToZero).is_some()
        }
        Change::ObjectErrorText => {
            let world = world(vec![], vec![], Some(Err("down".into())));
            let it = run(minor, &spec(object(), Target::Value(1)), &world);
            let message = &it.metrics[0].as_ref().unwrap_err().message;
            let cause = "unable to fetch metrics from custom metrics API: down";
            match message == &format!("unable to get metric m on Service ns/s: {cause}") {
                true => true,
                false => {
                    assert_eq!(message, &format!("unable to get metric m: Service on ns s/{cause}"));
                    false
                }
            }
        }
        Change::EditsAtOnce => settings.edits_at_once,
        Change::CountsSaturate => {
            let pods = Source::Pods { metric: "m".into() };
            let values = Values::Pods(vec![("a".into(), huge), ("b".into(), huge)]);
            let by_pods = recommended(minor, pods, Target::AverageValue(1), values);
            let average = recommended(minor, object(), Target::AverageValue(1), Values::Object(huge));
            let policy = Policy { kind: PolicyKind::Percent, value: i32::MAX, period_seconds: 15 };
            let rules = WrittenRules { policies: Some(vec![policy]), ..WrittenRules::default() };
            let rules = ScalingRules::defaulted(Direction::Up, rules);
            let limit = rate::limit(Direction::Up, &rules, 200, &Memory::default(), now(), settings.conversions).limit;
            assert_eq!((by_pods, average), (Some(limit), Some(limit)));
            limit == i32::MAX
        }
        Change::SumsSaturate => {
            let sums = |used, request| ratio::utilization([(used, Some(request)); 2], settings.conversions.utilization);
            let narrowed = sums(1 << 30, 1).unwrap().percent == i32::MAX;
            // an exact sum, and not one that stopped at the highest int64 on its way
            let exact = sums(i64::MAX, i64::MAX).is_some_and(|s| (s.percent, s.mean) == (100, i64::MAX));
            let usage = ratio::average([i64::MAX, i64::MAX], settings.conversions.utilization).unwrap().1 == i64::MAX;
            assert_eq!((narrowed, exact), (usage, usage));
            usage
        }
        Change::ConflictRetry
        | Change::MemoryInKi
        | Change::MinZero
        | Change::Generation
        | Change::OwnWrites
        | Change::MetricsV1 => return None,
    })
}

#[test]
fn each_row_is_in_effect_from_its_minor_on() {
    let expected = [
        (Change::SidecarRequests, 29),
        (Change::StatusOnFailure, 29),
        (Change::ClosedBand, 33),
        (Change::AbsentContainerSample, 33),
        (Change::PodLevelRequests, 34),
        (Change::AbsentContainerRequest, 34),
        (Change::ConflictRetry, 34),
        (Change::MemoryInKi, 34),
        (Change::ExternalAverageSaturates, 34),
        (Change::ToleranceFields, 35),
        (Change::ReadyCountSaturates, 35),
        (Change::ExternalSumSaturates, 35),
        (Change::ZeroByCondition, 36),
        (Change::ScaledToZeroCondition, 37),
        (Change::MinZero, 37),
        (Change::Generation, 37),
        (Change::EditsAtOnce, 37),
        (Change::OwnWrites, 37),
        (Change::ObjectErrorText, 37),
        (Change::MetricsV1, 37),
        (Change::CountsSaturate, 38),
        (Change::SumsSaturate, 38),
    ];
    assert_eq!(CHANGES.iter().map(|row| row.change).collect::<Vec<_>>(), expected.map(|(change, _)| change));
    for ((change, since), row) in expected.into_iter().zip(CHANGES) {
        assert_eq!(row.since, since, "{change:?}");
        for minor in 26..40 {
            if let Some(holds) = in_effect(change, minor) {
                assert_eq!(holds, minor >= since, "{change:?} in 1.{minor}");
            }
        }
    }
}

#[test]
fn a_field_or_a_condition_that_is_there_proves_its_gate() {
    let rules = WrittenRules { tolerance: Some(0.5), ..WrittenRules::default() };
    let spec = Spec { behavior: Some(Behavior::defaulted(Some(rules), None)), ..percent(80) };
    let at_34 = Settings::of_minor(34);
    let recommended = |settings: Settings| with(&settings, &spec, &two(110), &Status::default()).recommended;
    assert_eq!((recommended(at_34.clone()), recommended(at_34.proven_by(true, false))), (Some(3), Some(2)));

    let at_36 = Settings::of_minor(36);
    let writes = |settings: &Settings| {
        with(settings, &percent(80), &two(200), &Status::default())
            .status
            .condition(ConditionType::ScaledToZero)
            .is_some()
    };
    assert_eq!((writes(&at_36), writes(&at_36.clone().proven_by(false, true))), (false, true));
    let manual = Some(ConditionStatus::False);
    assert!(!leaves_zero(&at_36, manual) && leaves_zero(&Settings::of_minor(35), manual));
}

#[test]
fn sums_of_replicas_wrap_in_every_version() {
    let rules = |value| {
        let policy = Policy { kind: PolicyKind::Pods, value, period_seconds: 15 };
        ScalingRules::defaulted(Direction::Up, WrittenRules { policies: Some(vec![policy]), ..WrittenRules::default() })
    };
    for minor in [33, 38] {
        let by = Settings::of_minor(minor).conversions;
        let limit = rate::limit(Direction::Up, &rules(i32::MAX), 2, &Memory::default(), now(), by).limit;
        assert_eq!(limit, i32::MIN + 1, "a policy that large stops scaling up");
        let legacy = limit::legacy(i32::MAX / 2 + 1, i32::MAX, 1, i32::MAX, &Settings::of_minor(minor));
        assert_eq!(legacy.replicas, i32::MIN);
    }
}

#[test]
fn the_doctor_lists_what_later_versions_change_for_this_hpa() {
    let list = |version: &str, change: &dyn Fn(&mut serde_json::Value)| {
        let mut hpa = real("steady-2");
        change(&mut hpa);
        let mut facts = facts(&[hpa], &[]);
        facts.version = version.into();
        let seen = facts.watched().unwrap().clone();
        upgrade(&facts, &seen)
    };
    let external = json!([{"type": "External", "external": {"metric": {"name": "q"}, "target": {"type": "AverageValue", "averageValue": "5"}}}]);
    let whats = |checks: &[edot_tui::doctor::check::Check]| checks.iter().map(|c| c.what.clone()).collect::<Vec<_>>();
    let all = |checks: &[edot_tui::doctor::check::Check]| {
        checks.iter().map(|c| c.detail.clone()).collect::<Vec<_>>().join("; ")
    };

    let cpu = list("v1.36.3", &|_| {});
    assert_eq!(whats(&cpu), ["upgrade to Kubernetes 1.37", "upgrade to Kubernetes 1.38 (not released yet)"]);
    assert!(!all(&cpu).contains("minReplicas may be 0"), "only for an HPA with such a metric: {cpu:?}");
    let queue = list("v1.36.3", &|hpa| hpa["spec"]["metrics"] = external.clone());
    assert!(all(&queue).contains("minReplicas may be 0") && !all(&queue).contains("metrics.k8s.io"), "{queue:?}");
    let tolerant = |hpa: &mut serde_json::Value| hpa["spec"]["behavior"]["scaleUp"]["tolerance"] = json!("50m");
    assert!(all(&list("v1.34.4", &|_| {})).contains("scaleUp.tolerance"));
    assert!(!all(&list("v1.34.4", &tolerant)).contains("scaleUp.tolerance"), "the gate is on already");
    let at_zero = list("v1.35.4", &|hpa| {
        hpa["spec"]["metrics"] = external.clone();
        hpa["spec"]["minReplicas"] = json!(0);
        hpa["status"]["currentReplicas"] = json!(0);
    });
    assert!(at_zero[0].hint.as_ref().unwrap().starts_with("scale the target to 1"), "{at_zero:?}");
    assert!(list("v1.99.0", &|_| {})[0].detail.starts_with("none that is known"));
}

#[test]
fn every_row_concerns_some_hpa_and_most_rows_not_every_one() {
    let pods = [Arc::new(pod("a"))];
    let cpu = percent(80);
    let concerned: Vec<Change> = ahead(20, &cpu, &pods).map(|row| row.change).collect();
    let general = [
        Change::StatusOnFailure,
        Change::ClosedBand,
        Change::ConflictRetry,
        Change::Generation,
        Change::EditsAtOnce,
        Change::OwnWrites,
        Change::MetricsV1,
        Change::SumsSaturate,
    ];
    assert_eq!(concerned, general);
    let mut full = pod("a");
    full.pod_level_requests = cpu_and_sidecar(&mut full);
    let metric = |source, target| Metric { source, target };
    let memory = Source::Resource { resource: "memory".into() };
    let metrics = vec![
        metric(by_container(), Target::Utilization(1)),
        metric(memory, Target::Utilization(1)),
        metric(external(), Target::AverageValue(1)),
        metric(external(), Target::Value(1)),
        metric(object(), Target::AverageValue(1)),
    ];
    let spec = Spec { min: Some(0), max: 9, metrics, behavior: Some(Behavior::defaulted(None, None)) };
    assert_eq!(ahead(20, &spec, &[Arc::new(full)]).count(), CHANGES.len());
}

fn cpu_and_sidecar(pod: &mut Pod) -> Resources {
    pod.init_containers.push(container("proxy", 1, true));
    cpu(1)
}
