//! Where all observations pass: keeps the backlog, and passes them to the recording while there is one. Must not decide when
//! to record.

use super::Header;
use super::backlog::Backlog;
use super::create::{self, Existing};
use super::writer::{Format, Recorder, RecorderState};
use crate::format::size;
use crate::observe::{Observation, Stamped, Time};
use std::path::{Path, PathBuf};

/// The most bytes of a recording, unless another limit is given: 10 GB.
pub const LIMIT: u64 = 10_000_000_000;

/// The backlog, and the recording if there is one.
#[derive(Default)]
pub struct Tape {
    backlog: Backlog,
    recording: Option<ActiveRecording>,
}

struct ActiveRecording {
    recorder: Recorder,
    path: PathBuf,
}

impl Tape {
    /// For a recording from the start: nothing of what was observed is kept but the latest state of objects.
    pub fn of_latest() -> Tape {
        Tape { backlog: Backlog::of(0), recording: None }
    }

    /// The latest state of objects, as if observed at `at`: what another recording begins with that goes on from here.
    pub fn latest(&self, at: Time) -> Vec<Stamped> {
        let mut all: Vec<Stamped> = self.backlog.objects().into_iter().map(|seen| Stamped { at, ..seen }).collect();
        // What is watched comes before what was seen of it.
        all.sort_by_key(|seen| !matches!(seen.what, Observation::Watching(_)));
        all
    }

    /// Takes in an observation.
    pub fn take(&mut self, seen: &Stamped) {
        self.backlog.take(seen);
        if let Some(running) = &mut self.recording {
            running.recorder.tap(seen);
        }
    }

    pub fn is_recording(&self) -> bool {
        self.recording.is_some()
    }

    /// Begins a recording with the whole backlog.
    ///
    /// # Errors
    /// A sentence that names the file.
    pub fn start(&mut self, path: &Path, existing: Existing, header: Header, limit: u64) -> Result<(), String> {
        let file = create::create(path, existing)?;
        let format = Format { gz: create::is_gz(path), limit };
        let recorder = Recorder::start(Box::new(file), header, Some(self.backlog.snapshot()), format);
        let recorder = recorder.map_err(|e| format!("{}: {}", path.display(), create::words(&e)))?;
        self.recording = Some(ActiveRecording { recorder, path: path.to_path_buf() });
        Ok(())
    }

    /// Begins a recording that is plain text on stdout.
    ///
    /// # Errors
    /// No thread can be started.
    pub fn print(&mut self, header: Header, limit: u64) -> Result<(), String> {
        let format = Format { gz: false, limit };
        let recorder = Recorder::start(Box::new(std::io::stdout()), header, Some(self.backlog.snapshot()), format);
        let recorder = recorder.map_err(|e| format!("stdout: {}", create::words(&e)))?;
        self.recording = Some(ActiveRecording { recorder, path: PathBuf::from("stdout") });
        Ok(())
    }

    /// The result, once the recording has ended by itself: it failed, reached its limit, or lost its reader.
    pub fn ended(&mut self) -> Option<Outcome> {
        let state = self.recording.as_ref()?.recorder.state();
        if matches!(state, RecorderState::Writing(_)) {
            return None;
        }
        let running = self.recording.take()?;
        Some(outcome(&running.path, &state, running.recorder.lost, false))
    }

    /// Ends the recording; returns its result.
    pub fn stop(&mut self, why: &str, at: Time) -> Option<Outcome> {
        let mut running = self.recording.take()?;
        let state = running.recorder.end(why, at);
        Some(outcome(&running.path, &state, running.recorder.lost, true))
    }
}

/// The result of a recording.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    pub kind: OutcomeKind,
    /// A sentence that names the file.
    pub text: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OutcomeKind {
    /// Everything up to its end is written.
    Complete,
    /// Only what its reader took before closing the pipe is written.
    ReaderGone,
    /// Writing failed.
    Failed,
}

/// `asked`: the user ended it.
fn outcome(path: &Path, state: &RecorderState, lost: u64, asked: bool) -> Outcome {
    let kind = match state {
        RecorderState::Failed(_) => OutcomeKind::Failed,
        RecorderState::ReaderGone(_) => OutcomeKind::ReaderGone,
        RecorderState::Ended(..) | RecorderState::Writing(_) => OutcomeKind::Complete,
    };
    let path = path.display();
    let lost = if lost > 0 { format!("; {lost} observations were lost on a slow disk") } else { String::new() };
    let text = match state {
        RecorderState::Failed(why) => format!("recording ended: {path}: {why}; what was written can be replayed{lost}"),
        RecorderState::ReaderGone(bytes) => {
            format!("recording ended: its reader is gone: {path} ({}){lost}", size::file(*bytes))
        }
        RecorderState::Ended(bytes, why) if !asked => {
            format!("recording ended: {why}: {path} ({}){lost}", size::file(*bytes))
        }
        RecorderState::Ended(bytes, _) | RecorderState::Writing(bytes) => {
            format!("recorded: {path} ({}){lost}", size::file(*bytes))
        }
    };
    Outcome { kind, text }
}

/// The reason for the end of a recording that the user ended.
pub const STOPPED: &str = "stopped";
