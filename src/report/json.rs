//! The full report as data (schema `edot-tui/report/2`, described in `assets/schemas/report.json`), from which JSON is
//! written. Must not derive what a session or a verdict does not hold.

use super::cost::CostPart;
use super::figures::{Figures, figures, markers, write_stage_id};
use super::series::{NamedSeries, Shape, all_series};
use super::shadow::ShadowPart;
use super::{FindingStatus, LossStatus, Status, status};
use crate::decide::shadow;
use crate::explain;
use crate::hpa::Limited;
use crate::observe::Time;
use crate::session::{Session, decisions::sync::BasisKind, decisions::sync::Sync};
use crate::verdict::{Outcome, Run, Verdict};
use chrono::SecondsFormat;
use serde::{Serialize, Serializer};

/// A session in full.
#[derive(Debug, Serialize)]
pub struct Report {
    pub schema: &'static str,
    /// `edot-tui 0.1.0`.
    pub tool: String,
    /// The recording; None for a session that is still watched.
    pub file: Option<String>,
    /// What could not be read of it, a sentence each.
    pub damage: Vec<String>,
    pub began: Option<Time>,
    pub ended: Option<Time>,
    pub duration_s: Option<f64>,
    pub lab: bool,
    pub verdict: VerdictPart,
    pub figures: Figures,
    pub rescales: Vec<RescalePart>,
    pub markers: Vec<MarkerPart>,
    pub decisions: Vec<DecisionPart>,
    /// Flags of the controller that are not at their defaults, as far as they were inferred.
    pub settings: Vec<String>,
    pub budget: Vec<BudgetPart>,
    /// What was refused or lost, from its first second; null where no collector was read.
    pub losses: Option<Vec<LossStatus>>,
    pub findings: Vec<FindingStatus>,
    /// What other specs would have done; empty where none was run beside the HPA.
    pub shadows: Vec<ShadowPart>,
    /// What watching cost; null where it was not recorded.
    pub cost: Option<CostPart>,
    pub events: Vec<EventPart>,
    pub series: Vec<SeriesPart>,
    /// The status at the end, as in `status -o json`.
    pub status: Status,
}

/// The verdict, check by check.
#[derive(Debug, Serialize)]
pub struct VerdictPart {
    /// The name of the set of expectations.
    pub expectations: String,
    /// `passed`, `failed` or `unknown`.
    pub result: &'static str,
    /// How load start and end were inferred, where no load was observed.
    pub inferred: Option<String>,
    pub phases: Vec<PhasePart>,
    pub checks: Vec<CheckPart>,
}

/// A phase of the expected timeline.
#[derive(Debug, Serialize)]
pub struct PhasePart {
    pub id: String,
    pub message: String,
    pub from: Option<Time>,
    pub to: Option<Time>,
}

/// An expectation and its result.
#[derive(Debug, Serialize)]
pub struct CheckPart {
    pub id: String,
    pub phase: Option<String>,
    /// What is expected, in the words of the expectations.
    pub message: String,
    /// The same with the figures that follow from the HPA's spec.
    pub expected: String,
    pub observed: String,
    /// `passed`, `failed`, `waiting` or `not_observable`.
    pub result: &'static str,
    /// The feed without which it cannot be observed.
    pub missing_feed: Option<&'static str>,
    pub at: Option<Time>,
    /// Seconds after the load's start.
    pub after_s: Option<f64>,
    /// Where the expectation's words and the controller's behavior differ.
    pub note: Option<String>,
}

/// A change of the replicas.
#[derive(Debug, Serialize)]
pub struct RescalePart {
    pub at: Option<Time>,
    pub after_s: Option<f64>,
    pub from: Option<i32>,
    pub to: i32,
    /// The controller's reason, where an event reported it.
    pub reason: Option<String>,
}

/// A note, or the load's start or end.
#[derive(Debug, Serialize)]
pub struct MarkerPart {
    pub at: Option<Time>,
    pub message: String,
}

/// A sync of the controller, or several alike that followed one another.
#[derive(Debug, Serialize)]
pub struct DecisionPart {
    pub at: Option<Time>,
    /// The last of several alike.
    pub until: Option<Time>,
    pub count: u32,
    /// How many of them left no trace and are inferred from the sync period.
    pub inferred: u32,
    /// The status reported at least one of them.
    pub observed: bool,
    pub current: i32,
    pub metrics: Vec<ProposalPart>,
    pub winner: Option<String>,
    pub recommended: Option<i32>,
    pub stabilized: Option<i32>,
    pub limited_by: Option<&'static str>,
    pub result: i32,
    /// What the controller asked for.
    pub controller: i32,
    pub agrees: bool,
    /// `agrees`, `consistent`, `undecided` or `differs`.
    pub verdict: &'static str,
    pub exact: bool,
    pub cause: Option<String>,
    /// `none`, `observed`, `controller_status` or `other`.
    pub samples: &'static str,
    pub sampled_at: Option<Time>,
    pub message: String,
}

