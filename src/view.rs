//! Screens, panes, charts, themes: a picture of a session and of what the keys did to the view. Only reads.
//!
//! A pane is one file and one row in [`panes::PANES`]; it draws into a buffer, because the terminal is written by our own
//! one-write-a-frame code and pictures are made without any terminal at all.

mod badge;
mod bar;
pub mod chart;
mod compact;
mod footer;
mod frame;
pub mod golden;
mod header;
mod layout;
mod look;
mod message;
mod overlays;
mod pane_row;
mod panes;
pub mod symbols;
pub mod theme;
mod time_axis;
mod write;

pub use look::Look;
pub use panes::panes;

use crate::{
    advise::{self, Finding},
    decide::shadow::{self, Shadow},
    decide::size::{self, Capacity},
    explain::forecast::{ForecastText, forecast},
    session::Session,
    ui::{Action, Context, FleetLine, Hit, Ui},
    verdict::{self, Verdict},
};
use ratatui::{buffer::Buffer, layout::Rect};
use std::cell::{Cell, OnceCell};

/// What a press of the mouse means where something is drawn.
#[derive(Clone, Debug, PartialEq)]
enum Target {
    /// This row of a list, of all its rows.
    Row(usize),
    Act(Action),
}

/// What a pane reads.
pub struct Cx<'a> {
    pub session: &'a Session,
    /// Where what can be pressed is drawn; noted only to find what was pressed.
    targets: Cell<Option<Vec<(Rect, Target)>>>,
    /// Findings, and what the next sync would do: with hundreds of pods most of a frame's work, so computed once a frame.
    findings: Vec<Finding>,
    forecast: OnceCell<Option<ForecastText>>,
    verdict: OnceCell<Verdict>,
    /// What other specs would have done, where it is known already; else it is worked out once a frame.
    shadows: Option<&'a [Shadow]>,
    own_shadows: OnceCell<Vec<Shadow>>,
    /// What one gateway carries, where that was learned already; else it is learned by the pane that shows it.
    capacity: Option<Option<&'a Capacity>>,
    own_capacity: OnceCell<Option<Capacity>>,
    fleet_lines: OnceCell<Vec<FleetLine<'a>>>,
    /// Now in the live session, milliseconds since 1970, also while the view is paused.
    pub now: i64,
    pub ui: &'a Ui,
    pub look: &'a Look,
}

