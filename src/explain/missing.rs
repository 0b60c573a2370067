//! Why a metric has no figure. Must not look for the reason.

use crate::session::{MissingReason, Session, Track};

/// Why a metric has no figure.
pub fn missing(session: &Session, track: &Track) -> String {
    match session.missing_reason(track) {
        MissingReason::Controller { reason, message } => format!("{reason}: {message}"),
        MissingReason::NoReplicas => "the target has 0 replicas".into(),
        MissingReason::Feed(reason) => reason.unwrap_or("no sample yet").to_owned(),
        MissingReason::NoFigureYet => "no figure yet".into(),
    }
}
