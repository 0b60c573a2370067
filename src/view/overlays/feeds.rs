//! Every feed with its state, the age of its data, and why it gives none. Must not judge.

use super::Pieces;
use crate::format::{age, text};
use crate::observe::Feed;
use crate::view::{Cx, footer, theme::Role};

pub fn lines(cx: &Cx, most: usize) -> Vec<Pieces> {
    let look = cx.look;
    let (text, muted) = (look.style(Role::Text), look.style(Role::Muted));
    let mut out = vec![vec![(format!("  {:<10}{:<11}{}", "feed", "state", "last data"), muted)]];
    for (i, feed) in Feed::ALL.into_iter().enumerate() {
        let (dot, role) = footer::dot(cx, feed);
        let now = cx.session.feeds.get(feed);
        let state = now.map_or("connecting".into(), |l| format!("{:?}", l.status.state).to_lowercase());
        let ago = now.and_then(|l| l.last_data).map(|t| age((cx.now - t.timestamp_millis()) / 1000));
        let ago = ago.map_or_else(String::new, |a| format!("{a} ago"));
        let attempt = now.map_or(0, |l| l.status.attempt);
        let tries = match attempt {
            0 => String::new(),
            1 => " (1 try)".into(),
            n => format!(" ({n} tries)"),
        };
        let name = if i == cx.ui.row { look.style(Role::Selection).patch(look.style(Role::Accent)) } else { text };
        out.push(vec![
            (format!("{dot} "), look.style(role)),
            (format!("{:<10}", feed.name()), name),
            (format!("{state:<11}"), look.style(role)),
            (format!("{ago:<9}{tries}"), muted),
        ]);
        for sentence in [now.and_then(|l| l.status.reason.as_deref()), now.and_then(|l| l.status.hint.as_deref())]
            .into_iter()
            .flatten()
        {
            for part in text::wrap(sentence, most.saturating_sub(4)) {
                out.push(vec![(format!("    {part}"), muted)]);
            }
        }
    }
    out
}

/// The first line to show, so that the selected feed and its reason are visible.
pub fn first_line(lines: &[Pieces], cx: &Cx, height: usize) -> usize {
    // A feed's first line has its name in a piece of its own.
    let starts: Vec<usize> = (1..lines.len()).filter(|i| lines[*i].len() > 1).collect();
    let next = starts.get(cx.ui.row + 1).copied().unwrap_or(lines.len());
    next.saturating_sub(height)
}
