//! The stabilization window as a picture: the recommendations over time, and the highest of the window in force. Must
//! not compute them.

use crate::format;
use crate::session::decisions::sync::Sync;
use crate::view::{
    Cx,
    chart::{LineChart, PlainLine, TimeAxis},
    theme::Role,
    time_axis,
};
use ratatui::{buffer::Buffer, layout::Rect};

/// Rows that it would like to have: a title, the chart, the time axis; 0 where there is nothing to draw.
pub fn rows(sync: &Sync, area: Rect) -> u16 {
    match sync.window() {
        Some(w) if w.recommended.len() > 1 && area.width >= 30 => 11,
        _ => 0,
    }
}

pub fn draw(buf: &mut Buffer, area: Rect, cx: &Cx, sync: &Sync) {
    let Some(w) = sync.window() else { return };
    let head = format!("recommendations, and the highest of the last {} s", w.seconds);
    buf.set_stringn(area.x, area.y, head, usize::from(area.width), cx.look.style(Role::Muted));
    let (chart, foot) = (
        Rect { y: area.y + 1, height: area.height.saturating_sub(2), ..area },
        Rect { y: area.bottom().saturating_sub(1), height: 1, ..area },
    );
    let margins = time_axis::margins(cx, area.width);
    let span = (w.seconds * 2500).clamp(150_000, 1_800_000);
    let axis = TimeAxis { start_ms: sync.last - span, end_ms: sync.last + 2000 };
    let line = |label: String, role, points: &[(i64, i32)]| PlainLine {
        label,
        role,
        segments: vec![steps(points, sync.last)],
        peak: 0.0,
        dashed: false,
    };
    let last = |p: &[(i64, i32)]| p.last().map_or(0, |p| p.1);
    let lines = vec![
        line(format!("highest {}", last(&w.highest)), Role::Marker, &w.highest),
        line(format!("wanted {}", last(&w.recommended)), Role::Series3, &w.recommended),
    ];
    let chart_of = LineChart { axis, margins, lines, unit: format::count, cursor: None, markers: Vec::new() };
    chart_of.draw(chart, buf, &time_axis::style(cx));
    axis.draw_row(foot, buf, margins, None, &time_axis::style(cx));
}

/// Values that hold until the next, as a line of corners.
fn steps(points: &[(i64, i32)], end: i64) -> Vec<(i64, f64)> {
    let mut out: Vec<(i64, f64)> = Vec::with_capacity(points.len() * 2 + 1);
    for (ms, v) in points {
        if let Some((_, before)) = out.last().copied() {
            out.push((ms - 1, before));
        }
        out.push((*ms, f64::from(*v)));
    }
    out.extend(out.last().map(|p| (end + 1000, p.1)));
    out
}
