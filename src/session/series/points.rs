//! Points over time in little memory: full blocks are packed and shared between copies. Must not know what the values
//! mean, nor how they are packed.

use super::chunked_list::ChunkedList;
use super::codec::{Block, Previous, points};
use std::ops::Range;
use std::sync::Arc;

/// Points in a block.
const BLOCK: u32 = 128;

/// (milliseconds since 1970, value), ascending in time.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Points {
    /// Full blocks, and how many points they hold together.
    blocks: ChunkedList<Entry>,
    closed: u32,
    open: Block,
    now: Previous,
}

/// A full block: how many points precede its end, how many it has, and the time of its last one.
#[derive(Clone, Debug, PartialEq)]
struct Entry {
    end: u32,
    len: u32,
    last: i64,
    bytes: Arc<[u8]>,
}

impl Entry {
    fn range(&self) -> Range<usize> {
        (self.end - self.len) as usize..self.end as usize
    }

    /// The same block, shifted by a number of points.
    fn moved(&self, less: u32, more: u32) -> Entry {
        Entry { end: self.end - less + more, ..self.clone() }
    }
}

impl Points {
    pub fn push(&mut self, point: (i64, f64)) {
        if self.open.len == BLOCK {
            self.close();
        }
        self.open.push(point, &mut self.now);
    }

    /// Closes the open block.
    fn close(&mut self) {
        let Block { bytes, len } = &mut self.open;
        if *len > 0 {
            self.closed += *len;
            let bytes = bytes.as_slice().into();
            self.blocks.push(Entry { end: self.closed, len: *len, last: self.now.point.0, bytes });
        }
        bytes.clear();
        *len = 0;
    }

    pub fn len(&self) -> usize {
        (self.closed + self.open.len) as usize
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub fn get(&self, index: usize) -> Option<(i64, f64)> {
        self.range(index..index + 1).next()
    }

    pub fn first(&self) -> Option<(i64, f64)> {
        self.get(0)
    }

    pub fn last(&self) -> Option<(i64, f64)> {
        (!self.is_empty()).then_some(self.now.point)
    }

    /// How many points are before `ms`.
    pub fn before(&self, ms: i64) -> usize {
        if self.is_empty() || self.now.point.0 < ms {
            return self.len();
        }
        let (at, points) = self.block(self.blocks.partition_point(|e| e.last < ms));
        at.start + points.partition_point(|p| p.0 < ms)
    }

    /// The indices of a block's points, and the points; the open block follows the full ones.
    fn block(&self, n: usize) -> (Range<usize>, Vec<(i64, f64)>) {
        match self.blocks.get(n) {
            Some(entry) => (entry.range(), points(&entry.bytes, entry.len)),
            None => (self.closed as usize..self.len(), points(&self.open.bytes, self.open.len)),
        }
    }

    /// How many points are before or at `ms`.
    pub fn until(&self, ms: i64) -> usize {
        self.before(ms.saturating_add(1))
    }

    pub fn iter(&self) -> Iter<'_> {
        self.range(0..self.len())
    }

    /// The points at these indices, as far as they exist.
    pub fn range(&self, range: Range<usize>) -> Iter<'_> {
        let end = range.end.min(self.len());
        Iter { points: self, range: range.start.min(end)..end, at: 0..0, unpacked: Vec::new() }
    }

    /// Drops the oldest whole blocks, so that at least `most` points stay. Returns whether any was dropped.
    pub fn keep(&mut self, most: usize) -> bool {
        let gone = self.len().saturating_sub(most);
        let n = self.blocks.partition_point(|e| e.end as usize <= gone);
        let Some(less) = n.checked_sub(1).and_then(|n| self.blocks.get(n)).map(|e| e.end) else { return false };
        self.blocks = self.blocks.range(n..self.blocks.len()).map(|e| e.moved(less, 0)).collect();
        self.closed -= less;
        true
    }

    /// Replaces two neighbouring blocks of the older half by what `other` returns for their points. It takes the pair that
    /// spans the least time for its age, so that older points are kept more coarsely. Returns the times of their first and
    /// last point.
    pub fn join_two(&mut self, other: impl FnOnce(Vec<(i64, f64)>) -> Vec<(i64, f64)>) -> Option<(i64, i64)> {
        let n = self.shortest_pair()?;
        let (from, upto) = (self.blocks[n].range().start, self.blocks[n + 1].end);
        let times = (self.get(from)?.0, self.blocks[n + 1].last);
        let mut joined = Points::default();
        other(self.range(from..upto as usize).collect()).into_iter().for_each(|p| joined.push(p));
        joined.close();
        let more = from as u32 + joined.len() as u32;
        let before = self.blocks.range(0..n).cloned();
        let within = joined.blocks.iter().map(|e| e.moved(0, from as u32));
        let after = self.blocks.range(n + 2..self.blocks.len()).map(|e| e.moved(upto, more));
        self.blocks = before.chain(within).chain(after).collect();
        self.closed = self.closed - upto + more;
        Some(times)
    }

    /// The first of two neighbouring blocks of the older half that together span the least for their age.
    fn shortest_pair(&self) -> Option<usize> {
        let (first, now) = (self.first()?.0, self.last()?.0);
        let ends: Vec<i64> = self.blocks.range(0..self.blocks.len() / 2).map(|e| e.last).collect();
        let pairs = ends.windows(2).zip(std::iter::once(&first).chain(&ends));
        let span = pairs.map(|(pair, begin)| (pair[1] - begin) as f64 / (now - begin) as f64);
        span.enumerate().min_by(|a, b| a.1.total_cmp(&b.1)).map(|(n, _)| n)
    }
}

