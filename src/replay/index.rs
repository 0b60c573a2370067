//! Reads a recording once from end to end: its timeline, and copies of the session on the way, from which any position is
//! reached quickly. Runs on a thread of its own. Must not pace; it reads a clock only to space the copies by what they cost.

use super::input::SeekableInput;
use crate::observe::{Observation, Stamped};
use crate::recording::{Damage, Header, Position, Reading, resume};
use crate::session::{Session, Timeline};
use std::io::{BufRead, BufReader};
use std::sync::Arc;
use std::sync::mpsc::{channel, sync_channel};
use std::time::{Duration, Instant};
use tokio::sync::mpsc;

/// The least distance between two checkpoints: the time that reading from one to the other takes.
const MIN_DISTANCE: Duration = Duration::from_millis(8);
/// Checkpoints wanted over the whole of a recording whose length is known.
const WANTED: u32 = 44;
/// Observations in a batch, and batches that are read ahead.
const BATCH: usize = 100;
const READ_AHEAD: usize = 2;
/// The error for a reader thread that panicked.
const STOPPED: &str = "the reader failed";
const NOTHING: &str = "nothing is read yet";
/// Observations between two progress events.
const PROGRESS: u64 = 20_000;

/// The session at a position of the recording, with everything before it folded.
#[derive(Debug)]
pub struct Checkpoint {
    position: Position,
    /// Observations before it.
    pub count: u64,
    /// The session's current time, milliseconds since 1970.
    pub ms: i64,
    pub session: Arc<Session>,
}

/// What the index thread sends.
#[derive(Debug)]
pub enum IndexEvent {
    Checkpoint(Checkpoint),
    /// The timeline so far, and the observations read.
    Progress(Arc<Timeline>, u64),
    /// It reached the end, or cannot read on.
    End {
        timeline: Arc<Timeline>,
        count: u64,
        damage: Damage,
        error: Option<String>,
    },
}

/// Reads a recording of `length` bytes (None for one that grows) into `session`, and sends what it finds; stops when the receiver is gone. One
/// thread reads while this one folds.
pub fn index<R: BufRead + Send>(
    mut reading: Reading<R>,
    length: Option<u64>,
    session: Session,
    to: &mpsc::Sender<IndexEvent>,
) {
    let mut fold = Fold {
        session,
        count: 0,
        took: Duration::ZERO,
        last: Duration::ZERO,
        made: 0,
        unreported: 0,
        length,
        begun: (0, Duration::ZERO),
    };
    let (reading, mut received) = (&mut reading, true);
    let read = paired(
        |give| while next(reading, length.is_none()).is_some_and(&mut *give) {},
        |batch| {
            received = fold.take(batch, to).is_ok();
            received
        },
    );
    if received {
        let stopped = read.is_none().then(|| STOPPED.to_owned());
        let error = reading.error().map(ToString::to_string).or(stopped);
        let (damage, count) = (reading.damage.clone(), fold.count);
        let _ =
            to.blocking_send(IndexEvent::End { timeline: Arc::new(Timeline::of(&fold.session)), count, damage, error });
    }
}

/// One thread reads and passes batches on, this one folds them, until either of them stops; None when the reader panicked. A
/// folded batch is freed by the thread that allocated it, so that the memory is reused there and does not fragment what is
/// kept.
fn paired<P: Send, T: Send>(
    read: impl FnOnce(&mut dyn FnMut(P) -> bool) -> T + Send,
    mut fold: impl FnMut(&P) -> bool,
) -> Option<T> {
    std::thread::scope(|scope| {
        let (to, batches) = sync_channel(READ_AHEAD);
        let (back, spent) = channel();
        let reader = scope.spawn(move || {
            read(&mut |batch| {
                spent.try_iter().for_each(drop);
                to.send(batch).is_ok()
            })
        });
        for batch in batches {
            let more = fold(&batch);
            let _ = back.send(batch);
            if !more {
                break;
            }
        }
        reader.join().ok()
    })
}

/// Consecutive observations, and the position of the first where reading can be resumed there.
struct Batch {
    position: Option<Position>,
    seen: Vec<Stamped>,
    /// How long reading them took; zero where the recording grows.
    took: Duration,
}

