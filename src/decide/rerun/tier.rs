//! The simulated pods and what each would have used: the tier's load shared by those that are Ready, on top of what a pod uses by
//! itself. Must not decide how many there are, nor learn.

use super::draws::Draws;
use super::model::{Model, counted, newest};
use super::shares::{served, shares};
use super::{Changes, Recorded, RecordedSync};
use crate::hpa::{ConditionStatus, ContainerUsage, Phase, Pod, PodName, PodSample, Ready, Scale, Values, World};
use crate::observe::Time;
use chrono::TimeDelta;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// metrics-server reports a container that has run for this long, milliseconds.
const MEASURED: i64 = 10_000;
/// Pods that went are remembered for the longest window of a sample, milliseconds.
const GONE: i64 = 120_000;

/// Container → resource → milli-units of all pods together.
pub type Load = BTreeMap<String, BTreeMap<String, f64>>;

/// The containers of a sample, and the resources of each, in its order.
type Names = Vec<(String, Vec<String>)>;

/// What a tier had to do at a sync, and the answer of the metrics API that says so.
pub struct LoadAt {
    pub load: Load,
    names: Arc<Names>,
    /// In the order of the names: what a pod uses by itself, and what all have to share. Made once, since a search reads it at each
    /// sync of each candidate.
    amounts: Vec<Vec<(i64, f64)>>,
    /// When the sample was taken, and how long its window is, milliseconds.
    ms: i64,
    window: i64,
}

/// The load at each sync by one model; None at a sync without samples.
pub struct TierLoad(Vec<Option<LoadAt>>);

impl TierLoad {
    /// What samples taken `shift` milliseconds later than the recorded ones would have said.
    pub fn of(model: &Model, recorded: &Recorded, shift: i64) -> Self {
        let taken = |m: &RecordedSync| {
            let samples = m.world.samples.as_ref().ok().filter(|s| !s.is_empty())?;
            let (ms, window) = newest(samples)?;
            Some(Taken { load: load(model, m, samples, ms, window), ms, window })
        };
        let mut names = Arc::new(Names::new());
        let mut with_amounts = |Taken { load, ms, window }| {
            let these = names_of(model, &load);
            if *names != these {
                names = Arc::new(these);
            }
            LoadAt { amounts: amounts(&names, model, &load), names: names.clone(), load, ms, window }
        };
        let taken = later(recorded.syncs.iter().map(taken).collect(), shift);
        TierLoad(taken.into_iter().map(|at| at.map(&mut with_amounts)).collect())
    }

    pub fn at(&self, sync: usize) -> Option<&LoadAt> {
        self.0.get(sync).and_then(Option::as_ref)
    }
}

/// The load by a sample that was taken at `ms`.
#[derive(Clone)]
struct Taken {
    load: Load,
    ms: i64,
    window: i64,
}

/// What samples taken later would have said: between two samples the load changes evenly.
fn later(all: Vec<Option<Taken>>, shift: i64) -> Vec<Option<Taken>> {
    let mut out: Vec<Option<Taken>> = Vec::with_capacity(all.len());
    let (mut last, mut after) = (None::<&Taken>, None::<&Taken>);
    for at in all.iter().rev() {
        out.push(at.as_ref().map(|at| {
            after = last.filter(|last| last.ms > at.ms).or(after);
            last = Some(at);
            let mut moved = Taken { ms: at.ms + shift, ..at.clone() };
            let Some(next) = after else { return moved };
            let share = (shift as f64 / (next.ms - at.ms) as f64).clamp(0.0, 1.0);
            for (container, used) in &mut moved.load {
                for (resource, now) in used {
                    let then = next.load.get(container).and_then(|r| r.get(resource)).copied().unwrap_or(*now);
                    *now += (then - *now) * share;
                }
            }
            moved
        }));
    }
    out.reverse();
    out
}

/// The containers and resources that a pod uses by itself or has a share of.
fn names_of(model: &Model, load: &Load) -> Names {
    let mut all: BTreeMap<&String, BTreeSet<&String>> = BTreeMap::new();
    model.own.iter().for_each(|(name, own)| all.entry(name).or_default().extend(own.keys()));
    load.iter().for_each(|(name, load)| all.entry(name).or_default().extend(load.keys()));
    all.into_iter().map(|(name, resources)| (name.clone(), resources.into_iter().cloned().collect())).collect()
}

fn amounts(names: &Names, model: &Model, load: &Load) -> Vec<Vec<(i64, f64)>> {
    let of = |(name, resources): &(String, Vec<String>)| {
        let (own, load) = (model.own.get(name), load.get(name));
        let own = |resource| own.and_then(|own| own.get(resource)).copied().unwrap_or(0);
        let load = |resource| load.and_then(|load| load.get(resource)).copied().unwrap_or(0.0);
        resources.iter().map(|resource| (own(resource), load(resource))).collect()
    };
    names.iter().map(of).collect()
}

