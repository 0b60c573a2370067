//! Rules over what decides over the target besides the HPA: a VerticalPodAutoscaler, KEDA, tools that write the replicas. Must not
//! judge the HPA itself.

use super::{Finding, FindingKind, Rule, Severity};
use crate::explain;
use crate::format::text;
use crate::observe::{ContainerSeen, RecommendedSeen};
use crate::session::{
    Incident, Mark, Session,
    scalers::{Pause, falls_back, pause},
};

/// How far back writes of the replicas count, in milliseconds.
const FIGHT_WINDOW: i64 = 10 * 60_000;
/// As KEDA's operator calls itself; from 0 and to 0 it scales by itself.
const KEDA: &str = "keda";

const FOUGHT_OVER: FindingKind = FindingKind {
    id: "replicas-fought-over",
    severity: &[Severity::Warning],
    when: "in the last 10 minutes another field manager than the HPA controller and KEDA wrote the target's \
           `spec.replicas` at least twice, and the HPA rescaled in between",
    evidence: "who wrote it, how often, and the HPA's rescales",
    hint: "leave `spec.replicas` out of the manifest that is applied (Argo CD: `ignoreDifferences`), or delete the HPA",
    source: "target's managedFields, HPA status",
};
const VPA: FindingKind = FindingKind {
    id: "vpa-conflict",
    severity: &[Severity::Warning],
    when: "a VerticalPodAutoscaler with the same target, whose mode is not `Off`, controls a resource that the HPA \
           scales by in percent of its request",
    evidence: "the VPA, its mode, the resources, and what it recommends beside what is requested",
    hint: "take the resource out of the VPA's `controlledResources`, set its mode to `Off`, or scale by an amount",
    source: "VerticalPodAutoscalers, HPA",
};
const PAUSED: FindingKind = FindingKind {
    id: "keda-paused",
    severity: &[Severity::Info, Severity::Warning],
    when: "the ScaledObject that the HPA is of has an annotation that pauses it; a warning where there is no HPA meanwhile",
    evidence: "the annotation",
    hint: "remove the annotation `autoscaling.keda.sh/paused…`",
    source: "ScaledObject",
};
const FALLBACK: FindingKind = FindingKind {
    id: "keda-fallback",
    severity: &[Severity::Warning],
    when: "the ScaledObject's condition `Fallback` is True: a trigger fails, and its metric is made up",
    evidence: "failures in a row by metric, and the fallback's replicas",
    hint: "look at what the trigger reads; `kubectl describe scaledobject`",
    source: "ScaledObject",
};
const RESIZING: FindingKind = FindingKind {
    id: "resize-not-done",
    severity: &[Severity::Info],
    when: "a pod's requests were changed in place, and others are in force",
    evidence: "the pods, what their spec asks for and what is in force",
    hint: "utilization is a share of what the spec asks for, so it is off until the kubelet is done",
    source: "pods",
};

const STABLE_ONLY: FindingKind = FindingKind {
    id: "stable-pods-only",
    severity: &[Severity::Info],
    when: "the target is an Argo Rollout whose canary strategy routes traffic, and it has pods of another version",
    evidence: "its updated pods, and its replicas",
    hint: "what the pods of the new version use is no part of the HPA's figures until they are the stable ones",
    source: "Rollout",
};

pub const RULES: &[Rule] = &[
    Rule { rank: 142, check: fought_over, finds: &[FOUGHT_OVER] },
    Rule { rank: 144, check: vpa_conflict, finds: &[VPA] },
    Rule { rank: 146, check: paused, finds: &[PAUSED] },
    Rule { rank: 148, check: fallback, finds: &[FALLBACK] },
    Rule { rank: 149, check: resizing, finds: &[RESIZING] },
    Rule { rank: 151, check: stable_only, finds: &[STABLE_ONLY] },
];

