//! The HPA's status over time, from samples of its replicas and from events. An event has the time of a rescale to the second;
//! without one it lies between two samples, and that is said. Must not read pods, nor make up figures or conditions.

use super::document::{HpaRow, Row, Says, WorkloadRow};
use crate::observe::{EventSeen, HpaStatus, Time};
use chrono::TimeDelta;

/// How long before and after a sample's time the event that explains it can be, milliseconds: its time has whole seconds.
const NEAR: i64 = 2000;

/// Something to report, and when.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    pub at: Time,
    pub what: What,
}

#[derive(Clone, Debug, PartialEq)]
pub enum What {
    Status(HpaStatus),
    /// Other bounds of the spec: minReplicas, maxReplicas.
    Bounds(Option<i32>, Option<i32>),
    Note(String),
}

/// What is known of the replicas so far.
#[derive(Debug, Default)]
pub struct Replicas {
    hpa: String,
    namespace: String,
    target: String,
    /// The controller's period between syncs.
    period: TimeDelta,
    from: Time,
    current: Option<i32>,
    desired: Option<i32>,
    last_scale: Option<Time>,
    bounds: (Option<i32>, Option<i32>),
    /// The last sample.
    sampled: Option<Time>,
    /// Samples of the HPA itself count, and not those of its target.
    own: bool,
    /// After a rescale the next sync finds the new size.
    follow: Option<(Time, i32)>,
    /// A sample with another size, which an event may still explain: when, current, desired.
    open: Option<(Time, Option<i32>, i32)>,
    /// When new pods appeared, the latest ones.
    starts: Vec<Time>,
    /// Rescales in the span, and how many of them no event reports.
    pub rescales: u32,
    pub without_event: u32,
}

impl Replicas {
    /// Of this HPA and target; `own`: there are samples of the HPA itself.
    pub fn new(namespace: &str, hpa: &str, target: &str, period: TimeDelta, from: Time, own: bool) -> Replicas {
        let (hpa, namespace, target) = (hpa.to_owned(), namespace.to_owned(), target.to_owned());
        Replicas { hpa, namespace, target, period, from, own, ..Replicas::default() }
    }

    /// Takes in a row, in the order of their times.
    pub fn take(&mut self, row: &Row, out: &mut Vec<Change>) {
        self.pass(row.at, out);
        match &row.says {
            Says::Event(event) => self.event(event, row.at, out),
            Says::Hpa(hpa) if hpa.name == self.hpa && hpa.namespace == self.namespace => self.hpa(row.at, hpa, out),
            Says::Workload(target) if !self.own && self.is_target(target) => {
                if let Some(desired) = target.desired {
                    self.sample(row.at, Some(desired), desired, out);
                }
            }
            Says::Pod(pod) => {
                if let Some(started) = pod.started.filter(|at| *at >= self.from && !self.starts.contains(at)) {
                    self.starts.push(started);
                    let old = self.starts.len().saturating_sub(64);
                    self.starts.drain(..old);
                }
            }
            _ => {}
        }
    }

    /// What is certain once nothing before this time can come any more.
    pub fn pass(&mut self, now: Time, out: &mut Vec<Change>) {
        if let Some((at, current, desired)) = self.open
            && (now - at).num_milliseconds() > NEAR
        {
            self.open = None;
            self.unexplained(at, current, desired, out);
        }
        if let Some((at, size)) = self.follow
            && (now - at).num_milliseconds() > NEAR
        {
            self.follow = None;
            self.current = Some(size);
            self.status(at, out);
        }
    }

    fn is_target(&self, row: &WorkloadRow) -> bool {
        row.name == self.target && row.namespace == self.namespace
    }

    fn status(&self, at: Time, out: &mut Vec<Change>) {
        let Some(desired) = self.desired else { return };
        let status = HpaStatus {
            current_replicas: self.current,
            desired_replicas: desired,
            last_scale: self.last_scale,
            ..HpaStatus::default()
        };
        out.push(Change { at, what: What::Status(status) });
    }

