//! A supposition for people and programs: figures beside each other, the supposed rescales, the two courses. Must not reckon
//! beyond sums.

use super::{Agreement, Recorded, Step, Supposition};
use crate::observe::Time;
use crate::report::courses::Shape;
use crate::report::full::stamp;
use crate::report::page::{Block, Table, seconds};
use crate::report::panels::{Panel, Trace};
use crate::report::plot::Axis;
use crate::verdict::Run;
use serde::Serialize;

/// The supposition as data (schema `edot-tui/what-if/1`).
#[derive(Debug, Serialize)]
pub struct Told {
    pub schema: &'static str,
    pub file: Option<String>,
    pub changes: Vec<String>,
    pub assumptions: Vec<String>,
    /// With no change: syncs in which the arithmetic agrees with the controller.
    pub agreement: Option<Agreement>,
    pub parted_at: Option<Time>,
    pub actual: Totals,
    pub supposed: Totals,
    pub syncs: Vec<SyncPart>,
}

/// Seconds count from the load's start, `back_to_min_s` from its end.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Totals {
    pub first_scale_up_s: Option<f64>,
    pub peak_replicas: Option<i32>,
    pub peak_replicas_s: Option<f64>,
    pub back_to_min_s: Option<f64>,
    pub rescales: usize,
    pub replica_minutes: f64,
    /// Of any metric, at the syncs.
    pub above_target_s: f64,
}

#[derive(Debug, Serialize)]
pub struct SyncPart {
    pub at: Option<Time>,
    pub actual: i32,
    pub supposed: i32,
    pub metrics: Vec<FigurePart>,
    pub reason: Option<String>,
}

#[derive(Debug, Serialize)]
pub struct FigurePart {
    pub name: String,
    pub actual: Option<i64>,
    pub supposed: Option<i64>,
    pub target: Option<i64>,
}

/// The supposition as data.
pub fn tell(s: &Supposition, recorded: &Recorded, file: Option<String>) -> Told {
    let run = Run::of(&recorded.session);
    let time = Time::from_timestamp_millis;
    let sync = |step: &Step| SyncPart {
        at: time(step.ms),
        actual: step.actual,
        supposed: step.supposed,
        metrics: (s.names.iter().zip(&step.figures).zip(&step.targets))
            .map(|((name, f), target)| FigurePart { name: name.clone(), actual: f.0, supposed: f.1, target: target.1 })
            .collect(),
        reason: Some(step.reason.clone()).filter(|r| !r.is_empty()),
    };
    Told {
        schema: "edot-tui/what-if/1",
        file,
        changes: s.changes.clone(),
        assumptions: s.assumptions.clone(),
        agreement: s.agreement,
        parted_at: s.parted.and_then(time),
        actual: totals(s, &run, true),
        supposed: totals(s, &run, false),
        syncs: s.steps.iter().map(sync).collect(),
    }
}

fn totals(s: &Supposition, run: &Run, actual: bool) -> Totals {
    let size = |step: &Step| if actual { step.actual } else { step.supposed };
    let found = |step: &Step| if actual { step.found.0 } else { step.found.1 };
    let start = run.start.or(s.steps.first().map(|f| f.ms)).unwrap_or(0);
    let since = |ms: i64| (ms - start) as f64 / 1000.0;
    let from_start = || s.steps.iter().filter(|step| step.ms >= start - 30_000);
    let peak = from_start().map(size).max();
    let held = |step: &Step, next: Option<&Step>| next.map_or(0, |n| n.ms - step.ms) as f64 / 1000.0;
    let spans = || s.steps.iter().enumerate().map(|(i, step)| (step, held(step, s.steps.get(i + 1))));
    let above = |step: &Step| {
        let mut pairs = step.figures.iter().zip(&step.targets);
        pairs.any(|(f, t)| (if actual { f.0.zip(t.0) } else { f.1.zip(t.1) }).is_some_and(|(f, t)| f * 10 > t * 11))
    };
    let min = |step: &Step| if actual { step.min.0 } else { step.min.1 };
    let back = run.end.and_then(|end| {
        let low = s.steps.iter().find(|step| step.ms >= end && size(step) <= min(step))?;
        Some(((low.ms - end) as f64 / 1000.0).max(0.0))
    });
    Totals {
        first_scale_up_s: from_start().find(|step| size(step) > found(step)).map(|step| since(step.ms)),
        peak_replicas: peak,
        peak_replicas_s: from_start().find(|step| Some(size(step)) == peak).map(|step| since(step.ms).max(0.0)),
        back_to_min_s: back,
        rescales: s.steps.iter().filter(|step| size(step) != found(step)).count(),
        replica_minutes: spans().map(|(step, held)| f64::from(size(step)) * held).sum::<f64>() / 60.0,
        above_target_s: spans().filter(|(step, _)| above(step)).map(|(_, held)| held).sum(),
    }
}

