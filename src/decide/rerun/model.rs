//! What a recording teaches about its pods: what one uses by itself, whatever it has to do; how long it takes to start; and
//! whether a sample is a mean over its window. Each is known only within limits. Must not simulate.
//!
//! Use by itself shows where the number of pods changes and the load does not: total = load + pods × own use. Whatever does not
//! change with the pods is shared by them, background traffic like load.

use super::{Recorded, RecordedSync};
use crate::format::resource::amount;
use crate::hpa::{ConditionStatus, Phase, Pod, PodSample, Resources};
use crate::observe::PodSeen;
use crate::session::{Session, quantity};
use std::collections::BTreeMap;

/// Container → resource → milli-units.
pub type Usage = BTreeMap<String, Resources>;

/// How long a pod takes to run and to be Ready where no start was observed, milliseconds.
const START: (i64, i64) = (3000, 10_000);
/// Two states of the pods further apart than this, milliseconds, say nothing about each other.
const NEAR: i64 = 120_000;
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
    /// A sample is a mean over its window, and not what was used at its end.
    pub mean: bool,
    /// The load is this many times what was recorded.
    pub factor: f64,
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
    pub starts: usize,
    pub ready: (i64, i64),
    /// How much samples of an unchanged load differ, a share.
    pub noise: f64,
}

/// The pods at a sample, all of them Ready for its whole window.
struct Steady {
    ms: i64,
    pods: i64,
    total: BTreeMap<(String, String), i64>,
}

/// Learns from all phases of the recording.
pub fn learn(recorded: &Recorded) -> Learned {
    let answers = answers(recorded);
    let steady: Vec<Steady> = answers.iter().filter_map(|m| steady(m)).collect();
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
    let likely = Model { own: at(|r| r.likely), runs: runs.1, ready: ready.1, mean: true, factor: 1.0 };
    let likely = Model { mean: is_mean(&answers, &steady, &likely), ..likely };
    let (low, high) = (at(|r| r.low), at(|r| r.high));
    let limits = vec![
        Model { own: low.clone(), ..likely.clone() },
        Model { own: high.clone(), ..likely.clone() },
        Model { ready: ready.0, runs: runs.0.min(ready.0), ..likely.clone() },
        Model { ready: ready.2, runs: runs.2.min(ready.2), ..likely.clone() },
        Model { factor: 1.0 - noise, ..likely.clone() },
        Model { factor: 1.0 + noise, ..likely.clone() },
    ];
    Learned { likely, limits, own: (low, high), changes, starts, ready: (ready.0, ready.2), noise }
}

