//! What is known now and was known before: a fold over observations. Deterministic, bounded; no I/O, no clock, no
//! terminal. Rates, utilization and phases are derived here, from raw samples, with the times that the samples carry.

mod collectors;
pub mod controller;
mod cost;
mod counter;
mod course;
pub mod decisions;
mod events;
mod feeds;
mod history;
pub mod ingest;
mod load;
mod markers;
mod metrics;
mod moment;
mod outlook;
mod pods;
mod replicas;
mod series;
mod steps;
pub mod told;
mod unknown;

pub use collectors::{
    Account, Collector, Collectors, Elastic, Fate, Flow, Loss, Losses, Queue, Rates, Share, Skew, Tier, Totals,
};
pub use cost::{Cost, Spent};
pub use counter::{Counter, total};
pub use course::Course;
pub use decisions::Decisions;
pub use events::{Events, time_of};
pub use feeds::{FeedNow, Feeds};
pub use history::History;
pub use ingest::Ingest;
pub use load::{K6, Load, Phase, Progress, Run};
use markers::SAME_RESCALE;
pub use markers::{Mark, Marker, Markers};
pub use metrics::{TargetType, Track, Tracks};
pub use moment::{MetricAt, Moment};
pub use outlook::{Outlook, Proposed};
pub use pods::{Pod, Pods, is_ready, max_gap};
pub use replicas::Replicas;
pub use series::Series;
pub use steps::Steps;

use crate::hpa;
use crate::observe::{
    AnswerSeen, Condition, EventSeen, Feed, FeedState, HpaSeen, Observation, Stamped, TargetSeen, Time, UsageSeen,
    WatchingSeen,
};
use std::sync::Arc;

/// The fold.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Session {
    /// The time of the latest observation.
    pub now: Option<Time>,
    /// The time of the first.
    pub began: Option<Time>,
    pub watching: WatchingSeen,
    pub feeds: Feeds,
    /// None before it was seen and after it went.
    pub hpa: Option<HpaSeen>,
    pub target: Option<TargetSeen>,
    pub pods: Pods,
    pub metrics: Tracks,
    pub replicas: Replicas,
    pub conditions: Steps<Arc<[Condition]>>,
    pub events: Events,
    pub markers: Markers,
    pub load: Load,
    /// What Elasticsearch indexed, and how it stands.
    pub ingest: Ingest,
    /// The collectors from inside: gateway, agents, cluster collector.
    pub collectors: Collectors,
    /// Every sync of the controller, reconstructed.
    pub decisions: Decisions,
    /// What watching cost.
    pub cost: Cost,
    /// What became of the last thing asked for, and when.
    pub answer: Option<(Time, AnswerSeen)>,
    /// Seconds between two samples of the metrics API, learnt from their windows.
    pub resolution_s: Option<f64>,
    /// Observations of a kind that this version does not know.
    pub unknown: u64,
}

/// So many pods of a kind are known at once, which no tier of an HPA comes near; of a strange recording the rest is left out.
const MOST: usize = 5000;

