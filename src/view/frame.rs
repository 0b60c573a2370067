//! Borders, rules and titles of a column of panes. Must not draw what is inside.

use super::pane_row::Title;
use super::{
    Cx,
    layout::{PaneColumn, Slot},
    theme::Role,
    write,
};
use crate::format::text;
use ratatui::{buffer::Buffer, layout::Rect, style::Style};

/// Draws a column's frame; `title` gives what is written on a pane's rule.
pub fn draw(buf: &mut Buffer, column: &PaneColumn, cx: &Cx, title: impl Fn(&Slot) -> Title) {
    let g = cx.look.symbols.glyphs();
    let border = cx.look.style(Role::Border);
    let area = column.area;
    if area.width < 2 || area.height < 2 {
        return;
    }
    let (left, right, bottom) = (area.x, area.right() - 1, area.bottom() - 1);
    for y in area.y..=bottom {
        put(buf, left, y, g.vertical, border);
        put(buf, right, y, g.vertical, border);
    }
    for x in left..=right {
        put(buf, x, bottom, g.horizontal, border);
    }
    put(buf, left, bottom, g.corners[2], border);
    put(buf, right, bottom, g.corners[3], border);
    for (i, slot) in column.slots.iter().enumerate() {
        let focused = cx.ui.pane() == slot.row.pane && cx.ui.overlay.is_none() && cx.ui.panes().len() > 1;
        let line = if focused { cx.look.style(Role::Focus) } else { border };
        let y = slot.rule.y;
        for x in left + 1..right {
            put(buf, x, y, g.horizontal, line);
        }
        let ends = if i == 0 { [g.corners[0], g.corners[1]] } else { [g.tees[0], g.tees[1]] };
        put(buf, left, y, ends[0], border);
        put(buf, right, y, ends[1], border);
        let Title { name, summary: (summary, role), extent } = title(slot);
        let name_role = if focused { Role::Focus } else { Role::Title };
        let room = usize::from(area.width.saturating_sub(4));
        let (end, _) = buf.set_stringn(left + 2, y, format!(" {name} "), room, write::over(cx.look.style(name_role)));
        let mut free = right.saturating_sub(1);
        for (text, role) in [(extent.unwrap_or_default(), Role::Accent), (summary, role)] {
            let text = shortened(&text, usize::from(free.saturating_sub(end + 3)), g.ellipsis);
            if !text.is_empty() {
                free = free.saturating_sub(text::width(&text) as u16 + 2);
                // What is beside bad news is not bad itself.
                let text = format!(" {text} ");
                let (plain, news) = text.split_at(text.find(" ! ").unwrap_or(0));
                let (x, _) = buf.set_stringn(free, y, plain, usize::MAX, write::over(cx.look.style(Role::Muted)));
                buf.set_string(x, y, news, write::over(cx.look.style(role)));
            }
        }
    }
}

/// A summary in `room` columns: bad news, which stands at its end behind a `!`, before what is beside it; then whole clauses,
/// before one is cut.
fn shortened(text: &str, room: usize, ellipsis: char) -> String {
    if text::width(text) <= room {
        return text.into();
    }
    let text = text.find(" ! ").and_then(|at| text.get(at + 1..)).unwrap_or(text);
    let whole = |clause: &&str| {
        let closed = clause.matches('(').count() == clause.matches(')').count();
        closed && text::width(clause) <= room && 3 * text::width(clause) >= room
    };
    let ends = text.rmatch_indices([',', ';']).filter_map(|(at, _)| text.get(..at));
    std::iter::once(text).chain(ends).find(whole).map_or_else(|| text::fit(text, room, ellipsis), str::to_owned)
}

fn put(buf: &mut Buffer, x: u16, y: u16, c: char, style: Style) {
    if let Some(cell) = buf.cell_mut((x, y)) {
        cell.set_char(c).set_style(style);
    }
}

/// A window in the middle of `area`, emptied and framed; returns its inside.
pub fn window(buf: &mut Buffer, area: Rect, size: (u16, u16), name: &str, cx: &Cx) -> Rect {
    let width = size.0.saturating_add(4).min(area.width);
    let height = size.1.saturating_add(2).min(area.height);
    let window = Rect { x: area.x + (area.width - width) / 2, y: area.y + (area.height - height) / 2, width, height };
    let ground = cx.look.theme().screen().unwrap_or_default();
    for y in window.top()..window.bottom() {
        // A column on either side is blank, so that no word runs into the border. The left half of a wide character that
        // loses its right half goes, too.
        let left = window.left().saturating_sub(1).max(area.left());
        let right = (window.right() + 1).min(area.right());
        let wide = |x: u16| buf.cell((x, y)).is_some_and(|cell| text::width(cell.symbol()) > 1);
        let left = if left > area.left() && wide(left - 1) { left - 1 } else { left };
        for x in left..right {
            if let Some(cell) = buf.cell_mut((x, y)) {
                cell.reset();
                cell.set_style(ground);
            }
        }
    }
    let g = cx.look.symbols.glyphs();
    let line = cx.look.style(Role::Focus);
    if width >= 2 && height >= 2 {
        for x in window.left()..window.right() {
            put(buf, x, window.top(), g.horizontal, line);
            put(buf, x, window.bottom() - 1, g.horizontal, line);
        }
        for y in window.top()..window.bottom() {
            put(buf, window.left(), y, g.vertical, line);
            put(buf, window.right() - 1, y, g.vertical, line);
        }
        let corners = [(window.left(), window.top()), (window.right() - 1, window.top())];
        let low = [(window.left(), window.bottom() - 1), (window.right() - 1, window.bottom() - 1)];
        for ((x, y), c) in corners.into_iter().chain(low).zip(g.corners) {
            put(buf, x, y, c, line);
        }
        let title = if name.is_empty() { String::new() } else { format!(" {name} ") };
        buf.set_stringn(window.left() + 2, window.top(), title, usize::from(width.saturating_sub(4)), line);
    }
    Rect { x: window.x + 2, y: window.y + 1, width: width.saturating_sub(4), height: height.saturating_sub(2) }
        .intersection(window)
}

#[cfg(test)]
mod tests {
    use super::shortened;

    #[test]
    fn a_summary_loses_whole_clauses_and_keeps_its_bad_news() {
        let short = |text, room| shortened(text, room, '…');
        let score = "agreed 43 of 43, 4 of 4 rescales; a sync every 15 s (sure)";
        assert_eq!(short(score, 80), score);
        assert_eq!(short(score, 50), "agreed 43 of 43, 4 of 4 rescales");
        assert_eq!(short(score, 30), "agreed 43 of 43");
        assert_eq!(short("last 1→4 at 12:03:04, 1:05 ago", 28), "last 1→4 at 12:03:04");
        assert_eq!(short("guide: FAILED (7 passed, 1 failed)", 30), "guide: FAILED (7 passed, 1 fa…");
        let ingest = "0 docs/s  0 rejected  green  ! indexing pressure at 89 % of its limit";
        assert_eq!(short(ingest, 60), "! indexing pressure at 89 % of its limit");
        assert_eq!(short(ingest, 20), "! indexing pressure…");
    }
}
