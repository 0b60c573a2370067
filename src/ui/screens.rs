//! Screens, and what the keys have to know of their panes. Which panes there are, where they lie and how they are drawn is
//! the view's table, which is handed to [`super::Ui::new`].

/// The screens: every HPA, several of them under each other, and the six of one HPA.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Screen {
    Fleet,
    Compare,
    Overview,
    Decisions,
    Gateways,
    Pipeline,
    Ingest,
    Timeline,
}

/// A part of a screen that can have the focus.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pane {
    /// As it is titled; no two are titled alike.
    pub title: &'static str,
    pub kind: PaneKind,
}

/// What keys and mouse do in a pane.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PaneKind {
    /// Nothing but to give it the whole screen.
    Text,
    /// Over the shared time axis: the mouse sets the time cursor, and the wheel zooms.
    Chart,
    /// A chart of a few rows: the mouse sets the time cursor.
    Strip,
    /// Opens the line of shadows; it is there only while one runs.
    Shadows,
    /// Opens the window with all findings.
    Findings,
    /// Rows to select and open.
    List(List),
}

/// What the rows of a list are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum List {
    Events,
    Decisions,
    Pods,
    Streams,
    Expectations,
    Markers,
    Fleet,
}

impl PaneKind {
    /// It lies over the shared time axis.
    pub fn is_chart(self) -> bool {
        matches!(self, PaneKind::Chart | PaneKind::Strip)
    }
}

impl Screen {
    /// Those of one HPA.
    pub const ALL: [Screen; 6] =
        [Screen::Overview, Screen::Decisions, Screen::Gateways, Screen::Pipeline, Screen::Ingest, Screen::Timeline];

    pub fn name(self) -> &'static str {
        match self {
            Screen::Fleet => "Fleet",
            Screen::Compare => "Compare",
            Screen::Overview => "Overview",
            Screen::Decisions => "Decisions",
            Screen::Gateways => "Gateways",
            Screen::Pipeline => "Pipeline",
            Screen::Ingest => "Ingest",
            Screen::Timeline => "Timeline",
        }
    }

    /// It is about more than the one HPA that is watched closely.
    pub fn is_of_many(self) -> bool {
        matches!(self, Screen::Fleet | Screen::Compare)
    }

    /// The screen of that name, in any case; Compare needs rows that are marked.
    pub fn named(name: &str) -> Option<Screen> {
        [Screen::Fleet].into_iter().chain(Screen::ALL).find(|s| s.name().eq_ignore_ascii_case(name))
    }
}
