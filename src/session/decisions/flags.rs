//! Flags of the controller that are not at their default, inferred from syncs that only another value explains. Must
//! not explain one sync at the cost of those before.

use super::flag::Flag;
use super::memory::{longest_window, turns};
use super::sync_case::SyncCase;
use crate::hpa::Settings;
use crate::observe::Time;
use chrono::TimeDelta;
use std::collections::VecDeque;
use std::sync::Arc;

/// Cases kept to check a new value against.
const CASES: usize = 12;
/// Cases with more pods are not kept.
const PODS: usize = 200;

/// A flag that explains a sync, and the settings with it.
#[derive(Clone, Debug, PartialEq)]
pub struct Inferred {
    pub flag: Flag,
    pub settings: Settings,
}

/// The flags that were inferred so far, and the syncs that they rest on.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Flags {
    /// With the time of the sync that showed it, milliseconds since 1970.
    found: Vec<(Flag, i64)>,
    cases: VecDeque<Arc<SyncCase>>,
    /// Values that explain less over all syncs than they explain.
    rejected: Vec<Flag>,
    /// Syncs that no flag explained, since one was found.
    in_vain: u32,
}

/// After this many syncs that no flag explained, ...
const PATIENCE: u32 = 24;
/// ... only every one of this many is searched for one: a flag shows again and again, and a search tries hundreds of runs.
const SELDOM: u32 = 8;

/// Windows that are tried, seconds.
const WINDOWS: [i64; 16] = [0, 5, 10, 15, 20, 30, 45, 60, 90, 120, 180, 240, 300, 600, 900, 1800];

/// Drops from a case's memory what is outside every window that is tried.
fn forget_old(case: &mut SyncCase, settings: &Settings) {
    let window = longest_window(&case.spec, settings).max(TimeDelta::seconds(WINDOWS[WINDOWS.len() - 1]));
    if let (Some(all), Some(since)) = (&mut case.memory.recommendations, case.at.checked_sub_signed(window)) {
        *all = turns(&all[all.partition_point(|r| r.at < since).min(all.len().saturating_sub(1))..]);
    }
}

/// Values to try, those nearest to `now` first. With `figures`, the flags that decide which pods count; else those that decide
/// what results from the figures.
fn candidates(figures: bool, now: &Settings) -> Vec<Flag> {
    const PERIODS: [i64; 12] = [0, 5, 10, 15, 20, 30, 60, 90, 120, 180, 240, 600];
    const TOLERANCES: [f64; 10] = [0.1, 0.05, 0.15, 0.2, 0.01, 0.02, 0.25, 0.3, 0.5, 0.0];
    let near = |values: &[i64], at: TimeDelta| {
        let mut sorted = values.to_vec();
        sorted.sort_by_key(|v| (v - at.num_seconds()).abs());
        sorted
    };
    if figures {
        let init = near(&PERIODS, now.cpu_initialization).into_iter().map(Flag::Initialization);
        return init.chain(near(&PERIODS, now.readiness_delay).into_iter().map(Flag::Readiness)).collect();
    }
    let windows = near(&WINDOWS, now.downscale_stabilization).into_iter().map(Flag::Stabilization);
    windows.chain(TOLERANCES.into_iter().map(Flag::Tolerance)).collect()
}

impl Flags {
    /// The settings with the inferred flags.
    pub fn settings(&self, base: &Settings) -> Settings {
        let mut settings = base.clone();
        self.found.iter().for_each(|f| f.0.set(&mut settings));
        settings
    }

    /// The inferred flags.
    pub fn found(&self) -> impl Iterator<Item = Flag> {
        self.found.iter().map(|f| f.0)
    }

    /// Takes back what was inferred since `ms`: the controller restarted then, which may have been the reason.
    pub fn doubt(&mut self, ms: i64) {
        self.found.retain(|f| f.1 <= ms);
    }

    /// The same flags, without what they rest on.
    pub fn without_cases(&self) -> Self {
        // They hold from the beginning, so that no restart puts them in doubt.
        let found = self.found.iter().map(|f| (f.0, i64::MIN)).collect();
        Flags { found, rejected: self.rejected.clone(), ..Flags::default() }
    }

    /// No flag, and none of these values again.
    pub fn rejected(&self) -> Self {
        let rejected = self.rejected.iter().copied().chain(self.found()).collect();
        Flags { rejected, ..Flags::default() }
    }

    /// Keeps a case that later values have to explain, too.
    pub fn keep(&mut self, mut case: SyncCase, settings: &Settings) {
        if case.world.pods.len() > PODS {
            return;
        }
        forget_old(&mut case, settings);
        self.cases.push_back(Arc::new(case));
        if self.cases.len() > CASES {
            self.cases.pop_front();
        }
    }

    /// Forgets the cases, since the controller may have restarted with other flags.
    pub fn forget_cases(&mut self) {
        self.cases.clear();
    }

    /// Notes a sync that no flag explained.
    pub fn searched_in_vain(&mut self) {
        self.in_vain = self.in_vain.saturating_add(1);
    }

    /// A value that explains `case`, which the present settings do not, and no fewer of the kept cases. `figures`: whether
    /// already the figures differ; `sure`: whether the memory is certain.
    pub fn infer(&self, base: &Settings, case: &SyncCase, figures: bool, sure: bool) -> Option<Inferred> {
        if self.in_vain > PATIENCE && !self.in_vain.is_multiple_of(SELDOM) {
            return None;
        }
        let (now, mut case) = (self.settings(base), case.clone());
        forget_old(&mut case, &now);
        let case = &case;
        let explains = |settings: &Settings, case: &SyncCase| case.near(&case.world, &case.memory, settings).is_some();
        // Figures that differ may be those of an unseen sample, and the memory is uncertain for a while after a restart: then
        // one case proves nothing.
        let least = if figures || !sure { 2 } else { 1 };
        // Only computed once a value explains the case.
        let before = std::cell::OnceCell::new();
        let mut best: Option<(i64, Flag, Settings)> = None;
        for flag in candidates(figures, &now) {
            let mut settings = now.clone();
            flag.set(&mut settings);
            if settings == now || self.rejected.contains(&flag) || !explains(&settings, case) {
                continue;
            }
            if matches!(flag, Flag::Tolerance(_)) && case.run(&case.world, &case.memory, &now).1.replicas {
                continue;
            }
            let explained = |settings: &Settings| self.cases.iter().filter(|c| explains(settings, c)).count() as i64;
            let gain = 1 + explained(&settings) - before.get_or_init(|| explained(&now));
            if gain >= least && best.as_ref().is_none_or(|b| gain > b.0) {
                best = Some((gain, flag, settings));
            }
        }
        best.map(|(_, flag, settings)| Inferred { flag, settings })
    }

    /// Keeps a flag that the sync at `at` showed; a value equal to the default only removes what was inferred before.
    pub fn adopt(&mut self, base: &Settings, flag: Flag, at: Time) {
        self.in_vain = 0;
        self.found.retain(|f| !f.0.same_kind(flag));
        let mut changed = base.clone();
        flag.set(&mut changed);
        if changed != *base {
            self.found.push((flag, at.timestamp_millis()));
        }
    }
}
