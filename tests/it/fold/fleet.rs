//! Every HPA as a row: what is wrong with it, what comes next, and in which order.

use edot_tui::explain::fleet as words;
use edot_tui::observe::{
    Condition, EventSeen, Feed, FeedState, FeedStatus, FleetChange, FleetSeen, HpaSeen, ObjectRef, Observation,
    Stamped, Time,
};
use edot_tui::session::{Fleet, Session, Severity};
use edot_tui::source::live::convert;

pub fn at(s: i64) -> Time {
    "2026-11-24T00:40:00Z".parse::<Time>().unwrap() + chrono::TimeDelta::seconds(s)
}

/// An HPA as a real controller wrote it, under another name.
pub fn real(file: &str, namespace: &str, name: &str) -> HpaSeen {
    let path = format!("{}/tests/data/{file}.json", env!("CARGO_MANIFEST_DIR"));
    let hpa = convert::hpa(&serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap());
    HpaSeen { namespace: namespace.into(), name: name.into(), uid: format!("{namespace}/{name}"), ..hpa }
}

pub fn take(session: &mut Session, s: i64, context: &str, what: FleetChange) {
    let what = Observation::Fleet(Box::new(FleetSeen { context: context.into(), what }));
    session.apply(&Stamped { at: at(s), what });
}

pub fn see(session: &mut Session, s: i64, context: &str, hpa: HpaSeen) {
    let labels = [("team".to_owned(), hpa.namespace.clone())].into();
    take(session, s, context, FleetChange::Hpa { labels, owner: None, hpa: Box::new(hpa) });
}

pub fn state(session: &mut Session, s: i64, context: &str, state: FeedState, reason: Option<&str>) {
    let status = FeedStatus { reason: reason.map(str::to_owned), ..FeedStatus::new(Feed::Hpa, state) };
    take(session, s, context, FleetChange::State(status));
}

/// Four HPAs of two clusters, and a cluster that is down.
pub fn world() -> Session {
    let mut session = Session::default();
    for context in ["prod-eu", "prod-us", "staging"] {
        state(&mut session, 0, context, FeedState::Connecting, None);
    }
    let why = "no answer within 10 s (list horizontalpodautoscalers.autoscaling)";
    state(&mut session, 1, "prod-us", FeedState::Retrying, Some(why));
    for context in ["prod-eu", "staging"] {
        take(&mut session, 1, context, FleetChange::Version { version: "v1.36.3".into() });
    }
    see(&mut session, 2, "prod-eu", real("hpa-steady-2", "shop", "gateway"));
    see(&mut session, 2, "prod-eu", real("hpa-maxed-out", "search", "gateway"));
    see(&mut session, 2, "staging", real("hpa-metrics-missing", "shop", "gateway"));
    see(&mut session, 2, "staging", real("hpa-scaling-disabled", "jobs", "worker"));
    for context in ["prod-eu", "staging"] {
        state(&mut session, 2, context, FeedState::Up, None);
    }
    session
}

fn fleet(session: &Session) -> &Fleet {
    session.fleet.as_deref().unwrap()
}

/// `context/namespace/name`, and its state in words.
fn rows(session: &Session) -> Vec<(String, String)> {
    let fleet = fleet(session);
    let now = session.now.unwrap();
    let row = |row| {
        let (context, namespace, name) = fleet.place(row);
        (format!("{context}/{namespace}/{name}"), words::state(row, now).0)
    };
    fleet.by_trouble(now).into_iter().map(row).collect()
}

#[test]
fn the_worst_comes_first_and_each_says_why() {
    let session = world();
    let rows = rows(&session);
    let names: Vec<&str> = rows.iter().map(|row| row.0.as_str()).collect();
    assert_eq!(names[..2], ["staging/shop/gateway", "prod-eu/search/gateway"], "{rows:#?}");
    assert!(rows[0].1.starts_with("decides nothing: failed to get cpu utilization: "), "{}", rows[0].1);
    assert!(rows[1].1.starts_with("at max 4, cpu asks for "), "{}", rows[1].1);
    assert_eq!(rows.iter().find(|row| row.0.contains("jobs")).unwrap().1, "off: its target is at 0");
    assert_eq!(fleet(&session).troubled(at(2)), (2, 1));
    let dark: Vec<&str> = fleet(&session).dark().map(|c| c.context.as_str()).collect();
    assert_eq!(dark, ["prod-us"]);
}