/// The next batch; where the recording grows, no more than has arrived.
fn next<R: BufRead>(reading: &mut Reading<R>, growing: bool) -> Option<Batch> {
    let (began, position) = (Instant::now(), reading.position().ok());
    let mut seen = Vec::new();
    while seen.len() < BATCH {
        let Some(one) = reading.next() else { break };
        let tick = one.what == Observation::Tick;
        seen.push(one);
        if growing && tick {
            break;
        }
    }
    let took = if growing { Duration::ZERO } else { began.elapsed() };
    (!seen.is_empty()).then_some(Batch { position, seen, took })
}

/// Passes on the observations up to `ms`, at most `most`, `latest` being the current time; returns how many those were, and the
/// first observation after them.
fn until<R: BufRead>(
    reading: &mut Reading<R>,
    ms: i64,
    mut latest: i64,
    most: u64,
    give: &mut dyn FnMut(Vec<Stamped>) -> bool,
) -> (u64, Option<Stamped>) {
    let (mut count, mut batch, mut next) = (0, Vec::new(), None);
    while count < most {
        let Some(seen) = reading.next() else { break };
        // The current time never goes back, whatever the clock did.
        latest = latest.max(seen.at.timestamp_millis());
        if latest > ms {
            next = Some(seen);
            break;
        }
        batch.push(seen);
        count += 1;
        if batch.len() == BATCH && !give(std::mem::take(&mut batch)) {
            break;
        }
    }
    give(batch);
    (count, next)
}

/// The fold while it goes through a recording.
struct Fold {
    session: Session,
    count: u64,
    /// Time spent so far, and up to the last checkpoint; number of checkpoints.
    took: Duration,
    last: Duration,
    made: u32,
    /// Observations since the last progress event.
    unreported: u64,
    length: Option<u64>,
    /// The offset at which the current gzip member begins, and the time spent up to there.
    begun: (u64, Duration),
}

impl Fold {
    /// Fails when the receiver is gone.
    fn take(&mut self, batch: &Batch, to: &mpsc::Sender<IndexEvent>) -> Result<(), ()> {
        if let Some(position) = batch.position.filter(|p| p.offset != self.begun.0) {
            self.begun = (position.offset, self.took);
        }
        if let Some(position) = batch.position.filter(|_| self.made == 0 || self.took - self.last >= self.distance()) {
            (self.last, self.made) = (self.took, self.made + 1);
            let (count, ms) = (self.count, self.session.now_ms());
            let checkpoint = Checkpoint { position, count, ms, session: Arc::new(self.session.clone()) };
            to.blocking_send(IndexEvent::Checkpoint(checkpoint)).map_err(|_| ())?;
        }
        let began = Instant::now();
        batch.seen.iter().for_each(|seen| self.session.apply(seen));
        // Reading and folding run in parallel, here as in a seek, so the slower of the two counts.
        self.took += began.elapsed().max(batch.took);
        self.count += batch.seen.len() as u64;
        self.unreported += batch.seen.len() as u64;
        // A growing recording is reported as it grows.
        if self.unreported >= PROGRESS || self.length.is_none() {
            self.unreported = 0;
            let progress = IndexEvent::Progress(Arc::new(Timeline::of(&self.session)), self.count);
            to.blocking_send(progress).map_err(|_| ())?;
        }
        Ok(())
    }

    /// The distance wanted between the last checkpoint and the next: a share of what is left of the whole, as far as that can
    /// be estimated by now, but not much more than a share of the whole. So neither the checkpoints nor the distances between
    /// them become too many or too long.
    fn distance(&self) -> Duration {
        let (offset, took) = self.begun;
        let whole = self.length.filter(|_| offset > 0).map_or(0.0, |l| took.as_secs_f64() * l as f64 / offset as f64);
        let left = (whole - self.last.as_secs_f64()).max(0.0) / f64::from(WANTED.saturating_sub(self.made).max(1));
        MIN_DISTANCE.max(Duration::from_secs_f64(left.min(whole * 1.25 / f64::from(WANTED))))
    }
}

/// The checkpoints so far, and how far they reach.
pub struct Index {
    input: SeekableInput,
    header: Header,
    checkpoints: Vec<Checkpoint>,
    /// Every n-th checkpoint is kept, where this is n.
    every: usize,
    added: usize,
    /// Observations that are known to exist.
    pub count: u64,
}

/// The most checkpoints that are kept.
const MAX_CHECKPOINTS: usize = 64;

/// A reading positioned at a time, and the session there.
pub struct Cue {
    pub session: Session,
    pub reading: CueReading,
    /// Observations before it.
    pub count: u64,
    /// The first observation after that time, if it was read already.
    pub next: Option<Stamped>,
}

