//! A recording gone through once from end to end: its course, and copies of the session on the way, from which any moment is
//! reached soon. Runs on a thread of its own. Must not pace; it looks at a clock only to space the copies by what they cost.

use super::medium::Medium;
use crate::observe::{Observation, Stamped};
use crate::recording::{Faults, Header, Place, Reading, resume};
use crate::session::{Session, Timeline};
use std::io::{BufRead, BufReader};
use std::sync::Arc;
use std::sync::mpsc::{channel, sync_channel};
use std::time::{Duration, Instant};
use tokio::sync::mpsc;

/// The least between two checkpoints, in the time that it takes to get from one to the other.
const APART: Duration = Duration::from_millis(8);
/// Checkpoints over the whole of a recording whose length is known.
const WANTED: u32 = 44;
/// Observations read at once, and so many times that read ahead.
const PART: usize = 100;
const READ_AHEAD: usize = 2;
/// Said of a reader that broke.
const STOPPED: &str = "the reader broke";
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
    Far(Arc<Timeline>, u64),
    /// It is through, or cannot read on.
    End {
        course: Arc<Timeline>,
        count: u64,
        faults: Faults,
        error: Option<String>,
    },
}

/// Goes through a recording of so many bytes, None for one that grows; stops when nobody listens. One thread reads, while
/// this one folds.
pub fn index<R: BufRead + Send>(mut reading: Reading<R>, length: Option<u64>, to: &mpsc::Sender<Found>) {
    let mut fold = Fold {
        session: Session::default(),
        count: 0,
        took: Duration::ZERO,
        last: Duration::ZERO,
        made: 0,
        word: 0,
        length,
        begun: (0, Duration::ZERO),
    };
    let (reading, mut heard) = (&mut reading, true);
    let read = paired(
        |give| while next(reading, length.is_none()).is_some_and(&mut *give) {},
        |part| {
            heard = fold.take(part, to).is_ok();
            heard
        },
    );
    if heard {
        let stopped = read.is_none().then(|| STOPPED.to_owned());
        let error = reading.error().map(ToString::to_string).or(stopped);
        let (faults, count) = (reading.faults.clone(), fold.count);
        let _ = to.blocking_send(Found::End { course: Arc::new(Timeline::of(&fold.session)), count, faults, error });
    }
}

/// One thread reads and hands on, this one folds what it is given, until one of them has had enough; None when the reader
/// broke. What was folded is let go by the thread that it came from: so the memory serves again there, and nothing of what
/// is kept lies in between.
fn paired<P: Send, T: Send>(
    read: impl FnOnce(&mut dyn FnMut(P) -> bool) -> T + Send,
    mut fold: impl FnMut(&P) -> bool,
) -> Option<T> {
    std::thread::scope(|scope| {
        let (to, parts) = sync_channel(READ_AHEAD);
        let (back, spent) = channel();
        let reader = scope.spawn(move || {
            read(&mut |part| {
                spent.try_iter().for_each(drop);
                to.send(part).is_ok()
            })
        });
        for part in parts {
            let more = fold(&part);
            let _ = back.send(part);
            if !more {
                break;
            }
        }
        reader.join().ok()
    })
}

/// Observations that follow one another, and where the first of them stands, if that can be gone back to.
struct Part {
    place: Option<Place>,
    seen: Vec<Stamped>,
    /// Reading them took so long; of what grows that is not known.
    took: Duration,
}

/// The next ones; of what grows no more than has come.
fn next<R: BufRead>(reading: &mut Reading<R>, growing: bool) -> Option<Part> {
    let (began, place) = (Instant::now(), reading.place().ok());
    let mut seen = Vec::new();
    while seen.len() < PART {
        let Some(one) = reading.next() else { break };
        let tick = one.what == Observation::Tick;
        seen.push(one);
        if growing && tick {
            break;
        }
    }
    let took = if growing { Duration::ZERO } else { began.elapsed() };
    (!seen.is_empty()).then_some(Part { place, seen, took })
}

/// Hands on what lies up to `ms`, but no more than so many, `latest` being the present; how many those were, and the first
/// one after them.
fn until<R: BufRead>(
    reading: &mut Reading<R>,
    ms: i64,
    mut latest: i64,
    most: u64,
    give: &mut dyn FnMut(Vec<Stamped>) -> bool,
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
        if part.len() == PART && !give(std::mem::take(&mut part)) {
            break;
        }
    }
    give(part);
    (count, next)
}

