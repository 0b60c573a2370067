//! A list of names to choose one of, with a word about each: the lab's scenarios, the recordings of a folder. Must not act.

use super::{Pieces, press};
use crate::format::text;
use crate::ui::Action;
use crate::view::{Cx, theme::Role};

/// `does` is what the key that takes the selected one does.
pub fn lines(cx: &Cx, most: usize, all: &[(String, String)], does: &str) -> Vec<Pieces> {
    let look = cx.look;
    let (plain, muted) = (look.style(Role::Text), look.style(Role::Muted));
    let ellipsis = look.symbols.glyphs().ellipsis;
    let names = all.iter().map(|s| text::width(&s.0)).max().unwrap_or(0).min(most * 2 / 3);
    let row = |(i, (name, about)): (usize, &(String, String))| {
        let style = if i == cx.ui.row { look.style(Role::Selection) } else { plain };
        let about = text::fit(about, most.saturating_sub(names + 1), ellipsis);
        vec![(text::left(&text::fit(name, names, ellipsis), names), style), (format!(" {about}"), muted)]
    };
    let mut out: Vec<Pieces> = all.iter().enumerate().map(row).collect();
    out.push(Vec::new());
    out.push(press(cx, &Action::Open, does));
    out
}
