//! The checks: one function each, over a run. Must not read expectations from anywhere but their data.

mod agreement;
mod collectors;
mod down;
mod ingest;
mod load;
mod metrics;
mod pods;
mod up;

use super::expectations::{CheckKind, Expect};
use super::run::Run;
use super::{CheckResult, Outcome};
use crate::observe::Feed;

/// Makes the check that an expectation names; `grace` in milliseconds.
pub fn check(run: &Run, e: &Expect, grace: i64) -> CheckResult {
    let by = e.by.unwrap_or_default().0;
    match e.check {
        CheckKind::LoadStarts => load::starts(run),
        CheckKind::LoadEnds => load::ends(run),
        CheckKind::StartsAtMin => up::starts_at_min(run),
        CheckKind::MetricsKnown => metrics::known(run, by + grace, e.gap.map_or(60_000, |g| g.0)),
        CheckKind::ScaleUpBegins => up::begins(run, by, grace),
        CheckKind::ReplicasReach => up::reach(run, by + grace, (e.at_least.unwrap_or(2.0), e.at_most)),
        CheckKind::ReasonUp => up::reason(run),
        CheckKind::Steady => up::steady(run),
        CheckKind::ScaleDownBegins => down::begins(run, grace),
        CheckKind::WindowRespected => down::window(run),
        CheckKind::PolicyRespected => down::policy(run),
        CheckKind::BackToMin => down::back(run, grace),
        CheckKind::ReasonDown => down::reason(run),
        CheckKind::DecisionsAgree => agreement::agree(run, e.percent.unwrap_or(95.0)),
        CheckKind::PodsStayUp => pods::stay_up(run),
        CheckKind::FirstTelemetry => collectors::first(run, by + grace),
        CheckKind::EvenShare => collectors::share(run, e.gap.map_or(90_000, |g| g.0)),
        CheckKind::NoBackPressure => collectors::back_pressure(run, e.gap.map_or(30_000, |g| g.0)),
        CheckKind::NothingLost => collectors::losses(run),
        CheckKind::IngestGrows => ingest::grows(run, e.at_least.unwrap_or(1.2)),
        CheckKind::LogQuality => ingest::quality(run, e.percent.unwrap_or(95.0)),
    }
}

impl CheckResult {
    fn new(outcome: Outcome, expected: impl Into<String>, observed: impl Into<String>) -> Self {
        CheckResult { outcome, expected: expected.into(), observed: observed.into(), at: None, due: None, note: None }
    }

    fn passed(expected: impl Into<String>, observed: impl Into<String>) -> Self {
        CheckResult::new(Outcome::Passed, expected, observed)
    }

    fn failed(expected: impl Into<String>, observed: impl Into<String>) -> Self {
        CheckResult::new(Outcome::Failed, expected, observed)
    }

    fn waiting(expected: impl Into<String>, observed: impl Into<String>) -> Self {
        CheckResult::new(Outcome::Waiting, expected, observed)
    }

    fn unobservable(run: &Run, feed: Feed, expected: impl Into<String>) -> Self {
        CheckResult::new(Outcome::Unobservable(feed), expected, run.missing(feed))
    }

    /// A waiting check is decided by this time, milliseconds since 1970.
    fn by(self, due: Option<i64>) -> Self {
        CheckResult { due, ..self }
    }

    fn at(self, ms: i64) -> Self {
        CheckResult { at: Some(ms), ..self }
    }

    fn noting(self, note: Option<String>) -> Self {
        CheckResult { note, ..self }
    }
}

/// The result before there is a load.
fn no_load(run: &Run, expected: impl Into<String>) -> CheckResult {
    match run.session.feeds.is_up(Feed::Load) || run.session.load.job.is_some() {
        true => CheckResult::waiting(expected, "waits for the load to start"),
        false => CheckResult::unobservable(run, Feed::Load, expected),
    }
}

/// `1 replica`, `4 replicas`.
fn replicas(n: i32) -> String {
    format!("{n} replica{}", if n == 1 { "" } else { "s" })
}
