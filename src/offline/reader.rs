//! A recording, read and folded up to a moment. Must not judge it.

use super::Moment;
use crate::advise;
use crate::config::Settings;
use crate::error::CommandError;
use crate::observe::{Stamped, Time};
use crate::recording::create::{self, Existing};
use crate::recording::{self, Reading};
use crate::report::Origin;
use crate::session::Session;
use crate::store::{Access, Client, pull};
use std::io::BufRead;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// The observations of a recording, up to a moment.
pub struct RecordingReader {
    reading: Reading<Box<dyn BufRead + Send>>,
    name: Option<String>,
    until: Option<Moment>,
    /// When recording began; observations of what was known before are older.
    began: Option<Time>,
}

/// Opens a recording; `-` is standard input.
///
/// # Errors
/// It cannot be read, or is not a recording.
pub fn open(path: &Path, until: Option<Moment>) -> Result<RecordingReader, CommandError> {
    let reading = recording::open(path)?;
    let name = path.file_name().filter(|n| *n != "-").map(|n| n.to_string_lossy().into_owned());
    let began = (reading.header.version > 0).then_some(reading.header.at);
    Ok(RecordingReader { reading, name, until, began })
}

impl Iterator for RecordingReader {
    type Item = Stamped;

    fn next(&mut self) -> Option<Stamped> {
        let seen = self.reading.next()?;
        let began = *self.began.get_or_insert(seen.at);
        self.until.is_none_or(|moment| seen.at <= moment.time(began)).then_some(seen)
    }
}

impl RecordingReader {
    /// The file's name, and what could not be read of it so far.
    pub fn origin(&self) -> Origin {
        let mut damage = self.reading.damage.sentences();
        damage.extend(self.reading.error().map(|e| format!("reading stopped: {e}")));
        Origin { file: self.name.clone(), damage }
    }
}

/// What a recording in the store is named by, where a file is expected: `es:ID`.
const STORED: &str = "es:";

/// A recording on this machine: the file itself, or what was brought out of the store, which goes with this.
pub struct Local {
    pub path: PathBuf,
    _folder: Option<TempDir>,
}

/// Brings a recording here that is named `es:ID`, or `es:KEY=VALUE`; any other is a file, and here already.
///
/// # Errors
/// There is no such session; the store does not answer, or denies it.
pub fn local(settings: &Settings, path: &Path) -> Result<Local, CommandError> {
    let Some(reference) = path.to_str().and_then(|text| text.strip_prefix(STORED)) else {
        return Ok(Local { path: path.to_owned(), _folder: None });
    };
    let client = Client::new(Access::new(settings)?)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let session = pull::find(&client, reference).await?;
        let folder = tempfile::tempdir()?;
        // Under its own name, which reports repeat.
        let path = folder.path().join(pull::file_name(&session));
        let mut file = create::create(&path, Existing::Keep).map_err(CommandError::failed)?;
        pull::file(&client, &session, &mut file).await?;
        Ok(Local { path, _folder: Some(folder) })
    })
}

/// The session of a recording at a moment, or at the end.
///
/// # Errors
/// It cannot be read, or is not a recording.
pub fn session(path: &Path, until: Option<Moment>) -> Result<(Session, Origin), CommandError> {
    let mut session = advise::session();
    let mut reader = open(path, until)?;
    reader.by_ref().for_each(|s| session.apply(&s));
    Ok((session, reader.origin()))
}
