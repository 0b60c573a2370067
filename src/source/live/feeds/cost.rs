//! The cost feed: what watching costs in requests, processor time and memory of this process. Reads two files of `/proc`;
//! without them, their figures are missing.

use crate::observe::{CostSeen, Observation};
use crate::source::live::context::FeedContext;
use std::sync::atomic::Ordering;
use std::time::Instant;

/// Reports at once, so that the first requests are counted in what follows, then every `cost` of the timing.
pub async fn run(shared: FeedContext) {
    let begun = Instant::now();
    loop {
        let up_ms = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        shared.out.emit(Observation::Cost(seen(&shared, up_ms))).await;
        shared.out.clock().sleep(shared.timing().cost).await;
    }
}

fn seen(shared: &FeedContext, up_ms: u64) -> CostSeen {
    let file = |name: &str| std::fs::read_to_string(format!("/proc/self/{name}")).unwrap_or_default();
    let status = file("status");
    CostSeen {
        up_ms,
        cpu_ms: cpu_ms(&file("stat")),
        resident: bytes(&status, "VmRSS:"),
        highest: bytes(&status, "VmHWM:"),
        api: shared.cluster.requests(),
        elastic: shared.elastic.load(Ordering::Relaxed),
        lab: shared.cluster.is_lab(),
    }
}

/// Processor time out of `/proc/self/stat`. Its ticks are hundredths of a second on every Linux that Rust runs on.
fn cpu_ms(stat: &str) -> Option<u64> {
    // The program's name comes before the last `)`, and may contain anything.
    let (_, rest) = stat.rsplit_once(')')?;
    let mut ticks = rest.split_whitespace().skip(11).map(str::parse::<u64>);
    let (user, system) = (ticks.next()?.ok()?, ticks.next()?.ok()?);
    user.checked_add(system)?.checked_mul(10)
}

/// A line of `/proc/self/status`: `VmRSS:    12345 kB`.
fn bytes(status: &str, name: &str) -> Option<u64> {
    let line = status.lines().find_map(|l| l.strip_prefix(name))?;
    line.split_whitespace().next()?.parse::<u64>().ok()?.checked_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_systems_files_are_read() {
        let stat = "42 (a) b (c) S 1 2 3 4 5 6 7 8 9 10 250 31 0 0 20 0";
        assert_eq!(cpu_ms(stat), Some(2810));
        assert_eq!(bytes("Name:\tx\nVmHWM:\t   2048 kB\nVmRSS:\t   1024 kB\n", "VmRSS:"), Some(1 << 20));
        assert_eq!((cpu_ms(""), cpu_ms("1 (x) S 1"), bytes("", "VmRSS:")), (None, None, None));
    }
}
