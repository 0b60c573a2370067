//! What the user can do, and what each action does to the view or which effect it asks for. Must not carry out the effect,
//! nor know any key.

use super::{EXPORTS, Entry, List, Overlay, Pane, PaneKind, Request, Screen, Ui, Window, YAxis};
use crate::control::Control;
use crate::observe::{Ask, EventSeen, Feed, ShadowSeen};
use crate::session::ingest::kibana;
use crate::session::{LoadPhase, Session};
use crate::verdict;

/// What the user can do.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    Show(Screen),
    /// An HPA by a few letters of its name.
    Pick,
    /// The list of every HPA: only those in trouble, or all.
    Troubled,
    NextPane,
    PreviousPane,
    /// Start the load, or stop it.
    Simulate,
    Record,
    Pause,
    /// By a sample; by a minute.
    Cursor {
        forward: bool,
        minute: bool,
    },
    CursorStart,
    CursorLive,
    /// Replay: faster, slower.
    Pace(i8),
    /// Replay: pass over idle stretches, or not.
    SkipIdle,
    Marker {
        forward: bool,
    },
    /// +1 shows less time, -1 more, 0 the default.
    Zoom(i8),
    /// Rows, in a list.
    Move(isize),
    Open,
    Expand,
    Filter,
    YAxis,
    /// Sorts the table by its next column.
    Sort,
    Note,
    /// The line of the specs that run beside the HPA's own.
    Shadow,
    Export,
    /// Links into Kibana.
    Links,
    /// Copy the selected row.
    Yank,
    /// Read the selected object; read the selected pod's log.
    Describe,
    Log,
    /// The lab's scenarios.
    Scenarios,
    /// The command line.
    Command,
    /// Complete what is typed on it.
    Complete,
    Feeds,
    Theme,
    Help,
    Back,
    Quit,
    Suspend,
    /// Accept what a window asks, or what was typed.
    Yes,
    Type(char),
    Backspace,
}

/// How many times as fast as real time the keys make the lab run.
const LAB_SPEEDS: [f64; 8] = [0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 40.0, 60.0];

/// More lines than any text of an overlay has.
const SCROLL: usize = 200;

impl Ui {
    /// Takes in an action; returns the effect it asks for.
    pub fn act(&mut self, action: Action, session: &Session) -> Option<Request> {
        let now = session.now_ms();
        if let Some(request) = self.replayed(&action, session) {
            return request;
        }
        match action {
            Action::Show(Screen::Fleet) => return self.show_fleet(session),
            Action::Show(screen) => self.show(screen),
            Action::Pick => return self.pick(session),
            Action::Troubled => self.fleet.troubled = !self.fleet.troubled,
            Action::NextPane => self.turn(session, 1),
            Action::PreviousPane => self.turn(session, -1),
            Action::Simulate => return self.simulate(),
            Action::Record => return Some(Request::Record),
            Action::Pause if self.in_focus(List::Fleet) => self.mark(session),
            Action::Pause => self.paused = if self.paused.is_some() { None } else { Some(now) },
            Action::Cursor { forward, minute } => self.move_cursor(session, forward, minute),
            Action::CursorStart => self.cursor = session.began.map(|t| t.timestamp_millis()),
            Action::CursorLive => self.cursor = None,
            Action::Marker { forward } => {
                match session.markers.step(self.moment(now), forward) {
                    Some(ms) => self.cursor = Some(ms),
                    None => self.say(if forward { "no marker after this" } else { "no marker before this" }),
                };
            }
            Action::Zoom(0) => self.window = Window::Auto,
            Action::Zoom(by) => self.zoom(session, by > 0),
            Action::Pace(by) => return self.pace_lab(by),
            Action::SkipIdle => self.say("only a replay can skip idle stretches"),
            Action::Move(by) => self.move_row(session, by),
            Action::Open if self.overlay == Some(Overlay::Links) => {
                self.overlay = None;
                return kibana::of(session).into_iter().nth(self.row).map(|l| Request::Copy(l.url));
            }
            Action::Open if self.overlay == Some(Overlay::Exports) => {
                self.overlay = None;
                return EXPORTS.get(self.row).map(|e| Request::Export(e.0));
            }
            Action::Open if self.overlay == Some(Overlay::Scenarios) => {
                self.overlay = None;
                let name = self.scenarios.get(self.row).map(|s| s.0.clone())?;
                return Some(Request::Watch("scenario", name));
            }
            Action::Open if self.overlay == Some(Overlay::Replays) => {
                self.overlay = None;
                return self.replays.get(self.row).map(|r| Request::Replay(r.0.clone()));
            }
            Action::Open if self.in_focus(List::Fleet) => return self.dive(session),
            Action::Open if self.overlay.is_none() && self.screen == Screen::Compare => {
                return self.open_compared(session);
            }
            Action::Open => self.open(session),
            Action::Expand => self.expanded = !self.expanded,
            Action::Filter => self.overlay = Some(Overlay::Typing(Entry::Filter(self.filter.clone()))),
            Action::Sort => self.sort_by_next(),
            Action::YAxis => {
                self.y = match self.y {
                    YAxis::Auto => YAxis::Linear,
                    YAxis::Linear => YAxis::Log,
                    YAxis::Log => YAxis::Auto,
                };
            }
            Action::Shadow => self.edit_shadows(session),
            Action::Note => self.overlay = Some(Overlay::Typing(Entry::Note(String::new()))),
            Action::Export => self.toggle(Overlay::Exports),
            Action::Links if self.in_focus(List::Fleet) => self.compare(session),
            Action::Links => self.links(session),
            Action::Yank => return self.yank(session),
            Action::Describe => return self.describe(session),
            Action::Log => return self.log(session),
            Action::Scenarios => self.choose_scenario(),
            Action::Command => self.overlay = Some(Overlay::Typing(Entry::Command(String::new()))),
            Action::Complete => {
                if let Some(Overlay::Typing(Entry::Command(line))) = &self.overlay {
                    self.overlay = Some(Overlay::Typing(Entry::Command(self.complete(line, session))));
                }
            }
            Action::Feeds => self.toggle(Overlay::Feeds),
            Action::Theme => return Some(Request::NextTheme),
            Action::Help => self.toggle(Overlay::Help),
            Action::Back => self.back(session),
            Action::Quit => return self.quit(session),
            Action::Suspend => return Some(Request::Suspend),
            Action::Yes => return self.yes(session),
            Action::Type(c) => self.typed(|entry| entry.push(c)),
            Action::Backspace => self.typed(Entry::pop),
        }
        None
    }

