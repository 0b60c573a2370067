//! The kinds of cases about one metric: grouping, requests, ratios, proposals.

use std::collections::BTreeMap;

use edot_tui::hpa::{
    Band, Group, Metric, Proposal, Reading, Readings, Scale, Settings, Source, Target, Values, World, groups, metric,
    ratio, requests as request,
};
use serde_json::{Value, json};

use super::{Got, input};

fn object(value: Value) -> Got {
    value.as_object().cloned().ok_or("no object".to_owned())
}

/// The proposal of one metric of the case.
fn propose(case: &Value, source: Source, target: Target, world: &World) -> Result<Proposal, String> {
    let settings = input::settings(case)?;
    let tolerance = |side: &str| case["tolerance"][side].as_f64();
    let band = Band {
        down: tolerance("down").unwrap_or(settings.tolerance),
        up: tolerance("up").unwrap_or(settings.tolerance),
        strict: settings.strict_tolerance,
    };
    let current = input::int(&case["current_replicas"]);
    let scale = Scale { spec: current, status: current };
    let metric = Metric { source, target };
    metric::propose(0, &metric, band, scale, world, &settings, input::now()).map_err(|f| f.error)
}

pub fn utilization(case: &Value) -> Got {
    let resource = input::text(&case["resource"]);
    let source = match input::container_name(&case["container"]) {
        None => Source::Resource { resource },
        Some(name) => Source::ContainerResource { resource, container: name.to_owned() },
    };
    let mut world = input::world(input::pods(&case["pods"]));
    world.samples = Ok(input::samples(&case["samples"]));
    let target = Target::Utilization(input::int(&case["target_utilization"]));
    let proposal = propose(case, source, target, &world)?;
    object(json!({
        "replicas": proposal.replicas,
        "utilization": proposal.status.average_utilization,
        "raw_value_milli": proposal.status.average_value,
    }))
}

pub fn plain(case: &Value) -> Got {
    let mut world = input::world(input::pods(&case["pods"]));
    let values = input::amounts(&case["values_milli"]).into_iter();
    let values = values.map(|(pod, value)| (pod.into(), value)).collect();
    world.values = BTreeMap::from([(0, Ok(Values::Pods(values)))]);
    let source = Source::Pods { metric: "qps".to_owned() };
    proposal_and_usage(case, source, false, &world)
}

pub fn whole(case: &Value, kind: &str) -> Got {
    let mut world = input::world(input::pods(&case["pods"]));
    let values: Vec<i64> = input::list(&case["values_milli"]).iter().map(|v| v.as_i64().unwrap()).collect();
    let metric = "qps".to_owned();
    let (values, source) = if kind.starts_with("object") {
        let source = Source::Object { metric, kind: "Service".to_owned(), name: "s".to_owned(), selector: None };
        (Values::Object(values[0]), source)
    } else {
        let source = Source::External { metric, selector: None };
        (Values::External(values), source)
    };
    world.values = BTreeMap::from([(0, Ok(values))]);
    proposal_and_usage(case, source, !kind.ends_with("per_pod"), &world)
}

fn proposal_and_usage(case: &Value, source: Source, whole: bool, world: &World) -> Got {
    let target = case["target_milli"].as_i64().unwrap();
    let target = match whole {
        true => Target::Value(target),
        false => Target::AverageValue(target),
    };
    let proposal = propose(case, source, target, world)?;
    let usage = proposal.status.value.or(proposal.status.average_value);
    object(json!({ "replicas": proposal.replicas, "usage_milli": usage }))
}

pub fn group_pods(case: &Value) -> Got {
    let metrics = case["metrics"].as_object().into_iter().flatten();
    let reading = |(pod, value): (&String, &Value)| Reading {
        pod: pod.as_str().into(),
        value: value["value"].as_i64().unwrap(),
        at: input::time(&value["age_s"]),
        window: input::seconds(&value["window_s"]),
    };
    let readings = Readings::new(metrics.map(reading).collect());
    let pods = input::pods(&case["pods"]);
    let resource = input::text(&case["resource"]);
    let settings = input::settings(case)?;
    let groups = groups::group(&pods, &readings, &resource, &settings, input::now());
    let names = |group| {
        let mut names: Vec<String> = groups.of(group).map(|p| p.pod.to_string()).collect();
        names.sort();
        names
    };
    object(json!({
        "ready": groups.count(Group::Ready),
        "unready": names(Group::Unready),
        "missing": names(Group::Missing),
        "ignored": names(Group::Ignored),
    }))
}

pub fn requests(case: &Value) -> Got {
    let settings = Settings {
        pod_level_requests: case["pod_level_resources"].as_bool().unwrap_or(false),
        ..input::settings(case)?
    };
    let pods = input::pods(&case["pods"]);
    let container = input::container_name(&case["container"]);
    let resource = input::text(&case["resource"]);
    let found = request::of_pods(&pods, &resource, container, &settings);
    let found = found.map_err(|fault| fault.to_string())?;
    let by_pod: BTreeMap<_, _> = pods.iter().map(|p| p.name.to_string()).zip(found).collect();
    object(json!({ "requests": by_pod }))
}

pub fn utilization_ratio(case: &Value) -> Got {
    let request = |pod: &str| case["requests"][pod].as_i64();
    let pods = input::amounts(&case["metrics"]);
    let saturates = input::settings(case)?.conversions.utilization;
    let sums = ratio::utilization(pods.iter().map(|(pod, used)| (*used, request(pod))), saturates);
    let sums = sums.ok_or_else(|| edot_tui::hpa::Fault::NoKnownPods.to_string())?;
    let target = input::int(&case["target"]);
    object(json!({
        "ratio": f64::from(sums.percent) / f64::from(target),
        "utilization": sums.percent,
        "raw_value_milli": sums.mean,
    }))
}

pub fn usage_ratio(case: &Value) -> Got {
    let pods = input::amounts(&case["metrics"]);
    let saturates = input::settings(case)?.conversions.utilization;
    let (_, mean) = ratio::average(pods.iter().map(|(_, used)| *used), saturates).ok_or("no pods")?;
    let target = case["target"].as_i64().unwrap();
    object(json!({ "ratio": ratio::ratio(mean, target), "usage_milli": mean }))
}
