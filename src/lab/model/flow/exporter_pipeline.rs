//! One signal's pipeline in a gateway: batch processor, sending queue, bulk requests. A slot of the queue is freed only
//! when its bulk request has ended, and a full queue blocks the batch processor.

use super::bulk_indexing::{BulkCounters, BulkOutcome, BulkProgress, BulkReply, ElasticNode};
use super::items::Items;
use crate::lab::model::Ms;
use crate::lab::model::params::{BATCHER_DEPTH, BULK_RETRY_MS, BULK_TIMEOUT_MS};
use crate::lab::scenario::{Batch, Queue};
use std::collections::VecDeque;

/// A bulk request in flight.
#[derive(Debug, Clone)]
struct BulkRequest {
    items: Items,
    bytes: u64,
    /// Queue slots that its end frees; of requests split from one batch, the last frees them all.
    slots: usize,
    first: Ms,
    tries: u32,
    state: BulkState,
}

#[derive(Debug, Clone, Copy)]
enum BulkState {
    /// Until its next attempt.
    Waiting { until: Ms },
    /// Elasticsearch has it.
    Running { ticket: u64, since: Ms },
    /// Its result arrives at `at`.
    Ending { at: Ms, outcome: BulkOutcome, refused: u64 },
}

/// What a step did, for the gateway's own accounts.
#[derive(Debug, Clone, Copy, Default)]
pub struct PipelineStep {
    /// Items encoded for Elasticsearch.
    pub encoded: u64,
    /// Items dropped, and why.
    pub dropped: Option<(u64, BulkOutcome)>,
}

#[derive(Debug, Clone, Default)]
pub struct SignalPipeline {
    pending: Items,
    pending_since: Option<Ms>,
    /// A batch that waits because the queue is full.
    blocked: Option<Items>,
    /// Requests accepted while blocked.
    taken_blocked: usize,
    /// Batches in the queue that wait to be merged into a bulk request, each with its time.
    merge: VecDeque<(Items, Ms)>,
    requests: Vec<BulkRequest>,
    /// Queue slots in use.
    pub size: usize,
    pub accepted: u64,
    pub refused: u64,
    pub sent: u64,
    pub send_failed: u64,
    /// Batches by their trigger: size and timeout, and the items in them.
    pub batches: (u64, u64, u64),
}

impl SignalPipeline {
    pub fn in_flight(&self) -> usize {
        self.requests.len()
    }

    /// Whether the batch processor cannot take more.
    pub fn is_blocked(&self) -> bool {
        self.blocked.is_some() && self.taken_blocked >= BATCHER_DEPTH
    }

    /// Whether it holds nothing.
    pub fn is_empty(&self) -> bool {
        self.pending.total() == 0 && self.blocked.is_none() && self.merge.is_empty() && self.requests.is_empty()
    }

    /// Items it holds.
    pub fn held(&self) -> u64 {
        let blocked = self.blocked.map_or(0, |items| items.total());
        let merging: u64 = self.merge.iter().map(|(items, _)| items.total()).sum();
        let flying: u64 = self.requests.iter().map(|r| r.items.total()).sum();
        self.pending.total() + blocked + merging + flying
    }

    /// Accept a request of a receiver.
    pub fn accept(&mut self, items: &Items, t: Ms) {
        self.accepted += items.total();
        self.add(items, t);
    }

    /// Add items that no receiver counts, e.g. a connector's.
    pub fn add(&mut self, items: &Items, t: Ms) {
        self.pending.add(items);
        self.pending_since.get_or_insert(t);
        if self.blocked.is_some() {
            self.taken_blocked += 1;
        }
    }

    /// One step. With `drain`, no batch waits to become larger.
    pub fn step(
        &mut self,
        batch: &Batch,
        queue: &Queue,
        elastic: &mut Option<ElasticNode>,
        counters: &mut BulkCounters,
        drain: bool,
        t: Ms,
    ) -> PipelineStep {
        let mut done = PipelineStep::default();
        self.update_running(elastic, t);
        self.finish(queue, counters, &mut done, t);
        self.batch(batch, queue, drain, t);
        self.split(queue, counters, &mut done, drain, t);
        self.send(elastic, counters, t);
        done
    }

