//! The key figures as a plain list, for terminals too small for panes. Must show something at any size from 1×1.

use super::{Cx, theme::Role, write};
use crate::format::{self, text};
use crate::observe::Feed;
use ratatui::{buffer::Buffer, layout::Rect};

pub fn draw(buf: &mut Buffer, area: Rect, cx: &Cx) {
    let m = cx.session.snapshot(cx.moment());
    let figure = |v: Option<i32>| v.map_or_else(|| format::UNKNOWN.into(), |v| v.to_string());
    let text = Role::Text;
    let mut lines: Vec<(String, Role)> = Vec::new();
    if cx.session.hpa.is_none() && m.desired.is_none() {
        lines.push((super::panes::reason_without_data(cx, Feed::Hpa), Role::Muted));
    } else {
        let to = cx.look.symbols.glyphs().to;
        let desired = if m.desired == m.current { String::new() } else { format!("{to}{}", figure(m.desired)) };
        let (current, max) = (figure(m.current), figure(m.max));
        let forms = [format!("{current}{desired} of {max} replicas"), format!("{current}{desired} of {max}"), current];
        let room = usize::from(area.width);
        lines.extend(forms.into_iter().find(|text| text::width(text) <= room).map(|text| (text, Role::Accent)));
        for at in &m.metrics {
            let value = at.percent().map_or_else(|| format::UNKNOWN.into(), format::percent);
            let hot = at.ratio().is_some_and(|r| r > 1.0 + cx.session.tolerance().1);
            lines.push((format!("{} {value}", at.track.label()), if hot { Role::Bad } else { text }));
        }
        lines.push((format!("ready {}", figure(m.ready)), text));
        lines.extend(super::header::load(cx, 0));
        if let Some(rate) = cx.session.ingest.all_per_s(cx.moment()) {
            lines.push((format!("{} docs/s", format::count(rate)), text));
        }
        lines.push((cx.look.clock(cx.now), Role::Muted));
    }
    for (i, (line, role)) in lines.iter().enumerate().take(usize::from(area.height)) {
        let cut = text::fit(line, usize::from(area.width), cx.look.symbols.glyphs().ellipsis);
        write::line(buf, area, i as u16, &[(&cut, cx.look.style(*role))]);
    }
}
