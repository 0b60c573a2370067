//! The result of a search for settings, for people and programs: the recommendation with its reasons and risks, figures side by
//! side, the front, the patch. Must not judge.

pub mod chart;

use super::document::Block;
use super::plot::Axis;
use super::svg::escaped;
use super::{html, manifest, scaled_object};
use crate::decide::front::Objective;
use crate::decide::queue::{self, More};
use crate::decide::rerun::Recorded;
use crate::decide::score::Score;
use crate::decide::size;
use crate::decide::tune::{self, Ask, Candidate, LeftOut, Tuned};
use serde::Serialize;
use serde_json::Value;

/// Rows of the front in a document; all are in the JSON.
const ROWS: usize = 12;
/// The most candidates on a chart.
const CLOUD: usize = 2000;

/// The search as data (schema `edot-tui/tune/1`, described in `assets/schemas/tune.json`).
#[derive(Debug, Serialize)]
pub struct Summary {
    pub schema: &'static str,
    pub files: Vec<Option<String>>,
    pub hpa: String,
    pub objective: &'static str,
    pub seed: u64,
    pub candidates: usize,
    /// It was stopped before all candidates were scored.
    pub stopped: bool,
    pub searched: Vec<String>,
    pub lines: Vec<LinePart>,
    pub assumptions: Vec<String>,
    /// What says that Elasticsearch was the limit; null where it was not, or is not known to have been.
    pub elasticsearch_limits: Option<String>,
    /// What gives the metric of the queues; null where they are not scaled on.
    pub queue: Option<QueuePart>,
    /// What happened under the present settings.
    pub present: Score,
    /// What can be expected of them, over the moments at which the controller may sync, as all that follows.
    pub expected: Expected,
    pub recommended: Recommended,
    pub runs: Vec<RunPart>,
    pub front: Vec<Member>,
    pub manifest: Value,
    pub patch: Value,
    /// The recommendation, run in the lab; null where that was not asked for.
    pub verified: Option<Verified>,
    /// Cost and seconds above the line of candidates, for a chart.
    #[serde(skip)]
    pub cloud: Vec<(f64, f64)>,
}

/// What has to be there for an HPA on the gateways' queues.
#[derive(Debug, Serialize)]
pub struct QueuePart {
    /// The metric's name in the HPA, and the query for Prometheus that gives it.
    pub metric: &'static str,
    pub query: String,
    /// The same HPA by KEDA; other metrics than cpu, memory and the queue have no trigger in it.
    pub scaled_object: Value,
    pub without_trigger: usize,
    /// What more gateways did while the way to Elasticsearch was blocked; null where their number was the same.
    pub more_gateways: Option<String>,
}

/// The most that a pod may use.
#[derive(Debug, Serialize)]
pub struct LinePart {
    pub metric: String,
    pub most_milli: f64,
    pub text: String,
}

/// What can be expected: the mean over the moments at which the controller may sync, and the worst of them.
#[derive(Debug, Serialize)]
pub struct Expected {
    pub score: Score,
    pub worst_above_s: f64,
}

/// What is recommended, and what is open about it.
#[derive(Debug, Serialize)]
pub struct Recommended {
    pub settings: Vec<Setting>,
    pub score: Score,
    pub worst_above_s: f64,
    pub cost_low: f64,
    pub cost_high: f64,
    pub above_s_low: f64,
    pub above_s_high: f64,
    pub flaps_low: u32,
    pub flaps_high: u32,
}

/// A changed setting, and what would be different without the change.
#[derive(Debug, Serialize)]
pub struct Setting {
    pub name: String,
    pub present: String,
    pub value: String,
    /// Null where the other changes need it.
    pub without: Option<Score>,
}

/// A recording.
#[derive(Debug, Serialize)]
pub struct RunPart {
    pub file: Option<String>,
    /// What happened under the present settings, and what can be expected of them.
    pub present: Score,
    pub expected: Score,
    pub recommended: Score,
    /// Whether the same would have been recommended without this recording, and how that is on it; null of a single recording.
    pub left_out_same: Option<bool>,
    pub left_out: Option<Score>,
}

/// A member of the front: what can be expected of it, and the most that is promised.
#[derive(Debug, Serialize)]
pub struct Member {
    pub settings: Vec<String>,
    pub score: Score,
    pub cost_high: f64,
    pub above_s_high: f64,
    pub flaps_high: u32,
    pub recommended: bool,
}

