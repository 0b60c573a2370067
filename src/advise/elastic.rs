//! What Elasticsearch's own figures say: writes turned away, disks that fill, indices that cannot be written to, log
//! records that lack what Kibana shows. Must not look at the gateway.

use super::{Finding, Severity};
use crate::explain::{elasticsearch, log_quality::missing_field};
use crate::format;
use crate::session::ingest::quality::{Field, lack};
use crate::session::ingest::{RejectionCause, Strain};
use crate::session::{Session, total};

/// A share of records that lack a field counts from here on, and from so many records.
const LACKING: f64 = 0.05;
const RECORDS: u64 = 50;
/// Conflicts are told for so long after the last, in milliseconds.
const LATELY: i64 = 90_000;

/// What strains Elasticsearch now.
pub fn strained(session: &Session) -> Vec<Finding> {
    session.ingest.strain(session.now_ms()).iter().map(|strain| of(session, strain)).collect()
}

fn of(session: &Session, strain: &Strain) -> Finding {
    let p = &session.ingest.pressure;
    let (id, severity, text, hint) = match strain {
        Strain::Red { .. } => (
            "elasticsearch-red",
            Severity::Critical,
            "Elasticsearch cannot write to some indices",
            "look at: GET _cluster/allocation/explain",
        ),
        Strain::DiskFlood(_) => (
            "elasticsearch-disk",
            Severity::Critical,
            "Elasticsearch's disk is full, so that indices turn read-only",
            "free or add disk space; the block goes by itself below the high watermark",
        ),
        Strain::Rejecting(causes) => {
            let breaker = causes.iter().all(|(cause, _)| matches!(cause, RejectionCause::Breaker(_)));
            let hint = match breaker {
                true => "give Elasticsearch more heap; more gateways bring more requests",
                false => {
                    "scale Elasticsearch (CPU, heap, data nodes), not the gateway: each replica brings more bulk requests"
                }
            };
            ("elasticsearch-rejects", Severity::Critical, "Elasticsearch turns writes away", hint)
        }
        Strain::NearLimit(_) => (
            "elasticsearch-near-limit",
            Severity::Warning,
            "Elasticsearch is near the limit of writes in flight",
            "scale Elasticsearch, or send smaller bulk requests",
        ),
        Strain::Queue(_) => (
            "elasticsearch-queue",
            Severity::Warning,
            "Elasticsearch's write queue grows",
            "scale Elasticsearch: it takes writes more slowly than they come",
        ),
        Strain::Throttled(_) => (
            "elasticsearch-merging",
            Severity::Warning,
            "Elasticsearch holds indexing back until merges catch up",
            "give Elasticsearch faster disks, or fewer and larger shards",
        ),
        Strain::Disk(_) => (
            "elasticsearch-disk",
            Severity::Warning,
            "Elasticsearch's disk is beyond a watermark, so that shards are not placed there",
            "free or add disk space, or shorten the retention",
        ),
        Strain::Heap(_) => (
            "elasticsearch-heap",
            Severity::Info,
            "Elasticsearch uses most of its heap",
            "watch its garbage collection; give it more heap if it stays so",
        ),
    };
    let health = p.health.as_ref().map(|h| format!("; health {}", h.status)).unwrap_or_default();
    let evidence = format!("{}{health}", elasticsearch::strain(strain));
    Finding { id, severity, text: text.into(), evidence, hint: hint.into() }
}

/// Log records that lack a level, a trace id or a service.
pub fn log_quality(session: &Session) -> Vec<Finding> {
    let Some(seen) = session.ingest.quality.as_ref().filter(|q| q.denied.is_none()) else { return Vec::new() };
    let one = |field: Field| {
        let lack = lack(seen, field);
        let share = lack.share().filter(|s| *s >= LACKING && lack.records >= RECORDS)?;
        let (reason, hint) = missing_field(lack, field)?;
        let id = match field {
            Field::Level => "logs-without-level",
            Field::Trace | Field::Span => "logs-without-trace",
            Field::Service => "logs-without-service",
        };
        let text = format!("{:.0} % of the log records show no {}", share * 100.0, field.name());
        let evidence = format!("{} of {} records: {reason}", lack.missing, lack.records);
        Some(Finding { id, severity: Severity::Info, text, evidence, hint })
    };
    // A span id is missing where the trace id is.
    [Field::Level, Field::Trace, Field::Service].into_iter().filter_map(one).collect()
}

/// R13: several gateways write the same documents of metrics.
pub fn conflicts(session: &Session) -> Vec<Finding> {
    let now = session.now_ms();
    let lately = session.ingest.streams().filter(|(_, s)| s.flow.conflicted.is_some_and(|at| now - at <= LATELY));
    let Some((worst, _)) = lately.max_by_key(|(_, s)| s.flow.conflicts) else { return Vec::new() };
    let conflicts = total(session.ingest.streams().map(|(_, s)| s.flow.conflicts));
    vec![Finding {
        id: "version-conflicts",
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
    use crate::observe::{
        CountedBy, CountersSeen, ElasticHealthSeen, IndexSeen, LogGroup, LogQualitySeen, Observation, Stamped, Time,
    };

    fn told(what: Observation) -> Session {
        let mut session = Session::default();
        session.apply(&Stamped { at: Time::UNIX_EPOCH, what });
        session
    }

    #[test]
    fn a_level_in_an_attribute_is_told_with_the_statement_that_mends_it() {
        let group = LogGroup {
            dataset: "generic.otel".into(),
            records: 1100,
            without_level: 100,
            level_in_attribute: 100,
            ..LogGroup::default()
        };
        let seen = LogQualitySeen { records: 1100, groups: vec![group], ..LogQualitySeen::default() };
        let all = log_quality(&told(Observation::LogQuality(Box::new(seen))));
        assert_eq!(all.iter().map(|f| f.id).collect::<Vec<_>>(), ["logs-without-level"]);
        assert_eq!(all[0].text, "9 % of the log records show no log.level");
        assert!(all[0].hint.contains(r#"set(log.severity_text, log.attributes["log.level"])"#), "{}", all[0].hint);
    }

    #[test]
    fn a_red_cluster_is_critical_and_a_green_one_nothing() {
        let health = |status: &str| {
            let health = ElasticHealthSeen { status: status.into(), ..ElasticHealthSeen::default() };
            strained(&told(Observation::ElasticHealth(Box::new(health))))
        };
        assert_eq!(health("red")[0].severity, Severity::Critical);
        assert!(health("green").is_empty() && health("yellow").is_empty());
    }

    #[test]
    fn version_conflicts_are_told_while_they_come_and_a_while_after() {
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
        assert_eq!(answer(0, 7), [], "what was there before is none of this session");
        let told = &answer(10, 47)[0];
        assert!(told.text.starts_with("40 documents were refused for a version conflict"), "{told:?}");
        assert!(told.evidence.contains("metrics-a.otel-default"), "{told:?}");
        assert_eq!(answer(90, 47).len(), 1);
        assert_eq!(answer(110, 47), []);
    }
}
