//! When to poll the metrics API next: once a period, shortly after metrics-server publishes, as learned from the timestamps
//! of samples that change; but never less often than the HPA controller. A sample's window says only what its rate is
//! averaged over.
//!
//! Pure. Each poll either brought newer samples or not, so a publication lies between the last poll that did not and the
//! first that did. That bracket is moved on by whole periods and halved until it is narrow.

use chrono::TimeDelta;
use std::collections::VecDeque;
use std::time::Duration;
use tokio::time::Instant;

/// A bracket this narrow is not halved further.
const NARROW: Duration = Duration::from_millis(1500);
/// Added to the end of the bracket, so that a poll is not just too early.
const SLACK: Duration = Duration::from_millis(200);
/// After this many periods the bracket is widened, to notice publications that have drifted to earlier.
const WIDEN: u32 = 20;
/// How often the HPA controller asks, and metrics-server's usual period, until samples show another.
const USUAL: Duration = Duration::from_secs(15);
/// No server publishes on its own more often than this, in milliseconds: metrics-server's shortest period is 10 s.
const SHORTEST: i64 = 9000;

/// What is known of the publications.
#[derive(Debug, Default)]
pub struct Cadence {
    /// Differences of successive newest timestamps, in milliseconds; the latest few.
    steps: VecDeque<i64>,
    /// The next publication is expected after `low` and up to `high`.
    bracket: Option<(Instant, Instant)>,
    /// The period by which the bracket was last moved.
    moved_by: Duration,
    /// Every poll brings a newer sample, since it is computed for it (prometheus-adapter): there is nothing to wait for.
    on_demand: bool,
    /// Polls since `high` that brought nothing.
    late: u32,
    hits: u32,
}

impl Cadence {
    /// The period: the median of the latest steps, in whole seconds, or the usual one until it is known.
    pub fn period(&self) -> Duration {
        self.learned().unwrap_or(USUAL)
    }

    /// The period as the samples show it; None as long as too few have changed.
    pub fn learned(&self) -> Option<Duration> {
        let mut steps: Vec<i64> = self.steps.iter().copied().collect();
        steps.sort_unstable();
        let step = steps.get(steps.len().saturating_sub(1) / 2).filter(|_| steps.len() > 1)?;
        Some(Duration::from_secs_f64((*step as f64 / 1000.0).round().clamp(5.0, 300.0)))
    }

    /// A poll at `at` brought newer samples: `step` is the time from the newest timestamp before to this one, `age` how old
    /// the newest is. Returns when to poll next.
    pub fn hit(&mut self, at: Instant, step: Option<TimeDelta>, age: Duration) -> Instant {
        // Across failed polls the step covers several periods.
        if let Some(step) = step.filter(|_| self.bracket.is_some() || self.on_demand) {
            let before = self.steps.back().is_some_and(|before| *before < SHORTEST);
            if before && step.num_milliseconds() < SHORTEST && !self.on_demand {
                self.on_demand = true;
                self.steps.clear();
            }
            self.steps.push_back(step.num_milliseconds());
            if self.steps.len() > 9 {
                self.steps.pop_front();
            }
        }
        if self.on_demand {
            self.bracket = None;
            return at + USUAL;
        }
        let period = self.period();
        // A bracket that was moved on by another period is worth nothing.
        let bracket = self.bracket.filter(|_| period.abs_diff(self.moved_by) <= period / 5);
        self.moved_by = period;
        let (low, high) = match bracket {
            // The first samples hardly show when they were published, but the next come about a period after their
            // timestamp.
            None => (at, at + period),
            Some((low, high)) => match self.late {
                0 => (low + period, at.min(high) + period),
                _ => (low + period, at + period),
            },
        };
        let first = bracket.is_none();
        self.late = 0;
        self.hits += 1;
        let low = if self.hits.is_multiple_of(WIDEN) { low - NARROW } else { low };
        self.bracket = Some((low.max(at), high));
        if first {
            let guess = at + period.saturating_sub(age) + Duration::from_secs(1);
            return guess.clamp(at + Duration::from_secs(1), high).min(at + USUAL);
        }
        self.next(at).min(at + USUAL)
    }

    /// A poll at `at` brought nothing new. Returns when to poll next.
    pub fn miss(&mut self, at: Instant) -> Instant {
        self.on_demand = false;
        let Some((low, high)) = self.bracket else { return at + Duration::from_secs(5).min(self.period()) };
        self.bracket = Some((low.max(at), high.max(at)));
        if at < high {
            return self.next(at).min(at + USUAL);
        }
        self.late += 1;
        at + Duration::from_secs(1 << (self.late - 1).min(6)).min(self.period() / 2).min(USUAL)
    }

    /// Forget when publications happen, after polls have failed; the period stays.
    pub fn lose(&mut self) {
        self.bracket = None;
        self.on_demand = false;
        self.late = 0;
    }

