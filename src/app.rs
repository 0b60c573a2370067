//! The loop: drain, record, fold, draw at most once a frame, carry out requests. Must not know what an observation
//! means or how a pane looks.

mod change;
mod events;
mod fleet;
mod recordings;
mod replay;

pub use change::Watched;
pub use events::{Opening, RunningSource, SourceEvent, opened};
pub use fleet::FleetOpening;
pub use recordings::Recordings;
pub use replay::Replays;

use crate::{
    advise,
    clock::Clock,
    control::{Control, Inspect},
    decide::{shadow::Shadows, size::Learned},
    error::CommandError,
    observe::{Observation, ShadowSeen, Stamped, Time, WatchingSeen},
    offline::{self, Format},
    open,
    otlp::Exporter,
    recording::Tape,
    replay::ReplayEvent,
    session::Session,
    signals::{TerminalSignal, TerminalSignals},
    source::live,
    store::stream::{Ending, Stream},
    terminal::{self, Terminal, input::Input},
    ui::{Action, Entry, Overlay, Request, Screen, Ui},
    view::{self, Cx, Look},
};
use anyhow::Context;
use crossterm::event::{Event, KeyEventKind, MouseEventKind};
use signal_hook::consts::{SIGHUP, SIGTSTP};
use std::{
    path::{Path, PathBuf},
    time::Duration,
};
use tokio::{
    task::{JoinError, JoinHandle},
    time::Instant,
};

/// Observations folded before keys get their turn again.
const DRAIN: usize = 256;

/// A terminal that can be neither read nor written has hung up, even where no signal reports it.
const GONE: i32 = SIGHUP;

/// At the start, while everything arrives for the first time: the least time between two frames, and how long that holds.
const EAGER: (Duration, Duration) = (Duration::from_millis(16), Duration::from_secs(2));

/// How long until a terminal is tried again that has not taken the last frame.
const BEHIND: Duration = Duration::from_millis(5);

/// How long a message is shown, in real time: what is watched may be paused or run faster.
const MESSAGE: Duration = Duration::from_secs(8);
/// The same of the hint at the first start.
const WELCOME: Duration = Duration::from_secs(20);

/// How long a question that has just opened accepts no answer: what was typed before it was seen does not mean it.
const UNREAD: Duration = Duration::from_millis(300);

/// How the program ended.
#[derive(Debug)]
pub enum Ended {
    Quit,
    /// By this signal.
    Signal(i32),
    /// What was asked for is not there, or the source broke.
    Failed(CommandError),
}

/// What was asked to be read, and its lines or why there are none.
type Inspected = (Inspect, Result<Vec<String>, String>);

/// The path of a recording that begins now, in the folder for recordings.
///
/// # Errors
/// The folder cannot be made.
pub fn new_recording(recordings: &Recordings) -> Result<PathBuf, CommandError> {
    recordings.path(Clock::system().now(), "").map_err(CommandError::failed)
}

/// The dashboard over one source.
pub struct App {
    session: Session,
    /// Keeps the recent observations, and records them while that is on.
    tape: Tape,
    recordings: Recordings,
    /// The recording on its way into the store, and those that have ended and may not be there yet.
    stream: Option<Stream>,
    endings: Vec<Ending>,
    /// What other specs would have done, of the session that is shown.
    shadows: Shadows,
    capacity: Learned,
    /// The session on its way out by OTLP.
    exporter: Option<Exporter>,
    /// What is shown while the view is paused.
    paused: Option<Box<Session>>,
    ui: Ui,
    look: Look,
    /// None while it is being opened.
    running: Option<RunningSource>,
    signals: TerminalSignals,
    terminal: Terminal,
    /// Where the mouse was moved to since the last frame.
    pointer: Option<(u16, u16)>,
    /// Where `x` writes.
    export_dir: PathBuf,
    frame: Duration,
    dirty: bool,
    /// The message on the screen, by its number, and until when it is there.
    message_until: (u64, Instant),
    /// The message on the screen is the hint at the first start.
    welcomes: bool,
    /// A source that is being opened, as long as there is none.
    opening: Option<Opening>,
    /// What the user wants to read, while it is read.
    reading: Option<JoinHandle<Inspected>>,
    /// What is watched, where that can be changed.
    watched: Option<Watched>,
    /// The folder that is replayed, and how one of its recordings is opened.
    replays: Option<Replays>,
    /// Since when a question is open.
    question_since: Option<Instant>,
    /// Every HPA, where their list is watched.
    fleet: fleet::FleetWatch,
}

