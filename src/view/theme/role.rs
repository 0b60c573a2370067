//! The colour roles: what a colour may mean. A new colour is one row here and one in each theme that
//! sets it.
use ratatui::style::Color;

/// What something drawn means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Role {
    /// Ordinary text.
    Text,
    /// Secondary text: units, labels, axis figures.
    Muted,
    /// Grid, axis, the dashes of bounds.
    Faint,
    /// Pane titles.
    Title,
    /// Pane borders.
    Border,
    /// Border and title of the focused pane.
    Focus,
    /// What should be noticed first.
    Accent,
    Good,
    Warn,
    Bad,
    Series1,
    Series2,
    Series3,
    Series4,
    Series5,
    /// A metric's target.
    Target,
    /// The tolerance band round a target (background).
    Band,
    /// Between the target and a series above it (background).
    Above,
    /// The time cursor.
    Cursor,
    /// Rescales and the user's own markers.
    Marker,
    /// The selected row (background).
    Selection,
    /// Prominent labels such as `LAB`.
    Badge,
    /// The load generator.
    Load,
}

impl Role {
    pub const COUNT: usize = 23;

    /// Every role, in the order of the theme files.
    pub const ALL: [Role; Role::COUNT] = [
        Role::Text,
        Role::Muted,
        Role::Faint,
        Role::Title,
        Role::Border,
        Role::Focus,
        Role::Accent,
        Role::Good,
        Role::Warn,
        Role::Bad,
        Role::Series1,
        Role::Series2,
        Role::Series3,
        Role::Series4,
        Role::Series5,
        Role::Target,
        Role::Band,
        Role::Above,
        Role::Cursor,
        Role::Marker,
        Role::Selection,
        Role::Badge,
        Role::Load,
    ];

    /// The roles of chart lines, in the order they are handed out.
    pub const SERIES: [Role; 5] = [Role::Series1, Role::Series2, Role::Series3, Role::Series4, Role::Series5];

    /// Its key in a theme file.
    pub fn key(self) -> &'static str {
        match self {
            Role::Text => "text",
            Role::Muted => "muted",
            Role::Faint => "faint",
            Role::Title => "title",
            Role::Border => "border",
            Role::Focus => "focus",
            Role::Accent => "accent",
            Role::Good => "good",
            Role::Warn => "warn",
            Role::Bad => "bad",
            Role::Series1 => "series1",
            Role::Series2 => "series2",
            Role::Series3 => "series3",
            Role::Series4 => "series4",
            Role::Series5 => "series5",
            Role::Target => "target",
            Role::Band => "band",
            Role::Above => "above",
            Role::Cursor => "cursor",
            Role::Marker => "marker",
            Role::Selection => "selection",
            Role::Badge => "badge",
            Role::Load => "load",
        }
    }

    /// Its letter in the role plane of golden screens.
    pub fn letter(self) -> char {
        const LETTERS: [char; Role::COUNT] = [
            't', 'm', 'f', 'T', 'b', 'F', 'a', 'g', 'w', 'x', '1', '2', '3', '4', '5', 'r', 'B', 'A', 'c', 'k', 'S',
            'L', 'l',
        ];
        LETTERS[self as usize]
    }

    #[cfg(test)]
    /// Its colour in [`super::Theme::roles`]: one that no palette uses.
    pub(crate) fn code(self) -> Color {
        Color::Rgb(0, 1, self as u8)
    }

    /// The role that [`Role::code`] made this colour for.
    pub(crate) fn of_code(colour: Color) -> Option<Role> {
        match colour {
            Color::Rgb(0, 1, n) => Role::ALL.get(usize::from(n)).copied(),
            _ => None,
        }
    }
}
