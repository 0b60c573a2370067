//! Causes that look alike and are not: what changed the replicas, and what follows from the controller's own figures alone.

use chrono::{DateTime, TimeDelta, Utc};
use edot_tui::explain;
use edot_tui::observe::{
    Condition, EventSeen, Feed, FeedState, FeedStatus, HpaSeen, HpaStatus, LeaseSeen, Metric, MetricKind, MetricValue,
    ObjectRef, Observation, Stamped, TargetSeen, WatchingSeen,
};
use edot_tui::session::Session;
use edot_tui::session::decisions::sync::Cause;

fn at(ms: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(1_800_000_000_000 + ms).unwrap()
}

fn external(target: &str, average: &str) -> (Vec<Metric>, Vec<Metric>) {
    let metric = |value: &str| {
        let value = MetricValue { average_value: Some(value.into()), ..Default::default() };
        vec![Metric { kind: MetricKind::External, name: "backlog".into(), value, ..Default::default() }]
    };
    (metric(target), metric(average))
}

/// An HPA whose status reports a size, and what it asked for.
fn hpa(current: i32, desired: i32, average: &str) -> HpaSeen {
    let (metrics, figures) = external("50", average);
    let condition = |kind: &str, reason: &str, message: &str| Condition {
        kind: kind.into(),
        status: "True".into(),
        reason: reason.into(),
        message: message.into(),
        since: None,
    };
    let active = "the HPA was able to successfully calculate a replica count from external metric backlog(nil)";
    HpaSeen {
        uid: "h".into(),
        name: "h".into(),
        created: Some(at(-3_600_000)),
        min_replicas: Some(1),
        max_replicas: 4,
        metrics,
        status: HpaStatus {
            current_replicas: Some(current),
            desired_replicas: desired,
            metrics: figures,
            conditions: vec![
                condition("AbleToScale", "ReadyForNewScale", ""),
                condition("ScalingActive", "ValidMetricFound", active),
                condition("ScalingLimited", "DesiredWithinRange", ""),
            ],
            ..Default::default()
        },
        ..Default::default()
    }
}

fn session(version: &str) -> Session {
    let mut session = Session::default();
    let watching = WatchingSeen { server_version: version.into(), hpa: "h".into(), ..Default::default() };
    session.apply(&Stamped { at: at(0), what: Observation::Watching(watching) });
    for feed in [Feed::Hpa, Feed::Target, Feed::Pods] {
        let up = Observation::FeedStatus(FeedStatus::new(feed, FeedState::Up));
        session.apply(&Stamped { at: at(0), what: up });
    }
    session
}

fn see(session: &mut Session, ms: i64, what: Observation) {
    session.apply(&Stamped { at: at(ms), what });
}

fn scaled(replicas: i32) -> Observation {
    let target = TargetSeen {
        spec_replicas: Some(replicas),
        replicas: Some(replicas),
        ready: Some(replicas),
        ..Default::default()
    };
    Observation::Target(Box::new(target))
}

/// All that was given as a cause after 30 s more.
fn causes(session: &mut Session, from: i64) -> Vec<Cause> {
    (1..=30).for_each(|s| see(session, from + s * 1000, Observation::Tick));
    session.decisions.rows().iter().filter_map(|r| r.cause).collect()
}

#[test]
fn another_writer_is_named_and_a_new_target_is_none() {
    let found = |edit: fn(&mut HpaSeen)| {
        let mut s = session("v1.36.3");
        see(&mut s, 100, Observation::Hpa(Box::new(hpa(2, 2, "40"))));
        let mut edited = hpa(2, 2, "40");
        edit(&mut edited);
        see(&mut s, 5000, Observation::Hpa(Box::new(edited.clone())));
        let target = edited.target.clone();
        see(&mut s, 15_100, Observation::Hpa(Box::new(HpaSeen { target, ..hpa(3, 3, "41") })));
        causes(&mut s, 15_100)
    };
    assert_eq!(found(|_| ()), [Cause::ChangedByOther { from: 2, to: 3 }]);
    assert_eq!(found(|hpa| hpa.target.name = "another".into()), []);
}

#[test]
fn a_rescale_whose_status_was_not_written_is_the_controllers_own() {
    let mut s = session("v1.36.3");
    see(&mut s, 100, Observation::Hpa(Box::new(hpa(2, 2, "40"))));
    see(&mut s, 15_100, Observation::Hpa(Box::new(hpa(2, 2, "41"))));
    see(&mut s, 30_150, scaled(3));
    see(&mut s, 45_200, Observation::Hpa(Box::new(hpa(3, 3, "42"))));
    let event = EventSeen {
        uid: "e".into(),
        last: Some(at(30_000)),
        count: 1,
        kind: "Normal".into(),
        reason: "SuccessfulRescale".into(),
        message: "New size: 3; reason: external metric backlog(nil) above target".into(),
        object: ObjectRef { kind: "HorizontalPodAutoscaler".into(), name: "h".into(), ..Default::default() },
        ..Default::default()
    };
    // The event comes after the status.
    see(&mut s, 45_900, Observation::Event(Box::new(event)));
    let causes = causes(&mut s, 45_900);
    assert!(causes.iter().all(|c| !matches!(c, Cause::ChangedByOther { .. })), "{causes:?}");
}

#[test]
fn a_negative_figure_asks_for_nothing_in_sentence_and_figures_alike() {
    for (version, asked) in [("v1.33.4", 0), ("v1.36.3", 0)] {
        let mut s = session(version);
        see(&mut s, 50, scaled(2));
        see(&mut s, 100, Observation::Hpa(Box::new(hpa(2, 2, "-3795005m"))));
        let (proposals, forecast) = (s.proposals(), s.forecast().unwrap());
        let next = s.next_sync().unwrap().decision;
        let text = explain::forecast::forecast(&s, &forecast).sentence;
        assert!(!text.contains("-151"), "{text}");
        assert_eq!(forecast.highest.map(|h| h.1), proposals[0]);
        if version == "v1.33.4" {
            assert_eq!((proposals[0].map(|p| p.replicas), next.recommended), (Some(asked), Some(asked)), "{text}");
        }
        assert_eq!(Some(forecast.replicas), next.replicas, "{version}: {text}");
    }
}

#[test]
fn a_lease_that_went_to_another_holder_makes_up_no_cause() {
    let mut s = session("v1.36.3");
    see(&mut s, 60, Observation::Lease(LeaseSeen { acquired: Some(at(-900_000)), ..Default::default() }));
    for n in 0..6 {
        see(&mut s, 100 + n * 15_020, Observation::Hpa(Box::new(hpa(2, 2, &format!("{}", 40 + n)))));
    }
    let acquired = at(100 + 4 * 15_020) + TimeDelta::seconds(3);
    see(&mut s, 100_000, Observation::Lease(LeaseSeen { acquired: Some(acquired), ..Default::default() }));
    see(&mut s, 100_100, Observation::Hpa(Box::new(hpa(2, 2, "50"))));
    // It explains nothing that was not explained without it.
    assert_eq!(causes(&mut s, 100_100), []);
}
