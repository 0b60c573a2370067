//! The columns of the table of pods: what each holds, how wide it is, and which go first when there is little room. Must
//! not place them.

use super::{MARK, PodRow};
use crate::format;
use crate::observe::{Feed, Resources};
use crate::session::{controller, is_ready, quantity};
use crate::view::{Cx, theme::Role};

/// A column.
pub struct PodColumn {
    pub head: &'static str,
    pub width: usize,
    /// The higher, the sooner it goes.
    rank: u8,
    pub cell: fn(&PodRow, &Cx) -> (String, Role),
}

/// Cells of the bar of a share.
const BAR: usize = 8;
/// The least that a pod's name is cut to.
const NAME: usize = 14;

const ALL: [PodColumn; 12] = [
    PodColumn { head: "ready", width: 6, rank: 0, cell: ready },
    PodColumn { head: "age", width: 6, rank: 3, cell: age },
    PodColumn { head: "restarts", width: 12, rank: 5, cell: |row, _| restarts(row) },
    PodColumn { head: "cpu", width: 12, rank: 1, cell: cpu },
    PodColumn { head: "request/limit", width: 14, rank: 8, cell: cpu_bounds },
    PodColumn { head: "memory", width: 13, rank: 1, cell: memory },
    PodColumn { head: "request/limit", width: 14, rank: 9, cell: memory_bounds },
    PodColumn { head: "accepted", width: 9, rank: 0, cell: accepted },
    PodColumn { head: "refused", width: 8, rank: 6, cell: refused },
    PodColumn { head: "queue", width: 8, rank: 2, cell: queue },
    PodColumn { head: "share", width: 14, rank: 1, cell: share },
    PodColumn { head: "node", width: 14, rank: 7, cell: node },
];

/// The width of the names, and the columns that fit beside them.
pub fn fitting(width: usize, longest: usize, rows: &[PodRow]) -> (usize, Vec<&'static PodColumn>) {
    let counted = rows.iter().any(|r| r.collector.is_some());
    let of_collectors = |c: &PodColumn| matches!(c.head, "accepted" | "refused" | "queue" | "share");
    let mut columns: Vec<&PodColumn> = ALL.iter().filter(|c| counted || !of_collectors(c)).collect();
    // A pod that restarted or does not run is what to look for.
    let troubled = rows.iter().any(|r| restarts(r).1 != Role::Muted);
    let rank = |c: &PodColumn| if troubled && c.head == "restarts" { 1 } else { c.rank };
    let taken = |columns: &[&PodColumn]| columns.iter().map(|c| c.width + 1).sum::<usize>() + 2 + MARK;
    while taken(&columns) + longest.min(NAME) > width
        && let Some(last) = (0..columns.len()).max_by_key(|i| rank(columns[*i]))
    {
        columns.remove(last);
    }
    // A whole name is worth more than the last columns.
    while taken(&columns) + longest > width
        && let Some(last) = (0..columns.len()).filter(|i| rank(columns[*i]) >= 5).max_by_key(|i| rank(columns[*i]))
    {
        columns.remove(last);
    }
    (longest.min(width.saturating_sub(taken(&columns))).max(1), columns)
}

fn unknown() -> (String, Role) {
    (format::UNKNOWN.into(), Role::Muted)
}

fn ready(row: &PodRow, _: &Cx) -> (String, Role) {
    match (row.pod.seen.deleted.is_some(), is_ready(&row.pod.seen)) {
        (true, _) => ("ending".into(), Role::Warn),
        (false, true) => ("yes".into(), Role::Good),
        (false, false) => ("no".into(), Role::Bad),
    }
}

fn age(row: &PodRow, cx: &Cx) -> (String, Role) {
    let created = row.pod.seen.created.map(|t| t.timestamp_millis());
    created.map_or_else(unknown, |t| (format::age((cx.now - t) / 1000), Role::Text))
}

/// Restarts with how the last run ended; what keeps it from running comes first.
fn restarts(row: &PodRow) -> (String, Role) {
    let seen = &row.pod.seen;
    if let Some(why) = seen.reason.as_deref().or_else(|| seen.containers.iter().find_map(|c| c.waiting.as_deref())) {
        return (why.to_owned(), Role::Warn);
    }
    let count = seen.restarts();
    match seen.containers.iter().find_map(|c| c.last_terminated.as_ref()) {
        Some(exit) if exit.reason == "OOMKilled" => (format!("{count} {}", exit.reason), Role::Bad),
        Some(exit) => (format!("{count} {}", exit.reason), Role::Warn),
        None => (count.to_string(), if count > 0 { Role::Warn } else { Role::Muted }),
    }
}

fn cpu(row: &PodRow, cx: &Cx) -> (String, Role) {
    used(row, cx, "cpu", format::millicores)
}

