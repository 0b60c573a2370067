//! What is sent when, and the queue before it: bounded, with the oldest dropped and counted. Nothing here makes what observes
//! wait.

use super::send::{SendError, Sender};
use super::{Access, events, metrics, traces, values};
use crate::observe::Signal;
use crate::report::{self, BudgetPart};
use crate::session::{LoadPhase, Session};
use crate::store::bulk::wait;
use crate::store::document::About;
use crate::store::{derived, push};
use crate::verdict::{self, Expectations, Outcome, Verdict};
use prost::Message;
use std::collections::{BTreeSet, VecDeque};
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::sync::{mpsc, watch};

/// Ticks between two batches.
const BATCH_TICKS: u64 = 10;
/// The most of a session that one batch is derived from, milliseconds.
const BATCH_SPAN: i64 = 600_000;
/// Batches between the session and the queue; more only where the task does not run.
const CHANNEL: usize = 32;
/// Bytes that wait at most: about an hour of an HPA.
const WAITING: usize = 1 << 20;
/// How long after its decision a scale-up is sent that has not come to its end, milliseconds.
const UNFINISHED: i64 = 600_000;

/// An encoded request.
struct Batch {
    signal: Signal,
    message: Vec<u8>,
    /// Points, records or spans.
    items: u64,
}

/// What the task has done so far.
#[derive(Clone, Debug, Default)]
struct State {
    sent: u64,
    dropped: u64,
    waiting: u64,
    /// Why the latest try failed, or why the latest items were dropped.
    trouble: Option<String>,
}

/// A session on its way out.
pub struct Exporter {
    batches: mpsc::Sender<Batch>,
    state: watch::Receiver<State>,
    /// Where metrics go.
    address: String,
    resource: Vec<(String, String)>,
    /// The recording, which gives the session its id.
    recording: Option<PathBuf>,
    about: Option<(i64, About)>,
    until: i64,
    ticks: u64,
    /// Decisions whose scale-ups were sent, milliseconds since 1970.
    traced: BTreeSet<i64>,
    /// Expectations that were reported, with their outcome.
    judged: Vec<(String, Outcome)>,
    /// Items that found the channel full.
    overflow: u64,
    /// What was said last: whether there is trouble, and whether something was dropped.
    said: (bool, bool),
}

/// A session that has ended, and may not be out yet.
pub struct Ending {
    state: watch::Receiver<State>,
    overflow: u64,
    address: String,
}

impl Exporter {
    /// Begins to send; `recording` is the file that the session is recorded to.
    ///
    /// # Errors
    /// A sentence: a certificate or a header cannot be used.
    pub fn start(access: Access, recording: Option<&Path>) -> Result<Exporter, String> {
        let [traces, metrics, logs] = access.targets.map(Sender::new);
        let senders = [traces?, metrics?, logs?];
        let address = senders[1].address();
        let (batches, handed) = mpsc::channel(CHANNEL);
        let (publish, state) = watch::channel(State::default());
        tokio::spawn(run(senders, handed, publish));
        Ok(Exporter {
            batches,
            state,
            address,
            resource: access.resource,
            recording: recording.map(Path::to_owned),
            about: None,
            until: i64::MIN,
            ticks: 0,
            traced: BTreeSet::new(),
            judged: Vec::new(),
            overflow: 0,
            said: (false, false),
        })
    }

    /// Once a second: hands over what has settled since. A sentence for the user where sending fails, works again, or
    /// something was dropped for the first time since.
    pub fn tick(&mut self, session: &Session, expected: &Expectations) -> Option<String> {
        self.ticks += 1;
        if self.ticks.is_multiple_of(BATCH_TICKS) {
            let settled = derived::settled(session);
            self.hand_over(session, expected, settled, false);
        }
        self.news()
    }

