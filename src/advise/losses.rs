//! Rules over items that were refused or lost, at the gateway and at the agents, whose losses the gateway never sees.
//! Refused items may be sent again and are not lost: the texts keep the two apart. Must not judge queues.

use super::{Finding, FindingKind, Rule, Severity};
use crate::format;
use crate::observe::{Role, Signal};
use crate::session::{Collector, Loss, Session, Undelivered};

/// How late items are sent that only pass through batches and queues, in milliseconds.
const DELAY: i64 = 25_000;
/// How long after a collector's start its rates are not yet meaningful, in milliseconds.
const WARM_UP: i64 = 90_000;

const SEND_FAILED: FindingKind = FindingKind {
    id: "send-failed",
    severity: &[Severity::Critical],
    when: "a tier's exporters gave up items (`otelcol_exporter_send_failed_*` grows)",
    evidence: "signals, pods, and since when",
    hint: "at the gateway: fix Elasticsearch, its address or credentials; at the agents: fix the connection to the \
           gateway",
    source: "collector metrics",
};
const ENQUEUE_FAILED: FindingKind = FindingKind {
    id: "enqueue-failed",
    severity: &[Severity::Critical],
    when: "a tier had no room in a sending queue (`otelcol_exporter_enqueue_failed_*` grows)",
    evidence: "signals, pods, and since when",
    hint: "raise `sending_queue.queue_size` or set `block_on_overflow`, and fix what it waits for",
    source: "collector metrics",
};
const REJECTED: FindingKind = FindingKind {
    id: "documents-rejected",
    severity: &[Severity::Critical],
    when: "Elasticsearch refused documents one by one, which the exporter counts as sent",
    evidence: "signals, pods, and since when",
    hint: "read the exporter's log: mapping conflicts, version conflicts, or a full write queue",
    source: "collector metrics (Elasticsearch exporter)",
};
const REFUSED: FindingKind = FindingKind {
    id: "memory-limiter-refuses",
    severity: &[Severity::Warning],
    when: "a tier refused items at its receivers; senders may send them again",
    evidence: "signals, pods, and since when",
    hint: "raise the memory limit and `memory_limiter`'s, or scale out; fix the cause if a queue is full",
    source: "collector metrics",
};
const BACKLOG: FindingKind = FindingKind {
    id: "backlog",
    severity: &[Severity::Warning],
    when: "for 60 s and for the last 30 s the gateway sent less than 70 % of what it accepted of a signal, and of what it \
           accepted 25 s before, without losses, full queues or a collector younger than 90 s",
    evidence: "both rates over a minute",
    hint: "look at its queues and at filters in its pipelines",
    source: "collector metrics",
};
const SENT_TWICE: FindingKind = FindingKind {
    id: "sent-twice",
    severity: &[Severity::Info],
    when: "the gateway accepted over 5 % and 1000 items more of a signal than the agents count as sent, and the \
           agents' queues had filled",
    evidence: "the items that the gateway accepted",
    hint: "a longer timeout on the agents' exporter, or a gateway that does not block",
    source: "collector metrics",
};

pub const RULES: &[Rule] = &[
    Rule { rank: 10, check: losses, finds: &[SEND_FAILED, ENQUEUE_FAILED, REJECTED, REFUSED] },
    Rule { rank: 80, check: backlog, finds: &[BACKLOG] },
    Rule { rank: 200, check: sent_twice, finds: &[SENT_TWICE] },
];

/// Items that are lost or refused now: a finding for each kind and tier.
fn losses(session: &Session) -> Vec<Finding> {
    let now = session.now_ms();
    let began = session.load.started().map_or(i64::MIN, |at| at.timestamp_millis());
    let mut out = Vec::new();
    for role in [Role::Gateway, Role::Agent, Role::Cluster] {
        for how in [Undelivered::SendFailed, Undelivered::EnqueueFailed, Undelivered::Rejected, Undelivered::Refused] {
            let alike = |l: &&Loss| l.role == role && l.how == how;
            if session.collectors.losses.on(now).any(|l| alike(&l)) {
                // All since the load began: a signal of which no more is lost is not found again.
                let all = session.collectors.losses.all().iter().filter(|l| alike(l) && l.until >= began);
                out.extend(loss_finding(session, role, how, &all.collect::<Vec<_>>()));
            }
        }
    }
    out
}

fn loss_finding(session: &Session, role: Role, how: Undelivered, all: &[&Loss]) -> Option<Finding> {
    let first = all.iter().min_by_key(|l| l.since)?;
    let items: f64 = all.iter().map(|l| l.items).sum();
    let (tier, verb) = match role {
        Role::Agent => ("the agents", ""),
        Role::Cluster => ("the cluster collector", "s"),
        _ => ("the gateway", "s"),
    };
    let (id, text, hint) = match how {
        Undelivered::SendFailed => (
            SEND_FAILED.id,
            format!("{tier} lost {} items: given up after the last try", format::number::rounded(items)),
            match role {
                Role::Gateway => "fix Elasticsearch, its address or credentials; more gateways make it worse",
                _ => "fix the connection to the gateway; until then this is lost before the gateway ever sees it",
            },
        ),
        Undelivered::EnqueueFailed => (
            ENQUEUE_FAILED.id,
            format!("{tier} lost {} items: no room in the queue", format::number::rounded(items)),
            "raise sending_queue.queue_size, or let it block (block_on_overflow), and fix what it waits for",
        ),
        Undelivered::Rejected => (
            REJECTED.id,
            format!(
                "Elasticsearch refused {} documents one by one: lost, though counted as sent",
                format::number::rounded(items)
            ),
            "read the exporter's log for the reason: mapping conflicts, version conflicts, or a full write queue",
        ),
        Undelivered::Refused => (
            REFUSED.id,
            format!("{tier} refuse{verb} items ({}); senders may try again", format::number::rounded(items)),
            "raise the memory limit and memory_limiter's, or scale out; fix the cause if a queue is full",
        ),
    };
    let signals: Vec<&str> =
        Signal::ALL.iter().filter(|s| all.iter().any(|l| l.signal == Some(**s))).map(|s| s.name()).collect();
    let what = if signals.is_empty() { "all signals".to_string() } else { signals.join(", ") };
    let seconds = (session.now_ms() - first.since) / 1000;
    let pods = all.iter().flat_map(|l| &l.pods).collect::<std::collections::BTreeSet<_>>().len();
    Some(Finding {
        id,
        severity: if how.is_loss() { Severity::Critical } else { Severity::Warning },
        text,
        evidence: format!(
            "{what}, {}, since {} ago",
            format::text::plural(pods, "pod"),
            format::duration::coarse(seconds)
        ),
        hint: hint.into(),
    })
}

