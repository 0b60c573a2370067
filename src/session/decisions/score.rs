//! How often the arithmetic and the controller agreed. Counts only. A sync counts when it is known to have been, since the
//! status or an event reported it; what was only inferred is counted beside it and cannot raise the score.

use super::sync::{BasisKind, Sync, Verdict};

/// Agreement over syncs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Score {
    /// Known syncs that changed the replicas.
    pub rescales: Agreed,
    /// Known syncs that did not.
    pub quiet: Agreed,
    /// Of these, those whose samples were not seen here: computed from the controller's own figures.
    pub unseen: u32,
    /// Inferred syncs that nothing contradicts. Not in the score.
    pub consistent: u32,
    /// Syncs of which nothing can be said, known or inferred: the controller could not decide, or what it saw is not known.
    /// Not in the score.
    pub undecided: u32,
}

/// How many of how many agreed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Agreed {
    pub agreed: u32,
    pub of: u32,
}

impl Score {
    pub fn add(&mut self, sync: &Sync) {
        let part = if sync.rescaled { &mut self.rescales } else { &mut self.quiet };
        match sync.verdict() {
            Verdict::Consistent => self.consistent += 1,
            Verdict::Undecided => self.undecided += 1,
            verdict @ (Verdict::Agrees | Verdict::Differs) => {
                part.of += 1;
                part.agreed += u32::from(verdict == Verdict::Agrees);
                self.unseen += u32::from(sync.basis.kind == BasisKind::Status);
            }
        }
    }

    /// Takes back an inferred sync that turned out not to have been.
    pub fn retract(&mut self, sync: &Sync) {
        match sync.verdict() {
            Verdict::Consistent => self.consistent = self.consistent.saturating_sub(1),
            Verdict::Undecided => self.undecided = self.undecided.saturating_sub(1),
            Verdict::Agrees | Verdict::Differs => {}
        }
    }

    /// Over all known syncs.
    pub fn all(&self) -> Agreed {
        Agreed { agreed: self.rescales.agreed + self.quiet.agreed, of: self.rescales.of + self.quiet.of }
    }
}

impl std::fmt::Display for Agreed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} of {}", self.agreed, self.of)
    }
}
