//! The clock of a source: the system's, or the lab's, which starts at a time of its own and may run faster. It never goes back.

use chrono::{DateTime, TimeDelta, Utc};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;
use tokio::time::{Instant, sleep_until};

/// The least difference, in milliseconds, by which the system's time was set; a smaller one is how clocks are adjusted.
const STEP: i64 = 2000;

/// The time of what is watched; copying is cheap.
#[derive(Clone, Copy, Debug)]
pub struct Clock(Kind);

#[derive(Clone, Copy, Debug)]
enum Kind {
    System(&'static System),
    Lab(Lab),
}

/// The system's time, read once and then counted on: setting it moves the count forward and never back, so that what is
/// measured with it and ordered by it stays right. The program has one.
#[derive(Debug)]
pub struct System {
    read: fn() -> Reading,
    first: Reading,
    /// By how much the system's time was set forward since, milliseconds: the count was moved along.
    forward: AtomicI64,
    /// By how much it is behind the count, because it was set back, milliseconds.
    behind: AtomicI64,
}

/// The system's time, and the time since some moment as it cannot be set.
#[derive(Clone, Copy, Debug)]
pub struct Reading {
    pub time: DateTime<Utc>,
    pub elapsed: Duration,
}

#[derive(Clone, Copy, Debug)]
struct Lab {
    /// The lab's time at `begun`.
    start: DateTime<Utc>,
    begun: Instant,
    speed: f64,
}

static SYSTEM: LazyLock<System> = LazyLock::new(|| System::new(read));

fn read() -> Reading {
    static BEGUN: LazyLock<std::time::Instant> = LazyLock::new(std::time::Instant::now);
    Reading { elapsed: BEGUN.elapsed(), time: Utc::now() }
}

impl System {
    pub fn new(read: fn() -> Reading) -> System {
        System { read, first: read(), forward: AtomicI64::new(0), behind: AtomicI64::new(0) }
    }

    fn at(&self, elapsed: Duration) -> DateTime<Utc> {
        let since = TimeDelta::from_std(elapsed.saturating_sub(self.first.elapsed)).unwrap_or_default();
        let moved = since + TimeDelta::milliseconds(self.forward.load(Ordering::Relaxed));
        self.first.time.checked_add_signed(moved).unwrap_or(self.first.time)
    }

    fn set_by(&self) -> Option<TimeDelta> {
        let now = (self.read)();
        let ahead = (now.time - self.at(now.elapsed)).num_milliseconds();
        let by = ahead + self.behind.load(Ordering::Relaxed);
        if by.abs() < STEP {
            return None;
        }
        self.forward.fetch_add(ahead.max(0), Ordering::Relaxed);
        self.behind.store((-ahead).max(0), Ordering::Relaxed);
        Some(TimeDelta::milliseconds(by))
    }
}

impl Clock {
    /// The system's own.
    pub fn system() -> Self {
        Clock(Kind::System(&SYSTEM))
    }

    #[cfg(test)]
    /// A system's whose readings are handed in.
    pub fn of(system: &'static System) -> Self {
        Clock(Kind::System(system))
    }

    /// A clock that shows `start` now and runs `speed` times as fast as the system's.
    pub fn lab(start: DateTime<Utc>, speed: f64) -> Self {
        Clock(Kind::Lab(Lab { start, begun: Instant::now(), speed }))
    }

    pub fn now(&self) -> DateTime<Utc> {
        match self.0 {
            Kind::System(system) => system.at((system.read)().elapsed),
            Kind::Lab(lab) => {
                let elapsed = lab.begun.elapsed().mul_f64(lab.speed);
                TimeDelta::from_std(elapsed)
                    .ok()
                    .and_then(|span| lab.start.checked_add_signed(span))
                    .unwrap_or(lab.start)
            }
        }
    }

    /// By how much the system's time was set since this was last asked (or the computer slept): after a step forward this
    /// clock continues from the new time, after a step back from its own. To be asked from one place, about once a second.
    pub fn set_by(&self) -> Option<TimeDelta> {
        match self.0 {
            Kind::System(system) => system.set_by(),
            Kind::Lab(_) => None,
        }
    }

    /// How many times as fast as the system's it runs.
    pub fn speed(&self) -> f64 {
        self.as_lab().map_or(1.0, |lab| lab.speed)
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
        self.as_lab().map_or_else(Instant::now, |lab| lab.begun + lab.begun.elapsed().mul_f64(lab.speed))
    }

    /// Sleep until [`Clock::instant`] reaches this point.
    pub async fn sleep_until(&self, point: Instant) {
        let point = match self.as_lab() {
            None => point,
            Some(lab) => lab.begun + point.saturating_duration_since(lab.begun).div_f64(lab.speed),
        };
        sleep_until(point).await;
    }

    fn as_lab(&self) -> Option<Lab> {
        match self.0 {
            Kind::System(_) => None,
            Kind::Lab(lab) => Some(lab),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    thread_local! {
        /// Seconds that passed, and by how many the system's time was set.
        static NOW: Cell<(u64, i64)> = const { Cell::new((0, 0)) };
    }

    fn handed_in() -> Reading {
        let (passed, set) = NOW.get();
        let time = DateTime::UNIX_EPOCH + TimeDelta::seconds(1_800_000_000 + passed as i64 + set);
        Reading { time, elapsed: Duration::from_secs(passed) }
    }

    #[test]
    fn setting_the_system_back_stops_no_time_and_is_reported_once() {
        NOW.set((100, 0));
        let system: &'static System = Box::leak(Box::new(System::new(handed_in)));
        let clock = Clock::of(system);
        let start = clock.now();
        let passed = || (clock.now() - start).num_seconds();
        let set_by = || clock.set_by().map(|by| by.num_seconds());
        // (seconds passed, set by in all, reported, shown)
        for (after, set, reported, shown) in [
            (1, 0, None, 1),
            (2, -1, None, 2),
            (3, -3600, Some(-3600), 3),
            (4, -3600, None, 4),
            (5, -1800, Some(1800), 5),
            (6, -1800, None, 6),
            (7, -7200, Some(-5400), 7),
            (8, 0, Some(7200), 8),
            (9, 86_400, Some(86_400), 86_409),
            (10, 86_400, None, 86_410),
            (11, 0, Some(-86_400), 86_411),
            (12, 90_000, Some(90_000), 90_012),
        ] {
            NOW.set((100 + after, set));
            assert_eq!((set_by(), passed()), (reported, shown), "after {after} s, set by {set} s");
        }
    }

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
