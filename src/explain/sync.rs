//! A settled sync: in one sentence, and the whole computation step by step, in the controller's own terms with the actual
//! numbers. Times are relative to the sync. Must not compute anything but differences.

use super::explanation::{Emphasis, ExplanationLine};
use super::{cause, limits, metric};
use crate::format::number::precise as short;
use crate::format::resource::amount;
use crate::hpa::{self, Steps};
use crate::session::decisions::limit::Limit;
use crate::session::decisions::sync::{BasisKind, Computation, Computed, Sync, Verdict};
use crate::session::decisions::sync_period::{Certainty, SyncPeriod};

/// What held or limited a sync's result, in a word; empty where nothing did.
pub fn limit_word(sync: &Sync) -> &'static str {
    match sync.limit() {
        Some(Limit::Max) => "max",
        Some(Limit::Min) => "min",
        Some(Limit::Rate) => "rate",
        Some(Limit::Disabled) => "disabled",
        Some(Limit::Window) => "window",
        Some(Limit::OutOfBounds) => "bounds",
        Some(Limit::NoMetrics) => "invalid",
        None => "",
    }
}

/// How often the controller syncs and how that is known: `a sync every 15 s (sure)`.
pub fn period(period: &SyncPeriod) -> String {
    let seconds = short(period.period() as f64 / 1000.0);
    match period.certainty() {
        Certainty::Assumed => format!("a sync every {seconds} s (assumed)"),
        Certainty::Likely => format!("a sync every {seconds} s ({:.0} % sure)", period.confidence() * 100.0),
        Certainty::Sure => format!("a sync every {seconds} s (sure)"),
        Certainty::Stated => format!("a sync every {seconds} s (by its spec)"),
    }
}

/// How a period is known, in a word.
pub fn certainty(certainty: Certainty) -> &'static str {
    match certainty {
        Certainty::Assumed => "assumed",
        Certainty::Likely => "likely",
        Certainty::Sure => "sure",
        Certainty::Stated => "stated",
    }
}

/// A verdict, in a word.
pub fn verdict_word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Agrees => "agrees",
        Verdict::Consistent => "consistent",
        Verdict::Undecided => "undecided",
        Verdict::Differs => "differs",
    }
}

/// A metric's figure with its unit: `96 %`, `48m`, `96 Mi`.
pub fn metric_figure(sync: &Sync, index: usize) -> Option<String> {
    let metric = sync.computed.metrics.get(index)?;
    let name = sync.names.get(index).map_or("", String::as_str);
    metric.figure.map(|f| if metric.percent { format!("{f} %") } else { amount(name, f) })
}

/// The sync in one sentence.
pub fn sentence(sync: &Sync) -> String {
    let r = &sync.computed;
    let name = r.winner.and_then(|w| sync.names.get(w)).map_or("", String::as_str);
    let asks = match (r.recommended, r.result) {
        (Some(rec), result) if rec != result => format!("{name} wants {rec}, {}", because(r, result)),
        (Some(rec), result) if result == r.current => format!("{name} keeps {rec}"),
        (Some(rec), _) => format!("{name} wants {rec}"),
        (None, result) if result != r.current => format!("{} is outside the bounds, so {result}", r.current),
        (None, _) => "nothing could be decided".into(),
    };
    match sync.agrees {
        true => asks,
        false => format!("{asks}; the controller asked for {}", sync.controller),
    }
}

/// The whole computation.
pub fn working(sync: &Sync) -> Vec<ExplanationLine> {
    let mut out = vec![headline(sync)];
    out.extend(remark(sync));
    out.extend(basis(sync));
    let Some(computation) = &sync.computation else {
        let kept = "the full working is kept for the latest syncs only";
        out.push(ExplanationLine::new(0, 0, Emphasis::Text, sentence(sync)));
        out.push(ExplanationLine::new(1, 0, Emphasis::Muted, kept));
        return out;
    };
    out.extend(branch(sync, computation));
    for (i, proposal) in computation.decision.metrics.iter().enumerate() {
        let name = sync.names.get(i).cloned().unwrap_or_default();
        out.extend(metric_lines(i, &name, proposal, computation, sync.last));
    }
    out.extend(limits::lines(sync, computation));
    out.push(verdict(sync));
    out
}

fn headline(sync: &Sync) -> ExplanationLine {
    let size = sync.controller;
    let text = match sync.rescaled {
        true => format!("{} to {size} replicas", sync.computed.current),
        false => format!("stays at {size} replica{}", if size == 1 { "" } else { "s" }),
    };
    let line = ExplanationLine::new(0, 0, Emphasis::Head, text);
    match (sync.count, sync.inferred) {
        (1, 0) => line,
        (1, _) => line.and(Emphasis::Muted, "  (inferred from the sync period: the status did not change)"),
        (n, 0) => line.and(Emphasis::Muted, format!("  {n} syncs alike; the last one is shown")),
        (n, m) => line.and(Emphasis::Muted, format!("  {n} syncs alike, {m} of them inferred; the last one is shown")),
    }
}

