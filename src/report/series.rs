//! A session as named series over time: the one basis of CSV, JSON and the charts of HTML. Raw figures in their own units;
//! what is unknown is a gap. Must not derive verdicts or sentences.

use crate::observe::{Role, Signal};
use crate::session::{Series, Session, StepSeries, TargetType, Track};

/// How the points of a series join.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// Samples, joined by a line.
    Line,
    /// Each value holds until the next.
    StepSeries,
}

type Labels = Vec<(&'static str, String)>;

/// One figure over time.
#[derive(Clone, Debug, PartialEq)]
pub struct NamedSeries {
    /// `hpa_metric`, `pod_cpu` …
    pub name: &'static str,
    pub labels: Labels,
    /// `percent`, `cores`, `millicores`, `bytes`, `replicas`, `per_second` …
    pub unit: &'static str,
    pub shape: Shape,
    /// (milliseconds since 1970, value), ascending; None is a gap, or unknown from then on.
    pub points: Vec<(i64, Option<f64>)>,
}

impl NamedSeries {
    /// The value of a label; empty where it has none.
    pub fn label(&self, name: &str) -> &str {
        self.labels.iter().find(|l| l.0 == name).map_or("", |l| l.1.as_str())
    }

    /// `metric=cpu;pod=a`; a semicolon, equals sign or backslash in a value is escaped by a backslash.
    pub fn label_text(&self) -> String {
        let escaped = |t: &str| t.replace('\\', "\\\\").replace(';', "\\;").replace('=', "\\=");
        self.labels.iter().map(|(n, v)| format!("{n}={}", escaped(v))).collect::<Vec<_>>().join(";")
    }
}

/// The unit of a metric of the HPA.
pub fn unit(track: &Track) -> &'static str {
    match (track.target_type, track.metric.name.as_str(), track.is_resource()) {
        (TargetType::Utilization, _, _) => "percent",
        (_, "cpu", true) => "cores",
        (_, "memory" | "ephemeral-storage", true) => "bytes",
        _ => "value",
    }
}

/// Every series of a session that has a point, in a fixed order.
pub fn all_series(session: &Session) -> Vec<NamedSeries> {
    let mut out = Vec::new();
    hpa(session, &mut out);
    pods(session, &mut out);
    load(session, &mut out);
    collectors(session, &mut out);
    elasticsearch(session, &mut out);
    out.retain(|s| !s.points.is_empty());
    out
}

/// Metrics and their targets, replicas, the controller's recommendations.
fn hpa(session: &Session, out: &mut Vec<NamedSeries>) {
    for track in &session.metrics.all {
        let labels = || vec![("metric", track.label())];
        out.push(line("hpa_metric", labels(), unit(track), &track.samples));
        let mut targets: Vec<(i64, Option<f64>)> =
            track.target.changes().iter().map(|(ms, t)| (*ms, Some(*t))).collect();
        targets.extend(track.retired.map(|gone| (gone, None)));
        out.push(NamedSeries {
            name: "hpa_target",
            labels: labels(),
            unit: unit(track),
            shape: Shape::StepSeries,
            points: targets,
        });
    }
    let r = &session.replicas;
    for (state, values) in
        [("current", &r.current), ("desired", &r.desired), ("ready", &r.ready), ("min", &r.min), ("max", &r.max)]
    {
        out.push(steps("replicas", vec![("state", state.into())], "replicas", values));
    }
    let recommended = session.decisions.rows().iter().flat_map(|row| {
        let value = row.computed.recommended.map(f64::from);
        [(row.first, value), (row.last, value)].into_iter().take(if row.count > 1 { 2 } else { 1 })
    });
    out.push(NamedSeries {
        name: "recommendation",
        labels: vec![],
        unit: "replicas",
        shape: Shape::StepSeries,
        points: recommended.collect(),
    });
}

fn pods(session: &Session, out: &mut Vec<NamedSeries>) {
    let mut pods: Vec<_> = session.pods.all().collect();
    pods.sort_by_key(|p| (p.seen.created, p.seen.name.as_str()));
    for pod in pods {
        let labels = || vec![("pod", pod.seen.name.clone())];
        for (name, unit, samples) in [("pod_cpu", "millicores", &pod.cpu), ("pod_memory", "bytes", &pod.memory)] {
            let mut usage = line(name, labels(), unit, samples);
            if !usage.points.is_empty() {
                usage.points.extend(pod.gone.map(|ms| (ms, None)));
            }
            out.push(usage);
        }
    }
}

