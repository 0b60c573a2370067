//! Data goes to stdout, messages to stderr; a reader that has gone away is success. Must not be used while the screen is up.

use crate::exit;
use std::io::{self, ErrorKind, IsTerminal, Write};

/// Writes `text` to stdout as it is. A closed pipe counts as written.
pub fn data(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(e) if e.kind() == ErrorKind::BrokenPipe => Ok(()),
        other => other,
    }
}

/// Writes `text` to stdout and gives the exit code: `code` if it could be written, else [`exit::ERROR`].
pub fn finish(text: &str, code: u8) -> u8 {
    match data(text) {
        Ok(()) => code,
        Err(e) => {
            message(&format!("stdout: {e}"));
            exit::ERROR
        }
    }
}

/// Shows `text` in place of the last progress, on stderr, if that is a terminal; nothing clears it.
pub fn progress(text: &str) {
    let mut err = io::stderr().lock();
    if err.is_terminal() {
        let cut: String = text.chars().take(79).collect();
        let _ = write!(err, "\r\x1b[K{cut}").and_then(|()| err.flush());
    }
}

/// Writes `edot-tui: text` as a line to stderr; there is nobody left to tell when that fails.
pub fn message(text: &str) {
    let _ = writeln!(io::stderr().lock(), "edot-tui: {text}");
}
