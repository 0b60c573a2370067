//! The full report as data (schema `edot-tui/report/1`), from which JSON is written. Must not derive what a session or a
//! verdict does not hold.

use super::cost::CostPart;
use super::courses::{Course, courses};
use super::figures::{Figures, figures, marks};
use super::{FindingStatus, Status, status};
use crate::explain;
use crate::hpa::Limited;
use crate::observe::{Role, Signal, Time};
use crate::session::{Fate, Session, decisions::sync::BasisKind, decisions::sync::Sync};
use crate::verdict::{Outcome, Run, Verdict};
use chrono::SecondsFormat;
use serde::{Serialize, Serializer};

/// A session in full.
#[derive(Debug, Serialize)]
pub struct Report {
    pub schema: &'static str,
    pub tool: String,
    /// Where it was read from; None for a session that is still watched.
    pub file: Option<String>,
    /// What could not be read of it.
    pub damage: Vec<String>,
    pub began: Option<Time>,
    pub ended: Option<Time>,
    pub duration_s: Option<f64>,
    pub lab: bool,
    pub verdict: VerdictPart,
    pub figures: Figures,
    pub rescales: Vec<RescalePart>,
    pub marks: Vec<MarkPart>,
    pub decisions: Vec<DecisionPart>,
    pub settings: Vec<String>,
    pub budget: Vec<BudgetPart>,
    /// What went astray, from its first second; null where no collector was read.
    pub loss: Option<Vec<LossPart>>,
    pub findings: Vec<FindingStatus>,
    /// What watching cost; null where nothing recorded it.
    pub cost: Option<CostPart>,
    pub events: Vec<EventPart>,
    pub series: Vec<SeriesPart>,
    /// How it stood at the end, as `status -o json` has it.
    pub status: Status,
}

#[derive(Debug, Serialize)]
pub struct VerdictPart {
    pub expectations: String,
    pub result: &'static str,
    pub inferred: Option<String>,
    pub phases: Vec<PhasePart>,
    pub checks: Vec<CheckPart>,
}

#[derive(Debug, Serialize)]
pub struct PhasePart {
    pub id: String,
    pub says: String,
    pub from: Option<Time>,
    pub to: Option<Time>,
}

#[derive(Debug, Serialize)]
pub struct CheckPart {
    pub id: String,
    pub phase: Option<String>,
    pub says: String,
    pub expected: String,
    pub observed: String,
    /// `passed`, `failed`, `waiting` or `not observable`.
    pub result: &'static str,
    /// The feed that would have to tell.
    pub missing: Option<&'static str>,
    pub at: Option<Time>,
    /// Seconds after the load's start.
    pub after_s: Option<f64>,
    /// Where the expectation's words and the controller's behavior differ.
    pub evidence: Option<String>,
}

#[derive(Debug, Serialize)]
pub struct RescalePart {
    pub at: Option<Time>,
    pub after_s: Option<f64>,
    pub from: Option<i32>,
    pub to: i32,
    pub reason: Option<String>,
}

#[derive(Debug, Serialize)]
pub struct MarkPart {
    pub at: Option<Time>,
    pub text: String,
}

#[derive(Debug, Serialize)]
pub struct DecisionPart {
    pub at: Option<Time>,
    /// The last of several syncs alike.
    pub until: Option<Time>,
    pub count: u32,
    pub told: bool,
    pub current: i32,
    pub metrics: Vec<ProposalPart>,
    pub winner: Option<String>,
    pub recommended: Option<i32>,
    pub stabilized: Option<i32>,
    pub limited_by: Option<&'static str>,
    pub result: i32,
    pub controller: i32,
    pub agrees: bool,
    pub exact: bool,
    pub cause: Option<String>,
    pub samples: &'static str,
    pub sampled_at: Option<Time>,
    pub text: String,
}

#[derive(Debug, Serialize)]
pub struct ProposalPart {
    pub name: String,
    /// Percent, or milli-units.
    pub figure: Option<i64>,
    pub unit: &'static str,
    pub proposal: Option<i32>,
}

#[derive(Debug, Serialize)]
pub struct BudgetPart {
    pub at: Option<Time>,
    pub from: i32,
    pub to: i32,
    pub stages: Vec<StagePart>,
}

#[derive(Debug, Serialize)]
pub struct StagePart {
    pub stage: &'static str,
    pub at: Option<Time>,
    /// Seconds since the stage before it that is known.
    pub took_s: Option<f64>,
    pub why: Option<&'static str>,
}

#[derive(Debug, Serialize)]
pub struct LossPart {
    pub since: Option<Time>,
    pub until: Option<Time>,
    /// `gateway`, `agent` or `cluster`.
    pub tier: &'static str,
    pub signal: Option<&'static str>,
    /// `refused`, `enqueue failed`, `send failed` or `rejected`.
    pub how: &'static str,
    /// False: it may be sent again.
    pub lost: bool,
    pub items: f64,
    pub pods: Vec<String>,
}

#[derive(Debug, Serialize)]
pub struct EventPart {
    pub at: Option<Time>,
    #[serde(rename = "type")]
    pub kind: String,
    pub reason: String,
    pub object: String,
    pub message: String,
    pub count: i32,
}

#[derive(Debug, Serialize)]
pub struct SeriesPart {
    pub series: &'static str,
    pub labels: std::collections::BTreeMap<&'static str, String>,
    pub unit: &'static str,
    /// `line` (samples) or `steps` (each value holds until the next).
    pub shape: &'static str,
    /// [time, value]; null is a gap, or not known from then on.
    pub points: Vec<Point>,
}

