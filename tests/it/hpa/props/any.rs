//! Inputs for the properties: anything the types can hold, and plain ones that are near real ones.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, TimeZone, Utc};
use edot_tui::hpa::{
    Behavior, Condition, ConditionStatus, ConditionType, Container, ContainerUsage, Memory, Metric, Phase, Pod,
    PodSample, Policy, PolicyKind, Ready, Recommendation, Resources, Scale, ScaleEvent, ScalingRules, SelectPolicy,
    Selector, Settings, Source, Spec, Status, Target, Values, World,
};
use proptest::{option, prelude::*, sample::select};

/// Everything one sync needs.
#[derive(Debug, Clone)]
pub struct Lab {
    pub spec: Spec,
    pub status: Status,
    pub world: World,
    pub memory: Memory,
    pub settings: Settings,
    pub now: DateTime<Utc>,
}

pub fn now() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 1, 1, 12, 0, 0).unwrap()
}

/// Ready pods with one container "a" that requests 100 milli-units of everything and uses this much.
pub fn ready_world(usages: &[i64]) -> World {
    let long_ago = now() - TimeDelta::days(1);
    let both = |n: i64| Resources::from([("cpu".to_owned(), n), ("memory".to_owned(), n)]);
    let pod = |index: usize| Pod {
        name: format!("p{index:03}").into(),
        phase: Phase::Running,
        deleted: false,
        ready: Some(Ready { status: ConditionStatus::True, since: long_ago }),
        started: Some(long_ago),
        containers: vec![Container { name: "a".to_owned(), requests: both(100), restartable: false }],
        init_containers: Vec::new(),
        pod_level_requests: Resources::new(),
    };
    let sample = |(index, usage): (usize, &i64)| PodSample {
        pod: format!("p{index:03}").into(),
        at: now(),
        window: TimeDelta::seconds(15),
        containers: vec![ContainerUsage { name: "a".to_owned(), usage: both(*usage) }],
    };
    World {
        namespace: "ns".to_owned(),
        scale: Ok(Scale { spec: usages.len() as i32, status: usages.len() as i32 }),
        selector: Selector::Own,
        pods: (0..usages.len()).map(pod).map(std::sync::Arc::new).collect(),
        samples: Ok(usages.iter().enumerate().map(sample).collect()),
        values: BTreeMap::new(),
        update_error: None,
    }
}

/// Extremes as likely as ordinary numbers.
fn int() -> impl Strategy<Value = i32> + Clone {
    prop_oneof![
        4 => 0..20_i32,
        1 => select(vec![i32::MIN, i32::MAX, -1, 0, 1]),
        1 => any::<i32>(),
    ]
}

fn wide() -> impl Strategy<Value = i64> + Clone {
    prop_oneof![
        4 => 0..1_000_i64,
        1 => select(vec![i64::MIN, i64::MAX, -1, 0, 1]),
        1 => any::<i64>(),
    ]
}

fn float() -> impl Strategy<Value = f64> {
    prop_oneof![3 => 0.0..1.0_f64, 1 => any::<f64>(), 1 => Just(f64::NAN)]
}

fn time() -> impl Strategy<Value = DateTime<Utc>> + Clone {
    prop_oneof![
        6 => (-100..700_i64).prop_map(|age| now() - TimeDelta::seconds(age)),
        1 => Just(DateTime::<Utc>::MIN_UTC),
        1 => Just(DateTime::<Utc>::MAX_UTC),
    ]
}

fn span() -> impl Strategy<Value = TimeDelta> + Clone {
    prop_oneof![
        5 => (0..600_i64).prop_map(TimeDelta::seconds),
        1 => select(vec![TimeDelta::MIN, TimeDelta::MAX, TimeDelta::zero()]),
    ]
}

fn word() -> impl Strategy<Value = String> + Clone {
    select(vec!["a", "b", "cpu", "memory", ""]).prop_map(str::to_owned)
}

fn resources() -> impl Strategy<Value = Resources> + Clone {
    let one = prop_oneof![2 => Just("cpu"), 2 => Just("memory"), 1 => Just("gpu")];
    prop::collection::btree_map(one.prop_map(str::to_owned), wide(), 0..3)
}

fn pod() -> impl Strategy<Value = Pod> {
    let container = || {
        let parts = (word(), resources(), any::<bool>());
        let container = parts.prop_map(|(name, requests, restartable)| Container { name, requests, restartable });
        prop::collection::vec(container, 0..3)
    };
    let phases = vec![Phase::Running, Phase::Running, Phase::Pending, Phase::Succeeded, Phase::Failed, Phase::Unknown];
    let statuses = vec![ConditionStatus::True, ConditionStatus::False, ConditionStatus::Unknown];
    let ready = (select(statuses), time()).prop_map(|(status, since)| Ready { status, since });
    let head = ((0..8_u8), select(phases), prop::bool::weighted(0.1));
    let body = (option::of(ready), option::of(time()));
    let parts = (head, body, container(), container(), resources());
    parts.prop_map(|((name, phase, deleted), (ready, started), containers, init_containers, pod_level)| Pod {
        name: format!("p{name}").into(),
        phase,
        deleted,
        ready,
        started,
        containers,
        init_containers,
        pod_level_requests: pod_level,
    })
}

fn sample() -> impl Strategy<Value = PodSample> {
    let usage = (word(), resources()).prop_map(|(name, usage)| ContainerUsage { name, usage });
    let parts = (0..10_u8, time(), span(), prop::collection::vec(usage, 0..3));
    parts.prop_map(|(name, at, window, containers)| PodSample {
        pod: format!("p{name}").into(),
        at,
        window,
        containers,
    })
}

