//! Documents per second of each signal as Elasticsearch indexed them, over time, and what it rejected. Must not add up
//! what is not known.

use super::empty_state;
use crate::format;
use crate::observe::{Feed, Signal};
use crate::view::chart::{LineChart, PlainLine};
use crate::view::pane_row::Summary;
use crate::view::{Cx, theme::Role, time_axis};
use ratatui::{buffer::Buffer, layout::Rect};

/// The colour of a signal, the same in every pane.
pub fn role(signal: Signal) -> Role {
    match signal {
        Signal::Traces => Role::Series1,
        Signal::Metrics => Role::Series2,
        Signal::Logs | Signal::Other => Role::Series3,
    }
}

pub fn summary(cx: &Cx) -> Summary {
    let ingest = &cx.session.ingest;
    if ingest.at.is_none() {
        return (empty_state::short(cx, Feed::Ingest), Role::Muted);
    }
    let (moment, p) = (cx.moment(), &ingest.pressure);
    let rate = match ingest.all_per_s(moment) {
        Some(rate) => format!("{} docs/s", format::count(rate)),
        None if ingest.signal(Signal::Logs).is_none() => "a rate needs two samples".into(),
        None => format!("{} docs/s", format::UNKNOWN),
    };
    let strain = if cx.ui.cursor.is_some() { None } else { ingest.strain(cx.session.now_ms()).into_iter().next() };
    // What strains it says what is rejected, too.
    let quiet = strain.is_none();
    let rejected = p.rejected_writes().filter(|_| quiet);
    let sign = |n: u64| if n > 0 { "! " } else { "" };
    let rejected_text =
        rejected.map(|n| format!("  {}{} rejected", sign(n), format::count(n as f64))).unwrap_or_default();
    let health = p.health.as_ref().filter(|_| quiet).map(|h| format!("  {}", h.status)).unwrap_or_default();
    let role = match (&strain, p.health.as_ref().map(|h| h.status.as_str())) {
        (Some(strain), _) if strain.limits_ingest() => Role::Bad,
        (_, Some("red")) => Role::Bad,
        (Some(_), _) => Role::Warn,
        _ if rejected > Some(0) => Role::Warn,
        _ => Role::Muted,
    };
    let strain = strain.map(|s| format!("  ! {}", crate::explain::elasticsearch::strain(&s))).unwrap_or_default();
    (format!("{rate}{health}{rejected_text}{strain}"), role)
}

pub fn draw(buf: &mut Buffer, area: Rect, cx: &Cx) {
    let ingest = &cx.session.ingest;
    if ingest.signal(Signal::Logs).is_none() {
        return empty_state::draw(buf, area, cx, Feed::Ingest, "documents per second and rejections");
    }
    let (axis, margins) = time_axis::axis(cx, area.width);
    let mut lines: Vec<(u64, PlainLine)> = Vec::new();
    for signal in Signal::ALL {
        let Some(flow) = ingest.signal(signal) else { continue };
        let now = ingest.documents_per_s(signal, cx.moment());
        let label = format!("{} {}", signal.name(), now.map_or_else(|| format::UNKNOWN.into(), format::count));
        let segments = flow.rate.segments(axis.start_ms, axis.end_ms);
        lines.push((
            flow.total,
            PlainLine { label, role: role(signal), segments, peak: flow.rate.peak(), dashed: false },
        ));
    }
    // What is drawn last lies on top, and is all that a single row shows: the signal of which most came.
    lines.sort_by_key(|line| line.0);
    let lines = lines.into_iter().map(|l| l.1).collect();
    let markers = super::utilization::marks(cx, axis);
    let chart = LineChart { axis, margins, lines, unit: format::count, cursor: cx.cursor(), markers };
    chart.draw(area, buf, &time_axis::style(cx));
}
