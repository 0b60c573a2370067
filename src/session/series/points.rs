//! Points in time, kept small: some at a time are packed into a few bytes each, without loss, and copies share what is
//! packed. Must not know what the values mean.

use super::super::History;
use std::ops::Range;
use std::sync::Arc;

/// Points of a block.
const BLOCK: u32 = 128;
/// Bytes of a point at most.
const MOST: usize = 20;
/// Parts of a unit that values are tried as: whole ones, thousandths, millionths.
const SCALES: [f64; 3] = [1.0, 1e3, 1e6];
/// Stands for the scale of a value that is no such part: it follows as it is.
const RAW: usize = SCALES.len();
/// Whole numbers up to here are exact, and leave room for the scale.
const EXACT: f64 = 9e15;

/// (milliseconds since 1970, value), ascending in time.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Points {
    /// Those that are full, and how many points they hold.
    blocks: History<Entry>,
    closed: u32,
    open: Block,
    now: State,
}

/// A full block, how many points there are up to its end, and the time of the last one.
#[derive(Clone, Debug, PartialEq)]
struct Entry {
    end: u32,
    len: u32,
    last: i64,
    bytes: Arc<[u8]>,
}

/// Points as bytes, each after the one before.
#[derive(Clone, Debug, Default, PartialEq)]
struct Block {
    bytes: Vec<u8>,
    len: u32,
}

/// What the next point is told apart from.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct State {
    point: (i64, f64),
    /// The distance to the point before it, milliseconds.
    step: i64,
}

impl Entry {
    fn range(&self) -> Range<usize> {
        (self.end - self.len) as usize..self.end as usize
    }

    /// The same, so many points earlier or later.
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

    /// Nothing more comes into the open block.
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

    /// How many points lie before `ms`.
    pub fn before(&self, ms: i64) -> usize {
        if self.is_empty() || self.now.point.0 < ms {
            return self.len();
        }
        let n = self.blocks.partition_point(|e| e.last < ms);
        let (begin, points) = match self.blocks.get(n) {
            Some(entry) => (entry.range().start, points(&entry.bytes, entry.len)),
            None => (self.closed as usize, points(&self.open.bytes, self.open.len)),
        };
        begin + points.partition_point(|p| p.0 < ms)
    }

    /// How many points lie before `ms` or at it.
    pub fn until(&self, ms: i64) -> usize {
        self.before(ms.saturating_add(1))
    }

    pub fn iter(&self) -> Iter<'_> {
        self.range(0..self.len())
    }

    /// The points of these indices, as far as they are there.
    pub fn range(&self, range: Range<usize>) -> Iter<'_> {
        let end = range.end.min(self.len());
        Iter { points: self, range: range.start.min(end)..end, at: 0..0, unpacked: Vec::new() }
    }

    /// Lets the oldest go, so that at least `most` stay; only whole blocks go. Whether any did.
    pub fn keep(&mut self, most: usize) -> bool {
        let gone = self.len().saturating_sub(most);
        let n = self.blocks.partition_point(|e| e.end as usize <= gone);
        let Some(less) = n.checked_sub(1).and_then(|n| self.blocks.get(n)).map(|e| e.end) else { return false };
        self.blocks = self.blocks.range(n..self.blocks.len()).map(|e| e.moved(less, 0)).collect();
        self.closed -= less;
        true
    }

    /// Puts what `other` makes of two neighbouring blocks of the older half in their place: of the two that span the least for
    /// their age, so that what is older is kept more coarsely. The times of their first and last point.
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

/// Goes through points from either end.
#[derive(Clone, Debug)]
pub struct Iter<'a> {
    points: &'a Points,
    range: Range<usize>,
    /// The block at hand, by its points' indices.
    at: Range<usize>,
    unpacked: Vec<(i64, f64)>,
}

