//! Every sync of the HPA controller, reconstructed from what was watched, and compared with what it really did.
//!
//! ```text
//! hpa, target, pods, usage ─► inputs (last minutes)
//! status changes ─► sync period ─► pending syncs ─► case ─► best run ─► hypotheses ─► memory corrected ─► Sync, score
//! ```
//!
//! A sync that changes nothing in the status leaves no trace; it is predicted from the sync period. A sync is settled when a
//! run of the arithmetic fits all that the controller reported, or when no further sample can help. Deterministic, bounded,
//! no clock; must not word anything.

pub mod evidence;
pub mod flag;
pub mod flags;
mod hypotheses;
pub mod inputs;
pub mod limit;
pub mod memory;
pub mod next;
mod observed_hpa;
mod restart;
pub mod score;
pub mod sync;
pub mod sync_case;
pub mod sync_period;
pub mod window;

use super::controller;
use super::series::ChunkedList;
use crate::hpa;
use crate::observe::{Feed, FeedState, HpaSeen, PodSeen, TargetSeen, Time, UsageSeen, WatchingSeen};
use evidence::Evidence;
use flag::Flag;
use flags::Flags;
use hypotheses::{Background, Explanation, FIGURES, RESULT, first};
use inputs::Inputs;
use memory::ControllerMemory;
use next::UnwatchedWindow;
use observed_hpa::{ObservedHpa, PendingSync};
use score::Score;
use std::collections::VecDeque;
use std::sync::Arc;
use sync::{BasisKind, Cause, Computation, Computed, Divergence, Sync};
use sync_case::{Attempt, SyncCase};
use sync_period::{SyncPeriod, SyncTiming};

/// Rows kept: a day of syncs that all differ.
const ROWS: usize = 5800;
/// Rows that keep their full computation.
const COMPUTATIONS: usize = 100;
/// Milliseconds after which no further sample is waited for.
const PATIENCE: i64 = 25_000;
/// Pending syncs at most.
const PENDING: usize = 12;
/// Periods without an observation that are predicted at most.
const PREDICTED: i64 = 20;

/// The syncs so far.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Decisions {
    /// Ascending in time.
    rows: ChunkedList<Sync>,
    pub score: Score,
    pub sync_period: SyncPeriod,
    pub(crate) flags: Flags,
    pub(crate) memory: ControllerMemory,
    inputs: Inputs,
    pending: VecDeque<PendingSync>,
    /// The settings of the controller's version, at their defaults.
    base: hpa::Settings,
    hpa: Option<ObservedHpa>,
    /// The last sync, observed or predicted, milliseconds since 1970.
    last: Option<i64>,
    /// The replicas that the controller asked for last.
    asked: Option<i32>,
    /// The last settled sync that the status reported, milliseconds since 1970.
    last_observed: Option<i64>,
    /// The watch of the HPA is interrupted.
    blind: bool,
    /// Something was observed that may settle a pending sync.
    has_news: bool,
}

impl Decisions {
    /// The syncs, oldest first.
    pub fn rows(&self) -> &ChunkedList<Sync> {
        &self.rows
    }

    /// The settings of the controller: the version's, with the flags that were inferred.
    pub fn settings(&self) -> hpa::Settings {
        self.flags.settings(&self.base)
    }

    /// The flags that were inferred.
    pub fn inferred_flags(&self) -> impl Iterator<Item = Flag> {
        self.flags.found()
    }

    pub(crate) fn inputs(&self) -> &Inputs {
        &self.inputs
    }

    /// When the next sync is expected, milliseconds since 1970; None while the last one is unknown or long ago.
    pub fn expected(&self, now: i64) -> Option<i64> {
        let last = self.last.filter(|_| !self.blind)?;
        let period = self.sync_period.period();
        let periods = (now - last).max(0) / period + 1;
        (periods <= PREDICTED).then_some(last + periods * period)
    }

    /// What the next sync would do, for the target's `current` replicas; see [`next::decision`].
    pub fn next(&self, now: i64, current: Option<i32>) -> Option<hpa::Decision> {
        let at = self.expected(now).unwrap_or(now);
        next::decision(self.hpa.as_ref()?, &self.inputs, &self.memory, &self.settings(), (now, at), current)
    }

    /// The scale-down window, as long as what it holds is not all known.
    pub fn unwatched(&self, now: i64) -> Option<UnwatchedWindow> {
        next::unwatched(self.hpa.as_ref()?, &self.memory, &self.settings(), now)
    }

