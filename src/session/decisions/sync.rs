//! The vocabulary of reconstructed syncs: what the controller saw, what the arithmetic makes of it, what the controller
//! did, and why the two differ. Data only.

use super::limits;
use super::past::Past;
use crate::hpa::{self, Limited, Recommendation, Stabilized};
use chrono::TimeDelta;
use std::sync::Arc;

/// A sync of the controller, or several alike that followed one another and changed nothing.
#[derive(Clone, Debug, PartialEq)]
pub struct Sync {
    /// Milliseconds since 1970, of the first and the last of them.
    pub first: i64,
    pub last: i64,
    /// How many they are, at least 1.
    pub count: u32,
    /// The status (or an event) told of it; otherwise it follows from the rhythm.
    pub told: bool,
    /// Names of the spec's metrics, in order.
    pub names: Arc<[String]>,
    pub reckoned: Reckoned,
    /// What the controller asked for: the new size, or the size it found.
    pub controller: i32,
    pub rescaled: bool,
    /// The arithmetic asks for the same size.
    pub agrees: bool,
    /// Figures, stabilization and limit are those of the controller's status, too.
    pub exact: bool,
    /// Why it does not agree, or what is particular about the sync.
    pub cause: Option<Cause>,
    pub basis: Basis,
    /// The full working; only the latest have it.
    pub worked: Option<Arc<Worked>>,
}

/// What the arithmetic makes of a sync.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reckoned {
    pub current: i32,
    pub metrics: Vec<Said>,
    /// Index into the metrics.
    pub winner: Option<usize>,
    pub recommended: Option<i32>,
    pub stabilized: Option<i32>,
    pub held: Option<Stabilized>,
    pub limited: Option<Limited>,
    /// The size asked for; the current one where nothing could be decided.
    pub result: i32,
}

/// A metric in a sync.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Said {
    /// Percent for a utilization, milli-units otherwise; None for an invalid metric.
    pub figure: Option<i64>,
    /// The figure is a percentage.
    pub percent: bool,
    pub proposal: Option<i32>,
}

/// Which figures a sync was reckoned from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Basis {
    pub kind: BasisKind,
    /// When the newest sample was taken, milliseconds since 1970.
    pub sampled: Option<i64>,
    /// When we saw it.
    pub seen: Option<i64>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum BasisKind {
    /// No metric was read.
    #[default]
    None,
    /// Samples that we saw, too.
    Samples,
    /// The controller's own figures, as no sample that we saw gives them.
    Status,
    /// Samples that do not give the controller's figures, which it did not tell.
    Guess,
}

/// Why the arithmetic and the controller differ, or what was particular.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cause {
    /// No sample that we saw gives the controller's figures.
    UnseenSample,
    /// A pod or sample changed within a second of the sync.
    SyncTime,
    /// What the controller remembers from before this session (or a gap in it) decided.
    UnknownHistory,
    /// The controller started anew and forgot what it had recommended.
    Restart,
    /// Somebody else changed the replicas.
    ChangedByOther { from: i32, to: i32 },
    /// A flag of the controller is not at its default, in words.
    OtherFlag(String),
    /// The scale could not be updated, in the controller's words.
    UpdateFailed(String),
    /// The selector or the scale failed, in the controller's words.
    Failed(String),
    /// The metrics agree, what was made of them does not; the step at which they part.
    NotExplained(String),
}

impl Cause {
    /// The cause as a sentence's words.
    pub fn text(&self) -> String {
        match self {
            Cause::UnseenSample => "the controller used a sample that was not seen here".into(),
            Cause::SyncTime => "a pod or a sample changed within a second of the sync".into(),
            Cause::UnknownHistory => "what the controller recommended before this session began is not known".into(),
            Cause::Restart => "the controller started anew and forgot its recommendations".into(),
            Cause::ChangedByOther { from, to } => {
                format!("somebody else changed the replicas from {from} to {to} before this sync")
            }
            Cause::OtherFlag(flag) => format!("the controller runs with another flag: {flag}"),
            Cause::UpdateFailed(why) => format!("the scale could not be updated: {why}"),
            Cause::Failed(why) => why.clone(),
            Cause::NotExplained(step) => format!("not explained: {step}"),
        }
    }
}

/// The full working of a sync.
#[derive(Clone, Debug, PartialEq)]
pub struct Worked {
    pub decision: hpa::Decision,
    /// The spec's bounds of pods and behavior in force.
    pub spec: Arc<hpa::Spec>,
    pub settings: hpa::Settings,
    /// Recommendations in the controller's memory before the sync, (milliseconds since 1970, replicas), ascending.
    pub remembered: Vec<(i64, i32)>,
    /// When the one of them was, that is only assumed: the size found when the watch began.
    pub assumed: Option<i64>,
    /// The lists of pods were left out.
    pub trimmed: bool,
}

