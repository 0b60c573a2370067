//! Reads a recording one observation after the other, in bounded memory: everything that can be read, and an account of what
//! could not. Must not fold; never gives up in the middle.

use super::density::Density;
use super::line::{Line, Mark, parse};
use super::lines::{End, FOLD_COST, LINE_COST, Lines, Position};
use super::{Damage, Header, VERSION};
use crate::observe::{Observation, Stamped, text};
use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::Path;

/// Lines that are tried before a file is refused as no recording.
const TRIES: u64 = 50;
/// What standard input is called in errors.
pub const STDIN: &str = "standard input";
/// Marks that are kept.
const MARKS: usize = 1000;

/// Why a recording cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    #[error("cannot be read: {0}")]
    Io(#[from] io::Error),
    #[error("is a directory; a recording is a file")]
    Directory,
    #[error("is empty; a recording is written with `r` or `edot-tui record`")]
    Empty,
    #[error("is not a recording of edot-tui (its first line is not {{\"edot_session\":2,…}} but {0})")]
    Other(String),
    #[error("{name} {error}")]
    Named { name: String, error: Box<ReadError> },
}

impl ReadError {
    /// The error with the name of what could not be read: a file, or standard input.
    pub fn named(self, name: impl Into<String>) -> ReadError {
        ReadError::Named { name: name.into(), error: Box::new(self) }
    }
}

/// A recording being read: an iterator over its observations, in the order in which they were made.
pub struct Reading<R: BufRead> {
    pub header: Header,
    /// What could not be read so far.
    pub damage: Damage,
    /// What the recorder noted so far.
    pub marks: Vec<Mark>,
    lines: Lines<R>,
    /// Read ahead while looking for the header.
    ahead: Option<Stamped>,
    density: Density,
    error: Option<io::Error>,
}

/// Opens the file of a recording, which may be a pipe.
///
/// # Errors
/// It cannot be read, or is a directory.
pub fn open_file(path: &Path) -> Result<File, ReadError> {
    let named = |error: ReadError| error.named(path.display().to_string());
    let file = File::open(path).map_err(|e| named(e.into()))?;
    if file.metadata().is_ok_and(|m| m.is_dir()) {
        return Err(named(ReadError::Directory));
    }
    Ok(file)
}

/// Opens a recording; `-` is standard input.
///
/// # Errors
/// It cannot be read, or is not a recording; the error names it.
pub fn open(path: &Path) -> Result<Reading<Box<dyn BufRead + Send>>, ReadError> {
    if path == Path::new("-") {
        let input: Box<dyn BufRead + Send> = Box::new(BufReader::new(io::stdin()));
        return read(input).map_err(|e| e.named(STDIN));
    }
    let input: Box<dyn BufRead + Send> = Box::new(BufReader::new(open_file(path)?));
    read(input).map_err(|e| e.named(path.display().to_string()))
}

/// Reads a recording: plain or gzip, with a header or (as in the first versions) without.
///
/// # Errors
/// Nothing of it can be read, or it is not a recording.
pub fn read<R: BufRead>(input: R) -> Result<Reading<R>, ReadError> {
    let mut lines = Lines::new(input, 0)?;
    let mut damage = Damage::default();
    let mut first = None;
    loop {
        lines.pass_blank(u64::MAX)?;
        let number = lines.count + 1;
        let Some((text, end)) = lines.next()? else { break };
        let parsed = if end == End::TooLong { None } else { parse(text) };
        let (mut header, mut ahead, mut marks) = (Header::default(), None, Vec::new());
        match parsed {
            Some(Line::Header(first)) => header = *first,
            Some(Line::Seen(seen)) => ahead = Some(seen),
            Some(Line::Unknown(at, kind)) => {
                damage.unknown_kind(kind);
                ahead = Some(Stamped { at, what: Observation::Unknown });
            }
            Some(Line::Mark(mark)) => marks.push(mark),
            None => {
                first.get_or_insert_with(|| text::clean(&String::from_utf8_lossy(&text[..text.len().min(200)]), 60));
                damage.unreadable(number, why(end));
                if damage.unreadable >= TRIES {
                    break;
                }
                lines.was_waste(LINE_COST);
                continue;
            }
        }
        lines.was_sound();
        damage.newer_format = Some(header.version).filter(|v| *v > VERSION);
        return Ok(Reading { header, damage, marks, lines, ahead, density: Density::default(), error: None });
    }
    match first {
        Some(first) => Err(ReadError::Other(first)),
        None if lines.damage() != (0, false) => Err(ReadError::Other("damaged gzip".into())),
        None => Err(ReadError::Empty),
    }
}

/// Resumes reading at a position from [`Reading::position`]; `input` is positioned at its offset.
///
/// # Errors
/// The input cannot be read.
pub fn resume<R: BufRead>(input: R, position: Position, header: Header) -> Result<Reading<R>, ReadError> {
    let mut lines = Lines::new(input, position.offset)?;
    lines.skip(position.skip)?;
    Ok(Reading {
        header,
        damage: Damage::default(),
        marks: Vec::new(),
        lines,
        ahead: None,
        density: Density::default(),
        error: None,
    })
}

impl<R: BufRead> Reading<R> {
    /// The position of the next observation.
    ///
    /// # Errors
    /// The input cannot be read.
    pub fn position(&mut self) -> Result<Position, ReadError> {
        if self.ahead.is_some() {
            return Ok(Position::default());
        }
        Ok(self.lines.position()?)
    }

    /// The error that stopped reading before the end, if any.
    pub fn error(&self) -> Option<&io::Error> {
        self.error.as_ref()
    }

    fn read_line(&mut self) -> io::Result<Option<Stamped>> {
        loop {
            self.lines.pass_blank(u64::MAX)?;
            let number = self.lines.count + 1;
            let got = self.lines.next()?;
            let Some((text, end)) = got else {
                let (damaged, truncated) = self.lines.damage();
                self.damage.damaged = damaged;
                self.damage.truncated |= truncated && !self.lines.gave_up;
                self.damage.gave_up |= self.lines.gave_up;
                return Ok(None);
            };
            let (parsed, blank) = (if end == End::TooLong { None } else { parse(text) }, text.is_empty());
            let sound = match &parsed {
                Some(Line::Seen(seen)) => self.density.is_sound(seen.at),
                Some(Line::Unknown(at, _)) => self.density.is_sound(*at),
                Some(Line::Mark(_) | Line::Header(_)) => true,
                None => blank,
            };
            if sound {
                self.lines.was_sound();
            } else {
                self.lines.was_waste(if parsed.is_some() { FOLD_COST } else { LINE_COST });
            }
            match parsed {
                Some(Line::Seen(seen)) => return Ok(Some(seen)),
                Some(Line::Unknown(at, kind)) => {
                    self.damage.unknown_kind(kind);
                    return Ok(Some(Stamped { at, what: Observation::Unknown }));
                }
                Some(Line::Mark(mark)) => {
                    if self.marks.len() < MARKS {
                        self.marks.push(mark);
                    }
                }
                // Each chunk begins with it.
                Some(Line::Header(header)) => {
                    if self.header.version == 0 {
                        self.header = *header;
                    }
                }
                None if blank => {}
                None if end == End::Truncated => self.damage.truncated |= !self.lines.gave_up,
                None => {
                    self.damage.unreadable(number, why(end));
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
        End::TooLong => "longer than 16 MB",
        End::Cut => "cut off by damage",
        End::Truncated => "the file ends in it",
        End::Whole => "not a line of a recording",
    }
    .into()
}
