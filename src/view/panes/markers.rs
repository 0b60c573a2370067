//! The markers of the session, newest first. Must not judge the run.

use crate::explain;
use crate::format::text;
use crate::session::{Mark, Marker};
use crate::ui::{Action, List};
use crate::view::{Cx, chart::MarkerAt, theme::Role, write};
use ratatui::{buffer::Buffer, layout::Rect};

pub fn summary(cx: &Cx) -> String {
    match cx.session.markers.all().len() {
        0 => String::new(),
        n => {
            let key = |action| cx.key(&action).unwrap_or_default();
            let (open, back, next) =
                (key(Action::Open), key(Action::Marker { forward: false }), key(Action::Marker { forward: true }));
            format!("{n}; {open} goes there, {back} {next} step")
        }
    }
}

pub fn draw(buf: &mut Buffer, area: Rect, cx: &Cx) {
    let all = cx.session.markers.all();
    let focused = cx.ui.in_focus(List::Markers);
    if all.is_empty() {
        write::line(buf, area, 0, &[(" no rescale, no load and no note yet", cx.look.style(Role::Muted))]);
        return;
    }
    let rows = usize::from(area.height);
    let selected = cx.ui.row.min(all.len() - 1);
    let top = if focused { (selected + 1).saturating_sub(rows) } else { 0 };
    for (i, (index, marker)) in all.iter().enumerate().rev().skip(top).take(rows).enumerate() {
        let row = Rect { y: area.y + i as u16, height: 1, ..area };
        cx.row_at(row, top + i);
        let sign = sign(cx, index, marker);
        let more = match &marker.mark {
            Mark::Rescale { reason, .. } => reason.clone(),
            Mark::LoadEnd { failure } => failure.as_ref().map(explain::load::failure).unwrap_or_default(),
            Mark::LoadStart | Mark::Note(_) => String::new(),
        };
        let clock = format!(" {} ", cx.look.moment(marker.ms, cx.now));
        let name = format!("{}  ", sign.text);
        let style = |role| {
            let plain = cx.look.style(role);
            if focused && top + i == selected { plain.patch(cx.look.style(Role::Selection)) } else { plain }
        };
        write::line(
            buf,
            row,
            0,
            &[(&clock, style(Role::Muted)), (&name, style(sign.role)), (&more, style(Role::Text))],
        );
    }
}

/// A marker as charts show it.
pub fn sign(cx: &Cx, index: usize, marker: &Marker) -> MarkerAt {
    let symbols = cx.look.symbols;
    let g = symbols.glyphs();
    match &marker.mark {
        Mark::Rescale { to, .. } => match cx.session.markers.from_of(index) {
            Some(from) => MarkerAt::rescale(marker.ms, i64::from(from), i64::from(*to), symbols),
            None => MarkerAt { at: marker.ms, text: format!("{}{to}", g.to), role: Role::Marker },
        },
        Mark::LoadStart => MarkerAt::load_start(marker.ms, symbols),
        Mark::LoadEnd { failure } => {
            let role = if failure.is_none() { Role::Load } else { Role::Bad };
            MarkerAt { role, ..MarkerAt::load_end(marker.ms, symbols) }
        }
        Mark::Note(text) => MarkerAt { at: marker.ms, text: text::fit(text, 16, g.ellipsis), role: Role::Accent },
    }
}
