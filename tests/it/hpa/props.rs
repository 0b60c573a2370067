//! Properties of the controller's arithmetic that hold for any input: no panic, bounds, monotony, stabilization.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod any;

use any::{Lab, near, wild};
use edot_tui::hpa::{
    Band, Behavior, Branch, Direction, Memory, Metric, Recommendation, Scale, Settings, Source, Spec, Status, Target,
    limit, metric, rate, reconcile, stabilize,
};
use proptest::prelude::*;

proptest! {
    #[test]
    fn no_input_makes_it_panic(input in wild()) {
        let Lab { spec, status, world, mut memory, settings, now } = input;
        let spec = spec.defaulted();
        let mut status = status;
        for _ in 0..2 {
            let it = reconcile(&spec, &status, &world, &mut memory, now, &settings);
            status = it.status;
        }
        let _ = edot_tui::hpa::validate(&spec);
        let band = Band::of(spec.behavior.as_ref(), &settings);
        let _ = band.percentages(spec.max);
        for container in [None, Some("a")] {
            let _ = metric::resource_utilization(&world, "cpu", container, &settings, now);
        }
    }

    #[test]
    fn the_result_stays_inside_min_and_max(input in wild()) {
        let Lab { mut spec, status, world, mut memory, mut settings, now } = input;
        // compiled into the controller; a smaller limit would cut below min
        (settings.scale_up_factor, settings.scale_up_minimum) = (2.0, 4.0);
        let min = spec.min_replicas().clamp(0, 1000);
        spec.min = Some(min);
        spec.max = spec.max.clamp(min.max(1), 2000);
        let it = reconcile(&spec, &status, &world, &mut memory, now, &settings);
        let current = it.current.unwrap_or(0);
        if let Some(replicas) = it.replicas {
            prop_assert!((min..=spec.max).contains(&replicas), "{:?}", it);
            prop_assert_eq!(current > spec.max, it.branch == Branch::AboveMax);
        } else {
            prop_assert!(!it.events.iter().any(|e| e.reason == "SuccessfulRescale"));
        }
        prop_assert_eq!(it.metrics.len(), match it.branch {
            Branch::Metrics | Branch::NoMetrics => spec.metrics.len(),
            _ => 0,
        });
    }

    #[test]
    fn more_usage_never_proposes_fewer(
        usages in prop::collection::vec(0_i64..100_000, 1..12),
        more in prop::collection::vec(0_i64..50_000, 12),
        target in 1_i32..300,
        kind in 0..4,
    ) {
        let more: Vec<i64> = usages.iter().zip(&more).map(|(a, b)| a + b).collect();
        let (low, high) = (proposal(&usages, kind, target), proposal(&more, kind, target));
        prop_assert!(low <= high, "{low} > {high}");
    }

    #[test]
    fn at_target_nothing_changes(n in 1_usize..50, kind in 0..4, target in 1_i32..300) {
        // one pod requests 100 milli-units, so the target's percentage is its usage, too
        let usages = vec![i64::from(target); n];
        prop_assert_eq!(proposal(&usages, kind, target), n as i32);
    }

    #[test]
    fn stabilization_keeps_to_the_window(
        log in prop::collection::vec((0_i32..50, 0_i64..700), 0..20),
        current in 0_i32..50, recommended in 0_i32..50, window in 0_i32..600,
    ) {
        let now = any::now();
        let mut behavior = Behavior::defaulted(None, None);
        behavior.down.window_seconds = Some(window);
        let log = |()| log.iter().map(|(replicas, age)| Recommendation {
            replicas: *replicas,
            at: now - chrono::TimeDelta::seconds(*age),
        });
        let memory = Memory { recommendations: Some(log(()).collect()), ..Memory::default() };
        let recent = log(()).filter(|r| (now - r.at).num_seconds() < i64::from(window));
        let highest = recent.map(|r| r.replicas).chain([recommended]).max().unwrap();
        let settings = Settings::default();
        let mut after = memory.clone();
        let it = stabilize::with_behavior(&mut after, &behavior, current, recommended, &settings, now);
        prop_assert!(it.stabilized >= highest.min(current), "lower than the window allows");
        prop_assert_eq!(it.down.bound, highest);
        let slots = after.recommendations();
        prop_assert!(slots.iter().any(|r| r.at == now && r.replicas == recommended));
        prop_assert!(slots.len() <= memory.recommendations().len() + 1);
        if let Some(until) = it.down.until {
            prop_assert!(until > now);
        }
        let it = stabilize::legacy(&mut memory.clone(), recommended, &settings, now);
        prop_assert!(it.stabilized >= recommended);
    }

    #[test]
    fn limits_never_turn_a_change_around(
        current in 0_i32..100, stabilized in 0_i32..100, input in near(),
    ) {
        let Lab { spec, memory, now, settings, .. } = input;
        let by = settings.conversions;
        let behavior = spec.behavior.unwrap_or_else(|| Behavior::defaulted(None, None));
        let bounds = (0.min(current), 100.max(current));
        let it = limit::with_behavior(&behavior, &memory, current, stabilized, bounds, now, by);
        let (low, high) = (current.min(stabilized), current.max(stabilized));
        prop_assert!((low..=high).contains(&it.replicas), "{:?}", it);
        prop_assert_eq!(it.rate.is_some(), stabilized != current);
        for direction in [Direction::Up, Direction::Down] {
            let rules = match direction { Direction::Up => &behavior.up, Direction::Down => &behavior.down };
            let rate = rate::limit(direction, rules, current, &memory, now, by);
            for budget in &rate.budgets {
                prop_assert_eq!(budget.start, current - budget.added + budget.removed);
            }
        }
    }

    #[test]
    fn the_same_inputs_give_the_same_decision(input in wild()) {
        let Lab { spec, status, world, memory, settings, now } = input;
        let (mut a, mut b) = (memory.clone(), memory);
        let first = reconcile(&spec, &status, &world, &mut a, now, &settings);
        let second = reconcile(&spec, &status, &world, &mut b, now, &settings);
        prop_assert_eq!(format!("{first:?}"), format!("{second:?}"));
        prop_assert_eq!(a, b);
    }
}

