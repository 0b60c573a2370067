//! Uids and the random suffixes of generated names; seeded, so that a run can be repeated.

use crate::random::Random;

/// The letters of generated names, without vowels as in Kubernetes.
const LETTERS: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";

/// A source of identifiers.
#[derive(Clone, Debug)]
pub struct Ids(Random);

impl Ids {
    pub fn new(seed: u64) -> Self {
        Ids(Random(seed))
    }

    /// In the format of a random UUID.
    pub fn uid(&mut self) -> String {
        let (a, b) = (self.0.draw(), self.0.draw());
        let (time, version) = (a >> 16, (a & 0x0fff) | 0x4000);
        let (variant, node) = (((b >> 48) & 0x3fff) | 0x8000, b & 0xffff_ffff_ffff);
        format!("{:08x}-{:04x}-{version:04x}-{variant:04x}-{node:012x}", time >> 16, time & 0xffff)
    }

    /// The random suffix of a generated name.
    pub fn suffix(&mut self, length: usize) -> String {
        (0..length).map(|_| char::from(LETTERS[self.0.below(LETTERS.len())])).collect()
    }
}
