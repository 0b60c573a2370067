//! The session fold over the recording of a real cluster: figures, steps, rescales, gaps; deterministic and bounded.

use crate::it::support::recorded::scale_cycle;
use chrono::{DateTime, TimeDelta, Utc};
use edot_tui::{
    observe::{
        EventSeen, Feed, FeedState, FeedStatus, HpaSeen, ObjectRef, Observation, PodGone, PodSeen, PodUsage, Stamped,
        UsageSeen, WatchingSeen,
    },
    session::{Mark, Session},
};
use proptest::prelude::*;

fn fold(all: &[Stamped]) -> Session {
    let mut session = Session::default();
    all.iter().for_each(|s| session.apply(s));
    session
}

#[test]
fn the_cycle_has_its_rescales_and_replicas() {
    let s = fold(&scale_cycle());
    let rescales: Vec<_> = (0..s.markers.all().len())
        .filter_map(|i| match &s.markers.all()[i].mark {
            Mark::Rescale { to, reason, .. } => Some((s.markers.from_of(i), *to, reason.as_str())),
            _ => None,
        })
        .collect();
    let above = "cpu resource utilization (percentage of request) above target";
    let below = "All metrics below target";
    assert_eq!(rescales, [(Some(1), 2, above), (Some(2), 4, above), (Some(4), 2, below), (Some(2), 1, below)]);
    let ready: Vec<_> = s.replicas.ready.changes().iter().filter_map(|c| c.1).collect();
    assert_eq!(ready, [1, 2, 3, 4, 2, 1]);
    let bounds = s.snapshot(s.now_ms());
    assert_eq!((bounds.min, bounds.max), (Some(1), Some(4)));
}

#[test]
fn utilization_crosses_the_band_at_the_samples_own_times() {
    let all = scale_cycle();
    let s = fold(&all);
    let cpu = &s.metrics.all[0];
    let most = cpu.samples.points().iter().map(|p| p.1).fold(0.0, f64::max);
    let last = cpu.samples.last().unwrap();
    assert!(most > 88.0 && last.1 < 72.0, "{most} then {last:?}");
    let stamped = all.iter().filter_map(|s| match &s.what {
        Observation::Usage(u) => Some(u.pods.iter().map(|p| p.at.timestamp_millis()).collect::<Vec<_>>()),
        _ => None,
    });
    let times: Vec<i64> = stamped.flatten().collect();
    assert!(cpu.samples.points().iter().all(|p| times.contains(&p.0)));
    // The controller's own figure, where it came from the same samples.
    assert_eq!(cpu.current, Some(last.1));
}

#[test]
fn the_fold_is_deterministic_and_the_same_after_serialization() {
    let all = scale_cycle();
    let written: Vec<String> = all.iter().map(|s| serde_json::to_string(s).unwrap()).collect();
    let read: Vec<Stamped> = written.iter().map(|l| serde_json::from_str(l).unwrap()).collect();
    assert_eq!(read, all);
    assert_eq!(fold(&read), fold(&all));
}

#[test]
fn an_older_version_of_the_hpa_that_comes_later_is_left_out_unless_the_store_was_restored() {
    let version = |number: &str, max_replicas| {
        let resource_version = number.to_owned();
        Observation::Hpa(Box::new(HpaSeen { uid: "u".into(), resource_version, max_replicas, ..HpaSeen::default() }))
    };
    let began = DateTime::parse_from_rfc3339("2026-11-24T00:00:00Z").unwrap().to_utc();
    let at = |ms, what| Stamped { at: began + TimeDelta::milliseconds(ms), what };
    let most = |s: &Session| s.hpa.as_ref().map(|hpa| hpa.max_replicas);
    let mut s = fold(&[at(0, version("9", 3)), at(500, version("10", 4)), at(900, version("9", 3))]);
    assert_eq!(most(&s), Some(4));
    s.apply(&at(60_000, version("8", 2)));
    assert_eq!(most(&s), Some(2));
}

