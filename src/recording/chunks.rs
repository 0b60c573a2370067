//! Lines to bytes: plain, or gzip in chunks that can each be read alone. Must not touch a file or a clock.

use super::{Header, MAX_LINE, Mark};
use crate::observe::Stamped;
use flate2::{Compression, write::GzEncoder};
use serde::Serialize;
use std::io::{self, Write};

/// Bytes of text in a chunk: few enough to read in a millisecond, and enough to compress well.
pub const CHUNK: usize = 1 << 18;

/// The encoder. Its output so far is taken out with [`Chunks::flush`] or [`Chunks::end`].
pub struct Chunks {
    /// Repeated at the beginning of each chunk.
    header: Vec<u8>,
    gz: Option<GzEncoder<Vec<u8>>>,
    plain: Vec<u8>,
    /// Bytes of text with which a chunk is full.
    full: usize,
    /// Bytes of text in the current chunk.
    text: usize,
}

impl Chunks {
    /// A chain of gzip members, or plain text, that begins with this header.
    pub fn new(header: &Header, gz: bool) -> Chunks {
        Chunks::of(header, gz, CHUNK)
    }

    /// The same with another size of chunks, bytes of text.
    pub fn of(header: &Header, gz: bool, full: usize) -> Chunks {
        let header = serde_json::to_vec(header).unwrap_or_default();
        let mut chunks = Chunks { header, gz: gz.then(encoder), plain: Vec::new(), full, text: 0 };
        chunks.head();
        chunks
    }

    /// Adds an observation; false if its line would be longer than any reader accepts, so that it is left out.
    pub fn seen(&mut self, seen: &Stamped) -> bool {
        self.line(seen)
    }

    /// Adds a recorder event.
    pub fn mark(&mut self, mark: &Mark) {
        self.line(mark);
    }

    fn head(&mut self) {
        let line = std::mem::take(&mut self.header);
        self.push(&line);
        self.header = line;
    }

    fn line(&mut self, line: &impl Serialize) -> bool {
        // Observations are plain data, which always serializes.
        serde_json::to_vec(line).is_ok_and(|line| self.text(&line))
    }

    /// Adds a serialized line, without its line end; false if it is too long and left out.
    pub fn text(&mut self, line: &[u8]) -> bool {
        if line.len() > MAX_LINE {
            return false;
        }
        if self.gz.is_some() && self.text >= self.full {
            self.next();
        }
        self.push(line);
        true
    }

    /// Changes the header with which the chunks begin, from the next one on.
    pub fn renew(&mut self, header: &Header) {
        self.header = serde_json::to_vec(header).unwrap_or_default();
    }

    fn push(&mut self, line: &[u8]) {
        self.text += line.len() + 1;
        for piece in [line, b"\n"] {
            match &mut self.gz {
                // Writing to memory does not fail.
                Some(gz) => drop(gz.write_all(piece)),
                None => self.plain.extend_from_slice(piece),
            }
        }
    }

    /// Ends the chunk and begins the next.
    fn next(&mut self) {
        if let Some(gz) = self.gz.replace(encoder()) {
            self.plain.extend(gz.finish().unwrap_or_default());
            self.text = 0;
            self.head();
        }
    }

    /// Everything so far, in a state that can be read.
    ///
    /// # Errors
    /// None in practice; writing to memory is fallible by type.
    pub fn flush(&mut self) -> io::Result<Vec<u8>> {
        let mut out = std::mem::take(&mut self.plain);
        if let Some(gz) = &mut self.gz {
            gz.flush()?;
            out.append(gz.get_mut());
        }
        Ok(out)
    }

    /// Ends the last chunk; returns what was not yet taken out.
    ///
    /// # Errors
    /// None in practice.
    pub fn end(self) -> io::Result<Vec<u8>> {
        let mut out = self.plain;
        if let Some(gz) = self.gz {
            out.extend(gz.finish()?);
        }
        Ok(out)
    }
}

/// How recordings and the backlog are compressed.
pub(super) fn encoder() -> GzEncoder<Vec<u8>> {
    GzEncoder::new(Vec::new(), Compression::new(6))
}
