//! A recording without its names, so that it can be shared: the same observations at the same times, with every name replaced by
//! the same made-up one throughout. Must not change a figure, a time or a state, and keeps nothing that it does not know.
//!
//! It reads the recording twice: once for the names that stand in fields ([`fields`] says in which), once to replace them there
//! and in every text ([`names`]).

mod fields;
mod names;

use crate::{
    observe::{Observation, Stamped},
    recording::{self, Chunks, Header, Mark, Reading, RecorderEvent},
};
use names::{Dictionary, Names};
use serde::{Serialize, de::DeserializeOwned};
use std::io::{self, BufRead, Write};

/// What was done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Redacted {
    /// Names replaced, each counted once.
    pub names: usize,
    pub observations: u64,
    /// Observations left out: of a kind that this version does not know.
    pub left_out: u64,
}

/// Writes what `open` reads to `out`, as gzip if `gz`, with all names replaced. `open` is called twice and gives the same
/// recording each time.
///
/// # Errors
/// The recording cannot be read, or `out` cannot be written.
pub fn recording<R: BufRead, E: From<io::Error>>(
    open: impl Fn() -> Result<Reading<R>, E>,
    out: &mut impl Write,
    gz: bool,
) -> Result<Redacted, E> {
    let mut names = Names::default();
    let mut first = open()?;
    gather(&mut names, "header", &first.header);
    let mut began = None;
    for seen in first.by_ref() {
        began.get_or_insert(seen.at);
        gather(&mut names, "", &seen.what);
    }
    stopped(&first)?;

    let mut dictionary = names.dictionary();
    let mut second = open()?;
    let mut header: Header = replaced(&mut dictionary, "header", &second.header).unwrap_or_default();
    // What is written is of this version, also where the recording was older, or had no header.
    if header.version == 0 {
        header.at = began.unwrap_or(header.at);
    }
    header.version = recording::VERSION;
    let mut chunks = Chunks::new(&header, gz);
    let mut done = Redacted::default();
    let mut marks = 0;
    while let Some(seen) = second.next() {
        for mark in second.marks.iter().skip(marks) {
            chunks.mark(&without_names(&mut dictionary, mark));
        }
        marks = second.marks.len();
        let what = match &seen.what {
            Observation::Unknown => None,
            what => replaced::<Observation>(&mut dictionary, "", what),
        };
        if let Some(Observation::Watching(watching)) = &what {
            header.watching = watching.clone();
            chunks.renew(&header);
        }
        match what.is_some_and(|what| chunks.seen(&Stamped { at: seen.at, what })) {
            true => done.observations += 1,
            false => done.left_out += 1,
        }
        if done.observations % 1024 == 0 {
            out.write_all(&chunks.flush()?)?;
        }
    }
    stopped(&second)?;
    for mark in second.marks.iter().skip(marks) {
        chunks.mark(&without_names(&mut dictionary, mark));
    }
    out.write_all(&chunks.end()?)?;
    out.flush()?;
    done.names = dictionary.len();
    Ok(done)
}

/// The error that ended reading, if one did.
fn stopped<R: BufRead>(reading: &Reading<R>) -> io::Result<()> {
    reading.error().map_or(Ok(()), |e| Err(io::Error::new(e.kind(), e.to_string())))
}

/// Only why a recording ended is text, and may hold the path of a file.
fn without_names(dictionary: &mut Dictionary, mark: &Mark) -> Mark {
    let event = match &mark.event {
        RecorderEvent::End { why } => RecorderEvent::End { why: dictionary.text(why) },
        other => other.clone(),
    };
    Mark { at: mark.at, event }
}

fn gather(names: &mut Names, root: &str, what: &impl Serialize) {
    if let Ok(value) = serde_json::to_value(what) {
        fields::each(&value, root, &mut |field, text, beside| names.take(field, text, beside));
    }
}

/// The same with its names replaced; None if it is not read back, which leaves it out.
fn replaced<T: DeserializeOwned>(dictionary: &mut Dictionary, root: &str, what: &impl Serialize) -> Option<T> {
    let mut value = serde_json::to_value(what).ok()?;
    fields::each_mut(&mut value, root, &mut |field, text, beside| dictionary.field(field, text, beside));
    serde_json::from_value(value).ok()
}

/// The path of every string in `what` that no row of the table is about.
#[cfg(test)]
pub fn unlisted(what: &Observation) -> Vec<String> {
    serde_json::to_value(what).map(|value| fields::unlisted(&value)).unwrap_or_default()
}

/// The text between two names of a recording, as [`recording`] writes it: for tests of texts alone.
#[cfg(test)]
pub fn text(known: &[(&'static str, &str)], text: &str) -> String {
    let mut names = Names::default();
    known.iter().for_each(|(label, name)| names.take(fields::Field::Name(label), name, ""));
    names.dictionary().text(text)
}