#[test]
fn kinds_of_later_versions_are_counted_and_skipped() {
    let line = r#"{"at":"2026-11-24T00:00:00Z","seen":"quasar","spin":{"up":[1]}}"#;
    let s = fold(&[serde_json::from_str(line).unwrap()]);
    assert_eq!(s.unknown, 1);
}

/// Current and desired replicas after each of the `(seconds, what)` that follow the recorded cycle.
fn replicas_after(steps: Vec<(i64, Observation)>) -> Vec<(Option<i32>, Option<i32>)> {
    let mut session = fold(&scale_cycle());
    let began = session.now.unwrap();
    let one = |(seconds, what)| {
        session.apply(&Stamped { at: began + TimeDelta::seconds(seconds), what });
        let m = session.snapshot(session.now_ms());
        (m.current, m.desired)
    };
    steps.into_iter().map(one).collect()
}

#[test]
fn figures_hold_over_a_restart_of_the_api_server_but_not_over_an_outage() {
    let link = |feed, state| Observation::FeedStatus(FeedStatus::new(feed, state));
    let both = Some(1);
    let outage = |feed| {
        let down = link(feed, FeedState::Retrying);
        let steps = [(0, link(feed, FeedState::Up)), (1, down.clone()), (9, Observation::Tick), (10, down)];
        let later = [(12, Observation::Tick), (13, link(feed, FeedState::Up)), (14, Observation::Tick)];
        replicas_after(steps.into_iter().chain(later).collect())
    };
    let known = (both, both);
    // Without the target, the controller's figure is the best there is.
    assert_eq!(outage(Feed::Target), [known; 7]);
    let lost = (both, None);
    assert_eq!(outage(Feed::Hpa), [known, known, known, known, lost, known, known]);
    let down = |feed| (1, link(feed, FeedState::Retrying));
    let both_down = vec![down(Feed::Hpa), down(Feed::Target), (20, Observation::Tick)];
    assert_eq!(replicas_after(both_down).last(), Some(&(None, None)));
}

#[test]
fn a_target_that_does_not_exist_has_no_replicas() {
    let absent = Observation::FeedStatus(FeedStatus::new(Feed::Target, FeedState::Absent));
    let steps = vec![(1, Observation::TargetGone), (1, absent)];
    assert_eq!(replicas_after(steps).last(), Some(&(None, Some(1))));
}

#[test]
fn an_hpa_that_was_deleted_and_created_again_has_no_target_in_between() {
    let mut session = fold(&scale_cycle());
    let (hpa, began) = (session.hpa.clone().unwrap(), session.now_ms());
    let mut at = |ms: i64, what| {
        let at = DateTime::from_timestamp_millis(began + ms).unwrap();
        session.apply(&Stamped { at, what });
        session.clone()
    };
    let gone = at(1000, Observation::HpaGone);
    assert_eq!(gone.snapshot(began + 1000).metrics.len(), 0);
    let recreated = HpaSeen { uid: "another".into(), ..hpa };
    let back = at(5000, Observation::Hpa(Box::new(recreated)));
    let metrics = |ms| back.snapshot(began + ms).metrics.iter().map(|m| m.target).collect::<Vec<_>>();
    let both = [Some(80.0), Some(80.0)];
    assert_eq!((metrics(0), metrics(999)), (both.to_vec(), both.to_vec()));
    assert_eq!((metrics(1000), metrics(4999), metrics(5000)), (vec![], vec![], both.to_vec()));
}

#[test]
fn without_access_to_the_pods_the_controllers_figures_are_used() {
    let all = scale_cycle();
    let mut session = Session::default();
    let denied = |feed| {
        Observation::FeedStatus(FeedStatus {
            reason: Some("may not".into()),
            ..FeedStatus::new(feed, FeedState::Denied)
        })
    };
    session.apply(&Stamped { at: all[0].at, what: denied(Feed::Pods) });
    let pods = |o: &Observation| matches!(o, Observation::Pod(_) | Observation::PodGone(_));
    let links = |o: &Observation| matches!(o, Observation::FeedStatus(l) if l.feed == Feed::Pods);
    all.iter().filter(|s| !pods(&s.what) && !links(&s.what)).for_each(|s| session.apply(s));
    let cpu = &session.metrics.all[0];
    assert_eq!(cpu.samples.last().map(|s| s.1), cpu.current);
    assert!(cpu.samples.points().len() > 20);
}

