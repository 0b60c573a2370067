//! A recording's first line: its format, the program that wrote it, and what was watched. Must not hold secrets: its fields
//! are chosen one by one, never a whole configuration.

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
    /// When recording began. The backlog comes first and is older.
    pub at: Time,
    /// What was watched, as far as it was known when recording began.
    pub watching: WatchingSeen,
    /// The embedded lab's run; None on a real cluster.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lab: Option<LabRun>,
    /// Settings that affect what was observed, by their names in the configuration.
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
