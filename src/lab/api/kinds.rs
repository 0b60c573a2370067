//! What the API serves: groups, versions, resources and what may be done with them. One table; everything else reads it.

/// A resource.
#[derive(Debug)]
pub struct Kind {
    /// Empty for core.
    pub group: &'static str,
    /// The preferred one first.
    pub versions: &'static [&'static str],
    /// As it stands in paths, and in the store.
    pub plural: &'static str,
    pub singular: &'static str,
    pub name: &'static str,
    pub namespaced: bool,
    pub short: &'static [&'static str],
    pub categories: &'static [&'static str],
    pub rights: Rights,
    pub parts: &'static [&'static str],
}

/// Which verbs a resource has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rights {
    Full,
    /// Samples: get and list.
    Samples,
    /// Reviews: create.
    Review,
}

const FULL: &[&str] = &["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"];

impl Rights {
    pub fn verbs(self) -> &'static [&'static str] {
        match self {
            Rights::Full => FULL,
            Rights::Samples => &["get", "list"],
            Rights::Review => &["create"],
        }
    }
}

/// The group of ECK's Elasticsearch.
const ELASTIC: &str = "elasticsearch.k8s.elastic.co";
pub const METRICS: &str = "metrics.k8s.io";
const ALL: &[&str] = &["all"];

const fn kind(group: &'static str, versions: &'static [&'static str], plural: &'static str) -> Kind {
    let (none, rights) = (&[], Rights::Full);
    Kind {
        group,
        versions,
        plural,
        singular: "",
        name: "",
        namespaced: true,
        short: none,
        categories: none,
        rights,
        parts: none,
    }
}

const V1: &[&str] = &["v1"];
const STATUS: &[&str] = &["status"];
const SCALED: &[&str] = &["scale", "status"];

/// All of them, grouped.
pub static KINDS: &[Kind] = &[
    Kind { singular: "configmap", name: "ConfigMap", short: &["cm"], ..kind("", V1, "configmaps") },
    Kind { singular: "endpoints", name: "Endpoints", short: &["ep"], ..kind("", V1, "endpoints") },
    Kind { singular: "event", name: "Event", short: &["ev"], ..kind("", V1, "events") },
    Kind {
        singular: "namespace",
        name: "Namespace",
        namespaced: false,
        short: &["ns"],
        parts: STATUS,
        ..kind("", V1, "namespaces")
    },
    Kind { singular: "node", name: "Node", namespaced: false, short: &["no"], parts: STATUS, ..kind("", V1, "nodes") },
    Kind {
        singular: "persistentvolumeclaim",
        name: "PersistentVolumeClaim",
        short: &["pvc"],
        parts: STATUS,
        ..kind("", V1, "persistentvolumeclaims")
    },
    Kind {
        singular: "pod",
        name: "Pod",
        short: &["po"],
        categories: ALL,
        parts: &["log", "portforward", "status"],
        ..kind("", V1, "pods")
    },
    Kind { singular: "secret", name: "Secret", ..kind("", V1, "secrets") },
    Kind { singular: "serviceaccount", name: "ServiceAccount", short: &["sa"], ..kind("", V1, "serviceaccounts") },
    Kind {
        singular: "service",
        name: "Service",
        short: &["svc"],
        categories: ALL,
        parts: STATUS,
        ..kind("", V1, "services")
    },
    Kind {
        singular: "daemonset",
        name: "DaemonSet",
        short: &["ds"],
        categories: ALL,
        parts: STATUS,
        ..kind("apps", V1, "daemonsets")
    },
    Kind {
        singular: "deployment",
        name: "Deployment",
        short: &["deploy"],
        categories: ALL,
        parts: SCALED,
        ..kind("apps", V1, "deployments")
    },
    Kind {
        singular: "replicaset",
        name: "ReplicaSet",
        short: &["rs"],
        categories: ALL,
        parts: SCALED,
        ..kind("apps", V1, "replicasets")
    },
    Kind {
        singular: "statefulset",
        name: "StatefulSet",
        short: &["sts"],
        categories: ALL,
        parts: SCALED,
        ..kind("apps", V1, "statefulsets")
    },
    Kind {
        singular: "selfsubjectaccessreview",
        name: "SelfSubjectAccessReview",
        namespaced: false,
        rights: Rights::Review,
        ..kind("authorization.k8s.io", V1, "selfsubjectaccessreviews")
    },
    Kind {
        singular: "selfsubjectrulesreview",
        name: "SelfSubjectRulesReview",
        namespaced: false,
        rights: Rights::Review,
        ..kind("authorization.k8s.io", V1, "selfsubjectrulesreviews")
    },
    Kind {
        singular: "horizontalpodautoscaler",
        name: "HorizontalPodAutoscaler",
        short: &["hpa"],
        categories: ALL,
        parts: STATUS,
        ..kind("autoscaling", &["v2", "v1"], "horizontalpodautoscalers")
    },
    Kind {
        singular: "cronjob",
        name: "CronJob",
        short: &["cj"],
        categories: ALL,
        parts: STATUS,
        ..kind("batch", V1, "cronjobs")
    },
    Kind { singular: "job", name: "Job", categories: ALL, parts: STATUS, ..kind("batch", V1, "jobs") },
    Kind { singular: "endpointslice", name: "EndpointSlice", ..kind("discovery.k8s.io", V1, "endpointslices") },
    Kind {
        singular: "elasticsearch",
        name: "Elasticsearch",
        short: &["es"],
        categories: &["elastic"],
        parts: SCALED,
        ..kind(ELASTIC, V1, "elasticsearches")
    },
    Kind { singular: "event", name: "Event", short: &["ev"], ..kind("events.k8s.io", V1, "events") },
    Kind {
        singular: "node",
        name: "NodeMetrics",
        namespaced: false,
        rights: Rights::Samples,
        ..kind(METRICS, &["v1beta1"], "nodes")
    },
    Kind { singular: "pod", name: "PodMetrics", rights: Rights::Samples, ..kind(METRICS, &["v1beta1"], "pods") },
];

/// The resource of this group and plural.
pub fn find(group: &str, plural: &str) -> Option<&'static Kind> {
    KINDS.iter().find(|kind| kind.group == group && kind.plural == plural)
}

/// Every named group with its versions, in the order of the table.
pub fn groups() -> Vec<(&'static str, &'static [&'static str])> {
    let mut groups: Vec<(&str, &[&str])> = Vec::new();
    for kind in KINDS.iter().filter(|kind| !kind.group.is_empty()) {
        if groups.last().is_none_or(|(name, _)| *name != kind.group) {
            groups.push((kind.group, kind.versions));
        }
    }
    groups
}

/// The resources of a version of a group.
pub fn of(group: &str, version: &str) -> impl Iterator<Item = &'static Kind> {
    KINDS.iter().filter(move |kind| kind.group == group && kind.versions.contains(&version))
}

/// `apps/v1`, or `v1` for core.
pub fn api_version(group: &str, version: &str) -> String {
    if group.is_empty() { version.to_owned() } else { format!("{group}/{version}") }
}

impl Kind {
    /// `pods`, or `deployments.apps`.
    pub fn qualified(&self) -> String {
        if self.group.is_empty() { self.plural.to_owned() } else { format!("{}.{}", self.plural, self.group) }
    }
}
