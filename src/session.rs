//! What is known now and was known before: a fold over observations. Deterministic and bounded; no I/O, no clock, no
//! terminal, no sentences. Rates, utilization and phases are derived here, from raw samples with their own times.
//!
//! | part | what it holds |
//! |---|---|
//! | `series` | the containers: samples with gaps, counters, values that hold until they change |
//! | `pods`, `metrics`, `replicas`, `events`, `markers`, `load`, `feeds`, `cost` | what the feeds report, over time |
//! | `scalers` | what decides over the target besides the HPA |
//! | `collectors`, `ingest` | the collectors' own metrics, and Elasticsearch |
//! | `fleet` | every HPA of several clusters, a row each |
//! | `decisions` | every sync of the HPA controller, reconstructed |
//! | `queries` | readers of the whole: snapshot, timeline, forecast |

mod collectors;
pub mod controller;
mod cost;
pub mod decisions;
mod events;
mod feeds;
mod findings;
pub mod fleet;
pub mod hpa_status;
pub mod ingest;
mod load;
mod markers;
mod metrics;
mod pods;
mod queries;
mod replicas;
mod sampling;
pub mod scalers;
mod series;

pub use collectors::{
    Account, Collector, Collectors, ElasticsearchExporter, Loss, Losses, Queue, Rates, Share, SignalCounters, Skew,
    Tier, Totals, Undelivered,
};
pub use cost::{Cost, CostSummary};
pub use decisions::Decisions;
pub use events::{Events, time_of};
pub use feeds::{FeedNow, Feeds};
pub use findings::{Finding, FindingsSeen, Rules, Severity, Spell};
pub use fleet::Fleet;
pub use ingest::Ingest;
pub use load::{K6, K6Process, Load, LoadFailure, LoadPhase, PendingReason, PodProblem, Progress};
use markers::SAME_INCIDENT;
pub use markers::{Incident, Mark, Marker, Markers};
pub use metrics::{TargetType, Track, Tracks, label as metric_label, quantity};
pub use pods::{Pod, Pods, is_ready, max_gap};
pub use queries::{
    Forecast, ForecastBasis, ForecastLimit, MetricAt, MissingReason, PassFigures, Proposed, ProposedFigures,
    ProposedOutcome, Snapshot, Stage, StageGap, StageKind, Timeline,
};
pub use replicas::Replicas;
pub use scalers::Scalers;
pub use series::{ChunkedList, Counter, Points, Series, StepSeries, total};

use crate::hpa;
use crate::observe::{
    AnswerSeen, CollectorSeen, Condition, EventSeen, Feed, FeedState, FeedStatus, HpaSeen, JobSeen, K6ErrorSeen,
    K6Seen, K6SummarySeen, LeaseSeen, Observation, PodGone, PodSeen, ShadowSeen, Stamped, TargetSeen, Time, UsageSeen,
    WatchingSeen,
};
use std::sync::Arc;

/// Of which pods there are more than [`Session::MOST_PODS`], so that some are left out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Crowded {
    pub pods: bool,
    pub load: bool,
    pub collectors: bool,
}

/// How often findings are looked for, in seconds.
const LOOK: i64 = 5;

/// The fold.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Session {
    /// The time of the latest observation.
    pub now: Option<Time>,
    /// The time of the first observation.
    pub began: Option<Time>,
    pub watching: WatchingSeen,
    pub feeds: Feeds,
    /// None before it was seen and after it was deleted.
    pub hpa: Option<HpaSeen>,
    pub target: Option<TargetSeen>,
    pub pods: Pods,
    pub metrics: Tracks,
    pub replicas: Replicas,
    pub conditions: StepSeries<Arc<[Condition]>>,
    pub events: Events,
    pub markers: Markers,
    pub load: Load,
    /// What Elasticsearch indexed, and its health.
    pub ingest: Ingest,
    /// The collectors' own metrics: gateway, agents, cluster collector.
    pub collectors: Collectors,
    /// Every sync of the controller, reconstructed.
    pub decisions: Decisions,
    /// What decides over the target besides the HPA.
    pub scalers: Scalers,
    /// Every HPA, where all are watched.
    pub fleet: Option<Box<Fleet>>,
    /// What watching cost.
    pub cost: Cost,
    /// Specs that are run beside the HPA's own, in their order; what they give is worked out by who shows it.
    pub shadows: Arc<[ShadowSeen]>,
    /// The outcome of the last request to the source, and when it came.
    pub answer: Option<(Time, AnswerSeen)>,
    /// Seconds between two samples of the metrics API, learned from their timestamps; None until they have changed twice.
    pub resolution_s: Option<f64>,
    pub crowded: Crowded,
    /// What stood out since the latest load began, where the rules are known.
    pub findings: FindingsSeen,
    /// Observations of a kind that this version does not know.
    pub unknown: u64,
}

