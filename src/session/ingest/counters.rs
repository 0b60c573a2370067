//! From counters to what was added between two answers, for each data stream; None where that is unknown. Must not estimate.
//!
//! A shard is identified by its index's uuid and its number, so neither rollover nor deletion nor a stream of the same name
//! is mistaken for growth or loss. Sums over streams are never compared with one another: they fall when an old index is
//! deleted, and restart at 0 with a shard's copy. What a shard counts in documents is in `shard`.

use super::names::backing;
use super::shard::ShardCounts;
use crate::observe::{CountedBy, CountersSeen, IndexSeen};
use crate::session::series::total;
use std::collections::{BTreeMap, BTreeSet};

/// Shards remembered after they disappeared: a primary that returns continues its count.
const GONE: usize = 4096;

/// What was added to one stream between two answers.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Added {
    /// Documents that were certainly added; there may be more where `whole` is false.
    pub documents: u64,
    /// Nothing is missing, and all of it was added between the two answers.
    pub whole: bool,
    /// Bytes of bulk requests; None where their counter restarted at 0.
    pub bytes: Option<u64>,
    /// Documents that could not be indexed, and those of them whose version conflicted.
    pub failed: u64,
    pub conflicts: u64,
}

/// The status of a stream in an answer.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StreamStatus {
    pub indices: usize,
    /// None where the size of one of its indices is unknown.
    pub stored: Option<u64>,
    pub throttled: bool,
}

/// An answer compared with the one before, by stream.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CountersChange {
    /// None for the first answer, which has nothing to compare with.
    pub added: Option<BTreeMap<String, Added>>,
    pub status: BTreeMap<String, StreamStatus>,
}

#[derive(Clone, Debug, PartialEq)]
struct Shard {
    counts: ShardCounts,
    /// The counts of this copy from which `documents` are counted.
    base: ShardCounts,
    documents: u64,
    node: String,
    /// It was in the latest answer.
    here: bool,
    /// It grew in the latest answer.
    grew: bool,
    /// It disappeared while some shards failed, and has not returned.
    lost: bool,
    index: String,
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct IndexTotals {
    bytes: Option<u64>,
    indexed: Option<u64>,
    failed: Option<u64>,
    conflicts: Option<u64>,
}

/// The latest state of every shard and index.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Counters {
    shards: BTreeMap<(String, u32), Shard>,
    totals: BTreeMap<String, IndexTotals>,
    /// The newest generation of each stream that was in any answer.
    newest: BTreeMap<String, u64>,
    /// Indices that were created while they were watched.
    born: BTreeSet<String>,
    /// Streams from which documents were deleted in any answer.
    deleting: BTreeSet<String>,
    by: Option<CountedBy>,
    /// No shard failed in the latest answer.
    complete: bool,
}

impl Counters {
    /// Takes in an answer.
    pub fn take(&mut self, seen: &CountersSeen) -> CountersChange {
        let first = self.by != Some(seen.by);
        if first {
            *self = Counters { by: Some(seen.by), ..Counters::default() };
        }
        let failed: BTreeSet<&str> = seen.failed.iter().map(|name| backing(name).stream).collect();
        let mut change = CountersChange::default();
        let mut added: BTreeMap<String, Added> = BTreeMap::new();
        let mut here: BTreeSet<(String, u32)> = BTreeSet::new();
        for index in &seen.indices {
            let stream = backing(&index.name).stream;
            let nothing = StreamStatus { stored: Some(0), ..StreamStatus::default() };
            let status = change.status.entry(stream.to_owned()).or_insert(nothing);
            status.indices += 1;
            status.stored = status.stored.zip(index.stored_bytes).and_then(|(sum, more)| sum.checked_add(more));
            status.throttled |= index.throttled;
            let sum = added.entry(stream.to_owned()).or_insert_with(|| Added {
                whole: true,
                bytes: Some(0),
                ..Added::default()
            });
            self.index(index, sum, &mut here);
        }
        let gone = self.missing(&here, seen.failed_shards > 0);
        for (stream, sum) in &mut added {
            sum.whole &= !failed.contains(stream.as_str()) && !gone.contains(stream);
        }
        for stream in gone.iter().filter(|s| change.status.contains_key(*s) || !first) {
            added.entry(stream.clone()).or_insert(Added { whole: false, ..Added::default() });
        }
        // An index whose primaries are not up yet is new once they are.
        for index in seen.indices.iter().filter(|i| here_is(&here, i)) {
            let b = backing(&index.name);
            let newest = self.newest.entry(b.stream.to_owned()).or_default();
            *newest = b.generation.max(*newest);
        }
        self.complete = seen.failed_shards == 0;
        change.added = (!first).then_some(added);
        change
    }

