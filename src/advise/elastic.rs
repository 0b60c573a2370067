//! Rules over Elasticsearch: what strains it, conflicts, and what its log records lack. Must not repeat what the gateway's
//! queues already tell of it.

use super::{Finding, Severity, words};
use crate::session::Session;
use crate::session::ingest::{Strain, quality};

/// A share of log records without a field that is worth a word, and how many records make a share.
const LACKS: (f64, u64) = (0.5, 20);

/// Section 1.5: Elasticsearch is strained.
pub fn strained(session: &Session) -> Vec<Finding> {
    let one = |strain: Strain| {
        let severity = match strain {
            Strain::Red { .. } | Strain::DiskFlood(_) | Strain::Rejecting(_) => Severity::Critical,
            Strain::NearLimit(_) | Strain::Queue(_) | Strain::Disk(_) => Severity::Warning,
            Strain::Throttled(_) | Strain::Heap(_) => Severity::Info,
        };
        let mend = match strain {
            Strain::Red { .. } => "bring the node or its disk back: GET _cluster/allocation/explain tells why",
            Strain::DiskFlood(_) | Strain::Disk(_) => "free disk, or add to it, before indices turn read-only",
            Strain::Throttled(_) => "faster disks, or fewer shards that are written at once",
            Strain::Heap(_) => "more heap, or fewer shards a node",
            _ => "scale Elasticsearch, not the gateway; fewer and larger bulk requests help as well",
        };
        let nodes = session.ingest.pressure.nodes.len();
        Finding {
            id: "elasticsearch-strained",
            severity,
            text: format!("Elasticsearch: {}", strain.words()),
            evidence: format!("{}, as they told last", words::count(nodes, "node")),
            mend: mend.into(),
        }
    };
    session.ingest.strain(session.now_ms()).into_iter().take(1).map(one).collect()
}

/// R13: several gateways write the same documents of metrics.
pub fn conflicts(session: &Session) -> Vec<Finding> {
    let conflicts: u64 = session.ingest.streams().map(|(_, s)| s.flow.conflicts).sum();
    if conflicts == 0 {
        return Vec::new();
    }
    let worst = session.ingest.streams().max_by_key(|(_, s)| s.flow.conflicts).map_or("", |(name, _)| name);
    vec![Finding {
        id: "version-conflicts",
        severity: Severity::Warning,
        text: format!("{} documents were refused for a version conflict: several writers of one time series", words::whole(conflicts as f64)),
        evidence: format!("most in {worst}"),
        mend: "one writer for each series: route metrics by their resource, and do not split metric batches (send_batch_max_size 0)"
            .into(),
    }]
}

/// Log records without level, trace or service.
pub fn log_quality(session: &Session) -> Vec<Finding> {
    let Some(seen) = &session.ingest.quality else { return Vec::new() };
    let lacking = quality::Field::ALL.into_iter().filter_map(|field| {
        let lack = quality::lack(seen, field);
        lack.share().filter(|s| *s >= LACKS.0 && lack.records >= LACKS.1).map(|share| (field, lack, share))
    });
    let Some((field, lack, share)) = lacking.max_by(|a, b| a.2.total_cmp(&b.2)) else { return Vec::new() };
    let by_alias = lack.in_attribute > 0;
    vec![Finding {
        id: "logs-lack-fields",
        severity: Severity::Info,
        text: format!("{} % of log records have no {}", (share * 100.0).floor(), field.name()),
        evidence: match by_alias {
            true => format!(
                "{} of {} records have it as an attribute, which the alias of {} does not read",
                lack.in_attribute,
                lack.records,
                field.home()
            ),
            false => format!("{} of {} records", lack.missing, lack.records),
        },
        mend: match by_alias {
            true => format!("in the gateway's transform processor: {}", field.statement()),
            false => "have the application log it, or parse it out of the body".into(),
        },
    }]
}
