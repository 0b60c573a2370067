//! Every HPA, a row each, the one in the worst trouble first; before them the clusters that cannot be read. Below the list what
//! is known of the selected one. Must not judge: the troubles are the session's.

mod columns;

use super::empty_state;
use crate::explain::fleet as words;
use crate::format::{self, text};
use crate::observe::FeedState;
use crate::session::{Fleet, Severity, fleet::HpaRow};
use crate::ui::{Action, FleetLine, FleetSort, List};
use crate::view::pane_row::{Extent, Summary};
use crate::view::{
    Cx,
    chart::{Sparkline, TimeAxis},
    theme::Role,
    time_axis, write,
};
use columns::FleetColumn;
use ratatui::{buffer::Buffer, layout::Rect, style::Style};

/// The time that the bars of a row show, milliseconds.
const HOUR: i64 = 3_600_000;
/// Bars of that in the picker.
const BARS: usize = 12;

/// The colour of a severity.
pub fn role(severity: Option<Severity>) -> Role {
    match severity {
        Some(Severity::Critical) => Role::Bad,
        Some(_) => Role::Warn,
        None => Role::Text,
    }
}

fn now(cx: &Cx) -> crate::observe::Time {
    cx.session.now.unwrap_or_default()
}

/// The totals, and what is left out of the list.
pub fn summary(cx: &Cx) -> Summary {
    let Some(fleet) = cx.session.fleet.as_deref() else { return (String::new(), Role::Muted) };
    let (troubled, critical) = fleet.troubled(now(cx));
    let dark = fleet.dark().count();
    let shown = cx.fleet_lines().len().saturating_sub(dark);
    let mut parts = vec![match shown == fleet.len() {
        true => text::plural(fleet.len(), "HPA"),
        false => format!("{shown} of {}", text::plural(fleet.len(), "HPA")),
    }];
    parts.push(match (troubled, critical) {
        (0, _) => "none in trouble".into(),
        (n, 0) => format!("{n} in trouble"),
        (n, critical) => format!("{n} in trouble, {critical} critical"),
    });
    if dark > 0 {
        parts.push(format!("{dark} of {} dark", text::plural(fleet.clusters().len(), "cluster")));
    }
    if fleet.left_out > 0 {
        parts.push(format!("{} left out", fleet.left_out));
    }
    // Last what can be left out where the title is too narrow.
    let current: i64 = fleet.rows().filter_map(|row| row.current).map(i64::from).sum();
    let max: i64 = fleet.rows().map(|row| i64::from(row.hpa.max_replicas)).sum();
    parts.push(format!("{current} of {max} replicas"));
    if cx.ui.fleet.sort != FleetSort::Trouble {
        parts.push(format!("by {}", cx.ui.fleet.sort.word()));
    }
    let worst = match (critical, troubled + dark) {
        (0, 0) => Role::Muted,
        (0, _) => Role::Warn,
        _ => Role::Bad,
    };
    (parts.join(", "), worst)
}

pub fn extent(cx: &Cx, area: Rect) -> Extent {
    extent_of(cx, table_of(cx, area), cx.fleet_lines())
}

fn extent_of(cx: &Cx, table: Rect, lines: &[FleetLine]) -> Extent {
    let selected = cx.ui.selected_line(cx.session, lines);
    Extent::of(Some(selected), usize::from(table.height.saturating_sub(1)), lines.len())
}

/// The table's part of the pane; what is below is about the selected row.
fn table_of(cx: &Cx, area: Rect) -> Rect {
    let below = match area.height {
        ..10 => 0,
        10..20 => 4,
        _ => 7,
    };
    let rows = u16::try_from(cx.fleet_lines().len() + 1).unwrap_or(u16::MAX);
    Rect { height: (area.height - below).min(rows.max(2)), ..area }
}

pub fn draw(buf: &mut Buffer, area: Rect, cx: &Cx) {
    let lines = cx.fleet_lines();
    let Some(fleet) = cx.session.fleet.as_deref().filter(|_| !lines.is_empty()) else {
        return empty_state::sentence(buf, area, cx, &nothing(cx), Role::Muted);
    };
    let table = table_of(cx, area);
    draw_table(buf, table, cx, fleet, lines);
    let below = Rect { y: table.bottom() + 1, height: area.bottom().saturating_sub(table.bottom() + 1), ..area };
    if let Some(line) = lines.get(cx.ui.selected_line(cx.session, lines)) {
        draw_selected(buf, below, cx, fleet, line);
    }
}

