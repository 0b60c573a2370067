//! What the terminal sends, as keys, mouse events and pastes. Whatever it sends, a key that is pressed later is read: nothing
//! that begins a sequence or a paste waits for ever for its end. Must not know what any key does.

mod parse;

use crossterm::event::Event;
use parse::Parser;
use std::fs::File;
use std::io::{self, ErrorKind, IsTerminal, Read};
use std::os::fd::AsFd;
use std::pin::Pin;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::{Sleep, sleep};

/// How long to wait before reading again where another program made the terminal non-blocking.
const BUSY: Duration = Duration::from_millis(10);

/// The terminal's input.
pub struct Input {
    bytes: mpsc::Receiver<Vec<u8>>,
    parser: Parser,
    /// Ends when what is missing has not come.
    wait: Option<Pin<Box<Sleep>>>,
}

impl Input {
    /// Reads the terminal on a thread of its own: stdin where it is one, else the controlling terminal.
    ///
    /// # Errors
    /// There is none, or no thread can be started.
    pub fn open() -> io::Result<Input> {
        let stdin = io::stdin();
        let file = match stdin.is_terminal() {
            true => File::from(stdin.as_fd().try_clone_to_owned()?),
            false => File::open("/dev/tty")?,
        };
        let (to, bytes) = mpsc::channel(16);
        std::thread::Builder::new().name("keys".into()).spawn(move || read(file, &to))?;
        Ok(Input { bytes, parser: Parser::default(), wait: None })
    }

    /// The next event; None once the terminal is gone. Nothing is lost when the future is dropped.
    pub async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some(event) = self.parser.next() {
                return Some(event);
            }
            tokio::select! {
                bytes = self.bytes.recv() => self.parser.take(&bytes?),
                () = over(&mut self.wait) => self.parser.give_up(),
            }
            self.wait = self.parser.patience().map(|span| Box::pin(sleep(span)));
        }
    }
}

async fn over(wait: &mut Option<Pin<Box<Sleep>>>) {
    match wait {
        Some(wait) => wait.await,
        None => std::future::pending().await,
    }
}

/// Passes on what is read until the terminal or the receiver is gone.
fn read(mut file: File, to: &mpsc::Sender<Vec<u8>>) {
    let mut buffer = vec![0; 1 << 14];
    loop {
        match file.read(&mut buffer) {
            Ok(0) => return,
            Ok(n) => {
                if to.blocking_send(buffer[..n].to_vec()).is_err() {
                    return;
                }
            }
            Err(e) if e.kind() == ErrorKind::Interrupted => {}
            Err(e) if e.kind() == ErrorKind::WouldBlock => std::thread::sleep(BUSY),
            Err(_) => return,
        }
    }
}
