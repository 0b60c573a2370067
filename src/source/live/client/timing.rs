//! Every duration of the live feeds in one place: limits, waits and periods, so that tests can pass milliseconds.

use crate::clock::Clock;
use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

/// Durations of the live feeds.
#[derive(Clone, Debug)]
pub struct Timing {
    /// The longest that an answer may take; a watch's first byte too.
    pub request: Duration,
    /// The same for a request that follows a failure, so that the end of a hang is noticed soon.
    pub retried: Duration,
    /// A watch without a line for this long counts as dead. Bookmarks come about once a minute.
    pub silent: Duration,
    /// How long the server is asked to keep a watch open.
    pub watch: Duration,
    /// The same where no bookmarks are sent (events): the watch's own end is then the sign of life.
    pub watch_unmarked: Duration,
    /// A watch that ended sooner was cut.
    pub early: Duration,
    /// The shortest time between a watch's proper end and the next one.
    pub reopen: Duration,
    /// The first wait after a failure; it doubles with each.
    pub first: Duration,
    /// The longest wait after a failure that may go away by itself.
    pub longest: Duration,
    /// The wait after a failure that a user has to fix: denied, absent, refused.
    pub settled: Duration,
    /// The longest wait while the metrics API is away that answered before.
    pub outage: Duration,
    /// The shortest time between two requests that follow failures, all feeds together.
    pub between: Duration,
    /// The shortest time between two renewals of the credentials.
    pub renew: Duration,
    /// Between two polls of what cannot be watched.
    pub poll: Duration,
    /// Between two scrapes of one collector, and between two requests to one k6's REST API.
    pub scrape: Duration,
    /// The shortest time between two scrapes of any collectors, so that all requests together stay below four a second.
    pub apart: Duration,
    /// The longest wait before a pod that does not answer is asked again.
    pub inside: Duration,
    /// Between two reads of the collectors' configuration.
    pub config: Duration,
    /// Between two rounds of requests to Elasticsearch.
    pub ingest: Duration,
    /// Between two measurements of what watching costs.
    pub cost: Duration,
}

impl Default for Timing {
    /// A feed recovers within 10 s of the end of an outage, at no more than 2 requests a second during it.
    fn default() -> Self {
        Timing {
            request: Duration::from_secs(10),
            retried: Duration::from_secs(5),
            silent: Duration::from_secs(75),
            watch: Duration::from_secs(290),
            watch_unmarked: Duration::from_secs(70),
            early: Duration::from_secs(5),
            reopen: Duration::from_millis(250),
            first: Duration::from_secs(1),
            longest: Duration::from_secs(4),
            settled: Duration::from_secs(8),
            outage: Duration::from_millis(700),
            between: Duration::from_millis(550),
            renew: Duration::from_secs(5),
            poll: Duration::from_secs(15),
            scrape: Duration::from_secs(5),
            apart: Duration::from_millis(330),
            inside: Duration::from_secs(60),
            config: Duration::from_secs(300),
            ingest: Duration::from_secs(10),
            cost: Duration::from_secs(15),
        }
    }
}

impl Timing {
    /// The same in real time for what runs by `clock`: where time runs faster, everything is shorter but the time that an answer
    /// may take, which depends on the machine.
    pub fn of(&self, clock: Clock) -> Timing {
        Timing {
            request: self.request,
            retried: self.retried,
            silent: clock.real(self.silent),
            watch: clock.real(self.watch),
            watch_unmarked: clock.real(self.watch_unmarked),
            early: clock.real(self.early),
            reopen: clock.real(self.reopen),
            first: clock.real(self.first),
            longest: clock.real(self.longest),
            settled: clock.real(self.settled),
            outage: clock.real(self.outage),
            between: clock.real(self.between),
            renew: clock.real(self.renew),
            poll: clock.real(self.poll),
            scrape: clock.real(self.scrape),
            apart: clock.real(self.apart),
            inside: clock.real(self.inside),
            config: clock.real(self.config),
            ingest: clock.real(self.ingest),
            cost: clock.real(self.cost),
        }
    }

    /// The wait after failed attempt number `attempt`: doubling from `first` to `longest`.
    pub fn backoff(&self, attempt: u32) -> Duration {
        self.first.saturating_mul(1 << attempt.saturating_sub(1).min(10)).min(self.longest)
    }
}

/// `wait`, shortened by up to a tenth, so that feeds which failed together do not retry together.
pub fn jitter(wait: Duration) -> Duration {
    let random = RandomState::new().hash_one(0u8) % 1000;
    wait.mul_f64(1.0 - random as f64 / 10_000.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_longest() {
        let waits: Vec<u64> = (1..7).map(|n| Timing::default().backoff(n).as_secs()).collect();
        assert_eq!(waits, [1, 2, 4, 4, 4, 4]);
        assert_eq!(Timing::default().backoff(u32::MAX), Duration::from_secs(4));
    }

    #[test]
    fn jitter_only_shortens_and_by_little() {
        for _ in 0..100 {
            let wait = jitter(Duration::from_secs(10));
            assert!(wait > Duration::from_secs(9) - Duration::from_millis(1) && wait <= Duration::from_secs(10));
        }
    }
}
