//! The lease by which one of several controller managers is the one that runs. Must not interpret it.

use super::Time;
use serde::{Deserialize, Serialize};

/// The lease as last read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct LeaseSeen {
    pub holder: String,
    /// When the holder acquired it.
    pub acquired: Option<Time>,
    /// How often it went from one holder to another.
    pub transitions: i32,
    /// When the holder renewed it last, where it has not for longer than a holder that runs waits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lapsed: Option<Time>,
}
