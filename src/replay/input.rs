//! What a replay reads, repeatedly and from any offset: a file, or standard input, which is copied to an unnamed temporary
//! file while it arrives. Must not know what it contains.

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::unix::fs::FileExt;
use std::sync::Arc;

/// The bytes of a recording.
#[derive(Clone, Debug)]
pub struct SeekableInput(Arc<File>);

impl SeekableInput {
    /// An open file.
    pub fn new(file: File) -> SeekableInput {
        SeekableInput(Arc::new(file))
    }

    /// Whether it can be read from any offset; a pipe cannot.
    pub fn is_plain(&self) -> bool {
        self.0.metadata().is_ok_and(|m| m.is_file())
    }

    /// Its length in bytes, if it is known.
    pub fn size(&self) -> Option<u64> {
        self.0.metadata().ok().map(|m| m.len())
    }

    /// All of it, from the beginning and only once.
    pub fn stream(&self) -> Arc<File> {
        self.0.clone()
    }

    /// Reads from this offset on.
    pub fn from(&self, offset: u64) -> InputCursor {
        InputCursor { file: self.0.clone(), at: offset }
    }
}

/// A position in an input, which advances as it is read.
pub struct InputCursor {
    file: Arc<File>,
    at: u64,
}

impl Read for InputCursor {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let n = self.file.read_at(out, self.at)?;
        self.at += n as u64;
        Ok(n)
    }
}

/// An input that is copied while it is read.
pub struct Tee<R> {
    input: R,
    copy: Arc<File>,
}

/// The input, and the copy that will hold what was read of it.
///
/// # Errors
/// No temporary file can be created.
pub fn tee<R: Read>(input: R) -> io::Result<(Tee<R>, SeekableInput)> {
    let copy = Arc::new(tempfile::tempfile()?);
    Ok((Tee { input, copy: copy.clone() }, SeekableInput(copy)))
}

impl<R: Read> Read for Tee<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let n = self.input.read(out)?;
        (&*self.copy).write_all(&out[..n])?;
        Ok(n)
    }
}