impl<'a> IntoIterator for &'a Points {
    type Item = (i64, f64);
    type IntoIter = Iter<'a>;

    fn into_iter(self) -> Iter<'a> {
        self.iter()
    }
}

impl<const N: usize> PartialEq<[(i64, f64); N]> for &Points {
    fn eq(&self, other: &[(i64, f64); N]) -> bool {
        self.iter().eq(other.iter().copied())
    }
}

/// Iterates over points from either end.
#[derive(Clone, Debug)]
pub struct Iter<'a> {
    points: &'a Points,
    range: Range<usize>,
    /// The indices of the block that is unpacked.
    at: Range<usize>,
    unpacked: Vec<(i64, f64)>,
}

impl Iter<'_> {
    fn get(&mut self, index: usize) -> Option<(i64, f64)> {
        if !self.at.contains(&index) {
            let n = self.points.blocks.partition_point(|e| e.end as usize <= index);
            (self.at, self.unpacked) = self.points.block(n);
        }
        self.unpacked.get(index - self.at.start).copied()
    }
}

impl Iterator for Iter<'_> {
    type Item = (i64, f64);

    fn next(&mut self) -> Option<(i64, f64)> {
        self.range.next().and_then(|index| self.get(index))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.range.size_hint()
    }

    fn nth(&mut self, n: usize) -> Option<(i64, f64)> {
        self.range.nth(n).and_then(|index| self.get(index))
    }
}

impl DoubleEndedIterator for Iter<'_> {
    fn next_back(&mut self) -> Option<(i64, f64)> {
        self.range.next_back().and_then(|index| self.get(index))
    }
}

impl ExactSizeIterator for Iter<'_> {}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn value() -> impl Strategy<Value = f64> {
        prop_oneof![
            Just(0.0),
            Just(-0.0),
            (-100_000i32..100_000).prop_map(|n| f64::from(n) / 1000.0),
            (0i64..1 << 40).prop_map(|n| n as f64),
            any::<f64>().prop_filter("a number", |v| v.is_finite()),
        ]
    }

    proptest! {
        #[test]
        fn packing_loses_nothing(steps in prop::collection::vec((1i64..90_000, value()), 0..700), began in any::<i32>()) {
            let (mut points, mut list, mut ms) = (Points::default(), Vec::new(), i64::from(began) * 1000);
            for (step, value) in steps {
                ms += step;
                points.push((ms, value));
                list.push((ms, value));
                prop_assert_eq!(points.last(), list.last().copied());
            }
            prop_assert!(points.iter().map(|p| (p.0, p.1.to_bits())).eq(list.iter().map(|p| (p.0, p.1.to_bits()))));
            prop_assert!(points.iter().rev().eq(list.iter().rev().copied()));
            for (i, (ms, _)) in list.iter().enumerate() {
                prop_assert_eq!((points.before(*ms), points.until(*ms), points.get(i)), (i, i + 1, Some(list[i])));
            }
            let mut kept = points.clone();
            kept.keep(100);
            prop_assert!(kept.len() >= 100.min(list.len()) && kept.len() < 100 + BLOCK as usize || kept.len() == list.len());
            prop_assert!(kept.iter().rev().eq(list.iter().rev().copied().take(kept.len())));
            for _ in 0..3 {
                let before = points.clone();
                let Some((first, last)) = points.join_two(|two| two.into_iter().step_by(2).collect()) else { break };
                prop_assert!(before.until(last) <= before.len() / 2 + BLOCK as usize, "the newer half stays as it is");
                let outside = |p: &(i64, f64)| p.0 < first || p.0 > last;
                prop_assert!(points.iter().filter(outside).eq(before.iter().filter(outside)));
                prop_assert!(points.iter().zip(points.iter().skip(1)).all(|(a, b)| a.0 < b.0));
            }
        }
    }
}
