//! A screen as an SVG picture: a rectangle for each run of background, a text for each run of one style. Must not depend on
//! a font's width: every text has its length set.

use crate::view::theme::Theme;
use ratatui::{
    buffer::{Buffer, Cell},
    style::{Color, Modifier},
};
use std::fmt::Write;

/// Width and height of a cell, in the picture's units.
const CELL: (usize, usize) = (9, 19);

/// The picture of `buffer`.
pub fn svg(buffer: &Buffer, theme: &Theme) -> String {
    let (width, height) = (usize::from(buffer.area.width) * CELL.0, usize::from(buffer.area.height) * CELL.1);
    let ground = rgb(theme.background);
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {w} {h}\" width=\"{w}\" height=\"{h}\">\n\
         <rect width=\"100%\" height=\"100%\" rx=\"8\" fill=\"{ground}\"/>\n\
         <g font-family=\"'DejaVu Sans Mono','Cascadia Mono','JetBrains Mono',Menlo,Consolas,monospace\" font-size=\"15\">\n",
        w = width + 24,
        h = height + 24,
    );
    for y in 0..buffer.area.height {
        let row: Vec<&Cell> = (0..buffer.area.width).filter_map(|x| buffer.cell((x, y))).collect();
        let mut x = 0;
        while x < row.len() {
            let same = |c: &&Cell| (c.fg, c.bg, c.modifier) == (row[x].fg, row[x].bg, row[x].modifier);
            let end = x + row[x..].iter().take_while(|c| same(c)).count();
            cell_run(&mut out, &row[x..end], x, usize::from(y), theme);
            x = end;
        }
    }
    out.push_str("</g>\n</svg>\n");
    out
}

fn cell_run(out: &mut String, cells: &[&Cell], x: usize, y: usize, theme: &Theme) {
    let first = cells[0];
    let default = if luminance(theme.background) > 0.5 { "#1f2328".to_string() } else { "#d8dee4".into() };
    let mut fg = colour(first.fg).unwrap_or(default);
    let mut bg = colour(first.bg);
    if first.modifier.contains(Modifier::REVERSED) {
        let before = bg.unwrap_or_else(|| rgb(theme.background));
        bg = Some(std::mem::replace(&mut fg, before));
    }
    let (left, top, width) = (12 + x * CELL.0, 12 + y * CELL.1, cells.len() * CELL.0);
    if let Some(bg) = bg {
        let _ = writeln!(out, "<rect x=\"{left}\" y=\"{top}\" width=\"{width}\" height=\"{}\" fill=\"{bg}\"/>", CELL.1);
    }
    // Blanks at the ends are no text, and those between words are no-break spaces: browsers make one of several others.
    let blank = |cell: &&Cell| cell.symbol().trim().is_empty();
    let (before, after) =
        (cells.iter().take_while(|c| blank(c)).count(), cells.iter().rev().take_while(|c| blank(c)).count());
    if before == cells.len() {
        return;
    }
    let cells = &cells[before..cells.len() - after];
    let text: String = cells.iter().map(|c| c.symbol().replace(' ', "\u{a0}")).collect();
    let (left, width) = (left + before * CELL.0, cells.len() * CELL.0);
    let mut style = String::new();
    if first.modifier.contains(Modifier::BOLD) {
        style.push_str(" font-weight=\"bold\"");
    }
    if first.modifier.contains(Modifier::DIM) {
        style.push_str(" opacity=\"0.6\"");
    }
    let _ = writeln!(
        out,
        "<text x=\"{left}\" y=\"{}\" fill=\"{fg}\" textLength=\"{width}\" lengthAdjust=\"spacingAndGlyphs\"{style}>{}</text>",
        top + 15,
        escaped(&text)
    );
}

/// Text escaped for an element or an attribute. What XML 1.0 does not allow even escaped, such as U+FFFE, becomes U+FFFD, and a
/// control character a space, as a terminal would not show it either.
pub fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\n' | '\t' => out.push(c),
            c if c.is_control() => out.push(' '),
            '\u{fffe}' | '\u{ffff}' => out.push(char::REPLACEMENT_CHARACTER),
            c => out.push(c),
        }
    }
    out
}

