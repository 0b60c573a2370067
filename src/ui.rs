//! The second fold: keys -> Action -> what the user sees and asks for. Must not draw, do I/O or change a session;
//! an effect leaves as a [`Request`], which the app carries out.

mod act;
mod bindings;
mod chord;
mod command;
mod compare;
mod decision_list;
mod fleet;
mod mouse;
mod overlay;
mod replay;
mod screens;
mod selected;
mod sort;
mod window;

pub use act::Action;
pub use bindings::{Context, HelpLine, Keymap};
pub use chord::Chord;
pub use fleet::{FleetLine, FleetSort, FleetView, HpaName};
pub use mouse::Hit;
pub use overlay::{EXPORTS, Entry, Overlay};
pub use replay::Replay;
pub use screens::{List, Pane, PaneKind, Screen};
pub use sort::Sort;
#[cfg(test)]
pub use window::SPAN;
pub use window::{SPANS, Window};

use crate::control::{Control, Inspect};
use crate::session::Session;
use crate::verdict::Expectations;
use std::sync::Arc;

/// An effect that the user asked for.
#[derive(Clone, Debug, PartialEq)]
pub enum Request {
    Quit,
    Control(Control),
    /// Start a recording, or end the running one.
    Record,
    /// Run the specs of this line beside the HPA's own, and no others.
    Shadow(String),
    /// Set a marker now.
    Note(String),
    NextTheme,
    /// Take the theme of this name.
    Theme(String),
    /// Read this once, and show it.
    Inspect(Inspect),
    /// Watch something else: a setting's key, and its new value.
    Watch(&'static str, String),
    /// Watch every HPA, besides.
    WatchFleet,
    /// Watch this HPA, with all that belongs to it.
    Dive(HpaName),
    /// Replay another recording of the folder, by its name.
    Replay(String),
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

impl YAxis {
    const WORDS: [(YAxis, &str); 3] = [(YAxis::Auto, "auto"), (YAxis::Linear, "linear"), (YAxis::Log, "log")];

    pub fn word(self) -> &'static str {
        YAxis::WORDS.into_iter().find(|(axis, _)| *axis == self).map_or("auto", |(_, word)| word)
    }

    /// The axis of that word; another one's is the default.
    pub fn of_word(text: &str) -> YAxis {
        YAxis::WORDS.into_iter().find(|(_, word)| *word == text).map_or(YAxis::Auto, |(axis, _)| axis)
    }
}

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
    pub window: Window,
    /// The time cursor, milliseconds since 1970; None is live.
    pub cursor: Option<i64>,
    /// The moment under the mouse, while it lies over a chart; milliseconds since 1970.
    pub hover: Option<i64>,
    /// The view has been paused since this moment (milliseconds since 1970).
    pub paused: Option<i64>,
    pub y: YAxis,
    pub sort: Sort,
    /// The selected row of the screen's list, and of the overlay's.
    pub row: usize,
    /// Lines of the overlay's text that were scrolled past; the view knows how many there are.
    pub scroll: usize,
    /// The selected sync of the controller, by its (first) time, milliseconds since 1970; None is the newest.
    pub sync: Option<i64>,
    /// A sentence in the corner, for a few seconds.
    pub message: Option<String>,
    /// How often something was said: each message has its full time.
    pub said: u64,
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
    /// What is shown is the embedded lab: how many times as fast as real time it runs.
    pub lab_speed: Option<f64>,
    /// The names of all themes.
    pub themes: Vec<String>,
    /// The scenarios that the lab can play: their names, and what each shows.
    pub scenarios: Vec<(String, String)>,
    /// The recordings that the folder of a replay has: their names, and a word about each.
    pub replays: Vec<(String, String)>,
    /// The mouse drags its bar.
    pub dragged: bool,
    /// How the list of every HPA is looked at.
    pub fleet: FleetView,
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
            window: Window::Auto,
            cursor: None,
            hover: None,
            paused: None,
            y: YAxis::Auto,
            sort: Sort::default(),
            row: 0,
            scroll: 0,
            sync: None,
            message: None,
            said: 0,
            expected: None,
            readonly,
            can_load: false,
            own_load: false,
            recording: None,
            keys: Keymap::default(),
            replay: None,
            lab_speed: None,
            themes: Vec::new(),
            scenarios: Vec::new(),
            replays: Vec::new(),
            dragged: false,
            fleet: FleetView::default(),
        }
    }

    /// Forgets what belongs to what was watched; how it is looked at stays.
    pub fn forget(&mut self) {
        (self.cursor, self.paused, self.sync, self.overlay, self.lab_speed) = (None, None, None, None, None);
        (self.row, self.scroll, self.own_load, self.can_load) = (0, 0, false, false);
        self.filter.clear();
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

    /// The end of the time axis, milliseconds since 1970. A cursor that left the window takes it along.
    pub fn view_end(&self, session: &Session) -> i64 {
        let end = self.paused.unwrap_or(session.now_ms());
        let span = self.span_ms(session);
        match self.cursor {
            Some(c) if c < end - span => c + span / 2,
            _ => end,
        }
    }

    /// The moment that the user is at.
    pub fn moment(&self, now: i64) -> i64 {
        self.cursor.or(self.paused).unwrap_or(now)
    }

    /// Shows what can be done in the lab.
    pub fn welcome(&mut self) {
        let key = |action, does: &str| self.keys.label(Context::Screen, &action).map(|key| format!("{key} {does}"));
        let keys = [
            key(Action::Simulate, "starts the load: watch the gateway scale"),
            key(Action::Help, "explains this screen"),
            key(Action::Scenarios, "has other runs, most of them with a fault"),
        ];
        let keys: Vec<String> = keys.into_iter().flatten().collect();
        self.say(format!("This is the lab, a small cluster inside this program. {}.", keys.join("; ")));
    }

    /// Shows `text` in the corner for a few seconds.
    pub fn say(&mut self, text: impl Into<String>) {
        self.message = Some(text.into());
        self.said += 1;
    }
}
