//! Every sync of the HPA controller, reconstructed from what was watched, and compared with what it really did.
//!
//! ```text
//! log ─► hpa, target, pods, usage ─► inputs (last minutes)
//!   └──► status changes ─► schedule, sync period ─► pending syncs ─► case ─► best run ─► hypotheses ─► memory corrected
//!                                                                                                   └─► Sync, score
//! ```
//!
//! A sync that changes nothing in the status leaves no trace; it is inferred from the sync period. A sync is settled when a
//! run of the arithmetic fits all that the controller reported, or when no further sample can help. What is learned of the
//! period and the flags holds from the beginning: the log is read again with it. Deterministic, bounded, no clock; must not
//! word anything.

pub mod evidence;
pub mod flag;
pub mod flags;
mod hypotheses;
pub mod inputs;
pub mod limit;
mod log;
pub mod memory;
pub mod next;
mod observed_hpa;
mod reported;
mod restart;
mod schedule;
pub mod score;
mod signs;
mod silence;
pub mod sync;
pub mod sync_case;
pub mod sync_period;
pub mod window;

use super::series::ChunkedList;
use crate::hpa;
use crate::observe::Time;
use flag::Flag;
use flags::Flags;
use hypotheses::{
    Background, Explanation, FIGURES, INFERRED, RESULT, WITHOUT_CAUSE, first, without_assumed_recommendation,
};
use inputs::Inputs;
use log::Log;
use memory::ControllerMemory;
use next::{NextSync, UnwatchedWindow};
use observed_hpa::{ObservedHpa, PendingSync};
use restart::Restart;
use score::Score;
use signs::Signs;
use std::collections::VecDeque;
use std::sync::Arc;
use sync::{BasisKind, Cause, Computation, Computed, Sync};
use sync_case::{Attempt, SyncCase};
use sync_period::SyncPeriod;

/// Rows kept: a day of syncs that all differ.
const ROWS: usize = 5800;
/// Rows that keep their full computation.
const COMPUTATIONS: usize = 100;
/// Syncs kept with their inputs while shadows run: six hours of them; and how many of the oldest go at once.
const RECENT: usize = 1440;
const OLDEST: usize = 240;
/// An event of a rescale is this much before or after the sync that it belongs to, milliseconds; its own time has whole seconds.
const EVENT: i64 = 2500;
/// How far an inferred sync may have been from its place, milliseconds.
const SLACK: i64 = 1500;

/// The syncs so far.
#[derive(Clone, Debug, PartialEq)]
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
    /// Inferred syncs since the last known one, as they are in the memory.
    silent: Vec<Time>,
    /// The controller's own events of rescales: milliseconds since 1970, size.
    rescales: VecDeque<(i64, i32)>,
    /// The rescale that the status reported with which the watch began: milliseconds since 1970, from, to.
    began_with: Option<(i64, Option<i32>, i32)>,
    /// A restart that later syncs showed.
    hint: Option<Restart>,
    /// When the controller manager's lease was acquired, milliseconds since 1970, ascending; empty where it is not known.
    acquired: Vec<i64>,
    /// When the lease was renewed last, milliseconds since 1970, where it is no longer renewed.
    lapsed: Option<i64>,
    /// When the controller was at work, on any HPA.
    signs: Signs,
    /// Syncs since the last known one that should have changed the status.
    missing: u32,
    /// No restart is looked for: a reading to compare with one that has several.
    steady: bool,
    /// The watch of the HPA is interrupted.
    blind: bool,
    /// It was more than silent: versions may have been missed.
    lost: bool,
    /// When it went on, milliseconds since 1970; None while it has not.
    resumed: Option<i64>,
    /// Something was observed that may settle a pending sync.
    has_news: bool,
    /// Something was learned of the flags that holds from the beginning.
    has_learned: bool,
    log: Log,
    /// The period with which the log was read.
    read_with: i64,
    /// Every settled sync with its inputs, or the recent ones; None where nobody wants them.
    journal: Option<Vec<Settled>>,
    /// How many of them are kept at most.
    most: usize,
}

