//! One collector: its counters as rates, its queues, its process. Must not judge.

use super::elasticsearch_exporter::ElasticsearchExporter;
use super::exporters::{self, Outlets};
use super::totals::Rise;
use crate::observe::{CollectorLost, CollectorSeen, ExporterSeen, Role, Signal};
use crate::session::series::{Counter, Life, Series};
use std::sync::Arc;

/// Milliseconds over which a rate is taken: receivers count continuously, exporters a flush at a time.
const RECEIVED: i64 = 10_000;
const EXPORTED: i64 = 30_000;
/// The least number of milliseconds without a sample that is a gap.
const MAX_GAP: i64 = 20_000;
/// The start of a process, computed from its uptime, may differ by this many milliseconds between two scrapes.
const SAME_LIFE: i64 = 3000;

/// What a collector counts for one signal.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SignalCounters {
    /// Items accepted by all receivers.
    pub accepted: Counter,
    /// Items not accepted; the sender may send them again, so they are not lost.
    pub refused: Counter,
    /// Items sent by the exporters that lead out of the cluster of collectors, each once ([`exporters::counted`]).
    pub sent: Counter,
    /// Items dropped by an exporter after its last retry: lost.
    pub send_failed: Counter,
    /// Items that did not fit into an exporter's queue: lost.
    pub enqueue_failed: Counter,
}

/// A queue as of the last scrape, in the unit of its sizer (requests, unless configured otherwise).
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
    /// The last scrape, unchanged; None before the first.
    pub seen: Option<Arc<CollectorSeen>>,
    /// When that was (milliseconds since 1970).
    pub at: i64,
    /// Since when it cannot be scraped, and why.
    pub lost: Option<(i64, String)>,
    /// When its pod left.
    pub gone: Option<i64>,
    /// When its process started.
    pub began: Option<i64>,
    /// How often its process restarted while it was watched.
    pub restarts: u32,
    /// In the order of [`Signal::ALL`].
    signals: [SignalCounters; 3],
    /// Items of all signals together.
    pub accepted: Counter,
    /// Fill of the fullest queue, 0 to 1.
    pub queue: Series,
    /// Cores, by its own process metrics.
    pub cpu: Counter,
    /// Bytes.
    pub rss: Series,
    pub elastic: ElasticsearchExporter,
    /// When it was first seen to have accepted something (milliseconds since 1970).
    pub first: Option<i64>,
    /// When it last accepted a fair part of the load, 5 % of its tier's mean.
    pub busy: Option<i64>,
    /// Since when its fullest queue has been full without interruption.
    pub full_since: Option<i64>,
    /// The exporters that the pipelines of its configuration name, where that is known.
    pub outlets: Option<Arc<Outlets>>,
    /// Milliseconds between the last scrapes.
    steps: [Option<i64>; 2],
}

impl Collector {
    /// Takes in a scrape; `session` is the session's start, `mean` what a pod of its tier accepts per second. Returns what
    /// was counted since the last scrape.
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
        for (counters, (signal, rise)) in self.signals.iter_mut().zip(Signal::ALL.into_iter().zip(&mut rise.signals)) {
            let received = |get: fn(&crate::observe::ReceiverSeen) -> Option<f64>| -> f64 {
                seen.receivers.iter().filter(|r| r.signal == signal).filter_map(get).sum()
            };
            let out = |get: fn(&ExporterSeen) -> Option<f64>| -> f64 {
                exporters::counted(seen, signal, self.outlets.as_deref()).filter_map(get).sum()
            };
            rise.accepted = counters.accepted.take(ms, received(|r| r.accepted), life, RECEIVED, gap);
            rise.refused = counters.refused.take(ms, received(|r| r.refused), life, RECEIVED, gap);
            rise.sent = counters.sent.take(ms, out(|e| e.sent), life, EXPORTED, gap);
            rise.send_failed = counters.send_failed.take(ms, out(|e| e.send_failed), life, EXPORTED, gap);
            rise.enqueue_failed = counters.enqueue_failed.take(ms, out(|e| e.enqueue_failed), life, EXPORTED, gap);
        }
        let all: f64 = seen.receivers.iter().filter_map(|r| r.accepted).sum();
        let taken = self.accepted.take(ms, all, life, EXPORTED, gap);
        self.first = self.first.or((all > 0.0).then_some(ms));
        if let Some(step) = after.map(|then| ms - then).filter(|s| *s > 0)
            && taken > 0.0
            && taken * 1000.0 / step as f64 >= mean * 0.05
        {
            self.busy = Some(ms);
        }
        rise.rejected = self.elastic.take(ms, &seen.elastic, life, EXPORTED, gap);
        if let Some(cpu) = seen.process.cpu_s {
            self.cpu.take(ms, cpu, life, RECEIVED, gap);
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

    /// A scrape failed: what is known stays, and every series has a gap.
    pub fn lost(&mut self, ms: i64, lost: &CollectorLost) {
        (self.pod, self.uid, self.role) = (lost.pod.clone(), lost.uid.clone(), lost.role);
        let since = self.lost.as_ref().map_or(ms, |(since, _)| *since);
        self.lost = Some((since, lost.reason.clone()));
        self.full_since = None;
        self.signals.iter_mut().flat_map(SignalCounters::counters).for_each(Counter::missed);
        [&mut self.accepted, &mut self.cpu].into_iter().for_each(Counter::missed);
        [&mut self.queue, &mut self.rss].into_iter().for_each(Series::break_line);
        self.elastic.missed();
    }

    /// What it counts for a signal.
    pub fn flow(&self, signal: Signal) -> &SignalCounters {
        &self.signals[Signal::ALL.iter().position(|s| *s == signal).unwrap_or(0)]
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

    /// Export requests in flight, retries included; None where it does not report them.
    pub fn in_flight(&self) -> Option<f64> {
        let seen = self.seen.as_ref()?;
        let all = Signal::ALL
            .into_iter()
            .chain([Signal::Other])
            .flat_map(|signal| exporters::counted(seen, signal, self.outlets.as_deref()));
        all.filter_map(|e| e.in_flight).reduce(|a, b| a + b)
    }

    /// Items that this process has accepted and neither sent nor given up; None where it does not report them.
    pub fn held(&self) -> Option<f64> {
        let seen = self.seen.as_ref()?;
        let accepted = seen.receivers.iter().filter_map(|r| r.accepted).reduce(|a, b| a + b)?;
        let exporters = Signal::ALL.into_iter().flat_map(|s| exporters::counted(seen, s, self.outlets.as_deref()));
        let left: f64 = exporters.flat_map(|e| [e.sent, e.send_failed, e.enqueue_failed]).flatten().sum();
        Some((accepted - left).max(0.0))
    }

    /// Milliseconds without a scrape that are a gap: a few times its usual interval.
    pub fn max_gap(&self) -> i64 {
        let usual = self.steps.iter().flatten().min().copied().unwrap_or(0);
        (usual.min(120_000) * 7 / 2).max(MAX_GAP)
    }

    /// Keeps at most `most` samples of each series.
    pub fn keep(&mut self, most: usize) {
        let by_signal = self.signals.iter_mut().flat_map(SignalCounters::counters).map(|c| &mut c.rate);
        let own = [&mut self.accepted.rate, &mut self.cpu.rate, &mut self.queue, &mut self.rss];
        by_signal.chain(own).for_each(|s| s.keep(most));
        self.elastic.keep(most);
    }
}

impl SignalCounters {
    fn counters(&mut self) -> [&mut Counter; 5] {
        [&mut self.accepted, &mut self.refused, &mut self.sent, &mut self.send_failed, &mut self.enqueue_failed]
    }
}
