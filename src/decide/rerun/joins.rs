//! How long a new pod is Ready before it has its share of the load: clients that keep their connections, as those of gRPC do, find it
//! when they next look up its Service. Must not know of other use than cpu, which follows the load at once.

use super::RecordedSync;
use super::model::{Model, counted, cpu_beyond, newest, samples};
use crate::hpa::{Pod, PodName};
use std::collections::BTreeMap;

/// From this part of an even share on, a new pod has load.
const SOME: f64 = 0.25;
/// A pod that is Ready for this long, milliseconds, and never has load counts as one that waited.
const LONG: i64 = 60_000;

/// What is known of a pod that became Ready.
#[derive(Clone, Copy)]
enum New {
    /// It was there before, or has its share.
    Joined,
    /// Ready since, and without load at a sample; milliseconds since 1970.
    Waits(i64, i64),
}

/// Of each new pod, how long it waited, milliseconds. `answers` are the syncs with new samples, in their order.
pub fn waited(answers: &[&RecordedSync], model: &Model) -> Vec<i64> {
    let own = model.own_cpu();
    let mut pods: BTreeMap<PodName, New> = BTreeMap::new();
    let (mut out, mut most) = (Vec::new(), 0.0_f64);
    for (i, sync) in answers.iter().enumerate() {
        let Some((ms, window)) = newest(samples(sync)) else { continue };
        let ready = counted(sync).filter_map(|(pod, since)| Some((pod, since.filter(|since| *since <= ms)?)));
        let ready: Vec<(&Pod, i64, Option<f64>)> =
            ready.map(|(pod, since)| (pod, since, cpu_beyond(sync, pod, own).map(|used| used.max(0.0)))).collect();
        if i == 0 {
            pods.extend(ready.iter().map(|(pod, ..)| (pod.name.clone(), New::Joined)));
        }
        let total: f64 = ready.iter().filter_map(|(.., used)| *used).sum();
        most = most.max(total);
        // Of hardly any load, nobody has a share.
        if total < (own.max(1.0) * ready.len() as f64).max(most * SOME) {
            continue;
        }
        for (pod, since, used) in &ready {
            let before = pods.get(&pod.name).copied();
            let (Some(used), None | Some(New::Waits(..))) = (used, before) else { continue };
            let share = used * ready.len() as f64 / total;
            if share < SOME {
                pods.insert(pod.name.clone(), New::Waits(*since, ms));
                continue;
            }
            pods.insert(pod.name.clone(), New::Joined);
            // The part of the window in which it had its share. If that is all of it and there is no sample before, it began no
            // later.
            let from = ms - (window as f64 * share.min(1.0)).round() as i64;
            let at_once = before.is_none() && share > 1.0 - SOME;
            out.push(if at_once { 0 } else { (from - since).max(0) });
        }
    }
    let never = pods.values().filter_map(|new| match new {
        New::Waits(since, last) => Some(last - since),
        New::Joined => None,
    });
    out.extend(never.filter(|waited| *waited >= LONG));
    out
}
