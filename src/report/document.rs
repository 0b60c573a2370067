//! The report for people as a list of headings, sentences and tables, which text, Markdown and HTML are written from. Must
//! not know any of these.

use super::figures::{Figures, facts};
use super::json::{BudgetPart, CheckPart, Report, stamp};
use crate::format;

/// A part of the document.
#[derive(Clone, Debug, PartialEq)]
pub enum Block {
    Title(String),
    Head(String),
    Line(String),
    Table(Table),
}

impl Block {
    /// A table without signs.
    pub fn table(head: &[&str], rows: Vec<Vec<String>>) -> Block {
        Block::Table(Table { head: strings(head), rows, signs: false })
    }
}

/// Rows under a head; `signs` marks a table whose first column is a sign (✓, ✗, …, ?).
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    pub head: Vec<String>,
    pub rows: Vec<Vec<String>>,
    pub signs: bool,
}

/// Syncs shown in the table; all are in the JSON.
const SYNCS: usize = 60;

/// The document of a report.
pub fn document(r: &Report) -> Vec<Block> {
    let mut out = vec![Block::Title(title(r))];
    out.extend(about(r).into_iter().map(Block::Line));
    out.push(Block::Head(format!("Verdict: {}", result_words(r.verdict.result))));
    if let Some(inferred) = &r.verdict.inferred {
        out.push(Block::Line(inferred.clone()));
    }
    out.push(Block::Table(Table {
        head: strings(&["", "at", "expectation", "expected", "observed"]),
        rows: bad_first(&r.verdict.checks).map(check).collect(),
        signs: true,
    }));
    let notes = r.verdict.checks.iter().filter_map(|c| c.note.as_ref().map(|e| format!("{}: {e}.", c.id)));
    out.extend(notes.map(Block::Line));
    out.push(Block::Head("Key figures".into()));
    out.push(Block::table(&["figure", "value"], figure_rows(&r.figures)));
    if !r.rescales.is_empty() {
        out.push(Block::Head("Rescales".into()));
        let rows = r.rescales.iter().map(|s| {
            let from = s.from.map_or_else(|| "?".into(), |f| f.to_string());
            vec![r.clock(s.at), seconds(s.after_s), format!("{from} → {}", s.to), s.reason.clone().unwrap_or_default()]
        });
        out.push(Block::table(
            &["time (UTC)", "after load start", "replicas", "the controller's reason"],
            rows.collect(),
        ));
    }
    if !r.budget.is_empty() {
        out.push(Block::Head("Reaction budget of each rescale, seconds from the decision".into()));
        let rows = r.budget.iter().map(|b| vec![r.clock(b.at), format!("{} → {}", b.from, b.to), stages(b)]);
        out.push(Block::table(&["decision (UTC)", "replicas", "stages"], rows.collect()));
    }
    if !r.decisions.is_empty() {
        decisions(r, &mut out);
    }
    if !r.shadows.is_empty() {
        out.extend(super::shadow::blocks(&r.shadows));
    }
    if !r.findings.is_empty() {
        out.push(Block::Head("Findings at the end".into()));
        let rows = r
            .findings
            .iter()
            .map(|f| vec![f.severity.to_string(), f.message.clone(), f.evidence.clone(), f.hint.clone()]);
        out.push(Block::table(&["severity", "finding", "evidence", "a hint"], rows.collect()));
    }
    if let Some(losses) = r.losses.as_ref().filter(|l| !l.is_empty()) {
        out.push(Block::Head("Refused and lost".into()));
        let rows = losses.iter().map(|l| {
            let lost = if l.lost { "lost" } else { "may be sent again" };
            let first = vec![r.clock(l.since), word(&l.tier), l.signal.unwrap_or("all").to_string()];
            [first, vec![l.outcome.replace('_', " "), format::count(l.items), lost.to_string(), l.pods.join(", ")]]
                .concat()
        });
        let head = ["first (UTC)", "tier", "signal", "outcome", "items", "", "pods"];
        out.push(Block::table(&head, rows.collect()));
    }
    if !r.markers.is_empty() {
        out.push(Block::Head("Markers".into()));
        let rows = r.markers.iter().map(|m| vec![r.clock(m.at), m.message.clone()]);
        out.push(Block::table(&["time (UTC)", "marker"], rows.collect()));
    }
    out.push(Block::Head("Feeds at the end".into()));
    let rows =
        r.status.feeds.iter().map(|f| vec![f.feed.to_string(), word(&f.state), f.reason.clone().unwrap_or_default()]);
    out.push(Block::table(&["feed", "state", "reason"], rows.collect()));
    if let Some(sentence) = r.cost.as_ref().and_then(super::cost::sentence) {
        out.extend([Block::Head("What watching took".into()), Block::Line(sentence)]);
    }
    out
}

/// The name of a variant in lower case.
fn word(variant: &impl std::fmt::Debug) -> String {
    format!("{variant:?}").to_lowercase()
}

/// The stages before and after a decision: `sample taken −12.8 s · pods Ready +3.0 s`.
fn stages(b: &BudgetPart) -> String {
    let zero = b.at;
    let known = b.stages.iter().filter(|s| s.stage != "decision").map(|s| match s.at.zip(zero) {
        Some((at, zero)) => {
            let seconds = (at - zero).num_milliseconds() as f64 / 1000.0;
            format!("{} {}{:.1} s", s.stage, if seconds < 0.0 { "−" } else { "+" }, seconds.abs())
        }
        None => format!("{}: {}", s.stage, s.reason.unwrap_or(format::UNKNOWN)),
    });
    known.collect::<Vec<_>>().join(" · ")
}

