//! One signal's way through a gateway: batch processor, sending queue, bulk requests. Slots of the queue are free only
//! when their bulk request has ended, and a full queue blocks what comes before it.

use super::elastic::{Elastic, Outcome, Outcomes, Progress, Reply};
use super::items::Items;
use crate::lab::model::Ms;
use crate::lab::model::params::{BATCHER_DEPTH, BULK_RETRY_MS, BULK_TIMEOUT_MS};
use crate::lab::scenario::{Batch, Queue};
use std::collections::VecDeque;

/// A bulk request on its way.
#[derive(Debug, Clone)]
struct Flight {
    items: Items,
    bytes: u64,
    /// Slots that it frees; the last of the requests of a batch frees them all.
    slots: usize,
    first: Ms,
    tries: u32,
    state: State,
}

#[derive(Debug, Clone, Copy)]
enum State {
    Waits {
        until: Ms,
    },
    /// Elasticsearch has it.
    Runs {
        ticket: u64,
        since: Ms,
    },
    Ends {
        at: Ms,
        outcome: Outcome,
        refused: u64,
    },
}

/// What a step did that the gateway accounts for.
#[derive(Debug, Clone, Copy, Default)]
pub struct Done {
    /// Items encoded for Elasticsearch.
    pub encoded: u64,
    /// Items given up, and why.
    pub dropped: Option<(u64, Outcome)>,
}

#[derive(Debug, Clone, Default)]
pub struct Line {
    pending: Items,
    pending_since: Option<Ms>,
    /// A batch that found the queue full.
    blocked: Option<Items>,
    /// Requests taken while blocked.
    taken_blocked: usize,
    /// Requests waiting to be merged into a bulk request.
    merge: VecDeque<(Items, Ms)>,
    flights: Vec<Flight>,
    /// Slots in use.
    pub size: usize,
    pub accepted: u64,
    pub refused: u64,
    pub sent: u64,
    pub send_failed: u64,
    /// Batches by their trigger: size and timeout, and the items in them.
    pub batches: (u64, u64, u64),
}

impl Line {
    pub fn in_flight(&self) -> usize {
        self.flights.len()
    }

    /// Whether the batch processor cannot take more.
    pub fn is_blocked(&self) -> bool {
        self.blocked.is_some() && self.taken_blocked >= BATCHER_DEPTH
    }

    /// Nothing is left in it.
    pub fn is_empty(&self) -> bool {
        self.pending.total() == 0 && self.blocked.is_none() && self.merge.is_empty() && self.flights.is_empty()
    }

    /// Items it holds.
    pub fn held(&self) -> u64 {
        let blocked = self.blocked.map_or(0, |items| items.total());
        let merging: u64 = self.merge.iter().map(|(items, _)| items.total()).sum();
        let flying: u64 = self.flights.iter().map(|f| f.items.total()).sum();
        self.pending.total() + blocked + merging + flying
    }

    /// A request goes in.
    pub fn take(&mut self, items: &Items, t: Ms) {
        self.accepted += items.total();
        self.put(items, t);
    }

    /// Items that no receiver took (a connector's).
    pub fn put(&mut self, items: &Items, t: Ms) {
        self.pending.add(items);
        self.pending_since.get_or_insert(t);
        if self.blocked.is_some() {
            self.taken_blocked += 1;
        }
    }

    /// One step. With `drain`, nothing waits for a larger batch.
    pub fn step(
        &mut self,
        batch: &Batch,
        queue: &Queue,
        elastic: &mut Option<Elastic>,
        outcomes: &mut Outcomes,
        drain: bool,
        t: Ms,
    ) -> Done {
        let mut done = Done::default();
        self.follow(elastic, t);
        self.land(queue, outcomes, &mut done, t);
        self.batch(batch, queue, drain, t);
        self.fly(queue, outcomes, &mut done, drain, t);
        self.send(elastic, outcomes, t);
        done
    }

    fn batch(&mut self, batch: &Batch, queue: &Queue, drain: bool, t: Ms) {
        if let Some(items) = self.blocked
            && self.size < queue.size
        {
            self.blocked = None;
            self.taken_blocked = 0;
            self.offer(items, queue, t);
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
            self.offer(items, queue, t);
        }
    }

    fn offer(&mut self, items: Items, queue: &Queue, t: Ms) {
        if self.size < queue.size {
            self.size += 1;
            self.merge.push_back((items, t));
        } else {
            self.blocked = Some(items);
        }
    }

