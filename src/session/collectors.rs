//! The collectors' own metrics: each pod's counters as rates, queues, losses, and the sums over a tier (agents, gateway,
//! cluster collector). Bounded. Must not judge; that is `advise`'s part.
//!
//! Read it by pod ([`Collectors::of`], [`Collector`]) or by tier ([`Collectors::tier`], [`Tier`]). Rates are per second, as
//! a series with a gap wherever a sample is missing or a process restarted; totals count from the session's start.

mod collector;
mod elasticsearch_exporter;
mod exporters;
mod loss;
mod skew;
mod tier;
mod totals;

pub use collector::{Collector, Queue, SignalCounters};
pub use elasticsearch_exporter::ElasticsearchExporter;
pub use loss::{Loss, Losses, Undelivered};
pub use skew::{Share, Skew};
pub use tier::{Account, Rates, Tier};
pub use totals::Totals;

use super::pods::Pods;
use crate::observe::{CollectorLost, CollectorSeen, ConfigSeen, PodSeen, Role, Signal};
use exporters::Outlets;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Collectors that left, kept at most.
const GONE: usize = 16;
/// Samples kept of all series of all collectors together, not counting the tiers'.
const SAMPLES: usize = 200_000;
/// Milliseconds that a scrape may be older than it was seen.
const LATE: i64 = 300_000;
/// Series of one collector.
const SERIES: usize = 28;

/// Every collector that was scraped, or should have been.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Collectors {
    by_uid: BTreeMap<String, Arc<Collector>>,
    /// Pods of the agents and of the cluster collector; the gateway's are in `Session::pods`.
    pods: BTreeMap<String, (Role, PodSeen)>,
    configs: BTreeMap<Role, ConfigSeen>,
    outlets: BTreeMap<Role, Arc<Outlets>>,
    tiers: BTreeMap<Role, Tier>,
    pub losses: Losses,
    summed: Option<i64>,
}

impl Collectors {
    /// Takes in a scrape. `began` is the session's start.
    pub fn take(&mut self, ms: i64, began: i64, seen: &Arc<CollectorSeen>) {
        // By its own clock, which may be off: never in the future, and at most minutes ago.
        let ms = seen.measured.map_or(ms, |at| at.timestamp_millis().clamp(ms - LATE, ms));
        let mean = self.mean_accepted(seen.role, ms);
        let tier = self.tiers.entry(seen.role).or_default();
        let share = SAMPLES / (SERIES * self.by_uid.len().max(1));
        let one = Arc::make_mut(self.by_uid.entry(seen.uid.clone()).or_default());
        one.outlets = self.outlets.get(&seen.role).cloned();
        let rise = one.take(ms, began, seen, mean);
        one.keep(share.max(64));
        tier.add(&rise);
        self.losses.take(ms, seen, &rise);
    }

    /// A scrape failed.
    pub fn lost(&mut self, ms: i64, lost: &CollectorLost) {
        Arc::make_mut(self.by_uid.entry(lost.uid.clone()).or_default()).lost(ms, lost);
    }

    /// How many there are, including those that left.
    pub fn count(&self) -> usize {
        self.by_uid.len()
    }

    /// How many pods of collectors are known, besides the one with this uid.
    pub fn pod_count(&self, besides: &str) -> usize {
        self.pods.len() - usize::from(self.pods.contains_key(besides))
    }

    /// Takes in a version of an agent's or the cluster collector's pod.
    pub fn pod(&mut self, role: Role, pod: &PodSeen) {
        self.pods.insert(pod.uid.clone(), (role, pod.clone()));
    }

    /// Takes in the configuration of a tier.
    pub fn configured(&mut self, seen: &ConfigSeen) {
        self.configs.insert(seen.role, seen.clone());
        self.outlets.insert(seen.role, Arc::new(exporters::outlets(seen)));
    }

    /// A pod left.
    pub fn leave(&mut self, ms: i64, uid: &str) {
        self.pods.remove(uid);
        if let Some(one) = self.by_uid.get_mut(uid) {
            Arc::make_mut(one).gone = Some(ms);
        }
        let mut gone: Vec<(i64, String)> =
            self.by_uid.iter().filter_map(|(uid, c)| Some((c.gone?, uid.clone()))).collect();
        if gone.len() > GONE {
            gone.sort();
            gone[..gone.len() - GONE].iter().for_each(|(_, uid)| {
                self.by_uid.remove(uid);
            });
        }
    }

    /// Sums up the tiers every few seconds.
    pub fn tick(&mut self, ms: i64) {
        if self.by_uid.is_empty() || self.summed.is_some_and(|then| ms - then < tier::SUM_EVERY) {
            return;
        }
        self.summed = Some(ms);
        for (role, tier) in &mut self.tiers {
            tier.sum(ms, self.by_uid.values().map(Arc::as_ref).filter(|c| c.role == *role && c.gone.is_none()));
        }
    }

    /// The collector in the pod with this uid.
    pub fn of(&self, uid: &str) -> Option<&Collector> {
        self.by_uid.get(uid).map(Arc::as_ref)
    }

    /// The collectors of a tier that exist.
    pub fn live(&self, role: Role) -> impl Iterator<Item = &Collector> {
        self.by_uid.values().map(Arc::as_ref).filter(move |c| c.role == role && c.gone.is_none())
    }

    /// All collectors, including those that left.
    pub fn all(&self) -> impl Iterator<Item = &Collector> {
        self.by_uid.values().map(Arc::as_ref)
    }

    /// A tier that was scraped at least once.
    pub fn tier(&self, role: Role) -> Option<&Tier> {
        self.tiers.get(&role)
    }

    /// The configuration of a tier, where it could be read.
    pub fn config(&self, role: Role) -> Option<&ConfigSeen> {
        self.configs.get(&role)
    }

    /// The pods of the agents or of the cluster collector, scraped or not.
    pub fn pods(&self, role: Role) -> impl Iterator<Item = &PodSeen> {
        self.pods.values().filter(move |(r, _)| *r == role).map(|(_, pod)| pod)
    }

    /// The fullest queue of a tier as of now.
    pub fn fullest(&self, role: Role) -> Option<(&Collector, Queue)> {
        let queues = self.live(role).filter(|c| c.lost.is_none()).filter_map(|c| Some((c, c.fullest()?)));
        queues.max_by(|a, b| a.1.ratio().total_cmp(&b.1.ratio()))
    }

    /// What became of a signal's items, tier by tier, since the session began.
    pub fn account(&self, signal: Signal) -> Account {
        tier::account(&self.tiers, signal)
    }

    /// How the load is spread over the gateway's Ready pods; None while there is no load or fewer than two of them.
    pub fn skew(&self, pods: &Pods, now: i64) -> Option<Skew> {
        skew::skew(|uid| self.of(uid), pods, now)
    }

    /// The mean of what a tier's pods accept per second.
    fn mean_accepted(&self, role: Role, ms: i64) -> f64 {
        let rates: Vec<f64> = self.live(role).filter_map(|c| c.accepted.now(ms, c.max_gap())).collect();
        rates.iter().sum::<f64>() / rates.len().max(1) as f64
    }
}
