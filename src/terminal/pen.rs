//! From changed cells to the bytes that show them, as few as possible: over a slow line, bytes are what one
//! waits for. Tracks the terminal's cursor and colours. Must not write.

use ratatui::{
    buffer::Cell,
    style::{Color, Modifier},
};
use std::io::Write;
use unicode_width::UnicodeWidthStr;

/// What can be seen of a blank cell besides its background.
const SEEN_ON_BLANK: Modifier = Modifier::UNDERLINED.union(Modifier::REVERSED).union(Modifier::CROSSED_OUT);
/// As SGR turns them on.
const MODIFIERS: [(Modifier, u8); 9] = [
    (Modifier::BOLD, 1),
    (Modifier::DIM, 2),
    (Modifier::ITALIC, 3),
    (Modifier::UNDERLINED, 4),
    (Modifier::SLOW_BLINK, 5),
    (Modifier::RAPID_BLINK, 6),
    (Modifier::REVERSED, 7),
    (Modifier::HIDDEN, 8),
    (Modifier::CROSSED_OUT, 9),
];

/// What is known of the terminal's state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pen {
    /// The cursor: column and row; None where it is not known.
    at: Option<(u16, u16)>,
    fg: Color,
    bg: Color,
    modifiers: Modifier,
}

impl Pen {
    /// Puts a cell at (column, row).
    pub fn put(&mut self, out: &mut Vec<u8>, x: u16, y: u16, cell: &Cell) {
        self.go(out, x, y);
        self.take(out, cell);
        let symbol = cell.symbol();
        out.extend_from_slice(symbol.as_bytes());
        self.at = u16::try_from(symbol.width()).ok().and_then(|w| Some((x.checked_add(w)?, y)));
    }

    /// Writes a cell where the cursor is.
    pub fn write(&mut self, out: &mut Vec<u8>, cell: &Cell) {
        self.take(out, cell);
        out.extend_from_slice(cell.symbol().as_bytes());
    }

    /// The cursor may be anywhere, as after the end of a frame.
    pub fn lose_place(&mut self) {
        self.at = None;
    }

    fn go(&self, out: &mut Vec<u8>, x: u16, y: u16) {
        // Writing into memory cannot fail.
        let _ = match self.at {
            Some(at) if at == (x, y) => Ok(()),
            Some((from, row)) if row == y && from + 1 == x => out.write_all(b"\x1b[C"),
            Some((from, row)) if row == y && from < x => write!(out, "\x1b[{}C", x - from),
            _ => write!(out, "\x1b[{};{}H", u32::from(y) + 1, u32::from(x) + 1),
        };
    }

    /// Changes colours and modifiers to the cell's, as far as they can be seen.
    fn take(&mut self, out: &mut Vec<u8>, cell: &Cell) {
        let hidden = cell.symbol() == " " && !(self.modifiers | cell.modifier).intersects(SEEN_ON_BLANK);
        let want = match hidden {
            true => Pen { bg: cell.bg, ..*self },
            false => Pen { fg: cell.fg, bg: cell.bg, modifiers: cell.modifier, ..*self },
        };
        if want == *self {
            return;
        }
        let mut codes: Vec<String> = Vec::new();
        if !want.modifiers.contains(self.modifiers) {
            codes.push("0".into());
            *self = Pen { at: self.at, ..Pen::default() };
        }
        let new = want.modifiers.difference(self.modifiers);
        codes.extend(MODIFIERS.iter().filter(|(m, _)| new.contains(*m)).map(|(_, code)| code.to_string()));
        if want.fg != self.fg {
            codes.push(colour(want.fg, 30));
        }
        if want.bg != self.bg {
            codes.push(colour(want.bg, 40));
        }
        *self = want;
        let _ = write!(out, "\x1b[{}m", codes.join(";"));
    }
}

