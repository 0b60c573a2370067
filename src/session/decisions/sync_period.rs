//! When the controller syncs: its period, estimated from the distances between syncs that are known to have been. A sync that
//! changes nothing in the status leaves no trace; the period predicts it. Must not read samples or pods.
//!
//! Every period in whole seconds is weighed by how well it explains the latest distances: as whole periods, a little late (a
//! sync waits for the one before, for the API server and for a worker; it is never early), with syncs between them that left no
//! trace. The default is believed until the distances are clearly better explained by another one, so that late, deferred and
//! missing syncs change nothing; a few distances that fit no period cost each period the same.

use std::collections::VecDeque;

/// The controller's default period, milliseconds.
pub const DEFAULT: i64 = 15_000;
/// Distances that are weighed: the latest.
const GAPS: usize = 48;
/// Longer distances are not used: what is added to each period adds up.
const LONGEST: i64 = 180_000;
/// Statuses that follow closer than this belong to one sync.
const SHORTEST: i64 = 500;
/// Distances before a period other than the default is believed.
const LEAST: usize = 3;
/// The same, where the interval of the samples is not known.
const UNSAMPLED: usize = 12;
/// From this share on a period counts as sure.
const SURE: f64 = 0.95;
/// The latest syncs that a shift is compared with, and how many of them there must be to know how late syncs are usually.
const BESIDE: usize = 12;
const USUAL: usize = 4;
/// How much earlier or later than all before it a sync must be to count as shifted, milliseconds.
const EARLY: i64 = 150;
const LATE: i64 = 1000;
/// How many standard errors the mean of the later syncs must be earlier to count as leaning, and the least deviation that is
/// assumed, milliseconds.
const LEANING: f64 = 1.0;
const LEAST_DEVIATION: f64 = 50.0;
/// What is usually added to each period, and its deviation, milliseconds.
const ADDED: (f64, f64) = (15.0, 15.0);
/// A sync that is this much late, milliseconds, or half a period, shows that the controller was held up, unless syncs are usually
/// late. On a busy machine one takes up to two seconds.
const HELD_UP: i64 = 3000;
/// A status may have been seen this much later than another, milliseconds.
const NOISE: i64 = 1000;

/// What is known of the sync period.
#[derive(Clone, Debug, PartialEq)]
pub struct SyncPeriod {
    /// The latest distances between known syncs, milliseconds.
    gaps: VecDeque<i64>,
    /// The latest known syncs: milliseconds since 1970, and how many periods after the first that was known.
    known: VecDeque<(i64, i64)>,
    period: i64,
    /// How much more probable than all others together the period is, as a share of 1.
    confidence: f64,
    /// What is added to each period, milliseconds: the lower median over pairs of known syncs.
    added: i64,
    /// The last known sync, milliseconds since 1970; None after an interruption.
    last: Option<i64>,
    /// The HPA's own spec names the period.
    stated: bool,
}

impl Default for SyncPeriod {
    fn default() -> Self {
        SyncPeriod::starting(DEFAULT)
    }
}

/// How a period is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Certainty {
    /// The default: too few syncs are known.
    Assumed,
    /// The likeliest, though others are possible.
    Likely,
    Sure,
    /// The HPA's spec names it.
    Stated,
}

/// A known sync that is not a whole number of periods after those before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shift {
    /// The last known sync before it and the first one after it, milliseconds since 1970.
    pub from: i64,
    pub at: i64,
}

impl SyncPeriod {
    /// With a period that is believed until the distances are surely another's.
    pub fn starting(period: i64) -> Self {
        SyncPeriod {
            gaps: VecDeque::new(),
            known: VecDeque::new(),
            period,
            confidence: 0.0,
            added: 20,
            last: None,
            stated: false,
        }
    }

    /// The controller's period, milliseconds: whole seconds.
    pub fn period(&self) -> i64 {
        self.period
    }

    /// From one sync to the next, milliseconds: the period, and what the syncs themselves take.
    pub fn distance(&self) -> i64 {
        self.period + self.added
    }