impl App {
    /// Takes the terminal and draws the first frame at once: the program shows itself before it has connected to
    /// anything.
    ///
    /// # Errors
    /// When there is no terminal, or no file to `record` to.
    pub fn new(
        mouse: bool,
        ui: Ui,
        look: Look,
        fps: u16,
        recordings: Recordings,
        record: Option<&Path>,
    ) -> Result<Self, CommandError> {
        let mut tape = Tape::default();
        if let Some(path) = record {
            recordings
                .start(&mut tape, path, Clock::system().now(), &WatchingSeen::default())
                .map_err(CommandError::failed)?;
        }
        // From here on a signal no longer ends the program before it has given the terminal back.
        let signals = TerminalSignals::new()?;
        let terminal =
            Terminal::take(mouse).map_err(|e| CommandError::from(e).context("no terminal to read keys from"))?;
        let mut app = App {
            session: advise::session(),
            tape,
            recordings,
            stream: None,
            endings: Vec::new(),
            shadows: Shadows::default(),
            capacity: Learned::default(),
            exporter: None,
            paused: None,
            ui,
            look,
            running: None,
            signals,
            terminal,
            pointer: None,
            export_dir: std::env::current_dir().unwrap_or_default(),
            frame: Duration::from_millis(1000 / u64::from(fps.clamp(1, 60))),
            dirty: true,
            message_until: (0, Instant::now()),
            welcomes: false,
            opening: None,
            reading: None,
            watched: None,
            replays: None,
            question_since: None,
            fleet: fleet::FleetWatch::default(),
        };
        // The clock of the sources, not the system's time itself: that may be set back before they begin.
        app.session.now = Some(Clock::system().now());
        app.ui.recording = record.map(|_| app.session.now_ms());
        app.draw()?;
        Ok(app)
    }

    /// Takes the events of this source from now on.
    pub fn watch(&mut self, running: RunningSource) {
        self.ui.can_load = running.source.abilities.load;
        self.ui.lab_speed = running.clock.is_lab().then(|| running.clock.speed());
        self.running = Some(running);
    }

    /// Ends the source that is watched or replayed, if there is one.
    fn stop_source(&mut self) {
        if let Some(running) = self.running.take() {
            running.stop.cancel();
        }
    }

    /// The time of what is shown: the source's, and the system's before there is one.
    fn now(&self) -> Time {
        self.session.now.unwrap_or_else(|| Clock::system().now())
    }

    /// Runs these specs beside the HPA's own from now on, in place of others.
    pub fn shadow(&mut self, all: Vec<ShadowSeen>) {
        if all.as_slice() != &*self.session.shadows {
            let at = self.now();
            self.take(Stamped { at, what: Observation::Shadows { all } });
        }
    }

