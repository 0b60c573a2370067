//! What all charts draw the same way: backgrounds, dashes, markers, the cursor, figures at the left, names at the right.
use super::labels::{Label, spread};
use super::scale::Scale;
use super::{ChartAreas, ChartStyle, MarkerAt, TimeAxis};
use crate::format::text;
use crate::view::symbols::{Symbols, sign};
use crate::view::theme::Role;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use unicode_width::UnicodeWidthStr;

/// Writes a character into a blank cell, whose background stays.
pub(super) fn put_blank(buf: &mut Buffer, x: u16, y: u16, glyph: char, role: Role, style: &ChartStyle) {
    if let Some(cell) = buf.cell_mut((x, y)).filter(|cell| cell.symbol() == " ") {
        cell.set_char(glyph);
        let mut style = style.theme.style(role);
        style.bg = None;
        cell.set_style(style);
    }
}

/// Gives a cell a role's background, or shades it by a character where the theme has none.
pub(super) fn fill(buf: &mut Buffer, x: u16, y: u16, role: Role, style: &ChartStyle) {
    match style.theme.fill(role) {
        Some(colour) => {
            if let Some(cell) = buf.cell_mut((x, y)) {
                cell.set_bg(colour);
            }
        }
        None => {
            let glyphs = style.symbols.glyphs();
            // Where their colours differ, the lighter shade serves both.
            let heavy = role == Role::Above && style.theme.style(role).fg.is_none();
            put_blank(buf, x, y, if heavy { glyphs.above } else { glyphs.band }, role, style);
        }
    }
}

/// Half a cell of a role's background, the upper or the lower; nothing where there are only characters.
pub(super) fn fill_half(buf: &mut Buffer, x: u16, y: u16, upper: bool, role: Role, style: &ChartStyle) {
    let Some(colour) = style.theme.fill(role).filter(|_| style.symbols != Symbols::Ascii) else { return };
    if let Some(cell) = buf.cell_mut((x, y)).filter(|cell| cell.symbol() == " ") {
        cell.set_char(if upper { '▀' } else { '▄' }).set_fg(colour);
    }
}

/// A dashed horizontal line in blank cells, columns `from..to` of `area`.
pub(super) fn dashes(buf: &mut Buffer, area: Rect, row: usize, from: usize, to: usize, role: Role, style: &ChartStyle) {
    let Some(y) = offset(area.y, row, area.height) else { return };
    for column in from..to.min(usize::from(area.width)) {
        // A full-width dash makes a solid line unless every other one is left out.
        if style.symbols != Symbols::Braille && column % 2 == 1 {
            continue;
        }
        let x = area.x + column as u16;
        put_blank(buf, x, y, style.symbols.glyphs().dash, role, style);
    }
}

/// `origin + i` if `i` lies within `length`.
pub(super) fn offset(origin: u16, i: usize, length: u16) -> Option<u16> {
    u16::try_from(i).ok().filter(|i| *i < length).map(|i| origin + i)
}

/// Thin vertical lines with their texts in the head row; where they overlap, bad news and then the newest text stays, and
/// another one keeps its sign.
pub(super) fn markers(buf: &mut Buffer, areas: &ChartAreas, axis: TimeAxis, markers: &[MarkerAt], style: &ChartStyle) {
    let cells = usize::from(areas.plot.width);
    let mut seen: Vec<(u16, &MarkerAt)> =
        markers.iter().filter_map(|m| Some((axis.column_within(m.at, cells)?, m))).collect();
    seen.sort_by_key(|(column, m)| (*column, m.at));
    // Bad news has its text before anything newer.
    let bad = |m: &MarkerAt| m.role == Role::Bad;
    let mut taken: Vec<(u16, u16)> = Vec::new();
    let order = seen.iter().rev().filter(|(_, m)| bad(m)).chain(seen.iter().rev().filter(|(_, m)| !bad(m)));
    let mut signs: Vec<(u16, &MarkerAt)> = Vec::new();
    for (column, marker) in order {
        let x = areas.plot.x + column;
        let line = if marker.role == Role::Marker { Role::Faint } else { marker.role };
        for y in areas.plot.y..areas.plot.bottom() {
            put_blank(buf, x, y, style.symbols.glyphs().marker, line, style);
        }
        if areas.head.height == 0 {
            continue;
        }
        let long = u16::try_from(marker.text.width()).unwrap_or(u16::MAX);
        match is_free(&taken, *column, long, areas.head.width) {
            true => {
                buf.set_stringn(x, areas.head.y, &marker.text, usize::from(long), style.theme.style(marker.role));
                taken.push((*column, column + long));
            }
            false => signs.push((*column, marker)),
        }
    }
    // Where all texts are that fit, the others have their signs.
    for (column, marker) in signs {
        if is_free(&taken, column, 1, areas.head.width) {
            let sign: String = marker.text.chars().take(1).collect();
            buf.set_stringn(areas.plot.x + column, areas.head.y, &sign, 1, style.theme.style(marker.role));
            taken.push((column, column + 1));
        }
    }
}

