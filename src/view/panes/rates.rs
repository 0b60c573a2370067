//! Items a second over time, several lines over one axis with a title: for panes that have room left below their table.
//! Must not choose what is drawn.

use super::utilization;
use crate::format::{self, text};
use crate::session::Series;
use crate::view::{
    Cx,
    chart::{LineChart, PlainLine},
    theme::Role,
    time_axis, write,
};
use ratatui::{buffer::Buffer, layout::Rect};

/// Rows that it needs, with its title and its axis.
pub const LEAST: u16 = 8;

/// Each line's name and what it is of, the most important first. Names are cut at their beginning, where they are alike.
pub fn draw(buf: &mut Buffer, area: Rect, cx: &Cx, title: &str, all: &[(&str, &Series)]) {
    if all.is_empty() || area.height < LEAST {
        return;
    }
    write::line(buf, area, 0, &[(" ", cx.look.style(Role::Title)), (title, cx.look.style(Role::Title))]);
    let chart = Rect { y: area.y + 1, height: area.height - 2, ..area };
    let (axis, margins) = time_axis::axis(cx, area.width);
    let ellipsis = cx.look.symbols.glyphs().ellipsis;
    let room = usize::from(margins.right).saturating_sub(2).max(5);
    let line = |((name, series), role): (&(&str, &Series), Role)| PlainLine {
        label: text::fit_end(name, room, ellipsis),
        role,
        segments: series.segments(axis.start_ms, axis.end_ms).iter().map(|s| s.to_vec()).collect(),
    };
    let mut lines: Vec<PlainLine> = all.iter().zip(Role::SERIES).map(line).collect();
    // What is drawn last lies on top.
    lines.reverse();
    let markers = utilization::marks(cx, axis);
    let look = time_axis::style(cx);
    LineChart { axis, margins, lines, unit: format::count, cursor: cx.cursor(), markers }.draw(chart, buf, &look);
    let foot = Rect { y: area.bottom() - 1, height: 1, ..area };
    axis.draw_row(foot, buf, margins, cx.cursor(), &look);
}
