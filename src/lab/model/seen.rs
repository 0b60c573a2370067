//! What the model lets its API face see: samples, log lines, answers of processes, API faults. Plain data.

use super::Time;
use chrono::TimeDelta;

/// What metrics-server knows of one pod.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PodSample {
    pub namespace: String,
    pub pod: String,
    /// When the newer of the two scrapes was taken.
    pub at: Time,
    /// The time between the two scrapes.
    pub window: TimeDelta,
    /// All containers of the pod: it has no sample while one is unknown.
    pub containers: Vec<Usage>,
}

/// What metrics-server knows of one node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeSample {
    pub node: String,
    pub at: Time,
    pub window: TimeDelta,
    pub cpu_nanocores: u64,
    pub memory_bytes: u64,
}

/// A container's usage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Usage {
    pub name: String,
    /// Mean over the window.
    pub cpu_nanocores: u64,
    /// The working set at the newer scrape.
    pub memory_bytes: u64,
}

/// One line of a container's log, without its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogLine {
    pub at: Time,
    pub text: String,
}

/// A request to a process that listens in a pod.
#[derive(Debug, Clone, Default)]
pub struct Ask {
    /// `GET`, `POST`, `PATCH` …
    pub method: String,
    /// Without the query: `/v1/status`.
    pub path: String,
    /// Without the question mark, as it came.
    pub query: String,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Ask {
    /// The value of a header; names are compared in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

/// The answer of a process.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Answer {
    pub status: u16,
    pub content_type: String,
    /// Beside content type and length, e.g. `X-elastic-product`.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Answer {
    /// A JSON answer.
    pub fn json(status: u16, body: &serde_json::Value) -> Self {
        let content_type = "application/json".to_owned();
        Answer { status, content_type, headers: Vec::new(), body: body.to_string().into_bytes() }
    }

    /// A text answer.
    pub fn text(status: u16, content_type: &str, body: String) -> Self {
        Answer { status, content_type: content_type.to_owned(), headers: Vec::new(), body: body.into_bytes() }
    }
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unheard {
    #[error("pods \"{0}\" not found")]
    NoPod(String),
    /// Its container does not run (yet, or any more).
    #[error("unable to forward port because pod is not running. Current status={0}")]
    NotRunning(String),
    /// Nobody listens there: what the container runtime says of it.
    #[error("dial tcp4 127.0.0.1:{0}: connect: connection refused")]
    NoListener(u16),
}

/// A fault of the API in force. Faults that are moments (`WatchCut`, `Compacted`, `Restart`) stay in the list for a
/// while; who enacts them remembers by `since` what was done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiFault {
    pub what: ApiFaultKind,
    pub since: Time,
    pub until: Time,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ApiFaultKind {
    /// `metrics.k8s.io` answers 503; the model itself has no samples then.
    MetricsOutage,
    /// All watches are cut, once.
    WatchCut,
    /// 403 on a verb (`*` for all) and a resource (`pods`, `pods/log`, `*`).
    Forbidden { verb: String, resource: String },
    /// The log of changes is compacted, once: old resource versions get 410.
    Compacted,
    /// Every answer comes that much later.
    Slow { delay: TimeDelta },
    /// Watches stay open and tell nothing.
    SilentWatch,
    /// A proxy in between answers 200 with an empty body.
    EmptyAnswer,
    /// The API server is gone: connections are dropped and refused.
    Restart,
}