    pub(super) fn watching(&mut self, watching: &WatchingSeen) {
        self.base = controller::settings(&watching.server_version);
        if let Some(hpa) = &self.hpa {
            self.base = controller::proven(std::mem::take(&mut self.base), &hpa.seen);
        }
    }

    pub(super) fn feed_status(&mut self, feed: Feed, state: FeedState) {
        // A watch that has just started is still connecting while it lists.
        if feed == Feed::Hpa && self.hpa.is_some() && !matches!(state, FeedState::Up | FeedState::Connecting) {
            self.blind = true;
        }
    }

    pub(super) fn pod(&mut self, ms: i64, pod: &PodSeen) {
        self.inputs.pod(ms, pod);
    }

    pub(super) fn pod_gone(&mut self, ms: i64, uid: &str) {
        self.inputs.pod_gone(ms, uid);
    }

    pub(super) fn target(&mut self, ms: i64, target: Option<&TargetSeen>) {
        self.inputs.scale.set(ms, target.map(|t| (t.spec_replicas, t.replicas)).unwrap_or_default());
    }

    pub(super) fn usage(&mut self, ms: i64, usage: &UsageSeen) {
        self.inputs.usage(ms, usage);
        self.has_news = true;
    }

    pub(super) fn hpa_gone(&mut self) {
        (self.hpa, self.last, self.asked, self.last_observed) = (None, None, None, None);
        self.pending.clear();
        self.sync_period.interrupt();
        self.memory = ControllerMemory::default();
    }

    /// Rescales before this time (milliseconds since 1970) are known from events only.
    pub(super) fn known_from(&self) -> i64 {
        self.memory.known_from.map_or(i64::MIN, |from| from.timestamp_millis())
    }

    /// Rescales from before the watch began, as events report them: milliseconds since 1970, from, to.
    pub(super) fn earlier(&mut self, rescales: impl Iterator<Item = (i64, Option<i32>, i32)>) {
        let behavior = self.hpa.as_ref().and_then(|h| h.spec.as_ref()).map(|s| s.behavior.clone());
        for (ms, from, to) in rescales {
            self.memory.earlier(behavior.as_ref().and_then(Option::as_ref), ms, from, to);
        }
    }

    /// A version of the HPA, seen at `at`. `resolution` is the interval of the samples, milliseconds.
    pub(super) fn hpa(&mut self, at: Time, seen: &HpaSeen, resolution: i64) {
        let ms = at.timestamp_millis();
        let blind = std::mem::take(&mut self.blind);
        self.base = controller::proven(std::mem::take(&mut self.base), seen);
        let Some(before) = self.hpa.clone().filter(|k| k.seen.uid == seen.uid) else {
            self.hpa_gone();
            self.begin(at, seen);
            return;
        };
        if seen.status != before.seen.status {
            match blind {
                true => self.missed(at, &before, seen),
                false => self.observed(ms, before.clone(), seen, resolution),
            }
        } else if blind {
            self.memory.begin(at, self.asked);
            self.last = None;
        }
        let hpa = ObservedHpa::of(seen, Some(&before));
        if hpa.spec != before.spec {
            // Syncs before an edit followed the spec of that time.
            self.predict(ms);
        }
        self.hpa = Some(hpa);
        self.has_news = true;
    }

    fn begin(&mut self, at: Time, seen: &HpaSeen) {
        let is_new = seen.created.is_some_and(|made| at - made < chrono::TimeDelta::seconds(12));
        self.asked = Some(seen.status.desired_replicas).filter(|_| seen.status.current_replicas.is_some());
        if !is_new {
            self.memory.begin(at, self.asked);
        }
        self.hpa = Some(ObservedHpa::of(seen, None));
    }

    /// Syncs happened that were not watched: their result is known, not how it came about.
    fn missed(&mut self, at: Time, before: &ObservedHpa, seen: &HpaSeen) {
        let spec = before.spec.clone();
        if let (Some(from), Some(when), Some(spec)) =
            (before.seen.status.current_replicas, seen.status.last_scale, spec)
            && seen.status.last_scale != before.seen.status.last_scale
        {
            self.memory.rescaled(spec.behavior.as_ref(), from, seen.status.desired_replicas, when);
        }
        self.asked = Some(seen.status.desired_replicas);
        self.memory.begin(at, self.asked);
        self.pending.clear();
        self.sync_period.interrupt();
        self.last = None;
    }

