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
pub const LEAST: u16 = 6;
/// How long a rate is valid, in milliseconds.
const HOLDS: i64 = 20_000;
/// How many times higher than the lines a level may be, so that they are not flat beside it.
const FLAT: f64 = 3.0;

/// One of the lines; names are cut at their beginning, where they are alike.
pub struct RateLine<'a> {
    pub name: &'a str,
    pub series: &'a Series,
    pub role: Role,
    /// What it is of is no more: its last rate says nothing.
    pub is_gone: bool,
}

/// A rate that the lines are compared with, such as what a replica carries.
pub struct Level {
    pub name: &'static str,
    pub rate: f64,
}

/// The first line lies on top. A level is left out where it is so high that the lines would be flat beside it.
pub fn draw(buf: &mut Buffer, area: Rect, cx: &Cx, title: &str, all: &[RateLine], levels: &[Level]) {
    if all.is_empty() || area.height < LEAST {
        return;
    }
    write::line(buf, area, 0, &[(" ", cx.look.style(Role::Title)), (title, cx.look.style(Role::Title))]);
    let chart = Rect { y: area.y + 1, height: area.height - 2, ..area };
    let (axis, margins) = time_axis::axis(cx, area.width);
    let ellipsis = cx.look.symbols.glyphs().ellipsis;
    // Where lines carry signs, their labels do, too.
    let signs = if cx.look.has_signs() { 2 } else { 0 };
    let room = usize::from(margins.right).saturating_sub(2 + signs).max(5);
    let line = |line: &RateLine| {
        let rate = line.series.at(cx.moment(), HOLDS).filter(|_| !line.is_gone);
        let rate = rate.map_or_else(String::new, |p| format!(" {}", format::count(p.1)));
        let name = text::fit_end(line.name, room.saturating_sub(text::width(&rate)), ellipsis);
        PlainLine {
            label: format!("{name}{rate}"),
            role: line.role,
            segments: line.series.segments(axis.start_ms, axis.end_ms),
            peak: line.series.peak(),
            dashed: false,
        }
    };
    let began = cx.session.began.map_or(0, |at| at.timestamp_millis());
    let most = all.iter().map(|line| line.series.peak()).fold(0.0, f64::max);
    let level = |level: &Level| PlainLine {
        label: format!("{} {}", level.name, format::count(level.rate)),
        role: Role::Target,
        segments: vec![vec![(axis.start_ms.max(began), level.rate), (axis.end_ms - 1, level.rate)]],
        peak: 0.0,
        dashed: true,
    };
    let levels = levels.iter().filter(|level| level.rate <= most * FLAT).map(level);
    let lines: Vec<PlainLine> = levels.chain(all.iter().rev().map(line)).collect();
    let markers = utilization::marks(cx, axis);
    let look = time_axis::style(cx);
    LineChart { axis, margins, lines, unit: format::count, cursor: cx.cursor(), markers }.draw(chart, buf, &look);
    let foot = Rect { y: area.bottom() - 1, height: 1, ..area };
    axis.draw_row(foot, buf, margins, cx.cursor(), &look);
}
