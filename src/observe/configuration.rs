//! A collector's configuration as far as findings need it: the components of its pipelines in their order, and their limits.
//! Names, numbers and switches only. Must not hold an endpoint, a header or a credential.

use super::{Role, Signal};
use serde::{Deserialize, Serialize};

/// The configuration of a tier, read from where its pods have it; reported again when it changes.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ConfigSeen {
    pub role: Role,
    /// The container that uses it.
    pub container: String,
    /// ConfigMaps and keys: `edot-gateway-config/config.yaml`.
    pub from: Vec<String>,
    /// Enabled extensions.
    pub extensions: Vec<String>,
    pub connectors: Vec<String>,
    pub pipelines: Vec<PipelineSeen>,
    pub limiters: Vec<LimiterSeen>,
    pub batches: Vec<BatchingSeen>,
    pub exporters: Vec<SendingSeen>,
    /// The runtime's own memory limit is set for the container (`GOMEMLIMIT`).
    #[serde(skip_serializing_if = "is_false")]
    pub go_limit: bool,
    /// Its own metrics are sent by a periodic reader, and none can be pulled: no port 8888 is open.
    #[serde(skip_serializing_if = "is_false")]
    pub pushes_metrics: bool,
    /// What in it loses telemetry or makes it wrong.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub harms: Vec<HarmSeen>,
}

fn is_false(of: &bool) -> bool {
    !of
}

/// A part of a configuration that goes against a rule of `guidance`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct HarmSeen {
    /// The rule's id, such as `own-logs-read`.
    pub rule: String,
    /// Which components, and how: no values of settings.
    pub seen: String,
}

/// A pipeline; its members are the ids of components, such as `elasticsearch/otel`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct PipelineSeen {
    pub name: String,
    pub signal: Signal,
    pub receivers: Vec<String>,
    /// In the order in which data passes through them.
    pub processors: Vec<String>,
    pub exporters: Vec<String>,
}

/// A `memory_limiter`; None is what is not set, or not a number.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct LimiterSeen {
    pub name: String,
    pub limit_mib: Option<f64>,
    pub spike_mib: Option<f64>,
    pub limit_percent: Option<f64>,
    pub spike_percent: Option<f64>,
}

/// A `batch` processor.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct BatchingSeen {
    pub name: String,
    /// Items.
    pub size: Option<f64>,
    pub max_size: Option<f64>,
}

/// How an exporter sends.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct SendingSeen {
    pub name: String,
    /// Whether it has a queue and retries; None is what is not set, or not a boolean.
    pub queue: Option<bool>,
    pub retry: Option<bool>,
    /// The queue's length in the unit of its sizer: `requests`, `items` or `bytes`; empty where that is not set.
    pub queue_size: Option<f64>,
    pub sizer: String,
    /// It builds batches in its queue.
    pub batches: bool,
}
