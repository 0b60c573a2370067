//! What the decisions were made from, kept until the controller's period and flags are known well: then all is read again with
//! them, so that the first syncs are judged by what was learned from later ones. Must not judge.

use super::flags::Flags;
use super::sync::{Cause, Sync};
use super::{Decisions, Settled};
use crate::hpa;
use crate::observe::{Feed, FeedState, HpaSeen, MetricValuesSeen, PodSeen, TargetSeen, Time, UsageSeen, WatchingSeen};
use crate::session::controller;
use crate::session::series::ChunkedList;
use std::cmp::Reverse;
use std::sync::Arc;

/// Inputs kept at most, and for how long after the first, milliseconds. What is learned later counts from then on only.
const MOST: usize = 20_000;
const LONGEST: i64 = 1_800_000;
/// How often all is read again at most.
const REREADS: u32 = 8;

/// One input.
#[derive(Clone, Debug, PartialEq)]
pub enum Input {
    Settings(Arc<hpa::Settings>),
    Feed(Feed, FeedState),
    Pod(Arc<PodSeen>),
    PodGone(Arc<str>),
    /// The scale's `spec.replicas` and `status.replicas`.
    Scale(Option<i32>, Option<i32>),
    Usage(Arc<UsageSeen>),
    HpaGone,
    /// The HPA, and the interval of the samples in milliseconds.
    Hpa(Arc<HpaSeen>, i64),
    /// Rescales from before the watch began: milliseconds since 1970, from, to.
    Earlier(Arc<[(i64, Option<i32>, i32)]>),
    /// The controller's own event of a rescale: when, milliseconds since 1970, and to which size.
    Rescaled(i64, i32),
    /// The controller manager's lease was acquired by its holder at this time, milliseconds since 1970.
    Lease(i64),
    /// When the lease was renewed last, milliseconds since 1970, where it is no longer renewed.
    Lapsed(Option<i64>),
    /// The controller synced another HPA.
    OtherSynced,
    /// The values of an external or custom metric.
    Values(Arc<MetricValuesSeen>),
    Tick,
}

/// The inputs so far.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Log {
    /// With their times, milliseconds since 1970.
    inputs: ChunkedList<(i64, Input)>,
    /// How often all was read again.
    rereads: u32,
    /// It was too much to keep.
    full: bool,
}

impl Log {
    fn keep(&mut self, ms: i64, input: &Input) {
        let too_long = self.inputs.first().is_some_and(|first| ms - first.0 > LONGEST);
        if self.full || too_long || self.inputs.len() >= MOST {
            (self.full, self.inputs) = (true, ChunkedList::default());
            return;
        }
        self.inputs.push((ms, input.clone()));
    }
}

impl Decisions {
    pub(in crate::session) fn watching(&mut self, ms: i64, watching: &WatchingSeen) {
        self.take(ms, Input::Settings(Arc::new(controller::settings(&watching.server_version))));
    }

    pub(in crate::session) fn feed(&mut self, ms: i64, feed: Feed, state: FeedState) {
        self.take(ms, Input::Feed(feed, state));
    }

    pub(in crate::session) fn hpa_deleted(&mut self, ms: i64) {
        self.take(ms, Input::HpaGone);
    }

    /// Rescales from before the watch began, as events report them: milliseconds since 1970, from, to.
    pub(in crate::session) fn earlier_rescales(
        &mut self,
        now: i64,
        all: impl Iterator<Item = (i64, Option<i32>, i32)>,
    ) {
        let all: Arc<[_]> = all.collect();
        if !all.is_empty() {
            self.take(now, Input::Earlier(all));
        }
    }

    /// The controller's own event of a rescale: when, milliseconds since 1970, and to which size.
    pub(in crate::session) fn rescale_event(&mut self, now: i64, at: i64, to: i32) {
        self.take(now, Input::Rescaled(at, to));
    }

    /// The controller manager's lease was acquired by its holder at `acquired`.
    pub(in crate::session) fn lease(&mut self, now: i64, acquired: Time) {
        self.take(now, Input::Lease(acquired.timestamp_millis()));
    }

    /// The lease was renewed last at `renewed`, and is no longer; None where it is renewed.
    pub(in crate::session) fn lease_lapsed(&mut self, now: i64, renewed: Option<Time>) {
        self.take(now, Input::Lapsed(renewed.map(|at| at.timestamp_millis())));
    }

    /// The controller synced another HPA.
    pub(in crate::session) fn other_synced(&mut self, ms: i64) {
        self.take(ms, Input::OtherSynced);
    }

    /// The values of an external or custom metric.
    pub(in crate::session) fn values(&mut self, ms: i64, values: &MetricValuesSeen) {
        self.take(ms, Input::Values(Arc::new(values.clone())));
    }

    pub(in crate::session) fn pod(&mut self, ms: i64, pod: &PodSeen) {
        self.take(ms, Input::Pod(Arc::new(pod.clone())));
    }

    pub(in crate::session) fn pod_gone(&mut self, ms: i64, uid: &str) {
        self.take(ms, Input::PodGone(uid.into()));
    }

    pub(in crate::session) fn target(&mut self, ms: i64, target: Option<&TargetSeen>) {
        let (spec, status) = target.map(|t| (t.spec_replicas, t.replicas)).unwrap_or_default();
        self.take(ms, Input::Scale(spec, status));
    }

    pub(in crate::session) fn usage(&mut self, ms: i64, usage: &UsageSeen) {
        self.take(ms, Input::Usage(Arc::new(usage.clone())));
    }

