//! The scenarios that the lab can be restarted with. Must not start one.

use super::{Pieces, press};
use crate::format::text;
use crate::ui::Action;
use crate::view::{Cx, theme::Role};

pub fn lines(cx: &Cx, most: usize) -> Vec<Pieces> {
    let look = cx.look;
    let (plain, muted) = (look.style(Role::Text), look.style(Role::Muted));
    let names = cx.ui.scenarios.iter().map(|s| text::width(&s.0)).max().unwrap_or(0);
    let row = |(i, (name, about)): (usize, &(String, String))| {
        let style = if i == cx.ui.row { look.style(Role::Selection) } else { plain };
        let about = text::fit(about, most.saturating_sub(names + 1), look.symbols.glyphs().ellipsis);
        vec![(format!("{name:<names$}"), style), (format!(" {about}"), muted)]
    };
    let mut out: Vec<Pieces> = cx.ui.scenarios.iter().enumerate().map(row).collect();
    out.push(Vec::new());
    out.push(press(cx, &Action::Open, "restarts the lab with it"));
    out
}
