//! Times worth jumping to: rescales, load start and end, the user's notes. Must not judge them.

use super::load::LoadFailure;
use super::scalers::Pause;
use super::series::ChunkedList;

/// What a marker marks.
#[derive(Clone, Debug, PartialEq)]
pub enum Mark {
    /// The controller changed the replicas. `from` is None when it was not seen.
    Rescale {
        from: Option<i32>,
        to: i32,
        /// The controller's reason; empty when only the status reported it.
        reason: String,
    },
    LoadStart,
    /// The load ended; with how it failed, if it did.
    LoadEnd {
        failure: Option<LoadFailure>,
    },
    Note(String),
    Incident(Incident),
}

/// Something that went wrong, or is well again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Incident {
    /// A container of this pod was killed out of memory.
    OutOfMemory(String),
    /// The controller can no longer compute with the metrics; with its reason.
    MetricsLost(String),
    MetricsBack,
    /// Elasticsearch rejects writes.
    Rejected,
    /// A collector loses items for good.
    Lost,
    /// Another field manager than the HPA controller wrote the target's replicas.
    ScaledBy {
        by: String,
        from: i32,
        to: i32,
    },
    /// The HPA's spec was changed; by whom, empty where that is not known.
    Edited {
        by: String,
    },
    /// Pods' requests were changed in place.
    Resized {
        resource: String,
        from: String,
        to: String,
    },
    /// KEDA's ScaledObject was paused, or is no longer.
    Paused(Pause),
    Resumed,
}

/// Incidents of a kind within this many milliseconds are one.
pub const SAME_INCIDENT: i64 = 60_000;

/// A marked time, milliseconds since 1970.
#[derive(Clone, Debug, PartialEq)]
pub struct Marker {
    pub ms: i64,
    pub mark: Mark,
}

/// Two reports of a rescale to the same size within this many milliseconds are one rescale.
pub const SAME_RESCALE: i64 = 10_000;
/// Markers kept at most; the oldest are dropped.
const MOST: usize = 2000;

/// Markers by ascending time, bounded.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Markers {
    all: ChunkedList<Marker>,
}

impl Markers {
    pub fn all(&self) -> &ChunkedList<Marker> {
        &self.all
    }

    pub fn add(&mut self, ms: i64, mark: Mark) {
        if self.all.iter().any(|m| m.ms == ms && m.mark == mark) {
            return;
        }
        self.all.insert_by(Marker { ms, mark }, |m| m.ms <= ms);
        if self.all.len() > MOST {
            self.all.drop_front(MOST / 4);
        }
    }

    /// The index of a rescale to `to` at about `ms`.
    fn known(&self, ms: i64, to: i32) -> Option<usize> {
        let from = self.all.partition_point(|m| m.ms < ms - SAME_RESCALE);
        let until = self.all.partition_point(|m| m.ms <= ms + SAME_RESCALE);
        let same = |m: &Marker| matches!(m.mark, Mark::Rescale { to: t, .. } if t == to);
        self.all.range(from..until).rposition(same).map(|n| from + n)
    }

    /// The index of the last start or end of a load.
    fn load(&self) -> Option<usize> {
        self.all.iter().rposition(|m| matches!(m.mark, Mark::LoadEnd { .. } | Mark::LoadStart))
    }

    /// Something that went wrong; once where several report it at about the same time.
    pub fn incident(&mut self, ms: i64, what: Incident) {
        let near = |m: &Marker| m.mark == Mark::Incident(what.clone()) && (m.ms - ms).abs() < SAME_INCIDENT;
        if !self.all.iter().any(near) {
            self.add(ms, Mark::Incident(what));
        }
    }

    /// When the latest load began.
    pub fn last_load(&self) -> Option<i64> {
        self.all.iter().rev().find(|m| m.mark == Mark::LoadStart).map(|m| m.ms)
    }

    /// A rescale, reported by the HPA's status (without a reason) or by its event (without `from`); the two are joined.
    pub fn rescale(&mut self, ms: i64, from: Option<i32>, to: i32, reason: &str) {
        let known = self.known(ms, to).and_then(|n| self.all.get_mut(n));
        if let Some(Marker { mark: Mark::Rescale { from: f, reason: r, .. }, .. }) = known {
            *f = f.or(from);
            if r.is_empty() {
                *r = reason.to_string();
            }
        } else {
            self.add(ms, Mark::Rescale { from, to, reason: reason.to_string() });
        }
    }

