//! What a row of the table of panes holds: the pane, where it lies on which screen, and how it is drawn. Must not know a
//! pane by name.

use super::{Cx, symbols::Glyphs, theme::Role};
use crate::ui::{Pane, Screen};
use ratatui::{
    buffer::Buffer,
    layout::{Rect, Size},
};

/// A pane.
#[derive(Clone, Copy, Debug)]
pub struct PaneRow {
    pub pane: Pane,
    /// Where it is shown.
    pub places: &'static [Place],
    /// The rows that its content takes, for places that depend on it: at the width of the column, on a screen of the height.
    pub wants: fn(&Cx, Size) -> u16,
    /// Beside its title; all that is shown of a pane without rows.
    pub summary: fn(&Cx) -> Summary,
    /// Which of its rows are visible in this inside.
    pub extent: fn(&Cx, Rect) -> Extent,
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

/// The text beside a title, in the role of what it says: bad news keeps its colour.
pub type Summary = (String, Role);

/// The title of a pane.
#[derive(Clone, Debug)]
pub struct Title {
    pub name: &'static str,
    pub summary: Summary,
    /// Where not all rows are visible: which are.
    pub extent: Option<String>,
}

/// Which rows of a list are visible.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Extent {
    pub first: usize,
    pub shown: usize,
    pub all: usize,
}

impl Extent {
    /// Of a list in `rows` rows: from the top, or scrolled just far enough for the selected row.
    pub fn of(selected: Option<usize>, rows: usize, all: usize) -> Extent {
        let selected = selected.unwrap_or(0).min(all.saturating_sub(1));
        let first = (selected + 1).saturating_sub(rows);
        Extent { first, shown: rows.min(all - first.min(all)), all }
    }

    /// `1–8 of 21 ▼`; None where all rows are visible.
    pub fn text(self, glyphs: &Glyphs) -> Option<String> {
        let end = self.first + self.shown;
        if self.shown == 0 || self.shown >= self.all {
            return None;
        }
        let signs = [(self.first > 0, glyphs.up), (end < self.all, glyphs.down)];
        let signs: String = signs.iter().filter(|s| s.0).map(|s| s.1).collect();
        Some(format!("{}–{end} of {} {signs}", self.first + 1, self.all))
    }
}

/// Of a pane that is no list.
pub fn no_list(_: &Cx, _: Rect) -> Extent {
    Extent::default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::symbols::Symbols;

    #[test]
    fn a_list_that_is_longer_than_its_room_says_so() {
        let glyphs = Symbols::Braille.glyphs();
        let text = |selected, rows, all| Extent::of(selected, rows, all).text(glyphs).unwrap_or_default();
        assert_eq!(text(None, 8, 21), "1–8 of 21 ▼");
        assert_eq!(text(Some(10), 8, 21), "4–11 of 21 ▲▼");
        assert_eq!(text(Some(99), 8, 21), "14–21 of 21 ▲");
        assert_eq!((text(Some(3), 8, 8).as_str(), text(None, 0, 5).as_str(), text(None, 5, 0).as_str()), ("", "", ""));
    }
}
