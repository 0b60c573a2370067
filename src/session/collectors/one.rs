//! One collector: its counters as rates, its queues, its process.

use super::elastic::Elastic;
use super::loss::Rise;
use super::trim;
use crate::observe::{CollectorLost, CollectorSeen, ExporterSeen, Role, Signal, leads_out};
use crate::session::Series;
use crate::session::counter::{Counter, Life};
use std::sync::Arc;

/// Milliseconds over which a rate is taken: receivers count smoothly, exporters a flush at a time.
const IN: i64 = 10_000;
const OUT: i64 = 30_000;
/// Milliseconds without a sample that are a gap, at least.
const MAX_GAP: i64 = 20_000;
/// A process's beginning, worked out from its uptime, may differ by so many milliseconds between two scrapes.
const SAME_LIFE: i64 = 3000;

/// What a collector counts of one signal.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Flow {
    /// By all receivers.
    pub accepted: Counter,
    /// Not taken; whoever sent it may send it again, so it is not lost.
    pub refused: Counter,
    /// By the exporters that lead out of the cluster of collectors ([`leads_out`]).
    pub sent: Counter,
    /// Given up by an exporter after its last try: lost.
    pub send_failed: Counter,
    /// Did not get into an exporter's queue: lost.
    pub enqueue_failed: Counter,
}

/// A queue as of the last scrape, in the unit of its sizer (requests, unless it was told otherwise).
#[derive(Clone, Debug, PartialEq)]
pub struct Queue {
    pub exporter: String,
    pub signal: Signal,
    pub size: f64,
    pub capacity: f64,
}

impl Queue {
    /// From 0, empty, to 1, full.
    pub fn ratio(&self) -> f64 {
        if self.capacity > 0.0 { self.size / self.capacity } else { 0.0 }
    }
}

/// One collector.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Collector {
    pub pod: String,
    pub uid: String,
    pub role: Role,
    /// The last scrape, as it was; None before the first.
    pub seen: Option<Arc<CollectorSeen>>,
    /// When that was (milliseconds since 1970).
    pub at: i64,
    /// It cannot be scraped since, and why.
    pub lost: Option<(i64, String)>,
    /// It left.
    pub gone: Option<i64>,
    /// When its process began.
    pub began: Option<i64>,
    /// Times that its process began anew while it was watched.
    pub restarts: u32,
    /// In the order of [`Signal::ALL`].
    flows: [Flow; 3],
    /// Of all signals together.
    pub accepted: Counter,
    /// Fill of the fullest queue, 0 to 1.
    pub queue: Series,
    /// Cores, by its own count.
    pub cpu: Counter,
    /// Bytes.
    pub rss: Series,
    pub elastic: Elastic,
    /// When it was first seen to have accepted something (milliseconds since 1970).
    pub first: Option<i64>,
    /// When it last took a fair part of the load, 5 % of its tier's mean.
    pub busy: Option<i64>,
    /// Since when its fullest queue has been full without a break.
    pub full_since: Option<i64>,
    /// The last two distances between scrapes.
    steps: [Option<i64>; 2],
}