#[test]
fn what_the_next_sync_does_is_what_a_single_hpa_shows() {
    let session = world();
    let fleet = fleet(&session);
    for row in fleet.rows() {
        let alone = fleet.session(row);
        assert_eq!(row.forecast.map(|f| f.replicas), alone.forecast().map(|f| f.replicas));
        let labels: Vec<String> = alone.metrics.live().map(|t| t.label()).collect();
        assert_eq!(row.figures.iter().map(|f| f.label.clone()).collect::<Vec<_>>(), labels);
    }
    let steady = fleet.rows().find(|row| row.hpa.namespace == "shop" && row.cluster == 0).unwrap();
    assert!(words::next(steady).is_some());
    assert!(words::figures(steady).starts_with("cpu: "), "{}", words::figures(steady));
}

#[test]
fn an_hpa_that_goes_takes_its_row_along_and_a_cluster_that_goes_leaves_its_rows() {
    let mut session = world();
    take(&mut session, 3, "prod-eu", FleetChange::Gone { uid: "search/gateway".into() });
    assert_eq!(fleet(&session).len(), 3);
    state(&mut session, 4, "staging", FeedState::Stale, Some("no sign of life for 75 s; asking again"));
    assert_eq!((fleet(&session).len(), fleet(&session).dark().count()), (3, 2));
}

#[test]
fn a_rescale_has_its_reason_from_the_event_and_its_sizes_from_the_status() {
    let mut session = Session::default();
    let mut hpa = real("hpa-steady-2", "shop", "gateway");
    hpa.status.last_scale = Some(at(0));
    (hpa.status.current_replicas, hpa.status.desired_replicas) = (Some(1), 2);
    see(&mut session, 1, "a", hpa.clone());
    let event = |s: i64, message: &str| EventSeen {
        reason: "SuccessfulRescale".into(),
        message: message.into(),
        last: Some(at(s)),
        object: ObjectRef { uid: hpa.uid.clone(), ..ObjectRef::default() },
        ..EventSeen::default()
    };
    let event = |session: &mut Session, s: i64, message: &str| {
        take(session, s.max(1), "a", FleetChange::Event(Box::new(event(s, message))));
    };
    event(&mut session, -300, "New size: 4; reason: an older one");
    event(&mut session, 0, "New size: 2; reason: cpu resource utilization (percentage of request) above target");
    event(&mut session, 0, "no rescale at all");
    let row = fleet(&session).rows().next().unwrap();
    let rescaled = row.rescaled.as_ref().unwrap();
    assert_eq!((rescaled.from, rescaled.to), (Some(1), Some(2)));
    assert!(rescaled.reason.starts_with("cpu resource utilization"), "{}", rescaled.reason);
    assert_eq!(words::rescaled(row, at(240)).unwrap(), ("4m ago".into(), "1 to 2".into()));
}

#[test]
fn a_new_hpa_is_given_time_and_one_that_nobody_looks_at_is_critical() {
    let mut session = Session::default();
    let hpa =
        HpaSeen { name: "web".into(), uid: "1".into(), created: Some(at(0)), max_replicas: 3, ..HpaSeen::default() };
    see(&mut session, 1, "a", hpa);
    let row = fleet(&session).rows().next().unwrap();
    assert_eq!(words::state(row, at(30)), ("new: no sync yet".into(), None));
    assert_eq!(words::state(row, at(90)), ("no controller has looked at it".into(), Some(Severity::Critical)));
}