/// A reading that can be positioned anywhere.
pub type CueReading = Reading<BufReader<super::input::InputCursor>>;

impl Cue {
    /// Reads the observations up to `until` (milliseconds since 1970), at most `most` and no further than `known` observations
    /// from the beginning; `latest` is the current time. Reads the file, so it is not for the thread that timers wait for.
    pub fn take(&mut self, mut latest: i64, until: i64, most: usize, known: &Known) -> Vec<Stamped> {
        let mut out = Vec::new();
        while out.len() < most {
            let Some(seen) = self.next.take().or_else(|| self.read(known)) else { break };
            latest = latest.max(seen.at.timestamp_millis());
            if latest > until {
                self.next = Some(seen);
                break;
            }
            self.count += 1;
            out.push(seen);
        }
        out
    }

    fn read(&mut self, known: &Known) -> Option<Stamped> {
        if self.count >= known.count {
            return None;
        }
        self.reading.next().or_else(|| {
            // What has arrived since is after what this reading took for the end.
            self.reading = known.resume(self.count).ok()?;
            self.reading.next()
        })
    }
}

/// How far the recording is known, and the checkpoint from which to read it.
pub struct Known {
    input: SeekableInput,
    header: Header,
    /// Observations known.
    pub count: u64,
    /// (Observations before it, position) of each checkpoint.
    checkpoints: Vec<(u64, Position)>,
}

impl Known {
    /// A reading positioned after `count` observations.
    fn resume(&self, count: u64) -> Result<CueReading, String> {
        let n = self.checkpoints.partition_point(|c| c.0 <= count).max(1);
        let Some((before, position)) = self.checkpoints.get(n - 1).copied() else { return Err(NOTHING.into()) };
        let mut reading = reading(&self.input, self.header.clone(), position)?;
        for _ in before..count {
            reading.next();
        }
        Ok(reading)
    }
}

impl Index {
    pub fn new(input: SeekableInput, header: Header) -> Index {
        Index { input, header, checkpoints: Vec::new(), every: 1, added: 0, count: 0 }
    }

    /// Adds a checkpoint. When there are too many, every other one is dropped.
    pub fn add(&mut self, checkpoint: Checkpoint) {
        self.count = self.count.max(checkpoint.count);
        if self.added.is_multiple_of(self.every) {
            self.checkpoints.push(checkpoint);
        }
        self.added += 1;
        if self.checkpoints.len() > MAX_CHECKPOINTS {
            let mut n = 0;
            self.checkpoints.retain(|_| {
                n += 1;
                n % 2 == 1
            });
            self.every *= 2;
        }
    }

    /// The session at `ms`, folded from the nearest checkpoint before it while a thread reads: exactly what a live program knew
    /// when its clock had reached `ms`. Returns the work as a function, which is not for the thread that timers wait for.
    ///
    /// # Errors
    /// The recording can no longer be read.
    pub fn seek(&self, ms: i64) -> impl FnOnce() -> Result<Cue, String> + Send + use<> {
        let n = self.checkpoints.partition_point(|c| c.ms <= ms).max(1);
        let start = self.checkpoints.get(n - 1).ok_or(NOTHING).map(|c| {
            let left = self.count.saturating_sub(c.count);
            (c.session.clone(), c.count, left, c.position)
        });
        let (input, header) = (self.input.clone(), self.header.clone());
        move || {
            let (session, before, left, position) = start?;
            let (mut session, mut reading) = (Session::clone(&session), reading(&input, header, position)?);
            let latest = session.now_ms();
            let read = paired(
                |give| until(&mut reading, ms, latest, left, give),
                |batch: &Vec<Stamped>| {
                    batch.iter().for_each(|seen| session.apply(seen));
                    true
                },
            );
            let (passed, next) = read.ok_or(STOPPED)?;
            Ok(Cue { session, reading, count: before + passed, next })
        }
    }

    /// How far the recording is known, for [`Cue::take`].
    pub fn known(&self) -> Known {
        let checkpoints = self.checkpoints.iter().map(|c| (c.count, c.position)).collect();
        Known { input: self.input.clone(), header: self.header.clone(), count: self.count, checkpoints }
    }
}

fn reading(input: &SeekableInput, header: Header, position: Position) -> Result<CueReading, String> {
    let input = BufReader::with_capacity(1 << 16, input.from(position.offset));
    resume(input, position, header).map_err(|e| e.to_string())
}