/// A settled sync, with all that went into it.
#[derive(Clone, Debug, PartialEq)]
pub struct Settled {
    pub sync: Sync,
    /// At the time that it was settled on, with the controller's memory before it.
    pub case: Arc<SyncCase>,
    pub settings: hpa::Settings,
}

impl Default for Decisions {
    fn default() -> Self {
        Decisions::read_with(sync_period::DEFAULT, Flags::default())
    }
}

impl Decisions {
    /// Nothing yet, with a period (milliseconds) and flags that are believed until shown otherwise.
    fn read_with(period: i64, flags: Flags) -> Self {
        Decisions {
            rows: ChunkedList::default(),
            score: Score::default(),
            sync_period: SyncPeriod::starting(period),
            flags,
            memory: ControllerMemory::default(),
            inputs: Inputs::default(),
            pending: VecDeque::new(),
            base: hpa::Settings::default(),
            hpa: None,
            last: None,
            asked: None,
            last_observed: None,
            silent: Vec::new(),
            rescales: VecDeque::new(),
            began_with: None,
            hint: None,
            acquired: Vec::new(),
            lapsed: None,
            signs: Signs::default(),
            missing: 0,
            steady: false,
            blind: false,
            lost: false,
            resumed: None,
            has_news: false,
            has_learned: false,
            log: Log::default(),
            read_with: period,
            journal: None,
            most: usize::MAX,
        }
    }

    /// Keeps every settled sync with its inputs from now on.
    pub fn keep_journal(&mut self) {
        self.journal = Some(Vec::new());
    }

    /// Keeps the recent settled syncs with their inputs from now on, or no longer. Those so far are read again, as far as their
    /// inputs are still known. Where all are kept, they stay.
    pub(super) fn keep_recent(&mut self, now: i64, wanted: bool) {
        match (&self.journal, wanted) {
            (None, true) => {
                self.most = RECENT + OLDEST;
                self.journal = Some(self.settled_before(now));
            }
            (Some(_), false) if self.most < usize::MAX => self.journal = None,
            _ => {}
        }
    }

    /// Every settled sync with its inputs, oldest first; empty where they are not kept.
    pub fn journal(&self) -> &[Settled] {
        self.journal.as_deref().unwrap_or_default()
    }

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

    /// When the next sync is expected, milliseconds since 1970; None while the last one is unknown or long ago.
    pub fn expected(&self, now: i64) -> Option<i64> {
        let last = self.last.filter(|_| !self.blind && self.silence(now).is_none())?;
        let period = self.sync_period.distance();
        let periods = (now - last).max(0) / period + 1;
        (periods <= schedule::PREDICTED).then_some(last + periods * period)
    }

    /// What the next sync would do, for the target's `current` replicas; see [`next::decision`].
    pub fn next(&self, now: i64, current: Option<i32>) -> Option<NextSync> {
        let at = self.expected(now).unwrap_or(now);
        let times = next::Times { last: self.last, now, at };
        next::decision(self.hpa.as_ref()?, &self.inputs, &self.memory, &self.settings(), times, current)
    }

    /// Rescales before this time (milliseconds since 1970) are known from events only.
    pub(super) fn known_from(&self) -> i64 {
        self.memory.known_from.map_or(i64::MIN, |from| from.timestamp_millis())
    }

    /// The scale-down window, as long as what it holds is not all known.
    pub fn unwatched(&self, now: i64) -> Option<UnwatchedWindow> {
        next::unwatched(self.hpa.as_ref()?, &self.memory, &self.settings(), now)
    }