    /// Sets where a rescale to `to` at about `ms` started from, if there is such a rescale without it.
    pub fn origin(&mut self, ms: i64, from: i32, to: i32) {
        let Some(n) = self.known(ms, to) else { return };
        if matches!(self.all[n].mark, Mark::Rescale { from: None, .. })
            && let Some(Marker { mark: Mark::Rescale { from: origin, .. }, .. }) = self.all.get_mut(n)
        {
            *origin = Some(from);
        }
    }

    /// The start of a load; known more exactly once its first container runs than by its Job alone.
    pub fn load_start(&mut self, ms: i64) {
        let last = self.load();
        match last.map(|n| &self.all[n]) {
            Some(Marker { ms: at, mark: Mark::LoadStart }) if *at == ms => {}
            Some(Marker { ms: at, mark: Mark::LoadStart }) if (*at - ms).abs() < 30_000 => {
                let rest: ChunkedList<Marker> =
                    self.all.iter().enumerate().filter(|(n, _)| Some(*n) != last).map(|m| m.1.clone()).collect();
                self.all = rest;
                self.add(ms, Mark::LoadStart);
            }
            // Once its pod is gone, only the Job reports the start of a load that is over.
            Some(Marker { ms: end, mark: Mark::LoadEnd { .. } }) if ms < *end && self.started_near(ms) => {}
            _ => self.add(ms, Mark::LoadStart),
        }
    }

    fn started_near(&self, ms: i64) -> bool {
        self.all.iter().rev().any(|m| m.mark == Mark::LoadStart && (m.ms - ms).abs() < 30_000)
    }

    /// The end of a load; why it failed may become known later.
    pub fn load_end(&mut self, ms: i64, failure: Option<LoadFailure>) {
        let near = |m: &Marker| matches!(m.mark, Mark::LoadEnd { .. }) && (m.ms - ms).abs() < 30_000;
        let end = Mark::LoadEnd { failure };
        match self.load().filter(|n| near(&self.all[*n])) {
            Some(n) if self.all[n].mark == end => {}
            Some(n) => {
                if let Some(marker) = self.all.get_mut(n) {
                    marker.mark = end;
                }
            }
            None => self.add(ms, end),
        }
    }

    /// `from` of a rescale, else `to` of the rescale before it.
    pub fn from_of(&self, index: usize) -> Option<i32> {
        let Some(Marker { mark: Mark::Rescale { from, .. }, .. }) = self.all.get(index) else { return None };
        from.or_else(|| {
            self.all.range(0..index).rev().find_map(|m| match &m.mark {
                Mark::Rescale { to, .. } => Some(*to),
                _ => None,
            })
        })
    }

    /// The time of the next marker after `ms`, or of the last one before it.
    pub fn step(&self, ms: i64, forward: bool) -> Option<i64> {
        if forward {
            self.all.get(self.all.partition_point(|m| m.ms <= ms)).map(|m| m.ms)
        } else {
            self.all.get(self.all.partition_point(|m| m.ms < ms).checked_sub(1)?).map(|m| m.ms)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_load_starts_once() {
        let mut m = Markers::default();
        m.load_start(10_000);
        m.load_start(11_500);
        assert_eq!(m.all(), [Marker { ms: 11_500, mark: Mark::LoadStart }]);
        m.load_end(20_000, None);
        m.load_start(25_000);
        assert_eq!(m.all().len(), 3, "the next load is another one");
        m.load_end(90_000, None);
        m.load_start(24_000);
        assert_eq!(m.all().len(), 4, "what is over did not begin twice");
    }

    #[test]
    fn event_and_status_are_joined_to_one_rescale() {
        let mut m = Markers::default();
        m.rescale(10_000, Some(1), 4, "");
        m.rescale(10_400, None, 4, "cpu above target");
        m.rescale(40_000, None, 2, "All metrics below target");
        assert_eq!(m.all().len(), 2);
        assert_eq!(m.all()[0].mark, Mark::Rescale { from: Some(1), to: 4, reason: "cpu above target".into() });
        assert_eq!(m.from_of(1), Some(4), "the one before led to 4");
        assert_eq!(
            (m.step(10_000, true), m.step(40_000, false), m.step(40_000, true)),
            (Some(40_000), Some(10_000), None)
        );
    }
}