    /// Merge what waits, and split it into bulk requests.
    fn fly(&mut self, queue: &Queue, outcomes: &mut Outcomes, done: &mut Done, drain: bool, t: Ms) {
        let bytes: u64 = self.merge.iter().map(|(items, _)| items.bytes()).sum();
        let oldest = self.merge.front().map(|(_, since)| t - since);
        let ripe = bytes >= queue.min_bytes || oldest.is_some_and(|age| drain || age >= queue.flush_timeout.ms());
        if !ripe || self.flights.len() >= queue.consumers || self.merge.is_empty() {
            return;
        }
        let mut whole = Items::default();
        let mut slots = self.merge.len();
        self.merge.drain(..).for_each(|(items, _)| whole.add(&items));
        // What is left over of requests of the largest size waits for more, and with it the slot of the last one.
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
            outcomes.received += items.all_documents();
            done.encoded += items.total();
            let slots = if place + 1 == count { slots } else { 0 };
            let state = State::Waits { until: t };
            self.flights.push(Flight { bytes: items.bytes(), items, slots, first: t, tries: 0, state });
        }
    }

    fn send(&mut self, elastic: &mut Option<Elastic>, outcomes: &mut Outcomes, t: Ms) {
        for flight in &mut self.flights {
            if let State::Waits { until } = flight.state
                && until <= t
            {
                if flight.tries > 0 {
                    outcomes.requests_retried += 1;
                }
                flight.tries += 1;
                flight.state = match elastic.as_mut().map(|e| e.bulk(&flight.items, flight.bytes, t)) {
                    Some(Reply::Taken { ticket }) => State::Runs { ticket, since: t },
                    Some(Reply::Refused { ends, outcome }) => State::Ends { at: ends, outcome, refused: 0 },
                    None => State::Ends { at: t, outcome: Outcome::Unreachable, refused: 0 },
                };
            }
        }
    }

    /// What has become of the requests that Elasticsearch has.
    fn follow(&mut self, elastic: &mut Option<Elastic>, t: Ms) {
        for flight in &mut self.flights {
            let State::Runs { ticket, since } = flight.state else { continue };
            let progress = elastic.as_mut().map_or(Progress::Lost, |e| e.progress(ticket));
            let lost = State::Ends { at: t, outcome: Outcome::Unreachable, refused: 0 };
            flight.state = match progress {
                Progress::Running if t - since < BULK_TIMEOUT_MS => continue,
                Progress::Running | Progress::Lost => lost,
                Progress::Done { ends, refused } => State::Ends { at: ends, outcome: Outcome::Indexed, refused },
            };
        }
    }

    fn land(&mut self, queue: &Queue, outcomes: &mut Outcomes, done: &mut Done, t: Ms) {
        let mut freed = 0;
        let (mut sent, mut failed, mut why) = (0, 0, Outcome::Unreachable);
        self.flights.retain_mut(|flight| {
            let State::Ends { at: ends, outcome, refused } = flight.state else { return true };
            if ends > t {
                return true;
            }
            let again = match outcome {
                Outcome::TooMany | Outcome::Unreachable => flight.tries <= queue.max_retries,
                Outcome::Indexed | Outcome::Unavailable => false,
            };
            if again {
                flight.state = State::Waits { until: t + BULK_RETRY_MS };
                return true;
            }
            let documents = flight.items.all_documents();
            outcomes.ended(outcome, (ends - flight.first) as f64 / 1000.0, documents - refused.min(documents));
            outcomes.uncompressed_bytes += flight.bytes as f64;
            outcomes.flushed_bytes += flight.bytes as f64 * 0.056;
            if outcome == Outcome::Indexed {
                // What was refused one by one counts as sent; it was tried twice more.
                outcomes.documents_refused += refused;
                outcomes.retried += refused * u64::from(queue.max_retries);
                sent += flight.items.total();
            } else {
                failed += flight.items.total();
                why = outcome;
            }
            freed += flight.slots;
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
    use super::super::items::Kind;
    use super::*;
    use crate::lab::scenario::Dur;

    fn nobody() -> Option<Elastic> {
        None
    }

    #[test]
    fn a_batch_goes_when_it_is_full_or_old_and_a_full_queue_blocks() {
        let batch = Batch { size: 100, timeout: Dur::seconds(5) };
        let queue = Queue { size: 2, flush_timeout: Dur::seconds(1000), ..Queue::default() };
        let (mut line, mut outcomes) = (Line::default(), Outcomes::default());
        line.take(&Items::of(Kind::Span, 99), 0);
        line.step(&batch, &queue, &mut nobody(), &mut outcomes, false, 200);
        assert_eq!((line.size, line.batches.0), (0, 0));
        line.step(&batch, &queue, &mut nobody(), &mut outcomes, false, 5000);
        assert_eq!((line.size, line.batches.1), (1, 1));
        for n in 0..6 {
            line.take(&Items::of(Kind::Span, 100), 6000 + n * 200);
            line.step(&batch, &queue, &mut nobody(), &mut outcomes, false, 6000 + n * 200);
        }
        assert!(line.is_blocked());
        assert_eq!((line.size, line.accepted), (2, 699));
        assert_eq!(line.held(), 699);
    }

    #[test]
    fn nobody_there_loses_the_items_after_two_retries_and_the_queue_is_empty() {
        let batch = Batch { size: 10, timeout: Dur::seconds(1) };
        let queue = Queue { min_bytes: 1, ..Queue::default() };
        let (mut line, mut outcomes) = (Line::default(), Outcomes::default());
        line.take(&Items::of(Kind::Log, 50), 0);
        for step in 0..8 {
            line.step(&batch, &queue, &mut nobody(), &mut outcomes, false, step * 200);
        }
        assert_eq!((line.send_failed, line.sent, line.size, line.accepted), (50, 0, 0, 50));
        assert_eq!(outcomes.requests_retried, 2);
        assert_eq!(outcomes.requests[&Outcome::Unreachable].0, 1);
    }
}
