//! A session from beginning to end in a few lists: samples, markers, load runs and idle periods, for the bar that spans the
//! whole of it. Must not judge the run.

use crate::session::Session;
use crate::session::markers::{Mark, Marker};
use crate::session::series::ChunkedList;

/// Milliseconds around a change that are not idle.
const AROUND: i64 = 60_000;
/// A period without changes is idle if it is at least this long, milliseconds.
const IDLE: i64 = 120_000;

/// A session's timeline. Times are milliseconds since 1970.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Timeline {
    pub from: i64,
    pub to: i64,
    /// The times of all samples, ascending.
    samples: Vec<i64>,
    pub markers: ChunkedList<Marker>,
    /// When a load ran.
    pub loads: Vec<(i64, i64)>,
    /// When nothing happened.
    pub idle: Vec<(i64, i64)>,
}

impl Timeline {
    pub fn of(session: &Session) -> Timeline {
        let from = session.began.map_or(0, |t| t.timestamp_millis());
        let to = session.now_ms().max(from);
        let mut samples: Vec<i64> =
            session.metrics.all.iter().flat_map(|t| t.samples.points().iter().map(|p| p.0)).collect();
        samples.sort_unstable();
        samples.dedup();
        let markers = session.markers.all().clone();
        let loads = loads(&markers, to);
        let idle = idle(session, &markers, &loads, from, to);
        Timeline { from, to, samples, markers, loads, idle }
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

    /// The end of the idle period that contains `ms`.
    pub fn idle_until(&self, ms: i64) -> Option<i64> {
        self.idle.iter().find(|(from, to)| (*from..*to).contains(&ms)).map(|i| i.1)
    }
}

fn loads(markers: &ChunkedList<Marker>, to: i64) -> Vec<(i64, i64)> {
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

/// The periods between the loads, markers and changes of the replicas.
fn idle(session: &Session, markers: &ChunkedList<Marker>, loads: &[(i64, i64)], from: i64, to: i64) -> Vec<(i64, i64)> {
    let r = &session.replicas;
    let changes = [&r.current, &r.desired, &r.ready].into_iter().flat_map(|s| s.changes().iter().map(|c| c.0));
    let times = changes.chain(markers.iter().map(|m| m.ms)).chain([from, to]);
    let mut busy: Vec<(i64, i64)> = times.map(|ms| (ms - AROUND, ms + AROUND)).collect();
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
