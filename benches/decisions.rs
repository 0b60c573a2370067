//! How long a decision and a day of syncs take: `cargo bench --bench decisions`. Prints; asserts nothing.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

use chrono::{DateTime, Utc};
use edot_tui::hpa;
use edot_tui::observe::{
    Condition, ContainerSeen, HpaSeen, Metric, MetricKind, MetricValue, Observation, PodSeen, PodUsage, ReadySeen,
    Stamped, TargetSeen, UsageSeen,
};
use edot_tui::session::{Pods, Session, controller};
use std::time::Instant;

fn at(second: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000 + second, 0).unwrap()
}

fn pod(n: usize) -> PodSeen {
    let requests = [("cpu".to_string(), "50m".to_string()), ("memory".to_string(), "256Mi".to_string())].into();
    PodSeen {
        uid: format!("uid-{n}"),
        name: format!("edot-gateway-64f456477b-{n:05}"),
        phase: "Running".into(),
        created: Some(at(-9000)),
        started: Some(at(-9000)),
        ready: Some(ReadySeen { status: "True".into(), since: Some(at(-8990)) }),
        containers: vec![ContainerSeen { name: "collector".into(), requests, ..Default::default() }],
        ..Default::default()
    }
}

fn usage(n: usize, second: i64) -> PodUsage {
    let cpu = 20 + (second / 900 % 3) * 18 + n as i64 % 5;
    let used = [("cpu".to_string(), format!("{cpu}m")), ("memory".to_string(), format!("{}Ki", 98_000 + second % 977))];
    PodUsage {
        pod: format!("edot-gateway-64f456477b-{n:05}"),
        at: at(second),
        window_s: 15.0,
        containers: vec![("collector".into(), used.into())],
    }
}

fn hpa() -> HpaSeen {
    let metric = |name: &str, value: MetricValue| Metric {
        kind: MetricKind::Resource,
        name: name.into(),
        value,
        ..Default::default()
    };
    let percent = MetricValue { utilization: Some(80), ..Default::default() };
    let average = MetricValue { average_value: Some("200Mi".into()), ..Default::default() };
    HpaSeen {
        uid: "h".into(),
        created: Some(at(0)),
        max_replicas: 200,
        metrics: vec![metric("cpu", percent.clone()), metric("memory", percent), metric("memory", average)],
        ..Default::default()
    }
}

fn one_decision() {
    let mut pods = Pods::default();
    (0..100).for_each(|n| _ = pods.take(&pod(n)));
    (0..100).for_each(|n| pods.used(&usage(n, 0)));
    let world = controller::world(&pods, 100, 100, "lab");
    let (spec, settings) = (controller::spec(&hpa()).unwrap(), hpa::Settings::default());
    let rounds = 2000;
    let begin = Instant::now();
    for i in 0..rounds {
        let mut memory = hpa::Memory::default();
        let d = hpa::reconcile(&spec, &hpa::Status::default(), &world, &mut memory, at(i), &settings);
        std::hint::black_box(d);
    }
    println!("one decision, 100 pods, 3 metrics: {:.1} µs", begin.elapsed().as_secs_f64() * 1e6 / rounds as f64);
}

/// The observations of a day: a sync and a sample every fifteen seconds, four pods, new figures each time.
fn day() -> Vec<Stamped> {
    let mut out = vec![Stamped { at: at(0), what: Observation::Hpa(Box::new(hpa())) }];
    let target = TargetSeen { spec_replicas: Some(4), replicas: Some(4), ..Default::default() };
    out.push(Stamped { at: at(0), what: Observation::Target(Box::new(target)) });
    (0..4).for_each(|n| out.push(Stamped { at: at(0), what: Observation::Pod(Box::new(pod(n))) }));
    let mut seen = hpa();
    let (spec, settings) = (controller::spec(&seen).unwrap(), hpa::Settings::default());
    let mut pods = Pods::default();
    (0..4).for_each(|n| _ = pods.take(&pod(n)));
    let mut memory = hpa::Memory::default();
    for i in 1..5760 {
        let second = i * 15;
        let samples: Vec<PodUsage> = (0..4).map(|n| usage(n, second)).collect();
        pods.forget_usage();
        samples.iter().for_each(|s| pods.used(s));
        out.push(Stamped { at: at(second + 1), what: Observation::Usage(UsageSeen { pods: samples }) });
        let world = controller::world(&pods, 4, 4, "");
        let d = hpa::reconcile(&spec, &hpa::Status::default(), &world, &mut memory, at(second + 5), &settings);
        seen.status.current_replicas = Some(4);
        seen.status.desired_replicas = d.status.desired;
        seen.status.last_scale = d.status.last_scale;
        let value = |m: &hpa::MetricStatus| MetricValue {
            utilization: m.average_utilization,
            average_value: m.average_value.map(|v| format!("{v}m")),
            value: None,
        };
        let status = |(m, s): (&Option<hpa::MetricStatus>, &Metric)| match m {
            Some(m) => Metric { value: value(m), ..s.clone() },
            None => Metric::default(),
        };
        seen.status.metrics = d.status.metrics.iter().zip(&seen.metrics).map(status).collect();
        let condition = |c: &hpa::Condition| Condition {
            kind: c.kind.name().into(),
            status: format!("{:?}", c.status),
            reason: c.reason.to_string(),
            message: c.message.to_string(),
            since: None,
        };
        seen.status.conditions = d.status.conditions.iter().map(condition).collect();
        out.push(Stamped { at: at(second + 5), what: Observation::Hpa(Box::new(seen.clone())) });
    }
    out
}

fn a_day() {
    let all = day();
    let begin = Instant::now();
    let mut session = Session::default();
    all.iter().for_each(|s| session.apply(s));
    let took = begin.elapsed();
    let score = session.decisions.score.all();
    println!(
        "24 h of syncs folded: {:.0} ms ({score} agree, {} rows)",
        took.as_secs_f64() * 1e3,
        session.decisions.rows().len()
    );
    let begin = Instant::now();
    for _ in 0..1000 {
        std::hint::black_box(session.forecast());
    }
    println!("the forecast of the next sync: {:.1} µs", begin.elapsed().as_secs_f64() * 1e3);
}

fn main() {
    one_decision();
    a_day();
}
