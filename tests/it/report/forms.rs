//! Reports of recorded runs: each format is valid, and all agree.

use crate::it::support::golden;
use crate::it::support::recorded::scale_cycle;
use edot_tui::report::{self, Cast, Origin, csv, document, html, series, text};
use edot_tui::session::Session;
use edot_tui::ui::Ui;
use edot_tui::verdict::{self, Expectations, Verdict};
use edot_tui::view::{Look, symbols::Symbols, theme::Level};
use serde_json::Value;
use std::path::PathBuf;
use std::sync::LazyLock;

static RUN: LazyLock<(Session, Verdict)> = LazyLock::new(|| {
    let mut session = edot_tui::advise::session();
    scale_cycle().iter().for_each(|s| session.apply(s));
    let judged = verdict::run(&session, Expectations::guide());
    (session, judged)
});

fn full() -> report::Report {
    let origin = Origin { file: Some("run.jsonl".into()), damage: vec![] };
    report::report(&RUN.0, &RUN.1, &origin)
}

/// Compares with `tests/golden/reports/NAME`.
fn golden(name: &str, got: &str) {
    golden::check(&format!("tests/golden/reports/{name}"), got);
}

#[test]
fn text_and_markdown_are_as_they_were() {
    let page = document::document(&full());
    golden("cycle.txt", &text::plain(&page, 80));
    golden("cycle.md", &text::markdown(&page));
    golden("cycle.xml", &report::junit(&full()));
}

#[test]
fn json_keeps_its_schema() {
    let json: Value = serde_json::to_value(full()).unwrap();
    assert_eq!(json["schema"], "edot-tui/report/2");
    assert_eq!(json["verdict"]["result"], "passed");
    // Every key, down to the first element of each list; values are left out.
    fn keys(v: &Value, at: String, out: &mut Vec<String>) {
        match v {
            Value::Object(map) => map.iter().for_each(|(k, v)| keys(v, format!("{at}.{k}"), out)),
            Value::Array(all) if all.first().is_some_and(Value::is_object) => keys(&all[0], format!("{at}[]"), out),
            _ => out.push(at),
        }
    }
    let mut out = Vec::new();
    keys(&json, String::new(), &mut out);
    let out: Vec<String> = out.into_iter().filter(|k| !k.starts_with(".status.")).collect();
    golden("keys.txt", &(out.join("\n") + "\n"));
}

#[test]
fn every_point_of_the_csv_reads_back() {
    let all = series::all_series(&RUN.0);
    let rows = csv::read(&csv::write(&all).unwrap()).unwrap();
    let want = all.iter().flat_map(|c| c.points.iter().map(move |p| (c, p)));
    assert_eq!(rows.len(), all.iter().map(|c| c.points.len()).sum::<usize>());
    for (row, (series, (ms, value))) in rows.iter().zip(want) {
        assert_eq!((row.series.as_str(), row.labels.as_str()), (series.name, series.label_text().as_str()));
        assert_eq!((row.at.timestamp_millis(), row.value, row.unit.as_str()), (*ms, *value, series.unit));
    }
    assert!(rows.iter().any(|r| r.series == "replicas" && r.labels == "state=current" && r.value == Some(4.0)));
}

#[test]
fn labels_survive_what_could_break_them() {
    let odd = series::NamedSeries {
        name: "hpa_metric",
        labels: vec![("metric", "queue{q=a;b}\\, \"x\"\n".into())],
        unit: "value",
        shape: series::Shape::Line,
        points: vec![(0, Some(0.1 + 0.2)), (1, None)],
    };
    let rows = csv::read(&csv::write(std::slice::from_ref(&odd)).unwrap()).unwrap();
    assert_eq!(rows[0].labels, odd.label_text());
    assert_eq!((rows[0].value, rows[1].value), (Some(0.1 + 0.2), None));
}

#[test]
fn the_page_needs_nothing_from_elsewhere() {
    let text = html::html(&RUN.0, &RUN.1, &full());
    for word in ["http://", "https://", "src=", "@import", "url(", "<link"] {
        assert!(!text.contains(word), "{word}");
    }
    assert!(text.contains("default-src 'none'") && text.contains("prefers-color-scheme: dark"));
    assert!(text.contains("@media print") && text.matches("<figure class=\"panel\">").count() >= 4);
    assert!(!text.contains("NaN") && !text.contains("inf\""));
    let data = text.split("id=\"data\">").nth(1).unwrap().split("</script>").next().unwrap();
    let data: Value = serde_json::from_str(data).unwrap();
    assert_eq!(data["panels"].as_array().unwrap().len(), text.matches("<output>").count());
}

#[test]
fn on_a_narrow_page_each_value_of_a_wide_table_has_its_name() {
    let text = html::html(&RUN.0, &RUN.1, &full());
    for table in text.split("<table").skip(1).map(|t| t.split("</table>").next().unwrap()) {
        let columns = table.matches("<th>").count();
        let named = if columns > 3 { table.matches("<td").count() } else { 0 };
        assert_eq!(table.starts_with(" class=\"many\""), columns > 3, "{table}");
        assert_eq!(table.matches("<td data-label=\"").count(), named, "{table}");
    }
    assert!(text.contains("<td data-label=\"observed\">"), "the verdict is one of them");
}

