//! From an answer's bytes to what was seen.

use super::wire;
use crate::observe::{CountersSeen, ElasticNodesSeen};

/// `_stats`.
///
/// # Errors
/// It is no such answer.
pub fn counters(body: &[u8]) -> Result<CountersSeen, serde_json::Error> {
    Ok(serde_json::from_slice::<wire::Stats>(body)?.seen())
}

/// `_nodes/stats`.
///
/// # Errors
/// It is no such answer.
pub fn nodes(body: &[u8]) -> Result<ElasticNodesSeen, serde_json::Error> {
    Ok(serde_json::from_slice::<wire::Nodes>(body)?.seen())
}
