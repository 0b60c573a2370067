//! Which syncs there were: those that the status reported, and between them those that left no trace. Must not explain them.

use super::evidence::Evidence;
use super::observed_hpa::{ObservedHpa, PendingSync};
use super::sync_case::SyncCase;
use super::{Decisions, memory::ControllerMemory};
use crate::observe::{Feed, FeedState, HpaSeen, Time};
use crate::session::{controller, hpa_status};

/// Milliseconds after which no further sample is waited for.
const PATIENCE: i64 = 25_000;
/// What was at the same time is seen up to this much later, milliseconds.
const GRACE: i64 = 1200;
/// Pending syncs at most.
const PENDING: usize = 12;
/// Periods without an observation that are predicted at most.
pub const PREDICTED: i64 = 20;
/// A new or edited HPA may be synced at once; the sync after this long does not follow from the edit, milliseconds.
const NEW: i64 = 12_000;
/// A watch that went on brings what it missed within this time, milliseconds.
const UNCHANGED: i64 = 2000;
/// The controller's events of rescales that are kept.
const RESCALES: usize = 32;

fn time(ms: i64) -> Time {
    Time::from_timestamp_millis(ms).unwrap_or_default()
}

impl Decisions {
    pub(super) fn feed_status(&mut self, ms: i64, feed: Feed, state: FeedState) {
        if feed != Feed::Hpa || self.hpa.is_none() {
            return;
        }
        match state {
            // A watch that has just started is still connecting while it lists.
            FeedState::Connecting => {}
            FeedState::Up => self.resumed = Some(ms),
            _ => {
                (self.blind, self.lost, self.resumed) = (true, self.lost || state != FeedState::Stale, None);
                self.signs.interrupt();
            }
        }
    }

    /// The watch has gone on for a while without another version: the HPA is as it was. Syncs may have been missed only where
    /// the watch was lost, as one that was silent goes on from where it was.
    fn sees_again(&mut self, now: i64) {
        if !self.blind || self.resumed.is_none_or(|resumed| now - resumed < UNCHANGED) {
            return;
        }
        self.blind = false;
        if std::mem::take(&mut self.lost) {
            self.begin_again(now);
        }
    }

    /// What happened before `ms` is not known any more, but for what was recommended last.
    fn begin_again(&mut self, ms: i64) {
        self.memory.begin(time(ms), self.hpa.as_ref().and_then(|hpa| hpa_status::recommended(&hpa.seen)));
        self.last = None;
        self.silent.clear();
    }

    pub(super) fn hpa_gone(&mut self) {
        (self.hpa, self.last, self.asked, self.last_observed) = (None, None, None, None);
        self.pending.clear();
        self.silent.clear();
        self.missing = 0;
        self.sync_period.interrupt();
        self.memory = ControllerMemory::default();
    }

    /// Rescales from before the watch began, as events report them: milliseconds since 1970, from, to.
    pub(super) fn earlier(&mut self, rescales: &[(i64, Option<i32>, i32)]) {
        let behavior = self.hpa.as_ref().and_then(|h| h.spec.as_ref()).map(|s| s.behavior.clone());
        let mut all = rescales.to_vec();
        if let Some(own) = self.began_with {
            // The status that the watch began with reports the last of them.
            all.retain(|r| (r.0 - own.0).abs() >= 1000);
            all.insert(all.partition_point(|r| r.0 < own.0), own);
        }
        self.memory.earlier(behavior.as_ref().and_then(Option::as_ref), &all);
    }

    /// The controller's own event of a rescale.
    pub(super) fn rescaled(&mut self, ms: i64, to: i32) {
        self.rescales.push_back((ms, to));
        if self.rescales.len() > RESCALES {
            self.rescales.pop_front();
        }
        self.has_news = true;
    }

