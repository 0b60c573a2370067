//! Signs that the controller was at work: the controller manager's lease, and what it did on this HPA and on others. A stretch without
//! any, where there usually are some in each period, shows that it was stopped, so that syncs inferred meanwhile were none. Must not
//! explain syncs.

use super::Decisions;
use crate::observe::Time;
use crate::session::hpa_status;
use std::collections::VecDeque;

/// How long a lease lasts after its last renewal, and how soon its holder renews it again, milliseconds: the controller manager's
/// defaults, and a second.
const LEASE: i64 = 15_000;
const RENEWAL: i64 = 3000;
/// The lease's holders that are kept.
const LEASES: usize = 16;

/// Stretches between signs that are compared, how many there must be, and how many of them may be longer than a period and a third.
const STRETCHES: usize = 24;
const LEAST: usize = 10;
const LONG: usize = 1;
/// What is seen at the same time as a sign is at most this much after it, milliseconds.
const BESIDE: i64 = 1200;

/// The latest signs.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Signs {
    /// The latest of other HPAs, milliseconds since 1970, ascending.
    others: VecDeque<i64>,
    /// The last of any.
    last: Option<i64>,
    /// When the controller was stopped: from the last sign before to the first one after.
    stops: VecDeque<(i64, i64)>,
}

impl Signs {
    /// Takes in a sign at `ms`, from another HPA or from this one; the sync period is in milliseconds. Returns whether the controller
    /// was stopped until then: for more than two periods, in which this HPA was due, too. How often this HPA changes says nothing of
    /// that, as its load may be steady.
    pub fn take(&mut self, ms: i64, other: bool, period: i64) -> bool {
        let stop =
            self.last.filter(|last| ms - last > period * 11 / 5 && self.are_usual(period)).map(|last| (last, ms));
        self.last = Some(ms);
        self.others.extend(other.then_some(ms));
        self.stops.extend(stop);
        if self.others.len() > STRETCHES {
            self.others.pop_front();
        }
        if self.stops.len() > STRETCHES {
            self.stops.pop_front();
        }
        stop.is_some()
    }

    /// Whether other HPAs usually change in each period.
    fn are_usual(&self, period: i64) -> bool {
        let pairs = self.others.iter().zip(self.others.iter().skip(1));
        let long = pairs.filter(|(from, to)| **to - **from > period * 4 / 3).count();
        self.others.len() > LEAST && long <= LONG
    }

    /// The longest stretch without a sign between two syncs of this HPA; None where signs are not usual.
    pub fn longest_between(&self, from: i64, to: i64, period: i64) -> Option<(i64, i64)> {
        let from = from.max(*self.others.front()?);
        let within = self.others.iter().copied().filter(|at| (from..to).contains(at));
        let signs: Vec<i64> = [from].into_iter().chain(within).chain([to]).collect();
        let stretches = signs.windows(2).filter_map(|w| Some((*w.first()?, *w.last()?)));
        stretches.max_by_key(|(from, to)| to - from).filter(|_| self.are_usual(period))
    }

    /// Whether the controller was stopped at `ms`.
    pub fn stopped_at(&self, ms: i64) -> bool {
        self.stops.iter().any(|(from, to)| (from + BESIDE..=*to).contains(&ms))
    }

    /// Whether it was stopped at some time between two.
    pub fn stopped_between(&self, from: i64, to: i64) -> bool {
        self.stops.iter().any(|stop| stop.0 < to && from < stop.1)
    }

    /// The watch was interrupted: what came meanwhile is not known.
    pub fn interrupt(&mut self) {
        (self.last, self.others) = (None, VecDeque::new());
    }
}

impl Decisions {
    /// The controller manager's lease was acquired at this time. Another holder may explain syncs that were settled before
    /// it was known.
    pub(super) fn lease_acquired(&mut self, ms: i64) {
        if self.acquired.contains(&ms) {
            return;
        }
        self.has_learned |= !self.acquired.is_empty();
        self.acquired.insert(self.acquired.partition_point(|at| *at < ms), ms);
        if self.acquired.len() > LEASES {
            self.acquired.remove(0);
        }
    }

    /// The lease was renewed last at this time, or is renewed. What stopped has not synced since.
    pub(super) fn lease_renewed_last(&mut self, renewed: Option<i64>) {
        self.lapsed = renewed;
        let Some(until) = renewed.map(|at| at + RENEWAL) else { return };
        if self.sync_period.last().is_some_and(|last| last > until) {
            return;
        }
        while self.pending.back().is_some_and(|sync| !sync.observed && sync.ms > until) {
            self.pending.pop_back();
        }
        while self.silent.last().is_some_and(|at| at.timestamp_millis() > until) {
            self.retract();
        }
        self.last = None;
    }

    /// The controller was at work at `ms`, on another HPA or on this one. Where that shows that it was stopped until then, no sync
    /// that was inferred meanwhile has been.
    pub(super) fn at_work(&mut self, ms: i64, other: bool) {
        let active = self.hpa.as_ref().and_then(|hpa| hpa_status::condition(&hpa.seen, "ScalingActive"));
        if active.is_some_and(|active| active.status != "True") {
            // While nothing can be decided, no HPA changes.
            return self.signs.interrupt();
        }
        if !self.signs.take(ms, other, self.sync_period.period()) {
            return;
        }
        let signs = &self.signs;
        self.pending.retain(|sync| sync.observed || !signs.stopped_at(sync.ms));
        let (gone, kept): (Vec<Time>, Vec<Time>) =
            self.silent.drain(..).partition(|at| signs.stopped_at(at.timestamp_millis()));
        self.silent = kept;
        gone.into_iter().for_each(|at| self.forget(at));
        if let Some(hpa) = self.hpa.clone().filter(|_| other && self.last.is_some()) {
            // When it goes on, it syncs all that is due.
            self.push_inferred(ms, hpa, false);
            self.last = Some(ms);
        }
    }

    /// Whether no controller manager held the lease at `ms`: in the last seconds before it was acquired.
    pub(super) fn has_no_holder(&self, ms: i64) -> bool {
        self.acquired.iter().any(|at| (at - LEASE..*at).contains(&ms))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stretch_without_signs_is_a_stop_only_where_they_are_usual() {
        let mut signs = Signs::default();
        for n in 0..20 {
            assert!(!signs.take(n * 7000, true, 15_000));
        }
        let last = 19 * 7000;
        assert_eq!(signs.longest_between(last - 30_000, last + 22_000, 15_000), Some((last, last + 22_000)));
        assert!(signs.take(last + 45_000, false, 15_000));
        assert!(!signs.take(last + 45_100, true, 15_000));
        assert_eq!([last + 500, last + 15_000, last + 45_001].map(|ms| signs.stopped_at(ms)), [false, true, false]);
        assert!(signs.stopped_between(last + 40_000, last + 60_000) && !signs.stopped_between(0, last));
        // Other HPAs that change now and then, and this one alone.
        let mut rare = Signs::default();
        assert!((0..40).all(|n| !rare.take(n * 30_000 + n / 20 * 40_000, true, 15_000)));
        assert_eq!(rare.longest_between(0, 1_000_000, 15_000), None);
        let mut alone = Signs::default();
        assert!((0..40).all(|n| !alone.take(n * 7000 + n / 30 * 60_000, false, 15_000)));
    }
}
