//! The gateway's pods, a row each: status, what they use of their requests and limits, what flows through them, and their
//! share of the load. Must not judge skew: the sentence below the table is `advise`'s.

mod columns;

use super::{
    empty_state, rates,
    rates::{Level, RateLine},
};
use crate::decide::size::Capacity;
use crate::explain::left_out::{Place, left_out};
use crate::format::{self, text};
use crate::observe::{Feed, FeedState, Role as Tier};
use crate::session::{Collector, Pod, Series, is_ready};
use crate::ui::List;
use crate::view::pane_row::{Extent, Summary};
use crate::view::{Cx, chart::Sparkline, theme::Role, time_axis, write};
use columns::PodColumn;
use ratatui::{buffer::Buffer, layout::Rect, style::Style};
use std::collections::BTreeMap;

/// A pod, and what its collector reported.
pub struct PodRow<'a> {
    pub pod: &'a Pod,
    pub collector: Option<&'a Collector>,
    /// Items a second at the moment that is read; None while not known.
    pub accepted: Option<f64>,
    /// Of what all Ready pods accept: 0 to 1.
    pub share: Option<f64>,
    /// What each would have if all were even.
    pub even: f64,
    /// Seconds that it has been Ready without a fair share.
    pub idle: Option<i64>,
}

/// The colour of a pod for its life; what is gone is dimmed.
fn role(pod: &Pod) -> Role {
    if pod.gone.is_some() { Role::Muted } else { Role::SERIES[pod.slot as usize % Role::SERIES.len()] }
}

pub fn summary(cx: &Cx) -> Summary {
    let (all, ready) = (cx.session.pods.count(), cx.session.pods.ready());
    let text = match cx.session.feeds.is_up(Feed::Pods) || all > 0 {
        true if cx.session.crowded.pods => format!("more than {all} pods, of these {ready} ready"),
        true => format!("{}, {ready} ready", text::plural(all, "pod")),
        false => String::new(),
    };
    (text, if ready < all { Role::Warn } else { Role::Muted })
}

pub fn draw(buf: &mut Buffer, area: Rect, cx: &Cx) {
    let rows = rows(cx);
    if rows.is_empty() {
        let text = match (cx.session.feeds.is_up(Feed::Pods), cx.ui.filter.is_empty()) {
            (true, true) => "no pods match the selector of the HPA's scale target".to_string(),
            (true, false) => format!("no pod's name contains \"{}\"", cx.ui.filter),
            (false, _) => empty_state::short(cx, Feed::Pods),
        };
        return empty_state::sentence(buf, area, cx, &text, Role::Muted);
    }
    let below = notes(cx, area);
    let (top, under) = places(area, rows.len(), below.len());
    table(buf, top, cx, &rows);
    for (i, (text, role)) in below.iter().enumerate() {
        write::line(buf, under, i as u16, &[(" ", cx.look.style(*role)), (text, cx.look.style(*role))]);
    }
    let rest = area.bottom().saturating_sub(under.bottom() + 1);
    chart(buf, Rect { y: under.bottom() + 1, height: rest, ..area }, cx, &rows);
}

/// The least columns of a row's bars.
const BARS: u16 = 12;
/// Below this many rows hints leave their room to the chart.
const SHORT: u16 = 24;

/// The table, with its head, and the notes below it.
fn places(area: Rect, rows: usize, notes: usize) -> (Rect, Rect) {
    let wanted = u16::try_from(rows + 1).unwrap_or(u16::MAX);
    let notes = (notes as u16 + 1).min(area.height.saturating_sub(wanted.min(area.height)));
    let top = Rect { height: wanted.min(area.height - notes), ..area };
    (top, Rect { y: top.bottom() + 1, height: notes.saturating_sub(1), ..area })
}

pub fn extent(cx: &Cx, area: Rect) -> Extent {
    let all = rows(cx).len();
    let notes = notes(cx, area).len();
    let table = places(area, all, notes).0;
    Extent::of(cx.ui.in_focus(List::Pods).then_some(cx.ui.row), usize::from(table.height.saturating_sub(1)), all)
}

