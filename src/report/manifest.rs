//! An HPA as a manifest and as a patch, with other settings than it has. Must not decide which.

use crate::hpa::{self, spec::requirements};
use crate::hpa::{Behavior, Metric, Policy, ScalingRules, SelectPolicy, Source, Spec, Target};
use crate::observe::{self, HpaSeen};
use serde_json::{Map, Value, json};

/// The HPA under a spec, to be applied.
pub fn hpa(seen: &HpaSeen, spec: &Spec) -> Value {
    let mut body = json!({
        "scaleTargetRef": {
            "apiVersion": seen.target.api_version,
            "kind": seen.target.kind,
            "name": seen.target.name,
        },
        "minReplicas": spec.min_replicas(),
        "maxReplicas": spec.max,
        "metrics": metrics(seen, spec),
    });
    if let Some(Behavior { up, down }) = &spec.behavior {
        body["behavior"] = json!({ "scaleUp": rules(up, None), "scaleDown": rules(down, None) });
    }
    json!({
        "apiVersion": "autoscaling/v2",
        "kind": "HorizontalPodAutoscaler",
        "metadata": { "namespace": seen.namespace, "name": seen.name },
        "spec": body,
    })
}

/// What leads from one spec to another, as a merge patch.
pub fn patch(seen: &HpaSeen, before: &Spec, after: &Spec) -> Value {
    let mut spec = Map::new();
    if before.min_replicas() != after.min_replicas() {
        spec.insert("minReplicas".into(), after.min_replicas().into());
    }
    if before.max != after.max {
        spec.insert("maxReplicas".into(), after.max.into());
    }
    if before.metrics != after.metrics {
        // A merge patch replaces a list as a whole.
        spec.insert("metrics".into(), metrics(seen, after));
    }
    if let Some(Behavior { up, down }) = &after.behavior {
        let of = |of: fn(&Behavior) -> &ScalingRules| before.behavior.as_ref().map(of);
        let both = [("scaleUp", up, of(|b| &b.up)), ("scaleDown", down, of(|b| &b.down))];
        let changed = both.into_iter().filter(|(_, after, before)| before.is_none_or(|before| before != *after));
        let changed: Map<String, Value> = changed.map(|(name, after, b)| (name.to_owned(), rules(after, b))).collect();
        if !changed.is_empty() {
            spec.insert("behavior".into(), changed.into());
        }
    }
    json!({ "spec": spec })
}

fn metrics(seen: &HpaSeen, spec: &Spec) -> Value {
    spec.metrics.iter().enumerate().map(|(i, m)| metric(m, seen.metrics.get(i))).collect()
}

/// `seen` is the metric as the API server has it.
fn metric(metric: &Metric, seen: Option<&observe::Metric>) -> Value {
    let target = match metric.target {
        Target::Utilization(percent) => json!({ "type": "Utilization", "averageUtilization": percent }),
        Target::AverageValue(milli) => json!({ "type": "AverageValue", "averageValue": quantity(milli) }),
        Target::Value(milli) => json!({ "type": "Value", "value": quantity(milli) }),
        Target::None => json!({}),
    };
    let named = |name: &str| {
        let mut out = json!({ "name": name });
        if let Some(selector) = seen.and_then(|m| m.selector.as_deref()) {
            out["selector"] = selector_of(selector);
        }
        out
    };
    match &metric.source {
        Source::Resource { resource } => {
            json!({ "type": "Resource", "resource": { "name": resource, "target": target } })
        }
        Source::ContainerResource { resource, container } => json!({
            "type": "ContainerResource",
            "containerResource": { "name": resource, "container": container, "target": target },
        }),
        Source::Pods { metric } => json!({ "type": "Pods", "pods": { "metric": named(metric), "target": target } }),
        Source::External { metric, .. } => {
            json!({ "type": "External", "external": { "metric": named(metric), "target": target } })
        }
        Source::Object { metric, kind, name, .. } => json!({
            "type": "Object",
            "object": { "metric": named(metric), "describedObject": { "kind": kind, "name": name }, "target": target },
        }),
        Source::Other(kind) => json!({ "type": kind }),
    }
}

/// A label selector from its string form, such as `app=web,tier in (a,b),!old,env`.
fn selector_of(text: &str) -> Value {
    let (mut labels, mut expressions) = (Map::new(), Vec::new());
    for part in requirements(text) {
        let values = |list: &str| list.trim_end_matches(')').split(',').map(str::to_owned).collect::<Vec<_>>();
        let (key, operator, values) =
            match (part.split_once(" in ("), part.split_once(" notin ("), part.split_once('=')) {
                (Some((key, list)), _, _) => (key, "In", values(list)),
                (_, Some((key, list)), _) => (key, "NotIn", values(list)),
                (_, _, Some((key, value))) => {
                    labels.insert(key.to_owned(), value.into());
                    continue;
                }
                _ => match part.strip_prefix('!') {
                    Some(key) => (key, "DoesNotExist", Vec::new()),
                    None => (part, "Exists", Vec::new()),
                },
            };
        let mut one = json!({ "key": key, "operator": operator });
        if !values.is_empty() {
            one["values"] = values.into();
        }
        expressions.push(one);
    }
    let mut out = Map::new();
    if !labels.is_empty() {
        out.insert("matchLabels".into(), labels.into());
    }
    if !expressions.is_empty() {
        out.insert("matchExpressions".into(), expressions.into());
    }
    out.into()
}