/// Whether a text fits between those that are there, with a blank column on either side.
fn is_free(taken: &[(u16, u16)], column: u16, long: u16, width: u16) -> bool {
    let end = column.saturating_add(long);
    end <= width && taken.iter().all(|(from, to)| end < *from || column > *to)
}

/// The time cursor: a line through everything, where blank.
pub(super) fn cursor(buf: &mut Buffer, plot: Rect, axis: TimeAxis, at: Option<i64>, style: &ChartStyle) {
    let Some(column) = at.and_then(|at| axis.column_within(at, usize::from(plot.width))) else { return };
    for y in plot.y..plot.bottom() {
        put_blank(buf, plot.x + column, y, style.symbols.glyphs().cursor, Role::Cursor, style);
    }
}

/// Figures beside the plot, first come first served: one a row, right-aligned, a blank column before the plot.
pub(super) fn figures(buf: &mut Buffer, left: Rect, figures: &[(usize, String, Role)], style: &ChartStyle) {
    let room = usize::from(left.width.saturating_sub(1));
    let mut taken = vec![false; usize::from(left.height)];
    for (row, text, role) in figures {
        let Some(y) = offset(left.y, *row, left.height) else { continue };
        if room == 0 || std::mem::replace(&mut taken[*row], true) {
            continue;
        }
        let long = text.width().min(room);
        let x = left.x + (room - long) as u16;
        buf.set_stringn(x, y, text, long, style.theme.style(*role));
    }
}

/// Names at the right end, in the right margin, or over the plot's end when there is no margin.
pub(super) fn names(buf: &mut Buffer, areas: &ChartAreas, labels: Vec<Label>, style: &ChartStyle) {
    let (rows, ellipsis) = (usize::from(areas.plot.height), style.symbols.glyphs().ellipsis);
    for label in spread(labels, rows) {
        let Some(y) = offset(areas.plot.y, label.row, areas.plot.height) else { continue };
        let role = style.theme.style(label.role);
        // Without colour the sign on the line tells which one it is.
        let plain = style.theme.colourless() || style.symbols == Symbols::Ascii;
        let label = match sign(label.role).filter(|_| plain) {
            Some(sign) => Label { text: format!("{sign} {}", label.text), ..label },
            None => label,
        };
        if areas.right.width > 1 {
            let room = usize::from(areas.right.width - 1);
            let text = text::fit(&label.text, room, ellipsis);
            buf.set_stringn(areas.right.x + 1, y, text, room, role);
        } else {
            let text = text::fit(&label.text, usize::from(areas.plot.width), ellipsis);
            let x = areas.plot.right() - (text.width() as u16).min(areas.plot.width);
            buf.set_stringn(x, y, &text, usize::from(areas.plot.width), role);
        }
    }
}

/// Sparse points where a labelled value and a labelled time meet.
pub(super) fn grid(
    buf: &mut Buffer,
    plot: Rect,
    axis: TimeAxis,
    rows: impl Iterator<Item = usize>,
    style: &ChartStyle,
) {
    let (ticks, _) = axis.ticks(plot.width, style.zero_ms());
    for row in rows {
        let Some(y) = offset(plot.y, row, plot.height) else { continue };
        for column in ticks.iter().filter_map(|at| axis.column_within(*at, usize::from(plot.width))) {
            put_blank(buf, plot.x + column, y, style.symbols.glyphs().grid, Role::Faint, style);
        }
    }
}

/// A scale's tick figures as rows and texts.
pub(super) fn tick_figures(scale: Scale, rows: usize, unit: fn(f64) -> String) -> Vec<(usize, String, Role)> {
    scale.ticks(rows).into_iter().map(|v| (scale.row(v, rows), unit(v), Role::Muted)).collect()
}