/// The fold on its way through a recording.
struct Fold {
    session: Session,
    count: u64,
    /// How long it took so far, and up to the last checkpoint; how many there are.
    took: Duration,
    last: Duration,
    made: u32,
    /// Observations since the last word.
    word: u64,
    length: Option<u64>,
    /// Where the member that is read began, and how long it took up to there.
    begun: (u64, Duration),
}

impl Fold {
    /// An error when nobody listens.
    fn take(&mut self, part: &Part, to: &mpsc::Sender<Found>) -> Result<(), ()> {
        if let Some(place) = part.place.filter(|p| p.offset != self.begun.0) {
            self.begun = (place.offset, self.took);
        }
        if let Some(place) = part.place.filter(|_| self.made == 0 || self.took - self.last >= self.apart()) {
            (self.last, self.made) = (self.took, self.made + 1);
            let (count, ms) = (self.count, self.session.now_ms());
            let checkpoint = Checkpoint { place, count, ms, session: Arc::new(self.session.clone()) };
            to.blocking_send(Found::Checkpoint(checkpoint)).map_err(|_| ())?;
        }
        let began = Instant::now();
        part.seen.iter().for_each(|seen| self.session.apply(seen));
        // One reads while the other folds, here as on the way to a moment: the slower of the two sets the pace.
        self.took += began.elapsed().max(part.took);
        self.count += part.seen.len() as u64;
        self.word += part.seen.len() as u64;
        // What grows is told of as it grows.
        if self.word >= WORD || self.length.is_none() {
            self.word = 0;
            let far = Found::Far(Arc::new(Timeline::of(&self.session)), self.count);
            to.blocking_send(far).map_err(|_| ())?;
        }
        Ok(())
    }

    /// So much is to lie between the last checkpoint and the next: a part of what is left of the whole, as far as can be
    /// told by now, but not much more than a part of the whole. So neither they nor the ways between become too many.
    fn apart(&self) -> Duration {
        let (offset, took) = self.begun;
        let whole = self.length.filter(|_| offset > 0).map_or(0.0, |l| took.as_secs_f64() * l as f64 / offset as f64);
        let left = (whole - self.last.as_secs_f64()).max(0.0) / f64::from(WANTED.saturating_sub(self.made).max(1));
        APART.max(Duration::from_secs_f64(left.min(whole * 1.25 / f64::from(WANTED))))
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
    /// live program knew once its clock had come to `ms`. What is returned is the work, which is not for the thread that
    /// keys and timers wait for.
    ///
    /// # Errors
    /// The recording cannot be read any more.
    pub fn seek(&self, ms: i64) -> impl FnOnce() -> Result<Cued, String> + Send + use<> {
        let n = self.checkpoints.partition_point(|c| c.ms <= ms).max(1);
        let start = self.checkpoints.get(n - 1).ok_or("nothing is read yet").map(|c| {
            let left = self.count.saturating_sub(c.count);
            (c.session.clone(), c.count, left, c.place)
        });
        let (medium, header) = (self.medium.clone(), self.header.clone());
        move || {
            let (session, before, left, place) = start?;
            let (mut session, mut reading) = (Session::clone(&session), reading(&medium, header, place)?);
            let latest = session.now_ms();
            let read = paired(
                |give| until(&mut reading, ms, latest, left, give),
                |part: &Vec<Stamped>| {
                    part.iter().for_each(|seen| session.apply(seen));
                    true
                },
            );
            let (passed, next) = read.ok_or(STOPPED)?;
            Ok(Cued { session, reading, count: before + passed, next })
        }
    }

    /// A reading that stands after so many observations.
    ///
    /// # Errors
    /// The recording cannot be read any more.
    pub fn after(&self, count: u64) -> Result<Reading<BufReader<super::medium::At>>, String> {
        let n = self.checkpoints.partition_point(|c| c.count <= count).max(1);
        let Some(checkpoint) = self.checkpoints.get(n - 1) else { return Err("nothing is read yet".into()) };
        let mut reading = reading(&self.medium, self.header.clone(), checkpoint.place)?;
        for _ in checkpoint.count..count {
            reading.next();
        }
        Ok(reading)
    }
}

fn reading(medium: &Medium, header: Header, place: Place) -> Result<Reading<BufReader<super::medium::At>>, String> {
    let input = BufReader::with_capacity(1 << 16, medium.from(place.offset));
    resume(input, place, header).map_err(|e| e.to_string())
}
