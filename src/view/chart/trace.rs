//! Samples to dot columns: the least and the greatest of each column survive, neighbours are joined, gaps are
//! not. Must not draw.
use super::time::TimeAxis;
use std::borrow::Cow;

/// What falls into one dot column.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct DotColumn {
    pub(super) x: i64,
    pub(super) first: f64,
    pub(super) last: f64,
    pub(super) min: f64,
    pub(super) max: f64,
}

/// The samples that matter to the window: those within, and one on either side for the lines that leave it. Sorted.
pub(super) fn visible(samples: &[(i64, f64)], axis: TimeAxis) -> Cow<'_, [(i64, f64)]> {
    if !samples.is_sorted_by_key(|s| s.0) {
        let mut sorted = samples.to_vec();
        sorted.sort_by_key(|s| s.0);
        let range = window(&sorted, axis);
        return Cow::Owned(sorted[range].to_vec());
    }
    Cow::Borrowed(&samples[window(samples, axis)])
}

fn window(samples: &[(i64, f64)], axis: TimeAxis) -> std::ops::Range<usize> {
    let from = samples.partition_point(|s| s.0 < axis.start_ms).saturating_sub(1);
    let to = samples.partition_point(|s| s.0 < axis.end_ms);
    from..(to + 1).min(samples.len()).max(from)
}

/// Calls `each` for every run of columns without a gap; `run` is a buffer to reuse.
pub(super) fn runs(
    samples: &[(i64, f64)],
    axis: TimeAxis,
    dots: usize,
    run: &mut Vec<DotColumn>,
    mut each: impl FnMut(&[DotColumn]),
) {
    let dot_ms = axis.dot_ms(dots);
    let start = axis.start_ms as f64;
    // Most samples fall into the column of the one before: this spares them the division.
    let mut end = f64::MIN;
    run.clear();
    for &(at, v) in visible(samples, axis).iter() {
        if !v.is_finite() {
            if !run.is_empty() {
                each(run);
                run.clear();
            }
            continue;
        }
        let along = at as f64 - start;
        match run.last_mut() {
            Some(c) if along < end => {
                c.last = v;
                c.min = c.min.min(v);
                c.max = c.max.max(v);
            }
            _ => {
                let x = (along / dot_ms).floor();
                end = (x + 1.0) * dot_ms;
                run.push(DotColumn { x: x as i64, first: v, last: v, min: v, max: v });
            }
        }
    }
    if !run.is_empty() {
        each(run);
    }
}

/// Turns columns into dots: `dot` maps a value to a dot row, `set(x, a, b)` gets every column of the line once or more.
pub(super) fn join(
    run: &[DotColumn],
    dots: usize,
    dot: impl Fn(f64) -> usize,
    mut set: impl FnMut(usize, usize, usize),
) {
    let within = |x: i64| usize::try_from(x).ok().filter(|x| *x < dots);
    let mut before: Option<DotColumn> = None;
    for c in run {
        if let Some(x) = within(c.x) {
            set(x, dot(c.min), dot(c.max));
        }
        if let Some(b) = before {
            connect((b.x, dot(b.last)), (c.x, dot(c.first)), dots, &mut set);
        }
        before = Some(*c);
    }
}

/// A line between two dots, both ends' columns included, a vertical run a column.
fn connect(from: (i64, usize), to: (i64, usize), dots: usize, set: &mut impl FnMut(usize, usize, usize)) {
    let wide = (to.0 as f64 - from.0 as f64).max(1.0);
    let slope = (to.1 as f64 - from.1 as f64) / wide;
    let at = |x: f64| (from.1 as f64 + slope * x.clamp(0.0, wide)).round().max(0.0) as usize;
    let limit = i64::try_from(dots).unwrap_or(i64::MAX);
    for x in from.0.max(0)..to.0.saturating_add(1).min(limit) {
        let along = x as f64 - from.0 as f64;
        let (a, b) = (at(along - 0.5), at(along + 0.5));
        // The dot on the border of two columns belongs to the later one; else steep lines look thicker there.
        let b = if x == to.0 || a == b {
            b
        } else if b > a {
            b - 1
        } else {
            b + 1
        };
        if let Ok(x) = usize::try_from(x) {
            set(x, a, b);
        }
    }
}