/// A metric in a sync.
#[derive(Debug, Serialize)]
pub struct ProposalPart {
    pub name: String,
    /// Percent, or milli-units.
    pub figure: Option<i64>,
    pub unit: &'static str,
    pub proposal: Option<i32>,
}

/// The reaction budget of a rescale: when each stage was reached.
#[derive(Debug, Serialize)]
pub struct BudgetPart {
    pub at: Option<Time>,
    pub from: i32,
    pub to: i32,
    pub stages: Vec<StagePart>,
}

/// A stage of a reaction budget.
#[derive(Debug, Serialize)]
pub struct StagePart {
    /// `sample_taken`, `pods_ready` …
    #[serde(serialize_with = "write_stage_id")]
    pub stage: &'static str,
    pub at: Option<Time>,
    /// Seconds since the stage before it that is known.
    pub took_s: Option<f64>,
    /// Why `at` is null.
    pub reason: Option<&'static str>,
}

/// A Kubernetes event.
#[derive(Debug, Serialize)]
pub struct EventPart {
    pub at: Option<Time>,
    #[serde(rename = "type")]
    pub kind: String,
    pub reason: String,
    /// `kind/name`.
    pub object: String,
    pub message: String,
    pub count: i32,
}

/// One figure over time.
#[derive(Debug, Serialize)]
pub struct SeriesPart {
    pub series: &'static str,
    pub labels: std::collections::BTreeMap<&'static str, String>,
    pub unit: &'static str,
    /// `line` (samples) or `steps` (each value holds until the next).
    pub shape: &'static str,
    /// [time, value]; null is a gap, or unknown from then on.
    pub points: Vec<Point>,
}

/// `["2026-11-24T00:31:40.000Z", 96]`.
#[derive(Debug)]
pub struct Point(pub i64, pub Option<f64>);

impl Serialize for Point {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let at = super::csv::time(self.0);
        match self.1 {
            // Up to 2^53 every whole number is exact.
            Some(v) if v.fract() == 0.0 && v.abs() < 9_007_199_254_740_992.0 => (at, v as i64).serialize(to),
            other => (at, other).serialize(to),
        }
    }
}

/// Where a session came from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origin {
    pub file: Option<String>,
    pub damage: Vec<String>,
}

/// The report of a session.
pub fn report(session: &Session, verdict: &Verdict, origin: &Origin) -> Report {
    let time = Time::from_timestamp_millis;
    let after = |ms: i64| verdict.start.map(|s| (ms - s) as f64 / 1000.0);
    let rescales = Run::rescales_since(session, i64::MIN).into_iter();
    let rows = session.decisions.rows();
    let span = session.began.zip(session.now).map(|(a, b)| (b - a).num_milliseconds() as f64 / 1000.0);
    let mut events: Vec<EventPart> = session.events.newest().into_iter().map(event).collect();
    events.reverse();
    Report {
        schema: "edot-tui/report/2",
        tool: format!("edot-tui {}", env!("CARGO_PKG_VERSION")),
        file: origin.file.clone(),
        damage: origin.damage.clone(),
        began: session.began,
        ended: session.now,
        duration_s: span,
        lab: session.watching.lab,
        verdict: verdict_part(verdict, after),
        figures: figures(session, verdict),
        rescales: rescales.map(|r| rescale(&r, after)).collect(),
        markers: markers(session).into_iter().map(|(ms, message)| MarkerPart { at: time(ms), message }).collect(),
        decisions: rows.iter().map(decision).collect(),
        settings: session.decisions.inferred_flags().map(explain::cause::flag).collect(),
        budget: rows.iter().filter(|r| r.rescaled).map(|r| budget(session, r)).collect(),
        losses: session.collectors.all().next().map(|_| super::status::losses(session)),
        findings: super::status::findings(session),
        shadows: shadow::run(session).iter().map(super::shadow::part).collect(),
        cost: super::cost::cost(session),
        events,
        series: all_series(session).into_iter().map(series).collect(),
        status: status(session),
    }
}

fn rescale(r: &crate::verdict::Rescale, after: impl Fn(i64) -> Option<f64>) -> RescalePart {
    RescalePart {
        at: Time::from_timestamp_millis(r.ms),
        after_s: after(r.ms),
        from: r.from,
        to: r.to,
        reason: Some(r.reason.clone()).filter(|t| !t.is_empty()),
    }
}

