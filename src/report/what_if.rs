//! A simulation summed up for people and programs: totals side by side, the simulated rescales, both timelines as charts. Must
//! not compute beyond sums.

use crate::decide::rerun::{Agreement, MetricStep, Recorded, Simulation, Step};
use crate::observe::Time;
use crate::report::document::{Block, seconds};
use crate::report::json::stamp;
use crate::report::panels::{Panel, Trace};
use crate::report::plot::Axis;
use crate::report::series::Shape;
use crate::verdict::Run;
use serde::Serialize;

/// The simulation as data (schema `edot-tui/what-if/2`, described in `assets/schemas/what-if.json`).
#[derive(Debug, Serialize)]
pub struct Summary {
    pub schema: &'static str,
    pub file: Option<String>,
    pub changes: Vec<String>,
    pub assumptions: Vec<String>,
    /// Set when nothing is changed: in how many syncs the arithmetic agrees with the controller.
    pub agreement: Option<Agreement>,
    /// In how many syncs the unchanged settings do not give what the controller did.
    pub missed: Missed,
    pub diverged_at: Option<Time>,
    /// What the recording leaves open; null where the simulation never diverges.
    pub band: Option<Band>,
    pub actual: Totals,
    pub simulated: Totals,
    pub syncs: Vec<SyncPart>,
}

/// Syncs that the unchanged settings miss, run over the recorded inputs.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Missed {
    pub missed: usize,
    pub syncs: usize,
}

/// What the simulated totals may be.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Band {
    pub replica_minutes_low: f64,
    pub replica_minutes_high: f64,
}

/// Totals of one timeline. Seconds count from the load's start, `back_to_min_s` from its end.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Totals {
    pub first_scale_up_s: Option<f64>,
    pub peak_replicas: Option<i32>,
    pub peak_replicas_s: Option<f64>,
    pub back_to_min_s: Option<f64>,
    pub rescales: usize,
    pub replica_minutes: f64,
    /// Seconds in which any metric was above its target and tolerance, at the syncs.
    pub above_target_s: f64,
}

/// A sync, actual and simulated replicas.
#[derive(Debug, Serialize)]
pub struct SyncPart {
    pub at: Option<Time>,
    pub actual: i32,
    pub simulated: i32,
    /// The least and the most that it may be, one sync either way.
    pub simulated_low: i32,
    pub simulated_high: i32,
    pub metrics: Vec<FigurePart>,
    pub reason: Option<String>,
}

/// A metric at a sync; metrics that the HPA did not have then are left out.
#[derive(Debug, Serialize)]
pub struct FigurePart {
    pub name: String,
    /// `percent` (of the request) or `milli`.
    pub unit: &'static str,
    pub actual: Option<i64>,
    pub simulated: Option<i64>,
    pub target: Option<i64>,
}

/// The simulation as data.
pub fn summarize(s: &Simulation, recorded: &Recorded, file: Option<String>) -> Summary {
    let run = Run::of(&recorded.session);
    let time = Time::from_timestamp_millis;
    let figure = |(name, m): (&String, &Option<MetricStep>)| {
        let m = m.as_ref()?;
        Some(FigurePart {
            name: name.clone(),
            unit: if m.percent { "percent" } else { "milli" },
            actual: m.figure.0,
            simulated: m.figure.1,
            target: m.target.1,
        })
    };
    let sync = |step: &Step| SyncPart {
        at: time(step.ms),
        actual: step.actual,
        simulated: step.simulated,
        simulated_low: step.band.0,
        simulated_high: step.band.1,
        metrics: s.metrics.iter().zip(&step.metrics).filter_map(figure).collect(),
        reason: Some(step.reason.clone()).filter(|r| !r.is_empty()),
    };
    Summary {
        schema: "edot-tui/what-if/2",
        file,
        changes: s.changes.clone(),
        assumptions: s.assumptions.clone(),
        agreement: s.agreement,
        missed: Missed { missed: s.missed.0, syncs: s.missed.1 },
        diverged_at: s.diverged.and_then(time),
        band: s.diverged.map(|_| Band {
            replica_minutes_low: minutes(s, |step| step.band.0),
            replica_minutes_high: minutes(s, |step| step.band.1),
        }),
        actual: totals(s, &run, true),
        simulated: totals(s, &run, false),
        syncs: s.steps.iter().map(sync).collect(),
    }
}

