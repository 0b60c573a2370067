//! Rules over the gateway's pods: killed, restarted, not running, throttled. Must not look at what flows through them.

use super::{Finding, FindingKind, Rule, Severity};
use crate::format;
use crate::observe::{ContainerSeen, Exit, PodSeen};
use crate::session::{Pod, Session, quantity};

/// How long a container's end stays reported, in milliseconds.
const RECENT: i64 = 15 * 60_000;
/// How long a pod may take to start before it is reported, in milliseconds.
const START_TIME: i64 = 30_000;
/// How long a pod has to be at its limit to count as throttled, in milliseconds.
const SUSTAINED: i64 = 45_000;

const OOM_KILLED: FindingKind = FindingKind {
    id: "oom-killed",
    severity: &[Severity::Critical],
    when: "a container of the gateway was OOMKilled within the last 15 minutes",
    evidence: "the container, its restarts and its memory limit",
    hint: "raise the memory limit, or lower `memory_limiter`'s so that it refuses first",
    source: "pods",
};
const RESTARTED: FindingKind = FindingKind {
    id: "container-restarted",
    severity: &[Severity::Warning],
    when: "a container of the gateway ended with another non-zero exit code within the last 15 minutes",
    evidence: "the reason, and its restarts",
    hint: "read the log of the previous run: `kubectl logs -p`",
    source: "pods",
};
const NOT_RUNNING: FindingKind = FindingKind {
    id: "pod-not-running",
    severity: &[Severity::Warning],
    when: "a gateway pod older than 30 s is Pending with a reason, or a container waits with one (image, crash loop)",
    evidence: "the phase, and how many pods are ready",
    hint: "depends on the reason: nodes or requests, the image, the log, the pod's events",
    source: "pods",
};
const THROTTLED: FindingKind = FindingKind {
    id: "cpu-throttled",
    severity: &[Severity::Warning],
    when: "a pod used at least 95 % of its CPU limit for 45 s",
    evidence: "usage and limit",
    hint: "raise the CPU limit, or spread the load over more replicas",
    source: "pod metrics, pods",
};

pub const RULES: &[Rule] = &[
    Rule { rank: 20, check: out_of_memory, finds: &[OOM_KILLED] },
    Rule { rank: 90, check: restarted, finds: &[RESTARTED] },
    Rule { rank: 100, check: not_running, finds: &[NOT_RUNNING] },
    Rule { rank: 110, check: at_the_cpu_limit, finds: &[THROTTLED] },
];

/// A container was killed because it was out of memory.
fn out_of_memory(session: &Session) -> Vec<Finding> {
    let killed: Vec<_> = recent_ends(session).filter(|(_, _, exit)| exit.reason == "OOMKilled").collect();
    let Some((pod, container, _)) = killed.first() else { return Vec::new() };
    let limit = container.limits.get("memory").map_or("none".to_string(), Clone::clone);
    vec![Finding {
        id: OOM_KILLED.id,
        severity: Severity::Critical,
        text: format!(
            "{} OOM-killed: what its queues held is lost",
            match killed.len() {
                1 => format!("{} was", pod.name),
                n => format!("{} and {} were", pod.name, format::text::plural(n - 1, "other pod")),
            }
        ),
        evidence: format!("container {}: OOMKilled, restarts {}, memory limit {limit}", container.name, container.restarts),
        hint: "raise the memory limit, or set memory_limiter's limit_percentage so that it refuses before the limit is reached"
            .into(),
    }]
}

/// A container ended for another reason.
fn restarted(session: &Session) -> Vec<Finding> {
    let ends = recent_ends(session).filter(|(_, _, exit)| exit.reason != "OOMKilled" && exit.code != 0);
    let one = |(pod, container, exit): (&PodSeen, &ContainerSeen, &Exit)| Finding {
        id: RESTARTED.id,
        severity: Severity::Warning,
        text: format!(
            "container {} of {} ended with exit code {} and was started again",
            container.name, pod.name, exit.code
        ),
        evidence: format!("{}, restarts {}", exit.reason, container.restarts),
        hint: format!(
            "read the log of the previous run: kubectl logs -n {} {} -c {} -p",
            pod.namespace, pod.name, container.name
        ),
    };
    ends.take(1).map(one).collect()
}

