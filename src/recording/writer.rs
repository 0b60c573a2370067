//! The thread that writes a recording, so that a slow disk holds up nobody: what does not fit its channel is dropped,
//! counted and marked. What it has is on its way to the disk within a second, and can be read up to there whatever comes.

use super::create::words;
use super::past::Known;
use super::{Header, Mark, Parts, Told};
use crate::observe::{Observation, Stamped, Time};
use std::io::{self, Write};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, channel, sync_channel};
use std::time::{Duration, Instant};
use tokio::sync::watch;

/// Observations on their way to the disk.
const CHANNEL: usize = 4096;
/// What is written is flushed so often.
const FLUSH: Duration = Duration::from_secs(1);
/// The longest to wait for the disk at the end.
const PATIENCE: Duration = Duration::from_secs(5);
/// It is looked at so often meanwhile.
const STEP: Duration = Duration::from_millis(10);

/// How the recording stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// So many bytes are written.
    Writing(u64),
    /// It is complete: the bytes, and why it ended.
    Ended(u64, String),
    /// It could not go on; what is there can be read. Why.
    Failed(String),
}

/// How to write.
#[derive(Clone, Debug)]
pub struct Form {
    pub gz: bool,
    /// The most bytes of the file; there it ends.
    pub limit: u64,
}

/// A recording being written.
pub struct Recorder {
    to: Option<SyncSender<Piece>>,
    state: watch::Receiver<State>,
    /// Ready when the thread is done.
    done: Receiver<()>,
    /// Observations dropped since the last mark.
    dropped: u64,
    /// All of them.
    pub lost: u64,
}

enum Piece {
    Seen(Stamped),
    Mark(Mark),
    /// Why, when, and how many observations were dropped since the last mark.
    End(String, Time, u64),
}

impl Recorder {
    /// Writes to `out` what was known before, then what is tapped.
    ///
    /// # Errors
    /// There can be no thread.
    pub fn start(out: Box<dyn Write + Send>, header: Header, past: Option<Known>, form: Form) -> io::Result<Recorder> {
        let (to, from) = sync_channel(CHANNEL);
        let (tell, state) = watch::channel(State::Writing(0));
        let (finished, done) = channel();
        std::thread::Builder::new().name("recorder".into()).spawn(move || {
            let parts = Parts::new(&header, form.gz);
            let mut writer = Writer { out, parts: Some(parts), header, written: 0, latest: None };
            let last = writer.run(past, &from, &tell, form.limit);
            tell.send_replace(last);
            let _ = finished.send(());
        })?;
        Ok(Recorder { to: Some(to), state, done, dropped: 0, lost: 0 })
    }

    /// Hands on an observation; never waits.
    pub fn tap(&mut self, seen: &Stamped) {
        let Some(to) = &self.to else { return };
        if self.dropped > 0 {
            let mark = Mark { at: seen.at, told: Told::Dropped { lines: self.dropped } };
            match to.try_send(Piece::Mark(mark)) {
                Ok(()) => self.dropped = 0,
                Err(_) => return self.drop_one(),
            }
        }
        match to.try_send(Piece::Seen(seen.clone())) {
            Ok(()) => {}
            Err(TrySendError::Full(_)) => self.drop_one(),
            // It failed or is complete, which its state tells.
            Err(TrySendError::Disconnected(_)) => self.to = None,
        }
    }

    fn drop_one(&mut self) {
        self.dropped += 1;
        self.lost += 1;
    }

    pub fn state(&self) -> State {
        self.state.borrow().clone()
    }

    /// Ends it properly; waits for the disk, though not for ever.
    pub fn end(&mut self, why: &str, at: Time) -> State {
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
                return State::Failed("the disk does not answer; what it has taken can be read".into());
            }
        }
        self.state()
    }
}

struct Writer {
    out: Box<dyn Write + Send>,
    /// None once it has ended.
    parts: Option<Parts>,
    header: Header,
    written: u64,
    /// The latest tick.
    latest: Option<Time>,
}

impl Writer {
    fn run(&mut self, past: Option<Known>, from: &Receiver<Piece>, tell: &watch::Sender<State>, limit: u64) -> State {
        match self.write(past, from, tell, limit) {
            Ok(why) => State::Ended(self.written, why),
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {
                State::Ended(self.written, "its reader is gone".into())
            }
            Err(error) => State::Failed(words(&error)),
        }
    }

    fn write(
        &mut self,
        past: Option<Known>,
        from: &Receiver<Piece>,
        tell: &watch::Sender<State>,
        limit: u64,
    ) -> io::Result<String> {
        if let Some(past) = past {
            self.past(&past);
        }
        let mut flushed = Instant::now();
        self.flush()?;
        loop {
            match from.recv_timeout(FLUSH.saturating_sub(flushed.elapsed())) {
                Ok(Piece::Seen(seen)) => self.seen(&seen),
                Ok(Piece::Mark(mark)) => self.mark(mark),
                Ok(Piece::End(why, at, dropped)) => {
                    if dropped > 0 {
                        self.mark(Mark { at, told: Told::Dropped { lines: dropped } });
                    }
                    return self.end(why, at);
                }
                Err(RecvTimeoutError::Timeout) => {}
                // Whoever recorded is gone without a word.
                Err(RecvTimeoutError::Disconnected) => {
                    let at = self.latest.unwrap_or(self.header.at);
                    return self.end("the program ended".into(), at);
                }
            }
            if flushed.elapsed() >= FLUSH {
                flushed = Instant::now();
                self.flush()?;
                tell.send_replace(State::Writing(self.written));
                if self.written >= limit {
                    let at = self.latest.unwrap_or(self.header.at);
                    return self.end(format!("the limit of {limit} bytes is reached"), at);
                }
            }
        }
    }

    fn past(&mut self, past: &Known) {
        let Some(parts) = &mut self.parts else { return };
        past.objects.iter().for_each(|object| parts.seen(object));
        if let Some(until) = past.forgotten {
            parts.mark(&Mark { at: until, told: Told::Forgotten { until } });
        }
        past.each(|line| parts.text(line));
    }

    fn seen(&mut self, seen: &Stamped) {
        match &seen.what {
            Observation::Tick => {
                let back = self.latest.map_or(0, |latest| (latest - seen.at).num_seconds());
                if back > 0 {
                    self.mark(Mark { at: seen.at, told: Told::ClockBack { seconds: back } });
                }
                self.latest = Some(seen.at);
            }
            Observation::Watching(watching) => {
                self.header.watching = watching.clone();
                if let Some(parts) = &mut self.parts {
                    parts.renew(&self.header);
                }
            }
            _ => {}
        }
        if let Some(parts) = &mut self.parts {
            parts.seen(seen);
        }
    }

    fn mark(&mut self, mark: Mark) {
        if let Some(parts) = &mut self.parts {
            parts.mark(&mark);
        }
    }

    fn end(&mut self, why: String, at: Time) -> io::Result<String> {
        self.mark(Mark { at, told: Told::End { why: why.clone() } });
        if let Some(parts) = self.parts.take() {
            let bytes = parts.end()?;
            self.put(&bytes)?;
        }
        Ok(why)
    }

    fn flush(&mut self) -> io::Result<()> {
        let bytes = match &mut self.parts {
            Some(parts) => parts.flush()?,
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
