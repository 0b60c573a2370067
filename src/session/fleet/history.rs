//! The last hour of one HPA in little room: the metric that is highest over its target, a figure a minute, and the last changes
//! of the replicas. Must not keep more than that.

use std::collections::VecDeque;

/// Minutes kept.
const MINUTES: usize = 60;
const MINUTE: i64 = 60_000;
/// Changes of the replicas kept.
const CHANGES: usize = 16;
/// How far back changes of direction count as flapping, milliseconds.
const FLAP_WINDOW: i64 = 10 * MINUTE;

/// The last hour.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct History {
    /// A minute since 1970, and the greatest ratio in it; NaN from where on nothing was seen.
    minutes: VecDeque<(i64, f32)>,
    /// Milliseconds since 1970, and the replicas from then on.
    changes: VecDeque<(i64, i32)>,
}

impl History {
    /// Takes in what is known at `ms`: the greatest ratio of a figure to its target, and the replicas.
    pub fn take(&mut self, ms: i64, ratio: Option<f64>, replicas: Option<i32>) {
        let minute = ms / MINUTE;
        let ratio = ratio.map_or(f32::NAN, |r| r as f32);
        match self.minutes.back_mut() {
            // `max` prefers the number over NaN.
            Some((last, greatest)) if *last >= minute => *greatest = greatest.max(ratio),
            _ => self.minutes.push_back((minute, ratio)),
        }
        while self.minutes.len() > MINUTES {
            self.minutes.pop_front();
        }
        if let Some(replicas) = replicas.filter(|now| self.changes.back().is_none_or(|(_, last)| last != now)) {
            self.changes.push_back((ms, replicas));
            self.changes.drain(..self.changes.len().saturating_sub(CHANGES));
        }
    }

    /// Nothing is seen from `ms` on.
    pub fn interrupt(&mut self, ms: i64) {
        if self.minutes.back().is_some_and(|(_, ratio)| !ratio.is_nan()) {
            self.minutes.push_back((ms / MINUTE + 1, f32::NAN));
        }
    }

    /// The replicas before the last change; None where it was not seen.
    pub fn before(&self) -> Option<i32> {
        self.changes.len().checked_sub(2).and_then(|at| self.changes.get(at)).map(|(_, replicas)| *replicas)
    }

    /// How often the replicas turned between up and down in the ten minutes before `ms`.
    pub fn turns(&self, ms: i64) -> usize {
        let changes: Vec<&(i64, i32)> = self.changes.iter().collect();
        let ups = changes.windows(2).filter(|two| two[1].0 >= ms - FLAP_WINDOW).map(|two| two[1].1 > two[0].1);
        let ups: Vec<bool> = ups.collect();
        ups.windows(2).filter(|two| two[0] != two[1]).count()
    }

    /// The ratios as lines between gaps: milliseconds since 1970, and the ratio; the last holds until `now`.
    pub fn segments(&self, now: i64) -> Vec<Vec<(i64, f64)>> {
        let mut all: Vec<Vec<(i64, f64)>> = vec![Vec::new()];
        for &(minute, ratio) in &self.minutes {
            match (ratio.is_nan(), all.last_mut()) {
                (false, Some(line)) => line.push((minute * MINUTE, f64::from(ratio))),
                (true, Some(line)) if !line.is_empty() => {
                    // It held until then.
                    let last = line.last().map(|(_, ratio)| *ratio);
                    line.extend(last.map(|ratio| (minute * MINUTE - 1, ratio)));
                    all.push(Vec::new());
                }
                _ => {}
            }
        }
        let still = self.minutes.back().is_some_and(|(_, ratio)| !ratio.is_nan());
        if let Some(line) = all.last_mut().filter(|_| still) {
            let last = line.last().map(|(at, ratio)| (now.max(*at), *ratio));
            line.extend(last);
        }
        all.retain(|line| !line.is_empty());
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_hour_is_kept_and_no_more_however_often_it_is_seen() {
        let mut history = History::default();
        for second in 0..20_000 {
            history.take(second * 1000, Some(1.0), Some(i32::try_from(second).unwrap()));
        }
        assert_eq!((history.minutes.len(), history.changes.len()), (MINUTES, CHANGES));
        assert_eq!(history.before(), Some(19_998));
    }

    #[test]
    fn a_minute_has_its_greatest_ratio_and_an_outage_is_a_gap() {
        let mut history = History::default();
        history.take(0, Some(0.5), None);
        history.take(1000, Some(1.5), None);
        history.take(2000, None, None);
        history.interrupt(3000);
        history.interrupt(4000);
        history.take(5 * MINUTE, Some(1.0), None);
        assert_eq!(
            history.segments(6 * MINUTE),
            [vec![(0, 1.5), (MINUTE - 1, 1.5)], vec![(5 * MINUTE, 1.0), (6 * MINUTE, 1.0)]]
        );
        assert!(History::default().segments(0).is_empty());
    }

    #[test]
    fn turns_are_counted_within_ten_minutes() {
        let mut history = History::default();
        for (minute, replicas) in [(0, 2), (1, 4), (2, 2), (3, 4), (4, 2)] {
            history.take(minute * MINUTE, None, Some(replicas));
        }
        assert_eq!(history.turns(5 * MINUTE), 3);
        assert_eq!(history.turns(13 * MINUTE), 1);
        assert_eq!(history.turns(60 * MINUTE), 0);
    }
}
