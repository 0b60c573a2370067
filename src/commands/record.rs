//! `edot-tui record`: observes and records without a terminal; on request it starts the load, and ends when the run has
//! settled. Of every HPA it makes a recording each. Must not draw; progress is a line on stderr, and only if that is a terminal.

mod every;
mod settled;

use super::{
    args::{SettingFlags, StoreFlags, bytes, up_to_a_month},
    block_on,
    feeds_ready::feeds_ready,
    verdict_exit_code,
};
use crate::{
    advise,
    app::{Recordings, RunningSource, SourceEvent},
    config::Settings,
    control::Control,
    error::{CommandError, SUCCESS, signal_exit_code},
    observe::{AnswerSeen, Ask, Observation, Stamped, Time, WatchingSeen},
    offline, open,
    otlp::Exporter,
    recording::{Outcome, OutcomeKind, STOPPED, Tape, create::Existing},
    session::{LoadPhase, Session},
    signals::EndSignals,
    stdio,
    store::stream::Stream,
    verdict::{self, Expectations},
};
use chrono::TimeDelta;
use clap::{Args, ValueEnum, value_parser};
use settled::is_settled;
use std::{
    path::{Path, PathBuf},
    time::Duration,
};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// With --simulate the load is started when every feed is ready, or at the latest after this time.
const BASELINE: TimeDelta = TimeDelta::seconds(30);

/// In the embedded lab it is always started this long after the lab's start, so that a run can be repeated.
const LAB_BASELINE: Duration = Duration::from_secs(30);
/// Until then the lab runs at most this many times as fast as real time.
const LAB_SPEED: f64 = 10.0;
/// If the feeds are not ready by then, the lab's time stops until they are, for at most this many ticks.
const LAB_PATIENCE: u32 = 20;

/// After the run has settled, expectations that are still undecided get this much more time.
const UNDECIDED: TimeDelta = TimeDelta::minutes(10);

/// How long the end waits for the store, and for OTLP.
const PATIENCE_AT_END: Duration = Duration::from_secs(10);

#[derive(Clone, Debug, Args)]
pub struct Record {
    /// The file; .gz compresses, - is stdout [default: a new one in $XDG_STATE_HOME/edot-tui/recordings]. With --forever, and of
    /// every HPA (-A, --contexts, --selector), the folder for files named by HPA and time
    #[arg(short, long, value_name = "FILE", help_heading = "Recording")]
    pub output: Option<PathBuf>,
    /// Replace the file if it exists
    #[arg(long, help_heading = "Recording")]
    pub overwrite: bool,
    /// Start the load once every feed is up
    #[arg(long, help_heading = "Recording")]
    pub simulate: bool,
    /// End after this time, such as 10m
    #[arg(long = "for", value_name = "DURATION", value_parser = up_to_a_month, help_heading = "Recording")]
    pub most: Option<Duration>,
    /// End when the load has ended and the HPA has settled; with --simulate the default
    #[arg(long, value_name = "WHAT", value_enum, help_heading = "Recording")]
    pub until: Option<Until>,
    /// Record without an end: at midnight (UTC) it goes on in a new file
    #[arg(long, conflicts_with_all = ["simulate", "until", "most", "overwrite"], help_heading = "Recording")]
    pub forever: bool,
    /// With --forever: how many files of an HPA stay; older ones are removed, except those that --store has still to send
    #[arg(long, value_name = "N", value_parser = value_parser!(u16).range(1..), requires = "forever", help_heading = "Recording")]
    pub keep: Option<u16>,
    /// The most bytes of a file, such as 500MB; there it ends [default: 10GB]
    #[arg(long, value_name = "SIZE", value_parser = bytes, help_heading = "Recording")]
    pub limit: Option<u64>,
    #[command(flatten)]
    pub keeping: StoreFlags,
    #[command(flatten)]
    pub settings: SettingFlags,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Until {
    Settled,
}

impl Record {
    fn until_settled(&self) -> bool {
        self.until.is_some() || (self.simulate && self.most.is_none())
    }

    /// Whether the exit code is that of the verdict.
    fn is_judged(&self) -> bool {
        self.simulate || self.until.is_some()
    }
}

/// Why the recording ended.
enum End {
    Settled,
    TimeIsOver,
    Signal(i32),
    /// The HPA is gone, or the recordings of all HPAs end.
    Left,
    /// The recorder ended by itself.
    Recorder(Outcome),
}

/// What has been done about the load that is to be started.
#[derive(Clone, Copy, PartialEq, Eq)]
enum LoadStart {
    Waiting,
    Asked,
    Done,
}

/// How an HPA is recorded.
struct Plan<'a> {
    settings: &'a Settings,
    args: &'a Record,
    expected: &'a Expectations,
    recordings: Recordings,
    /// The name of its files, where they are in a folder.
    name: Option<String>,
    /// One of many: it shows no progress.
    is_quiet: bool,
}