    /// Settles the oldest pending sync if a run fits it or if it must be; returns whether it did.
    fn settle(&mut self, must: bool) -> bool {
        let Some(mut oldest) = self.pending.pop_front() else { return false };
        let Some(spec) = oldest.before.spec.clone() else { return true };
        if !must && self.changed_by_other(&oldest).is_some() {
            // The controller's own event may still come.
            oldest.tried = true;
            self.pending.push_front(oldest);
            return false;
        }
        let at = SyncCase::before_status(oldest.ms);
        self.memory.space(at, self.sync_period.period());
        let case = SyncCase {
            at,
            spec,
            status: oldest.before.status(),
            world: SyncCase::empty_world(),
            memory: self.memory.memory.clone(),
            observed: oldest.evidence.clone(),
        };
        let settings = self.settings();
        let slack = if oldest.observed { 0 } else { SLACK.min(self.sync_period.period() / 6) };
        let best = case.best(&self.inputs, &settings, slack);
        if !best.fit.full() && !must {
            oldest.tried = true;
            self.pending.push_front(oldest);
            return false;
        }
        if !oldest.observed && self.is_contradicted(&oldest, slack, &case, &settings, &best) {
            self.missing += 1;
            return true;
        }
        let settled = self.conclude(&oldest, case, best, settings);
        if !oldest.doubtful {
            self.add(settled);
        }
        true
    }

    /// Whether an inferred sync cannot have happened: one after a rescale would report the new size, samples and values that were
    /// there before it would have changed the status, and so would one that does not give what the status reports.
    fn is_contradicted(
        &self,
        sync: &PendingSync,
        slack: i64,
        case: &SyncCase,
        settings: &hpa::Settings,
        best: &Attempt,
    ) -> bool {
        let ms = sync.ms - slack;
        if case.observed.able == "SucceededRescale" || self.inputs.values_differ(ms, &sync.before.seen) {
            return true;
        }
        let available = self.inputs.answers(ms).find(|a| a.seen < ms - 500);
        let used = best.basis.seen.filter(|_| best.fit.figures);
        let read = best.basis.kind == BasisKind::Samples;
        if read && available.is_some_and(|a| used.is_none_or(|seen| seen < a.seen)) {
            return true;
        }
        let there = case.clone().at_world(best.world.clone());
        !best.fit.replicas && first(&INFERRED, &self.background(settings), &there, best).is_none()
    }

