//! A run held against what was expected of it. Pure: no I/O, no clock, no terminal; expectations are data, each names one
//! check of a small closed vocabulary, and each check is one function over the session.
//!
//! ```text
//! assets/expectations/*.toml ─► Expectations ─┐
//! Session ─► Run (load start, end, rescales) ─┴─► checks ─► Verdict
//! ```
//!
//! Where a guide's words do not fit what the controller does under the given behavior, the condition follows from the
//! behavior, and the check says so in a sentence. What cannot be seen is neither passed nor failed.

mod checks;
mod expectations;
mod run;

pub use expectations::{After, Expect, Expectations, Kind, Phase};
pub use run::{Rescale, Run};

use crate::observe::Feed;
use crate::session::Session;

/// What became of an expectation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    Passed,
    Failed,
    /// It may still come, or is not over yet.
    Waiting,
    /// This feed would have to tell, and does not.
    Unobservable(Feed),
}

impl Outcome {
    /// The word in reports.
    pub fn word(self) -> &'static str {
        match self {
            Outcome::Passed => "passed",
            Outcome::Failed => "failed",
            Outcome::Waiting => "waiting",
            Outcome::Unobservable(_) => "not observable",
        }
    }
}

/// What a check found.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    pub outcome: Outcome,
    /// What was looked for, with the figures that follow from the spec.
    pub expected: String,
    pub observed: String,
    /// When it was decided, milliseconds since 1970.
    pub at: Option<i64>,
    /// While it waits: when time alone has decided it at the latest, milliseconds since 1970, where that is known.
    pub due: Option<i64>,
    /// Where the expectation's words and the controller's behavior differ.
    pub note: Option<String>,
}

/// An expectation and what became of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Check {
    pub id: String,
    /// What the guide says.
    pub says: String,
    pub phase: Option<String>,
    pub found: Found,
}

/// All expectations together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Overall {
    Pass,
    Fail,
    /// Nothing failed, but something is still open, or nothing could be seen.
    Unknown,
}

impl Overall {
    /// The word in reports.
    pub fn word(self) -> &'static str {
        match self {
            Overall::Pass => "pass",
            Overall::Fail => "fail",
            Overall::Unknown => "unknown",
        }
    }
}

/// A phase in the session's own time.
#[derive(Clone, Debug, PartialEq)]
pub struct Stretch {
    pub id: String,
    pub says: String,
    /// Milliseconds since 1970.
    pub from: i64,
    pub to: i64,
}

/// A run against its expectations.
#[derive(Clone, Debug, PartialEq)]
pub struct Verdict {
    pub name: String,
    pub result: Overall,
    /// Load start and end as they were taken, milliseconds since 1970.
    pub start: Option<i64>,
    pub end: Option<i64>,
    /// How load start and end are known, where no load was seen.
    pub inferred: Option<String>,
    pub phases: Vec<Stretch>,
    pub checks: Vec<Check>,
}

impl Verdict {
    /// How many ended so; all kinds of "not observable" are one.
    pub fn count(&self, word: &str) -> usize {
        self.checks.iter().filter(|c| c.found.outcome.word() == word).count()
    }

    /// Whether time alone still decides something after `now`, milliseconds since 1970.
    pub fn is_pending(&self, now: i64) -> bool {
        self.checks.iter().any(|c| c.found.outcome == Outcome::Waiting && c.found.due.is_some_and(|due| due >= now))
    }

    /// `12 passed, 1 failed, 2 not observable`.
    pub fn summary(&self) -> String {
        let words = ["passed", "failed", "waiting", "not observable"];
        let told = words.iter().map(|w| (self.count(w), w)).filter(|(n, _)| *n > 0);
        told.map(|(n, w)| format!("{n} {w}")).collect::<Vec<_>>().join(", ")
    }
}

/// Holds a session against expectations.
pub fn verdict(session: &Session, expectations: &Expectations) -> Verdict {
    let run = Run::of(session);
    let one = |e: &Expect| Check {
        id: e.id.clone(),
        says: e.says.clone(),
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
        phases: expectations.phase.iter().filter_map(|p| stretch(&run, p)).collect(),
        checks,
    }
}

fn stretch(run: &Run, phase: &Phase) -> Option<Stretch> {
    let zero = match phase.after {
        After::LoadStart => run.start?,
        After::LoadEnd => run.end?,
    };
    let to = zero + phase.to.0;
    // A phase of the load ends with it.
    let to = run.end.filter(|_| phase.after == After::LoadStart).map_or(to, |end| to.min(end));
    (to > zero + phase.from.0).then(|| Stretch {
        id: phase.id.clone(),
        says: phase.says.clone(),
        from: zero + phase.from.0,
        to,
    })
}
