//! What a replay reads from, again and again and from anywhere: a file, or standard input, which is kept in a file without a
//! name while it comes in. Must not know what is in it.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::Path;
use std::sync::Arc;

/// The bytes of a recording.
#[derive(Clone, Debug)]
pub struct Medium(Arc<File>);

impl Medium {
    /// A file.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn open(path: &Path) -> io::Result<Medium> {
        let file = File::open(path)?;
        if file.metadata()?.is_dir() {
            return Err(io::ErrorKind::IsADirectory.into());
        }
        Ok(Medium(Arc::new(file)))
    }

    /// Whether it can be read from anywhere; a pipe cannot.
    pub fn is_plain(&self) -> bool {
        self.0.metadata().is_ok_and(|m| m.is_file())
    }

    /// Its length in bytes, if it is known.
    pub fn size(&self) -> Option<u64> {
        self.0.metadata().ok().map(|m| m.len())
    }

    /// All of it, as it comes.
    pub fn input(&self) -> Arc<File> {
        self.0.clone()
    }

    /// Reads from this byte on.
    pub fn from(&self, offset: u64) -> At {
        At { file: self.0.clone(), at: offset }
    }
}

/// A place in a medium, going on as it is read.
pub struct At {
    file: Arc<File>,
    at: u64,
}

impl Read for At {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let n = self.file.read_at(out, self.at)?;
        self.at += n as u64;
        Ok(n)
    }
}

/// An input that is kept while it is read.
pub struct Kept<R> {
    input: R,
    file: Arc<File>,
}

/// The input, and the medium that will hold what was read of it.
///
/// # Errors
/// There is no room for a file.
pub fn keep<R: Read>(input: R) -> io::Result<(Kept<R>, Medium)> {
    let name = format!("edot-tui-{}-{}", std::process::id(), std::env::args().count());
    let path = std::env::temp_dir().join(name);
    let file = OpenOptions::new().read(true).write(true).create_new(true).mode(0o600).open(&path)?;
    // It lives as long as it is open.
    std::fs::remove_file(&path)?;
    let file = Arc::new(file);
    Ok((Kept { input, file: file.clone() }, Medium(file)))
}

impl<R: Read> Read for Kept<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let n = self.input.read(out)?;
        (&*self.file).write_all(&out[..n])?;
        Ok(n)
    }
}
