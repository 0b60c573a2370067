//! One sync as a case: what went in, what the controller reported, and the arithmetic run over it with other samples, times or
//! settings. Must not remember anything between syncs.

use super::evidence::{Evidence, Fit, total};
use super::inputs::{Inputs, UsageList};
use super::reported;
use super::sync::{Basis, BasisKind};
use crate::hpa::{
    Decision, Memory, PodSample, Scale, Selector, Settings, Source, Spec, Status, Values, World, reconcile,
};
use crate::observe::Time;
use chrono::TimeDelta;
use std::{collections::BTreeMap, sync::Arc};

/// Milliseconds from the reading of the pods to the status that reports the sync.
pub(super) const WORK: i64 = 60;
/// How far a sync may have been from the time at which its status was seen, milliseconds.
const SHIFTS: [i64; 5] = [0, -150, 150, -400, 400];
/// A status is seen this much late on a machine that is not busy, milliseconds.
const NOISE: i64 = 1000;
/// Answers of the metrics API that the controller may have used.
const GENERATIONS: usize = 3;
/// How far what was seen of pods and of the status may be apart from what the controller saw, milliseconds before and after.
const SEEN: (i64, i64) = (2000, 1200);
/// States of the pods that are tried for one sync.
const STATES: usize = 40;
/// Runs with other recommendations that are kept.
const ALTERNATIVES: usize = 6;
/// With more pods, the first run that fits is taken for the only one.
const PODS: usize = 200;

/// What went into a sync.
#[derive(Clone, Debug, PartialEq)]
pub struct SyncCase {
    pub at: Time,
    pub spec: Arc<Spec>,
    pub status: Status,
    pub world: World,
    pub memory: Memory,
    pub observed: Evidence,
}

/// A run of the arithmetic over a world, and how it fits what the controller reported.
#[derive(Clone, Debug)]
pub struct Attempt {
    pub decision: Decision,
    pub world: World,
    pub basis: Basis,
    pub fit: Fit,
    /// Another time than the likeliest was needed.
    pub shifted: bool,
    /// Other recommendations that fit all that was reported as well.
    pub others: Vec<i32>,
    /// Where no run fits in everything: runs with the same figures and other recommendations, with their worlds.
    pub alternatives: Vec<(World, Decision, Fit)>,
}

/// A run of the arithmetic at a time.
#[derive(Clone, Debug)]
pub struct Run {
    pub at: Time,
    pub decision: Decision,
    pub fit: Fit,
}

impl Attempt {
    fn of(decision: Decision, world: World, basis: Basis, fit: Fit) -> Self {
        Attempt { decision, world, basis, fit, shifted: false, others: Vec::new(), alternatives: Vec::new() }
    }

    /// Keeps a run that fits no better, where it has the reported figures and a recommendation of its own.
    fn note(&mut self, world: World, decision: Decision, fit: Fit) {
        let known = || std::iter::once(&self.decision).chain(self.alternatives.iter().map(|a| &a.1));
        let is_new = !known().any(|d| d.recommended == decision.recommended);
        if fit.figures && is_new && self.alternatives.len() < ALTERNATIVES {
            self.alternatives.push((world, decision, fit));
        }
    }

    /// The same with an alternative in its place.
    pub fn with(&self, (world, decision, fit): &(World, Decision, Fit)) -> Self {
        Attempt { shifted: true, ..Attempt::of(decision.clone(), world.clone(), self.basis, *fit) }
    }
}

impl SyncCase {
    /// The arithmetic over a world, and how it fits.
    pub fn run(&self, world: &World, memory: &Memory, settings: &Settings) -> (Decision, Fit) {
        self.run_at(self.at, world, memory, settings)
    }

    fn run_at(&self, at: Time, world: &World, memory: &Memory, settings: &Settings) -> (Decision, Fit) {
        let mut memory = memory.clone();
        let decision = reconcile(&self.spec, &self.status, world, &mut memory, at, settings);
        let fit = self.observed.fit(&decision, settings);
        (decision, fit)
    }

    /// The first run that fits in everything, at the case's time or slightly beside it. Windows are whole periods long, so a
    /// small shift decides what is still in them.
    pub fn near(&self, world: &World, memory: &Memory, settings: &Settings) -> Option<Run> {
        self.shifted(&SHIFTS, world, memory, settings)
    }

    /// The same where its status, or an earlier one, may have been seen late: by up to a fifth of the sync period,
    /// milliseconds.
    pub fn late(&self, world: &World, memory: &Memory, settings: &Settings, period: i64) -> Option<Run> {
        self.shifted(&[-1, 1, -2, 2, -3, 3].map(|n| n * period / 15), world, memory, settings)
    }

