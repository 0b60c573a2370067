//! What stands out: feeds that do not work, conditions that are wrong, and what the rules of `advise` found, a row each;
//! the window over the screen tells them in full. Must not judge by itself.

use super::waiting;
use crate::advise::{self, Severity};
use crate::observe::{Feed, LinkState};
use crate::view::{Cx, footer, theme::Role, words};
use ratatui::{buffer::Buffer, layout::Rect, style::Style};

/// A row: its sign, its sentence, and what the window adds to it.
struct Row {
    sign: char,
    role: Role,
    text: String,
    more: Vec<String>,
}

pub fn summary(cx: &Cx) -> String {
    match rows(cx).len() {
        0 => String::new(),
        n => n.to_string(),
    }
}

/// How many rows the pane would fill.
pub fn count(cx: &Cx) -> u16 {
    u16::try_from(rows(cx).len()).unwrap_or(u16::MAX)
}

pub fn draw(buf: &mut Buffer, area: Rect, cx: &Cx) {
    let rows = rows(cx);
    if rows.is_empty() {
        words::line(buf, area, 0, &[(" nothing stands out", cx.look.style(Role::Muted))]);
    }
    for (i, row) in rows.iter().enumerate().take(usize::from(area.height)) {
        let cut = words::fit(&row.text, usize::from(area.width).saturating_sub(4), cx.look.symbols.glyphs().ellipsis);
        let sign = format!(" {} ", row.sign);
        words::line(buf, area, i as u16, &[(&sign, cx.look.style(row.role)), (&cut, cx.look.style(Role::Text))]);
    }
}

/// Every finding in full, for the window: its sentence, its evidence, its mend.
pub fn window(cx: &Cx, most: usize) -> Vec<Vec<(String, Style)>> {
    let mut out = Vec::new();
    for row in rows(cx) {
        if !out.is_empty() {
            out.push(Vec::new());
        }
        for (i, part) in words::wrap(&row.text, most.saturating_sub(2)).into_iter().enumerate() {
            let sign = if i == 0 { format!("{} ", row.sign) } else { "  ".into() };
            out.push(vec![(sign, cx.look.style(row.role)), (part, cx.look.style(Role::Text))]);
        }
        for part in row.more.iter().flat_map(|more| words::wrap(more, most.saturating_sub(2))) {
            out.push(vec![(format!("  {part}"), cx.look.style(Role::Muted))]);
        }
    }
    if out.is_empty() {
        out.push(vec![("nothing stands out".into(), cx.look.style(Role::Muted))]);
    }
    out
}

fn rows(cx: &Cx) -> Vec<Row> {
    let mut rows: Vec<Row> = Vec::new();
    for feed in Feed::ALL {
        let state = cx.session.links.state(feed);
        let troubled = matches!(state, LinkState::Denied | LinkState::Retrying | LinkState::Stale);
        let lost = state == LinkState::Absent && matches!(feed, Feed::Hpa | Feed::Target | Feed::Usage);
        if troubled || lost {
            let (sign, role) = footer::dot(cx, feed);
            let text = format!("{}: {}", feed.name(), waiting::reason(cx, feed).unwrap_or_default());
            rows.push(Row { sign, role, text, more: Vec::new() });
        }
    }
    for c in cx.session.moment(cx.moment()).conditions {
        let wrong = matches!((c.kind.as_str(), c.status.as_str()), ("AbleToScale" | "ScalingActive", "False"));
        if wrong {
            let text = format!("{} {}: {}", c.kind, c.reason, c.message);
            rows.push(Row { sign: '!', role: Role::Warn, text, more: Vec::new() });
        }
    }
    rows.extend(advise::findings(cx.session).into_iter().map(|f| {
        let (sign, role) = match f.severity {
            Severity::Critical => ('!', Role::Bad),
            Severity::Warning => ('!', Role::Warn),
            Severity::Info => ('i', Role::Muted),
        };
        Row { sign, role, text: f.text, more: vec![f.evidence, f.mend] }
    }));
    rows
}
