//! Rules about access to the cluster: version, permissions, the metrics API and its resolution. Pure: facts in, checks out.

use super::check::Check;
use super::facts::{Allowed, Answer, Facts};
use super::permissions::{Need, Permission, Place, rule_yaml};
use crate::error::ErrorKind;
use crate::observe::Feed;
use crate::source::live::ApiError;
use serde_json::Value;

/// From this interval on, in seconds, metrics-server samples more coarsely than it needs to; 15 s is usual.
pub const COARSE_S: f64 = 20.0;
/// No server publishes samples more often than this, in seconds: what is newer was computed for the request.
const SHORTEST_S: f64 = 9.0;
/// How often the HPA controller asks, in seconds.
const CONTROLLER_S: f64 = 15.0;

/// The API server answers, and accepts the user. The exit code distinguishes the two failures.
pub fn reach(version: &Result<Value, ApiError>, server: &str) -> Check {
    let what = "API server";
    match version {
        Ok(version) => Check::ok("reach", what, format!("{server} answers: {}", git_version(version))),
        Err(e) if e.denied() => {
            Check::fail("reach", what, format!("{server}: {}", e), "log in again, or choose another --context")
                .exits(ErrorKind::Denied)
        }
        Err(e) => Check::fail("reach", what, format!("{server}: {}", e), e.hint.as_deref().unwrap_or_default())
            .exits(ErrorKind::Unreachable),
    }
}

/// As `/version` reports it.
pub fn git_version(version: &Value) -> String {
    crate::observe::text::clean(version["gitVersion"].as_str().unwrap_or("of unknown version"), 64)
}

/// autoscaling/v2 is there from 1.23 on.
pub fn version(version: &Value) -> Check {
    let number = |key: &str| {
        let digits: String =
            version[key].as_str().unwrap_or_default().chars().take_while(char::is_ascii_digit).collect();
        digits.parse::<u32>().ok()
    };
    let what = "Kubernetes version";
    match (number("major"), number("minor")) {
        (Some(major), Some(minor)) if (major, minor) >= (1, 23) => Check::ok("version", what, git_version(version)),
        (Some(_), Some(_)) => Check::fail(
            "version",
            what,
            format!("{} has no autoscaling/v2", git_version(version)),
            "1.23 or later is needed",
        ),
        _ => Check::skip("version", what, "the server does not report it"),
    }
}

/// A check for each need: all of its verbs, or which are missing.
pub fn permissions(facts: &Facts) -> Vec<Check> {
    let mut needs: Vec<Need> = facts.allowed.iter().map(|(p, ..)| p.need).collect();
    needs.dedup();
    let mut checks: Vec<Check> = needs.iter().map(|need| permission(facts, *need)).collect();
    if !needs.is_empty() && !needs.contains(&Need::Feed(Feed::Target)) {
        let why = "the target is of an uncommon kind: get, list, watch on it and get on its /scale are needed";
        checks.push(Check::skip("permission", "permissions for the feed target", why));
    }
    checks
}

fn permission(facts: &Facts, need: Need) -> Check {
    let rows = || facts.allowed.iter().filter(move |(p, ..)| p.need == need);
    let namespace = |p: &Permission| match p.place {
        Place::Hpa => facts.namespace.as_str(),
        Place::Load => facts.load_namespace.as_str(),
    };
    let what = match need {
        Need::Feed(feed) => format!("permissions for the feed {}", feed.name()),
        Need::Simulate => "permissions for the key s".to_owned(),
        Need::Logs => "permissions for the key l".to_owned(),
    };
    let with = |p: &Permission, verbs: &[&str]| {
        let dot = if p.group.is_empty() { "" } else { "." };
        format!("{} {}{dot}{} in {}", verbs.join(", "), p.resource, p.group, namespace(p))
    };
    let (mut has, mut lacks, mut rules, mut unknown) = (Vec::new(), Vec::new(), Vec::new(), None);
    for (p, verbs) in rows() {
        let of = |wanted: fn(&Allowed) -> bool| -> Vec<&str> {
            p.verbs.iter().zip(verbs).filter(|(_, a)| wanted(a)).map(|(v, _)| *v).collect()
        };
        let (yes, no) = (of(|a| *a == Allowed::Yes), of(|a| *a == Allowed::No));
        if !yes.is_empty() {
            has.push(with(p, &yes));
        }
        if !no.is_empty() {
            lacks.push(with(p, &no));
            rules.push(format!("{} (namespace {})", rule_yaml(p.group, &[p.resource], &no), namespace(p)));
        }
        unknown = unknown.or(verbs.iter().find_map(|a| if let Allowed::Unknown(why) = a { Some(why) } else { None }));
    }
    let hint = format!("add to a Role: {}", rules.join(" and "));
    match (lacks.is_empty(), need) {
        (true, _) if unknown.is_some() => {
            let why = unknown.map(String::as_str).unwrap_or_default();
            Check::skip("permission", what, format!("could not be checked ({why})"))
        }
        (true, _) => Check::ok("permission", what, format!("may {}", has.join("; "))),
        (false, Need::Simulate) => Check::warn(
            "permission",
            what,
            format!("may not {}: s cannot start or stop the load", lacks.join("; ")),
            hint,
        ),
        (false, Need::Logs) => {
            let text = format!("may not {}: l cannot show the log of a pod there", lacks.join("; "));
            Check::warn("permission", what, text, hint)
        }
        (false, Need::Feed(feed)) if need.is_extra() => {
            let text = format!("may not {}: without the figures of the feed {}", lacks.join("; "), feed.name());
            Check::warn("permission", what, text, hint)
        }
        (false, Need::Feed(_)) => {
            Check::fail("permission", what, format!("may not {}", lacks.join("; ")), hint).exits(ErrorKind::Denied)
        }
    }
}