/// Each step with the seconds until the next.
fn spans(s: &Simulation) -> impl Iterator<Item = (&Step, f64)> {
    let held = |step: &Step, next: Option<&Step>| next.map_or(0, |n| n.ms - step.ms) as f64 / 1000.0;
    s.steps.iter().enumerate().map(move |(i, step)| (step, held(step, s.steps.get(i + 1))))
}

/// Replica-minutes of sizes.
fn minutes(s: &Simulation, size: impl Fn(&Step) -> i32) -> f64 {
    spans(s).map(|(step, held)| f64::from(size(step)) * held).sum::<f64>() / 60.0
}

fn totals(s: &Simulation, run: &Run, actual: bool) -> Totals {
    let size = |step: &Step| if actual { step.actual } else { step.simulated };
    let found = |step: &Step| if actual { step.found.0 } else { step.found.1 };
    let start = run.start.or(s.steps.first().map(|f| f.ms)).unwrap_or(0);
    let since = |ms: i64| (ms - start) as f64 / 1000.0;
    let from_start = || s.steps.iter().filter(|step| step.ms >= start - 30_000);
    let peak = from_start().map(size).max();
    let above = |step: &Step| {
        let pair = |m: &MetricStep| if actual { m.figure.0.zip(m.target.0) } else { m.figure.1.zip(m.target.1) };
        step.metrics.iter().flatten().filter_map(pair).any(|(f, t)| f * 10 > t * 11)
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
        replica_minutes: minutes(s, size),
        above_target_s: spans(s).filter(|(step, _)| above(step)).map(|(_, held)| held).sum(),
    }
}

/// The simulation for people.
pub fn document(t: &Summary) -> Vec<Block> {
    let mut out = vec![Block::Title("edot-tui what-if".into())];
    match (&t.agreement, t.changes.is_empty()) {
        (Some(a), true) => {
            let agreed = format!("the arithmetic gives what the controller did in {} of {} syncs", a.agreed, a.syncs);
            let corrected = match a.corrected {
                0 => String::new(),
                n => format!(
                    "; the inputs of {n} of them were not all observed, and corrected as on the Decisions screen"
                ),
            };
            out.push(Block::Line(format!("nothing is changed: {agreed}{corrected}")));
        }
        _ => out.extend(t.changes.iter().map(|c| Block::Line(format!("changed: {c}")))),
    }
    out.extend(t.assumptions.iter().map(|a| Block::Line(format!("assumed: {a}"))));
    let diverged = match t.diverged_at {
        Some(at) => format!("it diverges from what happened at {} UTC", stamp(Some(at))),
        None => "it never diverges from what happened".into(),
    };
    out.push(Block::Line(diverged));
    if !t.changes.is_empty() {
        out.push(Block::Line(missed(&t.missed)));
    }
    if let Some(band) = &t.band {
        let (low, high) = (band.replica_minutes_low, band.replica_minutes_high);
        let text =
            format!("uncertain: {low:.1} to {high:.1} replica-minutes, by what is open above and one sync either way");
        out.push(Block::Line(text));
    }
    out.push(Block::Head("Figures".into()));
    let whole = |v: Option<i32>| v.map_or_else(|| "–".to_string(), |v| v.to_string());
    let (a, b) = (&t.actual, &t.simulated);
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
    out.push(Block::table(&["figure", "actual", "simulated"], rows));
    let changed = |pair: &[SyncPart]| pair[0].simulated != pair[1].simulated || pair[0].actual != pair[1].actual;
    let mut rows: Vec<Vec<String>> = t.syncs.first().map(row).into_iter().collect();
    rows.extend(t.syncs.windows(2).filter(|w| changed(w)).map(|w| row(&w[1])));
    out.push(Block::Head("Syncs that asked for another size".into()));
    out.push(Block::table(&["time (UTC)", "actual", "simulated", "figures (simulated / target)", "reason"], rows));
    out
}

/// How far the arithmetic can be trusted for this recording.
fn missed(missed: &Missed) -> String {
    let Missed { missed, syncs } = missed;
    match missed {
        0 => format!("without the changes it gives what happened in all {syncs} syncs"),
        n => format!(
            "without the changes it does not give what happened in {n} of {syncs} syncs; what happened there is not used, and \
             the simulated sizes are as wrong"
        ),
    }
}