/// What each of the busiest pods accepts, over time.
fn chart(buf: &mut Buffer, area: Rect, cx: &Cx, rows: &[PodRow]) {
    let mut busiest: Vec<&PodRow> = rows.iter().filter(|r| r.collector.is_some()).collect();
    let rank = |r: &PodRow| (r.pod.gone.is_none(), r.accepted.unwrap_or(0.0));
    busiest.sort_by(|a, b| rank(b).0.cmp(&rank(a).0).then(rank(b).1.total_cmp(&rank(a).1)));
    busiest.truncate(2 * Role::SERIES.len());
    let known = busiest.iter().filter_map(|row| Some((row, &row.collector?.accepted.rate)));
    let lines: Vec<RateLine> = known
        .map(|(r, series)| {
            let pod = &r.pod;
            RateLine { name: &pod.seen.name, series, role: role(pod), is_gone: pod.gone.is_some() }
        })
        .collect();
    rates::draw(buf, area, cx, "items accepted a second", &lines, &carried(cx));
}

/// What one replica carries, where that is known: at the HPA's target, and where it carries no more.
fn carried(cx: &Cx) -> Vec<Level> {
    let Some(capacity) = cx.capacity() else { return Vec::new() };
    let most = most_carried(cx, capacity);
    let target = capacity.at_target().and_then(|cores| capacity.carried(cores)).map(|carried| carried.0);
    // A target that it never reaches is no level.
    let target = target.filter(|target| most.is_none_or(|most| *target < most));
    let level = |name, rate: Option<f64>| rate.map(|rate| Level { name, rate });
    [level("target", target), level("most", most)].into_iter().flatten().collect()
}

fn table(buf: &mut Buffer, area: Rect, cx: &Cx, rows: &[PodRow]) {
    let longest = rows.iter().map(|r| text::width(&r.pod.seen.name)).max().unwrap_or(4);
    let (names, columns) = columns::fitting(usize::from(area.width), longest, rows);
    let muted = cx.look.style(Role::Muted);
    let mut head = format!(" {:<1$} ", "pod", names + MARK);
    columns.iter().for_each(|c| head += &format!(" {:<1$}", cx.column_head(c.head, cx.ui.sort.pods()), c.width));
    // All rows have one scale, so that their bars can be compared.
    let most = rows.iter().map(|r| spark(r).0.peak()).fold(0.0, f64::max);
    let taken = text::width(&head);
    let spark = rows.iter().any(|r| r.collector.is_some()).then(|| format!("accepted, {} at most", format::rate(most)));
    let spark = spark.unwrap_or_else(|| format!("cpu, {} at most", format::millicores(most)));
    let short = "over time";
    // The bars are drawn from this many cells on.
    let drawn = taken + usize::from(BARS) <= usize::from(area.width);
    let fits = |text: &&str| drawn && taken + text::width(text) < usize::from(area.width);
    head += &[&spark, short].into_iter().find(fits).map(|text| format!(" {text}")).unwrap_or_default();
    write::line(buf, area, 0, &[(&head, muted)]);
    let focused = cx.ui.in_focus(List::Pods);
    let selected = cx.ui.row.min(rows.len() - 1);
    let shown = usize::from(area.height.saturating_sub(1));
    let top = Extent::of(focused.then_some(selected), shown, rows.len()).first;
    for (i, row) in rows.iter().skip(top).take(shown).enumerate() {
        let line = Rect { y: area.y + 1 + i as u16, height: 1, ..area };
        cx.row_at(line, top + i);
        draw_row(buf, line, cx, row, (names, &columns, most), focused && top + i == selected);
    }
}

/// What flows through a pod, or else what it uses.
fn spark<'a>(row: &PodRow<'a>) -> (&'a Series, Role) {
    let flow = row.collector.map(|c| &c.accepted.rate).filter(|rate| !rate.points().is_empty());
    (flow.unwrap_or(&row.pod.cpu), role(row.pod))
}

/// How long after a pod was created its collector need not answer yet, milliseconds.
const STARTING: i64 = 15_000;

/// Columns of a pod's mark.
const MARK: usize = 2;

