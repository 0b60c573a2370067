//! When the controller syncs: its period learnt from the syncs that the status told of, and the next one predicted. A
//! sync that changes nothing in the status leaves no trace but the rhythm. Must not read samples or pods.

use std::collections::VecDeque;

/// The controller's default, milliseconds; one that cannot be told from it is taken for it.
pub const USUAL: i64 = 15_000;
/// Distances remembered.
const GAPS: usize = 48;
/// Longer distances say nothing: the drift of many periods adds up.
const LONGEST: i64 = 180_000;
const SHORTEST: i64 = 1_500;

/// What is known of the rhythm.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rhythm {
    /// Between syncs that were told, milliseconds.
    gaps: VecDeque<i64>,
    period: Option<i64>,
    /// The last sync that was told, milliseconds since 1970.
    told: Option<i64>,
}

/// How a sync that was told stands to the rhythm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Beat {
    First,
    /// So many periods after the last one told.
    On(i64),
    /// Between two beats: the controller started anew, or was held up.
    Off,
}

impl Rhythm {
    /// The period, milliseconds: learnt, else the default.
    pub fn period(&self) -> i64 {
        self.period.unwrap_or(USUAL)
    }

    /// Whether the period was learnt from at least one distance.
    pub fn learnt(&self) -> bool {
        self.period.is_some()
    }

    /// The beat after `ms`.
    pub fn after(&self, ms: i64) -> i64 {
        ms + self.period()
    }

    /// The last sync that was told.
    pub fn last(&self) -> Option<i64> {
        self.told
    }

    /// The watch was interrupted: the next distance says nothing.
    pub fn interrupt(&mut self) {
        self.told = None;
    }

    /// Takes in a sync that was told at `ms`. `resolution` is the distance of the metrics' samples, milliseconds.
    pub fn take(&mut self, ms: i64, resolution: i64) -> Beat {
        let before = self.told.replace(ms);
        let Some(gap) = before.map(|b| ms - b).filter(|g| *g >= SHORTEST) else { return Beat::First };
        let (sure, period) = (self.gaps.len() >= 3, self.period());
        let beats = ((gap + period / 2) / period).max(1);
        let off = (gap - beats * period).abs() > period / 20 + 250 + 30 * beats;
        if gap <= LONGEST && !(off && sure && gap > period) {
            self.gaps.push_back(gap);
            if self.gaps.len() > GAPS {
                self.gaps.pop_front();
            }
            self.period = learn(self.gaps.make_contiguous(), resolution).or(self.period);
        }
        match off && sure {
            true => Beat::Off,
            false => Beat::On(((gap + self.period() / 2) / self.period()).max(1)),
        }
    }
}

/// The period that explains the distances: the default where it does, else the longest that does; None when none
/// does. A period longer than the default shows only where samples come more often than it.
pub fn learn(gaps: &[i64], resolution: i64) -> Option<i64> {
    let least = *gaps.iter().min()?;
    let usual = fits(gaps, USUAL + 30);
    let slow = gaps.len() >= 6 && least > USUAL * 8 / 5 && resolution > 0 && resolution <= USUAL + 5000;
    if let Some(period) = usual.filter(|_| least > USUAL - 500 && !slow) {
        return Some(period);
    }
    let highest = if slow { 60_500 } else { USUAL };
    let parts = (1..=30).map(|part| least / part);
    parts.filter(|p| (SHORTEST..=highest).contains(p)).find_map(|p| fits(gaps, p)).or(usual)
}

/// The mean period near `period` of which nearly all distances are multiples. Short distances come first and make the
/// period exact enough to count the beats of long ones.
fn fits(gaps: &[i64], period: i64) -> Option<i64> {
    let mut sorted = gaps.to_vec();
    sorted.sort_unstable();
    let (mut sum, mut count, mut good) = (0, 0, 0);
    for gap in sorted {
        let period = if count > 0 { sum / count } else { period };
        let beats = ((gap + period / 2) / period.max(1)).max(1);
        if (gap - beats * period).abs() <= period / 10 + 100 + 20 * beats.min(20) {
            sum += gap;
            count += beats;
            good += 1;
        }
    }
    let most = gaps.len() - gaps.len() / 8;
    (count > 0 && good >= most.max(1)).then(|| sum / count)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The told ones of a sync every `period` ms: those at the given beats, with some jitter.
    fn rhythm(period: i64, beats: &[i64], resolution: i64) -> Rhythm {
        let mut r = Rhythm::default();
        for (i, beat) in beats.iter().enumerate() {
            r.take(1_000_000 + beat * period + [0, 25, -20, 40][i % 4], resolution);
        }
        r
    }

    #[test]
    fn the_period_is_learnt_from_few_distances() {
        for (period, beats, resolution) in [
            (15_030, &[0, 1, 3, 4, 8, 9][..], 15_000),
            (2_010, &[0, 1, 2, 7, 8, 12, 13], 10_000),
            (5_020, &[0, 5, 7, 10, 38, 40, 70, 71, 72, 105], 10_000),
            (5_020, &[0, 3, 6, 8, 11, 14], 15_000),
            (10_020, &[0, 2, 3, 6, 7, 9], 15_000),
            (30_030, &[0, 1, 2, 3, 5, 6, 7, 8], 15_000),
            (60_030, &[0, 1, 2, 3, 5, 6, 7, 8], 15_000),
        ] {
            let r = rhythm(period, beats, resolution);
            assert!((r.period() - period).abs() < period / 50, "{period}: {}", r.period());
        }
    }

    #[test]
    fn coarse_samples_do_not_slow_the_rhythm_down() {
        let r = rhythm(15_030, &[0, 4, 8, 12, 16, 20, 24, 28], 60_000);
        assert!((r.period() - 15_030).abs() < 60, "{}", r.period());
    }

    #[test]
    fn a_sync_between_two_beats_is_off() {
        let mut r = rhythm(15_030, &[0, 1, 2, 3, 5], 15_000);
        let last = r.last().unwrap();
        assert_eq!(r.take(last + 2 * 15_030 + 60, 15_000), Beat::On(2));
        let last = r.last().unwrap();
        assert_eq!(r.take(last + 23_000, 15_000), Beat::Off);
        let last = r.last().unwrap();
        assert_eq!(r.take(last + 15_000, 15_000), Beat::On(1), "the new phase holds from there");
    }

    proptest::proptest! {
        #[test]
        fn any_distances_give_a_sane_period(gaps in proptest::collection::vec(0i64..200_000, 0..80), resolution in 0i64..70_000) {
            let (mut r, mut t) = (Rhythm::default(), 0);
            for gap in gaps {
                t += gap;
                r.take(t, resolution);
                proptest::prop_assert!((1_000..=66_000).contains(&r.period()));
            }
        }
    }
}
