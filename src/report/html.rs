//! The report as one self-contained HTML file: no network, light and dark, values under the pointer, printable. Must not hold
//! more than the document and the panels.

use super::document::{Block, Table, document, result_words};
use super::json::Report;
use super::panels::{Panel, panels};
use super::plot::{Axis, LEFT, Marks, RIGHT, WIDTH, plot};
use super::series::all_series;
use super::svg::escaped;
use crate::session::Session;
use crate::session::ingest::kibana;
use crate::verdict::Verdict;
use std::fmt::Write;

const STYLE: &str = include_str!("../../assets/report/report.css");
const SCRIPT: &str = include_str!("../../assets/report/report.js");

/// Time shown before the load's start, milliseconds.
const AROUND: i64 = 60_000;

/// The whole page.
pub fn html(session: &Session, verdict: &Verdict, report: &Report) -> String {
    let panels = panels(&all_series(session), session.tolerance());
    let axis = axis(session, verdict);
    let marks = markers(report);
    let mut charts = String::new();
    if !verdict.phases.is_empty() {
        charts.push_str(&phases(verdict, &axis));
    }
    // The first panel has the markers' texts; on the others their lines are enough.
    let lines: Marks = marks.iter().map(|m| (m.0, String::new())).collect();
    for (i, panel) in panels.iter().enumerate() {
        charts.push_str(&figure(panel, &axis, if i == 0 { &marks } else { &lines }, height(i, panel)));
    }
    let blocks = document(report);
    let title = match blocks.first() {
        Some(Block::Title(t)) => t.clone(),
        _ => "edot-tui report".into(),
    };
    let (about, judged, rest) = split(&blocks);
    let badge = format!(
        "<p class=\"badge {}\">verdict: {}</p>",
        escaped(report.verdict.result),
        escaped(result_words(report.verdict.result))
    );
    let lab = if report.lab { "<p class=\"badge lab\">LAB</p>" } else { "" };
    let body = format!(
        "<header><h1>{}</h1>{badge}{lab}{}{}</header>\n{}<section class=\"charts\">\n{charts}</section>\n{}",
        escaped(&title),
        blocks_html(about),
        links(session),
        blocks_html(judged),
        blocks_html(rest)
    );
    page(&title, &body, &data(&panels, &axis))
}

/// A line of links into Kibana for the session's time; empty where its address is unknown.
fn links(session: &Session) -> String {
    let all = kibana::of(session).into_iter().filter(|link| link.url.starts_with("http"));
    let all: Vec<String> = all.map(|l| format!("<a href=\"{}\">{}</a>", escaped(&l.url), escaped(l.name))).collect();
    if all.is_empty() { String::new() } else { format!("<p>Kibana: {}</p>", all.join(" · ")) }
}

/// A page of a title, a body and the charts' data.
pub fn page(title: &str, body: &str, data: &str) -> String {
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'\">\n\
         <title>{}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<main>\n{body}\n</main>\n\
         <footer>edot-tui {}; times are UTC, on the charts minutes since the load's start</footer>\n\
         <script type=\"application/json\" id=\"data\">{data}</script>\n<script>\n{SCRIPT}</script>\n</body>\n</html>\n",
        escaped(title),
        env!("CARGO_PKG_VERSION")
    )
}

/// What describes the run, what was found of it, and what is looked up: the charts are before the last.
fn split(blocks: &[Block]) -> (&[Block], &[Block], &[Block]) {
    let at = |wanted: &dyn Fn(&str) -> bool| {
        blocks.iter().position(|b| matches!(b, Block::Head(text) if wanted(text))).unwrap_or(blocks.len())
    };
    let (first, lists) = (at(&|_| true), at(&|text| matches!(text, "Markers" | "Feeds at the end")));
    let part = |from: usize, to: usize| blocks.get(from..to).unwrap_or_default();
    (part(1, first), part(first, lists), part(lists, blocks.len()))
}

/// The whole session, counted from the load's start.
fn axis(session: &Session, verdict: &Verdict) -> Axis {
    let began = session.began.map_or(0, |t| t.timestamp_millis());
    let now = session.now_ms().max(began + 1);
    let zero = verdict.start.unwrap_or(began);
    // What is long before the load would only make the rest small. By another clock the load may begin after all that was
    // observed.
    let from = if zero - began > 10 * AROUND { zero - AROUND } else { began.min(zero) }.min(now - 1);
    Axis { from, to: now, zero }
}

/// Rescales and markers, as lines on the charts.
fn markers(r: &Report) -> Marks {
    let rescales = r.rescales.iter().filter_map(|s| {
        let from = s.from.map_or_else(String::new, |f| f.to_string());
        Some((s.at?.timestamp_millis(), format!("{from}→{}", s.to)))
    });
    let others =
        r.markers.iter().filter_map(|m| Some((m.at?.timestamp_millis(), m.message.chars().take(24).collect())));
    let mut all: Marks = rescales.chain(others).collect();
    all.sort();
    all
}