/// Recent ends of containers, the newest first.
fn recent_ends(session: &Session) -> impl Iterator<Item = (&PodSeen, &ContainerSeen, &Exit)> {
    let now = session.now_ms();
    let mut all: Vec<_> = session
        .pods
        .live()
        .flat_map(|p| p.seen.containers.iter().map(move |c| (&p.seen, c)))
        .filter_map(|(pod, c)| c.terminated.as_ref().or(c.last_terminated.as_ref()).map(|exit| (pod, c, exit)))
        .filter(|(_, _, exit)| exit.finished.is_some_and(|t| now - t.timestamp_millis() < RECENT))
        .collect();
    all.sort_by_key(|(_, _, exit)| std::cmp::Reverse(exit.finished));
    all.into_iter()
}

/// A pod that should run and does not: it cannot be scheduled, its image cannot be pulled, or it crashes.
fn not_running(session: &Session) -> Vec<Finding> {
    let now = session.now_ms();
    let stuck: Vec<(&PodSeen, String)> = session
        .pods
        .live()
        .map(|p| &p.seen)
        .filter(|p| p.deleted.is_none() && p.created.is_some_and(|t| now - t.timestamp_millis() >= START_TIME))
        .filter_map(|p| why_not(p).map(|why| (p, why)))
        .collect();
    let Some((pod, why)) = stuck.first() else { return Vec::new() };
    let reason = why.split(':').next().unwrap_or_default();
    vec![Finding {
        id: NOT_RUNNING.id,
        severity: Severity::Warning,
        text: match stuck.len() {
            1 => format!("{} does not run: {why}", pod.name),
            n => format!("{} do not run, {} first: {why}", format::text::plural(n, "pod"), pod.name),
        },
        evidence: format!("phase {}, {} of {} ready", pod.phase, session.pods.ready(), session.pods.count()),
        hint: match reason {
            "Unschedulable" => {
                "add nodes, or lower the pod's requests; until then the HPA's replicas are not there".into()
            }
            "ImagePullBackOff" | "ErrImagePull" | "InvalidImageName" => {
                "correct the image's name, or the pull secret".into()
            }
            "CrashLoopBackOff" => format!("read its log: kubectl logs -n {} {} -p", pod.namespace, pod.name),
            _ => format!("look at its events: kubectl describe pod -n {} {}", pod.namespace, pod.name),
        },
    }]
}

fn why_not(pod: &PodSeen) -> Option<String> {
    let sentence = |reason: &str, more: Option<&String>| match more.filter(|m| !m.is_empty()) {
        Some(more) => format!("{reason}: {more}"),
        None => reason.to_string(),
    };
    let settled = |why: &&String| !matches!(why.as_str(), "ContainerCreating" | "PodInitializing");
    let waiting = pod
        .containers
        .iter()
        .find_map(|c| c.waiting.as_ref().filter(settled).map(|why| sentence(why, c.waiting_message.as_ref())));
    waiting.or_else(|| {
        let reason = pod.reason.as_ref().filter(|_| pod.phase == "Pending")?;
        Some(sentence(reason, pod.message.as_ref()))
    })
}

/// Pods at their CPU limit.
fn at_the_cpu_limit(session: &Session) -> Vec<Finding> {
    let now = session.now_ms();
    let limit = |pod: &Pod| -> Option<f64> {
        let limits = pod.seen.containers.iter().map(|c| c.limits.get("cpu").and_then(|q| quantity(q)));
        limits.sum::<Option<f64>>().filter(|l| *l > 0.0).map(|cores| cores * 1000.0)
    };
    let at_limit = |pod: &&Pod| {
        let Some(limit) = limit(pod) else { return false };
        let recent: Vec<_> =
            pod.cpu.points().iter().rev().take_while(|p| now - p.0 <= 2 * SUSTAINED + 30_000).collect();
        let high = recent.iter().take_while(|p| p.1 >= 0.95 * limit);
        high.last().is_some_and(|first| now - first.0 >= SUSTAINED)
    };
    let all: Vec<&Pod> = session.pods.live().filter(at_limit).collect();
    let Some(first) = all.first() else { return Vec::new() };
    let (used, limit) = (first.cpu.last().map_or(0.0, |p| p.1), limit(first).unwrap_or_default());
    vec![Finding {
        id: THROTTLED.id,
        severity: Severity::Warning,
        text: format!(
            "{} of {} at the CPU limit: collecting is throttled there",
            match all.len() {
                1 => format!("1 ({})", first.seen.name),
                n => n.to_string(),
            },
            format::text::plural(session.pods.count(), "pod"),
        ),
        evidence: format!("{}m of {}m for at least {} s", used.round(), limit.round(), SUSTAINED / 1000),
        hint: "raise the CPU limit, or spread the load over more replicas".into(),
    }]
}
