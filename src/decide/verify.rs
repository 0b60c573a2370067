//! What a recommendation promised against what other runs under it were. Must not run anything.

use super::rerun::{Recorded, Rerun};
use super::score::{Line, Measure, Score};
use super::tune::{Member, Tuned};

/// The score of a run as it happened, by the lines of a search.
///
/// # Errors
/// There is no sync in it.
pub fn happened(recorded: &Recorded, lines: &[Line]) -> Result<Score, String> {
    let rerun = Rerun::new(recorded)?;
    Ok(Measure::new(&rerun, lines.to_vec()).happened(&rerun))
}

/// Whether a run of the recommended settings is on the front or beyond it: no member is better than the run in what is compared.
/// The *promised* front is the most that each member may cost, be above the line and flap; the expected one is the means.
pub fn on_front(tuned: &Tuned, got: &Score, promised: bool) -> bool {
    // Scores of several recordings are sums.
    let runs = tuned.happened.len().max(1);
    let of_one = |Member { candidate, range }: &Member| {
        let all = if promised { range.most() } else { tuned.candidates.get(*candidate)?.total };
        let per_run = |v: f64| v / runs as f64;
        let flaps = per_run(f64::from(all.flaps)).round() as u32;
        Some(Score { cost: per_run(all.cost), above_s: per_run(all.above_s), flaps, ..Score::default() })
    };
    !tuned.front.iter().filter_map(of_one).any(|member| member.dominates(got))
}