impl Session {
    /// Pods of a kind that are kept at most. No tier of an HPA comes near it; the rest of a damaged recording is dropped.
    pub const MOST_PODS: usize = 5000;
    /// Shadows that run at once: each is a line of a chart and a column of a table.
    pub const MOST_SHADOWS: usize = 4;

    /// An empty session that keeps what these rules find.
    pub fn keeping(rules: Rules) -> Session {
        let mut session = Session::default();
        session.findings.rules = Some(rules);
        session
    }

    /// Takes in one observation.
    pub fn apply(&mut self, seen: &Stamped) {
        self.began = self.began.or(Some(seen.at));
        self.now = self.now.max(Some(seen.at));
        if self.is_crowded(&seen.what) {
            return;
        }
        let (at, ms) = (seen.at, seen.at.timestamp_millis());
        match &seen.what {
            Observation::Tick => self.tick(ms),
            Observation::Watching(watching) => self.watching_seen(watching),
            Observation::FeedStatus(status) => self.feed_status(at, status),
            Observation::Hpa(hpa) => self.hpa_seen(at, hpa),
            Observation::HpaGone => self.hpa_gone(at),
            Observation::Target(target) => self.target_seen(at, Some(target)),
            Observation::TargetGone => self.target_seen(at, None),
            Observation::Lease(lease) => self.lease_seen(ms, lease),
            Observation::OtherSynced => self.decisions.other_synced(ms),
            Observation::MetricValues(seen) => {
                let replicas = self.target.as_ref().and_then(|t| t.replicas).or(self.current_replicas());
                self.metrics.measure(ms, seen, replicas);
                self.decisions.values(ms, seen);
            }
            Observation::ScaledObject(made) => self.scaled_object_seen(at, Some(made)),
            Observation::ScaledObjectGone => self.scaled_object_seen(at, None),
            Observation::Vpa(vpa) => self.scalers.vpa(vpa),
            Observation::VpaGone { uid } => self.scalers.vpa_gone(uid),
            Observation::Pod(pod) => self.pod_seen(at, pod),
            Observation::PodGone(gone) => self.pod_gone(at, gone),
            Observation::Usage(usage) => self.usage_seen(at, usage),
            Observation::Event(event) => self.event_seen(at, event),
            Observation::Job(job) => self.job_seen(at, job),
            Observation::JobGone { .. } => self.job_gone(at),
            Observation::LoadPod(pod) => self.load_pod_seen(at, pod),
            Observation::Elastic(cluster) => self.ingest_at(at).cluster = Some((**cluster).clone()),
            Observation::Counters(counters) => self.ingest_at(at).counters(ms, counters),
            Observation::ElasticNodes(nodes) => {
                let last = |session: &Session| session.ingest.pressure.last_rejected.as_ref().map(|r| r.0);
                let before = last(self);
                self.ingest_at(at).pressure.nodes(ms, nodes);
                if last(self) == Some(ms) && before.is_none_or(|before| ms - before > SAME_INCIDENT) {
                    self.markers.incident(ms, Incident::Rejected);
                }
            }
            Observation::ElasticHealth(health) => self.ingest_at(at).pressure.health = Some((**health).clone()),
            Observation::LogQuality(quality) => self.ingest_at(at).quality = Some((**quality).clone()),
            Observation::K6(progress) => self.k6_seen(at, progress),
            Observation::K6Summary(summary) => self.k6_summary(at, summary),
            Observation::K6Error(error) => self.k6_error(error),
            Observation::Collector(scrape) => self.collector_seen(at, scrape),
            Observation::CollectorLost(lost) => self.collectors.lost(ms, lost),
            Observation::CollectorConfig(config) => self.collectors.configured(config),
            Observation::CollectorPod { role, pod } => self.collectors.pod(*role, pod),
            Observation::Fleet(seen) => self.fleet.get_or_insert_default().take(at, seen),
            Observation::Cost(cost) => self.cost.take(ms, cost),
            Observation::Shadows { all } => {
                self.shadows = all.iter().take(Self::MOST_SHADOWS).cloned().collect();
                self.decisions.keep_recent(ms, !all.is_empty());
            }
            Observation::Answer(answer) => self.answer = Some((at, answer.clone())),
            Observation::Note { text } => self.markers.add(ms, Mark::Note(text.clone())),
            Observation::Unknown => self.unknown += 1,
        }
        self.decisions.advance(self.now_ms());
    }

