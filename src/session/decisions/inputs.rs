//! What the controller could see at a time within the last minutes: pods, samples, the scale's replicas. Bounded. Must not
//! decide which of it the controller did see.

use crate::hpa::{Phase, Pod, PodSample};
use crate::observe::{HpaSeen, Metric, MetricValuesSeen, PodSeen, Time, UsageSeen};
use crate::session::controller;
use crate::session::metrics::{TargetType, measured};
use crate::session::series::StepSeries;
use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    sync::Arc,
};

/// Versions older than this (milliseconds) are dropped, except the one in effect.
const KEEP: i64 = 150_000;
/// Values are kept this long, milliseconds, and are alike within this share.
const VALUES: i64 = 60_000;
const ALIKE: f64 = 0.01;
/// Answers of the metrics API kept.
const ANSWERS: usize = 6;
/// Pods that left, kept at most.
const GONE: usize = 1000;
/// A pod first seen this long after its creation (milliseconds) existed before; one seen again this long after its end came back.
const LATE: i64 = 1500;

/// A pod's versions with the time from which each holds (milliseconds since 1970), ascending; None once it is gone.
type Versions = VecDeque<(i64, Option<Arc<Pod>>)>;

/// The last minutes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Inputs {
    /// By uid.
    pods: BTreeMap<String, Versions>,
    /// When which pod left, in that order.
    gone: VecDeque<(i64, String)>,
    answers: VecDeque<UsageList>,
    /// The latest values of external and pods metrics: when they were seen, milliseconds since 1970, and what was.
    values: Vec<(i64, Arc<MetricValuesSeen>)>,
    /// The scale's `spec.replicas` and `status.replicas`.
    pub scale: StepSeries<(Option<i32>, Option<i32>)>,
}

/// What the metrics API listed at a time.
#[derive(Clone, Debug, PartialEq)]
pub struct UsageList {
    /// When it was seen, milliseconds since 1970.
    pub seen: i64,
    /// When the newest and the oldest of the new samples were taken.
    pub newest: i64,
    pub oldest: i64,
    /// New samples, then older ones of pods that still exist.
    pub samples: Vec<PodSample>,
    /// How many are new.
    pub fresh: usize,
}

impl Inputs {
    /// A version of a pod, seen at `ms`.
    pub fn pod(&mut self, ms: i64, seen: &PodSeen) {
        let versions = self.pods.entry(seen.uid.clone()).or_default();
        let made = seen.created.map(|t| t.timestamp_millis()).filter(|made| *made < ms - LATE);
        // Creation times have whole seconds.
        let from = if versions.is_empty() { made.map_or(ms, |made| (made + 999).min(ms)) } else { ms };
        let pod = Arc::new(controller::pod(seen));
        let late = match versions.back() {
            Some((_, Some(last))) if *last == pod => return,
            Some((_, Some(last))) => is_before(&pod, last),
            // Its last versions may come after its end.
            Some((gone, None)) => pod.deleted || ms - gone < LATE,
            None => false,
        };
        match late {
            true => insert_before_last(versions, ms, pod),
            false => versions.push_back((from, Some(pod))),
        }
        while versions.len() > 64 || versions.get(1).is_some_and(|v| v.0 < ms - KEEP) {
            versions.pop_front();
        }
    }

    /// A pod left at `ms`.
    pub fn pod_gone(&mut self, ms: i64, uid: &str) {
        let there = self.pods.get_mut(uid).filter(|v| v.back().is_some_and(|last| last.1.is_some()));
        let Some(versions) = there else { return };
        versions.push_back((ms, None));
        self.gone.push_back((ms, uid.to_owned()));
        while self.gone.len() > GONE || self.gone.front().is_some_and(|(t, _)| *t < ms - KEEP) {
            let Some((t, uid)) = self.gone.pop_front() else { break };
            // It may have come back since, and left again.
            if self.pods.get(&uid).and_then(|v| v.back()) == Some(&(t, None)) {
                self.pods.remove(&uid);
            }
        }
    }