/// The resource metrics API, and its samples for the HPA's namespace.
pub fn metrics(group: &Answer, usage: &Answer, later: Option<&Value>) -> Vec<Check> {
    let what = "metrics API";
    let check = match (group, usage) {
        (Ok(None), _) | (Ok(Some(_)), Ok(None)) => Check::fail(
            "metrics",
            what,
            "metrics.k8s.io is not served (404): there is no APIService for it",
            "install metrics-server",
        ),
        (Err(e), _) | (_, Err(e)) if e.code() == Some(503) => Check::fail(
            "metrics",
            what,
            format!("metrics.k8s.io is registered but down: {}", e),
            "look at metrics-server's pods and log: kubectl -n kube-system logs deploy/metrics-server",
        ),
        (_, Err(e)) if e.denied() => {
            Check::skip("metrics", what, "may not be read (see permissions for the feed usage)")
        }
        (Err(e), _) | (_, Err(e)) => {
            Check::fail("metrics", what, e.to_string(), "look at metrics-server's pods and log")
        }
        (Ok(Some(_)), Ok(Some(list))) => {
            let n = list["items"].as_array().map_or(0, Vec::len);
            Check::ok("metrics", what, format!("metrics.k8s.io answers; pods of the namespace with samples: {n}"))
        }
    };
    let list = usage.as_ref().ok().and_then(Option::as_ref);
    std::iter::once(check).chain(list.and_then(|list| resolution_s(list, later)).map(resolution)).collect()
}

/// The interval of the samples, in seconds. From the timestamps of two answers, where they differ: prometheus-adapter computes
/// a sample for each request, over minutes. metrics-server's samples cover the time since the ones before.
pub fn resolution_s(usage: &Value, later: Option<&Value>) -> Option<f64> {
    let newest = |list: &Value| {
        let items = list["items"].as_array()?.iter();
        items.filter_map(|i| chrono::DateTime::parse_from_rfc3339(i["timestamp"].as_str()?).ok()).max()
    };
    let step = later.and_then(newest).zip(newest(usage)).map(|(later, first)| (later - first).as_seconds_f64());
    match step {
        Some(step) if step >= SHORTEST_S => Some(step),
        Some(step) if step > 0.0 => Some(CONTROLLER_S),
        _ => window_s(usage),
    }
}

/// The longest window of the samples, in seconds: a new container's first one is shorter.
pub fn window_s(usage: &Value) -> Option<f64> {
    let windows = usage["items"].as_array()?.iter().filter_map(|i| go_duration_s(i["window"].as_str()?));
    windows.max_by(f64::total_cmp)
}

fn resolution(seconds: f64) -> Check {
    let what = "metrics resolution";
    if seconds <= COARSE_S {
        return Check::ok("resolution", what, format!("a sample every {seconds:.0} s"));
    }
    Check::warn(
        "resolution",
        what,
        format!(
            "a sample every {seconds:.0} s, while the HPA decides every 15 s: it decides on the same sample several times, and late"
        ),
        "run metrics-server with --metric-resolution=15s",
    )
}

/// A duration as Go writes it, such as `1m0.5s`, in seconds.
pub fn go_duration_s(text: &str) -> Option<f64> {
    let (mut total, mut rest) = (0.0, text);
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let (number, tail) = rest.split_at(digits);
        let unit = tail.find(|c: char| c.is_ascii_digit()).unwrap_or(tail.len());
        let scale = match &tail[..unit] {
            "h" => 3600.0,
            "m" => 60.0,
            "s" => 1.0,
            "ms" => 1e-3,
            "us" | "µs" => 1e-6,
            "ns" => 1e-9,
            _ => return None,
        };
        total += number.parse::<f64>().ok()? * scale;
        rest = &tail[unit..];
    }
    (!text.is_empty()).then_some(total)
}

/// The hint for what a feed may not read.
pub fn see(feed: Feed) -> String {
    format!("see permissions for the feed {}", feed.name())
}
