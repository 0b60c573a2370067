//! A recording as a source: the same program over the same fold. A thread indexes it once, leaving copies of the session on
//! the way; a task plays it from any position. Must not draw.
//!
//! ```text
//! file, stdin ─► input ─► index (a thread): checkpoints, timeline ─► play (a task): pace, seek ─► mpsc<Stamped> ─► App::take
//!                                                                               └► ReplayEvent: a session to continue from
//! ```

mod index;
mod input;
mod play;

#[cfg(test)]
pub use index::IndexEvent;
pub use index::{Index, index};
pub use input::{SeekableInput, tee};
pub use play::{Begin, Player, play};

use crate::control::{Abilities, Source};
use crate::observe::Stamped;
use crate::recording::{ReadError, Reading, STDIN, open_file, read};
use crate::session::{Session, Timeline};
use std::io::{self, BufRead, BufReader};
use std::path::Path;
use std::sync::Arc;
use tokio::sync::mpsc;

/// What a replay sends besides observations.
#[derive(Debug)]
pub enum ReplayEvent {
    /// Continue from this session, with the observations of this channel. `to` is milliseconds since 1970.
    Jump { session: Box<Session>, observations: mpsc::Receiver<Stamped>, to: i64 },
    /// The timeline of the recording, as far as it is read; and whether that is all of it.
    Timeline(Arc<Timeline>, bool),
    /// What could not be read, a sentence each.
    Damage(Vec<String>),
}

/// A replay: the source, its other events, and the player that drives it.
pub struct Replay {
    pub source: Source,
    pub events: mpsc::Receiver<ReplayEvent>,
    pub player: Player,
}

/// Opens a recording, `-` being standard input; reads its header, and indexes it on a thread, from this empty session on.
///
/// # Errors
/// It cannot be read, or is not a recording; the error names it.
pub fn open(path: &Path, begin: Begin, session: Session) -> Result<Replay, ReadError> {
    if path == Path::new("-") {
        return piped(io::stdin(), begin, session).map_err(|e| e.named(STDIN));
    }
    let name = path.display().to_string();
    let input = SeekableInput::new(open_file(path)?);
    if !input.is_plain() {
        return piped(input.stream(), begin, session).map_err(|e| e.named(name));
    }
    let reading = read(BufReader::with_capacity(1 << 16, input.from(0))).map_err(|e| e.named(name.as_str()))?;
    start(reading, input, false, begin, session).map_err(|e| ReadError::from(e).named(name))
}

fn piped(input: impl io::Read + Send + 'static, begin: Begin, session: Session) -> Result<Replay, ReadError> {
    let (input, copy) = tee(input)?;
    let reading = read(BufReader::with_capacity(1 << 16, input))?;
    Ok(start(reading, copy, true, begin, session)?)
}

fn start<R: BufRead + Send + 'static>(
    reading: Reading<R>,
    input: SeekableInput,
    growing: bool,
    begin: Begin,
    session: Session,
) -> io::Result<Replay> {
    let header = reading.header.clone();
    let length = if growing { None } else { input.size() };
    let (to, indexed) = mpsc::channel(64);
    std::thread::Builder::new().name("index".into()).spawn(move || index(reading, length, session, &to))?;
    // Replaced by the first jump.
    let (_, observations) = mpsc::channel(1);
    let (ask, controls) = mpsc::channel(16);
    let (events, received) = mpsc::channel(16);
    let source = Source { observations, controls: ask, abilities: Abilities { load: false, seek: true } };
    let index = Index::new(input, header);
    let player = Player { index, indexed, controls, events, growing, begin };
    Ok(Replay { source, events: received, player })
}
