//! A pane without data says why, in words: what it will show, which feed it waits for, and how that feed stands.

use crate::format::text;
use crate::observe::{Feed, FeedState};
use crate::view::{Cx, theme::Role, write};
use ratatui::{buffer::Buffer, layout::Rect};

/// For a title: `collector: not read by this version`.
pub fn short(cx: &Cx, feed: Feed) -> String {
    worded(feed, reason(cx, feed))
}

/// The same without what would mend it, where another pane says that.
pub fn cause(cx: &Cx, feed: Feed) -> String {
    worded(feed, cx.session.feeds.get(feed).and_then(|l| l.status.reason.clone()))
}

fn worded(feed: Feed, reason: Option<String>) -> String {
    match reason {
        Some(reason) => format!("{}: {reason}", feed.name()),
        None => format!("waits for the {} feed", feed.name()),
    }
}

/// Why a feed gives nothing, with its mend; None while it only connects.
pub fn reason(cx: &Cx, feed: Feed) -> Option<String> {
    let link = &cx.session.feeds.get(feed)?.status;
    let why = link.reason.clone()?;
    Some(match &link.hint {
        Some(hint) => format!("{why}; {hint}"),
        None => why,
    })
}

/// Draws what the pane will show, and why it does not.
pub fn draw(buf: &mut Buffer, area: Rect, cx: &Cx, feed: Feed, shows: &str) {
    let role = match cx.session.feeds.state(feed) {
        FeedState::Denied => Role::Bad,
        FeedState::Retrying | FeedState::Stale => Role::Warn,
        _ => Role::Muted,
    };
    // A low pane has the reason in its title.
    let text = if area.height < 3 { shows.to_string() } else { format!("{} ({shows})", short(cx, feed)) };
    sentence(buf, area, cx, &text, role);
}

/// Writes a sentence, wrapped, from the top of `area`.
pub fn sentence(buf: &mut Buffer, area: Rect, cx: &Cx, text: &str, role: Role) {
    let inner = Rect { x: area.x + 1, width: area.width.saturating_sub(2), ..area };
    let (width, height) = (usize::from(inner.width), usize::from(inner.height));
    let lines = text::bounded(text, width, height, cx.look.symbols.glyphs().ellipsis);
    for (i, line) in lines.iter().enumerate() {
        write::line(buf, inner, i as u16, &[(line, cx.look.style(role))]);
    }
}
