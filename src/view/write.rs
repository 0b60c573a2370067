//! Text into a row of a buffer. Must not choose a colour.

use ratatui::{buffer::Buffer, layout::Rect, style::Style};

/// Writes pieces one after the other in a row of `area`; what does not fit is cut. Returns the column after the last.
pub fn line(buf: &mut Buffer, area: Rect, row: u16, pieces: &[(&str, Style)]) -> u16 {
    let y = area.y.saturating_add(row);
    let mut x = area.x;
    if row >= area.height {
        return x;
    }
    for (text, style) in pieces {
        if x >= area.right() {
            break;
        }
        x = buf.set_stringn(x, y, text, usize::from(area.right() - x), *style).0;
    }
    x
}

/// The same with pieces that are owned.
pub fn pieces(buf: &mut Buffer, area: Rect, row: u16, pieces: &[(String, Style)]) -> u16 {
    let borrowed: Vec<(&str, Style)> = pieces.iter().map(|p| (p.0.as_str(), p.1)).collect();
    line(buf, area, row, &borrowed)
}
