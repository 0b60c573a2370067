//! What stands out, with the mend: for now the feeds that do not work and the conditions that are wrong. Must not
//! compute; rules over a session have a room of their own.

use super::waiting;
use crate::observe::{Feed, LinkState};
use crate::view::{Cx, footer, theme::Role, words};
use ratatui::{buffer::Buffer, layout::Rect};

pub fn draw(buf: &mut Buffer, area: Rect, cx: &Cx) {
    let mut rows: Vec<(char, Role, String)> = Vec::new();
    for feed in Feed::ALL {
        let state = cx.session.links.state(feed);
        let troubled = matches!(state, LinkState::Denied | LinkState::Retrying | LinkState::Stale);
        let lost = state == LinkState::Absent && matches!(feed, Feed::Hpa | Feed::Target | Feed::Usage);
        if troubled || lost {
            let (dot, role) = footer::dot(cx, feed);
            rows.push((dot, role, format!("{}: {}", feed.name(), waiting::reason(cx, feed).unwrap_or_default())));
        }
    }
    for c in cx.session.moment(cx.moment()).conditions {
        let wrong = matches!((c.kind.as_str(), c.status.as_str()), ("AbleToScale" | "ScalingActive", "False"));
        if wrong {
            rows.push(('!', Role::Warn, format!("{} {}: {}", c.kind, c.reason, c.message)));
        }
    }
    if rows.is_empty() {
        words::line(buf, area, 0, &[(" nothing stands out", cx.look.style(Role::Muted))]);
    }
    for (i, (sign, role, text)) in rows.iter().enumerate().take(usize::from(area.height)) {
        let cut = words::fit(text, usize::from(area.width).saturating_sub(4), cx.look.symbols.glyphs().ellipsis);
        let sign = format!(" {sign} ");
        words::line(buf, area, i as u16, &[(&sign, cx.look.style(*role)), (&cut, cx.look.style(Role::Text))]);
    }
}
