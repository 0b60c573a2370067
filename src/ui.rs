//! The second fold: keys -> Action -> what the user sees and asks for. Must not draw, do I/O or change a session;
//! an effect leaves as a [`Request`], which the app carries out.

mod act;
mod bindings;
mod chord;
mod decision_list;
mod mouse;
mod overlay;
mod replay;
mod screens;

pub use act::{Action, links};
pub use bindings::{Context, HelpLine, Keymap};
pub use chord::Chord;
pub use mouse::Hit;
pub use overlay::{EXPORTS, Entry, Overlay};
pub use replay::Replay;
pub use screens::{List, Pane, PaneKind, Screen};

use crate::control::Control;
use crate::verdict::Expectations;
use std::sync::Arc;

/// An effect that the user asked for.
#[derive(Clone, Debug, PartialEq)]
pub enum Request {
    Quit,
    Control(Control),
    /// Start a recording, or end the running one.
    Record,
    /// Set a marker now.
    Note(String),
    NextTheme,
    /// Write what is shown to a file, in this form of [`EXPORTS`].
    Export(&'static str),
    /// Put this text into the terminal's clipboard.
    Copy(String),
    Suspend,
}

/// How the y axis is chosen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum YAxis {
    #[default]
    Auto,
    Linear,
    Log,
}

/// Seconds that the time axis can show.
pub const SPANS: [i64; 11] = [60, 120, 300, 600, 900, 1800, 3600, 7200, 21_600, 43_200, 86_400];
/// The default: 5 min.
pub const SPAN: usize = 2;

/// Everything the keys have changed.
#[derive(Clone, Debug, PartialEq)]
pub struct Ui {
    /// The panes of every screen, in the order of Tab.
    pub all_panes: Vec<(Screen, Pane)>,
    pub screen: Screen,
    /// Which of the screen's panes has the focus.
    pub focus: usize,
    /// The focused pane has the whole screen.
    pub expanded: bool,
    pub overlay: Option<Overlay>,
    /// Lists show the rows that hold this text.
    pub filter: String,
    /// The list of events shows the routine ones, too.
    pub unfolded: bool,
    /// Index into [`SPANS`].
    pub span: usize,
    /// The time cursor, milliseconds since 1970; None is live.
    pub cursor: Option<i64>,
    /// The view has been paused since this moment (milliseconds since 1970).
    pub paused: Option<i64>,
    pub y: YAxis,
    /// The selected row of the screen's list, and of the overlay's.
    pub row: usize,
    /// Lines of the overlay's text that were scrolled past; the view knows how many there are.
    pub scroll: usize,
    /// The selected sync of the controller, by its (first) time, milliseconds since 1970; None is the newest.
    pub sync: Option<i64>,
    /// A sentence for the footer, and until when (milliseconds since 1970).
    pub message: Option<(String, i64)>,
    /// What the run is checked against; None is the built-in guide.
    pub expected: Option<Arc<Expectations>>,
    /// Changing the cluster is off.
    pub readonly: bool,
    /// The source can start and stop a load.
    pub can_load: bool,
    /// A load that this program started is still running.
    pub own_load: bool,
    /// A recording has been running since this moment, milliseconds since 1970.
    pub recording: Option<i64>,
    /// What each key does.
    pub keys: Keymap,
    /// What is shown is a recording.
    pub replay: Option<Replay>,
    /// The mouse drags its bar.
    pub dragged: bool,
}

impl Ui {
    /// `panes` are those of each screen, in the order of Tab.
    pub fn new(readonly: bool, panes: Vec<(Screen, Pane)>) -> Self {
        Ui {
            all_panes: panes,
            screen: Screen::Overview,
            focus: 0,
            expanded: false,
            overlay: None,
            filter: String::new(),
            unfolded: false,
            span: SPAN,
            cursor: None,
            paused: None,
            y: YAxis::Auto,
            row: 0,
            scroll: 0,
            sync: None,
            message: None,
            expected: None,
            readonly,
            can_load: false,
            own_load: false,
            recording: None,
            keys: Keymap::default(),
            replay: None,
            dragged: false,
        }
    }

    /// What the run is checked against.
    pub fn expectations(&self) -> &Expectations {
        self.expected.as_deref().unwrap_or(Expectations::guide())
    }

    /// The pane that has the focus.
    pub fn pane(&self) -> Pane {
        let panes = self.panes();
        panes.get(self.focus).or(panes.first()).copied().unwrap_or(Pane { title: "", kind: PaneKind::Text })
    }

    /// The panes of the screen, in the order of Tab.
    pub fn panes(&self) -> Vec<Pane> {
        self.all_panes.iter().filter(|(screen, _)| *screen == self.screen).map(|(_, pane)| *pane).collect()
    }

    /// Whether keys move in this list.
    pub fn in_focus(&self, list: List) -> bool {
        self.overlay.is_none() && self.pane().kind == PaneKind::List(list)
    }

    /// What the time axis shows at `now` (milliseconds since 1970): its end. A cursor that left the window takes it along.
    pub fn view_end(&self, now: i64) -> i64 {
        let end = self.paused.unwrap_or(now);
        match self.cursor {
            Some(c) if c < end - self.span_ms() => c + self.span_ms() / 2,
            _ => end,
        }
    }

    pub fn span_ms(&self) -> i64 {
        SPANS[self.span.min(SPANS.len() - 1)] * 1000
    }

    /// The moment that figures are read at.
    pub fn moment(&self, now: i64) -> i64 {
        self.cursor.or(self.paused).unwrap_or(now)
    }

    /// Shows `text` in the footer for 8 s.
    pub fn say(&mut self, now: i64, text: impl Into<String>) {
        self.message = Some((text.into(), now + 8000));
    }
}
