//! Parses and checks a scenario; an error names the file, the line, the key and what is allowed.

use super::Scenario;
use super::fault::Fault;
use std::ops::Range;
use toml::Spanned;

/// The largest file that is read, bytes.
const LARGEST: usize = 1 << 18;

pub(super) fn scenario(name: &str, file: &str, text: &str) -> Result<Scenario, String> {
    if text.len() > LARGEST {
        return Err(format!("{file}: too large for a scenario (more than 256 KiB)"));
    }
    let mut scenario: Scenario = toml::from_str(text).map_err(|e| describe(file, text, &e))?;
    name.clone_into(&mut scenario.name);
    drop_unset_target(&mut scenario, text);
    check(&scenario, file, text)?;
    scenario.faults.sort_by_key(|f| (f.after_load, f.at));
    Ok(scenario)
}

/// When only one of the HPA's two targets is set, the other has no default.
fn drop_unset_target(scenario: &mut Scenario, text: &str) {
    let table: toml::Table = text.parse().unwrap_or_default();
    let written = |key: &str| table.get("hpa").is_some_and(|hpa| hpa.get(key).is_some());
    match (written("cpu"), written("memory")) {
        (true, false) => scenario.hpa.memory = None,
        (false, true) => scenario.hpa.cpu = None,
        _ => {}
    }
}

/// `file:line: key `x`: what is wrong`, in one line.
fn describe(file: &str, text: &str, e: &toml::de::Error) -> String {
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

/// The checks that involve several values.
fn check(scenario: &Scenario, file: &str, text: &str) -> Result<(), String> {
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
    check_faults(file, text)
}

/// The faults with their positions in the file.
#[derive(serde::Deserialize)]
struct PlacedFaults {
    #[serde(default)]
    fault: Vec<Spanned<Fault>>,
}

fn check_faults(file: &str, text: &str) -> Result<(), String> {
    let placed: PlacedFaults = toml::from_str(text).map_err(|e| describe(file, text, &e))?;
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

/// The line of a key in a table; the table's line when the key is not set, 1 when the table is not there either.
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
