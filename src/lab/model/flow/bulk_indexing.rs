//! Elasticsearch: write threads and their queue, indexing pressure, faults. It takes whole bulk requests; their documents
//! are kept in `data_streams`.

use super::data_streams::DataStreams;
use super::items::Items;
use super::process::Process;
use crate::lab::model::params::{ES_HEAP_IDLE, NETWORK_MS, PRESSURE_PART, REFUSAL_MS};
use crate::lab::model::{Ms, Time};
use crate::lab::scenario;
use std::collections::{BTreeMap, VecDeque};

/// The faults of Elasticsearch in force.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct ElasticFaults {
    /// Added to every bulk request.
    pub slow_ms: Ms,
    /// Whole requests are refused.
    pub refuses: bool,
    /// The share of documents that are refused, 0 to 1.
    pub refuses_share: f64,
    pub unavailable: bool,
    pub down: bool,
}

/// How a bulk request ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum BulkOutcome {
    Indexed,
    /// 429 on the whole request.
    TooMany,
    /// 503.
    Unavailable,
    /// No connection, or no response in time.
    Unreachable,
}

/// The immediate result of a bulk request.
#[derive(Debug, Clone, Copy)]
pub enum BulkReply {
    /// It waits for a thread or has one; ask `progress`.
    Taken {
        ticket: u64,
    },
    Refused {
        ends: Ms,
        outcome: BulkOutcome,
    },
}

/// The progress of a request that was taken.
#[derive(Debug, Clone, Copy)]
pub enum BulkProgress {
    Running,
    /// `refused` documents of it got 429, one by one.
    Done {
        ends: Ms,
        refused: u64,
    },
    /// The node that had it is gone, or it was answered before.
    Lost,
}

/// A bulk request in a write thread or in its queue.
#[derive(Debug, Clone, Copy)]
struct BulkTask {
    ticket: u64,
    bytes: u64,
    items: Items,
    /// Milliseconds of thread time that it still needs.
    work: f64,
    /// Milliseconds of extra delay that are left; None before it has a thread.
    delay: Option<f64>,
    took: f64,
}

#[derive(Debug, Clone)]
pub struct ElasticNode {
    pub process: Process,
    pub faults: ElasticFaults,
    settings: scenario::Elasticsearch,
    threads: Vec<Option<BulkTask>>,
    waiting: VecDeque<BulkTask>,
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

impl ElasticNode {
    /// A node that starts; `start_number` keeps the tickets of its lives apart.
    pub fn new(process: Process, settings: &scenario::Elasticsearch, start_number: u64) -> Self {
        ElasticNode {
            process,
            faults: ElasticFaults::default(),
            settings: settings.clone(),
            threads: vec![None; settings.threads.max(1)],
            waiting: VecDeque::new(),
            done: BTreeMap::new(),
            tickets: start_number << 40,
            completed: 0,
            write_rejected: 0,
            pressure_rejected: 0,
            pressure_total: 0,
            gc_ms: 0.0,
            heap_phase: 0.0,
        }
    }

    /// The write thread pool: threads, active threads, queued requests.
    pub fn pool(&self) -> (usize, usize, usize) {
        (self.threads.len(), self.threads.iter().flatten().count(), self.waiting.len())
    }

    /// Indexing pressure: bytes of the requests it holds, and the limit.
    pub fn pressure(&self) -> (u64, u64) {
        let limit = (self.settings.heap.units() * PRESSURE_PART) as u64;
        let held: u64 = self.threads.iter().flatten().chain(&self.waiting).map(|r| r.bytes).sum();
        (held, limit)
    }

    /// Heap in bytes: used, and in total.
    pub fn heap(&self) -> (u64, u64) {
        let whole = self.settings.heap.units();
        let used = whole * (ES_HEAP_IDLE + 0.28 * self.heap_phase) + self.pressure().0 as f64 * 1.3;
        (used.min(whole * 0.98) as u64, whole as u64)
    }

    pub fn version(&self) -> &str {
        &self.settings.version
    }