fn row(s: &SyncPart) -> Vec<String> {
    let figure = |v: Option<i64>| v.map_or_else(|| "–".to_string(), |v| v.to_string());
    let figures = s.metrics.iter().map(|m| format!("{} {}/{}", m.name, figure(m.simulated), figure(m.target)));
    let figures = figures.collect::<Vec<_>>().join(", ");
    let simulated = match s.simulated_low == s.simulated_high {
        true => s.simulated.to_string(),
        false => format!("{} ({}–{})", s.simulated, s.simulated_low, s.simulated_high),
    };
    vec![stamp(s.at), s.actual.to_string(), simulated, figures, s.reason.clone().unwrap_or_default()]
}

/// Actual and simulated in one chart each: the metrics in percent of the request or of their targets, then the replicas.
pub fn panels(s: &Simulation, recorded: &Recorded) -> (Vec<Panel>, Axis) {
    let trace = |name: &str, colour, dashed, shape, points| Trace { name: name.into(), colour, dashed, shape, points };
    let mut out = Vec::new();
    for (i, name) in s.metrics.iter().enumerate() {
        // A sync at which the HPA did not have the metric is a gap.
        let points = |value: fn(&MetricStep) -> Option<f64>| {
            let at = |step: &Step| (step.ms, step.metrics.get(i).and_then(Option::as_ref).and_then(value));
            s.steps.iter().map(at).collect::<Vec<_>>()
        };
        let first = s.steps.iter().find_map(|step| step.metrics.get(i).and_then(Option::as_ref));
        let of = if first.is_some_and(|m| m.percent) { "" } else { " of the target" };
        out.push(Panel {
            title: format!("{name}, percent{of}, at the syncs"),
            unit: "percent",
            traces: vec![
                trace("actual", 1, false, Shape::Line, points(|m| in_percent(m, m.figure.0, m.target.0))),
                trace("simulated", 2, true, Shape::Line, points(|m| in_percent(m, m.figure.1, m.target.1))),
                trace("target", 0, true, Shape::StepSeries, points(|m| in_percent(m, m.target.1, m.target.1))),
            ],
            bands: vec![],
            log: false,
        });
    }
    let size = |actual: bool| {
        let of = |step: &Step| (step.ms, Some(f64::from(if actual { step.actual } else { step.simulated })));
        s.steps.iter().map(of).collect::<Vec<_>>()
    };
    let band = s.steps.iter().map(|step| (step.ms, Some((f64::from(step.band.0), f64::from(step.band.1))))).collect();
    let limit = |of: fn(&Step) -> i32| {
        let open = |step: &Step| (step.ms, Some(f64::from(of(step))).filter(|_| step.band.0 != step.band.1));
        s.steps.iter().map(open).collect::<Vec<_>>()
    };
    let limits = [
        trace("at least", 0, true, Shape::StepSeries, limit(|step| step.band.0)),
        trace("at most", 0, true, Shape::StepSeries, limit(|step| step.band.1)),
    ];
    let limits = limits.into_iter().filter(|_| s.diverged.is_some());
    out.push(Panel {
        title: "Replicas".into(),
        unit: "replicas",
        traces: limits
            .chain([
                trace("actual", 1, false, Shape::StepSeries, size(true)),
                trace("simulated", 2, true, Shape::StepSeries, size(false)),
            ])
            .collect(),
        bands: if s.diverged.is_some() { vec![band] } else { vec![] },
        log: false,
    });
    let from = s.steps.first().map_or(0, |f| f.ms);
    let to = s.steps.last().map_or(from + 1, |l| l.ms.max(from + 1));
    let zero = Run::of(&recorded.session).start.unwrap_or(from);
    (out, Axis { from, to, zero })
}

/// A utilization is a percentage already; anything else is in percent of its target.
fn in_percent(m: &MetricStep, value: Option<i64>, target: Option<i64>) -> Option<f64> {
    match (value, target) {
        (Some(v), _) if m.percent => Some(v as f64),
        (Some(v), Some(t)) if t > 0 => Some(v as f64 / t as f64 * 100.0),
        _ => None,
    }
}
