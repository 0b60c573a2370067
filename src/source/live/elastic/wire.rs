//! What is read of Elasticsearch's answers: lenient structs in which every field may be missing, and what they become.
//! Text in here is cleaned on its way out.

mod fallback;
mod nodes;

pub use fallback::{COUNT, cat_path, counted, rows};
pub use nodes::{Health, Nodes, nodes_path};

use crate::observe::text::{NAME, clean};
use crate::observe::{CountedBy, CountersSeen, IndexSeen, ShardSeen};
use serde::Deserialize;
use std::collections::BTreeMap;

/// The streams that are counted.
pub const STREAMS: &str = "traces-*,metrics-*,logs-*";

/// `_stats`, with the shards of each index.
pub fn stats_path() -> String {
    let primaries = [
        "docs.count",
        "store.size_in_bytes",
        "bulk.total_size_in_bytes",
        "indexing.index_total",
        "indexing.index_failed",
        "indexing.index_failed_due_to_version_conflict",
        "indexing.is_throttled",
    ];
    let mut filter = vec!["_shards.failed".to_owned(), "_shards.failures.index".into(), "indices.*.uuid".into()];
    filter.extend(primaries.map(|p| format!("indices.*.primaries.{p}")));
    filter.extend(
        ["routing.state", "routing.primary", "routing.node", "seq_no.max_seq_no"]
            .map(|p| format!("indices.*.shards.*.{p}")),
    );
    format!("{STREAMS}/_stats/indexing,docs,store,bulk?level=shards&filter_path={}", filter.join(","))
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub struct Root {
    pub cluster_name: String,
    pub version: RootVersion,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub struct RootVersion {
    pub number: String,
    pub build_flavor: String,
}

#[derive(Deserialize)]
pub struct Stats {
    #[serde(rename = "_shards", default)]
    shards: Shards,
    #[serde(default)]
    indices: BTreeMap<String, Index>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Shards {
    failed: u32,
    failures: Vec<Failure>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Failure {
    index: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Index {
    uuid: String,
    primaries: Primaries,
    shards: BTreeMap<String, Vec<Shard>>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Primaries {
    docs: Docs,
    store: Size,
    bulk: Bulk,
    indexing: Indexing,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Docs {
    count: Option<u64>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Size {
    size_in_bytes: Option<u64>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Bulk {
    total_size_in_bytes: Option<u64>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Indexing {
    index_total: Option<u64>,
    index_failed: Option<u64>,
    index_failed_due_to_version_conflict: Option<u64>,
    is_throttled: bool,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Shard {
    routing: Routing,
    seq_no: SeqNo,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Routing {
    state: String,
    primary: bool,
    node: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct SeqNo {
    max_seq_no: Option<i64>,
}

impl Stats {
    /// What it tells. Without shards (some proxies and services leave them out) the indices' own totals have to do.
    pub fn seen(self) -> CountersSeen {
        let failed = self.shards.failures.iter().filter_map(|f| f.index.as_deref()).map(|name| clean(name, NAME));
        let failed: Vec<String> = failed.take(1000).collect();
        let indices: Vec<IndexSeen> = self.indices.into_iter().map(|(name, index)| index.seen(&name)).collect();
        let told =
            indices.iter().any(|i| !i.shards.is_empty()) || indices.iter().all(|i| i.indexed.is_none_or(|n| n == 0));
        let by = if told { CountedBy::SeqNo } else { CountedBy::IndexTotal };
        CountersSeen { by, failed_shards: self.shards.failed, failed, indices, ..CountersSeen::default() }
    }
}

impl Index {
    fn seen(self, name: &str) -> IndexSeen {
        let p = self.primaries;
        let started = |s: &&Shard| s.routing.primary && matches!(s.routing.state.as_str(), "STARTED" | "RELOCATING");
        let shards = self.shards.iter().filter_map(|(n, copies)| {
            let primary = copies.iter().find(started)?;
            let node = clean(primary.routing.node.as_deref().unwrap_or_default(), 64);
            Some(ShardSeen { n: n.parse().ok()?, max_seq_no: primary.seq_no.max_seq_no?, node })
        });
        IndexSeen {
            name: clean(name, NAME),
            uuid: clean(&self.uuid, 64),
            shards: shards.collect(),
            documents: p.docs.count,
            stored_bytes: p.store.size_in_bytes,
            bulk_bytes: p.bulk.total_size_in_bytes,
            indexed: p.indexing.index_total,
            failed: p.indexing.index_failed,
            conflicts: p.indexing.index_failed_due_to_version_conflict,
            throttled: p.indexing.is_throttled,
        }
    }
}
