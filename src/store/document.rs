//! A session as the one document that lists, trends and comparisons are made from. Must not hold what a report does not: names,
//! figures, the verdict.

use super::SESSIONS;
use super::bulk::{Doc, How};
use crate::observe::Time;
use crate::recording::Header;
use crate::report;
use crate::report::cost::cost;
use crate::report::figures::{figures, numbers};
use crate::session::Session;
use crate::verdict::{Outcome, Verdict};
use serde_json::{Map, Value, json};

/// What is known of a session beside its observations.
#[derive(Clone, Debug, Default)]
pub struct About {
    pub id: String,
    /// The name of the recording's file.
    pub file: String,
    pub header: Header,
    /// Who keeps it; empty where that is not known.
    pub user: String,
    pub tags: Vec<String>,
}

/// The file, as far as it is in the store.
#[derive(Clone, Debug, Default)]
pub struct Stored {
    pub bytes: u64,
    pub chunk_bytes: u64,
    /// Of the whole file; None while it grows.
    pub sha256: Option<String>,
}

/// The document. Tags that were given are replaced; those of a session without any stay.
pub fn document(about: &About, stored: &Stored, session: &Session, verdict: &Verdict) -> Doc {
    let known: Map<String, Value> = numbers(&figures(session, verdict))
        .into_iter()
        .filter_map(|(name, value)| Some((name, json!(value?))))
        .collect();
    let checks = verdict.checks.iter().map(|c| json!({"id": c.id, "result": c.found.outcome.as_str()}));
    let failed = verdict.checks.iter().filter(|c| c.found.outcome == Outcome::Failed).map(|c| c.id.as_str());
    let span = session.began.zip(session.now).map(|(a, b)| (b - a).num_milliseconds() as f64 / 1000.0);
    let watching = &session.watching;
    let filled = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
    let lab = about.header.lab.as_ref();
    let elastic = session.ingest.cluster.as_ref().and_then(|c| filled(&c.version));
    let mut body = json!({
        "id": about.id,
        "state": if stored.sha256.is_some() { "complete" } else { "recording" },
        "began": session.began,
        "ended": session.now,
        "duration_s": span,
        "file": about.file,
        "bytes": stored.bytes,
        "chunk_bytes": stored.chunk_bytes,
        "sha256": stored.sha256,
        "tool": about.header.tool,
        "user": filled(&about.user),
        "context": filled(&watching.context),
        "server_version": filled(&watching.server_version),
        "elasticsearch_version": elastic,
        "namespace": filled(&watching.namespace),
        "hpa": filled(&watching.hpa),
        "load": filled(&watching.load_job),
        "lab": lab.map(|lab| json!({"scenario": lab.scenario, "speed": lab.speed, "seed": lab.seed.to_string()})),
        "settings": about.header.settings,
        "expectations": verdict.name,
        "result": verdict.result.as_str(),
        "checks": checks.collect::<Vec<_>>(),
        "failed": failed.collect::<Vec<_>>(),
        "figures": known,
        "findings": report::findings(session),
        "cost": cost(session),
    });
    if !about.tags.is_empty() {
        body["tags"] = json!(about.tags);
    }
    Doc { index: SESSIONS.into(), id: about.id.clone(), how: How::Merge, body }
}

/// The `@timestamp` and the names that every derived document has.
pub fn common(about: &About, session: &Session, stream: &str, at: i64) -> Value {
    let mut parts = stream.splitn(3, '-');
    let mut part = || parts.next().unwrap_or_default();
    json!({
        "@timestamp": Time::from_timestamp_millis(at),
        "data_stream": {"type": part(), "dataset": part(), "namespace": part()},
        "session": about.id,
        "context": session.watching.context,
        "namespace": session.watching.namespace,
        "hpa": session.watching.hpa,
    })
}
