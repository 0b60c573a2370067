//! The faults of a scenario: what fails, and when.

use super::values::{Dur, Share};
use serde::Deserialize;

/// One fault. [`FaultKind::takes`] lists the optional keys of each kind.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Fault {
    /// Since the lab's start, or since the start of the load with `after-load`.
    pub at: Dur,
    pub kind: FaultKind,
    /// `at` counts from the start of the load Job's k6.
    #[serde(default)]
    pub after_load: bool,
    /// How long it lasts.
    #[serde(rename = "for")]
    pub lasts: Option<Dur>,
    /// `slow`: added to every response. `es-slow`: added to every bulk request.
    pub delay: Option<Dur>,
    /// `forbidden`: the verb, or `*`.
    pub verb: Option<String>,
    /// `forbidden`: the resource (`pods`, `pods/log`), or `*`.
    pub resource: Option<String>,
    /// `es-reject-items`: the share of the documents.
    pub share: Option<Share>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FaultKind {
    /// metrics-server is down: `metrics.k8s.io` answers 503.
    MetricsOutage,
    /// The API server cuts all watches.
    WatchCut,
    /// 403 on a verb and a resource.
    Forbidden,
    /// The change log is compacted: old resource versions get 410.
    Compacted,
    /// The API server responds late.
    Slow,
    /// Watches stay open but send nothing.
    SilentWatch,
    /// A proxy in between answers 200 with an empty body.
    EmptyAnswers,
    /// The API server is down.
    Restart,
    /// The HPA controller restarts and loses its memory.
    ControllerRestart,
    /// The gateway with the most memory exceeds its limit.
    Oom,
    /// The nodes accept no more pods.
    NodesFull,
    /// Elasticsearch responds late to bulk requests.
    EsSlow,
    /// Elasticsearch refuses bulk requests with 429.
    EsReject,
    /// Elasticsearch refuses a share of the documents, each with 429.
    EsRejectItems,
    /// Elasticsearch answers 503.
    EsUnavailable,
    /// Elasticsearch is down.
    EsDown,
    /// All data streams roll over.
    EsRollover,
    /// k6 gets a SIGTERM.
    K6Abort,
}

impl FaultKind {
    /// The keys it requires besides `at` and `kind`.
    pub fn takes(self) -> &'static [&'static str] {
        match self {
            Self::MetricsOutage
            | Self::SilentWatch
            | Self::EmptyAnswers
            | Self::Restart
            | Self::NodesFull
            | Self::EsReject
            | Self::EsUnavailable
            | Self::EsDown => &["for"],
            Self::Slow | Self::EsSlow => &["for", "delay"],
            Self::Forbidden => &["for", "verb", "resource"],
            Self::EsRejectItems => &["for", "share"],
            Self::WatchCut
            | Self::Compacted
            | Self::ControllerRestart
            | Self::Oom
            | Self::EsRollover
            | Self::K6Abort => &[],
        }
    }
}

impl Fault {
    /// The optional keys that are set.
    pub(super) fn has(&self) -> Vec<&'static str> {
        let keys = [
            ("for", self.lasts.is_some()),
            ("delay", self.delay.is_some()),
            ("verb", self.verb.is_some()),
            ("resource", self.resource.is_some()),
            ("share", self.share.is_some()),
        ];
        keys.into_iter().filter(|(_, there)| *there).map(|(key, _)| key).collect()
    }
}
