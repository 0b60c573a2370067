//! A panel as SVG inside the page: colours are the page's CSS classes, so that one picture serves light and dark. Must not
//! choose what is in a panel.

use super::figures::with_unit;
use super::panels::{Panel, Trace};
use super::series::Shape;
use super::svg::escaped;
use crate::format;
use std::fmt::Write;

/// The picture's own units.
pub const WIDTH: f64 = 1000.0;
pub const LEFT: f64 = 70.0;
pub const RIGHT: f64 = 130.0;
const TOP: f64 = 6.0;
const FOOT: f64 = 20.0;
/// The most points of a line: more than the picture has pixels.
const POINTS: usize = 2000;

/// The time axis that all panels share, milliseconds since 1970, and what counts as 0:00.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Axis {
    pub from: i64,
    pub to: i64,
    pub zero: i64,
}

/// Vertical lines: (milliseconds since 1970, text).
pub type Marks = Vec<(i64, String)>;

impl Axis {
    /// The position of a time.
    pub fn x(&self, ms: i64) -> f64 {
        let span = (self.to - self.from).max(1) as f64;
        LEFT + (ms - self.from) as f64 / span * (WIDTH - LEFT - RIGHT)
    }

    /// The times that get a label, counted from zero.
    fn ticks(&self) -> Vec<i64> {
        const STEPS: [i64; 14] = [5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 21_600, 86_400];
        let span = (self.to - self.from).max(1);
        let step = STEPS.iter().map(|s| s * 1000).find(|s| span / s <= 10).unwrap_or(span / 8).max(1);
        let first = (self.from - self.zero).div_euclid(step) * step + self.zero;
        (0..).map(|n| first + n * step).skip_while(|t| *t < self.from).take_while(|t| *t <= self.to).take(20).collect()
    }
}

/// The value axis.
#[derive(Clone, Copy)]
struct Scale {
    lo: f64,
    hi: f64,
    log: bool,
    height: f64,
}

impl Scale {
    fn of(panel: &Panel, height: f64) -> Scale {
        let values = || panel.traces.iter().flat_map(|t| t.points.iter().filter_map(|p| p.1));
        let most = values().chain(panel.bands.iter().flatten().filter_map(|b| b.1.map(|b| b.1))).fold(0.0, f64::max);
        let most = if most > 0.0 { most } else { 1.0 };
        let least = values().filter(|v| *v > 0.0).fold(most, f64::min);
        match panel.log {
            true => Scale { lo: 10f64.powf(least.log10().floor()), hi: most * 1.2, log: true, height },
            false => Scale { lo: 0.0, hi: most * 1.08, log: false, height },
        }
    }

    fn y(&self, v: f64) -> f64 {
        let part = match self.log {
            true => (v.max(self.lo) / self.lo).ln() / (self.hi / self.lo).ln(),
            false => v / self.hi,
        };
        TOP + self.height * (1.0 - part.clamp(0.0, 1.0))
    }

    fn ticks(&self, unit: &str) -> Vec<f64> {
        if self.log {
            return (0..12).map(|n| self.lo * 10f64.powi(n)).take_while(|v| *v <= self.hi).collect();
        }
        let raw = self.hi / 4.0;
        let power = 10f64.powf(raw.log10().floor());
        let step = [1.0, 2.0, 2.5, 5.0, 10.0].iter().map(|s| s * power).find(|s| *s >= raw).unwrap_or(power * 10.0);
        let step = match unit {
            "replicas" => step.max(1.0).round(),
            // Sizes are shown in powers of two.
            "bytes" | "bytes_per_second" => raw.log2().ceil().exp2(),
            _ => step,
        };
        (0..12).map(|n| f64::from(n) * step).take_while(|v| *v <= self.hi).collect()
    }
}

