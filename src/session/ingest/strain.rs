//! What of Elasticsearch's pressure matters most now. Must not look at the gateway.

use super::{Cause, DiskStage, Ingest};

/// From the worst to the least; figures are shares from 0 to 1.
#[derive(Clone, Debug, PartialEq)]
pub enum Strain {
    /// Primary shards have no node: writes to their indices fail.
    Red {
        unassigned_primaries: Option<u32>,
    },
    /// The disk is so full that indices turn read-only.
    DiskFlood(f64),
    /// Writes were turned away within the last minute.
    Rejecting(Vec<(Cause, u64)>),
    /// Writes in flight near their limit.
    NearLimit(f64),
    /// The write queue grows.
    Queue(u64),
    /// Merging holds indexing back.
    Throttled(String),
    /// The disk is beyond a watermark.
    Disk(f64),
    Heap(f64),
}

impl Strain {
    /// Elasticsearch is what limits ingest: more gateways only bring more bulk requests.
    pub fn limits_ingest(&self) -> bool {
        !matches!(self, Strain::Disk(_) | Strain::Heap(_) | Strain::Throttled(_))
    }

    /// In a sentence's words.
    pub fn words(&self) -> String {
        let percent = |v: &f64| (v * 100.0).round();
        match self {
            Strain::Red { unassigned_primaries: Some(n) } => {
                format!("health red: {n} primary shard{} without a node", if *n == 1 { "" } else { "s" })
            }
            Strain::Red { .. } => "health red: a primary shard without a node".into(),
            Strain::DiskFlood(v) => {
                format!("disk {} % full, beyond the default flood-stage watermark: indices turn read-only", percent(v))
            }
            Strain::Rejecting(causes) => {
                let all: Vec<String> = causes.iter().map(|(c, n)| format!("{n} ({})", c.words())).collect();
                format!("writes rejected: {}", all.join(", "))
            }
            Strain::NearLimit(v) => format!("indexing pressure at {} % of its limit", percent(v)),
            Strain::Queue(n) => format!("write queue grows: {n} wait"),
            Strain::Throttled(stream) => format!("merging holds indexing back in {stream}"),
            Strain::Disk(v) => format!("disk {} % full, beyond a default watermark", percent(v)),
            Strain::Heap(v) => format!("heap {} % used", percent(v)),
        }
    }
}

/// Rejections are the present's for so long.
const RECENT: i64 = 60_000;

impl Ingest {
    /// What strains Elasticsearch at `ms`, worst first; empty when nothing does, or nothing is known.
    pub fn strain(&self, ms: i64) -> Vec<Strain> {
        let p = &self.pressure;
        let mut all = Vec::new();
        if let Some(health) = p.health.as_ref().filter(|h| h.status == "red") {
            all.push(Strain::Red { unassigned_primaries: health.unassigned_primaries });
        }
        let disk = p.disk_stage().zip(p.disk());
        all.extend(disk.filter(|d| d.0 == DiskStage::Flood).map(|d| Strain::DiskFlood(d.1)));
        if let Some((at, causes)) = &p.last_rejected
            && ms - at <= RECENT
        {
            all.push(Strain::Rejecting(causes.clone()));
        }
        all.extend(p.pressure().filter(|r| *r > 0.7).map(Strain::NearLimit));
        all.extend(p.waiting().filter(|_| p.is_growing()).map(Strain::Queue));
        all.extend(self.streams().find(|(_, s)| s.throttled).map(|(name, _)| Strain::Throttled(name.to_owned())));
        all.extend(disk.filter(|d| d.0 == DiskStage::High).map(|d| Strain::Disk(d.1)));
        all.extend(p.heap().filter(|h| *h > 0.85).map(Strain::Heap));
        all
    }
}