/// `shape`: columns of the names, the other columns, and the greatest value of the bars.
fn draw_row(buf: &mut Buffer, area: Rect, cx: &Cx, row: &PodRow, shape: (usize, &[&PodColumn], f64), here: bool) {
    let (names, columns, most) = shape;
    let look = cx.look;
    if here {
        buf.set_style(area, look.style(Role::Selection));
    }
    let on = |role| {
        let style: Style = look.style(role);
        if here { style.patch(look.style(Role::Selection)) } else { style }
    };
    let ellipsis = look.symbols.glyphs().ellipsis;
    // The end of a pod's name distinguishes it from the others.
    let name = text::fit_end(&row.pod.seen.name, names, ellipsis);
    let mark = format!(" {} ", look.mark(role(row.pod)));
    let text = if row.pod.gone.is_some() { Role::Muted } else { Role::Text };
    let mut x = write::line(buf, area, 0, &[(&mark, on(role(row.pod))), (&format!("{name:<names$} "), on(text))]);
    if let Some(gone) = row.pod.gone {
        let text = format!(" gone {} ago", format::age((cx.now - gone) / 1000));
        write::line(buf, Rect { x, width: area.right().saturating_sub(x), ..area }, 0, &[(&text, on(Role::Muted))]);
        return;
    }
    for column in columns {
        let (text, role) = (column.cell)(row, cx);
        let text = text::fit(&text, column.width, ellipsis);
        let pad = column.width.saturating_sub(text::width(&text));
        let rest = Rect { x, width: area.right().saturating_sub(x), ..area };
        x = write::line(buf, rest, 0, &[(" ", on(Role::Text)), (&text, on(role)), (&" ".repeat(pad), on(role))]);
    }
    let left = area.right().saturating_sub(x);
    if left >= BARS {
        let (axis, _) = time_axis::axis(cx, area.width);
        let rest = Rect { x: x + 1, width: left - 2, ..area };
        let (series, role) = spark(row);
        let segments: Vec<Vec<(i64, f64)>> = series.segments(axis.start_ms, axis.end_ms);
        Sparkline { axis, role, segments: &segments, most }.draw(rest, buf, &time_axis::style(cx));
    }
}

/// The pods that the filter lets through, as they are sorted; then those that left while the charts show their time, the last first.
fn rows<'a>(cx: &Cx<'a>) -> Vec<PodRow<'a>> {
    let (session, ms) = (cx.session, cx.moment());
    let rate = |p: &Pod| {
        let collector = session.collectors.of(&p.seen.uid)?;
        collector.accepted.rate.at(ms, collector.max_gap()).map(|s| s.1)
    };
    let ready: Vec<&Pod> = session.pods.live().filter(|p| is_ready(&p.seen) && p.seen.deleted.is_none()).collect();
    let total: Option<f64> = ready.iter().map(|p| rate(p)).sum::<Option<f64>>().filter(|t| *t > 0.0);
    let even = 1.0 / ready.len().max(1) as f64;
    let shares = session.skew().filter(|_| cx.ui.cursor.is_none()).map(|s| s.shares).unwrap_or_default();
    let idle: BTreeMap<&str, i64> = shares.iter().filter_map(|s| Some((s.uid.as_str(), s.idle? / 1000))).collect();
    let row = |pod: &'a Pod| {
        let accepted = rate(pod);
        PodRow {
            pod,
            collector: session.collectors.of(&pod.seen.uid),
            accepted,
            share: accepted.zip(total).filter(|_| is_ready(&pod.seen)).map(|(r, t)| r / t),
            even,
            idle: idle.get(pod.seen.uid.as_str()).copied(),
        }
    };
    let from = cx.ui.view_end(session) - cx.ui.span_ms(session);
    let mut gone: Vec<&Pod> = session.pods.all().filter(|p| p.gone.is_some_and(|gone| gone >= from)).collect();
    gone.sort_by_key(|p| std::cmp::Reverse(p.gone));
    let gone = gone.into_iter().filter(|p| cx.ui.shows(&p.seen.name));
    cx.ui.pods(session).into_iter().chain(gone).map(row).collect()
}