    /// The status changed, so there was a sync.
    fn observed(&mut self, ms: i64, before: ObservedHpa, seen: &HpaSeen, resolution: i64) {
        let off_schedule = self.sync_period.take(ms, resolution) == SyncTiming::OffSchedule;
        // A predicted sync near it was this one.
        let near = self.sync_period.period() / 2;
        while self.pending.back().is_some_and(|p| !p.observed && ms - p.ms < near) {
            self.pending.pop_back();
        }
        let evidence = Evidence::of(&before.seen, &seen.status);
        self.pending.push_back(PendingSync { ms, observed: true, off_schedule, before, evidence, tried: false });
        self.last = Some(ms);
    }

    /// The time is `now`: predicts syncs that left no trace, and settles what can be settled.
    pub(super) fn advance(&mut self, now: i64) {
        // A sync that changed the status would have been seen by then.
        self.predict(now - self.sync_period.period() * 2 / 5);
        while let Some(oldest) = self.pending.front() {
            let late = now - oldest.ms > PATIENCE
                || self.pending.len() > PENDING
                || self.inputs.last_seen().is_some_and(|seen| seen > oldest.ms + 500);
            if oldest.tried && !late && !self.has_news {
                break;
            }
            if !self.settle(late) {
                break;
            }
        }
        self.has_news = false;
    }

    /// Adds the syncs up to `until` that left no trace in the status.
    fn predict(&mut self, until: i64) {
        let period = self.sync_period.period();
        while let (Some(last), Some(hpa), false) = (self.last, &self.hpa, self.blind) {
            let next = last + period;
            if until < next || period <= 0 {
                break;
            }
            if until - next > PREDICTED * period {
                // The session was suspended; syncs that it did not watch are not made up.
                self.last = None;
                if let Some(at) = Time::from_timestamp_millis(until) {
                    self.memory.begin(at, self.asked);
                }
                break;
            }
            let evidence = Evidence::of(&hpa.seen, &hpa.seen.status);
            let before = hpa.clone();
            self.pending.push_back(PendingSync {
                ms: next,
                observed: false,
                off_schedule: false,
                before,
                evidence,
                tried: false,
            });
            self.last = Some(next);
        }
    }

    /// Settles the oldest pending sync if a run fits it or if it must be; returns whether it did.
    fn settle(&mut self, must: bool) -> bool {
        let Some(mut oldest) = self.pending.pop_front() else { return false };
        let Some(spec) = oldest.before.spec.clone() else { return true };
        let case = SyncCase {
            at: SyncCase::before_status(oldest.ms),
            spec,
            status: oldest.before.status(),
            world: SyncCase::empty_world(),
            memory: self.memory.memory.clone(),
            observed: oldest.evidence.clone(),
        };
        let settings = self.settings();
        let best = case.best(&self.inputs, &settings);
        if !best.fit.full() && !must {
            oldest.tried = true;
            self.pending.push_front(oldest);
            return false;
        }
        if !oldest.observed && self.is_contradicted(oldest.ms, &oldest.evidence, &best) {
            return true;
        }
        let sync = self.conclude(&oldest, case, best, settings);
        self.add(sync);
        true
    }

    /// Whether a predicted sync cannot have happened: one after a rescale would report the new size, and samples that were
    /// there before it would have changed the status.
    fn is_contradicted(&self, ms: i64, observed: &Evidence, best: &Attempt) -> bool {
        if observed.able == "SucceededRescale" {
            return true;
        }
        let available = self.inputs.answers(ms).find(|a| a.seen < ms - 500);
        let used = best.basis.seen.filter(|_| best.fit.figures);
        let read = best.basis.kind == BasisKind::Samples;
        read && available.is_some_and(|a| used.is_none_or(|seen| seen < a.seen))
    }

