//! The simulated pods and what each would have used: the tier's load shared by those that are Ready, on top of what an idle
//! pod uses. Must not decide how many there are.

use super::{Changes, Recorded, RecordedSync};
use crate::hpa::{
    ConditionStatus, ContainerUsage, Phase, Pod, PodName, PodSample, Ready, Resources, Scale, Values, World,
};
use crate::observe::Time;
use crate::session::{Session, quantity};
use crate::verdict::Run;
use chrono::TimeDelta;
use std::{collections::BTreeMap, sync::Arc};

/// How long a pod takes to start where no start was observed, milliseconds.
const START: i64 = 10_000;
/// metrics-server reports a container from this age on, milliseconds.
const MEASURED: i64 = 10_000;

/// Container -> resource -> milli-units.
type Usage = BTreeMap<String, Resources>;

/// A simulated pod.
#[derive(Clone, Debug, PartialEq)]
struct SimulatedPod {
    name: PodName,
    created: i64,
    ready: i64,
}

/// All simulated pods.
pub struct Tier {
    pods: Vec<SimulatedPod>,
    made: u32,
    /// Milliseconds from a pod's creation until it is Ready.
    start: i64,
    starts: usize,
    /// What a pod uses without load.
    idle: Usage,
    idle_seen: bool,
    /// A pod of the recording that the simulated ones are modelled on.
    pattern: Option<Pod>,
    size: i32,
}

impl Tier {
    /// What the recording shows of pods: how long they take to start, and what they use when idle.
    pub fn new(recorded: &Recorded) -> Self {
        let mut starts: Vec<i64> = recorded.session.pods.all().filter_map(|p| started(&p.seen)).collect();
        starts.sort_unstable();
        let (idle, idle_seen) = idle(recorded);
        Tier {
            pods: Vec::new(),
            made: 0,
            start: starts.get(starts.len() / 2).copied().unwrap_or(START),
            starts: starts.len(),
            idle,
            idle_seen,
            pattern: recorded.syncs.iter().find_map(|m| m.world.pods.first().map(|p| Pod::clone(p))),
            size: 0,
        }
    }

    /// Takes over the pods of a sync, which are simulated from here on, and scales them to `size`.
    pub fn begin(&mut self, m: &RecordedSync, size: i32) {
        let ready = |p: &Pod| p.ready.filter(|r| r.status == ConditionStatus::True).map(|r| r.since.timestamp_millis());
        let there = m.world.pods.iter().filter(|p| !p.deleted && p.phase != Phase::Failed);
        self.pods = there
            .map(|p| {
                let created = p.started.map_or(m.ms, |t| t.timestamp_millis());
                SimulatedPod { name: p.name.clone(), created, ready: ready(p).unwrap_or(m.ms + self.start) }
            })
            .collect();
        self.scale(m.ms, size);
    }

    /// Scales to `size` pods at `ms`: the newest go first.
    pub fn scale(&mut self, ms: i64, size: i32) {
        self.size = size;
        self.pods.sort_by_key(|p| (p.ready > ms, p.created));
        self.pods.truncate(usize::try_from(size).unwrap_or(0));
        while (self.pods.len() as i64) < i64::from(size) {
            self.made += 1;
            let name = format!("simulated-{}", self.made).into();
            self.pods.push(SimulatedPod { name, created: ms, ready: ms + self.start });
        }
    }

    /// The inputs that the controller would have at a recorded sync.
    pub fn world(&self, m: &RecordedSync, changes: &Changes) -> World {
        let samples = m.world.samples.as_ref().ok().filter(|s| !s.is_empty());
        let window = samples.and_then(|s| s.first()).map_or(15_000, |s| s.window.num_milliseconds().max(1000));
        let newest = samples.and_then(|s| s.iter().map(|p| p.at).max()).map_or(m.ms - 15_000, |t| t.timestamp_millis());
        let load = samples.map(|s| self.load(m, s, newest, window));
        let made: Vec<PodSample> = match &load {
            Some(load) => self.samples(load, newest, window),
            None => Vec::new(),
        };
        let pods = self.pods.iter().filter_map(|p| self.pod(p, m.ms, changes)).map(Arc::new).collect();
        let n = i64::from(self.size.max(1));
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
        World {
            scale: Ok(Scale { spec: self.size, status: self.size }),
            pods,
            samples: if load.is_some() { Ok(made) } else { Err("no sample".into()) },
            values: values.collect(),
            ..m.world.clone()
        }
    }

    /// What the recorded pods used above idle, all together; those without a sample yet count like the others.
    fn load(&self, m: &RecordedSync, samples: &[PodSample], newest: i64, window: i64) -> Usage {
        let mut sum = Usage::new();
        let counted = |s: &&PodSample| m.world.pods.iter().any(|p| p.name == s.pod && !p.deleted);
        let mut n = 0;
        for sample in samples.iter().filter(counted) {
            n += 1;
            for c in &sample.containers {
                for (resource, used) in &c.usage {
                    let idle = self.idle.get(&c.name).and_then(|r| r.get(resource)).copied().unwrap_or(0);
                    *sum.entry(c.name.clone()).or_default().entry(resource.clone()).or_default() +=
                        (used - idle).max(0);
                }
            }
        }
        // A pod that was Ready for the whole window but has no sample had its share of the load, too.
        let unseen = m.world.pods.iter().filter(|p| {
            let since = p.ready.filter(|r| r.status == ConditionStatus::True).map(|r| r.since.timestamp_millis());
            since.is_some_and(|s| s <= newest - window) && !p.deleted && samples.iter().all(|s| s.pod != p.name)
        });
        let all = n + unseen.count() as i64;
        if n > 0 && all > n {
            sum.values_mut().flat_map(|r| r.values_mut()).for_each(|v| *v = *v * all / n);
        }
        sum
    }

