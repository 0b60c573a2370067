//! What watching itself costs, as counters since the program began to watch.

use serde::{Deserialize, Serialize};

/// One reading of this program's own counters.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct CostSeen {
    /// Real milliseconds since it began to watch, whatever clock the observations go by.
    pub up_ms: u64,
    /// Its processor time since it was started, milliseconds. None: this system does not tell.
    pub cpu_ms: Option<u64>,
    /// Its resident memory, bytes.
    pub resident: Option<u64>,
    /// The most that was ever resident, bytes.
    pub highest: Option<u64>,
    /// Requests to the Kubernetes API server; a watch, a followed log and a port-forward are one each.
    pub api: u64,
    /// Requests to Elasticsearch.
    pub elastic: u64,
    /// The embedded lab runs in this process, so that its own time and memory are among these.
    pub lab: bool,
}
