//! The signals that the program reacts to: those that end it, and those that stop and continue it from the shell. Once one of
//! these is made, its signals no longer have their default effect.

use signal_hook::consts::{SIGCONT, SIGINT, SIGTSTP, SIGWINCH, SIGXFSZ};
use std::{
    io,
    sync::{Arc, atomic::AtomicBool},
};
use tokio::signal::unix::{Signal, SignalKind, signal};

/// Makes a write beyond the limit of a file's size fail with an error, as on a full disk, instead of killing the program with
/// the terminal in raw mode. A handler, because an ignored signal would stay ignored in the programs that are started.
///
/// # Errors
/// The system refuses.
pub fn survive_file_limits() -> io::Result<()> {
    signal_hook::flag::register(SIGXFSZ, Arc::new(AtomicBool::new(false))).map(drop)
}

/// Becomes true at the first Ctrl-C, for work that then ends with what it has. The second ends the program.
///
/// # Errors
/// The system refuses.
pub fn on_interrupt() -> io::Result<Arc<AtomicBool>> {
    let flag = Arc::new(AtomicBool::new(false));
    signal_hook::flag::register_conditional_shutdown(SIGINT, 128 + SIGINT, flag.clone())?;
    signal_hook::flag::register(SIGINT, flag.clone())?;
    Ok(flag)
}

/// The signals that end a program.
pub struct EndSignals {
    /// With their numbers.
    terminate: (Signal, i32),
    hangup: (Signal, i32),
    interrupt: (Signal, i32),
    quit: (Signal, i32),
}

impl EndSignals {
    /// # Errors
    /// The system refuses to report them.
    pub fn new() -> io::Result<Self> {
        let listen = |kind: SignalKind| signal(kind).map(|signal| (signal, kind.as_raw_value()));
        Ok(EndSignals {
            terminate: listen(SignalKind::terminate())?,
            hangup: listen(SignalKind::hangup())?,
            interrupt: listen(SignalKind::interrupt())?,
            quit: listen(SignalKind::quit())?,
        })
    }

    /// The number of the next one. Nothing is lost when the future is dropped.
    pub async fn next(&mut self) -> i32 {
        tokio::select! {
            _ = self.terminate.0.recv() => self.terminate.1,
            _ = self.hangup.0.recv() => self.hangup.1,
            _ = self.interrupt.0.recv() => self.interrupt.1,
            _ = self.quit.0.recv() => self.quit.1,
        }
    }
}

/// The signals of a program that has taken the terminal.
pub struct TerminalSignals {
    end: EndSignals,
    suspend: Signal,
    resume: Signal,
    resized: Signal,
}

/// What a signal asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TerminalSignal {
    /// End, by the signal of this number.
    End(i32),
    /// Give the terminal back and stop (Ctrl-Z).
    Suspend,
    /// The program runs again, and the terminal may show anything.
    Resume,
    /// The terminal has another size.
    Resized,
}

impl TerminalSignals {
    /// # Errors
    /// The system refuses to report them.
    pub fn new() -> io::Result<Self> {
        let listen = |number| signal(SignalKind::from_raw(number));
        Ok(TerminalSignals {
            end: EndSignals::new()?,
            suspend: listen(SIGTSTP)?,
            resume: listen(SIGCONT)?,
            resized: listen(SIGWINCH)?,
        })
    }

    /// The next one. Nothing is lost when the future is dropped.
    pub async fn next(&mut self) -> TerminalSignal {
        tokio::select! {
            number = self.end.next() => TerminalSignal::End(number),
            _ = self.suspend.recv() => TerminalSignal::Suspend,
            _ = self.resume.recv() => TerminalSignal::Resume,
            _ = self.resized.recv() => TerminalSignal::Resized,
        }
    }
}