/// The rate beyond which more processor carries no more, unless a pod was seen to accept more.
fn most_carried(cx: &Cx, capacity: &Capacity) -> Option<f64> {
    let seen = cx.session.collectors.live(Tier::Gateway).map(|c| c.accepted.rate.peak()).fold(0.0, f64::max);
    capacity.knee().filter(|knee| seen <= knee * 1.05)
}

/// `items one replica accepts: 480/s (470/s to 490/s) at the target of 80 %, at most 4.4 k/s before more cpu gives no more`.
fn capacity_text(cx: &Cx, capacity: &Capacity) -> Option<String> {
    let most = most_carried(cx, capacity);
    let at_target = capacity.at_target().zip(capacity.target).and_then(|(cores, target)| {
        let (likely, low, high) =
            capacity.carried(cores).filter(|(likely, ..)| most.is_none_or(|most| *likely < most))?;
        let (low, likely, high) = (format::rate(low), format::rate(likely), format::rate(high));
        let range = if low == high { String::new() } else { format!(" ({low} to {high})") };
        Some(format!("{likely}{range} at the target of {target} %"))
    });
    let most = most.map(|rate| format!("at most {} before more cpu gives no more", format::rate(rate)));
    let parts: Vec<String> = at_target.into_iter().chain(most).collect();
    (!parts.is_empty()).then(|| format!("items one replica accepts: {}", parts.join(", ")))
}

/// The lines below the table: how even the load is, the findings about it, which pods cannot be scraped.
fn notes(cx: &Cx, area: Rect) -> Vec<(String, Role)> {
    let (width, session) = (usize::from(area.width.saturating_sub(2)), cx.session);
    let mut out: Vec<(String, Role)> = Vec::new();
    let mut add = |text: &str, role| out.extend(text::wrap(text, width).into_iter().map(|line| (line, role)));
    for place in [Place::Pods, Place::Collectors] {
        left_out(session, place).iter().for_each(|text| add(text, Role::Warn));
    }
    if let Some(skew) = session.skew().filter(|_| cx.ui.cursor.is_none())
        && let Some(index) = skew.index
    {
        let even = format::percent(skew.even * 100.0);
        let role = if skew.is_uneven() { Role::Warn } else { Role::Muted };
        add(&format!("the busiest replica carries {index:.1} times the even share of {even}"), role);
    }
    for finding in cx.findings.iter().filter(|f| matches!(f.id, "idle-replica" | "uneven-load")) {
        add(&finding.text, Role::Warn);
        // The hint is in the window of the findings, too.
        let hint = if area.height < SHORT { String::new() } else { format!("; hint: {}", finding.hint) };
        add(&format!("{}{hint}", finding.evidence), Role::Muted);
    }
    if let Some(text) = cx.capacity().and_then(|capacity| capacity_text(cx, capacity)) {
        add(&text, Role::Muted);
    }
    if session.feeds.state(Feed::Usage) != FeedState::Up {
        let last = session.pods.live().filter_map(|p| p.cpu.last().or(p.memory.last())).map(|s| s.0).max();
        let last = last.map_or_else(String::new, |ms| format!(" of {}", cx.look.moment(ms, cx.now)));
        add(&format!("cpu and memory{last}: {}", empty_state::short(cx, Feed::Usage)), Role::Warn);
    }
    if session.feeds.state(Feed::Collector) != FeedState::Up {
        add(&format!("items and queues: {}", empty_state::short(cx, Feed::Collector)), Role::Muted);
    }
    for collector in session.collectors.live(Tier::Gateway) {
        if let Some((_, why)) = &collector.lost {
            // A container that has just started does not listen yet.
            let young = |pod: &Pod| pod.seen.created.is_some_and(|at| cx.now - at.timestamp_millis() < STARTING);
            let starts = session.pods.named(&collector.pod).is_some_and(young);
            let text = if why.contains(&collector.pod) { why.clone() } else { format!("{}: {why}", collector.pod) };
            add(&text, if starts { Role::Muted } else { Role::Warn });
        }
    }
    out
}
