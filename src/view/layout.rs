//! Which panes stand where, for any size from 1×1. A pure function of the area and the keys; draws nothing.

use crate::ui::{Pane, Screen, Ui};
use ratatui::layout::Rect;

/// Below these a plain list of figures is shown.
const TINY: (u16, u16) = (40, 12);
/// From this width on, the right column stands beside the charts.
const WIDE: u16 = 120;
/// From these heights of the body on, replicas have a chart of their own, and load, gateway and ingest a row each.
const STEPS: u16 = 14;
const ROWS: u16 = 18;

/// A pane's place. `rule` is the row of its title; `inner` may have no rows, then the title's summary stands for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slot {
    pub pane: Pane,
    pub rule: Rect,
    pub inner: Rect,
}

/// A framed stack of panes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    pub area: Rect,
    pub slots: Vec<Slot>,
    /// Its bottom border carries the time axis.
    pub axis: bool,
}

/// A screen's places.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Layout {
    pub header: Rect,
    pub footer: Rect,
    /// The bar of a replay; empty where there is none.
    pub bar: Rect,
    /// Empty: too small, a plain list in `body`.
    pub columns: Vec<Column>,
    pub body: Rect,
}

/// The rows that some panes would like to have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wish {
    pub now: u16,
    pub findings: u16,
    pub expectations: u16,
}

/// Columns inside of the right column, on screens that have one.
pub fn beside(width: u16) -> u16 {
    side(width).saturating_sub(2)
}

fn side(width: u16) -> u16 {
    (width / 3).clamp(42, 64)
}

/// Lays the screen out.
pub fn layout(area: Rect, ui: &Ui, wish: Wish) -> Layout {
    if area.width < TINY.0 || area.height < TINY.1 {
        return Layout { body: area, ..Layout::default() };
    }
    let header = Rect { height: 1, ..area };
    let footer = Rect { y: area.bottom() - 1, height: 1, ..area };
    let bar = Rect { y: footer.y - 1, height: u16::from(ui.replay.is_some()), ..area };
    let body = Rect { y: area.y + 1, height: area.height - 2 - bar.height, ..area };
    let columns = match (ui.expanded, ui.screen) {
        (true, _) => vec![column(body, &[(ui.pane(), u16::MAX)], charted(ui.pane()))],
        (false, Screen::Overview) => overview(body, wish),
        (false, Screen::Timeline) => {
            // The expectations come first; markers and events share what they leave, and keep a few rows each.
            let below = (body.height / 6).clamp(2, 8);
            let top = wish.expectations.min(body.height.saturating_sub(4 + 2 * below));
            vec![column(body, &[(Pane::Expectations, top), (Pane::Markers, below), (Pane::Events, u16::MAX)], false)]
        }
        (false, Screen::Ingest) => ingest(body),
        (false, screen) => vec![column(body, &[(screen.panes()[0], u16::MAX)], false)],
    };
    Layout { header, footer, bar, columns, body }
}

/// The pane is a chart over the shared time axis.
pub fn charted(pane: Pane) -> bool {
    matches!(pane, Pane::Utilization | Pane::Replicas | Pane::Load | Pane::Gateway | Pane::Ingest)
}

/// The charts that leave the first of them a few rows in a body of height `h`.
fn charts(h: u16, replicas: u16) -> Vec<(Pane, u16)> {
    let all = [(Pane::Utilization, u16::MAX), (Pane::Replicas, replicas)];
    all.into_iter().take(if h >= STEPS { 2 } else { 1 }).collect()
}

/// The course over the streams; what strains Elasticsearch and what log records lack beside them, or below.
fn ingest(body: Rect) -> Vec<Column> {
    let h = body.height;
    let chart = (Pane::Ingest, (h / 4).clamp(3, 12));
    if body.width >= WIDE {
        let right_width = (body.width * 2 / 5).clamp(50, 90);
        let left = Rect { width: body.width - right_width, ..body };
        let right = Rect { x: body.right() - right_width, width: right_width, ..body };
        let side = [(Pane::Pressure, 9.min(h / 3)), (Pane::Quality, u16::MAX)];
        return vec![column(left, &[(Pane::Streams, u16::MAX), chart], true), column(right, &side, false)];
    }
    let (pressure, quality) = ((h / 5).clamp(2, 7), (h / 4).clamp(2, 9));
    let chart = (Pane::Ingest, if h >= 28 { chart.1 } else { 0 });
    let all = [(Pane::Streams, u16::MAX), chart, (Pane::Pressure, pressure), (Pane::Quality, quality)];
    vec![column(body, &all, false)]
}