/// The proposal over ready pods that each request 100 milli-units. Kinds: cpu and memory utilization, cpu of a
/// container, cpu as an average value.
fn proposal(usages: &[i64], kind: i32, target: i32) -> i32 {
    let world = any::ready_world(usages);
    let scale = Scale { spec: usages.len() as i32, status: usages.len() as i32 };
    let resource = if kind == 1 { "memory" } else { "cpu" }.to_owned();
    let source = match kind {
        2 => Source::ContainerResource { resource, container: "a".to_owned() },
        _ => Source::Resource { resource },
    };
    let target = match kind {
        3 => Target::AverageValue(i64::from(target)),
        _ => Target::Utilization(target),
    };
    let (metric, settings) = (Metric { source, target }, Settings::default());
    let band = Band::of(None, &settings);
    metric::propose(0, &metric, band, scale, &world, &settings, any::now()).unwrap().replicas
}

#[test]
fn the_band_in_integer_percentages() {
    let band = |minor| Band::of(None, &Settings::of_minor(minor));
    let table = [(50, 45, 55), (70, 63, 77), (80, 72, 88), (90, 81, 99)];
    for (target, low, high) in table {
        assert_eq!(band(35).percentages(target), Some((low, high)), "{target}");
    }
    for (target, low, high) in [(50, 45, 54), (70, 63, 76), (80, 72, 87), (90, 81, 98)] {
        assert_eq!(band(32).percentages(target), Some((low, high)), "{target}");
    }
}

#[test]
fn a_restart_seeds_the_history() {
    let mut memory = Memory::default();
    let spec = Spec { min: None, max: 4, metrics: Vec::new(), behavior: None };
    let world = any::ready_world(&[1, 1, 1, 1]);
    let now = any::now();
    let status = Status::default();
    let settings = Settings::default();
    let spec = spec.defaulted();
    let it = reconcile(&spec, &status, &world, &mut memory, now, &settings);
    assert_eq!(it.recommended, Some(1));
    assert_eq!(it.status.desired, 4);
    let held = it.stabilization.unwrap().down;
    assert_eq!(held.bound, 4);
    assert_eq!(held.until, Some(now + settings.downscale_stabilization));
}
