//! The stabilization window of a sync as two series: the recommendations, and the highest in the window at each time. Must
//! not word anything.

use super::sync::Sync;

/// The two series, (milliseconds since 1970, replicas), ascending; each value holds until the next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Window {
    pub seconds: i64,
    pub recommended: Vec<(i64, i32)>,
    pub highest: Vec<(i64, i32)>,
}

impl Sync {
    /// The scale-down window of a sync that still has its computation; None where there is no window.
    pub fn window(&self) -> Option<Window> {
        let computation = self.computation.as_ref()?;
        let s = computation.decision.stabilization?;
        let seconds = s.down.length.num_seconds();
        if seconds <= 0 {
            return None;
        }
        let mut recommended = computation.remembered.clone();
        recommended.push((self.last, s.recommended));
        Some(Window { seconds, highest: highest(&recommended, seconds * 1000, self.last), recommended })
    }
}

/// The highest recommendation that is at most `length` old, at each time where it changes, up to `end` (milliseconds).
pub fn highest(recommended: &[(i64, i32)], length: i64, end: i64) -> Vec<(i64, i32)> {
    let mut times: Vec<i64> = recommended.iter().flat_map(|r| [r.0, r.0 + length]).filter(|t| *t <= end).collect();
    times.sort_unstable();
    times.dedup();
    let mut out: Vec<(i64, i32)> = Vec::new();
    for t in times {
        let lo = recommended.partition_point(|r| r.0 <= t - length);
        let hi = recommended.partition_point(|r| r.0 <= t);
        // Where all of them are too old, the latest is still in effect.
        let most = recommended.get(lo..hi).and_then(|w| w.iter().map(|r| r.1).max());
        let Some(most) = most.or_else(|| hi.checked_sub(1).and_then(|i| recommended.get(i)).map(|r| r.1)) else {
            continue;
        };
        if out.last().is_none_or(|l| l.1 != most) {
            out.push((t, most));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_highest_stays_until_it_leaves_the_window() {
        let series = highest(&[(0, 1), (10, 4), (20, 1), (30, 1)], 25, 60);
        assert_eq!(series, [(0, 1), (10, 4), (35, 1)]);
    }

    proptest::proptest! {
        #[test]
        fn never_below_what_the_window_holds(
            steps in proptest::collection::vec((1i64..40, 0i32..20), 1..60), length in 1i64..200
        ) {
            let mut t = 0;
            let all: Vec<(i64, i32)> = steps.iter().map(|(d, r)| { t += d; (t, *r) }).collect();
            let series = highest(&all, length, t);
            for (at, _) in &all {
                let most = all.iter().filter(|r| r.0 <= *at && r.0 > at - length).map(|r| r.1).max().unwrap();
                let n = series.partition_point(|c| c.0 <= *at);
                proptest::prop_assert_eq!(series[n - 1].1, most);
            }
        }
    }
}