/// The recommendation in a scenario of the lab.
#[derive(Debug, Serialize)]
pub struct Verified {
    pub scenario: String,
    pub runs: Vec<VerifiedRun>,
}

/// One run of it.
#[derive(Debug, Serialize)]
pub struct VerifiedRun {
    pub seed: u64,
    pub score: Score,
    /// It lies on the front that was promised, or beyond it; and the same of what was expected, which is less.
    pub on_front: bool,
    pub as_expected: bool,
}

/// The objective as it is typed.
pub fn objective(objective: Objective) -> &'static str {
    match objective {
        Objective::Balanced => "balanced",
        Objective::Slo => "slo",
        Objective::Cost => "cost",
        Objective::P95Util => "p95-util",
    }
}

/// The search as data. `words` are the settings that a candidate changes.
pub fn summarize(
    tuned: &Tuned,
    ask: &Ask,
    recordings: &[Recorded],
    files: Vec<Option<String>>,
    words: impl Fn(&Candidate) -> Vec<String>,
) -> Option<Summary> {
    let (present, chosen) = (tuned.present()?, tuned.recommended()?);
    let last = recordings.last()?;
    let seen = last.session.hpa.as_ref()?;
    let runs = files.iter().enumerate().filter_map(|(i, file)| {
        let left_out: Option<&LeftOut> = tuned.left_out.get(i);
        Some(RunPart {
            file: file.clone(),
            present: *tuned.happened.get(i)?,
            expected: *present.runs.get(i)?,
            recommended: *chosen.runs.get(i)?,
            left_out_same: left_out.map(|l| l.same),
            left_out: left_out.map(|l| l.score),
        })
    });
    let member = |m: &tune::Member| {
        let candidate = tuned.candidates.get(m.candidate)?;
        Some(Member {
            settings: words(candidate),
            score: candidate.total,
            cost_high: m.range.cost.1,
            above_s_high: m.range.above_s.1,
            flaps_high: m.range.flaps.1,
            recommended: m.candidate == tuned.chosen,
        })
    };
    let step = tuned.candidates.len().div_ceil(CLOUD).max(1);
    let more = recordings.iter().map(queue::more_gateways).find(|more| *more != More::Unknown).unwrap_or(More::Unknown);
    Some(Summary {
        schema: "edot-tui/tune/1",
        hpa: format!("{}/{}", seen.namespace, seen.name),
        objective: objective(ask.objective),
        seed: ask.seed,
        candidates: tuned.candidates.len(),
        stopped: tuned.stopped,
        searched: tuned.searched.clone(),
        lines: tuned
            .lines
            .iter()
            .map(|l| LinePart { metric: l.name.clone(), most_milli: l.most, text: l.text.clone() })
            .collect(),
        assumptions: tuned.assumptions.clone(),
        elasticsearch_limits: elasticsearch_limits(recordings, &more),
        queue: tuned.specs.1.metrics.iter().any(queue::is_queue).then(|| QueuePart {
            metric: queue::METRIC,
            query: scaled_object::query(seen),
            scaled_object: scaled_object::of(seen, &tuned.specs.1),
            without_trigger: scaled_object::without_trigger(seen, &tuned.specs.1),
            more_gateways: match &more {
                More::DidNotHelp(text) | More::Helped(text) => Some(text.clone()),
                More::Unknown => None,
            },
        }),
        present: Score::together(&tuned.happened),
        expected: expected(present),
        recommended: Recommended {
            settings: tuned
                .parts
                .iter()
                .map(|p| Setting {
                    name: p.name.clone(),
                    present: p.present.clone(),
                    value: p.value.clone(),
                    without: p.without,
                })
                .collect(),
            score: chosen.total,
            worst_above_s: chosen.worst_above_s,
            cost_low: tuned.range.cost.0,
            cost_high: tuned.range.cost.1,
            above_s_low: tuned.range.above_s.0,
            above_s_high: tuned.range.above_s.1,
            flaps_low: tuned.range.flaps.0,
            flaps_high: tuned.range.flaps.1,
        },
        runs: runs.collect(),
        front: tuned.front.iter().filter_map(member).collect(),
        manifest: manifest::hpa(seen, &tuned.specs.1),
        patch: manifest::patch(seen, &tuned.specs.0, &tuned.specs.1),
        cloud: tuned.candidates.iter().step_by(step).map(|c| (c.total.cost, c.total.above_s)).collect(),
        files,
        verified: None,
    })
}