    /// Whether it would be one pod too many.
    fn is_crowded(&mut self, what: &Observation) -> bool {
        const MOST: usize = Session::MOST_PODS;
        let is_new = |uid: &str| self.collectors.of(uid).is_none() && self.collectors.count() >= MOST;
        let (of, is) = match what {
            Observation::Pod(pod) => {
                (&mut self.crowded.pods, self.pods.named(&pod.name).is_none() && self.pods.count() >= MOST)
            }
            Observation::LoadPod(pod) => {
                (&mut self.crowded.load, !self.load.pods.contains_key(&pod.uid) && self.load.pods.len() >= MOST)
            }
            Observation::Collector(seen) => (&mut self.crowded.collectors, is_new(&seen.uid)),
            Observation::CollectorLost(lost) => (&mut self.crowded.collectors, is_new(&lost.uid)),
            Observation::CollectorPod { pod, .. } => {
                (&mut self.crowded.collectors, self.collectors.pod_count(&pod.uid) >= MOST)
            }
            _ => return false,
        };
        *of |= is;
        is
    }

    fn tick(&mut self, ms: i64) {
        self.collectors.tick(ms);
        if self.feeds.is_up(Feed::Hpa) && self.hpa.is_some() && ms / 1000 % 15 == 0 {
            self.metrics.hold(ms, self.blind());
        }
        self.note_replicas(ms);
        if ms / 1000 % LOOK == 0
            && let Some(rules) = self.findings.rules
        {
            let found = (rules.0)(self);
            self.findings.take(ms, self.markers.last_load(), found);
        }
    }

    fn note_replicas(&mut self, ms: i64) {
        let ready = self.pods.ready();
        self.replicas.note(ms, &self.feeds, self.hpa.as_ref(), self.target.as_ref(), ready);
    }

    fn watching_seen(&mut self, watching: &WatchingSeen) {
        self.decisions.watching(self.now_ms(), watching);
        self.watching = watching.clone();
    }

    fn feed_status(&mut self, at: Time, status: &FeedStatus) {
        self.decisions.feed(at.timestamp_millis(), status.feed, status.state);
        self.feeds.set(at, status);
        if status.feed == Feed::Ingest && !matches!(status.state, FeedState::Up | FeedState::Connecting) {
            self.ingest.interrupt();
        }
        // The status that all pods have been listed comes after the pods.
        if status.feed == Feed::Pods && self.target.is_some() {
            self.measure(at);
        }
        self.note_replicas(at.timestamp_millis());
    }

