//! The last hour of one HPA in little room: each metric over its target, and the changes of the replicas. Must not keep more
//! than that.

use std::collections::VecDeque;

/// How far back anything is kept, milliseconds.
const HOUR: i64 = 3_600_000;
/// Of the metric that is highest over its target a figure a minute is kept, milliseconds.
const COARSE: i64 = 60_000;
/// Of each metric a figure a sync, milliseconds.
const FINE: i64 = 15_000;
/// Metrics kept.
const METRICS: usize = 8;
/// Changes of the replicas kept.
const CHANGES: usize = 64;
/// How far back changes of direction count as flapping, milliseconds.
const FLAP_WINDOW: i64 = 600_000;

/// The last hour.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct History {
    highest: Ratios,
    /// By the label of the metric.
    metrics: Vec<(String, Ratios)>,
    /// Milliseconds since 1970, and the replicas from then on; None: not seen.
    changes: VecDeque<(i64, Option<i32>)>,
}

/// What is known of an HPA at a moment.
pub struct Seen<'a> {
    /// Each metric's label, and its figure over its target.
    pub ratios: Vec<(&'a str, Option<f64>)>,
    pub replicas: Option<i32>,
}

impl History {
    /// Takes in what is known at `ms`.
    pub fn take(&mut self, ms: i64, seen: &Seen) {
        let highest = seen.ratios.iter().filter_map(|(_, ratio)| *ratio).max_by(f64::total_cmp);
        self.highest.take(ms, COARSE, highest);
        for (label, ratio) in seen.ratios.iter().take(METRICS) {
            let at = self.metrics.iter().position(|(known, _)| known == label).unwrap_or_else(|| {
                self.metrics.push(((*label).to_owned(), Ratios::default()));
                self.metrics.len() - 1
            });
            self.metrics[at].1.take(ms, FINE, *ratio);
        }
        // Those that the spec no longer has.
        let names = |label: &str| seen.ratios.iter().any(|(name, _)| *name == label);
        self.metrics.iter_mut().filter(|(label, _)| !names(label)).for_each(|(_, ratios)| ratios.interrupt(ms, FINE));
        self.metrics.retain(|(label, ratios)| names(label) || ratios.is_within(ms - HOUR, FINE));
        if seen.replicas.is_some() {
            self.change(ms, seen.replicas);
        }
    }

    /// Nothing is seen from `ms` on.
    pub fn interrupt(&mut self, ms: i64) {
        self.highest.interrupt(ms, COARSE);
        self.metrics.iter_mut().for_each(|(_, ratios)| ratios.interrupt(ms, FINE));
        if !self.changes.is_empty() {
            self.change(ms, None);
        }
    }

    fn change(&mut self, ms: i64, replicas: Option<i32>) {
        if self.changes.back().is_none_or(|(_, last)| *last != replicas) {
            self.changes.push_back((ms, replicas));
            self.changes.drain(..self.changes.len().saturating_sub(CHANGES));
        }
    }

    fn sizes(&self) -> impl DoubleEndedIterator<Item = (i64, i32)> {
        let mut known: Vec<(i64, i32)> = self.changes.iter().filter_map(|(ms, n)| Some((*ms, (*n)?))).collect();
        known.dedup_by_key(|(_, replicas)| *replicas);
        known.into_iter()
    }

    /// The replicas before the last change; None where it was not seen.
    pub fn before(&self) -> Option<i32> {
        self.sizes().nth_back(1).map(|(_, replicas)| replicas)
    }

    /// How often the replicas turned between up and down in the ten minutes before `ms`.
    pub fn turns(&self, ms: i64) -> usize {
        // Three of them make one turn.
        if self.changes.len() < 3 {
            return 0;
        }
        let changes: Vec<(i64, i32)> = self.sizes().collect();
        let ups = changes.windows(2).filter(|two| two[1].0 >= ms - FLAP_WINDOW).map(|two| two[1].1 > two[0].1);
        let ups: Vec<bool> = ups.collect();
        ups.windows(2).filter(|two| two[0] != two[1]).count()
    }

    /// The metric that is highest over its target as lines between gaps: milliseconds since 1970, and the ratio; the last holds
    /// until `now`.
    pub fn highest(&self, now: i64) -> Vec<Vec<(i64, f64)>> {
        self.highest.segments(now, COARSE)
    }

    /// The same of each metric, by its label.
    pub fn metrics(&self, now: i64) -> impl Iterator<Item = (&str, Vec<Vec<(i64, f64)>>)> {
        self.metrics.iter().map(move |(label, ratios)| (label.as_str(), ratios.segments(now, FINE)))
    }

    /// The replicas: from when on how many, None while nothing was seen.
    pub fn replicas(&self) -> Vec<(i64, Option<i32>)> {
        self.changes.iter().copied().collect()
    }
}

/// Figures over their target, at most one a step.
#[derive(Clone, Debug, Default, PartialEq)]
struct Ratios(
    /// The number of the step since 1970, and the greatest ratio in it; NaN from where on nothing was seen.
    VecDeque<(u32, f32)>,
);

/// The number of the step that a moment is in.
fn step_of(ms: i64, step: i64) -> u32 {
    u32::try_from(ms / step).unwrap_or_default()
}

impl Ratios {
    fn take(&mut self, ms: i64, step: i64, ratio: Option<f64>) {
        let at = step_of(ms, step);
        let ratio = ratio.map_or(f32::NAN, |r| r as f32);
        match self.0.back_mut() {
            // `max` prefers the number over NaN.
            Some((last, greatest)) if *last >= at => *greatest = greatest.max(ratio),
            _ => self.0.push_back((at, ratio)),
        }
        // One from before the hour stays: it held until the first in it.
        let first = step_of(ms - HOUR, step);
        while self.0.get(1).is_some_and(|(at, _)| *at <= first) {
            self.0.pop_front();
        }
    }