fn height(i: usize, panel: &Panel) -> f64 {
    match (i, panel.unit) {
        (0, _) => 220.0,
        (_, "replicas") => 110.0,
        _ => 130.0,
    }
}

/// A panel with its title and the place for the values under the pointer.
pub fn figure(panel: &Panel, axis: &Axis, marks: &Marks, height: f64) -> String {
    format!(
        "<figure class=\"panel\">\n<figcaption>{} <output></output></figcaption>\n{}</figure>\n",
        escaped(&panel.title),
        plot(panel, axis, marks, height)
    )
}

fn phases(v: &Verdict, axis: &Axis) -> String {
    let mut out =
        format!("<figure>\n<svg class=\"plot\" viewBox=\"0 0 {WIDTH} 26\" role=\"img\" aria-label=\"phases\">\n");
    for (i, p) in v.phases.iter().enumerate() {
        let (x0, x1) = (axis.x(p.from.clamp(axis.from, axis.to)), axis.x(p.to.clamp(axis.from, axis.to)));
        if x1 <= x0 {
            continue;
        }
        let failed = v.checks.iter().any(|c| c.phase.as_deref() == Some(&p.id) && c.found.outcome.as_str() == "failed");
        let class = if failed { "bad" } else { ["even", "odd"][i % 2] };
        let _ = writeln!(
            out,
            "<rect class=\"phase {class}\" x=\"{x0:.1}\" y=\"4\" width=\"{:.1}\" height=\"18\"><title>{}</title></rect>",
            x1 - x0,
            escaped(&p.message)
        );
        if x1 - x0 > 8.0 * p.id.len() as f64 {
            let _ = writeln!(out, "<text class=\"phasetext\" x=\"{:.1}\" y=\"17\">{}</text>", x0 + 5.0, escaped(&p.id));
        }
    }
    out + "</svg>\n</figure>\n"
}

/// What the script needs to show values: the axis and the points of every trace.
pub fn data(panels: &[Panel], axis: &Axis) -> String {
    let trace = |t: &super::panels::Trace| {
        let points: Vec<(i64, Option<f64>)> =
            t.points.iter().map(|p| (p.0, p.1.map(|v| (v * 1000.0).round() / 1000.0))).collect();
        serde_json::json!({ "name": t.name, "steps": t.shape == super::series::Shape::StepSeries, "points": points })
    };
    let panel = |p: &Panel| {
        let traces: Vec<_> = p.traces.iter().map(trace).collect();
        serde_json::json!({ "unit": p.unit, "traces": traces })
    };
    let all: Vec<_> = panels.iter().map(panel).collect();
    let data = serde_json::json!({
        "from": axis.from, "to": axis.to, "zero": axis.zero,
        "width": WIDTH, "left": LEFT, "right": RIGHT, "panels": all,
    });
    // The only character that could end the script element.
    data.to_string().replace('<', "\\u003c")
}

/// Blocks as HTML.
pub fn blocks_html(blocks: &[Block]) -> String {
    let mut out = String::new();
    for block in blocks {
        let _ = match block {
            Block::Title(t) => writeln!(out, "<h1>{}</h1>", escaped(t)),
            Block::Head(t) => writeln!(out, "<h2>{}</h2>", escaped(t)),
            Block::Line(t) => writeln!(out, "<p>{}</p>", escaped(t)),
            Block::Table(t) => writeln!(out, "{}", table(t)),
        };
    }
    out
}

fn table(t: &Table) -> String {
    // On a narrow page each row of these is a paragraph, with the column's name before each value.
    let many = t.head.len() > 3;
    let head: String = t.head.iter().map(|h| format!("<th>{}</th>", escaped(h))).collect();
    let row = |r: &Vec<String>| {
        let class = match r.first().map(String::as_str).filter(|_| t.signs) {
            Some("✓") => " class=\"passed\"",
            Some("✗") => " class=\"failed\"",
            Some(_) => " class=\"open\"",
            None => "",
        };
        let cell = |(i, c): (usize, &String)| match t.head.get(i).filter(|_| many) {
            Some(label) => format!("<td data-label=\"{}\">{}</td>", escaped(label), escaped(c)),
            None => format!("<td>{}</td>", escaped(c)),
        };
        let cells: String = r.iter().enumerate().map(cell).collect();
        format!("<tr{class}>{cells}</tr>\n")
    };
    let rows: String = t.rows.iter().map(row).collect();
    let class = if many { " class=\"many\"" } else { "" };
    format!(
        "<div class=\"wide\"><table{class}>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{rows}</tbody>\n</table></div>"
    )
}
