//! The forms that what is shown can be written in. Must not write.

use super::{Pieces, press};
use crate::ui::{Action, EXPORTS};
use crate::view::{Cx, theme::Role};

pub fn lines(cx: &Cx) -> Vec<Pieces> {
    let look = cx.look;
    let (text, muted) = (look.style(Role::Text), look.style(Role::Muted));
    let row = |(i, (name, what)): (usize, &(&str, &str))| {
        let style = if i == cx.ui.row { look.style(Role::Selection) } else { text };
        vec![(format!("{name:<9}"), style), (format!(" {what}"), muted)]
    };
    let mut out: Vec<Pieces> = EXPORTS.iter().enumerate().map(row).collect();
    out.push(Vec::new());
    out.push(press(cx, &Action::Open, "writes it into this folder"));
    out
}