    /// Explains a sync, and corrects the controller's memory by what it really did.
    fn conclude(
        &mut self,
        pending: &PendingSync,
        mut case: SyncCase,
        mut best: Attempt,
        mut settings: hpa::Settings,
    ) -> Settled {
        let observed = &pending.evidence;
        let mut cause = self.changed_by_other(pending);
        if let Some((at, _)) = self.own_rescale(pending)
            && let (Some(from), Some(to), Some(at)) = (self.asked, observed.current, Time::from_timestamp_millis(at))
        {
            // The controller rescaled, and its status was not written.
            self.memory.rescaled(case.spec.behavior.as_ref(), from, to, at);
        }
        if let Some(restart) = self.suspected_restart(&case, &settings) {
            self.flags.doubt(restart.from);
            settings = self.settings();
            self.memory.restart = Some(restart);
            self.may_explain_more(restart);
        }
        let as_seen = (!best.fit.figures).then(|| case.clone().at_world(best.world.clone()));
        if !best.fit.figures && pending.observed {
            let explanation = first(&FIGURES, &self.background(&settings), &case, &best);
            cause = self.commit(explanation, &mut case, &mut best, &mut settings).or(cause);
        }
        case = case.at_world(best.world.clone());
        if best.fit.figures && !best.fit.full() {
            let explanation = match pending.observed {
                true => self.explained(&settings, &case, &mut best),
                false => first(&INFERRED, &self.background(&settings), &case, &best),
            };
            case = case.at_world(best.world.clone());
            cause = self.commit(explanation, &mut case, &mut best, &mut settings).or(cause);
        }
        let agrees = best.fit.replicas;
        let current = observed.current.or(best.decision.current).unwrap_or(observed.controller);
        if !agrees && cause.is_none() {
            // When a controller restarted, and what it saw first, is known to within a sync period at best.
            let in_doubt = best.fit.figures && self.memory.has_restarted(&case.spec, &settings, case.at);
            let unexplained = || hypotheses::unexplained(&self.background(&settings), &case, &best, [None; 2]);
            cause = Some(if in_doubt { Cause::Restart } else { unexplained() });
        }
        if matches!(cause, Some(Cause::NotExplained(_))) {
            self.flags.searched_in_vain();
        }
        // A flag has to hold for every sync.
        self.has_learned |= !agrees && pending.observed && self.flags.found().next().is_some();
        let recommended = match agrees {
            true => best.decision.recommended.filter(|_| best.decision.stabilization.is_some()),
            false => self.memory.correct(&best.decision, observed, &case.spec, &settings, case.at),
        };
        let basis = best.basis.kind;
        let computed = Computed::of(&best.decision, current);
        let exact = best.fit.full() && basis != BasisKind::Status;
        let computation =
            Computation::new(best.decision, case.spec.clone(), settings.clone(), &self.memory).map(Arc::new);
        if pending.observed {
            self.last_observed = Some(pending.ms);
        }
        self.memory.remember(current, recommended, case.at);
        self.memory.doubt(case.at, best.others);
        if !pending.observed {
            self.memory.infers(case.at);
            if self.sync_period.last().is_none_or(|known| pending.ms > known) {
                self.silent.push(case.at);
            }
        }
        if observed.rescaled && observed.controller != current {
            self.memory.rescaled(case.spec.behavior.as_ref(), current, observed.controller, case.at);
        }
        if pending.observed || !agrees {
            // With the samples that were seen: those that the controller used may not be among them.
            let kept = as_seen.filter(|_| basis == BasisKind::Status).unwrap_or_else(|| case.clone());
            self.flags.keep(kept, &self.base);
        }
        let sync = Sync {
            first: pending.ms,
            last: pending.ms,
            count: 1,
            inferred: u32::from(!pending.observed),
            names: pending.before.names.clone(),
            computed,
            controller: observed.controller,
            rescaled: observed.rescaled,
            agrees,
            exact,
            cause,
            basis: best.basis,
            computation,
        };
        Settled { sync, case: Arc::new(case), settings }
    }

    /// Explains the result of a known sync whose figures are right: without a cause where that is possible, also over another
    /// world that gives the same figures, which then takes the place of the best one.
    fn explained(&self, settings: &hpa::Settings, case: &SyncCase, best: &mut Attempt) -> Option<Explanation> {
        let known = self.background(settings);
        let plain = |attempt: &Attempt| first(&WITHOUT_CAUSE, &known, case, attempt);
        if let Some(explanation) = plain(best) {
            return Some(explanation);
        }
        for other in best.alternatives.iter().map(|other| best.with(other)) {
            let explanation = plain(&other).or_else(|| without_assumed_recommendation(&known, case, &other));
            if let Some(explanation) = explanation {
                *best = other;
                return Some(explanation);
            }
        }
        first(&RESULT, &known, case, best)
    }

    /// The restarts that nothing but the syncs themselves shows.
    fn restarts(&self) -> usize {
        match self.acquired.is_empty() {
            true => self.rows.iter().filter(|row| row.cause == Some(Cause::Restart)).count(),
            false => 0,
        }
    }

