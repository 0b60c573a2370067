//! Every sync of the HPA controller, reconstructed from what was watched, and held against what it really did.
//!
//! ```text
//! hpa, target, pods, usage ─► inputs (last minutes)
//! status changes ─► rhythm ─► waiting syncs ─► case ─► best run ─► explain ─► past corrected ─► Sync, score
//! ```
//!
//! A sync that changes nothing in the status leaves no trace; it follows from the rhythm. A sync is settled when a run
//! fits all that the controller told, or when no further sample can tell more. Deterministic, bounded, no clock.

pub mod budget;
pub mod case;
pub mod evidence;
mod explain;
pub mod flags;
pub(super) mod groups;
pub mod inputs;
mod limits;
pub mod next;
pub mod past;
mod restart;
pub mod rhythm;
pub mod score;
pub mod sync;
pub mod window;
pub mod words;

use super::{History, controller};
use crate::hpa::{self, Spec, Status};
use crate::observe::{Feed, FeedState, HpaSeen, PodSeen, TargetSeen, Time, UsageSeen, WatchingSeen};
use case::Case;
use evidence::Evidence;
use flags::Flags;
use inputs::Inputs;
use past::Past;
use rhythm::{Beat, Rhythm};
use score::Score;
use std::collections::VecDeque;
use std::sync::Arc;
use sync::{Cause, Sync};

/// Rows kept: a day of syncs, each told apart.
const ROWS: usize = 5800;
/// Rows that keep their full working.
const WORKED: usize = 100;
/// Milliseconds after which no further sample is waited for.
const PATIENCE: i64 = 25_000;
/// Syncs that wait to be settled at most.
const WAITING: usize = 12;

/// The syncs so far.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Decisions {
    /// Ascending in time.
    rows: History<Sync>,
    pub score: Score,
    pub rhythm: Rhythm,
    pub(crate) flags: Flags,
    pub(crate) past: Past,
    inputs: Inputs,
    waiting: VecDeque<Waiting>,
    /// The version's settings with their defaults.
    base: hpa::Settings,
    hpa: Option<Known>,
    /// The last sync, told or predicted, milliseconds since 1970.
    last: Option<i64>,
    /// What the controller asked for last.
    asked: Option<i32>,
    /// The last settled sync that the status told of, milliseconds since 1970.
    heard: Option<i64>,
    /// The watch of the HPA is interrupted.
    blind: bool,
    /// Something came in that may settle a waiting sync.
    news: bool,
}

/// The HPA with what is derived from it once.
#[derive(Clone, Debug, PartialEq)]
struct Known {
    seen: Arc<HpaSeen>,
    spec: Option<Arc<Spec>>,
    names: Arc<[String]>,
}

/// A sync that is not settled yet.
#[derive(Clone, Debug, PartialEq)]
struct Waiting {
    ms: i64,
    told: bool,
    /// It is off the rhythm.
    off: bool,
    before: Known,
    evidence: Evidence,
    tried: bool,
}

impl Decisions {
    /// The syncs, oldest first.
    pub fn rows(&self) -> &History<Sync> {
        &self.rows
    }

    /// The settings of the controller: the version's, with what was inferred.
    pub fn settings(&self) -> hpa::Settings {
        self.flags.settings(&self.base)
    }

    /// The flags that were inferred, in words.
    pub fn flags_text(&self) -> Vec<String> {
        self.flags.found().map(|f| f.text()).collect()
    }

    pub(crate) fn inputs(&self) -> &Inputs {
        &self.inputs
    }

    pub(super) fn watching(&mut self, watching: &WatchingSeen) {
        self.base = controller::settings(&watching.server_version);
    }

    pub(super) fn link(&mut self, feed: Feed, state: FeedState) {
        // A watch that has just begun connects still while it lists.
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
        self.news = true;
    }

    pub(super) fn hpa_gone(&mut self) {
        (self.hpa, self.last, self.asked, self.heard) = (None, None, None, None);
        self.waiting.clear();
        self.rhythm.interrupt();
        self.past = Past::default();
    }

    /// What was before (milliseconds since 1970) is only known by what was told of it.
    pub(super) fn known_from(&self) -> i64 {
        self.past.known_from.map_or(i64::MIN, |from| from.timestamp_millis())
    }