/// The supposition for people.
pub fn page(t: &Told) -> Vec<Block> {
    let mut out = vec![Block::Title("edot-tui what-if".into())];
    match (&t.agreement, t.changes.is_empty()) {
        (Some(a), true) => {
            let said = format!("the arithmetic gives what the controller did in {} of {} syncs", a.agreed, a.of);
            let trust = match a.on_trust {
                0 => String::new(),
                n => format!("; the inputs of {n} of them were not all seen, and corrected as on the Decisions screen"),
            };
            out.push(Block::Line(format!("nothing is changed: {said}{trust}")));
        }
        _ => out.extend(t.changes.iter().map(|c| Block::Line(format!("changed: {c}")))),
    }
    out.extend(t.assumptions.iter().map(|a| Block::Line(format!("assumed: {a}"))));
    let parted = match t.parted_at {
        Some(at) => format!("it parts from what happened at {} UTC", stamp(Some(at))),
        None => "it never parts from what happened".into(),
    };
    out.push(Block::Line(parted));
    out.push(Block::Head("Figures".into()));
    let whole = |v: Option<i32>| v.map_or_else(|| "–".to_string(), |v| v.to_string());
    let (a, b) = (&t.actual, &t.supposed);
    let back = |mine: &Totals, other: &Totals| match (mine.back_to_min_s, other.back_to_min_s) {
        (None, Some(_)) => "not by the end".into(),
        (mine, _) => seconds(mine),
    };
    let rows = [
        ("first scale-up", seconds(a.first_scale_up_s), seconds(b.first_scale_up_s)),
        ("most replicas", whole(a.peak_replicas), whole(b.peak_replicas)),
        ("most replicas reached", seconds(a.peak_replicas_s), seconds(b.peak_replicas_s)),
        ("back at the minimum, after the load's end", back(a, b), back(b, a)),
        ("rescales", a.rescales.to_string(), b.rescales.to_string()),
        ("replica-minutes", format!("{:.1}", a.replica_minutes), format!("{:.1}", b.replica_minutes)),
        ("time above target and tolerance", seconds(Some(a.above_target_s)), seconds(Some(b.above_target_s))),
    ];
    let rows = rows.into_iter().map(|(n, a, b)| vec![n.to_string(), a, b]).collect();
    out.push(Block::Table(table(&["figure", "actual", "supposed"], rows)));
    let changed = |pair: &[SyncPart]| pair[0].supposed != pair[1].supposed || pair[0].actual != pair[1].actual;
    let mut rows: Vec<Vec<String>> = t.syncs.first().map(row).into_iter().collect();
    rows.extend(t.syncs.windows(2).filter(|w| changed(w)).map(|w| row(&w[1])));
    out.push(Block::Head("Syncs that asked for another size".into()));
    out.push(Block::Table(table(&["time (UTC)", "actual", "supposed", "figures (supposed / target)", "reason"], rows)));
    out
}

fn row(s: &SyncPart) -> Vec<String> {
    let figure = |v: Option<i64>| v.map_or_else(|| "–".to_string(), |v| v.to_string());
    let figures = s.metrics.iter().map(|m| format!("{} {}/{}", m.name, figure(m.supposed), figure(m.target)));
    let figures = figures.collect::<Vec<_>>().join(", ");
    vec![stamp(s.at), s.actual.to_string(), s.supposed.to_string(), figures, s.reason.clone().unwrap_or_default()]
}

fn table(head: &[&str], rows: Vec<Vec<String>>) -> Table {
    Table { head: head.iter().map(ToString::to_string).collect(), rows, signs: false }
}

/// Actual and supposed, charted together: each metric in percent of its target's unit, then the replicas.
pub fn panels(s: &Supposition, recorded: &Recorded) -> (Vec<Panel>, Axis) {
    let trace = |name: &str, colour, dashed, shape, points| Trace { name: name.into(), colour, dashed, shape, points };
    let mut out = Vec::new();
    for (i, name) in s.names.iter().enumerate() {
        // In percent of the target, whatever the unit; an utilization is a percentage already.
        let percent = recorded.moments.first().is_some_and(|m| m.figures.get(i).is_some_and(|f| f.percent));
        let of = |v: Option<i64>, t: Option<i64>| match (v, t) {
            (Some(v), _) if percent => Some(v as f64),
            (Some(v), Some(t)) if t > 0 => Some(v as f64 / t as f64 * 100.0),
            _ => None,
        };
        let points = |actual: bool| {
            let value = |step: &Step| {
                let (f, t) = (step.figures[i], step.targets[i]);
                if actual { of(f.0, t.0) } else { of(f.1, t.1) }
            };
            s.steps.iter().map(|step| (step.ms, value(step))).collect::<Vec<_>>()
        };
        let target = s.steps.iter().map(|step| (step.ms, of(step.targets[i].1, step.targets[i].1))).collect();
        let unit = if percent { "" } else { " of the target" };
        out.push(Panel {
            title: format!("{name}, percent{unit}, at the syncs"),
            unit: "percent",
            traces: vec![
                trace("actual", 1, false, Shape::Line, points(true)),
                trace("supposed", 2, true, Shape::Line, points(false)),
                trace("target", 0, true, Shape::Steps, target),
            ],
            bands: vec![],
            log: false,
        });
    }
    let size = |actual: bool| {
        let of = |step: &Step| (step.ms, Some(f64::from(if actual { step.actual } else { step.supposed })));
        s.steps.iter().map(of).collect::<Vec<_>>()
    };
    out.push(Panel {
        title: "Replicas".into(),
        unit: "replicas",
        traces: vec![
            trace("actual", 1, false, Shape::Steps, size(true)),
            trace("supposed", 2, true, Shape::Steps, size(false)),
        ],
        bands: vec![],
        log: false,
    });
    let from = s.steps.first().map_or(0, |f| f.ms);
    let to = s.steps.last().map_or(from + 1, |l| l.ms.max(from + 1));
    let zero = Run::of(&recorded.session).start.unwrap_or(from);
    (out, Axis { from, to, zero })
}
