//! What Elasticsearch reported: its data streams' counters, its nodes' queues and limits, its health, what its log records
//! lack. Counters are as the server keeps them. Must not compare them with earlier ones; the fold does.

use super::Time;
use serde::{Deserialize, Serialize};

/// Which Elasticsearch, and how it is reached.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ElasticsearchSeen {
    /// The name of the cluster.
    pub cluster: String,
    /// `8.19.21`.
    pub version: String,
    /// `default`, or `serverless`.
    pub flavor: String,
    /// `opensearch`; empty for Elasticsearch, which does not name itself.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub distribution: String,
    /// Without credentials.
    pub url: String,
    /// The route to it: `port-forward to pod quickstart-es-default-0`, or `the network`.
    #[serde(alias = "way")]
    pub route: String,
    /// Whose credentials are used; empty for none.
    pub user: String,
    /// Base address of Kibana; empty when it is not known.
    pub kibana: String,
    pub kibana_version: String,
    /// What the user should know about the choice.
    pub notes: Vec<String>,
}

impl ElasticsearchSeen {
    /// The product's name.
    pub fn product(&self) -> &str {
        match self.distribution.as_str() {
            "" => "Elasticsearch",
            "opensearch" => "OpenSearch",
            other => other,
        }
    }
}

/// What the documents are counted by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CountedBy {
    /// The operations of each primary shard (`max_seq_no`), less those that were deletes.
    #[default]
    SeqNo,
    /// `indexing.index_total` of the primaries: it starts from 0 with another copy of the shard.
    IndexTotal,
    /// The documents that a search can see: late by a refresh, and fewer after deletes.
    Documents,
    #[serde(other)]
    Unknown,
}

/// One answer with the counters of all backing indices.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct CountersSeen {
    pub by: CountedBy,
    /// From the request to the response: the counters were read in between.
    pub took_ms: u32,
    /// When the next answer is planned.
    pub every_ms: u32,
    /// Shards whose counters could not be read, and the indices reported with them.
    pub failed_shards: u32,
    pub failed: Vec<String>,
    pub indices: Vec<IndexSeen>,
    /// Documents of further indices, which the answer does not list.
    #[serde(skip_serializing_if = "is_zero")]
    pub left_out: u64,
}

/// An index, usually the backing index of a data stream; figures are those of its primary shards.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct IndexSeen {
    pub name: String,
    /// Empty where the API does not report it.
    pub uuid: String,
    /// Its started primary shards; empty unless counted by them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub shards: Vec<ShardSeen>,
    /// `docs.count`.
    pub documents: Option<u64>,
    /// `store.size_in_bytes`: on disk, compressed.
    pub stored_bytes: Option<u64>,
    /// `bulk.total_size_in_bytes`.
    pub bulk_bytes: Option<u64>,
    /// `indexing.index_total`.
    pub indexed: Option<u64>,
    /// `indexing.index_failed`.
    pub failed: Option<u64>,
    /// `indexing.index_failed_due_to_version_conflict`, where the version has it.
    pub conflicts: Option<u64>,
    /// `indexing.is_throttled`.
    pub throttled: bool,
}

/// A primary shard.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ShardSeen {
    pub n: u32,
    /// -1 when nothing was ever written. It counts every operation, deletes too.
    pub max_seq_no: i64,
    /// The node that holds it.
    pub node: String,
    /// `indexing.index_total` and `delete_total` of this copy: they start from 0 with another one. None where they are not
    /// known, as in recordings of earlier versions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub indexed: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deleted: Option<u64>,
}

/// One answer about the nodes.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ElasticNodesSeen {
    pub nodes: Vec<ElasticNode>,
    /// Nodes that did not respond.
    pub failed: u32,
    /// Nodes, and breakers of the others, beyond those that are kept.
    #[serde(skip_serializing_if = "is_zero")]
    pub left_out: u32,
    #[serde(skip_serializing_if = "is_zero")]
    pub breakers_left_out: u32,
}

fn is_zero<T: Default + PartialEq>(n: &T) -> bool {
    *n == T::default()
}

/// A node's queues and limits. `rejected` and `tripped` count since the node started.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ElasticNode {
    pub id: String,
    pub name: String,
    pub uptime_ms: Option<u64>,
    /// The thread pool `write`.
    pub write: Option<Pool>,
    /// The thread pool `write_coordination` (9.1 and later).
    pub coordination: Option<Pool>,
    pub pressure: Option<IndexingPressure>,
    pub breakers: Vec<Breaker>,
    pub heap_percent: Option<f64>,
    pub cpu_percent: Option<f64>,
    pub gc_ms: Option<u64>,
    /// Time for which its cgroup was throttled.
    pub throttled_ns: Option<u64>,
    pub disk_bytes: Option<u64>,
    pub disk_available_bytes: Option<u64>,
}

/// A thread pool. A figure that the server calls undefined is None, here and below.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Pool {
    pub threads: Option<u64>,
    pub active: Option<u64>,
    pub queue: Option<u64>,
    pub rejected: Option<u64>,
}

/// `indexing_pressure.memory`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct IndexingPressure {
    pub limit_bytes: Option<u64>,
    /// `current.all_in_bytes`.
    pub current_bytes: Option<u64>,
    pub coordinating_rejections: Option<u64>,
    pub primary_rejections: Option<u64>,
    pub replica_rejections: Option<u64>,
    /// `large_operation_rejections`, where the version has it.
    pub large_rejections: Option<u64>,
}

/// A circuit breaker.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Breaker {
    pub name: String,
    pub limit_bytes: Option<u64>,
    pub estimated_bytes: Option<u64>,
    pub tripped: Option<u64>,
}

/// `_cluster/health`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ElasticHealthSeen {
    /// `green`, `yellow` or `red`.
    pub status: String,
    pub nodes: Option<u32>,
    pub data_nodes: Option<u32>,
    pub active_shards: Option<u32>,
    pub relocating: Option<u32>,
    pub initializing: Option<u32>,
    pub unassigned: Option<u32>,
    /// Where the version reports it.
    pub unassigned_primaries: Option<u32>,
    pub pending_tasks: Option<u32>,
}

/// What the log records of a period lack, by data stream and service. Span events are left out.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct LogQualitySeen {
    /// `@timestamp` from here on, and before `to`.
    pub from: Time,
    pub to: Time,
    pub records: u64,
    pub groups: Vec<LogGroup>,
    pub failed_shards: u32,
    /// Why it could not be counted; then nothing else is set.
    pub denied: Option<String>,
    #[serde(alias = "mend")] // format 1
    pub hint: Option<String>,
}

/// The records of one data stream and service.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct LogGroup {
    /// `data_stream.dataset`.
    pub dataset: String,
    /// None: those that name no service.
    pub service: Option<String>,
    pub records: u64,
    /// Without `log.level` (in OTel mode an alias of `severity_text`).
    pub without_level: u64,
    /// Without `trace.id` (in OTel mode an alias of `trace_id`).
    pub without_trace: u64,
    pub without_span: u64,
    pub without_service: u64,
    /// Without a level, though `attributes.log.level` is set; the same for the others.
    pub level_in_attribute: u64,
    pub trace_in_attribute: u64,
    pub span_in_attribute: u64,
}