/// Why there is no row.
fn nothing(cx: &Cx) -> String {
    let Some(fleet) = cx.session.fleet.as_deref() else { return "looking for HPAs …".into() };
    if !cx.ui.filter.is_empty() {
        return empty_state::nothing_matches(cx, "no HPA");
    }
    if cx.ui.fleet.troubled && !fleet.is_empty() {
        let key = cx.key(&Action::Troubled).map(|key| format!("; {key} shows all")).unwrap_or_default();
        return format!("no HPA is in trouble{key}");
    }
    "there is no HPA".into()
}

fn draw_table(buf: &mut Buffer, area: Rect, cx: &Cx, fleet: &Fleet, lines: &[FleetLine]) {
    let rows = || lines.iter().filter_map(|line| if let FleetLine::Hpa(row) = line { Some(*row) } else { None });
    let shape = columns::fitting(usize::from(area.width), fleet, rows());
    let muted = cx.look.style(Role::Muted);
    let mut head = String::from("  ");
    shape.iter().for_each(|(column, width)| head += &format!("{} ", text::left(column.head, *width)));
    let taken = text::width(&head);
    if usize::from(area.width) >= taken + columns::SPARK {
        head += "last hour";
    }
    write::line(buf, area, 0, &[(&head, muted)]);
    let Extent { first, shown, .. } = extent_of(cx, area, lines);
    let selected = cx.ui.selected_line(cx.session, lines);
    for (i, line) in lines.iter().skip(first).take(shown).enumerate() {
        let at = Rect { y: area.y + 1 + i as u16, height: 1, ..area };
        cx.row_at(at, first + i);
        let here = cx.ui.in_focus(List::Fleet) && first + i == selected;
        if here {
            buf.set_style(at, cx.look.style(Role::Selection));
        }
        match line {
            FleetLine::Dark(cluster) => {
                let waits = cluster.status.state == FeedState::Connecting;
                let style = on(cx, if waits { Role::Muted } else { Role::Bad }, here);
                let dark = words::dark(cluster, now(cx));
                let cut =
                    text::fit(&dark, usize::from(area.width).saturating_sub(3), cx.look.symbols.glyphs().ellipsis);
                let sign = if waits { cx.look.symbols.glyphs().dot_none } else { cx.look.symbols.glyphs().dot_failed };
                write::line(buf, at, 0, &[(&sign.to_string(), style), (" ", style), (&cut, style)]);
            }
            FleetLine::Hpa(row) => draw_row(buf, at, cx, (fleet, row), &shape, here),
        }
    }
}

fn on(cx: &Cx, role: Role, here: bool) -> Style {
    let style = cx.look.style(role);
    if here { style.patch(cx.look.style(Role::Selection)) } else { style }
}

fn draw_row(
    buf: &mut Buffer,
    area: Rect,
    cx: &Cx,
    (fleet, row): (&Fleet, &HpaRow),
    shape: &[(&FleetColumn, usize)],
    here: bool,
) {
    let severity = row.severity(now(cx));
    let g = cx.look.symbols.glyphs();
    let sign = match severity {
        Some(Severity::Critical) => g.cross.to_string(),
        Some(_) => "!".to_owned(),
        None if row.is_moving() => g.up.to_string(),
        None => " ".to_owned(),
    };
    let sign_role = if severity.is_none() { Role::Accent } else { role(severity) };
    let mark = if cx.ui.is_marked(fleet, row) { g.pointer } else { ' ' };
    let mut x =
        write::line(buf, area, 0, &[(&sign, on(cx, sign_role, here)), (&mark.to_string(), on(cx, Role::Accent, here))]);
    for (column, width) in shape {
        let mut left = *width;
        for (piece, role) in (column.cell)(fleet, row, cx, *width) {
            let piece = text::fit(&piece, left, g.ellipsis);
            left -= text::width(&piece).min(left);
            let rest = Rect { x, width: area.right().saturating_sub(x), ..area };
            x = write::line(buf, rest, 0, &[(&piece, on(cx, role, here))]);
        }
        let rest = Rect { x, width: area.right().saturating_sub(x), ..area };
        x = write::line(buf, rest, 0, &[(&" ".repeat(left + 1), on(cx, Role::Text, here))]);
    }
    let left = area.right().saturating_sub(x);
    if usize::from(left) >= columns::SPARK {
        let end = cx.session.now_ms();
        let segments = row.history.highest(end);
        let rest = Rect { x, width: left - 1, ..area };
        hour(end, row, &segments).draw(rest, buf, &time_axis::style(cx));
    }
}

