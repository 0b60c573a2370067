//! What a row of the table of panes holds: the pane, where it lies on which screen, and how it is drawn. Must not know a
//! pane by name.

use super::{Cx, theme::Role};
use crate::ui::{Pane, Screen};
use ratatui::{buffer::Buffer, layout::Rect};

/// A pane.
#[derive(Clone, Copy, Debug)]
pub struct PaneRow {
    pub pane: Pane,
    /// Where it is shown.
    pub places: &'static [Place],
    /// The rows that its content takes at a width, for places that depend on it.
    pub wants: fn(&Cx, u16) -> u16,
    /// Beside its title; all that is shown of a pane without rows.
    pub summary: fn(&Cx) -> String,
    /// Draws the inside; the area has at least one cell.
    pub draw: fn(&mut Buffer, Rect, &Cx),
}

/// A place on a screen.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    pub screen: Screen,
    pub side: Side,
    /// Its rows in a space, given those that its content takes; None leaves it out.
    pub rows: fn(Space, u16) -> Option<u16>,
}

/// The column of a place. Where the screen is too narrow for two, the right one follows below the left one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    Left,
    Right,
}

/// What a screen's panes share.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Space {
    /// There is room for two columns.
    pub wide: bool,
    /// Rows of the body, borders included.
    pub height: u16,
}

impl Space {
    /// Rows beyond those that charts and figures need in a single column.
    pub fn spare(self) -> u16 {
        self.height.saturating_sub(22)
    }
}

/// As rows of a place: what the others leave.
pub const FILL: u16 = u16::MAX;

/// A place that takes what the others leave.
pub const fn filling(screen: Screen, side: Side) -> Place {
    Place { screen, side, rows: |_, _| Some(FILL) }
}

/// The title of a pane: its name, its summary, and the summary's role.
pub type Title = (&'static str, String, Role);