    fn news(&mut self) -> Option<String> {
        let state = self.state.borrow_and_update().clone();
        let dropped = state.dropped + self.overflow;
        let (was_trouble, was_dropping) = self.said;
        self.said = (state.trouble.is_some(), dropped > 0 && (state.trouble.is_some() || was_dropping));
        match state.trouble {
            Some(why) if !was_trouble && dropped == 0 => {
                Some(format!("{why}; up to 1 MB waits, then the oldest is dropped"))
            }
            Some(why) if !was_trouble || (dropped > 0 && !was_dropping) => {
                Some(format!("{why}; {dropped} items were dropped"))
            }
            None if was_trouble => {
                self.said.1 = false;
                let lost = if dropped > 0 { format!("; {dropped} items were dropped") } else { String::new() };
                Some(format!("OTLP is taken again{lost}"))
            }
            _ => None,
        }
    }

    fn about(&mut self, session: &Session) -> About {
        let began = session.began.map_or(0, |t| t.timestamp_millis());
        match &self.about {
            Some((of, about)) if *of == began => about.clone(),
            _ => {
                let recorded = self.recording.as_deref().and_then(|path| push::about(path, &[]).ok());
                let about = recorded.unwrap_or_else(|| {
                    let at = session.began.unwrap_or_default().format("%Y%m%d-%H%M%S");
                    let id = format!("{}-{at}-{:x}", session.watching.hpa, std::process::id());
                    About { id, ..About::default() }
                });
                self.about = Some((began, about.clone()));
                // Another HPA is watched: what was sent of the one before says nothing of it.
                (self.until, self.traced, self.judged) = (i64::MIN, BTreeSet::new(), Vec::new());
                about
            }
        }
    }

    /// What settled up to `to`; at the `end` also what may still change.
    fn hand_over(&mut self, session: &Session, expected: &Expectations, to: i64, end: bool) {
        if session.began.is_none() || session.watching.hpa.is_empty() {
            return;
        }
        let about = self.about(session);
        let from = self.until.max(session.began.map_or(0, |t| t.timestamp_millis() - 1));
        let to = to.min(from.saturating_add(BATCH_SPAN));
        let docs = if to > from { derived::documents(&about, session, from, to) } else { Vec::new() };
        self.until = self.until.max(to);
        let resource = values::resource(session, &about.id, &self.resource);
        let metrics = metrics::request(session, &docs, resource.clone());
        self.push(Signal::Metrics, metrics.map(|(m, n)| (m.encode_to_vec(), n)));
        let verdict = verdict::run(session, expected);
        let decided = self.decided(&verdict, session.now_ms());
        let logs = events::request(session, &docs, &decided, resource.clone());
        self.push(Signal::Logs, logs.map(|(m, n)| (m.encode_to_vec(), n)));
        let ups = self.scale_ups(session, end);
        let spans = traces::request(&ups, &about.id, resource);
        self.push(Signal::Traces, spans.map(|(m, n)| (m.encode_to_vec(), n)));
    }

    /// Expectations that are decided since the last time, or otherwise than before.
    fn decided<'a>(&mut self, verdict: &'a Verdict, now: i64) -> Vec<&'a verdict::Check> {
        let is_due = |c: &&verdict::Check| {
            matches!(c.found.outcome, Outcome::Passed | Outcome::Failed) && c.found.at.is_none_or(|at| at <= now)
        };
        let decided: Vec<_> = verdict.checks.iter().filter(is_due).collect();
        let known = std::mem::take(&mut self.judged);
        self.judged = decided.iter().map(|c| (c.id.clone(), c.found.outcome)).collect();
        decided.into_iter().filter(|c| !known.contains(&(c.id.clone(), c.found.outcome))).collect()
    }

    /// The scale-ups that have come to their end, or will not; each once.
    fn scale_ups(&mut self, session: &Session, end: bool) -> Vec<BudgetPart> {
        let (now, settled) = (session.now_ms(), derived::settled(session));
        self.traced.retain(|at| *at > now - 3 * UNFINISHED);
        // When its container has ended, a load's start is that of its Job.
        let loaded = session.load.phase() == LoadPhase::Running;
        let recent = session.decisions.rows().iter().rev().take_while(|row| row.first > now - 2 * UNFINISHED);
        let ups = recent.filter(|row| row.rescaled && row.controller > row.computed.current);
        let mut out = Vec::new();
        for row in ups {
            let budget = report::budget(session, row);
            let over = !loaded && budget.stages.iter().all(|s| s.at.is_some_and(|at| at.timestamp_millis() <= settled));
            let due = end || (over && row.first <= settled) || row.first <= now - UNFINISHED;
            if due && self.traced.insert(row.first) {
                out.push(budget);
            }
        }
        out.reverse();
        out
    }

    fn push(&mut self, signal: Signal, encoded: Option<(Vec<u8>, u64)>) {
        if let Some((message, items)) = encoded
            && self.batches.try_send(Batch { signal, message, items }).is_err()
        {
            self.overflow += items;
        }
    }

    /// Hands over the end of the session.
    pub fn end(mut self, session: &Session, expected: &Expectations) -> Ending {
        self.hand_over(session, expected, session.now_ms(), true);
        Ending { state: self.state, overflow: self.overflow, address: self.address }
    }
}