    fn hpa_seen(&mut self, at: Time, hpa: &HpaSeen) {
        let ms = at.timestamp_millis();
        self.feeds.data(at, Feed::Hpa);
        let late = self.decisions.is_late(ms, hpa);
        self.decisions.hpa(at, hpa, self.resolution_s.map_or(0, |s| (s * 1000.0) as i64));
        if late {
            return;
        }
        let status = &hpa.status;
        let before = self.hpa.as_ref().filter(|b| b.uid == hpa.uid).map(|b| &b.status);
        if let (Some(when), Some(before)) = (status.last_scale, before)
            && before.last_scale != Some(when)
        {
            // The controller read it at the start of the sync that rescaled.
            let from = status.current_replicas.or(before.current_replicas).filter(|f| *f != status.desired_replicas);
            self.markers.rescale(when.timestamp_millis(), from, status.desired_replicas, "");
        }
        self.metrics.take(ms, hpa, self.blind());
        self.note_metrics(ms, hpa);
        self.note_edit(ms, hpa);
        self.conditions.set(ms, status.conditions.as_slice().into());
        self.hpa = Some(hpa.clone());
        self.note_replicas(ms);
    }

    /// Marks when the controller lost the metrics that it had, and when it has them again.
    fn note_metrics(&mut self, ms: i64, hpa: &HpaSeen) {
        let is_active = |hpa: &HpaSeen| hpa_status::condition(hpa, "ScalingActive").is_some_and(|c| c.status == "True");
        let Some(before) = &self.hpa else { return };
        match hpa_status::undecided(hpa) {
            Some(c) if is_active(before) => {
                self.markers.add(ms, Mark::Incident(Incident::MetricsLost(c.reason.clone())));
            }
            None if is_active(hpa) && hpa_status::undecided(before).is_some() && self.lost_metrics() => {
                self.markers.add(ms, Mark::Incident(Incident::MetricsBack));
            }
            _ => {}
        }
    }

    /// Whether an outage of the metrics has been marked that is not marked as over.
    fn lost_metrics(&self) -> bool {
        let of_metrics =
            |m: &Marker| matches!(m.mark, Mark::Incident(Incident::MetricsLost(_) | Incident::MetricsBack));
        let last = self.markers.all().iter().rev().find(|m| of_metrics(m));
        last.is_some_and(|m| matches!(m.mark, Mark::Incident(Incident::MetricsLost(_))))
    }

    fn hpa_gone(&mut self, at: Time) {
        let ms = at.timestamp_millis();
        self.hpa = None;
        self.decisions.hpa_deleted(ms);
        self.metrics.gone(ms);
        self.conditions.set(ms, Arc::default());
        self.note_replicas(ms);
    }

    fn target_seen(&mut self, at: Time, target: Option<&TargetSeen>) {
        let ms = at.timestamp_millis();
        self.feeds.data(at, Feed::Target);
        self.decisions.target(ms, target);
        self.note_writer(ms, target);
        self.target = target.cloned();
        self.note_replicas(ms);
    }

    fn lease_seen(&mut self, ms: i64, lease: &LeaseSeen) {
        if let Some(acquired) = lease.acquired {
            self.decisions.lease(ms, acquired);
        }
        self.decisions.lease_lapsed(ms, lease.lapsed);
    }

    fn pod_seen(&mut self, at: Time, pod: &PodSeen) {
        let ms = at.timestamp_millis();
        self.feeds.data(at, Feed::Pods);
        if let Some(other) = self.pods.other(pod) {
            self.decisions.pod_gone(ms, &other.seen.uid);
        }
        self.note_kills(pod);
        self.note_resize(ms, pod);
        let had_sample = self.pods.take(pod);
        self.decisions.pod(ms, pod);
        self.note_replicas(ms);
        if had_sample && !self.pods.some_early() {
            self.measure(at);
        }
    }

    /// Marks each container that was killed out of memory since the session began.
    fn note_kills(&mut self, pod: &PodSeen) {
        let ends = pod.containers.iter().flat_map(|c| [&c.terminated, &c.last_terminated]).flatten();
        for end in ends.filter(|end| end.reason == "OOMKilled") {
            if let Some(at) = end.finished.filter(|at| self.began.is_some_and(|began| *at >= began)) {
                let what = Incident::OutOfMemory(pod.name.clone());
                self.markers.add(at.timestamp_millis(), Mark::Incident(what));
            }
        }
    }

