//! A session from what EDOT stored in Elasticsearch before anybody watched: documents of the kubelet's, the cluster's and the
//! events' receivers, and the collectors' own metrics, as observations. Must not judge, print, or make up what no document
//! says: what cannot be known is said in the feeds' states and the notes.
//!
//! ```text
//! search: pages of documents ─► document: a row each ─┬─► status: rescales, the HPA's replicas ─┐
//!                                                     └─► pods: their state and samples ────────┴─► build: observations, in order
//! ```

mod build;
mod counts;
mod document;
mod found;
mod plan;
mod pods;
mod search;
mod status;

pub use build::{Build, Plan, Summary};
pub use document::{Row, Says};
pub use found::{Found, Kind};
pub use plan::{metric, plan};
pub use search::{Names, Search, Source};
#[cfg(test)]
pub use {counts::Counted, document::row};

use crate::error::CommandError;
use crate::observe::{HpaSeen, Resources, Stamped, TargetSeen, Time};
use crate::store::StoreError;
use chrono::TimeDelta;

/// What is asked for.
#[derive(Clone, Debug)]
pub struct Wanted {
    pub namespace: String,
    pub hpa: String,
    pub from: Time,
    pub to: Time,
    /// The spec, and what it scales today, where that is known.
    pub spec: Spec,
    /// What a pod requests where no document says it; by resource.
    pub requests: Resources,
    /// Namespace and name of the load Job, which is not stored.
    pub load: (String, String),
}

/// The HPA's spec, which no document holds.
#[derive(Clone, Debug, Default)]
pub struct Spec {
    /// None: what documents and flags say is all that is known.
    pub hpa: Option<HpaSeen>,
    pub target: Option<TargetSeen>,
    /// The API server's version; empty where it is not known.
    pub server_version: String,
    /// Where the spec is from, for the notes: `the cluster, as it is today`.
    pub from: String,
}

/// The controller's period between syncs, unless the HPA's spec names it.
fn sync_period() -> TimeDelta {
    crate::hpa::Settings::default().sync_period
}

/// A time in a sentence: `2026-11-24T03:00:00Z`.
pub fn utc(at: Time) -> String {
    at.format("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// What is asked for at once, and how far back events tell of earlier rescales, seconds.
const PART_S: i64 = 600;
const EARLIER_S: i64 = 3600;
/// Events that are read of the time before a span.
const EARLIER: usize = 5000;

/// Reads the span, part by part, and gives out the observations in their order, with how many percent are done.
///
/// # Errors
/// Elasticsearch does not answer, or denies it; what `take` returns.
pub async fn all(
    search: &mut Search,
    mut build: Build,
    mut take: impl FnMut(&[Stamped], i64) -> Result<(), CommandError>,
) -> Result<Summary, CommandError> {
    let Plan { wanted, names, counted, .. } = build.plan();
    let (from, to, names, is_counted) = (wanted.from, wanted.to, names.clone(), counted.is_ok());
    let mut rows = earlier(search, &names, from).await?;
    let mut at = from;
    while at < to {
        let until = (at + TimeDelta::seconds(PART_S)).min(to);
        rows.extend(search.rows(&names, at, until).await?);
        let counts = if is_counted { search.counts(at, until).await? } else { Vec::new() };
        let seen = build.take(std::mem::take(&mut rows), counts, until);
        take(&seen, (until - from).num_seconds() * 100 / (to - from).num_seconds().max(1))?;
        at = until;
    }
    let (rest, summary) = build.end();
    take(&rest, 100)?;
    Ok(summary)
}

/// The rescales before a span that events tell of: the controller remembers them.
async fn earlier(search: &Search, names: &Names, from: Time) -> Result<Vec<Row>, StoreError> {
    let mut rows = search.few(Kind::Events, names, from - TimeDelta::seconds(EARLIER_S), from, EARLIER).await?;
    rows.retain(|row| matches!(&row.says, Says::Event(event) if event.reason == "SuccessfulRescale"));
    Ok(rows)
}
