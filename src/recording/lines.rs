//! Bytes to lines, each with the place where reading could begin again. Bounded: an overlong line is passed over. Must not
//! know what a line means.

use super::members::{Members, is_gzip};
use std::collections::VecDeque;
use std::io::{self, BufRead, Read};

/// The longest line that is read.
const LONGEST: usize = 1 << 20;
/// Read at once.
const CHUNK: usize = 1 << 16;
/// The most chunks (4 MB) that are read ahead to see whether a part is sound.
const AHEAD: usize = 64;

/// Where a line is: a byte from which the input can be read, and how many lines to pass over from there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Place {
    pub offset: u64,
    pub skip: u64,
}

/// How a line ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    Whole,
    /// The input stopped.
    Torn,
    /// Damage cut it.
    Cut,
    TooLong,
}

/// A reader of lines, from plain text or gzip.
pub(super) struct Lines<R: BufRead> {
    input: Input<R>,
    chunk: Vec<u8>,
    at: usize,
    ahead: VecDeque<Chunk>,
    /// Where the chunk's first byte is (plain), or its member (gzip).
    offset: u64,
    /// Line beginnings so far within the member.
    begun: u64,
    line: Vec<u8>,
    /// Lines so far.
    pub count: u64,
}

enum Input<R: BufRead> {
    Plain(R),
    Gzip(Box<Members<R>>),
}

/// A piece of text out of one member. An empty one is the end.
struct Chunk {
    text: Vec<u8>,
    /// Where its member began.
    member: u64,
    /// Damage lies before it.
    cut: bool,
}

impl<R: BufRead> Lines<R> {
    /// Reads on from `offset`, which is where `input` stands.
    ///
    /// # Errors
    /// When the input cannot be read.
    pub fn new(mut input: R, offset: u64) -> io::Result<Lines<R>> {
        let gzip = is_gzip(input.fill_buf()?);
        let input = if gzip { Input::Gzip(Box::new(Members::new(input, offset))) } else { Input::Plain(input) };
        Ok(Lines {
            input,
            chunk: Vec::new(),
            at: 0,
            ahead: VecDeque::new(),
            offset,
            begun: 0,
            line: Vec::new(),
            count: 0,
        })
    }

    /// Damaged stretches so far, and whether the input stopped within compressed data.
    pub fn damage(&self) -> (u64, bool) {
        match &self.input {
            Input::Plain(_) => (0, false),
            Input::Gzip(members) => (members.damaged, members.torn),
        }
    }

    /// The place of the next line.
    ///
    /// # Errors
    /// When the input cannot be read.
    pub fn place(&mut self) -> io::Result<Place> {
        if self.at == self.chunk.len() {
            self.fill(false)?;
        }
        Ok(match &self.input {
            Input::Plain(_) => Place { offset: self.offset + self.at as u64, skip: 0 },
            Input::Gzip(_) => Place { offset: self.offset, skip: self.begun },
        })
    }

    /// More of the input; whether there was any, and whether damage lies before it.
    fn fill(&mut self, within: bool) -> io::Result<(bool, bool)> {
        if let Input::Plain(_) = self.input {
            self.offset += self.at as u64;
        }
        let spare = std::mem::take(&mut self.chunk);
        let chunk = match self.ahead.pop_front() {
            Some(chunk) => chunk,
            None => self.input.read(spare)?,
        };
        if let Input::Gzip(_) = self.input
            && chunk.member != self.offset
        {
            self.offset = chunk.member;
            // The rest of a line that began before counts as one, for who begins here will see it.
            self.begun = u64::from(within && !chunk.cut);
        }
        (self.chunk, self.at) = (chunk.text, 0);
        Ok((!self.chunk.is_empty(), chunk.cut))
    }