fn expected(candidate: &Candidate) -> Expected {
    Expected { score: candidate.total, worst_above_s: candidate.worst_above_s }
}

fn elasticsearch_limits(recordings: &[Recorded], more: &More) -> Option<String> {
    // More gateways that were tried say more than how busy they were.
    match more {
        More::DidNotHelp(text) => return Some(text.clone()),
        More::Helped(_) => return None,
        More::Unknown => {}
    }
    let sessions: Vec<_> = recordings.iter().map(|r| &r.session).collect();
    let capacity = size::learn(&sessions).ok()?;
    (capacity.bottleneck == size::Bottleneck::Elasticsearch).then_some(capacity.because)
}

/// What the HPA alone does not do: requests, which belong to the pods, and where the metric of the queues comes from.
pub fn beside_the_hpa(s: &Summary) -> Vec<String> {
    let requests = s.recommended.settings.iter().filter(|p| p.name.starts_with("request of "));
    let mut out: Vec<String> =
        requests.map(|p| format!("the pods' {}: {} (is {})", p.name, p.value, p.present)).collect();
    if let Some(queue) = &s.queue {
        out.push(format!("prometheus-adapter or another custom metrics API serves {} of each pod:", queue.metric));
        out.push(queue.query.clone());
        out.extend(limits(s));
    }
    out
}

/// That more gateways do not help, where that was seen.
pub fn limits(s: &Summary) -> Option<String> {
    let because = s.elasticsearch_limits.as_ref()?;
    Some(format!("risk: Elasticsearch was the limit, so more gateways would not help: {because}"))
}

/// The search for people.
pub fn document(s: &Summary) -> Vec<Block> {
    let mut out = vec![Block::Title("edot-tui tune".into())];
    let minutes = s.present.seconds / 60.0;
    let recordings = match s.files.len() {
        1 => "one recording".to_owned(),
        n => format!("{n} recordings"),
    };
    out.push(Block::Line(format!("HPA {}, {recordings} of {minutes:.0} min in all", s.hpa)));
    let stopped = if s.stopped { ", then stopped" } else { "" };
    out.push(Block::Line(format!(
        "{} candidates scored{stopped}, seed {}; searched: {}",
        s.candidates,
        s.seed,
        s.searched.join(", ")
    )));
    let lines: Vec<String> = s.lines.iter().map(|l| format!("{} at most {}", l.metric, l.text)).collect();
    out.push(Block::Line(format!("the line of a pod: {}", lines.join(", "))));
    out.extend(s.assumptions.iter().map(|a| Block::Line(format!("assumed: {a}"))));
    let why = match s.objective {
        "slo" => "the least time above the line that can be promised",
        "cost" => "the least cost that is no longer above the line than now",
        "p95-util" => "the least cost that is below the line for 95 % of the time",
        _ => "the knee of the front, where less cost begins to cost much time above the line",
    };
    out.push(Block::Head(format!("Recommendation: {why}")));
    match s.recommended.settings.is_empty() {
        true => out.push(Block::Line("keep the present settings: nothing that was tried serves this better".into())),
        false => {
            let row = |p: &Setting| {
                let without = p.without.as_ref().map(|other| difference(other, &s.recommended.score));
                let without = without.unwrap_or_else(|| "not possible with the others".into());
                vec![p.name.clone(), p.present.clone(), p.value.clone(), without]
            };
            let rows = s.recommended.settings.iter().map(row).collect();
            out.push(Block::table(&["setting", "present", "recommended", "without this change"], rows));
        }
    }
    out.extend(risks(s).into_iter().map(Block::Line));
    if let Some(queue) = &s.queue {
        out.push(Block::Head("The metric of the queues".into()));
        out.push(Block::Line(format!("{}, by Prometheus: {}", queue.metric, queue.query)));
        out.push(Block::Line(
            "of each pod the fullest queue, the mean of all; assumed: what waits is shared evenly by the pods that are there".into(),
        ));
        out.extend(queue.more_gateways.iter().map(|text| Block::Line(format!("Elasticsearch: {text}"))));
        out.push(Block::Line(
            "as a ScaledObject of KEDA: -o keda; OpenTelemetry advises a minimum of 3 replicas".into(),
        ));
    }
    out.push(Block::Head("Figures".into()));
    out.push(Block::Line(
        "expected is the mean over the moments at which the controller may sync, a quarter of its period apart; what happened is \
         one of them"
            .into(),
    ));
    let head = ["figure", "happened", "present, expected", "recommended, expected"];
    out.push(Block::table(&head, figures(s)));
    out.extend(s.verified.iter().flat_map(|v| verified(v, s)));
    out.push(Block::Head("The front: nothing that was tried is better in all of these".into()));
    out.push(Block::Line("first what is expected, then the most that is promised".into()));
    out.push(Block::table(&["cost", "above the line", "flaps", "most replicas", "changes"], front(s)));
    out
}

