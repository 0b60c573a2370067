//! A recording as a source: the same program over the same fold. One thread goes through it once and leaves copies of the
//! session on the way; a task plays it from wherever one wants. Must not draw.
//!
//! ```text
//! file, stdin ─► medium ─► index (a thread): checkpoints, course ─► play (a task): pace, seek ─► mpsc<Stamped> ─► App::take
//!                                                                                     └► News: a session to go on from
//! ```

mod index;
mod medium;
mod play;

pub use index::{Checkpoint, Cued, Found, Index, index};
pub use medium::{Kept, Medium, keep};
pub use play::{Begin, Player, play};

use crate::control::{Abilities, Source};
use crate::observe::Stamped;
use crate::recording::{Header, ReadError, Reading, read};
use crate::session::{Session, Timeline};
use std::io::{self, BufRead, BufReader};
use std::path::Path;
use std::sync::Arc;
use tokio::sync::mpsc;

/// What a replay tells besides observations.
#[derive(Debug)]
pub enum News {
    /// Go on from this session, with what comes on this channel.
    Jump { session: Box<Session>, observations: mpsc::Receiver<Stamped>, to: i64 },
    /// How the whole runs, as far as it is read; and whether that is all.
    Course(Arc<Timeline>, bool),
    /// What could not be read, in sentences.
    Faults(Vec<String>),
}

/// A replay: the source, what it tells besides, and what drives it.
pub struct Replay {
    pub header: Header,
    pub source: Source,
    pub news: mpsc::Receiver<News>,
    pub player: Player,
}

/// Opens a recording, `-` being standard input; reads its header, and goes through it on a thread.
///
/// # Errors
/// It cannot be read, or is none; the error names it.
pub fn open(path: &Path, begin: Begin) -> Result<Replay, ReadError> {
    let named = |name: &str, e: ReadError| ReadError::File { path: name.to_owned(), error: Box::new(e) };
    let name = path.display().to_string();
    let file =
        if path == Path::new("-") { None } else { Some(Medium::open(path).map_err(|e| named(&name, e.into()))?) };
    match file {
        Some(medium) if medium.is_plain() => {
            let reading = read(BufReader::with_capacity(1 << 16, medium.from(0))).map_err(|e| named(&name, e))?;
            start(reading, medium, false, begin).map_err(|e| named(&name, e.into()))
        }
        Some(medium) => piped(medium.input(), begin).map_err(|e| named(&name, e)),
        None => piped(io::stdin(), begin).map_err(|e| named("standard input", e)),
    }
}

fn piped(input: impl io::Read + Send + 'static, begin: Begin) -> Result<Replay, ReadError> {
    let (kept, medium) = keep(input)?;
    let reading = read(BufReader::with_capacity(1 << 16, kept))?;
    Ok(start(reading, medium, true, begin)?)
}

fn start<R: BufRead + Send + 'static>(
    reading: Reading<R>,
    medium: Medium,
    growing: bool,
    begin: Begin,
) -> io::Result<Replay> {
    let header = reading.header.clone();
    let length = if growing { None } else { medium.size() };
    let (tell, found) = mpsc::channel(64);
    std::thread::Builder::new().name("index".into()).spawn(move || index(reading, length, &tell))?;
    // Replaced with the first jump.
    let (_, observations) = mpsc::channel(1);
    let (ask, controls) = mpsc::channel(16);
    let (news, told) = mpsc::channel(16);
    let source = Source { observations, controls: ask, abilities: Abilities { load: false, seek: true } };
    let index = Index::new(medium, header.clone());
    let player = Player { index, found, controls, news, growing, begin };
    Ok(Replay { header, source, news: told, player })
}
