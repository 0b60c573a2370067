//! Rules over Elasticsearch's own figures: rejected writes, disks that fill, indices that cannot be written to, log
//! records without the fields that Kibana shows. Must not look at the gateway.

use super::{Finding, FindingKind, Rule, Severity};
use crate::explain::{elasticsearch, log_quality::missing_field};
use crate::format;
use crate::session::ingest::quality::{Field, lack};
use crate::session::ingest::{RejectionCause, Strain};
use crate::session::{Session, total};

/// The smallest share of records without a field that is reported.
const MIN_SHARE: f64 = 0.05;
/// The fewest records that a share is computed from.
const MIN_RECORDS: u64 = 50;
/// How long conflicts stay reported after the last one, in milliseconds.
const RECENT: i64 = 90_000;

const RED: FindingKind = FindingKind {
    id: "elasticsearch-red",
    severity: &[Severity::Critical],
    when: "cluster health is `red`",
    evidence: "the unassigned primaries, and health",
    hint: "`GET _cluster/allocation/explain`",
    source: "Elasticsearch: `_cluster/health`",
};
const DISK: FindingKind = FindingKind {
    id: "elasticsearch-disk",
    severity: &[Severity::Warning, Severity::Critical],
    when: "a data node's disk is beyond the low or high watermark (warning) or the flood stage (critical), by the default \
           watermarks",
    evidence: "disk use, and health",
    hint: "free or add disk space, or shorten the retention",
    source: "Elasticsearch: `_nodes/stats`, cluster settings",
};
const REJECTS: FindingKind = FindingKind {
    id: "elasticsearch-rejects",
    severity: &[Severity::Critical],
    when: "writes were rejected within the last 60 s",
    evidence: "the causes (indexing pressure, write queue, circuit breaker) with their counts, and health",
    hint: "scale Elasticsearch, not the gateway; more heap where a circuit breaker is the cause",
    source: "Elasticsearch: `_nodes/stats`",
};
const NEAR_LIMIT: FindingKind = FindingKind {
    id: "elasticsearch-near-limit",
    severity: &[Severity::Warning],
    when: "the writes in flight are above 70 % of the limit of indexing pressure",
    evidence: "the share of the limit, and health",
    hint: "scale Elasticsearch, or send smaller bulk requests",
    source: "Elasticsearch: `_nodes/stats`",
};
const QUEUE: FindingKind = FindingKind {
    id: "elasticsearch-queue",
    severity: &[Severity::Warning],
    when: "the queue of the write thread pool grew three times in a row",
    evidence: "the queue's size, and health",
    hint: "scale Elasticsearch",
    source: "Elasticsearch: `_nodes/stats`",
};
const MERGING: FindingKind = FindingKind {
    id: "elasticsearch-merging",
    severity: &[Severity::Warning],
    when: "indexing into a data stream is throttled until merges catch up",
    evidence: "the data stream, and health",
    hint: "faster disks, or fewer and larger shards",
    source: "Elasticsearch: `_nodes/stats`",
};
const HEAP: FindingKind = FindingKind {
    id: "elasticsearch-heap",
    severity: &[Severity::Info],
    when: "a data node uses more than 85 % of its heap",
    evidence: "heap use, and health",
    hint: "watch its garbage collection; more heap if it stays so",
    source: "Elasticsearch: `_nodes/stats`",
};
const CONFLICTS: FindingKind = FindingKind {
    id: "version-conflicts",
    severity: &[Severity::Warning],
    when: "documents were refused for a version conflict within the last 90 s",
    evidence: "the data stream with the most conflicts",
    hint: "one writer for each time series; do not split metric batches (`send_batch_max_size` 0)",
    source: "Elasticsearch: index statistics",
};
const NO_LEVEL: FindingKind = FindingKind {
    id: "logs-without-level",
    severity: &[Severity::Warning],
    when: "at least 5 % of at least 50 recent log records have no `log.level`",
    evidence: "how many of how many records, and the reason",
    hint: "the collector statement that sets it",
    source: "Elasticsearch: a search over recent log records",
};
const NO_TRACE: FindingKind = FindingKind {
    id: "logs-without-trace",
    severity: &[Severity::Warning],
    when: "at least 5 % of at least 50 recent log records have no trace id",
    evidence: "how many of how many records, and the reason",
    hint: "the collector statement that sets it",
    source: "Elasticsearch: a search over recent log records",
};
const NO_SERVICE: FindingKind = FindingKind {
    id: "logs-without-service",
    severity: &[Severity::Warning],
    when: "at least 5 % of at least 50 recent log records have no service name",
    evidence: "how many of how many records, and the reason",
    hint: "the collector statement that sets it",
    source: "Elasticsearch: a search over recent log records",
};

