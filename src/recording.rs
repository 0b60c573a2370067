//! The file that keeps a session: written as it is observed, read back to the last bit. Must not fold, draw or ask a source.
//!
//! ```text
//! {"edot_session":1,"tool":"edot-tui 0.1.0","at":"…","watching":{…}}    the header, repeated where a part begins
//! {"at":"…","seen":"tick"}                                              an observation a line, as `observe` writes it
//! {"at":"…","recorder":"dropped","lines":12}                            what the recorder itself has to say
//! ```
//!
//! With `.gz` the file is a chain of gzip members ("parts"), each of about a megabyte of text and each beginning with the
//! header. Any gunzip reads it; a reader of ours can begin at any part, and finds the next one behind a damaged one.

mod clean;
pub mod create;
mod faults;
mod header;
mod line;
mod lines;
mod members;
mod parts;
mod past;
mod reader;
mod tape;
mod writer;

pub use faults::{Fault, Faults};
pub use header::{Header, LabRun};
pub use line::{Mark, Told};
pub use lines::Place;
pub use parts::Parts;
pub use past::{Known, Past};
pub use reader::{ReadError, Reading, open, read, resume};
pub use tape::{LIMIT, STOPPED, Tape};
pub use writer::{Form, Recorder, State};

/// The version of the format that this program writes.
pub const VERSION: u32 = 2;