    /// The source's answer to a request: a plan opens its question, everything else is shown in the footer.
    pub fn answered(&mut self, session: &Session) {
        let Some((_, answer)) = &session.answer else { return };
        match (answer.to, answer.ok) {
            (Ask::PlanLoad, true) if self.overlay == Some(Overlay::Planning) => {
                self.overlay = Some(Overlay::Confirm(answer.clone()));
                return;
            }
            (Ask::PlanLoad, true) => return,
            (Ask::PlanLoad, false) if self.overlay == Some(Overlay::Planning) => self.overlay = None,
            // A load that is replayed was started by the program that recorded it.
            (Ask::StartLoad, ok) => self.own_load = ok && self.replay.is_none(),
            (Ask::StopLoad, true) => self.own_load = false,
            _ => {}
        }
        self.say(answer.text.clone());
    }

    pub(super) fn show(&mut self, screen: Screen) {
        if self.screen != screen {
            (self.screen, self.focus, self.expanded, self.row) = (screen, 0, false, 0);
        }
        self.overlay = None;
    }

    fn turn(&mut self, session: &Session, by: isize) {
        let n = self.panes().len() as isize;
        let next = |focus: usize| (focus as isize + by).rem_euclid(n.max(1)) as usize;
        self.focus = next(self.focus);
        // It is there only while shadows run.
        if self.pane().kind == PaneKind::Shadows && session.shadows.is_empty() {
            self.focus = next(self.focus);
        }
        self.row = 0;
    }

    pub(super) fn toggle(&mut self, overlay: Overlay) {
        (self.row, self.scroll) = (0, 0);
        self.overlay = if self.overlay.as_ref() == Some(&overlay) { None } else { Some(overlay) };
    }

    /// Shows the links into Kibana, or why there are none.
    fn links(&mut self, session: &Session) {
        if !kibana::of(session).is_empty() {
            return self.toggle(Overlay::Links);
        }
        self.say("Kibana's address is not known; give --kibana-url");
    }

    /// Runs the embedded lab faster or slower.
    fn pace_lab(&mut self, by: i8) -> Option<Request> {
        let Some(speed) = self.lab_speed else {
            self.say("only a replay and the lab can be paced");
            return None;
        };
        let next = match by > 0 {
            true => LAB_SPEEDS.into_iter().find(|s| *s > speed),
            false => LAB_SPEEDS.into_iter().rev().find(|s| *s < speed),
        };
        let speed = next?;
        self.lab_speed = Some(speed);
        Some(Request::Control(Control::Speed(speed)))
    }

    fn simulate(&mut self) -> Option<Request> {
        if self.readonly {
            self.say("--readonly: the load is neither started nor stopped from here");
            return None;
        }
        if !self.can_load {
            self.say("this source cannot start a load");
            return None;
        }
        self.overlay = Some(Overlay::Planning);
        Some(Request::Control(Control::PlanLoad))
    }

