//! The clock of a source: the system's, or the lab's, which starts at a time of its own and may run faster.

use chrono::{DateTime, TimeDelta, Utc};
use std::time::Duration;
use tokio::time::{Instant, sleep_until};

/// The time of what is watched; copying is cheap.
#[derive(Clone, Copy, Debug)]
pub struct Clock(Option<Lab>);

#[derive(Clone, Copy, Debug)]
struct Lab {
    /// The lab's time at `begun`.
    start: DateTime<Utc>,
    begun: Instant,
    speed: f64,
}

impl Clock {
    /// The system's own.
    pub fn system() -> Self {
        Clock(None)
    }

    /// A clock that shows `start` now and runs `speed` times as fast as the system's.
    pub fn lab(start: DateTime<Utc>, speed: f64) -> Self {
        Clock(Some(Lab { start, begun: Instant::now(), speed }))
    }

    pub fn now(&self) -> DateTime<Utc> {
        match self.0 {
            None => Utc::now(),
            Some(lab) => {
                let elapsed = lab.begun.elapsed().mul_f64(lab.speed);
                TimeDelta::from_std(elapsed)
                    .ok()
                    .and_then(|span| lab.start.checked_add_signed(span))
                    .unwrap_or(lab.start)
            }
        }
    }

    /// How many times as fast as the system's it runs.
    pub fn speed(&self) -> f64 {
        self.0.map_or(1.0, |lab| lab.speed)
    }

    /// How long `span` of this clock takes in real time.
    pub fn real(&self, span: Duration) -> Duration {
        span.div_f64(self.speed())
    }

    /// By how much this clock advances in `real` time.
    pub fn span(&self, real: Duration) -> Duration {
        real.mul_f64(self.speed())
    }

    /// A point that moves as fast as this clock, for measuring spans; only comparable with others of this clock.
    pub fn instant(&self) -> Instant {
        self.0.map_or_else(Instant::now, |lab| lab.begun + lab.begun.elapsed().mul_f64(lab.speed))
    }

    /// Sleep until [`Clock::instant`] reaches this point.
    pub async fn sleep_until(&self, point: Instant) {
        let point = match self.0 {
            None => point,
            Some(lab) => lab.begun + point.saturating_duration_since(lab.begun).div_f64(lab.speed),
        };
        sleep_until(point).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn the_labs_clock_runs_at_its_speed() {
        let start = DateTime::UNIX_EPOCH;
        let clock = Clock::lab(start, 20.0);
        let begun = Instant::now();
        tokio::time::sleep(Duration::from_secs(3)).await;
        assert_eq!((clock.now() - start).num_seconds(), 60);
        let soon = clock.instant() + Duration::from_secs(40);
        clock.sleep_until(soon).await;
        assert_eq!(begun.elapsed().as_millis() / 10, 500, "40 s of the lab take 2 s");
        assert_eq!(clock.real(Duration::from_secs(10)), Duration::from_millis(500));
        assert_eq!(clock.span(Duration::from_millis(500)), Duration::from_secs(10));
    }
}