    /// Whether the part at hand turns out to be damaged further on; then what is left of it is passed over, for beyond the
    /// damage even what reads well is not what was written.
    ///
    /// # Errors
    /// When the input cannot be read.
    pub fn pass_over_damage(&mut self) -> io::Result<bool> {
        let Input::Gzip(_) = self.input else { return Ok(false) };
        // Only the last one can tell, for there looking ahead ended.
        let known = |c: &Chunk| c.cut || c.text.is_empty() || c.member != self.offset;
        if self.ahead.back().is_some_and(known) {
            return Ok(false);
        }
        while self.ahead.len() < AHEAD {
            let chunk = self.input.read(Vec::new())?;
            let (ended, cut) = (chunk.text.is_empty() || chunk.member != self.offset, chunk.cut);
            if cut {
                self.ahead.clear();
                (self.chunk, self.at) = (Vec::new(), 0);
            }
            self.ahead.push_back(chunk);
            if cut || ended {
                return Ok(cut);
            }
        }
        Ok(false)
    }

    /// The next line without its end; None at the input's end.
    ///
    /// # Errors
    /// When the input cannot be read.
    pub fn next(&mut self) -> io::Result<Option<(&[u8], End)>> {
        self.line.clear();
        let mut long = false;
        let (mut any, mut begun) = (false, false);
        loop {
            if self.at == self.chunk.len() {
                let (more, cut) = self.fill(any)?;
                if any && (cut || !more) {
                    self.count += 1;
                    let end = if cut { End::Cut } else { End::Torn };
                    return Ok(Some((&self.line, if long { End::TooLong } else { end })));
                }
                if !more {
                    return Ok(None);
                }
            }
            if !begun {
                (any, begun) = (true, true);
                self.begun += 1;
            }
            let rest = &self.chunk[self.at..];
            let end = line_end(rest);
            let piece = &rest[..end.unwrap_or(rest.len())];
            if self.line.len() + piece.len() > LONGEST {
                long = true;
                self.line.truncate(200);
            }
            if !long {
                self.line.extend_from_slice(piece);
            }
            self.at += end.map_or(rest.len(), |e| e + 1);
            if end.is_some() {
                self.count += 1;
                return Ok(Some((&self.line, if long { End::TooLong } else { End::Whole })));
            }
        }
    }
}

impl<R: BufRead> Input<R> {
    fn read(&mut self, mut text: Vec<u8>) -> io::Result<Chunk> {
        text.resize(CHUNK, 0);
        let (n, member, cut) = match self {
            Input::Plain(input) => (retry(input, &mut text)?, 0, false),
            Input::Gzip(members) => {
                let n = retry(&mut **members, &mut text)?;
                (n, members.began, std::mem::take(&mut members.cut))
            }
        };
        text.truncate(n);
        Ok(Chunk { text, member, cut })
    }
}

/// Where the first line ends. The standard library's search is faster than one byte after the other.
fn line_end(text: &[u8]) -> Option<usize> {
    let mut rest = text;
    let passed = rest.skip_until(b'\n').ok()?.checked_sub(1)?;
    (text[passed] == b'\n').then_some(passed)
}

fn retry(input: &mut impl Read, out: &mut [u8]) -> io::Result<usize> {
    loop {
        match input.read(out) {
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            other => return other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    #[test]
    fn however_many_lines_are_unreadable_only_so_much_is_read_ahead() {
        let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        (0..1600).for_each(|_| gz.write_all(&b"xyz\n".repeat(2048)).unwrap());
        let bytes = gz.finish().unwrap();
        let mut lines = Lines::new(&bytes[..], 0).unwrap();
        for _ in 0..10 {
            assert_eq!(lines.next().unwrap().unwrap().0, b"xyz");
            assert!(!lines.pass_over_damage().unwrap());
            assert!(lines.ahead.len() <= AHEAD);
        }
        let mut count = 10;
        while lines.next().unwrap().is_some() {
            count += 1;
        }
        assert_eq!(count, 1600 * 2048, "and none of it is lost");
    }
}
