//! The result of a search for settings as text: the recommendation with its reasons and risks, figures side by side, the front, the
//! patch. Must not judge.

pub mod chart;
pub mod summary;

use self::summary::{Member, Most, RunPart, Setting, Summary, Verified, VerifiedRun};
use super::document::Block;
use super::html;
use super::plot::Axis;
use super::svg::escaped;
use crate::decide::score::Score;

/// Rows of the front in a document; all are in the JSON.
const ROWS: usize = 12;
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
    let figures = |cost, above_s| format!("{cost:.1} replica-minutes and {above_s:.0} s above the line");
    let (least, most) = (figures(r.cost_low, r.above_s_low), figures(r.most.cost_high, r.most.above_s_high));
    let open = format!("; by what the recordings leave open it may be as few as {least}");
    out.push(format!("promised: at most {most}{}", if least == most { "" } else { &open }));
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
    let most = |seconds: f64| format!("{seconds:.0} s");
    out.extend([
        row("time above the line", &|s| format!("{:.0} s", s.above_s)),
        vec![
            "time above the line, at most".into(),
            String::new(),
            most(s.expected.most.above_s_high),
            most(s.recommended.most.above_s_high),
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
    let Most { cost_high, above_s_high, flaps_high } = &r.most;
    let most = [format!("{cost_high:.1}"), format!("{above_s_high:.0} s"), flaps_high.to_string()];
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
            up_to(m.score.cost, m.most.cost_high, 1, ""),
            up_to(m.score.above_s, m.most.above_s_high, 0, " s"),
            up_to(f64::from(m.score.flaps), f64::from(m.most.flaps_high), 0, ""),
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