/// The HPA and another write the replicas in turn.
fn fought_over(session: &Session) -> Vec<Finding> {
    let from = session.now_ms() - FIGHT_WINDOW;
    let marks = session.markers.all().iter().filter(|m| m.ms >= from);
    let (mut by, mut own, mut turns) = (Vec::new(), 0, 0);
    for marker in marks {
        match &marker.mark {
            Mark::Incident(Incident::ScaledBy { by: manager, .. }) if !manager.starts_with(KEDA) => {
                by.push(manager.as_str());
            }
            Mark::Rescale { .. } => {
                own += 1;
                turns += usize::from(!by.is_empty());
            }
            _ => {}
        }
    }
    if by.len() < 2 || turns == 0 {
        return Vec::new();
    }
    let writes = by.len();
    by.sort_unstable();
    by.dedup();
    vec![Finding {
        id: FOUGHT_OVER.id,
        severity: Severity::Warning,
        text: format!("{} and the HPA write the replicas in turn", by.join(", ")),
        evidence: format!(
            "in 10 minutes {writes} writes by {}, {} by the HPA",
            by.join(", "),
            text::plural(own, "rescale")
        ),
        hint: "leave spec.replicas out of the manifest that is applied (Argo CD: ignoreDifferences), or delete the HPA"
            .into(),
    }]
}

/// Utilization is a share of requests that a VPA changes.
fn vpa_conflict(session: &Session) -> Vec<Finding> {
    let Some(hpa) = &session.hpa else { return Vec::new() };
    let find = |rival: crate::session::scalers::Rival| {
        let resources = rival.resources.join(" and ");
        let mode = rival.vpa.mode.as_deref().unwrap_or("its default");
        Finding {
            id: VPA.id,
            severity: Severity::Warning,
            text: format!("VPA {} changes the {resources} requests that the HPA's percentages are of", rival.vpa.name),
            evidence: format!("mode {mode}{}", recommended(session, &rival)),
            hint: format!(
                "take {resources} out of the VPA's controlledResources, set its mode to Off, or scale by an amount"
            ),
        }
    };
    session.scalers.rivals(hpa).into_iter().map(find).collect()
}

/// `; recommends cpu 250m where 50m is requested`.
fn recommended(session: &Session, rival: &crate::session::scalers::Rival) -> String {
    let containers = session.target.as_ref().map(|t| t.containers.as_slice()).unwrap_or_default();
    let requested = |name: &str, resource: &str| {
        containers.iter().find(|c: &&ContainerSeen| c.name == name).and_then(|c| c.requests.get(resource)).cloned()
    };
    let one = |container: &RecommendedSeen| {
        let name = &container.container;
        let each = |resource: &&str| {
            let quantity = container.requests.get(*resource)?;
            let now = requested(name, resource).map(|now| format!(" where {now} is requested")).unwrap_or_default();
            Some(format!("{resource} {quantity} for {name}{now}"))
        };
        rival.resources.iter().filter_map(each).collect::<Vec<_>>()
    };
    let all: Vec<String> = rival.vpa.recommended.iter().flat_map(one).collect();
    if all.is_empty() { String::new() } else { format!("; recommends {}", all.join(", ")) }
}

fn paused(session: &Session) -> Vec<Finding> {
    let Some(made) = &session.scalers.scaled_object else { return Vec::new() };
    let Some(how) = pause(made) else { return Vec::new() };
    let annotations: Vec<String> = made
        .annotations
        .iter()
        .filter(|(key, _)| key.starts_with("paused"))
        .map(|(k, v)| format!("{k}: {v}"))
        .collect();
    vec![Finding {
        id: PAUSED.id,
        severity: if matches!(how, Pause::All | Pause::At(_)) { Severity::Warning } else { Severity::Info },
        text: format!("KEDA's ScaledObject {} is paused: {}", made.name, explain::scalers::paused(how)),
        evidence: format!("annotations {}", annotations.join(", ")),
        hint: "remove the annotation autoscaling.keda.sh/paused…; KEDA goes on at once".into(),
    }]
}

