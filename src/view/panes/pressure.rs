//! How hard Elasticsearch works: what strains it first, then queue, rejections, indexing pressure, breakers, heap, disk,
//! health. Must not compute.

use super::empty_state;
use crate::explain::elasticsearch;
use crate::explain::left_out::{Place, left_out};
use crate::format::{self, text};
use crate::observe::{Feed, Pool};
use crate::session::ingest::Strain;
use crate::view::pane_row::{Extent, Summary};
use crate::view::{Cx, theme::Role, write};
use ratatui::{
    buffer::Buffer,
    layout::{Rect, Size},
};

pub fn summary(cx: &Cx) -> Summary {
    let Some(health) = &cx.session.ingest.pressure.health else { return (String::new(), Role::Muted) };
    let role = match health.status.as_str() {
        "green" => Role::Muted,
        "yellow" => Role::Warn,
        _ => Role::Bad,
    };
    (format!("health {}", health.status), role)
}

pub fn extent(cx: &Cx, area: Rect) -> Extent {
    Extent::of(None, usize::from(area.height), lines(cx, area.width).len())
}

pub fn draw(buf: &mut Buffer, area: Rect, cx: &Cx) {
    let p = &cx.session.ingest.pressure;
    if p.at.is_none() && p.health.is_none() {
        let text = match cx.session.feeds.is_up(Feed::Ingest) {
            true => empty_state::short(cx, Feed::Ingest),
            false => "write queue, rejections, indexing pressure, breakers, heap, disk, health".into(),
        };
        return empty_state::sentence(buf, area, cx, &text, Role::Muted);
    }
    let inner = Rect { x: area.x + 1, width: area.width.saturating_sub(2), ..area };
    for (row, (head, part, role)) in lines(cx, area.width).iter().enumerate() {
        write::line(buf, inner, row as u16, &[(head, cx.look.style(Role::Muted)), (part, cx.look.style(*role))]);
    }
}

/// Rows that its content takes in a column of this size.
pub fn wanted(cx: &Cx, Size { width, .. }: Size) -> u16 {
    u16::try_from(lines(cx, width).len()).unwrap_or(u16::MAX).max(2)
}

/// Name, text, colour of the text; wrapped for a pane of this width.
fn lines(cx: &Cx, width: u16) -> Vec<(String, String, Role)> {
    let p = &cx.session.ingest.pressure;
    if p.at.is_none() && p.health.is_none() {
        return Vec::new();
    }
    let mut out = Vec::new();
    for (label, text, role) in rows(cx) {
        let name = format!("{label:<9} ");
        let lead = if label.is_empty() { 0 } else { text::width(&name) };
        for (i, part) in text::wrap(&text, usize::from(width).saturating_sub(lead + 2)).into_iter().enumerate() {
            let head = if i == 0 && lead > 0 { name.clone() } else { " ".repeat(lead) };
            out.push((head, part, role));
        }
    }
    out
}

