//! A figure over sessions, and where it changed for good: before and after which session it differs by more than it varies. Must
//! not ask the store.

use serde::Serialize;

/// Sessions that a side of a change has at least.
const LEAST: usize = 3;
/// A change that matters: this part of the figure, and this many times its variation.
const PART: f64 = 0.1;
const TIMES: f64 = 3.0;

/// Where a figure changed.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Change {
    /// The place of the first session after it.
    pub at: usize,
    /// The medians before and after it.
    pub before: f64,
    pub after: f64,
}

impl Change {
    /// By how much, 1 being all of what it was; None where it was 0.
    pub fn ratio(&self) -> Option<f64> {
        (self.before != 0.0).then(|| (self.after - self.before) / self.before.abs())
    }
}

/// The clearest change of a figure over sessions, in the order of time; None where it only varies.
pub fn change(values: &[f64]) -> Option<Change> {
    let all = LEAST..(values.len() + 1).saturating_sub(LEAST);
    let scored = all.filter_map(|at| {
        let (left, right) = values.split_at(at);
        let (before, after) = (median(left)?, median(right)?);
        // What is usual on either side, so that a single odd run neither makes nor hides a change.
        let spread = deviation(left, before).max(deviation(right, after));
        let least = (before.abs() * PART).max(spread * TIMES).max(f64::EPSILON);
        let shift = (after - before).abs();
        // Of the places that would do, the one from which on all differ.
        let apart = cost(left, before) + cost(right, after);
        (shift > least).then_some((apart, Change { at, before, after }))
    });
    scored.min_by(|a, b| a.0.total_cmp(&b.0)).map(|found| found.1)
}

fn median(values: &[f64]) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    let upper = *sorted.get(middle)?;
    Some(if sorted.len() % 2 == 1 { upper } else { (sorted.get(middle.checked_sub(1)?)? + upper) / 2.0 })
}

/// The median distance from `from`.
fn deviation(values: &[f64], from: f64) -> f64 {
    median(&values.iter().map(|v| (v - from).abs()).collect::<Vec<_>>()).unwrap_or(0.0)
}

/// The whole distance from `from`.
fn cost(values: &[f64], from: f64) -> f64 {
    values.iter().map(|v| (v - from).abs()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lasting_change_is_found_where_it_began() {
        let found = change(&[60.0, 62.0, 61.0, 59.0, 84.0, 86.0, 85.0]).unwrap();
        assert_eq!((found.at, found.before, found.after), (4, 60.5, 85.0));
        assert!((found.ratio().unwrap() - 0.405).abs() < 0.001);
        let back = change(&[84.0, 86.0, 85.0, 60.0, 62.0, 61.0]).unwrap();
        assert_eq!((back.at, back.before, back.after), (3, 85.0, 61.0));
        assert_eq!(change(&[0.0, 0.0, 0.0, 5.0, 5.0, 5.0]).unwrap().ratio(), None);
    }

    #[test]
    fn variation_and_one_odd_run_are_no_change() {
        assert_eq!(change(&[60.0, 75.0, 52.0, 70.0, 58.0, 66.0, 73.0]), None);
        assert_eq!(change(&[60.0, 61.0, 60.0, 200.0, 60.0, 61.0, 60.0]), None);
        assert_eq!(change(&[60.0, 60.0, 60.0, 61.0, 61.0, 61.0]), None);
        assert_eq!((change(&[1.0, 2.0, 9.0]), change(&[])), (None, None));
    }
}
