//! The section `gateway` of `status`: the collectors of the gateway, and everything that was refused or lost. A figure that
//! is unknown is null.

use super::number::{BySignal, figure, number, tenths};
use crate::observe::{Role, Signal, Time};
use crate::session::{Collector, Counter, Loss, Queue, Session, SignalCounters, Undelivered};
use serde::Serialize;

/// All pods of the gateway together; items a second.
#[derive(Debug, Serialize)]
pub struct Gateway {
    pub accepted_per_s: BySignal,
    pub refused_per_s: BySignal,
    pub sent_per_s: BySignal,
    pub send_failed_per_s: BySignal,
    pub enqueue_failed_per_s: BySignal,
    /// The fullest of all.
    pub queue: Option<QueueStatus>,
    /// The busiest pod's share over an even share; null while there is no load or fewer than two pods.
    #[serde(serialize_with = "figure")]
    pub skew: Option<f64>,
    /// Documents that Elasticsearch rejected one by one, though `sent` counts them.
    #[serde(serialize_with = "figure")]
    pub rejected_per_s: Option<f64>,
    /// What was refused or lost while this was watched, at any tier.
    pub losses: Vec<LossStatus>,
}

/// A sending queue, in the unit of its sizer (requests, unless configured otherwise).
#[derive(Debug, Serialize)]
pub struct QueueStatus {
    #[serde(serialize_with = "number")]
    pub size: f64,
    #[serde(serialize_with = "number")]
    pub capacity: f64,
    pub exporter: String,
    pub signal: &'static str,
}

/// Items that were refused or lost at one tier.
#[derive(Debug, Serialize)]
pub struct LossStatus {
    pub tier: Role,
    /// Null where the signals are not distinguished.
    pub signal: Option<&'static str>,
    /// `refused`, `enqueue_failed`, `send_failed` or `rejected`.
    pub outcome: &'static str,
    /// False for `refused`: the sender may send it again.
    pub lost: bool,
    #[serde(serialize_with = "number")]
    pub items: f64,
    /// The scrapes that showed it first and last.
    pub since: Option<Time>,
    pub until: Option<Time>,
    pub pods: Vec<String>,
}

/// The gateway; None while no pod of it was scraped.
pub fn gateway(session: &Session) -> Option<Gateway> {
    let (all, now) = (&session.collectors, session.now_ms());
    all.tier(Role::Gateway)?;
    let pods: Vec<&Collector> = all.live(Role::Gateway).filter(|c| c.lost.is_none()).collect();
    let sum = |of: &dyn Fn(&Collector) -> Option<f64>| -> Option<f64> {
        pods.iter().map(|c| of(c)).sum::<Option<f64>>().filter(|_| !pods.is_empty()).map(tenths)
    };
    let by = |of: fn(&SignalCounters) -> &Counter| {
        BySignal::of(|s| sum(&|c: &Collector| of(c.flow(s)).now(now, c.max_gap())))
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
        losses: losses(session),
    })
}

/// Everything that was refused or lost, from its first second.
pub fn losses(session: &Session) -> Vec<LossStatus> {
    session.collectors.losses.all().iter().map(loss).collect()
}

/// What one pod accepts a second, and its fullest queue; None where it was not scraped or cannot be now.
pub fn pod(session: &Session, uid: &str) -> (Option<BySignal>, Option<QueueStatus>) {
    let Some(one) = session.collectors.of(uid).filter(|c| c.lost.is_none() && c.seen.is_some()) else {
        return (None, None);
    };
    let rate = |s: Signal| one.flow(s).accepted.now(session.now_ms(), one.max_gap()).map(tenths);
    (Some(BySignal::of(rate)), one.fullest().map(queue))
}

fn queue(q: Queue) -> QueueStatus {
    QueueStatus { size: q.size, capacity: q.capacity, exporter: q.exporter, signal: q.signal.name() }
}

fn loss(l: &Loss) -> LossStatus {
    LossStatus {
        tier: l.role,
        signal: l.signal.map(Signal::name),
        outcome: match l.how {
            Undelivered::Refused => "refused",
            Undelivered::EnqueueFailed => "enqueue_failed",
            Undelivered::SendFailed => "send_failed",
            Undelivered::Rejected => "rejected",
        },
        lost: l.how.is_loss(),
        items: l.items,
        since: Time::from_timestamp_millis(l.since),
        until: Time::from_timestamp_millis(l.until),
        pods: l.pods.clone(),
    }
}
