//! The sections `hpa` and `pods` of `status`: the autoscaler, its target and the pods that it scales. A figure that is
//! unknown is null.

use super::gateway::{self, QueueStatus};
use super::number::{BySignal, figure};
use crate::explain;
use crate::observe::{Condition, MetricValue, TargetRef, Time};
use crate::report::series::unit;
use crate::session::{Pod, Session, Track, controller, hpa_status, is_ready};
use serde::Serialize;

/// The HPA.
#[derive(Debug, Serialize)]
pub struct HpaSection {
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
    pub controller: ControllerStatus,
    pub scaled_object: Option<ScaledObjectStatus>,
}

/// KEDA's ScaledObject that the HPA is of.
#[derive(Debug, Serialize)]
pub struct ScaledObjectStatus {
    pub name: String,
    /// Its triggers, and what KEDA does by itself.
    pub message: String,
}

/// What is known of the controller: how often it syncs, and in how many syncs the arithmetic gives what it did.
#[derive(Debug, Serialize)]
pub struct ControllerStatus {
    pub sync_period_s: f64,
    /// How that is known: `assumed`, `likely`, `sure` or `stated`; and how probable it is, 0 to 1.
    pub certainty: &'static str,
    pub confidence: f64,
    /// Known syncs that decided something, and those of them in which the arithmetic agrees.
    pub syncs: u32,
    pub syncs_agreed: u32,
    /// Syncs beside them that were only inferred, and those of which nothing can be said.
    pub syncs_inferred: u32,
    pub syncs_undecided: u32,
    #[serde(skip)]
    pub sentence: String,
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

/// `current` and `desired` as in the HPA's status, but null until the controller has read or decided (the API then writes
/// no current and a desired 0); `ready` from the target's object, else counted from the pods.
#[derive(Debug, Serialize)]
pub struct ReplicaStatus {
    pub current: Option<i32>,
    pub desired: Option<i32>,
    pub ready: Option<i32>,
}

/// A metric of the spec.
#[derive(Debug, Serialize)]
pub struct MetricStatus {
    pub name: String,
    /// The name on screen; unlike `name` it is unique.
    pub label: String,
    /// As in the API: `Resource`, `ContainerResource`, `Pods`, `Object`, `External`.
    #[serde(rename = "type")]
    pub kind: String,
    pub container: Option<String>,
    pub object: Option<String>,
    pub selector: Option<String>,
    /// As in the API: `Utilization`, `AverageValue`, `Value`.
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
    /// Computed here from the newest samples, in the same unit, and their time.
    #[serde(serialize_with = "figure")]
    pub sampled: Option<f64>,
    pub sampled_at: Option<Time>,
    /// Replicas that this metric alone asks for.
    pub proposal: Option<i32>,
    /// Why `current` is null.
    pub reason: Option<String>,
}

/// What the arithmetic asks for now.
#[derive(Debug, Serialize)]
pub struct Decision {
    /// The label of the metric that decides; null when none does.
    pub winner: Option<String>,
    pub replicas: i32,
    pub message: String,
    pub limited_by: Option<String>,
    /// The same for people, and what follows from it.
    #[serde(skip)]
    pub sentence: String,
}

/// A pod.
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

/// The HPA; None where there is none.
pub fn hpa(session: &Session) -> Option<HpaSection> {
    let seen = session.hpa.as_ref()?;
    let target = session.target.as_ref();
    let proposals = session.proposals();
    let metrics = session.metrics.live().zip(proposals).map(|(t, p)| metric(session, t, p.map(|p| p.replicas)));
    let decision = session.forecast().map(|f| {
        let text = explain::forecast::forecast(session, &f);
        Decision {
            winner: f.winner().and_then(|i| session.metrics.live().nth(i)).map(Track::label),
            replicas: f.replicas,
            message: text.arithmetic,
            limited_by: text.limited_by,
            sentence: text.sentence,
        }
    });
    Some(HpaSection {
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
        controller: controller_status(session),
        scaled_object: session
            .scalers
            .scaled_object
            .as_ref()
            .map(|made| ScaledObjectStatus { name: made.name.clone(), message: explain::scalers::scaled_object(made) }),
    })
}

fn controller_status(session: &Session) -> ControllerStatus {
    let (score, period) = (session.decisions.score, &session.decisions.sync_period);
    let all = score.all();
    let agreed = match all.of {
        0 => String::new(),
        _ => format!("; the arithmetic agrees in {all} known syncs"),
    };
    ControllerStatus {
        sync_period_s: period.period() as f64 / 1000.0,
        certainty: explain::sync::certainty(period.certainty()),
        confidence: (period.confidence() * 100.0).round() / 100.0,
        syncs: all.of,
        syncs_agreed: all.agreed,
        syncs_inferred: score.consistent,
        syncs_undecided: score.undecided,
        sentence: format!("{}{agreed}", explain::sync::period(period)),
    }
}

/// The pods that there are now.
pub fn pods(session: &Session) -> Vec<PodStatus> {
    session.pods.live().map(|p| pod(session, p)).collect()
}

fn metric(session: &Session, track: &Track, proposal: Option<i32>) -> MetricStatus {
    let m = &track.metric;
    // Without the metrics API the samples are only the controller's own figures.
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
        unit: unit(track),
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
    let (accepted_per_s, queue) = gateway::pod(session, &seen.uid);
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