    /// Rescales from before the watch began, as events tell of them: milliseconds since 1970, from, to.
    pub(super) fn earlier(&mut self, rescales: impl Iterator<Item = (i64, Option<i32>, i32)>) {
        let behavior = self.hpa.as_ref().and_then(|h| h.spec.as_ref()).map(|s| s.behavior.clone());
        for (ms, from, to) in rescales {
            self.past.earlier(behavior.as_ref().and_then(Option::as_ref), ms, from, to);
        }
    }

    /// A version of the HPA, seen at `at`. `resolution` is the distance of the samples, milliseconds.
    pub(super) fn hpa(&mut self, at: Time, seen: &HpaSeen, resolution: i64) {
        let ms = at.timestamp_millis();
        let blind = std::mem::take(&mut self.blind);
        let Some(before) = self.hpa.clone().filter(|k| k.seen.uid == seen.uid) else {
            self.hpa_gone();
            self.begin(at, seen);
            return;
        };
        if seen.status != before.seen.status {
            match blind {
                true => self.missed(at, &before, seen),
                false => self.told(ms, before.clone(), seen, resolution),
            }
        } else if blind {
            self.past.begin(at, self.asked);
            self.last = None;
        }
        let known = Known::of(seen, Some(&before));
        if known.spec != before.spec {
            // Syncs before an edit followed the spec of then.
            self.predict(ms);
        }
        self.hpa = Some(known);
        self.news = true;
    }

    fn begin(&mut self, at: Time, seen: &HpaSeen) {
        let young = seen.created.is_some_and(|made| at - made < chrono::TimeDelta::seconds(12));
        self.asked = Some(seen.status.desired_replicas).filter(|_| seen.status.current_replicas.is_some());
        if !young {
            self.past.begin(at, self.asked);
        }
        self.hpa = Some(Known::of(seen, None));
    }

    /// Syncs happened that were not watched: their outcome is known, not how it came about.
    fn missed(&mut self, at: Time, before: &Known, seen: &HpaSeen) {
        let spec = before.spec.clone();
        if let (Some(from), Some(when), Some(spec)) =
            (before.seen.status.current_replicas, seen.status.last_scale, spec)
            && seen.status.last_scale != before.seen.status.last_scale
        {
            self.past.rescaled(spec.behavior.as_ref(), from, seen.status.desired_replicas, when);
        }
        self.asked = Some(seen.status.desired_replicas);
        self.past.begin(at, self.asked);
        self.waiting.clear();
        self.rhythm.interrupt();
        self.last = None;
    }

    fn told(&mut self, ms: i64, before: Known, seen: &HpaSeen, resolution: i64) {
        let off = self.rhythm.take(ms, resolution) == Beat::Off;
        // A predicted one that is near was this one.
        let near = self.rhythm.period() / 2;
        while self.waiting.back().is_some_and(|w| !w.told && ms - w.ms < near) {
            self.waiting.pop_back();
        }
        let evidence = Evidence::of(&before.seen, &seen.status);
        self.waiting.push_back(Waiting { ms, told: true, off, before, evidence, tried: false });
        self.last = Some(ms);
    }

    /// Time has come to `now`: predicts syncs that left no trace, and settles what can be.
    pub(super) fn advance(&mut self, now: i64) {
        // By then, one that changed the status would have been seen.
        self.predict(now - self.rhythm.period() * 2 / 5);
        while let Some(first) = self.waiting.front() {
            let late = now - first.ms > PATIENCE
                || self.waiting.len() > WAITING
                || self.inputs.answered().is_some_and(|seen| seen > first.ms + 500);
            if first.tried && !late && !self.news {
                break;
            }
            if !self.settle(late) {
                break;
            }
        }
        self.news = false;
    }

    /// Adds the syncs up to `until` that left no trace in the status.
    fn predict(&mut self, until: i64) {
        let period = self.rhythm.period();
        while let (Some(last), Some(hpa), false) = (self.last, &self.hpa, self.blind) {
            let next = last + period;
            if until < next || period <= 0 {
                break;
            }
            if until - next > 20 * period {
                // The session slept: what it did not see it does not make up.
                self.last = None;
                if let Some(at) = Time::from_timestamp_millis(until) {
                    self.past.begin(at, self.asked);
                }
                break;
            }
            let evidence = Evidence::of(&hpa.seen, &hpa.seen.status);
            let before = hpa.clone();
            self.waiting.push_back(Waiting { ms: next, told: false, off: false, before, evidence, tried: false });
            self.last = Some(next);
        }
    }

