//! Feeds that do not work, conditions that are wrong, and the findings of `advise`, each in as many lines as there is room
//! for; the window over the screen shows them in full. Must not judge by itself.

use super::empty_state;
use crate::advise::{Finding, Severity};
use crate::format::text;
use crate::observe::{Feed, FeedState};
use crate::session::Spell;
use crate::view::pane_row::{Extent, Summary};
use crate::view::{Cx, footer, theme::Role, write};
use ratatui::{
    buffer::Buffer,
    layout::{Rect, Size},
    style::Style,
};

pub fn extent(cx: &Cx, area: Rect) -> Extent {
    Extent::of(None, usize::from(area.height), rows(cx).len())
}

/// One finding: its sign, its sentence, and what the window adds to it.
struct FindingRow {
    sign: char,
    role: Role,
    /// It no longer holds.
    over: bool,
    text: String,
    more: Vec<String>,
}

/// Columns before the text.
const INDENT: usize = 3;
/// Of a note that warns of nothing.
const NOTE: char = 'i';

pub fn summary(cx: &Cx) -> Summary {
    let rows = rows(cx);
    let over = rows.iter().filter(|r| r.over).count();
    let counts = [(rows.len() - over, "now"), (over, "over")].into_iter().filter(|(n, _)| *n > 0);
    let text = counts.map(|(n, what)| format!("{n} {what}")).collect::<Vec<_>>().join(", ");
    (text, rows.iter().find(|r| !r.over).map_or(Role::Muted, |r| r.role))
}

/// How many lines the pane would fill at this width.
pub fn lines(cx: &Cx, Size { width, .. }: Size) -> u16 {
    let lines = rows(cx).iter().map(|r| text::wrap(&r.text, room(width)).len()).sum::<usize>();
    u16::try_from(lines).unwrap_or(u16::MAX)
}

/// The most important one, for a screen that has no room for more than a line.
pub fn first(cx: &Cx) -> Option<(String, Role)> {
    let first = rows(cx).into_iter().next().filter(|r| r.role == Role::Bad || (r.role != Role::Muted && !r.over))?;
    Some((format!("{} {}", first.sign, first.text), first.role))
}

pub fn draw(buf: &mut Buffer, area: Rect, cx: &Cx) {
    let rows = rows(cx);
    if rows.is_empty() {
        let text = if empty_state::no_cluster(cx) { empty_state::NO_CLUSTER } else { "nothing stands out" };
        write::line(buf, area, 0, &[(" ", cx.look.style(Role::Muted)), (text, cx.look.style(Role::Muted))]);
    }
    let (mut y, height) = (0, usize::from(area.height));
    for (i, row) in rows.iter().enumerate().take(height) {
        // What was lost stays lost.
        let text = cx.look.style(if row.over && row.role != Role::Bad { Role::Muted } else { Role::Text });
        // Each gets a line before any gets a second.
        let most = height.saturating_sub(y + rows.len() - i - 1).max(1);
        let lines = text::bounded(&row.text, room(area.width), most, cx.look.symbols.glyphs().ellipsis);
        for (n, line) in lines.iter().enumerate() {
            let sign = if n == 0 { format!(" {} ", row.sign) } else { " ".repeat(INDENT) };
            write::line(buf, area, y as u16, &[(&sign, cx.look.style(row.role)), (line, text)]);
            y += 1;
        }
    }
}

fn room(width: u16) -> usize {
    usize::from(width).saturating_sub(INDENT + 1).max(1)
}

/// Every finding in full, for the window: its sentence, its evidence, its hint.
pub fn window(cx: &Cx, most: usize) -> Vec<Vec<(String, Style)>> {
    let mut out = Vec::new();
    for row in rows(cx) {
        if !out.is_empty() {
            out.push(Vec::new());
        }
        for (i, part) in text::wrap(&row.text, most.saturating_sub(2)).into_iter().enumerate() {
            let sign = if i == 0 { format!("{} ", row.sign) } else { "  ".into() };
            out.push(vec![(sign, cx.look.style(row.role)), (part, cx.look.style(Role::Text))]);
        }
        for part in row.more.iter().flat_map(|more| text::wrap(more, most.saturating_sub(2))) {
            out.push(vec![(format!("  {part}"), cx.look.style(Role::Muted))]);
        }
    }
    if out.is_empty() {
        out.push(vec![("nothing stands out".into(), cx.look.style(Role::Muted))]);
    }
    out
}

