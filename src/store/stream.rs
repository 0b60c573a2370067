//! A recording into the store while it is written. What is sent next is read from its file, so the file is the only queue: while the
//! store is away it grows, and memory does not. What is derived from the session waits in a short channel; where that is full it is
//! derived again later. Nothing here ever makes what observes wait.
//!
//! Beside the file is a mark, `FILE.unsent`, until all of it is in the store: [`leftovers`] finds those of runs that were killed.

use super::bulk::{Doc, send, wait};
use super::document::{About, Stored, document};
use super::push::{self, hex};
use super::{Client, TRIES, chunk, derived};
use crate::format::size;
use crate::session::Session;
use crate::verdict::{self, Expectations};
use ring::digest::{Context, SHA256};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot, watch};

/// How often the file is looked at.
const STEP: Duration = Duration::from_secs(1);
/// Chunks that are sent at once.
const AT_ONCE: usize = 64;
/// Batches of derived documents that wait to be sent.
const BATCHES: usize = 4;
/// Ticks between two batches, and between two documents of the session.
const BATCH_TICKS: u64 = 10;
const SESSION_TICKS: u64 = 60;
/// The most of a session that one batch is derived from, milliseconds: also after hours without the store.
const BATCH_SPAN: i64 = 3_600_000;

/// What the task has done so far.
#[derive(Clone, Default)]
struct State {
    /// None until the file has a beginning.
    about: Option<Arc<About>>,
    stored: Stored,
    /// Bytes of the file that are not in the store yet.
    behind: u64,
    /// Why the latest try failed.
    trouble: Option<String>,
    refused: u64,
    done: bool,
}

/// The end of a recording: all that was derived, and the session's document.
struct End {
    docs: Vec<Doc>,
    session: Doc,
}

/// A recording on its way into the store.
pub struct Stream {
    docs: mpsc::Sender<Vec<Doc>>,
    end: oneshot::Sender<End>,
    state: watch::Receiver<State>,
    path: PathBuf,
    tags: Vec<String>,
    /// Up to when derived documents were handed over, milliseconds since 1970.
    until: i64,
    ticks: u64,
    /// What was said of it last.
    said: Option<String>,
}

/// A recording that has ended and is not wholly in the store yet.
pub struct Ending {
    state: watch::Receiver<State>,
    path: PathBuf,
}

impl Stream {
    /// Begins to send the recording at `path`, which is being written.
    ///
    /// # Errors
    /// A sentence: its mark cannot be written.
    pub fn start(client: Client, path: &Path, tags: &[String]) -> Result<Stream, String> {
        let mark = mark(path);
        let named = |e: io::Error| format!("{}: cannot be written: {e}", mark.display());
        let lock = OpenOptions::new().create(true).write(true).truncate(true).mode(0o600).open(&mark).map_err(named)?;
        // Held until the process ends, however that happens.
        lock.lock().map_err(named)?;
        fs::write(&mark, tags.join("\n")).map_err(named)?;
        let (docs, handed) = mpsc::channel(BATCHES);
        let (end, ended) = oneshot::channel();
        let (publish, state) = watch::channel(State::default());
        let task = Task {
            client,
            file: GrowingFile { path: path.to_owned(), sent: Stored::default() },
            tags: tags.to_vec(),
            handed,
            waiting: Vec::new(),
            publish,
            _lock: lock,
        };
        tokio::spawn(task.run(ended));
        Ok(Stream {
            docs,
            end,
            state,
            path: path.to_owned(),
            tags: tags.to_vec(),
            until: i64::MIN,
            ticks: 0,
            said: None,
        })
    }

    /// Once a second: hands over what has settled since. A sentence for the user where the store went away or came back.
    pub fn tick(&mut self, session: &Session, expected: &Expectations) -> Option<String> {
        self.ticks += 1;
        let state = self.state.borrow().clone();
        if let Some(about) = &state.about {
            if self.ticks.is_multiple_of(BATCH_TICKS) {
                let from = self.until.max(session.began.map_or(0, |t| t.timestamp_millis() - 1));
                let to = derived::settled(session).min(from.saturating_add(BATCH_SPAN));
                // A full channel means that the store is slow: the same is derived next time.
                if to > from
                    && let Ok(room) = self.docs.try_reserve()
                {
                    room.send(derived::documents(about, session, from, to));
                    self.until = to;
                }
            }
            if self.ticks.is_multiple_of(SESSION_TICKS)
                && let Ok(room) = self.docs.try_reserve()
            {
                let verdict = verdict::run(session, expected);
                room.send(vec![document(about, &state.stored, session, &verdict)]);
            }
        }
        let news = match (&state.trouble, &self.said) {
            (Some(why), None) => Some(format!("{why}; the recording goes on, and is sent later")),
            (None, Some(_)) => Some("the store answers again".into()),
            _ => None,
        };
        self.said = state.trouble;
        news
    }