    /// Adds what was added to one index; notes its shards in `here`.
    fn index(&mut self, index: &IndexSeen, sum: &mut Added, here: &mut BTreeSet<(String, u32)>) {
        let id = id(index);
        let counts = counts(index, self.by.unwrap_or_default());
        let known = counts.iter().any(|(n, ..)| self.shards.contains_key(&(id.clone(), *n)));
        let fresh = match known {
            true => self.complete && self.born.contains(id),
            false => self.is_fresh(index, &counts),
        };
        if fresh && !counts.is_empty() {
            self.born.insert(id.clone());
        }
        let (mut documents, mut stays) = (0u64, true);
        let stream = backing(&index.name).stream;
        if counts.iter().any(|(_, counts, _)| counts.deleted > Some(0)) {
            self.deleting.insert(stream.to_owned());
        }
        for (n, counts, node) in counts {
            let key = (id.clone(), n);
            let (mut base, mut so_far, mut grew) = (counts, 0, false);
            match self.shards.get(&key) {
                Some(before) if counts.operations >= before.counts.operations => {
                    let operations = counts.operations - before.counts.operations;
                    let (added, certain) = if before.node == node && counts.continues(&before.counts) {
                        (base, so_far) = (before.base, counts.documents_since(&before.base).max(before.documents));
                        (so_far - before.documents, true)
                    } else if operations == 0 || !self.deleting.contains(stream) {
                        (operations, true)
                    } else {
                        // What the copy before deleted since the latest answer is not known.
                        (0, false)
                    };
                    documents = documents.saturating_add(added);
                    sum.whole &= before.here && certain;
                    stays &= before.here && before.node == node;
                    grew = operations > 0;
                }
                // It lost documents, like a stale copy that was forced to be the primary.
                Some(_) => (sum.whole, stays) = (false, false),
                None if fresh => match counts.of_new_copy() {
                    Some(all) => {
                        (base, so_far) = (ShardCounts::NONE, all);
                        documents = documents.saturating_add(all);
                    }
                    None => {
                        documents = documents.saturating_add(counts.indexed.unwrap_or(0).min(counts.operations));
                        sum.whole = false;
                    }
                },
                None => (sum.whole, stays) = (sum.whole && !known && self.is_old(index), false),
            }
            here.insert(key.clone());
            let (node, index) = (node.to_owned(), index.name.clone());
            let shard = Shard { counts, base, documents: so_far, node, here: true, grew, lost: false, index };
            self.shards.insert(key, shard);
        }
        sum.documents = sum.documents.saturating_add(documents);
        self.others(index, id.clone(), documents, stays, fresh, sum);
    }

