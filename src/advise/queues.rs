//! Rules over the sending queues: full at the gateway (with or without Elasticsearch as the cause), growing at the agents.
//! Must not call a small queue full before it stays full: ten slots fill up briefly in normal operation.

use super::{Finding, FindingKind, Rule, Severity};
use crate::format;
use crate::observe::Role;
use crate::session::{Collector, Loss, Queue, Session, Undelivered};

/// How long a small queue has to be without a free slot to count as full, in milliseconds.
const FULL: i64 = 30_000;
/// Up to this capacity the fill ratio is too coarse to judge by.
const SMALL: f64 = 20.0;
/// A larger queue counts as filling up at this fill ratio, for this many milliseconds.
/// What a queue holds below this share leaves with the pod's last requests.
const DRAINS: f64 = 0.5;
const HIGH: (f64, i64) = (0.7, 60_000);
/// The mean duration from which bulk requests are slow, in milliseconds.
const SLOW: f64 = 2000.0;

const ES_LIMITS: FindingKind = FindingKind {
    id: "elasticsearch-limits",
    severity: &[Severity::Warning],
    when: "a gateway queue is full for 30 s (70 % for 60 s if it has more than 20 slots), and Elasticsearch is at a \
           limit, answers 429, needs 2 s or more for a bulk request, or answers none",
    evidence: "the queue's size and capacity, and the sign that Elasticsearch limits",
    hint: "scale Elasticsearch, not the gateway",
    source: "collector metrics, Elasticsearch",
};
const QUEUE_FULL: FindingKind = FindingKind {
    id: "queue-full",
    severity: &[Severity::Warning],
    when: "a gateway queue is full for 30 s (70 % for 60 s if it has more than 20 slots), without a sign that \
           Elasticsearch limits it",
    evidence: "the queue's size and capacity",
    hint: "raise `sending_queue.num_consumers` or `queue_size`, or send larger batches",
    source: "collector metrics, Elasticsearch",
};
const AGENTS_WAIT: FindingKind = FindingKind {
    id: "agents-wait",
    severity: &[Severity::Warning],
    when: "an agent's queue grew in at least three steps over the last 60 s and never shrank",
    evidence: "the largest queue's size and capacity",
    hint: "fix what keeps the gateway's queue full, or look at the gateway: refusals, CPU, connections",
    source: "collector metrics",
};
const QUEUE_LEAVES: FindingKind = FindingKind {
    id: "queue-leaves",
    severity: &[Severity::Warning],
    when: "a gateway pod is terminating while its sending queue is at least half full",
    evidence: "the queue's size and capacity",
    hint: "a longer `terminationGracePeriodSeconds`, and a longer scale-down window",
    source: "pods, collector metrics",
};

pub const RULES: &[Rule] = &[
    Rule { rank: 50, check: gateway, finds: &[ES_LIMITS, QUEUE_FULL] },
    Rule { rank: 60, check: agents, finds: &[AGENTS_WAIT] },
    Rule { rank: 70, check: leaving, finds: &[QUEUE_LEAVES] },
];

/// The gateway's queue is full or filling up.
fn gateway(session: &Session) -> Vec<Finding> {
    let Some((collector, queue, since)) = filled(session, Role::Gateway) else { return Vec::new() };
    let cause = elasticsearch_limit(session);
    let waited = (session.now_ms() - since) / 1000;
    let text = format!(
        "the gateway's {} queue is {} for {waited} s ({})",
        queue.signal.name(),
        if queue.ratio() >= 1.0 { "full" } else { "filling up" },
        collector.pod
    );
    let size = format!(
        "{} of {} in {}",
        format::number::one_decimal(queue.size),
        format::number::one_decimal(queue.capacity),
        queue.exporter
    );
    vec![match cause {
        Some(why) => Finding {
            id: ES_LIMITS.id,
            severity: Severity::Warning,
            text: format!("{text}, and Elasticsearch is what limits it"),
            evidence: format!("{size}; {why}"),
            hint: "scale Elasticsearch, not the gateway: more gateways only send more bulk requests at once".into(),
        },
        None => Finding {
            id: QUEUE_FULL.id,
            severity: Severity::Warning,
            text: format!("{text}, though Elasticsearch is not strained"),
            evidence: size,
            hint:
                "raise sending_queue.num_consumers or queue_size, or send larger batches; a small batch takes a whole slot"
                    .into(),
        },
    }]
}

