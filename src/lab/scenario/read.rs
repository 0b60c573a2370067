//! Reads a scenario, and says of a wrong one the file, the line, the key and what is allowed.

use super::Scenario;
use super::fault::Fault;
use std::ops::Range;
use toml::Spanned;

/// No scenario is larger.
const LARGEST: usize = 1 << 18;

pub(super) fn scenario(name: &str, file: &str, text: &str) -> Result<Scenario, String> {
    if text.len() > LARGEST {
        return Err(format!("{file}: too large for a scenario (more than 256 KiB)"));
    }
    let mut scenario: Scenario = toml::from_str(text).map_err(|e| told(file, text, &e))?;
    name.clone_into(&mut scenario.name);
    leave_out(&mut scenario, text);
    checked(&scenario, file, text)?;
    scenario.faults.sort_by_key(|f| (f.after_load, f.at));
    Ok(scenario)
}

/// Of the two targets, one that is written alone stands alone.
fn leave_out(scenario: &mut Scenario, text: &str) {
    let table: toml::Table = text.parse().unwrap_or_default();
    let written = |key: &str| table.get("hpa").is_some_and(|hpa| hpa.get(key).is_some());
    match (written("cpu"), written("memory")) {
        (true, false) => scenario.hpa.memory = None,
        (false, true) => scenario.hpa.cpu = None,
        _ => {}
    }
}

/// `file:line: key `x`: what is wrong`, in one line.
fn told(file: &str, text: &str, e: &toml::de::Error) -> String {
    let what = e.message().replace('\n', " ");
    let Some(span) = e.span() else { return format!("{file}: {what}") };
    let line = line_at(text, &span);
    let written = text.lines().nth(line - 1).unwrap_or_default();
    let key = written.split_once('=').map(|(key, _)| key.trim()).filter(|key| !key.is_empty() && !key.contains('['));
    match key {
        Some(key) if !what.contains(&format!("`{key}`")) => format!("{file}:{line}: `{key}`: {what}"),
        _ => format!("{file}:{line}: {what}"),
    }
}

fn line_at(text: &str, span: &Range<usize>) -> usize {
    1 + text.get(..span.start).unwrap_or(text).matches('\n').count()
}

/// What no single value shows.
fn checked(scenario: &Scenario, file: &str, text: &str) -> Result<(), String> {
    let wrong = |table: &str, key: &str, what: String| {
        let line = line_of(text, table, key);
        Err(format!("{file}:{line}: `{key}` in [{table}]: {what}"))
    };
    let hpa = &scenario.hpa;
    if hpa.min < 1 || hpa.max < hpa.min {
        return wrong(
            "hpa",
            "max",
            format!("must be at least `min`, and `min` at least 1; they are {} and {}", hpa.max, hpa.min),
        );
    }
    if hpa.cpu.is_none() && hpa.memory.is_none() {
        return wrong("hpa", "cpu", "one of `cpu` and `memory` must be given (percent of the request)".into());
    }
    for (key, rules) in [("hpa.up", &hpa.up), ("hpa.down", &hpa.down)] {
        if rules.as_ref().and_then(|r| r.policies.as_ref()).is_some_and(Vec::is_empty) {
            return wrong(key, "policies", "must hold at least one policy".into());
        }
    }
    if scenario.load.stages.is_empty() {
        return wrong("load", "stages", "must hold at least one stage".into());
    }
    let (limiter, limit) = (&scenario.gateway.memory_limiter, scenario.gateway.limits.memory.units());
    if limiter.spike_mib >= limiter.limit_mib {
        return wrong("gateway.memory-limiter", "spike-mib", "must be less than `limit-mib`".into());
    }
    if scenario.gateway.idle_memory.units() >= limit {
        return wrong("gateway", "idle-memory", "must be less than the memory limit".into());
    }
    if scenario.metrics.resolution.ms() < 10_000 {
        return wrong("metrics", "resolution", "must be at least 10s, as metrics-server asks".into());
    }
    faults(file, text)
}

/// The faults with their places in the file.
#[derive(serde::Deserialize)]
struct Placed {
    #[serde(default)]
    fault: Vec<Spanned<Fault>>,
}

fn faults(file: &str, text: &str) -> Result<(), String> {
    let placed: Placed = toml::from_str(text).map_err(|e| told(file, text, &e))?;
    for fault in &placed.fault {
        let (needs, has) = (fault.get_ref().kind.takes(), fault.get_ref().has());
        let line = line_at(text, &fault.span());
        if let Some(key) = needs.iter().find(|key| !has.contains(key)) {
            return Err(format!(
                "{file}:{line}: this [[fault]] needs `{key}`; it takes at, kind, after-load{}",
                list(needs)
            ));
        }
        if let Some(key) = has.iter().find(|key| !needs.contains(key)) {
            return Err(format!(
                "{file}:{line}: `{key}` does not go with this [[fault]]; it takes at, kind, after-load{}",
                list(needs)
            ));
        }
    }
    Ok(())
}

fn list(keys: &[&str]) -> String {
    keys.iter().map(|key| format!(", {key}")).collect()
}

/// The line of a key in a table; that of the table when the key is not written, 1 when neither is.
fn line_of(text: &str, table: &str, key: &str) -> usize {
    let (mut here, mut found) = (String::new(), 1);
    for (number, line) in text.lines().enumerate() {
        let line = line.trim();
        if let Some(name) = line.strip_prefix('[') {
            name.trim_start_matches('[').split(']').next().unwrap_or_default().clone_into(&mut here);
            if here == table {
                found = number + 1;
            }
        } else if here == table && line.split('=').next().is_some_and(|name| name.trim() == key) {
            return number + 1;
        }
    }
    found
}
