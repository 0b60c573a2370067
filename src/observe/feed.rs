//! The state of a feed: failure is data. Must not decide when to retry; the feed does.

use super::{Feed, Time};
use serde::{Deserialize, Serialize};

/// The state of a feed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FeedState {
    #[default]
    Connecting,
    /// It responds, and what is known is current.
    Up,
    /// It failed and is retried.
    Retrying,
    /// Not allowed (401, 403).
    Denied,
    /// What it would read does not exist, or is disabled.
    Absent,
    /// It responded once but has been silent too long, or repeats old samples.
    Stale,
    #[serde(other)]
    Unknown,
}

/// A permission that is missing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Rule {
    pub verb: String,
    /// API group; empty for core.
    pub group: String,
    /// Resource, with the subresource if there is one: `pods`, `deployments/scale`.
    pub resource: String,
    /// Empty for the whole cluster.
    pub namespace: String,
}

/// A feed's state, reported when it changes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FeedStatus {
    pub feed: Feed,
    pub state: FeedState,
    /// Why, as a phrase for a sentence; for Up, a detail (`every 15 s`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// A hint: what to do about it.
    #[serde(default, alias = "mend", skip_serializing_if = "Option::is_none")] // format 1
    pub hint: Option<String>,
    /// Tries since it last worked; 0 while it works.
    #[serde(default)]
    pub attempt: u32,
    /// When it will be retried.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_at: Option<Time>,
    /// For Denied by 403: the permission that is missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<Rule>,
}

impl FeedStatus {
    /// A state without details.
    pub fn new(feed: Feed, state: FeedState) -> Self {
        FeedStatus { feed, state, reason: None, hint: None, attempt: 0, retry_at: None, rule: None }
    }
}
