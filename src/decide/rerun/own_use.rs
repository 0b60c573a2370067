//! What a pod uses by itself, whatever it has to do: total = load + pods × own use. Where the number of pods changes, it is what the
//! total changes by beyond what the load does; whatever does not change with the pods is shared by them, background traffic like load.
//! Must not know how long pods take to start.

use super::RecordedSync;
use super::model::{counted, newest, samples};
use std::collections::{BTreeMap, BTreeSet};

/// Two states of the pods further apart than this, milliseconds, say nothing about each other.
const NEAR: i64 = 120_000;

/// The pods at a sample, all of them Ready for its whole window.
pub struct Steady {
    pub ms: i64,
    pub pods: i64,
    /// Milli-units by container and resource.
    pub total: BTreeMap<(String, String), i64>,
}

impl Steady {
    /// None where a pod was not measured, or not Ready for the whole window.
    pub fn of(sync: &RecordedSync) -> Option<Steady> {
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

    /// Of all pods, milli-units.
    pub fn cpu(&self) -> f64 {
        self.total.iter().filter(|t| t.0.1 == "cpu").map(|t| *t.1 as f64).sum()
    }
}

/// Use by itself, milli-units.
pub struct Range {
    pub low: i64,
    pub likely: i64,
    pub high: i64,
}

/// Use by itself of each container and resource, and the number of changes that it was learned from.
pub fn own_use(steady: &[Steady]) -> (BTreeMap<(String, String), Range>, usize) {
    let mut out = BTreeMap::new();
    let mut changes = 0;
    let keys: BTreeSet<&(String, String)> = steady.iter().flat_map(|s| s.total.keys()).collect();
    for key in keys {
        let points: Vec<(i64, i64, f64)> =
            steady.iter().filter_map(|s| Some((s.ms, s.pods, *s.total.get(key)? as f64))).collect();
        // What a pod uses at the least, but for a few samples.
        let mut each: Vec<f64> = points.iter().map(|(_, pods, total)| total / *pods as f64).collect();
        each.sort_by(f64::total_cmp);
        let most = each.get(each.len() / 10).copied().unwrap_or(0.0).max(0.0);
        let seen = estimates(&points);
        changes = changes.max(points.windows(2).filter(|w| w[0].1 != w[1].1 && w[1].0 - w[0].0 <= NEAR).count());
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

/// Use by itself as three samples in a row say.
struct Estimate {
    own: f64,
    /// By how much the load changed for each pod that came or went; and that with a part of what the totals changed, as the load may
    /// have changed just when the pods did.
    load: f64,
    uncertain: f64,
}

/// One for each three samples between which the number of pods changed: that with which the load changed as fast before the middle
/// one as after it.
fn estimates(points: &[(i64, i64, f64)]) -> Vec<Estimate> {
    let of_three = |w: &[(i64, i64, f64)]| {
        let [a, b, c] = w else { return None };
        let (before, after) = ((b.0 - a.0) as f64, (c.0 - b.0) as f64);
        let rates = |of: fn(&(i64, i64, f64)) -> f64| ((of(b) - of(a)) / before, (of(c) - of(b)) / after);
        let ((n, m), (was, is)) = (rates(|p| p.1 as f64), rates(|p| p.2));
        if b.0 - a.0 > NEAR || c.0 - b.0 > NEAR || n == m {
            return None;
        }
        let own = (is - was) / (m - n);
        let span = (before + after) / 2.0;
        let pods = ((m - n) * span).abs();
        let load = ((was - own * n) * span).abs() / pods;
        let totals = ((b.2 - a.2).abs() + (c.2 - b.2).abs()) / pods;
        Some(Estimate { own, load, uncertain: load + totals / 4.0 })
    };
    points.windows(3).filter_map(of_three).collect()
}

/// The median of estimates, each weighted by how certain it is, and how far half of that weight is from it at most.
fn weighted(seen: &[Estimate]) -> Option<(f64, f64)> {
    let least = seen.iter().map(|s| s.load).fold(f64::INFINITY, f64::min);
    let mut all: Vec<(f64, f64)> = seen.iter().map(|s| (s.own, 1.0 / (s.uncertain + 1.0))).collect();
    let middle = median(&mut all)?;
    let mut away: Vec<(f64, f64)> = all.iter().map(|(value, weight)| ((value - middle).abs(), *weight)).collect();
    Some((middle, median(&mut away)? + least))
}

/// The median of (value, weight); None of none.
fn median(all: &mut [(f64, f64)]) -> Option<f64> {
    all.sort_by(|a, b| a.0.total_cmp(&b.0));
    let half = all.iter().map(|v| v.1).sum::<f64>() / 2.0;
    let mut sum = 0.0;
    let reaches = |v: &&(f64, f64)| {
        sum += v.1;
        sum >= half
    };
    all.iter().find(reaches).map(|v| v.0)
}

#[cfg(test)]
mod tests {
    use super::*;

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

    #[test]
    fn a_load_that_rises_with_its_pods_is_no_use_by_itself() {
        // On a real control plane, pods that used nothing by themselves: (seconds, pods, total).
        let all = [
            (0, 1, 49),
            (15, 1, 54),
            (30, 1, 49),
            (45, 1, 156),
            (90, 2, 152),
            (105, 2, 324),
            (150, 4, 328),
            (165, 4, 516),
            (210, 6, 510),
            (225, 6, 426),
            (240, 6, 450),
            (255, 5, 455),
            (270, 5, 395),
            (285, 5, 415),
            (300, 5, 415),
            (345, 5, 280),
            (360, 5, 285),
            (375, 4, 292),
            (390, 4, 296),
            (405, 4, 152),
            (420, 4, 164),
            (435, 3, 159),
            (450, 3, 156),
            (465, 2, 58),
            (480, 2, 58),
            (495, 1, 58),
            (510, 1, 57),
        ];
        for own in [0, 12] {
            let points: Vec<(i64, i64, f64)> =
                all.iter().map(|(s, pods, total)| (s * 1000, *pods, f64::from(total + own * (*pods as i32)))).collect();
            let (middle, _) = weighted(&estimates(&points)).unwrap();
            assert!((middle - f64::from(own)).abs() < 4.0, "{own}: {middle}");
        }
    }
}
