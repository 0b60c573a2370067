//! What a hypothesis is given, and what it changes where it explains a sync. Must not try any.

use crate::hpa::{Decision, Memory, Settings, World};
use crate::observe::Time;
use crate::session::decisions::evidence::Fit;
use crate::session::decisions::flags::{Flags, Inferred};
use crate::session::decisions::inputs::Inputs;
use crate::session::decisions::memory::ControllerMemory;
use crate::session::decisions::restart::Restart;
use crate::session::decisions::sync::{BasisKind, Cause};
use crate::session::decisions::sync_case::{Attempt, Run, SyncCase};
use crate::session::decisions::sync_period::SyncPeriod;

/// What is known of the controller when a sync is explained.
pub struct Background<'a> {
    pub inputs: &'a Inputs,
    pub memory: &'a ControllerMemory,
    pub flags: &'a Flags,
    /// The settings of the controller's version, at their defaults.
    pub base: &'a Settings,
    /// The same with the flags that were inferred.
    pub settings: &'a Settings,
    /// The replicas that the controller asked for last.
    pub asked: Option<i32>,
    /// The last settled sync that the status reported, milliseconds since 1970.
    pub last_observed: Option<i64>,
    /// The sync period, milliseconds.
    pub period: i64,
    /// The times of the syncs; None where the lease tells of restarts.
    pub sync_period: Option<&'a SyncPeriod>,
}

/// What a hypothesis changes where it explains a sync; None keeps what was assumed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Explanation {
    /// What to report; None where nothing is remarkable.
    pub cause: Option<Cause>,
    /// The run that replaces the best one so far.
    pub run: Option<(Decision, Fit)>,
    /// The time of the sync.
    pub at: Option<Time>,
    pub world: Option<World>,
    pub basis: Option<BasisKind>,
    /// A flag, to be kept from now on.
    pub inferred: Option<Inferred>,
    /// The controller's memory before the sync.
    pub memory: Option<Memory>,
    /// Inferred syncs that were none, by their times in the memory.
    pub retracted: Vec<Time>,
    /// The controller restarted: nothing from before that is in doubt any more.
    pub restart: Option<Restart>,
}

/// Explains a case with its best run so far, or does not apply.
pub type Hypothesis = fn(&Background, &SyncCase, &Attempt) -> Option<Explanation>;

/// The explanation of the first hypothesis that applies.
pub fn first(all: &[Hypothesis], known: &Background, case: &SyncCase, best: &Attempt) -> Option<Explanation> {
    all.iter().find_map(|hypothesis| hypothesis(known, case, best))
}

impl Explanation {
    /// By a run at another time, or with another memory; nothing is remarkable.
    pub fn by(run: Run) -> Self {
        Explanation { at: Some(run.at), run: Some((run.decision, run.fit)), ..Explanation::default() }
    }

    pub fn of(cause: Cause) -> Self {
        Explanation { cause: Some(cause), ..Explanation::default() }
    }
}

impl Background<'_> {
    /// A restart between the last observed sync and the first one of the new controller, at `at`.
    pub fn restart_by(&self, at: Time) -> Option<Restart> {
        Some(Restart { from: self.last_observed?, at: at.timestamp_millis(), period: self.period })
    }

    /// Whether recommendations or rescales that were not watched may still have an effect.
    pub fn is_history_unknown(&self, case: &SyncCase) -> bool {
        self.memory.is_unknown(&case.spec, self.settings, case.at)
    }

    /// Whether the memory is certain, since no restart is suspected.
    pub fn is_memory_certain(&self, case: &SyncCase) -> bool {
        !self.memory.may_have_restarted(&case.spec, self.settings, case.at)
    }
}