    /// Explains a sync, corrects the controller's memory by what it really did, and returns the row.
    fn conclude(
        &mut self,
        pending: &PendingSync,
        mut case: SyncCase,
        mut best: Attempt,
        mut settings: hpa::Settings,
    ) -> Sync {
        let observed = &pending.evidence;
        let mut cause = changed_by_other(self.asked, observed.current);
        let background = self.background(&settings);
        if let Some(restart) = background.restart_by(case.at).filter(|_| pending.off_schedule) {
            self.flags.doubt(restart.from);
            settings = self.settings();
            self.memory.restart = Some(restart);
        }
        let as_seen = (!best.fit.figures).then(|| case.clone().at_world(best.world.clone()));
        if !best.fit.figures {
            let explanation = first(&FIGURES, &self.background(&settings), &case, &best);
            cause = self.commit(explanation, &mut case, &mut best, &mut settings).or(cause);
        }
        case = case.at_world(best.world.clone());
        if best.fit.figures && !best.fit.full() {
            let explanation = first(&RESULT, &self.background(&settings), &case, &best);
            cause = self.commit(explanation, &mut case, &mut best, &mut settings).or(cause);
        }
        let agrees = best.fit.replicas;
        let current = observed.current.or(best.decision.current).unwrap_or(observed.controller);
        if !agrees && cause.is_none() {
            // When a controller restarted, and what it saw first, is known to within a sync period at best.
            let in_doubt = best.fit.figures && self.memory.may_have_restarted(&case.spec, &settings, case.at);
            let divergence = || Divergence::of(&best.decision, observed.controller);
            cause = Some(if in_doubt { Cause::Restart } else { Cause::NotExplained(divergence()) });
        }
        let recommended = match agrees {
            true => best.decision.recommended.filter(|_| best.decision.stabilization.is_some()),
            false => self.memory.correct(&best.decision, observed, &case.spec, &settings, case.at),
        };
        let basis = best.basis.kind;
        let computed = Computed::of(&best.decision, current);
        let exact = best.fit.full() && basis != BasisKind::Status;
        let computation = Computation::new(best.decision, case.spec.clone(), settings, &self.memory).map(Arc::new);
        if pending.observed {
            self.last_observed = Some(pending.ms);
        }
        self.memory.remember(current, recommended, case.at);
        if observed.rescaled && observed.controller != current {
            self.memory.rescaled(case.spec.behavior.as_ref(), current, observed.controller, case.at);
        }
        if pending.observed || !agrees {
            // With the samples that were seen: those that the controller used may not be among them.
            self.flags.keep(as_seen.filter(|_| basis == BasisKind::Status).unwrap_or(case), &self.base);
        }
        Sync {
            first: pending.ms,
            last: pending.ms,
            count: 1,
            observed: pending.observed,
            names: pending.before.names.clone(),
            computed,
            controller: observed.controller,
            rescaled: observed.rescaled,
            agrees,
            exact,
            cause,
            basis: best.basis,
            computation,
        }
    }

    fn background<'a>(&'a self, settings: &'a hpa::Settings) -> Background<'a> {
        Background {
            inputs: &self.inputs,
            memory: &self.memory,
            flags: &self.flags,
            base: &self.base,
            settings,
            asked: self.asked,
            last_observed: self.last_observed,
            period: self.sync_period.period(),
        }
    }

    /// The one place where an explanation takes effect. Returns its cause.
    fn commit(
        &mut self,
        explanation: Option<Explanation>,
        case: &mut SyncCase,
        best: &mut Attempt,
        settings: &mut hpa::Settings,
    ) -> Option<Cause> {
        let it = explanation?;
        if let Some(inferred) = it.inferred {
            self.flags.adopt(&self.base, inferred.flag, case.at);
            *settings = inferred.settings;
        }
        if let Some(memory) = it.memory {
            self.memory.memory = memory;
        }
        if let Some(restart) = it.restart {
            (self.memory.restart, self.memory.known_from) = (Some(restart), None);
            self.flags.forget_cases();
        }
        if let Some((decision, fit)) = it.run {
            (best.decision, best.fit) = (decision, fit);
        }
        if let Some(world) = it.world {
            best.world = world;
        }
        best.basis.kind = it.basis.unwrap_or(best.basis.kind);
        case.at = it.at.unwrap_or(case.at);
        it.cause
    }

    fn add(&mut self, sync: Sync) {
        self.score.add(&sync);
        self.asked = Some(sync.controller);
        if self.rows.last().is_some_and(|last| last.is_like(&sync))
            && let Some(last) = self.rows.last_mut()
        {
            last.last = sync.last;
            last.count += 1;
            last.basis = sync.basis;
            last.computation = sync.computation;
            return;
        }
        self.rows.push(sync);
        self.rows.drop_front(self.rows.len().saturating_sub(ROWS));
        if let Some(old) = self.rows.len().checked_sub(COMPUTATIONS + 1)
            && let Some(row) = self.rows.get_mut(old)
        {
            row.computation = None;
        }
    }
}

/// Whether something other than the controller changed the replicas before a sync.
fn changed_by_other(asked: Option<i32>, found: Option<i32>) -> Option<Cause> {
    match (asked, found) {
        (Some(from), Some(to)) if from != to => Some(Cause::ChangedByOther { from, to }),
        _ => None,
    }
}
