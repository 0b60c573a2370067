//! Lines to bytes: plain, or gzip in parts that can each be read alone. Must not touch a file or a clock.

use super::{Header, Mark};
use crate::observe::Stamped;
use flate2::{Compression, write::GzEncoder};
use serde::Serialize;
use std::io::{self, Write};

/// A part holds about so many bytes of text: little enough to read in a millisecond, and enough to compress well.
pub const PART: usize = 1 << 18;

/// The encoder. What it has made so far is taken out with [`Parts::flush`] or [`Parts::end`].
pub struct Parts {
    /// Repeated at the head of each part.
    header: Vec<u8>,
    gz: Option<GzEncoder<Vec<u8>>>,
    plain: Vec<u8>,
    /// A part is full with so many bytes of text.
    full: usize,
    /// Bytes of text in the part that is being written.
    text: usize,
}

impl Parts {
    /// A chain of gzip members, or plain text, that begins with this header.
    pub fn new(header: &Header, gz: bool) -> Parts {
        Parts::of(header, gz, PART)
    }

    /// The same with parts of so many bytes of text.
    pub fn of(header: &Header, gz: bool, full: usize) -> Parts {
        let header = serde_json::to_vec(header).unwrap_or_default();
        let mut parts = Parts { header, gz: gz.then(encoder), plain: Vec::new(), full, text: 0 };
        parts.head();
        parts
    }

    /// Adds an observation.
    pub fn seen(&mut self, seen: &Stamped) {
        self.line(seen);
    }

    /// Adds what the recorder has to say.
    pub fn mark(&mut self, mark: &Mark) {
        self.line(mark);
    }

    fn head(&mut self) {
        let line = std::mem::take(&mut self.header);
        self.push(&line);
        self.header = line;
    }

    fn line(&mut self, line: &impl Serialize) {
        // What is observed is plain data, which JSON does not refuse.
        if let Ok(line) = serde_json::to_vec(line) {
            self.text(&line);
        }
    }

    /// Adds a line that was made before, which comes without its end.
    pub fn text(&mut self, line: &[u8]) {
        if self.gz.is_some() && self.text >= self.full {
            self.next();
        }
        self.push(line);
    }

    /// The parts from the next one on begin with this header.
    pub fn renew(&mut self, header: &Header) {
        self.header = serde_json::to_vec(header).unwrap_or_default();
    }

    fn push(&mut self, line: &[u8]) {
        self.text += line.len() + 1;
        for piece in [line, b"\n"] {
            match &mut self.gz {
                // Memory does not refuse to be written to.
                Some(gz) => drop(gz.write_all(piece)),
                None => self.plain.extend_from_slice(piece),
            }
        }
    }

    /// Ends the part and begins the next.
    fn next(&mut self) {
        if let Some(gz) = self.gz.replace(encoder()) {
            self.plain.extend(gz.finish().unwrap_or_default());
            self.text = 0;
            self.head();
        }
    }

    /// Everything so far, such that it can be read by itself.
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

    /// Ends the last part: what was not yet taken out.
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

fn encoder() -> GzEncoder<Vec<u8>> {
    GzEncoder::new(Vec::new(), Compression::new(6))
}
