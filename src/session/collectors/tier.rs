//! The sums over a tier of collectors: rates over time, totals, and the account of a signal's items across tiers. Must not
//! judge.

use super::collector::{Collector, SignalCounters};
use super::totals::{Rise, Totals};
use crate::observe::{Role, Signal};
use crate::session::series::{Counter, Series, rate};
use std::collections::BTreeMap;

/// Milliseconds between two sums over a tier.
pub const SUM_EVERY: i64 = 5000;

/// Rates of one signal, per second, all pods together.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rates {
    pub accepted: Series,
    pub refused: Series,
    pub sent: Series,
    pub send_failed: Series,
    pub enqueue_failed: Series,
}

/// All collectors of a role.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tier {
    rates: [Rates; 3],
    totals: [Totals; 3],
    /// Items per second of all signals together.
    pub accepted: Series,
    pub sent: Series,
    /// Fill of the fullest queue of all pods, 0 to 1.
    pub queue: Series,
    /// Documents per second that Elasticsearch indexed, and that it refused one by one.
    pub indexed: Series,
    pub rejected: Series,
    /// Documents refused one by one since the session began.
    pub rejected_total: f64,
    /// Pods that were in the last sum, and those that were missing from it.
    pub summed: usize,
    pub missing: usize,
}

impl Tier {
    /// The rates of a signal.
    pub fn rates(&self, signal: Signal) -> &Rates {
        &self.rates[at(signal)]
    }

    /// The items of a signal since the session began.
    pub fn totals(&self, signal: Signal) -> Totals {
        self.totals[at(signal)]
    }

    pub fn add(&mut self, rise: &Rise) {
        self.totals.iter_mut().zip(&rise.signals).for_each(|(total, rose)| total.add(rose));
        self.rejected_total += rise.rejected;
    }

    /// Sums up the pods' rates as of `ms`. When the rate of a pod that was summed before becomes unknown, so does the sum:
    /// for a short while that is a gap, then the pod is left out and counts as missing.
    pub fn sum<'a>(&mut self, ms: i64, pods: impl Iterator<Item = &'a Collector>) {
        let pods: Vec<&Collector> = pods.collect();
        let known: Vec<&Collector> =
            pods.iter().copied().filter(|c| c.accepted.now(ms, c.max_gap()).is_some()).collect();
        // It had a rate until recently and has none now.
        let dropped_out = |c: &Collector| {
            let had = c.accepted.rate.last().is_some_and(|(then, _)| ms - then <= 2 * c.max_gap());
            had && c.accepted.now(ms, c.max_gap()).is_none()
        };
        let in_doubt = pods.iter().any(|c| dropped_out(c));
        (self.summed, self.missing) = (known.len(), pods.len() - known.len());
        let put = |series: &mut Series, of: &dyn Fn(&Collector) -> Option<f64>| {
            let sum: Option<f64> = known.iter().map(|c| of(c)).sum();
            match sum.filter(|_| !in_doubt && !known.is_empty()) {
                Some(sum) => series.push(ms, rate(sum), 3 * SUM_EVERY),
                None => series.break_line(),
            }
        };
        for (signal, rates) in Signal::ALL.into_iter().zip(&mut self.rates) {
            let Rates { accepted, refused, sent, send_failed, enqueue_failed } = rates;
            let put = |series: &mut Series, of: fn(&SignalCounters) -> &Counter| {
                put(series, &|c: &Collector| of(c.flow(signal)).now(ms, c.max_gap()));
            };
            put(accepted, |f| &f.accepted);
            put(refused, |f| &f.refused);
            put(sent, |f| &f.sent);
            put(send_failed, |f| &f.send_failed);
            put(enqueue_failed, |f| &f.enqueue_failed);
        }
        put(&mut self.accepted, &|c: &Collector| {
            Signal::ALL.iter().map(|s| c.flow(*s).accepted.now(ms, c.max_gap())).sum()
        });
        put(&mut self.sent, &|c: &Collector| Signal::ALL.iter().map(|s| c.flow(*s).sent.now(ms, c.max_gap())).sum());
        put(&mut self.indexed, &|c: &Collector| c.elastic.indexed.now(ms, c.max_gap()));
        put(&mut self.rejected, &|c: &Collector| c.elastic.rejected.now(ms, c.max_gap()));
        let fullest = known.iter().filter_map(|c| c.fullest()).map(|q| q.ratio()).reduce(f64::max);
        match fullest {
            Some(ratio) => self.queue.push(ms, ratio, 3 * SUM_EVERY),
            None => self.queue.break_line(),
        }
    }
}

fn at(signal: Signal) -> usize {
    Signal::ALL.iter().position(|s| *s == signal).unwrap_or(0)
}

/// What became of a signal's items since the session began; None where a tier was not scraped.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Account {
    pub agents: Option<Totals>,
    pub gateway: Option<Totals>,
    pub cluster: Option<Totals>,
}

impl Account {
    /// Items that arrived at the first tier that is scraped, accepted or not. Refused items may be offered again.
    pub fn offered(&self) -> Option<f64> {
        let first = self.agents.or(self.gateway)?;
        Some(first.accepted + first.refused)
    }

    /// Items lost for good at the tiers that are scraped. Documents that Elasticsearch refused one by one are not
    /// distinguished by signal; they are in [`Tier::rejected_total`].
    pub fn lost(&self) -> Option<f64> {
        let tiers = [self.agents, self.gateway, self.cluster];
        tiers.iter().flatten().map(Totals::lost).reduce(|a, b| a + b)
    }

    /// Items that the gateway accepted beyond what the agents and the cluster collector count as sent: requests that timed
    /// out and were sent again although they had been accepted. None unless both tiers are scraped.
    pub fn sent_twice(&self) -> Option<f64> {
        let (agents, gateway) = (self.agents?, self.gateway?);
        let sent = agents.sent + self.cluster.map_or(0.0, |c| c.sent);
        Some((gateway.accepted - sent).max(0.0))
    }
}

pub fn account(tiers: &BTreeMap<Role, Tier>, signal: Signal) -> Account {
    let of = |role| tiers.get(&role).map(|t: &Tier| t.totals(signal));
    Account { agents: of(Role::Agent), gateway: of(Role::Gateway), cluster: of(Role::Cluster) }
}
