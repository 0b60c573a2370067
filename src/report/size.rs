//! What a gateway's replica carries, and what a forecast needs, for people and programs. Must not judge.

use super::document::Block;
use crate::decide::size::{Bottleneck, Capacity, Rates};
use crate::format;
use crate::observe::Signal;
use serde::Serialize;

/// A replica's memory may grow by this much beyond what was seen.
const MEMORY: f64 = 1.25;
/// The bounds of a forecast: what a quarter of it needs, and what half as much again needs.
const LEAST: f64 = 0.25;
const MOST: f64 = 1.5;

/// The capacity as data (schema `edot-tui/size/1`, described in `assets/schemas/size.json`).
#[derive(Debug, Serialize)]
pub struct Summary {
    pub schema: &'static str,
    pub files: Vec<Option<String>>,
    pub scrapes: usize,
    /// Core-seconds of an item, and its share of the recorded items.
    pub signals: Vec<SignalPart>,
    pub own_cores: f64,
    pub request_cores: Option<f64>,
    pub limit_cores: Option<f64>,
    pub target_percent: Option<i32>,
    pub at_target: Option<Carried>,
    pub at_limit: Option<Carried>,
    pub knee_items_per_s: Option<f64>,
    pub most_seen_items_per_s: f64,
    pub bottleneck: Option<&'static str>,
    pub because: String,
    pub forecast: Option<Forecast>,
}

/// A signal.
#[derive(Debug, Serialize)]
pub struct SignalPart {
    pub signal: &'static str,
    pub core_s_per_item: f64,
    pub share_percent: f64,
}

/// Items per second of a replica, at the recorded mix of signals.
#[derive(Debug, Serialize)]
pub struct Carried {
    pub items_per_s: f64,
    pub low: f64,
    pub high: f64,
}

/// What a forecast needs.
#[derive(Debug, Serialize)]
pub struct Forecast {
    pub traces_per_s: f64,
    pub metrics_per_s: f64,
    pub logs_per_s: f64,
    pub replicas: u32,
    pub replicas_low: u32,
    pub replicas_high: u32,
    pub min_replicas: u32,
    pub max_replicas: u32,
    pub cores: f64,
    pub memory_request_bytes: Option<f64>,
}

fn carried(all: (f64, f64, f64)) -> Carried {
    Carried { items_per_s: all.0, low: all.1, high: all.2 }
}

/// The capacity as data, with a forecast by signal in the order of [`Signal::ALL`].
pub fn summarize(c: &Capacity, forecast: Option<Rates>, files: Vec<Option<String>>) -> Summary {
    let each = Signal::ALL.into_iter().zip(c.likely.item_at(c.mix.map(|share| share * c.most))).zip(c.mix);
    Summary {
        schema: "edot-tui/size/1",
        files,
        scrapes: c.points,
        signals: each
            .map(|((signal, item), share)| SignalPart {
                signal: signal.name(),
                core_s_per_item: item,
                share_percent: share * 100.0,
            })
            .collect(),
        own_cores: c.likely.own,
        request_cores: c.request,
        limit_cores: c.limit,
        target_percent: c.target,
        at_target: c.at_target().and_then(|cores| c.carried(cores)).map(carried),
        at_limit: c.limit.and_then(|cores| c.carried(cores)).map(carried),
        knee_items_per_s: c.knee(),
        most_seen_items_per_s: c.most,
        bottleneck: match c.bottleneck {
            Bottleneck::None => None,
            Bottleneck::Agents => Some("agents"),
            Bottleneck::Gateway => Some("gateway"),
            Bottleneck::Elasticsearch => Some("elasticsearch"),
        },
        because: c.because.clone(),
        forecast: forecast.and_then(|rates| needed(c, rates)),
    }
}

fn needed(c: &Capacity, rates: Rates) -> Option<Forecast> {
    let (replicas, low, high) = c.replicas(rates)?;
    let of = |share: f64| c.replicas(rates.map(|rate| rate * share)).map(|r| r.0);
    let by = |signal: Signal| Signal::ALL.iter().position(|s| *s == signal).and_then(|i| rates.get(i)).copied();
    Some(Forecast {
        traces_per_s: by(Signal::Traces)?,
        metrics_per_s: by(Signal::Metrics)?,
        logs_per_s: by(Signal::Logs)?,
        replicas,
        replicas_low: low,
        replicas_high: high,
        min_replicas: of(LEAST)?,
        max_replicas: of(MOST)?.max(replicas.saturating_add(1)),
        cores: f64::from(replicas) * (c.likely.own + c.likely.of(rates.map(|rate| rate / f64::from(replicas)))),
        memory_request_bytes: c.memory.map(|bytes| bytes * MEMORY),
    })
}

