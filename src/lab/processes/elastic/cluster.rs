//! `/`, `_cluster/health`, `_data_stream` and `_data_stream/_stats`.

use super::{Cx, chosen, matches, missing};
use crate::lab::model::flow::data_streams::{DataStream, Index};
use serde_json::{Value, json};

pub const NODE: &str = "elasticsearch-es-default-0";

pub fn root(cx: &Cx<'_>) -> Value {
    json!({
        "name": NODE, "cluster_name": "elasticsearch", "cluster_uuid": "5rW6i-jwRma1kL5MQgcsSQ",
        "version": {
            "number": cx.node.version(), "build_flavor": "default", "build_type": "docker",
            "build_hash": "4fe44c255c3d0da06779b921e132cdc555ed9aff", "build_date": "2026-08-26T22:10:47.574903747Z",
            "build_snapshot": false, "lucene_version": "10.3.2", "minimum_wire_compatibility_version": "8.19.0",
            "minimum_index_compatibility_version": "8.0.0",
        },
        "tagline": "You Know, for Search",
    })
}

pub fn health(cx: &Cx<'_>) -> Value {
    let shards: usize = cx.streams.all.values().map(|s| s.indices.len()).sum();
    json!({
        "cluster_name": "elasticsearch", "status": "green", "timed_out": false, "number_of_nodes": 1,
        "number_of_data_nodes": 1, "active_primary_shards": shards, "active_shards": shards, "relocating_shards": 0,
        "initializing_shards": 0, "unassigned_shards": 0, "unassigned_primary_shards": 0, "delayed_unassigned_shards": 0,
        "number_of_pending_tasks": 0, "number_of_in_flight_fetch": 0, "task_max_waiting_in_queue_millis": 0,
        "active_shards_percent_as_number": 100.0,
    })
}

pub fn streams(cx: &Cx<'_>, pattern: &str) -> (u16, Value) {
    if let Some(missing) = missing(cx, pattern) {
        return missing;
    }
    let all = cx.streams.all.iter().filter(|(name, _)| matches(pattern, name));
    let stream = |(name, stream): (&String, &DataStream)| {
        let index = |i: &Index| {
            json!({
                "index_name": i.name, "index_uuid": i.uuid, "managed_by": "Index Lifecycle Management", "prefer_ilm": true,
                "index_mode": mode(name),
            })
        };
        let kind = name.split('-').next().unwrap_or_default();
        json!({
            "name": name, "timestamp_field": {"name": "@timestamp"}, "indices": stream.indices.iter().map(index).collect::<Vec<_>>(),
            "generation": stream.indices.last().map_or(1, |i| i.generation), "status": "GREEN",
            "template": format!("{kind}-otel@template"), "next_generation_managed_by": "Index Lifecycle Management",
            "prefer_ilm": true, "hidden": false, "system": false, "allow_custom_routing": false, "replicated": false,
            "rollover_on_write": false, "index_mode": mode(name),
        })
    };
    (200, json!({"data_streams": all.map(stream).collect::<Vec<_>>()}))
}

fn mode(stream: &str) -> &'static str {
    match stream.split('-').next() {
        Some("metrics") => "time_series",
        Some("logs") => "logsdb",
        _ => "standard",
    }
}

pub fn stream_stats(cx: &Cx<'_>, pattern: &str) -> (u16, Value) {
    if let Some(missing) = missing(cx, pattern) {
        return missing;
    }
    let indices = chosen(cx, pattern);
    let named: Vec<&String> = cx.streams.all.keys().filter(|name| matches(pattern, name)).collect();
    let each: Vec<Value> = named
        .iter()
        .filter_map(|name| {
            let stream = cx.streams.all.get(*name)?;
            let bytes: u64 = stream.indices.iter().map(|i| i.stored_bytes()).sum();
            Some(json!({
                "data_stream": name, "backing_indices": stream.indices.len(), "store_size_bytes": bytes,
                "maximum_timestamp": stream.latest.map_or(0, |at| at.timestamp_millis()),
            }))
        })
        .collect();
    let total: u64 = indices.iter().map(|(_, _, i)| i.stored_bytes()).sum();
    (
        200,
        json!({
            "_shards": {"total": indices.len(), "successful": indices.len(), "failed": 0},
            "data_stream_count": named.len(), "backing_indices": indices.len(), "total_store_size_bytes": total,
            "data_streams": each,
        }),
    )
}
