//! The value axis: which range is shown, where a value lies in it, and which figures are beside it. Must not draw.

/// A range of values, `lo` at the bottom.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Scale {
    pub(super) lo: f64,
    pub(super) hi: f64,
    pub(super) log: bool,
    /// Of whole numbers.
    pub(super) whole: bool,
}

/// What a scale must show.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Needs {
    /// The smallest positive and the largest visible value, if there is any.
    pub(super) least: Option<f64>,
    pub(super) most: Option<f64>,
    /// The target that shall fall on the middle of a row, and the top of the highest tolerance band.
    pub(super) target: Option<f64>,
    pub(super) edge: f64,
    /// The bottom of the lowest tolerance band.
    pub(super) low_edge: f64,
}

/// Beyond this sums of values might overflow.
const LARGEST: f64 = 1e290;

impl Scale {
    /// From 0 up, with the target (where its dashes are drawn) in the middle of a row.
    pub(super) fn linear(needs: Needs, rows: usize) -> Scale {
        let most = needs.most.unwrap_or(0.0).clamp(0.0, LARGEST);
        let top = (most * 1.03).max(needs.edge.min(LARGEST) * 1.16);
        let aligned = needs.target.filter(|t| *t > 0.0 && rows > 0).and_then(|target| {
            // The coarsest steps come last; a new sample changes the scale only when it needs the next step.
            (0..rows).rev().map(|k| target / (k as f64 + 0.5) * rows as f64).find(|hi| *hi >= top)
        });
        Scale { lo: 0.0, hi: aligned.unwrap_or_else(|| round_up(top)).min(LARGEST), log: false, whole: false }
    }

    /// Powers of ten; values at or below the lower end lie on the bottom row.
    pub(super) fn log(needs: Needs, rows: usize) -> Scale {
        let most = needs.most.unwrap_or(100.0).clamp(1e-6, LARGEST);
        let hi = round_up((most * 1.15).max(needs.edge.min(LARGEST) * 1.3));
        let target = needs.target.filter(|t| *t > 0.0 && *t < hi);
        let low_edge = if needs.low_edge > 0.0 { needs.low_edge } else { f64::MAX };
        let wanted = (target.unwrap_or(hi / 10.0) / 2.0).min(low_edge * 0.8);
        let floor = wanted / 8.0;
        let lo = round_down(needs.least.unwrap_or(wanted).clamp(floor, wanted.max(floor)));
        let aligned = target.filter(|_| rows > 0).and_then(|target| {
            (0..rows).find_map(|k| {
                let share = (k as f64 + 0.5) / rows as f64;
                let bottom = ((target.ln() - share * hi.ln()) / (1.0 - share)).exp();
                (bottom <= lo && bottom > 0.0).then_some(bottom)
            })
        });
        Scale { lo: aligned.unwrap_or(lo).clamp(hi * 1e-9, hi * 0.5), hi, log: true, whole: false }
    }

    /// Whole numbers from 0 to at least `top`: where there is room, each takes the same number of half rows.
    pub(super) fn whole(top: f64, rows: usize) -> Scale {
        let top = top.clamp(1.0, LARGEST);
        let halves = (rows as f64 * 2.0 / top).floor();
        let hi = if halves >= 2.0 { rows as f64 * 2.0 / halves } else { top };
        Scale { lo: 0.0, hi, log: false, whole: true }
    }

    /// 0 at the bottom, 1 at the top; what lies outside is brought to the nearer end.
    pub(super) fn share(self, v: f64) -> f64 {
        let share = match self.log {
            true => (v.max(self.lo).ln() - self.lo.ln()) / (self.hi.ln() - self.lo.ln()),
            false => (v - self.lo) / (self.hi - self.lo),
        };
        if share.is_nan() { 0.0 } else { share.clamp(0.0, 1.0) }
    }

    /// The row of a value among `rows`, 0 at the top; a value on the edge of two rows lies in the lower one.
    pub(super) fn row(self, v: f64, rows: usize) -> usize {
        (((1.0 - self.share(v)) * rows as f64 + 1e-6) as usize).min(rows.saturating_sub(1))
    }

    /// Whether a value lies within the range.
    pub(super) fn shows(self, v: f64) -> bool {
        v >= self.lo && v <= self.hi
    }

    /// Figures for the axis, the most useful first.
    pub(super) fn ticks(self, rows: usize) -> Vec<f64> {
        match self.log {
            true => self.log_ticks(),
            false => {
                let (least, apart) = if self.whole { (1.0, 1.5) } else { (0.0, 2.5) };
                let step = tick_step(self.hi / (rows as f64 / apart).max(1.0)).max(least);
                let count = (self.hi / step) as usize;
                (0..=count.min(50)).map(|i| i as f64 * step).collect()
            }
        }
    }