    /// Hands over the end of the recording; its file must be complete.
    pub fn end(self, session: &Session, expected: &Expectations) -> Ending {
        let about = self.state.borrow().about.clone();
        let about = about.or_else(|| push::about(&self.path, &self.tags).ok().map(Arc::new));
        if let Some(about) = about {
            let docs = derived::documents(&about, session, i64::MIN, session.now_ms());
            let verdict = verdict::run(session, expected);
            let session = document(&about, &Stored::default(), session, &verdict);
            let _ = self.end.send(End { docs, session });
        }
        Ending { state: self.state, path: self.path }
    }
}

impl Ending {
    /// Waits until all of it is in the store, at most for `patience`; a sentence on what became of it.
    pub async fn done(mut self, patience: Duration) -> String {
        let all = self.state.wait_for(|state| state.done);
        let done = matches!(tokio::time::timeout(patience, all).await, Ok(Ok(_)));
        let state = self.state.borrow().clone();
        let id = state.about.map(|about| about.id.clone()).unwrap_or_default();
        let file = self.path.display();
        let refused =
            if state.refused > 0 { format!("; {} documents were refused", state.refused) } else { String::new() };
        if done {
            return format!("in the store as {id}{refused}");
        }
        let why = state.trouble.map(|why| format!(": {why}")).unwrap_or_default();
        let behind = size::file(state.behind);
        format!(
            "{behind} of {file} and its end are not in the store yet{why}; edot-tui sessions push {file} sends them{refused}"
        )
    }
}

/// The file of a recording, and how much of it is in the store.
struct GrowingFile {
    path: PathBuf,
    sent: Stored,
}

impl GrowingFile {
    /// The chunks that have grown since, as documents; how many bytes they reach to, and how many the file has.
    fn grown(&mut self, id: &str) -> io::Result<(Vec<Doc>, u64, u64)> {
        let mut file = File::open(&self.path)?;
        let length = file.metadata()?.len();
        if self.sent.chunk_bytes == 0 {
            let mut beginning = Vec::new();
            file.by_ref().take(2).read_to_end(&mut beginning)?;
            self.sent.chunk_bytes = chunk::size(&beginning);
        }
        let bytes = self.sent.chunk_bytes;
        let (mut docs, mut n, mut reached) = (Vec::new(), self.sent.bytes / bytes, self.sent.bytes);
        file.seek(SeekFrom::Start(n * bytes))?;
        while reached < length && docs.len() < AT_ONCE {
            let mut part = Vec::new();
            file.by_ref().take(bytes).read_to_end(&mut part)?;
            if part.is_empty() {
                break;
            }
            reached = n * bytes + part.len() as u64;
            docs.push(chunk::document(id, n, &part, bytes));
            n += 1;
        }
        Ok((docs, reached, length.max(reached)))
    }

    fn hash(&self) -> io::Result<String> {
        let (mut hash, mut file, mut buffer) = (Context::new(&SHA256), File::open(&self.path)?, vec![0; 1 << 16]);
        loop {
            match file.read(&mut buffer)? {
                0 => return Ok(hex(hash)),
                n => hash.update(&buffer[..n]),
            }
        }
    }
}

struct Task {
    client: Client,
    file: GrowingFile,
    tags: Vec<String>,
    handed: mpsc::Receiver<Vec<Doc>>,
    /// Derived documents that are not in the store yet: one batch.
    waiting: Vec<Doc>,
    publish: watch::Sender<State>,
    _lock: File,
}