/// Back-pressure has reached the agents.
fn agents(session: &Session) -> Vec<Finding> {
    let now = session.now_ms();
    let growing = |c: &&Collector| {
        let recent: Vec<f64> = c.queue.points().iter().rev().take_while(|p| now - p.0 <= 60_000).map(|p| p.1).collect();
        let (Some(last), Some(first)) = (recent.first(), recent.last()) else { return false };
        // One step may be noise.
        let steps = recent.windows(2).filter(|two| two[0] > two[1]).count();
        let never_less = recent.windows(2).all(|two| two[0] >= two[1]);
        c.lost.is_none() && recent.len() >= 6 && *last > *first && steps >= 3 && never_less
    };
    let all: Vec<&Collector> = session.collectors.live(Role::Agent).filter(growing).collect();
    let worst = all.iter().filter_map(|c| Some((c, c.fullest()?))).max_by(|a, b| a.1.size.total_cmp(&b.1.size));
    let Some((agent, queue)) = worst else { return Vec::new() };
    let full = filled(session, Role::Gateway).is_some();
    vec![Finding {
        id: AGENTS_WAIT.id,
        severity: Severity::Warning,
        text: format!(
            "the queue{} of {} grow{}: {}",
            if all.len() == 1 { "" } else { "s" },
            format::text::plural(all.len(), "agent"),
            if all.len() == 1 { "s" } else { "" },
            if full {
                "back-pressure reaches them through the gateway's full queue"
            } else {
                "the gateway accepts less than they send"
            }
        ),
        evidence: format!(
            "{}: {} of {} requests",
            agent.pod,
            format::number::one_decimal(queue.size),
            format::number::one_decimal(queue.capacity)
        ),
        hint: if full {
            "fix what keeps the gateway's queue full"
        } else {
            "look at the gateway: refusals, CPU, connections"
        }
        .into(),
    }]
}

/// A pod is removed together with what its queue holds.
fn leaving(session: &Session) -> Vec<Finding> {
    let leaving = session.pods.live().filter(|p| p.seen.deleted.is_some());
    let held = leaving
        .filter_map(|p| Some((p, session.collectors.of(&p.seen.uid)?.fullest().filter(|q| q.ratio() >= DRAINS)?)));
    let one = |(pod, queue): (&crate::session::Pod, Queue)| Finding {
        id: QUEUE_LEAVES.id,
        severity: Severity::Warning,
        text: format!(
            "{} is being removed while its queue holds {} batches",
            pod.seen.name,
            format::number::one_decimal(queue.size)
        ),
        evidence: format!(
            "{} of {} in {}",
            format::number::one_decimal(queue.size),
            format::number::one_decimal(queue.capacity),
            queue.exporter
        ),
        hint: "a longer terminationGracePeriodSeconds, and a longer scale-down window so that it happens less often"
            .into(),
    };
    held.map(one).take(1).collect()
}

/// The gateway receives more than it can send: a queue stays full, or it refuses items.
pub fn is_strained(session: &Session) -> bool {
    let refuses = |l: &Loss| l.role == Role::Gateway && l.how == Undelivered::Refused;
    filled(session, Role::Gateway).is_some() || session.collectors.losses.on(session.now_ms()).any(refuses)
}

/// The queue of a tier that is full or filling up, and since when.
fn filled(session: &Session, role: Role) -> Option<(&Collector, Queue, i64)> {
    let now = session.now_ms();
    let one = |c: &'_ Collector| {
        let queue = c.fullest().filter(|_| c.lost.is_none())?;
        let since = match queue.capacity <= SMALL {
            true => c.full_since.filter(|since| now - since >= FULL)?,
            false => {
                let high = c.queue.points().iter().rev().take_while(|p| p.1 >= HIGH.0);
                high.last().map(|p| p.0).filter(|since| now - since >= HIGH.1)?
            }
        };
        Some((queue, since))
    };
    let all = session.collectors.live(role).filter_map(|c| one(c).map(|(q, since)| (c, q, since)));
    all.max_by(|a, b| a.1.ratio().total_cmp(&b.1.ratio()))
}

/// The sign that Elasticsearch is the bottleneck, by its own figures or by what the gateway's exporters observe.
fn elasticsearch_limit(session: &Session) -> Option<String> {
    let now = session.now_ms();
    if let Some(strain) = session.ingest.strain(now).into_iter().find(|s| s.limits_ingest()) {
        return Some(crate::explain::elasticsearch::strain(&strain));
    }
    let gateways = || session.collectors.live(Role::Gateway).filter(|c| c.lost.is_none());
    let too_many = gateways().any(|c| c.elastic.too_many.now(now, c.max_gap()).is_some_and(|r| r > 0.0));
    let slow = gateways().filter_map(|c| c.elastic.latency_ms(now, c.max_gap())).fold(0.0, f64::max);
    // A request that hangs appears in neither count nor latency until it ends.
    let hanging = gateways().any(|c| {
        let none_ended = c.elastic.requests.now(now, c.max_gap()) == Some(0.0);
        none_ended && c.in_flight().is_some_and(|n| n > 0.0)
    });
    if too_many {
        Some("it answers 429".into())
    } else if slow >= SLOW {
        Some(format!("a bulk request takes {} s", format::number::one_decimal(slow / 1000.0)))
    } else {
        hanging.then(|| "bulk requests are in flight, and none comes back".into())
    }
}
