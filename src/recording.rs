//! The file that keeps a session: written as it is observed, read back to the last bit. Must not fold, draw or query a source.
//!
//! ```text
//! {"edot_session":2,"tool":"edot-tui 0.1.0","at":"…","watching":{…}}    the header, repeated where a chunk begins
//! {"at":"…","seen":"tick"}                                              an observation a line, as `observe` writes it
//! {"at":"…","recorder":"dropped","lines":12}                            a note of the recorder itself
//! ```
//!
//! With `.gz` the file is a chain of gzip members ("chunks"), each of about 256 KiB of text and each beginning with the header.
//! Any gunzip reads it; this reader can begin at any chunk, and finds the next one after a damaged one.
//!
//! Format 1 is still read: its old names are aliases in [`crate::observe`].

mod backlog;
mod chunks;
mod clean;
pub mod create;
mod damage;
mod density;
mod gzip_members;
mod header;
mod line;
mod lines;
mod reader;
mod tape;
mod writer;

pub use backlog::{Backlog, BacklogSnapshot};
pub use chunks::Chunks;
pub use damage::{Damage, DamagedLine};
pub use header::{Header, LabRun};
pub use line::{Mark, RecorderEvent};
pub use lines::Position;
pub use reader::{ReadError, Reading, STDIN, open, open_file, read, resume};
pub use tape::{LIMIT, Outcome, OutcomeKind, STOPPED, Tape};
pub use writer::{Format, Recorder, RecorderState};

/// The version of the format that this program writes.
pub const VERSION: u32 = 2;

/// The longest line that is written and that is read, bytes: an answer about 8,000 backing indices has three megabytes.
pub const MAX_LINE: usize = 16 << 20;
