//! Bytes to lines, each with the position from which reading can be resumed. Bounded: a line over [`MAX_LINE`] is skipped, and
//! reading ends where there is little but waste. Must not know what a line means.

use super::MAX_LINE;
use super::gzip_members::{Members, is_gzip};
use std::collections::VecDeque;
use std::io::{self, BufRead, Read};

/// Bytes that are read at once.
const READ_SIZE: usize = 1 << 16;
/// The most blocks (4 MB) that are read ahead to see whether a gzip member is intact.
const AHEAD: usize = 64;
/// The most bytes of waste (blank, too long or unreadable lines) beyond those of sound lines: a megabyte of gzip can hold a
/// gigabyte of it.
const WASTE: u64 = 64 << 20;
/// Bytes that reading a line of waste costs besides its length.
pub(super) const LINE_COST: u64 = 512;
/// The same where the line is an observation, which is folded.
pub(super) const FOLD_COST: u64 = 8 << 10;

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
    /// Bytes of waste and of sound lines so far.
    waste: u64,
    sound: u64,
    /// Reading has ended because of the waste.
    pub gave_up: bool,
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
            waste: 0,
            sound: 0,
            gave_up: false,
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
        if self.waste > WASTE + self.sound {
            self.gave_up = true;
            return Ok((false, false));
        }
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

    /// The line that was read last is one of a recording.
    pub fn was_sound(&mut self) {
        self.sound += self.line.len() as u64 + 1;
    }

    /// The line that was read last is none of a recording. `cost`: bytes that it is worth besides its length.
    pub fn was_waste(&mut self, cost: u64) {
        self.waste += self.line.len() as u64 + cost;
    }

    /// Passes over blank lines, at most `most`; returns how many. They are waste.
    ///
    /// # Errors
    /// When the input cannot be read.
    pub fn pass_blank(&mut self, most: u64) -> io::Result<u64> {
        let mut passed = 0;
        while passed < most {
            if self.at == self.block.len() && !self.fill(false)?.0 {
                break;
            }
            let rest = &self.block[self.at..];
            let room = usize::try_from(most - passed).unwrap_or(usize::MAX).min(rest.len());
            let blank = rest[..room].iter().position(|b| *b != b'\n').unwrap_or(room);
            self.at += blank;
            let blank = blank as u64;
            (passed, self.begun) = (passed + blank, self.begun + blank);
            (self.count, self.waste) = (self.count + blank, self.waste + blank);
            if self.at < self.block.len() {
                break;
            }
        }
        Ok(passed)
    }

    /// Passes over as many lines, as a [`Position`] counts them; they were sound, or are known.
    ///
    /// # Errors
    /// When the input cannot be read.
    pub fn skip(&mut self, mut most: u64) -> io::Result<()> {
        while most > 0 {
            most -= self.pass_blank(most)?;
            if most > 0 {
                if self.next()?.is_none() {
                    break;
                }
                self.was_sound();
                most -= 1;
            }
        }
        Ok(())
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
            if long {
                self.waste += piece.len() as u64;
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

    fn packed(blocks: usize, block: &[u8]) -> Vec<u8> {
        let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        (0..blocks).for_each(|_| gz.write_all(block).unwrap());
        gz.finish().unwrap()
    }

    #[test]
    fn a_bomb_is_not_read_to_its_end() {
        for (what, block) in [("newlines", b"\n".repeat(1 << 20)), ("zeros", vec![0; 1 << 20])] {
            // Members of a megabyte each: quick to make.
            let bytes = packed(1, &block).repeat(100);
            let mut lines = Lines::new(&bytes[..], 0).unwrap();
            loop {
                lines.pass_blank(u64::MAX).unwrap();
                if lines.next().unwrap().is_none() {
                    break;
                }
                lines.was_waste(LINE_COST);
            }
            assert!(lines.gave_up, "{what}");
            assert!(lines.waste < WASTE + (20 << 20), "{what}: {}", lines.waste);
        }
    }

    #[test]
    fn a_line_is_found_again_behind_blank_ones() {
        let text = b"a\n\n\nb\n\n\n\nc\n";
        for bytes in [text.to_vec(), packed(1, text)] {
            let mut lines = Lines::new(&bytes[..], 0).unwrap();
            let mut places = Vec::new();
            loop {
                lines.pass_blank(u64::MAX).unwrap();
                let place = lines.position().unwrap();
                let Some((line, _)) = lines.next().unwrap() else { break };
                places.push((place, line.to_vec()));
            }
            assert_eq!((places.len(), lines.count), (3, 8));
            for (place, line) in places {
                let mut again = Lines::new(&bytes[place.offset as usize..], place.offset).unwrap();
                again.skip(place.skip).unwrap();
                assert_eq!(again.next().unwrap().unwrap().0, line);
            }
        }
    }
}
