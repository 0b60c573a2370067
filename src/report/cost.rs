//! What watching cost, as a report presents it. Must not measure it.

use crate::format;
use crate::session::Session;
use serde::Serialize;

/// Requests, processor time and memory.
#[derive(Debug, Serialize)]
pub struct CostPart {
    /// The period of the figures in seconds, by the clock of what was watched.
    pub over_s: f64,
    /// Requests to the Kubernetes API server; a watch, a followed log and a port-forward are one each.
    pub api_requests: u64,
    pub api_requests_per_min: Option<f64>,
    pub elasticsearch_requests: u64,
    pub elasticsearch_requests_per_min: Option<f64>,
    /// CPU time in seconds, and in percent of one core.
    pub cpu_s: Option<f64>,
    pub cpu_percent: Option<f64>,
    /// Resident memory at the end, and the highest; bytes.
    pub memory_bytes: Option<u64>,
    pub memory_peak_bytes: Option<u64>,
    /// The embedded lab ran in the same process, so its CPU time and memory are included.
    pub with_lab: bool,
}

/// None where it was not recorded.
pub fn cost(session: &Session) -> Option<CostPart> {
    let summary = session.cost.summary()?;
    let tenths = |v: f64| (v * 10.0).round() / 10.0;
    let per_min = |n: u64| (summary.over_s > 0.0).then(|| tenths(n as f64 * 60.0 / summary.over_s));
    Some(CostPart {
        over_s: tenths(summary.over_s),
        api_requests: summary.api,
        api_requests_per_min: per_min(summary.api),
        elasticsearch_requests: summary.elastic,
        elasticsearch_requests_per_min: per_min(summary.elastic),
        cpu_s: summary.cpu_s,
        cpu_percent: summary.cpu_ratio.map(|r| (r * 10_000.0).round() / 100.0),
        memory_bytes: summary.resident,
        memory_peak_bytes: summary.highest,
        with_lab: summary.lab,
    })
}

/// One sentence; None where nothing is known.
pub fn sentence(c: &CostPart) -> Option<String> {
    let mut parts = Vec::new();
    if let Some(n) = c.api_requests_per_min {
        let elastic = c.elasticsearch_requests_per_min.filter(|n| *n > 0.0);
        let elastic = elastic.map(|n| format!(" and {n:.0} to Elasticsearch")).unwrap_or_default();
        parts.push(format!("{n:.0} requests a minute to the API server{elastic}"));
    }
    parts.extend(c.cpu_percent.map(|p| format!("{p:.1} % of a core")));
    parts.extend(c.memory_bytes.map(|b| {
        let peak = c.memory_peak_bytes.map(|p| format!(" (at most {})", format::bytes(p as f64))).unwrap_or_default();
        format!("{} of memory{peak}", format::bytes(b as f64))
    }));
    let lab = if c.with_lab { ", the lab inside the process included" } else { "" };
    (!parts.is_empty()).then(|| format!("{}{lab}", parts.join(", ")))
}
