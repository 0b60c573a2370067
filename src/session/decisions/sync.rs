//! The types of reconstructed syncs: what the controller saw, what the arithmetic computes from it, what the controller did,
//! and why the two differ. Data only; the wording is `explain`'s.

use super::flag::Flag;
use super::limit::{Limit, limit};
use super::memory::{ControllerMemory, longest_window, turns};
use crate::hpa::{self, Limited, Stabilized};
use chrono::TimeDelta;
use std::sync::Arc;

/// A sync of the controller, or several equal ones in a row that changed nothing.
#[derive(Clone, Debug, PartialEq)]
pub struct Sync {
    /// Milliseconds since 1970, of the first and the last of them.
    pub first: i64,
    pub last: i64,
    /// How many they are, at least 1.
    pub count: u32,
    /// How many of them left no trace in the status, and are inferred from the sync period.
    pub inferred: u32,
    /// Names of the spec's metrics, in order.
    pub names: Arc<[String]>,
    pub computed: Computed,
    /// What the controller asked for: the new size, or the size it found.
    pub controller: i32,
    pub rescaled: bool,
    /// The arithmetic asks for the same size as the controller.
    pub agrees: bool,
    /// Figures, stabilization and limit also match the controller's status.
    pub exact: bool,
    /// Why it does not agree, or what is remarkable about the sync.
    pub cause: Option<Cause>,
    pub basis: Basis,
    /// The full computation; only the latest syncs have it.
    pub computation: Option<Arc<Computation>>,
}

/// What the arithmetic computes for a sync.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Computed {
    /// The replicas before the sync.
    pub current: i32,
    pub metrics: Vec<MetricOutcome>,
    /// Index into the metrics.
    pub winner: Option<usize>,
    pub recommended: Option<i32>,
    pub stabilized: Option<i32>,
    pub held: Option<Stabilized>,
    pub limited: Option<Limited>,
    /// The direction is disabled.
    pub disabled: bool,
    /// The size asked for; the current one where nothing could be decided.
    pub result: i32,
}

/// A metric in a sync.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MetricOutcome {
    /// Percent for a utilization, milli-units otherwise; None for an invalid metric.
    pub figure: Option<i64>,
    /// The figure is a percentage.
    pub percent: bool,
    pub proposal: Option<i32>,
}

/// Which figures a sync was computed from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Basis {
    pub kind: BasisKind,
    /// When the newest sample was taken, milliseconds since 1970.
    pub sampled: Option<i64>,
    /// When it was seen.
    pub seen: Option<i64>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum BasisKind {
    /// No metric was read.
    #[default]
    None,
    /// Samples that were seen.
    Samples,
    /// The controller's own figures, since no seen sample gives them.
    Status,
    /// Samples that do not give the controller's figures, which it did not report.
    Guess,
}

/// Why the arithmetic and the controller differ, or what is remarkable.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Cause {
    /// No seen sample gives the controller's figures.
    UnseenSample,
    /// A pod or sample changed within a second of the sync.
    SyncTime,
    /// The controller's memory from before this session (or a gap in it) decided.
    UnknownHistory,
    /// The controller restarted and forgot its recommendations.
    Restart,
    /// Something other than the controller changed the replicas.
    ChangedByOther { from: i32, to: i32 },
    /// A flag of the controller is not at its default.
    OtherFlag(Flag),
    /// The scale could not be updated.
    UpdateFailed,
    /// The scale could not be read.
    ScaleNotRead,
    /// The figures agree and the result does not, and nothing proves why.
    NotExplained(Unexplained),
}

/// What is known of a sync that is not explained.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Unexplained {
    pub step: Divergence,
    /// The two likeliest causes, the likelier first.
    pub likely: [Suspicion; 2],
}

/// A cause that is possible and not proven.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Suspicion {
    Restart,
    OtherFlag(Flag),
    /// A pod or sample was seen earlier or later than by the controller.
    OtherTime,
    UnseenSample,
}

/// What a sync says of the arithmetic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// A known sync, and the arithmetic asks for the same size.
    Agrees,
    /// An inferred sync that nothing contradicts, or one whose figures are not known.
    Consistent,
    /// The controller could not decide, or what an inferred sync would have done did not happen.
    Undecided,
    /// A known sync, and the arithmetic asks for another size.
    Differs,
}

/// The step at which the arithmetic and the controller diverge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Divergence {
    /// The controller asked for the recommendation, which stabilization or a limit should have changed.
    Recommendation,
    /// The controller asked for the stabilized size, which a limit should have changed.
    Stabilized,
    /// What the arithmetic asks for, and what the controller asked for.
    Result { computed: i32, controller: i32 },
}

impl Divergence {
    pub fn of(it: &hpa::Decision, controller: i32) -> Self {
        let computed = it.replicas.unwrap_or(it.current.unwrap_or_default());
        match (&it.stabilization, it.recommended) {
            (_, Some(r)) if r == controller => Divergence::Recommendation,
            (Some(s), _) if s.stabilized == controller => Divergence::Stabilized,
            _ => Divergence::Result { computed, controller },
        }
    }
}