    fn batch(&mut self, batch: &Batch, queue: &Queue, drain: bool, t: Ms) {
        if let Some(items) = self.blocked
            && self.size < queue.size
        {
            self.blocked = None;
            self.taken_blocked = 0;
            self.enqueue(items, queue, t);
        }
        let Some(since) = self.pending_since else { return };
        let (full, old) = (self.pending.total() >= batch.size, t - since >= batch.timeout.ms());
        if self.blocked.is_none() && (full || old || drain) && self.pending.total() > 0 {
            let items = std::mem::take(&mut self.pending);
            self.pending_since = None;
            if full {
                self.batches.0 += 1;
            } else {
                self.batches.1 += 1;
            }
            self.batches.2 += items.total();
            self.enqueue(items, queue, t);
        }
    }

    /// Put a batch into the queue, or block.
    fn enqueue(&mut self, items: Items, queue: &Queue, t: Ms) {
        if self.size < queue.size {
            self.size += 1;
            self.merge.push_back((items, t));
        } else {
            self.blocked = Some(items);
        }
    }

    /// Merge the batches in the queue, and split them into bulk requests.
    fn split(&mut self, queue: &Queue, counters: &mut BulkCounters, done: &mut PipelineStep, drain: bool, t: Ms) {
        let bytes: u64 = self.merge.iter().map(|(items, _)| items.bytes()).sum();
        let oldest = self.merge.front().map(|(_, since)| t - since);
        let due = bytes >= queue.min_bytes || oldest.is_some_and(|age| drain || age >= queue.flush_timeout.ms());
        if !due || self.requests.len() >= queue.consumers || self.merge.is_empty() {
            return;
        }
        let mut whole = Items::default();
        let mut slots = self.merge.len();
        self.merge.drain(..).for_each(|(items, _)| whole.add(&items));
        // A small rest after requests of the largest size waits for more, and keeps one slot.
        let (most, bytes) = (queue.max_bytes.max(1), whole.bytes());
        let rest = bytes % most;
        let old = oldest.is_some_and(|age| drain || age >= queue.flush_timeout.ms());
        let mut parts = whole.split_at_bytes(most);
        if parts.len() > 1
            && rest < queue.min_bytes
            && !old
            && let Some(rest) = parts.pop()
        {
            slots -= 1;
            self.merge.push_back((rest, t));
        }
        let count = parts.len();
        for (place, items) in parts.into_iter().enumerate() {
            counters.received += items.all_documents();
            done.encoded += items.total();
            let slots = if place + 1 == count { slots } else { 0 };
            let state = BulkState::Waiting { until: t };
            self.requests.push(BulkRequest { bytes: items.bytes(), items, slots, first: t, tries: 0, state });
        }
    }

    fn send(&mut self, elastic: &mut Option<ElasticNode>, counters: &mut BulkCounters, t: Ms) {
        for request in &mut self.requests {
            if let BulkState::Waiting { until } = request.state
                && until <= t
            {
                if request.tries > 0 {
                    counters.requests_retried += 1;
                }
                request.tries += 1;
                request.state = match elastic.as_mut().map(|e| e.bulk(&request.items, request.bytes, t)) {
                    Some(BulkReply::Taken { ticket }) => BulkState::Running { ticket, since: t },
                    Some(BulkReply::Refused { ends, outcome }) => BulkState::Ending { at: ends, outcome, refused: 0 },
                    None => BulkState::Ending { at: t, outcome: BulkOutcome::Unreachable, refused: 0 },
                };
            }
        }
    }

    /// Ask Elasticsearch about the requests it has.
    fn update_running(&mut self, elastic: &mut Option<ElasticNode>, t: Ms) {
        for request in &mut self.requests {
            let BulkState::Running { ticket, since } = request.state else { continue };
            let progress = elastic.as_mut().map_or(BulkProgress::Lost, |e| e.progress(ticket));
            let lost = BulkState::Ending { at: t, outcome: BulkOutcome::Unreachable, refused: 0 };
            request.state = match progress {
                BulkProgress::Running if t - since < BULK_TIMEOUT_MS => continue,
                BulkProgress::Running | BulkProgress::Lost => lost,
                BulkProgress::Done { ends, refused } => {
                    BulkState::Ending { at: ends, outcome: BulkOutcome::Indexed, refused }
                }
            };
        }
    }

