//! The loop: drain, tap, fold, draw at most once a frame, carry out requests. Must not know what an observation
//! means or how a pane looks.

mod replay;
mod tape;

pub use tape::Recordings;

use crate::{
    control::Control,
    observe::{Observation, Stamped, WatchingSeen},
    offline::{self, Form},
    recording::Tape,
    session::Session,
    start::{self, Refusal, Running, Told},
    terminal::{self, Terminal},
    ui::{Request, Ui, keys},
    view::{self, Cx, Look},
};
use anyhow::Context;
use chrono::Utc;
use crossterm::event::{Event, EventStream, KeyEventKind};
use futures::StreamExt;
use signal_hook::consts::{SIGCONT, SIGHUP, SIGTSTP};
use std::{
    path::{Path, PathBuf},
    time::Duration,
};
use tokio::{
    signal::unix::{Signal, SignalKind, signal},
    task::JoinHandle,
    time::Instant,
};

/// Observations folded before keys get their turn again.
const DRAIN: usize = 256;

/// A terminal that can be neither read nor written has hung up, even where no signal says so.
const GONE: i32 = SIGHUP;

/// At the start, while everything comes in for the first time, frames follow each other this fast, for so long.
const EAGER: (Duration, Duration) = (Duration::from_millis(16), Duration::from_secs(2));

/// So long a message stands in a replay.
const SAID: Duration = Duration::from_secs(8);

/// How the program ended.
#[derive(Debug, PartialEq)]
pub enum Ended {
    Quit,
    /// By this signal.
    Signal(i32),
    /// What was asked for is not there, or the source broke.
    Refused(Refusal),
}

