//! `status -o text`: the same as the JSON, for people. Must not hold more than it.

use super::Status;
use super::gateway::Gateway;
use super::hpa::{MetricStatus, PodStatus};
use super::ingest;
use super::load::Load;
use super::number::BySignal;
use crate::format;
use crate::observe::FeedState;
use std::fmt::Write;

/// The status as lines of text.
pub fn status_as_text(s: &Status) -> String {
    let mut out = String::new();
    let version = s.server_version.as_deref().map(|v| format!(", Kubernetes {v}")).unwrap_or_default();
    match &s.hpa {
        None => {
            let _ = writeln!(out, "no HPA (context {}{version})", s.context);
        }
        Some(h) => {
            let figure = |v: Option<i32>| v.map_or_else(|| format::UNKNOWN.into(), |v| v.to_string());
            let r = &h.replicas;
            let _ = writeln!(out, "{}/{} (context {}{version})", h.namespace, h.name, s.context);
            let _ = writeln!(
                out,
                "scales {}/{}, {} to {} replicas",
                h.target.reference.kind, h.target.reference.name, h.min, h.max
            );
            let (current, desired, ready) = (figure(r.current), figure(r.desired), figure(r.ready));
            let _ = writeln!(out, "replicas: {current} current, {desired} desired, {ready} ready");
            h.metrics.iter().for_each(|m| metric(&mut out, m));
            if let Some(d) = &h.decision {
                let _ = writeln!(out, "next: {}", d.sentence);
            }
            let _ = writeln!(out, "controller: {}", h.controller.sentence);
            if let Some(made) = &h.scaled_object {
                let _ = writeln!(out, "KEDA: {}", made.message);
            }
            for c in &h.conditions {
                let _ = writeln!(out, "{} {} {}: {}", c.kind, c.status, c.reason, c.message);
            }
        }
    }
    s.notes.iter().for_each(|note| _ = writeln!(out, "{note}"));
    if !s.pods.is_empty() {
        let _ = writeln!(out, "pods:");
    }
    s.pods.iter().for_each(|p| pod(&mut out, p));
    if let Some(load) = &s.load {
        let reason = load.reason.as_deref().map(|r| format!(": {r}")).unwrap_or_default();
        let ran = load.elapsed_s.map(|s| format!(", {}", format::clock(s as i64))).unwrap_or_default();
        let of = load.duration_s.map(|s| format!(" of {}", format::clock(s as i64))).unwrap_or_default();
        let _ = writeln!(out, "load: {} {}{ran}{of}{reason}", load.job, load.phase);
        let figures = k6(load);
        if !figures.is_empty() {
            let _ = writeln!(out, "k6: {}", figures.join(", "));
        }
    }
    if let Some(gateway) = &s.gateway {
        gateway_lines(&mut out, gateway);
    }
    if let Some(section) = &s.ingest {
        out.push_str(&ingest::text(section));
    }
    for f in &s.findings {
        let _ = writeln!(out, "{}: {} ({}); {}", f.severity, f.message, f.evidence, f.hint);
    }
    for f in s.feeds.iter().filter(|f| f.state != FeedState::Up) {
        let state = format!("{:?}", f.state).to_lowercase();
        let reason = f.reason.as_deref().map(|r| format!(": {r}")).unwrap_or_default();
        let hint = f.hint.as_deref().map(|m| format!("; {m}")).unwrap_or_default();
        let _ = writeln!(out, "feed {} {state}{reason}{hint}", f.feed);
    }
    out
}

