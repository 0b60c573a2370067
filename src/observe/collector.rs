//! A collector's own metrics, one scrape: counters and gauges as it gave them. Absent (None) means that there was no such
//! line, which for a counter of a collector that answers means that it has not counted yet.

use serde::{Deserialize, Serialize};

/// Where a collector stands on the way of the data.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// A pod that the HPA scales.
    #[default]
    Gateway,
    /// One a node, in front of the gateway.
    Agent,
    /// The one that watches the cluster itself.
    Cluster,
    #[serde(other)]
    Other,
}

/// A kind of telemetry.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Signal {
    Traces,
    Metrics,
    Logs,
    /// Profiles, or a kind that comes later.
    #[default]
    #[serde(other)]
    Other,
}

impl Signal {
    /// Those that are counted, in the order they are shown.
    pub const ALL: [Signal; 3] = [Signal::Traces, Signal::Metrics, Signal::Logs];

    /// As in `status`.
    pub fn name(self) -> &'static str {
        match self {
            Signal::Traces => "traces",
            Signal::Metrics => "metrics",
            Signal::Logs => "logs",
            Signal::Other => "other",
        }
    }

    /// Of a pipeline's name: `metrics/aggregated`.
    pub fn of_pipeline(name: &str) -> Signal {
        Signal::ALL.into_iter().find(|s| component_kind(name) == s.name()).unwrap_or_default()
    }
}

/// The kind of a collector's component, or of a pipeline, by its id: `batch/metrics` is a `batch`.
pub fn component_kind(id: &str) -> &str {
    id.split('/').next().unwrap_or_default()
}

/// Whether what an exporter takes is on its way anywhere: not with those that show or drop it, or write it down.
pub fn leads_out(exporter: &str) -> bool {
    !matches!(component_kind(exporter), "debug" | "nop" | "logging" | "file")
}

/// One scrape of a collector's metrics.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct CollectorSeen {
    pub pod: String,
    pub uid: String,
    pub role: Role,
    /// Of `target_info`; empty where it is not told.
    pub version: String,
    pub process: ProcessSeen,
    pub receivers: Vec<ReceiverSeen>,
    pub processors: Vec<ProcessorSeen>,
    pub batches: Vec<BatchSeen>,
    pub exporters: Vec<ExporterSeen>,
    pub elastic: ElasticSeen,
}

/// The collector's process.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ProcessSeen {
    /// Seconds since it began; less than before after a restart.
    pub uptime_s: Option<f64>,
    /// Counter.
    pub cpu_s: Option<f64>,
    pub rss_bytes: Option<f64>,
    pub heap_bytes: Option<f64>,
    pub sys_bytes: Option<f64>,
}

/// A receiver's counters for a signal, all transports together.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ReceiverSeen {
    pub name: String,
    pub signal: Signal,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub accepted: Option<f64>,
    /// Not taken; whoever sent it may send it again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refused: Option<f64>,
    /// Not taken for an error of the collector's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failed: Option<f64>,
}

/// A processor's counters for a signal.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ProcessorSeen {
    pub name: String,
    pub signal: Signal,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub incoming: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outgoing: Option<f64>,
    /// memory_limiter only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refused: Option<f64>,
}

/// A batch processor's counters, all signals together.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct BatchSeen {
    pub name: String,
    /// Batches sent, and the items in them.
    pub batches: Option<f64>,
    pub items: Option<f64>,
    /// Sent because they were full, and because it was time.
    pub by_size: Option<f64>,
    pub by_timeout: Option<f64>,
}

/// An exporter's counters and gauges for a signal, all addresses together.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ExporterSeen {
    pub name: String,
    pub signal: Signal,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sent: Option<f64>,
    /// Given up after the last try.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub send_failed: Option<f64>,
    /// Did not get into the queue.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enqueue_failed: Option<f64>,
    /// Gauges, in the unit of the queue's sizer (requests, unless it was told otherwise).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub queue_size: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub queue_capacity: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub in_flight: Option<f64>,
}

/// What the Elasticsearch exporters count, all signals and exporters together.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ElasticSeen {
    pub received: Option<f64>,
    /// Documents tried again one by one, and in whole requests.
    pub retried: Option<f64>,
    pub retried_requests: Option<f64>,
    pub flushed_bytes: Option<f64>,
    pub uncompressed_bytes: Option<f64>,
    pub outcomes: Vec<OutcomeSeen>,
}

/// What became of documents and of bulk requests, by how Elasticsearch answered.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct OutcomeSeen {
    /// `success`, `too_many`, `failed_client`, `failed_server`, `timeout`, `internal_server_error` …
    pub outcome: String,
    /// HTTP status, of the request or of the document; empty where it is not told.
    pub code: String,
    /// The document's own error; empty when the request as a whole had this outcome.
    pub error: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub documents: Option<f64>,
    /// Bulk requests that ended so, and the seconds they took.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub requests: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub latency_s: Option<f64>,
}

impl OutcomeSeen {
    /// Documents of this outcome were given up although `sent` counts them.
    pub fn is_lost(&self) -> bool {
        self.outcome != "success" && self.outcome != "failure_store" && !self.error.is_empty()
    }
}

/// A collector could not be scraped; said when that begins, or when its reason changes.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct CollectorLost {
    pub pod: String,
    pub uid: String,
    pub role: Role,
    /// In a sentence's words.
    pub reason: String,
}