/// What the score does not count, and the period: `a sync every 15 s (sure); 12 more syncs were inferred, 3 undecided`.
fn beside_the_score(f: &Figures) -> String {
    let mut out = format!("a sync every {} s ({})", f.sync_period_s, f.sync_period_certainty);
    if f.syncs_inferred > 0 {
        out += &format!("; {} more were inferred, and nothing contradicts them", f.syncs_inferred);
    }
    if f.syncs_undecided > 0 {
        out += &format!("; in {} nothing could be decided", f.syncs_undecided);
    }
    out
}

fn decisions(r: &Report, out: &mut Vec<Block>) {
    let f = &r.figures;
    let head = format!("Decisions: {} of {} known syncs agree with the arithmetic", f.syncs_agreed, f.syncs);
    out.push(Block::Head(head));
    out.push(Block::Line(beside_the_score(f)));
    out.extend(r.settings.iter().map(|s| Block::Line(format!("the controller runs with {s}"))));
    let skipped = r.decisions.len().saturating_sub(SYNCS);
    if skipped > 0 {
        out.push(Block::Line(format!("the {skipped} rows before these are in the JSON")));
    }
    let rows = r.decisions.iter().skip(skipped).map(|d| {
        let sync = if d.count > 1 { format!(" (×{})", d.count) } else { String::new() };
        let agrees = match &d.cause {
            Some(cause) if !d.agrees => cause.clone(),
            _ => d.verdict.to_string(),
        };
        vec![
            format!("{}{sync}", r.clock(d.at)),
            d.current.to_string(),
            d.message.clone(),
            d.limited_by.unwrap_or_default().to_string(),
            d.controller.to_string(),
            agrees,
        ]
    });
    let head = ["time (UTC)", "replicas", "what the metrics ask for", "limited by", "the controller asked for", ""];
    out.push(Block::table(&head, rows.collect()));
}

fn title(r: &Report) -> String {
    match &r.status.hpa {
        Some(h) => format!("edot-tui report: {}/{}", h.namespace, h.name),
        None => "edot-tui report".into(),
    }
}

fn about(r: &Report) -> Vec<String> {
    let s = &r.status;
    let version = s.server_version.as_deref().map(|v| format!(", Kubernetes {v}")).unwrap_or_default();
    let lab = if r.lab { ", the embedded lab" } else { "" };
    let mut out = vec![
        format!("context {}{version}{lab}", if s.context.is_empty() { format::UNKNOWN } else { &s.context }),
        format!(
            "{} to {} UTC, {}",
            stamp(r.began),
            stamp(r.ended),
            r.duration_s.map_or_else(|| format::UNKNOWN.into(), |d| format::clock(d.round() as i64))
        ),
    ];
    if let Some(h) = &s.hpa {
        let metrics = h.metrics.iter().map(|m| match (m.unit, m.target) {
            ("percent", Some(t)) => format!("{} {t:.0} %", m.label),
            _ => m.label.clone(),
        });
        out.push(format!(
            "scales {}/{} between {} and {} on {}",
            h.target.reference.kind,
            h.target.reference.name,
            h.min,
            h.max,
            metrics.collect::<Vec<_>>().join(", ")
        ));
    }
    out.extend(s.notes.iter().chain(s.ingest.iter().flat_map(|i| &i.notes)).cloned());
    out.extend(r.damage.iter().map(|d| format!("not all could be read: {d}")));
    out
}

/// The result for people.
pub fn result_words(result: &str) -> &'static str {
    match result {
        "passed" => "passed",
        "failed" => "failed",
        _ => "open: nothing failed, but not everything could be seen or is over",
    }
}

/// The sign of a check's result.
pub fn sign(result: &str) -> &'static str {
    match result {
        "passed" => "✓",
        "failed" => "✗",
        "waiting" => "…",
        _ => "?",
    }
}

/// Failed checks, then the others, as they follow one another.
fn bad_first(checks: &[CheckPart]) -> impl Iterator<Item = &CheckPart> {
    let failed = |c: &&CheckPart| c.result == "failed";
    checks.iter().filter(failed).chain(checks.iter().filter(move |c| !failed(c)))
}

fn check(c: &CheckPart) -> Vec<String> {
    let observed = match c.missing_feed {
        Some(_) => format!("not observable: {}", c.observed),
        None if c.result == "waiting" => format!("waiting: {}", c.observed),
        None => c.observed.clone(),
    };
    vec![sign(c.result).into(), seconds(c.after_s), c.id.clone(), c.expected.clone(), observed]
}

/// `3:12`; a dash where it is unknown.
pub fn seconds(s: Option<f64>) -> String {
    s.map_or_else(|| format::UNKNOWN.into(), |s| format::clock(s.round() as i64))
}

/// Every figure with its name, as people read it.
pub fn figure_rows(f: &Figures) -> Vec<Vec<String>> {
    facts(f).into_iter().filter(|fact| !fact.label.is_empty()).map(|fact| vec![fact.label, fact.text]).collect()
}

fn strings(texts: &[&str]) -> Vec<String> {
    texts.iter().map(ToString::to_string).collect()
}
