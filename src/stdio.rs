//! Data goes to stdout, messages to stderr; a reader that closed its pipe is success. Must not be used while the screen is up.

use crate::error::CommandError;
use crate::observe::mask;
use std::io::{self, ErrorKind, IsTerminal, Write};

/// Writes `text` to stdout as it is. A closed pipe counts as written.
///
/// # Errors
/// stdout cannot be written, such as on a full disk.
pub fn data(text: &str) -> Result<(), CommandError> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(e) if e.kind() != ErrorKind::BrokenPipe => Err(CommandError::from(e).context("stdout")),
        _ => Ok(()),
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

/// Writes `edot-tui: text` as a line to stderr. If that fails there is nowhere left to report it.
pub fn message(text: &str) {
    // What the user typed may be an address with a password.
    let _ = writeln!(io::stderr().lock(), "edot-tui: {}", mask::url_users(text));
}
