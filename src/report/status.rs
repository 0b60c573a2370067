//! `status`: what a session knows now, as JSON (schema `edot-tui/status/1`) and as text. A figure that is not known is
//! null, never 0. Must not derive figures of its own beyond units.

use super::status_ingest::{self, Ingest};
use super::status_inside::{self as inside, BySignal, Gateway, Load, QueueStatus};
use crate::advise;
use crate::explain;
use crate::observe::{Condition, Feed, FeedState, MetricValue, TargetRef, Time};
use crate::session::{Pod, Session, TargetType, Track, controller, hpa_status, is_ready};
use serde::{Serialize, Serializer};

/// The schema of design and README; later feeds fill what is null here.
#[derive(Debug, Serialize)]
pub struct Status {
    pub schema: &'static str,
    pub at: Option<Time>,
    pub context: String,
    pub lab: bool,
    pub server_version: Option<String>,
    /// What the user should know, such as that another HPA than the named one is watched.
    pub notes: Vec<String>,
    pub hpa: Option<Hpa>,
    pub pods: Vec<PodStatus>,
    pub load: Option<Load>,
    pub gateway: Option<Gateway>,
    pub ingest: Option<Ingest>,
    pub findings: Vec<FindingStatus>,
    pub feeds: Vec<FeedReport>,
}

#[derive(Debug, Serialize)]
pub struct Hpa {
    pub namespace: String,
    pub name: String,
    pub target: TargetStatus,
    pub min: i32,
    pub max: i32,
    pub replicas: ReplicaStatus,
    pub last_scale: Option<Time>,
    pub metrics: Vec<MetricStatus>,
    pub conditions: Vec<Condition>,
    pub decision: Option<Decision>,
}

/// The scale target; the figures are those of its own object.
#[derive(Debug, Serialize)]
pub struct TargetStatus {
    #[serde(flatten)]
    pub reference: TargetRef,
    pub spec_replicas: Option<i32>,
    pub status_replicas: Option<i32>,
    pub updated: Option<i32>,
    pub available: Option<i32>,
}

/// `current` and `desired` as the HPA's status has them, but null while nothing was read or decided (the API then
/// writes no current and a desired 0); `ready` as the target's, else as counted.
#[derive(Debug, Serialize)]
pub struct ReplicaStatus {
    pub current: Option<i32>,
    pub desired: Option<i32>,
    pub ready: Option<i32>,
}

#[derive(Debug, Serialize)]
pub struct MetricStatus {
    pub name: String,
    /// The name on screen, which tells metrics of the same name apart.
    pub label: String,
    #[serde(rename = "type")]
    pub kind: String,
    pub container: Option<String>,
    pub object: Option<String>,
    pub selector: Option<String>,
    pub target_type: &'static str,
    /// The controller's figure: percent, cores, bytes, or the metric's own unit.
    #[serde(serialize_with = "figure")]
    pub current: Option<f64>,
    #[serde(serialize_with = "figure")]
    pub target: Option<f64>,
    pub unit: &'static str,
    /// As the API wrote them.
    pub current_value: Option<MetricValue>,
    pub target_value: MetricValue,
    /// Our own figure from the newest samples, in the same unit, and their time.
    #[serde(serialize_with = "figure")]
    pub sampled: Option<f64>,
    pub sampled_at: Option<Time>,
    pub proposal: Option<i32>,
    /// Why `current` is null.
    pub reason: Option<String>,
}

#[derive(Debug, Serialize)]
pub struct Decision {
    /// The label of the metric that decides; null when none does.
    pub winner: Option<String>,
    pub replicas: i32,
    pub text: String,
    pub limited_by: Option<String>,
    /// The same for people, and what will come of it.
    #[serde(skip)]
    pub sentence: String,
}

#[derive(Debug, Serialize)]
pub struct PodStatus {
    pub name: String,
    pub phase: String,
    pub node: Option<String>,
    pub ready: bool,
    pub terminating: bool,
    pub age_s: Option<i64>,
    /// Whole ones, rounded up as `kubectl top` does.
    #[serde(serialize_with = "figure")]
    pub cpu_millicores: Option<f64>,
    #[serde(serialize_with = "figure")]
    pub memory_bytes: Option<f64>,
    /// Of the pod's request; null where it sets none.
    #[serde(serialize_with = "figure")]
    pub cpu_percent: Option<f64>,
    #[serde(serialize_with = "figure")]
    pub memory_percent: Option<f64>,
    pub sampled_at: Option<Time>,
    pub accepted_per_s: Option<BySignal>,
    /// The fullest of its queues.
    pub queue: Option<QueueStatus>,
    pub restarts: i32,
}

#[derive(Debug, Serialize)]
pub struct FindingStatus {
    pub id: &'static str,
    pub severity: &'static str,
    pub text: String,
    pub evidence: String,
    pub hint: String,
}

/// What stands out now.
pub fn findings(session: &Session) -> Vec<FindingStatus> {
    advise::findings(session).into_iter().map(finding).collect()
}

fn finding(f: advise::Finding) -> FindingStatus {
    FindingStatus { id: f.id, severity: f.severity.word(), text: f.text, evidence: f.evidence, hint: f.hint }
}

#[derive(Debug, Serialize)]
pub struct FeedReport {
    pub feed: &'static str,
    pub state: FeedState,
    pub age_s: Option<f64>,
    pub reason: Option<String>,
    pub hint: Option<String>,
}