    pub fn certainty(&self) -> Certainty {
        match (self.stated, self.gaps.len()) {
            (true, _) => Certainty::Stated,
            (false, n) if n < LEAST => Certainty::Assumed,
            (false, _) if self.confidence >= SURE => Certainty::Sure,
            (false, _) => Certainty::Likely,
        }
    }

    /// How probable the period is among all that are weighed, 0 to 1.
    pub fn confidence(&self) -> f64 {
        if self.stated { 1.0 } else { self.confidence }
    }

    /// The last known sync.
    pub fn last(&self) -> Option<i64> {
        self.last
    }

    /// The watch was interrupted, or the next sync may come at once: the next distance is not used.
    pub fn interrupt(&mut self) {
        self.last = None;
        self.known.clear();
    }

    /// The HPA's spec names the period, milliseconds; None where it does not.
    pub fn state(&mut self, period: Option<i64>) {
        if let Some(period) = period.filter(|p| (1000..=3_600_000).contains(p)) {
            (self.period, self.stated) = (period, true);
        } else if std::mem::take(&mut self.stated) {
            *self = SyncPeriod::default();
        }
    }

    /// How many periods lie in a distance between two known syncs, at least one. Syncs are late, never early, except for what
    /// the watch adds.
    pub fn periods(&self, gap: i64) -> i64 {
        ((gap + NOISE.min(self.period / 3)) / self.period).max(1)
    }

    /// Whether a distance between two known syncs, milliseconds, shows that the controller was held up meanwhile.
    pub fn was_held_up(&self, gap: i64) -> bool {
        let usual = usual_step(&self.off(self.distance()));
        gap - self.periods(gap) * self.distance() > HELD_UP.min(self.period / 2).max(6 * usual)
    }

    /// Takes in a sync that is known to have been at `ms`. `resolution` is the interval of the metrics' samples, milliseconds.
    pub fn take(&mut self, ms: i64, resolution: i64) {
        let gap = self.last.map(|before| ms - before);
        if gap.is_some_and(|gap| gap < SHORTEST) {
            return;
        }
        self.last = Some(ms);
        if let Some(gap) = gap.filter(|gap| *gap <= LONGEST) {
            self.gaps.push_back(gap);
            if self.gaps.len() > GAPS {
                self.gaps.pop_front();
            }
            if !self.stated {
                self.weigh(resolution);
            }
            self.measure();
        }
        let before = self.known.back().copied();
        let place = before.map_or(0, |(at, place)| place + self.periods(ms - at));
        self.known.push_back((ms, place));
        if self.known.len() > 2 * GAPS {
            self.known.pop_front();
        }
    }

    fn weigh(&mut self, resolution: i64) {
        // How often a sync leaves a trace depends on the samples; without their interval it takes more distances.
        if self.gaps.len() < if resolution > 0 { LEAST } else { UNSAMPLED } {
            return;
        }
        let (period, confidence) = likeliest(self.gaps.iter().copied(), resolution, self.period);
        if period != self.period {
            // The phases were those of another period.
            self.known.clear();
        }
        (self.period, self.confidence) = (period, confidence);
    }

    /// From every known sync to every later one: over several periods, what is added to each shows, and by how much one or the
    /// other was seen late does not. Where the controller was held up, or restarted, nothing is measured.
    fn measure(&mut self) {
        let mut added: Vec<i64> = Vec::with_capacity(self.gaps.len() * self.gaps.len() / 2);
        // Since when nothing was held up: from a sync to the last one, milliseconds and periods.
        let mut since: Vec<(i64, i64)> = Vec::new();
        for gap in &self.gaps {
            let periods = self.periods(*gap);
            if (gap - periods * self.distance()).abs() > HELD_UP.min(self.period / 2) {
                since.clear();
                continue;
            }
            since.iter_mut().for_each(|s| *s = (s.0 + gap, s.1 + periods));
            since.push((*gap, periods));
            added.extend(since.iter().map(|s| (s.0 - s.1 * self.period) / s.1));
        }
        added.sort_unstable();
        let middle = added.get(added.len().saturating_sub(1) / 2).copied().unwrap_or(self.added);
        self.added = middle.clamp(0, self.period / 4);
    }