/// The picture of a panel, `height` high without its time row.
pub fn plot(panel: &Panel, axis: &Axis, marks: &Marks, height: f64) -> String {
    let scale = Scale::of(panel, height);
    let total = TOP + height + FOOT;
    let mut out = format!(
        "<svg class=\"plot\" viewBox=\"0 0 {WIDTH} {total}\" role=\"img\" aria-label=\"{}\">\n",
        escaped(&panel.title)
    );
    let (right, bottom) = (WIDTH - RIGHT, TOP + height);
    for band in &panel.bands {
        for (x0, x1, (lo, hi)) in intervals(band, axis) {
            let (y0, y1) = (scale.y(hi), scale.y(lo));
            let _ = writeln!(
                out,
                "<rect class=\"band\" x=\"{x0:.1}\" y=\"{y0:.1}\" width=\"{:.1}\" height=\"{:.1}\"/>",
                x1 - x0,
                y1 - y0
            );
        }
    }
    for v in scale.ticks(panel.unit) {
        let y = scale.y(v);
        let _ = writeln!(
            out,
            "<line class=\"grid\" x1=\"{LEFT}\" x2=\"{right}\" y1=\"{y:.1}\" y2=\"{y:.1}\"/>\
             <text class=\"tick\" x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>",
            LEFT - 6.0,
            y + 4.0,
            escaped(&with_unit(v, panel.unit))
        );
    }
    for t in axis.ticks() {
        let x = axis.x(t);
        let text = format::clock((t - axis.zero) / 1000);
        let _ = writeln!(
            out,
            "<line class=\"grid\" x1=\"{x:.1}\" x2=\"{x:.1}\" y1=\"{TOP}\" y2=\"{bottom}\"/>\
             <text class=\"tick\" x=\"{x:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{text}</text>",
            bottom + 15.0
        );
    }
    let mut free = [0.0; 2];
    for (ms, text) in marks.iter().filter(|m| (axis.from..=axis.to).contains(&m.0)) {
        let x = axis.x(*ms);
        let _ = writeln!(out, "<line class=\"mark\" x1=\"{x:.1}\" x2=\"{x:.1}\" y1=\"{TOP}\" y2=\"{bottom}\"/>");
        // Texts never overlap: one that has no room in the first or second row is left out, and only its line is drawn.
        if let Some(row) = free.iter().position(|f| x >= *f).filter(|_| !text.is_empty()) {
            let y = TOP + 9.0 + 12.0 * row as f64;
            let _ = writeln!(out, "<text class=\"marktext\" x=\"{:.1}\" y=\"{y}\">{}</text>", x + 3.0, escaped(text));
            free[row] = x + 8.0 + 6.5 * text.chars().count() as f64;
        }
    }
    for trace in &panel.traces {
        let dash = if trace.dashed { " dashed" } else { "" };
        let path = path(trace, axis, &scale);
        if !path.is_empty() {
            let _ = writeln!(out, "<path class=\"trace c{}{dash}\" d=\"{path}\"/>", trace.colour);
        }
    }
    names(&mut out, panel, &scale, axis);
    let _ = writeln!(out, "<line class=\"cursor\" x1=\"0\" x2=\"0\" y1=\"{TOP}\" y2=\"{bottom}\"/>\n</svg>");
    out
}

/// Where a band holds: x from, x to, values.
fn intervals(band: &[(i64, Option<(f64, f64)>)], axis: &Axis) -> Vec<(f64, f64, (f64, f64))> {
    let end = |i: usize| band.get(i + 1).map_or(axis.to, |b| b.0);
    let clip = |ms: i64| axis.x(ms.clamp(axis.from, axis.to));
    let known = band.iter().enumerate().filter_map(|(i, (ms, b))| b.map(|b| (clip(*ms), clip(end(i)), b)));
    known.filter(|s| s.1 > s.0).collect()
}