/// What the recorded pods used together beyond what each uses by itself. Those without a sample yet had their share, too.
fn load(model: &Model, m: &RecordedSync, samples: &[PodSample], ms: i64, window: i64) -> Load {
    let shares = shares(&served(m, model), ms, window, model.mean);
    let mut sum = Load::new();
    let mut listed = 0.0;
    for ((pod, _), share) in counted(m).zip(shares) {
        let Some(sample) = samples.iter().find(|s| s.pod == pod.name) else { continue };
        listed += share;
        for c in &sample.containers {
            for (resource, used) in &c.usage {
                let own = model.own.get(&c.name).and_then(|r| r.get(resource)).copied().unwrap_or(0);
                *sum.entry(c.name.clone()).or_default().entry(resource.clone()).or_default() += (used - own) as f64;
            }
        }
    }
    let whole = if listed > 0.05 { model.factor / listed } else { model.factor };
    sum.values_mut().flat_map(|r| r.values_mut()).for_each(|v| *v = v.max(0.0) * whole);
    sum
}

/// A simulated pod; times in milliseconds since 1970.
struct SimulatedPod {
    name: PodName,
    created: i64,
    runs: i64,
    ready: i64,
    /// When it has its share of the load.
    joins: i64,
    /// As the controller last saw it, with whether it ran and was Ready then.
    seen: Option<((bool, bool), Arc<Pod>)>,
}

/// All simulated pods.
pub struct Tier<'a> {
    model: &'a Model,
    /// None for a run in which all pods and samples are as the model says.
    draws: Option<Draws<'a>>,
    pods: Vec<SimulatedPod>,
    /// From when on pods that are no longer there had load, and when they went.
    gone: Vec<(i64, i64)>,
    made: u32,
    /// A pod of the recording that the simulated ones are modelled on, under the changes.
    pattern: Option<Pod>,
    changes: &'a Changes,
    /// The inputs of the newest sync.
    world: World,
    /// Of its samples.
    names: Arc<Names>,
}

impl<'a> Tier<'a> {
    /// The pods of a sync, which are simulated from here on, scaled to `size`.
    pub fn begin(
        (model, draws): (&'a Model, Option<Draws<'a>>),
        changes: &'a Changes,
        recorded: &Recorded,
        m: &RecordedSync,
        size: i32,
    ) -> Self {
        let pods = counted(m).map(|(p, ready)| {
            let created = p.started.map_or(m.ms, |t| t.timestamp_millis());
            let ready = ready.unwrap_or(created + model.ready).max(created);
            let runs = (created + model.runs).min(ready);
            // A name of its own: counting the holders of a shared one is what two cores would wait for each other with.
            SimulatedPod { name: Arc::from(&*p.name), created, runs, ready, joins: ready + model.joins, seen: None }
        });
        let mut pattern = recorded.syncs.iter().find_map(|m| m.world.pods.first().map(|p| Pod::clone(p)));
        pattern.iter_mut().for_each(|pod| changes.request_of(pod));
        let mut tier = Tier {
            model,
            draws,
            pods: pods.collect(),
            gone: Vec::new(),
            made: 0,
            pattern,
            changes,
            world: World { pods: Vec::new(), samples: Err(String::new()), values: BTreeMap::new(), ..m.world.clone() },
            names: Arc::default(),
        };
        tier.scale(m.ms, size);
        tier
    }

    pub fn size(&self) -> i32 {
        i32::try_from(self.pods.len()).unwrap_or(i32::MAX)
    }

    /// Scales to `size` pods at `ms`: the newest go first.
    pub fn scale(&mut self, ms: i64, size: i32) {
        let size = usize::try_from(size).unwrap_or(0);
        self.gone.retain(|gone| gone.1 > ms - GONE);
        if size < self.pods.len() {
            self.pods.sort_by_key(|p| (p.ready > ms, p.created));
            self.gone.extend(self.pods.drain(size..).map(|p| (p.joins, ms)));
        }
        while self.pods.len() < size {
            self.made += 1;
            // In the order of their names, as the metrics API lists them.
            let name = format!("simulated-{:06}", self.made).into();
            let Model { runs, ready, joins, .. } = *self.model;
            let (ready, joins) = self.draws.as_mut().map_or((ready, joins), Draws::start);
            let (runs, ready) = (ms + runs, ms + ready);
            self.pods.push(SimulatedPod { name, created: ms, runs, ready, joins: ready + joins, seen: None });
        }
    }

