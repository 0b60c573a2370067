//! The clock that a source is handed: the system's, or the lab's, which starts at a moment of its own and may run faster.

use chrono::{DateTime, TimeDelta, Utc};
use std::time::Duration;
use tokio::time::{Instant, sleep_until};

/// Tells the time of what is watched; copying is cheap.
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

    /// One that tells `start` now and runs `speed` times as fast as the system's.
    pub fn lab(start: DateTime<Utc>, speed: f64) -> Self {
        Clock(Some(Lab { start, begun: Instant::now(), speed }))
    }

    pub fn now(&self) -> DateTime<Utc> {
        match self.0 {
            None => Utc::now(),
            Some(lab) => {
                let gone = lab.begun.elapsed().mul_f64(lab.speed);
                TimeDelta::from_std(gone).ok().and_then(|gone| lab.start.checked_add_signed(gone)).unwrap_or(lab.start)
            }
        }
    }

    /// How much faster it runs than the system's.
    pub fn speed(&self) -> f64 {
        self.0.map_or(1.0, |lab| lab.speed)
    }

    /// How long this clock's `span` takes.
    pub fn real(&self, span: Duration) -> Duration {
        span.div_f64(self.speed())
    }

    /// What this clock goes on by in `real`.
    pub fn span(&self, real: Duration) -> Duration {
        real.mul_f64(self.speed())
    }

    /// A point that moves as fast as this clock, for measuring spans; only comparable with others of this clock.
    pub fn instant(&self) -> Instant {
        self.0.map_or_else(Instant::now, |lab| lab.begun + lab.begun.elapsed().mul_f64(lab.speed))
    }

    /// Sleep until [`Clock::instant`] has come to this point.
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
