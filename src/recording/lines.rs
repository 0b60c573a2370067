//! Bytes to lines, each with the position from which reading can be resumed. Bounded: a line over [`MAX_LINE`] is skipped.
//! Must not know what a line means.

use super::MAX_LINE;
use super::gzip_members::{Members, is_gzip};
use std::collections::VecDeque;
use std::io::{self, BufRead, Read};

/// Bytes that are read at once.
const READ_SIZE: usize = 1 << 16;
/// The most blocks (4 MB) that are read ahead to see whether a gzip member is intact.
const AHEAD: usize = 64;

/// Where a line is: a byte from which the input can be read, and how many lines to skip from there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Position {
    pub offset: u64,
    pub skip: u64,
}

/// How a line ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    Whole,
    /// The input ended before the line did.
    Truncated,
    /// Damage cut it off.
    Cut,
    TooLong,
}

/// A reader of lines, from plain text or gzip.
pub(super) struct Lines<R: BufRead> {
    input: Input<R>,
    block: Vec<u8>,
    at: usize,
    ahead: VecDeque<TextBlock>,
    /// The offset of the block's first byte (plain), or of its member (gzip).
    offset: u64,
    /// Lines that began so far within the member.
    begun: u64,
    line: Vec<u8>,
    /// Lines so far.
    pub count: u64,
}

enum Input<R: BufRead> {
    Plain(R),
    Gzip(Box<Members<R>>),
}

/// Text of one member. An empty one is the end.
struct TextBlock {
    text: Vec<u8>,
    /// The offset at which its member begins.
    member: u64,
    /// There is damage before it.
    cut: bool,
}

impl<R: BufRead> Lines<R> {
    /// Reads on from `offset`, to which `input` is positioned.
    ///
    /// # Errors
    /// When the input cannot be read.
    pub fn new(mut input: R, offset: u64) -> io::Result<Lines<R>> {
        let gzip = is_gzip(input.fill_buf()?);
        let input = if gzip { Input::Gzip(Box::new(Members::new(input, offset))) } else { Input::Plain(input) };
        Ok(Lines {
            input,
            block: Vec::new(),
            at: 0,
            ahead: VecDeque::new(),
            offset,
            begun: 0,
            line: Vec::new(),
            count: 0,
        })
    }

    /// Damaged sections so far, and whether the input ended within compressed data.
    pub fn damage(&self) -> (u64, bool) {
        match &self.input {
            Input::Plain(_) => (0, false),
            Input::Gzip(members) => (members.damaged, members.truncated),
        }
    }

    /// The position of the next line.
    ///
    /// # Errors
    /// When the input cannot be read.
    pub fn position(&mut self) -> io::Result<Position> {
        if self.at == self.block.len() {
            self.fill(false)?;
        }
        Ok(match &self.input {
            Input::Plain(_) => Position { offset: self.offset + self.at as u64, skip: 0 },
            Input::Gzip(_) => Position { offset: self.offset, skip: self.begun },
        })
    }

    /// Takes the next block; returns whether there was one, and whether there is damage before it.
    fn fill(&mut self, within: bool) -> io::Result<(bool, bool)> {
        if let Input::Plain(_) = self.input {
            self.offset += self.at as u64;
        }
        let spare = std::mem::take(&mut self.block);
        let block = match self.ahead.pop_front() {
            Some(block) => block,
            None => self.input.read(spare)?,
        };
        if let Input::Gzip(_) = self.input
            && block.member != self.offset
        {
            self.offset = block.member;
            // The rest of a line that began before counts as one, since a reader that begins here will see it.
            self.begun = u64::from(within && !block.cut);
        }
        (self.block, self.at) = (block.text, 0);
        Ok((!self.block.is_empty(), block.cut))
    }

    /// Whether the current member turns out to be damaged further on; then the rest of it is skipped, since after damage even
    /// what can be read is not what was written.
    ///
    /// # Errors
    /// When the input cannot be read.
    pub fn pass_over_damage(&mut self) -> io::Result<bool> {
        let Input::Gzip(_) = self.input else { return Ok(false) };
        // Reading ahead ended at the last block, so only that one shows it.
        let known = |c: &TextBlock| c.cut || c.text.is_empty() || c.member != self.offset;
        if self.ahead.back().is_some_and(known) {
            return Ok(false);
        }
        while self.ahead.len() < AHEAD {
            let block = self.input.read(Vec::new())?;
            let (ended, cut) = (block.text.is_empty() || block.member != self.offset, block.cut);
            if cut {
                self.ahead.clear();
                (self.block, self.at) = (Vec::new(), 0);
            }
            self.ahead.push_back(block);
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
            if self.at == self.block.len() {
                let (more, cut) = self.fill(any)?;
                if any && (cut || !more) {
                    self.count += 1;
                    let end = if cut { End::Cut } else { End::Truncated };
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
            let rest = &self.block[self.at..];
            let end = line_end(rest);
            let piece = &rest[..end.unwrap_or(rest.len())];
            if self.line.len() + piece.len() > MAX_LINE {
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
    fn read(&mut self, mut text: Vec<u8>) -> io::Result<TextBlock> {
        text.resize(READ_SIZE, 0);
        let (n, member, cut) = match self {
            Input::Plain(input) => (retry(input, &mut text)?, 0, false),
            Input::Gzip(members) => {
                let n = retry(&mut **members, &mut text)?;
                (n, members.began, std::mem::take(&mut members.cut))
            }
        };
        text.truncate(n);
        Ok(TextBlock { text, member, cut })
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
    fn reading_ahead_is_bounded_however_many_lines_are_unreadable() {
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
