//! Rules over skew: a replica that is Ready and gets no traffic, or far more than its even share. gRPC connections stay
//! where they are, so that new replicas change nothing. Must not judge a gateway that carries nothing.

use super::{Finding, FindingKind, Rule, Severity};
use crate::format;
use crate::session::{Pod, Session, is_ready};

/// How long a Ready replica has to be without its share of the load to count as idle, in milliseconds: senders that balance by
/// themselves ask DNS again after 30 s at the earliest (gRPC).
const IDLE: i64 = 60_000;
/// How long CPU samples have to differ before they are taken as a difference in traffic, in milliseconds.
const BY_CPU: i64 = 60_000;
/// The least CPU use of the busiest pod for idleness to be judged by CPU, in millicores.
const MIN_BUSY: f64 = 50.0;

const IDLE_REPLICA: FindingKind = FindingKind {
    id: "idle-replica",
    severity: &[Severity::Warning],
    when: "a replica is Ready for 60 s without traffic while others have it; without collector metrics: it uses \
           less than a third of the busiest pod's CPU for 60 s",
    evidence: "the busiest replica's rate and share (or both pods' CPU)",
    hint: "a headless Service with client-side balancing, or `max_connection_age` on the gateway's OTLP receiver",
    source: "collector metrics, else pod metrics",
};
const UNEVEN: FindingKind = FindingKind {
    id: "uneven-load",
    severity: &[Severity::Warning],
    when: "all replicas are Ready for 60 s, and one gets more than 2 times its even share (1.6 times with two \
           replicas)",
    evidence: "the busiest replica's rate and share",
    hint: "a headless Service with client-side balancing, or `max_connection_age` on the gateway's OTLP receiver",
    source: "collector metrics",
};

pub const RULES: &[Rule] = &[Rule { rank: 40, check: idle_replicas, finds: &[IDLE_REPLICA, UNEVEN] }];

const HINT: &str = "a headless Service with client-side balancing (endpoint dns:///…, balancer_name round_robin), or \
                    keepalive max_connection_age on the gateway's OTLP receiver, so that senders reconnect";

/// By the collectors' own counters.
fn idle_replicas(session: &Session) -> Vec<Finding> {
    let Some(skew) = session.skew() else { return by_cpu(session) };
    let idle: Vec<_> = skew.shares.iter().filter(|s| s.idle.is_some_and(|ms| ms >= IDLE)).collect();
    let busiest = skew.shares.iter().max_by(|a, b| a.accepted.unwrap_or(0.0).total_cmp(&b.accepted.unwrap_or(0.0)));
    let evidence = busiest.map_or_else(String::new, |b| {
        let share = b.share.map_or_else(String::new, |s| format!(", {} % of all", (s * 100.0).round()));
        format!("{} accepts {} items/s{share}", b.pod, format::number::rounded(b.accepted.unwrap_or(0.0)))
    });
    if let Some(first) = idle.iter().max_by_key(|s| s.idle) {
        let whose = match idle.len() {
            1 => format!("{} is", first.pod),
            n => format!("{n} replicas are"),
        };
        let text = format!("{whose} Ready but idle: senders keep the connections that they have");
        return vec![Finding { id: IDLE_REPLICA.id, severity: Severity::Warning, text, evidence, hint: HINT.into() }];
    }
    // A replica that has just become Ready cannot have its share yet.
    let settled = |s: &crate::session::Share| s.ready_since.is_some_and(|t| session.now_ms() - t >= IDLE);
    match skew.index {
        Some(index) if skew.is_uneven() && skew.shares.iter().all(settled) => vec![Finding {
            id: UNEVEN.id,
            severity: Severity::Warning,
            text: format!(
                "the load is uneven: one replica gets {} times its even share",
                format::number::one_decimal(index)
            ),
            evidence,
            hint: HINT.into(),
        }],
        _ => Vec::new(),
    }
}

/// By the pods' CPU use, where the collectors' counters cannot be read: less certain.
fn by_cpu(session: &Session) -> Vec<Finding> {
    let now = session.now_ms();
    let readable = session.pods.live().any(|p| session.collectors.of(&p.seen.uid).is_some_and(|c| c.seen.is_some()));
    let ready: Vec<&Pod> = session.pods.live().filter(|p| is_ready(&p.seen) && p.seen.deleted.is_none()).collect();
    if readable || ready.len() < 2 {
        return Vec::new();
    }
    // The least and the most that a pod used in the samples of that time.
    let range = |pod: &Pod| {
        let recent = || pod.cpu.points().iter().rev().take_while(|p| now - p.0 <= BY_CPU + 30_000).map(|p| p.1);
        let first = pod.cpu.points().iter().rev().take_while(|p| now - p.0 <= BY_CPU + 30_000).last()?.0;
        (now - first >= BY_CPU).then(|| (recent().fold(f64::INFINITY, f64::min), recent().fold(0.0, f64::max)))
    };
    let ranges: Option<Vec<(f64, f64)>> = ready.iter().map(|p| range(p)).collect();
    let Some(ranges) = ranges else { return Vec::new() };
    let Some(busiest) = (0..ranges.len()).max_by(|a, b| ranges[*a].0.total_cmp(&ranges[*b].0)) else {
        return Vec::new();
    };
    let least_busy = ranges[busiest].0;
    let idle: Vec<usize> = (0..ranges.len()).filter(|i| *i != busiest && ranges[*i].1 * 3.0 < least_busy).collect();
    let (Some(first), true) = (idle.first(), least_busy >= MIN_BUSY) else { return Vec::new() };
    vec![Finding {
        id: IDLE_REPLICA.id,
        severity: Severity::Warning,
        text: format!(
            "{} seem{} idle: {} uses more than three times as much CPU",
            if idle.len() == 1 { ready[*first].seen.name.clone() } else { format!("{} replicas", idle.len()) },
            if idle.len() == 1 { "s" } else { "" },
            ready[busiest].seen.name
        ),
        evidence: format!(
            "at least {}m against at most {}m, for a minute",
            least_busy.round(),
            ranges[*first].1.round()
        ),
        hint: HINT.into(),
    }]
}