    /// Whether a version of the HPA, seen at `ms`, is older than the one here and came after it.
    pub(in crate::session) fn is_late(&self, ms: i64, seen: &HpaSeen) -> bool {
        self.hpa.as_ref().is_some_and(|newer| newer.is_after(ms, seen))
    }

    /// A version of the HPA, seen at `at`. `resolution` is the interval of the samples, milliseconds.
    pub(in crate::session) fn hpa(&mut self, at: Time, seen: &HpaSeen, resolution: i64) {
        self.take(at.timestamp_millis(), Input::Hpa(Arc::new(seen.clone()), resolution));
    }

    /// Takes in an input at `ms`.
    fn take(&mut self, ms: i64, input: Input) {
        self.log.keep(ms, &input);
        self.apply(ms, input);
    }

    fn apply(&mut self, ms: i64, input: Input) {
        match input {
            Input::Settings(base) => {
                let base = (*base).clone();
                self.base = match &self.hpa {
                    Some(hpa) => controller::proven(base, &hpa.seen),
                    None => base,
                };
            }
            Input::Feed(feed, state) => self.feed_status(ms, feed, state),
            Input::Pod(pod) => self.inputs.pod(ms, &pod),
            Input::PodGone(uid) => self.inputs.pod_gone(ms, &uid),
            Input::Scale(spec, status) => self.inputs.scale.set(ms, (spec, status)),
            Input::Usage(usage) => {
                self.inputs.usage(ms, &usage);
                self.has_news = true;
            }
            Input::HpaGone => self.hpa_gone(),
            Input::Hpa(seen, resolution) => self.hpa_seen(ms, &seen, resolution),
            Input::Earlier(rescales) => self.earlier(&rescales),
            Input::Rescaled(at, to) => self.rescaled(at, to),
            Input::Lease(acquired) => self.lease_acquired(acquired),
            Input::Lapsed(renewed) => self.lease_renewed_last(renewed),
            Input::OtherSynced => self.at_work(ms, true),
            Input::Values(values) => self.inputs.values(ms, &values),
            Input::Tick => {}
        }
    }

    /// The time is `now`.
    pub(in crate::session) fn advance(&mut self, now: i64) {
        if self.log.inputs.last().is_none_or(|last| last.0 / 1000 != now / 1000) {
            self.log.keep(now, &Input::Tick);
        }
        self.settle_all(now);
        if self.wants_reread() {
            self.read_again(now);
        }
    }

    /// Whether something was learned that also holds for the syncs before.
    fn wants_reread(&self) -> bool {
        let period = self.sync_period.is_sure_of_another(self.read_with);
        (period || self.has_learned) && !self.log.full && self.log.rereads < REREADS
    }

    /// Reads everything again with what is known now. Flags have to hold over all of it: where as much agrees without them, they
    /// are none.
    fn read_again(&mut self, now: i64) {
        let period = self.sync_period.period();
        let mut log = std::mem::take(&mut self.log);
        log.rereads += 1;
        let mut best = self.read(&log, now, period, self.flags.without_cases(), false);
        if self.flags.found().next().is_some() {
            let without = self.read(&log, now, period, self.flags.rejected(), false);
            best = if without.merit() >= best.merit() { without } else { best };
        }
        // A controller that seems to restart again and again may have run on, with another flag.
        if best.restarts() > 1 {
            let steady = self.read(&log, now, period, Flags::default(), true);
            let steady = self.read(&log, now, period, steady.flags.without_cases(), true);
            best = if steady.merit() > best.merit() { steady } else { best };
            best.steady = false;
        }
        if self.read_with != period || best.merit() >= self.merit() {
            *self = best;
        }
        (self.read_with, self.has_learned, self.log) = (period, false, log);
    }

    /// The syncs settled so far with their inputs, as far as the log goes back.
    pub(super) fn settled_before(&mut self, now: i64) -> Vec<Settled> {
        let Some(last) = self.rows().last().map(|row| row.last).filter(|_| !self.log.full) else { return Vec::new() };
        self.journal = Some(Vec::new());
        let again = self.read(&self.log, now, self.sync_period.period(), self.flags.without_cases(), false);
        let mut all = again.journal.unwrap_or_default();
        // One that is pending here is settled later.
        all.retain(|settled| settled.sync.first <= last);
        all
    }

    /// The log, read with a period and flags; `steady` is without restarts.
    fn read(&self, log: &Log, now: i64, period: i64, flags: Flags, steady: bool) -> Decisions {
        let mut again = Decisions::read_with(period, flags);
        again.steady = steady;
        again.hint = self.memory.restart;
        again.acquired = self.acquired.clone();
        (again.journal, again.most) = (self.journal.as_ref().map(|_| Vec::new()), self.most);
        for (ms, input) in log.inputs.iter() {
            again.apply(*ms, input.clone());
            again.settle_all(*ms);
        }
        again.settle_all(now);
        again
    }

    /// How well it was read: the part of the known syncs that the arithmetic explains, in millionths; where that is equal, the
    /// reading that assumes fewer restarts and flags, and leaves less unexplained, is better.
    fn merit(&self) -> (u64, Reverse<usize>) {
        let all = self.score.all();
        let weight = |sync: &Sync| match sync.cause {
            Some(Cause::NotExplained(_)) => 2,
            Some(Cause::Restart | Cause::OtherFlag(_)) => 1,
            _ => 0,
        };
        let agreed = u64::from(all.agreed) * 1_000_000 / u64::from(all.of.max(1));
        (agreed, Reverse(self.rows.iter().map(weight).sum()))
    }
}
