//! A document as what it says of a pod, a container, an HPA, its target, an event or a collector. Field names are those of the
//! OpenTelemetry receivers, and of Elastic's Kubernetes integration. Must not compare documents.

use crate::observe::{EventSeen, Resources, Time};
use crate::source::live::collector::documents::{CollectorRow, POD, UID, row as collector};
use crate::source::live::elastic::fields::{Fields, number, time};
use crate::source::live::{convert, wire};
use chrono::TimeDelta;
use serde_json::{Map, Value};

/// What a document says, and of when.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    pub at: Time,
    pub says: Says,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Says {
    Pod(PodRow),
    Hpa(HpaRow),
    Workload(WorkloadRow),
    Event(Box<EventSeen>),
    Collector(CollectorRow),
}

/// A pod, or with `container` one of its containers.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PodRow {
    pub namespace: String,
    pub pod: String,
    /// Empty where the mapping has none.
    pub uid: String,
    pub node: Option<String>,
    /// `Deployment/edot-gateway`, where a processor added it.
    pub workload: Option<String>,
    pub started: Option<Time>,
    pub container: Option<String>,
    pub image: Option<String>,
    /// Cores.
    pub cpu: Option<f64>,
    /// Bytes of the working set.
    pub memory: Option<f64>,
    pub phase: Option<&'static str>,
    pub ready: Option<bool>,
    pub restarts: Option<i32>,
    pub requests: Resources,
    pub limits: Resources,
}

