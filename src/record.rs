//! The `record` command: watch and write down, without a terminal; on request start the load, and end when all has come to
//! rest. Must not draw; progress is a line on stderr, and only where somebody sees it.

mod rest;

pub use rest::at_rest;

use crate::{
    app::Recordings,
    cli,
    config::Settings,
    control::Control,
    exit,
    observe::{AnswerSeen, Ask, Observation, Stamped, Time},
    out,
    recording::{STOPPED, Tape, create::Existing},
    session::{Phase, Session},
    start::{Refusal, Running, Told},
    status,
    verdict::{Expectations, Overall, verdict},
};
use chrono::TimeDelta;
use std::path::{Path, PathBuf};
use tokio::signal::unix::{SignalKind, signal};

/// With --simulate the load is started when every feed is up, or at the latest after so long.
const BASELINE: TimeDelta = TimeDelta::seconds(30);

/// All being at rest, what was expected may still need time to be decided, and gets so long at most.
const UNDECIDED: TimeDelta = TimeDelta::minutes(10);

/// Why it ended.
enum Ended {
    Rest,
    Limit,
    Signal(i32),
    /// The recording ended by itself, in words.
    Tape(String),
}

/// What has become of the load that is to be started.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Load {
    Unasked,
    Planned,
    Done,
}

struct Recording<'a> {
    asked: &'a cli::Record,
    expected: &'a Expectations,
    tape: Tape,
    session: Session,
    load: Load,
    /// Since when all rests.
    rests: Option<Time>,
}

/// Records until what was asked for has come.
///
/// # Errors
/// The file cannot be made, the source broke, or the load cannot be started.
pub async fn run(
    settings: &Settings,
    asked: &cli::Record,
    expected: &Expectations,
    running: &mut Running,
) -> Result<u8, Refusal> {
    let failed = |text: String| Refusal { text, code: exit::ERROR };
    if asked.simulate && settings.readonly {
        return Err(Refusal { text: "--simulate starts a load, and --readonly forbids it".into(), code: exit::USAGE });
    }
    let recordings = Recordings::new(settings, asked.limit);
    let first = match running.next().await {
        Told::Seen(first) => first,
        Told::Refused(refusal) => return Err(refusal),
        Told::News(_) => return Err(Refusal { text: "a replay cannot be recorded".into(), code: exit::USAGE }),
    };
    let header = recordings.header(first.at, &Default::default());
    let mut tape = Tape::default();
    let path = match &asked.output {
        Some(path) if path == Path::new("-") => None,
        Some(path) => Some(path.clone()),
        None => Some(recordings.path(first.at, "").map_err(failed)?),
    };
    let existing = if asked.overwrite { Existing::Replace } else { Existing::Keep };
    match &path {
        Some(path) => tape.start(path, existing, header, recordings.limit()).map_err(failed)?,
        None => tape.print(header, recordings.limit()).map_err(failed)?,
    }
    let load = if asked.simulate { Load::Unasked } else { Load::Done };
    let mut recording = Recording { asked, expected, tape, session: Session::default(), load, rests: None };
    recording.take(&first, running)?;
    let ended = recording.run(running).await;
    out::progress("");
    recording.end(ended, path)
}

