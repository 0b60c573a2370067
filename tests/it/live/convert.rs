//! What real objects are converted to, and that an odd one can always be read.

use edot_tui::observe::{HpaSeen, MetricKind};
use edot_tui::source::live::{convert, wire};
use serde_json::Value;

fn hpa(text: &str) -> HpaSeen {
    convert::hpa(&serde_json::from_str(text).unwrap())
}

#[test]
fn the_labs_hpa_is_read_as_it_was_written() {
    let seen = hpa(include_str!("../../data/hpa-maxed-out.json"));
    assert_eq!((seen.namespace.as_str(), seen.name.as_str()), ("observability-lab", "edot-gateway-hpa"));
    assert_eq!((seen.target.kind.as_str(), seen.target.name.as_str()), ("Deployment", "edot-gateway"));
    assert_eq!((seen.min_replicas, seen.max_replicas), (Some(1), 4));
    let targets: Vec<_> = seen.metrics.iter().map(|m| (m.name.as_str(), m.value.utilization)).collect();
    assert_eq!(targets, [("cpu", Some(80)), ("memory", Some(80))]);
    let up = seen.behavior.as_ref().and_then(|b| b.scale_up.as_ref()).unwrap();
    assert_eq!((up.window_s, up.select.as_deref()), (Some(0), Some("Max")));
    assert_eq!(
        up.policies.as_ref().map(|p| (p[0].kind.as_str(), p[0].value, p[0].period_s)),
        Some(("Percent", 100, 15))
    );
    let limited = seen.status.conditions.iter().find(|c| c.kind == "ScalingLimited").unwrap();
    assert_eq!((limited.status.as_str(), limited.reason.as_str()), ("True", "TooManyReplicas"));
}

#[test]
fn metrics_that_the_controller_could_not_read_stay_as_empty_entries() {
    let seen = hpa(include_str!("../../data/hpa-metrics-missing.json"));
    assert_eq!(seen.status.metrics.len(), 2);
    assert!(seen.status.metrics.iter().all(|m| m.kind == MetricKind::Unknown && m.value.utilization.is_none()));
    let active = seen.status.conditions.iter().find(|c| c.kind == "ScalingActive").unwrap();
    assert!(active.message.contains("could not find the requested resource"));
}

/// Calls `check` with `value` in which one array or object is replaced by null, for each of them.
fn without_each(value: &Value, check: &dyn Fn(Value)) {
    fn paths(value: &Value, at: String, out: &mut Vec<String>) {
        match value {
            Value::Object(map) => map.iter().for_each(|(k, v)| paths(v, format!("{at}/{k}"), out)),
            Value::Array(all) => all.iter().enumerate().for_each(|(i, v)| paths(v, format!("{at}/{i}"), out)),
            _ => return,
        }
        // No server writes null in place of an element.
        if !at.is_empty() && at.rsplit('/').next().is_some_and(|last| last.parse::<usize>().is_err()) {
            out.push(at);
        }
    }
    let mut all = Vec::new();
    paths(value, String::new(), &mut all);
    for path in all {
        let mut changed = value.clone();
        *changed.pointer_mut(&path).unwrap() = Value::Null;
        check(changed);
    }
}

#[test]
fn null_in_place_of_any_list_or_object_is_read_as_empty() {
    let mut kinds = std::collections::BTreeSet::new();
    for line in include_str!("../../data/scale.jsonl").lines() {
        let line: Value = serde_json::from_str(line).unwrap();
        let object = &line["event"]["object"];
        if object.is_null() || !kinds.insert(object["kind"].as_str().unwrap().to_owned()) {
            continue;
        }
        without_each(object, &|changed| {
            let text = changed.to_string();
            let read = match object["kind"].as_str().unwrap() {
                "HorizontalPodAutoscaler" => serde_json::from_str(&text).map(|o| drop(convert::hpa(&o))),
                "Pod" => serde_json::from_str(&text).map(|o| drop(convert::pod(&o))),
                "Event" => serde_json::from_str(&text).map(|o| drop(convert::event(&o))),
                _ => serde_json::from_str(&text)
                    .map(|o: wire::Workload| drop(convert::workload(&Default::default(), &o))),
            };
            assert!(read.is_ok(), "{read:?}: {text}");
        });
    }
    assert_eq!(kinds.len(), 4);
}
