//! Scaling on the gateways' sending queues: a recording in which how full they were is a metric of the pods, and whether
//! Elasticsearch is what fills them. Must not search, nor know how a metric reaches the API server.

use super::rerun::{Recorded, RecordedSync};
use crate::format;
use crate::hpa::{Metric, Source, Target, Values};
use crate::observe::{Role, Signal};
use crate::session::{Collector, Session};
use std::sync::Arc;

/// The metric as flags name it, and as the API server would have it: the mean over the pods of their fullest queue, percent.
pub const NAME: &str = "queue";
pub const METRIC: &str = "otelcol_exporter_queue_fill_percent";
/// A target that no queue reaches, which stands for no target: milli-percent.
pub const NEVER: i64 = 100_000_000;
/// From here on a queue counts as full, percent: the line where none is given.
pub const FULL: f64 = 80.0;

/// How long a scrape is valid, milliseconds.
const HOLDS: i64 = 30_000;
/// A size that was kept for less says nothing of what it carried; nor does its beginning. Milliseconds.
const KEPT: i64 = 60_000;
const SETTLES: i64 = 30_000;
/// More documents by less than this share are not more.
const MORE: f64 = 1.1;

/// The recording with the metric in every spec, without a target, and its value at every sync.
///
/// # Errors
/// No gateway reported a queue.
pub fn with_queue(mut recorded: Recorded) -> Result<Recorded, String> {
    let fills: Vec<Option<f64>> = recorded.syncs.iter().map(|m| fill(&recorded.session, m)).collect();
    let Some(first) = fills.iter().flatten().next().copied() else {
        return Err("no gateway reported how full its sending queue was while the HPA was watched".into());
    };
    let mut last = first;
    for (m, fill) in recorded.syncs.iter_mut().zip(fills) {
        // Between scrapes a queue is as full as it was.
        last = fill.unwrap_or(last);
        let milli = (last * 100_000.0).round() as i64;
        let values = m.world.pods.iter().map(|p| (p.name.clone(), milli)).collect();
        m.world.values.insert(m.spec.metrics.len(), Ok(Values::Pods(values)));
        Arc::make_mut(&mut m.spec).metrics.push(metric());
        m.names = m.names.iter().cloned().chain([NAME.to_owned()]).collect::<Vec<_>>().into();
    }
    Ok(recorded)
}

fn metric() -> Metric {
    Metric { source: Source::Pods { metric: METRIC.into() }, target: Target::AverageValue(NEVER) }
}

/// How full the fullest queue of each gateway was at a sync, their mean, 0 to 1.
fn fill(session: &Session, m: &RecordedSync) -> Option<f64> {
    let of = |c: &Collector| c.queue.at(m.ms, HOLDS).map(|p| p.1);
    let here = |c: &&Collector| c.role == Role::Gateway && m.world.pods.iter().any(|p| *p.name == *c.pod);
    let all: Vec<f64> = session.collectors.all().filter(here).filter_map(of).collect();
    (!all.is_empty()).then(|| all.iter().sum::<f64>() / all.len() as f64)
}

/// A time in which the size of the tier was kept and the way out of it was in trouble.
struct Kept {
    replicas: i32,
    /// Documents per second.
    took: f64,
}

/// Whether more gateways helped while the way to Elasticsearch was in trouble: queues full, items given up, 429.
#[derive(Clone, Debug, PartialEq)]
pub enum More {
    /// With more replicas no more documents a second arrived, in words.
    DidNotHelp(String),
    Helped(String),
    /// The size did not change while there was trouble.
    Unknown,
}

/// Whether more gateways helped, by the sizes that a recording had while the way was in trouble without a break.
pub fn more_gateways(recorded: &Recorded) -> More {
    let found = kept(recorded).iter().map(|kept| compared(kept)).rfind(|more| *more != More::Unknown);
    found.unwrap_or(More::Unknown)
}

/// The sizes of one time of trouble, each with the next.
fn compared(kept: &[Kept]) -> More {
    let mut out = More::Unknown;
    for (a, b) in kept.iter().zip(kept.iter().skip(1)) {
        let (few, many) = if a.replicas < b.replicas { (a, b) } else { (b, a) };
        let text = format!(
            "while the way to it was blocked, it took {} documents a second from {}, and {} from {}",
            format::count(few.took),
            format::text::plural(usize::try_from(few.replicas).unwrap_or(0), "replica"),
            format::count(many.took),
            many.replicas
        );
        if many.took >= few.took * MORE {
            return More::Helped(text);
        }
        out = More::DidNotHelp(text);
    }
    out
}

/// The sizes that were kept for a while, by time of trouble, oldest first.
fn kept(recorded: &Recorded) -> Vec<Vec<Kept>> {
    let Some(tier) = recorded.session.collectors.tier(Role::Gateway) else { return Vec::new() };
    let indexed = tier.indexed.peak() > 0.0;
    let took = |ms: i64| if indexed { &tier.indexed } else { &tier.sent }.at(ms, HOLDS).map(|p| p.1);
    let failed = |ms: i64| -> f64 {
        let lost = Signal::ALL.iter().flat_map(|s| [&tier.rates(*s).send_failed, &tier.rates(*s).enqueue_failed]);
        lost.chain([&tier.rejected]).filter_map(|series| series.at(ms, HOLDS)).map(|p| p.1).sum()
    };
    let blocked = |ms: i64| tier.queue.at(ms, HOLDS).is_some_and(|p| p.1 * 100.0 >= FULL) || failed(ms) > 0.0;
    let size = |part: &[RecordedSync]| {
        let (first, last) = (part.first()?, part.last()?);
        let settled = part.iter().filter(|m| m.ms >= first.ms + SETTLES);
        let rates: Vec<f64> = settled.filter_map(|m| took(m.ms)).collect();
        (last.ms - first.ms >= KEPT && !rates.is_empty())
            .then(|| Kept { replicas: first.actual, took: rates.iter().sum::<f64>() / rates.len() as f64 })
    };
    let times = recorded.syncs.chunk_by(|a, b| blocked(a.ms) == blocked(b.ms));
    let times = times.filter(|time| time.first().is_some_and(|m| blocked(m.ms)));
    times.map(|time| time.chunk_by(|a, b| a.actual == b.actual).filter_map(size).collect()).collect()
}

/// Whether a metric is this one.
pub fn is_queue(metric: &Metric) -> bool {
    matches!(&metric.source, Source::Pods { metric } if metric == METRIC)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_gateways_help_where_more_documents_arrive() {
        let kept = |sizes: &[(i32, f64)]| -> Vec<Kept> {
            sizes.iter().map(|(replicas, took)| Kept { replicas: *replicas, took: *took }).collect()
        };
        let same = compared(&kept(&[(1, 9000.0), (3, 9300.0)]));
        assert!(matches!(&same, More::DidNotHelp(text) if text.contains("from 1 replica, and")), "{same:?}");
        assert!(matches!(compared(&kept(&[(3, 9000.0), (1, 8900.0)])), More::DidNotHelp(_)));
        assert!(matches!(compared(&kept(&[(1, 4000.0), (2, 8000.0)])), More::Helped(_)));
        assert_eq!(compared(&kept(&[(2, 4000.0)])), More::Unknown);
    }
}
