//! The vocabulary of checks: one function each, over a run. Must not read expectations from anywhere but their data.

mod agreement;
mod collectors;
mod down;
mod ingest;
mod load;
mod metrics;
mod pods;
mod up;

use super::expectations::{Expect, Kind};
use super::run::Run;
use super::{Found, Outcome};
use crate::observe::Feed;

/// Makes the check that an expectation names; `grace` in milliseconds.
pub fn check(run: &Run, e: &Expect, grace: i64) -> Found {
    let by = e.by.unwrap_or_default().0;
    match e.check {
        Kind::LoadStarts => load::starts(run),
        Kind::LoadEnds => load::ends(run),
        Kind::StartsAtMin => up::starts_at_min(run),
        Kind::MetricsKnown => metrics::known(run, by + grace, e.gap.map_or(60_000, |g| g.0)),
        Kind::ScaleUpBegins => up::begins(run, by, grace),
        Kind::ReplicasReach => up::reach(run, by + grace, (e.at_least.unwrap_or(2.0), e.at_most)),
        Kind::ReasonUp => up::reason(run),
        Kind::Steady => up::steady(run),
        Kind::ScaleDownBegins => down::begins(run, grace),
        Kind::WindowRespected => down::window(run),
        Kind::PolicyRespected => down::policy(run),
        Kind::BackToMin => down::back(run, grace),
        Kind::ReasonDown => down::reason(run),
        Kind::DecisionsAgree => agreement::agree(run, e.percent.unwrap_or(95.0)),
        Kind::PodsStayUp => pods::stay_up(run),
        Kind::FirstTelemetry => collectors::first(run, by + grace),
        Kind::EvenShare => collectors::share(run, e.gap.map_or(90_000, |g| g.0)),
        Kind::NoBackPressure => collectors::back_pressure(run, e.gap.map_or(30_000, |g| g.0)),
        Kind::NothingLost => collectors::losses(run),
        Kind::IngestGrows => ingest::grows(run, e.at_least.unwrap_or(1.2)),
        Kind::LogQuality => ingest::quality(run, e.percent.unwrap_or(95.0)),
    }
}

impl Found {
    fn new(outcome: Outcome, expected: impl Into<String>, observed: impl Into<String>) -> Self {
        Found { outcome, expected: expected.into(), observed: observed.into(), at: None, due: None, note: None }
    }

    fn passed(expected: impl Into<String>, observed: impl Into<String>) -> Self {
        Found::new(Outcome::Passed, expected, observed)
    }

    fn failed(expected: impl Into<String>, observed: impl Into<String>) -> Self {
        Found::new(Outcome::Failed, expected, observed)
    }

    fn waiting(expected: impl Into<String>, observed: impl Into<String>) -> Self {
        Found::new(Outcome::Waiting, expected, observed)
    }

    fn unobservable(run: &Run, feed: Feed, expected: impl Into<String>) -> Self {
        Found::new(Outcome::Unobservable(feed), expected, run.missing(feed))
    }

    /// What waits is decided by this time.
    fn by(self, due: Option<i64>) -> Self {
        Found { due, ..self }
    }

    fn at(self, ms: i64) -> Self {
        Found { at: Some(ms), ..self }
    }

    fn noting(self, note: Option<String>) -> Self {
        Found { note, ..self }
    }
}

/// Nothing can be said before there is a load.
fn no_load(run: &Run, expected: impl Into<String>) -> Found {
    match run.session.feeds.is_up(Feed::Load) || run.session.load.job.is_some() {
        true => Found::waiting(expected, "waits for the load to start"),
        false => Found::unobservable(run, Feed::Load, expected),
    }
}

/// `1 replica`, `4 replicas`.
fn replicas(n: i32) -> String {
    format!("{n} replica{}", if n == 1 { "" } else { "s" })
}
