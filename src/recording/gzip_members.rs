//! Gzip members read one after the other, past damage. Must not know what they contain.
//!
//! A damaged member yields what came before the damage; then the next member is searched for from the start of the damaged
//! one, since a decoder that has lost its place may have read past it.

use flate2::bufread::GzDecoder;
use std::io::{self, BufRead, Read};

/// How a member that this program wrote begins: magic, deflate, no flags, no time. Eight bytes do not match by chance.
const HEAD: [u8; 8] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0];
/// The most bytes of a member that are kept to be searched again.
const MAX_KEPT: usize = 8 << 20;

/// Whether these first bytes are gzip.
pub(super) fn is_gzip(first: &[u8]) -> bool {
    first.starts_with(&[0x1f, 0x8b])
}

/// A reader over all members.
pub(super) struct Members<R: BufRead> {
    decoder: Option<GzDecoder<Rewindable<R>>>,
    /// The offset at which the current member begins, in compressed bytes.
    pub began: u64,
    /// Members read to their end, or abandoned.
    pub passed: u64,
    /// Damaged sections so far.
    pub damaged: u64,
    /// The input ended within a member.
    pub truncated: bool,
    /// There is damage between what was read last and what comes next.
    pub cut: bool,
}

impl<R: BufRead> Members<R> {
    /// `began` is the offset of `inner`'s first byte.
    pub fn new(inner: R, began: u64) -> Members<R> {
        let decoder = Some(GzDecoder::new(Rewindable { inner, kept: Vec::new(), at: 0, from: began }));
        Members { decoder, began, passed: 0, damaged: 0, truncated: false, cut: false }
    }

    /// Begins the next member, if there is one.
    fn next(&mut self, mut input: Rewindable<R>, intact: bool) -> io::Result<()> {
        self.passed += 1;
        let skip = if intact { 0 } else { 1 };
        let rest = input.fill_buf()?.is_empty();
        if intact && rest {
            return Ok(());
        }
        if intact {
            input.forget();
        } else {
            (self.damaged, self.cut) = (self.damaged + 1, true);
            input.rewind();
        }
        let rest = input.from;
        if input.find_head(skip, intact)? {
            if intact && input.from != rest {
                (self.damaged, self.cut) = (self.damaged + 1, true);
            }
            self.began = input.from;
            self.decoder = Some(GzDecoder::new(input));
        } else if intact && input.from == rest && HEAD.starts_with(&input.kept) {
            // The first bytes of a member: it ends while the next one was being written.
            self.truncated = true;
        } else if intact {
            self.damaged += 1;
        }
        Ok(())
    }
}

impl<R: BufRead> Read for Members<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        loop {
            let Some(decoder) = &mut self.decoder else { return Ok(0) };
            match decoder.read(out) {
                Ok(0) if !out.is_empty() => {
                    let Some(decoder) = self.decoder.take() else { return Ok(0) };
                    self.next(decoder.into_inner(), true)?;
                }
                Ok(n) => return Ok(n),
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) if e.kind() == io::ErrorKind::UnexpectedEof => {
                    let Some(decoder) = self.decoder.take() else { return Ok(0) };
                    self.truncated = true;
                    // A decoder that lost its place may have read past intact members to the end.
                    let mut input = decoder.into_inner();
                    input.rewind();
                    if input.find_head(1, false)? {
                        (self.damaged, self.cut, self.truncated) = (self.damaged + 1, true, false);
                        self.passed += 1;
                        self.began = input.from;
                        self.decoder = Some(GzDecoder::new(input));
                    }
                }
                Err(e) if matches!(e.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData) => {
                    let Some(decoder) = self.decoder.take() else { return Ok(0) };
                    self.next(decoder.into_inner(), false)?;
                }
                Err(e) => return Err(e),
            }
        }
    }
}

/// An input that keeps what was read of it, so that it can be read again.
struct Rewindable<R: BufRead> {
    inner: R,
    kept: Vec<u8>,
    /// How far it was read.
    at: usize,
    /// The offset of the first byte that is kept.
    from: u64,
}

impl<R: BufRead> Rewindable<R> {
    /// Drops what was read; it will not be read again.
    fn forget(&mut self) {
        self.kept.drain(..self.at);
        self.from += self.at as u64;
        self.at = 0;
    }

    fn rewind(&mut self) {
        self.at = 0;
    }

    /// Goes to the next member, at least `skip` bytes further on; with `here`, any gzip header is accepted at the first byte.
    /// False at the input's end.
    fn find_head(&mut self, skip: usize, here: bool) -> io::Result<bool> {
        self.at = skip.min(self.kept.len());
        self.forget();
        while self.kept.len() < HEAD.len() && self.more()? {}
        if here && is_gzip(&self.kept) {
            return Ok(true);
        }
        loop {
            if let Some(at) = self.kept.windows(HEAD.len()).position(|w| w == HEAD) {
                self.at = at;
                self.forget();
                return Ok(true);
            }
            // The last bytes may be the beginning of a header.
            self.at = self.kept.len().saturating_sub(HEAD.len() - 1);
            self.forget();
            if !self.more()? {
                return Ok(false);
            }
        }
    }

    /// Reads and keeps more of the input; false at its end.
    fn more(&mut self) -> io::Result<bool> {
        let chunk = self.inner.fill_buf()?;
        let n = chunk.len();
        self.kept.extend_from_slice(chunk);
        self.inner.consume(n);
        Ok(n > 0)
    }
}

impl<R: BufRead> Read for Rewindable<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let chunk = self.fill_buf()?;
        let n = chunk.len().min(out.len());
        out[..n].copy_from_slice(&chunk[..n]);
        self.consume(n);
        Ok(n)
    }
}

impl<R: BufRead> BufRead for Rewindable<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.at >= self.kept.len() {
            if self.kept.len() > MAX_KEPT {
                self.forget();
            }
            self.more()?;
        }
        Ok(&self.kept[self.at..])
    }

    fn consume(&mut self, n: usize) {
        self.at = (self.at + n).min(self.kept.len());
    }
}
