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
            Entry::Command(_) => " :",
            Entry::Pick(_) => " HPA: ",
            Entry::Shadow(_) => " shadow: ",
        };
        let label = |action| cx.ui.keys.label(Context::Entry, action).unwrap_or_default();
        let keys = match entry {
            Entry::Command(line) => format!("   {}", about(cx, line)),
            _ => format!("   {} done  {} cancel", label(&Action::Yes), label(&Action::Back)),
        };
        // Of a long line the end is shown, where it is typed.
        let room = usize::from(area.width).saturating_sub(name.len() + 1);
        let cut = entry.text().chars().count().saturating_sub(room);
        let shown = entry.text().char_indices().nth(cut).map_or("", |(at, _)| &entry.text()[at..]);
        let pieces = [(name, look.style(Role::Accent)), (shown, text), ("_", text), (&keys, muted)];
        write::line(buf, area, 0, &pieces);
        return;
    }
    let mut pieces: Vec<(String, Style)> = Vec::new();
    // What is written from here to the end so far does what a key does.
    let acts = |from: usize, pieces: &[(String, Style)], action: Action| {
        let (from, to) = (width(&pieces[..from]), width(pieces));
        let room = usize::from(area.width);
        cx.acts_at(
            Rect { x: area.x + from.min(room) as u16, width: (to.min(room) - from.min(room)) as u16, ..area },
            action,
        );
    };
    let narrow = area.width < 100;
    let fleet = (cx.ui.fleet.available || cx.session.fleet.is_some()).then_some(Screen::Fleet);
    let first = 1 - usize::from(fleet.is_some());
    for (i, screen) in fleet.into_iter().chain(Screen::ALL).enumerate() {
        let from = pieces.len();
        let here = screen == cx.ui.screen || (screen.is_of_many() && cx.ui.screen.is_of_many());
        pieces.push((format!(" {}", i + first), if here { look.style(Role::Accent) } else { muted }));
        if here || !narrow {
            pieces.push((format!(" {}", screen.name()), if here { look.style(Role::Accent) } else { muted }));
        }
        if let Some((text, role)) = badge::of(cx, screen) {
            pieces.push((format!(" {text}"), look.style(role)));
        }
        acts(from, &pieces, Action::Show(screen));
    }
    pieces.push(("  ".into(), muted));
    let feeds = pieces.len();
    // The feeds are those of one HPA.
    for feed in Feed::ALL.into_iter().filter(|_| !cx.ui.screen.is_of_many()) {
        let (dot, role) = dot(cx, feed);
        pieces.push((dot.to_string(), look.style(role)));
    }
    acts(feeds, &pieces, Action::Feeds);
    pieces.push(("  ".into(), muted));
    if !cx.ui.filter.is_empty() {
        pieces.push((format!("/{}  ", cx.ui.filter), look.style(Role::Accent)));
    }
    let mut room = usize::from(area.width).saturating_sub(width(&pieces));
    for (key, does, action) in cx.ui.hints() {
        let from = pieces.len();
        let (key, does) = (look.symbols.keys(&key), format!(" {does}"));
        // A hint is shown whole or not at all.
        let Some(left) = room.checked_sub(text::width(&key) + text::width(&does)) else { break };
        room = left.saturating_sub(2);
        pieces.extend([(key, text), (does, muted)]);
        acts(from, &pieces, action);
        pieces.push(("  ".into(), muted));
    }
    write::pieces(buf, area, 0, &pieces);
}

fn width(pieces: &[(String, Style)]) -> usize {
    pieces.iter().map(|p| text::width(&p.0)).sum()
}

/// What could follow on the command line, or what the command does.
fn about(cx: &Cx, line: &str) -> String {
    let all = cx.ui.completions(line, cx.session);
    let words: Vec<&str> = all.iter().filter_map(|one| one.rsplit(' ').next()).collect();
    let key = cx.ui.keys.label(Context::Entry, &Action::Complete);
    match (cx.ui.command_hint(line), key) {
        (Some(hint), _) if words.len() < 2 => hint,
        (_, Some(key)) if !words.is_empty() => format!("{}   {key} completes", words.join("  ")),
        _ => words.join("  "),
    }
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
