//! The key figures of a run: what a report begins with and a comparison puts side by side. Each is None where it is unknown.
//! Must not judge.

use crate::explain::{self, incident, load, reaction};
use crate::format;
use crate::observe::{Role, Signal, Time};
use crate::session::{Mark, Session, StageKind};
use crate::verdict::{Run, Verdict};
use serde::{Serialize, Serializer};

/// A metric over the run.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct MetricFigures {
    pub metric: String,
    pub unit: &'static str,
    pub peak: Option<f64>,
    /// Weighted by time, while the load ran.
    pub mean: Option<f64>,
    /// Seconds above the tolerance band.
    pub above_band_s: Option<f64>,
}

/// A stage of the first scale-up, seconds after the load's start.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct StageFigure {
    #[serde(serialize_with = "write_stage_id")]
    pub stage: &'static str,
    pub after_s: Option<f64>,
    /// Why `after_s` is null.
    pub reason: Option<&'static str>,
}

/// A stage's name for programs: `pods Ready` is `pods_ready`.
pub fn stage_id(stage: &str) -> String {
    stage.replace(' ', "_").to_lowercase()
}

/// [`stage_id`], for serde.
pub fn write_stage_id<S: Serializer>(stage: &&'static str, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(&stage_id(stage))
}

/// The figures; durations in seconds from the load's start unless noted otherwise.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Figures {
    pub load_start: Option<Time>,
    pub load_end: Option<Time>,
    pub load_s: Option<f64>,
    pub first_scale_up_s: Option<f64>,
    pub peak_replicas: Option<i32>,
    pub peak_replicas_s: Option<f64>,
    /// From the load's end.
    pub back_to_min_s: Option<f64>,
    pub rescales: usize,
    /// Scale-ups that followed a scale-down.
    pub flaps: usize,
    /// From the load's start to the end of the session.
    pub replica_minutes: Option<f64>,
    pub metrics: Vec<MetricFigures>,
    pub budget: Vec<StageFigure>,
    /// Known syncs that decided something, and those of them in which the arithmetic agrees.
    pub syncs: u32,
    pub syncs_agreed: u32,
    /// Syncs beside them that were only inferred, and those of which nothing can be said.
    pub syncs_inferred: u32,
    pub syncs_undecided: u32,
    /// Seconds between two syncs, and how that is known: `assumed`, `likely`, `sure` or `stated`.
    pub sync_period_s: f64,
    pub sync_period_certainty: &'static str,
    pub items_lost: Option<f64>,
    pub documents_indexed: Option<f64>,
}

/// The figures of a session's run.
pub fn figures(session: &Session, verdict: &Verdict) -> Figures {
    let run = Run::of(session);
    let (start, end, now) = (verdict.start, verdict.end, session.now_ms());
    let since = |ms: i64| start.map(|s| (ms - s) as f64 / 1000.0);
    let ups = || run.rescales.iter().filter(|r| r.up() == Some(true));
    let replicas = start.map(|s| session.replicas.current.within(s, now)).unwrap_or_default();
    let peak = replicas.iter().filter_map(|(ms, n)| n.map(|n| (n, *ms))).max_by_key(|(n, ms)| (*n, -ms));
    let min = end.and_then(|e| run.min_at(e));
    let back = end.and_then(|e| {
        let after = session.replicas.current.within(e, now);
        after.iter().find(|(_, n)| n.zip(min).is_some_and(|(n, min)| n <= min)).map(|c| (c.0 - e).max(0))
    });
    let directions: Vec<bool> = run.rescales.iter().filter_map(|r| r.up()).collect();
    let (score, period) = (session.decisions.score, &session.decisions.sync_period);
    let all = score.all();
    Figures {
        load_start: start.and_then(Time::from_timestamp_millis),
        load_end: end.and_then(Time::from_timestamp_millis),
        load_s: end.and_then(since),
        first_scale_up_s: ups().next().and_then(|r| since(r.ms)),
        peak_replicas: peak.map(|p| p.0),
        peak_replicas_s: peak.and_then(|p| since(p.1)).map(|s| s.max(0.0)),
        back_to_min_s: back.map(|ms| ms as f64 / 1000.0),
        rescales: run.rescales.len(),
        flaps: directions.windows(2).filter(|w| !w[0] && w[1]).count(),
        replica_minutes: start.and_then(|s| replica_minutes(session, s, now)),
        metrics: session.metrics.all.iter().map(|t| metric(session, t, start, end)).collect(),
        budget: budget(session, start),
        syncs: all.of,
        syncs_agreed: all.agreed,
        syncs_inferred: score.consistent,
        syncs_undecided: score.undecided,
        sync_period_s: period.period() as f64 / 1000.0,
        sync_period_certainty: explain::sync::certainty(period.certainty()),
        items_lost: lost(session, start),
        documents_indexed: indexed(session, start, now),
    }
}

