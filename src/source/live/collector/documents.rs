//! A collector's own metrics as Elasticsearch keeps them, one document for each set of labels -> CollectorSeen. Must not search.

use super::normalize::normalize;
use crate::observe::text::{NAME, clean};
use crate::observe::{CollectorSeen, Time};
use crate::source::live::elastic::fields::{Fields, number};
use chrono::TimeDelta;
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// Fields with a pod's name, and with its uid.
pub const POD: [&str; 2] = ["k8s.pod.name", "kubernetes.pod.name"];
pub const UID: [&str; 2] = ["k8s.pod.uid", "kubernetes.pod.uid"];

/// Figures of a collector: names, labels and values, as a scrape has them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CollectorRow {
    pub pod: Option<String>,
    pub uid: Option<String>,
    /// `service.instance.id`, `service.name` and `service.version`.
    pub instance: String,
    pub service: String,
    pub version: String,
    pub labels: BTreeMap<String, String>,
    pub figures: Vec<(String, f64)>,
}

/// What a document says; None for one without figures of a collector.
pub fn row(f: &Fields) -> Option<CollectorRow> {
    let figures: Vec<(String, f64)> = ["otelcol_", "otelcol."]
        .into_iter()
        .flat_map(|with| f.beginning(with))
        .filter_map(|(name, value)| Some((clean(name, NAME), number(value)?)))
        .collect();
    if figures.is_empty() {
        return None;
    }
    // Whatever else the document has is a label; those of the resource are of no matter to the figures.
    let known =
        ["receiver", "exporter", "processor", "transport", "data_type", "otel.signal", "otel_signal", "outcome"];
    let more = ["http.response.status_code", "http_response_status_code", "error.type", "error_type"];
    let labels = known.into_iter().chain(more);
    let label = |name: &str| {
        let code = || f.number(&[name]).map(|n| format!("{n}"));
        Some((name.replace('.', "_"), f.text(&[name]).or_else(code)?))
    };
    Some(CollectorRow {
        pod: f.text(&POD),
        uid: f.text(&UID),
        instance: f.text(&["service.instance.id"]).unwrap_or_default(),
        service: f.text(&["service.name"]).unwrap_or_default(),
        version: f.text(&["service.version"]).unwrap_or_default(),
        labels: labels.filter_map(label).collect(),
        figures,
    })
}

/// What collectors sent, by the time of the export's first document and by whose it is.
pub type Exports = BTreeMap<(Time, String), Vec<CollectorRow>>;

/// The documents of one export are stamped up to some milliseconds apart; no collector exports more often than this.
pub const APART: TimeDelta = TimeDelta::milliseconds(500);

/// Adds a document to its export. Documents come in the order of their times.
pub fn add(exports: &mut Exports, at: Time, whose: String, row: CollectorRow) {
    let early = (at - APART, String::new());
    let first = exports.range(early..).map(|(key, _)| key).find(|(_, of)| *of == whose).map_or(at, |(first, _)| *first);
    exports.entry((first, whose)).or_default().push(row);
}

/// The figures of one export, by a metrics page, which one reader understands in every spelling. Without the pod's name and role.
pub fn seen(rows: &[CollectorRow]) -> Option<CollectorSeen> {
    let mut page = String::new();
    for row in rows {
        let quoted = |text: &str| text.replace('\\', "\\\\").replace('"', "\\\"");
        let labels: Vec<String> = row.labels.iter().map(|(k, v)| format!("{k}=\"{}\"", quoted(v))).collect();
        for (name, value) in &row.figures {
            // Writing to memory does not fail.
            let _ = writeln!(page, "{}{{{}}} {value}", name.replace('.', "_"), labels.join(","));
        }
    }
    Some(CollectorSeen { version: rows.first()?.version.clone(), ..normalize(page.as_bytes())? })
}
