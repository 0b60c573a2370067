//! The resources that the API serves: groups, versions, verbs, subresources. One table that everything else reads.

/// A kind of resource, as discovery describes it.
#[derive(Debug)]
pub struct ResourceKind {
    /// Empty for the core group.
    pub group: &'static str,
    /// The preferred one first.
    pub versions: &'static [&'static str],
    /// The name in paths and in the store.
    pub plural: &'static str,
    pub singular: &'static str,
    pub name: &'static str,
    pub namespaced: bool,
    pub short: &'static [&'static str],
    pub categories: &'static [&'static str],
    pub rights: Rights,
    pub subresources: &'static [&'static str],
}

/// Which verbs a resource has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rights {
    Full,
    /// Metrics: get and list.
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
const RBAC: &str = "rbac.authorization.k8s.io";
const ALL: &[&str] = &["all"];

const fn kind(group: &'static str, versions: &'static [&'static str], plural: &'static str) -> ResourceKind {
    let (none, rights) = (&[], Rights::Full);
    ResourceKind {
        group,
        versions,
        plural,
        singular: "",
        name: "",
        namespaced: true,
        short: none,
        categories: none,
        rights,
        subresources: none,
    }
}

const V1: &[&str] = &["v1"];
const STATUS: &[&str] = &["status"];
const SCALED: &[&str] = &["scale", "status"];

/// All kinds, ordered by group.
pub static KINDS: &[ResourceKind] = &[
    ResourceKind { singular: "configmap", name: "ConfigMap", short: &["cm"], ..kind("", V1, "configmaps") },
    ResourceKind { singular: "endpoints", name: "Endpoints", short: &["ep"], ..kind("", V1, "endpoints") },
    ResourceKind { singular: "event", name: "Event", short: &["ev"], ..kind("", V1, "events") },
    ResourceKind {
        singular: "namespace",
        name: "Namespace",
        namespaced: false,
        short: &["ns"],
        subresources: STATUS,
        ..kind("", V1, "namespaces")
    },
    ResourceKind {
        singular: "node",
        name: "Node",
        namespaced: false,
        short: &["no"],
        subresources: STATUS,
        ..kind("", V1, "nodes")
    },
    ResourceKind {
        singular: "persistentvolumeclaim",
        name: "PersistentVolumeClaim",
        short: &["pvc"],
        subresources: STATUS,
        ..kind("", V1, "persistentvolumeclaims")
    },
    ResourceKind {
        singular: "pod",
        name: "Pod",
        short: &["po"],
        categories: ALL,
        subresources: &["log", "portforward", "status"],
        ..kind("", V1, "pods")
    },
    ResourceKind { singular: "secret", name: "Secret", ..kind("", V1, "secrets") },
    ResourceKind {
        singular: "serviceaccount",
        name: "ServiceAccount",
        short: &["sa"],
        ..kind("", V1, "serviceaccounts")
    },
    ResourceKind {
        singular: "service",
        name: "Service",
        short: &["svc"],
        categories: ALL,
        subresources: STATUS,
        ..kind("", V1, "services")
    },
    ResourceKind {
        singular: "daemonset",
        name: "DaemonSet",
        short: &["ds"],
        categories: ALL,
        subresources: STATUS,
        ..kind("apps", V1, "daemonsets")
    },
    ResourceKind {
        singular: "deployment",
        name: "Deployment",
        short: &["deploy"],
        categories: ALL,
        subresources: SCALED,
        ..kind("apps", V1, "deployments")
    },
    ResourceKind {
        singular: "replicaset",
        name: "ReplicaSet",
        short: &["rs"],
        categories: ALL,
        subresources: SCALED,
        ..kind("apps", V1, "replicasets")
    },
    ResourceKind {
        singular: "statefulset",
        name: "StatefulSet",
        short: &["sts"],
        categories: ALL,
        subresources: SCALED,
        ..kind("apps", V1, "statefulsets")
    },
    ResourceKind {
        singular: "selfsubjectaccessreview",
        name: "SelfSubjectAccessReview",
        namespaced: false,
        rights: Rights::Review,
        ..kind("authorization.k8s.io", V1, "selfsubjectaccessreviews")
    },
    ResourceKind {
        singular: "selfsubjectrulesreview",
        name: "SelfSubjectRulesReview",
        namespaced: false,
        rights: Rights::Review,
        ..kind("authorization.k8s.io", V1, "selfsubjectrulesreviews")
    },
    ResourceKind {
        singular: "horizontalpodautoscaler",
        name: "HorizontalPodAutoscaler",
        short: &["hpa"],
        categories: ALL,
        subresources: STATUS,
        ..kind("autoscaling", &["v2", "v1"], "horizontalpodautoscalers")
    },
    ResourceKind {
        singular: "verticalpodautoscaler",
        name: "VerticalPodAutoscaler",
        short: &["vpa"],
        ..kind("autoscaling.k8s.io", V1, "verticalpodautoscalers")
    },
    ResourceKind {
        singular: "cronjob",
        name: "CronJob",
        short: &["cj"],
        categories: ALL,
        subresources: STATUS,
        ..kind("batch", V1, "cronjobs")
    },
    ResourceKind { singular: "job", name: "Job", categories: ALL, subresources: STATUS, ..kind("batch", V1, "jobs") },
    ResourceKind { singular: "endpointslice", name: "EndpointSlice", ..kind("discovery.k8s.io", V1, "endpointslices") },
    ResourceKind {
        singular: "elasticsearch",
        name: "Elasticsearch",
        short: &["es"],
        categories: &["elastic"],
        subresources: SCALED,
        ..kind(ELASTIC, V1, "elasticsearches")
    },
    ResourceKind { singular: "event", name: "Event", short: &["ev"], ..kind("events.k8s.io", V1, "events") },
    ResourceKind {
        singular: "scaledobject",
        name: "ScaledObject",
        short: &["so"],
        subresources: STATUS,
        ..kind("keda.sh", &["v1alpha1"], "scaledobjects")
    },
    ResourceKind {
        singular: "node",
        name: "NodeMetrics",
        namespaced: false,
        rights: Rights::Samples,
        ..kind(METRICS, &["v1beta1"], "nodes")
    },
    ResourceKind {
        singular: "pod",
        name: "PodMetrics",
        rights: Rights::Samples,
        ..kind(METRICS, &["v1beta1"], "pods")
    },
    ResourceKind {
        singular: "poddisruptionbudget",
        name: "PodDisruptionBudget",
        short: &["pdb"],
        subresources: STATUS,
        ..kind("policy", V1, "poddisruptionbudgets")
    },
    ResourceKind {
        singular: "clusterrolebinding",
        name: "ClusterRoleBinding",
        namespaced: false,
        ..kind(RBAC, V1, "clusterrolebindings")
    },
    ResourceKind { singular: "clusterrole", name: "ClusterRole", namespaced: false, ..kind(RBAC, V1, "clusterroles") },
    ResourceKind { singular: "rolebinding", name: "RoleBinding", ..kind(RBAC, V1, "rolebindings") },
];

/// The kind with this group and plural.
pub fn find(group: &str, plural: &str) -> Option<&'static ResourceKind> {
    KINDS.iter().find(|kind| kind.group == group && kind.plural == plural)
}

/// The named groups with their versions, in the order of the table.
pub fn groups() -> Vec<(&'static str, &'static [&'static str])> {
    let mut groups: Vec<(&str, &[&str])> = Vec::new();
    for kind in KINDS.iter().filter(|kind| !kind.group.is_empty()) {
        if groups.last().is_none_or(|(name, _)| *name != kind.group) {
            groups.push((kind.group, kind.versions));
        }
    }
    groups
}

/// The kinds of a version of a group.
pub fn of(group: &str, version: &str) -> impl Iterator<Item = &'static ResourceKind> {
    KINDS.iter().filter(move |kind| kind.group == group && kind.versions.contains(&version))
}

/// `apps/v1`, or `v1` for core.
pub fn api_version(group: &str, version: &str) -> String {
    if group.is_empty() { version.to_owned() } else { format!("{group}/{version}") }
}

impl ResourceKind {
    /// `pods`, or `deployments.apps`.
    pub fn qualified(&self) -> String {
        if self.group.is_empty() { self.plural.to_owned() } else { format!("{}.{}", self.plural, self.group) }
    }
}