/// What k6 reports, as far as it does.
fn k6(load: &Load) -> Vec<String> {
    let vus = load.vus.zip(load.vus_max).map(|(n, max)| format!("{n} of {max} VUs"));
    let iterations = load.iterations.map(|n| match load.iterations_per_s {
        Some(rate) => format!("{n} iterations ({}/s)", format::count(rate)),
        None => format!("{n} iterations"),
    });
    let failed = load.failed_ratio.map(|r| format!("{} of requests failed", format::percent(r * 100.0)));
    let p95 = load.p95_ms.map(|ms| format!("p95 {} ms (whole run)", format::count(ms)));
    let crossed: Vec<String> = load
        .thresholds
        .iter()
        .filter(|t| !t.held)
        .map(|t| format!("{} {}", t.metric, t.rule).trim_end().into())
        .collect();
    let crossed = (!crossed.is_empty()).then(|| format!("crossed: {}", crossed.join("; ")));
    [vus, iterations, failed, p95, crossed].into_iter().flatten().collect()
}

/// The gateway's collectors.
fn gateway_lines(out: &mut String, gateway: &Gateway) {
    let rates = |all: &BySignal| {
        let one = |(name, rate): (&str, Option<f64>)| {
            format!("{name} {}", rate.map_or_else(|| format::UNKNOWN.into(), |r| format!("{}/s", format::count(r))))
        };
        all.each().map(one).join(", ")
    };
    let _ = writeln!(out, "gateway accepts: {}", rates(&gateway.accepted_per_s));
    let _ = writeln!(out, "gateway sends: {}", rates(&gateway.sent_per_s));
    if let Some(q) = &gateway.queue {
        let _ = writeln!(out, "fullest queue: {} of {} ({} of {})", q.size, q.capacity, q.signal, q.exporter);
    }
    if let Some(skew) = gateway.skew {
        let _ = writeln!(out, "skew: {skew} (1 is even)");
    }
    for l in &gateway.losses {
        let since = l.since.map(|t| t.format("%H:%M:%S").to_string()).unwrap_or_default();
        let signal = l.signal.unwrap_or("documents");
        let tier = format!("{:?}", l.tier).to_lowercase();
        let _ = writeln!(
            out,
            "{}: {} {signal} at the {tier} since {since} UTC",
            l.outcome.replace('_', " "),
            format::count(l.items)
        );
    }
}

fn metric(out: &mut String, m: &MetricStatus) {
    let figure = |v: Option<f64>| match (v, m.unit) {
        (None, _) => format::UNKNOWN.to_string(),
        (Some(v), "percent") => format::percent(v),
        (Some(v), "cores") => format::millicores(v * 1000.0),
        (Some(v), "bytes") => format::bytes(v),
        (Some(v), _) => format::count(v),
    };
    let proposal = m.proposal.map(|p| format!(", proposes {p}")).unwrap_or_default();
    let reason = m.reason.as_deref().map(|r| format!(" ({r})")).unwrap_or_default();
    // The proposal follows the newest samples, which the controller may not have reported yet.
    let newer = Some(figure(m.sampled)).filter(|s| m.sampled.is_some() && *s != figure(m.current));
    let newer = newer.map(|s| format!(", by now {s}")).unwrap_or_default();
    let _ = writeln!(out, "{}: {} of {}{newer}{proposal}{reason}", m.label, figure(m.current), figure(m.target));
}

fn pod(out: &mut String, p: &PodStatus) {
    let ready = match (p.terminating, p.ready) {
        (true, _) => "terminating",
        (false, true) => "ready",
        (false, false) => "not ready",
    };
    let usage = |value: Option<f64>, percent: Option<f64>, unit: fn(f64) -> String| {
        let value = value.map_or_else(|| format::UNKNOWN.into(), unit);
        percent.map_or_else(|| value.clone(), |p| format!("{value} ({})", format::percent(p)))
    };
    let age = p.age_s.map_or_else(|| format::UNKNOWN.into(), format::age);
    let cpu = usage(p.cpu_millicores, p.cpu_percent, format::millicores);
    let memory = usage(p.memory_bytes, p.memory_percent, format::bytes);
    let restarts = if p.restarts > 0 { format!(", {} restarts", p.restarts) } else { String::new() };
    let _ = writeln!(out, "  {} {ready}, {age}, cpu {cpu}, memory {memory}{restarts}", p.name);
}