pub const RULES: &[Rule] = &[
    Rule { rank: 30, check: strained, finds: &[RED, DISK, REJECTS, NEAR_LIMIT, QUEUE, MERGING, HEAP] },
    Rule { rank: 180, check: conflicts, finds: &[CONFLICTS] },
    Rule { rank: 190, check: log_quality, finds: &[NO_LEVEL, NO_TRACE, NO_SERVICE] },
];

/// Signs that Elasticsearch is at a limit now.
fn strained(session: &Session) -> Vec<Finding> {
    session.ingest.strain(session.now_ms()).iter().map(|strain| strain_finding(session, strain)).collect()
}

fn strain_finding(session: &Session, strain: &Strain) -> Finding {
    let p = &session.ingest.pressure;
    let (id, severity, text, hint) = match strain {
        Strain::Red { .. } => (
            RED.id,
            Severity::Critical,
            "Elasticsearch cannot write to some indices",
            "look at: GET _cluster/allocation/explain",
        ),
        Strain::DiskFlood(_) => (
            DISK.id,
            Severity::Critical,
            "Elasticsearch's disk is full, so that indices turn read-only",
            "free or add disk space; Elasticsearch lifts the block by itself below the high watermark",
        ),
        Strain::Rejecting(causes) => {
            let breaker = causes.iter().all(|(cause, _)| matches!(cause, RejectionCause::Breaker(_)));
            let hint = match breaker {
                true => "give Elasticsearch more heap; more gateways bring more requests",
                false => {
                    "scale Elasticsearch (CPU, heap, data nodes), not the gateway: each replica brings more bulk requests"
                }
            };
            (REJECTS.id, Severity::Critical, "Elasticsearch rejects writes", hint)
        }
        Strain::NearLimit(_) => (
            NEAR_LIMIT.id,
            Severity::Warning,
            "Elasticsearch is near the limit of writes in flight",
            "scale Elasticsearch, or send smaller bulk requests",
        ),
        Strain::Queue(_) => (
            QUEUE.id,
            Severity::Warning,
            "Elasticsearch's write queue grows",
            "scale Elasticsearch: it handles writes more slowly than they arrive",
        ),
        Strain::Throttled(_) => (
            MERGING.id,
            Severity::Warning,
            "Elasticsearch throttles indexing until merges catch up",
            "give Elasticsearch faster disks, or fewer and larger shards",
        ),
        Strain::Disk(_) => (
            DISK.id,
            Severity::Warning,
            "Elasticsearch's disk is beyond a watermark, so that shards are not placed there",
            "free or add disk space, or shorten the retention",
        ),
        Strain::Heap(_) => (
            HEAP.id,
            Severity::Info,
            "Elasticsearch uses most of its heap",
            "watch its garbage collection; give it more heap if it stays so",
        ),
    };
    let health = p.health.as_ref().map(|h| format!("; health {}", h.status)).unwrap_or_default();
    let evidence = format!("{}{health}", elasticsearch::strain(strain));
    Finding { id, severity, text: text.into(), evidence, hint: hint.into() }
}

/// Log records without a level, a trace id or a service.
fn log_quality(session: &Session) -> Vec<Finding> {
    let Some(seen) = session.ingest.quality.as_ref().filter(|q| q.denied.is_none()) else { return Vec::new() };
    let one = |field: Field| {
        let lack = lack(seen, field);
        let share = lack.share().filter(|s| *s >= MIN_SHARE && lack.records >= MIN_RECORDS)?;
        let (reason, hint) = missing_field(lack, field)?;
        let id = match field {
            Field::Level => NO_LEVEL.id,
            Field::Trace | Field::Span => NO_TRACE.id,
            Field::Service => NO_SERVICE.id,
        };
        let text = format!("{:.0} % of the log records have no {}", share * 100.0, field.name());
        let evidence = format!("{} of {} records: {reason}", lack.missing, lack.records);
        Some(Finding { id, severity: Severity::Warning, text, evidence, hint })
    };
    // The span id is missing wherever the trace id is, so it gets no finding of its own.
    [Field::Level, Field::Trace, Field::Service].into_iter().filter_map(one).collect()
}