impl Learned {
    /// What the simulation assumes, a sentence each.
    pub fn sentences(&self, recorded: &Recorded) -> Vec<String> {
        let seconds = |ms: i64| format!("{:.1}", ms as f64 / 1000.0);
        let start = match self.starts {
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
            format!("a sample is {sampled}; samples of the same load differ by {:.1} %", self.noise * 100.0),
            "the controller syncs at the recorded times, with samples of the recorded times".into(),
        ];
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

fn samples(sync: &RecordedSync) -> &[PodSample] {
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

fn steady(sync: &RecordedSync) -> Option<Steady> {
    let samples = samples(sync);
    let (ms, window) = newest(samples)?;
    let mut pods = 0;
    for (pod, ready) in counted(sync) {
        let sample = samples.iter().find(|s| s.pod == pod.name)?;
        if ready.is_none_or(|since| since > ms - window) || ms - sample.at.timestamp_millis() > window / 2 {
            return None;
        }
        pods += 1;
    }
    if pods == 0 || samples.len() as i64 != pods {
        return None;
    }
    let mut total = BTreeMap::new();
    for container in samples.iter().flat_map(|s| &s.containers) {
        for (resource, used) in &container.usage {
            *total.entry((container.name.clone(), resource.clone())).or_default() += used;
        }
    }
    Some(Steady { ms, pods, total })
}

/// Use by itself, milli-units.
struct Range {
    low: i64,
    likely: i64,
    high: i64,
}

/// Use by itself of each container and resource, and the number of changes that it was learned from.
fn own_use(steady: &[Steady]) -> (BTreeMap<(String, String), Range>, usize) {
    let mut out = BTreeMap::new();
    let mut changes = 0;
    let keys: std::collections::BTreeSet<&(String, String)> = steady.iter().flat_map(|s| s.total.keys()).collect();
    for key in keys {
        let points: Vec<(i64, i64, f64)> =
            steady.iter().filter_map(|s| Some((s.ms, s.pods, *s.total.get(key)? as f64))).collect();
        // What a pod uses at the least, but for a few samples.
        let mut each: Vec<f64> = points.iter().map(|(_, pods, total)| total / *pods as f64).collect();
        each.sort_by(f64::total_cmp);
        let most = each.get(each.len() / 10).copied().unwrap_or(0.0).max(0.0);
        let seen = slopes(&points);
        changes = changes.max(seen.len());
        let whole = |v: f64| v.clamp(0.0, most).round() as i64;
        let range = match weighted(&seen) {
            Some((middle, away)) => {
                let slack = away + most * 0.02;
                Range { low: whole(middle - slack), likely: whole(middle), high: whole(middle + slack) }
            }
            // Memory is hardly given back, so nearly all of it is the pod's own.
            None if key.1 == "memory" => Range { low: whole(most / 2.0), likely: whole(most), high: whole(most) },
            None => Range { low: 0, likely: whole(most / 2.0), high: whole(most) },
        };
        out.insert(key.clone(), range);
    }
    (out, changes)
}

/// (Use by itself, how uncertain it is), at each change of the number of pods: the load may have changed as well, by as much as
/// the totals differ just before and just after.
fn slopes(points: &[(i64, i64, f64)]) -> Vec<(f64, f64)> {
    let mut out = Vec::new();
    for i in 1..points.len() {
        let ((from, before, was), (to, after, is)) = (points[i - 1], points[i]);
        if before == after || to - from > NEAR {
            continue;
        }
        let alike = |n: Option<&(i64, i64, f64)>, pods: i64, total: f64| {
            n.filter(|n| n.1 == pods && (n.0 - from).abs().min((n.0 - to).abs()) <= NEAR).map(|n| (n.2 - total).abs())
        };
        let earlier = alike(i.checked_sub(2).and_then(|n| points.get(n)), before, was);
        let later = alike(points.get(i + 1), after, is);
        let pods = (after - before) as f64;
        let unknown = (is - was).abs().max(was.max(is) * 0.05);
        let moved = earlier.unwrap_or(unknown) + later.unwrap_or(unknown);
        out.push(((is - was) / pods, moved / pods.abs()));
    }
    out
}

/// The median of estimates, each weighted by how certain it is, and how far the certain ones are from it.
fn weighted(seen: &[(f64, f64)]) -> Option<(f64, f64)> {
    let best = seen.iter().map(|s| s.1).fold(f64::INFINITY, f64::min);
    // One that is far less certain than the best says nothing.
    let mut good: Vec<(f64, f64)> = seen.iter().copied().filter(|s| s.1 <= best * 4.0 + 1.0).collect();
    good.sort_by(|a, b| a.0.total_cmp(&b.0));
    let middle = good.get(good.len() / 2)?.0;
    let away = good.iter().map(|s| (s.0 - middle).abs()).sum::<f64>() / good.len() as f64;
    Some((middle, away + best))
}

/// Low, middle and high of how long pods took from their creation, and how many were observed; `default` without any.
fn spread(
    recorded: &Recorded,
    when: impl Fn(&PodSeen) -> Option<crate::observe::Time>,
    default: i64,
) -> ((i64, i64, i64), usize) {
    let took = |p: &PodSeen| Some((when(p)? - p.created?).num_milliseconds()).filter(|t| (0..600_000).contains(t));
    let mut all: Vec<i64> = recorded.session.pods.all().filter_map(|p| took(&p.seen)).collect();
    all.sort_unstable();
    let at = |share: usize| all.get((all.len() * share / 10).min(all.len().saturating_sub(1))).copied();
    let Some(middle) = at(5) else { return ((default / 2, default, default * 2), 0) };
    // The API's times are whole seconds.
    let (low, high) = (at(1).unwrap_or(middle) - 1000, at(9).unwrap_or(middle) + 1000);
    ((low.max(0), middle, high), all.len())
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
    let cpu = |s: &Steady| s.total.iter().filter(|t| t.0.1 == "cpu").map(|t| *t.1 as f64).sum::<f64>();
    let mut all: Vec<f64> =
        pairs.map(|w| (cpu(&w[1]) - cpu(&w[0])).abs() / cpu(&w[0]).max(1.0)).filter(|d| *d < LOAD).collect();
    all.sort_by(f64::total_cmp);
    all.get(all.len() * 9 / 10).copied().unwrap_or(NOISE).max(NOISE)
}

/// Whether samples are means over their windows: which of the two gives what pods used that had been Ready for a whole window
/// when others had just become it.
fn is_mean(answers: &[&RecordedSync], steady: &[Steady], model: &Model) -> bool {
    let (mut as_mean, mut at_end) = (0.0, 0.0);
    for sync in answers {
        let all = samples(sync);
        let Some((ms, window)) = newest(all) else { continue };
        let ready: Vec<i64> = counted(sync).filter_map(|p| p.1).filter(|since| *since < ms).collect();
        let new = ready.iter().filter(|since| **since > ms - window).count();
        let after = steady.iter().find(|s| s.ms > ms && s.ms <= ms + 2 * window && s.pods as usize == ready.len());
        let (Some(after), true) = (after, new > 0 && new < ready.len()) else { continue };
        let own = |resource: &str| model.own.values().filter_map(|r| r.get(resource)).sum::<i64>() as f64;
        let total: f64 = after.total.iter().filter(|t| t.0.1 == "cpu").map(|t| *t.1 as f64).sum();
        let load = total - own("cpu") * after.pods as f64;
        let shares = shares(&ready.iter().map(|since| (*since, None)).collect::<Vec<_>>(), ms, window, true);
        let old = ready.iter().position(|since| *since <= ms - window);
        let Some(share) = old.and_then(|i| shares.get(i)) else { continue };
        for (pod, since) in counted(sync) {
            let Some(sample) = all.iter().find(|s| s.pod == pod.name) else { continue };
            if since.is_some_and(|since| since <= ms - window) {
                let used: i64 = sample.containers.iter().filter_map(|c| c.usage.get("cpu")).sum();
                as_mean += (used as f64 - own("cpu") - load * share).abs();
                at_end += (used as f64 - own("cpu") - load / ready.len() as f64).abs();
            }
        }
    }
    as_mean <= at_end
}

/// The share of the load that each pod has in the window that ends at `ms`, or (without `mean`) at its end. Pods are given by
/// when they became Ready and when they went; the load is shared evenly by those that are Ready.
pub fn shares(pods: &[(i64, Option<i64>)], ms: i64, window: i64, mean: bool) -> Vec<f64> {
    let serves = |pod: &(i64, Option<i64>), at: i64| pod.0 <= at && pod.1.is_none_or(|gone| gone > at);
    let mut edges: Vec<i64> = pods.iter().flat_map(|p| [Some(p.0), p.1]).flatten().collect();
    edges.retain(|edge| (ms - window..ms).contains(edge) && mean);
    edges.extend([if mean { ms - window } else { ms - 1 }, ms]);
    edges.sort_unstable();
    edges.dedup();
    let mut out = vec![0.0; pods.len()];
    let length = (ms - edges[0]).max(1) as f64;
    for part in edges.windows(2) {
        let serving = pods.iter().filter(|p| serves(p, part[0])).count();
        for (share, _) in out.iter_mut().zip(pods).filter(|(_, pod)| serves(pod, part[0])) {
            *share += (part[1] - part[0]) as f64 / length / serving as f64;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_follow_the_pods_over_the_window() {
        // One pod, joined by a second in the middle; the first goes when three quarters are over.
        let pods = [(0, Some(1075)), (1050, None)];
        assert_eq!(shares(&pods, 1100, 100, true), [0.625, 0.375]);
        assert_eq!(shares(&pods, 1100, 100, false), [0.0, 1.0]);
        assert_eq!(shares(&[(2000, None)], 1100, 100, true), [0.0], "nobody is Ready");
    }

    #[test]
    fn own_use_is_what_comes_and_goes_with_a_pod() {
        let key = ("app".to_owned(), "cpu".to_owned());
        let run = |own: i64, all: &[(i64, i64)]| {
            let point = |(i, (pods, load)): (usize, &(i64, i64))| Steady {
                ms: i as i64 * 15_000,
                pods: *pods,
                total: BTreeMap::from([(key.clone(), load + own * pods)]),
            };
            let (all, changes) = own_use(&all.iter().enumerate().map(point).collect::<Vec<_>>());
            let range = &all[&key];
            (range.low, range.likely, range.high, changes)
        };
        // The load rises together with the pods, which says nothing; it is constant when they go.
        let up_and_down = [(1, 0), (1, 300), (5, 320), (5, 320), (5, 20), (5, 20), (2, 20), (2, 20), (1, 20), (1, 20)];
        let (low, likely, high, changes) = run(5, &up_and_down);
        assert_eq!((likely, changes), (5, 3));
        assert!((4..=5).contains(&low) && (5..=6).contains(&high), "{low} {high}");
        assert_eq!(run(0, &up_and_down).1, 0);
        // Without a change it may be anything up to the least that a pod used.
        assert_eq!(run(5, &[(2, 20), (2, 20), (2, 300)]), (0, 8, 15, 0));
    }
}