    /// Runs until the user quits, a signal comes, or the terminal is gone. `opening` counts only where no source was
    /// given yet.
    ///
    /// # Errors
    /// When the terminal cannot be set.
    pub async fn run(&mut self, opening: Option<Opening>) -> Result<Ended, CommandError> {
        self.opening = opening.filter(|_| self.running.is_none());
        let mut keys = Input::open()?;
        let began = Instant::now();
        let mut next_frame = began;
        loop {
            if self.message_until.0 != self.ui.said {
                // Only the first message can be the hint at the start.
                let time = if std::mem::take(&mut self.welcomes) { WELCOME } else { MESSAGE };
                self.message_until = (self.ui.said, Instant::now() + time);
            }
            tokio::select! {
                biased;
                event = keys.next() => match event {
                    Some(event) => {
                        if let Some(request) = self.event(event)? && let Some(end) = self.carry_out(request)? {
                            return Ok(end);
                        }
                        // A key is answered at once, independent of the frame rate.
                        next_frame = Instant::now();
                    }
                    None => return Ok(Ended::Signal(GONE)),
                },
                signal = self.signals.next() => match signal {
                    TerminalSignal::End(number) => return Ok(Ended::Signal(number)),
                    TerminalSignal::Suspend => self.suspend()?,
                    TerminalSignal::Resume => self.enter()?,
                    TerminalSignal::Resized => {
                        self.terminal.resize()?;
                        self.dirty = true;
                        next_frame = Instant::now();
                    }
                },
                () = tokio::time::sleep_until(next_frame), if self.dirty || self.terminal.is_behind() => {
                    if self.draw().is_err() {
                        return Ok(Ended::Signal(GONE));
                    }
                    let now = Instant::now();
                    let eager = now - began < EAGER.1;
                    next_frame = now + if eager { self.frame.min(EAGER.0) } else { self.frame };
                    if self.terminal.is_behind() {
                        next_frame = now + BEHIND;
                    }
                }
                opened = joined(&mut self.opening), if self.opening.is_some() => {
                    self.opening = None;
                    match events::opened(opened) {
                        Ok(running) => self.watch(running),
                        Err(error) => if let Some(error) = self.go_back(error) {
                            return Ok(Ended::Failed(error));
                        },
                    }
                },
                event = next_event(&mut self.running), if self.running.is_some() => match event {
                    SourceEvent::Observed(seen) => self.drain(seen),
                    SourceEvent::Replay(news) => {
                        // A jump answers a key, too.
                        if matches!(news, ReplayEvent::Jump { .. }) {
                            next_frame = Instant::now();
                        }
                        self.replay_event(news);
                    }
                    SourceEvent::Failed(error) => if let Some(error) = self.go_back(error) {
                        return Ok(Ended::Failed(error));
                    },
                },
                event = self.fleet.next() => if let Some(error) = self.fleet_event(event) {
                    return Ok(Ended::Failed(error));
                },
                read = joined(&mut self.reading), if self.reading.is_some() => {
                    self.reading = None;
                    if let Ok((what, read)) = read {
                        self.ui.inspected(&what, read);
                    }
                    self.dirty = true;
                }
                () = tokio::time::sleep_until(self.message_until.1), if self.ui.message.is_some() => {
                    self.ui.message = None;
                    self.dirty = true;
                }
            }
        }
    }

    /// Says at the first start in the lab what can be done here.
    pub fn welcome(&mut self) {
        self.ui.welcome();
        self.welcomes = true;
    }

    fn drain(&mut self, first: Stamped) {
        self.take(first);
        for _ in 1..DRAIN {
            let more = self.running.as_mut().and_then(|r| r.source.observations.try_recv().ok());
            let Some(seen) = more else { break };
            self.take(seen);
        }
    }

    /// Every observation passes here: first to the recorder, then to the session.
    fn take(&mut self, seen: Stamped) {
        // What is replayed is in a file already.
        if self.ui.replay.is_none() {
            self.tape.take(&seen);
        }
        self.session.apply(&seen);
        match seen.what {
            Observation::Answer(_) => {
                self.ui.answered(&self.session);
                self.notice_question();
            }
            Observation::Tick => {
                self.watch_recording();
                self.hand_out();
            }
            // The user's own, or that the clock was set.
            Observation::Note { text } if self.ui.replay.is_none() => self.ui.say(text),
            _ => {}
        }
        self.dirty = true;
    }