fn fallback(session: &Session) -> Vec<Finding> {
    let Some(made) = session.scalers.scaled_object.as_ref().filter(|made| falls_back(made)) else { return Vec::new() };
    let failures: Vec<String> =
        made.failing.iter().map(|f| format!("{} failed {} times", f.metric, f.failures)).collect();
    let replicas = made.fallback.as_ref().and_then(|f| f.replicas);
    let asks = replicas.map(|n| format!("; the fallback asks for {}", text::plural(n.max(0) as usize, "replica")));
    vec![Finding {
        id: FALLBACK.id,
        severity: Severity::Warning,
        text: format!("a trigger of KEDA's ScaledObject {} fails, so the HPA is given a made-up metric", made.name),
        evidence: format!("{}{}", failures.join(", "), asks.unwrap_or_default()),
        hint: format!("look at what the trigger reads: kubectl describe scaledobject {}", made.name),
    }]
}

/// Requests that were changed in place, and are not in force yet.
fn resizing(session: &Session) -> Vec<Finding> {
    let differs = |c: &ContainerSeen| {
        let actual = c.actual.as_ref()?;
        let one = |(name, now): (&String, &String)| {
            let asked = c.requests.get(name).filter(|asked| *asked != now)?;
            Some(format!("{name} {now} of {asked}"))
        };
        Some(actual.iter().filter_map(one).collect::<Vec<_>>().join(", ")).filter(|text| !text.is_empty())
    };
    let of_pod = |pod: &crate::session::Pod| {
        let all: Vec<String> = pod.seen.containers.iter().filter_map(differs).collect();
        (!all.is_empty()).then(|| format!("{}: {}", pod.seen.name, all.join("; ")))
    };
    let pods: Vec<String> = session.pods.live().filter_map(of_pod).collect();
    if pods.is_empty() {
        return Vec::new();
    }
    let shown = pods.iter().take(3).cloned().collect::<Vec<_>>().join(", ");
    let more = if pods.len() > 3 { format!(" and {} more", pods.len() - 3) } else { String::new() };
    vec![Finding {
        id: RESIZING.id,
        severity: Severity::Info,
        text: format!(
            "{} not resized yet: the HPA divides by requests that are not in force",
            text::plural(pods.len(), "pod")
        ),
        evidence: format!("in force {shown}{more}"),
        hint: "utilization is a share of what the spec asks for, so it is off until the kubelet is done".into(),
    }]
}

/// The pods of a Rollout's new version are outside of the HPA's selector.
fn stable_only(session: &Session) -> Vec<Finding> {
    let Some(target) = session.target.as_ref().filter(|target| target.stable_only) else { return Vec::new() };
    let (Some(updated), Some(replicas)) = (target.updated, target.replicas) else { return Vec::new() };
    if updated <= 0 || updated >= replicas {
        return Vec::new();
    }
    vec![Finding {
        id: STABLE_ONLY.id,
        severity: Severity::Info,
        text: format!("Rollout {} routes traffic to a new version, whose pods the HPA does not measure", target.name),
        evidence: format!("{updated} of {replicas} pods are of the new version"),
        hint: "what they use is no part of the HPA's figures until they are the stable ones".into(),
    }]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observe::{Observation, TargetSeen};

    #[test]
    fn pods_of_a_new_version_are_outside_only_while_there_are_some_of_both() {
        let found = |routes, updated| {
            let target = TargetSeen {
                name: "web".into(),
                replicas: Some(4),
                updated: Some(updated),
                stable_only: routes,
                ..TargetSeen::default()
            };
            stable_only(&super::super::session_of(Observation::Target(Box::new(target)))).len()
        };
        assert_eq!((found(true, 1), found(true, 0), found(true, 4), found(false, 1)), (1, 0, 0, 0));
    }
}
