//! R12: a replica that is Ready and gets no traffic. It is the top failure of scaling a gateway: gRPC connections stay where
//! they are, so that new replicas change nothing. Must not judge a gateway that carries nothing.

use super::{Finding, Severity};
use crate::format;
use crate::session::{Pod, Session, is_ready};

/// Ready for so long without a fair part of the load, in milliseconds.
const IDLE: i64 = 30_000;
/// The metrics API's samples differ for so long before they stand for the traffic.
const BY_CPU: i64 = 60_000;
/// A load that is worth a word: millicores of the busiest pod.
const WORTH: f64 = 50.0;

const HINT: &str = "a headless Service with client-side balancing (endpoint dns:///…, balancer_name round_robin), or \
                    keepalive max_connection_age on the gateway's OTLP receiver, so that senders connect anew";

/// From the collectors' own counters.
pub fn idle_replicas(session: &Session) -> Vec<Finding> {
    let Some(skew) = session.skew() else { return by_cpu(session) };
    let idle: Vec<_> = skew.shares.iter().filter(|s| s.idle.is_some_and(|ms| ms >= IDLE)).collect();
    let busiest = skew.shares.iter().max_by(|a, b| a.accepted.unwrap_or(0.0).total_cmp(&b.accepted.unwrap_or(0.0)));
    let evidence = busiest.map_or_else(String::new, |b| {
        let share = b.share.map_or_else(String::new, |s| format!(", {} % of all", (s * 100.0).round()));
        format!("{} accepts {} items/s{share}", b.pod, format::number::rounded(b.accepted.unwrap_or(0.0)))
    });
    if let Some(first) = idle.iter().max_by_key(|s| s.idle) {
        let seconds = first.idle.unwrap_or_default() / 1000;
        let text = match idle.len() {
            1 => {
                format!("{} is Ready but idle for {seconds} s: senders keep their connections to the others", first.pod)
            }
            n => format!(
                "{n} replicas are Ready but idle, {} for {seconds} s: senders keep their connections",
                first.pod
            ),
        };
        return vec![Finding { id: "idle-replica", severity: Severity::Warning, text, evidence, hint: HINT.into() }];
    }
    // Who has only just become Ready cannot have its part yet.
    let settled = |s: &crate::session::Share| s.ready_since.is_some_and(|t| session.now_ms() - t >= 2 * IDLE);
    // With two replicas the index is at most 2.
    let most = if skew.shares.len() == 2 { 1.6 } else { 2.0 };
    match skew.index {
        Some(index) if index > most && skew.shares.iter().all(settled) => vec![Finding {
            id: "uneven-load",
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

/// Without the collectors' counters, by what the pods use: less sure.
fn by_cpu(session: &Session) -> Vec<Finding> {
    let now = session.now_ms();
    let readable = session.pods.live().any(|p| session.collectors.of(&p.seen.uid).is_some_and(|c| c.seen.is_some()));
    let ready: Vec<&Pod> = session.pods.live().filter(|p| is_ready(&p.seen) && p.seen.deleted.is_none()).collect();
    if readable || ready.len() < 2 {
        return Vec::new();
    }
    // The least and the most that a pod used in every sample of the stretch.
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
    let (Some(first), true) = (idle.first(), least_busy >= WORTH) else { return Vec::new() };
    vec![Finding {
        id: "idle-replica",
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
