//! A row a data stream: what comes in, what is on disk, when something last arrived. Must not judge.

use super::{empty_state, ingest::role};
use crate::explain::left_out::{Place, left_out};
use crate::format::{self, text};
use crate::observe::{CountedBy, Feed};
use crate::session::ingest::Stream;
use crate::ui::List;
use crate::view::pane_row::{Extent, Summary};
use crate::view::{Cx, chart::Sparkline, theme::Role, time_axis, write};
use ratatui::{buffer::Buffer, layout::Rect, style::Style};

pub fn summary(cx: &Cx) -> Summary {
    let ingest = &cx.session.ingest;
    let Some(cluster) = &ingest.cluster else { return (String::new(), Role::Muted) };
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
    (format!("{name} {}{user}{by}{left_out}", cluster.version), Role::Muted)
}

/// What the whole list would take, its head and a row between it and the chart.
pub fn rows(cx: &Cx) -> u16 {
    u16::try_from(cx.ui.streams(cx.session).len() + 2).unwrap_or(u16::MAX)
}

pub fn extent(cx: &Cx, area: Rect) -> Extent {
    let all = cx.ui.streams(cx.session).len();
    let selected = cx.ui.in_focus(List::Streams).then_some(cx.ui.row);
    Extent::of(selected, usize::from(area.height.saturating_sub(1)), all)
}

pub fn draw(buf: &mut Buffer, area: Rect, cx: &Cx) {
    let ingest = &cx.session.ingest;
    if ingest.at.is_none() {
        return empty_state::draw(buf, area, cx, Feed::Ingest, "each data stream's documents and bytes per second");
    }
    let all = cx.ui.streams(cx.session);
    if all.is_empty() {
        let text = match cx.ui.filter.is_empty() {
            true => "no data stream traces-*, metrics-* or logs-* yet".to_string(),
            false => format!("no data stream's name contains \"{}\"", cx.ui.filter),
        };
        return empty_state::sentence(buf, area, cx, &text, Role::Muted);
    }
    let widest = all.iter().map(|(name, _)| text::width(name) + 2).max().unwrap_or(4);
    let (names, columns) = fitting(usize::from(area.width), widest);
    let mut head = format!(" {:<names$}", "  data stream");
    columns.iter().for_each(|c| head += &format!(" {:>1$}", cx.column_head(c.head, cx.ui.sort.streams()), c.width));
    // All rows have one scale, so that their bars can be compared.
    let most = all.iter().map(|(_, stream)| stream.flow.rate.peak()).fold(0.0, f64::max);
    let spark = format!("  docs/s, {} at most", format::count(most));
    if text::width(&head) + text::width(&spark) < usize::from(area.width) {
        head += &spark;
    }
    write::line(buf, area, 0, &[(&head, cx.look.style(Role::Muted))]);
    let focused = cx.ui.in_focus(List::Streams);
    let selected = cx.ui.row.min(all.len() - 1);
    let Extent { first: top, shown, .. } = extent(cx, area);
    for (i, (name, stream)) in all.iter().skip(top).take(shown).enumerate() {
        let line = Rect { y: area.y + 1 + i as u16, height: 1, ..area };
        cx.row_at(line, top + i);
        row(buf, line, cx, (name, stream), (names, &columns, most), focused && top + i == selected);
    }
}

/// A column beside the name.
struct StreamColumn {
    head: &'static str,
    width: usize,
    cell: fn(&Cx, &Stream) -> (String, Role),
}

const COLUMNS: [StreamColumn; 5] = [
    StreamColumn { head: "docs/s", width: 7, cell: |cx, s| known(rate(cx, s), format::count, Role::Text) },
    StreamColumn { head: "bytes/s", width: 8, cell: |cx, s| known(bytes(cx, s), format::bytes, Role::Text) },
    StreamColumn { head: "documents", width: 9, cell: |_, s| documents(s) },
    StreamColumn {
        head: "on disk",
        width: 8,
        cell: |_, s| known(s.stored.map(|b| b as f64), format::bytes, Role::Muted),
    },
    StreamColumn { head: "last", width: 5, cell: last },
];

