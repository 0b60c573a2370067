//! The blocks of `status` that come from inside: k6's progress, the collectors. A figure that is not known is null.

use super::status::figure;
use crate::explain;
use crate::observe::{Role, Signal, ThresholdSeen, Time};
use crate::session::{Collector, Counter, Fate, LoadPhase, Loss, Queue, Session, SignalCounters};
use serde::Serialize;
use std::collections::BTreeMap;

/// A figure a signal: `{"traces":…,"metrics":…,"logs":…}`.
pub type BySignal = BTreeMap<&'static str, Option<f64>>;

#[derive(Debug, Serialize)]
pub struct Load {
    pub phase: &'static str,
    pub job: String,
    /// Why it waits, or how it failed.
    pub reason: Option<String>,
    pub started: Option<Time>,
    pub ended: Option<Time>,
    /// k6 processes that have told something.
    pub processes: usize,
    pub vus: Option<u64>,
    pub vus_max: Option<u64>,
    /// As k6 has it, else since the load's start.
    #[serde(serialize_with = "figure")]
    pub elapsed_s: Option<f64>,
    #[serde(serialize_with = "figure")]
    pub duration_s: Option<f64>,
    pub iterations: Option<u64>,
    #[serde(serialize_with = "figure")]
    pub iterations_per_s: Option<f64>,
    pub requests: Option<u64>,
    #[serde(serialize_with = "figure")]
    pub requests_per_s: Option<f64>,
    /// Of the whole run, as k6 has it.
    #[serde(serialize_with = "figure")]
    pub failed_ratio: Option<f64>,
    /// Of the whole run up to now, as k6 has it.
    #[serde(serialize_with = "figure")]
    pub p95_ms: Option<f64>,
    pub thresholds: Vec<ThresholdSeen>,
}

/// All pods of the gateway.
#[derive(Debug, Serialize)]
pub struct Gateway {
    pub accepted_per_s: BySignal,
    pub refused_per_s: BySignal,
    pub sent_per_s: BySignal,
    pub send_failed_per_s: BySignal,
    pub enqueue_failed_per_s: BySignal,
    /// The fullest of all.
    pub queue: Option<QueueStatus>,
    /// The busiest pod's part over the even one; null while there is no load or fewer than two pods.
    #[serde(serialize_with = "figure")]
    pub skew: Option<f64>,
    /// Documents that Elasticsearch refused one by one, though `sent` counts them.
    #[serde(serialize_with = "figure")]
    pub rejected_per_s: Option<f64>,
    /// What was turned away or lost while this was watched, at any tier.
    pub losses: Vec<LossStatus>,
}

#[derive(Debug, Serialize)]
pub struct QueueStatus {
    #[serde(serialize_with = "number")]
    pub size: f64,
    #[serde(serialize_with = "number")]
    pub capacity: f64,
    pub exporter: String,
    pub signal: &'static str,
}

#[derive(Debug, Serialize)]
pub struct LossStatus {
    pub tier: Role,
    /// Null where the signals are not told apart.
    pub signal: Option<&'static str>,
    /// `refused` (may be sent again), else lost: `enqueue_failed`, `send_failed`, `rejected`.
    pub how: &'static str,
    #[serde(serialize_with = "number")]
    pub items: f64,
    /// The scrape that first showed it, and the last.
    pub since: Option<Time>,
    pub until: Option<Time>,
    pub pods: Vec<String>,
}

fn number<S: serde::Serializer>(value: &f64, to: S) -> Result<S::Ok, S::Error> {
    figure(&Some(*value), to)
}

