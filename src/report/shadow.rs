//! Shadows beside what the HPA did, for people and programs. Must not run them.

use super::document::{Block, seconds};
use super::json::stamp;
use crate::decide::score::Score;
use crate::decide::shadow::{Shadow, ShadowRun};
use crate::explain::shadow::{ASSUMED, reason, sentence};
use crate::observe::Time;
use crate::session::Session;
use serde::Serialize;

/// The shadows as data (schema `edot-tui/shadow/1`, described in `assets/schemas/shadow.json`).
#[derive(Debug, Serialize)]
pub struct Summary {
    pub schema: &'static str,
    pub namespace: String,
    pub hpa: String,
    pub began: Option<Time>,
    pub ended: Option<Time>,
    pub shadows: Vec<ShadowPart>,
}

/// A shadow beside the HPA.
#[derive(Debug, Serialize)]
pub struct ShadowPart {
    pub name: String,
    /// Why there are no figures; null where there are.
    pub error: Option<String>,
    pub changes: Vec<String>,
    pub assumptions: Vec<String>,
    /// What a metric is above when it is above its line.
    pub lines: Vec<String>,
    /// From then on what follows is an estimate.
    pub diverged_at: Option<Time>,
    pub message: Option<String>,
    pub actual: Option<FiguresPart>,
    pub shadow: Option<FiguresPart>,
    pub syncs: Vec<SyncPart>,
}

/// Figures of one of the two.
#[derive(Debug, Serialize)]
pub struct FiguresPart {
    pub replica_minutes: f64,
    /// Seconds in which a metric was above its line.
    pub above_line_s: f64,
    /// The longest time without a break with fewer replicas than were demanded.
    pub too_few_s: f64,
    pub rescales: u32,
    pub flaps: u32,
    pub most_replicas: i32,
}

/// A sync: replicas asked for.
#[derive(Debug, Serialize)]
pub struct SyncPart {
    pub at: Option<Time>,
    pub actual: i32,
    pub shadow: i32,
    /// The least and the most that it may be, one sync either way.
    pub shadow_low: i32,
    pub shadow_high: i32,
    pub estimate: bool,
    pub reason: String,
}

fn figures(score: &Score) -> FiguresPart {
    FiguresPart {
        replica_minutes: score.replica_minutes,
        above_line_s: score.above_s,
        too_few_s: score.time_to_scale_up_s,
        rescales: score.rescales,
        flaps: score.flaps,
        most_replicas: score.most_replicas,
    }
}

/// Shadows as data.
pub fn summarize(session: &Session, shadows: &[Shadow]) -> Summary {
    Summary {
        schema: "edot-tui/shadow/1",
        namespace: session.watching.namespace.clone(),
        hpa: session.watching.hpa.clone(),
        began: session.began,
        ended: session.now,
        shadows: shadows.iter().map(part).collect(),
    }
}

/// One of them.
pub fn part(shadow: &Shadow) -> ShadowPart {
    let run = shadow.run.as_ref();
    let simulation = run.map(|run| &run.simulation);
    let syncs = |run: &ShadowRun| {
        let s = &run.simulation;
        let one = |(step, decided): (&crate::decide::rerun::Step, &crate::decide::shadow::Decided)| SyncPart {
            at: Time::from_timestamp_millis(step.ms),
            actual: step.actual,
            shadow: step.simulated,
            shadow_low: step.band.0,
            shadow_high: step.band.1,
            estimate: s.diverged.is_some_and(|diverged| diverged <= step.ms),
            reason: reason(decided),
        };
        s.steps.iter().zip(&run.decided).map(one).collect()
    };
    let clock =
        |ms: i64| Time::from_timestamp_millis(ms).map_or_else(String::new, |t| t.format("%H:%M:%S").to_string());
    ShadowPart {
        name: shadow.name.clone(),
        error: shadow.run.as_ref().err().cloned(),
        changes: simulation.map_or_else(|_| Vec::new(), |s| s.changes.clone()),
        assumptions: simulation.map_or_else(|_| Vec::new(), |s| s.assumptions.clone()),
        lines: run.map_or_else(|_| Vec::new(), |run| run.lines.clone()),
        diverged_at: simulation.ok().and_then(|s| s.diverged).and_then(Time::from_timestamp_millis),
        message: run.ok().and_then(|run| Some(sentence(run, run.simulation.steps.len().checked_sub(1)?, clock))),
        actual: run.ok().map(|run| figures(&run.actual)),
        shadow: run.ok().map(|run| figures(&run.shadow)),
        syncs: run.map_or_else(|_| Vec::new(), syncs),
    }
}

