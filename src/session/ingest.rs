//! Where telemetry lands: what Elasticsearch indexed, how hard it works for it, and what its log records lack.
//!
//! To read it:
//! - [`Ingest::signal`] and [`Ingest::streams`]: a [`Flow`] each, with the documents' and the bytes' rate as series with
//!   gaps, the total since the session began, and how that total grew. Rates hold for the time since the answer before.
//! - [`Ingest::indexed`]: documents of a signal between two moments, for accounts of what was lost.
//! - [`Ingest::first_after`]: when the first documents came after a moment, such as the load's start.
//! - [`Ingest::pressure`]: [`Pressure`], with rejections by [`Cause`]; [`Ingest::strain`] says what of it matters most.
//! - [`Ingest::links`]: pages of Kibana for a stretch of time.
//! - [`Ingest::quality`] with [`quality::lack`] and [`quality::why`]: what log records lack.
//!
//! What is not known is None or a gap, never 0. Times are milliseconds since 1970.

mod counters;
pub mod kibana;
mod names;
mod pressure;
pub mod quality;
mod strain;
mod streams;

pub use pressure::{Cause, DiskStage, Pressure};
pub use strain::Strain;
pub use streams::Flow;

use crate::observe::{CountedBy, CountersSeen, ElasticsearchSeen, LogQualitySeen, Signal, Time};
use counters::{Added, Counters};
use std::collections::BTreeMap;
use streams::Span;

/// Streams that are kept; beyond them the quietest go.
const STREAMS: usize = 512;
/// Samples kept of all streams together.
const SAMPLES: usize = 60_000;

/// What is known of Elasticsearch.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Ingest {
    pub cluster: Option<ElasticsearchSeen>,
    /// What documents are counted by; None before the first answer.
    pub counted_by: Option<CountedBy>,
    pub pressure: Pressure,
    pub quality: Option<LogQualitySeen>,
    /// The latest answer's moment, and how far answers are meant to be apart.
    pub at: Option<i64>,
    pub every: i64,
    /// The first answer's moment: totals count from here.
    pub since: Option<i64>,
    counters: Counters,
    signals: BTreeMap<Signal, Flow>,
    streams: BTreeMap<String, Stream>,
}

/// A data stream, or an index that is none.
#[derive(Clone, Debug, PartialEq)]
pub struct Stream {
    pub signal: Signal,
    pub flow: Flow,
    /// Backing indices; 0 when it is gone.
    pub indices: usize,
    /// On disk, primaries only, compressed.
    pub stored: Option<u64>,
    /// Merging cannot keep up, so that indexing is held back.
    pub throttled: bool,
}

