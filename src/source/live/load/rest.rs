//! k6's REST responses -> K6Seen. Pure. Latencies are k6's own, over the whole run; unknown while no request has had a
//! response, for which k6 writes 0.

use crate::observe::text::{NAME, clean};
use crate::observe::{K6Seen, K6Source, K6State, ThresholdSeen};
use serde::Deserialize;
use std::collections::HashMap;

/// `GET /v1/status`.
#[derive(Debug, Default, Deserialize)]
struct Status {
    #[serde(default)]
    data: StatusData,
}

#[derive(Debug, Default, Deserialize)]
struct StatusData {
    #[serde(default)]
    attributes: Attributes,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Attributes {
    /// k6's `ExecutionStatus`: 7 is running, 9 and above is over. None: this is no response of k6.
    status: Option<i64>,
    paused: Option<bool>,
    vus: Option<u64>,
    #[serde(rename = "vus-max")]
    vus_max: Option<u64>,
    stopped: bool,
    running: bool,
}

/// `GET /v1/metrics`.
#[derive(Debug, Default, Deserialize)]
struct Metrics {
    #[serde(default)]
    data: Vec<Metric>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Metric {
    id: String,
    attributes: MetricAttributes,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct MetricAttributes {
    /// None: the metric has no thresholds.
    tainted: Option<bool>,
    sample: HashMap<String, f64>,
}

/// The figures of both responses; None when the first is not k6's.
pub fn read(status: &[u8], metrics: &[u8]) -> Option<K6Seen> {
    let status = serde_json::from_slice::<Status>(status).ok()?.data.attributes;
    let number = status.status?;
    let state = match number {
        _ if status.paused == Some(true) && number < 5 => K6State::Waiting,
        _ if status.paused == Some(true) => K6State::Paused,
        0..=6 => K6State::Waiting,
        7 | 8 => K6State::Running,
        _ => K6State::Ended,
    };
    let mut seen =
        K6Seen { from: K6Source::Rest, state, vus: status.vus, vus_max: status.vus_max, ..K6Seen::default() };
    for metric in serde_json::from_slice::<Metrics>(metrics).unwrap_or_default().data {
        let sample = &metric.attributes.sample;
        let value = |key: &str| sample.get(key).copied().filter(|v| v.is_finite());
        let count = || value("count").filter(|v| *v >= 0.0).map(|v| v as u64);
        match metric.id.as_str() {
            "iterations" => seen.iterations = count(),
            "dropped_iterations" => seen.dropped = count(),
            "http_reqs" => seen.requests = count(),
            "http_req_failed" => seen.failed_ratio = value("rate"),
            "checks" => seen.checks_ratio = value("rate"),
            "http_req_duration" => (seen.avg_ms, seen.p95_ms) = (value("avg"), value("p(95)")),
            _ => {}
        }
        if let Some(crossed) = metric.attributes.tainted
            && seen.thresholds.len() < 64
        {
            let metric = clean(&metric.id, NAME);
            seen.thresholds.push(ThresholdSeen { metric, rule: String::new(), held: !crossed });
        }
    }
    seen.thresholds.sort_by(|a, b| a.metric.cmp(&b.metric));
    if seen.failed_ratio == Some(1.0) && seen.p95_ms == Some(0.0) {
        (seen.avg_ms, seen.p95_ms) = (None, None);
    }
    Some(seen)
}

/// Whether the run can be stopped: the response is k6's, and the run is not over.
pub fn can_be_stopped(status: &[u8]) -> bool {
    let status = serde_json::from_slice::<Status>(status).unwrap_or_default().data.attributes;
    status.status.is_some_and(|s| s < 9) && !status.stopped && (status.running || status.paused == Some(true))
}

/// The body of the request that stops k6.
pub const STOP: &str = r#"{"data":{"type":"status","id":"default","attributes":{"stopped":true}}}"#;