/// The value a list of steps has in each stretch of columns: `(first, end, value)`, in time order.
pub(super) fn stretches(steps: &[(i64, Option<f64>)], axis: TimeAxis, dots: usize) -> Vec<(usize, usize, f64)> {
    let mut sorted = Cow::Borrowed(steps);
    if !steps.is_sorted_by_key(|s| s.0) {
        sorted.to_mut().sort_by_key(|s| s.0);
    }
    let limit = i64::try_from(dots).unwrap_or(i64::MAX);
    let mut out: Vec<(usize, usize, f64)> = Vec::new();
    for (i, (at, value)) in sorted.iter().enumerate() {
        let Some(v) = value.filter(|v| v.is_finite()) else { continue };
        let next = sorted.get(i + 1);
        let from = axis.column(*at, dots);
        let to = next.map_or(limit, |n| axis.column(n.0, dots));
        if from >= limit || to < 0 || (to == 0 && next.is_some()) {
            continue;
        }
        let from = from.max(0);
        // A value that was valid for less than a dot is still visible.
        let to = to.clamp(from + 1, limit.max(from + 1));
        if let (Ok(a), Ok(b)) = (usize::try_from(from), usize::try_from(to)) {
            match out.last_mut() {
                Some(last) if last.2 == v && last.1 >= a => last.1 = last.1.max(b),
                _ => out.push((a, b, v)),
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const AXIS: TimeAxis = TimeAxis { start_ms: 1_000, end_ms: 61_000 };

    fn columns(samples: &[(i64, f64)]) -> Vec<Vec<DotColumn>> {
        let mut all = Vec::new();
        runs(samples, AXIS, 60, &mut Vec::new(), |run| all.push(run.to_vec()));
        all
    }

    proptest! {
        #[test]
        fn the_least_and_the_greatest_of_each_column_survive(
            samples in prop::collection::vec((1_000i64..61_000, 0.0..100.0f64), 0..400)
        ) {
            let dot = |v: f64| v as usize;
            let mut set = vec![[false; 128]; 60];
            for run in columns(&samples) {
                join(&run, 60, dot, |x, a, b| set[x][a.min(b)..=a.max(b)].fill(true));
            }
            for x in 0..60i64 {
                let here = || samples.iter().filter(|s| (s.0 - 1_000).div_euclid(1_000) == x).map(|s| s.1);
                for v in [here().reduce(f64::min), here().reduce(f64::max)].into_iter().flatten() {
                    prop_assert!(set[x as usize][dot(v)], "{v} in column {x}");
                }
            }
        }
    }

    #[test]
    fn a_gap_breaks_the_line_and_order_does_not_matter() {
        let samples =
            [(9_000, 3.0), (2_500, 1.0), (2_700, 5.0), (6_000, f64::NAN), (7_000, f64::INFINITY), (8_000, 2.0)];
        let found = columns(&samples);
        assert_eq!(found.len(), 2);
        assert_eq!(found[0], [DotColumn { x: 1, first: 1.0, last: 5.0, min: 1.0, max: 5.0 }]);
        assert_eq!(found[1].iter().map(|c| c.x).collect::<Vec<_>>(), [7, 8]);
    }

    #[test]
    fn lines_leave_the_window_towards_their_next_sample() {
        let found = columns(&[(-9_000, 9.0), (-5_000, 1.0), (2_000, 2.0), (70_000, 3.0), (80_000, 4.0)]);
        assert_eq!(found.concat().iter().map(|c| c.x).collect::<Vec<_>>(), [-6, 1, 69]);
    }

    #[test]
    fn a_line_is_one_dot_thick_and_has_no_holes() {
        for (to_x, to_y) in [(1, 40), (7, 40), (40, 7), (40, 0), (3, 0)] {
            let mut rows = vec![Vec::new(); 41];
            connect((0, 20), (to_x, to_y), 41, &mut |x, a, b| rows[x].extend(a.min(b)..=a.max(b)));
            let mut seen: Vec<usize> = rows.concat();
            assert_eq!((rows[0][0].min(20), rows[to_x as usize].contains(&to_y)), (rows[0][0].min(20), true));
            seen.sort_unstable();
            let all: Vec<usize> = (to_y.min(20)..=to_y.max(20)).collect();
            let mut once = seen.clone();
            once.dedup();
            assert_eq!(once, all, "{to_x},{to_y} has holes");
            assert!(seen.len() <= all.len().max(to_x as usize + 1) + 1, "{to_x},{to_y} is thick");
        }
    }

    #[test]
    fn steps_are_valid_until_the_next_and_never_vanish() {
        let v = |s: i64, v: f64| (s * 1000, Some(v));
        let found =
            stretches(&[v(-5, 1.0), v(11, 2.0), (11_500, Some(9.0)), v(12, 2.0), (21_000, None), v(31, 3.0)], AXIS, 60);
        assert_eq!(found, [(0, 10, 1.0), (10, 11, 2.0), (10, 11, 9.0), (11, 20, 2.0), (30, 60, 3.0)]);
        assert!(stretches(&[v(-5, 1.0), v(0, f64::NAN)], AXIS, 60).is_empty());
        assert!(stretches(&[v(61, 1.0)], AXIS, 60).is_empty());
    }
}
