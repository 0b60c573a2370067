//! The HPA's figures by the semantic conventions, and the store's documents of syncs and of the gateway as metrics: one row a
//! metric. Must not compute figures.

use super::SCHEMA;
use super::values::{attribute, nanos, scope};
use crate::observe::{Feed, MetricKind, Time};
use crate::session::{Session, quantity};
use crate::store::{GATEWAY, SYNCS, bulk::Doc};
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::metrics::v1::{
    AggregationTemporality, Gauge, Metric, NumberDataPoint, ResourceMetrics, ScopeMetrics, Sum, metric::Data,
    number_data_point::Value as Number,
};
use opentelemetry_proto::tonic::resource::v1::Resource;
use serde_json::Value;

/// How a metric counts.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Instrument {
    Gauge,
    /// A sum that may fall.
    UpDown,
    /// Since the session began.
    Counter,
}
use Instrument::{Counter, Gauge as G, UpDown};

/// A metric that is a field of a document.
struct Row {
    index: &'static str,
    /// A number, or an object of numbers by `by`.
    field: &'static str,
    name: &'static str,
    unit: &'static str,
    instrument: Instrument,
    /// The attribute that an object's keys are.
    by: &'static str,
}

const fn row(
    index: &'static str,
    field: &'static str,
    name: &'static str,
    unit: &'static str,
    instrument: Instrument,
    by: &'static str,
) -> Row {
    Row { index, field, name, unit, instrument, by }
}

const SIGNAL: &str = "edot_tui.signal";
const METRIC: &str = "edot_tui.hpa.metric";

#[rustfmt::skip]
const ROWS: [Row; 19] = [
    row(GATEWAY, "accepted", "edot_tui.gateway.accepted", "{item}/s", G, SIGNAL),
    row(GATEWAY, "refused", "edot_tui.gateway.refused", "{item}/s", G, SIGNAL),
    row(GATEWAY, "sent", "edot_tui.gateway.sent", "{item}/s", G, SIGNAL),
    row(GATEWAY, "send_failed", "edot_tui.gateway.send_failed", "{item}/s", G, SIGNAL),
    row(GATEWAY, "enqueue_failed", "edot_tui.gateway.enqueue_failed", "{item}/s", G, SIGNAL),
    row(GATEWAY, "documents", "edot_tui.elasticsearch.documents", "{document}/s", G, SIGNAL),
    row(GATEWAY, "rejected", "edot_tui.gateway.rejected", "{document}/s", G, ""),
    row(GATEWAY, "queue_percent", "edot_tui.gateway.queue.utilization", "%", G, ""),
    row(GATEWAY, "skew", "edot_tui.gateway.skew", "1", G, ""),
    row(GATEWAY, "lost", "edot_tui.gateway.lost", "{item}", Counter, ""),
    row(GATEWAY, "replicas", "edot_tui.gateway.replicas", "{pod}", UpDown, ""),
    row(GATEWAY, "ready", "edot_tui.gateway.ready", "{pod}", UpDown, ""),
    row(SYNCS, "figure", "edot_tui.sync.figure", "1", G, METRIC),
    row(SYNCS, "target", "edot_tui.sync.target", "1", G, METRIC),
    row(SYNCS, "proposal", "edot_tui.sync.proposal", "{pod}", G, METRIC),
    row(SYNCS, "recommended", "edot_tui.sync.recommended", "{pod}", G, ""),
    row(SYNCS, "stabilized", "edot_tui.sync.stabilized", "{pod}", G, ""),
    row(SYNCS, "result", "edot_tui.sync.computed", "{pod}", G, ""),
    row(SYNCS, "controller", "edot_tui.sync.asked", "{pod}", G, ""),
];

/// The request for what is known now and what settled in the documents, and how many points it has; None without any.
pub fn request(session: &Session, docs: &[Doc], resource: Resource) -> Option<(ExportMetricsServiceRequest, u64)> {
    let began = session.began.map_or(0, |t| nanos(t.timestamp_millis()));
    let mut metrics = hpa(session, began);
    metrics.extend(ROWS.iter().filter_map(|row| of_documents(row, docs, began)));
    let count = metrics.iter().map(|m| points(m).len() as u64).sum();
    let scope_metrics = vec![ScopeMetrics { scope: Some(scope()), metrics, schema_url: SCHEMA.into() }];
    let all = ResourceMetrics { resource: Some(resource), scope_metrics, schema_url: SCHEMA.into() };
    (count > 0).then(|| (ExportMetricsServiceRequest { resource_metrics: vec![all] }, count))
}

fn points(metric: &Metric) -> &[NumberDataPoint] {
    match &metric.data {
        Some(Data::Gauge(gauge)) => &gauge.data_points,
        Some(Data::Sum(sum)) => &sum.data_points,
        _ => &[],
    }
}

