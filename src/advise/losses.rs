//! Rules over what was turned away or lost: R1, R3, R6, R7, and losses at the agents, which a view of the gateway alone
//! does not show. Retried is not lost, and the text knows the difference.

use super::{Finding, Severity};
use crate::format;
use crate::observe::{Role, Signal};
use crate::session::{Collector, Fate, Loss, Session};

/// Milliseconds in which a collector's beginning shows in its rates.
const YOUNG: i64 = 90_000;

/// Items that go astray now: a finding for each way and tier.
pub fn astray(session: &Session) -> Vec<Finding> {
    let now = session.now_ms();
    let mut out = Vec::new();
    for role in [Role::Gateway, Role::Agent, Role::Cluster] {
        for how in [Fate::SendFailed, Fate::EnqueueFailed, Fate::Rejected, Fate::Refused] {
            let on: Vec<&Loss> = session.collectors.losses.on(now).filter(|l| l.role == role && l.how == how).collect();
            out.extend(told(session, role, how, &on));
        }
    }
    out
}

fn told(session: &Session, role: Role, how: Fate, on: &[&Loss]) -> Option<Finding> {
    let first = on.iter().min_by_key(|l| l.since)?;
    let items: f64 = on.iter().map(|l| l.items).sum();
    let (tier, verb) = match role {
        Role::Agent => ("the agents", ""),
        Role::Cluster => ("the cluster collector", "s"),
        _ => ("the gateway", "s"),
    };
    let (id, text, hint) = match how {
        Fate::SendFailed => (
            "send-failed",
            format!("{tier} gave up {} items: lost", format::number::rounded(items)),
            match role {
                Role::Gateway => "hint Elasticsearch, its address or credentials; more gateways make it worse",
                _ => "mend the way to the gateway; until then this is lost before the gateway ever sees it",
            },
        ),
        Fate::EnqueueFailed => (
            "enqueue-failed",
            format!(
                "{tier} had no room in the queue for {} items: lost before any try",
                format::number::rounded(items)
            ),
            "raise sending_queue.queue_size, or let it block (block_on_overflow), and mend what it waits for",
        ),
        Fate::Rejected => (
            "documents-rejected",
            format!(
                "Elasticsearch refused {} documents one by one: lost, though counted as sent",
                format::number::rounded(items)
            ),
            "read the exporter's log for the reason: mapping conflicts, version conflicts, or a write queue that is full",
        ),
        Fate::Refused => (
            "memory-limiter-refuses",
            format!("{tier} refuse{verb} items ({}); senders may try again", format::number::rounded(items)),
            "raise the memory limit and memory_limiter's, or scale out; drop the cause if a queue is full",
        ),
    };
    let signals: Vec<&str> =
        Signal::ALL.iter().filter(|s| on.iter().any(|l| l.signal == Some(**s))).map(|s| s.name()).collect();
    let what = if signals.is_empty() { "all signals".to_string() } else { signals.join(", ") };
    let seconds = (session.now_ms() - first.since) / 1000;
    let pods = on.iter().flat_map(|l| &l.pods).collect::<std::collections::BTreeSet<_>>().len();
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

/// R7: the gateway takes more than it sends on, for a minute, and nothing says where it stays.
pub fn backlog(session: &Session) -> Vec<Finding> {
    let now = session.now_ms();
    let Some(tier) = session.collectors.tier(Role::Gateway) else { return Vec::new() };
    let lost = session.collectors.losses.on(now).any(|l| l.role == Role::Gateway);
    // A process that has only just begun fills its queue first.
    let young = |c: &Collector| c.began.is_some_and(|began| now - began < YOUNG);
    let explained = lost || super::queues::is_strained(session) || session.collectors.live(Role::Gateway).any(young);
    let mean = |series: &crate::session::Series, of: i64, least: usize| {
        let recent: Vec<f64> = series.points().iter().rev().take_while(|p| now - p.0 <= of).map(|p| p.1).collect();
        (recent.len() >= least).then(|| recent.iter().sum::<f64>() / recent.len() as f64)
    };
    // The first bulk requests come late, and what has passed stays in a mean for a while: both halves have to lag.
    let behind = |signal: Signal| {
        let rates = tier.rates(signal);
        let over = |of: i64, least: usize| {
            let (accepted, sent) = (mean(&rates.accepted, of, least)?, mean(&rates.sent, of, least)?);
            (accepted >= 1.0 && sent < accepted * 0.7).then_some((signal, accepted, sent))
        };
        over(30_000, 5)?;
        over(60_000, 10)
    };
    let all = Signal::ALL.into_iter().filter_map(behind);
    let worst = all.filter(|_| !explained).max_by(|a, b| (a.1 - a.2).total_cmp(&(b.1 - b.2)));
    let Some((signal, accepted, sent)) = worst else { return Vec::new() };
    vec![Finding {
        id: "backlog",
        severity: Severity::Warning,
        text: format!(
            "the gateway accepts more {} than it sends: a backlog grows, or items are dropped on the way",
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
pub fn sent_twice(session: &Session) -> Vec<Finding> {
    // What the cluster collector sends as well cannot be told from a second time where it is not seen; it sends no traces.
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
    // Senders that go past the agents count the same; it takes agents that were kept waiting. Asked last, as
    // whole histories are gone through.
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
        id: "sent-twice",
        severity: Severity::Info,
        text: format!(
            "about {} {} came twice: requests timed out at the agents and were sent again",
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
