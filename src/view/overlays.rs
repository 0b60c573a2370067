//! Windows over the screen: what they hold is a file each in `overlays/`. Must not decide when they open.

mod event;
mod exports;
mod feeds;
mod help;
mod links;
mod pod;
mod question;

use super::{Cx, frame, panes, theme::Role, write};
use crate::format::text;
use crate::ui::{Action, Context, Overlay};
use ratatui::{buffer::Buffer, layout::Rect, style::Style};

/// The styled parts of a line.
type Pieces = Vec<(String, Style)>;

pub fn draw(buf: &mut Buffer, area: Rect, cx: &Cx) {
    let most = usize::from(area.width.saturating_sub(8)).clamp(1, 96);
    let (name, lines) = match &cx.ui.overlay {
        None | Some(Overlay::Typing(_)) => return,
        Some(Overlay::Help) => ("Keys and signs", help::lines(cx, most)),
        Some(Overlay::Links) => ("Kibana", links::lines(cx, most)),
        Some(Overlay::Exports) => ("Export", exports::lines(cx)),
        Some(Overlay::Feeds) => ("Feeds", feeds::lines(cx, most)),
        Some(Overlay::Planning) => ("Load", wrapped(cx, "asking the cluster what is there …", most, Role::Muted)),
        Some(Overlay::Confirm(plan)) => question::plan(cx, plan, most),
        Some(Overlay::Leave) => ("Leave?", question::leave(cx, most)),
        Some(Overlay::Findings) => ("Findings", panes::findings_window(cx, most)),
        Some(Overlay::Event(uid)) => ("Event", event::lines(cx, uid, most)),
        Some(Overlay::Pod(name)) => ("Pod", pod::lines(cx, name, most)),
    };
    let width = lines.iter().map(|l| l.iter().map(|p| text::width(&p.0)).sum::<usize>()).max().unwrap_or(0);
    let inside = frame::window(buf, area, (width.max(20) as u16, lines.len() as u16), name, cx);
    let height = usize::from(inside.height);
    let hidden = lines.len().saturating_sub(height);
    let first = match &cx.ui.overlay {
        Some(Overlay::Feeds) => feeds::first_line(&lines, cx, height),
        _ => cx.ui.scroll,
    };
    let first = first.min(hidden);
    for (i, line) in lines.iter().skip(first).take(height).enumerate() {
        write::pieces(buf, inside, i as u16, line);
    }
    // Arrows on the border show that there is more.
    let g = cx.look.symbols.glyphs();
    let (top, bottom) = (inside.y.saturating_sub(1), inside.bottom());
    for (more, y, sign) in [(first > 0, top, g.up), (first < hidden, bottom, g.down)] {
        if more && inside.width > 4 && y < area.bottom() {
            buf.set_string(inside.right() - 3, y, format!(" {sign} "), cx.look.style(Role::Accent));
        }
    }
}

/// A sentence in lines of at most `most` columns.
fn wrapped(cx: &Cx, text: &str, most: usize, role: Role) -> Vec<Pieces> {
    text::wrap(text, most).into_iter().map(|l| vec![(l, cx.look.style(role))]).collect()
}

/// `Enter copies it`: a key and what it does here; an empty line where the action has no key.
fn press(cx: &Cx, action: &Action, does: &str) -> Pieces {
    let Some(key) = cx.ui.keys.label(Context::Screen, action) else { return Vec::new() };
    vec![(key, cx.look.style(Role::Accent)), (format!(" {does}"), cx.look.style(Role::Muted))]
}