/// Which of two runs is better by a figure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Better {
    Less,
    /// More is neither better nor worse.
    Neither,
}

/// A figure with its name, as programs and people read it.
pub struct Fact {
    /// For programs, such as `first_scale_up_s`; none where people only see it.
    pub id: Option<String>,
    /// For people; empty where programs only read it.
    pub label: String,
    pub value: Option<f64>,
    pub text: String,
    /// What [`with_unit`] prints the value with, and a difference.
    pub unit: &'static str,
    pub better: Better,
}

/// Every figure, in the order in which it is shown.
pub fn facts(f: &Figures) -> Vec<Fact> {
    use Better::{Less, Neither};
    let fact = |id: String, label: String, value: Option<f64>, unit: &'static str, better| {
        let text = value.map_or_else(|| format::UNKNOWN.into(), |v| with_unit(v, unit));
        Fact { id: Some(id), label, value, text, unit, better }
    };
    let plain = |id: &str, label: &str, value, unit, better| fact(id.into(), label.into(), value, unit, better);
    let whole = |n: u32| Some(f64::from(n));
    let mut out = vec![
        plain("load_s", "load", f.load_s, "clock", Neither),
        plain("first_scale_up_s", "first scale-up", f.first_scale_up_s, "clock", Less),
        plain("peak_replicas", "most replicas", f.peak_replicas.map(f64::from), "replicas", Neither),
        plain("peak_replicas_s", "most replicas reached", f.peak_replicas_s, "clock", Neither),
        plain("back_to_min_s", "back at the minimum, after the load's end", f.back_to_min_s, "clock", Less),
        plain("rescales", "rescales", Some(f.rescales as f64), "times", Neither),
        plain("flaps", "flaps (up again after a scale-down)", Some(f.flaps as f64), "times", Less),
        plain("replica_minutes", "replica-minutes", f.replica_minutes, "minutes", Less),
    ];
    for m in &f.metrics {
        let named = |id: &str, label: &str| (format!("{}_{id}", m.metric), format!("{}, {label}", m.metric));
        for (id, label, value, unit, better) in [
            ("peak", "peak", m.peak, m.unit, Neither),
            ("mean", "mean under load", m.mean, m.unit, Neither),
            ("above_band_s", "time above its band", m.above_band_s, "clock", Less),
        ] {
            let (id, label) = named(id, label);
            out.push(fact(id, label, value, unit, better));
        }
    }
    for s in &f.budget {
        let better = if s.stage == reaction::stage(StageKind::BackInBand) { Less } else { Neither };
        let (id, label) = (format!("budget_{}_s", stage_id(s.stage)), format!("first scale-up: {}", s.stage));
        let one = fact(id, label, s.after_s, "seconds", better);
        let text = s.reason.map_or_else(|| one.text.clone(), str::to_owned);
        out.push(Fact { text, ..one });
    }
    out.push(plain("syncs", "", whole(f.syncs), "times", Neither));
    let agreed =
        plain("syncs_agreed", "known syncs that agree with the arithmetic", whole(f.syncs_agreed), "times", Neither);
    out.push(Fact { text: format!("{} of {}", f.syncs_agreed, f.syncs), ..agreed });
    let inferred = plain("", "syncs that were only inferred", whole(f.syncs_inferred), "times", Neither);
    out.push(Fact { id: None, ..inferred });
    out.push(plain("items_lost", "items lost", f.items_lost, "items", Less));
    out.push(plain("documents_indexed", "documents indexed", f.documents_indexed, "documents", Neither));
    out
}

/// Every number among the figures, by name: what two runs are compared by.
pub fn numbers(f: &Figures) -> Vec<(String, Option<f64>)> {
    facts(f).into_iter().filter_map(|fact| Some((fact.id?, fact.value))).collect()
}

/// Items lost for good since the load's start; None where no collector was read.
fn lost(session: &Session, start: Option<i64>) -> Option<f64> {
    session.collectors.tier(Role::Gateway)?;
    let all = session.collectors.losses.all().iter();
    let lost = all.filter(|l| l.how.is_loss() && start.is_none_or(|s| l.until >= s)).map(|l| l.items);
    // A sum of nothing would be −0.
    Some(lost.fold(0.0, |sum, items| sum + items))
}