/// The shadows for people, under a title.
pub fn document(summary: &Summary) -> Vec<Block> {
    let mut out = vec![Block::Title(format!("edot-tui shadow: {}/{}", summary.namespace, summary.hpa))];
    out.push(Block::Line(format!("observed: {} to {} UTC", stamp(summary.began), stamp(summary.ended))));
    out.extend(blocks(&summary.shadows));
    out
}

/// The figures side by side, then each shadow with its rescales.
pub fn blocks(shadows: &[ShadowPart]) -> Vec<Block> {
    let mut out = vec![Block::Head("Shadows: what the HPA did, and what it would have done".into())];
    let number = |i: usize| if shadows.len() > 1 { format!("shadow {}", i + 1) } else { "shadow".to_owned() };
    for (i, shadow) in shadows.iter().enumerate() {
        let message = shadow.error.clone().or_else(|| shadow.message.clone()).unwrap_or_default();
        out.push(Block::Line(format!("{}: {}: {message}", number(i), shadow.name)));
    }
    let Some(first) = shadows.iter().find(|s| s.actual.is_some()) else { return out };
    out.push(Block::Line(format!("assumed: {ASSUMED}")));
    // The first assumption of a simulation says the same.
    out.extend(first.assumptions.iter().skip(1).map(|a| Block::Line(format!("assumed: {a}"))));
    out.push(Block::Line(format!("the line: {}", first.lines.join(", "))));
    let of = |value: fn(&FiguresPart) -> String| {
        let actual = first.actual.iter().map(value);
        let all = shadows.iter().map(|s| s.shadow.as_ref().map_or_else(|| "–".to_owned(), value));
        actual.chain(all).collect::<Vec<_>>()
    };
    let diverged = |s: &ShadowPart| match s.diverged_at {
        Some(at) => stamp(Some(at)),
        None => "never".to_owned(),
    };
    let rows = [
        ("replica-minutes", of(|f| format!("{:.1}", f.replica_minutes))),
        ("time above the line", of(|f| seconds(Some(f.above_line_s)))),
        ("longest time with too few replicas", of(|f| seconds(Some(f.too_few_s)))),
        ("rescales", of(|f| f.rescales.to_string())),
        ("flaps", of(|f| f.flaps.to_string())),
        ("most replicas", of(|f| f.most_replicas.to_string())),
        ("an estimate from (UTC)", std::iter::once(String::new()).chain(shadows.iter().map(diverged)).collect()),
    ];
    let head: Vec<String> =
        ["figure".into(), "actual".into()].into_iter().chain((0..shadows.len()).map(number)).collect();
    let head: Vec<&str> = head.iter().map(String::as_str).collect();
    let rows = rows.into_iter().map(|(name, cells)| [vec![name.to_owned()], cells].concat()).collect();
    out.push(Block::table(&head, rows));
    for (i, shadow) in shadows.iter().enumerate() {
        let changed = |w: &&[SyncPart]| (w[0].actual, w[0].shadow) != (w[1].actual, w[1].shadow);
        let rows: Vec<Vec<String>> = shadow.syncs.windows(2).filter(changed).map(|w| row(&w[1])).collect();
        if !rows.is_empty() {
            out.push(Block::Head(format!("Syncs at which the HPA or {} changed", number(i))));
            out.push(Block::table(&["time (UTC)", "actual", "shadow", "", "by the shadow's spec"], rows));
        }
    }
    out
}

fn row(sync: &SyncPart) -> Vec<String> {
    let size = match sync.shadow_low < sync.shadow_high {
        true => format!("{} ({}–{})", sync.shadow, sync.shadow_low, sync.shadow_high),
        false => sync.shadow.to_string(),
    };
    let estimate = if sync.estimate { "estimate" } else { "" };
    vec![stamp(sync.at), sync.actual.to_string(), size, estimate.into(), sync.reason.clone()]
}
