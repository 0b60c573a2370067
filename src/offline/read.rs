//! A recording, read and folded as far as was asked. Must not judge.

use super::At;
use crate::exit;
use crate::observe::{Stamped, Time};
use crate::recording::{self, ReadError, Reading};
use crate::report::Origin;
use crate::session::Session;
use crate::start::Refusal;
use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::Path;

/// A recording that is being read, up to a moment.
pub struct Film {
    reading: Reading<Box<dyn BufRead>>,
    name: Option<String>,
    until: Option<At>,
    /// When recording began; what was known already is older.
    began: Option<Time>,
}

/// Opens a recording; `-` is standard input.
///
/// # Errors
/// It cannot be read, or is none.
pub fn open(path: &Path, until: Option<At>) -> Result<Film, Refusal> {
    let refuse = |e: String| Refusal { text: e, code: exit::ERROR };
    let (reading, name) = match path.as_os_str() == "-" {
        true => {
            let input: Box<dyn BufRead> = Box::new(BufReader::new(io::stdin()));
            (recording::read(input).map_err(|e| refuse(format!("standard input {}", words(&e))))?, None)
        }
        false => {
            let named = |e: &dyn std::fmt::Display| refuse(format!("{} {e}", path.display()));
            let file = File::open(path).map_err(|e| named(&format!("cannot be read: {e}")))?;
            if file.metadata().is_ok_and(|m| m.is_dir()) {
                return Err(named(&"is a directory; a recording is a file"));
            }
            let input: Box<dyn BufRead> = Box::new(BufReader::new(file));
            let reading = recording::read(input).map_err(|e| named(&words(&e)))?;
            (reading, path.file_name().map(|n| n.to_string_lossy().into_owned()))
        }
    };
    let began = (reading.header.version > 0).then_some(reading.header.at);
    Ok(Film { reading, name, until, began })
}

fn words(error: &ReadError) -> String {
    match error {
        ReadError::Io(e) => format!("cannot be read: {e}"),
        other => other.to_string(),
    }
}

impl Iterator for Film {
    type Item = Stamped;

    fn next(&mut self) -> Option<Stamped> {
        let seen = self.reading.next()?;
        let began = *self.began.get_or_insert(seen.at);
        self.until.is_none_or(|u| seen.at <= u.end(began)).then_some(seen)
    }
}

impl Film {
    /// Where it came from, and what could not be read of it so far.
    pub fn origin(&self) -> Origin {
        let mut damage = self.reading.faults.sentences();
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
    let mut film = open(path, until)?;
    film.by_ref().for_each(|s| session.apply(&s));
    Ok((session, film.origin()))
}