/// (name, figures, colour), most urgent first.
fn rows(cx: &Cx) -> Vec<(&'static str, String, Role)> {
    let (ingest, p) = (&cx.session.ingest, &cx.session.ingest.pressure);
    let share = |v: Option<f64>| v.map_or_else(|| format::UNKNOWN.into(), |v| format::percent(v * 100.0));
    let mut out: Vec<(&'static str, String, Role)> = Vec::new();
    for strain in ingest.strain(cx.session.now_ms()) {
        let role = if strain.limits_ingest() { Role::Bad } else { Role::Warn };
        out.push(("", format!("! {}", elasticsearch::strain(&strain)), role));
    }
    out.extend(left_out(cx.session, Place::BackPressure).map(|text| ("", format!("! {text}"), Role::Warn)));
    let quiet = !out.iter().any(|r| r.2 == Role::Bad);
    let count = |n: Option<u64>| n.map_or_else(|| format::UNKNOWN.into(), |n| format::count(n as f64));
    let pools = || p.nodes.iter().filter_map(|n| n.write);
    let sum = |of: fn(&Pool) -> Option<u64>| {
        let sum = pools().try_fold(0u64, |sum, pool| Some(sum.saturating_add(of(&pool)?)));
        sum.map_or_else(|| format::UNKNOWN.to_owned(), |n| n.to_string())
    };
    let (threads, active) = (sum(|w| w.threads), sum(|w| w.active));
    let writes = match p.waiting() {
        None => format::UNKNOWN.to_string(),
        Some(n) => format!("{} wait, {active} of {threads} threads at work", format::count(n as f64)),
    };
    out.push(("writes", writes, Role::Text));
    let mut rejected = count(p.rejected_writes());
    let causes: Vec<_> = p.rejected.iter().filter(|(_, n)| **n > 0).collect();
    match causes.as_slice() {
        [(cause, _)] => rejected.push_str(&format!(": {}", elasticsearch::rejection(cause))),
        causes => {
            for (cause, n) in causes {
                rejected.push_str(&format!(", {} {}", format::count(**n as f64), elasticsearch::rejection(cause)));
            }
        }
    }
    if let Some((at, _)) = &p.last_rejected {
        rejected.push_str(&format!("; last {}", cx.look.moment(*at, cx.now)));
    }
    let strained = ingest.strain(cx.session.now_ms()).iter().any(|s| matches!(s, Strain::Rejecting(_)));
    let role = match p.rejected_writes() {
        _ if strained => Role::Bad,
        Some(n) if n > 0 => Role::Warn,
        _ => Role::Text,
    };
    out.push(("rejected", rejected, role));
    let limit = p.nodes.iter().filter_map(|n| n.pressure?.limit_bytes).min();
    let of = limit.map(|l| format!(" of {}", format::bytes(l as f64))).unwrap_or_default();
    let breaker = p.breaker().map(|(name, v)| format!(", breaker {name} {}", share(Some(v)))).unwrap_or_default();
    out.push(("pressure", format!("{}{of} in flight{breaker}", share(p.pressure())), Role::Text));
    let of_nodes = [("heap", p.heap(), ""), ("cpu", p.cpu(), ""), ("disk", p.disk(), " full")];
    let known = of_nodes.iter().filter(|(_, part, _)| part.is_some());
    let node: Vec<String> = known.map(|(what, part, more)| format!("{what} {}{more}", share(*part))).collect();
    if !node.is_empty() {
        out.push(("node", node.join(", "), Role::Text));
    }
    if let Some(h) = &p.health {
        let plural = |n: Option<u32>, what: &str| {
            let number = n.map_or_else(|| format::UNKNOWN.to_owned(), |n| n.to_string());
            format!("{number} {what}{}", if n == Some(1) { "" } else { "s" })
        };
        let mut text = format!("{}, {}, {}", h.status, plural(h.nodes, "node"), plural(h.active_shards, "shard"));
        if let Some(unassigned) = h.unassigned.filter(|n| *n > 0) {
            // One node can hold no replica beside its primary.
            let alone = h.status == "yellow" && h.data_nodes == Some(1);
            text.push_str(&format!(
                ", {unassigned} unassigned{}",
                if alone { " (replicas: a single node)" } else { "" }
            ));
        }
        for (n, what) in
            [(h.relocating, "relocating"), (h.initializing, "initializing"), (h.pending_tasks, "tasks wait")]
        {
            if let Some(n) = n.filter(|n| *n > 0) {
                text.push_str(&format!(", {n} {what}"));
            }
        }
        let role = match h.status.as_str() {
            "green" => Role::Good,
            "yellow" => Role::Warn,
            _ => Role::Bad,
        };
        out.push(("health", text, role));
    }
    if quiet && out.len() > 3 && p.rejected_writes() == Some(0) && p.waiting() == Some(0) {
        out.push(("", "nothing holds ingest back here".into(), Role::Muted));
    }
    out
}
