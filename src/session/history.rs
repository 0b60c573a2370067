//! A list that grows at its end and shares what it holds: a copy costs a pointer for each piece, and a piece is only copied
//! once it is changed while somebody else has it, too. Must not know what it holds.

use std::ops::{Index, Range};
use std::sync::Arc;

/// Items of a piece.
const PIECE: usize = 16;
/// Items that a piece grows by.
const ROOM: usize = 4;

/// Items in the order in which they came.
#[derive(Clone, Debug)]
pub struct History<T> {
    /// The running number of a piece's first item, and its items; none is empty.
    pieces: Vec<(usize, Arc<Vec<T>>)>,
    /// The running number of the first item that is still there.
    first: usize,
}

impl<T> Default for History<T> {
    fn default() -> Self {
        History { pieces: Vec::new(), first: 0 }
    }
}

impl<T> History<T> {
    pub fn len(&self) -> usize {
        self.end() - self.first
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The running number after the last item.
    fn end(&self) -> usize {
        self.pieces.last().map_or(self.first, |(begin, piece)| begin + piece.len())
    }

    /// The piece that holds an item, by its index, and the item's place in it.
    fn place(&self, index: usize) -> Option<(usize, usize)> {
        let number = self.first + index;
        let n = self.pieces.partition_point(|(begin, _)| *begin <= number).checked_sub(1)?;
        let (begin, piece) = self.pieces.get(n)?;
        (number - begin < piece.len()).then_some((n, number - begin))
    }

    pub fn get(&self, index: usize) -> Option<&T> {
        let (n, at) = self.place(index)?;
        self.pieces.get(n)?.1.get(at)
    }

    pub fn first(&self) -> Option<&T> {
        self.get(0)
    }

    pub fn last(&self) -> Option<&T> {
        self.pieces.last().filter(|_| !self.is_empty())?.1.last()
    }

    pub fn iter(&self) -> Iter<'_, T> {
        self.range(0..self.len())
    }

    /// The items of these indices, as far as they are there.
    pub fn range(&self, range: Range<usize>) -> Iter<'_, T> {
        let range = range.start.min(self.len())..range.end.min(self.len());
        Iter { history: self, range: range.start..range.end.max(range.start), front: Default::default() }
    }

    /// The index of the first item for which `before` no longer holds; as of a slice.
    pub fn partition_point(&self, before: impl Fn(&T) -> bool) -> usize {
        // A piece whose last item is before lies before as a whole.
        let n = self.pieces.partition_point(|(_, piece)| piece.last().is_some_and(&before));
        let Some((begin, piece)) = self.pieces.get(n) else { return self.len() };
        let gone = self.first.saturating_sub(*begin);
        begin + gone + piece.get(gone..).map_or(0, |p| p.partition_point(before)) - self.first
    }

    /// Lets the oldest go, so many.
    pub fn drop_front(&mut self, most: usize) {
        self.first = (self.first + most).min(self.end());
        let gone = self.pieces.partition_point(|(begin, piece)| begin + piece.len() <= self.first);
        self.pieces.drain(..gone);
    }
}

impl<T: Clone> History<T> {
    pub fn push(&mut self, item: T) {
        if let Some((_, piece)) = self.pieces.last_mut().filter(|(_, piece)| piece.len() < PIECE) {
            let piece = Arc::make_mut(piece);
            // A copy has room for what it holds; twice that would be too much for the many that are kept.
            if piece.len() == piece.capacity() {
                piece.reserve_exact(ROOM.min(PIECE - piece.len()));
            }
            piece.push(item);
        } else {
            self.pieces.push((self.end(), Arc::new(vec![item])));
        }
    }

    /// An item to change it.
    pub fn get_mut(&mut self, index: usize) -> Option<&mut T> {
        let (n, at) = self.place(index)?;
        Arc::make_mut(&mut self.pieces.get_mut(n)?.1).get_mut(at)
    }

    pub fn last_mut(&mut self) -> Option<&mut T> {
        self.get_mut(self.len().checked_sub(1)?)
    }

    /// Puts an item behind those for which `before` holds: at the end, mostly.
    pub fn insert_by(&mut self, item: T, before: impl Fn(&T) -> bool) {
        let at = self.partition_point(before);
        let after: Vec<T> = self.range(at..self.len()).cloned().collect();
        self.truncate(at);
        self.push(item);
        after.into_iter().for_each(|item| self.push(item));
    }