    fn event(&mut self, event: Event) -> Result<Option<Request>, CommandError> {
        self.dirty = true;
        let shown = self.paused.as_deref().unwrap_or(&self.session);
        match event {
            Event::Key(key) if key.kind != KeyEventKind::Release => {
                self.ui.hover = None;
                let Some(action) = self.ui.action(key) else { return Ok(None) };
                if action == Action::Yes && self.question_since.is_some_and(|since| since.elapsed() < UNREAD) {
                    return Ok(None);
                }
                let request = self.ui.act(action, shown);
                self.keep_paused();
                self.notice_question();
                return Ok(request);
            }
            // The next frame looks at where it is then.
            Event::Mouse(mouse) if mouse.kind == MouseEventKind::Moved => {
                self.pointer = Some((mouse.column, mouse.row))
            }
            Event::Mouse(mouse) => {
                let pressed = matches!(mouse.kind, MouseEventKind::Down(_));
                let at = if pressed { view::pressed } else { view::hit };
                let cx = cx(shown, &self.session, &self.ui, &self.look);
                let hit = at(&cx, self.terminal.area(), mouse.column, mouse.row);
                self.ui.hover = None;
                return Ok(self.ui.mouse(mouse.kind, hit, shown));
            }
            Event::Paste(text) => self.ui.paste(&text),
            // A change of size comes as a signal.
            _ => self.dirty = false,
        }
        Ok(None)
    }

    /// Keeps the moment at which a question opened.
    fn notice_question(&mut self) {
        let open = self.ui.overlay.as_ref().is_some_and(Overlay::is_question);
        self.question_since = if open { self.question_since.or_else(|| Some(Instant::now())) } else { None };
    }

    /// Keeps a copy of the session while the view is paused.
    fn keep_paused(&mut self) {
        match (self.ui.paused, &self.paused) {
            (Some(_), None) => self.paused = Some(Box::new(self.session.clone())),
            (None, Some(_)) => self.paused = None,
            _ => {}
        }
    }

    fn carry_out(&mut self, request: Request) -> Result<Option<Ended>, CommandError> {
        match request {
            Request::Quit => return Ok(Some(Ended::Quit)),
            Request::Suspend => self.suspend()?,
            Request::Record => self.toggle_recording(Clock::system().now()),
            Request::NextTheme => {
                let name = self.look.next_theme();
                self.ui.say(name);
            }
            Request::Theme(name) => match self.look.set_theme(&name) {
                Ok(()) => {}
                Err(error) => self.ui.say(error.to_string()),
            },
            Request::Watch(setting, to) => self.change(setting, &to),
            Request::WatchFleet => self.watch_fleet(),
            Request::Dive(to) => self.dive(to),
            Request::Replay(name) => self.replay_another(&name),
            Request::Inspect(what) => self.inspect(what),
            Request::Note(text) => {
                let at = self.now();
                self.take(Stamped { at, what: Observation::Note { text } });
            }
            Request::Shadow(line) => match open::shadow::parse(&line, &self.session.shadows) {
                Ok(all) => {
                    let text = match all.len() {
                        0 => "no shadow runs".to_owned(),
                        1 => format!("beside the HPA: {}", open::shadow::line(&all)),
                        n => format!("{n} shadows run beside the HPA"),
                    };
                    self.shadow(all);
                    self.ui.say(text);
                }
                Err(text) => {
                    // What was typed is to be corrected, not typed again.
                    self.ui.overlay = Some(Overlay::Typing(Entry::Shadow(line)));
                    self.ui.say(text);
                }
            },
            Request::Control(control) if self.ui.replay.is_some() => self.control_replay(control),
            Request::Control(control) => {
                if let Err(text) = self.ask(control) {
                    self.ui.overlay = None;
                    self.ui.say(text);
                }
            }
            Request::Copy(text) => {
                self.terminal.copy(&text);
                self.ui.say(format!("copied, where the terminal allows it: {text}"));
            }
            Request::Export(format) => {
                let text = match self.export(format) {
                    Ok(path) => format!("written: {}", path.display()),
                    Err(error) => format!("not exported: {error:#}"),
                };
                self.ui.say(text);
            }
        }
        self.dirty = true;
        Ok(None)
    }