#[test]
fn a_metrics_outage_is_a_gap() {
    let mut all = scale_cycle();
    let outage = all[0].at + TimeDelta::seconds(100)..all[0].at + TimeDelta::seconds(200);
    all.retain(|s| !(matches!(s.what, Observation::Usage(_)) && outage.contains(&s.at)));
    let hole = fold(&all);
    let whole = fold(&scale_cycle());
    let lines = |s: &Session| s.metrics.all[1].samples.segments(0, i64::MAX).len();
    assert!(lines(&hole) > lines(&whole), "{} and {}", lines(&hole), lines(&whole));
}

#[test]
fn a_deleted_hpa_leaves_its_past_and_no_present() {
    let mut s = fold(&scale_cycle());
    let at = s.now.unwrap() + TimeDelta::seconds(1);
    s.apply(&Stamped { at, what: Observation::HpaGone });
    let (now, before) = (s.snapshot(at.timestamp_millis()), s.snapshot(at.timestamp_millis() - 2000));
    assert_eq!((now.desired, now.max, before.max), (None, None, Some(4)));
    assert!(s.metrics.all.iter().all(|t| t.current.is_none()));
    assert!(s.forecast().is_none() && s.hpa.is_none());
}

#[test]
fn the_proposal_before_a_scale_up_is_what_the_controller_then_did() {
    // The first of the recording: no sample came between our last one and the controller's sync.
    let all = scale_cycle();
    let marker = fold(&all).markers.all()[0].clone();
    let end = DateTime::<Utc>::from_timestamp_millis(marker.ms - 500).unwrap();
    let before: Vec<Stamped> = all.iter().take_while(|s| s.at < end).cloned().collect();
    let forecast = fold(&before).forecast().expect("a proposal");
    assert_eq!((marker.mark, forecast.replicas), (marker_to(2), 2));
}

fn marker_to(to: i32) -> Mark {
    let reason = "cpu resource utilization (percentage of request) above target".to_string();
    Mark::Rescale { from: Some(1), to, reason }
}

/// A day of one HPA with four pods, a sample every fifteen seconds.
#[test]
fn a_day_stays_bounded() {
    let start = DateTime::<Utc>::from_timestamp(1_800_000_000, 0).unwrap();
    let mut s = Session::default();
    let template = scale_cycle();
    template.iter().take(60).for_each(|seen| s.apply(&Stamped { at: start, ..seen.clone() }));
    let pods: Vec<String> = s.pods.live().map(|p| p.seen.name.clone()).collect();
    for i in 0..30 * 240 {
        let at = start + TimeDelta::seconds(i * 15);
        let usage = |pod: &String| PodUsage {
            pod: pod.clone(),
            at,
            window_s: 15.0,
            containers: vec![("c".into(), [("cpu".to_string(), "44m".to_string())].into())],
        };
        s.apply(&Stamped { at, what: Observation::Usage(UsageSeen { pods: pods.iter().map(usage).collect() }) });
        let event = EventSeen { uid: format!("e{i}"), count: 1, last: Some(at), ..Default::default() };
        s.apply(&Stamped { at, what: Observation::Event(Box::new(event)) });
    }
    let points = s.pods.live().map(|p| p.cpu.points().len()).max().unwrap();
    let full = 24 * 240;
    assert!((full..=10_800).contains(&points), "24 h at full resolution, no more than 30 h of it: {points}");
    assert!(s.events.len() <= 2000 && s.events.dropped > 5000);
}