fn overview(body: Rect, wish: Wish) -> Vec<Column> {
    let h = body.height;
    let row = if h >= 44 { 2 } else { u16::from(h >= 34) };
    let rows = [(Pane::Load, row), (Pane::Gateway, row), (Pane::Ingest, row)];
    let replicas = (h / 6).clamp(3, 7);
    if body.width >= WIDE {
        let right_width = side(body.width);
        let (left, right) = (
            Rect { width: body.width - right_width, ..body },
            Rect { x: body.right() - right_width, width: right_width, ..body },
        );
        let mut stack = charts(h, replicas);
        stack.extend(rows.into_iter().filter(|_| h >= ROWS));
        let now = wish.now.min(h / 2);
        let findings = wish.findings.clamp(2, (h / 5).max(2));
        let side = [(Pane::Now, now), (Pane::Findings, findings), (Pane::Events, u16::MAX)];
        return vec![column(left, &stack, true), column(right, &side, false)];
    }
    // One column: the figures go under the charts, events where there is room left.
    let spare = h.saturating_sub(22);
    let now = wish.now.min(3 + spare / 3);
    let mut stack = charts(h, replicas);
    stack.extend(rows.map(|(pane, _)| (pane, 0)).into_iter().filter(|_| h >= ROWS));
    stack.push((Pane::Now, now));
    if spare >= 6 {
        stack.push((Pane::Events, spare / 2));
    }
    vec![column(body, &stack, true)]
}

/// A framed stack; one of the heights may be `u16::MAX`, which takes what is left. What does not fit is left out from
/// the end.
fn column(area: Rect, panes: &[(Pane, u16)], axis: bool) -> Column {
    let fixed: u16 = panes.iter().filter(|p| p.1 != u16::MAX).fold(0, |sum, p| sum.saturating_add(p.1));
    let rules = u16::try_from(panes.len()).unwrap_or(u16::MAX);
    let fill = area.height.saturating_sub(fixed.saturating_add(rules) + 1);
    let mut slots = Vec::with_capacity(panes.len());
    let mut y = area.y;
    for (pane, height) in panes {
        let height = if *height == u16::MAX { fill } else { *height };
        if y + 1 >= area.bottom() {
            break;
        }
        let rule = Rect { x: area.x, y, width: area.width, height: 1 };
        let height = height.min(area.bottom().saturating_sub(y + 2));
        let inner = Rect { x: area.x + 1, y: y + 1, width: area.width.saturating_sub(2), height };
        slots.push(Slot { pane: *pane, rule, inner });
        y += 1 + height;
    }
    Column { area, slots, axis }
}

impl Layout {
    /// Whether a pane is on screen.
    pub fn has(&self, pane: Pane) -> bool {
        self.columns.iter().flat_map(|c| &c.slots).any(|s| s.pane == pane)
    }

    /// The place that holds a cell.
    pub fn slot_at(&self, x: u16, y: u16) -> Option<&Slot> {
        let inside = |r: &Rect| r.contains(ratatui::layout::Position { x, y });
        self.columns.iter().flat_map(|c| &c.slots).find(|s| inside(&s.rule) || inside(&s.inner))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WISH: Wish = Wish { now: 9, findings: 4, expectations: 30 };

    fn panes(width: u16, height: u16) -> Vec<(Pane, u16)> {
        let layout = layout(Rect::new(0, 0, width, height), &Ui::new(false), WISH);
        layout.columns.iter().flat_map(|c| &c.slots).map(|s| (s.pane, s.inner.height)).collect()
    }

    #[test]
    fn the_smallest_classic_terminal_shows_what_matters() {
        let all = panes(80, 24);
        let height = |p: Pane| all.iter().find(|s| s.0 == p).map(|s| s.1);
        assert!(height(Pane::Utilization) >= Some(8), "{all:?}");
        assert!(height(Pane::Replicas) >= Some(3));
        assert!(height(Pane::Now) >= Some(3));
        assert_eq!([Pane::Load, Pane::Gateway, Pane::Ingest].map(height), [Some(0); 3]);
    }

    #[test]
    fn where_room_is_scarce_utilization_and_its_figures_come_first() {
        for (width, height) in [(40, 12), (60, 15), (80, 17), (120, 12), (160, 16), (200, 20)] {
            let all = panes(width, height);
            let rows = |p: Pane| all.iter().find(|s| s.0 == p).map(|s| s.1);
            assert!(rows(Pane::Utilization) >= Some(4) && rows(Pane::Now) >= Some(3), "{width}x{height} {all:?}");
        }
    }

    #[test]
    fn every_size_stays_inside_its_area() {
        for width in 0..=220u16 {
            for height in 0..=70u16 {
                let area = Rect::new(0, 0, width, height);
                for screen in Screen::ALL {
                    let mut ui = Ui::new(false);
                    ui.screen = screen;
                    for column in layout(area, &ui, WISH).columns {
                        for slot in &column.slots {
                            assert_eq!(area.intersection(slot.rule), slot.rule, "{width}x{height}");
                            assert!(slot.inner.bottom() < column.area.bottom(), "{width}x{height} {slot:?}");
                        }
                    }
                }
            }
        }
    }
}
