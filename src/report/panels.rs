//! Which charts a report has and which series each shows, all on one time axis. Must not draw.

use super::series::{NamedSeries, Shape};
use std::collections::BTreeSet;

/// One line of a panel.
#[derive(Clone, Debug, PartialEq)]
pub struct Trace {
    pub name: String,
    /// 1 to 6: its colour; 0 is muted.
    pub colour: usize,
    pub dashed: bool,
    pub shape: Shape,
    pub points: Vec<(i64, Option<f64>)>,
}

/// A part of the value axis that is shaded from a time on: (milliseconds since 1970, low, high).
pub type Band = Vec<(i64, Option<(f64, f64)>)>;

/// A chart.
#[derive(Clone, Debug, PartialEq)]
pub struct Panel {
    pub title: String,
    pub unit: &'static str,
    pub traces: Vec<Trace>,
    pub bands: Vec<Band>,
    /// The value axis is logarithmic.
    pub log: bool,
}

/// A linear axis would hide target and band when the values reach this many times the target.
const LOG_FROM: f64 = 3.0;

/// The panels besides the metrics', in order: title, and the series that share it. Other series follow under their own
/// names.
const GROUPS: [(&str, &[&str]); 15] = [
    ("Replicas", &["replicas"]),
    ("Recommended replicas", &["recommendation"]),
    ("Load: virtual users", &["load_vus"]),
    ("Load: per second", &["load_iterations", "load_requests"]),
    ("Load: failed requests", &["load_failed"]),
    ("Load: p95 of the run so far", &["load_p95"]),
    ("CPU of each pod", &["pod_cpu"]),
    ("Memory of each pod", &["pod_memory"]),
    ("Items that each gateway pod accepts", &["pod_accepted"]),
    ("Gateway: items accepted and sent", &["gateway_accepted", "gateway_sent"]),
    ("Gateway: items refused and lost", &["gateway_refused", "gateway_send_failed", "gateway_enqueue_failed"]),
    ("Gateway: fill of the fullest queue", &["gateway_queue"]),
    ("Agents: items accepted and sent", &["agents_accepted", "agents_sent"]),
    ("Elasticsearch: documents", &["ingest_documents"]),
    ("Elasticsearch: writes turned away", &["ingest_rejections"]),
];

/// The panels of a session's series; `tolerance` is the band below and above a target.
pub fn panels(series: &[NamedSeries], tolerance: (f64, f64)) -> Vec<Panel> {
    let mut out = Vec::new();
    out.extend(metrics(series, tolerance));
    let others = series.iter().map(|c| c.name).filter(|s| !s.starts_with("hpa_"));
    let mut groups: Vec<(String, Vec<&str>)> = GROUPS.iter().map(|(t, all)| (t.to_string(), all.to_vec())).collect();
    for name in others {
        if !groups.iter().any(|g| g.1.contains(&name)) {
            groups.push((title_of(name), vec![name]));
        }
    }
    // A pod has its colour in every chart.
    let pods: BTreeSet<&str> = series.iter().map(|c| c.label("pod")).filter(|p| !p.is_empty()).collect();
    let place = |i: usize, c: &NamedSeries| pods.iter().position(|p| *p == c.label("pod")).unwrap_or(i);
    for (title, names) in groups {
        // A rare series that is always 0 is not worth a chart.
        let rare = names.iter().any(|n| RARE.iter().any(|r| n.ends_with(r)));
        let some = |c: &&NamedSeries| !rare || c.points.iter().any(|p| p.1.is_some_and(|v| v > 0.0));
        let own: Vec<&NamedSeries> = series.iter().filter(|c| names.contains(&c.name)).filter(some).collect();
        let Some(first) = own.first() else { continue };
        let mut traces: Vec<Trace> =
            own.iter().enumerate().map(|(i, c)| trace(c, place(i, c), names.len() > 1)).collect();
        // What matters most is drawn last.
        traces.sort_by_key(|t| t.colour == 3 && first.name == "replicas");
        out.push(Panel { title, unit: first.unit, traces, bands: Vec::new(), log: false });
    }
    out
}

/// Series that are 0 unless something is wrong; ends of their names.
const RARE: [&str; 4] = ["_refused", "_failed", "_rejections", "_write_queue"];

/// `gateway_accepted` -> `Gateway accepted`.
fn title_of(series: &str) -> String {
    let mut text = series.replace('_', " ");
    if let Some(first) = text.get(..1).map(str::to_uppercase) {
        text.replace_range(..1, &first);
    }
    text
}

fn trace(one: &NamedSeries, i: usize, shared: bool) -> Trace {
    let name = one.labels.iter().map(|l| l.1.as_str()).collect::<Vec<_>>().join(" ");
    let (colour, dashed) = match (one.name, name.as_str()) {
        ("replicas", "current") => (3, false),
        ("replicas", "desired") => (4, true),
        ("replicas", "ready") => (0, false),
        ("replicas", _) => (0, true),
        _ => (i % 6 + 1, false),
    };
    // In a panel of several series, what distinguishes them comes first.
    let own = one.name.split_once('_').map_or(one.name, |s| s.1).replace('_', " ");
    let name = match (shared, name.is_empty()) {
        (true, false) => format!("{own} {name}"),
        (_, true) => own,
        (false, false) => name,
    };
    Trace { name, colour, dashed, shape: one.shape, points: one.points.clone() }
}

/// Each metric in percent: of the request, or of its target where it is of another type; with target and band.
fn metrics(series: &[NamedSeries], tolerance: (f64, f64)) -> Option<Panel> {
    let samples = series.iter().filter(|c| c.name == "hpa_metric");
    let mut panel = Panel { title: String::new(), unit: "percent", traces: vec![], bands: vec![], log: false };
    let (mut most, mut goal): (f64, f64) = (0.0, 0.0);
    let mut others = false;
    for (i, one) in samples.enumerate() {
        let target = series.iter().find(|c| c.name == "hpa_target" && c.labels == one.labels)?;
        let percent = one.unit == "percent";
        others |= !percent;
        let at = |ms: i64| {
            let n = target.points.partition_point(|p| p.0 <= ms).max(1);
            target.points.get(n - 1).and_then(|p| p.1).filter(|t| *t > 0.0)
        };
        let scaled = |(ms, v): &(i64, Option<f64>)| {
            let v = if percent { *v } else { v.zip(at(*ms)).map(|(v, t)| v / t * 100.0) };
            (*ms, v)
        };
        let points: Vec<_> = one.points.iter().map(scaled).collect();
        most = points.iter().filter_map(|p| p.1).fold(most, f64::max);
        let line: Vec<_> =
            target.points.iter().map(|(ms, t)| (*ms, if percent { *t } else { t.map(|_| 100.0) })).collect();
        goal = line.iter().filter_map(|p| p.1).fold(goal, f64::max);
        let band = line.iter().map(|(ms, t)| (*ms, t.map(|t| (t * (1.0 - tolerance.0), t * (1.0 + tolerance.1)))));
        panel.bands.push(band.collect());
        let name = one.label("metric").to_string();
        let colour = i % 6 + 1;
        let target_name = format!("{name} target");
        panel.traces.push(Trace { name, colour, dashed: false, shape: Shape::Line, points });
        panel.traces.push(Trace { name: target_name, colour: 0, dashed: true, shape: Shape::StepSeries, points: line });
    }
    panel.log = goal > 0.0 && most > LOG_FROM * goal;
    let of = if others { "Metrics, percent of request or of target" } else { "Utilization of request" };
    panel.title = if panel.log { format!("{of} (logarithmic)") } else { of.into() };
    (!panel.traces.is_empty()).then_some(panel)
}
