//! Elasticsearch: what it indexed, how loaded it is, and what its log records lack.
//!
//! To read it:
//! - [`Ingest::signal`] and [`Ingest::streams`]: a [`DocumentFlow`] each, with the rates of documents and bytes as series
//!   with gaps, the total since the session began, and the total over time. A rate covers the time since the previous answer.
//! - [`Ingest::indexed`]: documents of a signal between two times, for accounts of what was lost.
//! - [`Ingest::first_after`]: when the first documents were indexed after a time, such as the load's start.
//! - [`Ingest::pressure`]: [`Pressure`], with rejections by [`RejectionCause`]; [`Ingest::strain`] lists what matters most.
//! - [`Ingest::links`]: pages of Kibana for a period.
//! - [`Ingest::quality`] with [`quality::lack`]: what log records lack.
//!
//! What is not known is None or a gap, never 0. Times are milliseconds since 1970. Must not judge.

mod counters;
pub mod kibana;
mod names;
mod pressure;
pub mod quality;
mod shard;
mod strain;
mod streams;

pub use pressure::{DiskStage, Pressure, RejectionCause};
pub use strain::Strain;
pub use streams::DocumentFlow;

use crate::observe::{CountedBy, CountersSeen, ElasticsearchSeen, LogQualitySeen, Signal};
use counters::{Added, Counters};
use std::collections::BTreeMap;
use streams::Span;

/// Streams kept at most; the quietest are dropped first.
const STREAMS: usize = 512;
/// Samples kept of all streams together.
const SAMPLES: usize = 60_000;

/// What is known of Elasticsearch.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Ingest {
    pub cluster: Option<ElasticsearchSeen>,
    /// How documents are counted; None before the first answer.
    pub counted_by: Option<CountedBy>,
    pub pressure: Pressure,
    pub quality: Option<LogQualitySeen>,
    /// The time of the latest answer, and the interval at which answers should come.
    pub at: Option<i64>,
    pub every: i64,
    /// The time of the first answer: totals count from here.
    pub since: Option<i64>,
    /// What there was no room for.
    pub left_out: LeftOut,
    counters: Counters,
    signals: BTreeMap<Signal, DocumentFlow>,
    streams: BTreeMap<String, Stream>,
}

/// A data stream, or an index that belongs to none.
#[derive(Clone, Debug, PartialEq)]
pub struct Stream {
    pub signal: Signal,
    pub flow: DocumentFlow,
    /// Backing indices; 0 when it was deleted.
    pub indices: usize,
    /// Bytes on disk, primaries only, compressed.
    pub stored: Option<u64>,
    /// Merging cannot keep up, so indexing is throttled.
    pub throttled: bool,
}

/// What an answer had no room for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LeftOut {
    /// Documents of indices that the latest answer does not list.
    pub documents: u64,
    /// Data streams that are in the sums, but not in the list.
    pub streams: usize,
}

/// Documents between two times.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Indexed {
    pub documents: u64,
    /// False: there may be more, from a period that is not known.
    pub whole: bool,
    /// The times of the answers between which it was counted.
    pub from: i64,
    pub to: i64,
}

impl Ingest {
    /// Takes in an answer with counters.
    pub fn counters(&mut self, at_ms: i64, seen: &CountersSeen) {
        let ms = at_ms - i64::from(seen.took_ms) / 2;
        if self.at.is_some_and(|before| ms <= before) {
            return;
        }
        let change = self.counters.take(seen);
        let span = self.at.map(|from| Span { from, to: ms, every: i64::from(seen.every_ms).max(self.every) });
        (self.at, self.every, self.counted_by) = (Some(ms), i64::from(seen.every_ms), Some(seen.by));
        self.since = self.since.or(Some(ms));
        for (name, status) in &change.status {
            let Some(signal) = names::signal(name) else { continue };
            let stream = self.streams.entry(name.clone()).or_insert_with(|| Stream {
                signal,
                flow: DocumentFlow::default(),
                indices: 0,
                stored: None,
                throttled: false,
            });
            (stream.indices, stream.stored) = (status.indices, status.stored);
            stream.throttled = status.throttled;
        }
        for (name, stream) in &mut self.streams {
            if !change.status.contains_key(name) {
                (stream.indices, stream.stored, stream.throttled) = (0, None, false);
            }
        }
        match span.zip(change.added) {
            Some((span, added)) => self.add(span, &added),
            // The way of counting has changed, or this is the first answer.
            None => self.all_flows().for_each(|f| {
                f.partial |= span.is_some();
                f.rate.break_line();
                f.bytes.break_line();
            }),
        }
        self.left_out.documents = seen.left_out;
        if seen.left_out > 0 {
            self.all_flows().for_each(|flow| flow.partial = true);
        }
        self.bound();
    }