/// A recording being made.
struct Recording<'a> {
    plan: Plan<'a>,
    to: Output,
    session: Session,
    load: LoadStart,
    /// None while the run is not settled.
    settled_since: Option<Time>,
    /// When it began, by the source's clock: observations are stamped with a time that may be set.
    began: Instant,
    /// The speed of the embedded lab from the load's start on; None where its time is not stopped.
    lab_speed: Option<f64>,
    /// Ticks that came while the lab's time was stopped.
    stopped: u32,
}

/// Where it goes.
struct Output {
    tape: Tape,
    /// None on stdout.
    path: Option<PathBuf>,
    /// When it began.
    at: Time,
    /// Into the store, where that is asked for.
    stream: Option<Stream>,
    /// By OTLP, the same.
    exporter: Option<Exporter>,
}

/// Records until the end that was asked for.
///
/// # Errors
/// The file cannot be made, the source broke, or the load cannot be started.
pub fn run(settings: &Settings, args: &Record) -> Result<u8, CommandError> {
    block_on(async {
        let expected = offline::expectations(settings.expectations.as_deref())?;
        if open::fleet::flag(settings).is_some() && open::fleet::is_wanted(settings)? {
            return every::run(settings, args, &expected).await;
        }
        let waits = args.simulate && settings.lab;
        let speed = if waits { settings.speed.min(LAB_SPEED) } else { settings.speed };
        let mut running = open::live(&Settings { speed, ..settings.clone() }).await?;
        running.clock.stop(waits.then_some(LAB_BASELINE));
        running.hpa_found().await?;
        let mut recordings = Recordings::new(settings, open::lab::run(settings), args.limit);
        let name = args.forever.then(|| settings.hpa.clone());
        if args.forever {
            recordings = recordings.in_folder(args.output.as_deref());
        }
        let plan = Plan { settings, args, expected: &expected, recordings, name, is_quiet: false };
        let code = record(plan, &mut running, &CancellationToken::new()).await;
        running.stop.cancel();
        code
    })
}

async fn record(plan: Plan<'_>, running: &mut RunningSource, left: &CancellationToken) -> Result<u8, CommandError> {
    let args = plan.args;
    if args.simulate && plan.settings.readonly {
        return Err(CommandError::usage("--simulate starts a load, and --readonly forbids it"));
    }
    let first = match running.next().await {
        SourceEvent::Observed(first) => first,
        SourceEvent::Failed(error) => return Err(error),
        SourceEvent::Replay(_) => return Err(CommandError::usage("a replay cannot be recorded")),
    };
    let to = plan.output(first.at, &WatchingSeen::default())?;
    let load = if args.simulate { LoadStart::Waiting } else { LoadStart::Done };
    let (session, began) = (advise::session(), running.clock.instant());
    let lab_speed = (args.simulate && plan.settings.lab).then_some(plan.settings.speed);
    let mut recording = Recording { plan, to, session, load, settled_since: None, began, lab_speed, stopped: 0 };
    recording.take(&first, running)?;
    let ended = recording.run(running, left).await;
    if !recording.plan.is_quiet {
        stdio::progress("");
    }
    recording.end(ended).await
}

impl Plan<'_> {
    /// Begins a recording at `at`; `seen` is what is watched, as far as that is known.
    fn output(&self, at: Time, seen: &WatchingSeen) -> Result<Output, CommandError> {
        let (recordings, args) = (&self.recordings, self.args);
        let path = match (&args.output, &self.name) {
            (_, Some(name)) => Some(recordings.path(at, name)),
            (Some(path), None) if path == Path::new("-") => None,
            (Some(path), None) => Some(Ok(path.clone())),
            (None, None) => Some(recordings.path(at, "")),
        };
        let path = path.transpose().map_err(CommandError::failed)?;
        let existing = if args.overwrite { Existing::Replace } else { Existing::Keep };
        let (header, mut tape) = (recordings.header(at, seen), Tape::of_latest());
        match &path {
            Some(path) => tape.start(path, existing, header, recordings.limit()).map_err(CommandError::failed)?,
            None => tape.print(header, recordings.limit()).map_err(CommandError::failed)?,
        }
        let stream = match (&path, args.keeping.store) {
            (_, false) => None,
            (Some(path), true) => Some(open::store::stream(self.settings, path, &args.keeping.tag, self.expected)?),
            (None, true) => {
                return Err(CommandError::usage(
                    "--store sends from the recording's file, so -o - does not go with it",
                ));
            }
        };
        let exporter = open::otlp::exporter(args.keeping.otlp.as_deref(), path.as_deref())?;
        Ok(Output { tape, path, at, stream, exporter })
    }
}

