//! A sentence about what was just done, in the corner below the header for a few seconds. Must not decide how long.

use super::{Cx, frame, theme::Role, write};
use crate::format::text;
use ratatui::{buffer::Buffer, layout::Rect};

/// The most columns of its text, and the most lines.
const COLUMNS: usize = 100;
const LINES: usize = 5;

pub fn draw(buf: &mut Buffer, area: Rect, cx: &Cx) {
    let Some(message) = &cx.ui.message else { return };
    let most = usize::from(area.width.saturating_sub(6)).min(COLUMNS);
    if most < 8 || area.height < 5 {
        return;
    }
    let mut lines = text::wrap(message, most);
    let rest = lines.len() > LINES;
    lines.truncate(LINES.min(usize::from(area.height - 4)));
    if let Some(last) = lines.last_mut().filter(|_| rest) {
        last.push(cx.look.symbols.glyphs().ellipsis);
    }
    let width = lines.iter().map(|line| text::width(line)).max().unwrap_or(0) as u16;
    let corner = Rect {
        x: area.right().saturating_sub(width + 5),
        y: area.y + 1,
        width: (width + 4).min(area.width),
        height: (lines.len() as u16 + 2).min(area.height - 1),
    };
    let inside = frame::window(buf, corner, (width, lines.len() as u16), "", cx);
    for (i, line) in lines.iter().enumerate() {
        write::line(buf, inside, i as u16, &[(line, cx.look.style(Role::Accent))]);
    }
}