/// The SGR parameters of a colour; `ground` is 30 for the foreground, 40 for the background.
fn colour(colour: Color, ground: u8) -> String {
    let indexed = |n: u8| format!("{};5;{n}", ground + 8);
    match colour {
        Color::Reset => (ground + 9).to_string(),
        Color::Rgb(r, g, b) => format!("{};2;{r};{g};{b}", ground + 8),
        Color::Indexed(n) => indexed(n),
        Color::Black => indexed(0),
        Color::Red => indexed(1),
        Color::Green => indexed(2),
        Color::Yellow => indexed(3),
        Color::Blue => indexed(4),
        Color::Magenta => indexed(5),
        Color::Cyan => indexed(6),
        Color::Gray => indexed(7),
        Color::DarkGray => indexed(8),
        Color::LightRed => indexed(9),
        Color::LightGreen => indexed(10),
        Color::LightYellow => indexed(11),
        Color::LightBlue => indexed(12),
        Color::LightMagenta => indexed(13),
        Color::LightCyan => indexed(14),
        Color::White => indexed(15),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use ratatui::backend::{Backend, CrosstermBackend};
    use ratatui::{buffer::Buffer, layout::Rect, style::Style};

    fn bytes(from: &Buffer, to: &Buffer, pen: &mut Pen) -> Vec<u8> {
        let mut out = Vec::new();
        pen.lose_place();
        from.diff(to).into_iter().for_each(|(x, y, cell)| pen.put(&mut out, x, y, cell));
        out
    }

    #[test]
    fn what_cannot_be_seen_is_not_said() {
        let area = Rect::new(0, 0, 20, 2);
        let (grey, red) = (Style::new().fg(Color::Indexed(8)), Style::new().fg(Color::Red));
        let (mut a, mut b) = (Buffer::empty(area), Buffer::empty(area));
        a.set_string(4, 0, ".", grey);
        a.set_string(9, 0, ".", grey);
        b.set_string(3, 0, ".", grey);
        b.set_string(8, 0, ".", grey);
        b.set_string(0, 1, "x", red);
        let mut pen = Pen::default();
        let written = String::from_utf8(bytes(&a, &b, &mut pen)).unwrap();
        assert_eq!(written, "\x1b[1;4H\x1b[38;5;8m. \x1b[3C. \x1b[2;1H\x1b[38;5;1mx");
        b.set_string(1, 1, "y", red);
        let written = String::from_utf8(bytes(&Buffer::empty(area), &b, &mut pen)).unwrap();
        assert!(!written.contains("[0m") && written.ends_with("\x1b[2;1H\x1b[38;5;1mxy"), "{written:?}");
    }

    /// (column, row, symbol, foreground, background, modifiers)
    type Put = (u16, u16, usize, u8, u8, u8);
    const SYMBOLS: [&str; 5] = ["a", " ", "⣿", "日", "·"];

    fn shade(n: u8) -> Color {
        [Color::Reset, Color::Rgb(n, 2, 3), Color::Indexed(n), Color::Red, Color::White][usize::from(n % 5)]
    }

    fn drawn(puts: &[Put]) -> Buffer {
        let mut buffer = Buffer::empty(Rect::new(0, 0, 12, 4));
        for &(x, y, symbol, fg, bg, modifiers) in puts {
            let on = [Modifier::BOLD, Modifier::DIM, Modifier::REVERSED, Modifier::UNDERLINED, Modifier::ITALIC];
            let on = on.into_iter().enumerate().filter(|(i, _)| modifiers & (1 << i) != 0).map(|(_, m)| m);
            let style = Style::new().fg(shade(fg)).bg(shade(bg)).add_modifier(on.collect());
            buffer.set_string(x, y, SYMBOLS[symbol], style);
        }
        // The emulator knows one weight at a time.
        let both = buffer.content.iter_mut().filter(|c| c.modifier.contains(Modifier::BOLD | Modifier::DIM));
        both.for_each(|c| c.modifier.remove(Modifier::BOLD));
        buffer
    }

    /// What the emulator shows: contents and everything that can be seen of each cell.
    fn seen(screen: &vt100::Screen) -> Vec<(String, vt100::Color, vt100::Color, [bool; 5])> {
        let mut out = Vec::new();
        for (y, x) in (0..4).flat_map(|y| (0..12).map(move |x| (y, x))) {
            let cell = screen.cell(y, x).unwrap();
            let blank = cell.contents().trim().is_empty();
            let contents = if blank { String::new() } else { cell.contents().to_owned() };
            let visible = !blank || cell.inverse() || cell.underline();
            let fg = if visible { cell.fgcolor() } else { vt100::Color::Default };
            let on = [cell.bold(), cell.dim(), cell.italic()].map(|on| on && visible);
            out.push((contents, fg, cell.bgcolor(), [on[0], on[1], on[2], cell.inverse(), cell.underline()]));
        }
        out
    }

    fn emulator() -> vt100::Parser {
        vt100::Parser::new(4.try_into().unwrap(), 12.try_into().unwrap(), 0)
    }

    /// The same change as ratatui's own backend writes it.
    fn crossterms(from: &Buffer, to: &Buffer) -> Vec<u8> {
        crossterm::style::force_color_output(true);
        let mut out = Vec::new();
        CrosstermBackend::new(&mut out).draw(from.diff(to).into_iter()).unwrap();
        out
    }

    proptest! {
        #[test]
        fn a_terminal_shows_each_frame_as_it_was_drawn(
            frames in prop::collection::vec(prop::collection::vec((0u16..11, 0u16..4, 0usize..5, 0u8..9, 0u8..9, 0u8..32), 0..30), 1..6)
        ) {
            let (mut ours, mut theirs) = (emulator(), emulator());
            let (mut pen, mut shown) = (Pen::default(), drawn(&[]));
            for frame in &frames {
                let next = drawn(frame);
                ours.process(&bytes(&shown, &next, &mut pen));
                theirs.process(&crossterms(&shown, &next));
                prop_assert_eq!(seen(ours.screen()), seen(theirs.screen()));
                shown = next;
            }
        }
    }
}
