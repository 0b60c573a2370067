//! The gateway's pods, a row each: readiness, age, node, restarts, usage against request. Must not judge skew; items
//! and queues come with the collectors' feed.

use super::waiting;
use crate::observe::Feed;
use crate::session::{Pod, controller, is_ready};
use crate::ui::Pane;
use crate::view::{Cx, chart::Sparkline, format, plot, theme::Role, words};
use ratatui::{buffer::Buffer, layout::Rect, style::Style};

pub fn summary(cx: &Cx) -> String {
    let (all, ready) = (cx.session.pods.live().count(), cx.session.pods.ready());
    match cx.session.links.is_up(Feed::Pods) || all > 0 {
        true => format!("{all} pods, {ready} ready"),
        false => String::new(),
    }
}

pub fn draw(buf: &mut Buffer, area: Rect, cx: &Cx) {
    let pods: Vec<&Pod> = cx.session.pods.live().filter(|p| cx.ui.shows(&p.seen.name)).collect();
    if pods.is_empty() {
        let text = match (cx.session.links.is_up(Feed::Pods), cx.ui.filter.is_empty()) {
            (true, true) => "no pods match the selector of the HPA's scale target".to_string(),
            (true, false) => format!("no pod's name holds \"{}\"", cx.ui.filter),
            (false, _) => waiting::short(cx, Feed::Pods),
        };
        return waiting::sentence(buf, area, cx, &text, Role::Muted);
    }
    let names = pods.iter().map(|p| words::width(&p.seen.name)).max().unwrap_or(4).clamp(4, 44);
    let muted = cx.look.style(Role::Muted);
    let head = format!(" {:<names$}  ready  age     restarts  cpu            memory         node", "pod");
    words::line(buf, area, 0, &[(&head, muted)]);
    let rows = usize::from(area.height.saturating_sub(1));
    let focused = cx.ui.pane() == Pane::Pods && cx.ui.overlay.is_none();
    let selected = cx.ui.row.min(pods.len() - 1);
    let top = (selected + 1).saturating_sub(rows);
    for (i, pod) in pods.iter().skip(top).take(rows).enumerate() {
        let line = Rect { y: area.y + 1 + i as u16, height: 1, ..area };
        row(buf, line, cx, pod, names, focused && top + i == selected);
    }
}

fn row(buf: &mut Buffer, area: Rect, cx: &Cx, pod: &Pod, names: usize, here: bool) {
    let look = cx.look;
    let g = look.symbols.glyphs();
    if here {
        buf.set_style(area, look.style(Role::Selection));
    }
    let on = |role| {
        let style: Style = look.style(role);
        if here { style.patch(look.style(Role::Selection)) } else { style }
    };
    let seen = &pod.seen;
    let (state, role) = match (seen.deleted.is_some(), is_ready(seen)) {
        (true, _) => ("ending", Role::Warn),
        (false, true) => ("yes", Role::Good),
        (false, false) => ("no", Role::Bad),
    };
    let age =
        seen.created.map_or_else(|| format::UNKNOWN.into(), |t| format::age((cx.now - t.timestamp_millis()) / 1000));
    let restarts: i32 = seen.containers.iter().map(|c| c.restarts).sum();
    let usage = |used: Option<(i64, f64)>, resource: &str, unit: fn(f64) -> String, scale: f64| {
        let Some((_, used)) = used else { return format::UNKNOWN.to_string() };
        let percent = controller::request(pod, resource).filter(|r| *r > 0).map(|r| used / (r as f64 / scale) * 100.0);
        match percent {
            Some(p) => format!("{} {}", unit(used), format::percent(p)),
            None => unit(used),
        }
    };
    let cpu = usage(pod.cpu.last(), "cpu", format::millicores, 1.0);
    let memory = usage(pod.memory.last(), "memory", format::bytes, 1000.0);
    let name = words::fit(&seen.name, names, g.ellipsis);
    let why = seen.reason.as_deref().or_else(|| seen.containers.iter().find_map(|c| c.waiting.as_deref()));
    let end = words::line(
        buf,
        area,
        0,
        &[
            (&format!(" {name:<names$}  "), on(Role::Text)),
            (&format!("{state:<7}"), on(role)),
            (&format!("{age:<8}"), on(Role::Text)),
            (&format!("{restarts:<10}"), on(if restarts > 0 { Role::Warn } else { Role::Muted })),
            (&format!("{cpu:<15}"), on(Role::Text)),
            (&format!("{memory:<15}"), on(Role::Text)),
            (&format!("{} ", seen.node.as_deref().unwrap_or(format::UNKNOWN)), on(Role::Muted)),
            (why.unwrap_or_default(), on(Role::Warn)),
        ],
    );
    if area.right().saturating_sub(end) >= 12 {
        let (axis, _) = plot::axis(cx, area.width);
        let course = Rect { x: end + 2, width: area.right() - end - 3, ..area };
        let segments = pod.cpu.segments(axis.start_ms, axis.end_ms);
        let segments: Vec<Vec<(i64, f64)>> = segments.iter().map(|s| s.to_vec()).collect();
        Sparkline { axis, role: Role::Series1, segments: &segments }.draw(course, buf, &plot::look(cx));
    }
}