    /// An answer of the metrics API, seen at `ms`: the samples that are new.
    pub fn usage(&mut self, ms: i64, usage: &UsageSeen) {
        let times = || usage.pods.iter().map(|p| p.at.timestamp_millis());
        let (Some(newest), Some(oldest)) = (times().max(), times().min()) else { return };
        let mut samples: Vec<PodSample> = usage.pods.iter().map(controller::sample).collect();
        let fresh = samples.len();
        if let Some(before) = self.answers.back() {
            let new: BTreeSet<&str> = samples.iter().map(|s| &*s.pod).collect();
            let last = self.pods.values().filter_map(|v| v.back()?.1.as_ref());
            let there: BTreeSet<&str> = last.map(|p| &*p.name).collect();
            let kept = before.samples.iter().filter(|s| !new.contains(&*s.pod) && there.contains(&*s.pod));
            let kept: Vec<PodSample> = kept.cloned().collect();
            samples.extend(kept);
        }
        self.answers.push_back(UsageList { seen: ms, newest, oldest, samples, fresh });
        if self.answers.len() > ANSWERS {
            self.answers.pop_front();
        }
    }

    /// The values of an external or custom metric, seen at `ms`.
    pub fn values(&mut self, ms: i64, values: &Arc<MetricValuesSeen>) {
        self.values.retain(|(at, _)| *at > ms - VALUES);
        self.values.push((ms, values.clone()));
    }

    /// Whether a value that was there before `ms` is clearly another than the HPA's status reports.
    pub fn values_differ(&self, ms: i64, hpa: &HpaSeen) -> bool {
        let differs = |(metric, reported): (&Metric, &Metric)| {
            let same = |v: &&(i64, Arc<MetricValuesSeen>)| {
                v.0 < ms - 500 && (v.1.kind, &v.1.name, &v.1.selector) == (metric.kind, &metric.name, &metric.selector)
            };
            let (_, seen) = self.values.iter().rev().find(same)?;
            let (target, _) = TargetType::of(&metric.value)?;
            let value = measured(seen, target, hpa.status.current_replicas.map(|n| n.max(1)))?;
            let reported = target.read(&reported.value)?;
            // Figures are rounded up to thousandths.
            Some((value - reported).abs() > 0.002 + reported.abs() * ALIKE)
        };
        hpa.metrics.len() == hpa.status.metrics.len()
            && hpa.metrics.iter().zip(&hpa.status.metrics).any(|pair| differs(pair) == Some(true))
    }

    /// The pods as they were at `ms`.
    pub fn pods_at(&self, ms: i64) -> Vec<Arc<Pod>> {
        let at = |versions: &Versions| {
            let n = versions.partition_point(|v| v.0 <= ms);
            n.checked_sub(1).and_then(|i| versions.get(i)).and_then(|v| v.1.clone())
        };
        let mut all: Vec<Arc<Pod>> = self.pods.values().filter_map(at).collect();
        all.sort_by(|a, b| a.name.cmp(&b.name));
        all
    }

    /// A time for each state in which the pods, and the scale where `scale` says so, were between `from` and `to`, those near
    /// `likely` first; at most `most`.
    pub fn states(&self, likely: i64, from: i64, to: i64, scale: bool, most: usize) -> Vec<i64> {
        let changes = self.scale.within(from, to).into_iter().map(|c| c.0).filter(|_| scale);
        let pods = self.pods.values().flatten().map(|v| v.0);
        let mut turns: Vec<i64> = pods.chain(changes).filter(|t| *t > from && *t <= to).collect();
        turns.sort_unstable();
        turns.dedup();
        // A state lasts from one turn to before the next.
        let here = turns.partition_point(|t| *t <= likely);
        let earlier = turns[..here].iter().rev().map(|t| t - 1);
        let mut all: Vec<i64> = std::iter::once(likely).chain(earlier).chain(turns[here..].iter().copied()).collect();
        all.sort_by_key(|t| (t - likely).abs());
        all.truncate(most);
        all
    }

    /// Whether a pod changed after `from` and until `to`.
    pub fn pods_change(&self, from: i64, to: i64) -> bool {
        self.pods.values().flatten().any(|v| v.0 > from && v.0 <= to)
    }