impl Recording<'_> {
    async fn run(&mut self, running: &mut RunningSource, left: &CancellationToken) -> Result<End, CommandError> {
        let mut signals = EndSignals::new()?;
        loop {
            let event = tokio::select! {
                biased;
                number = signals.next() => return Ok(End::Signal(number)),
                () = left.cancelled() => return Ok(End::Left),
                event = running.next() => event,
            };
            match event {
                SourceEvent::Observed(seen) => {
                    if let Some(end) = self.take(&seen, running)? {
                        return Ok(end);
                    }
                }
                SourceEvent::Replay(_) => {}
                SourceEvent::Failed(error) => return Err(error),
            }
        }
    }

    /// Every observation passes here: first to the recorder, then to the session.
    fn take(&mut self, seen: &Stamped, running: &RunningSource) -> Result<Option<End>, CommandError> {
        self.to.tape.take(seen);
        self.session.apply(seen);
        match &seen.what {
            Observation::Answer(answer) => self.answered(answer, running)?,
            Observation::Tick => return self.tick(running),
            _ => {}
        }
        Ok(None)
    }

    fn tick(&mut self, running: &RunningSource) -> Result<Option<End>, CommandError> {
        match self.to.tape.ended() {
            // A verdict is still due: the run is watched to its end, with or without a reader.
            Some(ended) if ended.kind == OutcomeKind::ReaderGone && self.plan.args.is_judged() => {}
            Some(ended) => return Ok(Some(End::Recorder(ended))),
            None => {}
        }
        let elapsed = running.observed_for(self.began, &self.session);
        if self.load == LoadStart::Waiting && self.is_ready(running, elapsed) {
            self.load = LoadStart::Asked;
            ask(running, Control::PlanLoad)?;
        }
        let stored = self.to.stream.as_mut().and_then(|stream| stream.tick(&self.session, self.plan.expected));
        let exported = self.to.exporter.as_mut().and_then(|exporter| exporter.tick(&self.session, self.plan.expected));
        stored.iter().chain(&exported).for_each(|news| stdio::message(news));
        if !self.plan.is_quiet {
            stdio::progress(&progress(&self.session, elapsed));
        }
        if let Some(now) =
            self.session.now.filter(|now| self.plan.args.forever && now.date_naive() > self.to.at.date_naive())
        {
            self.next_file(now)?;
        }
        let most = self.plan.args.most.and_then(|most| TimeDelta::from_std(most).ok());
        if most.is_some_and(|most| elapsed >= most) {
            return Ok(Some(End::TimeIsOver));
        }
        Ok(self.is_over().then_some(End::Settled))
    }

    /// Whether the load can be started.
    fn is_ready(&mut self, running: &RunningSource, elapsed: TimeDelta) -> bool {
        if self.lab_speed.is_none() {
            return feeds_ready(&self.session) || elapsed >= BASELINE;
        }
        self.stopped += u32::from(running.clock.is_stopped());
        self.stopped > 0 && (feeds_ready(&self.session) || self.stopped >= LAB_PATIENCE)
    }

    /// The load has been started, as far as it can be: the lab's time goes on.
    fn started(&mut self, running: &RunningSource) {
        self.load = LoadStart::Done;
        if let Some(speed) = self.lab_speed.take() {
            running.clock.pace(speed);
            running.clock.stop(None);
        }
    }

    /// Whether the run has settled, and no expectation is left that more time would decide.
    fn is_over(&mut self) -> bool {
        let settled = self.plan.args.until_settled()
            && self.load == LoadStart::Done
            && is_settled(&self.session, self.plan.args.simulate);
        self.settled_since = self.settled_since.or(self.session.now).filter(|_| settled);
        let Some((since, now)) = self.settled_since.zip(self.session.now) else { return false };
        now - since >= UNDECIDED || !verdict::run(&self.session, self.plan.expected).is_pending(now.timestamp_millis())
    }

    fn answered(&mut self, answer: &AnswerSeen, running: &RunningSource) -> Result<(), CommandError> {
        match (answer.to, answer.ok) {
            (Ask::PlanLoad, true) if answer.stops => {
                stdio::message("a load is already running; it is recorded as it is");
                self.started(running);
            }
            (Ask::PlanLoad, true) => ask(running, Control::StartLoad)?,
            (Ask::StartLoad, true) => self.started(running),
            (Ask::PlanLoad | Ask::StartLoad, false) => {
                return Err(CommandError::failed(format!("no load: {}", answer.text)));
            }
            _ => {}
        }
        Ok(())
    }

    /// Goes on in a new file. It begins with what is known of all objects then, so that nothing is missing between the two.
    fn next_file(&mut self, now: Time) -> Result<(), CommandError> {
        let known = self.to.tape.latest(now);
        let before = std::mem::replace(&mut self.to, self.plan.output(now, &self.session.watching)?);
        let session = std::mem::replace(&mut self.session, advise::session());
        for seen in &known {
            self.to.tape.take(seen);
            self.session.apply(seen);
        }
        let (outcome, ending) = before.end("a new day", &session, self.plan.expected);
        tokio::spawn(ending);
        outcome.iter().for_each(|outcome| stdio::message(&outcome.text));
        // An old recording that cannot be removed is no reason to end this one.
        if let (Some(keep), Some(path)) = (self.plan.args.keep, &self.to.path)
            && let Err(e) = Recordings::keep_newest(path, keep.into())
        {
            stdio::message(&format!("an old recording stays: {e}"));
        }
        Ok(())
    }

    async fn end(self, ended: Result<End, CommandError>) -> Result<u8, CommandError> {
        let why = match &ended {
            Ok(End::Settled) => "the run has settled".to_owned(),
            Ok(End::TimeIsOver) => "the time is over".to_owned(),
            Ok(End::Signal(_) | End::Left) => STOPPED.to_owned(),
            Ok(End::Recorder(_)) => String::new(),
            Err(error) => error.to_string(),
        };
        let is_file = self.to.path.is_some();
        let (outcome, ending) = self.to.end(&why, &self.session, self.plan.expected);
        ending.await;
        let ended = ended?;
        match outcome {
            // What was still on its way to the disk did not arrive.
            Some(Outcome { kind: OutcomeKind::Failed, text }) => return Err(CommandError::failed(text)),
            Some(Outcome { text, .. }) if is_file => stdio::message(&text),
            _ => {}
        }
        match ended {
            End::Signal(number) => Ok(signal_exit_code(number)),
            // That a reader has closed its pipe is no failure.
            End::Recorder(outcome) if outcome.kind == OutcomeKind::ReaderGone => Ok(SUCCESS),
            End::Recorder(outcome) => Err(CommandError::failed(outcome.text)),
            End::Settled | End::TimeIsOver if self.plan.args.is_judged() => {
                let verdict = verdict::run(&self.session, self.plan.expected);
                stdio::message(&format!("verdict: {} ({})", verdict.result.as_str(), verdict.summary()));
                Ok(verdict_exit_code(&verdict))
            }
            End::Settled | End::TimeIsOver | End::Left => Ok(SUCCESS),
        }
    }
}

