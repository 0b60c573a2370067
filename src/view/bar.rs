//! The bar of a replay: the whole recording in a row, with its loads, markers and idle stretches, and the position in it.
//! Must not move the replay.

use super::{Cx, theme::Role};
use crate::format;
use crate::session::{Mark, Marker};
use crate::ui::Replay;
use ratatui::{buffer::Buffer, layout::Rect};

/// Columns left of the track: play or pause, the position, the length.
const LEFT: u16 = 22;
/// Columns right of it: the speed.
const RIGHT: u16 = 8;

/// The part of the bar's row that is the track.
fn track(row: Rect) -> Rect {
    let left = LEFT.min(row.width / 2);
    Rect { x: row.x + left, width: row.width.saturating_sub(left + RIGHT), ..row }
}

/// The moment at a column of the bar, if the track is there.
pub fn time_at(row: Rect, x: u16, replay: &Replay) -> Option<i64> {
    let track = track(row);
    let timeline = &replay.timeline;
    let span = timeline.to - timeline.from;
    if track.width < 2 || span <= 0 || x < track.x || x >= track.right() {
        return None;
    }
    Some(timeline.from + span * i64::from(x - track.x) / i64::from(track.width - 1))
}

/// The same at the nearest column of the track.
pub fn time_near(row: Rect, x: u16, replay: &Replay) -> Option<i64> {
    let track = track(row);
    time_at(row, x.max(track.x).min(track.right().saturating_sub(1)), replay)
}

pub fn draw(buf: &mut Buffer, row: Rect, cx: &Cx) {
    let Some(replay) = &cx.ui.replay else { return };
    let (look, g) = (cx.look, cx.look.symbols.glyphs());
    let timeline = &replay.timeline;
    let at = replay.goal.unwrap_or(cx.now).clamp(timeline.from, timeline.to);
    let (text, muted) = (look.style(Role::Text), look.style(Role::Muted));
    let state = if replay.playing { g.play } else { g.stop };
    let seconds = |ms: i64| format::clock((ms - timeline.from) / 1000);
    let left = format!(" {state} {:>8} / {:<8}", seconds(at), seconds(timeline.to));
    buf.set_stringn(row.x, row.y, left, usize::from(LEFT.min(row.width / 2)), text);
    let right = format!("{:>5}{} ", speed(replay.speed()), if replay.skip { "»" } else { " " });
    let width = right.chars().count() as u16;
    buf.set_stringn(row.right().saturating_sub(width), row.y, right, usize::from(width), muted);
    let track = track(row);
    let span = timeline.to - timeline.from;
    if track.width < 2 || span <= 0 {
        return;
    }
    let column = |ms: i64| track.x + ((ms - timeline.from).clamp(0, span) * i64::from(track.width - 1) / span) as u16;
    let within = |all: &[(i64, i64)], ms: i64| all.iter().any(|(from, to)| (*from..*to).contains(&ms));
    for x in track.left()..track.right() {
        let ms = time_at(row, x, replay).unwrap_or(timeline.from);
        let role = if within(&timeline.loads, ms) { Role::Load } else { Role::Muted };
        let idle = within(&timeline.idle, ms);
        let sign = if x < column(at) {
            g.bar
        } else if idle {
            g.grid
        } else {
            g.rest
        };
        let role = if x < column(at) && role == Role::Muted { Role::Text } else { role };
        if let Some(cell) = buf.cell_mut((x, row.y)) {
            cell.set_char(sign).set_style(look.style(role));
        }
    }
    for marker in &timeline.markers {
        let (sign, role) = sign(cx, marker);
        if let Some(cell) = buf.cell_mut((column(marker.ms), row.y)) {
            cell.set_char(sign).set_style(look.style(role));
        }
    }
    if let Some(cell) = buf.cell_mut((column(at), row.y)) {
        cell.set_char(g.rec).set_style(look.style(Role::Accent));
    }
}

fn sign(cx: &Cx, marker: &Marker) -> (char, Role) {
    let g = cx.look.symbols.glyphs();
    match &marker.mark {
        Mark::Rescale { from: Some(from), to, .. } if to < from => (g.down, Role::Text),
        Mark::Rescale { .. } => (g.up, Role::Text),
        Mark::LoadStart => (g.play, Role::Load),
        Mark::LoadEnd { failure: None } => (g.stop, Role::Load),
        Mark::LoadEnd { failure: Some(_) } => (g.cross, Role::Bad),
        Mark::Note(_) => (g.marker, Role::Accent),
        Mark::Incident(what) => g.incident(what),
    }
}

/// `×4`, `×1/4`.
pub fn speed(speed: f64) -> String {
    let whole = (1.0 / speed).round();
    if speed < 1.0 && (1.0 / whole - speed).abs() < 1e-6 { format!("×1/{whole}") } else { format!("×{speed}") }
}
