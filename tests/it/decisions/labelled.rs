//! An External metric with labels, as all of KEDA's are, against a real controller; and a disabled direction in words.

use crate::it::support::recorded::scale_cycle;
use edot_tui::explain;
use edot_tui::observe::{
    Feed, FeedState, FeedStatus, HpaSeen, HpaStatus, Metric, MetricKind, MetricValue, MetricValuesSeen, Observation,
    Stamped, TargetSeen, Time,
};
use edot_tui::session::decisions::limit::Limit;
use edot_tui::session::{ForecastLimit, Session};
use edot_tui::source::live::convert;
use serde_json::json;
use std::io::Read;

#[test]
fn a_metric_with_labels_is_as_exact_as_one_without() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/decisions/R7-keda-ok.jsonl.gz");
    let mut text = String::new();
    flate2::read::MultiGzDecoder::new(std::fs::File::open(path).unwrap()).read_to_string(&mut text).unwrap();
    let mut session = Session::default();
    text.lines().filter_map(|l| serde_json::from_str(l).ok()).for_each(|seen| session.apply(&seen));
    let rows = session.decisions.rows();
    let all: u32 = rows.iter().map(|row| row.count).sum();
    let exact: u32 = rows.iter().filter(|row| row.exact).map(|row| row.count).sum();
    // All but those whose window holds what was recommended before the watch began.
    assert!(all > 20 && exact * 10 >= all * 9, "{exact} of {all}");
}

#[test]
fn a_disabled_direction_is_called_so_by_the_forecast_and_by_the_decisions() {
    let mut session = Session::default();
    let (mut forecasts, mut decisions) = (Vec::new(), Vec::new());
    for mut seen in scale_cycle() {
        if let Observation::Hpa(hpa) = &mut seen.what {
            let behavior = hpa.behavior.get_or_insert_default();
            let down = behavior.scale_down.get_or_insert_default();
            (down.select, down.window_s) = (Some("Disabled".into()), Some(0));
        }
        session.apply(&seen);
        let forecast = session.forecast().filter(|f| matches!(f.limit, Some(ForecastLimit::Disabled { up: false })));
        forecasts.extend(forecast.map(|f| explain::forecast::forecast(&session, &f).sentence));
        let row = session.decisions.rows().last().filter(|row| row.limit() == Some(Limit::Disabled));
        decisions.extend(row.map(explain::sync::sentence));
    }
    assert!(forecasts.iter().any(|text| text.contains("held by scaleDown, which is disabled")), "{forecasts:?}");
    assert!(decisions.iter().any(|text| text.contains("but scaleDown is disabled")), "{decisions:?}");
    let all = forecasts.iter().chain(&decisions);
    assert!(all.filter(|text| text.contains("policy")).count() == 0);
}

/// Between a rescale and the next sync the status has the average over the replicas before it.
#[test]
fn the_forecast_divides_a_figure_by_the_replicas_that_there_are_now_and_not_twice() {
    let at = |s: i64| "2026-11-30T00:55:00Z".parse::<Time>().unwrap() + chrono::TimeDelta::seconds(s);
    let hpa = |current: i32, desired: i32, since: i64| {
        let metric = json!({"type": "External", "external": {"metric": {"name": "queue"},
            "target": {"type": "AverageValue", "averageValue": "20"}}});
        let now =
            json!({"type": "External", "external": {"metric": {"name": "queue"}, "current": {"averageValue": "30"}}});
        let condition = |kind: &str, reason: &str| json!({"type": kind, "status": "True", "reason": reason});
        let object = json!({
            "metadata": {"name": "web", "namespace": "web", "uid": "h"},
            "spec": {"scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"},
                     "minReplicas": 1, "maxReplicas": 6, "metrics": [metric]},
            "status": {"currentReplicas": current, "desiredReplicas": desired, "currentMetrics": [now],
                       "lastScaleTime": at(since).to_rfc3339(),
                       "conditions": [condition("AbleToScale", "SucceededRescale"), condition("ScalingActive", "ValidMetricFound")]},
        });
        Observation::Hpa(Box::new(convert::hpa(&serde_json::from_value(object).unwrap())))
    };
    let target = |replicas: i32| {
        let seen = TargetSeen {
            uid: "t".into(),
            spec_replicas: Some(replicas),
            replicas: Some(replicas),
            ..Default::default()
        };
        Observation::Target(Box::new(seen))
    };
    let up = |feed| Observation::FeedStatus(FeedStatus::new(feed, FeedState::Up));
    let mut session = Session::default();
    let story = [
        (0, up(Feed::Hpa)),
        (0, up(Feed::Target)),
        (0, target(1)),
        (1, hpa(1, 1, -600)),
        (16, hpa(1, 2, 16)),
        (18, target(2)),
        (20, Observation::Tick),
    ];
    story.into_iter().for_each(|(s, what)| session.apply(&Stamped { at: at(s), what }));
    // 30 in all, of 20 each.
    assert_eq!(session.forecast().map(|f| f.replicas), Some(2));
}

/// Between syncs the values of an external metric come from its API; the controller's figure stays beside them.
#[test]
fn an_external_metric_has_a_line_of_its_own_while_its_values_are_seen() {
    let at = |s: i64| "2026-11-30T00:55:00Z".parse::<Time>().unwrap() + chrono::TimeDelta::seconds(s);
    let metric = |value: &str| Metric {
        kind: MetricKind::External,
        name: "queue".into(),
        selector: Some("app=web".into()),
        value: MetricValue { average_value: Some(value.into()), ..MetricValue::default() },
        ..Metric::default()
    };
    let status =
        HpaStatus { current_replicas: Some(2), desired_replicas: 2, metrics: vec![metric("15")], ..Default::default() };
    let hpa = HpaSeen { uid: "h".into(), max_replicas: 6, metrics: vec![metric("20")], status, ..HpaSeen::default() };
    let target = TargetSeen { uid: "t".into(), spec_replicas: Some(2), replicas: Some(2), ..TargetSeen::default() };
    let values = |selector: &str, values: &[&str]| {
        let values = values.iter().map(|v| (*v).to_owned()).collect();
        let (name, selector) = ("queue".into(), Some(selector.to_owned()));
        Observation::MetricValues(Box::new(MetricValuesSeen { kind: MetricKind::External, name, selector, values }))
    };
    let mut session = Session::default();
    let story = [
        (0, Observation::Target(Box::new(target))),
        (0, Observation::Hpa(Box::new(hpa))),
        (5, values("app=web", &["40", "12"])),
        (6, values("app=other", &["900"])),
        (7, values("app=web", &["no quantity"])),
        // The controller's figure is held every 15 s, and is no sample beside newer values.
        (10, Observation::FeedStatus(FeedStatus::new(Feed::Hpa, FeedState::Up))),
        (20, Observation::Tick),
    ];
    story.into_iter().for_each(|(s, what)| session.apply(&Stamped { at: at(s), what }));
    let track = session.metrics.live().next().unwrap();
    let samples: Vec<f64> = track.samples.segments(0, i64::MAX).concat().iter().map(|s| s.1).collect();
    assert_eq!((samples.as_slice(), track.current), ([15.0, 26.0].as_slice(), Some(15.0)));
    for s in (120..180).step_by(15) {
        session.apply(&Stamped { at: at(s), what: Observation::Tick });
    }
    let track = session.metrics.live().next().unwrap();
    assert_eq!(track.samples.last().map(|s| s.1), Some(15.0), "without values it is the controller's figure again");
}
