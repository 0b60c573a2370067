//! What is read of Elasticsearch's responses, and which fields are requested: lenient structs in which every field may be
//! missing. Must not interpret them; `convert` does.

use serde::{Deserialize, Deserializer};
use serde_json::Value;
use std::collections::BTreeMap;

/// The data streams that are counted.
pub const STREAMS: &str = "traces-*,metrics-*,logs-*";

/// The path of `_stats`, with the shards of each index.
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
        [
            "routing.state",
            "routing.primary",
            "routing.node",
            "seq_no.max_seq_no",
            "indexing.index_total",
            "indexing.delete_total",
        ]
        .map(|p| format!("indices.*.shards.*.{p}")),
    );
    format!("{STREAMS}/_stats/indexing,docs,store,bulk?level=shards&filter_path={}", filter.join(","))
}

/// The path of `_nodes/stats`: queues, rejections, memory, disk.
pub fn nodes_path() -> String {
    let fields = [
        "name",
        "thread_pool.write",
        "thread_pool.write_coordination",
        "indexing_pressure.memory",
        "breakers.*.limit_size_in_bytes",
        "breakers.*.estimated_size_in_bytes",
        "breakers.*.tripped",
        "jvm.uptime_in_millis",
        "jvm.mem.heap_used_percent",
        "jvm.gc.collectors.*.collection_time_in_millis",
        "os.cpu.percent",
        "os.cgroup.cpu.stat.time_throttled_nanos",
        "fs.total.total_in_bytes",
        "fs.total.available_in_bytes",
    ];
    let filter: Vec<String> = fields.map(|f| format!("nodes.*.{f}")).to_vec();
    format!(
        "_nodes/stats/thread_pool,indexing_pressure,breaker,jvm,os,fs?filter_path=_nodes.failed,{}",
        filter.join(",")
    )
}

/// The path of `_cat/indices`, which counts documents where `_stats` is not served, as on serverless.
pub fn cat_indices_path() -> String {
    format!("_cat/indices/{STREAMS}?format=json&bytes=b&h=index,uuid,docs.count,pri.store.size")
}

/// The path of a search that counts documents where `_cat/indices` is not served either.
pub fn count_path() -> String {
    format!("{STREAMS}/_search?size=0")
}

/// The body of that search.
pub const COUNT_BODY: &str = r#"{"aggs":{"indices":{"terms":{"field":"_index","size":5000}}}}"#;

/// A search covered no shard at all: over a wildcard of indices that may not be read it succeeds so.
pub fn searched_nothing(body: &[u8]) -> bool {
    #[derive(Deserialize)]
    struct Searched {
        #[serde(rename = "_shards")]
        shards: Shards,
    }
    #[derive(Deserialize)]
    struct Shards {
        total: Figure,
    }
    // The documents are not read a second time.
    serde_json::from_slice::<Searched>(body).is_ok_and(|response| response.shards.total.count() == Some(0))
}

/// A number, or None: missing, or undefined. Elasticsearch writes -1 for what it cannot measure, and may overflow into
/// the negative; both are undefined.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Figure(Option<f64>, Option<u64>);

impl Figure {
    /// As a counter or a size.
    pub fn count(self) -> Option<u64> {
        self.1
    }

    /// As a share.
    pub fn value(self) -> Option<f64> {
        self.0
    }
}

impl<'de> Deserialize<'de> for Figure {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Figure, D::Error> {
        let number = Value::deserialize(deserializer)?;
        let value = number.as_f64().filter(|n| n.is_finite() && *n >= 0.0);
        // A float beyond the largest integer saturates.
        Ok(Figure(value, number.as_u64().or_else(|| value.map(|n| n as u64))))
    }
}

/// `GET /`.
#[derive(Deserialize, Default)]
#[serde(default)]
pub struct Root {
    pub cluster_name: String,
    pub version: Version,
    pub tagline: String,
}

