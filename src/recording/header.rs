//! A recording's first line: what it is, who wrote it, and what was watched. Must not hold anything secret: what goes in
//! is chosen by name, never a whole configuration.

use super::VERSION;
use crate::observe::{Time, WatchingSeen};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The header.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Header {
    /// The format's version; 0 where there was no header.
    #[serde(rename = "edot_session")]
    pub version: u32,
    /// `edot-tui 0.1.0`.
    pub tool: String,
    /// When recording began. What was already known then comes first and is older.
    pub at: Time,
    /// As far as it was known when recording began.
    pub watching: WatchingSeen,
    /// The embedded lab's run; None on a real cluster.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lab: Option<LabRun>,
    /// Settings that bear on what was observed, as the configuration names them.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub settings: BTreeMap<String, String>,
}

/// How the embedded lab was run, so that it can be run again.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct LabRun {
    pub scenario: String,
    pub speed: f64,
    pub seed: u64,
}

impl Header {
    /// The header of a recording that begins at `at`.
    pub fn new(at: Time, watching: WatchingSeen) -> Header {
        let tool = format!("edot-tui {}", env!("CARGO_PKG_VERSION"));
        Header { version: VERSION, tool, at, watching, ..Header::default() }
    }
}
