//! Turns Elasticsearch's responses into observations, as `live/convert` does with Kubernetes' objects. Text is cleaned and
//! lists are bounded here. Pure.

use super::wire;
use crate::observe::text::{NAME, clean};
use crate::observe::{
    Breaker, CountedBy, CountersSeen, ElasticHealthSeen, ElasticNode, ElasticNodesSeen, IndexSeen, IndexingPressure,
    Pool, ShardSeen,
};
use std::collections::BTreeSet;

/// The most nodes that are kept, and breakers of each.
const MOST_NODES: usize = 500;
const MOST_BREAKERS: usize = 64;

/// `_stats`. Where the shards are missing (some proxies and services leave them out), the index totals have to do.
///
/// # Errors
/// It is no such response.
pub fn counters(body: &[u8]) -> Result<CountersSeen, serde_json::Error> {
    let stats: wire::Stats = serde_json::from_slice(body)?;
    let failed = stats.shards.failures.iter().filter_map(|f| f.index.as_deref()).map(|name| clean(name, NAME));
    let failed: BTreeSet<String> = failed.collect();
    let indices: Vec<IndexSeen> = stats.indices.into_iter().map(|(name, of)| index(&name, &of)).collect();
    let by_shard =
        indices.iter().any(|i| !i.shards.is_empty()) || indices.iter().all(|i| i.indexed.is_none_or(|n| n == 0));
    let by = if by_shard { CountedBy::SeqNo } else { CountedBy::IndexTotal };
    Ok(CountersSeen {
        by,
        failed_shards: small(stats.shards.failed),
        failed: failed.into_iter().collect(),
        indices,
        ..CountersSeen::default()
    })
}

fn index(name: &str, index: &wire::Index) -> IndexSeen {
    let p = &index.primaries;
    let started = |s: &&wire::Shard| s.routing.primary && matches!(s.routing.state.as_str(), "STARTED" | "RELOCATING");
    let shards = index.shards.iter().filter_map(|(n, copies)| {
        let primary = copies.iter().find(started)?;
        let node = clean(primary.routing.node.as_deref().unwrap_or_default(), 64);
        // Below -1 it is not assigned.
        let max_seq_no = primary.seq_no.max_seq_no.as_i64().filter(|n| *n >= -1)?;
        let counted = &primary.indexing;
        Some(ShardSeen {
            n: n.parse().ok()?,
            max_seq_no,
            node,
            indexed: counted.index_total.count(),
            deleted: counted.delete_total.count(),
        })
    });
    IndexSeen {
        name: clean(name, NAME),
        uuid: clean(&index.uuid, 64),
        shards: shards.collect(),
        documents: p.docs.count.count(),
        stored_bytes: p.store.size_in_bytes.count(),
        bulk_bytes: p.bulk.total_size_in_bytes.count(),
        indexed: p.indexing.index_total.count(),
        failed: p.indexing.index_failed.count(),
        conflicts: p.indexing.index_failed_due_to_version_conflict.count(),
        throttled: p.indexing.is_throttled,
    }
}

/// `_cat/indices`.
///
/// # Errors
/// It is no such list.
pub fn cat_indices(body: &[u8]) -> Result<CountersSeen, serde_json::Error> {
    let rows: Vec<wire::CatRow> = serde_json::from_slice(body)?;
    let number = |text: Option<String>| text.and_then(|t| t.parse().ok());
    let indices = rows.into_iter().map(|row| IndexSeen {
        name: clean(&row.index, NAME),
        uuid: clean(&row.uuid.unwrap_or_default(), 64),
        documents: number(row.documents),
        stored_bytes: number(row.stored),
        ..IndexSeen::default()
    });
    Ok(CountersSeen { by: CountedBy::Documents, indices: indices.collect(), ..CountersSeen::default() })
}

/// The search that counts documents.
///
/// # Errors
/// It is no response to such a search.
pub fn counts(body: &[u8]) -> Result<CountersSeen, serde_json::Error> {
    let response: wire::CountResponse = serde_json::from_slice(body)?;
    let (buckets, left_out) =
        response.aggregations.map(|a| (a.indices.buckets, a.indices.sum_other_doc_count)).unwrap_or_default();
    let indices = buckets.into_iter().map(|b| IndexSeen {
        name: clean(&b.key, NAME),
        documents: b.doc_count.count(),
        ..IndexSeen::default()
    });
    Ok(CountersSeen {
        by: CountedBy::Documents,
        failed_shards: small(response.shards.failed),
        indices: indices.collect(),
        left_out: left_out.count().unwrap_or(0),
        ..CountersSeen::default()
    })
}

