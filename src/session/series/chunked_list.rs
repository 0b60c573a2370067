//! A list that grows at its end and shares its items: cloning it costs a pointer for each chunk, and a chunk is copied only
//! when it changes while another list shares it. Must not know what it holds.

use std::ops::{Index, Range};
use std::sync::Arc;

/// Items in a chunk.
const CHUNK: usize = 16;
/// Items that a chunk's capacity grows by.
const GROWTH: usize = 4;

/// Items in the order in which they were added.
#[derive(Clone, Debug)]
pub struct ChunkedList<T> {
    /// The running number of a chunk's first item, and its items; no chunk is empty.
    chunks: Vec<(usize, Arc<Vec<T>>)>,
    /// The running number of the first item that is still in the list.
    first: usize,
}

impl<T> Default for ChunkedList<T> {
    fn default() -> Self {
        ChunkedList { chunks: Vec::new(), first: 0 }
    }
}

impl<T> ChunkedList<T> {
    pub fn len(&self) -> usize {
        self.end() - self.first
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The running number after the last item.
    fn end(&self) -> usize {
        self.chunks.last().map_or(self.first, |(begin, chunk)| begin + chunk.len())
    }

    /// The chunk that holds the item at an index, and the item's place in it.
    fn place(&self, index: usize) -> Option<(usize, usize)> {
        let number = self.first + index;
        let n = self.chunks.partition_point(|(begin, _)| *begin <= number).checked_sub(1)?;
        let (begin, chunk) = self.chunks.get(n)?;
        (number - begin < chunk.len()).then_some((n, number - begin))
    }

    pub fn get(&self, index: usize) -> Option<&T> {
        let (n, at) = self.place(index)?;
        self.chunks.get(n)?.1.get(at)
    }

    pub fn first(&self) -> Option<&T> {
        self.get(0)
    }

    pub fn last(&self) -> Option<&T> {
        self.chunks.last().filter(|_| !self.is_empty())?.1.last()
    }

    pub fn iter(&self) -> Iter<'_, T> {
        self.range(0..self.len())
    }

    /// The items at these indices, as far as they exist.
    pub fn range(&self, range: Range<usize>) -> Iter<'_, T> {
        let range = range.start.min(self.len())..range.end.min(self.len());
        Iter { list: self, range: range.start..range.end.max(range.start), front: Default::default() }
    }

    /// The index of the first item for which `before` is false, as for a slice.
    pub fn partition_point(&self, before: impl Fn(&T) -> bool) -> usize {
        // If a chunk's last item is before, so is the whole chunk.
        let n = self.chunks.partition_point(|(_, chunk)| chunk.last().is_some_and(&before));
        let Some((begin, chunk)) = self.chunks.get(n) else { return self.len() };
        let gone = self.first.saturating_sub(*begin);
        begin + gone + chunk.get(gone..).map_or(0, |p| p.partition_point(before)) - self.first
    }

    /// Drops up to `most` of the oldest items.
    pub fn drop_front(&mut self, most: usize) {
        self.first = (self.first + most).min(self.end());
        let gone = self.chunks.partition_point(|(begin, chunk)| begin + chunk.len() <= self.first);
        self.chunks.drain(..gone);
    }
}

impl<T: Clone> ChunkedList<T> {
    pub fn push(&mut self, item: T) {
        if let Some((_, chunk)) = self.chunks.last_mut().filter(|(_, chunk)| chunk.len() < CHUNK) {
            let chunk = Arc::make_mut(chunk);
            // A copied chunk has no spare capacity; doubling it would waste memory in the many lists that are kept.
            if chunk.len() == chunk.capacity() {
                chunk.reserve_exact(GROWTH.min(CHUNK - chunk.len()));
            }
            chunk.push(item);
        } else {
            self.chunks.push((self.end(), Arc::new(vec![item])));
        }
    }

    /// An item, to change it.
    pub fn get_mut(&mut self, index: usize) -> Option<&mut T> {
        let (n, at) = self.place(index)?;
        Arc::make_mut(&mut self.chunks.get_mut(n)?.1).get_mut(at)
    }

    pub fn last_mut(&mut self) -> Option<&mut T> {
        self.get_mut(self.len().checked_sub(1)?)
    }

    /// Inserts an item after those for which `before` is true; usually that is the end.
    pub fn insert_by(&mut self, item: T, before: impl Fn(&T) -> bool) {
        let at = self.partition_point(before);
        let after: Vec<T> = self.range(at..self.len()).cloned().collect();
        self.truncate(at);
        self.push(item);
        after.into_iter().for_each(|item| self.push(item));
    }

