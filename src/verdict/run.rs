//! The run that is judged: when its load began and ended, the spec in force, its rescales. Must not judge.

pub use crate::format::duration::minutes as clock;
use crate::hpa::{self, Spec};
use crate::observe::{Ask, Feed, FeedState};
use crate::session::decisions::{sync::Sync, sync_period};
use crate::session::{LoadFailure, Mark, Session, controller};

/// A rescale of the run.
#[derive(Clone, Debug, PartialEq)]
pub struct Rescale {
    /// Milliseconds since 1970.
    pub ms: i64,
    pub from: Option<i32>,
    pub to: i32,
    /// The controller's reason; empty when no event reported it.
    pub reason: String,
}

impl Rescale {
    /// Whether it is a scale-up; None where the replicas before are unknown.
    pub fn up(&self) -> Option<bool> {
        self.from.map(|from| self.to > from)
    }

    /// `4→1`.
    pub fn text(&self) -> String {
        let from = self.from.map_or_else(|| "?".to_string(), |f| f.to_string());
        format!("{from}→{}", self.to)
    }
}

/// The run.
pub struct Run<'a> {
    pub session: &'a Session,
    pub now: i64,
    /// The load's start and end, milliseconds since 1970.
    pub start: Option<i64>,
    pub end: Option<i64>,
    /// Whether it ended by itself, and how; None while it runs or where no load was observed.
    pub ended_well: Option<(bool, String)>,
    /// It was stopped before its end, and by whom: `stopped by you`.
    pub stopped: Option<&'static str>,
    /// How start and end were inferred where no load was observed.
    pub inferred: Option<String>,
    pub spec: Option<Spec>,
    /// Milliseconds between two syncs, and between two samples.
    pub sync: i64,
    pub resolution: i64,
    /// Since the load began.
    pub rescales: Vec<Rescale>,
}

impl<'a> Run<'a> {
    /// The latest load of a session and what followed it.
    pub fn of(session: &'a Session) -> Self {
        let mut run = Run {
            session,
            now: session.now_ms(),
            start: None,
            end: None,
            ended_well: None,
            stopped: None,
            inferred: None,
            spec: session.hpa.as_ref().and_then(controller::spec),
            sync: session.decisions.sync_period.period(),
            resolution: (session.resolution_s.unwrap_or(15.0) * 1000.0) as i64,
            rescales: Vec::new(),
        };
        run.find_load();
        if run.start.is_none() {
            run.infer_load();
        }
        run.rescales = Run::rescales_since(session, run.start.unwrap_or(i64::MIN));
        run
    }

    fn find_load(&mut self) {
        let began = self.session.began.map_or(0, |t| t.timestamp_millis());
        let all = self.session.markers.all();
        let Some(at) = all.iter().rposition(|m| m.mark == Mark::LoadStart) else { return };
        let end = all.range(at..all.len()).find_map(|m| match &m.mark {
            Mark::LoadEnd { failure } => {
                if *failure == Some(LoadFailure::Deleted) {
                    let asked = self.session.answer.as_ref().is_some_and(|(_, a)| a.to == Ask::StopLoad && a.ok);
                    self.stopped = Some(if asked { "stopped by you" } else { "stopped: its Job was deleted" });
                }
                let text = failure.as_ref().map(crate::explain::load::failure);
                Some((m.ms, (failure.is_none(), text.unwrap_or_default())))
            }
            _ => None,
        });
        // A Job that had ended before the session began is not part of this run.
        if end.as_ref().is_some_and(|e| e.0 < began) {
            return;
        }
        self.start = Some(all[at].ms);
        (self.end, self.ended_well) = end.unzip();
    }

