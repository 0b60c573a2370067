//! The clock of a source: the system's, or the lab's, which starts at a time of its own and may run faster. It never goes back.

use chrono::{DateTime, TimeDelta, Utc};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::Instant;

/// The least difference, in milliseconds, by which the system's time was set; a smaller one is how clocks are adjusted.
const STEP: i64 = 2000;

/// The time of what is watched; copying is cheap.
#[derive(Clone, Copy, Debug)]
pub struct Clock(Kind);

#[derive(Clone, Copy, Debug)]
enum Kind {
    System(&'static System),
    Lab(&'static Lab),
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

/// The lab's time: real time at the lab's speed, as far as the driver of the lab keeps up.
#[derive(Debug)]
struct Lab {
    /// The lab's time at `begun`.
    start: DateTime<Utc>,
    begun: Instant,
    leg: watch::Sender<Leg>,
}

/// A stretch of the lab's time with one speed.
#[derive(Clone, Copy, Debug)]
struct Leg {
    begun: Instant,
    /// The lab's time at `begun`, since the lab's start.
    passed: Duration,
    speed: f64,
    /// It only moves when it is driven: all that is seen between two steps of the lab has the time of the former.
    driven: bool,
    /// The lab's time, since its start, that is not passed.
    stop: Option<Duration>,
}

impl Leg {
    fn passed(&self, now: Instant) -> Duration {
        let real = if self.driven { Duration::ZERO } else { now.saturating_duration_since(self.begun) };
        let passed = self.passed + real.mul_f64(self.speed);
        self.stop.map_or(passed, |stop| passed.min(stop))
    }

    fn drive(&mut self, most: Duration) {
        let now = Instant::now();
        let real = now.saturating_duration_since(self.begun).min(most);
        let passed = self.passed + real.mul_f64(self.speed);
        (self.passed, self.begun, self.driven) = (self.stop.map_or(passed, |stop| passed.min(stop)), now, true);
    }

    fn set(&mut self, change: impl FnOnce(&mut Leg)) {
        let now = Instant::now();
        (self.passed, self.begun) = (self.passed(now), now);
        change(self);
    }
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

    /// A clock that shows `start` now and runs `speed` times as fast as the system's. A program has few labs, so each
    /// clock stays for good.
    pub fn lab(start: DateTime<Utc>, speed: f64) -> Self {
        let begun = Instant::now();
        let leg = Leg { begun, passed: Duration::ZERO, speed, driven: false, stop: None };
        Clock(Kind::Lab(Box::leak(Box::new(Lab { start, begun, leg: watch::Sender::new(leg) }))))
    }

    pub fn now(&self) -> DateTime<Utc> {
        match self.0 {
            Kind::System(system) => system.at((system.read)().elapsed),
            Kind::Lab(lab) => {
                let passed = lab.leg.borrow().passed(Instant::now());
                TimeDelta::from_std(passed)
                    .ok()
                    .and_then(|span| lab.start.checked_add_signed(span))
                    .unwrap_or(lab.start)
            }
        }
    }

    /// Moves the lab's time on, for the driver of its model: by the real time since the last call, but by no more than
    /// `most`. Time that a busy machine took from the lab is no lab time. Returns the time now.
    pub fn drive(&self, most: Duration) -> DateTime<Utc> {
        if let Kind::Lab(lab) = self.0 {
            lab.leg.send_if_modified(|leg| {
                leg.drive(most);
                false
            });
        }
        self.now()
    }

    /// Runs the lab at another speed from now on. The system's time has one speed only.
    pub fn pace(&self, speed: f64) {
        if let Kind::Lab(lab) = self.0 {
            lab.leg.send_modify(|leg| leg.set(|leg| leg.speed = speed));
        }
    }

    /// The lab's time stops `after` its start, if it has not passed that yet, until this is called with None.
    pub fn stop(&self, after: Option<Duration>) {
        if let Kind::Lab(lab) = self.0 {
            lab.leg.send_modify(|leg| leg.set(|leg| leg.stop = after.filter(|stop| *stop >= leg.passed)));
        }
    }

    /// Whether the lab's time has stopped.
    pub fn is_stopped(&self) -> bool {
        let passed = |leg: &Leg| leg.stop.is_some_and(|stop| leg.passed(Instant::now()) >= stop);
        matches!(self.0, Kind::Lab(lab) if passed(&lab.leg.borrow()))
    }

    /// By how much the system's time was set since this was last asked (or the computer slept): after a step forward this
    /// clock continues from the new time, after a step back from its own. To be asked from one place, about once a second.
    pub fn set_by(&self) -> Option<TimeDelta> {
        match self.0 {
            Kind::System(system) => system.set_by(),
            Kind::Lab(_) => None,
        }
    }

    /// Whether it is a lab's, which can be paced and stopped.
    pub fn is_lab(&self) -> bool {
        matches!(self.0, Kind::Lab(_))
    }

    /// How many times as fast as the system's it runs.
    pub fn speed(&self) -> f64 {
        match self.0 {
            Kind::System(_) => 1.0,
            Kind::Lab(lab) => lab.leg.borrow().speed,
        }
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
        match self.0 {
            Kind::System(_) => Instant::now(),
            Kind::Lab(lab) => lab.begun + lab.leg.borrow().passed(Instant::now()),
        }
    }

    /// Sleep until [`Clock::instant`] reaches this point.
    pub async fn sleep_until(&self, point: Instant) {
        let Kind::Lab(lab) = self.0 else { return tokio::time::sleep_until(point).await };
        let mut legs = lab.leg.subscribe();
        loop {
            let speed = legs.borrow_and_update().speed;
            let rest = point.saturating_duration_since(self.instant());
            if rest.is_zero() {
                return;
            }
            // Where the lab is behind, it is asked again.
            let rest = rest.div_f64(speed).max(Duration::from_millis(1));
            let _ = tokio::time::timeout(rest, legs.changed()).await;
        }
    }

    /// Sleep for as long as `real` takes at the present speed; shorter, if this clock runs faster meanwhile.
    pub async fn sleep(&self, real: Duration) {
        self.sleep_until(self.instant() + self.span(real)).await;
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

    #[tokio::test(start_paused = true)]
    async fn another_speed_counts_at_once_and_for_who_sleeps_too() {
        let clock = Clock::lab(DateTime::UNIX_EPOCH, 1.0);
        let begun = Instant::now();
        let slept = tokio::spawn(async move { clock.sleep(Duration::from_secs(60)).await });
        tokio::time::sleep(Duration::from_secs(10)).await;
        clock.pace(25.0);
        slept.await.unwrap();
        assert_eq!(begun.elapsed().as_millis() / 10, 1200, "10 s, and 50 s in 2 s");
        assert_eq!(clock.now().timestamp(), 60);
        clock.pace(0.5);
        tokio::time::sleep(Duration::from_secs(4)).await;
        assert_eq!(clock.now().timestamp(), 62);
    }

    #[tokio::test(start_paused = true)]
    async fn time_that_a_busy_machine_took_is_no_lab_time() {
        let clock = Clock::lab(DateTime::UNIX_EPOCH, 10.0);
        for _ in 0..5 {
            clock.drive(Duration::from_millis(50));
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        assert_eq!(clock.now().timestamp_millis(), 800, "it moves with the steps");
        tokio::time::sleep(Duration::from_secs(5)).await;
        assert_eq!(clock.now().timestamp_millis(), 800);
        assert_eq!(clock.drive(Duration::from_millis(50)).timestamp_millis(), 1300);
    }

    #[tokio::test(start_paused = true)]
    async fn the_labs_time_stops_where_it_is_stopped_and_goes_on_from_there() {
        let clock = Clock::lab(DateTime::UNIX_EPOCH, 10.0);
        clock.stop(Some(Duration::from_secs(30)));
        tokio::time::sleep(Duration::from_secs(2)).await;
        assert!(!clock.is_stopped());
        tokio::time::sleep(Duration::from_secs(8)).await;
        assert!(clock.is_stopped());
        assert_eq!(clock.now().timestamp(), 30);
        clock.stop(None);
        tokio::time::sleep(Duration::from_secs(1)).await;
        assert_eq!(clock.now().timestamp(), 40);
        clock.stop(Some(Duration::from_secs(30)));
        assert!(!clock.is_stopped(), "what has passed cannot be stopped at");
    }
}