fn remark(sync: &Sync) -> Option<ExplanationLine> {
    let emphasis = if sync.agrees { Emphasis::Warn } else { Emphasis::Bad };
    sync.cause.as_ref().map(|c| ExplanationLine::new(0, 0, emphasis, cause::cause(c)))
}

fn basis(sync: &Sync) -> Option<ExplanationLine> {
    let age = sync.basis.sampled.map(|ms| ((sync.last - ms) as f64 / 1000.0).round() as i64);
    let text = match (sync.basis.kind, age) {
        (BasisKind::Samples, Some(age)) => format!("samples taken {age} s before the sync"),
        (BasisKind::Status, _) => "the controller's own figures, as its samples were not seen here".into(),
        (BasisKind::Guess, Some(age)) => {
            format!("samples taken {age} s before the sync, which are not those the controller used")
        }
        (BasisKind::None, _) | (BasisKind::Samples | BasisKind::Guess, None) => return None,
    };
    Some(ExplanationLine::new(2, 0, Emphasis::Muted, text))
}

/// Branches that read no metrics.
fn branch(sync: &Sync, computation: &Computation) -> Option<ExplanationLine> {
    let it = &computation.decision;
    let current = sync.computed.current;
    let text = match it.branch {
        hpa::Branch::AboveMax => format!("{current} is above max {}: cut without reading metrics", it.max),
        hpa::Branch::BelowMin => format!("{current} is below min {}: raised without reading metrics", it.min),
        hpa::Branch::Disabled => "0 replicas: the HPA is switched off until someone raises them".into(),
        hpa::Branch::NoScale => "the scale could not be read".into(),
        hpa::Branch::NoSelector => it.error.clone().unwrap_or_default(),
        hpa::Branch::NoMetrics if it.metrics.iter().all(Result::is_err) => {
            "cannot decide: no metric has a figure".into()
        }
        hpa::Branch::NoMetrics => "cannot decide: a metric has no figure, and the others do not ask for more".into(),
        hpa::Branch::Metrics => return None,
    };
    Some(ExplanationLine::new(0, 0, Emphasis::Warn, text))
}

fn verdict(sync: &Sync) -> ExplanationLine {
    let result = sync.computed.result;
    if sync.verdict() == Verdict::Undecided && sync.agrees {
        let line = ExplanationLine::new(0, 0, Emphasis::Head, format!("keeps {result}"));
        return line.and(Emphasis::Muted, ": nothing was decided");
    }
    let line = ExplanationLine::new(0, 0, Emphasis::Head, format!("asks for {result}"));
    let agrees = ", as the controller did";
    match (sync.verdict(), sync.exact) {
        (Verdict::Agrees, true) => line.and(Emphasis::Good, agrees),
        (Verdict::Agrees, false) => line.and(Emphasis::Good, agrees).and(Emphasis::Muted, ", for other reasons"),
        (Verdict::Consistent, _) => line.and(Emphasis::Muted, ", which nothing contradicts"),
        (Verdict::Undecided | Verdict::Differs, _) => {
            line.and(Emphasis::Bad, format!(", the controller asked for {}", sync.controller))
        }
    }
}

/// Why a result is not what was recommended.
pub(super) fn because(computed: &Computed, result: i32) -> String {
    match computed.limit() {
        Some(Limit::Max) => format!("max {result}"),
        Some(Limit::Min) => format!("min {result}"),
        Some(Limit::Rate) => format!("a policy allows {result}"),
        Some(Limit::Disabled) => format!("but {} is disabled", limits::direction(computed.recommended > Some(result))),
        Some(Limit::Window) => format!("the window holds {result}"),
        Some(Limit::OutOfBounds | Limit::NoMetrics) | None => format!("stays at {result}"),
    }
}

fn metric_lines(
    index: usize,
    name: &str,
    proposal: &Result<hpa::Proposal, Box<hpa::Failure>>,
    computation: &Computation,
    ms: i64,
) -> Vec<ExplanationLine> {
    let head = |text: String| {
        ExplanationLine::new(0, 0, Emphasis::Metric(index), format!("{name} ")).and(Emphasis::Text, text)
    };
    match proposal {
        Err(failure) => vec![head("has no figure: ".into()).and(Emphasis::Bad, failure.message.clone())],
        Ok(proposal) => match &proposal.steps {
            Steps::PerPod(steps) => metric::per_pod(head, name, steps, computation, ms),
            Steps::Whole(steps) => vec![metric::whole(head, steps)],
        },
    }
}
