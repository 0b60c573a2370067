//! What each metric asks for with the figures at hand, and what the next sync would make of it. The arithmetic is `hpa`'s,
//! the wording `explain`'s. Must not promise what the controller will do: its samples may be others.

use crate::hpa;
use crate::observe::HpaSeen;
use crate::session::decisions::limit::{Limit, limit};
use crate::session::decisions::next::NextSync;
use crate::session::metrics::{TargetType, Track};
use crate::session::{Session, hpa_status};

/// What one metric asks for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Proposed {
    pub replicas: i32,
    /// The pods or replicas that the ratio is multiplied by.
    pub count: usize,
    pub outcome: ProposedOutcome,
    pub figures: ProposedFigures,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProposedOutcome {
    Scaled,
    /// The ratio is inside the tolerance band.
    Within,
    /// Pods that are missing or not ready could reverse the direction, so nothing changes.
    Reversed,
}

/// Where a proposal's figure comes from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ProposedFigures {
    /// The controller's own figure and the target, percent or base units.
    Reported { value: f64, target: f64 },
    /// The pods' samples; the second pass is the one with the pods filled in that are missing or not ready.
    Sampled { first: PassFigures, second: Option<PassFigures>, target: hpa::PodTarget },
}

/// One pass over the pods.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PassFigures {
    /// Percent of request, for a utilization.
    pub percent: Option<i32>,
    /// Milli-units.
    pub mean: i64,
    pub ratio: f64,
}

/// What keeps the result of the next sync from being the proposal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ForecastLimit {
    Max(i32),
    Min(i32),
    /// The scaling policies allow this many replicas.
    Policy(i32),
    /// `selectPolicy: Disabled` in this direction.
    Disabled {
        up: bool,
    },
    /// The highest (for a scale-down) or lowest recommendation in the window, and the seconds until it leaves it.
    Window {
        highest: bool,
        seconds: i64,
        held: Option<(i32, i64)>,
    },
    /// A scale-down window of this length, by recommendations from before the watch began.
    UnwatchedWindow {
        seconds: i64,
    },
}

/// What decides the forecast.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ForecastBasis {
    /// The replicas are above max: metrics are not read.
    AboveMax,
    /// The replicas are below min: metrics are not read.
    BelowMin,
    /// The metric at this index has no figure, so the controller does not scale down.
    MissingMetric(usize),
    /// The highest proposal.
    Metrics {
        /// What the other metrics alone would ask for, where the highest only keeps the current size.
        without_it: Option<i32>,
        /// Seconds of the scale-down window, where it may hold more from before the watch began.
        unwatched_s: Option<i64>,
    },
}

/// The highest proposal, what limits it, and what the next sync would make of it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Forecast {
    pub basis: ForecastBasis,
    pub current: i32,
    /// After stabilization, policies and bounds.
    pub replicas: i32,
    /// The highest proposal and its index among the live metrics; None where metrics are not read.
    pub highest: Option<(usize, Proposed)>,
    pub limit: Option<ForecastLimit>,
    /// Seconds until the next sync is expected.
    pub next_sync_s: Option<i64>,
    /// Seconds since the controller synced last, where it should have since.
    pub silent_s: Option<i64>,
    /// A metric is invalid and the others do not ask for more, so the controller would do nothing.
    pub is_invalid: bool,
}

impl Forecast {
    /// The metric that decides, by its index among the live ones; None when none does.
    pub fn winner(&self) -> Option<usize> {
        self.highest.filter(|_| matches!(self.basis, ForecastBasis::Metrics { .. })).map(|h| h.0)
    }
}

impl Session {
    /// What each live metric asks for in the next sync, in the spec's order: from the pods' samples where those are known, else
    /// from the controller's own figures. None for a metric without either.
    pub fn proposals(&self) -> Vec<Option<Proposed>> {
        self.proposed(self.next_sync().as_ref())
    }

    /// What the next sync would do if nothing else came in; None without samples or status figures to compute with.
    pub fn next_sync(&self) -> Option<NextSync> {
        self.decisions.next(self.now_ms(), self.current_replicas())
    }

