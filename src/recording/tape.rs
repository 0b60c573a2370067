//! What stands at the door for observations: keeps the past, and hands what comes to the recording, while there is one.
//! Must not decide when to record.

use super::Header;
use super::create::{self, Existing};
use super::past::Past;
use super::writer::{Form, Recorder, State};
use crate::format::size;
use crate::observe::{Stamped, Time};
use std::path::{Path, PathBuf};

/// The most bytes of a recording, unless another limit is given: 10 GB.
pub const LIMIT: u64 = 10_000_000_000;

/// The past, and the recording if one is made.
#[derive(Default)]
pub struct Tape {
    past: Past,
    recording: Option<Running>,
}

struct Running {
    recorder: Recorder,
    path: PathBuf,
}

impl Tape {
    /// Takes in an observation.
    pub fn take(&mut self, seen: &Stamped) {
        self.past.take(seen);
        if let Some(running) = &mut self.recording {
            running.recorder.tap(seen);
        }
    }

    pub fn is_recording(&self) -> bool {
        self.recording.is_some()
    }

    /// Begins a recording with everything that is still known of the past.
    ///
    /// # Errors
    /// A sentence that names the file.
    pub fn start(&mut self, path: &Path, existing: Existing, header: Header, limit: u64) -> Result<(), String> {
        let file = create::create(path, existing)?;
        let form = Form { gz: create::is_gz(path), limit };
        let recorder = Recorder::start(Box::new(file), header, Some(self.past.known()), form);
        let recorder = recorder.map_err(|e| format!("{}: {}", path.display(), create::words(&e)))?;
        self.recording = Some(Running { recorder, path: path.to_path_buf() });
        Ok(())
    }

    /// Begins a recording that is plain text on stdout.
    ///
    /// # Errors
    /// There can be no thread.
    pub fn print(&mut self, header: Header, limit: u64) -> Result<(), String> {
        let form = Form { gz: false, limit };
        let recorder = Recorder::start(Box::new(std::io::stdout()), header, Some(self.past.known()), form);
        let recorder = recorder.map_err(|e| format!("stdout: {}", create::words(&e)))?;
        self.recording = Some(Running { recorder, path: PathBuf::from("stdout") });
        Ok(())
    }

    /// A sentence, once the recording has ended by itself: it failed, or came to its limit.
    pub fn ended(&mut self) -> Option<String> {
        let state = self.recording.as_ref()?.recorder.state();
        if matches!(state, State::Writing(_)) {
            return None;
        }
        let running = self.recording.take()?;
        Some(said(&running.path, &state, running.recorder.lost, false))
    }

    /// Ends the recording; a sentence of what became of it.
    pub fn stop(&mut self, why: &str, at: Time) -> Option<String> {
        let mut running = self.recording.take()?;
        let state = running.recorder.end(why, at);
        Some(said(&running.path, &state, running.recorder.lost, true))
    }
}

/// `asked`: its end is no surprise.
fn said(path: &Path, state: &State, lost: u64, asked: bool) -> String {
    let path = path.display();
    let lost = if lost > 0 { format!("; {lost} observations were lost on a slow disk") } else { String::new() };
    match state {
        State::Failed(why) => format!("recording ended: {path}: {why}; what it holds can be replayed{lost}"),
        State::Ended(bytes, why) if !asked => format!("recording ended: {why}: {path} ({}){lost}", size::file(*bytes)),
        State::Ended(bytes, _) | State::Writing(bytes) => format!("recorded: {path} ({}){lost}", size::file(*bytes)),
    }
}

/// Why a recording ends that its user ended.
pub const STOPPED: &str = "stopped";
