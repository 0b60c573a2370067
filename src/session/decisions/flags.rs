//! Flags of the controller that are not at their default, inferred from syncs that only another value explains. Must
//! not explain one sync at the cost of those before.

use super::case::Case;
use super::past::longest_window;
use super::sync::turns;
use crate::hpa::Settings;
use chrono::TimeDelta;
use std::collections::VecDeque;
use std::sync::Arc;

/// Cases kept to hold a new value against.
const CASES: usize = 12;
/// Cases with more pods are not kept.
const PODS: usize = 200;

/// A flag and the value tried for it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Flag {
    /// Seconds.
    Initialization(i64),
    Readiness(i64),
    Stabilization(i64),
    Tolerance(f64),
}

/// What was inferred so far, and the syncs that it rests on.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Flags {
    /// With the sync that told of it, milliseconds since 1970.
    found: Vec<(Flag, i64)>,
    cases: VecDeque<Arc<Case>>,
}

impl Flag {
    pub fn set(self, settings: &mut Settings) {
        match self {
            Flag::Initialization(s) => settings.cpu_initialization = TimeDelta::seconds(s),
            Flag::Readiness(s) => settings.readiness_delay = TimeDelta::seconds(s),
            Flag::Stabilization(s) => settings.downscale_stabilization = TimeDelta::seconds(s),
            Flag::Tolerance(t) => settings.tolerance = t,
        }
    }

    /// `cpu initialization period about 10 s`.
    pub fn text(self) -> String {
        match self {
            Flag::Initialization(s) => format!("cpu initialization period about {s} s"),
            Flag::Readiness(s) => format!("initial readiness delay about {s} s"),
            Flag::Stabilization(s) => format!("downscale stabilization about {s} s"),
            Flag::Tolerance(t) => format!("tolerance about {t}"),
        }
    }

    fn same_kind(self, other: Flag) -> bool {
        std::mem::discriminant(&self) == std::mem::discriminant(&other)
    }
}

/// Windows that are tried, seconds.
const WINDOWS: [i64; 16] = [0, 5, 10, 15, 20, 30, 45, 60, 90, 120, 180, 240, 300, 600, 900, 1800];

/// Leaves out of a case's memory what no window that is tried would show.
fn forget_old(case: &mut Case, settings: &Settings) {
    let window = longest_window(&case.spec, settings).max(TimeDelta::seconds(WINDOWS[WINDOWS.len() - 1]));
    if let (Some(all), Some(since)) = (&mut case.past.recommendations, case.at.checked_sub_signed(window)) {
        *all = turns(&all[all.partition_point(|r| r.at < since).min(all.len().saturating_sub(1))..]);
    }
}

/// Values worth trying, nearest to those of `now` first. `figures`: those that change which pods count; else those that
/// change what is made of the figures.
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
    /// The settings with what was inferred.
    pub fn settings(&self, base: &Settings) -> Settings {
        let mut settings = base.clone();
        self.found.iter().for_each(|f| f.0.set(&mut settings));
        settings
    }

    /// What was inferred.
    pub fn found(&self) -> impl Iterator<Item = Flag> {
        self.found.iter().map(|f| f.0)
    }

    /// Takes back what was inferred since `ms`: the controller began anew then, which may have been the reason.
    pub fn doubt(&mut self, ms: i64) {
        self.found.retain(|f| f.1 <= ms);
    }

    /// Keeps a case that later values have to explain as well.
    pub fn keep(&mut self, mut case: Case, settings: &Settings) {
        if case.world.pods.len() > PODS {
            return;
        }
        forget_old(&mut case, settings);
        self.cases.push_back(Arc::new(case));
        if self.cases.len() > CASES {
            self.cases.pop_front();
        }
    }

    /// Forgets the cases, as the controller may have been started anew.
    pub fn forget(&mut self) {
        self.cases.clear();
    }

    /// A value that explains `case`, which the settings of now do not, and no fewer of the kept cases. `figures` says
    /// whether the figures differ already, `sure` whether the memory is known. What it finds holds from now on.
    pub fn infer(&mut self, base: &Settings, case: &Case, figures: bool, sure: bool) -> Option<(Flag, Settings)> {
        let (now, mut case) = (self.settings(base), case.clone());
        forget_old(&mut case, &now);
        let case = &case;
        let explains = |settings: &Settings, case: &Case| case.about(&case.world, &case.past, settings).is_some();
        // Figures that differ may be those of a sample that was not seen, and what a controller remembers that began anew
        // is in doubt for a while: then one case proves nothing.
        let least = if figures || !sure { 2 } else { 1 };
        // Only asked for once a value explains the case.
        let before = std::cell::OnceCell::new();
        let mut best: Option<(i64, Flag, Settings)> = None;
        for flag in candidates(figures, &now) {
            let mut settings = now.clone();
            flag.set(&mut settings);
            if settings == now || !explains(&settings, case) {
                continue;
            }
            if matches!(flag, Flag::Tolerance(_)) && case.run(&case.world, &case.past, &now).1.replicas {
                continue;
            }
            let explained = |settings: &Settings| self.cases.iter().filter(|c| explains(settings, c)).count() as i64;
            let gain = 1 + explained(&settings) - before.get_or_init(|| explained(&now));
            if gain >= least && best.as_ref().is_none_or(|b| gain > b.0) {
                best = Some((gain, flag, settings));
            }
        }
        let (_, flag, settings) = best?;
        self.found.retain(|f| !f.0.same_kind(flag));
        let mut usual = base.clone();
        flag.set(&mut usual);
        if usual != *base {
            self.found.push((flag, case.at.timestamp_millis()));
        }
        Some((flag, settings))
    }
}
