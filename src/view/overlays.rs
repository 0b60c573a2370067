//! Windows over the screen: what they hold is a file each in `overlays/`. Must not decide when they open.

mod choice;
mod event;
mod exports;
mod feeds;
mod help;
mod links;
mod pick;
mod pod;
mod question;
mod read;

use super::{Cx, frame, panes, theme::Role, write};
use crate::format::text;
use crate::ui::{Action, Context, Entry, Overlay};
use ratatui::{buffer::Buffer, layout::Rect, style::Style};

/// The styled parts of a line.
type Pieces = Vec<(String, Style)>;

pub fn draw(buf: &mut Buffer, area: Rect, cx: &Cx) {
    let most = usize::from(area.width.saturating_sub(8)).clamp(1, 96);
    let wide = usize::from(area.width.saturating_sub(6)).clamp(1, 160);
    let (name, lines): (&str, Vec<Pieces>) = match &cx.ui.overlay {
        Some(Overlay::Typing(Entry::Pick(_))) => ("Which HPA", pick::lines(cx, wide)),
        None | Some(Overlay::Typing(_)) => return,
        Some(Overlay::Help) => ("Keys and signs", help::lines(cx, most)),
        Some(Overlay::Links) => ("Kibana", links::lines(cx, most)),
        Some(Overlay::Exports) => ("Export", exports::lines(cx)),
        Some(Overlay::Scenarios) => {
            ("Scenarios", choice::lines(cx, wide, &cx.ui.scenarios, "restarts the lab with it"))
        }
        Some(Overlay::Replays) => ("Which recording", choice::lines(cx, wide, &cx.ui.replays, "replays it")),
        Some(Overlay::Feeds) => ("Feeds", feeds::lines(cx, wide)),
        Some(Overlay::Planning) => ("Load", wrapped(cx, "asking the cluster what is there …", most, Role::Muted)),
        Some(Overlay::Confirm(plan)) => question::plan(cx, plan, most),
        Some(Overlay::Leave) => ("Leave?", question::leave(cx, most)),
        Some(Overlay::Findings) => ("Findings", panes::findings_window(cx, most)),
        Some(Overlay::Event(uid)) => ("Event", event::lines(cx, uid, most)),
        Some(Overlay::Pod(name)) => ("Pod", pod::lines(cx, name, most)),
        Some(Overlay::Text { title, lines, .. }) => (title.as_str(), read::lines(cx, lines.as_deref(), wide)),
    };
    let width = lines.iter().map(|l| l.iter().map(|p| text::width(&p.0)).sum::<usize>()).max().unwrap_or(0);
    let inside = frame::window(buf, area, (width.max(20) as u16, lines.len() as u16), name, cx);
    let height = usize::from(inside.height);
    let hidden = lines.len().saturating_sub(height);
    let first = match &cx.ui.overlay {
        Some(Overlay::Feeds) => feeds::first_line(&lines, cx, height),
        // The selected row stays in view.
        Some(Overlay::Scenarios | Overlay::Replays | Overlay::Typing(Entry::Pick(_))) => {
            (cx.ui.row + 1).saturating_sub(height)
        }
        Some(Overlay::Text { from_end: true, .. }) => hidden.saturating_sub(cx.ui.scroll),
        _ => cx.ui.scroll,
    };
    let first = first.min(hidden);
    for (i, line) in lines.iter().skip(first).take(height).enumerate() {
        write::pieces(buf, inside, i as u16, line);
        let row = Rect { y: inside.y + i as u16, height: 1, ..inside };
        match &cx.ui.overlay {
            Some(Overlay::Exports | Overlay::Scenarios | Overlay::Replays | Overlay::Typing(Entry::Pick(_)))
                if line.len() > 1 && first + i + 2 < lines.len() =>
            {
                cx.row_at(row, first + i);
            }
            Some(Overlay::Links) if first + i + 2 < lines.len() => cx.row_at(row, (first + i) / 2),
            Some(Overlay::Confirm(_) | Overlay::Leave) if first + i + 1 == lines.len() => {
                let yes: usize = line.iter().take(2).map(|p| text::width(&p.0)).sum();
                cx.acts_at(Rect { width: (yes as u16).min(row.width), ..row }, Action::Yes);
                let no = Rect { x: row.x + (yes as u16).min(row.width), ..row };
                cx.acts_at(Rect { width: row.right() - no.x, ..no }, Action::Back);
            }
            _ => {}
        }
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
