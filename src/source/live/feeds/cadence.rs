//! When to poll the metrics API next: once a period, shortly after metrics-server publishes, as learned from the samples.
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
/// metrics-server's usual period in seconds, until samples show another.
const USUAL: f64 = 15.0;

/// What is known of the publications.
#[derive(Debug, Default)]
pub struct Cadence {
    /// The window of the newest sample, in seconds.
    window: f64,
    /// Differences of successive newest timestamps, in milliseconds; the latest few.
    steps: VecDeque<i64>,
    /// The next publication is expected after `low` and up to `high`.
    bracket: Option<(Instant, Instant)>,
    /// Polls since `high` that brought nothing.
    late: u32,
    hits: u32,
}

impl Cadence {
    /// The period: the median of the latest steps, or the window, in whole seconds.
    pub fn period(&self) -> Duration {
        let mut steps: Vec<i64> = self.steps.iter().copied().collect();
        steps.sort_unstable();
        let seconds = match steps.get(steps.len().saturating_sub(1) / 2) {
            Some(step) if steps.len() > 1 => *step as f64 / 1000.0,
            _ if self.window > 0.0 => self.window,
            _ => USUAL,
        };
        Duration::from_secs_f64(seconds.round().clamp(5.0, 300.0))
    }

    /// A poll at `at` brought newer samples: `step` is the time from the newest timestamp before to this one, `age` how old
    /// the newest is, `window` the time that it covers, in seconds. Returns when to poll next.
    pub fn hit(&mut self, at: Instant, step: Option<TimeDelta>, age: Duration, window: f64) -> Instant {
        self.window = window;
        // Across failed polls the step covers several periods.
        if let Some(step) = step.filter(|_| self.bracket.is_some()) {
            self.steps.push_back(step.num_milliseconds());
            if self.steps.len() > 9 {
                self.steps.pop_front();
            }
        }
        let period = self.period();
        let (low, high) = match self.bracket {
            // The first samples hardly show when they were published, but the next come about a period after their
            // timestamp.
            None => (at, at + period),
            Some((low, high)) => match self.late {
                0 => (low + period, at.min(high) + period),
                _ => (low + period, at + period),
            },
        };
        let first = self.bracket.is_none();
        self.late = 0;
        self.hits += 1;
        let low = if self.hits.is_multiple_of(WIDEN) { low - NARROW } else { low };
        self.bracket = Some((low.max(at), high));
        if first {
            let guess = at + period.saturating_sub(age) + Duration::from_secs(1);
            return guess.clamp(at + Duration::from_secs(1), high);
        }
        self.next(at)
    }

    /// A poll at `at` brought nothing new. Returns when to poll next.
    pub fn miss(&mut self, at: Instant) -> Instant {
        let Some((low, high)) = self.bracket else { return at + Duration::from_secs(5).min(self.period()) };
        self.bracket = Some((low.max(at), high.max(at)));
        if at < high {
            return self.next(at);
        }
        self.late += 1;
        at + Duration::from_secs(1 << (self.late - 1).min(6)).min(self.period() / 2)
    }

    /// Forget when publications happen, after polls have failed; the period stays.
    pub fn lose(&mut self) {
        self.bracket = None;
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
                    cadence.hit(at, step, Duration::from_secs_f64(lag + 2.0), period + 0.004)
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
                assert!(polls.len() < 125, "{period} {phase}: {} polls", polls.len());
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
    fn the_period_is_that_of_the_timestamps_not_of_one_odd_window() {
        let mut cadence = Cadence::default();
        let now = Instant::now();
        for (i, step) in [15, 14, 16, 15, 30, 15].into_iter().enumerate() {
            let at = now + Duration::from_secs(15 * i as u64);
            cadence.hit(at, Some(TimeDelta::seconds(step)), Duration::ZERO, 12.2);
        }
        assert_eq!(cadence.period(), Duration::from_secs(15));
    }

    #[test]
    fn a_gap_in_the_polls_does_not_count_as_a_longer_period() {
        let (mut cadence, now) = (Cadence::default(), Instant::now());
        for (seconds, step) in [(0, None), (15, Some(15)), (30, Some(15))] {
            cadence.hit(now + Duration::from_secs(seconds), step.map(TimeDelta::seconds), Duration::ZERO, 15.0);
        }
        cadence.lose();
        cadence.hit(now + Duration::from_secs(90), Some(TimeDelta::seconds(60)), Duration::ZERO, 15.0);
        cadence.hit(now + Duration::from_secs(105), Some(TimeDelta::seconds(15)), Duration::ZERO, 15.0);
        assert_eq!(cadence.period(), Duration::from_secs(15));
    }

    #[test]
    fn without_new_samples_it_polls_less_and_less_often() {
        let mut cadence = Cadence::default();
        let mut at = cadence.hit(Instant::now(), None, Duration::ZERO, 15.0);
        let mut waits = Vec::new();
        for _ in 0..12 {
            let next = cadence.miss(at);
            waits.push(next.duration_since(at).as_secs_f64());
            at = next;
        }
        assert_eq!(waits.last(), Some(&7.5));
    }
}
