//! Every permission the program uses, in one table: `doctor` checks it, the Roles in docs/permissions.md are generated from it.
//! Must not query a cluster.

use crate::observe::Feed;
#[cfg(test)]
use std::fmt::Write;

/// What a permission is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Need {
    /// Without it that feed has no data.
    Feed(Feed),
    /// Without it the key `s` cannot start or stop the load; everything else works.
    Simulate,
    /// Without it the key `l` cannot show the log of a pod; everything else works.
    Logs,
}

/// The namespace it is needed in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// The HPA's.
    Hpa,
    /// The load's.
    Load,
}

/// Verbs on a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Permission {
    pub need: Need,
    pub place: Place,
    /// API group; empty for core.
    pub group: &'static str,
    /// Plural, with the subresource if there is one.
    pub resource: &'static str,
    pub verbs: &'static [&'static str],
    /// Needed only if the HPA's target is of this kind.
    pub target: Option<&'static str>,
}

const fn row(
    need: Need,
    place: Place,
    group: &'static str,
    resource: &'static str,
    verbs: &'static [&'static str],
) -> Permission {
    Permission { need, place, group, resource, verbs, target: None }
}

const fn target(kind: &'static str, group: &'static str, resource: &'static str) -> Permission {
    Permission { target: Some(kind), ..row(Need::Feed(Feed::Target), Place::Hpa, group, resource, WATCH) }
}

const WATCH: &[&str] = &["list", "watch"];
const FORWARD: &[&str] = &["get", "create"];

/// The table. A target of another kind is read through its `/scale`, and needs get on that.
pub const PERMISSIONS: &[Permission] = &[
    row(Need::Feed(Feed::Hpa), Place::Hpa, "autoscaling", "horizontalpodautoscalers", WATCH),
    target("Deployment", "apps", "deployments"),
    target("StatefulSet", "apps", "statefulsets"),
    target("ReplicaSet", "apps", "replicasets"),
    target("ReplicationController", "", "replicationcontrollers"),
    row(Need::Feed(Feed::Pods), Place::Hpa, "", "pods", WATCH),
    row(Need::Feed(Feed::Usage), Place::Hpa, "metrics.k8s.io", "pods", &["list"]),
    row(Need::Feed(Feed::Events), Place::Hpa, "", "events", WATCH),
    row(Need::Feed(Feed::Events), Place::Load, "", "events", WATCH),
    row(Need::Feed(Feed::Load), Place::Load, "batch", "jobs", WATCH),
    row(Need::Feed(Feed::Load), Place::Load, "", "pods", WATCH),
    row(Need::Feed(Feed::K6), Place::Load, "", "pods/log", &["get"]),
    // Which of the two verbs a forward needs depends on the server's version.
    row(Need::Feed(Feed::K6), Place::Load, "", "pods/portforward", FORWARD),
    row(Need::Feed(Feed::Collector), Place::Hpa, "", "pods/portforward", FORWARD),
    row(Need::Feed(Feed::Collector), Place::Hpa, "", "configmaps", &["get"]),
    row(Need::Feed(Feed::Ingest), Place::Hpa, "", "pods/portforward", FORWARD),
    row(Need::Feed(Feed::Ingest), Place::Hpa, "", "services", &["list"]),
    row(Need::Feed(Feed::Ingest), Place::Hpa, "", "secrets", &["get"]),
    row(Need::Feed(Feed::Ingest), Place::Hpa, "", "configmaps", &["list"]),
    row(Need::Feed(Feed::Ingest), Place::Hpa, "elasticsearch.k8s.elastic.co", "elasticsearches", &["list"]),
    row(Need::Feed(Feed::Ingest), Place::Hpa, "kibana.k8s.elastic.co", "kibanas", &["list"]),
    row(Need::Feed(Feed::Ingest), Place::Hpa, "networking.k8s.io", "ingresses", &["list"]),
    row(Need::Feed(Feed::Scalers), Place::Hpa, "keda.sh", "scaledobjects", WATCH),
    row(Need::Feed(Feed::Scalers), Place::Hpa, "autoscaling.k8s.io", "verticalpodautoscalers", WATCH),
    row(Need::Feed(Feed::Scalers), Place::Hpa, "external.metrics.k8s.io", "*", &["list"]),
    row(Need::Feed(Feed::Scalers), Place::Hpa, "custom.metrics.k8s.io", "*", &["list"]),
    row(Need::Simulate, Place::Load, "batch", "jobs", &["get", "create", "delete"]),
    // The k6 operator's runs are stopped by deleting them, where k6 itself cannot be reached.
    row(Need::Simulate, Place::Load, "k6.io", "testruns", &["delete"]),
    row(Need::Simulate, Place::Load, "", "configmaps", &["get", "create", "patch"]),
    row(Need::Logs, Place::Hpa, "", "pods/log", &["get"]),
    row(Need::Logs, Place::Load, "", "pods/log", &["get"]),
];