/// The load; None where there is no Job.
pub fn load(session: &Session) -> Option<Load> {
    let load = &session.load;
    let job = load.job.as_ref()?;
    let phase = load.phase();
    let (started, ended) = (load.started(), load.ended());
    let until = ended.or(session.now);
    let ran = || started.zip(until).map(|(s, u)| (u - s).num_seconds() as f64);
    let p = load.progress(session.now_ms());
    Some(Load {
        phase: phase.word(),
        job: format!("{}/{}", job.namespace, job.name),
        reason: match phase {
            LoadPhase::Pending(why) => Some(explain::load::pending(&why)),
            LoadPhase::Failed(why) => Some(explain::load::failure(&why)),
            _ => None,
        },
        started,
        ended,
        processes: p.processes,
        vus: p.vus,
        vus_max: p.vus_max,
        elapsed_s: p.elapsed_s.or_else(ran),
        duration_s: p.duration_s,
        iterations: p.iterations,
        iterations_per_s: p.iterations_per_s.map(tenths),
        requests: p.requests,
        requests_per_s: p.requests_per_s.map(tenths),
        failed_ratio: p.failed_ratio,
        p95_ms: p.p95_ms,
        thresholds: p.thresholds,
    })
}

/// The gateway from inside; None while no pod of it was scraped.
pub fn gateway(session: &Session) -> Option<Gateway> {
    let (all, now) = (&session.collectors, session.now_ms());
    all.tier(Role::Gateway)?;
    let pods: Vec<&Collector> = all.live(Role::Gateway).filter(|c| c.lost.is_none()).collect();
    let sum = |of: &dyn Fn(&Collector) -> Option<f64>| -> Option<f64> {
        pods.iter().map(|c| of(c)).sum::<Option<f64>>().filter(|_| !pods.is_empty()).map(tenths)
    };
    let by = |of: fn(&SignalCounters) -> &Counter| -> BySignal {
        let rate = |s: Signal| sum(&|c: &Collector| of(c.flow(s)).now(now, c.max_gap()));
        Signal::ALL.into_iter().map(|s| (s.name(), rate(s))).collect()
    };
    Some(Gateway {
        accepted_per_s: by(|f| &f.accepted),
        refused_per_s: by(|f| &f.refused),
        sent_per_s: by(|f| &f.sent),
        send_failed_per_s: by(|f| &f.send_failed),
        enqueue_failed_per_s: by(|f| &f.enqueue_failed),
        queue: all.fullest(Role::Gateway).map(|(_, q)| queue(q)),
        skew: session.skew().and_then(|s| s.index).map(|i| (i * 100.0).round() / 100.0),
        rejected_per_s: sum(&|c: &Collector| c.elastic.rejected.now(now, c.max_gap())),
        losses: all.losses.all().iter().map(loss).collect(),
    })
}

/// What one pod accepts a second, and its fullest queue; None where it was not scraped or cannot be now.
pub fn pod(session: &Session, uid: &str) -> (Option<BySignal>, Option<QueueStatus>) {
    let Some(one) = session.collectors.of(uid).filter(|c| c.lost.is_none() && c.seen.is_some()) else {
        return (None, None);
    };
    let rate = |s: Signal| one.flow(s).accepted.now(session.now_ms(), one.max_gap()).map(tenths);
    (Some(Signal::ALL.into_iter().map(|s| (s.name(), rate(s))).collect()), one.fullest().map(queue))
}

fn queue(q: Queue) -> QueueStatus {
    QueueStatus { size: q.size, capacity: q.capacity, exporter: q.exporter, signal: q.signal.name() }
}

fn loss(l: &Loss) -> LossStatus {
    LossStatus {
        tier: l.role,
        signal: l.signal.map(Signal::name),
        how: match l.how {
            Fate::Refused => "refused",
            Fate::EnqueueFailed => "enqueue_failed",
            Fate::SendFailed => "send_failed",
            Fate::Rejected => "rejected",
        },
        items: l.items,
        since: Time::from_timestamp_millis(l.since),
        until: Time::from_timestamp_millis(l.until),
        pods: l.pods.clone(),
    }
}

fn tenths(value: f64) -> f64 {
    (value * 10.0).round() / 10.0
}
