//! Rules about the HPA, its target, its pods and the load. Pure: facts in, checks out.

use super::access::{resolution_s, see};
use super::check::Check;
use super::facts::Facts;
use super::fetch::MOST_PODS;
use super::requests::requests;
use super::upgrade::upgrade;
use crate::error::ErrorKind;
use crate::observe::text::clean;
use crate::observe::{Feed, HpaSeen, MetricKind, PodSeen};
use serde_json::Value;

/// Whether the HPA exists, and everything about it.
pub fn all(facts: &Facts) -> Vec<Check> {
    let mut checks = vec![present(facts)];
    if let Some(hpa) = facts.watched() {
        checks.extend(conditions(hpa));
        checks.extend(target(facts, hpa));
        checks.extend(alone(facts, hpa));
        checks.push(bounds(hpa));
        checks.extend(requests(facts, hpa));
        checks.extend(memory(hpa));
        checks.extend(window(facts, hpa));
        checks.extend(generation(hpa));
        checks.extend(upgrade(facts, hpa));
    }
    checks
}

fn present(facts: &Facts) -> Check {
    let what = format!("HPA {}", facts.hpa);
    let namespace = &facts.namespace;
    let all = match &facts.hpas {
        Err(e) if e.denied() => {
            return Check::fail("hpa", what, format!("may not be read in namespace {namespace}"), see(Feed::Hpa))
                .exits(ErrorKind::Denied);
        }
        Err(e) => {
            let hint = e.hint.clone().unwrap_or_else(|| "try again".to_owned());
            return Check::fail("hpa", what, e.to_string(), hint);
        }
        Ok(all) => all,
    };
    let names: Vec<String> = all.iter().map(|h| h.name.clone()).collect();
    match (facts.watched(), names.as_slice()) {
        (Some(hpa), _) if hpa.name == facts.hpa => {
            let of = &hpa.target;
            Check::ok("hpa", what, format!("scales {} {} in namespace {namespace}", of.kind, of.name))
        }
        (Some(hpa), _) => Check::warn(
            "hpa",
            what,
            format!("is not in namespace {namespace}; the only one there, {}, will be watched", hpa.name),
            format!("pass --hpa {}", hpa.name),
        ),
        (None, []) => Check::fail(
            "hpa",
            what,
            format!("there is no HPA in namespace {namespace}"),
            "name another namespace with -n, or create the HPA",
        )
        .exits(ErrorKind::NotFound),
        (None, names) => Check::fail(
            "hpa",
            what,
            format!("is not in namespace {namespace}"),
            format!("pass --hpa with one of those that are: {}", names.join(", ")),
        )
        .exits(ErrorKind::NotFound),
    }
}

fn conditions(hpa: &HpaSeen) -> Vec<Check> {
    let all = &hpa.status.conditions;
    if all.is_empty() {
        return vec![Check::skip("conditions", "HPA conditions", "the controller has not processed this HPA yet")];
    }
    let mut checks = Vec::new();
    for c in all {
        let reason = clean(&c.reason, 64);
        let message = format!("{reason}: {}", clean(&c.message, 300));
        match (c.kind.as_str(), c.status.as_str(), reason.as_str()) {
            ("ScalingActive", "False", "ScalingDisabled") => checks.push(Check::warn(
                "active",
                "HPA ScalingActive",
                message,
                "the target has 0 replicas, which switches the HPA off: scale it to 1 or more",
            )),
            ("ScalingActive", "False", "AmbiguousSelector") => checks.push(Check::fail(
                "active",
                "HPA ScalingActive",
                message,
                "each of the HPAs listed is stopped: delete all but one, or make the selectors of their targets select different pods",
            )),
            ("ScalingActive", "False", _) => checks.push(Check::fail(
                "active",
                "HPA ScalingActive",
                message,
                "without the metric nothing is scaled down, and up only by the others: see the metrics API and the requests",
            )),
            ("AbleToScale", "False", _) => {
                checks.push(Check::fail("able", "HPA AbleToScale", message, "see the target, and the controller's rights"));
            }
            ("ScalingLimited", "True", "TooManyReplicas") => {
                checks.push(Check::warn("limited", "HPA ScalingLimited", message, "raise maxReplicas if the load is meant to be served"));
            }
            ("ScalingActive", "True", _) => checks.push(Check::ok("active", "HPA ScalingActive", message)),
            ("AbleToScale", "True", _) => checks.push(Check::ok("able", "HPA AbleToScale", message)),
            _ => {}
        }
    }
    checks
}

fn target(facts: &Facts, hpa: &HpaSeen) -> Vec<Check> {
    let of = &hpa.target;
    let what = format!("scale target {} {}", of.kind, of.name);
    let scale = match &facts.scale {
        None => return Vec::new(),
        Some(Err(e)) if e.denied() => {
            return vec![Check::skip("target", what, format!("may not be read: {}", see(Feed::Target)))];
        }
        Some(Err(e)) => {
            let hint = e.hint.clone().unwrap_or_else(|| "try again".to_owned());
            return vec![Check::fail("target", what, e.to_string(), hint)];
        }
        Some(Ok(None)) => {
            return vec![Check::fail(
                "target",
                what,
                format!("is not there, or {} has no /scale", of.api_version),
                "create it, or correct scaleTargetRef of the HPA",
            )];
        }
        Some(Ok(Some(scale))) => scale,
    };
    let replicas = scale.pointer("/spec/replicas").and_then(Value::as_i64).unwrap_or(0);
    let selector = clean(scale.pointer("/status/selector").and_then(Value::as_str).unwrap_or_default(), 200);
    let mut checks = vec![Check::ok("target", what, format!("replicas wanted: {replicas}; selector {selector}"))];
    match &facts.pods {
        _ if selector.is_empty() => checks.push(Check::fail(
            "pods",
            "pods of the target",
            "its /scale has no selector, so the HPA cannot find its pods",
            "the kind must fill in status.selector",
        )),
        Some(Ok(pods)) if pods.is_empty() && replicas > 0 => checks.push(Check::fail(
            "pods",
            "pods of the target",
            format!("no pod matches {selector}, though {replicas} are wanted"),
            "look at the target's events (quota? selector?)",
        )),
        Some(Ok(pods)) => {
            let more = if facts.more_pods { format!("; there are more than these {MOST_PODS}") } else { String::new() };
            let check = ready(pods);
            checks.push(Check { detail: check.detail.clone() + &more, ..check });
        }
        Some(Err(e)) if e.denied() => {
            checks.push(Check::skip("pods", "pods of the target", format!("may not be read: {}", see(Feed::Pods))));
        }
        Some(Err(e)) => checks.push(Check::fail("pods", "pods of the target", e.to_string(), "try again")),
        None => {}
    }
    checks
}

