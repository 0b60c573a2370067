//! Events, newest first, filtered. Must not judge them beyond their own type.

use super::empty_state;
use crate::explain::left_out::{Place, left_out};
use crate::format::text;
use crate::observe::{EventSeen, Feed};
use crate::session::time_of;
use crate::ui::List;
use crate::view::{Cx, theme::Role, write};
use ratatui::{buffer::Buffer, layout::Rect, style::Style};

pub fn summary(cx: &Cx) -> String {
    let (all, shown) = (cx.session.events.len(), cx.ui.events(cx.session).len());
    let filtered = (!cx.ui.filter.is_empty()).then(|| format!("{shown} of {all} contain \"{}\"", cx.ui.filter));
    let all: Vec<String> = filtered.into_iter().chain(left_out(cx.session, Place::Events)).collect();
    all.join("; ")
}

pub fn draw(buf: &mut Buffer, area: Rect, cx: &Cx) {
    let events = cx.ui.events(cx.session);
    if events.is_empty() {
        let text = match (cx.ui.filter.is_empty(), cx.session.feeds.is_up(Feed::Events)) {
            (false, _) => empty_state::nothing_matches(cx, "no event"),
            (true, true) => "no events of the HPA, its target, its pods or the load".into(),
            (true, false) => empty_state::short(cx, Feed::Events),
        };
        return empty_state::sentence(buf, area, cx, &text, Role::Muted);
    }
    let focused = cx.ui.in_focus(List::Events);
    let rows = usize::from(area.height);
    let selected = cx.ui.row.min(events.len() - 1);
    let top = if focused { (selected + 1).saturating_sub(rows) } else { 0 };
    for (i, event) in events.iter().skip(top).take(rows).enumerate() {
        let here = focused && top + i == selected;
        let line = Rect { y: area.y + i as u16, height: 1, ..area };
        cx.row_at(line, top + i);
        row(buf, line, cx, event, here);
    }
}

fn row(buf: &mut Buffer, area: Rect, cx: &Cx, event: &EventSeen, here: bool) {
    let look = cx.look;
    let when = time_of(event).map(|t| t.timestamp_millis()).unwrap_or_default();
    let (reason, text) = match (event.kind.as_str(), event.reason.as_str()) {
        ("Warning", _) => (look.style(Role::Warn), look.style(Role::Text)),
        (_, "SuccessfulRescale") => (look.style(Role::Marker), look.style(Role::Text)),
        _ => (look.style(Role::Muted), look.style(Role::Muted)),
    };
    let count = if event.count > 1 { format!(" (×{})", event.count) } else { String::new() };
    let clock = format!(" {} ", look.moment(when, cx.now));
    // A narrow list has room for the message only; its colour shows the kind.
    let name = if area.width < 72 { String::new() } else { format!("{} ", event.reason) };
    let text = if name.is_empty() && reason != look.style(Role::Muted) { reason } else { text };
    let room = usize::from(area.width).saturating_sub(text::width(&clock) + text::width(&name) + 1);
    // The message matters more than the object's name, which it mostly contains.
    let message = text::fit(&format!("{}{count}", event.message), room, look.symbols.glyphs().ellipsis);
    let on = |style: Style| if here { style.patch(look.style(Role::Selection)) } else { style };
    if here {
        buf.set_style(area, look.style(Role::Selection));
    }
    let muted = on(look.style(Role::Muted));
    write::line(buf, area, 0, &[(&clock, muted), (&name, on(reason)), (&message, on(text))]);
}
