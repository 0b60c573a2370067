//! The data that the model hands out: samples, log lines, the API faults in force. Plain data, no behaviour.

use super::Time;
use chrono::TimeDelta;

/// What metrics-server knows of one pod.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PodSample {
    pub namespace: String,
    pub pod: String,
    /// When the newer of the two scrapes was taken.
    pub at: Time,
    /// The time between the two scrapes.
    pub window: TimeDelta,
    /// All containers of the pod: without one of them the pod has no sample.
    pub containers: Vec<Usage>,
}

/// What metrics-server knows of one node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeSample {
    pub node: String,
    /// When the newest scrape of its pods was taken.
    pub at: Time,
    pub window: TimeDelta,
    pub cpu_nanocores: u64,
    pub memory_bytes: u64,
}

/// A container's usage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Usage {
    pub name: String,
    /// Mean over the window.
    pub cpu_nanocores: u64,
    /// The working set at the newer scrape.
    pub memory_bytes: u64,
}

/// One line of a container's log, without the line break.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogLine {
    pub at: Time,
    pub text: String,
}

/// A fault of the API in force. Momentary faults (`WatchCut`, `Compacted`, `Restart`) stay in the list for a while; the
/// API remembers by `since` which of them it has applied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiFault {
    pub what: ApiFaultKind,
    pub since: Time,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ApiFaultKind {
    /// `metrics.k8s.io` answers 503; the model itself has no samples then.
    MetricsOutage,
    /// All watches are cut, once.
    WatchCut,
    /// 403 on a verb (`*` for all) and a resource (`pods`, `pods/log`, `*`).
    Forbidden { verb: String, resource: String },
    /// The change log is compacted, once: old resource versions get 410.
    Compacted,
    /// Every response is delayed.
    Slow { delay: TimeDelta },
    /// Watches stay open but send nothing.
    SilentWatch,
    /// A proxy in between answers 200 with an empty body.
    EmptyAnswer,
    /// The API server is gone: connections are dropped and refused.
    Restart,
}
