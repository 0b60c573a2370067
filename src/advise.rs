//! Rules over a session: what stands out, with the evidence in figures and what would mend it.
//!
//! A rule is one function from a session to its findings as of the session's present. It holds no state, so a finding
//! clears by itself. Must not fold, format for a screen, or name what cannot be seen.

mod batching;
mod bounds;
mod configured;
mod elastic;
mod limiter;
mod load;
mod losses;
mod pods;
mod queues;
mod requests;
mod sending;
mod skew;

use crate::session::Session;

/// How much it matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Worth knowing.
    Info,
    /// Something does not work as it should.
    Warning,
    /// Telemetry is lost, or the gateway does not scale.
    Critical,
}

impl Severity {
    /// The word in `status`.
    pub fn word(self) -> &'static str {
        match self {
            Severity::Info => "info",
            Severity::Warning => "warning",
            Severity::Critical => "critical",
        }
    }
}

/// Something that stands out.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// Stable, for scripts: `idle-replica`.
    pub id: &'static str,
    pub severity: Severity,
    /// One sentence.
    pub text: String,
    /// The figures that it rests on.
    pub evidence: String,
    /// A hint: what to do about it.
    pub hint: String,
}

type Rule = fn(&Session) -> Vec<Finding>;

/// Every rule, in the order in which findings of the same severity are told.
const RULES: [Rule; 32] = [
    losses::astray,
    pods::out_of_memory,
    elastic::strained,
    skew::idle_replicas,
    queues::gateway,
    queues::agents,
    queues::leaving,
    losses::backlog,
    pods::restarted,
    pods::not_running,
    pods::at_the_cpu_limit,
    bounds::at_the_maximum,
    bounds::memory_holds,
    bounds::flapping,
    load::load_failed,
    load::load_stuck,
    load::requests_fail,
    elastic::conflicts,
    elastic::log_quality,
    losses::sent_twice,
    requests::missing,
    requests::no_limits,
    limiter::missing,
    limiter::too_high,
    limiter::not_first,
    batching::metrics_split,
    batching::missing,
    batching::order,
    sending::no_queue,
    sending::no_retry,
    sending::beyond_memory,
    sending::dominated,
];

/// What stands out now, the worst first.
pub fn findings(session: &Session) -> Vec<Finding> {
    let mut all: Vec<Finding> = RULES.iter().flat_map(|rule| rule(session)).collect();
    // Stable: the order of the rules stays within a severity.
    all.sort_by_key(|f| std::cmp::Reverse(f.severity));
    all
}
