//! Samples over time, with gaps, of bounded size. Must not interpolate, and never holds a NaN.

use super::points::Points;

/// Once there are a quarter more samples than this, the older half is thinned: 30 h of a sample every ten seconds.
const FULL: usize = 8640;

/// Rounds a rate to three decimals, below 1 to six: no display shows more, and round numbers pack into few bytes.
pub fn rate(per_second: f64) -> f64 {
    let parts = if per_second.abs() < 1.0 { 1e6 } else { 1e3 };
    (per_second * parts).round() / parts
}

/// Samples by ascending time, and the times at which the line is broken.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Series {
    /// (milliseconds since 1970, value), strictly ascending in time.
    points: Points,
    /// There is a gap before the sample at each of these times.
    gaps: Vec<i64>,
    broken: bool,
    /// The greatest value there ever was.
    peak: f64,
}

impl Series {
    /// Adds a sample. A value that is not finite breaks the line; a sample not newer than the last is dropped. More than
    /// `max_gap` milliseconds since the previous sample is a gap.
    pub fn push(&mut self, ms: i64, value: f64, max_gap: i64) {
        if !value.is_finite() {
            self.broken = true;
            return;
        }
        let last = self.points.last().map(|p| p.0);
        if last.is_some_and(|t| ms <= t) {
            return;
        }
        if last.is_some_and(|t| self.broken || ms - t > max_gap) {
            self.gaps.push(ms);
        }
        self.broken = false;
        self.points.push((ms, value));
        self.peak = self.peak.max(value);
        if self.points.len() > FULL + FULL / 4 {
            self.thin();
        }
    }

    /// An expected sample did not arrive: the next one starts a new line.
    pub fn break_line(&mut self) {
        self.broken = true;
    }

    /// Whether the line is broken after the last sample.
    pub fn is_broken(&self) -> bool {
        self.broken
    }

    /// Drops the oldest samples down to `most`, but only once there are a quarter more, so that dropping is rare and cheap.
    pub fn keep(&mut self, most: usize) {
        if self.points.len() > most + most / 4 && self.points.keep(most) {
            let first = self.points.first().map_or(i64::MAX, |p| p.0);
            self.gaps.retain(|g| *g > first);
        }
    }

    pub fn points(&self) -> &Points {
        &self.points
    }

    /// The greatest value there ever was, also where its sample is no longer kept; at least 0.
    pub fn peak(&self) -> f64 {
        self.peak
    }

    pub fn last(&self) -> Option<(i64, f64)> {
        self.points.last()
    }

    /// The last sample at or before `ms` that is at most `max_age` milliseconds old and not followed by a known gap.
    pub fn at(&self, ms: i64, max_age: i64) -> Option<(i64, f64)> {
        let n = self.points.until(ms);
        let p = self.points.get(n.checked_sub(1)?)?;
        let cut = self.broken && n == self.points.len() && ms - p.0 > max_age / 2;
        (ms - p.0 <= max_age && !cut).then_some(p)
    }

    /// The time of the sample after (`forward`) or before `ms`.
    pub fn step(&self, ms: i64, forward: bool) -> Option<i64> {
        if forward {
            self.points.get(self.points.until(ms)).map(|p| p.0)
        } else {
            let n = self.points.before(ms);
            self.points.get(n.checked_sub(1)?).map(|p| p.0)
        }
    }

    /// The unbroken lines that touch `from..=to`, each with one sample beyond either end where there is one.
    pub fn segments(&self, from: i64, to: i64) -> Vec<Vec<(i64, f64)>> {
        let lo = self.points.before(from).saturating_sub(1);
        let hi = (self.points.until(to) + 1).min(self.points.len());
        let mut out = Vec::new();
        let mut start = lo;
        for &gap in &self.gaps[self.gaps.partition_point(|&g| g < from)..] {
            let cut = self.points.before(gap);
            if cut >= hi {
                break;
            }
            if cut > start {
                out.push(self.points.range(start..cut).collect());
                start = cut;
            }
        }
        if hi > start {
            out.push(self.points.range(start..hi).collect());
        }
        out
    }

    /// Merges two blocks of the older half into one: of every four samples the least and the greatest stay, so that no
    /// spike is lost. Two blocks at a time, because the many series of a session all become full together.
    fn thin(&mut self) {
        let joined = self.points.join_two(|two| two.chunks(4).flat_map(extremes).collect());
        let Some((first, last)) = joined else { return };
        // A gap whose sample was thinned away moves to the next one that stayed.
        let (lo, hi) = (self.gaps.partition_point(|g| *g < first), self.gaps.partition_point(|g| *g <= last));
        for gap in &mut self.gaps[lo..hi] {
            *gap = self.points.get(self.points.before(*gap)).map_or(*gap, |p| p.0);
        }
        self.gaps.dedup();
    }
}

/// The least and the greatest sample, the earlier one first.
fn extremes(some: &[(i64, f64)]) -> impl Iterator<Item = (i64, f64)> + use<> {
    let least = some.iter().copied().reduce(|a, b| if b.1 < a.1 { b } else { a });
    let most = some.iter().copied().reduce(|a, b| if b.1 >= a.1 { b } else { a });
    let (first, second) = if least.map(|p| p.0) <= most.map(|p| p.0) { (least, most) } else { (most, least) };
    first.into_iter().chain(second.filter(|_| first != second))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn series(points: &[(i64, f64)], max_gap: i64) -> Series {
        let mut s = Series::default();
        points.iter().for_each(|&(t, v)| s.push(t, v, max_gap));
        s
    }

    #[test]
    fn a_missing_sample_is_a_gap() {
        let mut s = series(&[(0, 1.0), (10, 2.0), (50, 3.0), (60, f64::NAN), (70, 4.0)], 20);
        s.break_line();
        s.push(80, 5.0, 20);
        let lines: Vec<usize> = s.segments(0, 100).iter().map(|l| l.len()).collect();
        assert_eq!(lines, [2, 1, 1, 1]);
    }

    #[test]
    fn reads_back_the_value_at_a_time() {
        let s = series(&[(0, 1.0), (10, 2.0)], 20);
        assert_eq!(s.at(15, 20), Some((10, 2.0)));
        assert_eq!(s.at(31, 20), None);
        assert_eq!(s.at(-1, 20), None);
        assert_eq!((s.step(0, true), s.step(10, true), s.step(10, false)), (Some(10), None, Some(0)));
    }

    #[test]
    fn a_spike_survives_thinning() {
        let mut s = Series::default();
        for i in 0..40_000 {
            s.push(i * 1000, if i == 5001 { 900.0 } else { 1.0 }, 2000);
        }
        assert!(s.points.len() <= FULL + FULL / 4 + 1, "{}", s.points.len());
        assert!(s.points.iter().any(|p| p.1 == 900.0));
        assert_eq!(s.segments(0, i64::MAX).len(), 1, "thinning makes no gap");
    }

    proptest! {
        #[test]
        fn segments_hold_every_sample_once(ts in prop::collection::vec((0i64..10_000, -1e9f64..1e9), 0..200), gap in 1i64..500) {
            let mut s = Series::default();
            for (t, v) in &ts { s.push(*t, *v, gap); }
            let joined: Vec<_> = s.segments(i64::MIN, i64::MAX).concat();
            prop_assert!(joined.into_iter().eq(&s.points));
            for line in s.segments(i64::MIN, i64::MAX) {
                prop_assert!(line.windows(2).all(|w| w[1].0 - w[0].0 <= gap && w[1].0 > w[0].0));
            }
        }
    }
}
