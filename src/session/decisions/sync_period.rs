//! When the controller syncs: its period, learned from the syncs that changed the status. A sync that changes nothing in the
//! status leaves no trace; the period predicts it. Must not read samples or pods.

use std::collections::VecDeque;

/// The controller's default period, milliseconds; a period that cannot be distinguished from it is taken for it.
pub const DEFAULT: i64 = 15_000;
/// Intervals remembered.
const GAPS: usize = 48;
/// Longer intervals are not used: the drift of many periods adds up.
const LONGEST: i64 = 180_000;
const SHORTEST: i64 = 1_500;

/// The latest intervals, and how many of them must be off schedule before the period is doubted.
const LATEST: usize = 8;
const DOUBT: usize = 3;

/// What is known of the sync period.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SyncPeriod {
    /// Intervals between observed syncs, milliseconds.
    gaps: VecDeque<i64>,
    /// The latest intervals, and whether they were off the schedule known then.
    latest: VecDeque<(i64, bool)>,
    period: Option<i64>,
    /// How far intervals are from whole periods on average, milliseconds.
    spread: i64,
    /// The last observed sync, milliseconds since 1970.
    last: Option<i64>,
}

/// An observed sync compared with the sync period.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SyncTiming {
    First,
    /// This many periods after the last observed sync.
    OnSchedule(i64),
    /// Not a whole number of periods after it: the controller restarted, or was delayed.
    OffSchedule,
}

impl SyncPeriod {
    /// The period, milliseconds: learned, else the default.
    pub fn period(&self) -> i64 {
        self.period.unwrap_or(DEFAULT)
    }

    /// The last observed sync.
    pub fn last(&self) -> Option<i64> {
        self.last
    }

    /// The watch was interrupted: the next interval is not used.
    pub fn interrupt(&mut self) {
        self.last = None;
    }

    /// Takes in a sync that was observed at `ms`. `resolution` is the interval of the metrics' samples, milliseconds.
    pub fn take(&mut self, ms: i64, resolution: i64) -> SyncTiming {
        let before = self.last.replace(ms);
        let Some(gap) = before.map(|b| ms - b).filter(|g| *g >= SHORTEST) else { return SyncTiming::First };
        let (sure, period) = (self.gaps.len() >= 3, self.period());
        let periods = ((gap + period / 2) / period).max(1);
        let jitter = 200 + period / 50 + 30 * periods + 6 * self.spread;
        let off = sure && (gap - periods * period).abs() > jitter.min(period / 4);
        if gap <= LONGEST {
            self.latest.push_back((gap, off));
            if self.latest.len() > LATEST {
                self.latest.pop_front();
            }
            let doubted = self.latest.iter().filter(|l| l.1).count() >= DOUBT;
            if off && doubted {
                // One interval off schedule is a restart; several mean another period.
                self.gaps = self.latest.iter().map(|l| l.0).collect();
                self.learn(resolution);
            } else if !(off && gap > period) {
                self.gaps.push_back(gap);
                if self.gaps.len() > GAPS {
                    self.gaps.pop_front();
                }
                self.learn(resolution);
            }
        }
        match off {
            true => SyncTiming::OffSchedule,
            false => SyncTiming::OnSchedule(((gap + self.period() / 2) / self.period()).max(1)),
        }
    }

    fn learn(&mut self, resolution: i64) {
        self.period = learn(self.gaps.make_contiguous(), resolution).or(self.period);
        let period = self.period();
        let mut away: Vec<i64> =
            self.gaps.iter().map(|gap| (gap - ((gap + period / 2) / period).max(1) * period).abs()).collect();
        away.sort_unstable();
        away.truncate(away.len() - away.len() / 8);
        self.spread = away.iter().sum::<i64>() / i64::try_from(away.len().max(1)).unwrap_or(1);
    }
}

/// The period that explains the intervals: the default where it does, else the longest that does; None when none does. A
/// period longer than the default shows only where samples come more often than that.
pub fn learn(gaps: &[i64], resolution: i64) -> Option<i64> {
    let least = *gaps.iter().min()?;
    let usual = fits(gaps, DEFAULT + 30);
    let slow = gaps.len() >= 6 && least > DEFAULT * 8 / 5 && resolution > 0 && resolution <= DEFAULT + 5000;
    if let Some(period) = usual.filter(|_| least > DEFAULT - 500 && !slow) {
        return Some(period);
    }
    let highest = if slow { 60_500 } else { DEFAULT };
    // One interval may be cut short, so fractions of the three shortest are tried.
    let mut shortest = gaps.to_vec();
    shortest.sort_unstable();
    shortest.truncate(3);
    let parts = shortest.iter().flat_map(|gap| (1..=30).map(move |part| gap / part));
    let mut parts: Vec<i64> = parts.filter(|p| (SHORTEST..=highest).contains(p)).collect();
    parts.sort_unstable_by_key(|p| std::cmp::Reverse(*p));
    parts.dedup();
    parts.into_iter().find_map(|p| fits(gaps, p)).or(usual)
}