/// Several gateways write the same metric documents.
fn conflicts(session: &Session) -> Vec<Finding> {
    let now = session.now_ms();
    let recent = session.ingest.streams().filter(|(_, s)| s.flow.conflicted.is_some_and(|at| now - at <= RECENT));
    let Some((worst, _)) = recent.max_by_key(|(_, s)| s.flow.conflicts) else { return Vec::new() };
    let conflicts = total(session.ingest.streams().map(|(_, s)| s.flow.conflicts));
    vec![Finding {
        id: CONFLICTS.id,
        severity: Severity::Warning,
        text: format!("{} documents were refused for a version conflict: several writers of one time series", format::number::rounded(conflicts as f64)),
        evidence: format!("most in {worst}"),
        hint: "one writer for each series: route metrics by their resource, and do not split metric batches (send_batch_max_size 0)"
            .into(),
    }]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::advise::session_of;
    use crate::observe::{
        CountedBy, CountersSeen, ElasticHealthSeen, IndexSeen, LogGroup, LogQualitySeen, Observation, Stamped, Time,
    };

    #[test]
    fn a_level_in_an_attribute_is_reported_with_the_statement_that_fixes_it() {
        let group = LogGroup {
            dataset: "generic.otel".into(),
            records: 1100,
            without_level: 100,
            level_in_attribute: 100,
            ..LogGroup::default()
        };
        let seen = LogQualitySeen { records: 1100, groups: vec![group], ..LogQualitySeen::default() };
        let all = log_quality(&session_of(Observation::LogQuality(Box::new(seen))));
        assert_eq!(all.iter().map(|f| f.id).collect::<Vec<_>>(), ["logs-without-level"]);
        assert_eq!(all[0].text, "9 % of the log records have no log.level");
        assert_eq!(NO_LEVEL.severity, [all[0].severity]);
        assert!(all[0].hint.contains(r#"set(log.severity_text, log.attributes["log.level"])"#), "{}", all[0].hint);
    }

    #[test]
    fn a_red_cluster_is_critical_and_a_green_one_nothing() {
        let health = |status: &str| {
            let health = ElasticHealthSeen { status: status.into(), ..ElasticHealthSeen::default() };
            strained(&session_of(Observation::ElasticHealth(Box::new(health))))
        };
        assert_eq!(health("red")[0].severity, Severity::Critical);
        assert!(health("green").is_empty() && health("yellow").is_empty());
    }

    #[test]
    fn version_conflicts_are_reported_while_they_occur_and_for_a_while_after() {
        let mut session = Session::default();
        let at = |s: i64| Time::UNIX_EPOCH + chrono::TimeDelta::seconds(s);
        let mut answer = |s: i64, conflicts: u64| {
            let index = |name: &str, conflicts| IndexSeen {
                name: format!(".ds-metrics-{name}.otel-default-2026.11.24-000001"),
                uuid: name.into(),
                indexed: Some(100 + s as u64),
                failed: Some(conflicts),
                conflicts: Some(conflicts),
                ..IndexSeen::default()
            };
            let indices = vec![index("a", conflicts), index("b", 0)];
            let seen = CountersSeen { by: CountedBy::IndexTotal, every_ms: 10_000, indices, ..CountersSeen::default() };
            session.apply(&Stamped { at: at(s), what: Observation::Counters(Box::new(seen)) });
            super::conflicts(&session)
        };
        assert_eq!(answer(0, 7), [], "what happened before the session does not count");
        let finding = &answer(10, 47)[0];
        assert!(finding.text.starts_with("40 documents were refused for a version conflict"), "{finding:?}");
        assert!(finding.evidence.contains("metrics-a.otel-default"), "{finding:?}");
        assert_eq!(answer(90, 47).len(), 1);
        assert_eq!(answer(110, 47), []);
    }
}
