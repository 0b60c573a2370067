//! `_nodes/stats`: thread pools, indexing pressure, circuit breakers, heap, disk.

use super::Cx;
use super::cluster::NODE;
use super::stats::node_id;
use serde_json::{Value, json};

/// The disk's size, and what is free on it without the indices, bytes.
const DISK: u64 = 64 << 30;
const DISK_FREE: u64 = 41 << 30;

pub fn stats(cx: &Cx<'_>) -> Value {
    let (es, t) = (cx.node, cx.lab.elapsed_ms());
    let at = cx.lab.now().timestamp_millis();
    let (threads, active, queue) = es.pool();
    let write = json!({
        "threads": threads, "queue": queue, "active": active, "rejected": es.write_rejected, "largest": threads,
        "completed": es.completed,
    });
    let idle = json!({"threads": 2, "queue": 0, "active": 0, "rejected": 0, "largest": 2, "completed": 400});
    let (held, limit) = es.pressure();
    let (used, heap) = es.heap();
    let stored: u64 = cx.streams.all.values().flat_map(|s| &s.indices).map(|i| i.stored_bytes()).sum();
    let free = DISK_FREE.saturating_sub(stored);
    let breaker = |limit: u64, used: u64| {
        json!({
            "limit_size_in_bytes": limit, "limit_size": format!("{:.1}mb", limit as f64 / 1048576.0),
            "estimated_size_in_bytes": used, "estimated_size": format!("{:.1}mb", used as f64 / 1048576.0),
            "overhead": 1.0, "tripped": 0,
        })
    };
    let cores = es.process.core_seconds;
    let percent = (active as f64 / es.process.cores.clamp(1.0, 64.0) * 100.0).min(100.0) as u64;
    let node = json!({
        "timestamp": at, "name": NODE, "transport_address": "10.42.0.9:9300", "host": "10.42.0.9", "ip": "10.42.0.9:9300",
        "roles": ["data", "data_content", "data_hot", "ingest", "master", "ml", "remote_cluster_client", "transform"],
        "os": {
            "timestamp": at,
            "cpu": {"percent": percent.max(3), "load_average": {"1m": active as f64 + 0.2}},
            "cgroup": {"cpu": {"stat": {"number_of_elapsed_periods": 0, "number_of_times_throttled": 0, "time_throttled_nanos": 0}}},
        },
        "process": {"timestamp": at, "cpu": {"percent": percent, "total_in_millis": (cores * 1000.0) as u64}},
        "jvm": {
            "timestamp": at, "uptime_in_millis": t - es.process.started,
            "mem": {
                "heap_used_in_bytes": used, "heap_used_percent": used * 100 / heap.max(1), "heap_committed_in_bytes": heap,
                "heap_max_in_bytes": heap,
            },
            "gc": {"collectors": {
                "young": {"collection_count": (es.gc_ms / 18.0) as u64, "collection_time_in_millis": es.gc_ms as u64},
                "old": {"collection_count": 0, "collection_time_in_millis": 0},
            }},
        },
        "thread_pool": {"write": write, "write_coordination": idle, "search": idle, "management": idle},
        "fs": {
            "timestamp": at,
            "total": {"total_in_bytes": DISK, "free_in_bytes": free, "available_in_bytes": free},
        },
        "breakers": {
            "parent": breaker(heap * 95 / 100, used), "request": breaker(heap * 60 / 100, 0),
            "fielddata": breaker(heap * 40 / 100, 0), "inflight_requests": breaker(heap, held),
        },
        "indexing_pressure": {"memory": {
            "current": {
                "combined_coordinating_and_primary_in_bytes": held, "coordinating_in_bytes": held, "primary_in_bytes": held,
                "replica_in_bytes": 0, "all_in_bytes": held,
            },
            "total": {
                "combined_coordinating_and_primary_in_bytes": es.pressure_total, "coordinating_in_bytes": es.pressure_total,
                "primary_in_bytes": es.pressure_total, "replica_in_bytes": 0, "all_in_bytes": es.pressure_total,
                "coordinating_rejections": es.pressure_rejected, "primary_rejections": 0, "replica_rejections": 0,
                "primary_document_rejections": 0,
            },
            "limit_in_bytes": limit,
        }},
    });
    json!({
        "_nodes": {"total": 1, "successful": 1, "failed": 0}, "cluster_name": "elasticsearch", "nodes": {node_id(): node},
    })
}