    fn interrupt(&mut self, ms: i64, step: i64) {
        if self.0.back().is_some_and(|(_, ratio)| !ratio.is_nan()) {
            self.0.push_back((step_of(ms, step) + 1, f32::NAN));
        }
    }

    fn is_within(&self, ms: i64, step: i64) -> bool {
        self.0.back().is_some_and(|(at, _)| *at >= step_of(ms, step))
    }

    /// Each holds until the next: the API says only what changes.
    fn segments(&self, now: i64, step: i64) -> Vec<Vec<(i64, f64)>> {
        let mut all: Vec<Vec<(i64, f64)>> = vec![Vec::new()];
        for &(at, ratio) in &self.0 {
            let ms = i64::from(at) * step;
            let Some(line) = all.last_mut() else { continue };
            let held = line.last().filter(|(last, _)| ms - last > step || ratio.is_nan()).map(|(_, held)| *held);
            line.extend(held.map(|held| (ms - 1, held)));
            match ratio.is_nan() {
                false => line.push((ms, f64::from(ratio))),
                true if line.is_empty() => {}
                true => all.push(Vec::new()),
            }
        }
        let last = self.0.back().filter(|(_, ratio)| !ratio.is_nan());
        if let (Some((_, ratio)), Some(line)) = (last, all.last_mut()) {
            let at = line.last().map_or(now, |(at, _)| now.max(*at));
            line.push((at, f64::from(*ratio)));
        }
        all.retain(|line| !line.is_empty());
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: i64 = 60_000;

    fn cpu(ratio: Option<f64>, replicas: Option<i32>) -> Seen<'static> {
        Seen { ratios: vec![("cpu", ratio)], replicas }
    }

    #[test]
    fn an_hour_is_kept_and_no_more_however_often_it_is_seen() {
        let mut history = History::default();
        for second in 0..20_000 {
            history.take(second * 1000, &cpu(Some(1.0), Some(i32::try_from(second).unwrap())));
        }
        assert!(history.highest.0.len() <= 62 && history.metrics[0].1.0.len() <= 242, "{history:?}");
        assert_eq!(history.changes.len(), CHANGES);
        assert_eq!(history.before(), Some(19_998));
    }

    #[test]
    fn a_minute_has_its_greatest_ratio_and_an_outage_is_a_gap() {
        let mut history = History::default();
        history.take(0, &cpu(Some(0.5), None));
        history.take(1000, &cpu(Some(1.5), None));
        history.take(2000, &cpu(None, None));
        history.interrupt(3000);
        history.interrupt(4000);
        history.take(5 * MINUTE, &cpu(Some(1.0), None));
        assert_eq!(
            history.highest(6 * MINUTE),
            [vec![(0, 1.5), (MINUTE - 1, 1.5)], vec![(5 * MINUTE, 1.0), (6 * MINUTE, 1.0)]]
        );
        let (label, fine) = history.metrics(6 * MINUTE).next().unwrap();
        assert_eq!((label, fine[0].last()), ("cpu", Some(&(14_999, 1.5))), "a sync has its own");
        assert!(History::default().highest(0).is_empty());
    }

    #[test]
    fn a_figure_holds_until_the_next_and_that_of_an_hour_ago_until_the_first() {
        let mut history = History::default();
        history.take(0, &cpu(Some(0.5), Some(2)));
        history.take(50 * MINUTE, &cpu(Some(1.0), Some(3)));
        let held = vec![(0, 0.5), (50 * MINUTE - 1, 0.5), (50 * MINUTE, 1.0), (50 * MINUTE, 1.0)];
        assert_eq!(history.metrics(50 * MINUTE).next().unwrap().1, [held]);
        history.take(80 * MINUTE, &cpu(Some(2.0), Some(3)));
        assert_eq!(history.metrics(80 * MINUTE).next().unwrap().1[0][0], (0, 0.5));
        assert_eq!(history.replicas(), [(0, Some(2)), (50 * MINUTE, Some(3))]);
    }

    #[test]
    fn a_metric_that_the_spec_no_longer_has_ends_and_is_forgotten_after_an_hour() {
        let mut history = History::default();
        history.take(0, &cpu(Some(0.5), None));
        let queue = |ms| (ms, Seen { ratios: vec![("queue", Some(2.0))], replicas: None });
        let (ms, seen) = queue(MINUTE);
        history.take(ms, &seen);
        let labels = |history: &History| history.metrics.iter().map(|(l, _)| l.clone()).collect::<Vec<_>>();
        assert_eq!(labels(&history), ["cpu", "queue"]);
        assert_eq!(history.metrics(2 * MINUTE).next().unwrap().1, [vec![(0, 0.5), (MINUTE + 14_999, 0.5)]]);
        let (ms, seen) = queue(70 * MINUTE);
        history.take(ms, &seen);
        assert_eq!(labels(&history), ["queue"]);
    }

    #[test]
    fn turns_are_counted_within_ten_minutes_and_not_where_nothing_was_seen() {
        let mut history = History::default();
        for (minute, replicas) in [(0, 2), (1, 4), (2, 2), (3, 4), (4, 2)] {
            history.take(minute * MINUTE, &cpu(None, Some(replicas)));
        }
        history.interrupt(4 * MINUTE + 1);
        assert_eq!(history.replicas().last(), Some(&(4 * MINUTE + 1, None)));
        history.take(4 * MINUTE + 2, &cpu(None, Some(2)));
        assert_eq!((history.turns(5 * MINUTE), history.before()), (3, Some(4)));
        assert_eq!(history.turns(13 * MINUTE), 1);
        assert_eq!(history.turns(60 * MINUTE), 0);
    }
}