/// The full computation of a sync.
#[derive(Clone, Debug, PartialEq)]
pub struct Computation {
    pub decision: hpa::Decision,
    /// The spec in effect.
    pub spec: Arc<hpa::Spec>,
    pub settings: hpa::Settings,
    /// Recommendations in the controller's memory before the sync, (milliseconds since 1970, replicas), ascending.
    pub remembered: Vec<(i64, i32)>,
    /// The time of the one among them that is only assumed: the size found when the watch began.
    pub assumed: Option<i64>,
    /// The lists of pods were left out.
    pub trimmed: bool,
}

impl Computation {
    /// Pods listed at most; with more, only sums and counts are kept.
    const PODS: usize = 64;
    /// Recommendations kept for the chart, and of how many windows.
    const REMEMBERED: usize = 256;
    const WINDOWS: i32 = 4;

    /// From a decision; None when a ratio is not finite.
    pub fn new(
        mut decision: hpa::Decision,
        spec: Arc<hpa::Spec>,
        settings: hpa::Settings,
        memory: &ControllerMemory,
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
                        let odd = |p: &hpa::GroupedPod| p.reason != hpa::GroupReason::Counted;
                        steps.groups.pods.retain(odd);
                        steps.groups.pods.truncate(Self::PODS);
                        trimmed = true;
                    }
                }
                hpa::Steps::Whole(steps) if !steps.ratio.is_finite() => return None,
                hpa::Steps::Whole(_) => {}
            }
        }
        let all = memory.memory.recommendations();
        let window = longest_window(&spec, &settings).max(TimeDelta::minutes(1));
        let since = decision.at.checked_sub_signed(window * Self::WINDOWS).unwrap_or(decision.at);
        let older = all.partition_point(|r| r.at < since).max(all.len().saturating_sub(Self::REMEMBERED));
        let tail = &all[older.min(all.len())..];
        let remembered = turns(tail).into_iter().map(|r| (r.at.timestamp_millis(), r.replicas)).collect();
        // What the controller writes afterwards explains nothing.
        decision.status = hpa::Status::default();
        decision.events = Vec::new();
        let assumed = memory.assumed().map(|at| at.timestamp_millis());
        Some(Computation { decision, spec, settings, remembered, assumed, trimmed })
    }
}

impl Computed {
    /// What kept the result from being the recommendation.
    pub fn limit(&self) -> Option<Limit> {
        limit(self.recommended.unwrap_or(self.result), self.result, self.held, self.limited, self.disabled)
    }

    /// From a decision, with `current` where the scale was not read.
    pub fn of(decision: &hpa::Decision, current: i32) -> Self {
        let outcome = |m: &Result<hpa::Proposal, Box<hpa::Failure>>| match m {
            Ok(p) => {
                let s = p.status;
                let figure = s.average_utilization.map(i64::from).or(s.average_value).or(s.value);
                MetricOutcome { figure, percent: s.average_utilization.is_some(), proposal: Some(p.replicas) }
            }
            Err(_) => MetricOutcome::default(),
        };
        let current = decision.current.unwrap_or(current);
        Computed {
            current,
            metrics: decision.metrics.iter().map(outcome).collect(),
            winner: decision.winner,
            recommended: decision.recommended,
            stabilized: decision.stabilization.map(|s| s.stabilized),
            held: decision.stabilization.map(|s| s.outcome),
            limited: decision.limit.as_ref().map(|l| l.by),
            disabled: decision.limit.as_ref().is_some_and(hpa::Limit::is_disabled),
            result: decision.replicas.unwrap_or(current),
        }
    }
}

impl Sync {
    /// What held or limited the result, or why nothing was decided; None where neither applies.
    pub fn limit(&self) -> Option<Limit> {
        let r = &self.computed;
        if let Some(limit) = r.limit() {
            return Some(limit);
        }
        let undecided = r.recommended.is_some() || r.metrics.iter().any(|m| m.figure.is_none());
        match r.limited {
            None if r.result != r.current => Some(Limit::OutOfBounds),
            None if undecided => Some(Limit::NoMetrics),
            _ => None,
        }
    }

    /// Whether it is known to have been (of several, at least one): the status changed with it.
    pub fn is_known(&self) -> bool {
        self.inferred < self.count
    }

    /// What it says of the arithmetic.
    pub fn verdict(&self) -> Verdict {
        let r = &self.computed;
        let decided = r.recommended.is_some() && self.limit() != Some(Limit::NoMetrics) || r.result != r.current;
        match (self.agrees, self.is_known()) {
            (true, _) if !decided => Verdict::Undecided,
            (false, false) => Verdict::Undecided,
            (false, true) => Verdict::Differs,
            (true, true) if self.basis.kind != BasisKind::Guess => Verdict::Agrees,
            (true, _) => Verdict::Consistent,
        }
    }

    /// Whether `next` can share a row with this one: neither changed anything, and they differ in nothing but time.
    pub fn is_like(&self, next: &Sync) -> bool {
        !self.rescaled
            && !next.rescaled
            && self.computed == next.computed
            && self.controller == next.controller
            && (self.agrees, self.exact) == (next.agrees, next.exact)
            && self.cause == next.cause
            && self.names == next.names
            && self.basis.kind == next.basis.kind
    }
}
