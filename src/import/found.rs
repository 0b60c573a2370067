//! What there is of each kind of document, when, and of which names; and the queries by which each kind is found. Must not ask.

use super::search::Names;
use crate::observe::Time;
use crate::observe::text::{NAME, clean};
use crate::source::live::elastic::fields::{buckets, time};
use serde_json::{Value, json};

/// Names that a message lists.
const NAMED: usize = 20;
/// Namespaces of HPAs of one name.
const PLACES: usize = 5;

/// The kinds of documents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Hpa,
    Workload,
    Samples,
    Pods,
    Events,
    Collectors,
}

impl Kind {
    pub const ALL: [Kind; 6] = [Kind::Hpa, Kind::Workload, Kind::Samples, Kind::Pods, Kind::Events, Kind::Collectors];

    fn key(self) -> &'static str {
        match self {
            Kind::Hpa => "hpa",
            Kind::Workload => "workload",
            Kind::Samples => "samples",
            Kind::Pods => "pods",
            Kind::Events => "events",
            Kind::Collectors => "collectors",
        }
    }

    /// What it is, for a sentence.
    pub fn words(self) -> &'static str {
        match self {
            Kind::Hpa => "the HPA's replicas (k8s.hpa.*)",
            Kind::Workload => "the target's replicas (k8s.deployment.*)",
            Kind::Samples => "what pods use (k8s.pod.cpu.usage, container.cpu.usage)",
            Kind::Pods => "the pods' state (k8s.pod.phase, k8s.container.*)",
            Kind::Events => "Kubernetes events",
            Kind::Collectors => "the collectors' own metrics (otelcol_*)",
        }
    }

    /// Documents of this kind, and of these names where they are known.
    pub fn query(self, names: &Names) -> Value {
        let exists = |fields: &[&str]| -> Vec<Value> {
            // Where no alias leads to a field, it has its whole name.
            let all = fields.iter().flat_map(|field| [(*field).to_owned(), format!("metrics.{field}")]);
            all.map(|field| json!({"exists": {"field": field}})).collect()
        };
        let pods = || {
            let mut all = vec![in_namespace(names)];
            if !names.target.is_empty() {
                all.push(by_name(
                    &["k8s.pod.name", "kubernetes.pod.name"],
                    |field| json!({"prefix": {field: {"value": format!("{}-", names.target)}}}),
                ));
            }
            all
        };
        match self {
            Kind::Hpa => {
                let name = term(&["k8s.hpa.name", "kubernetes.horizontalpodautoscaler.name"], &names.hpa);
                all([in_namespace(names), name])
            }
            Kind::Workload => {
                let fields = [
                    "k8s.deployment.desired",
                    "k8s.statefulset.desired_pods",
                    "k8s.replicaset.desired",
                    "kubernetes.deployment.replicas.desired",
                ];
                let mut parts = vec![in_namespace(names), any_of(exists(&fields))];
                if !names.target.is_empty() {
                    let kinds = ["deployment", "statefulset", "replicaset"];
                    let fields = kinds.map(|kind| format!("k8s.{kind}.name"));
                    let fields: Vec<&str> =
                        fields.iter().map(String::as_str).chain(["kubernetes.deployment.name"]).collect();
                    parts.push(term(&fields, &names.target));
                }
                all(parts)
            }
            Kind::Samples => {
                let fields = [
                    "k8s.pod.cpu.usage",
                    "k8s.pod.cpu.utilization",
                    "k8s.pod.memory.working_set",
                    "container.cpu.usage",
                    "container.cpu.utilization",
                    "container.memory.working_set",
                    "kubernetes.pod.cpu.usage.nanocores",
                    "kubernetes.container.cpu.usage.nanocores",
                ];
                all(pods().into_iter().chain([any_of(exists(&fields))]))
            }
            Kind::Pods => {
                let fields = [
                    "k8s.pod.phase",
                    "k8s.container.ready",
                    "k8s.container.cpu_request",
                    "kubernetes.pod.status.phase",
                ];
                all(pods().into_iter().chain([any_of(exists(&fields))]))
            }
            Kind::Events => {
                let mut forms = exists(&["k8s.event.reason", "kubernetes.event.reason"]);
                forms.extend(alternatives(&["k8s.resource.name"]).map(|field| json!({"term": {field: "events"}})));
                any_of(forms)
            }
            Kind::Collectors => {
                any_of(["metrics.otelcol_*", "otelcol_*", "metrics.otelcol.*"].map(|f| json!({"exists": {"field": f}})))
            }
        }
    }
}

/// Any kind of documents.
pub fn any(names: &Names) -> Value {
    any_of(Kind::ALL.map(|kind| kind.query(names)))
}

fn all(parts: impl IntoIterator<Item = Value>) -> Value {
    json!({"bool": {"filter": parts.into_iter().collect::<Vec<_>>()}})
}

