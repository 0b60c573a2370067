//! The last row: the screens, a dot a feed, and the keys that matter here; or a message. Must not hold more than a row.

use super::{Cx, badge, theme::Role, write};
use crate::format::text;
use crate::observe::{Feed, FeedState};
use crate::ui::{Action, Context, Entry, Overlay, Screen};
use ratatui::{buffer::Buffer, layout::Rect, style::Style};

pub fn draw(buf: &mut Buffer, area: Rect, cx: &Cx) {
    let look = cx.look;
    let (muted, text) = (look.style(Role::Muted), look.style(Role::Text));
    if let Some(Overlay::Typing(entry)) = &cx.ui.overlay {
        let name = match entry {
            Entry::Filter(_) => " filter: ",
            Entry::Note(_) => " marker: ",
        };
        let label = |action| cx.ui.keys.label(Context::Entry, action).unwrap_or_default();
        let keys = format!("   {} done  {} cancel", label(&Action::Yes), label(&Action::Back));
        write::line(
            buf,
            area,
            0,
            &[(name, look.style(Role::Accent)), (entry.text(), text), ("_", text), (&keys, muted)],
        );
        return;
    }
    if let Some((message, _)) = &cx.ui.message {
        let cut = text::fit(message, usize::from(area.width).saturating_sub(2), look.symbols.glyphs().ellipsis);
        write::line(buf, area, 0, &[(" ", text), (&cut, look.style(Role::Accent))]);
        return;
    }
    let mut pieces: Vec<(String, Style)> = Vec::new();
    let narrow = area.width < 100;
    for (i, screen) in Screen::ALL.into_iter().enumerate() {
        let here = screen == cx.ui.screen;
        pieces.push((format!(" {}", i + 1), if here { look.style(Role::Accent) } else { muted }));
        if here || !narrow {
            pieces.push((format!(" {}", screen.name()), if here { look.style(Role::Accent) } else { muted }));
        }
        if let Some((text, role)) = badge::of(cx, screen) {
            pieces.push((format!(" {text}"), look.style(role)));
        }
    }
    pieces.push(("  ".into(), muted));
    for feed in Feed::ALL {
        let (dot, role) = dot(cx, feed);
        pieces.push((dot.to_string(), look.style(role)));
    }
    pieces.push(("  ".into(), muted));
    if !cx.ui.filter.is_empty() {
        pieces.push((format!("/{}  ", cx.ui.filter), look.style(Role::Accent)));
    }
    let mut room = usize::from(area.width).saturating_sub(pieces.iter().map(|p| text::width(&p.0)).sum());
    for (key, does) in cx.ui.hints() {
        let (key, does) = (look.symbols.keys(&key), format!(" {does}"));
        // A hint is shown whole or not at all.
        let Some(left) = room.checked_sub(text::width(&key) + text::width(&does)) else { break };
        room = left.saturating_sub(2);
        pieces.extend([(key, text), (does, muted), ("  ".into(), muted)]);
    }
    write::pieces(buf, area, 0, &pieces);
}

/// A feed's sign and colour.
pub fn dot(cx: &Cx, feed: Feed) -> (char, Role) {
    let g = cx.look.symbols.glyphs();
    match cx.session.feeds.get(feed).map(|l| l.status.state) {
        None | Some(FeedState::Connecting) => (g.dot_none, Role::Muted),
        Some(FeedState::Up) => (g.dot_up, Role::Good),
        Some(FeedState::Retrying | FeedState::Stale) => (g.dot_half, Role::Warn),
        Some(FeedState::Absent | FeedState::Unknown) => (g.dot_absent, Role::Muted),
        Some(FeedState::Denied) => (g.dot_failed, Role::Bad),
    }
}