    /// A version of the HPA, seen at `ms`.
    pub(super) fn hpa_seen(&mut self, ms: i64, seen: &HpaSeen, resolution: i64) {
        if let Some(newer) = self.hpa.as_ref().filter(|newer| newer.is_after(ms, seen)).cloned() {
            return self.hpa_seen_late(ms, &newer, seen, resolution);
        }
        let blind = std::mem::take(&mut self.blind);
        self.lost = false;
        self.base = controller::proven(std::mem::take(&mut self.base), seen);
        let Some(before) = self.hpa.clone().filter(|k| k.seen.uid == seen.uid) else {
            self.hpa_gone();
            return self.begin(ms, seen);
        };
        self.sync_period.state(seen.sync_period_s.map(|s| i64::from(s) * 1000));
        if seen.status != before.seen.status {
            match blind {
                true => self.missed(ms, &before, seen),
                false => self.observed(ms, before.clone(), seen, resolution),
            }
        } else if blind {
            self.begin_again(ms);
        }
        let hpa = ObservedHpa::of(ms, seen, Some(&before));
        let moved = seen.target != before.seen.target;
        if hpa.spec != before.spec || moved {
            // Syncs before an edit followed the spec of that time. Newer versions sync an edited HPA at once.
            self.predict(ms);
            if self.base.edits_at_once {
                self.sync_period.interrupt();
            }
        }
        if moved {
            // The other target has replicas of its own.
            self.asked = None;
        }
        self.hpa = Some(hpa);
        self.has_news = true;
    }

    /// A version that is older than the one here: what the watch began with, where it had only begun. Else the newer one says
    /// all that it said.
    fn hpa_seen_late(&mut self, ms: i64, newer: &ObservedHpa, older: &HpaSeen, resolution: i64) {
        if self.rows.is_empty() && self.sync_period.last().is_none() {
            self.hpa_gone();
            self.begin(newer.ms, older);
            self.hpa_seen(ms, &newer.seen, resolution);
        }
    }

    fn begin(&mut self, ms: i64, seen: &HpaSeen) {
        let is_new = seen.created.is_some_and(|made| ms - made.timestamp_millis() < NEW);
        self.sync_period.state(seen.sync_period_s.map(|s| i64::from(s) * 1000));
        self.asked = hpa_status::desired(seen);
        let status = &seen.status;
        let rescaled = hpa_status::condition(seen, "AbleToScale").is_some_and(|c| c.reason == "SucceededRescale");
        let last = status.last_scale.filter(|_| rescaled && status.current_replicas != Some(status.desired_replicas));
        self.began_with = last.map(|at| (at.timestamp_millis(), status.current_replicas, status.desired_replicas));
        match (is_new, hpa_status::current(seen), seen.created) {
            (false, ..) => self.memory.begin(time(ms), hpa_status::recommended(seen)),
            // Its first sync, which notes the size that it finds, was between its creation and now.
            (true, Some(current), Some(made)) => {
                self.memory.memory.seed(current, time((made.timestamp_millis() + ms) / 2));
            }
            _ => {}
        }
        self.hpa = Some(ObservedHpa::of(ms, seen, None));
        self.earlier(&[]);
    }

    /// Syncs happened that were not watched: their result is known, not how it came about.
    fn missed(&mut self, ms: i64, before: &ObservedHpa, seen: &HpaSeen) {
        let spec = before.spec.clone();
        if let (Some(from), Some(when), Some(spec)) =
            (before.seen.status.current_replicas, seen.status.last_scale, spec)
            && seen.status.last_scale != before.seen.status.last_scale
        {
            self.memory.rescaled(spec.behavior.as_ref(), from, seen.status.desired_replicas, when);
        }
        self.asked = hpa_status::desired(seen);
        self.memory.begin(time(ms), hpa_status::recommended(seen));
        self.pending.clear();
        self.silent.clear();
        self.sync_period.interrupt();
        self.last = None;
    }

    /// The status changed, so there was a sync.
    fn observed(&mut self, ms: i64, before: ObservedHpa, seen: &HpaSeen, resolution: i64) {
        let known = self.sync_period.last();
        self.sync_period.take(ms, resolution);
        self.at_work(ms, false);
        self.fill(known, ms, &before);
        let evidence = Evidence::of(&before.seen, &seen.status);
        self.pending.push_back(PendingSync { ms, observed: true, before, evidence, tried: false, doubtful: false });
        self.last = Some(ms);
        self.silent.clear();
        self.missing = 0;
    }

