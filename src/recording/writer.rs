//! The thread that writes a recording, so that a slow disk delays nothing else: what does not fit its channel is dropped,
//! counted and marked. Everything is flushed within a second, and can be read up to there whatever happens. Must not fold.

use super::backlog::BacklogSnapshot;
use super::create::words;
use super::{Chunks, Header, Mark, RecorderEvent};
use crate::observe::{Observation, Stamped, Time};
use std::io::{self, Write};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, channel, sync_channel};
use std::time::{Duration, Instant};
use tokio::sync::watch;

/// Observations on their way to the disk.
const CHANNEL: usize = 4096;
/// After this time it is flushed, and with each tick before: a little more than the second between two of them.
const FLUSH: Duration = Duration::from_millis(1100);
/// How long to wait for the disk at the end.
const PATIENCE: Duration = Duration::from_secs(5);
/// How often to check meanwhile.
const STEP: Duration = Duration::from_millis(10);

/// The state of a recording.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RecorderState {
    /// Bytes written so far.
    Writing(u64),
    /// Complete: bytes written, and why it ended.
    Ended(u64, String),
    /// What read the other end of the pipe has gone; bytes written so far.
    ReaderGone(u64),
    /// Writing failed, and why; what was written can be read.
    Failed(String),
}

/// How a recording is written.
#[derive(Clone, Debug)]
pub struct Format {
    pub gz: bool,
    /// The most bytes of the file, at which the recording ends.
    pub limit: u64,
}

/// A recording being written.
pub struct Recorder {
    to: Option<SyncSender<Piece>>,
    state: watch::Receiver<RecorderState>,
    /// Receives when the thread is done.
    done: Receiver<()>,
    /// Observations dropped since the last mark.
    dropped: u64,
    /// Observations dropped in total.
    pub lost: u64,
}

enum Piece {
    Seen(Stamped),
    Mark(Mark),
    /// Why, when, and how many observations were dropped since the last mark.
    End(String, Time, u64),
}

impl Recorder {
    /// Writes the backlog to `out`, then every observation that is passed to [`Recorder::tap`].
    ///
    /// # Errors
    /// No thread can be started.
    pub fn start(
        out: Box<dyn Write + Send>,
        header: Header,
        backlog: Option<BacklogSnapshot>,
        format: Format,
    ) -> io::Result<Recorder> {
        let (to, from) = sync_channel(CHANNEL);
        let (publish, state) = watch::channel(RecorderState::Writing(0));
        let (finished, done) = channel();
        std::thread::Builder::new().name("recorder".into()).spawn(move || {
            let chunks = Chunks::new(&header, format.gz);
            let mut writer = Writer { out, chunks: Some(chunks), header, written: 0, latest: None };
            let last = writer.run(backlog, &from, &publish, format.limit);
            publish.send_replace(last);
            let _ = finished.send(());
        })?;
        Ok(Recorder { to: Some(to), state, done, dropped: 0, lost: 0 })
    }

    /// Passes on an observation; never waits.
    pub fn tap(&mut self, seen: &Stamped) {
        let Some(to) = &self.to else { return };
        if self.dropped > 0 {
            let mark = Mark { at: seen.at, event: RecorderEvent::Dropped { lines: self.dropped } };
            match to.try_send(Piece::Mark(mark)) {
                Ok(()) => self.dropped = 0,
                Err(_) => return self.drop_one(),
            }
        }
        match to.try_send(Piece::Seen(seen.clone())) {
            Ok(()) => {}
            Err(TrySendError::Full(_)) => self.drop_one(),
            // It failed or is complete, as its state shows.
            Err(TrySendError::Disconnected(_)) => self.to = None,
        }
    }

    fn drop_one(&mut self) {
        self.dropped += 1;
        self.lost += 1;
    }

    pub fn state(&self) -> RecorderState {
        self.state.borrow().clone()
    }

    /// Ends the recording properly; waits for the disk, but not forever.
    pub fn end(&mut self, why: &str, at: Time) -> RecorderState {
        if let Some(to) = self.to.take() {
            let mut end = Piece::End(why.to_owned(), at, self.dropped);
            // A slow disk may have no room for it yet.
            for _ in 0..PATIENCE.as_millis() / STEP.as_millis() {
                let Err(TrySendError::Full(back)) = to.try_send(end) else { break };
                end = back;
                if self.done.recv_timeout(STEP) != Err(RecvTimeoutError::Timeout) {
                    return self.state();
                }
            }
            drop(to);
            if self.done.recv_timeout(PATIENCE) == Err(RecvTimeoutError::Timeout) {
                return RecorderState::Failed("the disk does not respond; what was written can be read".into());
            }
        }
        self.state()
    }
}