/// `_nodes/stats`.
///
/// # Errors
/// It is no such response.
pub fn nodes(body: &[u8]) -> Result<ElasticNodesSeen, serde_json::Error> {
    let response: wire::Nodes = serde_json::from_slice(body)?;
    let beyond = |n: usize, most: usize| u32::try_from(n.saturating_sub(most)).unwrap_or(u32::MAX);
    let left_out = beyond(response.nodes.len(), MOST_NODES);
    let kept = || response.nodes.iter().take(MOST_NODES);
    let breakers = kept().map(|(_, of)| beyond(of.breakers.len(), MOST_BREAKERS));
    let breakers_left_out = breakers.fold(0, u32::saturating_add);
    let nodes = kept().map(|(id, of)| node(id, of)).collect();
    Ok(ElasticNodesSeen { nodes, failed: small(response.summary.failed), left_out, breakers_left_out })
}

fn node(id: &str, node: &wire::Node) -> ElasticNode {
    let breaker = |(name, b): (&String, &wire::Breaker)| Breaker {
        name: clean(name, 64),
        limit_bytes: b.limit_size_in_bytes.count(),
        estimated_bytes: b.estimated_size_in_bytes.count(),
        tripped: b.tripped.count(),
    };
    // A sum with an undefined part is undefined.
    let gc = node.jvm.gc.collectors.values().map(|c| c.collection_time_in_millis.count());
    let gc = gc.reduce(|a, b| a.zip(b).map(|(a, b)| a.saturating_add(b))).flatten();
    ElasticNode {
        id: clean(id, 64),
        name: clean(&node.name, NAME),
        uptime_ms: node.jvm.uptime_in_millis.count(),
        write: node.thread_pool.get("write").map(pool),
        coordination: node.thread_pool.get("write_coordination").map(pool),
        pressure: node.indexing_pressure.as_ref().map(|p| pressure(&p.memory)),
        breakers: node.breakers.iter().take(MOST_BREAKERS).map(breaker).collect(),
        heap_percent: node.jvm.mem.heap_used_percent.value(),
        cpu_percent: node.os.cpu.percent.value(),
        gc_ms: gc,
        throttled_ns: node.os.cgroup.as_ref().and_then(|c| c.cpu.stat.time_throttled_nanos.count()),
        disk_bytes: node.fs.total.total_in_bytes.count(),
        disk_available_bytes: node.fs.total.available_in_bytes.count(),
    }
}

fn pool(pool: &wire::ThreadPool) -> Pool {
    Pool {
        threads: pool.threads.count(),
        active: pool.active.count(),
        queue: pool.queue.count(),
        rejected: pool.rejected.count(),
    }
}

fn pressure(memory: &wire::PressureMemory) -> IndexingPressure {
    let total = &memory.total;
    IndexingPressure {
        limit_bytes: memory.limit_in_bytes.count(),
        current_bytes: memory.current.all_in_bytes.count(),
        coordinating_rejections: total.coordinating_rejections.count(),
        primary_rejections: total.primary_rejections.count(),
        replica_rejections: total.replica_rejections.count(),
        large_rejections: total.large_operation_rejections.count(),
    }
}

/// `_cluster/health`.
///
/// # Errors
/// It is no such response.
pub fn health(body: &[u8]) -> Result<ElasticHealthSeen, serde_json::Error> {
    let health: wire::Health = serde_json::from_slice(body)?;
    Ok(ElasticHealthSeen {
        status: clean(&health.status, 16),
        nodes: health.number_of_nodes.count().map(saturated),
        data_nodes: health.number_of_data_nodes.count().map(saturated),
        active_shards: health.active_shards.count().map(saturated),
        relocating: health.relocating_shards.count().map(saturated),
        initializing: health.initializing_shards.count().map(saturated),
        unassigned: health.unassigned_shards.count().map(saturated),
        unassigned_primaries: health.unassigned_primary_shards.count().map(saturated),
        pending_tasks: health.number_of_pending_tasks.count().map(saturated),
    })
}

fn small(figure: wire::Figure) -> u32 {
    figure.count().map_or(0, saturated)
}

fn saturated(n: u64) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}
