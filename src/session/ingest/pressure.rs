//! The load on Elasticsearch: queues, rejections with their cause, indexing pressure, breakers, heap, disk, health. Must not
//! judge what it means for the gateway.

use crate::observe::{Breaker, ElasticHealthSeen, ElasticNode, ElasticNodesSeen, Pool};
use crate::session::series::{Series, rate, total};
use std::collections::BTreeMap;

/// Why Elasticsearch rejected writes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum RejectionCause {
    /// The thread pool `write` (or `write_coordination`) and its queue were full.
    WritePool,
    /// Indexing pressure: too many bytes of writes in flight, on the node that took the request, the primary or a replica,
    /// or one operation too large.
    Coordinating,
    Primary,
    Replica,
    Large,
    /// A circuit breaker tripped.
    Breaker(String),
}

/// Elasticsearch's default disk watermarks, as (share used, free bytes that are always enough): no new shards, shards move
/// away, indices become read-only.
const WATERMARKS: [(f64, u64); 3] = [(0.85, 200 << 30), (0.90, 150 << 30), (0.95, 100 << 30)];

/// How full a node's disk is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum DiskStage {
    /// Beyond the low or the high watermark.
    High,
    /// Beyond the flood stage.
    Flood,
}

/// Queues, limits and health as last reported, and rejections since the session began.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Pressure {
    /// As last reported.
    pub nodes: Vec<ElasticNode>,
    /// How many nodes, and breakers of these, that answer left out.
    pub nodes_left_out: u32,
    pub breakers_left_out: u32,
    /// When that was, milliseconds since 1970.
    pub at: Option<i64>,
    pub health: Option<ElasticHealthSeen>,
    /// Rejected writes (requests or shard bulks, not documents) and tripped breakers by cause, since the session began.
    pub rejected: BTreeMap<RejectionCause, u64>,
    /// The latest rejections: when, and how many by cause.
    pub last_rejected: Option<(i64, Vec<(RejectionCause, u64)>)>,
    /// Rejections per second, all causes together.
    pub rejections: Series,
    /// Requests waiting in write queues, over all nodes.
    pub queue: Series,
    /// Bytes of writes in flight over their limit, on the node nearest to it: 0 to 1.
    pub ratio: Series,
    /// Consecutive answers in which the write queue grew.
    growing: u32,
}

impl Pressure {
    /// Takes in an answer with the nodes' statistics.
    pub fn nodes(&mut self, ms: i64, seen: &ElasticNodesSeen) {
        (self.nodes_left_out, self.breakers_left_out) = (seen.left_out, seen.breakers_left_out);
        let Some(before_ms) = self.at.filter(|at| ms > *at) else {
            (self.nodes, self.at) = (seen.nodes.clone(), self.at.max(Some(ms)));
            self.gauges(ms);
            return;
        };
        let mut news: BTreeMap<RejectionCause, u64> = BTreeMap::new();
        let since = u64::try_from(ms - before_ms).unwrap_or(0);
        for node in &seen.nodes {
            let before = self.nodes.iter().find(|n| n.id == node.id);
            // The counters of a node that started after the previous answer count only what came since.
            let young = node.uptime_ms.is_some_and(|up| up < since);
            let restarted = before.zip(node.uptime_ms).is_some_and(|(b, up)| b.uptime_ms.is_some_and(|b| up < b));
            let base: BTreeMap<RejectionCause, Option<u64>> = match before {
                Some(before) if !restarted => rejections(before).into_iter().collect(),
                Some(_) => BTreeMap::new(),
                None if young => BTreeMap::new(),
                None => rejections(node).into_iter().collect(),
            };
            for (cause, count) in rejections(node) {
                // A counter that was undefined before has no base to count from.
                let more = match (count, base.get(&cause)) {
                    (Some(count), Some(Some(before))) => count.saturating_sub(*before),
                    (Some(count), None) => count,
                    _ => 0,
                };
                if more > 0 {
                    let sum = news.entry(cause).or_default();
                    *sum = u64::saturating_add(*sum, more);
                }
            }
        }
        let seconds = (ms - before_ms) as f64 / 1000.0;
        let all = total(news.values().copied());
        // Nodes that did not answer may have rejected writes, too.
        match seen.failed {
            0 => self.rejections.push(ms, rate(all as f64 / seconds), 60_000),
            _ => self.rejections.break_line(),
        }
        for (cause, count) in &news {
            let sum = self.rejected.entry(cause.clone()).or_default();
            *sum = sum.saturating_add(*count);
        }
        if !news.is_empty() {
            self.last_rejected = Some((ms, news.into_iter().collect()));
        }
        let waiting = self.waiting();
        let nodes = seen.nodes.iter().map(|node| carried(node, self.nodes.iter().find(|n| n.id == node.id)));
        (self.nodes, self.at) = (nodes.collect(), Some(ms));
        self.growing = if self.waiting() > waiting { self.growing + 1 } else { 0 };
        self.gauges(ms);
    }

    fn gauges(&mut self, ms: i64) {
        if let Some(waiting) = self.waiting() {
            self.queue.push(ms, waiting as f64, 60_000);
        }
        if let Some(ratio) = self.pressure() {
            self.ratio.push(ms, ratio, 60_000);
        }
    }

    /// The feed is down: every series has a gap.
    pub fn interrupt(&mut self) {
        for series in [&mut self.rejections, &mut self.queue, &mut self.ratio] {
            series.break_line();
        }
    }

