//! The pages of Kibana that can be copied. Must not make an address.

use super::{Pieces, press};
use crate::format::text;
use crate::session::ingest::kibana;
use crate::ui::Action;
use crate::view::{Cx, theme::Role};

pub fn lines(cx: &Cx, most: usize) -> Vec<Pieces> {
    let look = cx.look;
    let mut out: Vec<Pieces> = Vec::new();
    for (i, link) in kibana::of(cx.session).iter().enumerate() {
        let name = look.style(if i == cx.ui.row { Role::Selection } else { Role::Text });
        let url = text::fit(&link.url, most.saturating_sub(2), look.symbols.glyphs().ellipsis);
        out.push(vec![(link.name.to_string(), name)]);
        out.push(vec![(format!("  {url}"), look.style(Role::Muted))]);
    }
    out.push(Vec::new());
    out.push(press(cx, &Action::Open, "copies it to the clipboard"));
    out
}
