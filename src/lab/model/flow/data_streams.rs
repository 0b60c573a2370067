//! What Elasticsearch stores: data streams with their backing indices, and the classes of log records. It outlives the
//! node's process; the counters since a node's start do not.

use super::items::{ITEM_KINDS, ItemKind, Items};
use super::log_classes::LogClasses;
use crate::lab::model::objects::fingerprint;
use crate::lab::model::params::{ROLLOVER_DOCUMENTS, STORED_PER_DOCUMENT};
use crate::lab::model::{Ms, Time};
use crate::lab::scenario::Logs;
use std::collections::BTreeMap;

/// A backing index: one primary shard.
#[derive(Debug, Clone)]
pub struct Index {
    pub name: String,
    pub uuid: String,
    pub generation: u64,
    /// `max_seq_no + 1`; survives a restart.
    pub documents: u64,
    /// Documents visible since the last refresh.
    pub visible: u64,
    /// These counters are since the node's start.
    pub index_total: u64,
    pub index_failed: u64,
    pub bulk_operations: u64,
    pub bulk_bytes: u64,
    pub bulk_ms: u64,
}

impl Index {
    pub fn stored_bytes(&self) -> u64 {
        (self.visible as f64 * STORED_PER_DOCUMENT) as u64
    }
}

#[derive(Debug, Clone)]
pub struct DataStream {
    pub indices: Vec<Index>,
    /// The timestamp of the newest document.
    pub latest: Option<Time>,
}

#[derive(Debug, Clone)]
pub struct DataStreams {
    pub all: BTreeMap<String, DataStream>,
    pub logs: LogClasses,
    seed: u64,
    refreshed: Ms,
}

/// Between two refreshes, ms. Source: the default for an index that is searched.
const REFRESH_MS: Ms = 1000;

impl DataStreams {
    pub fn new(logs: &Logs, seed: u64) -> Self {
        DataStreams { all: BTreeMap::new(), logs: LogClasses::new(logs), seed, refreshed: 0 }
    }

    /// Index the documents of a bulk request, except `refused` of them; returns how many were indexed.
    pub fn index(&mut self, items: &Items, bytes: u64, refused: u64, took_ms: u64, now: Time, t: Ms) -> u64 {
        let all = items.all_documents().max(1);
        let mut indexed = 0;
        for kind in ITEM_KINDS {
            let documents = items.documents(kind);
            if documents == 0 {
                continue;
            }
            let refused = (refused * documents / all).min(documents);
            let seed = self.seed;
            let stream = self
                .all
                .entry(kind.stream().to_owned())
                .or_insert_with(|| DataStream { indices: vec![backing(kind.stream(), 1, seed, now)], latest: None });
            stream.latest = Some(now);
            if stream.indices.last().is_some_and(|index| index.documents >= ROLLOVER_DOCUMENTS) {
                let next = stream.indices.last().map_or(1, |index| index.generation + 1);
                stream.indices.push(backing(kind.stream(), next, seed, now));
            }
            if let Some(index) = stream.indices.last_mut() {
                index.documents += documents - refused;
                index.index_total += documents - refused;
                index.bulk_operations += 1;
                index.bulk_bytes += bytes * documents / all;
                index.bulk_ms += took_ms;
            }
            indexed += documents - refused;
            if kind == ItemKind::Log {
                self.logs.add(documents - refused, t);
            }
        }
        indexed
    }

    pub fn step(&mut self, t: Ms) {
        if t - self.refreshed >= REFRESH_MS {
            self.refreshed = t;
            self.all.values_mut().flat_map(|s| &mut s.indices).for_each(|index| index.visible = index.documents);
        }
    }

    /// Give every data stream a new backing index.
    pub fn roll_over(&mut self, now: Time) {
        for (name, stream) in &mut self.all {
            let next = stream.indices.last().map_or(1, |index| index.generation + 1);
            stream.indices.push(backing(name, next, self.seed, now));
        }
    }

    /// The node restarted: its counters are zero again, the documents stay.
    pub fn restarted(&mut self) {
        for index in self.all.values_mut().flat_map(|s| &mut s.indices) {
            index.index_total = 0;
            index.index_failed = 0;
            index.bulk_operations = 0;
            index.bulk_bytes = 0;
            index.bulk_ms = 0;
        }
    }
}

fn backing(stream: &str, generation: u64, seed: u64, now: Time) -> Index {
    let name = format!(".ds-{stream}-{}-{generation:06}", now.format("%Y.%m.%d"));
    let uuid = fingerprint(&format!("{name}{seed}")).chars().take(22).collect();
    Index {
        name,
        uuid,
        generation,
        documents: 0,
        visible: 0,
        index_total: 0,
        index_failed: 0,
        bulk_operations: 0,
        bulk_bytes: 0,
        bulk_ms: 0,
    }
}
