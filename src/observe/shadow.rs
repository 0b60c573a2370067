//! A spec that is run beside the HPA's own. Must not interpret it.

use super::HpaSeen;
use serde::{Deserialize, Serialize};

/// One shadow: changes to the HPA's own spec, or a spec in its place.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ShadowSeen {
    /// Flags of `what-if`, such as `--target cpu=60 --max 8`; empty where there is a spec.
    pub flags: String,
    /// The file that the spec was read from, as it was named; with several specs in it `#2` and so on follows.
    pub file: String,
    /// The spec; its status is empty.
    pub spec: Option<Box<HpaSeen>>,
}

impl ShadowSeen {
    /// What it is called: its flags, or its file.
    pub fn name(&self) -> &str {
        if self.spec.is_some() { &self.file } else { &self.flags }
    }

    /// As it is written on the line of shadows: flags, or `-f FILE`.
    pub fn part(&self) -> String {
        if self.spec.is_some() { format!("-f {}", self.file) } else { self.flags.clone() }
    }
}