impl Need {
    /// Everything else works without it.
    pub fn is_extra(self) -> bool {
        matches!(
            self,
            Need::Simulate | Need::Logs | Need::Feed(Feed::K6 | Feed::Collector | Feed::Ingest | Feed::Scalers)
        )
    }
}

#[cfg(test)]
/// The Roles that give all of [`PERMISSIONS`], as YAML: one in each of the two namespaces.
pub fn roles(namespace: &str, load_namespace: &str) -> String {
    let mut out = String::new();
    for (place, namespace) in [(Place::Hpa, namespace), (Place::Load, load_namespace)] {
        let _ = writeln!(
            out,
            "---\napiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nmetadata: {{name: edot-tui, namespace: {namespace}}}\nrules:"
        );
        for rule in merged(place) {
            let _ = writeln!(out, "- {}", rule_yaml(rule.0, &rule.1, &rule.2));
        }
    }
    out
}

/// A rule of a Role, as YAML.
pub fn rule_yaml(group: &str, resources: &[&str], verbs: &[&str]) -> String {
    // A bare star is an alias in YAML.
    let resources: Vec<&str> = resources.iter().map(|r| if *r == "*" { "\"*\"" } else { r }).collect();
    format!("{{apiGroups: [\"{group}\"], resources: [{}], verbs: [{}]}}", resources.join(", "), verbs.join(", "))
}

#[cfg(test)]
/// The table for the chart, a line a row: what it is needed for, where, and the rule. Nobody presses a key in a pod.
pub fn rows() -> String {
    let row = |p: &Permission| {
        let need = match p.need {
            Need::Feed(feed) => feed.name(),
            Need::Simulate => "simulate",
            Need::Logs => return String::new(),
        };
        let place = if p.place == Place::Hpa { "hpa" } else { "load" };
        format!("- {{need: {need}, place: {place}, rule: {}}}\n", rule_yaml(p.group, &[p.resource], p.verbs))
    };
    PERMISSIONS.iter().map(row).collect()
}

#[cfg(test)]
type Merged = (&'static str, Vec<&'static str>, Vec<&'static str>);

#[cfg(test)]
/// The rows of a place with their verbs put together by resource, then the resources by equal verbs.
fn merged(place: Place) -> Vec<Merged> {
    let mut by_resource: Vec<Merged> = Vec::new();
    for p in PERMISSIONS.iter().filter(|p| p.place == place) {
        match by_resource.iter_mut().find(|m| m.0 == p.group && m.1[0] == p.resource) {
            Some(found) => found.2.extend(p.verbs.iter().filter(|v| !found.2.contains(v)).collect::<Vec<_>>()),
            None => by_resource.push((p.group, vec![p.resource], p.verbs.to_vec())),
        }
    }
    let mut rules: Vec<Merged> = Vec::new();
    for (group, resources, verbs) in by_resource {
        match rules.iter_mut().find(|m| m.0 == group && m.2 == verbs) {
            Some(found) => found.1.extend(resources),
            None => rules.push((group, resources, verbs)),
        }
    }
    rules
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_roles_hold_every_permission_once() {
        let roles = roles("lab", "demo");
        let (first, second) = roles.split_once("namespace: demo").unwrap();
        assert!(first.contains("namespace: lab"));
        assert!(second.contains("resources: [jobs], verbs: [list, watch, get, create, delete]"), "{second}");
        assert!(first.contains("resources: [deployments, statefulsets, replicasets], verbs: [list, watch]"), "{first}");
        for p in PERMISSIONS {
            let part = if p.place == Place::Hpa { first } else { second };
            let line = part.lines().find(|l| {
                l.contains(&format!("[\"{}\"]", p.group))
                    && l.contains(p.resource)
                    && p.verbs.iter().all(|v| l.contains(v))
            });
            assert!(line.is_some(), "{p:?} in {part}");
        }
    }
}