fn any_observation() -> impl Strategy<Value = Observation> {
    let name = prop_oneof![Just("a".to_string()), Just("b".to_string()), "\\PC{0,8}"];
    let quantity =
        prop_oneof![Just("50m".to_string()), Just("1Gi".into()), Just("-1".into()), Just("9e99".into()), "\\PC{0,6}"];
    let hpa =
        (any::<i32>(), any::<i32>(), any::<Option<i32>>(), quantity.clone()).prop_map(|(max, desired, current, q)| {
            let metric = |u: Option<i32>, q: &str| edot_tui::observe::Metric {
                kind: edot_tui::observe::MetricKind::Resource,
                name: "cpu".into(),
                value: edot_tui::observe::MetricValue { utilization: u, average_value: Some(q.into()), value: None },
                ..Default::default()
            };
            let mut hpa = HpaSeen {
                max_replicas: max,
                metrics: vec![metric(current, &q), metric(None, &q)],
                ..Default::default()
            };
            hpa.status.desired_replicas = desired;
            hpa.status.current_replicas = current;
            hpa.status.metrics = vec![metric(current, &q)];
            Observation::Hpa(Box::new(hpa))
        });
    let pod = (name.clone(), quantity.clone()).prop_map(|(n, q)| {
        let container =
            edot_tui::observe::ContainerSeen { requests: [("cpu".to_string(), q)].into(), ..Default::default() };
        let pod = PodSeen {
            uid: n.clone(),
            name: n,
            phase: "Running".into(),
            containers: vec![container],
            ..Default::default()
        };
        Observation::Pod(Box::new(pod))
    });
    let usage = (name.clone(), quantity, any::<i32>(), any::<f64>()).prop_map(|(pod, q, t, window_s)| {
        let at = DateTime::from_timestamp(i64::from(t), 0).unwrap_or_default();
        let one = PodUsage { pod, at, window_s, containers: vec![("c".into(), [("cpu".to_string(), q)].into())] };
        Observation::Usage(UsageSeen { pods: vec![one] })
    });
    let event = (name.clone(), "(New size: )?\\PC{0,20}").prop_map(|(uid, message)| {
        let object = ObjectRef { kind: "HorizontalPodAutoscaler".into(), ..Default::default() };
        let event = EventSeen { uid, message, reason: "SuccessfulRescale".into(), object, ..Default::default() };
        Observation::Event(Box::new(event))
    });
    prop_oneof![
        Just(Observation::Tick),
        Just(Observation::HpaGone),
        Just(Observation::TargetGone),
        Just(Observation::Unknown),
        Just(Observation::Watching(WatchingSeen { server_version: "v1.x".into(), ..Default::default() })),
        Just(Observation::FeedStatus(FeedStatus::new(Feed::Pods, FeedState::Up))),
        name.prop_map(|n| Observation::PodGone(PodGone { uid: n.clone(), name: n })),
        hpa,
        pod,
        usage,
        event,
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]
    #[test]
    fn nothing_that_is_observed_breaks_the_fold(all in prop::collection::vec((any::<i32>(), any_observation()), 0..40)) {
        let stamped: Vec<Stamped> = all
            .into_iter()
            .map(|(t, what)| Stamped { at: DateTime::from_timestamp(i64::from(t), 0).unwrap_or_default(), what })
            .collect();
        let s = fold(&stamped);
        prop_assert_eq!(&s, &fold(&stamped));
        let m = s.snapshot(s.now_ms());
        prop_assert!(m.metrics.iter().all(|a| a.value.is_none_or(f64::is_finite)));
        let ui = edot_tui::ui::Ui::new(false, edot_tui::view::panes());
        let look = edot_tui::view::Look::roles();
        let mut buffer = ratatui::buffer::Buffer::empty(ratatui::layout::Rect::new(0, 0, 130, 40));
        edot_tui::view::draw(&mut buffer, &edot_tui::view::Cx::new(&s, s.now_ms(), &ui, &look));
    }
}
