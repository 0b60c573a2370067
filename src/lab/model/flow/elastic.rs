//! Elasticsearch: write threads and their queue, indexing pressure, and what befalls it. Bulk requests come in whole;
//! what they bring is in `streams`.

use super::items::Items;
use super::process::Process;
use super::streams::Streams;
use crate::lab::model::params::{ES_HEAP_IDLE, NETWORK_MS, PRESSURE_PART, REFUSAL_MS};
use crate::lab::model::{Ms, Time};
use crate::lab::scenario;
use std::collections::{BTreeMap, VecDeque};

/// What is wrong with it now.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Trouble {
    pub slow_ms: Ms,
    pub refuses: bool,
    pub refuses_share: f64,
    pub unavailable: bool,
    pub down: bool,
}

/// How a bulk request ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    Indexed,
    /// 429 on the whole request.
    TooMany,
    /// 503.
    Unavailable,
    /// Nobody answered.
    Unreachable,
}

/// What becomes of a bulk request that came.
#[derive(Debug, Clone, Copy)]
pub enum Reply {
    /// It waits for a thread, or has one: `progress` tells how it goes.
    Taken {
        ticket: u64,
    },
    Refused {
        ends: Ms,
        outcome: Outcome,
    },
}

/// How a taken request goes.
#[derive(Debug, Clone, Copy)]
pub enum Progress {
    Running,
    /// With the documents of it that were refused one by one, with 429.
    Done {
        ends: Ms,
        refused: u64,
    },
    /// The node that had it is gone.
    Lost,
}

/// A request that a write thread has, or will have.
#[derive(Debug, Clone, Copy)]
struct Request {
    ticket: u64,
    bytes: u64,
    items: Items,
    /// Milliseconds of a thread that it still needs.
    work: f64,
    /// And that it is made to wait besides, once it has a thread.
    delay: Option<f64>,
    took: f64,
}

#[derive(Debug, Clone)]
pub struct Elastic {
    pub process: Process,
    pub trouble: Trouble,
    settings: scenario::Elasticsearch,
    threads: Vec<Option<Request>>,
    waiting: VecDeque<Request>,
    done: BTreeMap<u64, (Ms, u64)>,
    tickets: u64,
    /// Since the node's start.
    pub completed: u64,
    pub write_rejected: u64,
    pub pressure_rejected: u64,
    pub pressure_total: u64,
    pub gc_ms: f64,
    heap_phase: f64,
}

impl Elastic {
    /// A node that starts; `life` counts its starts.
    pub fn new(process: Process, settings: &scenario::Elasticsearch, life: u64) -> Self {
        Elastic {
            process,
            trouble: Trouble::default(),
            settings: settings.clone(),
            threads: vec![None; settings.threads.max(1)],
            waiting: VecDeque::new(),
            done: BTreeMap::new(),
            tickets: life << 40,
            completed: 0,
            write_rejected: 0,
            pressure_rejected: 0,
            pressure_total: 0,
            gc_ms: 0.0,
            heap_phase: 0.0,
        }
    }

    /// The write thread pool: threads, active, waiting.
    pub fn pool(&self) -> (usize, usize, usize) {
        (self.threads.len(), self.threads.iter().flatten().count(), self.waiting.len())
    }

    /// Bytes of the requests it holds, and the most it takes.
    pub fn pressure(&self) -> (u64, u64) {
        let limit = (self.settings.heap.units() * PRESSURE_PART) as u64;
        let held: u64 = self.threads.iter().flatten().chain(&self.waiting).map(|r| r.bytes).sum();
        (held, limit)
    }

    /// Used heap and the whole.
    pub fn heap(&self) -> (u64, u64) {
        let whole = self.settings.heap.units();
        let used = whole * (ES_HEAP_IDLE + 0.28 * self.heap_phase) + self.pressure().0 as f64 * 1.3;
        (used.min(whole * 0.98) as u64, whole as u64)
    }

    pub fn version(&self) -> &str {
        &self.settings.version
    }

