//! What strains Elasticsearch, and why it rejected writes. Must not judge what that means for the gateway.

use crate::session::ingest::{RejectionCause, Strain};

/// A strain, as a clause.
pub fn strain(strain: &Strain) -> String {
    let percent = |v: &f64| (v * 100.0).round();
    match strain {
        Strain::Red { unassigned_primaries: Some(n) } => {
            format!("health red: {n} primary shard{} without a node", if *n == 1 { "" } else { "s" })
        }
        Strain::Red { unassigned_primaries: None } => "health red: a primary shard without a node".into(),
        Strain::DiskFlood(v) => {
            format!("disk {} % full, beyond the default flood-stage watermark: indices turn read-only", percent(v))
        }
        Strain::Rejecting(causes) => {
            let all: Vec<String> = causes.iter().map(|(c, n)| format!("{n} ({})", rejection(c))).collect();
            format!("writes rejected, the last time {}", all.join(", "))
        }
        Strain::NearLimit(v) => format!("indexing pressure at {} % of its limit", percent(v)),
        Strain::Queue(n) => format!("write queue grows: {n} wait"),
        Strain::Throttled(stream) => format!("merging holds indexing back in {stream}"),
        Strain::Disk(v) => format!("disk {} % full, beyond a default watermark", percent(v)),
        Strain::Heap(v) => format!("heap {} % used", percent(v)),
    }
}

/// Why writes were rejected, in a few words.
pub fn rejection(cause: &RejectionCause) -> String {
    match cause {
        RejectionCause::WritePool => "write queue full".into(),
        RejectionCause::Coordinating => "indexing pressure, coordinating".into(),
        RejectionCause::Primary => "indexing pressure, primary".into(),
        RejectionCause::Replica => "indexing pressure, replica".into(),
        RejectionCause::Large => "indexing pressure, operation too large".into(),
        RejectionCause::Breaker(name) => format!("circuit breaker {name}"),
    }
}
