//! The table of syncs: time, size found, each metric's figure and proposal, what limited it, result, what the
//! controller did. Must not compute.

use crate::explain::sync::{limit_word, metric_figure};
use crate::format::text;
use crate::session::decisions::sync::{MetricOutcome, Sync, Verdict};
use crate::view::panes::shadows;
use crate::view::{Cx, theme::Role, write};
use ratatui::{buffer::Buffer, layout::Rect, style::Style};

/// Columns of a metric: its figure and its proposal.
const METRIC: usize = 12;
/// Columns beside the metrics.
const REST: usize = 35;
/// Metrics shown at most.
const MOST: usize = 4;

/// Columns that the table would like to have.
pub fn width(cx: &Cx) -> u16 {
    let metrics = cx.session.metrics.live().count().clamp(1, MOST);
    (REST + metrics * METRIC + cx.shadows().len() * shadows::columns(cx)) as u16
}

/// The index of the first sync shown.
fn first(area: Rect, cx: &Cx) -> usize {
    let rows = usize::from(area.height.saturating_sub(1)).max(1);
    (cx.ui.selected_sync(cx.session) + 1).saturating_sub(rows)
}

pub fn draw(buf: &mut Buffer, area: Rect, cx: &Cx, syncs: &[&Sync]) {
    let muted = cx.look.style(Role::Muted);
    let shown = metrics(area, cx, syncs);
    let mut head = vec![(" time     ".to_string(), muted), ("   now ".into(), muted)];
    let names = syncs.first().map(|s| s.names.clone());
    for i in 0..shown {
        let name = names.as_ref().and_then(|n| n.get(i)).cloned().unwrap_or_default();
        let name = text::fit(&name, METRIC - 1, cx.look.symbols.glyphs().ellipsis);
        head.push((text::left(&name, METRIC), cx.look.style(Role::SERIES[i % Role::SERIES.len()])));
    }
    head.push((format!("{:<8}{:<5}", "held by", "asks"), muted));
    let shadows = 0..cx.shadows().len();
    head.extend(
        shadows.map(|i| (text::left(&shadows::head(cx, i), shadows::columns(cx)), cx.look.style(shadows::role(i)))),
    );
    head.push(("did".into(), muted));
    write::pieces(buf, area, 0, &head);
    let selected = cx.ui.selected_sync(cx.session);
    let top = first(area, cx);
    for (i, sync) in syncs.iter().skip(top).take(usize::from(area.height.saturating_sub(1))).enumerate() {
        let at = Rect { y: area.y + 1 + i as u16, height: 1, ..area };
        cx.row_at(at, top + i);
        row(buf, at, cx, sync, shown, top + i == selected);
    }
}

/// Metrics that there is room for.
fn metrics(area: Rect, cx: &Cx, syncs: &[&Sync]) -> usize {
    let most = syncs.iter().take(usize::from(area.height)).map(|s| s.names.len()).max().unwrap_or(0).min(MOST);
    most.min(usize::from(area.width).saturating_sub(REST + cx.shadows().len() * shadows::columns(cx)) / METRIC)
}

fn row(buf: &mut Buffer, area: Rect, cx: &Cx, sync: &Sync, shown: usize, here: bool) {
    let look = cx.look;
    let g = look.symbols.glyphs();
    if here {
        buf.set_style(area, look.style(Role::Selection));
    }
    let on = |role| {
        let style: Style = look.style(role);
        if here { style.patch(look.style(Role::Selection)) } else { style }
    };
    let r = &sync.computed;
    let main = if sync.rescaled { Role::Marker } else { Role::Text };
    let count = if sync.count > 1 { format!("×{}", sync.count.min(999)) } else { String::new() };
    let count = if look.symbols == crate::view::symbols::Symbols::Ascii { count.replace('×', "x") } else { count };
    let mut pieces = vec![
        (format!("{}{}", if here { g.pointer } else { ' ' }, look.clock(sync.last)), on(main)),
        (format!(" {count:<4}"), on(Role::Muted)),
        (format!("{:>2} ", r.current), on(main)),
    ];
    for i in 0..shown {
        let (text, role) = metric(sync, i, r.metrics.get(i), g.to);
        pieces.push((text::left(&text, METRIC), on(role)));
    }
    let held = limit_word(sync);
    pieces.push((format!("{held:<8}"), on(if held.is_empty() { Role::Muted } else { Role::Warn })));
    let change = match r.result.cmp(&r.current) {
        std::cmp::Ordering::Greater => format!("{}{}", g.up, r.result),
        std::cmp::Ordering::Less => format!("{}{}", g.down, r.result),
        std::cmp::Ordering::Equal => format!(" {}", r.result),
    };
    pieces.push((format!("{change:<5}"), on(main)));
    for (i, shadow) in cx.shadows().iter().enumerate() {
        let size = shadow.run.as_ref().ok().and_then(|run| shadows::size_at(run, sync.last));
        let text = size.map_or_else(|| "–".into(), |(n, estimate)| format!("{}{n}", if estimate { "~" } else { " " }));
        let same = size.is_none_or(|(n, _)| n == sync.controller);
        pieces.push((text::left(&text, shadows::columns(cx)), on(if same { Role::Muted } else { shadows::role(i) })));
    }
    let (sign, role) = match sync.verdict() {
        Verdict::Agrees => (g.check, Role::Good),
        Verdict::Consistent => ('~', Role::Muted),
        Verdict::Undecided => ('?', Role::Muted),
        Verdict::Differs => (g.cross, Role::Bad),
    };
    pieces.push((format!("{} ", sync.controller), on(main)));
    pieces.push((sign.to_string(), on(role)));
    write::pieces(buf, area, 0, &pieces);
}

/// `96 % → 4`, the winner in its colour.
fn metric(sync: &Sync, index: usize, outcome: Option<&MetricOutcome>, to: &str) -> (String, Role) {
    let Some(outcome) = outcome else { return ("–".into(), Role::Faint) };
    let Some(proposal) = outcome.proposal else { return ("invalid".into(), Role::Bad) };
    let figure = metric_figure(sync, index).unwrap_or_default();
    let role = match sync.computed.winner == Some(index) {
        true => Role::SERIES[index % Role::SERIES.len()],
        false => Role::Muted,
    };
    (format!("{figure} {to} {proposal}"), role)
}