    fn truncate(&mut self, len: usize) {
        let end = self.first + len;
        self.pieces.retain(|(begin, _)| *begin < end);
        if let Some((begin, piece)) = self.pieces.last_mut().filter(|(begin, piece)| begin + piece.len() > end) {
            Arc::make_mut(piece).truncate(end - *begin);
        }
    }
}

impl<T> Index<usize> for History<T> {
    type Output = T;

    /// As a slice does, it ends the program at an index beyond the end.
    fn index(&self, index: usize) -> &T {
        let (n, at) = self.place(index).unwrap_or((usize::MAX, 0));
        &self.pieces[n].1[at]
    }
}

impl<T: Clone> FromIterator<T> for History<T> {
    fn from_iter<I: IntoIterator<Item = T>>(items: I) -> Self {
        let mut all = History::default();
        items.into_iter().for_each(|item| all.push(item));
        all
    }
}

impl<T: PartialEq> PartialEq for History<T> {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl<T: PartialEq, const N: usize> PartialEq<[T; N]> for &History<T> {
    fn eq(&self, other: &[T; N]) -> bool {
        self.iter().eq(other)
    }
}

impl<'a, T> IntoIterator for &'a History<T> {
    type Item = &'a T;
    type IntoIter = Iter<'a, T>;

    fn into_iter(self) -> Iter<'a, T> {
        self.iter()
    }
}

/// Goes through a history from either end.
#[derive(Debug)]
pub struct Iter<'a, T> {
    history: &'a History<T>,
    range: Range<usize>,
    /// What is left of the piece in front.
    front: std::slice::Iter<'a, T>,
}

impl<T> Clone for Iter<'_, T> {
    fn clone(&self) -> Self {
        Iter { history: self.history, range: self.range.clone(), front: self.front.clone() }
    }
}

impl<'a, T> Iterator for Iter<'a, T> {
    type Item = &'a T;

    fn next(&mut self) -> Option<&'a T> {
        if self.range.is_empty() {
            return None;
        }
        if self.front.len() == 0 {
            let (n, at) = self.history.place(self.range.start)?;
            self.front = self.history.pieces.get(n)?.1.get(at..)?.iter();
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
        self.range.next_back().and_then(|index| self.history.get(index))
    }
}

impl<T> ExactSizeIterator for Iter<'_, T> {}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_copy_shares_all_but_the_piece_that_changes() {
        let mut a: History<usize> = (0..1000).collect();
        let b = a.clone();
        a.push(1000);
        assert_eq!((a.len(), b.len(), b.last()), (1001, 1000, Some(&999)));
        let shared = a.pieces.iter().zip(&b.pieces).filter(|(a, b)| Arc::ptr_eq(&a.1, &b.1)).count();
        assert_eq!(shared, b.pieces.len() - 1);
    }

    proptest! {
        #[test]
        fn is_a_list(doings in prop::collection::vec((0usize..7, 0usize..200), 0..60)) {
            let (mut history, mut list, mut n) = (History::default(), Vec::new(), 0usize);
            let mut copies = Vec::new();
            for (what, much) in doings {
                match what {
                    0..3 => (0..much).for_each(|_| { n += 1; history.push(n); list.push(n); }),
                    3 => { history.drop_front(much); list.drain(..much.min(list.len())); }
                    4 => {
                        let item = much.min(n);
                        history.insert_by(item, |i| *i <= item);
                        list.insert(list.partition_point(|i| *i <= item), item);
                    }
                    5 => if let Some(item) = history.get_mut(much) { *item += 0; list[much] += 0; },
                    _ => copies.push((history.clone(), list.clone())),
                }
                let from = much / 2;
                prop_assert!(history.range(from..much).eq(list.iter().take(much).skip(from)));
                prop_assert_eq!(history.get(much), list.get(much));
                prop_assert_eq!(history.partition_point(|i| *i < n / 2), list.partition_point(|i| *i < n / 2));
                prop_assert_eq!((history.first(), history.last()), (list.first(), list.last()));
            }
            copies.push((history.clone(), list.clone()));
            for (history, list) in &copies {
                prop_assert!(history.iter().eq(list.iter()) && history.iter().rev().eq(list.iter().rev()));
            }
        }
    }
}