impl Collector {
    /// Takes in a scrape; `mean` is what a pod of its tier accepts a second. Returns what was counted since the last.
    pub fn take(&mut self, ms: i64, session: i64, seen: &Arc<CollectorSeen>, mean: f64) -> Rise {
        let after = self.seen.as_ref().map(|_| self.at);
        let began = seen.process.uptime_s.map(|s| ms.saturating_sub((s * 1000.0) as i64));
        let reset = self.began.zip(began).is_some_and(|(old, new)| new.saturating_sub(old) > SAME_LIFE);
        let life = Life { reset, born: after.is_none() && began.is_some_and(|b| b > session) };
        self.restarts += u32::from(reset);
        if let Some(then) = after {
            self.steps = [Some(ms - then), self.steps[0]];
        }
        let gap = self.max_gap();
        let mut rise = Rise { after, ..Rise::default() };
        for (flow, (signal, rise)) in self.flows.iter_mut().zip(Signal::ALL.into_iter().zip(&mut rise.signals)) {
            let received = |get: fn(&crate::observe::ReceiverSeen) -> Option<f64>| -> f64 {
                seen.receivers.iter().filter(|r| r.signal == signal).filter_map(get).sum()
            };
            let out = |get: fn(&ExporterSeen) -> Option<f64>| -> f64 {
                seen.exporters.iter().filter(|e| e.signal == signal && leads_out(&e.name)).filter_map(get).sum()
            };
            rise.accepted = flow.accepted.take(ms, received(|r| r.accepted), life, IN, gap);
            rise.refused = flow.refused.take(ms, received(|r| r.refused), life, IN, gap);
            rise.sent = flow.sent.take(ms, out(|e| e.sent), life, OUT, gap);
            rise.send_failed = flow.send_failed.take(ms, out(|e| e.send_failed), life, OUT, gap);
            rise.enqueue_failed = flow.enqueue_failed.take(ms, out(|e| e.enqueue_failed), life, OUT, gap);
        }
        let all: f64 = seen.receivers.iter().filter_map(|r| r.accepted).sum();
        let taken = self.accepted.take(ms, all, life, OUT, gap);
        self.first = self.first.or((all > 0.0).then_some(ms));
        if let Some(step) = after.map(|then| ms - then).filter(|s| *s > 0)
            && taken > 0.0
            && taken * 1000.0 / step as f64 >= mean * 0.05
        {
            self.busy = Some(ms);
        }
        rise.rejected = self.elastic.take(ms, &seen.elastic, life, OUT, gap);
        if let Some(cpu) = seen.process.cpu_s {
            self.cpu.take(ms, cpu, life, IN, gap);
        }
        if let Some(rss) = seen.process.rss_bytes {
            self.rss.push(ms, rss, gap);
        }
        (self.pod, self.uid, self.role) = (seen.pod.clone(), seen.uid.clone(), seen.role);
        (self.at, self.began, self.lost, self.gone) = (ms, began.or(self.began), None, None);
        self.seen = Some(seen.clone());
        if let Some(queue) = self.fullest() {
            self.queue.push(ms, queue.ratio(), gap);
            self.full_since = self.full_since.or(Some(ms)).filter(|_| queue.ratio() >= 1.0);
        }
        rise
    }

    /// A scrape failed; what was known stays, but no line goes on.
    pub fn lost(&mut self, ms: i64, lost: &CollectorLost) {
        (self.pod, self.uid, self.role) = (lost.pod.clone(), lost.uid.clone(), lost.role);
        let since = self.lost.as_ref().map_or(ms, |(since, _)| *since);
        self.lost = Some((since, lost.reason.clone()));
        self.full_since = None;
        for flow in &mut self.flows {
            for counter in flow.counters() {
                counter.missed();
            }
        }
        [&mut self.accepted, &mut self.cpu].into_iter().for_each(Counter::missed);
        [&mut self.queue, &mut self.rss].into_iter().for_each(Series::break_line);
        self.elastic.missed();
    }

    /// What it counts of a signal.
    pub fn flow(&self, signal: Signal) -> &Flow {
        &self.flows[Signal::ALL.iter().position(|s| *s == signal).unwrap_or(0)]
    }

    /// Its queues as of the last scrape.
    pub fn queues(&self) -> impl Iterator<Item = Queue> {
        let exporters = self.seen.iter().flat_map(|s| &s.exporters);
        exporters.filter_map(|e| {
            let (size, capacity) = (e.queue_size?, e.queue_capacity?);
            Some(Queue { exporter: e.name.clone(), signal: e.signal, size, capacity })
        })
    }

    /// The queue that is closest to being full.
    pub fn fullest(&self) -> Option<Queue> {
        self.queues().max_by(|a, b| a.ratio().total_cmp(&b.ratio()))
    }

    /// Requests on their way to where it exports to, tries included; None where it does not tell.
    pub fn in_flight(&self) -> Option<f64> {
        let exporters = self.seen.iter().flat_map(|s| &s.exporters);
        exporters.filter_map(|e| e.in_flight).reduce(|a, b| a + b)
    }

    /// Milliseconds without a scrape that are a gap: a few times what is usual for it.
    pub fn max_gap(&self) -> i64 {
        let usual = self.steps.iter().flatten().min().copied().unwrap_or(0);
        (usual.min(120_000) * 7 / 2).max(MAX_GAP)
    }

    /// Keeps at most so many samples of each series.
    pub fn keep(&mut self, most: usize) {
        for flow in &mut self.flows {
            trim(&mut flow.counters().map(|c| &mut c.rate), most);
        }
        trim(&mut [&mut self.accepted.rate, &mut self.cpu.rate, &mut self.queue, &mut self.rss], most);
        self.elastic.keep(most);
    }
}

impl Flow {
    fn counters(&mut self) -> [&mut Counter; 5] {
        [&mut self.accepted, &mut self.refused, &mut self.sent, &mut self.send_failed, &mut self.enqueue_failed]
    }
}
