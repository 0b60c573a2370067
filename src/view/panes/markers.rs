//! The markers of the session, newest first. Must not judge the run.

use crate::explain::{self, incident};
use crate::format::text;
use crate::session::{Mark, Marker};
use crate::ui::{Action, List};
use crate::view::pane_row::{Extent, Summary};
use crate::view::{Cx, chart::MarkerAt, theme::Role, write};
use ratatui::{buffer::Buffer, layout::Rect};

pub fn summary(cx: &Cx) -> Summary {
    let text = match cx.session.markers.all().len() {
        0 => String::new(),
        n => {
            let key = |action| cx.key(&action).unwrap_or_default();
            let (open, back, next) =
                (key(Action::Open), key(Action::Marker { forward: false }), key(Action::Marker { forward: true }));
            format!("{n}; {open} goes there, {back} {next} step")
        }
    };
    (text, Role::Muted)
}

/// What the whole list would take.
pub fn rows(cx: &Cx) -> u16 {
    u16::try_from(cx.session.markers.all().len().max(1)).unwrap_or(u16::MAX)
}

pub fn extent(cx: &Cx, area: Rect) -> Extent {
    Extent::of(
        cx.ui.in_focus(List::Markers).then_some(cx.ui.row),
        usize::from(area.height),
        cx.session.markers.all().len(),
    )
}

pub fn draw(buf: &mut Buffer, area: Rect, cx: &Cx) {
    let all = cx.session.markers.all();
    let focused = cx.ui.in_focus(List::Markers);
    if all.is_empty() {
        write::line(buf, area, 0, &[(" no rescale, no load and no note yet", cx.look.style(Role::Muted))]);
        return;
    }
    let selected = cx.ui.row.min(all.len() - 1);
    let Extent { first: top, shown, .. } = extent(cx, area);
    for (i, (index, marker)) in all.iter().enumerate().rev().skip(top).take(shown).enumerate() {
        let row = Rect { y: area.y + i as u16, height: 1, ..area };
        cx.row_at(row, top + i);
        let sign = sign(cx, index, marker);
        let more = match &marker.mark {
            Mark::Rescale { reason, .. } => reason.clone(),
            Mark::LoadEnd { failure } => failure.as_ref().map(explain::load::failure).unwrap_or_default(),
            Mark::Incident(what) => incident::sentence(what),
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
        Mark::Incident(what) => {
            let (sign, role) = g.incident(what);
            MarkerAt { at: marker.ms, text: format!("{sign} {}", incident::short(what)), role }
        }
        Mark::Note(text) => MarkerAt { at: marker.ms, text: text::fit(text, 16, g.ellipsis), role: Role::Accent },
    }
}
