//! The gateway's pods: their latest version, their usage over time, and those that left. Bounded. Must not judge readiness
//! for the controller; that is `hpa`'s part.

use super::metrics::quantity;
use super::sampling::Sampling;
use super::series::Series;
use crate::observe::{PodSeen, PodUsage};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Pods that left, kept at most.
const GONE: usize = 32;
/// Samples kept of all pods together: 24 h of four pods, one every ten seconds, cpu and memory.
const SAMPLES: usize = 4 * 8640;

/// A pod and its usage over time.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Pod {
    pub seen: PodSeen,
    /// When it left, milliseconds since 1970.
    pub gone: Option<i64>,
    /// The latest sample of the metrics API.
    pub usage: Option<PodUsage>,
    /// Millicores, all containers together.
    pub cpu: Series,
    /// Bytes, all containers together.
    pub memory: Series,
    /// The smallest number that no other pod had when this one appeared, 64 from the 65th on: its colour, for its life.
    pub slot: u32,
}

/// Every pod of the scale's selector.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Pods {
    /// Those that exist, by name.
    live: BTreeMap<String, Arc<Pod>>,
    /// Those that left, or whose name another pod has now, by uid.
    past: BTreeMap<String, Arc<Pod>>,
    /// The latest samples of pods that are not known yet, by name: the metrics API may answer before the list of pods.
    early: BTreeMap<String, PodUsage>,
    /// How often new samples come.
    pub sampling: Sampling,
}

impl Pods {
    /// Takes in a version of a pod. Returns whether a sample had been waiting for it.
    pub fn take(&mut self, seen: &PodSeen) -> bool {
        if let Some(other) = self.other(seen).cloned() {
            self.past.insert(other.seen.uid.clone(), other);
            self.live.remove(&seen.name);
            self.forget_past();
        }
        let back = self.past.remove(&seen.uid);
        if !self.live.contains_key(&seen.name) {
            let taken = |all: u64, pod: &Arc<Pod>| all | 1_u64.checked_shl(pod.slot).unwrap_or(0);
            let slot = self.live.values().fold(0, taken).trailing_ones();
            self.live.insert(seen.name.clone(), back.unwrap_or_else(|| Arc::new(Pod { slot, ..Pod::default() })));
        }
        let Some(pod) = self.live.get_mut(&seen.name).map(Arc::make_mut) else { return false };
        pod.seen = seen.clone();
        pod.gone = None;
        let early = self.early.remove(&seen.name);
        early.inspect(|usage| self.used(usage)).is_some()
    }

    /// Another pod that had this one's name until now.
    pub fn other(&self, seen: &PodSeen) -> Option<&Arc<Pod>> {
        self.live.get(&seen.name).filter(|p| p.seen.uid != seen.uid)
    }

    /// Samples are waiting for their pods.
    pub fn some_early(&self) -> bool {
        !self.early.is_empty()
    }

    pub fn leave(&mut self, ms: i64, uid: &str) {
        let name = self.live.values().find(|p| p.seen.uid == uid).map(|p| p.seen.name.clone());
        if let Some(pod) = name.and_then(|name| self.live.remove(&name)) {
            self.past.insert(uid.to_owned(), pod);
        }
        let Some(pod) = self.past.get_mut(uid).map(Arc::make_mut) else { return };
        pod.gone = Some(ms);
        pod.usage = None;
        self.forget_past();
    }

    /// Forgets the pod that left first; those whose leaving was not seen come last.
    fn forget_past(&mut self) {
        if self.past.len() > GONE {
            let first = self.past.values().map(|p| (p.gone.unwrap_or(i64::MAX), p.seen.uid.clone())).min();
            first.and_then(|(_, uid)| self.past.remove(&uid));
        }
    }

    /// Takes in a sample.
    pub fn used(&mut self, usage: &PodUsage) {
        let share = (SAMPLES / (self.live.len() + self.past.len()).max(1)).max(64);
        let max_gap = self.max_gap(usage);
        let Some(pod) = self.live.get_mut(&usage.pod).map(Arc::make_mut) else {
            self.early.insert(usage.pod.clone(), usage.clone());
            return;
        };
        // As `kubectl top` and the controller round: up. A thousandth of a nanocore is an error of the sum.
        let cpu = total(usage, "cpu").map(|cores| (cores * 1000.0 - 1e-7).ceil());
        let memory = total(usage, "memory");
        let ms = usage.at.timestamp_millis();
        if let Some(cpu) = cpu {
            pod.cpu.push(ms, cpu, max_gap);
        }
        if let Some(memory) = memory {
            pod.memory.push(ms, memory, max_gap);
        }
        pod.cpu.keep(share);
        pod.memory.keep(share);
        pod.usage = Some(usage.clone());
    }

    /// Milliseconds without a sample that make a gap. The window of `usage` stands in for the period until that is learned.
    pub fn max_gap(&self, usage: &PodUsage) -> i64 {
        max_gap(self.sampling.period_s().unwrap_or(usage.window_s))
    }

    /// A new answer of the metrics API begins: a pod that is not in it has no sample.
    pub fn forget_usage(&mut self) {
        let used = self.live.values_mut().filter(|p| p.usage.is_some());
        used.for_each(|p| Arc::make_mut(p).usage = None);
        self.early.clear();
    }