fn verdict_part(v: &Verdict, after: impl Fn(i64) -> Option<f64>) -> VerdictPart {
    let time = Time::from_timestamp_millis;
    let check = |c: &crate::verdict::Check| CheckPart {
        id: c.id.clone(),
        phase: c.phase.clone(),
        message: c.message.clone(),
        expected: c.found.expected.clone(),
        observed: c.found.observed.clone(),
        result: c.found.outcome.as_str(),
        missing_feed: match c.found.outcome {
            Outcome::Unobservable(feed) => Some(feed.name()),
            _ => None,
        },
        at: c.found.at.and_then(time),
        after_s: c.found.at.and_then(&after),
        note: c.found.note.clone(),
    };
    let phase = |p: &crate::verdict::PhaseSpan| PhasePart {
        id: p.id.clone(),
        message: p.message.clone(),
        from: time(p.from),
        to: time(p.to),
    };
    VerdictPart {
        expectations: v.name.clone(),
        result: v.result.as_str(),
        inferred: v.inferred.clone(),
        phases: v.phases.iter().map(phase).collect(),
        checks: v.checks.iter().map(check).collect(),
    }
}

/// A sync as data.
pub fn decision(row: &Sync) -> DecisionPart {
    let time = Time::from_timestamp_millis;
    let r = &row.computed;
    let proposals = row.names.iter().zip(&r.metrics).map(|(name, said)| ProposalPart {
        name: name.clone(),
        figure: said.figure,
        unit: if said.percent { "percent" } else { "milli" },
        proposal: said.proposal,
    });
    DecisionPart {
        at: time(row.first),
        until: time(row.last).filter(|_| row.count > 1),
        count: row.count,
        inferred: row.inferred,
        observed: row.is_known(),
        current: r.current,
        metrics: proposals.collect(),
        winner: r.winner.and_then(|w| row.names.get(w).cloned()),
        recommended: r.recommended,
        stabilized: r.stabilized,
        limited_by: r.limited.filter(|l| *l != Limited::Not).map(Limited::reason),
        result: r.result,
        controller: row.controller,
        agrees: row.agrees,
        verdict: explain::sync::verdict_word(row.verdict()),
        exact: row.exact,
        cause: row.cause.as_ref().map(explain::cause::cause),
        samples: match row.basis.kind {
            BasisKind::None => "none",
            BasisKind::Samples => "observed",
            BasisKind::Status => "controller_status",
            BasisKind::Guess => "other",
        },
        sampled_at: row.basis.sampled.and_then(time),
        message: explain::sync::sentence(row),
    }
}

/// The stages of a rescale's reaction; none for a sync that changed nothing.
pub fn budget(session: &Session, row: &Sync) -> BudgetPart {
    let mut before: Option<i64> = None;
    let stages = session.budget(row).into_iter().map(|s| {
        let at = s.at.ok();
        let took = at.zip(before).map(|(at, b)| (at - b) as f64 / 1000.0);
        before = at.or(before);
        StagePart {
            stage: explain::reaction::stage(s.kind),
            at: at.and_then(Time::from_timestamp_millis),
            took_s: took,
            reason: s.at.err().map(explain::reaction::gap),
        }
    });
    BudgetPart {
        at: Time::from_timestamp_millis(row.first),
        from: row.computed.current,
        to: row.controller,
        stages: stages.collect(),
    }
}

fn event(e: &crate::observe::EventSeen) -> EventPart {
    EventPart {
        at: crate::session::time_of(e),
        kind: e.kind.clone(),
        reason: e.reason.clone(),
        object: format!("{}/{}", e.object.kind, e.object.name),
        message: e.message.clone(),
        count: e.count,
    }
}

fn series(one: NamedSeries) -> SeriesPart {
    SeriesPart {
        series: one.name,
        labels: one.labels.iter().cloned().collect(),
        unit: one.unit,
        shape: match one.shape {
            Shape::Line => "line",
            Shape::StepSeries => "steps",
        },
        points: one.points.into_iter().map(|(ms, v)| Point(ms, v)).collect(),
    }
}

impl Report {
    /// `18:04:30`, with its date where the session spans several.
    pub fn clock(&self, at: Option<Time>) -> String {
        match (self.began.zip(self.ended), at) {
            (Some((from, to)), Some(at))
                if from.date_naive() == to.date_naive() && at.date_naive() == to.date_naive() =>
            {
                at.format("%H:%M:%S").to_string()
            }
            _ => stamp(at),
        }
    }
}

/// A time as in the report's tables: `2026-11-24 00:31:40`.
pub fn stamp(at: Option<Time>) -> String {
    at.map_or_else(
        || crate::format::UNKNOWN.to_string(),
        |t| t.to_rfc3339_opts(SecondsFormat::Secs, true).replace('T', " ").replace('Z', ""),
    )
}
