//! A run compared with what was expected of it. Pure: no I/O, no clock, no terminal; expectations are data, each names one
//! check of a small fixed set, and each check is one function over the session.
//!
//! ```text
//! assets/expectations/*.toml ─► Expectations ─┐
//! Session ─► Run (load start, end, rescales) ─┴─► checks ─► Verdict
//! ```
//!
//! Where a guide's words do not fit what the controller does under the given behavior, the condition follows from the
//! behavior, and the check has a note about it. What cannot be observed has neither passed nor failed.

mod checks;
mod expectations;
mod run;

pub use expectations::{After, CheckKind, Expect, Expectations, Phase};
pub use run::{Rescale, Run};

use crate::observe::Feed;
use crate::session::Session;

/// The result of an expectation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    Passed,
    Failed,
    /// Not decided yet.
    Waiting,
    /// This feed would be needed, and does not report it.
    Unobservable(Feed),
}

impl Outcome {
    /// The word in JSON and reports: `passed`, `failed`, `waiting`, `not_observable`.
    pub fn as_str(self) -> &'static str {
        match self {
            Outcome::Passed => "passed",
            Outcome::Failed => "failed",
            Outcome::Waiting => "waiting",
            Outcome::Unobservable(_) => "not_observable",
        }
    }
}

/// What a check found.
#[derive(Clone, Debug, PartialEq)]
pub struct CheckResult {
    pub outcome: Outcome,
    /// What was looked for, with the figures that follow from the spec.
    pub expected: String,
    pub observed: String,
    /// When it was decided, milliseconds since 1970.
    pub at: Option<i64>,
    /// While it waits: when it is decided at the latest by time alone, milliseconds since 1970, where that is known.
    pub due: Option<i64>,
    /// Where the expectation's words and the controller's behavior differ.
    pub note: Option<String>,
}

/// An expectation and its result.
#[derive(Clone, Debug, PartialEq)]
pub struct Check {
    pub id: String,
    /// What is expected, in the words of the expectations.
    pub message: String,
    pub phase: Option<String>,
    pub found: CheckResult,
}

/// All expectations together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Overall {
    Pass,
    Fail,
    /// Nothing failed, but something is still waiting, or nothing could be observed.
    Unknown,
}

impl Overall {
    /// The word in JSON: `passed`, `failed`, `unknown`.
    pub fn as_str(self) -> &'static str {
        match self {
            Overall::Pass => "passed",
            Overall::Fail => "failed",
            Overall::Unknown => "unknown",
        }
    }
}

/// A phase in the session's time.
#[derive(Clone, Debug, PartialEq)]
pub struct PhaseSpan {
    pub id: String,
    pub message: String,
    /// Milliseconds since 1970.
    pub from: i64,
    pub to: i64,
}

/// A run against its expectations.
#[derive(Clone, Debug, PartialEq)]
pub struct Verdict {
    pub name: String,
    pub result: Overall,
    /// Load start and end, milliseconds since 1970.
    pub start: Option<i64>,
    pub end: Option<i64>,
    /// How load start and end were inferred, where no load was observed.
    pub inferred: Option<String>,
    pub phases: Vec<PhaseSpan>,
    pub checks: Vec<Check>,
}

impl Verdict {
    /// The checks as they are listed: what failed first, everything else as expected.
    pub fn worst_first(&self) -> Vec<&Check> {
        let mut checks: Vec<&Check> = self.checks.iter().collect();
        checks.sort_by_key(|c| c.found.outcome != Outcome::Failed);
        checks
    }

    /// The number of checks with this result, as in [`Outcome::as_str`].
    pub fn count(&self, word: &str) -> usize {
        self.checks.iter().filter(|c| c.found.outcome.as_str() == word).count()
    }

    /// Whether something is still decided by time alone after `now`, milliseconds since 1970.
    pub fn is_pending(&self, now: i64) -> bool {
        self.checks.iter().any(|c| c.found.outcome == Outcome::Waiting && c.found.due.is_some_and(|due| due >= now))
    }

    /// `12 passed, 1 failed, 2 not observable`.
    pub fn summary(&self) -> String {
        let results = ["passed", "failed", "waiting", "not_observable"];
        let counted = results.iter().map(|r| (self.count(r), r)).filter(|(n, _)| *n > 0);
        counted.map(|(n, r)| format!("{n} {}", r.replace('_', " "))).collect::<Vec<_>>().join(", ")
    }
}

/// Holds the run in a session to expectations.
pub fn run(session: &Session, expectations: &Expectations) -> Verdict {
    let run = Run::of(session);
    let one = |e: &Expect| Check {
        id: e.id.clone(),
        message: e.message.clone(),
        phase: e.phase.clone(),
        found: checks::check(&run, e, expectations.grace_ms(e)),
    };
    let checks: Vec<Check> = expectations.expect.iter().map(one).collect();
    let is = |o: fn(Outcome) -> bool| checks.iter().any(|c| o(c.found.outcome));
    let result = if is(|o| o == Outcome::Failed) {
        Overall::Fail
    } else if is(|o| o == Outcome::Waiting) || !is(|o| o == Outcome::Passed) {
        Overall::Unknown
    } else {
        Overall::Pass
    };
    Verdict {
        name: expectations.name.clone(),
        result,
        start: run.start,
        end: run.end,
        inferred: run.inferred.clone(),
        phases: expectations.phase.iter().filter_map(|p| span_of(&run, p)).collect(),
        checks,
    }
}

fn span_of(run: &Run, phase: &Phase) -> Option<PhaseSpan> {
    let zero = match phase.after {
        After::LoadStart => run.start?,
        After::LoadEnd => run.end?,
    };
    let to = zero + phase.to.0;
    // A phase of the load ends with it.
    let to = run.end.filter(|_| phase.after == After::LoadStart).map_or(to, |end| to.min(end));
    (to > zero + phase.from.0).then(|| PhaseSpan {
        id: phase.id.clone(),
        message: phase.message.clone(),
        from: zero + phase.from.0,
        to,
    })
}