fn rgb((r, g, b): (u8, u8, u8)) -> String {
    format!("#{r:02x}{g:02x}{b:02x}")
}

fn luminance((r, g, b): (u8, u8, u8)) -> f64 {
    (0.2126 * f64::from(r) + 0.7152 * f64::from(g) + 0.0722 * f64::from(b)) / 255.0
}

/// None: the terminal's default.
fn colour(c: Color) -> Option<String> {
    const NAMED: [(u8, u8, u8); 16] = [
        (0, 0, 0),
        (205, 49, 49),
        (13, 188, 121),
        (229, 229, 16),
        (36, 114, 200),
        (188, 63, 188),
        (17, 168, 205),
        (229, 229, 229),
        (102, 102, 102),
        (241, 76, 76),
        (35, 209, 139),
        (245, 245, 67),
        (59, 142, 234),
        (214, 112, 214),
        (41, 184, 219),
        (255, 255, 255),
    ];
    let index = match c {
        Color::Reset => return None,
        Color::Rgb(r, g, b) => return Some(rgb((r, g, b))),
        Color::Indexed(n) => n,
        Color::Black => 0,
        Color::Red => 1,
        Color::Green => 2,
        Color::Yellow => 3,
        Color::Blue => 4,
        Color::Magenta => 5,
        Color::Cyan => 6,
        Color::Gray => 7,
        Color::DarkGray => 8,
        Color::LightRed => 9,
        Color::LightGreen => 10,
        Color::LightYellow => 11,
        Color::LightBlue => 12,
        Color::LightMagenta => 13,
        Color::LightCyan => 14,
        Color::White => 15,
    };
    let level = |n: u8| if n == 0 { 0 } else { 55 + n * 40 };
    Some(rgb(match index {
        0..=15 => NAMED[usize::from(index)],
        16..=231 => (level((index - 16) / 36), level((index - 16) / 6 % 6), level((index - 16) % 6)),
        grey => (8 + (grey - 232) * 10, 8 + (grey - 232) * 10, 8 + (grey - 232) * 10),
    }))
}

#[cfg(test)]
mod tests {
    use super::{escaped, svg};
    use crate::view::Look;
    use ratatui::{buffer::Buffer, style::Style};

    /// Browsers drop blanks at the ends of a text and make one of several, and then stretch what is left.
    #[test]
    fn each_text_is_as_wide_as_its_characters_and_has_no_blank_that_a_browser_drops() {
        let mut buffer = Buffer::with_lines(["  two  gaps   ", "          end ", "              "]);
        buffer.set_string(2, 0, "two", Style::new().bold());
        let picture = svg(&buffer, Look::roles().theme());
        let texts: Vec<&str> = picture.lines().filter(|line| line.starts_with("<text")).collect();
        assert_eq!(texts.len(), 3, "{picture}");
        for text in texts {
            let (_, rest) = text.split_once("textLength=\"").unwrap();
            let (width, rest) = rest.split_once('"').unwrap();
            let shown = rest.split_once('>').unwrap().1.strip_suffix("</text>").unwrap();
            assert_eq!(width.parse(), Ok(shown.chars().count() * 9), "{text}");
            assert!(!shown.contains(' ') && shown == shown.trim(), "{text}");
        }
        assert!(picture.contains("x=\"102\" y=\"46\""), "{picture}");
    }

    #[test]
    fn only_characters_of_xml_are_left() {
        assert_eq!(escaped("a<b & \"c\">"), "a&lt;b &amp; &quot;c&quot;&gt;");
        assert_eq!(escaped("\u{0}\u{b}\r\u{1b}\u{7f}\u{9b}"), "      ");
        assert_eq!(escaped("x\u{fffe}\u{ffff}\u{fffd}\u{1fffe}\t\n"), "x\u{fffd}\u{fffd}\u{fffd}\u{1fffe}\t\n");
    }
}