/// The mean period near `period` of which nearly all intervals are multiples, unlikely by chance. Short intervals come first
/// and make the period exact enough to count the periods in long ones.
fn fits(gaps: &[i64], period: i64) -> Option<i64> {
    let mut sorted = gaps.to_vec();
    sorted.sort_unstable();
    let (mut sum, mut count, mut good, mut chance) = (0, 0, 0, 1.0);
    for gap in &sorted {
        let near = ((sum + period) / (count + 1)).max(1);
        let periods = ((gap + near / 2) / near).max(1);
        let jitter = near / 10 + 100 + 20 * periods.min(20);
        if (gap - periods * near).abs() <= jitter {
            // The period may have been derived from the first one.
            chance *= if good > 0 { (2 * jitter) as f64 / near as f64 } else { 1.0 };
            sum += gap;
            count += periods;
            good += 1;
        }
    }
    let most = gaps.len() - gaps.len() / 8;
    let plain = sorted.first().is_some_and(|least| *least >= period * 9 / 10 && *least <= period * 11 / 10);
    (count > 0 && good >= most.max(1) && (plain || chance < 0.05)).then(|| sum / count)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A sync every `period` ms, of which those with the given numbers are observed, with some jitter.
    fn learned(period: i64, syncs: &[i64], resolution: i64) -> SyncPeriod {
        let mut r = SyncPeriod::default();
        for (i, n) in syncs.iter().enumerate() {
            r.take(1_000_000 + n * period + [0, 25, -20, 40][i % 4], resolution);
        }
        r
    }

    #[test]
    fn the_period_is_learned_from_few_intervals() {
        for (period, syncs, resolution) in [
            (15_030, &[0, 1, 3, 4, 8, 9][..], 15_000),
            (2_010, &[0, 1, 2, 7, 8, 12, 13], 10_000),
            (5_020, &[0, 5, 7, 10, 38, 40, 70, 71, 72, 105], 10_000),
            (5_020, &[0, 3, 6, 8, 11, 14], 15_000),
            (10_020, &[0, 2, 3, 6, 7, 9], 15_000),
            (30_030, &[0, 1, 2, 3, 5, 6, 7, 8], 15_000),
            (60_030, &[0, 1, 2, 3, 5, 6, 7, 8], 15_000),
        ] {
            let r = learned(period, syncs, resolution);
            assert!((r.period() - period).abs() < period / 50, "{period}: {}", r.period());
        }
    }

    #[test]
    fn coarse_samples_do_not_lengthen_the_period() {
        let r = learned(15_030, &[0, 4, 8, 12, 16, 20, 24, 28], 60_000);
        assert!((r.period() - 15_030).abs() < 60, "{}", r.period());
    }

    #[test]
    fn a_sync_between_two_periods_is_off_schedule() {
        let mut r = learned(15_030, &[0, 1, 2, 3, 5], 15_000);
        let last = r.last().unwrap();
        assert_eq!(r.take(last + 2 * 15_030 + 60, 15_000), SyncTiming::OnSchedule(2));
        let last = r.last().unwrap();
        assert_eq!(r.take(last + 23_000, 15_000), SyncTiming::OffSchedule);
        let last = r.last().unwrap();
        assert_eq!(r.take(last + 15_000, 15_000), SyncTiming::OnSchedule(1), "the new phase holds from there");
    }

    #[test]
    fn a_period_learned_from_an_interval_cut_short_is_corrected() {
        // From a real controller on a busy machine: every 7.04 s, the first seen late.
        let gaps = [
            6373, 14_019, 14_043, 13_995, 21_867, 7022, 7164, 14_109, 7008, 7194, 13_863, 6995, 7052, 14_572, 13_988,
            14_036, 21_132, 14_011, 7065, 6969, 14_220, 6983, 14_164, 6988, 14_082,
        ];
        let (mut r, mut t, mut off) = (SyncPeriod::default(), 1_000_000, 0);
        r.take(t, 15_000);
        for gap in gaps {
            t += gap;
            off += u32::from(r.take(t, 15_000) == SyncTiming::OffSchedule);
        }
        assert!((r.period() - 7045).abs() < 60 && off <= 4, "{} {off}", r.period());
    }

    proptest::proptest! {
        #[test]
        fn any_intervals_give_a_sane_period(gaps in proptest::collection::vec(0i64..200_000, 0..80), resolution in 0i64..70_000) {
            let (mut r, mut t) = (SyncPeriod::default(), 0);
            for gap in gaps {
                t += gap;
                r.take(t, resolution);
                proptest::prop_assert!((1_000..=66_000).contains(&r.period()));
            }
        }
    }
}
