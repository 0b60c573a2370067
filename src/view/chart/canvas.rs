//! Dots within cells: braille 2×4, quadrants 2×2 or one character. Lines that cross keep each other's dots; the last
//! one drawn gives the cell its colour.
use super::{ChartStyle, TimeAxis};
use crate::view::symbols::{Symbols, sign};
use crate::view::theme::Role;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

const FREE: u8 = u8::MAX;
const QUADRANTS: [char; 16] = [' ', '▘', '▝', '▀', '▖', '▌', '▞', '▛', '▗', '▚', '▐', '▜', '▄', '▙', '▟', '█'];
/// Cells between two signs on a line.
const SIGNS: usize = 10;

/// A dot raster as large as a plot.
pub(super) struct Canvas {
    symbols: Symbols,
    cells: usize,
    /// Dots across and down.
    pub(super) width: usize,
    pub(super) height: usize,
    mask: Vec<u8>,
    role: Vec<u8>,
    /// Without colour, lines differ by their dashes and signs; this is how many dots these have scrolled.
    dashes: Option<usize>,
    /// The same in cells.
    signs: usize,
}

impl Canvas {
    pub(super) fn new(area: Rect, axis: TimeAxis, style: &ChartStyle) -> Canvas {
        let symbols = style.symbols;
        let (across, down) = symbols.dots();
        let scrolled = || {
            let dots = usize::from(area.width) * across;
            (axis.start_ms as f64 / axis.dot_ms(dots)).round().rem_euclid(12.0) as usize
        };
        let (cells, rows) = (usize::from(area.width), usize::from(area.height));
        Canvas {
            symbols,
            cells,
            width: cells * across,
            height: rows * down,
            mask: vec![0; cells * rows],
            role: vec![FREE; cells * rows],
            signs: (axis.start_ms as f64 / axis.dot_ms(cells)).round().rem_euclid(SIGNS as f64) as usize,
            dashes: (style.theme.colourless() && symbols != Symbols::Ascii).then(scrolled),
        }
    }

    /// A column of a line. Where lines differ by dashes, the gaps of `dashed` ones are left out in flat stretches.
    pub(super) fn stroke(&mut self, x: usize, (a, b): (usize, usize), dashed: bool, role: Role) {
        if let Some(scrolled) = self.dashes.filter(|_| dashed && a.abs_diff(b) < 2) {
            let at = (x + scrolled) % 12;
            let gap = match role {
                Role::Series2 => at % 6 >= 4,
                Role::Series3 => at % 2 == 1,
                Role::Series4 => at >= 8,
                Role::Series5 => at % 4 >= 2,
                _ => false,
            };
            if gap {
                return;
            }
        }
        self.column(x, a, b, role);
    }

    /// Sets a column's dots from row `a` to row `b`, in either order, both included; outside the raster nothing.
    pub(super) fn column(&mut self, x: usize, a: usize, b: usize, role: Role) {
        if x >= self.width || self.height == 0 {
            return;
        }
        let (across, down) = self.symbols.dots();
        for y in a.min(b)..=a.max(b).min(self.height - 1) {
            let cell = y / down * self.cells + x / across;
            let bit = match self.symbols {
                Symbols::Braille => [[0x01, 0x02, 0x04, 0x40], [0x08, 0x10, 0x20, 0x80]][x % 2][y % 4],
                Symbols::Block => 1 << (y % 2 * 2 + x % 2),
                Symbols::Ascii => 1,
            };
            if let (Some(mask), Some(owner)) = (self.mask.get_mut(cell), self.role.get_mut(cell)) {
                *mask |= bit;
                *owner = role as u8;
            }
        }
    }

    /// Whether a cell has any dot.
    pub(super) fn taken(&self, column: u16, row: u16) -> bool {
        self.mask.get(usize::from(row) * self.cells + usize::from(column)).is_some_and(|m| *m != 0)
    }

    /// Writes the cells that have dots, keeping the backgrounds that lie there.
    pub(super) fn draw(&self, area: Rect, buf: &mut Buffer, style: &ChartStyle) {
        self.write(area, buf, style, false);
    }

    /// The same, without overwriting what is there.
    pub(super) fn draw_where_blank(&self, area: Rect, buf: &mut Buffer, style: &ChartStyle) {
        self.write(area, buf, style, true);
    }

    /// Whether a cell carries the sign of its line: every few cells, so that lines differ without colour.
    fn has_sign(&self, column: u16, row: u16, role: Role) -> bool {
        let (column, row) = (usize::from(column), usize::from(row));
        let place = Role::SERIES.iter().position(|r| *r == role).unwrap_or(0) * SIGNS / Role::SERIES.len();
        let highest = || (0..row).all(|r| self.role.get(r * self.cells + column) != Some(&(role as u8)));
        self.dashes.is_some() && (column + self.signs) % SIGNS == place && highest()
    }

    fn write(&self, area: Rect, buf: &mut Buffer, style: &ChartStyle, blank: bool) {
        for row in 0..area.height {
            for column in 0..area.width {
                let at = usize::from(row) * self.cells + usize::from(column);
                let (Some(mask), Some(owner)) = (self.mask.get(at), self.role.get(at)) else { continue };
                let (Some(role), Some(cell)) =
                    (Role::ALL.get(usize::from(*owner)), buf.cell_mut((area.x + column, area.y + row)))
                else {
                    continue;
                };
                if *mask == 0 || (blank && cell.symbol() != " ") {
                    continue;
                }
                let glyph = match self.symbols {
                    Symbols::Braille => char::from_u32(0x2800 + u32::from(*mask)).unwrap_or(' '),
                    Symbols::Block => QUADRANTS[usize::from(*mask & 15)],
                    Symbols::Ascii => sign(*role).unwrap_or('-'),
                };
                let glyph = sign(*role).filter(|_| self.has_sign(column, row, *role)).unwrap_or(glyph);
                cell.set_char(glyph).modifier = ratatui::style::Modifier::empty();
                cell.set_style(style.theme.style(*role));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::theme::Theme;

    #[test]
    fn lines_that_cross_keep_each_others_dots_and_the_last_colours_the_cell() {
        let theme = Theme::roles();
        for (symbols, wanted) in [(Symbols::Braille, "⣇"), (Symbols::Block, "▙"), (Symbols::Ascii, "o")] {
            let area = Rect::new(0, 0, 1, 1);
            let mut buf = Buffer::empty(area);
            buf[(0, 0)].set_bg(ratatui::style::Color::Red);
            let style = ChartStyle { theme: &theme, symbols, utc_offset_s: 0, origin: None };
            let mut canvas = Canvas::new(area, TimeAxis { start_ms: 0, end_ms: 1 }, &style);
            canvas.column(0, 0, 99, Role::Series1);
            canvas.column(1, canvas.height - 1, canvas.height - 1, Role::Series2);
            canvas.column(0, 0, 0, Role::Series2);
            canvas.column(99, 0, 0, Role::Series3);
            canvas.draw(area, &mut buf, &style);
            assert_eq!(buf[(0, 0)].symbol(), wanted);
            assert_eq!(buf[(0, 0)].style().fg, theme.style(Role::Series2).fg);
            assert_eq!(buf[(0, 0)].bg, ratatui::style::Color::Red);
        }
    }
}
