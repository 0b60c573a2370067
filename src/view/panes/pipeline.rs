//! The path of the telemetry, from the applications over agents and gateway to Elasticsearch: items a second on each edge by
//! signal, the queues between, and where items were lost. Must not add up what was counted; that is the session's part.

mod account;
mod flow;
mod losses;

use super::{empty_state, rates, rates::RateLine};
use crate::observe::{Feed, Role as Tier};
use crate::view::pane_row::{Extent, Summary};
use crate::view::{Cx, theme::Role, write};
use ratatui::{buffer::Buffer, layout::Rect, style::Style};

/// The parts of a line, each with its role.
type RoleLine = Vec<(String, Role)>;

pub fn summary(cx: &Cx) -> Summary {
    let c = &cx.session.collectors;
    if c.tier(Tier::Gateway).or(c.tier(Tier::Agent)).is_none() {
        return (String::new(), Role::Muted);
    }
    let some = [(account::all_lost(cx), "lost"), (account::all_missing(cx), "missing")]
        .into_iter()
        .filter(|(items, _)| *items > 0.0);
    let text: Vec<String> = some.map(|(items, what)| format!("{} {what}", crate::format::count(items))).collect();
    if text.is_empty() { ("nothing lost".into(), Role::Muted) } else { (text.join(", "), Role::Bad) }
}

pub fn draw(buf: &mut Buffer, area: Rect, cx: &Cx) {
    let c = &cx.session.collectors;
    if [Tier::Gateway, Tier::Agent, Tier::Cluster].iter().all(|r| c.tier(*r).is_none()) {
        let shows = "the path apps, agents, gateway, Elasticsearch, and where items were lost";
        return empty_state::draw(buf, area, cx, Feed::Collector, shows);
    }
    let lines = lines(cx, area.width);
    let inner = Rect { x: area.x + 1, width: area.width.saturating_sub(2), ..area };
    for (i, line) in lines.iter().enumerate().take(usize::from(area.height)) {
        let styled: Vec<(&str, Style)> = line.iter().map(|(t, r)| (t.as_str(), cx.look.style(*r))).collect();
        write::line(buf, inner, i as u16, &styled);
    }
    let drawn = u16::try_from(lines.len() + 1).unwrap_or(u16::MAX).min(area.height);
    chart(buf, Rect { y: area.y + drawn, height: area.height - drawn, ..area }, cx);
}

pub fn extent(cx: &Cx, area: Rect) -> Extent {
    Extent::of(None, usize::from(area.height), lines(cx, area.width).len())
}

fn lines(cx: &Cx, width: u16) -> Vec<RoleLine> {
    let width = usize::from(width.saturating_sub(2));
    let columns = flow::Columns::of(width);
    let mut lines = flow::lines(cx, columns);
    lines.extend(account::lines(cx, columns));
    lines.push(RoleLine::new());
    lines.extend(losses::lines(cx, width));
    lines
}

/// What each tier receives and sends, over time: a queue that grows is a gap between two lines.
fn chart(buf: &mut Buffer, area: Rect, cx: &Cx) {
    let tier = |role| cx.session.collectors.tier(role);
    let (gateway, agents) = (tier(Tier::Gateway), tier(Tier::Agent));
    let lines = [
        ("gateway in", gateway.map(|t| &t.accepted), Role::Series2),
        ("gateway out", gateway.map(|t| &t.sent), Role::Series3),
        ("agents in", agents.map(|t| &t.accepted), Role::Series1),
    ];
    let known: Vec<RateLine> = lines
        .into_iter()
        .filter_map(|(name, series, role)| Some(RateLine { name, series: series?, role, is_gone: false }))
        .collect();
    rates::draw(buf, area, cx, "items a second, all signals", &known, &[]);
}