/// The load's own figures, as k6 reports them.
fn load(session: &Session, out: &mut Vec<NamedSeries>) {
    let k6 = &session.load.k6;
    out.push(line("load_vus", vec![], "virtual_users", &k6.vus()));
    out.push(line("load_iterations", vec![], "per_second", &k6.iterations()));
    out.push(line("load_requests", vec![], "per_second", &k6.requests()));
    out.push(percent("load_failed", vec![], &k6.failed()));
    out.push(line("load_p95", vec![], "milliseconds", &k6.p95()));
}

const AGENTS: [&str; 5] =
    ["agents_accepted", "agents_refused", "agents_sent", "agents_send_failed", "agents_enqueue_failed"];
const GATEWAY: [&str; 5] =
    ["gateway_accepted", "gateway_refused", "gateway_sent", "gateway_send_failed", "gateway_enqueue_failed"];
const CLUSTER: [&str; 5] =
    ["cluster_accepted", "cluster_refused", "cluster_sent", "cluster_send_failed", "cluster_enqueue_failed"];

/// The collectors by tier, in the order in which telemetry passes through them.
fn collectors(session: &Session, out: &mut Vec<NamedSeries>) {
    for (role, names) in [(Role::Agent, AGENTS), (Role::Gateway, GATEWAY), (Role::Cluster, CLUSTER)] {
        let Some(tier) = session.collectors.tier(role) else { continue };
        for signal in Signal::ALL {
            let r = tier.rates(signal);
            let each = [&r.accepted, &r.refused, &r.sent, &r.send_failed, &r.enqueue_failed];
            let labels = || vec![("signal", signal.name().to_string())];
            out.extend(names.iter().zip(each).map(|(name, rate)| line(name, labels(), "per_second", rate)));
        }
        if role == Role::Gateway {
            out.push(percent("gateway_queue", vec![], &tier.queue));
        }
    }
    for one in session.collectors.all().filter(|c| c.role == Role::Gateway) {
        out.push(line("pod_accepted", vec![("pod", one.pod.clone())], "per_second", &one.accepted.rate));
    }
}

fn elasticsearch(session: &Session, out: &mut Vec<NamedSeries>) {
    for signal in Signal::ALL {
        let Some(flow) = session.ingest.signal(signal) else { continue };
        let labels = || vec![("signal", signal.name().to_string())];
        out.push(line("ingest_documents", labels(), "per_second", &flow.rate));
        out.push(line("ingest_bytes", labels(), "bytes_per_second", &flow.bytes));
    }
    let pressure = &session.ingest.pressure;
    out.push(line("ingest_rejections", vec![], "per_second", &pressure.rejections));
    out.push(line("ingest_write_queue", vec![], "requests", &pressure.queue));
    out.push(percent("ingest_pressure", vec![], &pressure.ratio));
}

fn line(name: &'static str, labels: Labels, unit: &'static str, samples: &Series) -> NamedSeries {
    let mut points = Vec::with_capacity(samples.points().len());
    for (i, segment) in samples.segments(i64::MIN, i64::MAX).into_iter().enumerate() {
        // A gap is placed right before the sample that ends it.
        points.extend(segment.first().filter(|_| i > 0).map(|p| (p.0 - 1, None)));
        points.extend(segment.iter().map(|(ms, v)| (*ms, Some(*v))));
    }
    NamedSeries { name, labels, unit, shape: Shape::Line, points }
}

fn steps(name: &'static str, labels: Labels, unit: &'static str, values: &StepSeries<Option<i32>>) -> NamedSeries {
    let points = values.changes().iter().map(|(ms, v)| (*ms, v.map(f64::from))).collect();
    NamedSeries { name, labels, unit, shape: Shape::StepSeries, points }
}

/// A series of ratios (1 is all), in percent.
fn percent(name: &'static str, labels: Labels, ratios: &Series) -> NamedSeries {
    let mut out = line(name, labels, "percent", ratios);
    out.points.iter_mut().for_each(|p| p.1 = p.1.map(|v| v * 100.0));
    out
}