    /// Receive a bulk request at `t`.
    pub fn bulk(&mut self, items: &Items, bytes: u64, t: Ms) -> BulkReply {
        let refusal = |outcome| BulkReply::Refused { ends: t + REFUSAL_MS, outcome };
        if self.faults.down {
            return refusal(BulkOutcome::Unreachable);
        }
        if self.faults.unavailable {
            return refusal(BulkOutcome::Unavailable);
        }
        let (held, limit) = self.pressure();
        if held + bytes > limit {
            self.pressure_rejected += 1;
            return refusal(BulkOutcome::TooMany);
        }
        if self.faults.refuses || self.waiting.len() >= self.settings.queue {
            self.write_rejected += 1;
            return refusal(BulkOutcome::TooMany);
        }
        let indexing = items.all_documents() as f64 / f64::from(self.settings.docs_per_second.max(1)) * 1000.0;
        self.tickets += 1;
        let work = self.settings.overhead.ms() as f64 + indexing;
        let request = BulkTask { ticket: self.tickets, bytes, items: *items, work, delay: None, took: 0.0 };
        self.pressure_total += bytes;
        self.waiting.push_back(request);
        BulkReply::Taken { ticket: self.tickets }
    }

    /// The progress of a request that was taken; its end is returned once.
    pub fn progress(&mut self, ticket: u64) -> BulkProgress {
        if let Some((ends, refused)) = self.done.remove(&ticket) {
            return BulkProgress::Done { ends, refused };
        }
        let there = self.threads.iter().flatten().chain(&self.waiting).any(|r| r.ticket == ticket);
        if there { BulkProgress::Running } else { BulkProgress::Lost }
    }

    /// The threads work until `t`; finished requests are indexed.
    pub fn step(&mut self, streams: &mut DataStreams, now: Time, t: Ms, dt: f64) {
        let (mut busy, mut indexed) = (0.0, 0);
        let slow = self.faults.slow_ms as f64;
        for thread in &mut self.threads {
            let mut left = dt * 1000.0;
            while left > 0.0 {
                let Some(mut request) = thread.take().or_else(|| self.waiting.pop_front()) else { break };
                // The delay ends with its fault.
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
                let refused = (request.items.all_documents() as f64 * self.faults.refuses_share) as u64;
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
        self.process.hold(memory.min(self.process.memory_limit * 0.97));
    }

    /// Drop the results that were not asked for since `before`.
    pub fn forget(&mut self, before: Ms) {
        self.done.retain(|_, (ends, _)| *ends >= before);
    }
}

/// The collector's counters of bulk requests, by outcome.
#[derive(Debug, Clone, Default)]
pub struct BulkCounters {
    /// Requests, and the sum of their latencies in seconds.
    pub requests: BTreeMap<BulkOutcome, (u64, f64)>,
    /// The latency histogram: cumulative counts by upper bound.
    pub buckets: BTreeMap<BulkOutcome, [u64; BOUNDS.len()]>,
    pub documents: BTreeMap<BulkOutcome, u64>,
    /// Documents refused one by one.
    pub documents_refused: u64,
    pub retried: u64,
    pub requests_retried: u64,
    pub received: u64,
    pub flushed_bytes: f64,
    pub uncompressed_bytes: f64,
}

/// The upper bounds of the collector's latency histogram, seconds.
pub const BOUNDS: [f64; 27] = [
    0.0, 0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0, 25.0, 50.0, 75.0, 100.0,
    250.0, 500.0, 750.0, 1000.0, 2500.0, 5000.0, 7500.0, 10000.0,
];

impl BulkCounters {
    /// Count a request that ended.
    pub fn count(&mut self, outcome: BulkOutcome, seconds: f64, documents: u64) {
        let (count, sum) = self.requests.entry(outcome).or_default();
        (*count, *sum) = (*count + 1, *sum + seconds);
        let buckets = self.buckets.entry(outcome).or_insert([0; BOUNDS.len()]);
        BOUNDS.iter().zip(buckets).filter(|(bound, _)| seconds <= **bound).for_each(|(_, count)| *count += 1);
        *self.documents.entry(outcome).or_default() += documents;
    }
}
