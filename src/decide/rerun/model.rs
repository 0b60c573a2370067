//! What a recording teaches about its pods: what one uses by itself, whatever it has to do; how long it takes to start; and
//! whether a sample is a mean over its window. Each is known only within limits. Must not simulate.

use super::own_use::{Range, Steady, own_use};
use super::shares::misses;
use super::{Recorded, RecordedSync, joins};
use crate::format::resource::amount;
use crate::hpa::{ConditionStatus, Phase, Pod, PodSample, Resources};
use crate::observe::PodSeen;
use crate::session::{Session, quantity};
use std::collections::BTreeMap;

/// Container → resource → milli-units.
pub type Usage = BTreeMap<String, Resources>;

/// How long a pod takes to run and to be Ready where no start was observed, milliseconds.
const START: (i64, i64) = (3000, 10_000);
/// Samples differ from one another by at least this share.
const NOISE: f64 = 0.01;
/// More than this share is a change of the load.
const LOAD: f64 = 0.1;

/// What the simulation assumes.
#[derive(Clone, Debug, PartialEq)]
pub struct Model {
    /// What a pod uses by itself.
    pub own: Usage,
    /// Milliseconds from a pod's creation until its containers run, and until it is Ready.
    pub runs: i64,
    pub ready: i64,
    /// Milliseconds from then until it has its share of the load: clients connect to it when they next look up its Service.
    pub joins: i64,
    /// A sample is a mean over its window, and not what was used at its end.
    pub mean: bool,
    /// The load is this many times what was recorded.
    pub factor: f64,
}

impl Model {
    /// Cpu that a pod uses by itself, milli-units.
    pub fn own_cpu(&self) -> f64 {
        self.own.values().filter_map(|r| r.get("cpu")).sum::<i64>() as f64
    }
}

/// What was learned: the likeliest model, and those at the limits of what is known.
#[derive(Clone, Debug, PartialEq)]
pub struct Learned {
    pub likely: Model,
    pub limits: Vec<Model>,
    /// Lowest and highest use by itself.
    pub own: (Usage, Usage),
    /// Changes of the number of pods that it was learned from.
    pub changes: usize,
    /// Observed starts, and the quickest and slowest of most of them, milliseconds.
    pub starts: Vec<i64>,
    pub ready: (i64, i64),
    /// How long pods waited whose share of the load was observed from their start on, and the quickest and slowest of most of them,
    /// milliseconds.
    pub joined: Vec<i64>,
    pub joins: (i64, i64),
    /// How much samples of an unchanged load differ, a share.
    pub noise: f64,
}

/// Learns from all phases of the recording.
pub fn learn(recorded: &Recorded) -> Learned {
    let answers = answers(recorded);
    let steady: Vec<Steady> = answers.iter().filter_map(|m| Steady::of(m)).collect();
    let (own, changes) = own_use(&steady);
    let at = |pick: fn(&Range) -> i64| {
        let mut out = Usage::new();
        for ((container, resource), range) in &own {
            out.entry(container.clone()).or_default().insert(resource.clone(), pick(range));
        }
        out
    };
    let (runs, _) = spread(recorded, |p| p.containers.iter().filter_map(|c| c.running).max(), START.0);
    let ready_since = |p: &PodSeen| p.ready.as_ref().filter(|r| r.status == "True").and_then(|r| r.since);
    let (ready, starts) = spread(recorded, ready_since, START.1);
    let noise = noise(&steady);
    let likely = Model { own: at(|r| r.likely), runs: runs.1, ready: ready.1, joins: 0, mean: true, factor: 1.0 };
    let mut waited = joins::waited(&answers, &likely);
    let joins = middle_of(&mut waited).unwrap_or_default();
    let likely = Model { joins: joins.1, ..likely };
    // A sample may be a mean over its window, or what was used at its end; and where both are in the same second, after a pod
    // became Ready or before.
    let each = [(true, 0), (false, 0), (false, -1)].into_iter().filter(|(_, by)| *by == 0 || likely.joins < 1000);
    let models = each.map(|(mean, by)| Model { mean, joins: likely.joins + by, ..likely.clone() });
    let scored = models.map(|model| (misses(&answers, &steady, &model), model));
    let likely = scored.min_by(|a, b| a.0.total_cmp(&b.0)).map_or(likely.clone(), |best| best.1);
    let (low, high) = (at(|r| r.low), at(|r| r.high));
    let limits = vec![
        Model { own: low.clone(), ..likely.clone() },
        Model { own: high.clone(), ..likely.clone() },
        Model { ready: ready.0, runs: runs.0.min(ready.0), joins: joins.0.min(likely.joins), ..likely.clone() },
        Model { ready: ready.2, runs: runs.2.min(ready.2), joins: joins.2, ..likely.clone() },
        Model { factor: 1.0 - noise, ..likely.clone() },
        Model { factor: 1.0 + noise, ..likely.clone() },
    ];
    let (ready, joins) = ((ready.0, ready.2), (joins.0, joins.2));
    Learned { likely, limits, own: (low, high), changes, starts, ready, joined: waited, joins, noise }
}