    /// The inputs that the controller would have at a recorded sync, were it at `now` (milliseconds since 1970).
    pub fn world(&mut self, m: &RecordedSync, now: i64, load: Option<&LoadAt>) -> &World {
        let before = std::mem::replace(&mut self.world.samples, Err(String::new())).unwrap_or_default();
        let samples = load.map(|load| self.samples(load, before));
        self.world.samples = samples.ok_or_else(|| "no sample".to_owned());
        let size = self.size();
        let n = i64::from(size.max(1));
        let values = m.world.values.iter().map(|(index, value)| {
            let value = value.as_ref().map(|v| match v {
                // The mean of the pods' own values: their sum stays the same, and is shared by the simulated pods.
                Values::Pods(each) => {
                    let mean = each.first().map_or(0, |v| v.1).saturating_mul(i64::from(m.found.max(1))) / n;
                    Values::Pods(self.pods.iter().map(|p| (p.name.clone(), mean)).collect())
                }
                other => other.clone(),
            });
            (*index, value.map_err(Clone::clone))
        });
        self.world.values = self.changes.values_at(values.collect(), m);
        self.world.scale = Ok(Scale { spec: size, status: size });
        self.world.selector.clone_from(&m.world.selector);
        self.world.update_error.clone_from(&m.world.update_error);
        self.world.pods.clear();
        if let Some(pattern) = &self.pattern {
            self.world.pods.extend(self.pods.iter_mut().map(|p| p.seen_at(now, pattern)));
        }
        &self.world
    }

    /// The load shared by the simulated pods, written over the samples of a sync before: this is what a search does most.
    fn samples(&mut self, at: &LoadAt, before: Vec<PodSample>) -> Vec<PodSample> {
        let LoadAt { ms, mut window, .. } = *at;
        let mut factor = 1.0;
        if let Some(draws) = &mut self.draws {
            (window, factor) = (draws.window(window), draws.factor());
        }
        let there = self.pods.iter().map(|p| (p.joins, None));
        let served: Vec<_> = there.chain(self.gone.iter().map(|(from, gone)| (*from, Some(*gone)))).collect();
        let mut shares = shares(&served, ms, window, self.model.mean);
        if shares.iter().sum::<f64>() <= 0.0 {
            shares = vec![1.0 / self.pods.len().max(1) as f64; served.len()];
        }
        let alike = Arc::ptr_eq(&self.names, &at.names);
        if !alike {
            self.names = at.names.clone();
        }
        let mut before = before.into_iter().filter(|_| alike);
        let one = |(p, share): (&SimulatedPod, f64)| {
            let window = TimeDelta::milliseconds(window.min(ms - p.runs));
            let containers = before.next().map(|sample| sample.containers);
            let mut containers = containers.unwrap_or_else(|| at.names.iter().map(unused).collect());
            for (container, amounts) in containers.iter_mut().zip(&at.amounts) {
                for (used, (own, total)) in container.usage.values_mut().zip(amounts) {
                    *used = own + (total * share * factor).round() as i64;
                }
            }
            PodSample { pod: p.name.clone(), at: time(ms), window, containers }
        };
        self.pods.iter().zip(shares).filter(|(p, _)| ms - p.runs >= MEASURED).map(one).collect()
    }
}

fn unused((name, resources): &(String, Vec<String>)) -> ContainerUsage {
    ContainerUsage { name: name.clone(), usage: resources.iter().map(|resource| (resource.clone(), 0)).collect() }
}

impl SimulatedPod {
    /// As the controller sees it; the same object as long as nothing about it changes.
    fn seen_at(&mut self, now: i64, pattern: &Pod) -> Arc<Pod> {
        let state = (now >= self.runs, now >= self.ready);
        if let Some((before, pod)) = &self.seen
            && *before == state
        {
            return pod.clone();
        }
        let (status, since) = match state.1 {
            // The API's times are whole seconds.
            true => (ConditionStatus::True, self.ready.div_euclid(1000) * 1000),
            false => (ConditionStatus::False, self.created),
        };
        let pod = Arc::new(Pod {
            name: self.name.clone(),
            phase: if state.0 { Phase::Running } else { Phase::Pending },
            deleted: false,
            started: Some(time(self.created)),
            ready: Some(Ready { status, since: time(since) }),
            ..pattern.clone()
        });
        self.seen = Some((state, pod.clone()));
        pod
    }
}

fn time(ms: i64) -> Time {
    Time::from_timestamp_millis(ms).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: i64, cpu: f64) -> Option<Taken> {
        let used = BTreeMap::from([("cpu".to_owned(), cpu)]);
        Some(Taken { load: BTreeMap::from([("app".to_owned(), used)]), ms, window: 15_000 })
    }

    #[test]
    fn between_two_samples_the_load_changes_evenly() {
        // Two syncs of one sample, none for a while, and the last.
        let all = [at(0, 100.0), at(0, 100.0), at(15_000, 400.0), None, at(60_000, 100.0)];
        let moved = later(all.into(), 5000);
        let cpu = |i: usize| moved[i].as_ref().map(|at| (at.ms, at.load["app"]["cpu"].round()));
        assert_eq!((cpu(0), cpu(1)), (Some((5000, 200.0)), Some((5000, 200.0))));
        assert_eq!((cpu(2), cpu(3)), (Some((20_000, 367.0)), None));
        assert_eq!(cpu(4), Some((65_000, 100.0)), "after the last nothing is known");
    }
}
