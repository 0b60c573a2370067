//! Events, newest first, filtered. Must not judge them beyond their own type.

use super::empty_state;
use crate::explain::left_out::{Place, left_out};
use crate::format::text;
use crate::observe::{EventSeen, Feed};
use crate::session::time_of;
use crate::ui::{Action, List};
use crate::view::pane_row::{Extent, Summary};
use crate::view::{Cx, theme::Role, write};
use ratatui::{buffer::Buffer, layout::Rect, style::Style};

pub fn summary(cx: &Cx) -> Summary {
    let (all, shown) = (cx.session.events.len(), cx.ui.events(cx.session).len());
    let filtered = (!cx.ui.filter.is_empty()).then(|| format!("{shown} of {all} contain \"{}\"", cx.ui.filter));
    let all: Vec<String> = filtered.into_iter().chain(left_out(cx.session, Place::Events)).collect();
    (all.join("; "), Role::Muted)
}

pub fn extent(cx: &Cx, area: Rect) -> Extent {
    let all = cx.ui.events(cx.session).len() + usize::from(cx.ui.folded(cx.session) > 0);
    Extent::of(cx.ui.in_focus(List::Events).then_some(cx.ui.row), usize::from(area.height), all)
}

pub fn draw(buf: &mut Buffer, area: Rect, cx: &Cx) {
    let events = cx.ui.events(cx.session);
    let folded = cx.ui.folded(cx.session);
    if events.is_empty() && folded == 0 {
        let text = match (cx.ui.filter.is_empty(), cx.session.feeds.is_up(Feed::Events)) {
            (false, _) => empty_state::nothing_matches(cx, "no event"),
            (true, true) => "no events of the HPA, its target, its pods or the load".into(),
            (true, false) => empty_state::short(cx, Feed::Events),
        };
        return empty_state::sentence(buf, area, cx, &text, Role::Muted);
    }
    let focused = cx.ui.in_focus(List::Events);
    let selected = cx.ui.row.min((events.len() + usize::from(folded > 0)).saturating_sub(1));
    let Extent { first: top, shown, .. } = extent(cx, area);
    // Rows that the list leaves go to what would be cut, the newest first.
    let mut spare = usize::from(area.height).saturating_sub(shown);
    let mut y = area.y;
    for (i, event) in events.iter().skip(top).take(shown).enumerate() {
        let here = focused && top + i == selected;
        let more = rows_in_whole(event, cx, area.width).saturating_sub(1).min(spare);
        spare -= more;
        let at = Rect { y, height: 1 + more as u16, ..area };
        cx.row_at(at, top + i);
        row(buf, at, cx, event, here);
        y += at.height;
    }
    if folded > 0 && (top..top + shown).contains(&events.len()) {
        let at = Rect { y, height: 1, ..area };
        cx.row_at(at, events.len());
        folded_row(buf, at, cx, folded, focused && selected == events.len());
    }
}

/// `▸ 23 routine events of pods; Enter shows them`.
fn folded_row(buf: &mut Buffer, area: Rect, cx: &Cx, folded: usize, here: bool) {
    let key = cx.key(&Action::Open).filter(|_| here).map(|key| format!("; {key} shows them")).unwrap_or_default();
    let text = format!(" {} {} of pods{key}", cx.look.symbols.glyphs().pointer, text::plural(folded, "routine event"));
    let style = cx.look.style(Role::Muted);
    let style = if here { style.patch(cx.look.style(Role::Selection)) } else { style };
    if here {
        buf.set_style(area, cx.look.style(Role::Selection));
    }
    write::line(buf, area, 0, &[(&text, style)]);
}

fn row(buf: &mut Buffer, area: Rect, cx: &Cx, event: &EventSeen, here: bool) {
    let look = cx.look;
    let (reason, text) = match (event.kind.as_str(), event.reason.as_str()) {
        ("Warning", _) => (look.style(Role::Warn), look.style(Role::Text)),
        (_, "SuccessfulRescale") => (look.style(Role::Marker), look.style(Role::Text)),
        _ => (look.style(Role::Muted), look.style(Role::Muted)),
    };
    let Words { clock, name, message } = words(cx, event, area.width);
    let text = if name.is_empty() && reason != look.style(Role::Muted) { reason } else { text };
    let before = text::width(&clock) + text::width(&name);
    let room = usize::from(area.width).saturating_sub(before + 1);
    let on = |style: Style| if here { style.patch(look.style(Role::Selection)) } else { style };
    if here {
        buf.set_style(area, look.style(Role::Selection));
    }
    let muted = on(look.style(Role::Muted));
    let indent = " ".repeat(before);
    let lines = text::bounded(&message, room, usize::from(area.height), look.symbols.glyphs().ellipsis);
    for (i, line) in lines.iter().enumerate() {
        let head = match i {
            0 => [(clock.as_str(), muted), (name.as_str(), on(reason))],
            _ => [(indent.as_str(), muted), ("", muted)],
        };
        let [when, name] = head;
        write::line(buf, area, i as u16, &[when, name, (line, on(text))]);
    }
}

/// What a row says.
struct Words {
    clock: String,
    name: String,
    message: String,
}

fn words(cx: &Cx, event: &EventSeen, width: u16) -> Words {
    let when = time_of(event).map(|t| t.timestamp_millis()).unwrap_or_default();
    let count = if event.count > 1 { format!("×{} ", event.count) } else { String::new() };
    // A narrow list has room for the message only; its colour shows the kind. The message matters more than the object's
    // name, which it mostly contains.
    let name = if width < 72 { String::new() } else { format!("{} ", event.reason) };
    Words { clock: format!(" {} ", cx.look.moment(when, cx.now)), name, message: format!("{count}{}", event.message) }
}

/// Rows that an event takes if nothing of it is cut.
fn rows_in_whole(event: &EventSeen, cx: &Cx, width: u16) -> usize {
    let Words { clock, name, message } = words(cx, event, width);
    let room = usize::from(width).saturating_sub(text::width(&clock) + text::width(&name) + 1);
    text::wrap(&message, room).len()
}