/// The capacity for people.
pub fn document(s: &Summary) -> Vec<Block> {
    let mut out = vec![Block::Title("edot-tui size".into())];
    let rate = format::rate;
    out.push(Block::Line(format!("learned from {} scrapes of gateways", s.scrapes)));
    let milli = |cores: f64| format::millicores((cores * 1000.0).round());
    out.push(Block::Head("What a replica carries, at the recorded mix of signals".into()));
    let range = |c: &Carried| {
        let (low, at, high) = (rate(c.low), rate(c.items_per_s), rate(c.high));
        if low == high { at } else { format!("{at} ({low} to {high})") }
    };
    let mut rows = Vec::new();
    let mut row = |what: String, value: String| rows.push(vec![what, value]);
    if let (Some(c), Some(target), Some(request)) = (&s.at_target, s.target_percent, s.request_cores) {
        row(format!("at the target, {target} % of {}", milli(request)), range(c));
    }
    if let (Some(c), Some(limit)) = (&s.at_limit, s.limit_cores) {
        row(format!("at its cpu limit, {}", milli(limit)), range(c));
    }
    if let Some(knee) = s.knee_items_per_s {
        row("at the knee, where it carries no more".into(), rate(knee));
    }
    row("the most that one was seen to accept".into(), rate(s.most_seen_items_per_s));
    out.push(Block::table(&["items", "a replica"], rows));
    let each = s.signals.iter().filter(|p| p.share_percent > 0.0).map(|p| {
        let cost = format!("{} of a core", format::percent(p.core_s_per_item * 1e5));
        vec![p.signal.to_owned(), format::percent(p.share_percent), cost]
    });
    out.push(Block::Head("What takes cpu".into()));
    out.push(Block::Line(format!("by itself a replica uses {}", milli(s.own_cores))));
    out.push(Block::table(&["signal", "share of the items", "1000 items a second take"], each.collect()));
    out.push(Block::Head("The bottleneck".into()));
    let bottleneck =
        s.bottleneck.map_or("none was reached", |b| if b == "elasticsearch" { "Elasticsearch" } else { b });
    out.push(Block::Line(format!("{bottleneck}: {}", s.because)));
    if s.bottleneck == Some("elasticsearch") {
        out.push(Block::Line("more gateways would not help: size Elasticsearch first".into()));
    }
    if let Some(f) = &s.forecast {
        forecast(f, s, &mut out);
    }
    out
}

fn forecast(f: &Forecast, s: &Summary, out: &mut Vec<Block>) {
    let rates = [("traces", f.traces_per_s), ("metrics", f.metrics_per_s), ("logs", f.logs_per_s)];
    let rates: Vec<String> =
        rates.iter().filter(|r| r.1 > 0.0).map(|(n, r)| format!("{n} {}", format::rate(*r))).collect();
    out.push(Block::Head(format!("The forecast: {}", rates.join(", "))));
    let replicas = match f.replicas_low == f.replicas_high {
        true => f.replicas.to_string(),
        false => format!("{} ({} to {})", f.replicas, f.replicas_low, f.replicas_high),
    };
    let milli = |cores: f64| format::millicores((cores * 1000.0).round());
    let mut rows = vec![
        vec!["replicas at the target".into(), replicas],
        vec!["minReplicas, for a quarter of it".into(), f.min_replicas.to_string()],
        vec!["maxReplicas, for half as much again".into(), f.max_replicas.to_string()],
        vec!["cpu in all".into(), milli(f.cores)],
    ];
    rows.extend(s.request_cores.map(|cores| vec!["cpu request, as now".into(), milli(cores)]));
    rows.extend(s.limit_cores.map(|cores| vec!["cpu limit, as now".into(), milli(cores)]));
    if let Some(bytes) = f.memory_request_bytes {
        rows.push(vec!["memory request, a quarter above the most seen".into(), format::bytes(bytes)]);
    }
    out.push(Block::table(&["setting", "value"], rows));
    if s.knee_items_per_s.zip(s.at_target.as_ref()).is_some_and(|(knee, at)| knee < at.items_per_s) {
        let text = "a replica reached its knee below the target, so the HPA would scale too late: lower the target";
        out.push(Block::Line(text.into()));
    }
}