impl Root {
    /// What it is where it is not Elasticsearch: OpenSearch can be set to give Elasticsearch's version number, but its tagline
    /// names it.
    pub fn distribution(&self) -> &str {
        match self.version.distribution.as_str() {
            "" if self.tagline.contains("OpenSearch") => "opensearch",
            named => named,
        }
    }
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub struct Version {
    pub number: String,
    pub build_flavor: String,
    /// `opensearch`; Elasticsearch has none.
    pub distribution: String,
}

/// `_stats`.
#[derive(Deserialize)]
pub struct Stats {
    #[serde(rename = "_shards", default)]
    pub shards: Shards,
    #[serde(default)]
    pub indices: BTreeMap<String, Index>,
}

/// How many shards answered.
#[derive(Deserialize, Default)]
#[serde(default)]
pub struct Shards {
    pub failed: Figure,
    pub failures: Vec<ShardFailure>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub struct ShardFailure {
    pub index: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub struct Index {
    pub uuid: String,
    pub primaries: Primaries,
    /// The copies of each shard, by the shard's number.
    pub shards: BTreeMap<String, Vec<Shard>>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub struct Primaries {
    pub docs: Docs,
    pub store: Store,
    pub bulk: Bulk,
    pub indexing: Indexing,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub struct Docs {
    pub count: Figure,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub struct Store {
    pub size_in_bytes: Figure,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub struct Bulk {
    pub total_size_in_bytes: Figure,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub struct Indexing {
    pub index_total: Figure,
    pub delete_total: Figure,
    pub index_failed: Figure,
    pub index_failed_due_to_version_conflict: Figure,
    pub is_throttled: bool,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub struct Shard {
    pub routing: Routing,
    pub seq_no: SeqNo,
    pub indexing: Indexing,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub struct Routing {
    pub state: String,
    pub primary: bool,
    pub node: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub struct SeqNo {
    /// -1: nothing was ever written; -2: not assigned.
    pub max_seq_no: Value,
}

/// A row of `_cat/indices`, all text.
#[derive(Deserialize)]
pub struct CatRow {
    #[serde(default)]
    pub index: String,
    #[serde(default)]
    pub uuid: Option<String>,
    #[serde(rename = "docs.count", default)]
    pub documents: Option<String>,
    #[serde(rename = "pri.store.size", default)]
    pub stored: Option<String>,
}

/// The response to [`COUNT_BODY`].
#[derive(Deserialize)]
pub struct CountResponse {
    #[serde(rename = "_shards", default)]
    pub shards: Shards,
    pub aggregations: Option<CountAggregations>,
}

#[derive(Deserialize)]
pub struct CountAggregations {
    pub indices: Buckets,
}

#[derive(Deserialize)]
pub struct Buckets {
    pub buckets: Vec<Bucket>,
    /// Documents of the indices that have no bucket.
    #[serde(default)]
    pub sum_other_doc_count: Figure,
}

#[derive(Deserialize)]
pub struct Bucket {
    pub key: String,
    #[serde(default)]
    pub doc_count: Figure,
}

/// `_nodes/stats`.
#[derive(Deserialize)]
pub struct Nodes {
    #[serde(rename = "_nodes", default)]
    pub summary: NodesSummary,
    #[serde(default)]
    pub nodes: BTreeMap<String, Node>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub struct NodesSummary {
    pub failed: Figure,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub struct Node {
    pub name: String,
    pub thread_pool: BTreeMap<String, ThreadPool>,
    pub indexing_pressure: Option<IndexingPressure>,
    pub breakers: BTreeMap<String, Breaker>,
    pub jvm: Jvm,
    pub os: Os,
    pub fs: Fs,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub struct ThreadPool {
    pub threads: Figure,
    pub active: Figure,
    pub queue: Figure,
    pub rejected: Figure,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub struct IndexingPressure {
    pub memory: PressureMemory,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub struct PressureMemory {
    pub limit_in_bytes: Figure,
    pub current: PressureCurrent,
    pub total: PressureTotal,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub struct PressureCurrent {
    pub all_in_bytes: Figure,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub struct PressureTotal {
    pub coordinating_rejections: Figure,
    pub primary_rejections: Figure,
    pub replica_rejections: Figure,
    pub large_operation_rejections: Figure,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub struct Breaker {
    pub limit_size_in_bytes: Figure,
    pub estimated_size_in_bytes: Figure,
    pub tripped: Figure,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub struct Jvm {
    pub uptime_in_millis: Figure,
    pub mem: Heap,
    pub gc: Gc,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub struct Heap {
    pub heap_used_percent: Figure,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub struct Gc {
    pub collectors: BTreeMap<String, GcCollector>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub struct GcCollector {
    pub collection_time_in_millis: Figure,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub struct Os {
    pub cpu: Cpu,
    pub cgroup: Option<Cgroup>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub struct Cpu {
    pub percent: Figure,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub struct Cgroup {
    pub cpu: CgroupCpu,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub struct CgroupCpu {
    pub stat: CgroupStat,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub struct CgroupStat {
    pub time_throttled_nanos: Figure,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub struct Fs {
    pub total: Disk,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub struct Disk {
    pub total_in_bytes: Figure,
    pub available_in_bytes: Figure,
}

/// `_cluster/health`.
#[derive(Deserialize)]
pub struct Health {
    pub status: String,
    #[serde(default)]
    pub number_of_nodes: Figure,
    #[serde(default)]
    pub number_of_data_nodes: Figure,
    #[serde(default)]
    pub active_shards: Figure,
    #[serde(default)]
    pub relocating_shards: Figure,
    #[serde(default)]
    pub initializing_shards: Figure,
    #[serde(default)]
    pub unassigned_shards: Figure,
    #[serde(default)]
    pub unassigned_primary_shards: Figure,
    #[serde(default)]
    pub number_of_pending_tasks: Figure,
}