impl Learned {
    /// What the simulation assumes, a sentence each.
    pub fn sentences(&self, recorded: &Recorded) -> Vec<String> {
        let seconds = |ms: i64| format!("{:.1}", ms as f64 / 1000.0);
        let start = match self.starts.len() {
            0 => format!("a new pod is Ready after {} s, as no start was recorded", seconds(self.likely.ready)),
            n => format!(
                "a new pod is Ready after {} s, the median of {n} recorded starts, of which most took {} to {} s",
                seconds(self.likely.ready),
                seconds(self.ready.0),
                seconds(self.ready.1)
            ),
        };
        let sum = |usage: &Usage, resource: &str| usage.values().filter_map(|r| r.get(resource)).sum::<i64>();
        let of = |resource: &str| {
            let (low, high) = (sum(&self.own.0, resource), sum(&self.own.1, resource));
            let text = |milli: i64| amount(resource, milli);
            match low == high {
                true => format!("{} of {resource}", text(low)),
                false => {
                    format!("{} of {resource} ({} to {})", text(sum(&self.likely.own, resource)), text(low), text(high))
                }
            }
        };
        let from = match self.changes {
            0 => "which is not known better, as the number of pods never changed while all were measured".to_owned(),
            1 => "by one change of the number of pods".to_owned(),
            n => format!("by {n} changes of the number of pods"),
        };
        let sampled = if self.likely.mean { "a mean over its window" } else { "what was used at its end" };
        let mut out = vec![
            "the load of the tier, background traffic included, is what it was, and shared evenly by the pods that would have \
             been Ready"
                .to_owned(),
            format!("by itself a pod uses {} and {}, {from}", of("cpu"), of("memory")),
            start,
        ];
        if self.joins.1 > 2000 {
            out.push(format!(
                "it has its share of the load {} s later, the median of {} such pods, of which most took {} to {} s, as where clients \
                 keep their connections",
                seconds(self.likely.joins),
                self.joined.len(),
                seconds(self.joins.0),
                seconds(self.joins.1)
            ));
        }
        out.extend([
            format!("a sample is {sampled}; samples of the same load differ by {:.1} %", self.noise * 100.0),
            "the controller syncs at the recorded times, with samples of the recorded times".into(),
        ]);
        if throttled(&recorded.session) {
            out.push("a recorded pod was at its cpu limit: with more pods the load might have been higher".into());
        }
        out
    }
}

/// The first sync with each answer of the metrics API.
fn answers(recorded: &Recorded) -> Vec<&RecordedSync> {
    let mut out: Vec<&RecordedSync> = Vec::new();
    let mut newest = None;
    for sync in &recorded.syncs {
        let at = samples(sync).iter().map(|s| s.at).max();
        if at.is_some() && at > newest {
            newest = at;
            out.push(sync);
        }
    }
    out
}

pub fn samples(sync: &RecordedSync) -> &[PodSample] {
    sync.world.samples.as_ref().map_or(&[], Vec::as_slice)
}

/// When the newest sample was taken, and how long its window is, milliseconds.
pub fn newest(samples: &[PodSample]) -> Option<(i64, i64)> {
    let newest = samples.iter().max_by_key(|s| (s.at, s.window))?;
    Some((newest.at.timestamp_millis(), newest.window.num_milliseconds().max(1000)))
}

/// The pods that count, with when they became Ready (milliseconds since 1970; None for those that are not).
pub fn counted(sync: &RecordedSync) -> impl Iterator<Item = (&Pod, Option<i64>)> {
    let there = sync.world.pods.iter().filter(|p| !p.deleted && p.phase != Phase::Failed);
    there.map(|p| (&**p, p.ready.filter(|r| r.status == ConditionStatus::True).map(|r| r.since.timestamp_millis())))
}

/// Low, middle and high of how long pods took from their creation, and all that were observed; `default` without any.
fn spread(
    recorded: &Recorded,
    when: impl Fn(&PodSeen) -> Option<crate::observe::Time>,
    default: i64,
) -> ((i64, i64, i64), Vec<i64>) {
    let took = |p: &PodSeen| Some((when(p)? - p.created?).num_milliseconds()).filter(|t| (0..600_000).contains(t));
    // Of a pod that was restarted, the API has the times of the restart.
    let started = recorded.session.pods.all().filter(|p| p.seen.restarts() == 0);
    let mut all: Vec<i64> = started.filter_map(|p| took(&p.seen)).collect();
    let spread = middle_of(&mut all).unwrap_or((default / 2, default, default * 2));
    (spread, all)
}

/// The quickest of most, the median, and the slowest of most; None of none.
fn middle_of(all: &mut [i64]) -> Option<(i64, i64, i64)> {
    all.sort_unstable();
    let at = |share: usize| all.get((all.len() * share / 10).min(all.len().saturating_sub(1))).copied();
    // The API's times are whole seconds.
    Some(((at(1)? - 1000).max(0), at(5)?, at(9)? + 1000))
}

/// Cpu that a pod used beyond what it uses by itself, milli-units; None without a sample.
pub fn cpu_beyond(sync: &RecordedSync, pod: &Pod, own: f64) -> Option<f64> {
    let sample = samples(sync).iter().find(|s| s.pod == pod.name)?;
    let cpu: i64 = sample.containers.iter().filter_map(|c| c.usage.get("cpu")).sum();
    Some(cpu as f64 - own)
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

/// Most differences between successive totals of as many pods are below this share. Larger ones are changes of the load.
fn noise(steady: &[Steady]) -> f64 {
    let pairs = steady.windows(2).filter(|w| w[0].pods == w[1].pods);
    let mut all: Vec<f64> =
        pairs.map(|w| (w[1].cpu() - w[0].cpu()).abs() / w[0].cpu().max(1.0)).filter(|d| *d < LOAD).collect();
    all.sort_by(f64::total_cmp);
    all.get(all.len() * 9 / 10).copied().unwrap_or(NOISE).max(NOISE)
}
