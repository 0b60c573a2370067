//! Two runs side by side, aligned at their load's start: figures with what is worse in the second, check by check, and their
//! series overlaid. Must not read files.

use super::document::{Block, result_words, sign};
use super::figures::{Better, Fact, Figures, facts, figures, with_unit};
use super::panels::{Panel, Trace, panels};
use super::plot::Axis;
use super::series::{NamedSeries, all_series};
use crate::format::UNKNOWN;
use crate::observe::Time;
use crate::session::Session;
use crate::verdict::Verdict;
use serde::Serialize;

/// One of the two runs.
pub struct Side<'a> {
    pub name: &'a str,
    pub session: &'a Session,
    pub verdict: &'a Verdict,
}

/// The comparison as data (schema `edot-tui/compare/2`, described in `assets/schemas/compare.json`).
#[derive(Debug, Serialize)]
pub struct Comparison {
    pub schema: &'static str,
    pub a: SidePart,
    pub b: SidePart,
    /// Each figure that is a number.
    pub figures: Vec<Difference>,
    pub checks: Vec<CheckPair>,
}

/// One run.
#[derive(Debug, Serialize)]
pub struct SidePart {
    pub file: String,
    pub hpa: Option<String>,
    pub began: Option<Time>,
    pub lab: bool,
    pub result: &'static str,
    pub figures: Figures,
}

/// A figure of both.
#[derive(Debug, Serialize)]
pub struct Difference {
    pub figure: String,
    pub a: Option<f64>,
    pub b: Option<f64>,
    /// b less a.
    pub difference: Option<f64>,
    /// b is worse by more than a twentieth; false where more is neither better nor worse.
    pub worse: bool,
}

/// The result of a check in both.
#[derive(Debug, Serialize)]
pub struct CheckPair {
    pub id: String,
    pub a: Option<&'static str>,
    pub b: Option<&'static str>,
    pub same: bool,
}

/// Compares two runs.
pub fn compare(a: &Side, b: &Side) -> Comparison {
    let part = |s: &Side| SidePart {
        file: s.name.to_string(),
        hpa: s.session.hpa.as_ref().map(|h| format!("{}/{}", h.namespace, h.name)),
        began: s.session.began,
        lab: s.session.watching.lab,
        result: s.verdict.result.as_str(),
        figures: figures(s.session, s.verdict),
    };
    let (a_part, b_part) = (part(a), part(b));
    let differences = both(&a_part.figures, &b_part.figures).into_iter().filter_map(|(a, b)| {
        let (of, pair) = (a.as_ref().or(b.as_ref())?, a.as_ref().zip(b.as_ref()));
        let value = |fact: &Option<Fact>| fact.as_ref().and_then(|fact| fact.value);
        Some(Difference {
            figure: of.id.clone()?,
            a: value(&a),
            b: value(&b),
            difference: pair.and_then(|(a, b)| Some(b.value? - a.value?)),
            worse: pair.is_some_and(|(a, b)| change(a, b) == Some(Change::Worse)),
        })
    });
    let figures = differences.collect();
    Comparison { schema: "edot-tui/compare/2", figures, checks: pairs(a.verdict, b.verdict), a: a_part, b: b_part }
}

/// The figures of both by their names, in the order of the first.
fn both(a: &Figures, b: &Figures) -> Vec<(Option<Fact>, Option<Fact>)> {
    let mut right = facts(b);
    let mut out: Vec<(Option<Fact>, Option<Fact>)> = Vec::new();
    for fact in facts(a) {
        let place = right.iter().position(|r| r.id == fact.id && r.label == fact.label);
        let other = place.map(|i| right.remove(i));
        out.push((Some(fact), other));
    }
    out.extend(right.into_iter().map(|fact| (None, Some(fact))));
    out
}

/// What a difference means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Change {
    Better,
    Worse,
}

/// None where more is neither, or the difference is within a twentieth: two runs are never quite alike.
fn change(a: &Fact, b: &Fact) -> Option<Change> {
    let (before, after) = (a.value?, b.value?);
    let counts = a.better == Better::Less && (after - before).abs() > before.abs() / 20.0;
    counts.then_some(if after > before { Change::Worse } else { Change::Better })
}

/// `+1:15`, in the unit of the figure.
fn signed(a: &Fact, b: &Fact) -> Option<String> {
    let difference = b.value? - a.value?;
    let sign = if difference < 0.0 { '−' } else { '+' };
    Some(format!("{sign}{}", with_unit(difference.abs(), a.unit)))
}

