//! What is searched and charted in the store: a document a sync of the controller, one every ten seconds of the gateway's figures,
//! and one an event (rescale, finding, marker). Must not derive what a session does not hold.

use super::bulk::{Doc, How};
use super::document::{About, common};
use super::{EVENTS, GATEWAY, SYNCS};
use crate::observe::{Role, Signal, Time};
use crate::report::figures::markers;
use crate::report::{DecisionPart, ProposalPart, decision};
use crate::session::{Rates, Series, Session};
use crate::session::{Spell, decisions::sync::Sync};
use crate::verdict::Run;
use serde_json::{Map, Value, json};

/// Milliseconds between two documents of the gateway's figures.
const STEP: i64 = 10_000;
/// How old a sample may be that stands for a moment.
const MAX_AGE: i64 = 15_000;
/// What has just happened may still change: a rescale gets its reason, a sync is seen again.
const SETTLES: i64 = 30_000;

/// The documents of what settled after `from`, up to `to` (milliseconds since 1970): `now` for all of a session that has ended.
pub fn documents(about: &About, session: &Session, from: i64, to: i64) -> Vec<Doc> {
    let within = |ms: i64| ms > from && ms <= to;
    let mut out: Vec<Doc> = Vec::new();
    let rows = session.decisions.rows();
    out.extend(rows.iter().filter(|row| within(row.last)).map(|row| sync(about, session, row)));
    out.extend(gateway(about, session, from.max(session.began.map_or(0, |t| t.timestamp_millis())), to));
    let rescales = Run::rescales_since(session, i64::MIN).into_iter().filter(|r| within(r.ms));
    out.extend(rescales.map(|r| {
        let from = r.from.map_or_else(|| "?".to_owned(), |from| from.to_string());
        let message = format!("{from} → {} replicas", r.to);
        let more = json!({"kind": "rescale", "id": "rescale", "from": r.from, "to": r.to, "reason": r.reason, "message": message});
        event(about, session, r.ms, &format!("rescale-{}", r.to), more)
    }));
    let spells = session.findings.all().iter();
    let spells = spells.filter(|s| within(s.over.unwrap_or(to)) && (s.over.is_some() || to >= session.now_ms()));
    out.extend(spells.map(|spell| finding(about, session, spell)));
    for (ms, message) in markers(session).into_iter().filter(|m| within(m.0)) {
        // Two at the same moment differ in their texts.
        let name: String = message.chars().take(80).collect();
        out.push(event(
            about,
            session,
            ms,
            &format!("marker-{name}"),
            json!({"kind": "marker", "id": "marker", "message": message}),
        ));
    }
    out
}

/// Up to when everything has settled, in a session that goes on.
pub fn settled(session: &Session) -> i64 {
    session.now_ms() - SETTLES
}

fn with(mut common: Value, more: Value) -> Value {
    if let (Value::Object(to), Value::Object(more)) = (&mut common, more) {
        to.extend(more.into_iter().filter(|(_, value)| !value.is_null()));
    }
    common
}

fn sync(about: &About, session: &Session, row: &Sync) -> Doc {
    let at = row.first;
    let part: DecisionPart = decision(row);
    let figures = |of: &dyn Fn(&ProposalPart) -> Option<f64>| -> Map<String, Value> {
        part.metrics.iter().filter_map(|m| Some((m.name.clone(), json!(of(m)?)))).collect()
    };
    let figure = figures(&|m| m.figure.map(|f| if m.unit == "percent" { f as f64 } else { f as f64 / 1000.0 }));
    let proposal = figures(&|m| m.proposal.map(f64::from));
    let targets = session.metrics.all.iter().filter_map(|t| Some((t.label(), json!(*t.target.at(at)?))));
    let bound = |of: &crate::session::StepSeries<Option<i32>>| of.at(at).copied().flatten();
    let more = json!({
        "until": part.until, "count": part.count, "inferred": part.inferred, "current": part.current,
        "recommended": part.recommended, "stabilized": part.stabilized, "result": part.result,
        "controller": part.controller, "min": bound(&session.replicas.min), "max": bound(&session.replicas.max),
        "limited_by": part.limited_by, "winner": part.winner, "agrees": part.agrees, "verdict": part.verdict,
        "cause": part.cause, "samples": part.samples, "sampled_at": part.sampled_at, "message": part.message,
        "figure": figure, "target": targets.collect::<Map<String, Value>>(), "proposal": proposal,
    });
    let body = with(common(about, session, SYNCS, at), more);
    Doc { index: SYNCS.into(), id: format!("{}:{at}", about.id), how: How::Create, body }
}

