//! What a recommendation promised against what other runs under it were. Must not run anything.

use super::rerun::{Recorded, Rerun};
use super::score::{Line, Measure, Score};
use super::tune::Tuned;

/// The score of a run as it happened, by the lines of a search.
///
/// # Errors
/// There is no sync in it.
pub fn happened(recorded: &Recorded, lines: &[Line]) -> Result<Score, String> {
    let rerun = Rerun::new(recorded)?;
    Ok(Measure::new(&rerun, lines.to_vec()).happened(&rerun))
}

/// Whether a run of the recommended settings is on the promised front or beyond it: no member of the front is better than the run in
/// what is compared. `uncertain` allows what is open of the recommendation, which is stated with it: a run of it
/// may cost as much more than expected as it does at the worst moment of the syncs and the limits of what was learned.
pub fn holds(tuned: &Tuned, got: &Score, uncertain: bool) -> bool {
    let Some(promised) = tuned.recommended() else { return false };
    // Scores of several recordings are sums.
    let runs = promised.runs.len().max(1) as f64;
    let slack = |high: f64, likely: f64| if uncertain { (high - likely).max(0.0) } else { 0.0 };
    let cost = slack(tuned.open.cost.1, promised.total.cost);
    let above = slack(tuned.open.above_s.1, promised.total.above_s);
    let members = tuned.front.iter().filter_map(|i| tuned.candidates.get(*i));
    let of_one = |total: &Score| Score {
        cost: (total.cost + cost) / runs,
        above_s: (total.above_s + above) / runs,
        flaps: (f64::from(total.flaps) / runs).round() as u32,
        ..Score::default()
    };
    !members.into_iter().any(|m| of_one(&m.total).dominates(got))
}