fn memory(row: &PodRow, cx: &Cx) -> (String, Role) {
    used(row, cx, "memory", format::bytes)
}

fn used(row: &PodRow, cx: &Cx, resource: &str, unit: fn(f64) -> String) -> (String, Role) {
    let (series, milli) = if resource == "cpu" { (&row.pod.cpu, 1.0) } else { (&row.pod.memory, 1000.0) };
    let Some((_, used)) = series.at(cx.moment(), 120_000) else { return unknown() };
    let request = controller::request(row.pod, resource).filter(|r| *r > 0);
    let text = match request.map(|r| used * milli / r as f64 * 100.0) {
        Some(percent) => format!("{} {}", unit(used), format::percent(percent.floor())),
        None => unit(used),
    };
    let limit = sum(row, resource, |c| &c.limits).map(|l| if resource == "cpu" { l * 1000.0 } else { l });
    let near = limit.is_some_and(|l| l > 0.0 && used >= 0.9 * l);
    let is_read = cx.ui.cursor.is_some() || cx.session.feeds.is_up(Feed::Usage);
    (
        text,
        if near {
            Role::Bad
        } else if is_read {
            Role::Text
        } else {
            Role::Muted
        },
    )
}

fn cpu_bounds(row: &PodRow, _: &Cx) -> (String, Role) {
    bounds(row, "cpu", |v| format::millicores(v * 1000.0))
}

fn memory_bounds(row: &PodRow, _: &Cx) -> (String, Role) {
    bounds(row, "memory", format::bytes)
}

fn bounds(row: &PodRow, resource: &str, unit: fn(f64) -> String) -> (String, Role) {
    let text = |v: Option<f64>| v.map_or_else(|| format::UNKNOWN.into(), unit);
    let of = |get: fn(&crate::observe::ContainerSeen) -> &Resources| text(sum(row, resource, get));
    (format!("{}/{}", of(|c| &c.requests), of(|c| &c.limits)), Role::Muted)
}

/// Of all containers; None where one has none.
fn sum(row: &PodRow, resource: &str, get: fn(&crate::observe::ContainerSeen) -> &Resources) -> Option<f64> {
    row.pod.seen.containers.iter().map(|c| get(c).get(resource).and_then(|q| quantity(q))).sum()
}

fn accepted(row: &PodRow, _: &Cx) -> (String, Role) {
    row.accepted.map_or_else(unknown, |v| (format::rate(v), Role::Text))
}

fn refused(row: &PodRow, cx: &Cx) -> (String, Role) {
    let rate = row.collector.and_then(|c| {
        let rates = crate::observe::Signal::ALL.iter().map(|s| c.flow(*s).refused.rate.at(cx.moment(), c.max_gap()));
        rates.map(|r| r.map(|p| p.1)).sum::<Option<f64>>()
    });
    rate.map_or_else(unknown, |v| (format::rate(v), if v > 0.0 { Role::Warn } else { Role::Muted }))
}

/// The fullest queue: as it is now in its own unit, at a past moment as a share.
fn queue(row: &PodRow, cx: &Cx) -> (String, Role) {
    let Some(collector) = row.collector.filter(|c| c.lost.is_none()) else { return unknown() };
    let role = |ratio: f64| if ratio >= 0.7 { Role::Warn } else { Role::Text };
    if cx.ui.moment(i64::MAX) != i64::MAX {
        let at = collector.queue.at(cx.moment(), collector.max_gap());
        return at.map_or_else(unknown, |(_, ratio)| (format::percent(ratio * 100.0), role(ratio)));
    }
    match collector.fullest() {
        Some(q) => (format!("{}/{}", format::count(q.size), format::count(q.capacity)), role(q.ratio())),
        None => unknown(),
    }
}

/// `━━╌╌╌╌╌╌ 25 %`, or how long it has been idle.
fn share(row: &PodRow, cx: &Cx) -> (String, Role) {
    if let Some(seconds) = row.idle.filter(|s| *s >= 15) {
        return (format!("idle {}", format::duration(seconds)), Role::Warn);
    }
    let Some(share) = row.share else { return unknown() };
    let g = cx.look.symbols.glyphs();
    let full = (share * BAR as f64).round() as usize;
    let bar: String = (0..BAR).map(|i| if i < full { g.bar } else { g.rest }).collect();
    // A share twice the even one, or almost nothing, is what the eye should find.
    let odd = (100.0 * share).round() >= 200.0 * row.even || share < 0.2 * row.even;
    (format!("{bar} {}", format::percent((share * 100.0).round())), if odd { Role::Warn } else { Role::Good })
}

fn node(row: &PodRow, _: &Cx) -> (String, Role) {
    (row.pod.seen.node.clone().unwrap_or_else(|| format::UNKNOWN.into()), Role::Muted)
}
