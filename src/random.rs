//! Numbers that look random (SplitMix64). No crate: equal seeds must give equal numbers on every machine and in every version.

/// A series of numbers; holds its seed first.
#[derive(Clone, Debug)]
pub struct Random(pub u64);

impl Random {
    /// The next number, of all 64 bits.
    pub fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// From 0 to below `count`; 0 where that is 0.
    pub fn below(&mut self, count: usize) -> usize {
        usize::try_from(self.draw() % (count.max(1) as u64)).unwrap_or(0)
    }

    /// Less than `spread` from 0, either way.
    pub fn around_zero(&mut self, spread: f64) -> f64 {
        let share = (self.draw() >> 11) as f64 / (1u64 << 53) as f64;
        (2.0 * share - 1.0) * spread
    }
}