/// The dashboard over one source.
pub struct App {
    session: Session,
    /// Keeps what was observed, and records it while that is wanted.
    tape: Tape,
    recordings: Recordings,
    /// What the user looks at while the view stands still.
    still: Option<Box<Session>>,
    ui: Ui,
    look: Look,
    /// None while it is being opened.
    running: Option<Running>,
    signals: Signals,
    terminal: Terminal,
    /// Where `x` writes.
    export_dir: PathBuf,
    frame: Duration,
    dirty: bool,
    /// When the message on screen was said.
    said: Option<Instant>,
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
    ) -> anyhow::Result<Self> {
        let mut tape = Tape::default();
        if let Some(path) = record {
            recordings.start(&mut tape, path, Utc::now(), &WatchingSeen::default()).map_err(anyhow::Error::msg)?;
        }
        // From here on a signal no longer ends the program before it has given the terminal back.
        let signals = Signals::new()?;
        let terminal = Terminal::take(mouse).context("no terminal to read keys from")?;
        let mut app = App {
            session: Session::default(),
            tape,
            recordings,
            still: None,
            ui,
            look,
            running: None,
            signals,
            terminal,
            export_dir: std::env::current_dir().unwrap_or_default(),
            frame: Duration::from_millis(1000 / u64::from(fps.clamp(1, 60))),
            dirty: true,
            said: None,
        };
        app.session.now = Some(Utc::now());
        app.ui.recording = record.map(|_| app.session.now_ms());
        app.draw()?;
        Ok(app)
    }

    /// Goes on with what this source tells.
    pub fn watch(&mut self, running: Running) {
        self.ui.can_load = running.source.abilities.load;
        self.running = Some(running);
    }

    /// Runs until the user quits, a signal comes, or the terminal goes. `opening` is the source on its way, where none
    /// was given yet.
    ///
    /// # Errors
    /// When the terminal cannot be set.
    pub async fn run(&mut self, mut opening: JoinHandle<Result<Running, Refusal>>) -> anyhow::Result<Ended> {
        let mut keys = EventStream::new();
        let began = Instant::now();
        let mut next_frame = began;
        loop {
            tokio::select! {
                biased;
                event = keys.next() => match event {
                    Some(Ok(event)) => {
                        if let Some(request) = self.event(event)? && let Some(end) = self.carry_out(request)? {
                            return Ok(end);
                        }
                        // A key is answered at once, whatever the frame rate.
                        next_frame = Instant::now();
                    }
                    Some(Err(_)) | None => return Ok(Ended::Signal(GONE)),
                },
                signal = self.signals.next() => match signal {
                    Caught::End(number) => return Ok(Ended::Signal(number)),
                    Caught::Stop => self.suspend()?,
                    Caught::Continue => self.enter()?,
                },
                () = tokio::time::sleep_until(next_frame), if self.dirty => {
                    if self.draw().is_err() {
                        return Ok(Ended::Signal(GONE));
                    }
                    let now = Instant::now();
                    next_frame = now + if now - began < EAGER.1 { self.frame.min(EAGER.0) } else { self.frame };
                }
                opened = &mut opening, if self.running.is_none() => match start::opened(opened) {
                    Ok(running) => self.watch(running),
                    Err(refusal) => return Ok(Ended::Refused(refusal)),
                },
                told = told(&mut self.running), if self.running.is_some() => match told {
                    Told::Seen(seen) => self.drain(seen),
                    Told::News(news) => {
                        // A jump is the answer to a key, too.
                        if matches!(news, crate::replay::ReplayEvent::Jump { .. }) {
                            next_frame = Instant::now();
                        }
                        self.news(news);
                    }
                    Told::Refused(refusal) => return Ok(Ended::Refused(refusal)),
                },
            }
        }
    }

    fn drain(&mut self, first: Stamped) {
        self.take(first);
        for _ in 1..DRAIN {
            let more = self.running.as_mut().and_then(|r| r.source.observations.try_recv().ok());
            let Some(seen) = more else { break };
            self.take(seen);
        }
    }

    /// The only door for observations: tap, then fold.
    fn take(&mut self, seen: Stamped) {
        // What is replayed is on file already.
        if self.ui.replay.is_none() {
            self.tape.take(&seen);
        }
        self.session.apply(&seen);
        match seen.what {
            Observation::Answer(_) => self.ui.answered(&self.session),
            Observation::Tick => self.watch_recording(),
            _ => {}
        }
        self.dirty = true;
    }

    fn event(&mut self, event: Event) -> anyhow::Result<Option<Request>> {
        self.dirty = true;
        let shown = self.still.as_deref().unwrap_or(&self.session);
        match event {
            Event::Key(key) if key.kind != KeyEventKind::Release => {
                let Some(action) = keys::action(key, &self.ui) else { return Ok(None) };
                let request = self.ui.act(action, shown);
                self.stand_still();
                return Ok(request);
            }
            Event::Mouse(mouse) => {
                let hit = view::hit(
                    &cx(shown, &self.session, &self.ui, &self.look),
                    self.terminal.area(),
                    mouse.column,
                    mouse.row,
                );
                return Ok(self.ui.mouse(mouse.kind, hit, shown));
            }
            Event::Resize(width, height) => self.terminal.resize(Some((width, height)))?,
            _ => self.dirty = false,
        }
        Ok(None)
    }

    /// Keeps a copy of the session while the view is paused.
    fn stand_still(&mut self) {
        match (self.ui.paused, &self.still) {
            (Some(_), None) => self.still = Some(Box::new(self.session.clone())),
            (None, Some(_)) => self.still = None,
            _ => {}
        }
    }

    fn carry_out(&mut self, request: Request) -> anyhow::Result<Option<Ended>> {
        let now = self.session.now_ms();
        match request {
            Request::Quit => return Ok(Some(Ended::Quit)),
            Request::Suspend => self.suspend()?,
            Request::Record => self.toggle_recording(Utc::now()),
            Request::NextTheme => {
                let name = self.look.next_theme();
                self.ui.say(now, name);
            }
            Request::Note(text) => {
                let at = self.session.now.unwrap_or_else(Utc::now);
                self.take(Stamped { at, what: Observation::Note { text } });
            }
            Request::Control(control) if self.ui.replay.is_some() => self.move_replay(control),
            Request::Control(control) => {
                if let Err(text) = self.ask(control) {
                    self.ui.overlay = None;
                    self.ui.say(now, text);
                }
            }
            Request::Copy(text) => {
                self.terminal.copy(&text);
                self.ui.say(now, format!("copied, where the terminal allows it: {text}"));
            }
            Request::Export(form) => {
                let text = match self.export(form) {
                    Ok(path) => format!("written: {}", path.display()),
                    Err(error) => format!("not exported: {error:#}"),
                };
                self.ui.say(now, text);
            }
        }
        self.dirty = true;
        Ok(None)
    }

    fn ask(&self, control: Control) -> Result<(), &'static str> {
        let Some(running) = &self.running else { return Err("not connected yet; try again in a moment") };
        running.source.controls.try_send(control).map_err(|_| "the source is busy; try again in a moment")
    }

    /// What is shown as a file of a name that is not taken.
    fn export(&self, form: &str) -> anyhow::Result<PathBuf> {
        let form = Form::named(form);
        anyhow::ensure!(form != Form::Cast, "a film is made of a recording, by edot-tui report FILE -o cast");
        let shown = self.still.as_deref().unwrap_or(&self.session);
        let area = self.terminal.shown().area;
        let text = offline::export(shown, form, &self.ui, (area.width, area.height), &self.look)
            .map_err(|refusal| anyhow::anyhow!(refusal.text))?;
        let at = self.session.now.unwrap_or_else(Utc::now).format("%Y%m%d-%H%M%S");
        let what = if form == Form::Svg { self.ui.screen.name().to_lowercase() } else { "report".into() };
        let path = self.export_dir.join(format!("edot-tui-{what}-{at}.{}", form.extension()));
        let mut file = std::fs::File::create_new(&path).with_context(|| path.display().to_string())?;
        std::io::Write::write_all(&mut file, text.as_bytes()).with_context(|| path.display().to_string())?;
        Ok(path)
    }

    /// Ctrl-Z: gives the terminal back, stops, and takes it again when the shell says so.
    fn suspend(&mut self) -> anyhow::Result<()> {
        terminal::restore();
        signal_hook::low_level::emulate_default_handler(SIGTSTP)?;
        self.enter()
    }

    /// The terminal may show anything by now: the next frame is written whole.
    fn enter(&mut self) -> anyhow::Result<()> {
        self.terminal.enter()?;
        self.dirty = true;
        Ok(())
    }

    fn draw(&mut self) -> std::io::Result<()> {
        self.dirty = false;
        let now = self.session.now_ms();
        // In a replay time stands still, or flies: there a message goes with the next one, or by the system's clock.
        let since = self.said.get_or_insert_with(Instant::now);
        match (&self.ui.message, &self.ui.replay) {
            (None, _) => self.said = None,
            (Some(_), Some(_)) if since.elapsed() < SAID => {}
            (Some(m), None) if m.1 >= now => {}
            _ => (self.ui.message, self.said) = (None, None),
        }
        let shown = self.still.as_deref().unwrap_or(&self.session);
        let cx = cx(shown, &self.session, &self.ui, &self.look);
        self.terminal.draw(|buffer| view::draw(buffer, &cx))
    }
}