    /// Keeps the first `len` items.
    pub fn truncate(&mut self, len: usize) {
        let end = self.first + len;
        self.chunks.retain(|(begin, _)| *begin < end);
        if let Some((begin, chunk)) = self.chunks.last_mut().filter(|(begin, chunk)| begin + chunk.len() > end) {
            Arc::make_mut(chunk).truncate(end - *begin);
        }
    }
}

impl<T> Index<usize> for ChunkedList<T> {
    type Output = T;

    /// Panics at an index beyond the end, as a slice does.
    fn index(&self, index: usize) -> &T {
        let (n, at) = self.place(index).unwrap_or((usize::MAX, 0));
        &self.chunks[n].1[at]
    }
}

impl<T: Clone> FromIterator<T> for ChunkedList<T> {
    fn from_iter<I: IntoIterator<Item = T>>(items: I) -> Self {
        let mut all = ChunkedList::default();
        items.into_iter().for_each(|item| all.push(item));
        all
    }
}

impl<T: PartialEq> PartialEq for ChunkedList<T> {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl<T: PartialEq, const N: usize> PartialEq<[T; N]> for &ChunkedList<T> {
    fn eq(&self, other: &[T; N]) -> bool {
        self.iter().eq(other)
    }
}

impl<'a, T> IntoIterator for &'a ChunkedList<T> {
    type Item = &'a T;
    type IntoIter = Iter<'a, T>;

    fn into_iter(self) -> Iter<'a, T> {
        self.iter()
    }
}

/// Iterates over a list from either end.
#[derive(Debug)]
pub struct Iter<'a, T> {
    list: &'a ChunkedList<T>,
    range: Range<usize>,
    /// What is left of the front chunk.
    front: std::slice::Iter<'a, T>,
}

impl<T> Clone for Iter<'_, T> {
    fn clone(&self) -> Self {
        Iter { list: self.list, range: self.range.clone(), front: self.front.clone() }
    }
}

impl<'a, T> Iterator for Iter<'a, T> {
    type Item = &'a T;

    fn next(&mut self) -> Option<&'a T> {
        if self.range.is_empty() {
            return None;
        }
        if self.front.len() == 0 {
            let (n, at) = self.list.place(self.range.start)?;
            self.front = self.list.chunks.get(n)?.1.get(at..)?.iter();
        }
        self.range.start += 1;
        self.front.next()
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.range.len(), Some(self.range.len()))
    }

    fn nth(&mut self, n: usize) -> Option<&'a T> {
        self.range.start = (self.range.start + n).min(self.range.end);
        self.front = Default::default();
        self.next()
    }
}

impl<T> DoubleEndedIterator for Iter<'_, T> {
    fn next_back(&mut self) -> Option<Self::Item> {
        self.range.next_back().and_then(|index| self.list.get(index))
    }
}

impl<T> ExactSizeIterator for Iter<'_, T> {}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_copy_shares_all_but_the_chunk_that_changes() {
        let mut a: ChunkedList<usize> = (0..1000).collect();
        let b = a.clone();
        a.push(1000);
        assert_eq!((a.len(), b.len(), b.last()), (1001, 1000, Some(&999)));
        let shared = a.chunks.iter().zip(&b.chunks).filter(|(a, b)| Arc::ptr_eq(&a.1, &b.1)).count();
        assert_eq!(shared, b.chunks.len() - 1);
    }

    proptest! {
        #[test]
        fn is_a_list(operations in prop::collection::vec((0usize..7, 0usize..200), 0..60)) {
            let (mut chunked, mut list, mut n) = (ChunkedList::default(), Vec::new(), 0usize);
            let mut copies = Vec::new();
            for (what, much) in operations {
                match what {
                    0..3 => (0..much).for_each(|_| { n += 1; chunked.push(n); list.push(n); }),
                    3 => { chunked.drop_front(much); list.drain(..much.min(list.len())); }
                    4 => {
                        let item = much.min(n);
                        chunked.insert_by(item, |i| *i <= item);
                        list.insert(list.partition_point(|i| *i <= item), item);
                    }
                    5 => if let Some(item) = chunked.get_mut(much) { *item += 0; list[much] += 0; },
                    _ => copies.push((chunked.clone(), list.clone())),
                }
                let from = much / 2;
                prop_assert!(chunked.range(from..much).eq(list.iter().take(much).skip(from)));
                prop_assert_eq!(chunked.get(much), list.get(much));
                prop_assert_eq!(chunked.partition_point(|i| *i < n / 2), list.partition_point(|i| *i < n / 2));
                prop_assert_eq!((chunked.first(), chunked.last()), (list.first(), list.last()));
            }
            copies.push((chunked.clone(), list.clone()));
            for (chunked, list) in &copies {
                prop_assert!(chunked.iter().eq(list.iter()) && chunked.iter().rev().eq(list.iter().rev()));
            }
        }
    }
}
