//! When to send which query: at rest at most seven queries a minute; all of them more often while documents are being indexed
//! or writes are rejected; all of them less often while Elasticsearch responds slowly. Pure.

use std::time::Duration;

/// Documents a second above which the cluster counts as indexing.
const INDEXING: f64 = 100.0;
/// A rise by fewer documents a second is not worth a query.
const TRICKLE: f64 = 5.0;
/// A response that takes this fraction of the interval is slow.
const SLOW: u32 = 5;

/// What Elasticsearch is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Query {
    /// `_stats`: documents and bytes by index.
    Counters,
    /// `_nodes/stats`: queues, rejections, memory, disk.
    Nodes,
    /// `_cluster/health`.
    Health,
    /// A search for the fields that log records lack.
    LogQuality,
    /// A search for what collectors sent of themselves, while there are any that only send it.
    OwnMetrics,
}

/// The schedule, adapted to the responses so far.
#[derive(Clone, Debug, Default)]
pub struct Schedule {
    turn: u32,
    indexing: bool,
    /// Writes are queued or rejected.
    strained: bool,
    /// Documents a second.
    rate: f64,
    /// The rate has more than doubled, by more than a trickle.
    rose: bool,
    /// How often the interval is doubled.
    slowdown: u32,
}

impl Schedule {
    /// The queries of this turn.
    pub fn due(&self) -> Vec<Query> {
        use Query::{Counters, Health, LogQuality, Nodes};
        // The first two turns bring every figure, and the second turn the first rates.
        if self.turn == 0 {
            return vec![Nodes, Counters, Health, LogQuality];
        }
        let mut all = match (self.at_rest(), self.turn % 2) {
            (false, _) => vec![Nodes, Counters],
            (true, 0) => vec![Counters],
            (true, _) => vec![Nodes],
        };
        match (self.busy(), self.turn % 12) {
            (_, 3) => all.push(Health),
            (_, 9) => all.push(LogQuality),
            (true, 5 | 7 | 11) => all.push(Health),
            (true, 4) => all.push(LogQuality),
            _ => {}
        }
        all
    }

    /// The turn is over: the time from its start to the next turn's.
    pub fn end_turn(&mut self, interval: Duration) -> Duration {
        self.turn += 1;
        let wait = self.slowed(interval);
        if self.turn == 1 { wait * 2 / 5 } else { wait }
    }

    /// The time between two responses to the same frequent query.
    pub fn period(&self, interval: Duration) -> Duration {
        self.slowed(interval).saturating_mul(if self.at_rest() { 2 } else { 1 })
    }

    fn slowed(&self, interval: Duration) -> Duration {
        interval.saturating_mul(1 << self.slowdown.min(3))
    }

    /// A response took this time.
    pub fn took(&mut self, time: Duration, interval: Duration) {
        match time > interval / SLOW {
            true => self.slowdown = (self.slowdown + 1).min(3),
            false => self.slowdown = self.slowdown.saturating_sub(1),
        }
    }

    /// Elasticsearch answered that it is overloaded.
    pub fn overloaded(&mut self) {
        self.slowdown = (self.slowdown + 1).min(3);
    }

    /// The indexing rate, and whether writes are queued or rejected, as far as they are known now.
    pub fn observe(&mut self, documents_per_s: Option<f64>, strained: Option<bool>) {
        if let Some(rate) = documents_per_s {
            (self.indexing, self.rose, self.rate) = (rate > INDEXING, rate > 2.0 * self.rate + TRICKLE, rate);
        }
        self.strained = strained.unwrap_or(self.strained);
    }

    /// Each turn has one frequent query only.
    pub fn at_rest(&self) -> bool {
        self.turn > 1 && !self.busy()
    }

    /// The load that ends a rest may already be too much: rejections are then queried in the same turn.
    pub fn rest_ended(&self) -> bool {
        self.rose || !self.at_rest()
    }

    fn busy(&self) -> bool {
        self.indexing || self.strained
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEN: Duration = Duration::from_secs(10);

    /// Querys of each kind in ten minutes after the first, (counters, nodes, health, quality).
    fn in_ten_minutes(schedule: &mut Schedule) -> [usize; 4] {
        let (mut time, mut all) = (Duration::ZERO, Vec::new());
        while schedule.turn < 6 {
            schedule.end_turn(TEN);
        }
        while time < Duration::from_secs(600) {
            all.extend(schedule.due());
            time += schedule.end_turn(TEN);
        }
        use Query::{Counters, Health, LogQuality, Nodes};
        [Counters, Nodes, Health, LogQuality].map(|q| all.iter().filter(|a| **a == q).count())
    }

    #[test]
    fn at_rest_there_are_seven_queries_a_minute() {
        let counts = in_ten_minutes(&mut Schedule::default());
        assert_eq!(counts, [30, 30, 5, 5]);
    }

    #[test]
    fn under_load_every_turn_brings_rates_and_rejections() {
        let mut schedule = Schedule::default();
        schedule.observe(Some(2000.0), None);
        assert_eq!(in_ten_minutes(&mut schedule), [60, 60, 20, 10]);
        schedule.observe(Some(3.0), Some(true));
        assert!(schedule.busy(), "writes are rejected");
        schedule.observe(Some(3.0), Some(false));
        assert!(!schedule.busy());
    }

    #[test]
    fn rising_rates_end_the_rest() {
        let mut schedule = Schedule { turn: 4, ..Schedule::default() };
        let mut rest_ended = |rate| {
            schedule.observe(Some(rate), None);
            schedule.rest_ended()
        };
        assert_eq!(
            [0.0, 4.0, 20.0, 30.0, 25.0, 70.0, 101.0].map(&mut rest_ended),
            [false, false, true, false, false, true, true]
        );
    }

    #[test]
    fn slow_responses_lengthen_the_interval() {
        let mut schedule = Schedule { turn: 9, ..Schedule::default() };
        assert_eq!(schedule.end_turn(TEN).as_secs(), 10);
        (0..9).for_each(|_| schedule.took(Duration::from_secs(4), TEN));
        assert_eq!((schedule.end_turn(TEN).as_secs(), schedule.period(TEN).as_secs()), (80, 160));
        (0..9).for_each(|_| schedule.took(Duration::from_millis(4), TEN));
        assert_eq!(schedule.end_turn(TEN).as_secs(), 10);
    }
}