/// Documents of all signals since the load's start.
fn indexed(session: &Session, start: Option<i64>, now: i64) -> Option<f64> {
    let from = start.or(session.ingest.since)?;
    let all = Signal::ALL.into_iter().filter_map(|s| session.ingest.indexed(s, from, now));
    all.map(|i| i.documents as f64).reduce(|a, b| a + b)
}

/// The integral of the replicas over time; None where they are unknown for a part of it.
fn replica_minutes(session: &Session, from: i64, to: i64) -> Option<f64> {
    let changes = session.replicas.current.within(from, to);
    let mut sum = 0.0;
    for (i, (ms, n)) in changes.iter().enumerate() {
        let until = changes.get(i + 1).map_or(to, |c| c.0);
        sum += f64::from((*n)?) * (until - (*ms).max(from)).max(0) as f64;
    }
    (!changes.is_empty()).then_some(sum / 60_000.0)
}

fn metric(session: &Session, track: &crate::session::Track, start: Option<i64>, end: Option<i64>) -> MetricFigures {
    let from = start.unwrap_or(i64::MIN);
    let until = end.unwrap_or(i64::MAX);
    let up = 1.0 + session.tolerance().1;
    let (mut peak, mut area, mut time, mut above): (Option<f64>, f64, f64, f64) = (None, 0.0, 0.0, 0.0);
    for segment in track.samples.segments(from, i64::MAX) {
        for (i, (ms, value)) in segment.iter().enumerate().filter(|(_, p)| p.0 >= from) {
            peak = Some(peak.map_or(*value, |p| p.max(*value)));
            // A sample counts for the time up to the next.
            let Some(next) = segment.get(i + 1).map(|n| n.0) else { continue };
            let held = (next - ms) as f64 / 1000.0;
            let target = track.target.at(*ms).or(track.target.changes().first().map(|c| &c.1));
            above += if target.is_some_and(|t| *value > t * up) { held } else { 0.0 };
            if *ms < until {
                (area, time) = (area + value * held, time + held);
            }
        }
    }
    MetricFigures {
        metric: track.label(),
        unit: super::series::unit(track),
        peak,
        mean: (time > 0.0).then(|| area / time),
        above_band_s: peak.map(|_| above),
    }
}

/// The stages of the run's first scale-up.
fn budget(session: &Session, start: Option<i64>) -> Vec<StageFigure> {
    let up = |row: &&crate::session::decisions::sync::Sync| {
        row.rescaled && row.controller > row.computed.current && start.is_none_or(|s| row.first >= s)
    };
    let Some(first) = session.decisions.rows().iter().find(up) else { return Vec::new() };
    let zero = start.unwrap_or(first.first);
    let stages = session.budget(first).into_iter().map(|s| StageFigure {
        stage: reaction::stage(s.kind),
        after_s: s.at.ok().map(|ms| (ms - zero) as f64 / 1000.0),
        reason: s.at.err().map(reaction::gap),
    });
    stages.collect()
}

/// Notes, incidents, load starts and load ends of a session, as (milliseconds since 1970, text).
pub fn markers(session: &Session) -> Vec<(i64, String)> {
    let all = session.markers.all().iter().filter_map(|m| match &m.mark {
        Mark::LoadStart => Some((m.ms, "load starts".to_string())),
        Mark::LoadEnd { failure: None } => Some((m.ms, "load ends".into())),
        Mark::LoadEnd { failure: Some(why) } => Some((m.ms, format!("load fails: {}", load::failure(why)))),
        Mark::Note(text) => Some((m.ms, text.clone())),
        Mark::Incident(what) => Some((m.ms, incident::short(what).into())),
        Mark::Rescale { .. } => None,
    });
    all.collect()
}

/// A value in the unit of its series.
pub fn with_unit(v: f64, unit: &str) -> String {
    match unit {
        "percent" => format::percent(v),
        "cores" => format::millicores(v * 1000.0),
        "millicores" => format::millicores(v),
        "bytes" => format::bytes(v),
        "replicas" | "times" => format!("{v:.0}"),
        "minutes" => format!("{v:.1}"),
        "seconds" => format!("{v:.1} s"),
        "clock" => format::clock(v.round() as i64),
        "per_second" => format::rate(v),
        "milliseconds" => format::millis(v),
        "bytes_per_second" => format!("{}/s", format::bytes(v)),
        _ => format::count(v),
    }
}
