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

/// Shows `lines` in place of the last `above`, on stderr, cut to the terminal's width; how many there are. None, and nothing is shown,
/// if that is no terminal.
pub fn redraw(above: usize, lines: &[&str]) -> Option<usize> {
    let mut err = io::stderr().lock();
    if !err.is_terminal() {
        return None;
    }
    let (width, height) = crossterm::terminal::size().unwrap_or((80, 24));
    // What has scrolled away cannot be reached again.
    let shown = &lines[..lines.len().min(usize::from(height).saturating_sub(1))];
    let up = if above > 0 { format!("\x1b[{above}A") } else { String::new() };
    let cut = |line: &&str| line.chars().take(usize::from(width)).chain(['\n']).collect::<String>();
    let _ = write!(err, "\r{up}\x1b[J{}", shown.iter().map(cut).collect::<String>()).and_then(|()| err.flush());
    Some(shown.len())
}

/// Asks on stderr, where the answer is typed behind it.
///
/// # Errors
/// stderr cannot be written.
pub fn ask(question: &str) -> io::Result<()> {
    let mut err = io::stderr().lock();
    write!(err, "{} [y/N] ", mask::url_users(question)).and_then(|()| err.flush())
}

/// Writes `edot-tui: text` as a line to stderr. If that fails there is nowhere left to report it.
pub fn message(text: &str) {
    // What the user typed may be an address with a password.
    let _ = writeln!(io::stderr().lock(), "edot-tui: {}", mask::url_users(text));
}
