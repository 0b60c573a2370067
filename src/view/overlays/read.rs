//! What was read of the cluster: an object, or the end of a log. Must not read it.

use super::{Pieces, wrapped};
use crate::format::text;
use crate::view::{Cx, theme::Role};

pub fn lines(cx: &Cx, lines: Option<&[String]>, most: usize) -> Vec<Pieces> {
    let Some(lines) = lines else { return wrapped(cx, "is being read …", most, Role::Muted) };
    let (plain, muted) = (cx.look.style(Role::Text), cx.look.style(Role::Muted));
    let ellipsis = cx.look.symbols.glyphs().ellipsis;
    let piece = |line: &String| {
        let line = text::fit(line, most, ellipsis);
        // The names of an object's fields step back behind their values.
        match line.find(": ").filter(|at| !line[..*at].trim_start_matches([' ', '-']).contains(' ')) {
            Some(at) => vec![(line[..at + 1].to_owned(), muted), (line[at + 1..].to_owned(), plain)],
            None => vec![(line, plain)],
        }
    };
    lines.iter().map(piece).collect()
}
