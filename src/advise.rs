//! Rules over a session: what stands out, with its evidence in figures and a hint at what to do about it.
//!
//! A rule is one function from a session to its findings as of the session's present. It holds no state, so a finding
//! clears by itself. Each file keeps a table `RULES`: the function, and beside it what `docs/findings.md` prints of every
//! finding that it can return. A new finding is a row in that table. Must not fold, format for a screen, or name what
//! cannot be observed.

mod batching;
mod bounds;
mod configured;
mod controller;
mod elastic;
mod guided;
mod limiter;
mod load;
mod losses;
mod pods;
mod queues;
mod requests;
mod scalers;
mod sending;
mod skew;

pub use crate::session::{Finding, Severity};
use crate::session::{Rules, Session};

/// What the documentation says about the findings of one id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FindingKind {
    /// [`Finding::id`].
    pub id: &'static str,
    /// Every severity that it can have, the mildest first.
    pub severity: &'static [Severity],
    /// The condition under which it appears, with its thresholds.
    pub when: &'static str,
    /// The figures that it shows.
    pub evidence: &'static str,
    /// The hint, in short.
    pub hint: &'static str,
    /// The feeds or objects that it is computed from.
    pub source: &'static str,
}

/// One rule: a function, and the kinds of findings that it can return.
struct Rule {
    /// The place among findings of the same severity; lower comes first.
    rank: u16,
    check: fn(&Session) -> Vec<Finding>,
    finds: &'static [FindingKind],
}

/// Each file's rules.
const RULES: [&[Rule]; 14] = [
    controller::RULES,
    losses::RULES,
    pods::RULES,
    elastic::RULES,
    skew::RULES,
    queues::RULES,
    bounds::RULES,
    scalers::RULES,
    load::RULES,
    requests::RULES,
    limiter::RULES,
    batching::RULES,
    sending::RULES,
    guided::RULES,
];

/// An empty session that keeps what stood out in it.
pub fn session() -> Session {
    Session::keeping(Rules(findings))
}

/// What stands out now, the worst first.
pub fn findings(session: &Session) -> Vec<Finding> {
    let ranked = |rule: &'static Rule| (rule.check)(session).into_iter().map(|finding| (rule.rank, finding));
    let mut all: Vec<(u16, Finding)> = RULES.into_iter().flatten().flat_map(ranked).collect();
    // Stable: what one rule returns stays in its order.
    all.sort_by_key(|(rank, finding)| (std::cmp::Reverse(finding.severity), *rank));
    all.into_iter().map(|(_, finding)| finding).collect()
}

/// Every kind of finding there is, in the order of [`findings`].
pub fn kinds() -> Vec<FindingKind> {
    let mut rules: Vec<&Rule> = RULES.into_iter().flatten().collect();
    rules.sort_by_key(|rule| rule.rank);
    rules.into_iter().flat_map(|rule| rule.finds).copied().collect()
}

/// A session that has folded one observation, for the rules' own tests.
#[cfg(test)]
fn session_of(what: crate::observe::Observation) -> Session {
    let mut session = Session::default();
    session.apply(&crate::observe::Stamped { at: crate::observe::Time::UNIX_EPOCH, what });
    session
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_has_a_rank_of_its_own_and_a_kind() {
        let rules: Vec<&Rule> = RULES.into_iter().flatten().collect();
        let ranks: std::collections::BTreeSet<u16> = rules.iter().map(|rule| rule.rank).collect();
        assert_eq!(ranks.len(), rules.len());
        assert!(rules.iter().all(|rule| !rule.finds.is_empty()));
    }
}