impl Session {
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
            Observation::Watching(w) => {
                self.decisions.watching(w);
                self.watching = w.clone();
            }
            Observation::FeedStatus(link) => {
                self.decisions.link(link.feed, link.state);
                self.feeds.set(at, link);
                if link.feed == Feed::Ingest && !matches!(link.state, FeedState::Up | FeedState::Connecting) {
                    self.ingest.silent();
                }
                // That all pods have been listed is said after the pods.
                if link.feed == Feed::Pods && self.target.is_some() {
                    self.measure(at);
                }
                self.note_replicas(ms);
            }
            Observation::Hpa(hpa) => self.hpa_seen(at, hpa),
            Observation::HpaGone => self.hpa_gone(at),
            Observation::Target(target) => self.target_seen(at, Some(target)),
            Observation::TargetGone => self.target_seen(at, None),
            Observation::Pod(pod) => {
                self.feeds.data(at, Feed::Pods);
                if let Some(other) = self.pods.other(pod) {
                    self.decisions.pod_gone(ms, &other.seen.uid);
                }
                let had_sample = self.pods.take(pod);
                self.decisions.pod(ms, pod);
                self.note_replicas(ms);
                if had_sample && !self.pods.some_early() {
                    self.measure(at);
                }
            }
            Observation::PodGone(gone) => {
                self.feeds.data(at, Feed::Pods);
                self.pods.leave(ms, &gone.uid);
                self.decisions.pod_gone(ms, &gone.uid);
                self.load.pods.remove(&gone.uid);
                self.collectors.leave(ms, &gone.uid);
                self.note_replicas(ms);
            }
            Observation::Usage(usage) => self.usage_seen(at, usage),
            Observation::Event(event) => self.event_seen(at, event),
            Observation::Job(job) => {
                self.feeds.data(at, Feed::Load);
                self.load.job(job);
                self.mark_load();
            }
            Observation::JobGone { .. } => {
                self.feeds.data(at, Feed::Load);
                if self.load.phase() == Phase::Running {
                    let text = "the load Job was deleted".to_string();
                    self.markers.add(ms, Mark::LoadEnd { ok: false, text });
                }
                self.load.gone();
            }
            Observation::LoadPod(pod) => {
                self.feeds.data(at, Feed::Load);
                self.load.pods.insert(pod.uid.clone(), (**pod).clone());
                self.mark_load();
            }
            Observation::Elastic(_)
            | Observation::Counters(_)
            | Observation::ElasticNodes(_)
            | Observation::ElasticHealth(_)
            | Observation::LogQuality(_) => self.elastic_seen(at, &seen.what),
            Observation::K6(seen) => {
                self.feeds.data(at, Feed::K6);
                self.load.k6.take(ms, seen);
            }
            Observation::K6Summary(seen) => {
                self.feeds.data(at, Feed::K6);
                self.load.k6.summary(seen);
                self.mark_load();
            }
            Observation::K6Error(seen) => {
                self.load.k6.error(seen);
                self.mark_load();
            }
            Observation::Collector(seen) => {
                self.feeds.data(at, Feed::Collector);
                self.collectors.take(ms, self.began.map_or(ms, |t| t.timestamp_millis()), seen);
            }
            Observation::CollectorLost(lost) => self.collectors.lost(ms, lost),
            Observation::CollectorConfig(seen) => self.collectors.configured(seen),
            Observation::CollectorPod { role, pod } => self.collectors.pod(*role, pod),
            Observation::Cost(seen) => self.cost.take(ms, seen),
            Observation::Answer(answer) => self.answer = Some((at, answer.clone())),
            Observation::Note { text } => self.markers.add(ms, Mark::Note(text.clone())),
            Observation::Unknown => self.unknown += 1,
        }
        self.decisions.advance(self.now_ms());
    }

    /// Whether it would be one pod too many.
    fn is_crowded(&self, what: &Observation) -> bool {
        match what {
            Observation::Pod(pod) => self.pods.named(&pod.name).is_none() && self.pods.count() >= MOST,
            Observation::LoadPod(pod) => !self.load.pods.contains_key(&pod.uid) && self.load.pods.len() >= MOST,
            Observation::Collector(seen) => self.collectors.of(&seen.uid).is_none() && self.collectors.count() >= MOST,
            Observation::CollectorLost(l) => self.collectors.of(&l.uid).is_none() && self.collectors.count() >= MOST,
            Observation::CollectorPod { pod, .. } => self.collectors.pod_count(&pod.uid) >= MOST,
            _ => false,
        }
    }

    fn tick(&mut self, ms: i64) {
        self.collectors.tick(ms);
        if self.feeds.is_up(Feed::Hpa) && self.hpa.is_some() && ms / 1000 % 15 == 0 {
            self.metrics.hold(ms, self.blind());
        }
        self.note_replicas(ms);
    }

    fn hpa_seen(&mut self, at: Time, hpa: &HpaSeen) {
        let ms = at.timestamp_millis();
        self.feeds.data(at, Feed::Hpa);
        let status = &hpa.status;
        let before = self.hpa.as_ref().filter(|b| b.uid == hpa.uid).map(|b| &b.status);
        if let (Some(when), Some(before)) = (status.last_scale, before)
            && before.last_scale != Some(when)
        {
            // Read at the start of the very sync that rescaled.
            let from = status.current_replicas.or(before.current_replicas).filter(|f| *f != status.desired_replicas);
            self.markers.rescale(when.timestamp_millis(), from, status.desired_replicas, "");
        }
        self.decisions.hpa(at, hpa, self.resolution_s.map_or(0, |s| (s * 1000.0) as i64));
        self.metrics.take(ms, hpa, self.blind());
        self.conditions.set(ms, status.conditions.as_slice().into());
        self.hpa = Some(hpa.clone());
        self.note_replicas(ms);
    }

    /// The pods or their samples cannot be read by this user, or are not there for us.
    pub fn blind(&self) -> bool {
        let without = |feed| matches!(self.feeds.state(feed), FeedState::Denied | FeedState::Absent);
        without(Feed::Usage) || without(Feed::Pods)
    }

    fn hpa_gone(&mut self, at: Time) {
        let ms = at.timestamp_millis();
        self.hpa = None;
        self.decisions.hpa_gone();
        self.metrics.gone(ms);
        self.conditions.set(ms, Arc::default());
        self.note_replicas(ms);
    }

    fn target_seen(&mut self, at: Time, target: Option<&TargetSeen>) {
        let ms = at.timestamp_millis();
        self.feeds.data(at, Feed::Target);
        self.decisions.target(ms, target);
        self.target = target.cloned();
        self.note_replicas(ms);
    }

    fn usage_seen(&mut self, at: Time, usage: &UsageSeen) {
        self.feeds.data(at, Feed::Usage);
        self.decisions.usage(at.timestamp_millis(), usage);
        self.pods.forget_usage();
        usage.pods.iter().for_each(|sample| self.pods.used(sample));
        let Some(newest) = usage.pods.iter().max_by_key(|p| p.at) else { return };
        self.resolution_s = Some(newest.window_s).filter(|w| *w > 0.0).or(self.resolution_s);
        self.measure(at);
    }

    /// Works out each resource metric from the pods' latest samples, once all of their pods are known.
    fn measure(&mut self, at: Time) {
        if self.pods.some_early() && !self.feeds.is_up(Feed::Pods) {
            return;
        }
        let Some(newest) = self.pods.live().filter_map(|p| p.usage.as_ref()).max_by_key(|p| p.at) else { return };
        let (ms, gap) = (newest.at.timestamp_millis(), max_gap(newest.window_s));
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
                    let near =
                        |e: &EventSeen| time_of(e).is_some_and(|t| (t.timestamp_millis() - ms).abs() <= SAME_RESCALE);
                    self.events.newest_of(near).into_iter().for_each(|e| origin(&mut self.markers, e));
                    self.earlier();
                }
            }
            ("ScalingReplicaSet", _) => {
                origin(&mut self.markers, event);
                self.earlier();
            }
            _ => {}
        }
    }

    /// Rescales from before the watch began are known by what was told of them.
    fn earlier(&mut self) {
        let since = self.decisions.known_from();
        let before = self.markers.all().iter().take_while(|m| m.ms <= since);
        let rescales = before.enumerate().filter_map(|(i, m)| match m.mark {
            Mark::Rescale { to, .. } => Some((m.ms, self.markers.from_of(i), to)),
            _ => None,
        });
        self.decisions.earlier(rescales);
    }

    fn elastic_seen(&mut self, at: Time, seen: &Observation) {
        self.feeds.data(at, Feed::Ingest);
        let (ms, ingest) = (at.timestamp_millis(), &mut self.ingest);
        match seen {
            Observation::Elastic(cluster) => ingest.cluster = Some((**cluster).clone()),
            Observation::Counters(counters) => ingest.counters(ms, counters),
            Observation::ElasticNodes(nodes) => ingest.pressure.nodes(ms, nodes),
            Observation::ElasticHealth(health) => ingest.pressure.health = Some((**health).clone()),
            Observation::LogQuality(quality) => ingest.quality = Some((**quality).clone()),
            _ => {}
        }
    }

    fn is_own_hpa(&self, event: &EventSeen) -> bool {
        event.object.kind == "HorizontalPodAutoscaler" && event.object.name == self.watching.hpa
    }

    fn mark_load(&mut self) {
        if let Some(start) = self.load.started() {
            self.markers.load_start(start.timestamp_millis());
        }
        let (ok, text) = match self.load.phase() {
            Phase::Complete => (true, String::new()),
            Phase::Failed(text) => (false, text),
            _ => return,
        };
        if let Some(end) = self.load.ended() {
            self.markers.load_end(end.timestamp_millis(), ok, text);
        }
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

/// The Deployment's own events tell where a rescale started from, also one before the session.
fn origin(markers: &mut Markers, event: &EventSeen) {
    let told = event.message.rsplit_once(" from ").and_then(|(_, sizes)| sizes.split_once(" to "));
    if event.reason == "ScalingReplicaSet"
        && let (Some((from, to)), Some(when)) = (told, time_of(event))
        && let (Ok(from), Ok(to)) = (from.parse(), to.parse())
    {
        markers.origin(when.timestamp_millis(), from, to);
    }
}

/// A Kubernetes quantity in base units: cores, bytes.
pub fn quantity(text: &str) -> Option<f64> {
    hpa::quantity::approximate(text).ok()
}
