//! What a shadow would have done, and why, in a sentence. Must not compute it.

use super::sync::because;
use crate::decide::shadow::{Decided, ShadowRun};
use crate::format::resource::amount;
use crate::session::decisions::sync::MetricOutcome;

/// The step that holds at a time, milliseconds since 1970; None before the first.
pub fn step_at(run: &ShadowRun, ms: i64) -> Option<usize> {
    run.simulation.steps.partition_point(|step| step.ms <= ms).checked_sub(1)
}

/// What it would have at a step, since when, and why: `would have 5 since 10:42:15: cpu 96 %, target 60 %`. `clock` writes a
/// time, milliseconds since 1970.
pub fn sentence(run: &ShadowRun, step: usize, clock: impl Fn(i64) -> String) -> String {
    let steps = run.simulation.steps.get(..=step).unwrap_or_default();
    let Some(now) = steps.last() else { return String::new() };
    let Some(diverged) = run.simulation.diverged.filter(|diverged| *diverged <= now.ms) else {
        return format!("would have the same {}", now.simulated);
    };
    if now.simulated == now.actual {
        return format!("would have the same {}, by an estimate since {}", now.simulated, clock(diverged));
    }
    let same = steps.iter().rev().take_while(|s| s.simulated == now.simulated).count();
    let apart = steps.iter().rev().take(same).take_while(|s| s.simulated != s.actual).count();
    let (came, apart) = (steps.len() - same, steps.len() - apart);
    // Where it has had this size all along, what counts is why it kept it when the HPA did not.
    let decisive = if came == 0 || came < apart { apart } else { came };
    let why = run.decided.get(decisive).map(reason).unwrap_or_default();
    let range = match now.band {
        (low, high) if low < high => format!(" ({low} to {high})"),
        _ => String::new(),
    };
    let since = steps.get(apart).map_or(now.ms, |step| step.ms);
    format!("would have {}{range} since {}: {why}", now.simulated, clock(since))
}

/// `cpu 96 %, target 60 %`; with what held the result, where it is not what the metric asks for.
pub fn reason(decided: &Decided) -> String {
    let c = &decided.computed;
    let Some(metric) = c.winner else {
        return match c.result == c.current {
            true => "nothing could be decided".into(),
            false => format!("{} is outside its bounds", c.current),
        };
    };
    let name = decided.metrics.names.get(metric).map_or("", String::as_str);
    let value = |of: &MetricOutcome, v: i64| if of.percent { format!("{v} %") } else { amount(name, v) };
    let outcome = c.metrics.get(metric).copied().unwrap_or_default();
    let mut out = name.to_owned();
    if let Some(figure) = outcome.figure {
        out += &format!(" {}", value(&outcome, figure));
    }
    if let Some(target) = decided.metrics.targets.get(metric).copied().flatten() {
        out += &format!(", target {}", value(&outcome, target));
    }
    match c.recommended {
        Some(wanted) if wanted != c.result => out + &format!(", wants {wanted}, {}", because(c, c.result)),
        _ => out,
    }
}

/// What every figure of a shadow rests on.
pub const ASSUMED: &str = "the load of the tier is held as it was, and shared by the pods that would be Ready; from the first divergence on, an estimate";
