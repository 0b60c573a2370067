//! The same work for many items on all cores, with its results in the items' order. Must not know what the work is.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// What `of` gives for each item, in their order; those that are not reached before `stop` are left out.
pub fn on_all_cores<T: Sync, O: Send>(items: &[T], stop: &AtomicBool, of: impl Fn(&T) -> O + Sync) -> Vec<O> {
    let next = AtomicUsize::new(0);
    let work = || {
        let mut mine = Vec::new();
        while !stop.load(Ordering::Relaxed) {
            let i = next.fetch_add(1, Ordering::Relaxed);
            let Some(item) = items.get(i) else { break };
            mine.push((i, of(item)));
        }
        mine
    };
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let mut all: Vec<(usize, O)> = std::thread::scope(|scope| {
        let threads: Vec<_> = (1..cores.min(items.len())).map(|_| scope.spawn(work)).collect();
        let mut all = work();
        all.extend(threads.into_iter().filter_map(|t| t.join().ok()).flatten());
        all
    });
    all.sort_unstable_by_key(|one| one.0);
    all.into_iter().map(|one| one.1).collect()
}
