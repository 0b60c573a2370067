//! What a recommendation promised against what other runs under it were. Must not run anything.

use super::rerun::{Recorded, Rerun};
use super::score::{Line, Measure, Score};
use super::tune::Tuned;

/// The usual seconds between two syncs.
const SYNC: f64 = 15.0;

/// The score of a run as it happened, by the lines of a search.
///
/// # Errors
/// There is no sync in it.
pub fn happened(recorded: &Recorded, lines: &[Line]) -> Result<Score, String> {
    let rerun = Rerun::new(recorded)?;
    Ok(Measure::new(&rerun, lines.to_vec()).happened(&rerun))
}

/// Whether a run of the recommended settings is on the promised front or beyond it: no member is better in cost and time above the
/// line by more than what the recordings leave open of the recommendation, and one sync.
pub fn holds(tuned: &Tuned, got: &Score) -> bool {
    let Some(promised) = tuned.recommended() else { return false };
    // Scores of several recordings are sums.
    let runs = promised.runs.len().max(1) as f64;
    let slack = |high: f64, likely: f64| (high - likely).max(0.0) / runs;
    let cost = slack(tuned.open.cost.1, promised.total.cost) + f64::from(got.most_replicas) * SYNC / 60.0;
    let above = slack(tuned.open.above_s.1, promised.total.above_s) + SYNC;
    let members = tuned.front.iter().filter_map(|i| tuned.candidates.get(*i));
    !members.into_iter().any(|m| {
        let (c, a) = (m.total.cost / runs + cost, m.total.above_s / runs + above);
        c <= got.cost && a <= got.above_s && (c < got.cost || a < got.above_s)
    })
}