    fn proposed(&self, next: Option<&NextSync>) -> Vec<Option<Proposed>> {
        let idle = self.hpa.as_ref().is_none_or(is_idle);
        let Some(next) = next.filter(|_| self.current_replicas().is_some_and(|c| c > 0) && !idle) else {
            return self.metrics.live().map(|_| None).collect();
        };
        // A metric of the spec whose target cannot be parsed has no track.
        let specs = self.hpa.iter().flat_map(|h| &h.metrics).map(|m| TargetType::of(&m.value).is_some());
        let places: Vec<usize> = specs.enumerate().filter_map(|(i, live)| live.then_some(i)).collect();
        let one = |(i, track): (usize, &Track)| {
            let proposal = next.decision.metrics.get(*places.get(i)?)?.as_ref().ok()?;
            match &proposal.steps {
                hpa::Steps::PerPod(steps) if track.is_resource() && !next.reported => Some(sampled(steps)),
                steps => reported(track, steps),
            }
        };
        self.metrics.live().enumerate().map(one).collect()
    }

    /// The highest proposal, and what the next sync would make of it. None while the controller cannot read the metrics:
    /// what was sampled before says nothing about the next sync.
    pub fn forecast(&self) -> Option<Forecast> {
        let hpa = self.hpa.as_ref()?;
        let (min, max) = (hpa.min_replicas.unwrap_or(1), hpa.max_replicas);
        let current = self.current_replicas().filter(|c| *c > 0 && !is_idle(hpa))?;
        if hpa_status::undecided(hpa).is_some() {
            return None;
        }
        let next = self.next_sync();
        let expected = self.decisions.expected(self.now_ms());
        let forecast = Forecast {
            basis: ForecastBasis::AboveMax,
            current,
            replicas: max,
            highest: None,
            limit: None,
            next_sync_s: expected.map(|at| ((at - self.now_ms() + 500) / 1000).max(1)),
            silent_s: self.decisions.silence(self.now_ms()).map(|s| (self.now_ms() - s.since) / 1000),
            is_invalid: next.as_ref().is_some_and(|n| n.decision.branch == hpa::Branch::NoMetrics),
        };
        // Outside its bounds the controller does not look at metrics.
        if current > max {
            return Some(forecast);
        }
        if current < min {
            return Some(Forecast { basis: ForecastBasis::BelowMin, replicas: min, ..forecast });
        }
        let proposals = self.proposed(next.as_ref());
        let (winner, best) = highest(&proposals)?;
        let forecast = Forecast { highest: Some((winner, best)), ..forecast };
        // With a metric unknown, the controller scales up but never down.
        let missing = proposals.iter().position(Option::is_none).filter(|_| best.replicas < current);
        if let Some(missing) = missing {
            return Some(Forecast { basis: ForecastBasis::MissingMetric(missing), replicas: current, ..forecast });
        }
        let decided = next.as_ref().and_then(|n| Some((n.decision.replicas?, forecast_limit(&n.decision))));
        let (replicas, limit) = decided.unwrap_or((current, None));
        let unwatched = self.decisions.unwatched(self.now_ms()).filter(|_| replicas < current);
        let (replicas, limit) = match unwatched.filter(|w| w.holds) {
            Some(w) => (current, Some(ForecastLimit::UnwatchedWindow { seconds: w.seconds })),
            None => (replicas, limit),
        };
        let basis = ForecastBasis::Metrics {
            without_it: without(&proposals, winner).filter(|lower| best.replicas == current && *lower < current),
            unwatched_s: unwatched.filter(|w| !w.holds).map(|w| w.seconds),
        };
        Some(Forecast { basis, replicas, limit, ..forecast })
    }
}

/// The highest proposal, the first of equal ones.
fn highest(proposals: &[Option<Proposed>]) -> Option<(usize, Proposed)> {
    let known = proposals.iter().enumerate().filter_map(|(i, p)| Some((i, (*p)?)));
    known.reduce(|best, other| if other.1.replicas > best.1.replicas { other } else { best })
}

