//! The way out to the terminal, which may take nothing for a while: what it does not take is kept, and the program goes on.
//! Must not know what is written.

use rustix::{fs::OFlags, stdio, termios};
use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::os::fd::AsFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::OpenOptionsExt;
use std::time::Duration;

/// How often the last words are tried on a terminal that takes nothing, and how long to wait before each: half a second.
const TRIES: u32 = 250;
const BUSY: Duration = Duration::from_millis(2);
/// Ends whatever sequence was written in part.
const CANCEL: &[u8] = b"\x18";

/// Stdout's terminal, and what it has not taken yet.
pub struct Tty {
    file: File,
    rest: Vec<u8>,
    taken: usize,
}

impl Tty {
    /// Opens the terminal again, so that writing to it never waits; stdout's own way out is shared with the shell, which needs
    /// it to wait. Where it cannot be opened (another user's), writing waits.
    ///
    /// # Errors
    /// Stdout is closed.
    pub fn open() -> io::Result<Tty> {
        let own = || {
            let path = termios::ttyname(stdio::stdout(), Vec::new()).ok()?;
            let flags = i32::try_from((OFlags::NONBLOCK | OFlags::NOCTTY).bits()).ok()?;
            let path = std::ffi::OsStr::from_bytes(path.as_bytes());
            OpenOptions::new().write(true).custom_flags(flags).open(path).ok()
        };
        let file = match own() {
            Some(file) => file,
            None => File::from(io::stdout().as_fd().try_clone_to_owned()?),
        };
        Ok(Tty { file, rest: Vec::new(), taken: 0 })
    }

    /// Whether something is left that the terminal has not taken.
    pub fn is_behind(&self) -> bool {
        self.taken < self.rest.len()
    }

    /// Drops what is left.
    pub fn forget(&mut self) {
        (self.rest, self.taken) = (Vec::new(), 0);
    }

    /// Writes `bytes` after what is left, as far as the terminal takes them.
    ///
    /// # Errors
    /// The terminal is gone.
    pub fn send(&mut self, bytes: Vec<u8>) -> io::Result<()> {
        match self.is_behind() {
            true => self.rest.extend(bytes),
            false => (self.rest, self.taken) = (bytes, 0),
        }
        self.catch_up()
    }

    /// Writes what is left, as far as the terminal takes it.
    ///
    /// # Errors
    /// The terminal is gone.
    pub fn catch_up(&mut self) -> io::Result<()> {
        while self.is_behind() {
            match self.file.write(&self.rest[self.taken..]) {
                Ok(0) => return Err(ErrorKind::WriteZero.into()),
                Ok(n) => self.taken += n,
                Err(e) if e.kind() == ErrorKind::Interrupted => {}
                Err(e) if e.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(e) => return Err(e),
            }
        }
        Ok(())
    }
}

/// Writes the last words to the terminal; `cut`: after something that was written in part. If it takes nothing, they replace
/// what it has not read so far, so that they are what it reads next, even after the program's end.
///
/// # Errors
/// The terminal is gone, or has no room even so.
pub fn write_last(words: &[u8], cut: bool) -> io::Result<()> {
    let mut tty = Tty::open()?;
    let whole = if cut { [CANCEL, words].concat() } else { words.to_vec() };
    if finished(&mut tty, whole)? {
        return Ok(());
    }
    termios::tcflush(&tty.file, termios::QueueSelector::OFlush)?;
    tty.forget();
    match finished(&mut tty, [CANCEL, words].concat())? {
        true => Ok(()),
        false => Err(ErrorKind::WouldBlock.into()),
    }
}

fn finished(tty: &mut Tty, words: Vec<u8>) -> io::Result<bool> {
    tty.send(words)?;
    for _ in 0..TRIES {
        if !tty.is_behind() {
            break;
        }
        std::thread::sleep(BUSY);
        tty.catch_up()?;
    }
    Ok(!tty.is_behind())
}