    /// The same pods with one of them as it was at another time between `from` and `to`: what is seen of one pod may be later
    /// than what is seen of another. At most `most`.
    pub fn variants(&self, pods: &[Arc<Pod>], from: i64, to: i64, most: usize) -> Vec<Vec<Arc<Pod>>> {
        let mut out = Vec::new();
        for versions in self.pods.values() {
            // The version in effect at the beginning, and those that follow.
            let first = versions.partition_point(|v| v.0 <= from).saturating_sub(1);
            let within = versions.iter().skip(first).take_while(|v| v.0 <= to);
            let Some(name) = versions.iter().find_map(|v| v.1.as_ref()).map(|p| p.name.clone()) else { continue };
            let here = pods.iter().find(|p| p.name == name);
            for (_, version) in within.filter(|v| v.1.as_ref() != here) {
                let others = pods.iter().filter(|p| p.name != name);
                let mut all: Vec<Arc<Pod>> = others.chain(version).cloned().collect();
                all.sort_by(|a, b| a.name.cmp(&b.name));
                out.push(all);
                if out.len() >= most {
                    return out;
                }
            }
        }
        out
    }

    /// The answers of the metrics API whose samples were taken before `ms`, newest first.
    pub fn answers(&self, ms: i64) -> impl Iterator<Item = &UsageList> {
        self.answers.iter().rev().filter(move |a| a.oldest <= ms)
    }

    /// When the last answer of the metrics API was seen, milliseconds since 1970.
    pub fn last_seen(&self) -> Option<i64> {
        self.answers.back().map(|a| a.seen)
    }
}

/// Whether a version of a pod was before another one of it, though it was seen after that: no pod is Pending again, none comes
/// back from its deletion, and its readiness turns forwards in time.
fn is_before(pod: &Pod, other: &Pod) -> bool {
    let turned = |p: &Pod| p.ready.map(|r| r.since).filter(|since| *since > Time::default());
    (pod.phase == Phase::Pending && other.phase != Phase::Pending)
        || (other.deleted && !pod.deleted)
        || turned(pod).zip(turned(other)).is_some_and(|(this, that)| this < that)
}

