//! Moments worth jumping to: rescales, load start and end, the user's notes. Must not judge them.

use super::History;

/// What a marker tells of.
#[derive(Clone, Debug, PartialEq)]
pub enum Mark {
    /// The controller changed the scale. `from` is None when it was not seen.
    Rescale {
        from: Option<i32>,
        to: i32,
        /// The controller's reason; empty when only the status told of it.
        reason: String,
    },
    LoadStart,
    LoadEnd {
        ok: bool,
        text: String,
    },
    Note(String),
}

/// A moment, milliseconds since 1970.
#[derive(Clone, Debug, PartialEq)]
pub struct Marker {
    pub ms: i64,
    pub mark: Mark,
}

/// Two tellings of a rescale to the same size within this many milliseconds are one.
pub(super) const SAME_RESCALE: i64 = 10_000;
const MOST: usize = 2000;

/// Markers by ascending time, bounded.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Markers {
    all: History<Marker>,
}

impl Markers {
    pub fn all(&self) -> &History<Marker> {
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

    /// The place of a rescale to `to` at about `ms`.
    fn known(&self, ms: i64, to: i32) -> Option<usize> {
        let from = self.all.partition_point(|m| m.ms < ms - SAME_RESCALE);
        let until = self.all.partition_point(|m| m.ms <= ms + SAME_RESCALE);
        let same = |m: &Marker| matches!(m.mark, Mark::Rescale { to: t, .. } if t == to);
        self.all.range(from..until).rposition(same).map(|n| from + n)
    }

    /// The place of the last start or end of a load.
    fn load(&self) -> Option<usize> {
        self.all.iter().rposition(|m| matches!(m.mark, Mark::LoadEnd { .. } | Mark::LoadStart))
    }

    /// A rescale, told by the HPA's status (without a reason) or by its event (without `from`); the two are joined.
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

    /// Where a rescale to `to` at about `ms` started from, if there is one and it is not known.
    pub fn origin(&mut self, ms: i64, from: i32, to: i32) {
        let Some(n) = self.known(ms, to) else { return };
        if matches!(self.all[n].mark, Mark::Rescale { from: None, .. })
            && let Some(Marker { mark: Mark::Rescale { from: origin, .. }, .. }) = self.all.get_mut(n)
        {
            *origin = Some(from);
        }
    }

    /// The start of a load; better known once its first container runs than by its Job alone.
    pub fn load_start(&mut self, ms: i64) {
        let last = self.load();
        match last.map(|n| &self.all[n]) {
            Some(Marker { ms: at, mark: Mark::LoadStart }) if *at == ms => {}
            Some(Marker { ms: at, mark: Mark::LoadStart }) if (*at - ms).abs() < 30_000 => {
                let rest: History<Marker> =
                    self.all.iter().enumerate().filter(|(n, _)| Some(*n) != last).map(|m| m.1.clone()).collect();
                self.all = rest;
                self.add(ms, Mark::LoadStart);
            }
            // Once its pod is gone, only the Job tells of the start of a load that is over.
            Some(Marker { ms: end, mark: Mark::LoadEnd { .. } }) if ms < *end && self.started_near(ms) => {}
            _ => self.add(ms, Mark::LoadStart),
        }
    }

    fn started_near(&self, ms: i64) -> bool {
        self.all.iter().rev().any(|m| m.mark == Mark::LoadStart && (m.ms - ms).abs() < 30_000)
    }

    /// The end of a load; its text may become known, or better, later.
    pub fn load_end(&mut self, ms: i64, ok: bool, text: String) {
        let near = |m: &Marker| matches!(m.mark, Mark::LoadEnd { .. }) && (m.ms - ms).abs() < 30_000;
        let end = Mark::LoadEnd { ok, text };
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

    /// `from` of a rescale, or where the one before it led.
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
        m.load_end(20_000, true, String::new());
        m.load_start(25_000);
        assert_eq!(m.all().len(), 3, "the next load is another one");
        m.load_end(90_000, true, String::new());
        m.load_start(24_000);
        assert_eq!(m.all().len(), 4, "what is over did not begin twice");
    }

    #[test]
    fn event_and_status_tell_of_one_rescale() {
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