    /// Without a load Job, infers the load from the metrics: from the first sample above its band to the last not below.
    fn infer_load(&mut self) {
        let (down, up) = self.session.tolerance();
        let (mut first, mut last, mut newest) = (i64::MAX, i64::MIN, i64::MIN);
        for track in &self.session.metrics.all {
            let goal = |ms| track.target.at(ms).or(track.target.changes().first().map(|c| &c.1)).copied();
            for (ms, value) in track.samples.points() {
                newest = newest.max(ms);
                let Some(ratio) = goal(ms).filter(|t| *t > 0.0).map(|t| value / t) else { continue };
                first = if ratio > 1.0 + up { first.min(ms) } else { first };
                last = if ratio >= 1.0 - down { last.max(ms) } else { last };
            }
        }
        if first == i64::MAX {
            return;
        }
        self.start = Some(first);
        // One sample below may be noise; the load counts as running while any metric is within its band.
        self.end = (newest > last + self.resolution).then_some(last);
        self.inferred = Some(
            "no load Job was observed: start and end are the first sample above a target and the last not below".into(),
        );
    }

    /// Why a feed does not report what is needed, for people: `the collector feed is absent: …`.
    pub fn missing(&self, feed: Feed) -> String {
        let status = self.session.feeds.get(feed).map(|l| &l.status);
        let state = match status.map_or(FeedState::Connecting, |l| l.state) {
            FeedState::Up => "up, but without this figure",
            FeedState::Connecting => "not connected",
            FeedState::Retrying => "failing",
            FeedState::Denied => "denied",
            FeedState::Absent => "absent",
            FeedState::Stale => "stale",
            _ => "unknown",
        };
        let why = status.and_then(|l| l.reason.as_ref()).map(|r| format!(": {r}")).unwrap_or_default();
        format!("the {} feed is {state}{why}", feed.name())
    }

    /// minReplicas in force at a time.
    pub fn min_at(&self, ms: i64) -> Option<i32> {
        self.session.replicas.min.at(ms).copied().flatten().or(self.spec.as_ref().map(Spec::min_replicas))
    }

    /// maxReplicas.
    pub fn max(&self) -> Option<i32> {
        self.spec.as_ref().map(|s| s.max)
    }

    /// The replicas at a time.
    pub fn replicas_at(&self, ms: i64) -> Option<i32> {
        self.session.replicas.current.at(ms).copied().flatten()
    }

    /// The stabilization window of a scale-down, milliseconds.
    pub fn down_window(&self) -> i64 {
        let flag = self.session.decisions.settings().downscale_stabilization.num_milliseconds();
        self.spec.as_ref().and_then(|s| self.window_of(s)).unwrap_or(flag)
    }

    /// The scale-down window that a spec sets, milliseconds.
    pub fn window_of(&self, spec: &Spec) -> Option<i64> {
        spec.behavior.as_ref()?.down.window_seconds.map(|s| i64::from(s) * 1000)
    }

    /// The sync that made a rescale.
    pub fn sync_of(&self, rescale: &Rescale) -> Option<&Sync> {
        let near = |s: &&Sync| {
            s.rescaled && s.controller == rescale.to && (s.first - rescale.ms).abs() < sync_period::DEFAULT / 2
        };
        self.session.decisions.rows().iter().rev().find(near)
    }

    /// `spec.behavior`, with its defaults.
    pub fn behavior(&self) -> Option<&hpa::Behavior> {
        self.spec.as_ref()?.behavior.as_ref()
    }

    /// The rescales of a session since a time, milliseconds since 1970.
    pub fn rescales_since(session: &Session, from: i64) -> Vec<Rescale> {
        let all = session.markers.all().iter().enumerate();
        let rescales = all.filter(|(_, m)| m.ms >= from).filter_map(|(i, m)| match &m.mark {
            Mark::Rescale { to, reason, .. } => {
                Some(Rescale { ms: m.ms, from: session.markers.from_of(i), to: *to, reason: reason.clone() })
            }
            _ => None,
        });
        rescales.collect()
    }

    /// A time counted from the load's start, or from its end when after it: `3:12`, `end +0:45`.
    pub fn clock(&self, ms: i64) -> String {
        match (self.start, self.end) {
            (_, Some(end)) if ms > end => format!("end +{}", clock(ms - end)),
            (Some(start), _) => clock(ms - start),
            _ => clock(ms - self.session.began.map_or(ms, |t| t.timestamp_millis())),
        }
    }
}
