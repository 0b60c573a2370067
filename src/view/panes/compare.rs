//! The marked HPAs under each other on one time axis: each metric in percent of its target, and the replicas. Must not judge:
//! the troubles are the session's.

use super::{empty_state, fleet};
use crate::explain::fleet as words;
use crate::format::{self, text};
use crate::session::fleet::HpaRow;
use crate::ui::{HpaName, YAxis};
use crate::view::{
    Cx,
    chart::{Margins, MetricLine, Segments, StepChart, TimeAxis, UtilizationChart},
    pane_row::{Extent, Summary},
    theme::Role,
    time_axis, write,
};
use ratatui::{buffer::Buffer, layout::Rect};

/// Rows of one HPA at least: its name, its metrics, its replicas.
const LEAST: u16 = 5;
/// With this many rows for one HPA, replicas are steps.
const STEPS: u16 = 10;
/// Percent of the target from which on all charts are logarithmic.
const LOGARITHMIC: f64 = 300.0;

pub fn summary(cx: &Cx) -> Summary {
    (cx.ui.range(cx.session), Role::Muted)
}

pub fn extent(cx: &Cx, area: Rect) -> Extent {
    Extent::of(Some(cx.ui.row), usize::from((area.height / LEAST).max(1)), cx.ui.fleet.marked.len())
}

/// What all charts have in common.
struct Shared {
    axis: TimeAxis,
    margins: Margins,
    y: YAxis,
    reach: f64,
}

pub fn draw(buf: &mut Buffer, area: Rect, cx: &Cx) {
    let all = cx.ui.compared(cx.session);
    let Extent { first, shown, .. } = extent(cx, area);
    if shown == 0 {
        return empty_state::sentence(buf, area, cx, "no row of the list is marked", Role::Muted);
    }
    let (axis, margins) = time_axis::axis(cx, area.width);
    let lines: Vec<Vec<MetricLine>> =
        all.iter().map(|(_, row)| row.map_or_else(Vec::new, |row| lines(cx, row, axis))).collect();
    let visible = lines.iter().flatten().flat_map(|line| line.segments.iter().flatten());
    let values = visible.filter(|(ms, v)| (axis.start_ms..axis.end_ms).contains(ms) && v.is_finite());
    let reach = values.map(|(_, v)| *v).fold(0.0, f64::max);
    let y = match cx.ui.y {
        YAxis::Auto if reach >= LOGARITHMIC => YAxis::Log,
        YAxis::Auto => YAxis::Linear,
        chosen => chosen,
    };
    let shared = Shared { axis, margins, y, reach };
    // All alike, so that heights can be compared.
    let each = area.height / shown as u16;
    let mut top = area.y;
    for (i, ((name, row), lines)) in all.into_iter().zip(lines).enumerate().skip(first).take(shown) {
        let place = Rect { y: top, height: each, ..area };
        top += each;
        title(buf, place, cx, (name, row), i == cx.ui.row);
        if let Some(row) = row {
            charts(buf, Rect { y: place.y + 1, height: each - 1, ..place }, cx, row, lines, &shared);
        }
    }
}

fn title(buf: &mut Buffer, area: Rect, cx: &Cx, (name, row): (&HpaName, Option<&HpaRow>), selected: bool) {
    let several = cx.session.fleet.as_deref().is_some_and(|fleet| fleet.clusters().len() > 1);
    let context = if several { format!("{} ", name.context) } else { String::new() };
    let mut pieces = vec![(format!("{context}{}/{}", name.namespace, name.name), Role::Title)];
    match row {
        None => pieces.push(("gone".into(), Role::Warn)),
        Some(row) => {
            let now = cx.session.now.unwrap_or_default();
            let current = row.current.map_or_else(|| format::UNKNOWN.into(), |n| n.to_string());
            let (min, max) = (row.hpa.min_replicas.unwrap_or(1), row.hpa.max_replicas);
            pieces.push((format!("{current} of {min}–{max}"), Role::Text));
            let (state, severity) = words::state(row, now);
            pieces.push((state, fleet::role(severity)));
            pieces.extend(words::next(row).map(|next| (format!("next sync: {next}"), Role::Muted)));
            let rescaled = words::rescaled(row, now).map(|(ago, to)| format!("rescaled {to} {ago}"));
            pieces.extend(rescaled.map(|text| (text, Role::Muted)));
        }
    }
    let g = cx.look.symbols.glyphs();
    let sign = if selected { g.pointer } else { ' ' };
    let mut x = write::line(buf, area, 0, &[(&format!("{sign} "), cx.look.style(Role::Accent))]);
    for (i, (piece, role)) in pieces.iter().enumerate() {
        let room = usize::from(area.right().saturating_sub(x));
        let wanted = text::width(piece) + 2;
        // What it is and how it is doing is cut, everything after that is left out.
        if wanted > room && i > 2 {
            break;
        }
        let rest = Rect { x, width: area.right().saturating_sub(x), ..area };
        let piece = text::fit(piece, room.saturating_sub(1), g.ellipsis);
        x = write::line(buf, rest, 0, &[(&piece, cx.look.style(*role)), ("  ", cx.look.style(Role::Text))]);
    }
}

fn charts(buf: &mut Buffer, area: Rect, cx: &Cx, row: &HpaRow, series: Vec<MetricLine>, shared: &Shared) {
    let Shared { axis, margins, y, reach } = *shared;
    let style = time_axis::style(cx);
    let steps = match area.height {
        ..3 => 0,
        STEPS.. => area.height / 3,
        _ => 1,
    };
    let above = Rect { height: area.height - steps, ..area };
    let cursor = cx.cursor();
    UtilizationChart { axis, margins, y, series, reach, cursor, markers: vec![], gaps: vec![], time_row: false }
        .draw(above, buf, &style);
    let bound = |n: i32| vec![(axis.start_ms, Some(f64::from(n)))];
    let end = (cx.session.now_ms() + 1, None);
    let current = row.history.replicas().into_iter().map(|(ms, n)| (ms, n.map(f64::from))).chain([end]).collect();
    StepChart {
        axis,
        margins,
        current,
        desired: vec![],
        ready: vec![],
        shadows: vec![],
        min: bound(row.hpa.min_replicas.unwrap_or(1)),
        max: bound(row.hpa.max_replicas),
        cursor,
        markers: vec![],
    }
    .draw(Rect { y: above.bottom(), height: steps, ..area }, buf, &style);
}

/// Each metric that the spec has, or had within the hour, in percent of its target.
fn lines(cx: &Cx, row: &HpaRow, axis: TimeAxis) -> Vec<MetricLine> {
    let known = row.history.metrics(cx.session.now_ms()).enumerate();
    let line = |(i, (name, segments)): (usize, (&str, Segments))| {
        let figure = row.figures.iter().find(|figure| figure.label == name);
        let percent = |segment: Vec<(i64, f64)>| segment.into_iter().map(|(ms, ratio)| (ms, 100.0 * ratio)).collect();
        MetricLine {
            name: name.to_owned(),
            label: figure.map_or_else(|| name.to_owned(), words::figure),
            role: Role::SERIES[i % Role::SERIES.len()],
            segments: segments.into_iter().map(percent).collect(),
            target: vec![(axis.start_ms, Some(100.0))],
            band: row.band,
        }
    };
    known.map(line).collect()
}
