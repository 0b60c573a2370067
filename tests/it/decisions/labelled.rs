//! An External metric with labels, as all of KEDA's are, against a real controller; and a disabled direction in words.

use crate::it::support::recorded::scale_cycle;
use edot_tui::explain;
use edot_tui::observe::{Feed, FeedState, FeedStatus, Observation, Stamped, TargetSeen, Time};
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