    /// A bulk request comes at `t`.
    pub fn bulk(&mut self, items: &Items, bytes: u64, t: Ms) -> Reply {
        let refusal = |outcome| Reply::Refused { ends: t + REFUSAL_MS, outcome };
        if self.trouble.down {
            return refusal(Outcome::Unreachable);
        }
        if self.trouble.unavailable {
            return refusal(Outcome::Unavailable);
        }
        let (held, limit) = self.pressure();
        if held + bytes > limit {
            self.pressure_rejected += 1;
            return refusal(Outcome::TooMany);
        }
        if self.trouble.refuses || self.waiting.len() >= self.settings.queue {
            self.write_rejected += 1;
            return refusal(Outcome::TooMany);
        }
        let indexing = items.all_documents() as f64 / f64::from(self.settings.docs_per_second.max(1)) * 1000.0;
        self.tickets += 1;
        let work = self.settings.overhead.ms() as f64 + indexing;
        let request = Request { ticket: self.tickets, bytes, items: *items, work, delay: None, took: 0.0 };
        self.pressure_total += bytes;
        self.waiting.push_back(request);
        Reply::Taken { ticket: self.tickets }
    }

    /// How a request goes that was taken; the end of one is told once.
    pub fn progress(&mut self, ticket: u64) -> Progress {
        if let Some((ends, refused)) = self.done.remove(&ticket) {
            return Progress::Done { ends, refused };
        }
        let there = self.threads.iter().flatten().chain(&self.waiting).any(|r| r.ticket == ticket);
        if there { Progress::Running } else { Progress::Lost }
    }

    /// The threads work until `t`; what is done is in the indices.
    pub fn step(&mut self, streams: &mut Streams, now: Time, t: Ms, dt: f64) {
        let (mut busy, mut indexed) = (0.0, 0);
        let slow = self.trouble.slow_ms as f64;
        for thread in &mut self.threads {
            let mut left = dt * 1000.0;
            while left > 0.0 {
                let Some(mut request) = thread.take().or_else(|| self.waiting.pop_front()) else { break };
                // A delay that is over is waited for no more.
                let delay = request.delay.unwrap_or(slow).min(if slow > 0.0 { f64::INFINITY } else { 0.0 });
                let waits = delay.min(left);
                let works = request.work.min(left - waits);
                request.delay = Some(delay - waits);
                request.work -= works;
                request.took += waits + works;
                left -= waits + works;
                busy += works / 1000.0;
                if request.work > 1e-9 || delay - waits > 1e-9 {
                    *thread = Some(request);
                    break;
                }
                let refused = (request.items.all_documents() as f64 * self.trouble.refuses_share) as u64;
                self.write_rejected += u64::from(refused > 0);
                indexed += streams.index(&request.items, request.bytes, refused, request.took as u64, now, t);
                self.completed += 1;
                self.done.insert(request.ticket, (t - left as Ms + NETWORK_MS, refused));
            }
        }
        self.process.work(0.04 * dt + busy, dt);
        self.heap_phase += dt / 45.0 + indexed as f64 / 600_000.0;
        if self.heap_phase > 1.0 {
            self.heap_phase = 0.0;
            self.gc_ms += 18.0;
        }
        let memory = self.settings.heap.units() * 1.35 + 120e6;
        self.process.hold(memory.min(self.process.most_bytes * 0.97));
    }

    /// The answers that nobody came for are forgotten.
    pub fn forget(&mut self, before: Ms) {
        self.done.retain(|_, (ends, _)| *ends >= before);
    }
}

/// How bulk requests ended, as the collector's counters tell it: outcome -> requests, and their latencies.
#[derive(Debug, Clone, Default)]
pub struct Outcomes {
    pub requests: BTreeMap<Outcome, (u64, f64)>,
    /// Cumulative counts by upper bound, of all outcomes by themselves.
    pub buckets: BTreeMap<Outcome, [u64; BOUNDS.len()]>,
    /// Documents by outcome, and those refused one by one.
    pub documents: BTreeMap<Outcome, u64>,
    pub documents_refused: u64,
    pub retried: u64,
    pub requests_retried: u64,
    pub received: u64,
    pub flushed_bytes: f64,
    pub uncompressed_bytes: f64,
}

/// Upper bounds of the collector's latency histogram, seconds.
pub const BOUNDS: [f64; 27] = [
    0.0, 0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0, 25.0, 50.0, 75.0, 100.0,
    250.0, 500.0, 750.0, 1000.0, 2500.0, 5000.0, 7500.0, 10000.0,
];

impl Outcomes {
    pub fn ended(&mut self, outcome: Outcome, seconds: f64, documents: u64) {
        let (count, sum) = self.requests.entry(outcome).or_default();
        (*count, *sum) = (*count + 1, *sum + seconds);
        let buckets = self.buckets.entry(outcome).or_insert([0; BOUNDS.len()]);
        BOUNDS.iter().zip(buckets).filter(|(bound, _)| seconds <= **bound).for_each(|(_, count)| *count += 1);
        *self.documents.entry(outcome).or_default() += documents;
    }
}
