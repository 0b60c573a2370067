//! The proposal of a metric that is measured in each pod: utilization of request, or an average value per pod.
//! Two passes as in the controller: over the pods that count, then with missing and unready pods filled in.

use super::{
    conversions::{self, Conversions},
    fault::Fault,
    groups::{Group, Groups},
    pods::PodName,
    ratio::{self, Band},
    readings::Readings,
};

/// What each pod is compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PodTarget {
    /// Percent of the request.
    Utilization(i32),
    /// Milli-units per pod.
    Average(i64),
}

/// Where a pod's usage in a pass comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Basis {
    Measured,
    /// A missing pod: its request (or the target) when scaling down, 0 when scaling up.
    Missing,
    /// An unready pod: 0 when scaling up.
    Unready,
}

/// One pod in a pass.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PassPod {
    pub pod: PodName,
    /// Milli-units.
    pub usage: i64,
    /// Milli-units; `None` for average values, and for a pod that is not listed (which a utilization leaves out).
    pub request: Option<i64>,
    pub basis: Basis,
}

/// One pass over a set of pods.
#[derive(Debug, Clone, PartialEq)]
pub struct Pass {
    pub pods: Vec<PassPod>,
    /// Σusage, milli-units.
    pub usage: i64,
    /// Σrequests, milli-units (utilization only).
    pub requests: Option<i64>,
    /// Truncated percent (utilization only).
    pub percent: Option<i32>,
    /// Truncated mean per pod, milli-units.
    pub mean: i64,
    /// percent / target or mean / target.
    pub ratio: f64,
    /// What the ratio is multiplied by: the ready pods in the first pass, the filled set in the second.
    pub count: usize,
    /// ceil(ratio × count).
    pub replicas: i32,
}

/// Why the proposal is what it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// The ratio is inside the band: the current replicas.
    Within,
    /// With missing and unready pods filled in, the ratio points the other way: the current replicas.
    RatioReversed,
    /// With missing and unready pods filled in, the count points the other way: the current replicas.
    CountReversed,
    /// ceil(ratio × count).
    Scaled,
}

/// The proposal of a per-pod metric, and how it was computed.
#[derive(Debug, Clone, PartialEq)]
pub struct PerPod {
    pub target: PodTarget,
    pub groups: Groups,
    pub band: Band,
    pub first: Pass,
    /// Only when a pod is missing, or unready when scaling up.
    pub second: Option<Pass>,
    pub verdict: Verdict,
    pub replicas: i32,
}

/// The proposal over grouped pods. `requests` are milli-units in the order of the groups' pods (empty for averages),
/// `current` is the scale's spec.replicas.
///
/// # Errors
/// `Fault::NoneUsable` without a usable reading, `Fault::NoKnownPods` when the requests add up to nothing; the groups
/// are returned with it.
pub fn propose(
    groups: Groups,
    readings: &Readings,
    requests: &[i64],
    target: PodTarget,
    band: Band,
    current: i32,
    conversions: Conversions,
) -> Result<PerPod, (Fault, Groups)> {
    let first = match first_pass(&groups, readings, requests, target, conversions) {
        Ok(first) => first,
        Err(fault) => return Err((fault, groups)),
    };
    let done = |second: Option<Pass>, verdict, replicas, first, groups| PerPod {
        target,
        groups,
        band,
        first,
        second,
        verdict,
        replicas,
    };
    let fill_unready = first.ratio > 1.0 && groups.count(Group::Unready) > 0;
    if !fill_unready && groups.count(Group::Missing) == 0 {
        let (verdict, replicas) = match band.holds(first.ratio) {
            true => (Verdict::Within, current),
            false => (Verdict::Scaled, first.replicas),
        };
        return Ok(done(None, verdict, replicas, first, groups));
    }
    let pods = filled(&first, &groups, requests, target, fill_unready);
    let count = pods.len();
    let Some(second) = pass(pods, count, target, conversions) else {
        return Err((Fault::NoKnownPods, groups));
    };
    let verdict = judge(first.ratio, &second, band, current);
    let replicas = match verdict {
        Verdict::Scaled => second.replicas,
        _ => current,
    };
    Ok(done(Some(second), verdict, replicas, first, groups))
}

