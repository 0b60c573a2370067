//! What changed the recommendation: the stabilization window with the maximum in effect, each policy's budget, the bounds.
//! Must not compute it.

use super::explanation::{Emphasis, ExplanationLine};
use crate::hpa::{Direction, Limited, PolicyKind, RateLimit, Recommendation, SelectPolicy, Stabilization, Stabilized};
use crate::session::decisions::sync::{Computation, Sync};

/// A direction as the spec calls it.
pub fn direction(up: bool) -> &'static str {
    if up { "scaleUp" } else { "scaleDown" }
}

/// The lines after the metrics.
pub fn lines(sync: &Sync, computation: &Computation) -> Vec<ExplanationLine> {
    let it = &computation.decision;
    let mut out = Vec::new();
    if let (Some(winner), Some(replicas)) = (it.winner, it.recommended) {
        let name = sync.names.get(winner).cloned().unwrap_or_default();
        let line = ExplanationLine::new(0, 0, Emphasis::Text, "recommended ").and(Emphasis::Head, replicas.to_string());
        out.push(
            line.and(Emphasis::Muted, if it.metrics.len() > 1 { format!("  highest: {name}") } else { String::new() }),
        );
    }
    if let Some(s) = &it.stabilization {
        out.push(stabilization(s, computation.assumed, sync));
    }
    if let Some(limit) = &it.limit {
        if let Some(rate) = &limit.rate {
            out.extend(policies(rate));
        }
        let bounds = format!("bounds {}…{}: ", it.min, it.max);
        let (emphasis, text) = match limit.by {
            Limited::Not => (Emphasis::Muted, "not reached".to_string()),
            Limited::Max => (Emphasis::Warn, format!("max holds it at {}", limit.replicas)),
            Limited::Min => (Emphasis::Warn, format!("min holds it at {}", limit.replicas)),
            Limited::UpRate | Limited::DownRate => (Emphasis::Warn, format!("the rate holds it at {}", limit.replicas)),
        };
        let weight = if limit.by == Limited::Not { 2 } else { 0 };
        out.push(ExplanationLine::new(weight, 0, Emphasis::Text, bounds).and(emphasis, text));
    }
    out
}

/// `stabilized 4  highest in 30 s: 4, wanted 15 s before and counted for 15 s more`.
fn stabilization(s: &Stabilization, assumed: Option<i64>, sync: &Sync) -> ExplanationLine {
    let line = ExplanationLine::new(0, 0, Emphasis::Text, "stabilized ").and(Emphasis::Head, s.stabilized.to_string());
    let mut parts = Vec::new();
    let held = |at: &Recommendation, length: i64| {
        let age = ((sync.last - at.at.timestamp_millis()) as f64 / 1000.0).round() as i64;
        if assumed == Some(at.at.timestamp_millis()) {
            return format!("{}, the size found when the watch began {age} s before", at.replicas);
        }
        format!("{}, wanted {age} s before and counted for {} s more", at.replicas, (length - age).max(0))
    };
    let down = s.down.length.num_seconds();
    match &s.down.held_by {
        Some(at) => parts.push(format!("highest in {down} s: {}", held(at, down))),
        None if down > 0 => parts.push(format!("highest in {down} s: {}, this one", s.down.bound)),
        None => {}
    }
    if let Some(up) = s.up.filter(|up| up.length.num_seconds() > 0) {
        let length = up.length.num_seconds();
        match &up.held_by {
            Some(at) => parts.push(format!("lowest in {length} s: {}", held(at, length))),
            None => parts.push(format!("lowest in {length} s: {}, this one", up.bound)),
        }
    }
    let emphasis = if s.outcome == Stabilized::Unchanged { Emphasis::Muted } else { Emphasis::Warn };
    line.and(emphasis, if parts.is_empty() { "  no window".into() } else { format!("  {}", parts.join("; ")) })
}

fn policies(rate: &RateLimit) -> Vec<ExplanationLine> {
    if rate.select == SelectPolicy::Disabled {
        let text = format!("policies: {} is disabled", direction(rate.direction == Direction::Up));
        return vec![ExplanationLine::new(0, 0, Emphasis::Warn, text)];
    }
    let mut out: Vec<ExplanationLine> = Vec::new();
    for b in &rate.budgets {
        let unit = if b.policy.kind == PolicyKind::Percent { " %" } else { " pods" };
        let chosen = b.limit == rate.limit;
        let text = format!(
            "{}{unit} in {} s: start {} (added {}, removed {}), allows {}",
            b.policy.value, b.policy.period_seconds, b.start, b.added, b.removed, b.limit
        );
        out.push(ExplanationLine::new(2, 2, if chosen { Emphasis::Text } else { Emphasis::Muted }, text));
    }
    let word = if rate.select == SelectPolicy::Min { "the smallest change" } else { "the largest change" };
    let reach = if rate.direction == Direction::Up { "up to" } else { "down to" };
    // It makes sense alone: the policies below it are dropped first where space is short.
    let of = if out.len() > 1 { format!("  {word} of {} policies", out.len()) } else { String::new() };
    out.insert(
        0,
        ExplanationLine::new(1, 0, Emphasis::Text, format!("policies allow {reach} {}", rate.limit))
            .and(Emphasis::Muted, of),
    );
    out
}
