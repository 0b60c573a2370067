//! Text into a row of a buffer. Must not choose a colour.

use ratatui::{
    buffer::Buffer,
    layout::Rect,
    style::{Modifier, Style},
};

/// A style for text over what is drawn already: without colours lines and grids are dim, and the text is not.
pub fn over(style: Style) -> Style {
    Style::new().remove_modifier(Modifier::all()).patch(style)
}

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

/// Takes the underline from blanks beside an underlined text, such as those that align a figure: only blanks between two words
/// keep it.
pub fn underline_words(buf: &mut Buffer) {
    let area = buf.area;
    let is_word = |buf: &Buffer, x: u16, y: u16| {
        buf.cell((x, y)).is_some_and(|c| c.modifier.contains(Modifier::UNDERLINED) && c.symbol() != " ")
    };
    for y in area.top()..area.bottom() {
        for x in area.left()..area.right() {
            let between = x > area.left() && is_word(buf, x - 1, y) && is_word(buf, x + 1, y);
            if !between
                && !is_word(buf, x, y)
                && let Some(cell) = buf.cell_mut((x, y))
            {
                cell.modifier.remove(Modifier::UNDERLINED);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_blank_between_two_words_is_underlined() {
        let mut buf = Buffer::empty(Rect::new(0, 0, 24, 1));
        let lines = Style::new().add_modifier(Modifier::UNDERLINED);
        buf.set_string(0, 0, "lost ", Style::new());
        buf.set_string(5, 0, "   139 k given up  ", lines);
        underline_words(&mut buf);
        let lines: String =
            buf.content.iter().map(|c| if c.modifier.contains(Modifier::UNDERLINED) { '_' } else { ' ' }).collect();
        assert_eq!(lines, format!("{}{}  ", " ".repeat(8), "_".repeat(14)));
    }
}
