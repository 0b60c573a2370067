//! Where each pane lies, for any size from 1×1. A pure function of the area, the keys and the rows that panes want; draws
//! nothing.

use super::pane_row::{FILL, PaneRow, Side, Space};
use crate::ui::{PaneKind, Screen, Ui};
use ratatui::layout::{Rect, Size};

/// Below these a plain list of figures is shown.
const SMALLEST: (u16, u16) = (40, 12);
/// From this width on, the right column lies beside the left one.
const WIDE: u16 = 120;

/// A pane's place. `rule` is the row of its title; `inner` may have no rows, then the title's summary is all of it.
#[derive(Clone, Copy, Debug)]
pub struct Slot {
    pub row: &'static PaneRow,
    pub rule: Rect,
    pub inner: Rect,
}

/// A framed stack of panes.
#[derive(Clone, Debug)]
pub struct PaneColumn {
    pub area: Rect,
    pub slots: Vec<Slot>,
    /// Its bottom border carries the time axis.
    pub axis: bool,
}

/// A screen's places.
#[derive(Clone, Debug, Default)]
pub struct Layout {
    pub header: Rect,
    pub footer: Rect,
    /// The bar of a replay; empty where there is none.
    pub bar: Rect,
    /// Empty: too small, a plain list in `body`.
    pub columns: Vec<PaneColumn>,
    pub body: Rect,
}

/// Lays the screen out with the panes of `table`; `wants` gives the rows that a pane's content takes in a column.
pub fn layout(area: Rect, ui: &Ui, table: &'static [PaneRow], wants: impl Fn(&PaneRow, Size) -> u16) -> Layout {
    if area.width < SMALLEST.0 || area.height < SMALLEST.1 {
        return Layout { body: area, ..Layout::default() };
    }
    let header = Rect { height: 1, ..area };
    let footer = Rect { y: area.bottom() - 1, height: 1, ..area };
    let bar = Rect { y: footer.y - 1, height: u16::from(ui.replay.is_some()), ..area };
    let body = Rect { y: area.y + 1, height: area.height - 2 - bar.height, ..area };
    let columns = match ui.expanded {
        true => table.iter().filter(|row| row.pane == ui.pane()).map(|row| column(body, &[(row, FILL)])).collect(),
        false => columns(body, ui.screen, table, wants),
    };
    Layout { header, footer, bar, columns, body }
}

/// The columns of a screen: two where it has panes for the right one and is wide enough.
fn columns(
    body: Rect,
    screen: Screen,
    table: &'static [PaneRow],
    wants: impl Fn(&PaneRow, Size) -> u16,
) -> Vec<PaneColumn> {
    let wide = body.width >= WIDE;
    let space = Space { wide, height: body.height };
    let right_width = right_width(screen, body.width);
    let column_size = Size { width: right_width.saturating_sub(2), height: body.height };
    let (mut left, mut right) = (Vec::new(), Vec::new());
    for row in table {
        for place in row.places.iter().filter(|p| p.screen == screen) {
            let Some(rows) = (place.rows)(space, wants(row, column_size)) else { continue };
            let beside = wide && place.side == Side::Right;
            if beside { &mut right } else { &mut left }.push((row, rows));
        }
    }
    if right.is_empty() {
        return vec![column(body, &left)];
    }
    let left_area = Rect { width: body.width - right_width, ..body };
    let right_area = Rect { x: body.right() - right_width, width: right_width, ..body };
    vec![column(left_area, &left), column(right_area, &right)]
}

/// Of the right column, on screens that have one.
fn right_width(screen: Screen, width: u16) -> u16 {
    match screen {
        Screen::Ingest => (width * 2 / 5).clamp(48, 90),
        _ => (width / 3).clamp(42, 64),
    }
}

/// A framed stack; one of the heights may be [`FILL`], which takes what is left. What does not fit is left out from the
/// end. It has the time axis where a chart begins or ends it.
fn column(area: Rect, panes: &[(&'static PaneRow, u16)]) -> PaneColumn {
    let fixed: u16 = panes.iter().filter(|p| p.1 != FILL).fold(0, |sum, p| sum.saturating_add(p.1));
    let rules = u16::try_from(panes.len()).unwrap_or(u16::MAX);
    let fill = area.height.saturating_sub(fixed.saturating_add(rules) + 1);
    let mut slots = Vec::with_capacity(panes.len());
    let mut y = area.y;
    for (row, height) in panes {
        let height = if *height == FILL { fill } else { *height };
        if y + 1 >= area.bottom() {
            break;
        }
        let rule = Rect { x: area.x, y, width: area.width, height: 1 };
        let height = height.min(area.bottom().saturating_sub(y + 2));
        let inner = Rect { x: area.x + 1, y: y + 1, width: area.width.saturating_sub(2), height };
        slots.push(Slot { row, rule, inner });
        y += 1 + height;
    }
    let ends = [panes.first(), panes.last()];
    let axis = ends.into_iter().flatten().any(|(row, _)| row.pane.kind.is_chart());
    PaneColumn { area, slots, axis }
}

impl Layout {
    /// Whether the findings have a pane on screen.
    pub fn shows_findings(&self) -> bool {
        self.columns.iter().flat_map(|c| &c.slots).any(|s| s.row.pane.kind == PaneKind::Findings)
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
    use crate::view::panes::{self, PANES};

    fn lay_out(area: Rect, ui: &Ui) -> Layout {
        let wants = |row: &PaneRow, _| match row.pane.title {
            "Now" => 9,
            "Findings" => 4,
            "Timeline" => 30,
            _ => 0,
        };
        layout(area, ui, &PANES, wants)
    }

    fn panes(width: u16, height: u16) -> Vec<(&'static str, u16)> {
        let layout = lay_out(Rect::new(0, 0, width, height), &Ui::new(false, panes::panes()));
        layout.columns.iter().flat_map(|c| &c.slots).map(|s| (s.row.pane.title, s.inner.height)).collect()
    }

    #[test]
    fn every_pane_has_a_title_of_its_own_and_a_place() {
        for (i, row) in PANES.iter().enumerate() {
            assert!(!row.places.is_empty(), "{}", row.pane.title);
            assert!(PANES.iter().skip(i + 1).all(|other| other.pane.title != row.pane.title), "{}", row.pane.title);
        }
    }

    #[test]
    fn the_smallest_classic_terminal_shows_what_matters() {
        let all = panes(80, 24);
        let height = |p: &str| all.iter().find(|s| s.0 == p).map(|s| s.1);
        assert!(height("Utilization of request") >= Some(8), "{all:?}");
        assert!(height("Replicas") >= Some(3));
        assert!(height("Now") >= Some(3));
        assert_eq!(["Load", "Gateway", "Ingest"].map(height), [Some(0); 3]);
    }

    #[test]
    fn where_room_is_scarce_utilization_and_its_figures_come_first() {
        for (width, height) in [(40, 12), (60, 15), (80, 17), (120, 12), (160, 16), (200, 20)] {
            let all = panes(width, height);
            let rows = |p: &str| all.iter().find(|s| s.0 == p).map(|s| s.1);
            assert!(rows("Utilization of request") >= Some(4) && rows("Now") >= Some(3), "{width}x{height} {all:?}");
        }
    }

    #[test]
    fn every_size_stays_inside_its_area() {
        for width in 0..=220u16 {
            for height in 0..=70u16 {
                let area = Rect::new(0, 0, width, height);
                for screen in Screen::ALL {
                    let mut ui = Ui::new(false, panes::panes());
                    ui.screen = screen;
                    for column in lay_out(area, &ui).columns {
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
