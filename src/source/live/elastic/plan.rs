//! When to ask Elasticsearch what: at rest at most seven questions a minute, all of them more often while documents pour
//! in or something is turned away, all of them less often while it answers slowly. Pure.

use std::time::Duration;

/// Documents a second from which on Elasticsearch is at work.
const WORK: f64 = 100.0;
/// Documents a second that are not worth a look.
const TRICKLE: f64 = 5.0;
/// An answer that takes this part of the interval is slow.
const SLOW: u32 = 5;

/// A question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Question {
    Counters,
    Nodes,
    Health,
    Quality,
}

/// What the answers so far call for.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    turn: u32,
    works: bool,
    strained: bool,
    rate: f64,
    /// Twice as much came in as before, and more than a trickle.
    rose: bool,
    /// Doubles the interval so many times.
    slow: u32,
}

impl Plan {
    /// What is to be asked now.
    pub fn questions(&self) -> Vec<Question> {
        use Question::{Counters, Health, Nodes, Quality};
        // The first two turns bring every figure, and rates with the second.
        if self.turn == 0 {
            return vec![Nodes, Counters, Health, Quality];
        }
        let mut all = match (self.rests(), self.turn % 2) {
            (false, _) => vec![Nodes, Counters],
            (true, 0) => vec![Counters],
            (true, _) => vec![Nodes],
        };
        match (self.busy(), self.turn % 12) {
            (_, 3) => all.push(Health),
            (_, 9) => all.push(Quality),
            (true, 5 | 7 | 11) => all.push(Health),
            (true, 4) => all.push(Quality),
            _ => {}
        }
        all
    }

    /// The turn is over: how long until the next.
    pub fn next(&mut self, interval: Duration) -> Duration {
        self.turn += 1;
        let wait = interval.saturating_mul(1 << self.slow.min(3));
        if self.turn == 1 { wait * 2 / 5 } else { wait }
    }

    /// How far two answers of a kind are apart.
    pub fn every(&self, interval: Duration) -> Duration {
        interval.saturating_mul(1 << self.slow.min(3)).saturating_mul(if self.rests() { 2 } else { 1 })
    }

    /// An answer took so long.
    pub fn took(&mut self, time: Duration, interval: Duration) {
        match time > interval / SLOW {
            true => self.slow = (self.slow + 1).min(3),
            false => self.slow = self.slow.saturating_sub(1),
        }
    }

    /// It said that it has too much to do.
    pub fn refused(&mut self) {
        self.slow = (self.slow + 1).min(3);
    }

    /// How much comes in, and whether something waits or was turned away.
    pub fn load(&mut self, documents_per_s: Option<f64>, strained: Option<bool>) {
        if let Some(rate) = documents_per_s {
            (self.works, self.rose, self.rate) = (rate > WORK, rate > 2.0 * self.rate + TRICKLE, rate);
        }
        self.strained = strained.unwrap_or(self.strained);
    }

    /// Every turn brings one question only.
    pub fn rests(&self) -> bool {
        self.turn > 1 && !self.busy()
    }

    /// What ends its rest may be too much for it already: whether something was turned away is asked at once.
    pub fn wakes(&self) -> bool {
        self.rose || !self.rests()
    }

    fn busy(&self) -> bool {
        self.works || self.strained
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEN: Duration = Duration::from_secs(10);

    /// Questions of each kind in ten minutes after the first, (counters, nodes, health, quality).
    fn in_ten_minutes(plan: &mut Plan) -> [usize; 4] {
        let (mut time, mut all) = (Duration::ZERO, Vec::new());
        while plan.turn < 6 {
            plan.next(TEN);
        }
        while time < Duration::from_secs(600) {
            all.extend(plan.questions());
            time += plan.next(TEN);
        }
        use Question::{Counters, Health, Nodes, Quality};
        [Counters, Nodes, Health, Quality].map(|q| all.iter().filter(|a| **a == q).count())
    }

    #[test]
    fn at_rest_there_are_seven_questions_a_minute() {
        let counts = in_ten_minutes(&mut Plan::default());
        assert_eq!(counts, [30, 30, 5, 5]);
    }

    #[test]
    fn at_work_every_turn_brings_rates_and_rejections() {
        let mut plan = Plan::default();
        plan.load(Some(2000.0), None);
        assert_eq!(in_ten_minutes(&mut plan), [60, 60, 20, 10]);
        plan.load(Some(3.0), Some(true));
        assert!(plan.busy(), "something is turned away");
        plan.load(Some(3.0), Some(false));
        assert!(!plan.busy());
    }

    #[test]
    fn what_begins_to_pour_in_wakes_it() {
        let mut plan = Plan { turn: 4, ..Plan::default() };
        let mut wakes = |rate| {
            plan.load(Some(rate), None);
            plan.wakes()
        };
        assert_eq!(
            [0.0, 4.0, 20.0, 30.0, 25.0, 70.0, 101.0].map(&mut wakes),
            [false, false, true, false, false, true, true]
        );
    }

    #[test]
    fn who_answers_slowly_is_asked_less() {
        let mut plan = Plan { turn: 9, ..Plan::default() };
        assert_eq!(plan.next(TEN).as_secs(), 10);
        (0..9).for_each(|_| plan.took(Duration::from_secs(4), TEN));
        assert_eq!((plan.next(TEN).as_secs(), plan.every(TEN).as_secs()), (80, 160));
        (0..9).for_each(|_| plan.took(Duration::from_millis(4), TEN));
        assert_eq!(plan.next(TEN).as_secs(), 10);
    }
}
