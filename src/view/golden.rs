//! A buffer drawn with `Theme::roles()` as planes of text: what is written, and which role wrote it. For golden files. Must not
//! draw.
use crate::view::theme::Role;
use ratatui::buffer::Buffer;
use ratatui::style::{Color, Modifier};

/// One string a row for each plane; all rows trimmed at the right.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Planes {
    /// The characters.
    pub text: Vec<String>,
    /// The letter of the role that coloured each character; `.` where none did.
    pub roles: Vec<String>,
    /// The letter of the role whose background lies there; blank where none does, `%` where reversed.
    pub grounds: Vec<String>,
}

/// Splits a buffer into its planes.
pub fn planes(buffer: &Buffer) -> Planes {
    let mut out = Planes::default();
    for y in buffer.area.top()..buffer.area.bottom() {
        let (mut text, mut roles, mut grounds) = (String::new(), String::new(), String::new());
        let mut hidden = 0;
        for x in buffer.area.left()..buffer.area.right() {
            let cell = &buffer[(x, y)];
            if hidden > 0 {
                // the right half of a wide character
                hidden -= 1;
                roles.push('"');
            } else {
                text.push_str(cell.symbol());
                hidden = unicode_width::UnicodeWidthStr::width(cell.symbol()).saturating_sub(1);
                roles.push(if cell.symbol() == " " { ' ' } else { letter(cell.fg, '.') });
            }
            let reversed = cell.modifier.contains(Modifier::REVERSED);
            grounds.push(if reversed { '%' } else { letter(cell.bg, ' ') });
        }
        for (plane, row) in [(&mut out.text, text), (&mut out.roles, roles), (&mut out.grounds, grounds)] {
            plane.push(row.trim_end().to_string());
        }
    }
    out
}

fn letter(colour: Color, none: char) -> char {
    match colour {
        Color::Reset => none,
        other => Role::of_code(other).map_or('?', Role::letter),
    }
}

impl std::fmt::Display for Planes {
    /// Text rows, then role rows, then only the rows that have a background, each with its row number.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (name, plane) in [("text", &self.text), ("roles", &self.roles)] {
            writeln!(f, "-- {name}")?;
            for row in plane {
                writeln!(f, "{row}")?;
            }
        }
        writeln!(f, "-- grounds")?;
        for (y, row) in self.grounds.iter().enumerate().filter(|(_, row)| !row.is_empty()) {
            writeln!(f, "{y:2} {row}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::theme::Theme;
    use ratatui::layout::Rect;
    use ratatui::style::Style;

    #[test]
    fn planes_show_what_is_written_by_which_role_and_on_what() {
        let theme = Theme::roles();
        let mut buf = Buffer::empty(Rect::new(0, 0, 12, 2));
        buf.set_string(0, 0, "cpu 名", theme.style(Role::Series1));
        buf.set_string(7, 0, "LAB", theme.style(Role::Badge));
        buf.set_string(0, 1, "plain", Style::new());
        buf.set_string(6, 1, "#", Style::new().red().reversed());
        let found = planes(&buf);
        assert_eq!(found.text, ["cpu 名 LAB", "plain #"]);
        assert_eq!(found.roles, ["111 1\" ttt", "..... ?"]);
        assert_eq!(found.grounds, ["       LLL", "      %"]);
    }

    #[test]
    fn each_letter_and_each_colour_is_of_one_role() {
        for a in Role::ALL {
            assert_eq!(Role::of_code(a.code()), Some(a));
            assert!(Role::ALL.iter().all(|b| *b == a || b.letter() != a.letter()), "{a:?}");
        }
    }
}