impl PodRow {
    pub fn is_sample(&self) -> bool {
        self.cpu.is_some() || self.memory.is_some()
    }
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct HpaRow {
    pub namespace: String,
    pub name: String,
    pub uid: String,
    pub min: Option<i32>,
    pub max: Option<i32>,
    pub current: Option<i32>,
    pub desired: Option<i32>,
    /// Kind, name and version of what it scales, where the receiver is set up to say it.
    pub target: Option<(String, String, String)>,
    /// The target of cpu, percent.
    pub cpu_percent: Option<i32>,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct WorkloadRow {
    pub namespace: String,
    pub kind: &'static str,
    pub name: String,
    pub uid: String,
    pub desired: Option<i32>,
    pub ready: Option<i32>,
}

const NAMESPACE: [&str; 2] = ["k8s.namespace.name", "kubernetes.namespace"];
const CONTAINER: [&str; 2] = ["k8s.container.name", "kubernetes.container.name"];
const NODE: [&str; 2] = ["k8s.node.name", "kubernetes.node.name"];

/// What a source says; None for one that says nothing of these.
pub fn row(source: &Value) -> Option<Row> {
    if let Some(event) = event_object(source) {
        let stored = Fields::of(source).time(&["observed_timestamp", "@timestamp"]);
        let at = happened(event.last, stored)?;
        return Some(Row { at, says: Says::Event(Box::new(event)) });
    }
    let fields = Fields::of(source);
    let at = fields.time(&["@timestamp"])?;
    let says = event(&fields, at)
        .map(|event| Says::Event(Box::new(event)))
        .or_else(|| hpa(&fields).map(Says::Hpa))
        .or_else(|| pod(&fields).map(Says::Pod))
        .or_else(|| workload(&fields).map(Says::Workload))
        .or_else(|| collector(&fields).map(Says::Collector))?;
    Some(Row { at, says })
}

/// When an event was: its own time has whole seconds, and most are stored within that second.
fn happened(last: Option<Time>, stored: Option<Time>) -> Option<Time> {
    let Some((last, stored)) = last.zip(stored) else { return last.or(stored) };
    let second = last.checked_add_signed(TimeDelta::milliseconds(999))?;
    Some(if stored < last { last } else { stored.min(second) })
}

/// A quantity of what is stored in cores.
fn cores(n: f64) -> String {
    format!("{}n", (n.clamp(0.0, 1e6) * 1e9).round() as u64)
}

fn bytes(n: f64) -> String {
    format!("{}", n.clamp(0.0, 1e18).round() as u64)
}

/// What a pod or container used, as quantities.
pub fn used(row: &PodRow) -> Resources {
    let cpu = row.cpu.map(|n| ("cpu".to_owned(), cores(n)));
    let memory = row.memory.map(|n| ("memory".to_owned(), bytes(n)));
    cpu.into_iter().chain(memory).collect()
}

fn pod(f: &Fields) -> Option<PodRow> {
    let pod = f.text(&POD)?;
    let container = f.text(&CONTAINER);
    let nano = |names: &[&str]| f.number(names).map(|n| n / 1e9);
    // A pod's own figures stand beside those of its container in no mapping.
    let (cpu, memory) = match container {
        Some(_) => (
            f.number(&["container.cpu.usage", "container.cpu.utilization"])
                .or_else(|| nano(&["kubernetes.container.cpu.usage.nanocores"])),
            f.number(&["container.memory.working_set", "kubernetes.container.memory.workingset.bytes"]),
        ),
        None => (
            f.number(&["k8s.pod.cpu.usage", "k8s.pod.cpu.utilization"])
                .or_else(|| nano(&["kubernetes.pod.cpu.usage.nanocores"])),
            f.number(&["k8s.pod.memory.working_set", "kubernetes.pod.memory.working_set.bytes"]),
        ),
    };
    let pair = |of: &str, text: fn(f64) -> String, names: &[&str]| Some((of.to_owned(), text(f.number(names)?)));
    let sizes = |kind: &str| -> Resources {
        let cpu = [format!("k8s.container.cpu_{kind}"), format!("kubernetes.container.cpu.{kind}.cores")];
        let memory = [format!("k8s.container.memory_{kind}"), format!("kubernetes.container.memory.{kind}.bytes")];
        let (cpu, memory) = (cpu.each_ref().map(String::as_str), memory.each_ref().map(String::as_str));
        [pair("cpu", cores, &cpu), pair("memory", bytes, &memory)].into_iter().flatten().collect()
    };
    let phase = f.whole(&["k8s.pod.phase"]).and_then(|n| {
        ["", "Pending", "Running", "Succeeded", "Failed", "Unknown"].get(usize::try_from(n).ok()?).copied()
    });
    let named = f.text(&["kubernetes.pod.status.phase"]);
    let phases = ["Pending", "Running", "Succeeded", "Failed"];
    let phase = phase
        .filter(|phase| !phase.is_empty())
        .or_else(|| phases.into_iter().find(|p| named.as_deref().is_some_and(|n| n.eq_ignore_ascii_case(p))));
    let ready = f.number(&["k8s.container.ready"]).map(|n| n > 0.0);
    let row = PodRow {
        namespace: f.text(&NAMESPACE).unwrap_or_default(),
        uid: f.text(&UID).unwrap_or_default(),
        node: f.text(&NODE),
        workload: owner(f),
        started: f.time(&["k8s.pod.start_time"]),
        image: container.as_ref().and(f.text(&["container.image.name"])),
        cpu,
        memory,
        phase,
        ready,
        restarts: f.whole(&["k8s.container.restarts", "kubernetes.container.status.restarts"]),
        requests: sizes("request"),
        limits: sizes("limit"),
        pod,
        container,
    };
    let says = row.is_sample() || row.phase.is_some() || row.ready.is_some() || row.restarts.is_some();
    (says || !row.requests.is_empty() || !row.limits.is_empty()).then_some(row)
}

/// The workload that a processor has added to a pod's names.
fn owner(f: &Fields) -> Option<String> {
    let kinds = [("Deployment", "deployment"), ("StatefulSet", "statefulset"), ("DaemonSet", "daemonset")];
    kinds.into_iter().find_map(|(kind, word)| {
        let name = f.text(&[&format!("k8s.{word}.name"), &format!("kubernetes.{word}.name")])?;
        Some(format!("{kind}/{name}"))
    })
}

fn hpa(f: &Fields) -> Option<HpaRow> {
    let name = f.text(&["k8s.hpa.name", "kubernetes.horizontalpodautoscaler.name"])?;
    let count = |of: &str, short: &str| {
        let other = format!("kubernetes.horizontalpodautoscaler.replicas.{short}");
        f.whole(&[&format!("k8s.hpa.{of}"), &other])
    };
    let of_target = |part: &str| f.text(&[&format!("k8s.hpa.scaletargetref.{part}")]);
    let target = of_target("name").zip(of_target("kind"));
    let row = HpaRow {
        namespace: f.text(&NAMESPACE).unwrap_or_default(),
        name,
        uid: f.text(&["k8s.hpa.uid"]).unwrap_or_default(),
        min: count("min_replicas", "min"),
        max: count("max_replicas", "max"),
        current: count("current_replicas", "current"),
        desired: count("desired_replicas", "desired"),
        target: target.map(|(name, kind)| (kind, name, of_target("apiversion").unwrap_or_default())),
        cpu_percent: f.whole(&["k8s.hpa.metric.target.cpu.average_utilization"]),
    };
    let says = [row.min, row.max, row.current, row.desired, row.cpu_percent].iter().any(Option::is_some);
    says.then_some(row)
}

fn workload(f: &Fields) -> Option<WorkloadRow> {
    let kinds = [
        ("Deployment", "deployment", ["desired", "available"]),
        ("StatefulSet", "statefulset", ["desired_pods", "ready_pods"]),
        ("ReplicaSet", "replicaset", ["desired", "available"]),
        ("ReplicationController", "replication_controller", ["desired", "available"]),
    ];
    kinds.into_iter().find_map(|(kind, word, [desired, ready])| {
        let count = |of: &str, short: &str| {
            f.whole(&[&format!("k8s.{word}.{of}"), &format!("kubernetes.{word}.replicas.{short}")])
        };
        let row = WorkloadRow {
            namespace: f.text(&NAMESPACE).unwrap_or_default(),
            kind,
            name: f.text(&[&format!("k8s.{word}.name"), &format!("kubernetes.{word}.name")])?,
            uid: f.text(&[&format!("k8s.{word}.uid")]).unwrap_or_default(),
            desired: count(desired, "desired"),
            ready: count(ready, "available"),
        };
        (row.desired.is_some() || row.ready.is_some()).then_some(row)
    })
}

/// An event of the events' receiver, or of Elastic's integration, whose parts are fields.
fn event(f: &Fields, at: Time) -> Option<EventSeen> {
    let text = |names: &[&str]| f.text(names).unwrap_or_default();
    let reason = f.text(&["k8s.event.reason", "kubernetes.event.reason"])?;
    let last = f.time(&["kubernetes.event.timestamp.last_occurrence"]).unwrap_or(at);
    let first = f.time(&["k8s.event.start_time", "kubernetes.event.timestamp.first_occurrence"]);
    let message = f.message(&["body.text", "message", "kubernetes.event.message", "body"]);
    Some(EventSeen {
        uid: text(&["k8s.event.uid", "kubernetes.event.metadata.uid"]),
        namespace: text(&[
            "k8s.namespace.name",
            "kubernetes.event.metadata.namespace",
            "kubernetes.event.involved_object.namespace",
            "kubernetes.namespace",
        ]),
        first: first.or(Some(last)),
        last: Some(last),
        count: f.whole(&["k8s.event.count", "kubernetes.event.count"]).unwrap_or(1).max(1),
        kind: text(&["severity_text", "kubernetes.event.type"]),
        reason,
        message: message.unwrap_or_default(),
        source: text(&["k8s.event.source.component", "kubernetes.event.source.component"]),
        object: crate::observe::ObjectRef {
            kind: text(&["k8s.object.kind", "kubernetes.event.involved_object.kind"]),
            name: text(&["k8s.object.name", "kubernetes.event.involved_object.name"]),
            uid: text(&["k8s.object.uid", "kubernetes.event.involved_object.uid"]),
        },
    })
}

/// An event of the objects' receiver: the object is the body, as a watch has it (`{type, object}`), or alone.
fn event_object(source: &Value) -> Option<EventSeen> {
    let body = source.get("body").or_else(|| source.get("body.structured"))?;
    let forms = ["structured", "flattened", "text"].into_iter().filter_map(|form| body.get(form)).chain([body]);
    forms.into_iter().find_map(|body| {
        let parsed: Option<Value> = body.as_str().and_then(|text| serde_json::from_str(text).ok());
        let body = parsed.as_ref().unwrap_or(body);
        if body.get("type").and_then(Value::as_str) == Some("DELETED") {
            return None;
        }
        object(body.get("object").unwrap_or(body).as_object()?)
    })
}

/// An Event object of either API group. A mapping may have made text of its numbers.
fn object(of: &Map<String, Value>) -> Option<EventSeen> {
    const NEW: [(&str, &str); 6] = [
        ("regarding", "involvedObject"),
        ("note", "message"),
        ("deprecatedFirstTimestamp", "firstTimestamp"),
        ("deprecatedLastTimestamp", "lastTimestamp"),
        ("deprecatedCount", "count"),
        ("reportingController", "reportingComponent"),
    ];
    let mut core = of.clone();
    for (new, old) in NEW {
        if let Some(value) = core.remove(new) {
            core.entry(old).or_insert(value);
        }
    }
    if !core.get("involvedObject").is_some_and(Value::is_object) {
        return None;
    }
    if let Some(count) = core.get("count").and_then(number) {
        core.insert("count".into(), Value::from(count as i64));
    }
    for key in ["firstTimestamp", "lastTimestamp", "eventTime"] {
        if core.get(key).is_some_and(|value| time(value).is_none()) {
            core.remove(key);
        }
    }
    core.remove("series").map(|series| {
        let count = series.get("count").and_then(number).map(|n| n as i64);
        core.entry("series")
            .or_insert(serde_json::json!({"count": count, "lastObservedTime": series.get("lastObservedTime")}))
    });
    let wire: wire::Event = serde_json::from_value(Value::Object(core)).ok()?;
    Some(convert::event(&wire))
}