async fn told(running: &mut Option<Running>) -> Told {
    match running {
        Some(running) => running.next().await,
        None => std::future::pending().await,
    }
}

fn cx<'a>(shown: &'a Session, live: &Session, ui: &'a Ui, look: &'a Look) -> Cx<'a> {
    Cx::new(shown, live.now_ms(), ui, look)
}

/// What ends or stops a program from outside.
struct Signals {
    ends: [(i32, Signal); 4],
    stop: Signal,
    go_on: Signal,
}

enum Caught {
    End(i32),
    Stop,
    Continue,
}

impl Signals {
    fn new() -> std::io::Result<Self> {
        let end = |kind: SignalKind| signal(kind).map(|s| (kind.as_raw_value(), s));
        let (term, hup) = (end(SignalKind::terminate())?, end(SignalKind::hangup())?);
        let (int, quit) = (end(SignalKind::interrupt())?, end(SignalKind::quit())?);
        Ok(Signals {
            ends: [term, hup, int, quit],
            stop: signal(SignalKind::from_raw(SIGTSTP))?,
            go_on: signal(SignalKind::from_raw(SIGCONT))?,
        })
    }

    async fn next(&mut self) -> Caught {
        let [(a, term), (b, hup), (c, int), (d, quit)] = &mut self.ends;
        tokio::select! {
            _ = term.recv() => Caught::End(*a),
            _ = hup.recv() => Caught::End(*b),
            _ = int.recv() => Caught::End(*c),
            _ = quit.recv() => Caught::End(*d),
            _ = self.stop.recv() => Caught::Stop,
            _ = self.go_on.recv() => Caught::Continue,
        }
    }
}

/// The offset of local time from UTC now, in seconds.
pub fn utc_offset() -> i32 {
    chrono::Local::now().offset().local_minus_utc()
}