/// What the metrics but one ask for.
fn without(proposals: &[Option<Proposed>], index: usize) -> Option<i32> {
    let others = proposals.iter().enumerate().filter(|(i, _)| *i != index);
    others.filter_map(|(_, p)| p.as_ref().map(|p| p.replicas)).max()
}

/// Whether the controller computes nothing: it cannot read the scale, or does not know which pods belong to the target.
fn is_idle(hpa: &HpaSeen) -> bool {
    let inactive = hpa_status::condition(hpa, "ScalingActive").filter(|c| c.status == "False");
    let ambiguous = inactive.is_some_and(|c| matches!(c.reason.as_str(), "AmbiguousSelector" | "InvalidSelector"));
    ambiguous || hpa_status::unreadable(hpa).is_some()
}

/// From the controller's own figure, by the steps of the arithmetic over it.
fn reported(track: &Track, steps: &hpa::Steps) -> Option<Proposed> {
    let (value, target) = (track.current?, *track.target.last()?);
    let figures = ProposedFigures::Reported { value, target };
    Some(match steps {
        hpa::Steps::PerPod(steps) => Proposed { figures, ..sampled(steps) },
        hpa::Steps::Whole(steps) => Proposed {
            // Below zero nothing can be asked for.
            replicas: steps.replicas.max(0),
            count: match steps.divided {
                hpa::Divided::ByReady(ready) => ready.unwrap_or_default(),
                hpa::Divided::ByStatus { replicas, .. } => usize::try_from(replicas).unwrap_or_default(),
            },
            outcome: outcome(steps.verdict),
            figures,
        },
    })
}

fn outcome(verdict: hpa::Verdict) -> ProposedOutcome {
    match verdict {
        hpa::Verdict::RatioReversed | hpa::Verdict::CountReversed => ProposedOutcome::Reversed,
        hpa::Verdict::Within => ProposedOutcome::Within,
        hpa::Verdict::Scaled => ProposedOutcome::Scaled,
    }
}

fn sampled(steps: &hpa::PerPod) -> Proposed {
    let figures = |pass: &hpa::Pass| PassFigures { percent: pass.percent, mean: pass.mean, ratio: pass.ratio };
    Proposed {
        replicas: steps.replicas,
        count: steps.second.as_ref().unwrap_or(&steps.first).count,
        outcome: outcome(steps.verdict),
        figures: ProposedFigures::Sampled {
            first: figures(&steps.first),
            second: steps.second.as_ref().map(figures),
            target: steps.target,
        },
    }
}

/// What limits the next sync's result; None where nothing does.
fn forecast_limit(it: &hpa::Decision) -> Option<ForecastLimit> {
    let result = it.replicas?;
    match it.branch {
        hpa::Branch::AboveMax => return Some(ForecastLimit::Max(it.max)),
        hpa::Branch::BelowMin => return Some(ForecastLimit::Min(it.min)),
        _ => {}
    }
    let s = it.stabilization?;
    let disabled = it.limit.as_ref().is_some_and(hpa::Limit::is_disabled);
    match limit(s.recommended, result, Some(s.outcome), it.limit.as_ref().map(|l| l.by), disabled)? {
        Limit::Max => return Some(ForecastLimit::Max(it.max)),
        Limit::Min => return Some(ForecastLimit::Min(it.min)),
        Limit::Rate => return Some(ForecastLimit::Policy(result)),
        Limit::Disabled => return Some(ForecastLimit::Disabled { up: s.recommended > result }),
        Limit::Window | Limit::OutOfBounds | Limit::NoMetrics => {}
    }
    let highest = s.stabilized > s.recommended;
    let window = if highest { Some(s.down) } else { s.up }?;
    let seconds = window.length.num_seconds();
    let held = window.held_by.map(|h| (h.replicas, (h.at.timestamp() + seconds - it.at.timestamp()).max(0)));
    Some(ForecastLimit::Window { highest, seconds, held })
}