impl Iter<'_> {
    fn get(&mut self, index: usize) -> Option<(i64, f64)> {
        if !self.at.contains(&index) {
            let Points { blocks, open, .. } = self.points;
            let n = blocks.partition_point(|e| e.end as usize <= index);
            (self.at, self.unpacked) = match blocks.get(n) {
                Some(entry) => (entry.range(), points(&entry.bytes, entry.len)),
                None => (self.points.closed as usize..self.points.len(), points(&open.bytes, open.len)),
            };
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

impl Block {
    /// First the change of the distance in time, its lowest bit telling whether the value is the same; then, if it is not,
    /// the distance in parts of the unit and which parts, or the value itself.
    fn push(&mut self, point: (i64, f64), now: &mut State) {
        if self.bytes.len() + MOST > self.bytes.capacity() {
            self.bytes.reserve_exact(4 * MOST);
        }
        let State { point: (ms, before), step: last } = if self.len == 0 { State::default() } else { *now };
        let step = point.0.wrapping_sub(ms);
        let same = before.to_bits() == point.1.to_bits();
        number(&mut self.bytes, step.wrapping_sub(last) << 1 | i64::from(same));
        if !same {
            let scale = SCALES.iter().position(|s| whole(point.1, *s).is_some());
            match scale.and_then(|n| Some((n, whole(point.1, SCALES[n])?))) {
                Some((n, parts)) => number(&mut self.bytes, (parts - nearest(before, SCALES[n])) << 2 | n as i64),
                None => {
                    number(&mut self.bytes, RAW as i64);
                    self.bytes.extend(point.1.to_le_bytes());
                }
            }
        }
        self.len += 1;
        // The first step is from 1970, and tells nothing of the next.
        *now = State { point, step: if self.len == 1 { 0 } else { step } };
    }
}

/// So many points, out of their bytes.
fn points(mut rest: &[u8], len: u32) -> Vec<(i64, f64)> {
    let mut out = Vec::with_capacity(len as usize);
    let State { point: (mut ms, mut value), mut step } = State::default();
    while let Some(code) = read(&mut rest) {
        let now = step.wrapping_add(code >> 1);
        ms = ms.wrapping_add(now);
        if code & 1 == 0 {
            let Some(next) = changed(&mut rest, value) else { break };
            value = next;
        }
        step = if out.is_empty() { 0 } else { now };
        out.push((ms, value));
    }
    out
}

/// The value that differs from the one `before` it.
fn changed(rest: &mut &[u8], before: f64) -> Option<f64> {
    let code = read(rest)?;
    match SCALES.get((code & 3) as usize) {
        Some(scale) => Some((nearest(before, *scale) + (code >> 2)) as f64 / scale),
        None => {
            let (value, more) = rest.split_first_chunk()?;
            *rest = more;
            Some(f64::from_le_bytes(*value))
        }
    }
}

/// A value as so many parts of the unit, if that is what it is to the last bit.
fn whole(value: f64, scale: f64) -> Option<i64> {
    let n = (value * scale).round();
    (n.abs() < EXACT / 4.0 && (n as i64 as f64 / scale).to_bits() == value.to_bits()).then_some(n as i64)
}

/// The nearest number of parts, which the next value's is told apart from.
fn nearest(value: f64, scale: f64) -> i64 {
    (value * scale).round().clamp(-EXACT, EXACT) as i64
}

/// A whole number in as few bytes as it needs, seven bits a byte, its sign in the lowest.
fn number(out: &mut Vec<u8>, n: i64) {
    let mut n = (n.wrapping_shl(1) ^ (n >> 63)) as u64;
    while n >= 0x80 {
        out.push(n as u8 | 0x80);
        n >>= 7;
    }
    out.push(n as u8);
}

fn read(bytes: &mut &[u8]) -> Option<i64> {
    let (mut n, mut shift) = (0u64, 0);
    loop {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        n |= u64::from(byte & 0x7f).wrapping_shl(shift);
        shift += 7;
        if byte & 0x80 == 0 {
            return Some((n >> 1) as i64 ^ -((n & 1) as i64));
        }
    }
}

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

    #[test]
    fn steady_samples_take_few_bytes() {
        let bytes = |value: fn(i32) -> f64| {
            let (mut block, mut now) = (Block::default(), State::default());
            (0..128).for_each(|i| block.push((1_800_000_000_000 + i64::from(i * 5000 + i % 7), value(i)), &mut now));
            block.bytes.len()
        };
        let (idle, busy) = (bytes(|_| 0.0), bytes(|i| f64::from(i % 9) * 17.125));
        assert!(idle < 128 + 16 && busy < 128 * 5, "{idle} {busy}");
    }
}