struct Writer {
    out: Box<dyn Write + Send>,
    /// None once it has ended.
    chunks: Option<Chunks>,
    header: Header,
    written: u64,
    /// The latest tick.
    latest: Option<Time>,
}

impl Writer {
    fn run(
        &mut self,
        backlog: Option<BacklogSnapshot>,
        from: &Receiver<Piece>,
        state: &watch::Sender<RecorderState>,
        limit: u64,
    ) -> RecorderState {
        match self.write(backlog, from, state, limit) {
            Ok(why) => RecorderState::Ended(self.written, why),
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => RecorderState::ReaderGone(self.written),
            Err(error) => RecorderState::Failed(words(&error)),
        }
    }

    fn write(
        &mut self,
        backlog: Option<BacklogSnapshot>,
        from: &Receiver<Piece>,
        state: &watch::Sender<RecorderState>,
        limit: u64,
    ) -> io::Result<String> {
        if let Some(backlog) = backlog {
            self.backlog(&backlog);
        }
        let mut flushed = Instant::now();
        self.flush()?;
        loop {
            let mut due = FLUSH;
            match from.recv_timeout(FLUSH.saturating_sub(flushed.elapsed())) {
                Ok(Piece::Seen(seen)) => {
                    // A tick is the last of what comes each second; in a lab that is paced they come more often.
                    due = if matches!(seen.what, Observation::Tick) { FLUSH / 10 } else { FLUSH };
                    self.seen(&seen);
                }
                Ok(Piece::Mark(mark)) => self.mark(mark),
                Ok(Piece::End(why, at, dropped)) => {
                    if dropped > 0 {
                        self.mark(Mark { at, event: RecorderEvent::Dropped { lines: dropped } });
                    }
                    return self.end(why, at);
                }
                Err(RecvTimeoutError::Timeout) => {}
                // The program ended without ending the recording.
                Err(RecvTimeoutError::Disconnected) => {
                    let at = self.latest.unwrap_or(self.header.at);
                    return self.end("the program ended".into(), at);
                }
            }
            if flushed.elapsed() >= due {
                flushed = Instant::now();
                self.flush()?;
                state.send_replace(RecorderState::Writing(self.written));
                if self.written >= limit {
                    let at = self.latest.unwrap_or(self.header.at);
                    return self.end(format!("the limit of {limit} bytes is reached"), at);
                }
            }
        }
    }

    fn backlog(&mut self, backlog: &BacklogSnapshot) {
        let Some(chunks) = &mut self.chunks else { return };
        for object in &backlog.objects {
            chunks.seen(object);
        }
        if let Some(until) = backlog.dropped_until {
            chunks.mark(&Mark { at: until, event: RecorderEvent::Forgotten { until } });
        }
        backlog.each(|line| {
            chunks.text(line);
        });
    }

    fn seen(&mut self, seen: &Stamped) {
        match &seen.what {
            Observation::Tick => {
                let back = self.latest.map_or(0, |latest| (latest - seen.at).num_seconds());
                if back > 0 {
                    self.mark(Mark { at: seen.at, event: RecorderEvent::ClockBack { seconds: back } });
                }
                self.latest = Some(seen.at);
            }
            Observation::Watching(watching) => {
                self.header.watching = watching.clone();
                if let Some(chunks) = &mut self.chunks {
                    chunks.renew(&self.header);
                }
            }
            _ => {}
        }
        if self.chunks.as_mut().is_some_and(|chunks| !chunks.seen(seen)) {
            self.mark(Mark { at: seen.at, event: RecorderEvent::Dropped { lines: 1 } });
        }
    }

    fn mark(&mut self, mark: Mark) {
        if let Some(chunks) = &mut self.chunks {
            chunks.mark(&mark);
        }
    }

    fn end(&mut self, why: String, at: Time) -> io::Result<String> {
        self.mark(Mark { at, event: RecorderEvent::End { why: why.clone() } });
        if let Some(chunks) = self.chunks.take() {
            let bytes = chunks.end()?;
            self.put(&bytes)?;
        }
        Ok(why)
    }

    fn flush(&mut self) -> io::Result<()> {
        let bytes = match &mut self.chunks {
            Some(chunks) => chunks.flush()?,
            None => return Ok(()),
        };
        self.put(&bytes)
    }

    fn put(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.out.write_all(bytes)?;
        self.written += bytes.len() as u64;
        self.out.flush()
    }
}