/// The line of a trace, cut to the axis; thinned so that no extreme is lost.
fn path(trace: &Trace, axis: &Axis, scale: &Scale) -> String {
    let mut out = String::new();
    let mut last: Option<(f64, f64)> = None;
    let points = thinned(&trace.points, axis);
    for (ms, value) in points {
        let x = axis.x(ms.clamp(axis.from, axis.to));
        if trace.shape == Shape::StepSeries
            && let Some((_, y)) = last
        {
            let _ = write!(out, "L{x:.1} {y:.1}");
        }
        last = value.map(|v| (x, scale.y(v)));
        if let Some((x, y)) = last {
            let joins = !out.is_empty() && !out.ends_with('Z');
            let sign = if joins { 'L' } else { 'M' };
            let _ = write!(out, "{sign}{x:.1} {y:.1}");
        } else if !out.ends_with('Z') && !out.is_empty() {
            // Marks a break in the line; removed below.
            out.push('Z');
        }
    }
    if let (Shape::StepSeries, Some((_, y))) = (trace.shape, last) {
        let _ = write!(out, "L{:.1} {y:.1}", axis.x(axis.to));
    }
    out.replace('Z', "")
}

/// The points that matter for the axis: the value when it begins, and of many points the extremes of each interval.
fn thinned(points: &[(i64, Option<f64>)], axis: &Axis) -> Vec<(i64, Option<f64>)> {
    let first = points.partition_point(|p| p.0 < axis.from).saturating_sub(1);
    let last = points.partition_point(|p| p.0 <= axis.to);
    let within = points.get(first..last).unwrap_or_default();
    if within.len() <= POINTS {
        return within.to_vec();
    }
    let size = within.len().div_ceil(POINTS / 2);
    let mut out = Vec::with_capacity(POINTS + 2);
    for chunk in within.chunks(size) {
        let known = || chunk.iter().filter(|p| p.1.is_some());
        let least = known().min_by(|a, b| a.1.partial_cmp(&b.1).unwrap_or(std::cmp::Ordering::Equal));
        let most = known().max_by(|a, b| a.1.partial_cmp(&b.1).unwrap_or(std::cmp::Ordering::Equal));
        let gap = chunk.iter().find(|p| p.1.is_none());
        let mut kept: Vec<_> = [least, most, gap].into_iter().flatten().copied().collect();
        kept.sort_by_key(|p| p.0);
        kept.dedup();
        out.extend(kept);
    }
    out
}

/// Names at the right ends of their lines, moved apart where they would overlap.
fn names(out: &mut String, panel: &Panel, scale: &Scale, axis: &Axis) {
    let last = |t: &Trace| t.points.iter().rev().find(|p| p.0 <= axis.to).and_then(|p| p.1.or(last_known(t)));
    let mut all: Vec<(f64, &Trace)> = panel.traces.iter().filter_map(|t| Some((scale.y(last(t)?), t))).collect();
    all.sort_by(|a, b| a.0.partial_cmp(&b.0).unwrap_or(std::cmp::Ordering::Equal));
    let room = ((scale.height / 11.0) as usize).max(1);
    all.truncate(room);
    let mut y = 0.0;
    let overflow = |from: f64, left: usize| (from + left as f64 * 11.0) - (TOP + scale.height + 8.0);
    let count = all.len();
    for (i, (at, trace)) in all.into_iter().enumerate() {
        let want = f64::max(at + 4.0, y + 11.0);
        y = (want - overflow(want, count - i - 1).max(0.0)).max(y + 11.0);
        let from = trace.name.char_indices().rev().nth(16).map_or(0, |c| c.0);
        let name = trace.name.get(from..).unwrap_or_default().trim_start_matches('-');
        let _ = writeln!(
            out,
            "<text class=\"name t{}\" x=\"{:.1}\" y=\"{y:.1}\">{}</text>",
            trace.colour,
            WIDTH - RIGHT + 6.0,
            escaped(name)
        );
    }
}

fn last_known(t: &Trace) -> Option<f64> {
    t.points.iter().rev().find_map(|p| p.1)
}
