//! What k6 reports of a run: its progress (from its log or its REST API), its summary, its errors. Every figure is k6's own.
//! Must not add them up.

use super::Time;
use serde::{Deserialize, Serialize};

/// Where k6 reported it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum K6Source {
    #[default]
    Log,
    Rest,
    #[serde(other)]
    Other,
}

/// The state of a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum K6State {
    /// Not started: setting up, or waiting for the command to start.
    Waiting,
    #[default]
    Running,
    Paused,
    /// Its figures are final.
    Ended,
    #[serde(other)]
    Other,
}

/// The progress of one k6 process. A field that this source does not report is None.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct K6Seen {
    pub pod: String,
    pub uid: String,
    pub from: K6Source,
    /// When the line was written, as the log has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub written: Option<Time>,
    pub state: K6State,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub elapsed_s: Option<f64>,
    /// The planned duration of the scenarios, without the graceful stop.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duration_s: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vus: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vus_max: Option<u64>,
    /// Counters since the start.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub iterations: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interrupted: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dropped: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub requests: Option<u64>,
    /// Of the whole run: share of requests that failed, of checks that held, milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failed_ratio: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub checks_ratio: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub avg_ms: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub p95_ms: Option<f64>,
    /// Metrics with thresholds, and whether these hold now.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub thresholds: Vec<ThresholdSeen>,
}

/// A threshold, or all of a metric's together.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ThresholdSeen {
    pub metric: String,
    /// `p(95)<5000`; empty where only the metric is reported.
    pub rule: String,
    pub held: bool,
}

/// The summary that k6 prints at its end.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct K6SummarySeen {
    pub pod: String,
    pub uid: String,
    pub written: Option<Time>,
    pub iterations: Option<u64>,
    pub iterations_per_s: Option<f64>,
    pub dropped: Option<u64>,
    pub requests: Option<u64>,
    pub requests_per_s: Option<f64>,
    /// Requests that failed.
    pub failed: Option<u64>,
    pub failed_ratio: Option<f64>,
    pub checks_ratio: Option<f64>,
    pub avg_ms: Option<f64>,
    pub p95_ms: Option<f64>,
    pub max_ms: Option<f64>,
    pub thresholds: Vec<ThresholdSeen>,
    /// As printed, line by line.
    pub text: Vec<String>,
}

/// An error that k6 wrote into its log, such as the script's exception.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct K6ErrorSeen {
    pub pod: String,
    pub uid: String,
    pub written: Option<Time>,
    pub text: String,
}
