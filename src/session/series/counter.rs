//! A counter of another program, followed across gaps and resets: its rate over time and its increase since it was first
//! seen. A rate needs two samples of the same process; it is never negative and never spans a reset.

use super::time_series::{Series, rate};
use std::collections::VecDeque;

/// The most samples kept for a window.
const RECENT: usize = 64;

/// How a sample relates to the process that the one before it came from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Life {
    /// The process restarted in between: the counter started at 0 within the interval.
    pub reset: bool,
    /// This is the first sample, of a process that started while it was watched: the whole value counts.
    pub born: bool,
}

/// The sum of counts; it saturates, since a damaged recording may hold any number.
pub fn total(counts: impl IntoIterator<Item = u64>) -> u64 {
    counts.into_iter().fold(0, u64::saturating_add)
}

/// A counter and its rate.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Counter {
    /// Per second.
    pub rate: Series,
    /// The increase since it was first seen.
    pub total: f64,
    /// (milliseconds since 1970, value), of the same process and without a gap.
    recent: VecDeque<(i64, f64)>,
}

impl Counter {
    /// Takes a sample and returns the increase. The rate is taken over the last `window` milliseconds, or since the last
    /// sample if that is longer ago. More than `max_gap` milliseconds without a sample is a gap.
    pub fn take(&mut self, ms: i64, value: f64, life: Life, window: i64, max_gap: i64) -> f64 {
        let Some(&(then, before)) = self.recent.back() else {
            self.recent.push_back((ms, value));
            let rose = if life.born || life.reset { value } else { 0.0 };
            self.total += rose;
            return rose;
        };
        if ms <= then {
            return 0.0;
        }
        let fell = life.reset || value < before;
        let rose = match (life.reset, value >= before) {
            (true, _) => value,
            (false, true) => value - before,
            // Part of the counter disappeared without a restart; the increase of the rest is unknown.
            (false, false) => 0.0,
        };
        self.total += rose;
        if fell || ms - then > max_gap {
            self.rate.break_line();
            self.recent.clear();
        }
        while self.recent.len() > RECENT || self.recent.get(1).is_some_and(|next| next.0 <= ms - window) {
            self.recent.pop_front();
        }
        self.recent.push_back((ms, value));
        if let Some(&(from, base)) = self.recent.front().filter(|f| f.0 < ms) {
            self.rate.push(ms, rate((value - base) * 1000.0 / (ms - from) as f64), max_gap);
        }
        rose
    }

    /// An expected sample did not arrive. What is counted in the meantime is included in the next sample.
    pub fn missed(&mut self) {
        self.rate.break_line();
    }

    /// The rate at `ms`, if it is at most `max_age` milliseconds old and no sample was missed since.
    pub fn now(&self, ms: i64, max_age: i64) -> Option<f64> {
        let (at, rate) = self.rate.last().filter(|_| !self.rate.is_broken())?;
        (ms - at <= max_age).then_some(rate)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const SAME: Life = Life { reset: false, born: false };
    const RESET: Life = Life { reset: true, born: false };

    fn of(samples: &[(i64, f64, Life)]) -> Counter {
        let mut counter = Counter::default();
        samples.iter().for_each(|(ms, value, life)| {
            counter.take(*ms, *value, *life, 0, 20_000);
        });
        counter
    }

    #[test]
    fn a_rate_needs_two_samples() {
        let one = of(&[(0, 500.0, SAME)]);
        assert_eq!((one.now(0, 9999), one.total), (None, 0.0));
        let two = of(&[(0, 500.0, SAME), (5000, 600.0, SAME)]);
        assert_eq!((two.now(5000, 9999), two.total), (Some(20.0), 100.0));
        assert_eq!(two.now(30_000, 9999), None);
    }

    #[test]
    fn a_reset_is_a_gap_and_nothing_is_counted_twice() {
        let c = of(&[(0, 500.0, SAME), (5000, 600.0, SAME), (10_000, 40.0, RESET), (15_000, 90.0, SAME)]);
        assert_eq!(c.total, 100.0 + 40.0 + 50.0);
        assert_eq!(c.rate.points(), [(5000, 20.0), (15_000, 10.0)]);
        assert_eq!(c.rate.segments(0, 99_999).len(), 2);
        let grown = of(&[(0, 5.0, SAME), (5000, 9.0, RESET)]);
        assert_eq!((grown.total, grown.rate.points().len()), (9.0, 0), "also when it has overtaken its old value");
    }

    #[test]
    fn an_increase_over_a_gap_counts_without_a_rate() {
        let c = of(&[(0, 0.0, SAME), (5000, 50.0, SAME), (60_000, 1000.0, SAME), (65_000, 1100.0, SAME)]);
        assert_eq!(c.total, 1100.0);
        assert_eq!(c.rate.points(), [(5000, 10.0), (65_000, 20.0)]);
        let fell = of(&[(0, 100.0, SAME), (5000, 60.0, SAME)]);
        assert_eq!((fell.total, fell.now(5000, 9999)), (0.0, None));
    }

    #[test]
    fn steps_are_smoothed_over_the_window() {
        let mut c = Counter::default();
        for n in 0..20 {
            c.take(n * 5000, (n / 2 * 300) as f64, SAME, 30_000, 20_000);
        }
        assert_eq!(c.now(95_000, 1), Some(30.0));
    }

    proptest! {
        #[test]
        fn no_rate_is_negative_or_above_what_was_seen(
            steps in prop::collection::vec((1i64..40_000, 0.0f64..1e6, 0u8..10), 1..60), window in 0i64..60_000,
        ) {
            let (mut c, mut ms, mut value, mut all, mut most) = (Counter::default(), 0, 0.0, 0.0, 0.0f64);
            for (n, (dt, rise, kind)) in steps.into_iter().enumerate() {
                ms += dt;
                let reset = kind == 0;
                value = if reset { rise } else { value + rise };
                all += if n == 0 && !reset { 0.0 } else { rise };
                most = most.max(rise * 1000.0 / dt as f64);
                c.take(ms, value, Life { reset, born: false }, window, 20_000);
            }
            prop_assert!((c.total - all).abs() < 1e-3);
            for (_, rate) in c.rate.points() {
                prop_assert!(rate >= 0.0 && rate <= most * 1.0001 + 1e-6, "{} of {}", rate, most);
            }
        }
    }
}
