//! The gateway tier on Overview's time axis: items accepted and sent each second, and the fullest queue. Must not
//! distinguish pods; that is the Gateways screen.

use super::{empty_state, utilization};
use crate::format;
use crate::observe::{Feed, Role as Tier, Signal};
use crate::session::Series;
use crate::view::{
    Cx,
    chart::{LineChart, PlainLine},
    pane_row::Summary,
    theme::Role,
    time_axis,
};
use ratatui::{buffer::Buffer, layout::Rect};

/// How long a rate is valid, in milliseconds.
const HOLDS: i64 = 20_000;

pub fn summary(cx: &Cx) -> Summary {
    let Some(tier) = cx.session.collectors.tier(Tier::Gateway) else {
        return (empty_state::short(cx, Feed::Collector), Role::Muted);
    };
    let at = |series: &Series| series.at(cx.moment(), HOLDS).map(|p| p.1);
    let rate = |v: Option<f64>| v.map_or_else(|| format::UNKNOWN.into(), format::rate);
    let mut text = format!("{} items in, {} out", rate(at(&tier.accepted)), rate(at(&tier.sent)));
    match cx.session.collectors.fullest(Tier::Gateway).filter(|_| cx.ui.cursor.is_none()) {
        Some((_, q)) => text += &format!(", queue {}/{}", format::count(q.size), format::count(q.capacity)),
        None => {
            let ratio = at(&tier.queue).map(|r| format!(", queue {}", format::percent(r * 100.0)));
            text += &ratio.unwrap_or_default();
        }
    }
    let failed: f64 = Signal::ALL.iter().filter_map(|s| at(&tier.rates(*s).send_failed)).sum();
    let refused: f64 = Signal::ALL.iter().filter_map(|s| at(&tier.rates(*s).refused)).sum();
    let mut role = Role::Muted;
    // What is lost comes last, so that its colour stays.
    let mut bad_news = Vec::new();
    for (figure, what, bad) in [(refused, "refused", Role::Warn), (failed, "lost", Role::Bad)] {
        if figure > 0.0 {
            bad_news.push(format!("{} {what}", format::rate(figure)));
            role = bad;
        }
    }
    if !bad_news.is_empty() {
        text += &format!("  ! {}", bad_news.join(", "));
    }
    (text, role)
}

pub fn draw(buf: &mut Buffer, area: Rect, cx: &Cx) {
    let Some(tier) = cx.session.collectors.tier(Tier::Gateway) else {
        let shows = "items accepted, refused and sent, and the queue";
        return empty_state::draw(buf, area, cx, Feed::Collector, shows);
    };
    let (axis, margins) = time_axis::axis(cx, area.width);
    let line = |series: &Series, name: &str, role| {
        let segments = series.segments(axis.start_ms, axis.end_ms);
        let last = series.at(cx.moment(), HOLDS).map(|p| format!("{name} {}", format::rate(p.1)));
        PlainLine {
            label: last.unwrap_or_else(|| name.to_string()),
            role,
            segments,
            peak: series.peak(),
            dashed: false,
        }
    };
    // What is drawn last lies on top, and is the only line when the pane has one row.
    let lines = vec![line(&tier.sent, "out", Role::Series3), line(&tier.accepted, "in", Role::Series2)];
    let markers = if area.height > 1 { utilization::marks(cx, axis) } else { Vec::new() };
    LineChart { axis, margins, lines, unit: format::count, cursor: cx.cursor(), markers }.draw(
        area,
        buf,
        &time_axis::style(cx),
    );
}