/// `["2026-11-24T00:31:40.000Z", 96]`.
#[derive(Debug)]
pub struct Point(pub i64, pub Option<f64>);

impl Serialize for Point {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let at = super::table::time(self.0);
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
pub fn full(session: &Session, verdict: &Verdict, origin: &Origin) -> Report {
    let time = Time::from_timestamp_millis;
    let after = |ms: i64| verdict.start.map(|s| (ms - s) as f64 / 1000.0);
    let rescales = Run::rescales_since(session, i64::MIN).into_iter();
    let rows = session.decisions.rows();
    let span = session.began.zip(session.now).map(|(a, b)| (b - a).num_milliseconds() as f64 / 1000.0);
    let mut events: Vec<EventPart> = session.events.newest().into_iter().map(event).collect();
    events.reverse();
    Report {
        schema: "edot-tui/report/1",
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
        marks: marks(session).into_iter().map(|(ms, text)| MarkPart { at: time(ms), text }).collect(),
        decisions: rows.iter().map(decision).collect(),
        settings: session.decisions.inferred_flags().map(explain::cause::flag).collect(),
        budget: rows.iter().filter(|r| r.rescaled).map(|r| budget(session, r)).collect(),
        loss: loss(session),
        findings: super::status::findings(session),
        cost: super::cost::cost(session),
        events,
        series: courses(session).into_iter().map(series).collect(),
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
        says: c.says.clone(),
        expected: c.found.expected.clone(),
        observed: c.found.observed.clone(),
        result: c.found.outcome.word(),
        missing: match c.found.outcome {
            Outcome::Unobservable(feed) => Some(feed.name()),
            _ => None,
        },
        at: c.found.at.and_then(time),
        after_s: c.found.at.and_then(&after),
        evidence: c.found.note.clone(),
    };
    let phase = |p: &crate::verdict::Stretch| PhasePart {
        id: p.id.clone(),
        says: p.says.clone(),
        from: time(p.from),
        to: time(p.to),
    };
    VerdictPart {
        expectations: v.name.clone(),
        result: v.result.word(),
        inferred: v.inferred.clone(),
        phases: v.phases.iter().map(phase).collect(),
        checks: v.checks.iter().map(check).collect(),
    }
}

fn decision(row: &Sync) -> DecisionPart {
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
        told: row.observed,
        current: r.current,
        metrics: proposals.collect(),
        winner: r.winner.and_then(|w| row.names.get(w).cloned()),
        recommended: r.recommended,
        stabilized: r.stabilized,
        limited_by: r.limited.filter(|l| *l != Limited::Not).map(Limited::reason),
        result: r.result,
        controller: row.controller,
        agrees: row.agrees,
        exact: row.exact,
        cause: row.cause.as_ref().map(explain::cause::cause),
        samples: match row.basis.kind {
            BasisKind::None => "none",
            BasisKind::Samples => "seen",
            BasisKind::Status => "the controller's own figures",
            BasisKind::Guess => "others than the controller's",
        },
        sampled_at: row.basis.sampled.and_then(time),
        text: explain::sync::sentence(row),
    }
}

fn budget(session: &Session, row: &Sync) -> BudgetPart {
    let mut before: Option<i64> = None;
    let stages = session.budget(row).into_iter().map(|s| {
        let at = s.at.ok();
        let took = at.zip(before).map(|(at, b)| (at - b) as f64 / 1000.0);
        before = at.or(before);
        StagePart {
            stage: explain::reaction::stage(s.kind),
            at: at.and_then(Time::from_timestamp_millis),
            took_s: took,
            why: s.at.err().map(explain::reaction::gap),
        }
    });
    BudgetPart {
        at: Time::from_timestamp_millis(row.first),
        from: row.computed.current,
        to: row.controller,
        stages: stages.collect(),
    }
}

fn loss(session: &Session) -> Option<Vec<LossPart>> {
    session.collectors.all().next()?;
    let part = |l: &crate::session::Loss| LossPart {
        since: Time::from_timestamp_millis(l.since),
        until: Time::from_timestamp_millis(l.until),
        tier: match l.role {
            Role::Gateway => "gateway",
            Role::Agent => "agent",
            Role::Cluster => "cluster",
            Role::Other => "other",
        },
        signal: l.signal.map(Signal::name),
        how: match l.how {
            Fate::Refused => "refused",
            Fate::EnqueueFailed => "enqueue failed",
            Fate::SendFailed => "send failed",
            Fate::Rejected => "rejected",
        },
        lost: l.how.is_loss(),
        items: l.items,
        pods: l.pods.clone(),
    };
    Some(session.collectors.losses.all().iter().map(part).collect())
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

fn series(course: Course) -> SeriesPart {
    SeriesPart {
        series: course.series,
        labels: course.labels.iter().cloned().collect(),
        unit: course.unit,
        shape: match course.shape {
            super::courses::Shape::Line => "line",
            super::courses::Shape::Steps => "steps",
        },
        points: course.points.into_iter().map(|(ms, v)| Point(ms, v)).collect(),
    }
}

/// A time as the report's tables have it: `2026-11-24 00:31:40`.
pub fn stamp(at: Option<Time>) -> String {
    at.map_or_else(
        || crate::format::UNKNOWN.to_string(),
        |t| t.to_rfc3339_opts(SecondsFormat::Secs, true).replace('T', " ").replace('Z', ""),
    )
}