/// What is known of the selected row, as far as there is room.
fn draw_selected(buf: &mut Buffer, area: Rect, cx: &Cx, fleet: &Fleet, line: &FleetLine) {
    if area.height == 0 {
        return;
    }
    let at = now(cx);
    let mut out: Vec<(String, Role)> = Vec::new();
    match line {
        FleetLine::Dark(cluster) => out.push((words::dark(cluster, at), Role::Bad)),
        FleetLine::Hpa(row) => {
            let (hpa, target) = (&row.hpa, &row.hpa.target);
            let made = row.owner.as_ref().map(|owner| format!(", made by {owner}")).unwrap_or_default();
            let several = fleet.clusters().len() > 1;
            let context = if several { format!("{} ", fleet.cluster(row).context) } else { String::new() };
            let place = format!("{context}{}/{}", hpa.namespace, hpa.name);
            let name = format!("{place} scales {}/{}{made}", target.kind, target.name);
            out.push((name, Role::Title));
            let troubles = row.troubles(at);
            out.extend(troubles.iter().map(|t| (words::trouble(row, *t), role(Some(t.severity())))));
            out.extend(words::limited(row).filter(|_| troubles.is_empty()).map(|by| (by, Role::Muted)));
            out.extend(words::next_sentence(fleet, row).map(|next| (next, Role::Text)));
            out.push((words::figures(row), Role::Muted));
            out.extend(rescaled(row, at).map(|text| (text, Role::Muted)));
            let labels: Vec<String> = row.labels.iter().map(|(k, v)| format!("{k}={v}")).collect();
            out.extend((!labels.is_empty()).then(|| (labels.join(" "), Role::Faint)));
        }
    }
    let width = usize::from(area.width.saturating_sub(2));
    let wrapped = out.into_iter().flat_map(|(line, role)| text::wrap(&line, width).into_iter().map(move |l| (l, role)));
    for (i, (line, role)) in wrapped.take(usize::from(area.height)).enumerate() {
        let style = cx.look.style(role);
        write::line(buf, area, i as u16, &[(" ", style), (&line, style)]);
    }
}

/// `rescaled 2 to 3, 4m ago: cpu resource utilization (percentage of request) above target`.
fn rescaled(row: &HpaRow, at: crate::observe::Time) -> Option<String> {
    let (ago, to) = words::rescaled(row, at)?;
    let reason = row.rescaled.as_ref().map(|r| r.reason.as_str()).filter(|reason| !reason.is_empty());
    let reason = reason.map(|reason| format!(": {reason}")).unwrap_or_default();
    Some(format!("rescaled {to}, {ago}{reason}"))
}

/// The last hour of the metric that is highest over its target.
fn hour<'a>(now: i64, row: &HpaRow, segments: &'a [Vec<(i64, f64)>]) -> Sparkline<'a> {
    let role = if row.ratio().is_some_and(|ratio| ratio > 1.0 + row.band.1) { Role::Warn } else { Role::Series1 };
    Sparkline { axis: TimeAxis { start_ms: now - HOUR, end_ms: now }, role, segments, most: 1.0 }
}

/// A row of the picker: its name, its last hour, what is known of it, and the colour of that.
pub fn picked(cx: &Cx, row: &HpaRow) -> (String, String, String, Role) {
    let Some(fleet) = cx.session.fleet.as_deref() else {
        return (String::new(), String::new(), String::new(), Role::Text);
    };
    let several = fleet.clusters().len() > 1;
    let (context, namespace, name) = fleet.place(row);
    let name = if several { format!("{context}/{namespace}/{name}") } else { format!("{namespace}/{name}") };
    let current = row.current.map_or_else(|| format::UNKNOWN.into(), |n| n.to_string());
    let (state, severity) = words::state(row, now(cx));
    let about = format!("{current} of {}  {}  {state}", row.hpa.max_replicas, words::figures(row));
    let segments = row.history.highest(cx.session.now_ms());
    let bars = hour(cx.session.now_ms(), row, &segments).chars(BARS, cx.look.symbols);
    let bars = bars.into_iter().map(|bar| bar.unwrap_or(' ')).collect();
    (name, bars, about, role(severity))
}
