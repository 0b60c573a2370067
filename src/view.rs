//! Screens, panes, charts, themes: a picture of a session and of what the keys did to the view. Only reads.
//!
//! A pane is one file and one row in [`pane::of`]; it draws into a buffer, because the terminal is written by our own
//! one-write-a-frame code and pictures are made without any terminal at all.

mod bar;
pub mod chart;
mod footer;
pub mod format;
mod frame;
mod header;
mod layout;
mod look;
mod overlay;
mod pane;
pub mod plane;
mod plot;
pub mod symbols;
pub mod theme;
mod tiny;
mod words;

pub use layout::Slot;
pub use look::Look;

use crate::{
    advise::{self, Finding},
    explain::forecast::{ForecastText, forecast},
    session::Session,
    ui::{Hit, Pane, Ui},
};
use ratatui::{buffer::Buffer, layout::Rect};
use std::cell::OnceCell;

/// What a pane reads.
pub struct Cx<'a> {
    pub session: &'a Session,
    /// What stands out in it, and what the next sync would do: with hundreds of pods most of a frame's work, so done once.
    findings: Vec<Finding>,
    forecast: OnceCell<Option<ForecastText>>,
    /// The present of the live session, milliseconds since 1970, also while the view stands still.
    pub now: i64,
    pub ui: &'a Ui,
    pub look: &'a Look,
}

impl<'a> Cx<'a> {
    /// `now` is the present of the live session, also where an older one is shown.
    pub fn new(session: &'a Session, now: i64, ui: &'a Ui, look: &'a Look) -> Cx<'a> {
        Cx { session, findings: advise::findings(session), forecast: OnceCell::new(), now, ui, look }
    }

    fn forecast(&self) -> Option<&ForecastText> {
        let text = || self.session.forecast().map(|f| forecast(self.session, &f));
        self.forecast.get_or_init(text).as_ref()
    }

    /// The moment that figures are read at.
    pub fn moment(&self) -> i64 {
        self.ui.moment(self.session.now_ms())
    }
}

/// Draws the whole screen.
pub fn draw(buf: &mut Buffer, cx: &Cx) {
    let area = buf.area;
    if let Some(ground) = cx.look.theme().screen() {
        buf.set_style(area, ground);
    }
    let places = places(area, cx);
    if places.columns.is_empty() {
        tiny::draw(buf, places.body, cx);
    } else {
        header::draw(buf, places.header, cx);
        for column in &places.columns {
            // Where findings have no pane, the worst of them stands in a title.
            let worst = |pane| pane == Pane::Now && !places.has(Pane::Findings);
            frame::draw(buf, column, cx, |slot| pane::of(slot.pane).title(cx, worst(slot.pane)));
            for slot in column.slots.iter().filter(|s| s.inner.height > 0 && s.inner.width > 0) {
                (pane::of(slot.pane).draw)(buf, slot.inner, cx);
            }
            if column.axis {
                plot::axis_row(buf, column.area, cx);
            }
        }
        bar::draw(buf, places.bar, cx);
        footer::draw(buf, places.footer, cx);
    }
    overlay::draw(buf, area, cx);
    if cx.look.symbols == symbols::Symbols::Ascii {
        for cell in &mut buf.content {
            if let Some(sign) = cx.look.symbols.plain(cell.symbol()) {
                cell.set_char(sign);
            }
        }
    }
}

/// What stands at a cell of a screen of this size.
pub fn hit(cx: &Cx, area: Rect, x: u16, y: u16) -> Hit {
    let places = places(area, cx);
    let above = cx.ui.replay.as_ref().and_then(|replay| bar::time_near(places.bar, x, replay));
    if places.bar.contains(ratatui::layout::Position { x, y }) {
        let bar = cx.ui.replay.as_ref().and_then(|replay| bar::time_at(places.bar, x, replay));
        return Hit { bar, above, ..Hit::default() };
    }
    let Some(slot) = places.slot_at(x, y) else { return Hit { above, ..Hit::default() } };
    let charts = layout::charted(slot.pane);
    let ms = if charts { plot::time_at(slot.inner, x, cx) } else { None };
    let row = (!charts && y >= slot.inner.y && slot.inner.height > 0).then(|| usize::from(y - slot.inner.y));
    let row = if slot.pane == Pane::Decisions { pane::sync_at(slot.inner, x, y, cx) } else { row };
    Hit { pane: Some(slot.pane), ms, row, bar: None, above }
}

fn places(area: Rect, cx: &Cx) -> layout::Layout {
    let wish = layout::Wish {
        now: pane::now_rows(cx),
        findings: pane::findings_rows(cx, layout::beside(area.width)),
        expectations: pane::expectation_rows(cx),
    };
    layout::layout(area, cx.ui, wish)
}
