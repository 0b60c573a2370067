//! A collector's own metrics, one scrape: counters and gauges as it exposed them. None means that there was no such line; for
//! a counter of a collector that responds that means nothing was counted yet. Must not compute rates.

use super::Time;
use serde::{Deserialize, Serialize};

/// The tier of a collector on the path of the data.
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

    /// The name in `status`.
    pub fn name(self) -> &'static str {
        match self {
            Signal::Traces => "traces",
            Signal::Metrics => "metrics",
            Signal::Logs => "logs",
            Signal::Other => "other",
        }
    }

    /// The signal of a pipeline by its name: `metrics/aggregated`.
    pub fn of_pipeline(name: &str) -> Signal {
        Signal::ALL.into_iter().find(|s| component_kind(name) == s.name()).unwrap_or_default()
    }
}

/// The kind of a collector's component, or of a pipeline, by its id: `batch/metrics` is a `batch`.
pub fn component_kind(id: &str) -> &str {
    id.split('/').next().unwrap_or_default()
}

/// Whether an exporter sends data anywhere; some only print it, drop it, or write it to a file.
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
    /// From `target_info`; empty where it is not reported.
    pub version: String,
    /// When it was measured, where that is not when it was seen: what a collector sent to Elasticsearch is read there later.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub measured: Option<Time>,
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
    /// Not accepted; the sender may send it again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refused: Option<f64>,
    /// Not accepted because of an internal error of the collector.
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
    /// Sent because they were full, and because of the timeout.
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
    /// Dropped after the last retry.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub send_failed: Option<f64>,
    /// Did not get into the queue.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enqueue_failed: Option<f64>,
    /// Gauges, in the unit of the queue's sizer (requests, unless configured otherwise).
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
    /// Documents retried one by one, and whole requests retried.
    pub retried: Option<f64>,
    pub retried_requests: Option<f64>,
    pub flushed_bytes: Option<f64>,
    pub uncompressed_bytes: Option<f64>,
    pub outcomes: Vec<OutcomeSeen>,
}

/// Results of documents and of bulk requests, by Elasticsearch's response.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct OutcomeSeen {
    /// `success`, `too_many`, `failed_client`, `failed_server`, `timeout`, `internal_server_error` …
    pub outcome: String,
    /// HTTP status, of the request or of the document; empty where it is not reported.
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
    /// Whether documents of this outcome were dropped although `sent` counts them.
    pub fn is_lost(&self) -> bool {
        self.outcome != "success" && self.outcome != "failure_store" && !self.error.is_empty()
    }
}

/// A collector could not be scraped; reported when that begins, or when the reason changes.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct CollectorLost {
    pub pod: String,
    pub uid: String,
    pub role: Role,
    /// A phrase for a sentence.
    pub reason: String,
}