impl Task {
    async fn run(mut self, mut ended: oneshot::Receiver<End>) {
        let (mut failures, mut end): (u32, Option<Doc>) = (0, None);
        loop {
            let mut pause = STEP;
            match self.step(end.as_ref()).await {
                Ok(Progress::Done) => return,
                Ok(Progress::More) => (failures, pause) = (0, Duration::ZERO),
                Ok(Progress::Idle) => failures = 0,
                Err((why, retry_after)) => {
                    failures += 1;
                    pause = wait(failures, retry_after);
                    self.publish.send_modify(|state| state.trouble = Some(why));
                }
            }
            if failures == 0 {
                // Only a change is news.
                self.publish.send_if_modified(|state| state.trouble.take().is_some());
            }
            tokio::select! {
                handed = &mut ended, if end.is_none() => match handed {
                    Ok(last) => {
                        // All of them, so what still waits is among them.
                        self.handed.close();
                        while self.handed.try_recv().is_ok() {}
                        self.waiting = last.docs;
                        end = Some(last.session);
                    }
                    // The program ends without an end.
                    Err(_) => return,
                },
                () = tokio::time::sleep(pause) => {}
            }
        }
    }

    /// Sends what there is, once.
    async fn step(&mut self, end: Option<&Doc>) -> Result<Progress, (String, Option<Duration>)> {
        let broken = |e: io::Error| (format!("the recording cannot be read: {e}"), None);
        let known = self.publish.borrow().about.clone();
        let about = match known {
            Some(about) => about,
            // Its header is not written yet.
            None if fs::metadata(&self.file.path).map_or(0, |m| m.len()) < super::id::BEGINNING as u64 => {
                return Ok(Progress::Idle);
            }
            None => {
                let about = push::about(&self.file.path, &self.tags).map_err(|e| (e.to_string(), None))?;
                let about = Arc::new(about);
                self.publish.send_modify(|state| state.about = Some(about.clone()));
                about
            }
        };
        if self.waiting.is_empty() {
            self.waiting = self.handed.try_recv().unwrap_or_default();
        }
        let (mut docs, reached, length) = self.file.grown(&about.id).map_err(broken)?;
        self.publish.send_if_modified(|state| {
            state.behind = length - self.file.sent.bytes;
            false
        });
        docs.extend(self.waiting.iter().cloned());
        if !docs.is_empty() {
            let sent = send(&self.client, docs, 1).await.map_err(|e| (e.reason, e.retry_after))?;
            self.waiting.clear();
            self.file.sent.bytes = reached;
            let stored = self.file.sent.clone();
            self.publish.send_modify(|state| {
                state.refused += sent.refused;
                state.behind = length - reached;
                state.stored = stored;
            });
            if reached < length {
                return Ok(Progress::More);
            }
        }
        let Some(session) = end else { return Ok(Progress::Idle) };
        let mut session = session.clone();
        let hash = self.file.hash().map_err(broken)?;
        session.body["state"] = "complete".into();
        session.body["bytes"] = self.file.sent.bytes.into();
        session.body["chunk_bytes"] = self.file.sent.chunk_bytes.into();
        session.body["sha256"] = hash.into();
        send(&self.client, vec![session], 1).await.map_err(|e| (e.reason, e.retry_after))?;
        let _ = fs::remove_file(mark(&self.file.path));
        self.publish.send_modify(|state| state.done = true);
        Ok(Progress::Done)
    }
}

/// What came of one step.
enum Progress {
    /// Nothing is left to send now.
    Idle,
    /// There is more.
    More,
    Done,
}

/// The mark beside a recording that is not wholly in the store.
pub fn mark(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".unsent");
    name.into()
}

/// Sends the recordings of a folder that an earlier run could not send to their end; the paths of those that are in the store now.
pub async fn leftovers(client: &Client, folder: &Path, expected: &Expectations) -> Vec<PathBuf> {
    let mut sent = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let mark = entry.path();
        let Some(path) = mark.to_str().and_then(|text| text.strip_suffix(".unsent")).map(PathBuf::from) else {
            continue;
        };
        let Ok(lock) = File::open(&mark) else { continue };
        // Another run is at it.
        if lock.try_lock().is_err() {
            continue;
        }
        if !path.exists() {
            let _ = fs::remove_file(&mark);
            continue;
        }
        let tags: Vec<String> = fs::read_to_string(&mark).unwrap_or_default().lines().map(str::to_owned).collect();
        match push::push(client, &path, &tags, expected, TRIES).await {
            Ok(_) => {
                let _ = fs::remove_file(&mark);
                sent.push(path);
            }
            Err(error) => tracing::warn!("{}: {error}", path.display()),
        }
    }
    sent
}