    fn log_ticks(self) -> Vec<f64> {
        let (first, last) = (self.lo.log10().floor() as i32, self.hi.log10().ceil() as i32);
        let mut ticks = Vec::new();
        for digit in [1.0, 5.0, 2.0] {
            let every = (first..=last.min(first + 40)).rev().map(|e| digit * 10f64.powi(e));
            ticks.extend(every.filter(|v| self.shows(*v)));
        }
        ticks
    }
}

/// The next of 1, 2, 5 times a power of ten.
pub(super) fn tick_step(v: f64) -> f64 {
    let power = 10f64.powf(v.max(1e-300).log10().floor());
    [1.0, 2.0, 5.0].iter().map(|d| d * power).find(|c| *c >= v * 0.999).unwrap_or(power * 10.0)
}

/// The next of 1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8 times a power of ten.
pub(super) fn round_up(v: f64) -> f64 {
    rounded(v, |v, candidate| candidate >= v * 0.999_999, false)
}

fn round_down(v: f64) -> f64 {
    rounded(v, |v, candidate| candidate <= v * 1.000_001, true)
}

fn rounded(v: f64, fits: impl Fn(f64, f64) -> bool, down: bool) -> f64 {
    if !(v.is_finite() && v > 1e-300) {
        return 1.0;
    }
    let power = 10f64.powf(v.log10().floor());
    let mut digits = [1.0, 1.2, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0];
    if down {
        digits.reverse();
    }
    digits.iter().map(|d| d * power).find(|c| fits(v, *c)).unwrap_or(v)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NONE: Needs = Needs { least: None, most: None, target: None, edge: 0.0, low_edge: 0.0 };

    fn needs(most: f64) -> Needs {
        Needs { least: Some(4.0), most: Some(most), target: Some(80.0), edge: 88.0, low_edge: 72.0 }
    }

    #[test]
    fn the_target_lies_in_the_middle_of_a_row_and_everything_is_within() {
        for rows in 1..60 {
            for most in [0.0, 3.0, 79.0, 152.0, 239.0, 2000.0, 1e5] {
                for scale in [Scale::linear(needs(most), rows), Scale::log(needs(most), rows)] {
                    let row = (1.0 - scale.share(80.0)) * rows as f64;
                    assert!((row.fract() - 0.5).abs() < 1e-6 || !aligned(scale, most, rows), "{rows} {most} {scale:?}");
                    assert!(scale.shows(80.0) && scale.shows(88.0) && scale.hi >= most, "{rows} {most} {scale:?}");
                }
            }
        }
    }

    /// Not so few rows, or so far above the target, that it cannot be.
    fn aligned(scale: Scale, most: f64, rows: usize) -> bool {
        if scale.log { rows >= 5 } else { most * 1.03 <= 160.0 * rows as f64 }
    }

    #[test]
    fn a_little_more_seldom_moves_the_axis() {
        let tops: Vec<f64> = (90..230).map(|most| Scale::linear(needs(f64::from(most)), 20).hi).collect();
        let moves = tops.windows(2).filter(|w| w[0] != w[1]).count();
        assert!(moves <= 10, "{moves}");
        assert!((90..230).zip(tops).all(|(most, top)| top < f64::from(most) * 1.35 + 30.0));
    }

    #[test]
    fn figures_are_round() {
        assert_eq!(Scale::linear(needs(152.0), 13).ticks(13), [0.0, 50.0, 100.0, 150.0]);
        let log = Scale { lo: 8.0, hi: 2500.0, log: true, whole: false }.ticks(20);
        assert_eq!(log, [1000.0, 100.0, 10.0, 500.0, 50.0, 2000.0, 200.0, 20.0]);
    }

    #[test]
    fn whole_numbers_lie_on_rows_where_there_is_room() {
        for (top, rows, step) in [(4.0, 4, 1), (4.0, 5, 1), (4.0, 8, 2), (1.0, 3, 3)] {
            let scale = Scale::whole(top, rows);
            for v in 1..=top as usize {
                assert_eq!(scale.row(v as f64, rows), rows - v * step, "{v} of {top} in {rows} rows");
            }
        }
        assert_eq!(Scale::whole(40.0, 5).row(40.0, 5), 0);
    }

    #[test]
    fn no_needs_make_a_wild_scale() {
        let wild = [f64::MAX, 1e-300, 0.0, -1.0, 1e300];
        for a in wild {
            for b in wild {
                let needs = Needs { least: Some(a), most: Some(b), target: Some(a), edge: b, low_edge: a };
                for rows in [0, 1, 9] {
                    for scale in [Scale::linear(needs, rows), Scale::log(needs, rows), Scale::log(NONE, rows)] {
                        assert!(scale.lo.is_finite() && scale.hi.is_finite() && scale.lo < scale.hi, "{scale:?}");
                        assert!(scale.ticks(rows).len() < 200);
                        assert!((0.0..=1.0).contains(&scale.share(a)));
                    }
                }
            }
        }
    }
}