    fn next(&self, at: Instant) -> Instant {
        let Some((low, high)) = self.bracket else { return at + self.period() };
        let width = high.saturating_duration_since(low);
        let when = if width > NARROW { low + width / 2 } else { high + SLACK };
        when.max(at + Duration::from_millis(500))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Polls of `periods` publications every `period` s, the first at `phase` s; their times, and those of the hits.
    fn run(cadence: &mut Cadence, period: f64, phase: f64, periods: u32) -> (Vec<f64>, Vec<f64>) {
        let start = Instant::now();
        let (mut polls, mut lags, mut last, mut at) = (vec![], vec![], None, start);
        while at.duration_since(start).as_secs_f64() < phase + period * f64::from(periods) {
            let t = at.duration_since(start).as_secs_f64();
            polls.push(t);
            let published = ((t - phase) / period).floor() as i64;
            at = match last {
                Some(before) if before == published => cadence.miss(at),
                _ => {
                    let step = last
                        .map(|before| TimeDelta::milliseconds(((published - before) as f64 * period * 1000.0) as i64));
                    let lag = t - phase - published as f64 * period;
                    lags.push(lag);
                    last = Some(published);
                    cadence.hit(at, step, Duration::from_secs_f64(lag + 2.0))
                }
            };
        }
        (polls, lags)
    }

    #[test]
    fn polls_settle_shortly_after_each_publication_at_about_one_a_period() {
        for period in [10.0, 15.0, 30.0, 60.0] {
            for phase in [0.1, 2.7, 5.5, 9.9] {
                let (polls, lags) = run(&mut Cadence::default(), period, phase, 100);
                assert!(lags[20..].iter().all(|lag| *lag < 2.2), "{period} {phase}: {lags:?}");
                assert!(lags.len() >= 100, "no publication is missed: {}", lags.len());
                // Where samples are rarer than the controller's syncs, it asks as often as the controller.
                let least = (period / 15.0).max(1.0) * 100.0;
                assert!((polls.len() as f64) < least * 1.25 + 25.0, "{period} {phase}: {} polls", polls.len());
                assert!(polls.windows(2).all(|pair| pair[1] - pair[0] <= 15.001), "{period} {phase}: {polls:?}");
            }
        }
    }

    #[test]
    fn a_clock_that_drifts_slightly_is_followed() {
        for period in [14.99, 15.01] {
            let (polls, lags) = run(&mut Cadence::default(), period, 3.3, 400);
            assert!(lags[20..].iter().all(|lag| *lag < 3.5), "{period}: {lags:?}");
            assert!(polls.len() < 520, "{period}: {} polls", polls.len());
        }
    }

    #[test]
    fn the_period_is_that_of_the_timestamps_not_of_one_odd_step() {
        let mut cadence = Cadence::default();
        let now = Instant::now();
        for (i, step) in [15, 14, 16, 15, 30, 15].into_iter().enumerate() {
            let at = now + Duration::from_secs(15 * i as u64);
            cadence.hit(at, Some(TimeDelta::seconds(step)), Duration::ZERO);
        }
        assert_eq!(cadence.period(), Duration::from_secs(15));
    }

    #[test]
    fn a_gap_in_the_polls_does_not_count_as_a_longer_period() {
        let (mut cadence, now) = (Cadence::default(), Instant::now());
        for (seconds, step) in [(0, None), (15, Some(15)), (30, Some(15))] {
            cadence.hit(now + Duration::from_secs(seconds), step.map(TimeDelta::seconds), Duration::ZERO);
        }
        cadence.lose();
        cadence.hit(now + Duration::from_secs(90), Some(TimeDelta::seconds(60)), Duration::ZERO);
        cadence.hit(now + Duration::from_secs(105), Some(TimeDelta::seconds(15)), Duration::ZERO);
        assert_eq!(cadence.period(), Duration::from_secs(15));
    }

    #[test]
    fn without_new_samples_it_polls_less_and_less_often() {
        let mut cadence = Cadence::default();
        let mut at = cadence.hit(Instant::now(), None, Duration::ZERO);
        let mut waits = Vec::new();
        for _ in 0..12 {
            let next = cadence.miss(at);
            waits.push(next.duration_since(at).as_secs_f64());
            at = next;
        }
        assert_eq!(waits.last(), Some(&7.5));
    }

    #[test]
    fn samples_that_are_computed_for_each_poll_are_polled_as_often_as_the_controller_does() {
        for skew in [0, 3] {
            let (mut cadence, start) = (Cadence::default(), Instant::now());
            let (mut at, mut last, mut waits) = (start, None, Vec::new());
            for _ in 0..30 {
                // Each sample has the time of the poll, in whole seconds, by a clock that may be ahead.
                let stamp = at.duration_since(start).as_secs() as i64 + skew;
                let next = match last {
                    Some(before) if before == stamp => cadence.miss(at),
                    before => cadence.hit(at, before.map(|b: i64| TimeDelta::seconds(stamp - b)), Duration::ZERO),
                };
                waits.push(next.duration_since(at).as_secs_f64());
                (last, at) = (Some(stamp), next);
            }
            assert!(waits.iter().all(|wait| *wait <= 15.0), "{waits:?}");
            assert!(waits[6..].iter().all(|wait| *wait == 15.0), "{waits:?}");
            assert_eq!(cadence.period(), USUAL);
        }
    }

    #[test]
    fn a_server_that_stops_to_compute_for_each_poll_is_followed_again() {
        let (mut cadence, mut at) = (Cadence::default(), Instant::now());
        for step in [None, Some(7), Some(6), Some(15)] {
            at = cadence.hit(at, step.map(TimeDelta::seconds), Duration::ZERO);
        }
        assert!(cadence.on_demand);
        at = cadence.miss(at);
        for _ in 0..12 {
            at = cadence.hit(at, Some(TimeDelta::seconds(30)), Duration::ZERO);
        }
        assert_eq!((cadence.on_demand, cadence.learned()), (false, Some(Duration::from_secs(30))));
    }
}
