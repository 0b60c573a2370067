//! The scores that nothing is better than, and the one of them that an objective asks for. Must not simulate.

use super::score::Score;

/// A gain of less than a tenth is worth no cost.
const HARDLY: f64 = 0.9;

/// What counts most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Objective {
    /// The knee: where a little less cost begins to cost much time above the line. As `Cost` where nothing that was tried gains much.
    Balanced,
    /// The least time above the line that can be promised.
    Slo,
    /// The least cost that is no longer above the line than now.
    Cost,
    /// The least cost at which the metrics are at or below their lines for 95 % of the time.
    P95Util,
}

/// The indices of the scores that none of the others dominates, by cost; of equal ones the first. `rank` breaks ties, lower first.
pub fn front(scores: &[Score], rank: impl Fn(usize) -> usize) -> Vec<usize> {
    let mut order: Vec<usize> = (0..scores.len()).collect();
    let key = |i: usize| scores.get(i).map_or([0.0; 3], Score::aims);
    order.sort_by(|a, b| {
        let (x, y) = (key(*a), key(*b));
        let by = |i: usize| x[i].total_cmp(&y[i]);
        by(0).then(by(1)).then(by(2)).then(rank(*a).cmp(&rank(*b))).then(a.cmp(b))
    });
    let mut out: Vec<usize> = Vec::new();
    for i in order {
        // What dominates it costs no more, so it is there already.
        let (Some(score), here) = (scores.get(i), key(i)) else { continue };
        let covered = |at: &usize| scores.get(*at).is_some_and(|s| s.dominates(score) || s.aims() == here);
        if !out.iter().any(covered) {
            out.push(i);
        }
    }
    out
}

/// The member of the front that the objective asks for; None of an empty front. `most_above_s` is the most time above the line
/// that a member may have.
pub fn choose(
    scores: &[Score],
    front: &[usize],
    objective: Objective,
    present: &Score,
    most_above_s: impl Fn(usize) -> f64,
) -> Option<usize> {
    let of = |i: &usize| scores.get(*i).map_or([f64::INFINITY; 3], Score::aims);
    let least = |all: &mut dyn Iterator<Item = usize>, order: [usize; 3]| {
        all.min_by(|a, b| {
            let (x, y) = (of(a), of(b));
            let by = |i: usize| x[i].total_cmp(&y[i]);
            order.into_iter().map(by).fold(std::cmp::Ordering::Equal, std::cmp::Ordering::then)
        })
    };
    // What counts is kept at the worst, too. A little less of what is expected is not worth any price.
    let safest = || {
        let most: Vec<f64> = front.iter().map(|i| most_above_s(*i)).collect();
        let least_most = most.iter().copied().fold(f64::INFINITY, f64::min);
        let mut kept = front.iter().zip(&most).filter(|(_, most)| **most <= least_most).map(|(i, _)| *i);
        least(&mut kept, [0, 1, 2])
    };
    let no_longer = || {
        let mut kept = front.iter().copied().filter(|i| of(i)[1] <= present.above_s);
        least(&mut kept, [0, 1, 2]).or_else(safest)
    };
    match objective {
        Objective::Slo => safest(),
        Objective::Cost => no_longer(),
        Objective::P95Util => {
            let p95 = |i: usize| scores.get(i).map_or(f64::INFINITY, |s| s.p95_percent);
            let mut kept = front.iter().copied().filter(|i| p95(*i) <= 100.0);
            least(&mut kept, [0, 1, 2]).or_else(safest)
        }
        Objective::Balanced if front.iter().all(|i| of(i)[1] > HARDLY * present.above_s) => no_longer(),
        Objective::Balanced => knee(front, of, f64::from(present.flaps)),
    }
}

/// The member furthest below the line between the ends, of those that go back and forth no more often than now.
fn knee(front: &[usize], of: impl Fn(&usize) -> [f64; 3], flaps: f64) -> Option<usize> {
    let steady: Vec<usize> = front.iter().copied().filter(|i| of(i)[2] <= flaps).collect();
    let all = if steady.is_empty() { front } else { &steady };
    let range = |aim: usize| {
        let values = || all.iter().map(|i| of(i)[aim]);
        let (low, high) = (values().fold(f64::INFINITY, f64::min), values().fold(f64::NEG_INFINITY, f64::max));
        (low, (high - low).max(f64::MIN_POSITIVE))
    };
    let ((cheap, costs), (safe, above)) = (range(0), range(1));
    let far = |i: &usize| {
        let [cost, seconds, _] = of(i);
        // The sum is the distance from the ideal corner along the line between the ends.
        (cost - cheap) / costs + (seconds - safe) / above
    };
    all.iter().copied().min_by(|a, b| {
        let order = |aim: usize| of(a)[aim].total_cmp(&of(b)[aim]);
        far(a).total_cmp(&far(b)).then(order(1)).then(order(2)).then(order(0))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn score(cost: f64, above_s: f64, flaps: u32) -> Score {
        Score { cost, above_s, flaps, ..Score::default() }
    }

    #[test]
    fn the_front_is_what_nothing_is_better_than() {
        let scores =
            [score(5.0, 10.0, 0), score(4.0, 10.0, 0), score(4.0, 10.0, 0), score(2.0, 60.0, 0), score(9.0, 0.0, 1)];
        assert_eq!(front(&scores, |_| 0), [3, 1, 4]);
        assert_eq!(front(&scores, |i| usize::from(i == 1)), [3, 2, 4], "of equals the one of lower rank");
        assert_eq!(front(&[], |_| 0), [0_usize; 0]);
    }

    #[test]
    fn each_objective_has_its_own_choice() {
        let scores = [score(2.0, 600.0, 0), score(4.0, 60.0, 0), score(8.0, 40.0, 0), score(20.0, 0.0, 0)];
        let all = front(&scores, |_| 0);
        let by = |objective| choose(&scores, &all, objective, &score(8.0, 60.0, 0), |i| scores[i].above_s);
        assert_eq!(by(Objective::Slo), Some(3));
        assert_eq!(by(Objective::Cost), Some(1), "no longer above than now");
        assert_eq!(by(Objective::Balanced), Some(1));
        let hardly = [score(2.0, 316.0, 0), score(8.0, 300.0, 0), score(107.0, 293.0, 0), score(174.0, 286.0, 0)];
        let chosen = choose(&hardly, &[0, 1, 2, 3], Objective::Balanced, &score(9.0, 300.0, 0), |i| hardly[i].above_s);
        assert_eq!(chosen, Some(1), "nothing helps");
        assert_eq!(choose(&scores, &[], Objective::Balanced, &scores[0], |_| 0.0), None);
        let promised = |most: [f64; 4]| choose(&scores, &all, Objective::Slo, &scores[0], |i| most[i]);
        assert_eq!(promised([900.0, 70.0, 50.0, 80.0]), Some(2), "what can be promised");
        assert_eq!(promised([900.0, 70.0, 50.0, 50.0]), Some(2), "of equals the cheapest");
    }
}