    fn move_cursor(&mut self, session: &Session, forward: bool, minute: bool) {
        let now = session.now_ms();
        let from = self.moment(now);
        let to = match minute {
            true => Some(if forward { from + 60_000 } else { from - 60_000 }),
            false => session.step(from, forward),
        };
        let began = session.began.map_or(now, |t| t.timestamp_millis());
        self.cursor = match to {
            Some(ms) if ms >= self.paused.unwrap_or(now) => None,
            Some(ms) => Some(ms.max(began.min(from))),
            None if forward => None,
            None => self.cursor,
        };
    }

    /// The rows that the focused list (or the overlay's) has, under the filter.
    fn rows(&self, session: &Session) -> usize {
        match (&self.overlay, self.pane().kind) {
            (Some(Overlay::Feeds), _) => Feed::ALL.len(),
            (Some(Overlay::Links), _) => kibana::of(session).len(),
            (Some(Overlay::Exports), _) => EXPORTS.len(),
            (Some(Overlay::Scenarios), _) => self.scenarios.len(),
            (Some(Overlay::Replays), _) => self.replays.len(),
            (Some(Overlay::Typing(Entry::Pick(_))), _) => self.picked(session).len(),
            (Some(_), _) => 0,
            (None, PaneKind::List(List::Streams)) => self.streams(session).len(),
            (None, PaneKind::List(List::Pods)) => self.pods(session).len(),
            (None, PaneKind::List(List::Markers)) => session.markers.all().len(),
            (None, PaneKind::List(List::Expectations)) => self.expectations().expect.len(),
            (None, PaneKind::List(List::Decisions)) => self.syncs(session).len(),
            (None, PaneKind::List(List::Fleet)) => self.fleet_lines(session).len(),
            (None, _) if self.screen == Screen::Compare => self.fleet.marked.len(),
            (None, _) => self.events(session).len() + usize::from(self.folded(session) > 0),
        }
    }

    fn move_row(&mut self, session: &Session, by: isize) {
        if self.overlay.as_ref().is_some_and(|overlay| !overlay.is_list()) {
            let (last, by) = match &self.overlay {
                Some(Overlay::Text { lines: Some(lines), from_end: true, .. }) => (lines.len(), by.saturating_neg()),
                Some(Overlay::Text { lines: Some(lines), .. }) => (lines.len(), by),
                _ => (SCROLL, by),
            };
            self.scroll = self.scroll.min(last).saturating_add_signed(by).min(last);
            return;
        }
        if self.in_focus(List::Decisions) {
            return self.move_sync(session, by);
        }
        if self.in_focus(List::Fleet) {
            return self.move_line(session, by);
        }
        if self.overlay.is_none() && !matches!(self.pane().kind, PaneKind::List(_)) {
            self.focus_list();
        }
        let last = self.rows(session).saturating_sub(1);
        self.row = self.row.min(last).saturating_add_signed(by).min(last);
    }

    /// Without a list in focus, moving means the first list of the screen.
    fn focus_list(&mut self) {
        let is_list = |pane: &Pane| matches!(pane.kind, PaneKind::List(_));
        if let Some(i) = self.panes().iter().position(is_list) {
            (self.focus, self.row) = (i, 0);
        }
    }

    /// Whether the filter lets `text` through.
    pub fn shows(&self, text: &str) -> bool {
        self.filter.is_empty() || text.to_lowercase().contains(&self.filter.to_lowercase())
    }

