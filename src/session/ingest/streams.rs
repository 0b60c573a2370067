//! Documents and bytes over time, for a stream or a signal: the rate between two answers, the total, and the time of the last
//! documents. A period that is not known is a gap in the rate; the total is marked as partial. Must not estimate.

use super::counters::Added;
use crate::session::series::{Series, rate};

/// A rate covers the time since the previous answer; more than this many intervals is a gap.
const LATE: f64 = 2.5;

/// The time between two answers, milliseconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Span {
    pub from: i64,
    pub to: i64,
    /// How long it should have been.
    pub every: i64,
}

impl Span {
    fn seconds(&self) -> f64 {
        (self.to - self.from) as f64 / 1000.0
    }

    /// Whether an answer is missing in it, so that the rate in between is not known.
    pub fn is_late(&self) -> bool {
        (self.to - self.from) as f64 > self.every.max(1000) as f64 * LATE
    }

    /// More milliseconds than this between two samples are a gap.
    pub fn max_gap(&self) -> i64 {
        (self.every.max(1000) as f64 * LATE) as i64
    }
}

/// Documents indexed over time.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DocumentFlow {
    /// Documents per second.
    pub rate: Series,
    /// Bytes of bulk requests per second, before compression.
    pub bytes: Series,
    /// Documents since the session began.
    pub total: u64,
    pub bytes_total: u64,
    /// The total over time: documents up to each answer.
    pub documents: Series,
    /// The total may lack something, from a period that is not known.
    pub partial: bool,
    /// Documents that Elasticsearch accepted and could not index, and the version conflicts among them.
    pub failed: u64,
    pub conflicts: u64,
    /// When version conflicts were last seen, milliseconds since 1970.
    pub conflicted: Option<i64>,
    /// When documents were last indexed: between these two answers, milliseconds since 1970.
    pub last: Option<(i64, i64)>,
}

impl DocumentFlow {
    /// Takes in what was added between two answers.
    pub fn take(&mut self, span: Span, added: &Added) {
        let (seconds, known) = (span.seconds(), added.whole && !span.is_late());
        self.total = self.total.saturating_add(added.documents);
        self.failed = self.failed.saturating_add(added.failed);
        self.conflicts = self.conflicts.saturating_add(added.conflicts);
        if added.conflicts > 0 {
            self.conflicted = Some(span.to);
        }
        self.partial |= !added.whole;
        if added.documents > 0 {
            self.last = Some((span.from, span.to));
        }
        self.documents.push(span.to, self.total as f64, i64::MAX);
        match known && seconds > 0.0 {
            true => self.rate.push(span.to, rate(added.documents as f64 / seconds), span.max_gap()),
            false => self.rate.break_line(),
        }
        if let Some(bytes) = added.bytes {
            self.bytes_total = self.bytes_total.saturating_add(bytes);
        }
        match added.bytes.filter(|_| known && seconds > 0.0) {
            Some(bytes) => self.bytes.push(span.to, rate(bytes as f64 / seconds), span.max_gap()),
            None => self.bytes.break_line(),
        }
    }

    /// Documents per second at `ms`, at most `max_age` milliseconds old.
    pub fn rate_at(&self, ms: i64, max_age: i64) -> Option<f64> {
        at(&self.rate, ms, max_age)
    }

    /// Bytes per second at `ms`, at most `max_age` milliseconds old.
    pub fn bytes_at(&self, ms: i64, max_age: i64) -> Option<f64> {
        at(&self.bytes, ms, max_age)
    }
}

/// The last sample at or before `ms`, unless an answer is missing since.
fn at(series: &Series, ms: i64, max_age: i64) -> Option<f64> {
    let last = series.last().is_some_and(|p| p.0 <= ms);
    series.at(ms, max_age).filter(|_| !(last && series.is_broken())).map(|p| p.1)
}