    /// A restart may explain syncs that were not explained before it was suspected.
    fn may_explain_more(&mut self, restart: Restart) {
        let open = |r: &Sync| matches!(r.cause, Some(Cause::NotExplained(_))) && r.last >= restart.at;
        self.has_learned |= self.hint != Some(restart) && self.rows.iter().rev().take(20).any(open);
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
            period: self.sync_period.distance(),
            sync_period: Some(&self.sync_period).filter(|_| self.acquired.is_empty() && !self.steady),
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
            self.has_learned = true;
        }
        it.retracted.iter().for_each(|at| self.retract_row(at.timestamp_millis()));
        if let Some(memory) = it.memory {
            case.memory = memory.clone();
            self.memory.memory = memory;
        }
        if let Some(restart) = it.restart {
            self.may_explain_more(restart);
            self.has_learned |= self.restarts() > 0;
            self.memory.forgets(restart);
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

    fn add(&mut self, settled: Settled) {
        let sync = settled.sync.clone();
        if let Some(journal) = &mut self.journal {
            if journal.len() >= self.most {
                journal.drain(..OLDEST);
            }
            journal.push(settled);
        }
        self.score.add(&sync);
        self.asked = Some(sync.controller);
        if self.rows.last().is_some_and(|last| last.is_like(&sync))
            && let Some(last) = self.rows.last_mut()
        {
            last.last = sync.last;
            last.count += sync.count;
            last.inferred += sync.inferred;
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

    /// Takes back the inferred sync near `ms`, milliseconds since 1970: there was none.
    fn retract_row(&mut self, ms: i64) {
        let distance = self.sync_period.distance();
        let is_it = |sync: &Sync| sync.inferred > 0 && sync.first - SLACK <= ms && ms <= sync.last + SLACK;
        if let Some(journal) = &mut self.journal
            && let Some(i) = journal.iter().rposition(|settled| is_it(&settled.sync))
        {
            journal.remove(i);
        }
        let Some(i) = (0..self.rows.len()).rev().find(|i| self.rows.get(*i).is_some_and(is_it)) else { return };
        let Some(row) = self.rows.get_mut(i) else { return };
        self.score.retract(&Sync { count: 1, inferred: 1, ..row.clone() });
        if row.count > 1 {
            (row.count, row.inferred) = (row.count - 1, row.inferred - 1);
            if ms > row.last - SLACK {
                row.last = (row.last - distance).max(row.first);
            }
            return;
        }
        let later: Vec<Sync> = self.rows.iter().skip(i + 1).cloned().collect();
        self.rows.truncate(i);
        later.into_iter().for_each(|row| self.rows.push(row));
    }

    /// Whether something other than the controller changed the replicas before a sync.
    fn changed_by_other(&self, sync: &PendingSync) -> Option<Cause> {
        match (self.asked, sync.evidence.current) {
            (Some(from), Some(to)) if from != to && self.own_rescale(sync).is_none() => {
                Some(Cause::ChangedByOther { from, to })
            }
            _ => None,
        }
    }

    /// The controller's own event of a rescale to the size that a sync found, where its status did not report that: when, in
    /// milliseconds since 1970, and the size.
    fn own_rescale(&self, sync: &PendingSync) -> Option<(i64, i32)> {
        let found = sync.evidence.current.filter(|to| Some(*to) != self.asked)?;
        let since = self.last_observed? - EVENT;
        let own = |r: &&(i64, i32)| r.1 == found && r.0 >= since && r.0 <= sync.ms + EVENT;
        self.rescales.iter().rev().find(own).copied()
    }

    /// A restart that is suspected and was not before: another controller manager took the lease, or the syncs are shifted.
    fn suspected_restart(&self, case: &SyncCase, settings: &hpa::Settings) -> Option<Restart> {
        if self.steady {
            return None;
        }
        let since = case.at.timestamp_millis() - memory::horizon(&case.spec, settings).num_milliseconds();
        let hint = self.hint.filter(|hint| hint.at <= case.at.timestamp_millis() + SLACK && hint.at >= since);
        let until = case.at.timestamp_millis();
        // The new holder's first sync notes what it finds; that is what stays in its memory.
        let started = self.acquired.iter().rev().filter(|at| **at <= until);
        let by_lease = started.into_iter().find_map(|at| self.sync_period.around(*at)).filter(|s| s.at >= since);
        // Where the lease is known, a shift without a new holder is a controller that was held up.
        let shift = || by_lease.or_else(|| self.sync_period.shift(since).filter(|_| self.acquired.is_empty()));
        let shifted = |s: sync_period::Shift| Restart { from: s.from, at: s.at, period: self.sync_period.distance() };
        let restart = hint.or_else(|| shift().map(shifted))?;
        let known = self.memory.restart.is_some_and(|r| (r.from, r.at) == (restart.from, restart.at));
        (!known).then_some(restart)
    }
}