/// Documents between two moments.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Indexed {
    pub documents: u64,
    /// False: more may have come in a stretch that could not be seen.
    pub whole: bool,
    /// The answers that it was counted between.
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
        let told = self.counters.take(seen);
        let span = self.at.map(|from| Span { from, to: ms, every: i64::from(seen.every_ms).max(self.every) });
        (self.at, self.every, self.counted_by) = (Some(ms), i64::from(seen.every_ms), Some(seen.by));
        self.since = self.since.or(Some(ms));
        for (name, standing) in &told.standing {
            let Some(signal) = names::signal(name) else { continue };
            let stream = self.streams.entry(name.clone()).or_insert_with(|| Stream {
                signal,
                flow: Flow::default(),
                indices: 0,
                stored: None,
                throttled: false,
            });
            (stream.indices, stream.stored) = (standing.indices, standing.stored);
            stream.throttled = standing.throttled;
        }
        for (name, stream) in &mut self.streams {
            if !told.standing.contains_key(name) {
                (stream.indices, stream.stored, stream.throttled) = (0, None, false);
            }
        }
        match span.zip(told.added) {
            Some((span, added)) => self.add(span, &added),
            // What they are counted by has changed, or nothing was known before.
            None => self.all_flows().for_each(|f| {
                f.partial |= span.is_some();
                f.rate.break_line();
                f.bytes.break_line();
            }),
        }
        self.bound();
    }

    fn add(&mut self, span: Span, added: &BTreeMap<String, Added>) {
        let nothing = Added { whole: true, bytes: Some(0), ..Added::default() };
        let mut sums: BTreeMap<Signal, Added> = Signal::ALL.into_iter().map(|s| (s, nothing.clone())).collect();
        for (name, stream) in &mut self.streams {
            let Some(got) = added.get(name) else {
                // It is gone; what was to come in has come.
                continue;
            };
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

    fn all_flows(&mut self) -> impl Iterator<Item = &mut Flow> {
        self.signals.values_mut().chain(self.streams.values_mut().map(|s| &mut s.flow))
    }

    /// Many streams share the room.
    fn bound(&mut self) {
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
            for series in [&mut stream.flow.rate, &mut stream.flow.bytes, &mut stream.flow.course] {
                series.keep(share);
            }
        }
    }

    /// The feed no longer answers.
    pub fn silent(&mut self) {
        self.pressure.silent();
        self.all_flows().for_each(|f| {
            f.rate.break_line();
            f.bytes.break_line();
        });
    }

    /// What came of a signal; None before two answers.
    pub fn signal(&self, signal: Signal) -> Option<&Flow> {
        self.signals.get(&signal)
    }

    /// By name; those that are gone stay as long as there is room.
    pub fn streams(&self) -> impl Iterator<Item = (&str, &Stream)> {
        self.streams.iter().map(|(name, stream)| (name.as_str(), stream))
    }

    pub fn stream(&self, name: &str) -> Option<&Stream> {
        self.streams.get(name)
    }

    /// How long a rate holds, in milliseconds.
    pub fn max_age(&self) -> i64 {
        self.every.max(10_000) * 5 / 2
    }

    /// Documents per second of a signal at `ms`.
    pub fn documents_per_s(&self, signal: Signal, ms: i64) -> Option<f64> {
        self.signal(signal)?.rate_at(ms, self.max_age())
    }

    /// Of all signals together, if each is known.
    pub fn all_per_s(&self, ms: i64) -> Option<f64> {
        Signal::ALL.into_iter().map(|s| self.documents_per_s(s, ms)).sum()
    }

    /// Documents of a signal between two moments, counted from the answers at or before each; None if the first was
    /// before there was any.
    pub fn indexed(&self, signal: Signal, from: i64, to: i64) -> Option<Indexed> {
        let flow = self.signal(signal)?;
        let since = self.since.filter(|s| *s <= from)?;
        let total = |ms| flow.course.at(ms, i64::MAX).map_or((since, 0.0), |p| p);
        let (a, b) = (total(from), total(to));
        Some(Indexed { documents: (b.1 - a.1).max(0.0) as u64, whole: !flow.partial, from: a.0, to: b.0 })
    }

    /// Links into Kibana for `from..to`; empty where its address is not known.
    pub fn links(&self, from: Time, to: Time) -> Vec<kibana::Link> {
        let Some(about) = self.cluster.as_ref().filter(|a| !a.kibana.is_empty()) else { return Vec::new() };
        let version = if about.kibana_version.is_empty() { &about.version } else { &about.kibana_version };
        kibana::links(&about.kibana, version, from, to)
    }

    /// When the first documents of a signal came after `ms`: not before the first moment, and by the second. None while
    /// none came.
    pub fn first_after(&self, signal: Signal, ms: i64) -> Option<(i64, i64)> {
        let since = self.since.filter(|s| *s <= ms)?;
        let points = self.signal(signal)?.course.points();
        let at = points.until(ms);
        let before = at.checked_sub(1).and_then(|i| points.get(i)).unwrap_or((since, 0.0));
        let more = at + points.range(at..points.len()).position(|p| p.1 > before.1)?;
        let earlier = more.checked_sub(1).filter(|i| *i >= at).and_then(|i| points.get(i)).map_or(before.0, |p| p.0);
        Some((earlier.max(ms), points.get(more)?.0))
    }
}

#[cfg(test)]
mod tests;