#[test]
fn replicas_that_turn_again_and_again_are_trouble() {
    let mut session = Session::default();
    for (s, replicas) in [(0, 2), (60, 4), (120, 2), (180, 4), (240, 2)] {
        let mut hpa = real("hpa-steady-2", "shop", "gateway");
        hpa.status.current_replicas = Some(replicas);
        hpa.status.conditions.iter_mut().filter(|c| c.kind == "ScalingLimited").for_each(|c| c.status = "False".into());
        see(&mut session, s, "a", hpa);
    }
    let row = fleet(&session).rows().next().unwrap();
    assert_eq!(words::state(row, at(250)).0, "turned 3 times in 10 min");
    assert!(!words::state(row, at(2000)).0.contains("turned"));
}

#[test]
fn odd_objects_have_a_row_like_any_other() {
    let mut session = Session::default();
    let condition = |kind: &str| Condition { kind: kind.into(), status: "False".into(), ..Condition::default() };
    let mut odd = HpaSeen { uid: "odd".into(), min_replicas: Some(-5), max_replicas: i32::MAX, ..HpaSeen::default() };
    odd.status.conditions = vec![condition("AbleToScale"), condition("ScalingActive"), condition("Later")];
    odd.status.current_replicas = Some(i32::MAX);
    see(&mut session, 0, "a", odd);
    see(&mut session, 0, "a", HpaSeen::default());
    assert_eq!(rows(&session).len(), 2);
    assert_eq!(edot_tui::report::fleet::fleet(fleet(&session), at(0)).hpas.len(), 2);
    assert!(edot_tui::report::fleet::fleet_as_text(fleet(&session), at(0)).contains("2 HPAs"));
}

#[test]
fn what_is_kept_is_bounded_and_what_is_left_out_is_counted() {
    let mut session = Session::default();
    for n in 0..5010 {
        see(&mut session, 0, "a", HpaSeen { uid: n.to_string(), ..HpaSeen::default() });
    }
    assert_eq!((fleet(&session).len(), fleet(&session).left_out), (5000, 10));
    see(&mut session, 1, "a", HpaSeen { uid: "7".into(), name: "known".into(), ..HpaSeen::default() });
    assert_eq!(fleet(&session).rows().filter(|row| row.hpa.name == "known").count(), 1);
}

/// Of two pods one is pending, so 90 % of 50 % is 45 % with it counted in; the list sees the status only.
#[test]
fn what_the_figures_alone_ask_for_is_not_promised_where_the_last_sync_had_them_and_stayed() {
    let mut session = Session::default();
    let mut hpa = real("hpa-steady-2", "shop", "gateway");
    (hpa.metrics[0].value.utilization, hpa.status.metrics[0].value.utilization) = (Some(50), Some(90));
    for condition in &mut hpa.status.conditions {
        (condition.status, condition.reason) = match condition.kind.as_str() {
            "AbleToScale" => ("True".into(), "ReadyForNewScale".into()),
            "ScalingLimited" => ("False".into(), "DesiredWithinRange".into()),
            _ => ("True".into(), "ValidMetricFound".into()),
        };
    }
    see(&mut session, 1, "a", hpa.clone());
    let row = |session: &Session| fleet(session).rows().next().unwrap().clone();
    assert!(row(&session).forecast.unwrap().replicas > 2, "by the figures alone");
    assert_eq!(words::next(&row(&session)).as_deref(), Some("stays, by its pods"));
    assert!(!row(&session).is_moving());
    assert!(
        words::next_sentence(fleet(&session), &row(&session))
            .unwrap()
            .contains("it stays at 2: by its figures alone it would go to 4")
    );
    // An edit that no sync has seen yet is another matter, until one has.
    hpa.metrics[0].value.utilization = Some(40);
    see(&mut session, 2, "a", hpa.clone());
    see(&mut session, 3, "a", hpa.clone());
    assert!(words::next(&row(&session)).unwrap().starts_with("to "), "{:?}", words::next(&row(&session)));
    hpa.status.metrics[0].value.utilization = Some(91);
    see(&mut session, 4, "a", hpa.clone());
    assert_eq!(words::next(&row(&session)).as_deref(), Some("stays, by its pods"));
    // What a window or a policy holds says so itself.
    hpa.status.conditions[0].reason = "ScaleDownStabilized".into();
    see(&mut session, 5, "a", hpa);
    assert!(!row(&session).stayed());
}
