//! Rules over the HPA's decisions: at its maximum, held up by memory, flapping. Must not judge the gateway itself.

use super::{Finding, FindingKind, Rule, Severity};
use crate::explain;
use crate::format;
use crate::observe::MetricKind;
use crate::session::{Mark, Session, TargetType, Track, hpa_status};

/// How far back changes of direction count as flapping, in milliseconds.
const FLAP_WINDOW: i64 = 10 * 60_000;

const AT_MAXIMUM: FindingKind = FindingKind {
    id: "at-maximum",
    severity: &[Severity::Warning],
    when: "the condition `ScalingLimited` is True with reason `TooManyReplicas`, and a metric proposes more than \
           `maxReplicas`",
    evidence: "that metric's proposal as the controller computes it",
    hint: "raise `maxReplicas`, or the request that utilization is a share of; not while Elasticsearch is the \
           bottleneck",
    source: "HPA status, pod metrics",
};
const MEMORY_HOLDS: FindingKind = FindingKind {
    id: "memory-holds",
    severity: &[Severity::Warning],
    when: "memory proposes the current replicas and every other metric fewer; the replicas are above `minReplicas` and \
           have not changed for twice the scale-down window",
    evidence: "memory usage, its target, and the usage per pod at which one replica would be removed",
    hint: "raise the memory request, drop the memory metric, or have the collector return memory (`GOMEMLIMIT`, \
           `memory_limiter`)",
    source: "HPA status, pod metrics",
};
const FLAPS: FindingKind = FindingKind {
    id: "flapping",
    severity: &[Severity::Warning],
    when: "the rescales of the last 10 minutes changed direction at least three times",
    evidence: "the number of rescales, and how many of them went up",
    hint: "a longer `behavior.scaleDown.stabilizationWindowSeconds`",
    source: "rescale markers: events and HPA status",
};

pub const RULES: &[Rule] = &[
    Rule { rank: 120, check: at_the_maximum, finds: &[AT_MAXIMUM] },
    Rule { rank: 130, check: memory_holds, finds: &[MEMORY_HOLDS] },
    Rule { rank: 140, check: flapping, finds: &[FLAPS] },
];

/// A metric proposes more than `maxReplicas`.
fn at_the_maximum(session: &Session) -> Vec<Finding> {
    let Some(hpa) = &session.hpa else { return Vec::new() };
    let limited = hpa_status::condition(hpa, "ScalingLimited");
    if !limited.is_some_and(|c| c.status == "True" && c.reason == "TooManyReplicas") {
        return Vec::new();
    }
    let proposals = session.proposals();
    let wanted = session.metrics.live().zip(&proposals).filter_map(|(t, p)| p.as_ref().map(|p| (t, p)));
    let Some((track, most)) = wanted.max_by_key(|(_, p)| p.replicas).filter(|(_, p)| p.replicas > hpa.max_replicas)
    else {
        return Vec::new();
    };
    vec![Finding {
        id: AT_MAXIMUM.id,
        severity: Severity::Warning,
        text: format!("at the maximum of {} replicas, and {} asks for {}", hpa.max_replicas, track.label(), most.replicas),
        evidence: explain::forecast::arithmetic(track, most),
        hint: "raise maxReplicas, or the request that utilization is computed from; not while Elasticsearch is the bottleneck"
            .into(),
    }]
}

/// Memory keeps replicas that the other metrics would remove, and fewer pods would not use less of it.
fn memory_holds(session: &Session) -> Vec<Finding> {
    let Some((hpa, current)) = session.hpa.as_ref().zip(session.current_replicas()) else { return Vec::new() };
    let window = hpa.behavior.as_ref().and_then(|b| b.scale_down.as_ref()).and_then(|r| r.window_s).unwrap_or(300);
    let since = session.replicas.current.changes().last().map_or(0, |c| c.0);
    let settled = session.now_ms() - since >= i64::from(window.max(15)) * 2000;
    if current <= hpa.min_replicas.unwrap_or(1).max(1) || !settled {
        return Vec::new();
    }
    let proposals = session.proposals();
    let all = || session.metrics.live().zip(&proposals).filter_map(|(t, p)| p.as_ref().map(|p| (t, p.replicas)));
    let is_memory = |t: &Track| t.metric.name == "memory" && t.metric.kind == MetricKind::Resource;
    let Some((memory, _)) = all().find(|(t, replicas)| is_memory(t) && *replicas == current) else { return Vec::new() };
    let lower = all().filter(|(t, _)| !is_memory(t)).map(|(_, replicas)| replicas).max().is_some_and(|r| r < current);
    let figures = memory.current.zip(memory.target.last().copied()).filter(|(_, target)| *target > 0.0);
    let (true, Some((now, target))) = (lower, figures) else { return Vec::new() };
    // ceil(now/target × n) = n - 1 needs now/target ≤ (n-1)/n, and a ratio outside of the band.
    let share = ((f64::from(current) - 1.0) / f64::from(current)).min(1.0 - session.tolerance().0);
    let show = |v: f64| match memory.target_type {
        TargetType::Utilization => format!("{} %", v.floor()),
        _ => format::size::mebi(v),
    };
    vec![Finding {
        id: MEMORY_HOLDS.id,
        severity: Severity::Warning,
        text: format!("memory alone keeps {current} replicas: no other metric asks for them, and with fewer pods each would use as much"),
        evidence: format!("memory {} of {}; {} or less per pod would remove one", show(now), show(target), show(target * share)),
        hint: "raise the memory request, drop the memory metric, or have the collector return memory (GOMEMLIMIT, memory_limiter)"
            .into(),
    }]
}

/// The replicas went up and down repeatedly.
fn flapping(session: &Session) -> Vec<Finding> {
    let from = session.now_ms() - FLAP_WINDOW;
    let marks = session.markers.all();
    let ups: Vec<bool> = (0..marks.len())
        .filter_map(|i| match marks[i] {
            crate::session::Marker { ms, mark: Mark::Rescale { to, .. } } if ms >= from => {
                session.markers.from_of(i).filter(|f| *f != to).map(|f| to > f)
            }
            _ => None,
        })
        .collect();
    let turns = ups.windows(2).filter(|two| two[0] != two[1]).count();
    if turns < 3 {
        return Vec::new();
    }
    vec![Finding {
        id: FLAPS.id,
        severity: Severity::Warning,
        text: format!("the replicas turned between up and down {turns} times in 10 minutes"),
        evidence: format!("{} rescales, {} of them up", ups.len(), ups.iter().filter(|up| **up).count()),
        hint: "a longer behavior.scaleDown.stabilizationWindowSeconds; each scale-down also drops what a pod's queues held"
            .into(),
    }]
}
