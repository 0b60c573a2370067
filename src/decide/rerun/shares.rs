//! How the pods of a tier share its load over the window of a sample, and how far a model of that is from what was recorded. Must not
//! know how a model was learned.

use super::RecordedSync;
use super::model::{Model, counted, cpu_beyond, newest, samples};
use super::own_use::Steady;

/// From when on the pods that count have load, by a model, for [`shares`].
pub fn served(sync: &RecordedSync, model: &Model) -> Vec<(i64, Option<i64>)> {
    counted(sync).map(|(_, ready)| (ready.map_or(i64::MAX, |since| since + model.joins), None)).collect()
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

/// How far what pods used, that had had load for a whole window when others just got it, is from what the model says of them. The
/// load is taken to be between that of the samples before and after.
pub fn misses(answers: &[&RecordedSync], steady: &[Steady], model: &Model) -> f64 {
    let own = model.own_cpu();
    let load = |s: &Steady| (s.ms, s.cpu() - own * s.pods as f64);
    let mut out = 0.0;
    for sync in answers {
        let Some((ms, window)) = newest(samples(sync)) else { continue };
        let near = |s: &&Steady| (s.ms - ms).abs() <= 2 * window;
        let before = steady[..steady.partition_point(|s| s.ms < ms)].last().filter(near).map(load);
        let after = steady[steady.partition_point(|s| s.ms <= ms)..].first().filter(near).map(load);
        let load = match (before, after) {
            (Some(a), Some(b)) => a.1 + (b.1 - a.1) * (ms - a.0) as f64 / (b.0 - a.0) as f64,
            (None, Some(b)) => b.1,
            _ => continue,
        };
        let served = served(sync, model);
        let shares = shares(&served, ms, window, model.mean);
        // A second more, as the API's times are whole ones.
        let old = |from: i64| from <= ms - window - 1000;
        if !served.iter().any(|(from, _)| !old(*from) && *from <= ms) {
            continue;
        }
        for (((pod, _), (from, _)), share) in counted(sync).zip(&served).zip(shares) {
            let used = cpu_beyond(sync, pod, own).filter(|_| old(*from));
            out += used.map_or(0.0, |used| (used - load * share).abs());
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
}