    fn pod_gone(&mut self, at: Time, gone: &PodGone) {
        let ms = at.timestamp_millis();
        self.feeds.data(at, Feed::Pods);
        self.pods.leave(ms, &gone.uid);
        self.decisions.pod_gone(ms, &gone.uid);
        self.load.pods.remove(&gone.uid);
        self.collectors.leave(ms, &gone.uid);
        self.note_replicas(ms);
    }

    fn usage_seen(&mut self, at: Time, usage: &UsageSeen) {
        self.feeds.data(at, Feed::Usage);
        self.decisions.usage(at.timestamp_millis(), usage);
        self.pods.forget_usage();
        let Some(newest) = usage.pods.iter().map(|sample| sample.at).max() else { return };
        self.pods.sampling.take(newest.timestamp_millis());
        self.resolution_s = self.pods.sampling.period_s();
        usage.pods.iter().for_each(|sample| self.pods.used(sample));
        self.measure(at);
    }

    /// Computes each resource metric from the pods' latest samples, once all of their pods are known.
    fn measure(&mut self, at: Time) {
        if self.pods.some_early() && !self.feeds.is_up(Feed::Pods) {
            return;
        }
        let Some(newest) = self.pods.live().filter_map(|p| p.usage.as_ref()).max_by_key(|p| p.at) else { return };
        let (ms, gap) = (newest.at.timestamp_millis(), self.pods.max_gap(newest));
        let settings = controller::settings(&self.watching.server_version);
        let world = controller::world(&self.pods, self.current_replicas().unwrap_or(1), 1, "");
        for track in self.metrics.all.iter_mut().filter(|t| t.retired.is_none() && t.is_resource()) {
            if let Some(value) = controller::figure(track, &world, &settings, at) {
                track.samples.push(ms, value, gap);
            }
        }
    }

    fn event_seen(&mut self, at: Time, event: &EventSeen) {
        self.feeds.data(at, Feed::Events);
        if !self.events.take(event) {
            return;
        }
        let Some(ms) = time_of(event).map(|t| t.timestamp_millis()) else { return };
        let rescaled = event.message.strip_prefix("New size: ").and_then(|rest| rest.split_once("; reason: "));
        match (event.reason.as_str(), rescaled) {
            ("SuccessfulRescale", Some((size, reason))) if self.is_own_hpa(event) => {
                if let Ok(to) = size.parse() {
                    self.markers.rescale(ms, None, to, reason);
                    self.decisions.rescale_event(at.timestamp_millis(), ms, to);
                    let near = |e: &EventSeen| {
                        time_of(e).is_some_and(|t| (t.timestamp_millis() - ms).abs() <= markers::SAME_RESCALE)
                    };
                    self.events.newest_of(near).into_iter().for_each(|e| set_origin(&mut self.markers, e));
                    self.note_earlier_rescales();
                }
            }
            ("ScalingReplicaSet", _) => {
                set_origin(&mut self.markers, event);
                self.note_earlier_rescales();
            }
            _ => {}
        }
    }

    /// Rescales from before the watch began are known from events.
    fn note_earlier_rescales(&mut self) {
        let (now, since) = (self.now_ms(), self.decisions.known_from());
        let before = self.markers.all().iter().take_while(|m| m.ms <= since);
        let rescales = before.enumerate().filter_map(|(i, m)| match m.mark {
            Mark::Rescale { to, .. } => Some((m.ms, self.markers.from_of(i), to)),
            _ => None,
        });
        self.decisions.earlier_rescales(now, rescales);
    }

    fn job_seen(&mut self, at: Time, job: &JobSeen) {
        self.feeds.data(at, Feed::Load);
        self.load.job(job);
        self.mark_load();
    }

    fn job_gone(&mut self, at: Time) {
        self.feeds.data(at, Feed::Load);
        if self.load.phase() == LoadPhase::Running {
            self.markers.add(at.timestamp_millis(), Mark::LoadEnd { failure: Some(LoadFailure::Deleted) });
        }
        self.load.gone();
    }

    fn load_pod_seen(&mut self, at: Time, pod: &PodSeen) {
        self.feeds.data(at, Feed::Load);
        self.load.pods.insert(pod.uid.clone(), pod.clone());
        self.mark_load();
    }

