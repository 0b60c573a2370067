//! The result of a search for settings as data, which the other forms are made of. Must not judge.

use crate::decide::front::Objective;
use crate::decide::queue::{self, More};
use crate::decide::rerun::Recorded;
use crate::decide::score::Score;
use crate::decide::size;
use crate::decide::tune::{self, Ask, Candidate, LeftOut, Range, Tuned};
use crate::report::{manifest, scaled_object};
use serde::Serialize;
use serde_json::Value;

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

/// What can be expected: the mean over the moments at which the controller may sync; and the most that is promised.
#[derive(Debug, Serialize)]
pub struct Expected {
    pub score: Score,
    #[serde(flatten)]
    pub most: Most,
}

/// The most that is promised of settings.
#[derive(Debug, Serialize)]
pub struct Most {
    pub cost_high: f64,
    pub above_s_high: f64,
    pub flaps_high: u32,
}

/// What is recommended, and what is open about it.
#[derive(Debug, Serialize)]
pub struct Recommended {
    pub settings: Vec<Setting>,
    pub score: Score,
    #[serde(flatten)]
    pub most: Most,
    pub cost_low: f64,
    pub above_s_low: f64,
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
    #[serde(flatten)]
    pub most: Most,
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
    let (present, chosen, range) = (tuned.present()?, tuned.recommended()?, tuned.range()?);
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
            most: most(&m.range),
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
        expected: Expected { score: present.total, most: most(&tuned.present_range) },
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
            most: most(&range),
            cost_low: range.cost.0,
            above_s_low: range.above_s.0,
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

fn most(range: &Range) -> Most {
    Most { cost_high: range.cost.1, above_s_high: range.above_s.1, flaps_high: range.most_flaps }
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
