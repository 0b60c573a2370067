//! Rules over the gateway's pods: killed, restarted, not running, throttled. Must not look at what flows through them.

use super::{Finding, Severity};
use crate::format;
use crate::observe::{ContainerSeen, Exit, PodSeen};
use crate::session::{Pod, Session, quantity};

/// An end of a container is told for so long, in milliseconds.
const RECENT: i64 = 15 * 60_000;
/// A pod may take so long to start before it is told.
const PATIENCE: i64 = 30_000;
/// A pod at its limit for so long is throttled.
const SUSTAINED: i64 = 45_000;

/// R9: a container was killed for want of memory.
pub fn out_of_memory(session: &Session) -> Vec<Finding> {
    let killed: Vec<_> = recent_ends(session).filter(|(_, _, exit)| exit.reason == "OOMKilled").collect();
    let Some((pod, container, _)) = killed.first() else { return Vec::new() };
    let limit = container.limits.get("memory").map_or("none".to_string(), Clone::clone);
    vec![Finding {
        id: "oom-killed",
        severity: Severity::Critical,
        text: format!(
            "{} killed for want of memory: what stood in its queues is lost",
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
pub fn restarted(session: &Session) -> Vec<Finding> {
    let ends = recent_ends(session).filter(|(_, _, exit)| exit.reason != "OOMKilled" && exit.code != 0);
    let one = |(pod, container, exit): (&PodSeen, &ContainerSeen, &Exit)| Finding {
        id: "container-restarted",
        severity: Severity::Warning,
        text: format!(
            "container {} of {} ended with exit code {} and was started again",
            container.name, pod.name, exit.code
        ),
        evidence: format!("{}, restarts {}", exit.reason, container.restarts),
        hint: format!(
            "read the log of the run before: kubectl logs -n {} {} -c {} -p",
            pod.namespace, pod.name, container.name
        ),
    };
    ends.take(1).map(one).collect()
}

/// How each container that ended not long ago ended, the newest first.
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

/// A pod that should run and does not: no node takes it, its image cannot be had, it crashes.
pub fn not_running(session: &Session) -> Vec<Finding> {
    let now = session.now_ms();
    let stuck: Vec<(&PodSeen, String)> = session
        .pods
        .live()
        .map(|p| &p.seen)
        .filter(|p| p.deleted.is_none() && p.created.is_some_and(|t| now - t.timestamp_millis() >= PATIENCE))
        .filter_map(|p| why_not(p).map(|why| (p, why)))
        .collect();
    let Some((pod, why)) = stuck.first() else { return Vec::new() };
    let reason = why.split(':').next().unwrap_or_default();
    vec![Finding {
        id: "pod-not-running",
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
    let told = |reason: &str, more: Option<&String>| match more.filter(|m| !m.is_empty()) {
        Some(more) => format!("{reason}: {more}"),
        None => reason.to_string(),
    };
    let being_made = |why: &&String| !matches!(why.as_str(), "ContainerCreating" | "PodInitializing");
    let waiting = pod
        .containers
        .iter()
        .find_map(|c| c.waiting.as_ref().filter(being_made).map(|why| told(why, c.waiting_message.as_ref())));
    waiting.or_else(|| {
        let reason = pod.reason.as_ref().filter(|_| pod.phase == "Pending")?;
        Some(told(reason, pod.message.as_ref()))
    })
}

/// 10.8: pods that use all the CPU they may.
pub fn at_the_cpu_limit(session: &Session) -> Vec<Finding> {
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
        id: "cpu-throttled",
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
