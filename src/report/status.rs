//! `status`: what a session knows now, as JSON (schema `edot-tui/status/2`) and as text. Each section is a file that knows
//! nothing of the others; this one only puts them together. Must not derive figures.

mod gateway;
mod hpa;
mod ingest;
mod load;
pub(super) mod number;
mod text;

pub use gateway::LossStatus;
pub use text::status_as_text;

use crate::advise;
use crate::explain::left_out::{Place, left_out};
use crate::observe::{Feed, FeedState, Time};
use crate::session::Session;
use gateway::Gateway;
use hpa::{HpaSection, PodStatus};
use ingest::Ingest;
use load::Load;
use serde::Serialize;

/// The whole of it, as `assets/schemas/status.json` describes it. What is unknown is null, never 0.
#[derive(Debug, Serialize)]
pub struct Status {
    pub schema: &'static str,
    pub at: Option<Time>,
    pub context: String,
    pub lab: bool,
    pub server_version: Option<String>,
    /// What the user should know, such as that another HPA than the named one is watched, or what is left out.
    pub notes: Vec<String>,
    pub hpa: Option<HpaSection>,
    pub pods: Vec<PodStatus>,
    pub load: Option<Load>,
    pub gateway: Option<Gateway>,
    pub ingest: Option<Ingest>,
    pub findings: Vec<FindingStatus>,
    pub feeds: Vec<FeedReport>,
}

/// A finding that holds now.
#[derive(Debug, Serialize)]
pub struct FindingStatus {
    pub id: &'static str,
    /// `info`, `warning` or `critical`.
    pub severity: &'static str,
    pub message: String,
    pub evidence: String,
    pub hint: String,
}

/// A feed's state.
#[derive(Debug, Serialize)]
pub struct FeedReport {
    pub feed: &'static str,
    pub state: FeedState,
    /// Seconds since its last data.
    pub age_s: Option<f64>,
    pub reason: Option<String>,
    pub hint: Option<String>,
}

/// The status of a session.
pub fn status(session: &Session) -> Status {
    let w = &session.watching;
    Status {
        schema: "edot-tui/status/2",
        at: session.now,
        context: w.context.clone(),
        lab: w.lab,
        server_version: Some(w.server_version.clone()).filter(|v| !v.is_empty()),
        notes: w.notes.iter().cloned().chain(Place::CLUSTER.into_iter().filter_map(|p| left_out(session, p))).collect(),
        hpa: hpa::hpa(session),
        pods: hpa::pods(session),
        load: load::load(session),
        gateway: gateway::gateway(session),
        ingest: ingest::ingest(session),
        findings: findings(session),
        feeds: Feed::ALL.into_iter().map(|f| feed(session, f)).collect(),
    }
}

/// The findings that hold now.
pub fn findings(session: &Session) -> Vec<FindingStatus> {
    let one = |f: advise::Finding| FindingStatus {
        id: f.id,
        severity: f.severity.word(),
        message: f.text,
        evidence: f.evidence,
        hint: f.hint,
    };
    advise::findings(session).into_iter().map(one).collect()
}

/// Everything that was refused or lost while this was watched, at any tier.
pub fn losses(session: &Session) -> Vec<LossStatus> {
    gateway::losses(session)
}

fn feed(session: &Session, feed: Feed) -> FeedReport {
    let known = session.feeds.get(feed);
    let age = known.and_then(|f| f.last_data).zip(session.now).map(|(t, now)| (now - t).num_milliseconds());
    FeedReport {
        feed: feed.name(),
        state: session.feeds.state(feed),
        age_s: age.map(|ms| (ms as f64 / 100.0).round() / 10.0),
        reason: known.and_then(|f| f.status.reason.clone()),
        hint: known.and_then(|f| f.status.hint.clone()),
    }
}
