//! How often the arithmetic and the controller agreed. Counts only.

use super::sync::{BasisKind, Sync};

/// Agreement over syncs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Score {
    /// Those that changed the replicas.
    pub rescales: Agreed,
    /// Those that did not.
    pub quiet: Agreed,
    /// Of all, those whose samples were not seen here: computed from the controller's own figures.
    pub unseen: u32,
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
        part.of += 1;
        part.agreed += u32::from(sync.agrees);
        self.unseen += u32::from(sync.basis.kind == BasisKind::Status);
    }

    /// Over all syncs.
    pub fn all(&self) -> Agreed {
        Agreed { agreed: self.rescales.agreed + self.quiet.agreed, of: self.rescales.of + self.quiet.of }
    }
}

impl std::fmt::Display for Agreed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} of {}", self.agreed, self.of)
    }
}