/// The search as a page.
pub fn page(s: &Summary, patch: &str) -> String {
    let body = format!(
        "<header>{}</header>\n<section class=\"charts\">{}</section>\n<h2>Patch</h2>\n<pre>{}</pre>\n",
        html::blocks_html(&document(s)),
        chart::svg(s),
        escaped(patch)
    );
    html::page("edot-tui tune", &body, &html::data(&[], &Axis { from: 0, to: 1, zero: 0 }))
}

/// `4.2 more replica-minutes, 40 s longer above the line, 1 flap more`.
fn difference(other: &Score, score: &Score) -> String {
    let (cost, above) = (other.cost - score.cost, other.above_s - score.above_s);
    let flaps = i64::from(other.flaps) - i64::from(score.flaps);
    let signed = |v: f64, digits: usize, what: &str| {
        let size = format!("{:.digits$}", v.abs());
        let zero = size.chars().all(|c| c == '0' || c == '.');
        (!zero).then(|| format!("{}{size} {what}", if v < 0.0 { "−" } else { "+" }))
    };
    let parts = [
        signed(cost, 1, "replica-minutes"),
        signed(above, 0, "s above the line"),
        signed(flaps as f64, 0, if flaps.abs() == 1 { "flap" } else { "flaps" }),
    ];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    if parts.is_empty() { "no difference".into() } else { parts.join(", ") }
}

/// What may go wrong, a sentence each.
fn risks(s: &Summary) -> Vec<String> {
    let mut out = Vec::new();
    let r = &s.recommended;
    if (r.cost_low, r.above_s_low) != (r.cost_high, r.above_s_high) {
        out.push(format!(
            "promised: at most {:.1} replica-minutes and {:.0} s above the line; by what the recordings leave open it may be as few as \
             {:.1} and {:.0} s",
            r.cost_high, r.above_s_high, r.cost_low, r.above_s_low
        ));
    }
    out.extend(limits(s));
    let name = |file: &Option<String>| file.clone().unwrap_or_else(|| "standard input".into());
    let worse = |run: &&RunPart| run.recommended.above_s > run.expected.above_s + 0.5;
    let longest = s.runs.iter().filter(worse).max_by(|a, b| {
        let longer = |run: &RunPart| run.recommended.above_s - run.expected.above_s;
        longer(a).total_cmp(&longer(b))
    });
    match longest {
        Some(run) if !r.settings.is_empty() => out.push(format!(
            "risk: on {} of {} recordings it is longer above the line than now, at most {:.0} s ({})",
            s.runs.iter().filter(worse).count(),
            s.runs.len(),
            run.recommended.above_s - run.expected.above_s,
            name(&run.file)
        )),
        _ if !r.settings.is_empty() => out.push("risk: on no recording is it longer above the line than now".into()),
        _ => {}
    }
    if s.runs.len() == 1 {
        out.push("risk: it rests on one recording; another load may want other settings".into());
        return out;
    }
    let same = s.runs.iter().filter(|run| run.left_out_same == Some(true)).count();
    let other = s.runs.iter().filter(|run| run.left_out_same == Some(false)).filter_map(|run| {
        let longer = run.left_out?.above_s - run.recommended.above_s;
        Some((longer, name(&run.file)))
    });
    let worst = other.max_by(|a, b| a.0.total_cmp(&b.0));
    let mut text = format!(
        "left out one by one: on {same} of {} recordings the recommendation of the others does the same",
        s.runs.len()
    );
    if let Some((longer, file)) = worst.filter(|w| w.0 > 0.5) {
        text += &format!("; at worst it would be {longer:.0} s longer above the line ({file})");
    }
    out.push(text);
    out
}