fn metric() -> impl Strategy<Value = Metric> {
    let source = (0..6_u8, word(), word()).prop_map(|(kind, resource, metric)| match kind {
        0 => Source::Resource { resource },
        1 => Source::ContainerResource { resource, container: metric },
        2 => Source::Pods { metric },
        3 => Source::Object { metric, kind: resource.clone(), name: resource, selector: None },
        4 => Source::External { metric, selector: Some(resource) },
        _ => Source::Other(metric),
    });
    let target = prop_oneof![
        3 => int().prop_map(Target::Utilization),
        3 => wide().prop_map(Target::AverageValue),
        3 => wide().prop_map(Target::Value),
        1 => Just(Target::None),
    ];
    (source, target).prop_map(|(source, target)| Metric { source, target })
}

fn values() -> impl Strategy<Value = Result<Values, String>> {
    let pods = prop::collection::vec((0..10_u8, wide()), 0..8)
        .prop_map(|all| all.into_iter().map(|(n, v)| (format!("p{n}").into(), v)));
    prop_oneof![
        pods.prop_map(|all| Ok(Values::Pods(all.collect()))),
        wide().prop_map(|value| Ok(Values::Object(value))),
        prop::collection::vec(wide(), 0..4).prop_map(|all| Ok(Values::External(all))),
        Just(Err("no".to_owned())),
    ]
}

fn rules(number: impl Strategy<Value = i32> + Clone + 'static) -> impl Strategy<Value = ScalingRules> {
    let kind = select(vec![PolicyKind::Pods, PolicyKind::Percent]);
    let policy = (kind, number.clone(), number.clone());
    let policy = policy.prop_map(|(kind, value, period_seconds)| Policy { kind, value, period_seconds });
    let all = vec![SelectPolicy::Max, SelectPolicy::Min, SelectPolicy::Disabled];
    let policies = prop::collection::vec(policy, 0..4);
    (option::of(number), select(all), policies, option::of(float())).prop_map(
        |(window_seconds, select, policies, tolerance)| ScalingRules { window_seconds, select, policies, tolerance },
    )
}

fn memory(number: impl Strategy<Value = i32> + Clone + 'static) -> impl Strategy<Value = Memory> {
    let log = (number.clone(), time());
    let log = log.prop_map(|(replicas, at)| Recommendation { replicas, at });
    let event = (number, time(), any::<bool>());
    let event = event.prop_map(|(change, at, outdated)| ScaleEvent { change, at, outdated });
    let events = prop::collection::vec(event, 0..6);
    let log = option::of(prop::collection::vec(log, 0..6));
    (log, events.clone(), events).prop_map(|(recommendations, ups, downs)| Memory { recommendations, ups, downs })
}

fn settings() -> impl Strategy<Value = Settings> {
    let numbers = (float(), float(), float());
    (20..40_u32, span(), span(), span(), numbers).prop_map(
        |(minor, downscale, cpu, delay, (tolerance, factor, minimum))| Settings {
            downscale_stabilization: downscale,
            cpu_initialization: cpu,
            readiness_delay: delay,
            tolerance,
            scale_up_factor: factor * 4.0,
            scale_up_minimum: minimum * 8.0,
            ..Settings::of_minor(minor)
        },
    )
}

fn world(number: impl Strategy<Value = i32> + 'static) -> impl Strategy<Value = World> {
    let counts = (number, int());
    let scale = counts.prop_map(|(spec, status)| Scale { spec, status });
    let scale = prop_oneof![9 => scale.prop_map(Ok), 1 => Just(Err("no".to_owned()))];
    let shared = Selector::Shared { selector: "a=b".to_owned(), hpas: vec!["x/y".to_owned()] };
    let selector = prop_oneof![
        9 => Just(Selector::Own),
        1 => select(vec![Selector::Missing, Selector::Invalid("no".to_owned()), shared]),
    ];
    let values = prop::collection::btree_map(0..4_usize, values(), 0..4);
    let pods = prop::collection::vec(pod().prop_map(std::sync::Arc::new), 0..8);
    let samples = prop::collection::vec(sample(), 0..10);
    let failing = option::weighted(0.1, Just("no".to_owned()));
    let parts = (scale, selector, pods, samples, values, failing);
    parts.prop_map(|(scale, selector, pods, samples, values, update_error)| World {
        namespace: "ns".to_owned(),
        scale,
        selector,
        pods,
        samples: Ok(samples),
        values,
        update_error,
    })
}

/// Anything the types can hold.
pub fn wild() -> impl Strategy<Value = Lab> {
    inputs(int())
}

/// Numbers as they occur.
pub fn near() -> impl Strategy<Value = Lab> {
    inputs(1..60_i32)
}

fn inputs(number: impl Strategy<Value = i32> + Clone + 'static) -> impl Strategy<Value = Lab> {
    let behavior = (rules(number.clone()), rules(number.clone()));
    let behavior = option::of(behavior.prop_map(|(up, down)| Behavior { up, down }));
    let metrics = prop::collection::vec(metric(), 0..4);
    let spec = (option::of(number.clone()), number.clone(), metrics, behavior);
    let spec = spec.prop_map(|(min, max, metrics, behavior)| Spec { min, max, metrics, behavior });
    let to_zero = any::<bool>().prop_map(|holds| Status {
        conditions: vec![Condition {
            kind: ConditionType::ScaledToZero,
            status: match holds {
                true => ConditionStatus::True,
                false => ConditionStatus::False,
            },
            reason: "".into(),
            message: "".into(),
            since: None,
        }],
        ..Status::default()
    });
    let parts = (spec, to_zero, world(number.clone()), memory(number), settings(), time());
    parts.prop_map(|(spec, status, world, memory, settings, now)| Lab { spec, status, world, memory, settings, now })
}