fn rows(cx: &Cx) -> Vec<FindingRow> {
    let mut found: Vec<(Severity, FindingRow)> = cx.findings.iter().map(|f| (f.severity, now(cx, f))).collect();
    found.extend(cx.session.findings.over().into_iter().map(|s| (s.finding.severity, past(cx, s))));
    // What was lost stays first; else what holds now comes before what is over.
    found.sort_by_key(|(severity, row)| std::cmp::Reverse((*severity == Severity::Critical, !row.over, *severity)));
    // Nothing stands before what is critical now.
    let worst = found.iter().take_while(|(severity, row)| *severity == Severity::Critical && !row.over).count();
    let others = found.split_off(worst);
    let mut rows: Vec<FindingRow> = found.into_iter().map(|(_, row)| row).collect();
    rows.extend(feeds(cx));
    for c in cx.session.snapshot(cx.moment()).conditions {
        let wrong = matches!((c.kind.as_str(), c.status.as_str()), ("AbleToScale" | "ScalingActive", "False"));
        if wrong {
            let text = format!("{} {}: {}", c.kind, c.reason, c.message);
            rows.push(FindingRow { sign: '!', role: Role::Warn, over: false, text, more: Vec::new() });
        }
    }
    rows.extend(others.into_iter().map(|(_, row)| row));
    rows
}

fn sign(severity: Severity) -> (char, Role) {
    match severity {
        Severity::Critical => ('!', Role::Bad),
        Severity::Warning => ('!', Role::Warn),
        Severity::Info => (NOTE, Role::Muted),
    }
}

fn now(cx: &Cx, f: &Finding) -> FindingRow {
    let (sign, role) = sign(f.severity);
    let since = cx.session.findings.since(f).map(|ms| format!("since {}", cx.look.moment(ms, cx.now)));
    let more = since.into_iter().chain([f.evidence.clone(), f.hint.clone()]).collect();
    FindingRow { sign, role, over: false, text: f.text.clone(), more }
}

/// `the gateway lost 140 k items: given up after the last try (over: 12:03:04–12:05:10)`.
fn past(cx: &Cx, spell: &Spell) -> FindingRow {
    let (sign, role) = sign(spell.finding.severity);
    let clock = |ms| cx.look.moment(ms, cx.now);
    let text = format!("{} (over: {}–{})", spell.finding.text, clock(spell.from), clock(spell.over.unwrap_or(cx.now)));
    let was = format!("as it was: {}", spell.finding.evidence);
    FindingRow { sign, role, over: true, text, more: vec![was, spell.finding.hint.clone()] }
}

/// The feeds that do not work; those that fail for the same cause are one finding.
fn feeds(cx: &Cx) -> Vec<FindingRow> {
    let state = |feed: Feed| cx.session.feeds.state(feed);
    let mut causes: Vec<(String, Vec<Feed>)> = Vec::new();
    // The pane that waits for the HPA says why.
    if empty_state::no_cluster(cx) {
        return Vec::new();
    }
    for feed in Feed::ALL {
        let troubled = matches!(state(feed), FeedState::Denied | FeedState::Retrying | FeedState::Stale);
        let lost = state(feed) == FeedState::Absent && matches!(feed, Feed::Hpa | Feed::Target | Feed::Usage);
        if !troubled && !lost {
            continue;
        }
        let why = empty_state::reason(cx, feed).unwrap_or_default();
        match causes.iter_mut().find(|c| c.0 == why && state(c.1[0]) == state(feed)) {
            Some((_, feeds)) => feeds.push(feed),
            None => causes.push((why, vec![feed])),
        }
    }
    let one = |(why, feeds): (String, Vec<Feed>)| {
        let (sign, role) = footer::dot(cx, feeds[0]);
        let names: Vec<&str> = feeds.iter().map(|f| f.name()).collect();
        let names = if names.len() > 3 { format!("{} feeds", names.len()) } else { names.join(", ") };
        FindingRow { sign, role, over: false, text: format!("{names}: {why}"), more: Vec::new() }
    };
    causes.into_iter().map(one).collect()
}
