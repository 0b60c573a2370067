//! What is read of the answers about nodes and health, and what becomes of it.

use crate::observe::text::{NAME, clean};
use crate::observe::{Breaker, ElasticHealthSeen, ElasticNode, ElasticNodesSeen, IndexingPressure, Pool};
use serde::Deserialize;
use std::collections::BTreeMap;

/// `_nodes/stats`, as far as it tells of pressure.
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

#[derive(Deserialize)]
pub struct Nodes {
    #[serde(rename = "_nodes", default)]
    about: About,
    #[serde(default)]
    nodes: BTreeMap<String, Node>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct About {
    failed: u32,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Node {
    name: String,
    thread_pool: BTreeMap<String, Pool>,
    indexing_pressure: Option<Memory>,
    breakers: BTreeMap<String, WireBreaker>,
    jvm: Jvm,
    os: Os,
    fs: Fs,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Memory {
    memory: Pressure,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Pressure {
    limit_in_bytes: Option<u64>,
    current: Current,
    total: Rejections,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Current {
    all_in_bytes: u64,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Rejections {
    coordinating_rejections: u64,
    primary_rejections: u64,
    replica_rejections: u64,
    large_operation_rejections: u64,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct WireBreaker {
    limit_size_in_bytes: i64,
    estimated_size_in_bytes: i64,
    tripped: u64,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Jvm {
    uptime_in_millis: Option<u64>,
    mem: Heap,
    gc: Gc,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Heap {
    heap_used_percent: Option<f64>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Gc {
    collectors: BTreeMap<String, Collector>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Collector {
    collection_time_in_millis: u64,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Os {
    cpu: Percent,
    cgroup: Option<Cgroup>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Percent {
    percent: Option<f64>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Cgroup {
    cpu: CgroupCpu,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct CgroupCpu {
    stat: Throttled,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Throttled {
    time_throttled_nanos: Option<u64>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Fs {
    total: Disk,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Disk {
    total_in_bytes: Option<i64>,
    available_in_bytes: Option<i64>,
}

impl Nodes {
    pub fn seen(self) -> ElasticNodesSeen {
        let nodes = self.nodes.into_iter().take(500).map(|(id, node)| node.seen(&id)).collect();
        ElasticNodesSeen { nodes, failed: self.about.failed }
    }
}

impl Node {
    fn seen(self, id: &str) -> ElasticNode {
        let bytes = |n: i64| u64::try_from(n).unwrap_or(0);
        let breaker = |(name, b): (&String, &WireBreaker)| Breaker {
            name: clean(name, 64),
            limit_bytes: bytes(b.limit_size_in_bytes),
            estimated_bytes: bytes(b.estimated_size_in_bytes),
            tripped: b.tripped,
        };
        let pressure = |m: Memory| IndexingPressure {
            limit_bytes: m.memory.limit_in_bytes,
            current_bytes: m.memory.current.all_in_bytes,
            coordinating_rejections: m.memory.total.coordinating_rejections,
            primary_rejections: m.memory.total.primary_rejections,
            replica_rejections: m.memory.total.replica_rejections,
            large_rejections: m.memory.total.large_operation_rejections,
        };
        let collectors = &self.jvm.gc.collectors;
        ElasticNode {
            id: clean(id, 64),
            name: clean(&self.name, NAME),
            uptime_ms: self.jvm.uptime_in_millis,
            write: self.thread_pool.get("write").copied(),
            coordination: self.thread_pool.get("write_coordination").copied(),
            pressure: self.indexing_pressure.map(pressure),
            breakers: self.breakers.iter().take(64).map(breaker).collect(),
            // -1 stands for what the system does not tell.
            heap_percent: self.jvm.mem.heap_used_percent.filter(|p| *p >= 0.0),
            cpu_percent: self.os.cpu.percent.filter(|p| *p >= 0.0),
            gc_ms: (!collectors.is_empty()).then(|| collectors.values().map(|c| c.collection_time_in_millis).sum()),
            throttled_ns: self.os.cgroup.and_then(|c| c.cpu.stat.time_throttled_nanos),
            disk_bytes: self.fs.total.total_in_bytes.map(bytes),
            disk_available_bytes: self.fs.total.available_in_bytes.map(bytes),
        }
    }
}

/// `_cluster/health`.
#[derive(Deserialize)]
pub struct Health {
    status: String,
    #[serde(default)]
    number_of_nodes: u32,
    #[serde(default)]
    number_of_data_nodes: u32,
    #[serde(default)]
    active_shards: u32,
    #[serde(default)]
    relocating_shards: u32,
    #[serde(default)]
    initializing_shards: u32,
    #[serde(default)]
    unassigned_shards: u32,
    unassigned_primary_shards: Option<u32>,
    #[serde(default)]
    number_of_pending_tasks: u32,
}

impl Health {
    pub fn seen(self) -> ElasticHealthSeen {
        ElasticHealthSeen {
            status: clean(&self.status, 16),
            nodes: self.number_of_nodes,
            data_nodes: self.number_of_data_nodes,
            active_shards: self.active_shards,
            relocating: self.relocating_shards,
            initializing: self.initializing_shards,
            unassigned: self.unassigned_shards,
            unassigned_primaries: self.unassigned_primary_shards,
            pending_tasks: self.number_of_pending_tasks,
        }
    }
}