/// The gateway accepts more than it sends, for a minute, and no loss or full queue explains the difference.
fn backlog(session: &Session) -> Vec<Finding> {
    let now = session.now_ms();
    let Some(tier) = session.collectors.tier(Role::Gateway) else { return Vec::new() };
    let lost = session.collectors.losses.on(now).any(|l| l.role == Role::Gateway);
    // A process that has just started fills its queue first.
    let young = |c: &Collector| c.began.is_some_and(|began| now - began < WARM_UP);
    // One that ends sends what it holds after it was read for the last time.
    let left = session.pods.all().filter_map(|p| p.gone).any(|gone| now - gone < WARM_UP);
    let young = session.collectors.live(Role::Gateway).any(young);
    let explained = lost || left || young || super::queues::is_strained(session);
    let mean = |series: &crate::session::Series, end: i64, of: i64, least: usize| {
        let known = series.points().iter().rev().skip_while(|p| p.0 > end);
        let recent: Vec<f64> = known.take_while(|p| end - p.0 <= of).map(|p| p.1).collect();
        (recent.len() >= least).then(|| recent.iter().sum::<f64>() / recent.len() as f64)
    };
    // The first bulk requests are late, and a past difference stays in a mean for a while: both spans have to lag.
    let behind = |signal: Signal| {
        let rates = tier.rates(signal);
        let over = |of: i64, least: usize| {
            let (accepted, sent) = (mean(&rates.accepted, now, of, least)?, mean(&rates.sent, now, of, least)?);
            // While the load rises, what is sent now was accepted when it was less.
            let before = mean(&rates.accepted, now - DELAY, of, least)?;
            (accepted >= 1.0 && sent < accepted.min(before) * 0.7).then_some((signal, accepted, sent))
        };
        over(30_000, 5)?;
        over(60_000, 10)
    };
    let all = Signal::ALL.into_iter().filter_map(behind);
    let worst = all.filter(|_| !explained).max_by(|a, b| (a.1 - a.2).total_cmp(&(b.1 - b.2)));
    let Some((signal, accepted, sent)) = worst else { return Vec::new() };
    vec![Finding {
        id: BACKLOG.id,
        severity: Severity::Warning,
        text: format!(
            "the gateway accepts more {} than it sends: a backlog grows, or items are dropped in its pipelines",
            signal.name()
        ),
        evidence: format!(
            "{}/s accepted, {}/s sent over a minute",
            format::number::one_decimal(accepted),
            format::number::one_decimal(sent)
        ),
        hint: "look at its queues and at filters in its pipelines".into(),
    }]
}

/// Requests that timed out at the agents and were sent again although the gateway had taken them.
fn sent_twice(session: &Session) -> Vec<Finding> {
    // Where the cluster collector is not observed, what it sends looks like a second copy; it sends no traces.
    let known = |signal: Signal| signal == Signal::Traces || session.collectors.tier(Role::Cluster).is_some();
    let twice = |signal: Signal| {
        let account = session.collectors.account(signal);
        let taken = account.gateway?.accepted;
        account.sent_twice().filter(|n| *n > 1000.0 && *n > taken * 0.05).map(|n| (signal, n, taken))
    };
    let Some((signal, n, taken)) =
        Signal::ALL.into_iter().filter(|s| known(*s)).filter_map(twice).max_by(|a, b| a.1.total_cmp(&b.1))
    else {
        return Vec::new();
    };
    // Senders that bypass the agents look the same, so the agents must have been kept waiting. Checked last, because it
    // scans whole histories.
    let waited = |c: &Collector| {
        let mut filled = 0;
        c.queue.points().iter().any(|p| {
            filled = if p.1 > 0.0 { filled + 1 } else { 0 };
            filled == 3
        })
    };
    if !session.collectors.all().any(|c| c.role == Role::Agent && waited(c)) {
        return Vec::new();
    }
    vec![Finding {
        id: SENT_TWICE.id,
        severity: Severity::Info,
        text: format!(
            "about {} {} arrived twice: requests timed out at the agents and were sent again",
            format::number::rounded(n),
            signal.name()
        ),
        evidence: format!(
            "the gateway accepted {}, more than the agents count as sent, and their queues had filled",
            format::number::rounded(taken)
        ),
        hint: "a longer timeout on the agents' exporter, or a gateway that does not block".into(),
    }]
}
