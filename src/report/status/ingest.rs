//! The section `ingest` of `status`: what Elasticsearch indexed, and its state. A figure that is unknown is null.

use super::number::{BySignal, figure};
use crate::explain::elasticsearch;
use crate::explain::left_out::{Place, left_out};
use crate::observe::{CountedBy, LogQualitySeen, Signal, Time};
use crate::session::Session;
use crate::session::ingest::{DocumentFlow, RejectionCause, quality};
use serde::Serialize;
use std::collections::BTreeMap;

/// Elasticsearch.
#[derive(Debug, Serialize)]
pub struct Ingest {
    /// Its name and version, where it is queried and as which user.
    pub cluster: Option<String>,
    pub version: Option<String>,
    pub url: Option<String>,
    pub route: Option<String>,
    pub user: Option<String>,
    pub kibana: Option<String>,
    pub notes: Vec<String>,
    pub counted_by: Option<CountedBy>,
    pub documents_per_s: BySignal,
    pub bytes_per_s: BySignal,
    /// Since the first answer; `complete` is false where some may have been missed.
    pub documents: BySignal,
    pub complete: Option<bool>,
    /// Writes rejected since the first answer, in total and by cause.
    pub rejected: Option<u64>,
    pub rejected_by: BTreeMap<String, u64>,
    pub write_queue: Option<u64>,
    pub indexing_pressure_ratio: Option<f64>,
    pub heap_ratio: Option<f64>,
    pub disk_ratio: Option<f64>,
    pub health: Option<String>,
    /// What limits indexing now, a sentence's words each.
    pub problems: Vec<String>,
    pub streams: Vec<Stream>,
    pub log_quality: Option<LogQuality>,
}

/// A data stream.
#[derive(Debug, Serialize)]
pub struct Stream {
    pub name: String,
    #[serde(serialize_with = "figure")]
    pub documents_per_s: Option<f64>,
    #[serde(serialize_with = "figure")]
    pub bytes_per_s: Option<f64>,
    pub documents: Option<u64>,
    pub failed: Option<u64>,
    pub conflicts: Option<u64>,
    /// On disk, primaries only.
    pub stored_bytes: Option<u64>,
    /// Seconds since documents last arrived; null when none has yet.
    pub idle_s: Option<f64>,
}

/// What log records lack.
#[derive(Debug, Serialize)]
pub struct LogQuality {
    pub from: Time,
    pub to: Time,
    pub records: u64,
    pub without_level: u64,
    pub without_trace_id: u64,
    pub without_span_id: u64,
    pub without_service: u64,
    /// Why fields are missing, and a hint.
    pub causes: Vec<LogCause>,
}

/// Why a field is missing.
#[derive(Debug, Serialize)]
pub struct LogCause {
    pub field: &'static str,
    pub reason: String,
    pub hint: String,
}