/// The rules of a direction; with those before, only what is different.
fn rules(rules: &ScalingRules, before: Option<&ScalingRules>) -> Value {
    let mut out = Map::new();
    if let Some(seconds) = rules.window_seconds.filter(|s| before.is_none_or(|b| b.window_seconds != Some(*s))) {
        out.insert("stabilizationWindowSeconds".into(), seconds.into());
    }
    if before.is_none_or(|b| b.select != rules.select) {
        let select = match rules.select {
            SelectPolicy::Max => "Max",
            SelectPolicy::Min => "Min",
            SelectPolicy::Disabled => "Disabled",
        };
        out.insert("selectPolicy".into(), select.into());
    }
    if before.is_none_or(|b| b.policies != rules.policies) {
        let one = |p: &Policy| json!({ "type": format!("{:?}", p.kind), "value": p.value, "periodSeconds": p.period_seconds });
        out.insert("policies".into(), rules.policies.iter().map(one).collect());
    }
    if let Some(tolerance) = rules.tolerance.filter(|_| before.is_none()) {
        out.insert("tolerance".into(), quantity((tolerance * 1000.0).round() as i64).into());
    }
    out.into()
}

/// Milli-units as people write them: whole mebibytes as `512Mi`.
pub fn quantity(milli: i64) -> String {
    const MEBI: i64 = 1024 * 1024 * 1000;
    if milli >= MEBI && milli % MEBI == 0 { format!("{}Mi", milli / MEBI) } else { hpa::quantity::text(milli) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hpa::{PolicyKind, WrittenRules};

    fn both() -> (HpaSeen, Spec) {
        let queue = observe::Metric { selector: Some("q=a,tier in (a,b),!old".into()), ..Default::default() };
        let seen = HpaSeen { name: "web".into(), metrics: vec![Default::default(), queue], ..HpaSeen::default() };
        let cpu = Metric { source: Source::Resource { resource: "cpu".into() }, target: Target::Utilization(80) };
        let source = Source::External { metric: "queue".into(), selector: Some("as the controller prints it".into()) };
        let queue = Metric { source, target: Target::AverageValue(30_500) };
        let behavior = Some(Behavior::defaulted(Some(WrittenRules::default()), Some(WrittenRules::default())));
        (seen, Spec { min: None, max: 4, metrics: vec![cpu, queue], behavior })
    }

    #[test]
    fn a_patch_has_what_is_different_and_nothing_else() {
        let (seen, before) = both();
        assert_eq!(patch(&seen, &before, &before), json!({ "spec": {} }));
        let mut after = before.clone();
        after.max = 6;
        let down = after.behavior.as_mut().unwrap();
        down.down.window_seconds = Some(60);
        down.down.policies = vec![Policy { kind: PolicyKind::Pods, value: 1, period_seconds: 30 }];
        let policies = json!([{ "type": "Pods", "value": 1, "periodSeconds": 30 }]);
        let behavior = json!({ "scaleDown": { "stabilizationWindowSeconds": 60, "policies": policies } });
        assert_eq!(patch(&seen, &before, &after), json!({ "spec": { "maxReplicas": 6, "behavior": behavior } }));
        after.metrics[0].target = Target::Utilization(60);
        let list = &patch(&seen, &before, &after)["spec"]["metrics"];
        assert_eq!(list[0]["resource"]["target"]["averageUtilization"], 60);
        let selector = json!({
            "matchLabels": { "q": "a" },
            "matchExpressions": [
                { "key": "tier", "operator": "In", "values": ["a", "b"] },
                { "key": "old", "operator": "DoesNotExist" },
            ],
        });
        assert_eq!(list[1]["external"]["metric"], json!({ "name": "queue", "selector": selector }));
        assert_eq!(list[1]["external"]["target"]["averageValue"], "30500m");
    }

    #[test]
    fn a_manifest_has_all_settings() {
        let (seen, spec) = both();
        let all = hpa(&seen, &spec);
        assert_eq!((&all["spec"]["minReplicas"], &all["spec"]["maxReplicas"]), (&json!(1), &json!(4)));
        assert_eq!(all["spec"]["behavior"]["scaleUp"]["policies"].as_array().unwrap().len(), 2);
        assert_eq!(all["metadata"]["name"], "web");
        assert_eq!(quantity(512 * 1024 * 1024 * 1000), "512Mi");
    }
}