    /// Whether it is surely another period than `assumed`, milliseconds.
    pub fn is_sure_of_another(&self, assumed: i64) -> bool {
        self.period != assumed && matches!(self.certainty(), Certainty::Sure | Certainty::Stated)
    }

    /// The known syncs before and after a time, milliseconds since 1970.
    pub fn around(&self, ms: i64) -> Option<Shift> {
        let from = self.known.iter().rev().find(|k| k.0 < ms)?.0;
        let at = self.known.iter().find(|k| k.0 >= ms)?.0;
        Some(Shift { from, at })
    }

    /// The latest known syncs, and how far each is from whole distances after the first of them, milliseconds.
    fn off(&self, distance: i64) -> Vec<(i64, i64)> {
        let first = self.known.front().copied().unwrap_or_default();
        let off = |(ms, place): (i64, i64)| (ms, ms - first.0 - (place - first.1) * distance);
        self.known.iter().copied().map(off).collect()
    }

    /// The clearest shift since `since`: the syncs from there on are all earlier than all before it, which no controller that
    /// goes on can do, or all later, by more than syncs are usually late. None where they go on as before.
    pub fn shift(&self, since: i64) -> Option<Shift> {
        let all = self.off(self.distance());
        let usual = usual_step(&all);
        let mut best: Option<(i64, Shift)> = None;
        for i in USUAL..all.len() {
            let (before, after) = all.split_at(i);
            let (Some(from), Some(at)) = (before.last(), after.first()) else { continue };
            if at.0 < since {
                continue;
            }
            let before = &before[before.len().saturating_sub(BESIDE)..];
            let after = &after[..after.len().min(BESIDE)];
            let lowest = |part: &[(i64, i64)]| part.iter().map(|k| k.1).min().unwrap_or_default();
            let highest = before.iter().map(|k| k.1).max().unwrap_or_default();
            let (early, late) = (lowest(before) - lowest(after), lowest(after) - highest);
            // The fewer there are, the later the earliest of them may have been seen.
            let few = i64::try_from(before.len()).unwrap_or(1).max(1);
            let (least_early, least_late) = (EARLY.max(12 * usual / few), LATE.max(6 * usual));
            // The shift is where the first of them is shifted itself.
            let is_early = at.1 < lowest(before) - least_early / 2;
            let clear = (early * 100 / least_early * i64::from(is_early)).max(late * 100 / least_late);
            if clear >= 100 && best.is_none_or(|(most, _)| clear > most) {
                best = Some((clear, Shift { from: from.0, at: at.0 }));
            }
        }
        best.map(|b| b.1)
    }

    /// Where the syncs since `since` are earlier than those before on the mean, though each of them may be one that was seen
    /// early: too little to show a restart by itself. None where they are not.
    pub fn lean(&self, since: i64) -> Option<Shift> {
        let all = self.off(self.period);
        // The median distance of two is about one standard deviation.
        let deviation = (usual_step(&all) as f64).max(LEAST_DEVIATION);
        let places: Vec<(f64, f64)> =
            self.known.iter().zip(&all).map(|(k, late)| (k.1 as f64, late.1 as f64)).collect();
        let mut best: Option<(f64, Shift)> = None;
        for i in USUAL..(all.len() + 1).saturating_sub(USUAL) {
            let (Some(from), Some(at)) = (all.get(i - 1), all.get(i).filter(|at| at.0 >= since)) else { continue };
            let (before, after) = places.split_at(i);
            let before = Spread::of(&before[before.len().saturating_sub(2 * BESIDE)..]);
            let after = Spread::of(&after[..after.len().min(2 * BESIDE)]);
            // What is added to each period is the same on both sides, and no part of the shift.
            let usual = (deviation / ADDED.1).powi(2);
            let weight = before.places + after.places + usual;
            let added = (before.products + after.products + ADDED.0 * usual) / weight;
            let apart = after.middle.0 - before.middle.0;
            let early = before.middle.1 + added * apart - after.middle.1;
            let error = deviation * (1.0 / before.count + 1.0 / after.count + apart * apart / weight).sqrt();
            if early >= EARLY as f64 && early >= LEANING * error && best.is_none_or(|(most, _)| early / error > most) {
                best = Some((early / error, Shift { from: from.0, at: at.0 }));
            }
        }
        best.map(|b| b.1)
    }
}

