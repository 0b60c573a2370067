//! What went wrong at a time, in a word and in a sentence. Must not judge how bad it is.

use super::scalers;
use crate::session::Incident;

/// For a chart: `OOM`.
pub fn short(incident: &Incident) -> &'static str {
    match incident {
        Incident::OutOfMemory(_) => "OOM",
        Incident::MetricsLost(_) => "no metrics",
        Incident::MetricsBack => "metrics",
        Incident::Rejected => "rejected",
        Incident::Lost => "lost",
        Incident::ScaledBy { .. } => "scaled",
        Incident::Edited { .. } => "edited",
        Incident::Resized { .. } => "resized",
        Incident::Paused(_) => "paused",
        Incident::Resumed => "resumed",
    }
}

/// For a list: `edot-gateway-1 was OOM-killed`.
pub fn sentence(incident: &Incident) -> String {
    match incident {
        Incident::OutOfMemory(pod) => format!("{pod} was OOM-killed"),
        Incident::MetricsLost(reason) => format!("the controller cannot compute: {reason}"),
        Incident::MetricsBack => "the controller has its metrics again".into(),
        Incident::Rejected => "Elasticsearch rejects writes".into(),
        Incident::Lost => "a collector loses items".into(),
        Incident::ScaledBy { by, from, to } => format!("{by} scaled {from} to {to}, past the HPA"),
        Incident::Edited { by } if by.is_empty() => "the HPA was edited".into(),
        Incident::Edited { by } => format!("{by} edited the HPA"),
        Incident::Resized { resource, from, to } => {
            format!("pods' {resource} request was changed in place: {from} to {to}")
        }
        Incident::Paused(how) => format!("KEDA's ScaledObject was paused: {}", scalers::paused(*how)),
        Incident::Resumed => "KEDA's ScaledObject is no longer paused".into(),
    }
}
