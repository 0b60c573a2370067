//! A value that holds until it changes: replicas, bounds, targets, conditions. Bounded. Must not interpolate.

use super::chunked_list::ChunkedList;

/// Changes kept at most; the oldest are dropped.
const MOST: usize = 4096;

/// Changes by ascending time; each holds until the next.
#[derive(Clone, Debug, PartialEq)]
pub struct StepSeries<T> {
    changes: ChunkedList<(i64, T)>,
}

impl<T> Default for StepSeries<T> {
    fn default() -> Self {
        StepSeries { changes: ChunkedList::default() }
    }
}

impl<T: PartialEq + Clone> StepSeries<T> {
    /// Notes that `value` holds from `ms` (milliseconds since 1970), if that is a change.
    pub fn set(&mut self, ms: i64, value: T) {
        match self.changes.last() {
            Some((_, last)) if *last == value => {}
            Some((t, _)) if *t >= ms => {
                if let Some((_, last)) = self.changes.last_mut() {
                    *last = value;
                }
            }
            _ => {
                if self.changes.len() == MOST {
                    self.changes.drop_front(MOST / 4);
                }
                self.changes.push((ms, value));
            }
        }
    }

    /// The value at `ms`.
    pub fn at(&self, ms: i64) -> Option<&T> {
        let n = self.changes.partition_point(|c| c.0 <= ms);
        self.changes.get(n.checked_sub(1)?).map(|c| &c.1)
    }

    pub fn last(&self) -> Option<&T> {
        self.changes.last().map(|c| &c.1)
    }

    pub fn changes(&self) -> &ChunkedList<(i64, T)> {
        &self.changes
    }

    /// The changes that matter for `from..=to`: the one in effect at `from`, and those after it.
    pub fn within(&self, from: i64, to: i64) -> Vec<(i64, T)> {
        let lo = self.changes.partition_point(|c| c.0 <= from).saturating_sub(1);
        let hi = self.changes.partition_point(|c| c.0 <= to);
        self.changes.range(lo.min(hi)..hi).cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holds_until_it_changes() {
        let mut s = StepSeries::default();
        s.set(10, 1);
        s.set(20, 1);
        s.set(30, 4);
        s.set(40, 2);
        assert_eq!(s.changes(), [(10, 1), (30, 4), (40, 2)]);
        assert_eq!((s.at(9), s.at(29), s.at(30), s.at(99)), (None, Some(&1), Some(&4), Some(&2)));
        assert_eq!(s.within(25, 35), [(10, 1), (30, 4)]);
        assert_eq!(s.within(0, 5), []);
    }

    #[test]
    fn stays_bounded() {
        let mut s = StepSeries::default();
        (0..100_000).for_each(|i| s.set(i, i));
        assert!(s.changes().len() <= MOST);
        assert_eq!(s.last(), Some(&99_999));
    }
}
