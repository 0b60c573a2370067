//! A recording read one observation after the other, in bounded memory: whatever can be read, and an account of what could
//! not. Must not fold, and never gives up in the middle.

use super::line::{Line, Mark, parse};
use super::lines::{End, Lines, Place};
use super::{Faults, Header, VERSION};
use crate::observe::{Observation, Stamped, text};
use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::Path;

/// Lines looked at before a file is called no recording.
const TRIES: u64 = 50;
/// Marks that are kept.
const MARKS: usize = 1000;

/// Why there is nothing to read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    #[error("{0}")]
    Io(#[from] io::Error),
    #[error("is empty; a recording is written with `r` or `edot-tui record`")]
    Empty,
    #[error("is no recording of edot-tui (its first line is not {{\"edot_session\":1,…}} but {0})")]
    Other(String),
    #[error("{path}: {error}")]
    File { path: String, error: Box<ReadError> },
}

/// A recording being read: an iterator over its observations, in the order in which they were made.
pub struct Reading<R: BufRead> {
    pub header: Header,
    /// What could not be read so far.
    pub faults: Faults,
    /// What the recorder said so far.
    pub marks: Vec<Mark>,
    lines: Lines<R>,
    /// Read ahead while looking for the header.
    ahead: Option<Stamped>,
    error: Option<io::Error>,
}

/// Opens a recording.
///
/// # Errors
/// The file cannot be read, or is none; the error names it.
pub fn open(path: &Path) -> Result<Reading<BufReader<File>>, ReadError> {
    let named = |error: ReadError| ReadError::File { path: path.display().to_string(), error: Box::new(error) };
    let file = File::open(path).map_err(|e| named(e.into()))?;
    if file.metadata().is_ok_and(|m| m.is_dir()) {
        return Err(named(io::Error::from(io::ErrorKind::IsADirectory).into()));
    }
    read(BufReader::new(file)).map_err(named)
}

/// Reads a recording: plain or gzip, with its header or (from before there was one) without.
///
/// # Errors
/// Nothing of it can be read, or it is no recording.
pub fn read<R: BufRead>(input: R) -> Result<Reading<R>, ReadError> {
    let mut lines = Lines::new(input, 0)?;
    let mut faults = Faults::default();
    let mut first = None;
    loop {
        let number = lines.count + 1;
        let Some((text, end)) = lines.next()? else { break };
        if text.is_empty() && end == End::Whole {
            continue;
        }
        let parsed = if end == End::TooLong { None } else { parse(text) };
        let (mut header, mut ahead, mut marks) = (Header::default(), None, Vec::new());
        match parsed {
            Some(Line::Header(first)) => header = *first,
            Some(Line::Seen(seen)) => ahead = Some(seen),
            Some(Line::Strange(at, kind)) => {
                faults.strange(kind);
                ahead = Some(Stamped { at, what: Observation::Unknown });
            }
            Some(Line::Mark(mark)) => marks.push(mark),
            None => {
                first.get_or_insert_with(|| text::clean(&String::from_utf8_lossy(&text[..text.len().min(200)]), 60));
                faults.unreadable(number, why(end));
                if number >= TRIES {
                    break;
                }
                continue;
            }
        }
        faults.later = Some(header.version).filter(|v| *v > VERSION);
        return Ok(Reading { header, faults, marks, lines, ahead, error: None });
    }
    match first {
        Some(first) => Err(ReadError::Other(first)),
        None if lines.damage() != (0, false) => Err(ReadError::Other("damaged gzip".into())),
        None => Err(ReadError::Empty),
    }
}

/// Reads on from a place that a reading told: `input` stands at its offset.
///
/// # Errors
/// The input cannot be read.
pub fn resume<R: BufRead>(input: R, place: Place, header: Header) -> Result<Reading<R>, ReadError> {
    let mut lines = Lines::new(input, place.offset)?;
    for _ in 0..place.skip {
        lines.next()?;
    }
    Ok(Reading { header, faults: Faults::default(), marks: Vec::new(), lines, ahead: None, error: None })
}

impl<R: BufRead> Reading<R> {
    /// Where the next observation is to be looked for.
    ///
    /// # Errors
    /// The input cannot be read.
    pub fn place(&mut self) -> Result<Place, ReadError> {
        if self.ahead.is_some() {
            return Ok(Place::default());
        }
        Ok(self.lines.place()?)
    }

    /// What made reading stop before the end, if anything did.
    pub fn error(&self) -> Option<&io::Error> {
        self.error.as_ref()
    }

    fn read_line(&mut self) -> io::Result<Option<Stamped>> {
        loop {
            let number = self.lines.count + 1;
            let got = self.lines.next()?;
            let Some((text, end)) = got else {
                let (damaged, torn) = self.lines.damage();
                self.faults.damaged = damaged;
                self.faults.torn |= torn;
                return Ok(None);
            };
            let parsed = if end == End::TooLong { None } else { parse(text) };
            match parsed {
                Some(Line::Seen(seen)) => return Ok(Some(seen)),
                Some(Line::Strange(at, kind)) => {
                    self.faults.strange(kind);
                    return Ok(Some(Stamped { at, what: Observation::Unknown }));
                }
                Some(Line::Mark(mark)) => {
                    if self.marks.len() < MARKS {
                        self.marks.push(mark);
                    }
                }
                // Each part begins with it.
                Some(Line::Header(header)) => {
                    if self.header.version == 0 {
                        self.header = *header;
                    }
                }
                None if text.is_empty() => {}
                None if end == End::Torn => self.faults.torn = true,
                None => {
                    self.faults.unreadable(number, why(end));
                    self.lines.pass_over_damage()?;
                }
            }
        }
    }
}

impl<R: BufRead> Iterator for Reading<R> {
    type Item = Stamped;

    fn next(&mut self) -> Option<Stamped> {
        if let Some(seen) = self.ahead.take() {
            return Some(seen);
        }
        if self.error.is_some() {
            return None;
        }
        self.read_line().unwrap_or_else(|error| {
            self.error = Some(error);
            None
        })
    }
}

fn why(end: End) -> String {
    match end {
        End::TooLong => "longer than a megabyte",
        End::Cut => "cut off by damage",
        End::Torn => "the file stops in it",
        End::Whole => "not what a recording holds",
    }
    .into()
}
