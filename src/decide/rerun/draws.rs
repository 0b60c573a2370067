//! Single pods and samples differ from what is likeliest. In one run each is drawn from those that were observed; many such runs show
//! what may come of it. Must not learn.

use super::model::Learned;
use crate::random::Random;

/// The API's times are whole seconds, milliseconds.
const SECOND: f64 = 1000.0;
/// The windows of samples differ by this, milliseconds.
const WINDOW: f64 = 10.0;

/// What a run draws.
pub struct Draws<'a> {
    learned: &'a Learned,
    random: Random,
    /// What the seconds leave open of a start and of joining, milliseconds: the same for all pods, as it depends on when syncs, pods
    /// and samples follow each other.
    late: (i64, i64),
}

impl<'a> Draws<'a> {
    pub fn new(learned: &'a Learned, seed: u64) -> Self {
        let mut random = Random(seed);
        let mut half = || random.around_zero(SECOND / 2.0) as i64;
        // A pod joins after it is Ready.
        let late = (half(), half() + (SECOND / 2.0) as i64);
        Draws { learned, random, late }
    }

    /// From a new pod's creation until it is Ready, and from then until it has its share of the load, milliseconds.
    pub fn start(&mut self) -> (i64, i64) {
        let Learned { likely, starts, joined, .. } = self.learned;
        let mut one = |all: &[i64], likely: i64| all.get(self.random.below(all.len())).copied().unwrap_or(likely);
        let (ready, joins) = (one(starts, likely.ready), one(joined, likely.joins));
        ((ready + self.late.0).max(likely.runs), joins + self.late.1)
    }

    /// A window that is `window` milliseconds long, more or less.
    pub fn window(&mut self, window: i64) -> i64 {
        window + self.random.around_zero(WINDOW) as i64
    }

    /// How many times the load a sample says.
    pub fn factor(&mut self) -> f64 {
        1.0 + self.random.around_zero(self.learned.noise)
    }
}
