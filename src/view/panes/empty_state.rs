//! What a pane without data shows instead: what it will show, which feed it waits for, and that feed's status. Must not
//! judge.

use crate::format::text;
use crate::observe::{Feed, FeedState};
use crate::ui::Action;
use crate::view::{Cx, theme::Role, write};
use ratatui::{buffer::Buffer, layout::Rect};

/// What is said beside the pane that has the reason.
pub const NO_CLUSTER: &str = "waits for the cluster";

/// For a title: `collector: not read by this version`.
pub fn short(cx: &Cx, feed: Feed) -> String {
    match feed != Feed::Hpa && no_cluster(cx) {
        true => NO_CLUSTER.into(),
        false => sentence_of(feed, reason(cx, feed)),
    }
}

/// The same without the hint, where another pane has that.
pub fn cause(cx: &Cx, feed: Feed) -> String {
    match no_cluster(cx) {
        true => NO_CLUSTER.into(),
        false => sentence_of(feed, cx.session.feeds.get(feed).and_then(|l| l.status.reason.clone())),
    }
}

/// Nothing was ever read from the API server, and the HPA's feed says why: one pane says so, and the others wait.
pub fn no_cluster(cx: &Cx) -> bool {
    let feeds = &cx.session.feeds;
    cx.session.hpa.is_none()
        && feeds.state(Feed::Hpa) == FeedState::Retrying
        && [Feed::Target, Feed::Pods, Feed::Usage, Feed::Events].iter().all(|feed| !feeds.is_up(*feed))
}

fn sentence_of(feed: Feed, reason: Option<String>) -> String {
    match reason {
        Some(reason) => format!("{}: {reason}", feed.name()),
        None => format!("waits for the {} feed", feed.name()),
    }
}

/// Why a feed gives nothing, with the hint; None while it is connecting.
pub fn reason(cx: &Cx, feed: Feed) -> Option<String> {
    if feed != Feed::Hpa && no_cluster(cx) {
        return Some(NO_CLUSTER.into());
    }
    let status = &cx.session.feeds.get(feed)?.status;
    let why = status.reason.clone()?;
    Some(match &status.hint {
        Some(hint) => format!("{why}; {hint}"),
        None => why,
    })
}

/// Where the filter lets no row through: `no event contains "abc"; Esc clears the filter`.
pub fn nothing_matches(cx: &Cx, none: &str) -> String {
    let clear = cx.key(&Action::Back).map_or_else(String::new, |key| format!("; {key} clears the filter"));
    format!("{none} contains \"{}\"{clear}", cx.ui.filter)
}

/// Draws what the pane will show, and why it does not yet.
pub fn draw(buf: &mut Buffer, area: Rect, cx: &Cx, feed: Feed, shows: &str) {
    let role = match cx.session.feeds.state(feed) {
        FeedState::Denied => Role::Bad,
        FeedState::Retrying | FeedState::Stale => Role::Warn,
        _ => Role::Muted,
    };
    // A low pane has the reason, with its colour, in its title.
    match area.height < 3 {
        true => sentence(buf, area, cx, shows, Role::Muted),
        false => sentence(buf, area, cx, &format!("{} ({shows})", short(cx, feed)), role),
    }
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