    /// The same by as much as a status is seen late on a machine that is not busy.
    pub fn slightly_late(&self, world: &World, memory: &Memory, settings: &Settings, period: i64) -> Option<Run> {
        let late = NOISE.min(period / 4);
        self.shifted(&[-late, late], world, memory, settings)
    }

    fn shifted(&self, shifts: &[i64], world: &World, memory: &Memory, settings: &Settings) -> Option<Run> {
        shifts.iter().find_map(|ms| {
            let at = self.at.checked_add_signed(TimeDelta::milliseconds(*ms))?;
            let (decision, fit) = self.run_at(at, world, memory, settings);
            fit.full().then_some(Run { at, decision, fit })
        })
    }

    /// The run that fits best, over the samples and times that the controller may have seen, the likeliest first.
    /// `slack`: how much further than what is seen the sync itself may have been from its time, milliseconds.
    pub fn best(&self, inputs: &Inputs, settings: &Settings, slack: i64) -> Attempt {
        let ms = self.at.timestamp_millis();
        let mut best: Option<Attempt> = None;
        let mut offer = |world: World, basis: Basis, shifted: bool| -> bool {
            let (decision, fit) = self.run(&world, &self.memory, settings);
            if let Some(b) = best.as_mut().filter(|b| b.fit.full()) {
                let other =
                    decision.recommended.filter(|_| fit.full() && decision.recommended != b.decision.recommended);
                b.others.extend(other.filter(|o| !b.others.contains(o)));
                return true;
            }
            match best.as_mut() {
                Some(b) if fit <= b.fit => b.note(world, decision, fit),
                _ => best = Some(Attempt { shifted, ..Attempt::of(decision, world, basis, fit) }),
            }
            fit.full()
        };
        let blank = Basis::default();
        let bounds = (self.spec.min_replicas(), self.spec.max);
        let clamped = self.observed.current.is_some_and(|c| c > bounds.1 || c < bounds.0);
        if clamped {
            offer(self.world(inputs, ms - WORK, Ok(Vec::new())), blank, false);
        } else {
            self.search(inputs, slack, &mut offer);
        }
        if let Some(best) = &mut best {
            self.vary(inputs, settings, slack, best);
        }
        best.unwrap_or_else(|| {
            let world = self.world(inputs, ms - WORK, Err("no sample".into()));
            let (decision, fit) = self.run(&world, &self.memory, settings);
            Attempt::of(decision, world, blank, fit)
        })
    }

    /// Tries the best world with one of its pods as it was a little earlier or later.
    fn vary(&self, inputs: &Inputs, settings: &Settings, slack: i64, best: &mut Attempt) {
        if best.world.pods.len() > PODS {
            return;
        }
        let ms = self.at.timestamp_millis();
        for pods in inputs.variants(&best.world.pods, ms - SEEN.0 - slack, ms + SEEN.1 + slack, STATES) {
            let world = World { pods, ..best.world.clone() };
            let (decision, fit) = self.run(&world, &self.memory, settings);
            match best.fit.full() {
                true if fit.full() => {
                    let other = decision.recommended.filter(|_| decision.recommended != best.decision.recommended);
                    best.others.extend(other.filter(|o| !best.others.contains(o)));
                }
                false if fit > best.fit => {
                    *best = Attempt { decision, world, fit, shifted: true, ..best.clone() };
                }
                false => best.note(world, decision, fit),
                true => {}
            }
        }
    }

    fn search(&self, inputs: &Inputs, slack: i64, offer: &mut impl FnMut(World, Basis, bool) -> bool) {
        let ms = self.at.timestamp_millis();
        if let Some(why) = &self.observed.failed {
            let down = self.world(inputs, ms - WORK, Err(why.clone()));
            if offer(down, Basis::default(), false) {
                return;
            }
        }
        // The pods of a rescale appear before the status that reports it.
        let likely = if self.observed.rescaled { ms - 1000 } else { ms - WORK };
        // What is of no pod is divided by the scale's own replicas.
        let by_scale = self.spec.metrics.iter().any(|m| !is_resource(&m.source));
        let times = inputs.states(likely, ms - SEEN.0 - slack, ms + SEEN.1 + slack, by_scale, STATES);
        let by_samples = self.spec.metrics.iter().any(|m| is_resource(&m.source));
        let mut try_all = |status: Option<i32>| {
            let mut found = false;
            for (n, time) in times.iter().enumerate() {
                if !by_samples {
                    let world = self.world_of(inputs, *time, Ok(Vec::new()), status);
                    found |= offer(world, Basis::default(), n > 0);
                    continue;
                }
                for answer in inputs.answers(ms + slack).take(GENERATIONS) {
                    let (kind, sampled, seen) = (BasisKind::Samples, Some(answer.newest), Some(answer.seen));
                    for samples in listed(answer) {
                        let world = self.world_of(inputs, *time, Ok(samples), status);
                        let many = world.pods.len() > PODS;
                        found |= offer(world, Basis { kind, sampled, seen }, n > 0);
                        if found && many {
                            return true;
                        }
                    }
                }
            }
            found
        };
        // Where the scale's replicas were seen late, they mostly were what the HPA found.
        if !try_all(None) && by_scale && self.observed.current.is_some() {
            try_all(self.observed.current);
        }
    }

