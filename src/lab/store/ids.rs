//! Uids and the random suffixes of generated names; seeded, so that a run can be repeated.

/// The letters of generated names, without vowels as in Kubernetes.
const LETTERS: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";

/// A source of identifiers (SplitMix64).
#[derive(Clone, Debug)]
pub struct Ids(u64);

impl Ids {
    pub fn new(seed: u64) -> Self {
        Ids(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// In the format of a random UUID.
    pub fn uid(&mut self) -> String {
        let (a, b) = (self.next(), self.next());
        let (time, version) = (a >> 16, (a & 0x0fff) | 0x4000);
        let (variant, node) = (((b >> 48) & 0x3fff) | 0x8000, b & 0xffff_ffff_ffff);
        format!("{:08x}-{:04x}-{version:04x}-{variant:04x}-{node:012x}", time >> 16, time & 0xffff)
    }

    /// The random suffix of a generated name.
    pub fn suffix(&mut self, length: usize) -> String {
        let count = LETTERS.len() as u64;
        (0..length).map(|_| char::from(LETTERS[usize::try_from(self.next() % count).unwrap_or(0)])).collect()
    }
}
