//! An External metric with labels, as all of KEDA's are, against a real controller; and a disabled direction in words.

use crate::it::support::recorded::scale_cycle;
use edot_tui::explain;
use edot_tui::observe::Observation;
use edot_tui::session::decisions::limit::Limit;
use edot_tui::session::{ForecastLimit, Session};
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