    fn add(&mut self, span: Span, added: &BTreeMap<String, Added>) {
        let nothing = Added { whole: true, bytes: Some(0), ..Added::default() };
        let mut sums: BTreeMap<Signal, Added> = Signal::ALL.into_iter().map(|s| (s, nothing.clone())).collect();
        for (name, stream) in &mut self.streams {
            // A deleted stream gets nothing more.
            let Some(got) = added.get(name) else { continue };
            stream.flow.take(span, got);
            if let Some(sum) = sums.get_mut(&stream.signal) {
                sum.documents = sum.documents.saturating_add(got.documents);
                sum.whole &= got.whole;
                sum.bytes = sum.bytes.zip(got.bytes).map(|(a, b)| a.saturating_add(b));
                sum.failed = sum.failed.saturating_add(got.failed);
                sum.conflicts = sum.conflicts.saturating_add(got.conflicts);
            }
        }
        for (signal, sum) in sums {
            self.signals.entry(signal).or_default().take(span, &sum);
        }
    }

    fn all_flows(&mut self) -> impl Iterator<Item = &mut DocumentFlow> {
        self.signals.values_mut().chain(self.streams.values_mut().map(|s| &mut s.flow))
    }

    /// Bounds the streams and their samples.
    fn bound(&mut self) {
        self.left_out.streams = self.streams.len().saturating_sub(STREAMS);
        if self.streams.len() > STREAMS {
            let mut quiet: Vec<_> =
                self.streams.iter().map(|(n, s)| (s.indices > 0, s.flow.total, n.clone())).collect();
            quiet.sort();
            for (.., name) in &quiet[..self.streams.len() - STREAMS] {
                self.streams.remove(name);
            }
        }
        let share = (SAMPLES / self.streams.len().max(1)).max(64);
        for stream in self.streams.values_mut() {
            for series in [&mut stream.flow.rate, &mut stream.flow.bytes, &mut stream.flow.documents] {
                series.keep(share);
            }
        }
    }

    /// The feed is down: every series has a gap.
    pub fn interrupt(&mut self) {
        self.pressure.interrupt();
        self.all_flows().for_each(|f| {
            f.rate.break_line();
            f.bytes.break_line();
        });
    }

    /// What was indexed of a signal; None before two answers.
    pub fn signal(&self, signal: Signal) -> Option<&DocumentFlow> {
        self.signals.get(&signal)
    }

    /// All streams by name, including deleted ones as long as there is room.
    pub fn streams(&self) -> impl Iterator<Item = (&str, &Stream)> {
        self.streams.iter().map(|(name, stream)| (name.as_str(), stream))
    }

    pub fn stream(&self, name: &str) -> Option<&Stream> {
        self.streams.get(name)
    }

    /// How long a rate holds, milliseconds.
    pub fn max_age(&self) -> i64 {
        self.every.max(10_000) * 5 / 2
    }

    /// Documents per second of a signal at `ms`.
    pub fn documents_per_s(&self, signal: Signal, ms: i64) -> Option<f64> {
        self.signal(signal)?.rate_at(ms, self.max_age())
    }

    /// Documents per second of all signals together, if each is known.
    pub fn all_per_s(&self, ms: i64) -> Option<f64> {
        Signal::ALL.into_iter().map(|s| self.documents_per_s(s, ms)).sum()
    }

    /// Documents of a signal between two times, counted from the answers at or before each; None if there was no answer
    /// before the first.
    pub fn indexed(&self, signal: Signal, from: i64, to: i64) -> Option<Indexed> {
        let flow = self.signal(signal)?;
        let since = self.since.filter(|s| *s <= from)?;
        let total = |ms| flow.documents.at(ms, i64::MAX).map_or((since, 0.0), |p| p);
        let (a, b) = (total(from), total(to));
        Some(Indexed { documents: (b.1 - a.1).max(0.0) as u64, whole: !flow.partial, from: a.0, to: b.0 })
    }

    /// What strains Elasticsearch at `ms`, worst first; empty when nothing does, or nothing is known.
    pub fn strain(&self, ms: i64) -> Vec<Strain> {
        let throttled = self.streams().find(|(_, s)| s.throttled).map(|(name, _)| name);
        strain::strain(&self.pressure, throttled, ms)
    }

    /// When the first documents of a signal were indexed after `ms`: after the first time and by the second. None while
    /// there were none.
    pub fn first_after(&self, signal: Signal, ms: i64) -> Option<(i64, i64)> {
        let since = self.since.filter(|s| *s <= ms)?;
        let points = self.signal(signal)?.documents.points();
        let at = points.until(ms);
        let before = at.checked_sub(1).and_then(|i| points.get(i)).unwrap_or((since, 0.0));
        let more = at + points.range(at..points.len()).position(|p| p.1 > before.1)?;
        let earlier = more.checked_sub(1).filter(|i| *i >= at).and_then(|i| points.get(i)).map_or(before.0, |p| p.0);
        Some((earlier.max(ms), points.get(more)?.0))
    }
}

#[cfg(test)]
mod tests;
