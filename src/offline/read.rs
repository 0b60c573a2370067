//! A recording, read and folded as far as was asked. Must not judge.

use super::At;
use crate::exit;
use crate::observe::{Stamped, Time};
use crate::recording::{self, Reading};
use crate::report::Origin;
use crate::session::Session;
use crate::start::Refusal;
use std::io::BufRead;
use std::path::Path;

/// A recording that is being read, up to a moment.
pub struct RecordingReader {
    reading: Reading<Box<dyn BufRead + Send>>,
    name: Option<String>,
    until: Option<At>,
    /// When recording began; what was known already is older.
    began: Option<Time>,
}

/// Opens a recording; `-` is standard input.
///
/// # Errors
/// It cannot be read, or is not a recording.
pub fn open(path: &Path, until: Option<At>) -> Result<RecordingReader, Refusal> {
    let reading = recording::open(path).map_err(|e| Refusal { text: e.to_string(), code: exit::ERROR })?;
    let name = path.file_name().filter(|n| *n != "-").map(|n| n.to_string_lossy().into_owned());
    let began = (reading.header.version > 0).then_some(reading.header.at);
    Ok(RecordingReader { reading, name, until, began })
}

impl Iterator for RecordingReader {
    type Item = Stamped;

    fn next(&mut self) -> Option<Stamped> {
        let seen = self.reading.next()?;
        let began = *self.began.get_or_insert(seen.at);
        self.until.is_none_or(|u| seen.at <= u.end(began)).then_some(seen)
    }
}

impl RecordingReader {
    /// Where it came from, and what could not be read of it so far.
    pub fn origin(&self) -> Origin {
        let mut damage = self.reading.damage.sentences();
        damage.extend(self.reading.error().map(|e| format!("reading stopped: {e}")));
        Origin { file: self.name.clone(), damage }
    }
}

/// The session of a recording, as it was known at a moment or at the end.
///
/// # Errors
/// It cannot be read, or is none.
pub fn session(path: &Path, until: Option<At>) -> Result<(Session, Origin), Refusal> {
    let mut session = Session::default();
    let mut reader = open(path, until)?;
    reader.by_ref().for_each(|s| session.apply(&s));
    Ok((session, reader.origin()))
}