/// The pass over the pods that count; the status reports it, too.
///
/// # Errors
/// As [`propose`].
pub fn first_pass(
    groups: &Groups,
    readings: &Readings,
    requests: &[i64],
    target: PodTarget,
    conversions: Conversions,
) -> Result<Pass, Fault> {
    let mut pods = Vec::with_capacity(readings.as_slice().len());
    let mut ready = 0;
    for (place, grouped) in groups.pods.iter().enumerate() {
        let reading = grouped.reading.and_then(|at| readings.as_slice().get(at));
        if let (Group::Ready, Some(reading)) = (grouped.reason.group(), reading) {
            ready += 1;
            pods.push(PassPod {
                pod: grouped.pod.clone(),
                usage: reading.value,
                request: requests.get(place).copied(),
                basis: Basis::Measured,
            });
        }
    }
    for name in &groups.unlisted {
        let at = readings.position(name, usize::MAX);
        if let Some(reading) = at.and_then(|at| readings.as_slice().get(at)) {
            pods.push(PassPod { pod: name.clone(), usage: reading.value, request: None, basis: Basis::Measured });
        }
    }
    if pods.is_empty() {
        return Err(Fault::NoneUsable);
    }
    pass(pods, ready, target, conversions).ok_or(Fault::NoKnownPods)
}

/// The pods of the first pass and those that are filled in.
fn filled(first: &Pass, groups: &Groups, requests: &[i64], target: PodTarget, fill_unready: bool) -> Vec<PassPod> {
    let mut pods = Vec::with_capacity(groups.pods.len() + groups.unlisted.len());
    pods.extend_from_slice(&first.pods);
    for (place, grouped) in groups.pods.iter().enumerate() {
        let request = requests.get(place).copied();
        let (usage, basis) = match grouped.reason.group() {
            Group::Missing if first.ratio < 1.0 => {
                let full = match target {
                    PodTarget::Utilization(percent) => {
                        request.unwrap_or(0).wrapping_mul(i64::from(percent.max(100))).wrapping_div(100)
                    }
                    PodTarget::Average(value) => value,
                };
                (full, Basis::Missing)
            }
            Group::Missing if first.ratio > 1.0 => (0, Basis::Missing),
            Group::Unready if fill_unready => (0, Basis::Unready),
            _ => continue,
        };
        pods.push(PassPod { pod: grouped.pod.clone(), usage, request, basis });
    }
    pods
}

fn pass(pods: Vec<PassPod>, count: usize, target: PodTarget, by: Conversions) -> Option<Pass> {
    let (usage, requests, percent, mean, ratio) = match target {
        PodTarget::Utilization(target) => {
            let sums = ratio::utilization(pods.iter().map(|p| (p.usage, p.request)), by.utilization)?;
            let ratio = f64::from(sums.percent) / f64::from(target);
            let percent = Some(sums.percent);
            (sums.usage, Some(sums.requests), percent, sums.mean, ratio)
        }
        PodTarget::Average(target) => {
            let (sum, mean) = ratio::average(pods.iter().map(|p| p.usage), by.utilization)?;
            (sum, None, None, mean, ratio::ratio(mean, target))
        }
    };
    let replicas = conversions::ceil(ratio * count as f64, by.replicas);
    Some(Pass { pods, usage, requests, percent, mean, ratio, count, replicas })
}

fn judge(first: f64, second: &Pass, band: Band, current: i32) -> Verdict {
    let ratio = second.ratio;
    if band.holds(ratio) {
        Verdict::Within
    } else if (first < 1.0 && ratio > 1.0) || (first > 1.0 && ratio < 1.0) {
        Verdict::RatioReversed
    } else if (ratio < 1.0 && second.replicas > current) || (ratio > 1.0 && second.replicas < current) {
        Verdict::CountReversed
    } else {
        Verdict::Scaled
    }
}