fn pairs(a: &Verdict, b: &Verdict) -> Vec<CheckPair> {
    let result = |v: &Verdict, id: &str| v.checks.iter().find(|c| c.id == id).map(|c| c.found.outcome.as_str());
    let mut ids: Vec<&str> = a.checks.iter().map(|c| c.id.as_str()).collect();
    ids.extend(b.checks.iter().map(|c| c.id.as_str()).filter(|id| a.checks.iter().all(|c| c.id != *id)));
    let pair = |id: &str| {
        let (a, b) = (result(a, id), result(b, id));
        CheckPair { id: id.to_string(), same: a == b, a, b }
    };
    ids.into_iter().map(pair).collect()
}

/// The comparison for people.
pub fn document(c: &Comparison) -> Vec<Block> {
    let mut out = vec![
        Block::Title("edot-tui compare".into()),
        Block::Line(format!("A: {}, verdict {}", c.a.file, result_words(c.a.result))),
        Block::Line(format!("B: {}, verdict {}", c.b.file, result_words(c.b.result))),
        Block::Line("times count from each load's start".into()),
        Block::Head("Figures".into()),
    ];
    let rows = both(&c.a.figures, &c.b.figures).into_iter().filter_map(|(a, b)| {
        let label = a.as_ref().or(b.as_ref()).map(|fact| fact.label.clone()).filter(|label| !label.is_empty())?;
        let text = |fact: &Option<Fact>| fact.as_ref().map_or_else(|| UNKNOWN.into(), |fact| fact.text.clone());
        let differs = text(&a) != text(&b);
        let pair = a.as_ref().zip(b.as_ref()).filter(|_| differs);
        let mark = match pair.and_then(|(a, b)| change(a, b)) {
            Some(Change::Worse) => "worse",
            Some(Change::Better) => "better",
            None => "",
        };
        let difference = pair.and_then(|(a, b)| signed(a, b)).unwrap_or_else(|| if differs { "≠" } else { "" }.into());
        Some(vec![label, text(&a), text(&b), difference, mark.into()])
    });
    out.push(Block::table(&["figure", "A", "B", "B less A", ""], rows.collect()));
    out.push(Block::Head("Check by check".into()));
    let result = |r: Option<&'static str>| {
        r.map_or_else(|| UNKNOWN.to_string(), |r| format!("{} {}", sign(r), r.replace('_', " ")))
    };
    let rows = c.checks.iter().map(|p| {
        let mark = match (p.a, p.b) {
            _ if p.same => "",
            (_, Some("failed")) => "worse",
            (Some("failed"), Some("passed")) => "better",
            _ => "≠",
        };
        vec![p.id.clone(), result(p.a), result(p.b), mark.to_string()]
    });
    out.push(Block::table(&["expectation", "A", "B", ""], rows.collect()));
    out
}

/// The series of both on one axis whose 0 is each load's start: each metric, then the replicas.
pub fn overlaid(a: &Side, b: &Side) -> (Vec<Panel>, Axis) {
    let both = [("A", a, 1, false), ("B", b, 2, true)];
    let mut out: Vec<Panel> = Vec::new();
    let (mut from, mut to) = (0, 1);
    for (name, side, colour, dashed) in both {
        let zero = side.verdict.start.or(side.session.began.map(|t| t.timestamp_millis())).unwrap_or(0);
        let shifted: Vec<NamedSeries> = all_series(side.session).into_iter().map(|c| shift(c, zero)).collect();
        from = from.min(side.session.began.map_or(0, |t| t.timestamp_millis()) - zero);
        to = to.max(side.session.now_ms() - zero);
        for panel in panels(&shifted, side.session.tolerance()) {
            let kind = |t: &Trace| match (panel.unit, t.name.as_str()) {
                ("percent", n) if !n.ends_with(" target") => Some((format!("{n}, percent"), "percent")),
                ("replicas", "current") => Some(("Replicas".to_string(), "replicas")),
                _ => None,
            };
            for trace in &panel.traces {
                let Some((title, unit)) = kind(trace) else { continue };
                let place = out.iter().position(|p| p.title == title).unwrap_or_else(|| {
                    out.push(Panel { title, unit, traces: vec![], bands: vec![], log: panel.log });
                    out.len() - 1
                });
                out[place].log |= panel.log;
                out[place].traces.push(Trace { name: name.into(), colour, dashed, ..trace.clone() });
            }
        }
    }
    // What is long before the load would only make the rest small.
    (out, Axis { from: from.max(-60_000), to, zero: 0 })
}

fn shift(mut one: NamedSeries, zero: i64) -> NamedSeries {
    one.points.iter_mut().for_each(|p| p.0 -= zero);
    one
}
