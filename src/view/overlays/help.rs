//! Every key and what it does, as the keys are bound now. Must not know a key.

use super::Pieces;
use crate::format::text;
use crate::ui::HelpLine;
use crate::view::{Cx, theme::Role};

pub fn lines(cx: &Cx, most: usize) -> Vec<Pieces> {
    let (key, text) = (cx.look.style(Role::Accent), cx.look.style(Role::Text));
    let names = |line: &HelpLine| cx.look.symbols.keys(&line.keys.join(" "));
    let mut lines = cx.ui.keys.help();
    lines.retain(|line| line.name != "load" || cx.ui.may_load());
    let width = lines.iter().map(|l| text::width(&names(l))).max().unwrap_or(0).min(most / 2);
    let row = |line: &HelpLine| {
        let name = text::left(&text::fit(&names(line), width, '~'), width + 2);
        let does = text::fit(line.label, most.saturating_sub(width + 2), cx.look.symbols.glyphs().ellipsis);
        vec![(name, key), (does, text)]
    };
    lines.iter().map(row).collect()
}