    /// The load shared over the window by those that were Ready in it.
    fn samples(&self, load: &Usage, newest: i64, window: i64) -> Vec<PodSample> {
        let part = |p: &SimulatedPod| (newest - p.ready).clamp(0, window) as f64 / window as f64;
        let whole: f64 = self.pods.iter().map(part).sum();
        let measured =
            |p: &&SimulatedPod| newest >= p.ready.min(p.created + MEASURED) && newest - p.created >= MEASURED;
        let one = |p: &SimulatedPod| {
            let share = if whole > 0.0 { part(p) / whole } else { 1.0 / self.pods.len().max(1) as f64 };
            let names: Vec<&String> =
                self.idle.keys().chain(load.keys().filter(|k| !self.idle.contains_key(*k))).collect();
            let containers = names.into_iter().map(|name| {
                let mut usage = self.idle.get(name).cloned().unwrap_or_default();
                for (resource, total) in load.get(name).into_iter().flatten() {
                    *usage.entry(resource.clone()).or_default() += (*total as f64 * share).ceil() as i64;
                }
                ContainerUsage { name: name.clone(), usage }
            });
            let at = Time::from_timestamp_millis(newest).unwrap_or_default();
            PodSample {
                pod: p.name.clone(),
                at,
                window: TimeDelta::milliseconds(window),
                containers: containers.collect(),
            }
        };
        self.pods.iter().filter(measured).map(one).collect()
    }

    fn pod(&self, p: &SimulatedPod, now: i64, changes: &Changes) -> Option<Pod> {
        let mut pod = self.pattern.clone()?;
        let is_ready = now >= p.ready;
        let time = |ms| Time::from_timestamp_millis(ms).unwrap_or_default();
        pod.name = p.name.clone();
        (pod.phase, pod.deleted, pod.started) = (Phase::Running, false, Some(time(p.created)));
        let (status, since) =
            if is_ready { (ConditionStatus::True, p.ready) } else { (ConditionStatus::False, p.created) };
        pod.ready = Some(Ready { status, since: time(since) });
        changes.request_of(&mut pod.containers);
        Some(pod)
    }

    /// What the simulation assumes, a sentence each.
    pub fn assumptions(&self, recorded: &Recorded) -> Vec<String> {
        let start = match self.starts {
            0 => format!("a new pod is Ready after {} s, as no start was recorded", self.start / 1000),
            n => format!(
                "a new pod is Ready after {:.1} s, the median of {n} recorded starts",
                self.start as f64 / 1000.0
            ),
        };
        let idle = match self.idle_seen {
            true => "what a pod uses when idle is what it used outside the load",
            false => {
                "what a pod uses when idle was not recorded: its cpu is assumed to be 0, its memory the least observed"
            }
        };
        let mut out = vec![
            "the load of the tier is held constant and shared evenly by the pods that would have been Ready"
                .to_string(),
            format!("{start}; {idle}"),
            "the controller syncs at the recorded times, with samples of the recorded times".into(),
        ];
        if throttled(&recorded.session) {
            out.push("a recorded pod was at its cpu limit: with more pods the load might have been higher".into());
        }
        out
    }
}

fn started(pod: &crate::observe::PodSeen) -> Option<i64> {
    let ready = pod.ready.as_ref().filter(|r| r.status == "True")?.since?;
    let took = (ready - pod.created?).num_milliseconds();
    (0..600_000).contains(&took).then_some(took)
}

/// The median of a pod's usage before the load, else after it; without either, no cpu and the least memory observed.
fn idle(recorded: &Recorded) -> (Usage, bool) {
    let run = Run::of(&recorded.session);
    let all = || recorded.syncs.iter().filter_map(|m| m.world.samples.as_ref().ok()).flatten();
    let ms = |s: &PodSample| s.at.timestamp_millis();
    let before: Vec<&PodSample> = all().filter(|s| run.start.is_some_and(|start| ms(s) <= start)).collect();
    let after = all().filter(|s| run.end.is_some_and(|end| ms(s) > end + 60_000));
    let seen: Vec<&PodSample> = if before.is_empty() { after.collect() } else { before };
    let known = !seen.is_empty();
    let from: Vec<&PodSample> = if known { seen } else { all().collect() };
    let mut values: BTreeMap<(String, String), Vec<i64>> = BTreeMap::new();
    for c in from.iter().flat_map(|s| &s.containers) {
        for (resource, used) in &c.usage {
            values.entry((c.name.clone(), resource.clone())).or_default().push(*used);
        }
    }
    let mut out = Usage::new();
    for ((container, resource), mut all) in values {
        all.sort_unstable();
        let value = match (known, resource.as_str()) {
            (true, _) => all[all.len() / 2],
            (false, "memory") => all[0],
            (false, _) => 0,
        };
        out.entry(container).or_default().insert(resource, value);
    }
    (out, known)
}

/// Whether a pod used nearly as much cpu as its limit.
fn throttled(session: &Session) -> bool {
    session.pods.all().any(|p| {
        let limits = p.seen.containers.iter().map(|c| c.limits.get("cpu").and_then(|q| quantity(q)));
        let limit: Option<f64> = limits.sum();
        let most = p.cpu.points().iter().map(|s| s.1).fold(0.0, f64::max);
        limit.is_some_and(|l| l > 0.0 && most >= l * 950.0)
    })
}
