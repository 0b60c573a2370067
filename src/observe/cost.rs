//! What watching costs, as counters since the program began to watch. Must not measure it.

use serde::{Deserialize, Serialize};

/// One reading of this program's own counters.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct CostSeen {
    /// Real milliseconds since it began to watch, independent of the clock of the observations.
    pub up_ms: u64,
    /// Its CPU time since it was started, milliseconds. None where the system does not report it.
    pub cpu_ms: Option<u64>,
    /// Its resident memory, bytes.
    pub resident: Option<u64>,
    /// Its highest resident memory, bytes.
    pub highest: Option<u64>,
    /// Requests to the Kubernetes API server; a watch, a followed log and a port-forward are one each.
    pub api: u64,
    /// Requests to Elasticsearch.
    pub elastic: u64,
    /// The embedded lab runs in this process, so its CPU time and memory are included.
    pub lab: bool,
}