fn figures(s: &Summary) -> Vec<Vec<String>> {
    let (happened, present, recommended) = (&s.present, &s.expected.score, &s.recommended.score);
    let row = |name: &str, text: &dyn Fn(&Score) -> String| {
        vec![name.to_owned(), text(happened), text(present), text(recommended)]
    };
    let percent = |v: f64| format!("{v:.1} %");
    let mut out = vec![row("replica-minutes", &|s| format!("{:.1}", s.replica_minutes))];
    if (recommended.cost - recommended.replica_minutes).abs() > 0.05 {
        out.push(row("replica-minutes of the present request", &|s| format!("{:.1}", s.cost)));
    }
    let worst = |seconds: f64| format!("{seconds:.0} s");
    out.extend([
        row("time above the line", &|s| format!("{:.0} s", s.above_s)),
        vec![
            "at the worst moment of the syncs".into(),
            String::new(),
            worst(s.expected.worst_above_s),
            worst(s.recommended.worst_above_s),
        ],
        row("longest time with too few replicas", &|s| format!("{:.0} s", s.time_to_scale_up_s)),
        row("rescales", &|s| s.rescales.to_string()),
        row("flaps", &|s| s.flaps.to_string()),
        row("most replicas", &|s| s.most_replicas.to_string()),
        row("p95 of the line", &|s| format!("{:.0} %", s.p95_percent)),
        row("replicas missing, of those demanded", &|s| percent(s.under_percent)),
        row("replicas too many, of those demanded", &|s| percent(s.over_percent)),
        row("time with replicas missing", &|s| percent(s.under_time_percent)),
        row("time with replicas too many", &|s| percent(s.over_time_percent)),
        row("instability", &|s| percent(s.instability_percent)),
        row("elastic speedup over no HPA", &|s| format!("{:.2}", s.elastic_speedup)),
    ]);
    out
}

/// What was promised against what the lab did.
fn verified(v: &Verified, s: &Summary) -> Vec<Block> {
    let row = |name: String, score: &Score, sign: &str| {
        let figures = [format!("{:.1}", score.cost), format!("{:.0} s", score.above_s), score.flaps.to_string()];
        [vec![name], figures.to_vec(), vec![score.rescales.to_string(), sign.to_owned()]].concat()
    };
    let r = &s.recommended;
    let most = [format!("{:.1}", r.cost_high), format!("{:.0} s", r.above_s_high), r.flaps_high.to_string()];
    let promised = [vec!["promised: at most".to_owned()], most.to_vec(), vec![String::new(); 2]].concat();
    let mut rows = vec![promised, row("expected".into(), &r.score, "")];
    let sign = |run: &VerifiedRun| match (run.on_front, run.as_expected) {
        (true, true) => "yes, as expected or better",
        (true, false) => "yes",
        (false, _) => "no",
    };
    rows.extend(v.runs.iter().map(|run| row(format!("seed {}", run.seed), &run.score, sign(run))));
    let held = v.runs.iter().filter(|run| run.on_front).count();
    let head = format!(
        "Really run in the lab's scenario {}: {held} of {} on the promised front or beyond it",
        v.scenario,
        v.runs.len()
    );
    let names = ["run", "replica-minutes", "above the line", "flaps", "rescales", "on the promised front or beyond"];
    vec![Block::Head(head), Block::table(&names, rows)]
}

/// The members that are shown: the recommended one and those around it, spread over the cost.
fn front(s: &Summary) -> Vec<Vec<String>> {
    let step = s.front.len().div_ceil(ROWS).max(1);
    let shown = s.front.iter().enumerate().filter(|(i, m)| i % step == 0 || m.recommended || i + 1 == s.front.len());
    let row = |(_, m): (usize, &Member)| {
        let changes = if m.settings.is_empty() { "none".to_owned() } else { m.settings.join("; ") };
        let sign = if m.recommended { "recommended: " } else { "" };
        vec![
            up_to(m.score.cost, m.cost_high, 1, ""),
            up_to(m.score.above_s, m.above_s_high, 0, " s"),
            up_to(f64::from(m.score.flaps), f64::from(m.flaps_high), 0, ""),
            m.score.most_replicas.to_string(),
            format!("{sign}{changes}"),
        ]
    };
    shown.map(row).collect()
}

/// `23.2 to 23.3`: what is expected, and the most that is promised.
fn up_to(expected: f64, most: f64, digits: usize, unit: &str) -> String {
    let (expected, most) = (format!("{expected:.digits$}"), format!("{most:.digits$}"));
    if expected == most { format!("{most}{unit}") } else { format!("{expected} to {most}{unit}") }
}