/// The gateway's figures at each multiple of ten seconds at which one is known.
fn gateway(about: &About, session: &Session, from: i64, to: i64) -> Vec<Doc> {
    let moments = (from.div_euclid(STEP) + 1..=to.div_euclid(STEP)).map(|n| n * STEP);
    moments.filter_map(|at| gateway_at(about, session, at)).collect()
}

fn gateway_at(about: &About, session: &Session, at: i64) -> Option<Doc> {
    let value = |series: &Series, max_age| series.at(at, max_age).map(|p| p.1);
    let by_signal = |of: &dyn Fn(Signal) -> Option<f64>| -> Value {
        let all: Map<String, Value> =
            Signal::ALL.into_iter().filter_map(|s| Some((s.name().to_owned(), json!(of(s)?)))).collect();
        if all.is_empty() { Value::Null } else { Value::Object(all) }
    };
    let tier = session.collectors.tier(Role::Gateway);
    let rates = |of: fn(&Rates) -> &Series| by_signal(&|s| value(of(tier?.rates(s)), MAX_AGE));
    // Elasticsearch is asked less often.
    let documents = by_signal(&|s| value(&session.ingest.signal(s)?.rate, 4 * MAX_AGE));
    let losses = session.collectors.losses.all().iter().filter(|l| l.how.is_loss() && l.until <= at);
    let more = json!({
        "accepted": rates(|r| &r.accepted), "refused": rates(|r| &r.refused), "sent": rates(|r| &r.sent),
        "send_failed": rates(|r| &r.send_failed), "enqueue_failed": rates(|r| &r.enqueue_failed),
        "documents": documents,
        "queue_percent": tier.and_then(|t| value(&t.queue, MAX_AGE)).map(|ratio| ratio * 100.0),
        "rejected": tier.and_then(|t| value(&t.rejected, MAX_AGE)),
        "skew": skew(session, at),
    });
    if more.as_object().is_none_or(|more| more.values().all(Value::is_null)) {
        return None;
    }
    let lost = tier.map(|_| losses.map(|l| l.items).fold(0.0, |sum, items| sum + items));
    let now = |of: &crate::session::StepSeries<Option<i32>>| of.at(at).copied().flatten();
    let replicas =
        json!({"lost": lost, "replicas": now(&session.replicas.current), "ready": now(&session.replicas.ready)});
    let body = with(with(common(about, session, GATEWAY, at), more), replicas);
    Some(Doc { index: GATEWAY.into(), id: format!("{}:{at}", about.id), how: How::Create, body })
}

/// The busiest pod's share over an even one; None with fewer than two pods, or without load.
fn skew(session: &Session, at: i64) -> Option<f64> {
    let gateway = session.collectors.all().filter(|c| c.role == Role::Gateway);
    let rates: Vec<f64> = gateway.filter_map(|c| c.accepted.rate.at(at, MAX_AGE)).map(|p| p.1).collect();
    let total: f64 = rates.iter().sum();
    let most = rates.iter().copied().reduce(f64::max)?;
    (rates.len() > 1 && total > 0.0).then(|| most / (total / rates.len() as f64))
}

fn finding(about: &About, session: &Session, spell: &Spell) -> Doc {
    let f = &spell.finding;
    let more = json!({
        "kind": "finding", "id": f.id, "severity": f.severity.word(), "message": f.text, "evidence": f.evidence,
        "until": spell.over.and_then(Time::from_timestamp_millis),
    });
    event(about, session, spell.from, &format!("finding-{}-{}", f.id, spell.subject()), more)
}

fn event(about: &About, session: &Session, at: i64, name: &str, more: Value) -> Doc {
    let name: String = name.chars().map(|c| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' }).collect();
    let body = with(common(about, session, EVENTS, at), more);
    Doc { index: EVENTS.into(), id: format!("{}:{at}:{name}", about.id), how: How::Create, body }
}