#[test]
fn hostile_text_stays_text() {
    let mut session = RUN.0.clone();
    let evil = "</script><script>alert(1)</script><img src=x onerror=alert(1)>";
    session.watching.context = evil.into();
    session.markers.add(session.now_ms(), edot_tui::session::Mark::Note(evil.into()));
    let report = report::report(&session, &RUN.1, &Origin::default());
    let text = html::html(&session, &RUN.1, &report);
    assert!(!text.contains("<img") && text.matches("<script").count() == 2);
    let xml = report::junit(&report);
    assert!(!xml.contains("<script"));
}

fn look() -> Look {
    Look::new("dark", Level::TrueColor, PathBuf::new(), Symbols::Braille, 0).unwrap()
}

#[test]
fn the_cast_ends_on_the_screen_of_the_dashboard() {
    let (ui, look) = (Ui::new(true, edot_tui::view::panes()), look());
    let cast = Cast { size: (100, 30), speed: 16.0, ui: &ui, look: &look };
    let mut out = Vec::new();
    let session = report::cast(scale_cycle().into_iter(), &cast, &mut out).unwrap();
    assert_eq!(session, RUN.0);
    let text = String::from_utf8(out).unwrap();
    let mut lines = text.lines();
    let header: Value = serde_json::from_str(lines.next().unwrap()).unwrap();
    assert_eq!((&header["version"], &header["width"], &header["height"]), (&2.into(), &100.into(), &30.into()));
    let mut emulator = vt100::Parser::new(30.try_into().unwrap(), 100.try_into().unwrap(), 0);
    let mut before = 0.0;
    let mut frames = 0;
    for line in lines {
        let event: (f64, String, String) = serde_json::from_str(line).unwrap();
        assert!(event.0 >= before && event.1 == "o");
        (before, frames) = (event.0, frames + 1);
        emulator.process(event.2.as_bytes());
    }
    assert!(frames > 100 && before < 308.0 / 16.0 + 3.0, "{frames} frames, {before} s");
    let mut buffer = ratatui::buffer::Buffer::empty(ratatui::layout::Rect::new(0, 0, 100, 30));
    let cx = edot_tui::view::Cx::new(&session, session.now_ms(), &ui, &look);
    edot_tui::view::draw(&mut buffer, &cx);
    for y in 0..30u16 {
        let want: String = (0..100u16).map(|x| buffer[(x, y)].symbol()).collect();
        let got: String = emulator.screen().rows(0, 100).nth(usize::from(y)).unwrap();
        assert_eq!(got.trim_end(), want.trim_end(), "row {y}");
    }
}

#[test]
fn compared_with_itself_a_run_is_the_same() {
    use report::compare::{Side, compare, document, overlaid};
    let side = || Side { name: "a", session: &RUN.0, verdict: &RUN.1 };
    let c = compare(&side(), &side());
    assert!(c.checks.iter().all(|p| p.same) && c.figures.iter().all(|f| f.difference.is_none_or(|d| d == 0.0)));
    assert!(c.figures.iter().any(|f| f.figure == "replica_minutes" && f.a.is_some()));
    let (panels, axis) = overlaid(&side(), &side());
    assert_eq!(panels.iter().map(|p| p.traces.len()).collect::<Vec<_>>(), [2, 2, 2], "cpu, memory, replicas");
    assert!(axis.from <= 0 && axis.to > 200_000);
    let chart = report::text_chart::draw(&panels, &axis, 100, false, &look());
    golden("compare.txt", &(text::plain(&document(&c), 100) + &chart));
}

#[test]
fn a_difference_has_its_sign_and_what_is_worse_is_marked() {
    use report::compare::{Side, compare, document};
    let side = || Side { name: "a", session: &RUN.0, verdict: &RUN.1 };
    let mut c = compare(&side(), &side());
    let figures = &mut c.b.figures;
    figures.first_scale_up_s = figures.first_scale_up_s.map(|s| s + 75.0);
    figures.back_to_min_s = figures.back_to_min_s.map(|s| s - 60.0);
    figures.replica_minutes = figures.replica_minutes.map(|m| m * 1.01);
    figures.peak_replicas = Some(7);
    let check = c.checks.iter_mut().find(|check| check.id == "steady").unwrap();
    (check.b, check.same) = (Some("failed"), false);
    let page = text::plain(&document(&c), 200);
    let row =
        |name: &str| page.lines().find(|l| l.trim_start().starts_with(name)).map(|l| l.split_whitespace().collect());
    let ends = |name: &str, end: &[&str]| {
        let cells: Vec<&str> = row(name).unwrap();
        assert!(cells.ends_with(end), "{cells:?}");
    };
    ends("first scale-up ", &["0:03", "1:18", "+1:15", "worse"]);
    ends("back at the minimum", &["1:03", "0:03", "−1:00", "better"]);
    // Within a twentieth two runs are alike, and a higher peak is neither.
    ends("replica-minutes", &["+0.1"]);
    ends("most replicas ", &["4", "7", "+3"]);
    ends("steady", &["failed", "worse"]);
}

#[test]
fn the_integral_of_replicas_is_that_of_the_steps() {
    let f = report::figures::figures(&RUN.0, &RUN.1);
    // 1 until 00:31:43, 2 until 00:32:43, 4 until 00:34:58, 2 until 00:35:28, 1 until 00:36:28; from 00:31:40.
    let want = (3.0 + 2.0 * 60.0 + 4.0 * 135.0 + 2.0 * 30.0 + 60.0) / 60.0;
    assert!((f.replica_minutes.unwrap() - want).abs() < 0.1, "{:?} {want}", f.replica_minutes);
    assert_eq!((f.peak_replicas, f.rescales, f.flaps), (Some(4), 4, 0));
}
