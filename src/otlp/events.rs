//! The store's documents of events, and what became of each expectation, as log records. Must not judge.

use super::SCHEMA;
use super::metrics::time;
use super::values::{any, attribute, nanos, scope};
use crate::session::Session;
use crate::store::{EVENTS, bulk::Doc};
use crate::verdict::{Check, Outcome};
use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::logs::v1::{LogRecord, ResourceLogs, ScopeLogs, SeverityNumber};
use opentelemetry_proto::tonic::resource::v1::Resource;
use serde_json::Value;

/// Fields of a document that are elsewhere in a record or in the resource.
const ELSEWHERE: [&str; 8] = ["@timestamp", "data_stream", "session", "context", "namespace", "hpa", "kind", "message"];

/// The request, and how many records it has; None without any.
pub fn request(
    session: &Session,
    docs: &[Doc],
    decided: &[&Check],
    resource: Resource,
) -> Option<(ExportLogsServiceRequest, u64)> {
    let now = nanos(session.now_ms());
    let mut log_records: Vec<LogRecord> =
        docs.iter().filter(|doc| doc.index == EVENTS).filter_map(|doc| event(&doc.body, now)).collect();
    log_records.extend(decided.iter().map(|check| verdict(check, now)));
    let count = log_records.len() as u64;
    let scope_logs = vec![ScopeLogs { scope: Some(scope()), log_records, schema_url: SCHEMA.into() }];
    let all = ResourceLogs { resource: Some(resource), scope_logs, schema_url: SCHEMA.into() };
    (count > 0).then(|| (ExportLogsServiceRequest { resource_logs: vec![all] }, count))
}

fn event(body: &Value, now: u64) -> Option<LogRecord> {
    let kind = body["kind"].as_str()?;
    let severity = match body["severity"].as_str() {
        Some("critical") => SeverityNumber::Error,
        Some("warning") => SeverityNumber::Warn,
        _ => SeverityNumber::Info,
    };
    let fields = body.as_object()?.iter().filter(|(key, _)| !ELSEWHERE.contains(&key.as_str()));
    let attributes = fields.filter_map(|(key, value)| attribute(format!("edot_tui.{kind}.{key}"), value.clone()));
    Some(LogRecord {
        time_unix_nano: time(body)?,
        observed_time_unix_nano: now,
        event_name: format!("edot_tui.{kind}"),
        body: any(&body["message"]),
        attributes: attributes.collect(),
        ..with(severity)
    })
}

fn verdict(check: &Check, now: u64) -> LogRecord {
    let found = &check.found;
    let failed = found.outcome == Outcome::Failed;
    let attributes = [
        attribute("edot_tui.verdict.id", check.id.as_str()),
        attribute("edot_tui.verdict.result", found.outcome.as_str()),
        attribute("edot_tui.verdict.phase", check.phase.as_deref().unwrap_or_default()),
        attribute("edot_tui.verdict.expected", found.expected.as_str()),
        attribute("edot_tui.verdict.observed", found.observed.as_str()),
    ];
    LogRecord {
        time_unix_nano: found.at.map_or(now, nanos),
        observed_time_unix_nano: now,
        event_name: "edot_tui.verdict".into(),
        body: any(&Value::from(check.message.as_str())),
        attributes: attributes.into_iter().flatten().collect(),
        ..with(if failed { SeverityNumber::Error } else { SeverityNumber::Info })
    }
}

fn with(severity: SeverityNumber) -> LogRecord {
    let severity_text = severity.as_str_name().trim_start_matches("SEVERITY_NUMBER_").to_owned();
    LogRecord { severity_number: severity.into(), severity_text, ..Default::default() }
}
