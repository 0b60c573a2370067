//! Rules over the sending queues: full at the gateway (because of Elasticsearch, or by themselves), growing at the agents.
//! Must not call a small queue full before it stayed so: ten slots are full now and then while all is well.

use super::{Finding, Severity};
use crate::format;
use crate::observe::Role;
use crate::session::{Collector, Fate, Loss, Queue, Session};

/// A small queue counts as full after so many milliseconds without a free slot.
const FULL: i64 = 30_000;
/// Up to this capacity fill is too coarse to be judged by its ratio.
const SMALL: f64 = 20.0;
/// A larger queue that is so full, for so long.
const HIGH: (f64, i64) = (0.7, 60_000);
/// A mean bulk request of so many milliseconds is slow.
const SLOW: f64 = 2000.0;

/// R2, R4, R5, R8: the gateway's queues.
pub fn gateway(session: &Session) -> Vec<Finding> {
    let Some((collector, queue, since)) = filled(session, Role::Gateway) else { return Vec::new() };
    let strained = elasticsearch(session);
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
    vec![match strained {
        Some(why) => Finding {
            id: "elasticsearch-limits",
            severity: Severity::Warning,
            text: format!("{text}, and Elasticsearch is what limits it"),
            evidence: format!("{size}; {why}"),
            hint: "scale Elasticsearch, not the gateway: more gateways only send more bulk requests at once".into(),
        },
        None => Finding {
            id: "queue-full",
            severity: Severity::Warning,
            text: format!("{text}, though Elasticsearch is not strained"),
            evidence: size,
            hint:
                "raise sending_queue.num_consumers or queue_size, or send larger batches; small ones hold a slot each"
                    .into(),
        },
    }]
}

/// R10: back-pressure has reached the agents.
pub fn agents(session: &Session) -> Vec<Finding> {
    let now = session.now_ms();
    let growing = |c: &&Collector| {
        let recent: Vec<f64> = c.queue.points().iter().rev().take_while(|p| now - p.0 <= 60_000).map(|p| p.1).collect();
        let (Some(last), Some(first)) = (recent.first(), recent.last()) else { return false };
        // One step may be a hiccup.
        let steps = recent.windows(2).filter(|two| two[0] > two[1]).count();
        let never_less = recent.windows(2).all(|two| two[0] >= two[1]);
        c.lost.is_none() && recent.len() >= 6 && *last > *first && steps >= 3 && never_less
    };
    let all: Vec<&Collector> = session.collectors.live(Role::Agent).filter(growing).collect();
    let worst = all.iter().filter_map(|c| Some((c, c.fullest()?))).max_by(|a, b| a.1.size.total_cmp(&b.1.size));
    let Some((agent, queue)) = worst else { return Vec::new() };
    let full = filled(session, Role::Gateway).is_some();
    vec![Finding {
        id: "agents-wait",
        severity: Severity::Warning,
        text: format!(
            "the queue{} of {} grow{}: {}",
            if all.len() == 1 { "" } else { "s" },
            format::text::plural(all.len(), "agent"),
            if all.len() == 1 { "s" } else { "" },
            if full {
                "back-pressure reaches them through the gateway's full queue"
            } else {
                "the gateway takes less than they send"
            }
        ),
        evidence: format!(
            "{}: {} of {} requests",
            agent.pod,
            format::number::one_decimal(queue.size),
            format::number::one_decimal(queue.capacity)
        ),
        hint: if full {
            "mend what keeps the gateway's queue full"
        } else {
            "look at the gateway: refusals, CPU, connections"
        }
        .into(),
    }]
}

/// 10.5: a pod goes and takes with it what its queue holds.
pub fn leaving(session: &Session) -> Vec<Finding> {
    let leaving = session.pods.live().filter(|p| p.seen.deleted.is_some());
    let held =
        leaving.filter_map(|p| Some((p, session.collectors.of(&p.seen.uid)?.fullest().filter(|q| q.size > 0.0)?)));
    let one = |(pod, queue): (&crate::session::Pod, Queue)| Finding {
        id: "queue-leaves",
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

/// The gateway has more than it can pass on: a queue that stays full, or items that it refuses.
pub fn is_strained(session: &Session) -> bool {
    let refuses = |l: &Loss| l.role == Role::Gateway && l.how == Fate::Refused;
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

/// Why Elasticsearch is the bottleneck, as it tells itself or as the gateway sees it.
fn elasticsearch(session: &Session) -> Option<String> {
    let now = session.now_ms();
    if let Some(strain) = session.ingest.strain(now).into_iter().find(|s| s.limits_ingest()) {
        return Some(crate::explain::elasticsearch::strain(&strain));
    }
    let gateways = || session.collectors.live(Role::Gateway).filter(|c| c.lost.is_none());
    let too_many = gateways().any(|c| c.elastic.too_many.now(now, c.max_gap()).is_some_and(|r| r > 0.0));
    let slow = gateways().filter_map(|c| c.elastic.latency_ms(now, c.max_gap())).fold(0.0, f64::max);
    // A request that hangs shows in neither count nor latency until it ends.
    let hanging = gateways().any(|c| {
        let none_ended = c.elastic.requests.now(now, c.max_gap()) == Some(0.0);
        none_ended && c.in_flight().is_some_and(|n| n > 0.0)
    });
    if too_many {
        Some("it answers 429".into())
    } else if slow >= SLOW {
        Some(format!("a bulk request takes {} s", format::number::one_decimal(slow / 1000.0)))
    } else {
        hanging.then(|| "bulk requests are on their way, and none comes back".into())
    }
}
