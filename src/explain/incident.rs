//! What went wrong at a time, in a word and in a sentence. Must not judge how bad it is.

use crate::session::Incident;

/// For a chart: `OOM`.
pub fn short(incident: &Incident) -> &'static str {
    match incident {
        Incident::OutOfMemory(_) => "OOM",
        Incident::MetricsLost(_) => "no metrics",
        Incident::MetricsBack => "metrics",
        Incident::Rejected => "rejected",
        Incident::Lost => "lost",
    }
}

/// For a list: `edot-gateway-1 was killed out of memory`.
pub fn sentence(incident: &Incident) -> String {
    match incident {
        Incident::OutOfMemory(pod) => format!("{pod} was killed out of memory"),
        Incident::MetricsLost(reason) => format!("the controller cannot compute: {reason}"),
        Incident::MetricsBack => "the controller has its metrics again".into(),
        Incident::Rejected => "Elasticsearch rejects writes".into(),
        Incident::Lost => "a collector loses items".into(),
    }
}