impl Worked {
    /// Pods listed in full at most; above, only sums and counts are kept.
    const PODS: usize = 64;
    /// Recommendations kept for the drawing, and of how many of its windows.
    const REMEMBERED: usize = 256;
    const WINDOWS: i32 = 4;

    /// From a decision; None when a ratio is not a number, which nothing could show.
    pub fn new(
        mut decision: hpa::Decision,
        spec: Arc<hpa::Spec>,
        settings: hpa::Settings,
        past: &Past,
    ) -> Option<Self> {
        let mut trimmed = false;
        for proposal in decision.metrics.iter_mut().flatten() {
            match &mut proposal.steps {
                hpa::Steps::PerPod(steps) => {
                    let passes = std::iter::once(&mut steps.first).chain(&mut steps.second);
                    for pass in passes {
                        if !pass.ratio.is_finite() {
                            return None;
                        }
                        if pass.pods.len() > Self::PODS {
                            pass.pods.clear();
                            trimmed = true;
                        }
                    }
                    if steps.groups.pods.len() > Self::PODS {
                        let odd = |p: &hpa::Placed| p.standing != hpa::Standing::Counted;
                        steps.groups.pods.retain(odd);
                        steps.groups.pods.truncate(Self::PODS);
                        trimmed = true;
                    }
                }
                hpa::Steps::Whole(steps) if !steps.ratio.is_finite() => return None,
                hpa::Steps::Whole(_) => {}
            }
        }
        let all = past.memory.recommendations();
        let window = super::past::longest_window(&spec, &settings).max(TimeDelta::minutes(1));
        let since = decision.at.checked_sub_signed(window * Self::WINDOWS).unwrap_or(decision.at);
        let older = all.partition_point(|r| r.at < since).max(all.len().saturating_sub(Self::REMEMBERED));
        let tail = &all[older.min(all.len())..];
        let remembered = turns(tail).into_iter().map(|r| (r.at.timestamp_millis(), r.replicas)).collect();
        // Nothing is explained by what the controller writes afterwards.
        decision.status = hpa::Status::default();
        decision.events = Vec::new();
        let assumed = past.assumed().map(|at| at.timestamp_millis());
        Some(Worked { decision, spec, settings, remembered, assumed, trimmed })
    }
}

/// Of equal ones that follow one another, the first and the last: they give the same course and the same highest.
pub fn turns(all: &[Recommendation]) -> Vec<Recommendation> {
    let mut out: Vec<Recommendation> = Vec::new();
    for next in all {
        match out.as_mut_slice() {
            [.., before, last] if before.replicas == next.replicas && last.replicas == next.replicas => *last = *next,
            _ => out.push(*next),
        }
    }
    out.shrink_to_fit();
    out
}

impl Reckoned {
    /// What kept the result from being the recommendation.
    pub fn hold(&self) -> Option<limits::Hold> {
        limits::hold(self.recommended.unwrap_or(self.result), self.result, self.held, self.limited)
    }

    /// From a decision, `current` standing in where the scale was not read.
    pub fn of(decision: &hpa::Decision, current: i32) -> Self {
        let said = |m: &Result<hpa::Proposal, Box<hpa::Failure>>| match m {
            Ok(p) => {
                let s = p.status;
                let figure = s.average_utilization.map(i64::from).or(s.average_value).or(s.value);
                Said { figure, percent: s.average_utilization.is_some(), proposal: Some(p.replicas) }
            }
            Err(_) => Said::default(),
        };
        let current = decision.current.unwrap_or(current);
        Reckoned {
            current,
            metrics: decision.metrics.iter().map(said).collect(),
            winner: decision.winner,
            recommended: decision.recommended,
            stabilized: decision.stabilization.map(|s| s.stabilized),
            held: decision.stabilization.map(|s| s.outcome),
            limited: decision.limit.as_ref().map(|l| l.by),
            result: decision.replicas.unwrap_or(current),
        }
    }
}

impl Sync {
    /// Whether `next` may be told together with this one: it changed nothing and is alike in all but its time.
    pub fn like(&self, next: &Sync) -> bool {
        !self.rescaled
            && !next.rescaled
            && self.reckoned == next.reckoned
            && self.controller == next.controller
            && (self.agrees, self.exact) == (next.agrees, next.exact)
            && self.cause == next.cause
            && self.names == next.names
            && self.basis.kind == next.basis.kind
    }
}