impl Recording<'_> {
    async fn run(&mut self, running: &mut Running) -> Result<Ended, Refusal> {
        let broken = |e: std::io::Error| Refusal { text: e.to_string(), code: exit::ERROR };
        let mut interrupt = signal(SignalKind::interrupt()).map_err(broken)?;
        let mut terminate = signal(SignalKind::terminate()).map_err(broken)?;
        let mut hangup = signal(SignalKind::hangup()).map_err(broken)?;
        loop {
            let told = tokio::select! {
                biased;
                _ = interrupt.recv() => return Ok(Ended::Signal(SignalKind::interrupt().as_raw_value())),
                _ = terminate.recv() => return Ok(Ended::Signal(SignalKind::terminate().as_raw_value())),
                _ = hangup.recv() => return Ok(Ended::Signal(SignalKind::hangup().as_raw_value())),
                told = running.next() => told,
            };
            match told {
                Told::Seen(seen) => {
                    if let Some(ended) = self.take(&seen, running)? {
                        return Ok(ended);
                    }
                }
                Told::News(_) => {}
                Told::Refused(refusal) => return Err(refusal),
            }
        }
    }

    /// The only door for observations: tape, then fold.
    fn take(&mut self, seen: &Stamped, running: &Running) -> Result<Option<Ended>, Refusal> {
        self.tape.take(seen);
        self.session.apply(seen);
        match &seen.what {
            Observation::Answer(answer) => self.answered(answer, running)?,
            Observation::Tick => return self.tick(running),
            _ => {}
        }
        Ok(None)
    }

    fn tick(&mut self, running: &Running) -> Result<Option<Ended>, Refusal> {
        if let Some(text) = self.tape.ended() {
            return Ok(Some(Ended::Tape(text)));
        }
        let gone = self.session.now.zip(self.session.began).map_or(TimeDelta::zero(), |(now, began)| now - began);
        if self.load == Load::Unasked && (status::settled(&self.session) || gone >= BASELINE) {
            self.load = Load::Planned;
            ask(running, Control::PlanLoad)?;
        }
        out::progress(&progress(&self.session, gone));
        let most = self.asked.most.and_then(|most| TimeDelta::from_std(most).ok());
        if most.is_some_and(|most| gone >= most) {
            return Ok(Some(Ended::Limit));
        }
        Ok(self.is_over().then_some(Ended::Rest))
    }

    /// Whether all has come to rest, and nothing that was expected is left for time to decide.
    fn is_over(&mut self) -> bool {
        let rests =
            self.asked.until_settled() && self.load == Load::Done && at_rest(&self.session, self.asked.simulate);
        self.rests = self.rests.or(self.session.now).filter(|_| rests);
        let Some((since, now)) = self.rests.zip(self.session.now) else { return false };
        now - since >= UNDECIDED || !verdict(&self.session, self.expected).is_pending(now.timestamp_millis())
    }

    fn answered(&mut self, answer: &AnswerSeen, running: &Running) -> Result<(), Refusal> {
        let refused = || Refusal { text: format!("no load: {}", answer.text), code: exit::ERROR };
        match (answer.to, answer.ok) {
            (Ask::PlanLoad, true) if answer.stops => {
                out::message("a load runs already; it is recorded as it is");
                self.load = Load::Done;
            }
            (Ask::PlanLoad, true) => ask(running, Control::StartLoad)?,
            (Ask::StartLoad, true) => self.load = Load::Done,
            (Ask::PlanLoad | Ask::StartLoad, false) => return Err(refused()),
            _ => {}
        }
        Ok(())
    }

    fn end(mut self, ended: Result<Ended, Refusal>, path: Option<PathBuf>) -> Result<u8, Refusal> {
        let now = self.session.now.unwrap_or_default();
        let why = match &ended {
            Ok(Ended::Rest) => "all has come to rest",
            Ok(Ended::Limit) => "the time is over",
            Ok(Ended::Signal(_)) => STOPPED,
            Ok(Ended::Tape(_)) => "",
            Err(refusal) => &refusal.text,
        };
        let told = self.tape.stop(why, now);
        if let (Some(text), Some(_)) = (&told, &path) {
            out::message(text);
        }
        match ended? {
            Ended::Signal(number) => Ok(128 + u8::try_from(number).unwrap_or(0)),
            // Whoever read it has gone, which is no failure.
            Ended::Tape(_) if path.is_none() => Ok(exit::FINE),
            Ended::Tape(text) => Err(Refusal { text, code: exit::ERROR }),
            Ended::Rest | Ended::Limit if self.asked.judged() => {
                let verdict = verdict(&self.session, self.expected);
                out::message(&format!("verdict: {} ({})", verdict.result.as_str(), verdict.summary()));
                Ok(if verdict.result == Overall::Fail { exit::VERDICT } else { exit::FINE })
            }
            Ended::Rest | Ended::Limit => Ok(exit::FINE),
        }
    }
}

fn ask(running: &Running, control: Control) -> Result<(), Refusal> {
    let busy = |_| Refusal { text: "the source takes no requests".into(), code: exit::ERROR };
    running.source.controls.try_send(control).map_err(busy)
}

/// `4:12  3 of 4 replicas ready  load running`.
fn progress(session: &Session, gone: TimeDelta) -> String {
    let seconds = gone.num_seconds();
    let figure = |n: Option<i32>| n.map_or_else(|| "?".to_owned(), |n| n.to_string());
    let replicas = &session.replicas;
    let (ready, current) = (replicas.ready.last().copied().flatten(), replicas.current.last().copied().flatten());
    let load = match session.load.phase() {
        Phase::None => "no load",
        Phase::Pending(_) => "load pending",
        Phase::Running => "load running",
        Phase::Complete => "load complete",
        Phase::Failed(_) => "load failed",
        Phase::Terminating => "load terminating",
    };
    let clock = format!("{}:{:02}", seconds / 60, seconds % 60);
    format!("recording {clock}  {} of {} replicas ready  {load}", figure(ready), figure(current))
}