impl Output {
    /// Ends the recording, and begins to hand out the rest, which goes on in the future.
    fn end(
        mut self,
        why: &str,
        session: &Session,
        expected: &Expectations,
    ) -> (Option<Outcome>, impl Future<Output = ()> + Send + 'static) {
        let outcome = self.tape.stop(why, session.now.unwrap_or_default());
        let exported = self.exporter.map(|exporter| exporter.end(session, expected));
        let stored = self.stream.map(|stream| stream.end(session, expected));
        let ending = async move {
            if let Some(stored) = stored {
                stdio::message(&stored.done(PATIENCE_AT_END).await);
            }
            if let Some(exported) = exported {
                stdio::message(&exported.done(PATIENCE_AT_END).await);
            }
        };
        (outcome, ending)
    }
}

fn ask(running: &RunningSource, control: Control) -> Result<(), CommandError> {
    let busy = |_| CommandError::failed("the source takes no requests");
    running.source.controls.try_send(control).map_err(busy)
}

/// `4:12  3 of 4 replicas ready  load running`.
fn progress(session: &Session, elapsed: TimeDelta) -> String {
    let seconds = elapsed.num_seconds();
    let figure = |n: Option<i32>| n.map_or_else(|| "?".to_owned(), |n| n.to_string());
    let replicas = &session.replicas;
    let (ready, current) = (replicas.ready.last().copied().flatten(), replicas.current.last().copied().flatten());
    let load = match session.load.phase() {
        LoadPhase::None => "no load",
        LoadPhase::Pending(_) => "load pending",
        LoadPhase::Running => "load running",
        LoadPhase::Complete => "load complete",
        LoadPhase::Failed(_) => "load failed",
        LoadPhase::Terminating => "load terminating",
    };
    let clock = format!("{}:{:02}", seconds / 60, seconds % 60);
    format!("recording {clock}  {} of {} replicas ready  {load}", figure(ready), figure(current))
}