impl Ending {
    /// Waits until all of it is out, at most for `patience`; a sentence on what became of it.
    pub async fn done(mut self, patience: Duration) -> String {
        // The task ends, and with it the channel, when nothing waits.
        let gone = async { while self.state.changed().await.is_ok() {} };
        let _ = tokio::time::timeout(patience, gone).await;
        let state = self.state.borrow().clone();
        let dropped = state.dropped + state.waiting + self.overflow;
        let lost = match (dropped, state.trouble) {
            (0, _) => String::new(),
            (n, Some(why)) => format!(", {n} dropped: {why}"),
            (n, None) => format!(", {n} dropped"),
        };
        format!("{} items sent to {} by OTLP{lost}", state.sent, self.address)
    }
}

/// Sends until the session has ended and nothing waits.
async fn run(senders: [Sender; 3], mut handed: mpsc::Receiver<Batch>, publish: watch::Sender<State>) {
    let mut queue: VecDeque<Batch> = VecDeque::new();
    let mut failures = 0;
    loop {
        let Some(batch) = queue.pop_front() else {
            match handed.recv().await {
                Some(batch) => queue.push_back(batch),
                None => return,
            }
            continue;
        };
        let place = Signal::ALL.iter().position(|s| *s == batch.signal).unwrap_or(0);
        let sending = senders[place].send(&batch.message);
        let result = taking(sending, &mut handed, &mut queue, &publish).await;
        match result {
            Ok((refused, why)) => {
                failures = 0;
                publish.send_modify(|state| {
                    state.sent += batch.items.saturating_sub(refused);
                    state.dropped += refused;
                    state.trouble = (refused > 0).then_some(why);
                });
            }
            Err(SendError { reason, again: None }) => {
                publish.send_modify(|state| {
                    state.dropped += batch.items;
                    state.trouble = Some(reason);
                });
            }
            Err(SendError { reason, again: Some(after) }) => {
                failures += 1;
                queue.push_front(batch);
                publish.send_modify(|state| {
                    state.waiting = queue.iter().map(|b| b.items).sum();
                    state.trouble = Some(reason);
                });
                let pause = tokio::time::sleep(wait(failures, Some(after)));
                taking(pause, &mut handed, &mut queue, &publish).await;
            }
        }
        publish.send_modify(|state| state.waiting = queue.iter().map(|b| b.items).sum());
    }
}

/// The outcome of `work`; what is handed over meanwhile is queued, and the oldest dropped where that is too much.
async fn taking<T>(
    work: impl Future<Output = T>,
    handed: &mut mpsc::Receiver<Batch>,
    queue: &mut VecDeque<Batch>,
    publish: &watch::Sender<State>,
) -> T {
    let mut work = std::pin::pin!(work);
    loop {
        tokio::select! {
            biased;
            done = &mut work => return done,
            Some(batch) = handed.recv() => {
                queue.push_back(batch);
                while queue.iter().map(|b| b.message.len()).sum::<usize>() > WAITING
                    && let Some(oldest) = queue.pop_front()
                {
                    publish.send_modify(|state| state.dropped += oldest.items);
                }
            }
        }
    }
}