    /// Settles the first waiting sync, if a run fits it or it must be; whether it did.
    fn settle(&mut self, must: bool) -> bool {
        let Some(mut first) = self.waiting.pop_front() else { return false };
        let Some(spec) = first.before.spec.clone() else { return true };
        let case = Case {
            at: Case::moment(first.ms),
            spec,
            status: status(&first.before.seen),
            world: Case::nowhere(),
            past: self.past.memory.clone(),
            told: first.evidence.clone(),
        };
        let settings = self.settings();
        let attempt = case.best(&self.inputs, &settings);
        if !attempt.fit.full() && !must {
            first.tried = true;
            self.waiting.push_front(first);
            return false;
        }
        if !first.told && self.contradicted(first.ms, &first.evidence, &attempt) {
            return true;
        }
        let sync = self.explain(&first, case, attempt, settings);
        self.add(sync);
        true
    }

    /// Whether a predicted sync cannot have been: one after a rescale tells the new size, and samples that were there
    /// before it would have changed the status.
    fn contradicted(&self, ms: i64, told: &Evidence, attempt: &case::Attempt) -> bool {
        if told.able == "SucceededRescale" {
            return true;
        }
        let there = self.inputs.answers(ms).find(|a| a.seen < ms - 500);
        let used = attempt.basis.seen.filter(|_| attempt.fit.figures);
        let read = attempt.basis.kind == sync::BasisKind::Samples;
        read && there.is_some_and(|a| used.is_none_or(|seen| seen < a.seen))
    }

    fn add(&mut self, sync: Sync) {
        self.score.add(&sync);
        self.asked = Some(sync.controller);
        if self.rows.last().is_some_and(|last| last.like(&sync))
            && let Some(last) = self.rows.last_mut()
        {
            last.last = sync.last;
            last.count += 1;
            last.basis = sync.basis;
            last.worked = sync.worked;
            return;
        }
        self.rows.push(sync);
        self.rows.drop_front(self.rows.len().saturating_sub(ROWS));
        if let Some(old) = self.rows.len().checked_sub(WORKED + 1)
            && let Some(row) = self.rows.get_mut(old)
        {
            row.worked = None;
        }
    }
}

impl Known {
    fn of(seen: &HpaSeen, before: Option<&Known>) -> Self {
        let alike = |b: &&Known| {
            b.seen.metrics == seen.metrics
                && b.seen.behavior == seen.behavior
                && (b.seen.min_replicas, b.seen.max_replicas) == (seen.min_replicas, seen.max_replicas)
        };
        let (spec, names) = match before.filter(alike) {
            Some(b) => (b.spec.clone(), b.names.clone()),
            None => (controller::spec(seen).map(Arc::new), seen.metrics.iter().map(super::metrics::label).collect()),
        };
        Known { seen: Arc::new(seen.clone()), spec, names }
    }
}

/// What a sync reads of the status before it.
fn status(seen: &HpaSeen) -> Status {
    let zero = seen.status.conditions.iter().find(|c| c.kind == hpa::ConditionType::ScaledToZero.name());
    let conditions = zero.map(|c| hpa::Condition {
        kind: hpa::ConditionType::ScaledToZero,
        status: if c.status == "True" { hpa::ConditionStatus::True } else { hpa::ConditionStatus::False },
        reason: c.reason.clone(),
        message: c.message.clone(),
        since: c.since,
    });
    Status {
        current: seen.status.current_replicas.unwrap_or_default(),
        desired: seen.status.desired_replicas,
        last_scale: seen.status.last_scale,
        metrics: Vec::new(),
        conditions: conditions.into_iter().collect(),
    }
}

/// What somebody else made of the replicas before a sync.
fn changed_by_other(asked: Option<i32>, found: Option<i32>) -> Option<Cause> {
    match (asked, found) {
        (Some(from), Some(to)) if from != to => Some(Cause::ChangedByOther { from, to }),
        _ => None,
    }
}
