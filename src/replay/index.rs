//! A recording gone through once from end to end: its course, and copies of the session on the way, from which any moment is
//! reached soon. Runs on a thread of its own. Must not pace.

use super::medium::Medium;
use crate::observe::{Observation, Stamped};
use crate::recording::{Faults, Header, Place, Reading, resume};
use crate::session::{Course, Session};
use std::io::{BufRead, BufReader};
use std::sync::Arc;
use std::sync::mpsc::{SyncSender, channel, sync_channel};
use tokio::sync::mpsc;

/// The least between two checkpoints, in observations; a tick counts for a tenth.
const APART: u64 = 4000;
/// Checkpoints over the whole of a recording whose length is known.
const WANTED: u64 = 36;
const TICK: u64 = 1;
const OTHER: u64 = 10;
/// Observations read at once, and so many times that read ahead.
const PART: usize = 100;
const READ_AHEAD: usize = 2;
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

/// Goes through a recording of so many bytes, None for one that grows; stops when nobody listens. One thread reads, while
/// this one folds.
pub fn index<R: BufRead + Send>(mut reading: Reading<R>, length: Option<u64>, to: &mpsc::Sender<Found>) {
    let mut fold =
        Fold { session: Session::default(), count: 0, weight: 0, since: 0, apart: 0, word: 0, length, member: (0, 0) };
    let reading = &mut reading;
    let heard = std::thread::scope(|scope| {
        let (give, parts) = sync_channel(READ_AHEAD);
        let (back, spent) = channel();
        scope.spawn(|| {
            let (give, spent) = (give, spent);
            while let Some(part) = next(reading, length.is_none()) {
                if give.send(part).is_err() {
                    return;
                }
                spent.try_iter().for_each(drop);
            }
        });
        parts.iter().try_for_each(|part| {
            let heard = fold.take(&part, to);
            // Let go by the thread that it came from, so that the memory serves again there, and nothing of what is kept
            // lies in between.
            let _ = back.send(part);
            heard
        })
    });
    if heard.is_ok() {
        let error = reading.error().map(ToString::to_string);
        let (faults, count) = (reading.faults.clone(), fold.count);
        let _ = to.blocking_send(Found::End { course: Arc::new(Course::of(&fold.session)), count, faults, error });
    }
}

/// Observations that follow one another, and where the first of them stands, if that can be gone back to.
struct Part {
    place: Option<Place>,
    seen: Vec<Stamped>,
}

/// The next ones; of what grows no more than has come.
fn next<R: BufRead>(reading: &mut Reading<R>, growing: bool) -> Option<Part> {
    let place = reading.place().ok();
    let mut seen = Vec::new();
    while seen.len() < PART {
        let Some(one) = reading.next() else { break };
        let tick = one.what == Observation::Tick;
        seen.push(one);
        if growing && tick {
            break;
        }
    }
    (!seen.is_empty()).then_some(Part { place, seen })
}

/// Hands on what lies up to `ms`, but no more than so many, `latest` being the present; how many those were, and the first
/// one after them.
fn until<R: BufRead>(
    reading: &mut Reading<R>,
    ms: i64,
    mut latest: i64,
    most: u64,
    give: &SyncSender<Vec<Stamped>>,
) -> (u64, Option<Stamped>) {
    let (mut count, mut part, mut next) = (0, Vec::new(), None);
    while count < most {
        let Some(seen) = reading.next() else { break };
        // The present never goes back, whatever the clock did.
        latest = latest.max(seen.at.timestamp_millis());
        if latest > ms {
            next = Some(seen);
            break;
        }
        part.push(seen);
        count += 1;
        if part.len() == PART && give.send(std::mem::take(&mut part)).is_err() {
            break;
        }
    }
    let _ = give.send(part);
    (count, next)
}

/// The fold on its way through a recording.
struct Fold {
    session: Session,
    count: u64,
    /// What was folded so far weighs so much, and did at the last checkpoint; so much is to lie between two.
    weight: u64,
    since: u64,
    apart: u64,
    /// Since the last word.
    word: u64,
    length: Option<u64>,
    /// Where the member that is read began, and what was weighed by then.
    member: (u64, u64),
}

impl Fold {
    /// An error when nobody listens.
    fn take(&mut self, part: &Part, to: &mpsc::Sender<Found>) -> Result<(), ()> {
        if let Some(place) = part.place.filter(|p| p.offset != self.member.0) {
            self.member = (place.offset, self.weight);
        }
        if let Some(place) = part.place.filter(|_| self.weight - self.since >= self.apart) {
            // As far as can be told by now, what it weighs as a whole.
            let (offset, weight) = self.member;
            let whole = self.length.and_then(|l| weight.saturating_mul(l).checked_div(offset)).unwrap_or(0);
            self.apart = APART.max(whole / WANTED);
            if self.count == 0 || self.weight - self.since >= self.apart {
                self.since = self.weight;
                let (count, ms) = (self.count, self.session.now_ms());
                let checkpoint = Checkpoint { place, count, ms, session: Arc::new(self.session.clone()) };
                to.blocking_send(Found::Checkpoint(checkpoint)).map_err(|_| ())?;
            }
        }
        for seen in &part.seen {
            self.session.apply(seen);
            self.weight += if seen.what == Observation::Tick { TICK } else { OTHER };
        }
        self.count += part.seen.len() as u64;
        self.word += part.seen.len() as u64;
        // What grows is told of as it grows.
        if self.word >= WORD || self.length.is_none() {
            self.word = 0;
            let far = Found::Far(Arc::new(Course::of(&self.session)), self.count);
            to.blocking_send(far).map_err(|_| ())?;
        }
        Ok(())
    }
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
const MOST: usize = 64;

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

    /// The session as it was at `ms`: folded from the nearest checkpoint before it, while a thread reads. Exactly what a
    /// live program knew once its clock had come to `ms`.
    ///
    /// # Errors
    /// The recording cannot be read any more.
    pub fn seek(&self, ms: i64) -> Result<Cued, String> {
        let n = self.checkpoints.partition_point(|c| c.ms <= ms).max(1);
        let Some(checkpoint) = self.checkpoints.get(n - 1) else { return Err("nothing is read yet".into()) };
        let mut session = Session::clone(&checkpoint.session);
        let mut reading = self.reading(checkpoint.place)?;
        let (latest, left) = (session.now_ms(), self.count.saturating_sub(checkpoint.count));
        let (passed, next) = std::thread::scope(|scope| {
            let (give, parts) = sync_channel(READ_AHEAD);
            let reading = &mut reading;
            let reader = scope.spawn(move || until(reading, ms, latest, left, &give));
            parts.iter().flatten().for_each(|seen: Stamped| session.apply(&seen));
            reader.join().map_err(|_| "reading stopped".to_owned())
        })?;
        let count = checkpoint.count + passed;
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
