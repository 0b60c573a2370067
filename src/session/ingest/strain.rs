//! What strains Elasticsearch most now, as data. Must not look at the gateway, nor word it.

use super::pressure::{DiskStage, Pressure, RejectionCause};

/// From the worst to the mildest; figures are shares from 0 to 1.
#[derive(Clone, Debug, PartialEq)]
pub enum Strain {
    /// Primary shards have no node: writes to their indices fail.
    Red {
        unassigned_primaries: Option<u32>,
    },
    /// The disk is so full that indices become read-only.
    DiskFlood(f64),
    /// Writes were rejected within the last minute.
    Rejecting(Vec<(RejectionCause, u64)>),
    /// Writes in flight near their limit.
    NearLimit(f64),
    /// The write queue grows; with the number of waiting requests.
    Queue(u64),
    /// Merging throttles indexing in this stream.
    Throttled(String),
    /// The disk is beyond a watermark.
    Disk(f64),
    Heap(f64),
}

impl Strain {
    /// Whether Elasticsearch limits ingest, so that more gateways would only bring more bulk requests.
    pub fn limits_ingest(&self) -> bool {
        !matches!(self, Strain::Disk(_) | Strain::Heap(_) | Strain::Throttled(_))
    }
}

/// Rejections count as current for this long, milliseconds.
const RECENT: i64 = 60_000;

/// What strains Elasticsearch at `ms`, worst first; `throttled` is a stream whose indexing merges hold back. Empty when
/// nothing does, or nothing is known.
pub fn strain(p: &Pressure, throttled: Option<&str>, ms: i64) -> Vec<Strain> {
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
    all.extend(throttled.map(|name| Strain::Throttled(name.to_owned())));
    all.extend(disk.filter(|d| d.0 == DiskStage::High).map(|d| Strain::Disk(d.1)));
    all.extend(p.heap().filter(|h| *h > 0.85).map(Strain::Heap));
    all
}