/// The width of the names, and the columns beside them: what is on disk and the total go where there is no room for names.
fn fitting(width: usize, widest: usize) -> (usize, Vec<&'static StreamColumn>) {
    let mut columns: Vec<&StreamColumn> = COLUMNS.iter().collect();
    let taken = |columns: &[&StreamColumn]| columns.iter().map(|c| c.width + 1).sum::<usize>() + 2;
    for optional in ["on disk", "documents"] {
        if taken(&columns) + widest > width {
            columns.retain(|c| c.head != optional);
        }
    }
    (widest.clamp(11, width.saturating_sub(taken(&columns)).max(11)), columns)
}

fn known(value: Option<f64>, unit: fn(f64) -> String, role: Role) -> (String, Role) {
    (value.map_or_else(|| format::UNKNOWN.into(), unit), role)
}

fn rate(cx: &Cx, stream: &Stream) -> Option<f64> {
    stream.flow.rate_at(cx.moment(), cx.session.ingest.max_age())
}

fn bytes(cx: &Cx, stream: &Stream) -> Option<f64> {
    stream.flow.bytes_at(cx.moment(), cx.session.ingest.max_age())
}

fn documents(stream: &Stream) -> (String, Role) {
    let flow = &stream.flow;
    let counted = !flow.documents.points().is_empty();
    let total = counted.then(|| format!("{}{}", if flow.partial { ">" } else { "" }, format::count(flow.total as f64)));
    (total.unwrap_or_else(|| format::UNKNOWN.into()), Role::Muted)
}

fn last(cx: &Cx, stream: &Stream) -> (String, Role) {
    let last = stream.flow.last.map(|(_, to)| format::age((cx.now - to).max(0) / 1000));
    (last.unwrap_or_else(|| format::UNKNOWN.into()), Role::Muted)
}

/// `shape`: columns of the names, the other columns, and the greatest value of the bars.
type Shape<'a> = (usize, &'a [&'a StreamColumn], f64);

fn row(buf: &mut Buffer, area: Rect, cx: &Cx, (name, stream): (&str, &Stream), shape: Shape, here: bool) {
    let (names, columns, most) = shape;
    let look = cx.look;
    if here {
        buf.set_style(area, look.style(Role::Selection));
    }
    let on = |role| -> Style {
        let style: Style = look.style(role);
        if here { style.patch(look.style(Role::Selection)) } else { style }
    };
    let flow = &stream.flow;
    // The type and the dataset come first in a stream's name, and distinguish it from the others.
    let mark = role(stream.signal);
    let name = text::fit(name, names.saturating_sub(2), look.symbols.glyphs().ellipsis);
    let name = text::left(&format!("{} {name}", look.mark(mark)), names);
    let state = match (stream.indices, stream.throttled, flow.failed) {
        (0, ..) => " gone".to_string(),
        (_, true, _) => " merging holds it back".into(),
        (_, _, failed) if failed > 0 => format!(" {failed} failed, {} conflicts", flow.conflicts),
        _ => String::new(),
    };
    let mut pieces = vec![(format!(" {name:<names$}"), on(role(stream.signal)))];
    pieces.extend(columns.iter().map(|c| {
        let (text, role) = (c.cell)(cx, stream);
        (format!(" {}", text::right(&text, c.width)), on(role))
    }));
    pieces.push((state, on(Role::Warn)));
    let end = write::pieces(buf, area, 0, &pieces);
    if area.right().saturating_sub(end) >= 12 {
        let (axis, _) = time_axis::axis(cx, area.width);
        let rest = Rect { x: end + 2, width: area.right() - end - 3, ..area };
        let segments: Vec<Vec<(i64, f64)>> = flow.rate.segments(axis.start_ms, axis.end_ms);
        Sparkline { axis, role: role(stream.signal), segments: &segments, most }.draw(rest, buf, &time_axis::style(cx));
    }
}