    fn k6_seen(&mut self, at: Time, progress: &K6Seen) {
        self.feeds.data(at, Feed::K6);
        self.load.k6.take(at.timestamp_millis(), progress);
    }

    fn k6_summary(&mut self, at: Time, summary: &K6SummarySeen) {
        self.feeds.data(at, Feed::K6);
        self.load.k6.summary(summary);
        self.mark_load();
    }

    fn k6_error(&mut self, error: &K6ErrorSeen) {
        self.load.k6.error(error);
        self.mark_load();
    }

    /// Marks the start and the end of the load, as far as they are known.
    fn mark_load(&mut self) {
        if let Some(start) = self.load.started() {
            self.markers.load_start(start.timestamp_millis());
        }
        let failure = match self.load.phase() {
            LoadPhase::Complete => None,
            LoadPhase::Failed(failure) => Some(failure),
            LoadPhase::None | LoadPhase::Pending(_) | LoadPhase::Running | LoadPhase::Terminating => return,
        };
        if let Some(end) = self.load.ended() {
            self.markers.load_end(end.timestamp_millis(), failure);
        }
    }

    fn collector_seen(&mut self, at: Time, scrape: &Arc<CollectorSeen>) {
        let ms = at.timestamp_millis();
        self.feeds.data(at, Feed::Collector);
        self.collectors.take(ms, self.began.map_or(ms, |t| t.timestamp_millis()), scrape);
        if self.collectors.losses.all().iter().rev().any(|loss| loss.how.is_loss() && loss.since == ms) {
            self.markers.incident(ms, Incident::Lost);
        }
    }

    /// What is known of Elasticsearch, to take in an answer of it.
    fn ingest_at(&mut self, at: Time) -> &mut Ingest {
        self.feeds.data(at, Feed::Ingest);
        &mut self.ingest
    }

    /// Whether an event is about the HPA that is watched.
    fn is_own_hpa(&self, event: &EventSeen) -> bool {
        event.object.kind == "HorizontalPodAutoscaler" && event.object.name == self.watching.hpa
    }

    /// Whether the pods or their samples cannot be read by this user, or do not exist.
    pub fn blind(&self) -> bool {
        let without = |feed| matches!(self.feeds.state(feed), FeedState::Denied | FeedState::Absent);
        without(Feed::Usage) || without(Feed::Pods)
    }

    /// `spec.replicas` of the target, else what the controller reported.
    pub fn current_replicas(&self) -> Option<i32> {
        let seen = self.target.as_ref().and_then(|t| t.spec_replicas);
        seen.or_else(|| self.hpa.as_ref().and_then(hpa_status::current))
    }

    /// The tolerance for scaling down and up, as ratios: the spec's, where this server version supports it, else the
    /// default.
    pub fn tolerance(&self) -> (f64, f64) {
        let settings = self.decisions.settings();
        let behavior = self.hpa.as_ref().and_then(controller::spec).and_then(|s| s.behavior);
        let band = hpa::Band::of(behavior.as_ref(), &settings);
        (band.down, band.up)
    }

    /// How the load is spread over the gateway's Ready pods; None while there is no load or fewer than two of them.
    pub fn skew(&self) -> Option<Skew> {
        self.collectors.skew(&self.pods, self.now_ms())
    }

    /// The present, milliseconds since 1970; 0 before the first observation.
    pub fn now_ms(&self) -> i64 {
        self.now.map_or(0, |t| t.timestamp_millis())
    }
}

/// The Deployment's own events report where a rescale started from, also one from before the session.
fn set_origin(markers: &mut Markers, event: &EventSeen) {
    let sizes = event.message.rsplit_once(" from ").and_then(|(_, sizes)| sizes.split_once(" to "));
    if event.reason == "ScalingReplicaSet"
        && let (Some((from, to)), Some(when)) = (sizes, time_of(event))
        && let (Ok(from), Ok(to)) = (from.parse(), to.parse())
    {
        markers.origin(when.timestamp_millis(), from, to);
    }
}
