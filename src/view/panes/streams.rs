//! A row a data stream: what comes in, what is on disk, when something last arrived. Must not judge.

use super::{empty_state, ingest::role};
use crate::explain::left_out::{Place, left_out};
use crate::format::{self, text};
use crate::observe::{CountedBy, Feed};
use crate::session::ingest::Stream;
use crate::ui::List;
use crate::view::{Cx, chart::Sparkline, theme::Role, time_axis, write};
use ratatui::{buffer::Buffer, layout::Rect, style::Style};

/// From this width on there is room for what is on disk.
const WHOLE: u16 = 90;

pub fn summary(cx: &Cx) -> String {
    let ingest = &cx.session.ingest;
    let Some(cluster) = &ingest.cluster else { return String::new() };
    let by = match ingest.counted_by {
        Some(CountedBy::IndexTotal) => ", counted by index_total",
        Some(CountedBy::Documents) => ", counted by searchable documents",
        _ => "",
    };
    let name = match (cluster.cluster.as_str(), cluster.distribution.as_str()) {
        ("", _) => cluster.product().to_owned(),
        (name, "") => name.to_owned(),
        (name, _) => format!("{name} {}", cluster.product()),
    };
    let user = if cluster.user.is_empty() { String::new() } else { format!(" as {}", cluster.user) };
    let left_out = left_out(cx.session, Place::Streams).map(|text| format!("; {text}")).unwrap_or_default();
    format!("{name} {}{user}{by}{left_out}", cluster.version)
}

pub fn draw(buf: &mut Buffer, area: Rect, cx: &Cx) {
    let ingest = &cx.session.ingest;
    if ingest.at.is_none() {
        return empty_state::draw(buf, area, cx, Feed::Ingest, "each data stream's documents and bytes per second");
    }
    let all: Vec<(&str, &Stream)> = ingest.streams().filter(|(name, _)| cx.ui.shows(name)).collect();
    if all.is_empty() {
        let text = match cx.ui.filter.is_empty() {
            true => "no data stream traces-*, metrics-* or logs-* yet".to_string(),
            false => format!("no data stream's name contains \"{}\"", cx.ui.filter),
        };
        return empty_state::sentence(buf, area, cx, &text, Role::Muted);
    }
    let widest = all.iter().map(|(name, _)| text::width(name)).max().unwrap_or(4);
    let stored = area.width >= WHOLE;
    let taken = if stored { 55 } else { 44 };
    let names = widest.clamp(11, usize::from(area.width).saturating_sub(taken).clamp(11, 60));
    let on_disk = if stored { format!("{:>9}  ", "on disk") } else { String::new() };
    let head = format!(
        " {:<names$}  {:>9}  {:>10}  {:>9}  {on_disk}{:>6}",
        "data stream", "docs/s", "bytes/s", "documents", "last"
    );
    write::line(buf, area, 0, &[(&head, cx.look.style(Role::Muted))]);
    let rows = usize::from(area.height.saturating_sub(1));
    let focused = cx.ui.in_focus(List::Streams);
    let selected = cx.ui.row.min(all.len() - 1);
    let top = if focused { (selected + 1).saturating_sub(rows) } else { 0 };
    for (i, (name, stream)) in all.iter().skip(top).take(rows).enumerate() {
        let line = Rect { y: area.y + 1 + i as u16, height: 1, ..area };
        cx.row_at(line, top + i);
        row(buf, line, cx, (name, stream), names, focused && top + i == selected);
    }
}

fn row(buf: &mut Buffer, area: Rect, cx: &Cx, (name, stream): (&str, &Stream), names: usize, here: bool) {
    let look = cx.look;
    let (moment, age) = (cx.moment(), cx.session.ingest.max_age());
    if here {
        buf.set_style(area, look.style(Role::Selection));
    }
    let on = |role| -> Style {
        let style: Style = look.style(role);
        if here { style.patch(look.style(Role::Selection)) } else { style }
    };
    let figure = |value: Option<f64>, unit: fn(f64) -> String| value.map_or_else(|| format::UNKNOWN.into(), unit);
    let flow = &stream.flow;
    let counted = !flow.documents.points().is_empty();
    let total = counted.then(|| format!("{}{}", if flow.partial { ">" } else { "" }, format::count(flow.total as f64)));
    let last = flow.last.map(|(_, to)| format::age((cx.now - to).max(0) / 1000));
    // The type and the dataset come first in a stream's name, and distinguish it from the others.
    let name = text::fit(name, names, look.symbols.glyphs().ellipsis);
    let stored = match area.width >= WHOLE {
        true => format!("{:>9}  ", figure(stream.stored.map(|b| b as f64), format::bytes)),
        false => String::new(),
    };
    let state = match (stream.indices, stream.throttled, flow.failed) {
        (0, ..) => " gone".to_string(),
        (_, true, _) => " merging holds it back".into(),
        (_, _, failed) if failed > 0 => format!(" {failed} failed, {} conflicts", flow.conflicts),
        _ => String::new(),
    };
    let end = write::line(
        buf,
        area,
        0,
        &[
            (&format!(" {name:<names$}  "), on(role(stream.signal))),
            (&format!("{:>9}  ", figure(flow.rate_at(moment, age), format::count)), on(Role::Text)),
            (&format!("{:>10}  ", figure(flow.bytes_at(moment, age), format::bytes)), on(Role::Text)),
            (&format!("{:>9}  ", total.unwrap_or_else(|| format::UNKNOWN.into())), on(Role::Muted)),
            (&stored, on(Role::Muted)),
            (&format!("{:>6}", last.unwrap_or_else(|| format::UNKNOWN.into())), on(Role::Muted)),
            (&state, on(Role::Warn)),
        ],
    );
    if area.right().saturating_sub(end) >= 12 {
        let (axis, _) = time_axis::axis(cx, area.width);
        let rest = Rect { x: end + 2, width: area.right() - end - 3, ..area };
        let segments: Vec<Vec<(i64, f64)>> = flow.rate.segments(axis.start_ms, axis.end_ms);
        Sparkline { axis, role: role(stream.signal), segments: &segments }.draw(rest, buf, &time_axis::style(cx));
    }
}