    /// The counters that restart at 0 with the shard's copy: they count only where the copy stayed the same.
    fn others(&mut self, index: &IndexSeen, id: String, documents: u64, stays: bool, fresh: bool, sum: &mut Added) {
        let now = IndexTotals {
            bytes: index.bulk_bytes,
            indexed: index.indexed,
            failed: index.failed,
            conflicts: index.conflicts,
        };
        let (before, comparable) = match self.totals.insert(id, now) {
            Some(before) => (before, stays),
            None if fresh => {
                (IndexTotals { bytes: Some(0), indexed: Some(0), failed: Some(0), conflicts: Some(0) }, true)
            }
            // An old index that was added to the stream adds nothing.
            None => (now, documents == 0),
        };
        let grown = |now: Option<u64>, before: Option<u64>| now.zip(before).and_then(|(n, b)| n.checked_sub(b));
        // After a restart they are small, and after a promotion of another history; a few documents may be indexed between
        // the reading of the two.
        let follows = match grown(now.indexed, before.indexed) {
            Some(indexed) => {
                let near = |n: u64| n.saturating_mul(2).saturating_add(100);
                near(indexed) >= documents && near(documents) >= indexed
            }
            None => now.indexed.is_none(),
        };
        let grown_here = |now, before| grown(now, before).filter(|_| follows && comparable);
        sum.bytes = sum.bytes.zip(grown_here(now.bytes, before.bytes)).map(|(a, b)| a.saturating_add(b));
        sum.failed = sum.failed.saturating_add(grown_here(now.failed, before.failed).unwrap_or(0));
        sum.conflicts = sum.conflicts.saturating_add(grown_here(now.conflicts, before.conflicts).unwrap_or(0));
    }

    /// Whether an index is new since the latest answer and was written to by its stream: the next generation after a
    /// rollover, or the first of a new stream. What came from a snapshot or another copy was not indexed now.
    fn is_fresh(&self, index: &IndexSeen, counts: &[(u32, ShardCounts, &str)]) -> bool {
        let b = backing(&index.name);
        let next = self.newest.get(b.stream).is_none_or(|newest| b.generation > *newest);
        // Shards that have counters of their own are looked at one by one: the two sums are not read at the same moment.
        let count = total(counts.iter().map(|(_, counts, _)| counts.operations));
        let by_shard = counts.iter().all(|(_, counts, _)| counts.indexed.is_some());
        self.complete && b.original && next && (by_shard || index.indexed.is_none_or(|indexed| indexed >= count))
    }

    /// Whether an index is of an earlier generation, or made from one, and was added to its stream.
    fn is_old(&self, index: &IndexSeen) -> bool {
        let b = backing(&index.name);
        self.complete && (!b.original || self.newest.get(b.stream).is_some_and(|newest| b.generation <= *newest))
    }

    /// Marks the shards that are not in the answer, and returns the streams that may lack something: those of which a
    /// shard disappeared that was or could be written to, or any shard while some failed.
    fn missing(&mut self, here: &BTreeSet<(String, u32)>, some_failed: bool) -> BTreeSet<String> {
        let mut streams = BTreeSet::new();
        for (_, shard) in self.shards.iter_mut().filter(|(key, _)| !here.contains(*key)) {
            let lost = some_failed && (shard.here || shard.lost);
            let b = backing(&shard.index);
            let written = shard.grew || self.newest.get(b.stream).is_none_or(|newest| b.generation >= *newest);
            if lost || (shard.here && written) {
                streams.insert(b.stream.to_owned());
            }
            (shard.here, shard.grew, shard.lost) = (false, false, lost);
        }
        let gone: Vec<_> = self.shards.iter().filter(|(_, s)| !s.here).map(|(key, _)| key.clone()).collect();
        if gone.len() > GONE {
            for key in &gone[..gone.len() - GONE / 2] {
                self.shards.remove(key);
                self.totals.remove(&key.0);
                self.born.remove(&key.0);
            }
        }
        streams
    }
}

fn id(index: &IndexSeen) -> &String {
    if index.uuid.is_empty() { &index.name } else { &index.uuid }
}

fn here_is(here: &BTreeSet<(String, u32)>, index: &IndexSeen) -> bool {
    here.range((id(index).clone(), 0)..).next().is_some_and(|(first, _)| first == id(index))
}

/// (number, counts so far, node) of the index's parts that are counted.
fn counts(index: &IndexSeen, by: CountedBy) -> Vec<(u32, ShardCounts, &str)> {
    let whole = |count: Option<u64>| count.map(|c| (0, ShardCounts::of_operations(c), "")).into_iter().collect();
    match by {
        CountedBy::SeqNo => {
            index.shards.iter().filter_map(|s| Some((s.n, ShardCounts::of(s)?, s.node.as_str()))).collect()
        }
        CountedBy::IndexTotal => whole(index.indexed),
        CountedBy::Documents | CountedBy::Unknown => whole(index.documents),
    }
}
