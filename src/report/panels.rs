//! Which charts a report has, and what is in each: courses grouped by what they tell, all on one time axis. Must not draw.

use super::courses::{Course, Shape};

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

/// A stretch of the value axis that is shaded from a moment on: (milliseconds since 1970, low, high).
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

/// From so many times the target upwards a linear axis would hide target and band.
const LOG_FROM: f64 = 3.0;

/// Titles of the series that have a panel, in order; the others come after them under their own names.
const TITLES: [(&str, &str); 4] = [
    ("replicas", "Replicas"),
    ("recommendation", "Recommended replicas"),
    ("pod_cpu", "CPU of each pod"),
    ("pod_memory", "Memory of each pod"),
];

/// The panels of a session's courses; `tolerance` is the band below and above a target.
pub fn panels(courses: &[Course], tolerance: (f64, f64)) -> Vec<Panel> {
    let mut out = Vec::new();
    out.extend(metrics(courses, tolerance));
    let mut names: Vec<&str> = TITLES.iter().map(|t| t.0).collect();
    for c in courses.iter().filter(|c| !c.series.starts_with("hpa_")) {
        if !names.contains(&c.series) {
            names.push(c.series);
        }
    }
    for name in names {
        let own: Vec<&Course> = courses.iter().filter(|c| c.series == name).collect();
        let Some(first) = own.first() else { continue };
        let title = TITLES.iter().find(|t| t.0 == name).map_or_else(|| title_of(name), |t| t.1.to_string());
        let traces = own.iter().enumerate().map(|(i, c)| trace(c, i)).collect();
        out.push(Panel { title, unit: first.unit, traces, bands: Vec::new(), log: false });
    }
    out
}

/// `gateway_accepted` -> `Gateway accepted`.
fn title_of(series: &str) -> String {
    let mut text = series.replace('_', " ");
    if let Some(first) = text.get(..1).map(str::to_uppercase) {
        text.replace_range(..1, &first);
    }
    text
}

fn trace(course: &Course, i: usize) -> Trace {
    let name = course.labels.iter().map(|l| l.1.as_str()).collect::<Vec<_>>().join(" ");
    let (colour, dashed) = match (course.series, name.as_str()) {
        ("replicas", "current") => (3, false),
        ("replicas", "desired") => (4, true),
        ("replicas", "ready") => (2, false),
        ("replicas", _) => (0, true),
        _ => (i % 6 + 1, false),
    };
    let name = if name.is_empty() { course.series.replace('_', " ") } else { name };
    Trace { name, colour, dashed, shape: course.shape, points: course.points.clone() }
}

/// Each metric in percent: of the request, or of its target where it is of another type; with target and band.
fn metrics(courses: &[Course], tolerance: (f64, f64)) -> Option<Panel> {
    let samples = courses.iter().filter(|c| c.series == "hpa_metric");
    let mut panel = Panel { title: String::new(), unit: "percent", traces: vec![], bands: vec![], log: false };
    let (mut most, mut goal): (f64, f64) = (0.0, 0.0);
    let mut others = false;
    for (i, course) in samples.enumerate() {
        let target = courses.iter().find(|c| c.series == "hpa_target" && c.labels == course.labels)?;
        let percent = course.unit == "percent";
        others |= !percent;
        let at = |ms: i64| {
            let n = target.points.partition_point(|p| p.0 <= ms).max(1);
            target.points.get(n - 1).and_then(|p| p.1).filter(|t| *t > 0.0)
        };
        let scaled = |(ms, v): &(i64, Option<f64>)| {
            let v = if percent { *v } else { v.zip(at(*ms)).map(|(v, t)| v / t * 100.0) };
            (*ms, v)
        };
        let points: Vec<_> = course.points.iter().map(scaled).collect();
        most = points.iter().filter_map(|p| p.1).fold(most, f64::max);
        let line: Vec<_> =
            target.points.iter().map(|(ms, t)| (*ms, if percent { *t } else { t.map(|_| 100.0) })).collect();
        goal = line.iter().filter_map(|p| p.1).fold(goal, f64::max);
        let band = line.iter().map(|(ms, t)| (*ms, t.map(|t| (t * (1.0 - tolerance.0), t * (1.0 + tolerance.1)))));
        panel.bands.push(band.collect());
        let name = course.label("metric").to_string();
        let colour = i % 6 + 1;
        let target_name = format!("{name} target");
        panel.traces.push(Trace { name, colour, dashed: false, shape: Shape::Line, points });
        panel.traces.push(Trace { name: target_name, colour: 0, dashed: true, shape: Shape::Steps, points: line });
    }
    panel.log = goal > 0.0 && most > LOG_FROM * goal;
    let of = if others { "Metrics, percent of request or of target" } else { "Utilization of request" };
    panel.title = if panel.log { format!("{of} (logarithmic)") } else { of.into() };
    (!panel.traces.is_empty()).then_some(panel)
}
