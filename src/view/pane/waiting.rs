//! A pane without data says why, in words: what it will show, which feed it waits for, and how that feed stands.

use crate::observe::{Feed, LinkState};
use crate::view::{Cx, theme::Role, words};
use ratatui::{buffer::Buffer, layout::Rect};

/// For a title: `collector: not read by this version`.
pub fn short(cx: &Cx, feed: Feed) -> String {
    match reason(cx, feed) {
        Some(reason) => format!("{}: {reason}", feed.name()),
        None => format!("waits for the {} feed", feed.name()),
    }
}

/// Why a feed gives nothing, with its mend; None while it only connects.
pub fn reason(cx: &Cx, feed: Feed) -> Option<String> {
    let link = &cx.session.links.get(feed)?.link;
    let why = link.reason.clone()?;
    Some(match &link.mend {
        Some(mend) => format!("{why}; {mend}"),
        None => why,
    })
}

/// Draws what the pane will show, and why it does not.
pub fn draw(buf: &mut Buffer, area: Rect, cx: &Cx, feed: Feed, shows: &str) {
    let role = match cx.session.links.state(feed) {
        LinkState::Denied => Role::Bad,
        LinkState::Retrying | LinkState::Stale => Role::Warn,
        _ => Role::Muted,
    };
    // A low pane has the reason in its title.
    let text = if area.height < 3 { shows.to_string() } else { format!("{} ({shows})", short(cx, feed)) };
    sentence(buf, area, cx, &text, role);
}

/// Writes a sentence, wrapped, from the top of `area`.
pub fn sentence(buf: &mut Buffer, area: Rect, cx: &Cx, text: &str, role: Role) {
    let inner = Rect { x: area.x + 1, width: area.width.saturating_sub(2), ..area };
    let lines = words::wrap(text, usize::from(inner.width));
    let style = cx.look.style(role);
    for (i, line) in lines.iter().enumerate().take(usize::from(inner.height)) {
        let last = i + 1 == usize::from(inner.height) && i + 1 < lines.len();
        let more = format!("{line} {}", cx.look.symbols.glyphs().ellipsis);
        let cut = if last {
            words::fit(&more, usize::from(inner.width), cx.look.symbols.glyphs().ellipsis)
        } else {
            line.clone()
        };
        words::line(buf, inner, i as u16, &[(&cut, style)]);
    }
}
