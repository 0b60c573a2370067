//! The counters of one shard, and how many documents they stand for. Must not compare shards with one another.
//!
//! The operations (`max_seq_no`) are kept when a shard restarts, moves, or is replaced by a replica, but count deletes too.
//! `index_total` and `delete_total` tell these apart, and start from 0 with each copy of the shard. A document that is written
//! again, as by an update, is indexed again and counts again.

use crate::observe::ShardSeen;

/// Operations that have a number already, and are not in the other counters yet.
const IN_FLIGHT: u64 = 64;

/// What a shard has counted; None where that is not known.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct ShardCounts {
    /// `max_seq_no + 1`.
    pub operations: u64,
    pub indexed: Option<u64>,
    pub deleted: Option<u64>,
}

impl ShardCounts {
    /// Those of a shard to which nothing was written yet.
    pub const NONE: ShardCounts = ShardCounts { operations: 0, indexed: Some(0), deleted: Some(0) };

    /// Of a shard in an answer; None while it has no number.
    pub fn of(seen: &ShardSeen) -> Option<ShardCounts> {
        let operations = u64::try_from(seen.max_seq_no.checked_add(1)?).ok()?;
        Some(ShardCounts { operations, indexed: seen.indexed, deleted: seen.deleted })
    }

    /// Where documents are all that is counted.
    pub fn of_operations(operations: u64) -> ShardCounts {
        ShardCounts { operations, ..ShardCounts::default() }
    }

    /// Whether the same copy may have counted `before`: neither of its counters went back.
    pub fn continues(&self, before: &ShardCounts) -> bool {
        let back = |now: Option<u64>, before: Option<u64>| now.zip(before).is_some_and(|(now, before)| now < before);
        !back(self.indexed, before.indexed) && !back(self.deleted, before.deleted)
    }

    /// Documents since `base`, of the same copy: the operations less the deletes.
    pub fn documents_since(&self, base: &ShardCounts) -> u64 {
        let deleted = self.deleted.zip(base.deleted).map_or(0, |(now, before)| now.saturating_sub(before));
        self.operations.saturating_sub(base.operations).saturating_sub(deleted)
    }

    /// All documents of a shard that is new since the latest answer. None where its counters do not account for all of its
    /// operations, as after a restore from a snapshot: then only `indexed` of them are certain.
    pub fn of_new_copy(&self) -> Option<u64> {
        let Some(indexed) = self.indexed else { return Some(self.operations) };
        let counted = indexed.saturating_add(self.deleted.unwrap_or(0));
        let in_flight = if counted == 0 { 0 } else { IN_FLIGHT.saturating_add(counted / 8) };
        (self.operations <= counted.saturating_add(in_flight)).then(|| self.documents_since(&ShardCounts::NONE))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(operations: u64, indexed: u64, deleted: u64) -> ShardCounts {
        ShardCounts { operations, indexed: Some(indexed), deleted: Some(deleted) }
    }

    #[test]
    fn deletes_are_no_documents() {
        let base = counts(1000, 900, 100);
        for (now, documents) in [
            (counts(1300, 1200, 100), 300),
            (counts(1500, 1200, 300), 300),
            (counts(1200, 900, 300), 0),
            // Read a moment apart.
            (counts(1310, 1300, 100), 310),
            (counts(1290, 1200, 101), 289),
        ] {
            assert_eq!(now.documents_since(&base), documents, "{now:?}");
        }
        let unknown = ShardCounts::of_operations(1300);
        assert_eq!(unknown.documents_since(&base), 300, "as recordings of earlier versions have it");
    }

    #[test]
    fn a_new_copy_counts_from_its_first_document_and_a_restored_one_does_not() {
        for (now, documents) in [
            (counts(0, 0, 0), Some(0)),
            (counts(43, 42, 0), Some(43)),
            (counts(63, 42, 21), Some(42)),
            (counts(50, 0, 0), None),
            (counts(90_050, 50, 0), None),
        ] {
            assert_eq!(now.of_new_copy(), documents, "{now:?}");
        }
    }
}
