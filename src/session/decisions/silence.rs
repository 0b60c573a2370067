//! Whether the controller still syncs. Must not infer syncs.

use super::Decisions;
use super::sync_period::Certainty;

/// The controller is silent after this many syncs that should have changed the status and did not.
const MISSING: u32 = 3;
/// The controller is silent only where no sync was seen for this long, milliseconds.
const SILENT: i64 = 75_000;
/// The same for a lease that was not renewed: twice as long as it lasts by default.
const LAPSED: i64 = 30_000;

/// A controller that has not synced though it should have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Silence {
    /// The last known sync, milliseconds since 1970.
    pub since: i64,
    /// Syncs since then that should have changed the status.
    pub missing: u32,
    /// When the controller manager renewed its lease last, where that shows it.
    pub lapsed: Option<i64>,
}

impl Decisions {
    /// Since when the controller has not synced though it should have; None while it does, or where nothing shows that it does
    /// not.
    pub fn silence(&self, now: i64) -> Option<Silence> {
        let since = self.sync_period.last().filter(|_| !self.blind)?;
        let period = self.sync_period.period();
        let lapsed = self.lapsed.filter(|renewed| since <= renewed + period && now - renewed >= LAPSED);
        let sure = self.sync_period.certainty() != Certainty::Assumed;
        let patience = SILENT.max(4 * period) * if sure { 1 } else { 2 };
        let overdue = self.missing >= MISSING && now - since >= patience;
        (overdue || lapsed.is_some()).then_some(Silence { since, missing: self.missing, lapsed })
    }
}