/// The controller ignores pods that have failed (evicted ones too) or are being deleted, in both directions.
fn ready(pods: &[PodSeen]) -> Check {
    let what = "pods of the target";
    let (ignored, counted): (Vec<&PodSeen>, Vec<&PodSeen>) =
        pods.iter().partition(|p| p.phase == "Failed" || p.deleted.is_some());
    let ready = counted.iter().filter(|p| p.ready.as_ref().is_some_and(|r| r.status == "True")).count();
    let besides = match ignored.len() {
        0 => String::new(),
        n => format!("; {n} more failed, were evicted or are being deleted: the HPA ignores them"),
    };
    let detail = format!("{ready} of {} ready{besides}", counted.len());
    if ready < counted.len() {
        let hint = "pods that are not ready do not count for a scale-down, and as idle for a scale-up";
        return Check::warn("pods", what, detail, hint);
    }
    match counted.is_empty() {
        true => Check::warn("pods", what, detail, "no pod is left that counts: look at the target's events"),
        false => Check::ok("pods", what, detail),
    }
}

/// Of two HPAs that select the same pods the controller stops both; of their specs only the bounds still apply.
fn alone(facts: &Facts, hpa: &HpaSeen) -> Option<Check> {
    let all = facts.hpas.as_ref().ok()?.iter();
    let others = all.filter(|h| h.target.same(&hpa.target) && h.name != hpa.name);
    let others: Vec<String> = others.map(|h| h.name.clone()).collect();
    let detail = format!(
        "scaled by {} as well: the controller stops all of them (AmbiguousSelector), and only keeps the replicas within their minReplicas and maxReplicas",
        others.join(", ")
    );
    (!others.is_empty())
        .then(|| Check::fail("alone", "one HPA a target", detail, "delete all but one, and give that one all metrics"))
}

/// The controller has not seen the last edit; only from Kubernetes 1.37 on can that be known.
fn generation(hpa: &HpaSeen) -> Option<Check> {
    let (now, seen) = (hpa.generation?, hpa.status.observed_generation?);
    let what = "last edit of the HPA";
    Some(match seen < now {
        true => Check::warn(
            "generation",
            what,
            format!("the controller has not used it yet: generation {now}, observed {seen}"),
            "if this stays so, look at the log of kube-controller-manager",
        ),
        false => Check::ok("generation", what, format!("the controller uses it (generation {now})")),
    })
}

fn bounds(hpa: &HpaSeen) -> Check {
    let (min, max) = (hpa.min_replicas.unwrap_or(1), hpa.max_replicas);
    let current = hpa.status.current_replicas.unwrap_or(0);
    let what = "HPA bounds";
    if min == max {
        Check::warn(
            "bounds",
            what,
            format!("minReplicas and maxReplicas are both {max}: it never scales"),
            "raise maxReplicas",
        )
    } else if current >= max {
        Check::warn(
            "bounds",
            what,
            format!("{current} replicas, the maximum: it cannot scale up any further"),
            "raise maxReplicas if the load calls for it",
        )
    } else {
        Check::ok("bounds", what, format!("{min} to {max} replicas, {current} now"))
    }
}

/// Memory does not fall when the load does, so it can keep replicas up permanently.
fn memory(hpa: &HpaSeen) -> Option<Check> {
    let memory = hpa.metrics.iter().filter(|m| m.kind == MetricKind::Resource && m.name == "memory");
    let target = memory.filter_map(|m| m.value.utilization).next()?;
    Some(Check::warn(
        "memory",
        "memory as a metric",
        format!(
            "the target is {target} % of the request, but a process rarely gives memory back after a load, so memory can keep replicas up"
        ),
        "set the memory request well above what a pod keeps when idle, or scale on cpu alone",
    ))
}

/// The window must contain two samples, or a single low sample is enough to scale down.
fn window(facts: &Facts, hpa: &HpaSeen) -> Option<Check> {
    let usage = facts.usage.as_ref().ok()?.as_ref()?;
    let resolution = resolution_s(usage, facts.usage_later.as_ref())?;
    let down = hpa.behavior.as_ref().and_then(|b| b.scale_down.as_ref());
    let window = down.and_then(|d| d.window_s).unwrap_or(300);
    let what = "scale-down window";
    if f64::from(window) < resolution * 1.5 {
        return Some(Check::warn(
            "window",
            what,
            format!("{window} s, while samples are {resolution:.0} s apart: one low sample is enough to scale down"),
            format!("make stabilizationWindowSeconds at least {:.0}", (resolution * 2.0).ceil()),
        ));
    }
    Some(Check::ok("window", what, format!("{window} s, with samples {resolution:.0} s apart")))
}