    /// Between two known syncs there were as many without a trace as whole periods fit: those that were predicted are placed
    /// evenly between them, the others are added or taken back. Where the controller was held up meanwhile, there may have been
    /// fewer, and none of them is known to have been.
    fn fill(&mut self, known: Option<i64>, ms: i64, before: &ObservedHpa) {
        let stopped = known.is_some_and(|known| self.signs.stopped_between(known, ms));
        // Where no known sync is the last one, what was predicted too near was this one.
        let Some(known) = known.filter(|_| self.last.is_some() && !stopped) else {
            let near = self.sync_period.period() / 2;
            while self.pending.back().is_some_and(|p| !p.observed && ms - p.ms < near) {
                self.pending.pop_back();
            }
            return;
        };
        let gap = ms - known;
        let periods = self.sync_period.periods(gap);
        if periods > PREDICTED {
            return;
        }
        let wanted = usize::try_from(periods - 1).unwrap_or_default();
        let place = |n: usize| known + gap * i64::try_from(n + 1).unwrap_or(1) / periods;
        let held_up = self.missing > 0 || self.sync_period.was_held_up(gap);
        let when = self.signs.longest_between(known, ms, self.sync_period.period());
        let doubtful = |at: i64| held_up && when.is_none_or(|(from, to)| (from..to).contains(&at));
        while self.silent.len() + self.waiting() > wanted {
            if self.waiting() > 0 {
                self.pending.pop_back();
            } else {
                self.retract();
            }
        }
        for (n, at) in self.silent.clone().into_iter().enumerate() {
            if doubtful(place(n)) {
                self.retract_row(at.timestamp_millis());
            }
            self.memory.place(at, SyncCase::before_status(place(n)));
        }
        let (settled, waiting) = (self.silent.len(), self.waiting());
        let first = self.pending.len() - waiting;
        for (n, pending) in self.pending.iter_mut().skip(first).enumerate() {
            pending.ms = place(settled + n);
            pending.doubtful = doubtful(pending.ms);
        }
        for n in settled + waiting..wanted {
            self.push_inferred(place(n), before.clone(), doubtful(place(n)));
        }
    }

    /// Inferred syncs at the end of those that wait to be settled.
    fn waiting(&self) -> usize {
        self.pending.iter().rev().take_while(|p| !p.observed).count()
    }

    /// Takes back the last inferred sync that was settled: there was none.
    pub(super) fn retract(&mut self) {
        if let Some(at) = self.silent.pop() {
            self.forget(at);
        }
    }

    /// There was no sync at `at`, which was inferred and settled.
    pub(super) fn forget(&mut self, at: Time) {
        self.memory.retract(at);
        self.retract_row(at.timestamp_millis());
    }

    /// Adds the syncs up to `until` that left no trace in the status.
    pub(super) fn predict(&mut self, until: i64) {
        let period = self.sync_period.distance();
        while let (Some(last), Some(hpa), false) = (self.last, &self.hpa, self.blind) {
            let next = last + period;
            if until < next || period <= 0 {
                break;
            }
            if until - next > PREDICTED * period {
                // The session was suspended; syncs that it did not watch are not made up.
                self.last = None;
                self.silent.clear();
                if let Some(at) = Time::from_timestamp_millis(until) {
                    self.memory.begin(at, hpa_status::recommended(&hpa.seen));
                }
                break;
            }
            let before = hpa.clone();
            self.push_inferred(next, before, false);
            self.last = Some(next);
        }
    }

    pub(super) fn push_inferred(&mut self, ms: i64, before: ObservedHpa, doubtful: bool) {
        if self.has_no_holder(ms) {
            return;
        }
        let evidence = Evidence::of(&before.seen, &before.seen.status);
        self.pending.push_back(PendingSync { ms, observed: false, before, evidence, tried: false, doubtful });
    }

    /// The time is `now`: predicts syncs that left no trace, and settles what can be settled.
    pub(super) fn settle_all(&mut self, now: i64) {
        self.sees_again(now);
        // A sync that changed the status would have been seen by then.
        self.predict(now - self.sync_period.period() * 2 / 5);
        while let Some(oldest) = self.pending.front() {
            let late = now - oldest.ms > PATIENCE
                || self.pending.len() > PENDING
                || self.inputs.last_seen().is_some_and(|seen| seen > oldest.ms + 500 && now > seen + GRACE);
            // What the pods were is not known before what is seen late has come.
            let pods_change = || self.inputs.pods_change(oldest.ms - GRACE, oldest.ms + GRACE);
            if !late && now < oldest.ms + GRACE && pods_change() {
                break;
            }
            if oldest.tried && !late && !self.has_news {
                break;
            }
            if !self.settle(late) {
                break;
            }
        }
        self.has_news = false;
    }
}
