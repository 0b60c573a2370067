//! What became of the recommendation, in words: the stabilization window as the maximum in force, each policy's budget,
//! the bounds.

use super::sync::{Sync, Worked};
use super::words::{Line, Tone};
use crate::hpa::{Limited, PolicyKind, RateLimit, SelectPolicy, Stabilization, Stabilized};

/// What kept a result from being the recommendation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hold {
    Max,
    Min,
    Rate,
    Window,
}

/// The step to name where several changed the recommendation: the last one, but for max that only cuts what the window
/// had raised from below it.
pub fn hold(recommended: i32, result: i32, held: Option<Stabilized>, limited: Option<Limited>) -> Option<Hold> {
    let window = held.is_some_and(|h| h != Stabilized::Unchanged);
    match limited {
        Some(Limited::Max) if window && recommended <= result => Some(Hold::Window),
        Some(Limited::Max) => Some(Hold::Max),
        Some(Limited::Min) => Some(Hold::Min),
        Some(Limited::UpRate | Limited::DownRate) => Some(Hold::Rate),
        _ => window.then_some(Hold::Window),
    }
}

/// The lines after the metrics.
pub fn lines(sync: &Sync, worked: &Worked) -> Vec<Line> {
    let it = &worked.decision;
    let mut out = Vec::new();
    if let (Some(winner), Some(replicas)) = (it.winner, it.recommended) {
        let name = sync.names.get(winner).cloned().unwrap_or_default();
        let line = Line::new(0, 0, Tone::Text, "recommended ").and(Tone::Head, replicas.to_string());
        out.push(
            line.and(Tone::Muted, if it.metrics.len() > 1 { format!("  highest: {name}") } else { String::new() }),
        );
    }
    if let Some(s) = &it.stabilization {
        out.push(stabilization(s, worked.assumed, sync));
    }
    if let Some(limit) = &it.limit {
        if let Some(rate) = &limit.rate {
            out.extend(policies(rate));
        }
        let bounds = format!("bounds {}…{}: ", it.min, it.max);
        let (tone, text) = match limit.by {
            Limited::Not => (Tone::Muted, "not reached".to_string()),
            Limited::Max => (Tone::Warn, format!("max holds it at {}", limit.replicas)),
            Limited::Min => (Tone::Warn, format!("min holds it at {}", limit.replicas)),
            Limited::UpRate | Limited::DownRate => (Tone::Warn, format!("the rate holds it at {}", limit.replicas)),
        };
        let weight = if limit.by == Limited::Not { 2 } else { 0 };
        out.push(Line::new(weight, 0, Tone::Text, bounds).and(tone, text));
    }
    out
}

/// `highest in 30 s: 4 (of 15 s before, out of the window in 15 s): 4`.
fn stabilization(s: &Stabilization, assumed: Option<i64>, sync: &Sync) -> Line {
    let line = Line::new(0, 0, Tone::Text, "stabilized ").and(Tone::Head, s.stabilized.to_string());
    let mut said = Vec::new();
    let held = |at: &crate::hpa::Recommendation, length: i64| {
        let age = ((sync.last - at.at.timestamp_millis()) as f64 / 1000.0).round() as i64;
        if assumed == Some(at.at.timestamp_millis()) {
            return format!("{}, the size found when the watch began {age} s before", at.replicas);
        }
        format!("{} of {age} s before, leaves the window in {} s", at.replicas, (length - age).max(0))
    };
    let down = s.down.length.num_seconds();
    match &s.down.held_by {
        Some(at) => said.push(format!("highest in {down} s: {}", held(at, down))),
        None if down > 0 => said.push(format!("highest in {down} s: {}, this one", s.down.bound)),
        None => {}
    }
    if let Some(up) = s.up.filter(|up| up.length.num_seconds() > 0) {
        let length = up.length.num_seconds();
        match &up.held_by {
            Some(at) => said.push(format!("lowest in {length} s: {}", held(at, length))),
            None => said.push(format!("lowest in {length} s: {}, this one", up.bound)),
        }
    }
    let tone = if s.outcome == Stabilized::Unchanged { Tone::Muted } else { Tone::Warn };
    line.and(tone, if said.is_empty() { "  no window".into() } else { format!("  {}", said.join("; ")) })
}

fn policies(rate: &RateLimit) -> Vec<Line> {
    if rate.select == SelectPolicy::Disabled {
        return vec![Line::new(0, 0, Tone::Warn, "policies: this direction is disabled")];
    }
    let mut out: Vec<Line> = Vec::new();
    for b in &rate.budgets {
        let unit = if b.policy.kind == PolicyKind::Percent { " %" } else { " pods" };
        let chosen = b.limit == rate.limit;
        let text = format!(
            "{}{unit} in {} s: start {} (added {}, removed {}), allows {}",
            b.policy.value, b.policy.period_seconds, b.start, b.added, b.removed, b.limit
        );
        out.push(Line::new(2, 2, if chosen { Tone::Text } else { Tone::Muted }, text));
    }
    let word = if rate.select == SelectPolicy::Min { "the smallest change" } else { "the largest change" };
    // Whole by itself: the policies below it go first where there is little room.
    let of = if out.len() > 1 { format!("  {word} of {} policies", out.len()) } else { String::new() };
    out.insert(0, Line::new(1, 0, Tone::Text, format!("policies allow {}", rate.limit)).and(Tone::Muted, of));
    out
}