    /// Rejected writes since the session began, without tripped breakers; None before two answers.
    pub fn rejected_writes(&self) -> Option<u64> {
        self.rejections.last()?;
        Some(total(self.rejected.iter().filter(|(c, _)| !matches!(c, RejectionCause::Breaker(_))).map(|(_, n)| *n)))
    }

    /// Requests waiting in the write queues of all nodes.
    pub fn waiting(&self) -> Option<u64> {
        let pools = self.nodes.iter().flat_map(|n| [n.write, n.coordination]).flatten();
        pools.filter_map(|p| p.queue).fold(None, |sum, q| Some(sum.unwrap_or(0) + q))
    }

    /// Bytes of writes in flight over their limit, on the node nearest to it.
    pub fn pressure(&self) -> Option<f64> {
        let of = |n: &ElasticNode| {
            let p = n.pressure?;
            Some(p.current_bytes? as f64 / p.limit_bytes.filter(|l| *l > 0)? as f64)
        };
        self.most(of)
    }

    /// The used share of the heap, on the node where it is highest: 0 to 1.
    pub fn heap(&self) -> Option<f64> {
        self.most(|n| n.heap_percent.map(|p| p / 100.0))
    }

    /// The used share of the CPU, on the busiest node: 0 to 1.
    pub fn cpu(&self) -> Option<f64> {
        self.most(|n| n.cpu_percent.map(|p| p / 100.0))
    }

    /// The used share of the disk, on the fullest node: 0 to 1.
    pub fn disk(&self) -> Option<f64> {
        self.most(|n| {
            let total = n.disk_bytes.filter(|t| *t > 0)?;
            Some(1.0 - n.disk_available_bytes? as f64 / total as f64)
        })
    }

    /// The worst stage of any node's disk, by the default watermarks.
    pub fn disk_stage(&self) -> Option<DiskStage> {
        let stage = |n: &ElasticNode| {
            let (total, free) = (n.disk_bytes.filter(|t| *t > 0)?, n.disk_available_bytes?);
            let beyond = |(share, enough): (f64, u64)| free < (((1.0 - share) * total as f64) as u64).min(enough);
            match WATERMARKS.map(beyond) {
                [.., true] => Some(DiskStage::Flood),
                [true, ..] | [_, true, _] => Some(DiskStage::High),
                _ => None,
            }
        };
        self.nodes.iter().filter_map(stage).max()
    }

    /// The circuit breaker nearest to its limit over all nodes, and its fill, 0 to 1.
    pub fn breaker(&self) -> Option<(&str, f64)> {
        let used = |b: &Breaker| Some(b.estimated_bytes? as f64 / b.limit_bytes.filter(|l| *l > 0)? as f64);
        let all = self.nodes.iter().flat_map(|n| &n.breakers);
        all.filter_map(|b| Some((b.name.as_str(), used(b)?))).max_by(|a, b| a.1.total_cmp(&b.1))
    }

    /// Whether the write queue grew in at least three consecutive answers.
    pub fn is_growing(&self) -> bool {
        self.growing >= 3
    }

    fn most(&self, of: impl Fn(&ElasticNode) -> Option<f64>) -> Option<f64> {
        self.nodes.iter().filter_map(of).max_by(f64::total_cmp)
    }
}

/// A node's rejections since it started, by cause; None where a counter is undefined.
fn rejections(node: &ElasticNode) -> Vec<(RejectionCause, Option<u64>)> {
    let of = |pool: Option<Pool>| pool.map_or(Some(0), |p| p.rejected);
    let mut all =
        vec![(RejectionCause::WritePool, of(node.write).zip(of(node.coordination)).map(|(a, b)| a.saturating_add(b)))];
    if let Some(p) = node.pressure {
        all.extend([
            (RejectionCause::Coordinating, p.coordinating_rejections),
            (RejectionCause::Primary, p.primary_rejections),
            (RejectionCause::Replica, p.replica_rejections),
            (RejectionCause::Large, p.large_rejections),
        ]);
    }
    all.extend(node.breakers.iter().map(|b| (RejectionCause::Breaker(b.name.clone()), b.tripped)));
    all
}

/// The node, with counters that are undefined now as they were before, so that the next answer counts on from there.
fn carried(node: &ElasticNode, before: Option<&ElasticNode>) -> ElasticNode {
    let mut node = node.clone();
    let Some(before) = before.filter(|b| node.uptime_ms >= b.uptime_ms) else { return node };
    for (now, then) in [(&mut node.write, before.write), (&mut node.coordination, before.coordination)] {
        if let (Some(now), Some(then)) = (now, then) {
            now.rejected = now.rejected.or(then.rejected);
        }
    }
    if let (Some(now), Some(then)) = (&mut node.pressure, before.pressure) {
        now.coordinating_rejections = now.coordinating_rejections.or(then.coordinating_rejections);
        now.primary_rejections = now.primary_rejections.or(then.primary_rejections);
        now.replica_rejections = now.replica_rejections.or(then.replica_rejections);
        now.large_rejections = now.large_rejections.or(then.large_rejections);
    }
    for breaker in &mut node.breakers {
        let then = before.breakers.iter().find(|b| b.name == breaker.name).and_then(|b| b.tripped);
        breaker.tripped = breaker.tripped.or(then);
    }
    node
}