    /// Reads it in the background; what is asked for later counts.
    fn inspect(&mut self, what: Inspect) {
        let of_list = self.ui.fleet.selected.as_ref().filter(|_| self.ui.screen == Screen::Fleet);
        let listed = self.fleet_cluster(of_list);
        let Some(cluster) = listed.or_else(|| self.running.as_ref().and_then(|running| running.cluster.clone())) else {
            return self.ui.inspected(&what, Err("not connected yet; try again in a moment".into()));
        };
        self.reading.take().iter().for_each(JoinHandle::abort);
        self.reading = Some(tokio::spawn(async move {
            let read = live::inspect(&cluster, &what).await.map_err(|fault| fault.to_string());
            (what, read)
        }));
    }

    fn ask(&self, control: Control) -> Result<(), &'static str> {
        let Some(running) = &self.running else {
            // The lab is paced without any HPA of it being watched.
            return match (control, self.fleet_cluster(None)) {
                (Control::Speed(speed), Some(cluster)) if cluster.is_lab() => {
                    cluster.clock().pace(speed);
                    Ok(())
                }
                _ => Err("not connected yet; try again in a moment"),
            };
        };
        running.source.controls.try_send(control).map_err(|_| "the source is busy; try again in a moment")
    }

    /// Writes what is shown to a new file, whose path it gives.
    fn export(&self, format: &str) -> anyhow::Result<PathBuf> {
        let format = Format::named(format);
        anyhow::ensure!(format != Format::Cast, "a film is made of a recording, by edot-tui report FILE -o cast");
        let shown = self.paused.as_deref().unwrap_or(&self.session);
        let area = self.terminal.shown().area;
        let text = offline::export(shown, format, &self.ui, (area.width, area.height), &self.look)?;
        let at = self.now().format("%Y%m%d-%H%M%S");
        let what = if format == Format::Svg { self.ui.screen.name().to_lowercase() } else { "report".into() };
        let path = self.export_dir.join(format!("edot-tui-{what}-{at}.{}", format.extension()));
        let mut file = std::fs::File::create_new(&path).with_context(|| path.display().to_string())?;
        std::io::Write::write_all(&mut file, text.as_bytes()).with_context(|| path.display().to_string())?;
        Ok(path)
    }

    /// Ctrl-Z: gives the terminal back, stops, and takes it again when the shell resumes it.
    fn suspend(&mut self) -> Result<(), CommandError> {
        terminal::restore();
        signal_hook::low_level::emulate_default_handler(SIGTSTP)?;
        self.enter()
    }

    /// Takes the terminal again. It may show anything by now, so the next frame is written whole.
    fn enter(&mut self) -> Result<(), CommandError> {
        self.terminal.enter()?;
        self.dirty = true;
        Ok(())
    }

    fn draw(&mut self) -> std::io::Result<()> {
        let shown = self.paused.as_deref().unwrap_or(&self.session);
        if let Some((x, y)) = self.pointer.take() {
            let hit = view::hit(&cx(shown, &self.session, &self.ui, &self.look), self.terminal.area(), x, y);
            self.ui.hover(&hit, shown);
        }
        let shadows = self.shadows.of(shown);
        let capacity = self.capacity.of(shown);
        let cx = cx(shown, &self.session, &self.ui, &self.look).with_shadows(shadows).with_capacity(capacity);
        self.dirty = !self.terminal.draw(|buffer| view::draw(buffer, &cx))?;
        Ok(())
    }
}

/// A task's result; never, where there is no task.
async fn joined<T>(task: &mut Option<JoinHandle<T>>) -> Result<T, JoinError> {
    match task {
        Some(task) => task.await,
        None => std::future::pending().await,
    }
}

async fn next_event(running: &mut Option<RunningSource>) -> SourceEvent {
    match running {
        Some(running) => running.next().await,
        None => std::future::pending().await,
    }
}

fn cx<'a>(shown: &'a Session, live: &Session, ui: &'a Ui, look: &'a Look) -> Cx<'a> {
    Cx::new(shown, live.now_ms(), ui, look)
}

/// The offset of local time from UTC now, in seconds.
pub fn utc_offset() -> i32 {
    chrono::Local::now().offset().local_minus_utc()
}
