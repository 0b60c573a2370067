//! Documents and bytes in time, for a stream or a signal: a rate between each two answers, the sum of what came, and when
//! the last did. A stretch that is not known is a gap in the rate; the sum says whether it is whole.

use super::counters::Added;
use crate::session::Series;
use crate::session::series::rate;

/// A rate stands for the time since the answer before; a distance of so many intervals is a gap.
const LATE: f64 = 2.5;

/// The time between two answers, milliseconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Span {
    pub from: i64,
    pub to: i64,
    /// How long it was meant to be.
    pub every: i64,
}

impl Span {
    fn seconds(&self) -> f64 {
        (self.to - self.from) as f64 / 1000.0
    }

    /// Longer than two answers are apart: how it went in between is not known.
    pub fn is_late(&self) -> bool {
        (self.to - self.from) as f64 > self.every.max(1000) as f64 * LATE
    }

    /// The greatest distance of two samples that belong to one line.
    pub fn max_gap(&self) -> i64 {
        (self.every.max(1000) as f64 * LATE) as i64
    }
}

/// What came in, in time.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Flow {
    /// Documents per second.
    pub rate: Series,
    /// Bytes of bulk requests per second, before compression.
    pub bytes: Series,
    /// Documents since the session began.
    pub total: u64,
    pub bytes_total: u64,
    /// Of the total's course: (milliseconds since 1970, documents until then).
    pub course: Series,
    /// Something may be missing in the total: a stretch that could not be seen.
    pub partial: bool,
    /// Documents that Elasticsearch could not index once they were accepted, and the version conflicts among them.
    pub failed: u64,
    pub conflicts: u64,
    /// When conflicts were last found to have come, milliseconds since 1970.
    pub conflicted: Option<i64>,
    /// When documents last came: between these two answers.
    pub last: Option<(i64, i64)>,
}

impl Flow {
    /// Takes in what came in a span.
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
        self.course.push(span.to, self.total as f64, i64::MAX);
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

    /// The rate that holds at `ms`.
    pub fn rate_at(&self, ms: i64, max_age: i64) -> Option<f64> {
        at(&self.rate, ms, max_age)
    }

    pub fn bytes_at(&self, ms: i64, max_age: i64) -> Option<f64> {
        at(&self.bytes, ms, max_age)
    }
}

/// The last sample at or before `ms`, if it is of the latest answer.
fn at(series: &Series, ms: i64, max_age: i64) -> Option<f64> {
    let last = series.last().is_some_and(|p| p.0 <= ms);
    series.at(ms, max_age).filter(|_| !(last && series.is_broken())).map(|p| p.1)
}
