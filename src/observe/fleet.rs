//! What the watch of all HPAs of a cluster sees: each with its labels and who owns it. Must not interpret them.

use super::{EventSeen, FeedStatus, HpaSeen};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One observation of one cluster.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FleetSeen {
    /// The kubeconfig's context, or how the cluster was found.
    pub context: String,
    pub what: FleetChange,
}

/// What was seen.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "change", rename_all = "snake_case")]
pub enum FleetChange {
    /// The state of the cluster's watch; Up once every HPA that exists has been sent.
    State(FeedStatus),
    /// The API server's version, such as `v1.36.3`.
    Version {
        version: String,
    },
    Hpa {
        labels: BTreeMap<String, String>,
        /// What made it: `ScaledObject/web`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        owner: Option<String>,
        hpa: Box<HpaSeen>,
    },
    Gone {
        uid: String,
    },
    /// An event about an HPA: a rescale.
    Event(Box<EventSeen>),
    /// A kind that a later version wrote.
    #[serde(other)]
    Unknown,
}
