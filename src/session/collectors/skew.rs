//! How evenly the load is spread over the gateway's pods. New pods get none while the senders keep their connections, so a
//! scale-up that does not help shows here. Must not judge.

use super::collector::Collector;
use crate::observe::Role;
use crate::session::pods::{Pod, Pods, is_ready};

/// A pod's share of the load.
#[derive(Clone, Debug, PartialEq)]
pub struct Share {
    pub pod: String,
    pub uid: String,
    /// Ready since (milliseconds since 1970).
    pub ready_since: Option<i64>,
    /// Items per second, over half a minute; None while unknown.
    pub accepted: Option<f64>,
    /// Its part of what all Ready pods accept, 0 to 1; None while any of their rates is unknown.
    pub share: Option<f64>,
    /// Its part of the CPU that all Ready pods used, by the metrics API, 0 to 1.
    pub cpu_share: Option<f64>,
    /// Milliseconds for which it has been Ready without a fair part of the load (a twentieth of the mean); None when it has
    /// one.
    pub idle: Option<i64>,
}

/// The gateway's Ready pods, by name.
#[derive(Clone, Debug, PartialEq)]
pub struct Skew {
    pub shares: Vec<Share>,
    /// The share of each pod in an even spread.
    pub even: f64,
    /// The busiest pod's share over the even one: 1 in an even spread, the number of pods when one has everything.
    pub index: Option<f64>,
}

impl Skew {
    /// Whether one replica carries so much more than its even share that the spread is uneven: with two it carries at most twice
    /// as much.
    pub fn is_uneven(&self) -> bool {
        let most = if self.shares.len() == 2 { 1.6 } else { 2.0 };
        self.index.is_some_and(|index| index > most)
    }
}

/// The spread over the Ready pods; `of` finds the collector in a pod by its uid. None without load or with fewer than two.
pub fn skew<'a>(of: impl Fn(&str) -> Option<&'a Collector>, pods: &Pods, now: i64) -> Option<Skew> {
    let ready: Vec<&Pod> = pods.live().filter(|p| is_ready(&p.seen) && p.seen.deleted.is_none()).collect();
    if ready.len() < 2 {
        return None;
    }
    let collector = |p: &Pod| of(&p.seen.uid).filter(|c| c.role == Role::Gateway);
    let rate = |p: &Pod| collector(p).and_then(|c: &Collector| c.accepted.now(now, c.max_gap()));
    let rates: Vec<Option<f64>> = ready.iter().map(|p| rate(p)).collect();
    let known: Option<f64> = rates.iter().copied().sum();
    let total = known.filter(|t| *t > 0.0);
    let some: f64 = rates.iter().flatten().sum();
    if some <= 0.0 {
        return None;
    }
    let cpu = |p: &Pod| p.usage.as_ref().and_then(|_| p.cpu.last()).map(|s| s.1);
    let all_cpu: Option<f64> = ready.iter().map(|p| cpu(p)).sum();
    let even = 1.0 / ready.len() as f64;
    let mean = some / rates.iter().flatten().count().max(1) as f64;
    let shares: Vec<Share> = ready
        .iter()
        .zip(rates)
        .map(|(p, accepted)| {
            let ready_since = p.seen.ready.as_ref().and_then(|r| r.since).map(|t| t.timestamp_millis());
            let busy = collector(p).and_then(|c| c.busy);
            let idle = accepted.filter(|r| *r < mean * 0.05).and_then(|_| Some(now - busy.max(ready_since)?));
            Share {
                pod: p.seen.name.clone(),
                uid: p.seen.uid.clone(),
                ready_since,
                accepted,
                share: accepted.zip(total).map(|(r, t)| r / t),
                cpu_share: cpu(p).zip(all_cpu.filter(|t| *t > 0.0)).map(|(c, t)| c / t),
                idle,
            }
        })
        .collect();
    let most = shares.iter().filter_map(|s| s.share).reduce(f64::max);
    Some(Skew { shares, even, index: most.map(|m| m / even) })
}