    /// The events that the filter lets through: rescales, warnings and the load first, then the routine of pods unless it is
    /// folded; each newest first. With a cursor, those up to its moment.
    pub fn events<'a>(&self, session: &'a Session) -> Vec<&'a EventSeen> {
        let mut all = self.known_events(session);
        if self.filter.is_empty() {
            all.retain(|e| self.unfolded || !is_routine(e));
            all.sort_by_key(|e| is_routine(e));
        }
        all
    }

    fn known_events<'a>(&self, session: &'a Session) -> Vec<&'a EventSeen> {
        let until = self.cursor.or(self.paused);
        let mut all = session.events.newest();
        all.retain(|e| {
            let known = until.is_none_or(|ms| crate::session::time_of(e).is_none_or(|t| t.timestamp_millis() <= ms));
            known && (self.shows(&e.message) || self.shows(&e.reason) || self.shows(&e.object.name))
        });
        all
    }

    /// How many events are folded into one row, the last.
    pub fn folded(&self, session: &Session) -> usize {
        if self.unfolded || !self.filter.is_empty() {
            return 0;
        }
        self.known_events(session).into_iter().filter(|e| is_routine(e)).count()
    }

    fn open(&mut self, session: &Session) {
        self.scroll = 0;
        match (&self.overlay, self.pane().kind) {
            (Some(_), _) => self.overlay = None,
            (None, PaneKind::List(List::Events)) => {
                let uid = self.events(session).get(self.row).map(|e| e.uid.clone());
                self.unfolded |= uid.is_none();
                self.overlay = uid.map(Overlay::Event);
            }
            (None, PaneKind::List(List::Pods)) => {
                let pod = self.pods(session).into_iter().nth(self.row);
                self.overlay = pod.map(|p| Overlay::Pod(p.seen.name.clone()));
            }
            (None, PaneKind::List(List::Markers)) => {
                let all = session.markers.all();
                let newest_first = all.len().checked_sub(self.row + 1).and_then(|i| all.get(i));
                self.cursor = newest_first.map(|m| m.ms).or(self.cursor);
            }
            (None, PaneKind::List(List::Expectations)) => {
                let verdict = verdict::run(session, self.expectations());
                let row = self.row.min(verdict.checks.len().saturating_sub(1));
                self.cursor = verdict.worst_first().get(row).and_then(|c| c.found.at).or(self.cursor);
            }
            (None, PaneKind::List(List::Decisions)) => {
                let at = self.selected_sync(session);
                self.cursor = self.syncs(session).get(at).map(|s| s.last).or(self.cursor);
            }
            (None, PaneKind::Findings) => self.overlay = Some(Overlay::Findings),
            (None, PaneKind::Shadows) => self.edit_shadows(session),
            (None, _) => self.expanded = !self.expanded,
        }
    }

    fn back(&mut self, session: &Session) {
        if self.overlay.take().is_some() {
        } else if self.expanded {
            self.expanded = false;
        } else if !self.filter.is_empty() {
            self.filter.clear();
        } else if self.cursor.is_some() || self.paused.is_some() {
            (self.cursor, self.paused) = (None, None);
        } else if session.fleet.is_some() {
            self.show(Screen::Fleet);
        }
    }

    /// A line with what runs beside the HPA, to be edited; an empty one ends it.
    fn edit_shadows(&mut self, session: &Session) {
        if self.replay.is_some() {
            return self.say("a recording has the shadows that it was made with; edot-tui what-if FILE tries others");
        }
        let line = session.shadows.iter().map(ShadowSeen::part).collect::<Vec<_>>().join("; ");
        self.overlay = Some(Overlay::Typing(Entry::Shadow(line)));
    }

    fn quit(&mut self, session: &Session) -> Option<Request> {
        let runs = matches!(session.load.phase(), LoadPhase::Running | LoadPhase::Pending(_));
        let cut = self.recording.is_some() || (self.own_load && runs);
        if cut && self.overlay != Some(Overlay::Leave) {
            self.overlay = Some(Overlay::Leave);
            return None;
        }
        Some(Request::Quit)
    }

    fn yes(&mut self, session: &Session) -> Option<Request> {
        match self.overlay.take()? {
            Overlay::Confirm(plan) if plan.stops => Some(Request::Control(Control::StopLoad)),
            Overlay::Confirm(_) => Some(Request::Control(Control::StartLoad)),
            Overlay::Leave => Some(Request::Quit),
            Overlay::Typing(Entry::Filter(text)) => {
                (self.filter, self.row) = (text, 0);
                None
            }
            Overlay::Typing(Entry::Command(line)) => self.run_command(&line, session),
            Overlay::Typing(Entry::Pick(typed)) => {
                self.overlay = Some(Overlay::Typing(Entry::Pick(typed)));
                let request = self.take_picked(session);
                self.overlay = None;
                request
            }
            Overlay::Typing(Entry::Note(text)) if !text.trim().is_empty() => Some(Request::Note(text)),
            Overlay::Typing(Entry::Shadow(line)) => Some(Request::Shadow(line)),
            Overlay::Planning => {
                self.overlay = Some(Overlay::Planning);
                None
            }
            _ => None,
        }
    }

    /// Takes in pasted text: into the line that is being typed, and nowhere else.
    pub fn paste(&mut self, text: &str) {
        self.typed(|entry| text.chars().for_each(|c| entry.push(c)));
    }

    fn typed(&mut self, change: impl FnOnce(&mut Entry)) {
        if let Some(Overlay::Typing(entry)) = &mut self.overlay {
            change(entry);
            // The list narrows during typing.
            match entry {
                Entry::Filter(text) => (self.filter, self.row) = (text.clone(), 0),
                Entry::Pick(_) => self.row = 0,
                Entry::Note(_) | Entry::Command(_) | Entry::Shadow(_) => {}
            }
        }
    }
}

/// What happens to pods all the time: scheduled, pulled, started, killed.
fn is_routine(e: &EventSeen) -> bool {
    e.kind != "Warning" && matches!(e.object.kind.as_str(), "Pod" | "ReplicaSet")
}