/// How points spread about their middle: the sums of squares of their places, and of places times values.
struct Spread {
    count: f64,
    middle: (f64, f64),
    places: f64,
    products: f64,
}

impl Spread {
    fn of(points: &[(f64, f64)]) -> Self {
        let count = points.len() as f64;
        let sum = points.iter().fold((0.0, 0.0), |sum, p| (sum.0 + p.0, sum.1 + p.1));
        let middle = (sum.0 / count, sum.1 / count);
        let off = || points.iter().map(|p| (p.0 - middle.0, p.1 - middle.1));
        let places = off().map(|o| o.0 * o.0).sum();
        Spread { count, middle, places, products: off().map(|o| o.0 * o.1).sum() }
    }
}

/// How far the times of two syncs in a row mostly are apart, measured from their places: the median, milliseconds.
fn usual_step(known: &[(i64, i64)]) -> i64 {
    let mut steps: Vec<i64> = known.windows(2).map(|w| (w[1].1 - w[0].1).abs()).collect();
    steps.sort_unstable();
    steps.get(steps.len() / 2).copied().unwrap_or_default()
}

/// The period in whole seconds, as milliseconds, that explains the distances best, and how probable it is among all. `resolution`
/// is the interval of the samples, 0 where it is not known; `start` is believed as the default is.
fn likeliest(gaps: impl Iterator<Item = i64> + Clone, resolution: i64, start: i64) -> (i64, f64) {
    let samples = if resolution > 0 { resolution as f64 / 1000.0 } else { 15.0 };
    // Samples that are rarer than the syncs say nothing of a period longer than the default.
    let longest = if samples > 20.0 { DEFAULT / 1000 } else { 60 };
    let weighed: Vec<(i64, f64)> = (1..=longest)
        .map(|seconds| {
            let period = seconds as f64;
            let sum: f64 = gaps.clone().map(|gap| chance(gap as f64 / 1000.0, period, samples).ln()).sum();
            (seconds * 1000, believed(seconds, start) + sum)
        })
        .collect();
    let best = weighed.iter().copied().reduce(|a, b| if b.1 >= a.1 { b } else { a }).unwrap_or((start, 0.0));
    let all: f64 = weighed.iter().map(|w| (w.1 - best.1).exp()).sum();
    (best.0, 1.0 / all)
}

/// What is believed of a period before any distance, as a logarithm: most controllers run with the default, and hardly any
/// with an odd one.
fn believed(seconds: i64, start: i64) -> f64 {
    match seconds {
        _ if seconds * 1000 == start || seconds * 1000 == DEFAULT => 4.5,
        5 | 10 | 20 | 30 | 60 => 0.0,
        // Any distance is near whole periods of one that short.
        1 | 2 => -4.0,
        _ => -20.0,
    }
}

/// The probability of a distance under a period, per second; all in seconds.
fn chance(gap: f64, period: f64, samples: f64) -> f64 {
    /// A distance that fits nothing: a restart, a pause.
    const ODD: f64 = 0.005;
    let most = (gap / period) as i64;
    let fits: f64 = (most - 3..=most + 1)
        .filter(|n| *n >= 1)
        .map(|n| traceless(n, period, samples) * deviation(gap - n as f64 * period, n))
        .sum();
    ODD / 60.0 + (1.0 - ODD) * fits
}

