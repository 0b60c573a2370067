//! The model's random numbers (xorshift64*, seeded by [`Random`]). No crate: equal seeds must give equal runs on every
//! machine and in every version.

use crate::random::Random;

/// A stream of random numbers.
#[derive(Clone, Debug)]
pub struct Rng(u64);

impl Rng {
    /// A stream for a `seed` and a `purpose`.
    pub fn new(seed: u64, purpose: u64) -> Self {
        let stream = seed.wrapping_add(purpose.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        Rng(Random(stream).draw() | 1)
    }

    pub fn draw(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    /// From 0 up to, but not including, 1.
    pub fn unit(&mut self) -> f64 {
        (self.draw() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// From `low` to `high`.
    pub fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.unit()
    }

    /// A factor around 1, mostly within `spread` of it and always within three times that.
    pub fn around_one(&mut self, spread: f64) -> f64 {
        let sum: f64 = (0..4).map(|_| self.unit()).sum::<f64>() - 2.0;
        1.0 + sum * 1.5 * spread
    }

    /// An index below `count`; 0 when `count` is 0.
    pub fn below(&mut self, count: usize) -> usize {
        match count {
            0 => 0,
            _ => usize::try_from(self.draw() % count as u64).unwrap_or(0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_seeds_give_equal_numbers_and_others_do_not() {
        let take = |seed, purpose| {
            let mut rng = Rng::new(seed, purpose);
            (0..50).map(|_| rng.draw()).collect::<Vec<_>>()
        };
        assert_eq!(take(7, 1), take(7, 1));
        assert_ne!(take(7, 1), take(8, 1));
        assert_ne!(take(7, 1), take(7, 2));
    }

    #[test]
    fn numbers_stay_in_their_ranges() {
        let mut rng = Rng::new(3, 3);
        let mut sum = 0.0;
        for _ in 0..10_000 {
            assert!((0.0..1.0).contains(&rng.unit()));
            assert!((0.85..=1.15).contains(&rng.around_one(0.05)));
            assert!(rng.below(3) < 3);
            sum += rng.between(2.0, 4.0);
        }
        assert!((sum / 10_000.0 - 3.0).abs() < 0.02);
    }
}