    /// Those that exist, by name.
    pub fn live(&self) -> impl Iterator<Item = &Pod> {
        self.live.values().map(Arc::as_ref)
    }

    /// How many exist.
    pub fn count(&self) -> usize {
        self.live.len()
    }

    pub fn named(&self, name: &str) -> Option<&Pod> {
        self.live.get(name).map(Arc::as_ref)
    }

    /// Those that exist and those that left.
    pub fn all(&self) -> impl Iterator<Item = &Pod> {
        self.live.values().chain(self.past.values()).map(Arc::as_ref)
    }

    pub fn ready(&self) -> usize {
        self.live().filter(|p| is_ready(&p.seen)).count()
    }
}

/// What all containers of a pod used, in base units; None if one of them has no such figure.
fn total(usage: &PodUsage, resource: &str) -> Option<f64> {
    let texts = usage.containers.iter().filter_map(|(_, r)| r.get(resource));
    texts.map(|t| quantity(t)).sum::<Option<f64>>().filter(|_| !usage.containers.is_empty())
}

/// The Ready condition is True.
pub fn is_ready(pod: &PodSeen) -> bool {
    pod.ready.as_ref().is_some_and(|r| r.status == "True")
}

/// Milliseconds without a sample that make a gap, for samples that come every `period_s` seconds.
pub fn max_gap(period_s: f64) -> i64 {
    ((period_s.clamp(10.0, 600.0) * 2500.0) as i64).max(30_000)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observe::Time;

    fn pod(n: i64) -> PodSeen {
        PodSeen { uid: format!("uid-{n}"), name: format!("pod-{n}"), ..Default::default() }
    }

    fn usage(pod: &str, at: Time, cpu: &str) -> PodUsage {
        let container = ("app".to_string(), [("cpu".to_string(), cpu.to_string())].into());
        PodUsage { pod: pod.into(), at, window_s: 15.0, containers: vec![container] }
    }

    #[test]
    fn a_sample_that_comes_before_its_pod_waits_for_it() {
        let at = Time::from_timestamp(1, 0).unwrap();
        let mut pods = Pods::default();
        pods.used(&usage("pod-1", at, "5m"));
        assert!(pods.some_early() && pods.take(&pod(1)) && !pods.some_early());
        assert_eq!(pods.named("pod-1").unwrap().cpu.last(), Some((1000, 5.0)));
        pods.used(&usage("pod-2", at, "5m"));
        pods.forget_usage();
        assert!(!pods.take(&pod(2)), "the next answer of the metrics API did not have it");
    }

    #[test]
    fn cpu_is_rounded_as_kubectl_top_does() {
        let at = |s| Time::from_timestamp(s, 0).unwrap();
        let mut pods = Pods::default();
        pods.take(&pod(1));
        let mut two = usage("pod-1", at(1), "33300001n");
        two.containers.push(("proxy".into(), [("cpu".to_string(), "33300u".to_string())].into()));
        for (n, text) in ["4000268n", "44m", "1500m", "0", "0.1"].into_iter().enumerate() {
            pods.used(&usage("pod-1", at(10 + n as i64), text));
        }
        pods.used(&PodUsage { at: at(20), ..two });
        let read: Vec<f64> = pods.named("pod-1").unwrap().cpu.points().iter().map(|p| p.1).collect();
        assert_eq!(read, [5.0, 44.0, 1500.0, 0.0, 100.0, 67.0]);
    }

    #[test]
    fn a_pod_of_the_same_name_is_another_pod() {
        let mut pods = Pods::default();
        pods.take(&pod(1));
        pods.take(&PodSeen { uid: "new".into(), ..pod(1) });
        pods.leave(5, "uid-1");
        assert_eq!(pods.live().map(|p| p.seen.uid.as_str()).collect::<Vec<_>>(), ["new"]);
        assert_eq!(pods.all().count(), 2);
    }

    #[test]
    fn a_pod_keeps_its_number_and_a_new_one_takes_the_smallest_that_is_free() {
        let mut pods = Pods::default();
        (0..4).for_each(|n| assert!(!pods.take(&pod(n))));
        let slot = |pods: &Pods, n: i64| pods.named(&format!("pod-{n}")).map(|p| p.slot);
        pods.leave(5, "uid-1");
        pods.take(&pod(7));
        pods.take(&pod(3));
        assert_eq!([0, 2, 3, 7].map(|n| slot(&pods, n)), [Some(0), Some(2), Some(3), Some(1)]);
    }

    #[test]
    fn many_pods_share_the_samples() {
        let mut pods = Pods::default();
        (0..1000).for_each(|n| assert!(!pods.take(&pod(n))));
        for t in 0..500 {
            let at = Time::from_timestamp(t * 15, 0).unwrap();
            for n in [0, 999] {
                pods.used(&usage(&format!("pod-{n}"), at, "1m"));
            }
        }
        assert!(pods.named("pod-999").unwrap().cpu.points().len() < 64 + 128);
        (0..1000).for_each(|n| pods.leave(n, &format!("uid-{n}")));
        assert_eq!((pods.count(), pods.all().count()), (0, GONE));
    }
}