    /// The world at a time (milliseconds since 1970), with these samples.
    pub fn world(&self, inputs: &Inputs, ms: i64, samples: Result<Vec<PodSample>, String>) -> World {
        self.world_of(inputs, ms, samples, None)
    }

    /// The same; `replicas` are the scale's own in place of those that were seen.
    fn world_of(
        &self,
        inputs: &Inputs,
        ms: i64,
        samples: Result<Vec<PodSample>, String>,
        replicas: Option<i32>,
    ) -> World {
        let pods = inputs.pods_at(ms);
        let (spec, status) = inputs.scale.at(ms).copied().unwrap_or_default();
        let current = self.observed.current.or(spec).unwrap_or_default();
        // The pods show that what was seen of the scale was late.
        let there = pods.iter().filter(|p| !p.deleted).count();
        let late = status != Some(current) && current > 0 && i32::try_from(there) == Ok(current);
        let status = replicas.or(status.filter(|_| !late)).unwrap_or(current);
        let mut values = BTreeMap::new();
        for (i, metric) in self.spec.metrics.iter().enumerate() {
            if is_resource(&metric.source) {
                continue;
            }
            let Some(figure) = self.observed.figure(i) else {
                let unknown = if status == 0 { "its value is not reported at 0 replicas" } else { "no value" };
                let why = self.observed.failed.clone().unwrap_or_else(|| unknown.into());
                values.insert(i, Err(why));
                continue;
            };
            let whole = figure.value.or_else(|| figure.average_value.map(|a| total(a, status, metric.target)));
            let value = match (&metric.source, figure.average_value, whole) {
                (Source::Pods { .. }, Some(mean), _) => {
                    let counts = |p: &&Arc<crate::hpa::Pod>| p.phase != crate::hpa::Phase::Pending && !p.deleted;
                    Values::Pods(pods.iter().filter(counts).map(|p| (p.name.clone(), mean)).collect())
                }
                (Source::Object { .. }, _, Some(value)) => Values::Object(value),
                (Source::External { .. }, _, Some(value)) => Values::External(vec![value]),
                _ => continue,
            };
            values.insert(i, Ok(value));
        }
        World {
            namespace: String::new(),
            scale: Ok(Scale { spec: current, status }),
            selector: Selector::Own,
            pods,
            samples,
            values,
            update_error: None,
        }
    }

    /// The world with the controller's own figures in place of the samples of the pods that count; None where it reported
    /// none.
    pub fn from_status(&self, attempt: &Attempt) -> Option<World> {
        let mut world = attempt.world.clone();
        reported::fill(self, &mut world, &attempt.decision).then_some(world)
    }

    /// The case with another world.
    pub fn at_world(mut self, world: World) -> Self {
        self.world = world;
        self
    }

    /// Whether a pod is young enough for the initialization period to matter.
    pub fn has_young_pods(&self) -> bool {
        let young = |s: Time| self.at - s <= TimeDelta::seconds(660);
        self.world.pods.iter().any(|p| p.started.is_some_and(young))
    }

    /// An empty world, before one is known.
    pub fn empty_world() -> World {
        World {
            namespace: String::new(),
            scale: Err(String::new()),
            selector: Selector::Own,
            pods: Vec::new(),
            samples: Ok(Vec::new()),
            values: BTreeMap::new(),
            update_error: None,
        }
    }

    /// The time slightly before the status that reported the sync.
    pub fn before_status(ms: i64) -> Time {
        let at = Time::from_timestamp_millis(ms).unwrap_or_default();
        at.checked_sub_signed(TimeDelta::milliseconds(20)).unwrap_or(at)
    }
}

fn is_resource(source: &Source) -> bool {
    matches!(source, Source::Resource { .. } | Source::ContainerResource { .. })
}

/// The samples of an answer: with older samples of pods that still exist, and without them where that differs.
fn listed(answer: &UsageList) -> impl Iterator<Item = Vec<PodSample>> {
    let bare = (answer.fresh < answer.samples.len()).then(|| answer.samples[..answer.fresh].to_vec());
    std::iter::once(answer.samples.clone()).chain(bare)
}