/// Takes in a version that was before the last one and was seen after it, at `ms`: it held until just before the last one.
fn insert_before_last(versions: &mut Versions, ms: i64, pod: Arc<Pod>) {
    let Some(last) = versions.pop_back() else { return };
    let before = versions.back().cloned();
    if before.as_ref().and_then(|b| b.1.as_ref()) != Some(&pod) {
        versions.push_back((before.map_or(last.0, |b| b.0.max(last.0 - 1)), Some(pod)));
    }
    // Where it is the first one known, the last one began when it was seen.
    let from = if versions.len() == 1 { ms.max(last.0) } else { last.0 };
    versions.push_back((from, last.1));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observe::{PodUsage, ReadySeen};

    fn pod(ready: &str, created: i64) -> PodSeen {
        let ready = Some(ReadySeen { status: ready.into(), since: None });
        let created = Time::from_timestamp_millis(created);
        PodSeen { uid: "u".into(), name: "p".into(), created, ready, ..Default::default() }
    }

    #[test]
    fn a_pod_has_the_version_of_that_time() {
        let mut i = Inputs::default();
        i.pod(10_000, &pod("False", 9_900));
        i.pod(12_000, &pod("True", 9_900));
        i.pod_gone(20_000, "u");
        let ready = |ms| i.pods_at(ms).first().map(|p| p.is_ready());
        assert_eq!([9_999, 10_000, 12_000, 20_000].map(ready), [None, Some(false), Some(true), None]);
        assert_eq!(i.states(11_500, 10_500, 13_000, false, 8), [11_500, 12_000]);
        assert_eq!(i.states(12_100, 9_000, 19_999, false, 8), [12_100, 11_999, 9_999]);
        assert_eq!(i.states(12_100, 9_000, 19_999, false, 2), [12_100, 11_999]);
        i.scale.set(11_000, (Some(1), Some(1)));
        i.scale.set(12_500, (Some(2), Some(1)));
        assert_eq!(i.states(12_100, 10_500, 13_000, true, 8), [12_100, 11_999, 12_500, 10_999]);
    }

    #[test]
    fn a_version_that_comes_after_a_later_one_is_left_out() {
        let mut i = Inputs::default();
        let of = |phase: &str| PodSeen { phase: phase.into(), ..pod("False", 9_900) };
        i.pod(10_000, &of("Pending"));
        i.pod(10_500, &of("Running"));
        i.pod(10_600, &of("Pending"));
        assert_eq!(i.pods_at(11_000)[0].phase, Phase::Running);
    }

    #[test]
    fn a_version_that_comes_after_its_end_or_deletion_was_before_it() {
        let mut i = Inputs::default();
        let of = |phase: &str| PodSeen { phase: phase.into(), ..pod("False", 9_900) };
        let deleted = PodSeen { deleted: Time::from_timestamp_millis(12_000), ..of("Running") };
        i.pod(10_000, &of("Pending"));
        i.pod(11_000, &deleted);
        i.pod(11_400, &of("Running"));
        let seen = |i: &Inputs, ms| i.pods_at(ms).first().map(|p| (p.phase, p.deleted));
        let (pending, running, ended) =
            (Some((Phase::Pending, false)), Some((Phase::Running, false)), Some((Phase::Running, true)));
        assert_eq!([10_998, 10_999, 11_000].map(|ms| seen(&i, ms)), [pending, running, ended]);
        i.pod_gone(12_000, "u");
        i.pod(12_300, &PodSeen { deleted: Time::from_timestamp_millis(11_000), ..of("Succeeded") });
        assert_eq!([11_998, 12_000, 12_300].map(|ms| seen(&i, ms)), [ended, None, None]);
        assert_eq!(seen(&i, 11_999), Some((Phase::Succeeded, true)));
    }

    #[test]
    fn readiness_turns_forwards() {
        let mut i = Inputs::default();
        let of = |status: &str, since| {
            let since = Time::from_timestamp_millis(since);
            PodSeen { ready: Some(ReadySeen { status: status.into(), since }), ..pod(status, 9_900) }
        };
        i.pod(10_000, &of("False", 9_000));
        i.pod(15_500, &of("True", 15_000));
        i.pod(15_700, &of("False", 14_000));
        assert!(i.pods_at(16_000)[0].is_ready());
    }

    #[test]
    fn a_pod_seen_late_existed_before() {
        let mut i = Inputs::default();
        i.pod(100_000, &pod("True", 1_000));
        assert_eq!(i.pods_at(50_000).len(), 1);
    }

    #[test]
    fn pods_that_left_are_bounded() {
        let mut i = Inputs::default();
        for n in 0..3 * GONE {
            let uid = n.to_string();
            i.pod(n as i64, &PodSeen { uid: uid.clone(), ..pod("True", 0) });
            i.pod_gone(n as i64, &uid);
            i.pod_gone(n as i64, &uid);
        }
        assert_eq!((i.pods.len(), i.gone.len()), (GONE, GONE));
        let (late, back) = (3 * GONE as i64 + LATE, (3 * GONE - 1).to_string());
        i.pod(late, &PodSeen { uid: back, ..pod("True", 0) });
        i.pod(late, &pod("True", 0));
        i.pod_gone(late + KEEP, "u");
        assert_eq!(i.pods.len(), 2, "a pod that came back still exists");
    }

    #[test]
    fn an_answer_keeps_older_samples_of_existing_pods() {
        let sample = |pod: &str, ms| PodUsage {
            pod: pod.into(),
            at: Time::from_timestamp_millis(ms).unwrap(),
            window_s: 15.0,
            containers: vec![],
        };
        let mut i = Inputs::default();
        i.pod(0, &pod("True", 0));
        i.usage(16_000, &UsageSeen { pods: vec![sample("p", 15_000), sample("gone", 15_000)] });
        i.usage(31_000, &UsageSeen { pods: vec![sample("q", 30_000)] });
        let last = i.answers(31_000).next().unwrap();
        assert_eq!(last.samples.iter().map(|s| &*s.pod).collect::<Vec<_>>(), ["q", "p"]);
        assert_eq!((last.fresh, i.answers(20_000).count()), (1, 1));
    }
}
