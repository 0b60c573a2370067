//! A recording gone through once from end to end: its course, and copies of the session on the way, from which any moment is
//! reached soon. Runs on a thread of its own. Must not pace.

use super::medium::Medium;
use crate::observe::{Observation, Stamped};
use crate::recording::{Faults, Header, Place, Reading, resume};
use crate::session::{Course, Session};
use std::io::{BufRead, BufReader};
use std::sync::Arc;
use tokio::sync::mpsc;

/// The least between two checkpoints, in observations; a tick counts for a tenth.
const APART: u64 = 4000;
/// Checkpoints over the whole of a recording whose length is known.
const WANTED: u64 = 40;
const TICK: u64 = 1;
const OTHER: u64 = 10;
/// Observations between two words on how far it is.
const WORD: u64 = 20_000;

/// The session at a place of the recording: everything before it is folded.
#[derive(Debug)]
pub struct Checkpoint {
    place: Place,
    /// Observations before it.
    pub count: u64,
    /// The session's present, milliseconds since 1970.
    pub ms: i64,
    pub session: Arc<Session>,
}

/// What the indexer tells on its way.
#[derive(Debug)]
pub enum Found {
    Checkpoint(Checkpoint),
    /// So far it has read.
    Far(Arc<Course>, u64),
    /// It is through, or cannot read on.
    End {
        course: Arc<Course>,
        count: u64,
        faults: Faults,
        error: Option<String>,
    },
}

/// Goes through a recording of so many bytes, None for one that grows; stops when nobody listens.
pub fn index<R: BufRead>(mut reading: Reading<R>, length: Option<u64>, to: &mpsc::Sender<Found>) {
    let mut session = Session::default();
    let (mut count, mut weight, mut word) = (0u64, 0u64, 0);
    let (mut since, mut apart) = (0, 0u64);
    loop {
        if weight - since >= apart
            && let Ok(place) = reading.place()
        {
            // As far as can be told by now, what it weighs as a whole.
            let whole = length.map_or(0, |l| weight.saturating_mul(l).checked_div(place.offset).unwrap_or(0));
            apart = APART.max(whole / WANTED);
            if count == 0 || weight - since >= apart {
                since = weight;
                let ms = session.now_ms();
                let checkpoint = Checkpoint { place, count, ms, session: Arc::new(session.clone()) };
                if to.blocking_send(Found::Checkpoint(checkpoint)).is_err() {
                    return;
                }
            }
        }
        let Some(seen) = reading.next() else { break };
        session.apply(&seen);
        count += 1;
        let tick = seen.what == Observation::Tick;
        weight += if tick { TICK } else { OTHER };
        word += 1;
        // What grows is told of as it grows.
        if word >= WORD || (length.is_none() && tick) {
            word = 0;
            if to.blocking_send(Found::Far(Arc::new(Course::of(&session)), count)).is_err() {
                return;
            }
        }
    }
    let error = reading.error().map(ToString::to_string);
    let faults = reading.faults.clone();
    let _ = to.blocking_send(Found::End { course: Arc::new(Course::of(&session)), count, faults, error });
}

/// The checkpoints so far, and how far they reach.
pub struct Index {
    medium: Medium,
    header: Header,
    checkpoints: Vec<Checkpoint>,
    /// Every how many checkpoints one is kept.
    every: usize,
    told: usize,
    /// Observations that are known to be there.
    pub count: u64,
}

/// Checkpoints that are kept.
const MOST: usize = 48;

/// A reading that stands at a moment, and the session there.
pub struct Cued {
    pub session: Session,
    pub reading: Reading<BufReader<super::medium::At>>,
    /// Observations before it.
    pub count: u64,
    /// The first one after the moment, if it was read already.
    pub next: Option<Stamped>,
}

impl Index {
    pub fn new(medium: Medium, header: Header) -> Index {
        Index { medium, header, checkpoints: Vec::new(), every: 1, told: 0, count: 0 }
    }

    /// Takes in a checkpoint. When there are too many, every other one goes.
    pub fn add(&mut self, checkpoint: Checkpoint) {
        self.count = self.count.max(checkpoint.count);
        if self.told.is_multiple_of(self.every) {
            self.checkpoints.push(checkpoint);
        }
        self.told += 1;
        if self.checkpoints.len() > MOST {
            let mut n = 0;
            self.checkpoints.retain(|_| {
                n += 1;
                n % 2 == 1
            });
            self.every *= 2;
        }
    }

    /// The session as it was at `ms`: folded from the nearest checkpoint before it. Exactly what a live program knew once
    /// its clock had come to `ms`.
    ///
    /// # Errors
    /// The recording cannot be read any more.
    pub fn seek(&self, ms: i64) -> Result<Cued, String> {
        let n = self.checkpoints.partition_point(|c| c.ms <= ms).max(1);
        let Some(checkpoint) = self.checkpoints.get(n - 1) else { return Err("nothing is read yet".into()) };
        let mut session = Session::clone(&checkpoint.session);
        let mut reading = self.reading(checkpoint.place)?;
        let mut count = checkpoint.count;
        let mut next = None;
        while count < self.count {
            let Some(seen) = reading.next() else { break };
            // The present never goes back, whatever the clock did.
            if seen.at.timestamp_millis().max(session.now_ms()) > ms {
                next = Some(seen);
                break;
            }
            session.apply(&seen);
            count += 1;
        }
        Ok(Cued { session, reading, count, next })
    }

    /// A reading that stands after so many observations.
    ///
    /// # Errors
    /// The recording cannot be read any more.
    pub fn after(&self, count: u64) -> Result<Reading<BufReader<super::medium::At>>, String> {
        let n = self.checkpoints.partition_point(|c| c.count <= count).max(1);
        let Some(checkpoint) = self.checkpoints.get(n - 1) else { return Err("nothing is read yet".into()) };
        let mut reading = self.reading(checkpoint.place)?;
        for _ in checkpoint.count..count {
            reading.next();
        }
        Ok(reading)
    }

    fn reading(&self, place: Place) -> Result<Reading<BufReader<super::medium::At>>, String> {
        let input = BufReader::with_capacity(1 << 16, self.medium.from(place.offset));
        resume(input, place, self.header.clone()).map_err(|e| e.to_string())
    }
}