/// The probability that the next sync with a trace is the `n`th: half by chance at each sync, half because a sample was new.
fn traceless(n: i64, period: f64, samples: f64) -> f64 {
    const NONE: f64 = 4.0 / 9.0;
    let geometric = |n: i64| (1.0 - NONE) * NONE.powi(i32::try_from(n - 1).unwrap_or(i32::MAX));
    if samples <= period {
        return geometric(n);
    }
    let scrapes = (n as f64 * period / samples).round().max(1.0);
    let away = (n as f64 * period - scrapes * samples).abs();
    let by_sample = if away < 1e-6 {
        geometric(scrapes as i64)
    } else if away < period * 0.75 {
        geometric(scrapes as i64) / 2.0
    } else {
        0.0
    };
    0.5 * geometric(n) + 0.5 * by_sample
}

/// How often a distance of `n` periods is off by this many seconds: mostly hardly, sometimes late, seldom early.
fn deviation(off: f64, n: i64) -> f64 {
    let around = |width: f64| (-off.abs() / width).exp() / (2.0 * width);
    let width = 0.5 + 0.5 * n.min(6) as f64;
    let late = if off >= 0.0 { (-off / width).exp() / width } else { 0.0 };
    let early = if off.abs() < 2.5 { around(0.8) } else { 0.0 };
    0.45 * around(0.1) + 0.15 * around(0.4) + 0.15 * early + 0.25 * late
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

    fn after(gaps: &[i64], resolution: i64) -> SyncPeriod {
        let (mut r, mut t) = (SyncPeriod::default(), 1_000_000);
        r.take(t, resolution);
        for gap in gaps {
            t += gap;
            r.take(t, resolution);
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
            assert!((r.distance() - period).abs() < period / 50, "{period}: {}", r.distance());
        }
    }

    #[test]
    fn coarse_samples_do_not_lengthen_the_period() {
        let r = learned(15_030, &[0, 4, 8, 12, 16, 20, 24, 28], 60_000);
        assert!((r.distance() - 15_030).abs() < 60, "{}", r.distance());
    }

    #[test]
    fn late_and_missing_syncs_are_no_other_period() {
        // From real controllers on a busy machine, with the period that they ran with.
        for (seconds, resolution, gaps) in [
            (15, 15_000, &[15_048, 15_036, 32_826, 46_211, 15_351, 33_415][..]),
            (15, 15_000, &[15_041, 17_177, 15_145, 15_249]),
            (15, 15_000, &[17_267, 16_472, 15_130, 63_561, 13_438, 14_665, 18_102, 16_260]),
            (5, 10_000, &[10_614, 10_455, 5044, 5183, 12_160, 10_617, 15_748, 29_534, 11_410, 5042]),
        ] {
            let r = after(gaps, resolution);
            assert_eq!((r.period(), r.certainty()), (seconds * 1000, Certainty::Sure), "{gaps:?}");
        }
    }

    #[test]
    fn a_short_period_is_known_by_the_third_distance() {
        assert_eq!(after(&[10_614, 10_455], 10_000).certainty(), Certainty::Assumed);
        let r = after(&[10_614, 10_455, 5044], 10_000);
        assert_eq!((r.period(), r.certainty()), (5000, Certainty::Sure));
    }

    #[test]
    fn one_early_sync_is_a_shift_and_no_other_period() {
        let r = after(&[15_030, 15_010, 15_025, 15_040, 8000, 15_030, 30_060], 15_000);
        assert_eq!(r.period(), 15_000);
        let shift = r.shift(0).unwrap();
        assert_eq!(shift.at - shift.from, 8000);
        assert_eq!(r.shift(shift.at + 1), None);
        assert_eq!(after(&[15_030, 15_010, 15_025, 15_040, 15_200, 15_020, 30_060], 15_000).shift(0), None);
    }

    #[test]
    fn a_restart_between_two_distant_syncs_shows_in_their_phase() {
        // 29.5 s are less than two periods.
        let gaps = [15_190, 15_014, 15_018, 15_013, 15_013, 45_074, 15_022, 15_060, 15_015, 29_497, 44_841, 15_029];
        let shift = after(&gaps, 15_000).shift(0).unwrap();
        assert_eq!(shift.at - shift.from, 29_497);
    }

    #[test]
    fn syncs_that_each_may_have_been_seen_late_lean_to_a_shift_together() {
        // Each is up to 0.7 s late; from the twelfth on they are 0.6 s earlier.
        let late = [100, 600, 0, 350, 700, 200, 500, 50, 300, 650, 150, 400];
        let times = |shift: i64| {
            let mut r = SyncPeriod::default();
            for (n, late) in (0i64..).zip(late.iter().chain(&late)) {
                r.take(1_000_000 + n * 15_020 + late - if n >= 12 { shift } else { 0 }, 15_000);
            }
            r
        };
        let r = times(600);
        assert_eq!(r.shift(0), None);
        assert!((1_000_000 + 10 * 15_020..1_000_000 + 14 * 15_020).contains(&r.lean(0).unwrap().at));
        assert_eq!(times(0).lean(0), None);
    }

    #[test]
    fn what_is_added_to_each_period_is_not_what_the_controller_was_held_up_by() {
        // From a real controller that was stopped for 40 s, and restarted six minutes later.
        let gaps = [
            15_020, 15_020, 15_030, 30_080, 90_100, 15_040, 15_000, 15_010, 29_990, 51_840, 30_090, 90_980, 15_010,
            15_130, 60_070, 14_970, 15_010, 15_020, 15_000, 30_010, 15_010, 20_400, 15_150,
        ];
        let r = after(&gaps, 15_000);
        assert!((15_005..15_040).contains(&r.distance()), "{}", r.distance());
        assert_eq!(r.shift(9_000_000).map(|shift| shift.at - shift.from), None);
        assert_eq!(r.shift(1_550_000).map(|shift| shift.at - shift.from), Some(20_400));
    }

    #[test]
    fn a_period_that_the_spec_names_is_taken() {
        let mut r = after(&[15_030, 15_010, 15_025, 15_040], 15_000);
        r.state(Some(5000));
        assert_eq!((r.period(), r.certainty()), (5000, Certainty::Stated));
        r.state(None);
        assert_eq!((r.period(), r.certainty()), (15_000, Certainty::Assumed));
    }

    #[test]
    fn a_period_learned_from_an_interval_cut_short_is_corrected() {
        // From a real controller on a busy machine: every 7.04 s, the first seen late.
        let gaps = [
            6373, 14_019, 14_043, 13_995, 21_867, 7022, 7164, 14_109, 7008, 7194, 13_863, 6995, 7052, 14_572, 13_988,
            14_036, 21_132, 14_011, 7065, 6969, 14_220, 6983, 14_164, 6988, 14_082,
        ];
        let r = after(&gaps, 15_000);
        assert!((r.distance() - 7045).abs() < 60, "{}", r.distance());
    }

    proptest::proptest! {
        #[test]
        fn any_intervals_give_a_sane_period(gaps in proptest::collection::vec(0i64..200_000, 0..80), resolution in 0i64..70_000) {
            let (mut r, mut t) = (SyncPeriod::default(), 0);
            for gap in gaps {
                t += gap;
                r.take(t, resolution);
                proptest::prop_assert!((1_000..=66_000).contains(&r.period()));
                proptest::prop_assert!((0.0..=1.0).contains(&r.confidence()));
            }
        }

        #[test]
        fn delays_of_up_to_a_second_change_no_period(
            seconds in proptest::sample::select(vec![5i64, 10, 15, 30]),
            syncs in proptest::collection::vec(1i64..4, 12..40),
            delays in proptest::collection::vec(0i64..1000, 40),
        ) {
            let (mut r, mut t) = (SyncPeriod::default(), 1_000_000);
            // Some that follow each other show the period itself.
            for (n, delay) in [1; 6].iter().chain(&syncs).zip(delays) {
                t += n * (seconds * 1000 + 20);
                r.take(t + delay, 15_000);
            }
            proptest::prop_assert_eq!(r.period(), seconds * 1000);
        }
    }
}