    fn event(&mut self, event: &EventSeen, at: Time, out: &mut Vec<Change>) {
        let own = event.object.kind == "HorizontalPodAutoscaler"
            && event.object.name == self.hpa
            && event.namespace == self.namespace
            && event.reason == "SuccessfulRescale";
        let size = || event.message.strip_prefix("New size: ")?.split(';').next()?.trim().parse().ok();
        let Some(to) = own.then(size).flatten() else { return };
        self.open = self.open.filter(|open| open.2 != to);
        let known = self.last_scale.is_some_and(|before| (at - before).num_milliseconds() <= NEAR);
        if known && self.desired == Some(to) {
            return;
        }
        if at < self.from {
            (self.current, self.desired, self.last_scale) = (Some(to), Some(to), Some(at));
            return;
        }
        self.rescaled(at, to, out);
    }

    fn rescaled(&mut self, at: Time, to: i32, out: &mut Vec<Change>) {
        if let Some((then, size)) = self.follow.take() {
            self.current = Some(size);
            // Two syncs in a row: the second finds the new size and rescales at once.
            if (at - then).num_milliseconds() > NEAR {
                self.status(then, out);
            }
        }
        // The controller found what it asked for last, where no sample says otherwise.
        self.current = self.current.or(self.desired);
        (self.desired, self.last_scale) = (Some(to), Some(at));
        self.status(at, out);
        self.follow = at.checked_add_signed(self.period).map(|next| (next, to));
        self.rescales += 1;
    }

    fn hpa(&mut self, at: Time, row: &HpaRow, out: &mut Vec<Change>) {
        let bounds = (row.min.or(self.bounds.0), row.max.or(self.bounds.1));
        if bounds != self.bounds {
            self.bounds = bounds;
            out.push(Change { at, what: What::Bounds(bounds.0, bounds.1) });
        }
        // The receiver has 0 where the status has nothing yet.
        let Some(desired) = row.desired.filter(|n| *n > 0 || bounds.0 == Some(0)) else { return };
        self.sample(at, row.current, desired, out);
    }

    fn sample(&mut self, at: Time, current: Option<i32>, desired: i32, out: &mut Vec<Change>) {
        let first = self.sampled.is_none();
        match self.desired {
            _ if first => {
                (self.current, self.desired) = (current.or(self.current), Some(desired));
                self.status(at, out);
            }
            Some(before) if before != desired => {
                // The sample before this one bounds when it was.
                self.open = self.open.or(Some((at, current, desired)));
                return;
            }
            _ => {
                let settled = self.follow.is_none() && self.last_scale.is_none_or(|last| at - last > self.period * 2);
                if settled && current.is_some() && current != self.current {
                    self.current = current;
                    self.status(at, out);
                }
            }
        }
        self.sampled = Some(at);
    }

    /// A rescale that no event reports: after the last sample with the old size, and before the first with the new one.
    fn unexplained(&mut self, seen: Time, current: Option<i32>, desired: i32, out: &mut Vec<Change>) {
        let before = self.desired;
        if before == Some(desired) {
            self.sampled = Some(seen);
            return;
        }
        let after = self.sampled.max(self.last_scale).unwrap_or(seen).min(seen);
        let up = before.is_some_and(|before| desired > before);
        let started = self.starts.iter().copied().filter(|at| up && *at > after && *at <= seen).min();
        let at = started.unwrap_or_else(|| self.likely(after, seen));
        self.without_event += 1;
        let was = before.map_or_else(|| "?".to_owned(), |n| n.to_string());
        let by = if started.is_some() { "; a pod started then" } else { "" };
        let clock = |at: Time| at.format("%H:%M:%S");
        let note = format!(
            "no event of the rescale {was} → {desired}: it was between {} and {}{by}",
            clock(after),
            clock(seen)
        );
        out.push(Change { at, what: What::Note(note) });
        self.rescaled(at, desired, out);
        // A sample long after it has the new size already.
        if current == Some(desired) && self.follow.is_some_and(|(next, _)| next > seen) {
            self.follow = Some((seen, desired));
        }
        self.sampled = Some(seen);
    }

    /// The sync between two times that is whole periods after the last rescale, nearest to their middle; else the middle.
    fn likely(&self, after: Time, until: Time) -> Time {
        let middle = after + (until - after) / 2;
        let Some((last, period)) = self.last_scale.zip(Some(self.period.num_milliseconds()).filter(|p| *p > 0)) else {
            return middle;
        };
        let periods = ((middle - last).num_milliseconds() as f64 / period as f64).round() as i64;
        let at = last.checked_add_signed(TimeDelta::milliseconds(periods.saturating_mul(period))).unwrap_or(middle);
        if at > after && at <= until { at } else { middle }
    }
}
