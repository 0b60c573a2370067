//! `_stats` of indices, with their shards for `level=shards`, and `_cat/indices`.

use super::cluster::NODE;
use super::{Cx, chosen, missing, query};
use crate::lab::model::flow::data_streams::Index;
use serde_json::{Map, Value, json};

pub fn stats(cx: &Cx<'_>, pattern: &str) -> (u16, Value) {
    if let Some(missing) = missing(cx, pattern) {
        return missing;
    }
    let shards = query(cx, "level").is_some_and(|level| level == "shards");
    let all = chosen(cx, pattern);
    let mut indices = Map::new();
    for (_, _, index) in &all {
        let figures = figures(index);
        let mut of = json!({
            "uuid": index.uuid, "health": "green", "status": "open", "primaries": figures, "total": figures,
        });
        if shards {
            let last = index.documents as i64 - 1;
            let mut shard = json!({
                "routing": {"state": "STARTED", "primary": true, "node": node_id(), "relocating_node": null},
                "seq_no": {"max_seq_no": last, "local_checkpoint": last, "global_checkpoint": last},
            });
            if let (Some(shard), Some(figures)) = (shard.as_object_mut(), figures.as_object()) {
                shard.extend(figures.clone());
            }
            of["shards"] = json!({"0": [shard]});
        }
        indices.insert(index.name.clone(), of);
    }
    let sum = |of: fn(&Index) -> u64| all.iter().map(|(_, _, index)| of(index)).sum::<u64>();
    let whole = match all.is_empty() {
        true => json!({}),
        false => json!({
            "docs": {"count": sum(|i| i.visible), "deleted": 0}, "store": {"size_in_bytes": sum(Index::stored_bytes)},
            "indexing": {"index_total": sum(|i| i.index_total), "index_failed": sum(|i| i.index_failed)},
            "bulk": {"total_operations": sum(|i| i.bulk_operations), "total_size_in_bytes": sum(|i| i.bulk_bytes)},
        }),
    };
    let count = all.len();
    (
        200,
        json!({
            "_shards": {"total": count, "successful": count, "failed": 0},
            "_all": {"primaries": whole, "total": whole}, "indices": indices,
        }),
    )
}

fn figures(index: &Index) -> Value {
    let each = |sum: u64| sum.checked_div(index.bulk_operations).unwrap_or(0);
    json!({
        "docs": {"count": index.visible, "deleted": 0, "total_size_in_bytes": index.visible * 195},
        "store": {
            "size_in_bytes": index.stored_bytes(), "total_data_set_size_in_bytes": index.stored_bytes(),
            "reserved_in_bytes": 0,
        },
        "indexing": {
            "index_total": index.index_total, "index_time_in_millis": index.bulk_ms * 8 / 10, "index_current": 0,
            "index_failed": index.index_failed, "index_failed_due_to_version_conflict": 0, "delete_total": 0,
            "delete_time_in_millis": 0, "delete_current": 0, "noop_update_total": 0, "is_throttled": false,
            "throttle_time_in_millis": 0, "write_load": 0.0,
        },
        "bulk": {
            "total_operations": index.bulk_operations, "total_time_in_millis": index.bulk_ms,
            "total_size_in_bytes": index.bulk_bytes, "avg_time_in_millis": each(index.bulk_ms),
            "avg_size_in_bytes": each(index.bulk_bytes),
        },
    })
}

/// The one node's id.
pub fn node_id() -> &'static str {
    "7L4YxOBSS8qGulygKqus5Q"
}

pub fn cat(cx: &Cx<'_>, pattern: &str) -> Value {
    let wanted = query(cx, "h")
        .unwrap_or_else(|| "health,status,index,uuid,pri,rep,docs.count,docs.deleted,store.size,pri.store.size".into());
    let row = |index: &Index| {
        let value = |column: &str| match column {
            "health" => "green".to_owned(),
            "status" => "open".to_owned(),
            "index" => index.name.clone(),
            "uuid" => index.uuid.clone(),
            "pri" => "1".to_owned(),
            "rep" | "docs.deleted" => "0".to_owned(),
            "docs.count" => index.visible.to_string(),
            "store.size" | "pri.store.size" => index.stored_bytes().to_string(),
            "node" => NODE.to_owned(),
            _ => String::new(),
        };
        Value::Object(wanted.split(',').map(|column| (column.to_owned(), json!(value(column)))).collect())
    };
    chosen(cx, pattern).into_iter().map(|(_, _, index)| row(index)).collect()
}