/// A whole number is written as one: `96`, not `96.0`.
pub fn figure<S: Serializer>(value: &Option<f64>, to: S) -> Result<S::Ok, S::Error> {
    match value {
        // Up to 2^53 every whole number is exact.
        Some(v) if v.fract() == 0.0 && v.abs() < 9_007_199_254_740_992.0 => to.serialize_i64(*v as i64),
        _ => value.serialize(to),
    }
}

/// The status of a session.
pub fn status(session: &Session) -> Status {
    let w = &session.watching;
    Status {
        schema: "edot-tui/status/1",
        at: session.now,
        context: w.context.clone(),
        lab: w.lab,
        server_version: Some(w.server_version.clone()).filter(|v| !v.is_empty()),
        notes: w.notes.clone(),
        hpa: hpa(session),
        pods: session.pods.live().map(|p| pod(session, p)).collect(),
        load: inside::load(session),
        gateway: inside::gateway(session),
        ingest: status_ingest::ingest(session),
        findings: findings(session),
        feeds: Feed::ALL.into_iter().map(|f| feed(session, f)).collect(),
    }
}

fn hpa(session: &Session) -> Option<Hpa> {
    let seen = session.hpa.as_ref()?;
    let target = session.target.as_ref();
    let proposals = session.proposals();
    let metrics = session.metrics.live().zip(proposals).map(|(t, p)| metric(session, t, p.map(|p| p.replicas)));
    let decision = session.forecast().map(|f| {
        let text = explain::forecast::forecast(session, &f);
        Decision {
            winner: f.winner().and_then(|i| session.metrics.live().nth(i)).map(Track::label),
            replicas: f.replicas,
            text: text.arithmetic,
            limited_by: text.limited_by,
            sentence: text.sentence,
        }
    });
    Some(Hpa {
        namespace: seen.namespace.clone(),
        name: seen.name.clone(),
        target: TargetStatus {
            reference: seen.target.clone(),
            spec_replicas: target.and_then(|t| t.spec_replicas),
            status_replicas: target.and_then(|t| t.replicas),
            updated: target.and_then(|t| t.updated),
            available: target.and_then(|t| t.available),
        },
        min: seen.min_replicas.unwrap_or(1),
        max: seen.max_replicas,
        replicas: ReplicaStatus {
            current: hpa_status::current(seen),
            desired: hpa_status::desired(seen),
            ready: session.replicas.ready.last().copied().flatten(),
        },
        last_scale: seen.status.last_scale,
        metrics: metrics.collect(),
        conditions: seen.status.conditions.clone(),
        decision,
    })
}

fn metric(session: &Session, track: &Track, proposal: Option<i32>) -> MetricStatus {
    let m = &track.metric;
    let unit = match (track.target_type, m.name.as_str(), track.is_resource()) {
        (TargetType::Utilization, _, _) => "percent",
        (_, "cpu", true) => "cores",
        (_, "memory" | "ephemeral-storage", true) => "bytes",
        _ => "value",
    };
    // Without the metrics API the controller's figures stand for samples.
    let sample = track.samples.last().filter(|_| track.is_resource() && !session.blind());
    MetricStatus {
        name: m.name.clone(),
        label: track.label(),
        kind: format!("{:?}", m.kind),
        container: m.container.clone(),
        object: m.object.clone(),
        selector: m.selector.clone(),
        target_type: track.target_type.name(),
        current: track.current,
        target: track.target.last().copied(),
        unit,
        current_value: track.status.clone(),
        target_value: m.value.clone(),
        sampled: sample.map(|s| s.1),
        sampled_at: sample.and_then(|s| Time::from_timestamp_millis(s.0)),
        proposal,
        reason: track.current.is_none().then(|| explain::missing::missing(session, track)),
    }
}

fn pod(session: &Session, pod: &Pod) -> PodStatus {
    let seen = &pod.seen;
    let used = |s: &crate::session::Series| pod.usage.as_ref().and_then(|_| s.last()).map(|p| p.1);
    let (cpu, memory) = (used(&pod.cpu), used(&pod.memory));
    let percent = |used: Option<f64>, resource: &str, milli: f64| {
        let request = controller::request(pod, resource).filter(|r| *r > 0)?;
        used.map(|u| u * milli / request as f64 * 100.0)
    };
    let (accepted_per_s, queue) = inside::pod(session, &seen.uid);
    PodStatus {
        name: seen.name.clone(),
        phase: seen.phase.clone(),
        node: seen.node.clone(),
        ready: is_ready(seen),
        terminating: seen.deleted.is_some(),
        age_s: seen.created.zip(session.now).map(|(c, now)| (now - c).num_seconds()),
        cpu_millicores: cpu,
        memory_bytes: memory,
        cpu_percent: percent(cpu, "cpu", 1.0),
        memory_percent: percent(memory, "memory", 1000.0),
        sampled_at: pod.usage.as_ref().map(|u| u.at),
        accepted_per_s,
        queue,
        restarts: seen.restarts(),
    }
}

fn feed(session: &Session, feed: Feed) -> FeedReport {
    let now = session.feeds.get(feed);
    let age = now.and_then(|l| l.last_data).zip(session.now).map(|(t, now)| (now - t).num_milliseconds());
    FeedReport {
        feed: feed.name(),
        state: session.feeds.state(feed),
        age_s: age.map(|ms| (ms as f64 / 100.0).round() / 10.0),
        reason: now.and_then(|l| l.status.reason.clone()),
        hint: now.and_then(|l| l.status.hint.clone()),
    }
}