impl<'a> Cx<'a> {
    /// `now` is that of the live session, also where an older one is shown.
    pub fn new(session: &'a Session, now: i64, ui: &'a Ui, look: &'a Look) -> Cx<'a> {
        Cx {
            session,
            targets: Cell::new(None),
            findings: advise::findings(session),
            forecast: OnceCell::new(),
            verdict: OnceCell::new(),
            shadows: None,
            own_shadows: OnceCell::new(),
            capacity: None,
            own_capacity: OnceCell::new(),
            fleet_lines: OnceCell::new(),
            now,
            ui,
            look,
        }
    }

    fn forecast(&self) -> Option<&ForecastText> {
        let text = || self.session.forecast().map(|f| forecast(self.session, &f));
        self.forecast.get_or_init(text).as_ref()
    }

    /// The run against its expectations.
    fn verdict(&self) -> &Verdict {
        self.verdict.get_or_init(|| verdict::run(self.session, self.ui.expectations()))
    }

    /// With what other specs would have done, which is known already.
    pub fn with_shadows(self, shadows: &'a [Shadow]) -> Cx<'a> {
        Cx { shadows: Some(shadows), ..self }
    }

    /// What other specs would have done.
    fn shadows(&self) -> &[Shadow] {
        self.shadows.unwrap_or_else(|| self.own_shadows.get_or_init(|| shadow::run(self.session)))
    }

    /// With what one gateway carries, which is learned already.
    pub fn with_capacity(self, capacity: Option<&'a Capacity>) -> Cx<'a> {
        Cx { capacity: Some(capacity), ..self }
    }

    /// What one gateway carries; None while that is not known.
    fn capacity(&self) -> Option<&Capacity> {
        self.capacity.unwrap_or_else(|| self.own_capacity.get_or_init(|| size::learn(&[self.session]).ok()).as_ref())
    }

    /// The rows of the list of every HPA.
    fn fleet_lines(&self) -> &[FleetLine<'a>] {
        self.fleet_lines.get_or_init(|| self.ui.fleet_lines(self.session))
    }

    /// The key of an action on a screen, as it is bound now.
    fn key(&self, action: &Action) -> Option<String> {
        let label = self.ui.keys.label(Context::Screen, action)?;
        Some(self.look.symbols.keys(&label))
    }

    /// Where charts show the time cursor: the user's, or the mouse's while it lies over a chart.
    pub fn cursor(&self) -> Option<i64> {
        self.ui.cursor.or(self.ui.hover)
    }

    /// The moment that figures are read at.
    pub fn moment(&self) -> i64 {
        self.ui.hover.filter(|_| self.ui.cursor.is_none()).unwrap_or_else(|| self.ui.moment(self.session.now_ms()))
    }

    /// The head of a column, with a mark where the table is sorted by it.
    fn column_head(&self, head: &str, sorted_by: &str) -> String {
        let mark = if head == sorted_by { self.look.symbols.glyphs().down.to_string() } else { String::new() };
        format!("{head}{mark}")
    }

    /// A row of a list is drawn here.
    fn row_at(&self, area: Rect, index: usize) {
        self.target(area, Target::Row(index));
    }

    /// What is drawn here does what a key does.
    fn acts_at(&self, area: Rect, action: Action) {
        self.target(area, Target::Act(action));
    }

    /// A window comes to lie over the rows drawn so far.
    fn cover(&self) {
        if let Some(mut all) = self.targets.take() {
            all.retain(|(_, target)| self.ui.overlay.is_none() || matches!(target, Target::Act(_)));
            self.targets.set(Some(all));
        }
    }

    fn target(&self, area: Rect, target: Target) {
        if let Some(mut all) = self.targets.take() {
            all.push((area, target));
            self.targets.set(Some(all));
        }
    }
}

/// Draws the whole screen.
pub fn draw(buf: &mut Buffer, cx: &Cx) {
    let area = buf.area;
    if let Some(fill) = cx.look.theme().screen() {
        buf.set_style(area, fill);
    }
    let layout = lay_out(area, cx);
    if layout.columns.is_empty() {
        compact::draw(buf, layout.body, cx);
    } else {
        header::draw(buf, layout.header, cx);
        let findings_shown = layout.shows_findings();
        for column in &layout.columns {
            frame::draw(buf, column, cx, |slot| panes::title(slot, cx, findings_shown));
            for slot in column.slots.iter().filter(|s| s.inner.height > 0 && s.inner.width > 0) {
                (slot.row.draw)(buf, slot.inner, cx);
            }
            if column.axis {
                time_axis::axis_row(buf, column.area, cx);
            }
        }
        bar::draw(buf, layout.bar, cx);
        footer::draw(buf, layout.footer, cx);
    }
    cx.cover();
    overlays::draw(buf, area, cx);
    message::draw(buf, area, cx);
    if cx.look.theme().colourless() {
        write::underline_words(buf);
    }
    if cx.look.symbols == symbols::Symbols::Ascii {
        for cell in &mut buf.content {
            if let Some(sign) = cx.look.symbols.plain(cell.symbol()) {
                cell.set_char(sign);
            }
        }
    }
}

/// What lies at a cell of a screen of this size.
pub fn hit(cx: &Cx, area: Rect, x: u16, y: u16) -> Hit {
    let layout = lay_out(area, cx);
    let above = cx.ui.replay.as_ref().and_then(|replay| bar::time_near(layout.bar, x, replay));
    if layout.bar.contains(ratatui::layout::Position { x, y }) {
        let bar = cx.ui.replay.as_ref().and_then(|replay| bar::time_at(layout.bar, x, replay));
        return Hit { bar, above, ..Hit::default() };
    }
    let Some(slot) = layout.slot_at(x, y) else { return Hit { above, ..Hit::default() } };
    let pane = slot.row.pane;
    let ms = pane.kind.is_chart().then(|| time_axis::time_at(slot.inner, x, cx)).flatten();
    Hit { pane: Some(pane), ms, above, ..Hit::default() }
}

/// The same, with the row or the key that is drawn there: what is asked where the mouse is pressed.
pub fn pressed(cx: &Cx, area: Rect, x: u16, y: u16) -> Hit {
    cx.targets.set(Some(Vec::new()));
    draw(&mut Buffer::empty(area), cx);
    let all = cx.targets.take().unwrap_or_default();
    let here = |(at, _): &&(Rect, Target)| at.contains(ratatui::layout::Position { x, y });
    let hit = hit(cx, area, x, y);
    // What is drawn last lies over the rest.
    match all.iter().rev().find(here).map(|(_, target)| target.clone()) {
        Some(Target::Row(row)) => Hit { row: Some(row), ..hit },
        Some(Target::Act(action)) => Hit { action: Some(action), ..hit },
        None => hit,
    }
}

fn lay_out(area: Rect, cx: &Cx) -> layout::Layout {
    layout::layout(area, cx.ui, &panes::PANES, |row, size| (row.wants)(cx, size))
}
