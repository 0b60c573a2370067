//! A session from end to end in a few lists: what a bar over the whole of it shows, and where its samples, markers and idle
//! stretches are. Must not judge the run.

use super::{History, Mark, Marker, Session};

/// Around a change, so much is worth watching, in milliseconds.
const AROUND: i64 = 60_000;
/// Nothing happens for at least so long: idle.
const IDLE: i64 = 120_000;

/// A session's course. Times are milliseconds since 1970.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Course {
    pub from: i64,
    pub to: i64,
    /// Every moment at which a sample stands.
    samples: Vec<i64>,
    pub markers: History<Marker>,
    /// When a load ran.
    pub loads: Vec<(i64, i64)>,
    /// When nothing happened.
    pub idle: Vec<(i64, i64)>,
}

impl Course {
    pub fn of(session: &Session) -> Course {
        let from = session.began.map_or(0, |t| t.timestamp_millis());
        let to = session.now_ms().max(from);
        let mut samples: Vec<i64> =
            session.metrics.all.iter().flat_map(|t| t.samples.points().iter().map(|p| p.0)).collect();
        samples.sort_unstable();
        samples.dedup();
        let markers = session.markers.all().clone();
        let loads = loads(&markers, to);
        let idle = idle(session, &markers, &loads, from, to);
        Course { from, to, samples, markers, loads, idle }
    }

    /// Whether nothing is known yet.
    pub fn is_empty(&self) -> bool {
        self.to == 0
    }

    /// The sample after (`forward`) or before `ms`.
    pub fn sample(&self, ms: i64, forward: bool) -> Option<i64> {
        let n = self.samples.partition_point(|t| if forward { *t <= ms } else { *t < ms });
        if forward { self.samples.get(n).copied() } else { self.samples.get(n.checked_sub(1)?).copied() }
    }

    /// The marker after (`forward`) or before `ms`.
    pub fn marker(&self, ms: i64, forward: bool) -> Option<i64> {
        let mut times = self.markers.iter().map(|m| m.ms);
        if forward { times.filter(|t| *t > ms).min() } else { times.rfind(|t| *t < ms) }
    }

    /// Where the idle stretch ends that `ms` lies in.
    pub fn idle_until(&self, ms: i64) -> Option<i64> {
        self.idle.iter().find(|(from, to)| (*from..*to).contains(&ms)).map(|i| i.1)
    }
}

fn loads(markers: &History<Marker>, to: i64) -> Vec<(i64, i64)> {
    let mut out = Vec::new();
    let mut since = None;
    for marker in markers {
        match (&marker.mark, since) {
            (Mark::LoadStart, None) => since = Some(marker.ms),
            (Mark::LoadEnd { .. }, Some(from)) => {
                out.push((from, marker.ms));
                since = None;
            }
            _ => {}
        }
    }
    out.extend(since.map(|from| (from, to)));
    out
}

/// What is left between the loads, and around markers and changes of the replicas.
fn idle(session: &Session, markers: &History<Marker>, loads: &[(i64, i64)], from: i64, to: i64) -> Vec<(i64, i64)> {
    let r = &session.replicas;
    let changes = [&r.current, &r.desired, &r.ready].into_iter().flat_map(|s| s.changes().iter().map(|c| c.0));
    let moments = changes.chain(markers.iter().map(|m| m.ms)).chain([from, to]);
    let mut busy: Vec<(i64, i64)> = moments.map(|ms| (ms - AROUND, ms + AROUND)).collect();
    busy.extend(loads.iter().map(|l| (l.0 - AROUND, l.1 + AROUND)));
    busy.sort_unstable();
    let (mut out, mut end) = (Vec::new(), from);
    for (a, b) in busy {
        if a - end >= IDLE {
            out.push((end, a));
        }
        end = end.max(b);
    }
    out
}