/// `k8s.hpa.*`, as the object is now, and how the arithmetic did so far.
fn hpa(session: &Session, began: u64) -> Vec<Metric> {
    let at = nanos(session.now_ms());
    let point = |value: Number, attributes: Vec<Option<KeyValue>>| {
        let attributes = attributes.into_iter().flatten().collect();
        NumberDataPoint { attributes, time_unix_nano: at, value: Some(value), ..Default::default() }
    };
    let mut out = Vec::new();
    if let Some(hpa) = session.hpa.as_ref().filter(|_| session.feeds.is_up(Feed::Hpa)) {
        let pods = [
            ("k8s.hpa.pod.current", hpa.status.current_replicas),
            ("k8s.hpa.pod.desired", Some(hpa.status.desired_replicas)),
            ("k8s.hpa.pod.min", Some(hpa.min_replicas.unwrap_or(1))),
            ("k8s.hpa.pod.max", Some(hpa.max_replicas)),
        ];
        out.extend(pods.into_iter().filter_map(|(name, value)| {
            metric(name, "{pod}", UpDown, vec![point(Number::AsInt(value?.into()), Vec::new())], began)
        }));
        let resources = hpa.metrics.iter().filter(|m| m.name == "cpu").filter_map(|m| match m.kind {
            MetricKind::Resource => Some(("Resource", m)),
            MetricKind::ContainerResource => Some(("ContainerResource", m)),
            _ => None,
        });
        let (mut ratios, mut values) = (Vec::new(), Vec::new());
        for (kind, m) in resources {
            let container = m.container.as_deref().unwrap_or_default();
            let attributes =
                || vec![attribute("k8s.hpa.metric.type", kind), attribute("k8s.container.name", container)];
            ratios.extend(m.value.utilization.map(|v| point(Number::AsInt(v.into()), attributes())));
            let cores = m.value.average_value.as_deref().and_then(quantity);
            values.extend(cores.map(|v| point(Number::AsDouble(v), attributes())));
        }
        out.extend(metric("k8s.hpa.metric.target.cpu.average_utilization", "1", G, ratios, began));
        out.extend(metric("k8s.hpa.metric.target.cpu.average_value", "{cpu}", G, values, began));
    }
    let score = session.decisions.score.all();
    let of = |n: u32, agrees: bool| point(Number::AsInt(n.into()), vec![attribute("edot_tui.sync.agrees", agrees)]);
    let syncs = vec![of(score.agreed, true), of(score.of.saturating_sub(score.agreed), false)];
    out.extend(metric("edot_tui.syncs", "{sync}", UpDown, syncs, began).filter(|_| score.of > 0));
    out
}

fn of_documents(row: &Row, docs: &[Doc], began: u64) -> Option<Metric> {
    let mut points = Vec::new();
    for body in docs.iter().filter(|doc| doc.index == row.index).map(|doc| &doc.body) {
        // Syncs alike in a row are one document: it holds until the last of them.
        let Some(at) = moment(&body["until"]).or_else(|| time(body)) else { continue };
        let mut push = |value: &Value, by: Option<KeyValue>| {
            let value = value.as_i64().map(Number::AsInt).or_else(|| value.as_f64().map(Number::AsDouble));
            let attributes = by.into_iter().collect();
            points.extend(value.map(|value| NumberDataPoint {
                attributes,
                time_unix_nano: at,
                value: Some(value),
                ..Default::default()
            }));
        };
        match &body[row.field] {
            Value::Object(all) => all.iter().for_each(|(key, value)| push(value, attribute(row.by, key.as_str()))),
            value => push(value, None),
        }
    }
    metric(row.name, row.unit, row.instrument, points, began)
}

/// None without points.
fn metric(name: &str, unit: &str, instrument: Instrument, points: Vec<NumberDataPoint>, began: u64) -> Option<Metric> {
    if points.is_empty() {
        return None;
    }
    let from = |points: Vec<NumberDataPoint>| {
        points.into_iter().map(|p| NumberDataPoint { start_time_unix_nano: began, ..p }).collect()
    };
    let data = match instrument {
        G => Data::Gauge(Gauge { data_points: points }),
        UpDown | Counter => Data::Sum(Sum {
            data_points: from(points),
            aggregation_temporality: AggregationTemporality::Cumulative.into(),
            is_monotonic: instrument == Counter,
        }),
    };
    Some(Metric { name: name.into(), unit: unit.into(), data: Some(data), ..Default::default() })
}

/// A document's time in nanoseconds since 1970.
pub fn time(body: &Value) -> Option<u64> {
    moment(&body["@timestamp"])
}

fn moment(text: &Value) -> Option<u64> {
    let at: Time = text.as_str()?.parse().ok()?;
    Some(nanos(at.timestamp_millis()))
}