fn any_of(parts: impl IntoIterator<Item = Value>) -> Value {
    json!({"bool": {"should": parts.into_iter().collect::<Vec<_>>(), "minimum_should_match": 1}})
}

/// A name, and where else it is kept if no alias leads there.
fn alternatives<'a>(fields: &'a [&'a str]) -> impl Iterator<Item = String> + 'a {
    fields
        .iter()
        .flat_map(|field| [(*field).to_owned(), format!("resource.attributes.{field}"), format!("attributes.{field}")])
}

fn by_name(fields: &[&str], query: impl Fn(String) -> Value) -> Value {
    any_of(alternatives(fields).map(query))
}

fn term(fields: &[&str], value: &str) -> Value {
    by_name(fields, |field| json!({"term": {field: value}}))
}

fn in_namespace(names: &Names) -> Value {
    term(&["k8s.namespace.name", "kubernetes.namespace"], &names.namespace)
}

/// How many documents of a kind there are, and from when to when.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Span {
    pub documents: u64,
    pub first: Option<Time>,
    pub last: Option<Time>,
}

/// What there is.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Found {
    kinds: Vec<(Kind, Span)>,
    /// The HPAs that documents of any namespace name, as `namespace/name`.
    pub hpas: Vec<String>,
    /// The Deployments of the namespace.
    pub deployments: Vec<String>,
}

/// What [`Found::of`] reads.
pub fn aggregations(names: &Names) -> Value {
    let span = json!({"first": {"min": {"field": "@timestamp"}}, "last": {"max": {"field": "@timestamp"}}});
    let mut out: serde_json::Map<String, Value> = Kind::ALL
        .into_iter()
        .map(|kind| (kind.key().to_owned(), json!({"filter": kind.query(names), "aggs": span})))
        .collect();
    let terms = |field: &str, most: usize| json!({"terms": {"field": field, "size": most}});
    for (key, field) in [
        ("hpa_a", "k8s.hpa.name"),
        ("hpa_b", "resource.attributes.k8s.hpa.name"),
        ("hpa_c", "kubernetes.horizontalpodautoscaler.name"),
    ] {
        let mut of = terms(field, NAMED);
        of["aggs"] = json!({
            "in": terms("k8s.namespace.name", PLACES),
            "in_b": terms("resource.attributes.k8s.namespace.name", PLACES),
            "in_c": terms("kubernetes.namespace", PLACES),
        });
        out.insert(key.into(), of);
    }
    for (key, field) in [
        ("deployment_a", "k8s.deployment.name"),
        ("deployment_b", "resource.attributes.k8s.deployment.name"),
        ("deployment_c", "kubernetes.deployment.name"),
    ] {
        out.insert(key.into(), json!({"filter": in_namespace(names), "aggs": {"of": terms(field, NAMED)}}));
    }
    Value::Object(out)
}

impl Found {
    /// From the answer's aggregations; what is not as expected is as if it were not there.
    pub fn of(aggregations: &Value) -> Found {
        let at = |value: &Value| time(&value["value"]);
        let kinds = Kind::ALL.map(|kind| {
            let of = &aggregations[kind.key()];
            let documents = of["doc_count"].as_u64().unwrap_or(0);
            (kind, Span { documents, first: at(&of["first"]), last: at(&of["last"]) })
        });
        let key = |bucket: &Value| Some(clean(bucket["key"].as_str()?, NAME));
        let mut hpas: Vec<String> = Vec::new();
        for bucket in ["hpa_a", "hpa_b", "hpa_c"].iter().flat_map(|name| buckets(&aggregations[*name])) {
            let places = ["in", "in_b", "in_c"].iter().flat_map(|name| buckets(&bucket[*name]));
            hpas.extend(places.filter_map(|place| Some(format!("{}/{}", key(place)?, key(bucket)?))));
        }
        let of = |name: &&str| buckets(&aggregations[*name]["of"]);
        let mut deployments: Vec<String> =
            ["deployment_a", "deployment_b", "deployment_c"].iter().flat_map(of).filter_map(key).collect();
        for all in [&mut hpas, &mut deployments] {
            all.sort();
            all.dedup();
        }
        Found { kinds: kinds.to_vec(), hpas, deployments }
    }

    pub fn span(&self, kind: Kind) -> Span {
        self.kinds.iter().find(|(of, _)| *of == kind).map(|(_, span)| *span).unwrap_or_default()
    }

    pub fn has(&self, kind: Kind) -> bool {
        self.span(kind).documents > 0
    }

    /// The span of everything that is of the HPA: its replicas, its pods.
    pub fn whole(&self) -> Option<(Time, Time)> {
        let spans = [Kind::Hpa, Kind::Workload, Kind::Samples, Kind::Pods].map(|kind| self.span(kind));
        let first = spans.iter().filter_map(|s| s.first).min();
        first.zip(spans.iter().filter_map(|s| s.last).max())
    }
}