/// The section; None while nothing is known of Elasticsearch.
pub fn ingest(session: &Session) -> Option<Ingest> {
    let (ingest, now) = (&session.ingest, session.now_ms());
    if ingest.at.is_none() && ingest.pressure.at.is_none() && ingest.cluster.is_none() {
        return None;
    }
    let age = ingest.max_age();
    let by = |of: &dyn Fn(&DocumentFlow) -> Option<f64>| BySignal::of(|s| ingest.signal(s).and_then(of));
    let text = |text: &str| Some(text.to_owned()).filter(|t| !t.is_empty());
    let about = ingest.cluster.as_ref();
    let p = &ingest.pressure;
    let flows = || Signal::ALL.into_iter().filter_map(|s| ingest.signal(s));
    let causes = p.rejected.iter().map(|(cause, n)| (id(cause), *n));
    let streams = ingest.streams().filter(|(_, s)| s.indices > 0).map(|(name, s)| {
        let counted = !s.flow.documents.points().is_empty();
        Stream {
            name: name.to_owned(),
            documents_per_s: s.flow.rate_at(now, age),
            bytes_per_s: s.flow.bytes_at(now, age),
            documents: counted.then_some(s.flow.total),
            failed: counted.then_some(s.flow.failed),
            conflicts: counted.then_some(s.flow.conflicts),
            stored_bytes: s.stored,
            idle_s: s.flow.last.map(|(_, to)| ((now - to) as f64 / 100.0).round() / 10.0),
        }
    });
    Some(Ingest {
        cluster: about.and_then(|a| text(&a.cluster)),
        version: about.and_then(|a| text(&a.version)),
        url: about.and_then(|a| text(&a.url)),
        route: about.and_then(|a| text(&a.route)),
        user: about.and_then(|a| text(&a.user)),
        kibana: about.and_then(|a| text(&a.kibana)),
        notes: about
            .iter()
            .flat_map(|a| a.notes.clone())
            .chain(Place::ELASTICSEARCH.into_iter().filter_map(|p| left_out(session, p)))
            .collect(),
        counted_by: ingest.counted_by,
        documents_per_s: by(&|f| f.rate_at(now, age)),
        bytes_per_s: by(&|f| f.bytes_at(now, age)),
        documents: by(&|f| Some(f.total as f64)),
        complete: flows().next().map(|_| flows().all(|f| !f.partial)),
        rejected: p.rejected_writes(),
        rejected_by: causes.filter(|(_, n)| *n > 0).collect(),
        write_queue: p.waiting(),
        indexing_pressure_ratio: p.pressure(),
        heap_ratio: p.heap(),
        disk_ratio: p.disk(),
        health: p.health.as_ref().map(|h| h.status.clone()),
        problems: ingest.strain(now).iter().map(elasticsearch::strain).collect(),
        streams: streams.collect(),
        log_quality: ingest.quality.as_ref().filter(|q| q.denied.is_none()).map(log_quality),
    })
}

/// A cause of rejections, for programs.
fn id(cause: &RejectionCause) -> String {
    match cause {
        RejectionCause::WritePool => "write_pool".into(),
        RejectionCause::Coordinating => "coordinating".into(),
        RejectionCause::Primary => "primary".into(),
        RejectionCause::Replica => "replica".into(),
        RejectionCause::Large => "large_operation".into(),
        RejectionCause::Breaker(name) => format!("breaker_{name}"),
    }
}

fn log_quality(seen: &LogQualitySeen) -> LogQuality {
    use crate::explain::log_quality::missing_field;
    use quality::{Field, lack};
    let missing = |field| lack(seen, field).missing;
    let cause = |field: Field| {
        let (reason, hint) = missing_field(lack(seen, field), field)?;
        Some(LogCause { field: field.name(), reason, hint })
    };
    LogQuality {
        from: seen.from,
        to: seen.to,
        records: lack(seen, Field::Level).records,
        without_level: missing(Field::Level),
        without_trace_id: missing(Field::Trace),
        without_span_id: missing(Field::Span),
        without_service: missing(Field::Service),
        causes: Field::ALL.into_iter().filter_map(cause).collect(),
    }
}

/// The same for people.
pub fn text(ingest: &Ingest) -> String {
    use crate::format;
    let figure = |v: Option<f64>| v.map_or_else(|| format::UNKNOWN.to_string(), format::rate);
    let rates = &ingest.documents_per_s;
    let (traces, metrics, logs) = (figure(rates.traces), figure(rates.metrics), figure(rates.logs));
    let rejected = ingest.rejected.map_or_else(|| format::UNKNOWN.into(), |n| n.to_string());
    let health = ingest.health.as_deref().unwrap_or(format::UNKNOWN);
    let mut out =
        format!("ingest: traces {traces}, metrics {metrics}, logs {logs}; {rejected} rejected; health {health}\n");
    ingest.problems.iter().chain(&ingest.notes).for_each(|line| out.push_str(&format!("  {line}\n")));
    out
}