    /// Count the requests whose results have arrived, or schedule their retry.
    fn finish(&mut self, queue: &Queue, counters: &mut BulkCounters, done: &mut PipelineStep, t: Ms) {
        let mut freed = 0;
        let (mut sent, mut failed, mut why) = (0, 0, BulkOutcome::Unreachable);
        self.requests.retain_mut(|request| {
            let BulkState::Ending { at: ends, outcome, refused } = request.state else { return true };
            if ends > t {
                return true;
            }
            let again = match outcome {
                BulkOutcome::TooMany | BulkOutcome::Unreachable => request.tries <= queue.max_retries,
                BulkOutcome::Indexed | BulkOutcome::Unavailable => false,
            };
            if again {
                request.state = BulkState::Waiting { until: t + BULK_RETRY_MS };
                return true;
            }
            let documents = request.items.all_documents();
            counters.count(outcome, (ends - request.first) as f64 / 1000.0, documents - refused.min(documents));
            counters.uncompressed_bytes += request.bytes as f64;
            counters.flushed_bytes += request.bytes as f64 * 0.056;
            if outcome == BulkOutcome::Indexed {
                // Documents refused one by one count as sent, after all retries.
                counters.documents_refused += refused;
                counters.retried += refused * u64::from(queue.max_retries);
                sent += request.items.total();
            } else {
                failed += request.items.total();
                why = outcome;
            }
            freed += request.slots;
            false
        });
        self.size = self.size.saturating_sub(freed);
        self.sent += sent;
        self.send_failed += failed;
        if failed > 0 {
            done.dropped = Some((failed, why));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::items::ItemKind;
    use super::*;
    use crate::lab::scenario::Dur;

    fn no_elastic() -> Option<ElasticNode> {
        None
    }

    #[test]
    fn a_batch_goes_when_it_is_full_or_old_and_a_full_queue_blocks() {
        let batch = Batch { size: 100, timeout: Dur::seconds(5) };
        let queue = Queue { size: 2, flush_timeout: Dur::seconds(1000), ..Queue::default() };
        let (mut pipeline, mut counters) = (SignalPipeline::default(), BulkCounters::default());
        pipeline.accept(&Items::of(ItemKind::Span, 99), 0);
        pipeline.step(&batch, &queue, &mut no_elastic(), &mut counters, false, 200);
        assert_eq!((pipeline.size, pipeline.batches.0), (0, 0));
        pipeline.step(&batch, &queue, &mut no_elastic(), &mut counters, false, 5000);
        assert_eq!((pipeline.size, pipeline.batches.1), (1, 1));
        for n in 0..6 {
            pipeline.accept(&Items::of(ItemKind::Span, 100), 6000 + n * 200);
            pipeline.step(&batch, &queue, &mut no_elastic(), &mut counters, false, 6000 + n * 200);
        }
        assert!(pipeline.is_blocked());
        assert_eq!((pipeline.size, pipeline.accepted), (2, 699));
        assert_eq!(pipeline.held(), 699);
    }

    #[test]
    fn without_elasticsearch_items_are_lost_after_two_retries_and_the_queue_is_empty() {
        let batch = Batch { size: 10, timeout: Dur::seconds(1) };
        let queue = Queue { min_bytes: 1, ..Queue::default() };
        let (mut pipeline, mut counters) = (SignalPipeline::default(), BulkCounters::default());
        pipeline.accept(&Items::of(ItemKind::Log, 50), 0);
        for step in 0..8 {
            pipeline.step(&batch, &queue, &mut no_elastic(), &mut counters, false, step * 200);
        }
        assert_eq!((pipeline.send_failed, pipeline.sent, pipeline.size, pipeline.accepted), (50, 0, 0, 50));
        assert_eq!(counters.requests_retried, 2);
        assert_eq!(counters.requests[&BulkOutcome::Unreachable].0, 1);
    }
}
