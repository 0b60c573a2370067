//! A collector's own metrics on `:8888/metrics`, with the names and labels of its version. A counter that is still zero is
//! left out, as in the real collector.

use super::prometheus_text::MetricsText;
use super::{PodRequest, PodResponse};
use crate::lab::model::Ms;
use crate::lab::model::flow::agent::Agent;
use crate::lab::model::flow::bulk_indexing::{BOUNDS, BulkCounters, BulkOutcome};
use crate::lab::model::flow::gateway::Gateway;
use crate::lab::model::flow::items::SIGNALS;
use crate::lab::model::flow::process::Process;

/// `/metrics`, or 404.
pub fn route(request: &PodRequest, text: String) -> PodResponse {
    match (request.method.as_str(), request.path.as_str()) {
        ("GET", "/metrics") => {
            PodResponse::text(200, "text/plain; version=0.0.4; charset=utf-8; escaping=underscores", text)
        }
        _ => PodResponse::text(404, "text/plain; charset=utf-8", "404 page not found\n".into()),
    }
}

const EXPORTER: (&str, &str) = ("exporter", "elasticsearch/otel");
const RECEIVER: [(&str, &str); 2] = [("receiver", "otlp"), ("transport", "grpc")];
const LIMITER: (&str, &str) = ("processor", "memory_limiter");
const BATCH: (&str, &str) = ("processor", "batch");

/// The minor version; some renamed metrics.
fn minor(version: &str) -> u32 {
    version.split('.').nth(1).and_then(|n| n.parse().ok()).unwrap_or(141)
}

pub fn gateway(of: &Gateway, pod: &str, t: Ms) -> String {
    let mut text = MetricsText::default();
    let version = &of.settings().version;
    let minor = minor(version);
    outcomes(&mut text, &of.outcomes);
    if minor >= 152 && of.pipelines.iter().any(|l| l.sent + l.send_failed > 0 || l.in_flight() > 0) {
        in_flight(&mut text, |n| of.pipelines[n].in_flight(), EXPORTER);
    }
    queues(&mut text, of.settings().queue.size, |n| of.pipelines[n].size, EXPORTER);
    counters(
        &mut text,
        "otelcol_exporter_send_failed",
        "Number of {} in failed attempts to send to destination.",
        &[EXPORTER],
        |n| Some(of.pipelines[n].send_failed).filter(|n| *n > 0),
    );
    counters(&mut text, "otelcol_exporter_sent", "Number of {} successfully sent to destination.", &[EXPORTER], |n| {
        Some(of.pipelines[n].sent).filter(|n| *n > 0)
    });
    process(&mut text, &of.process, of.heap.alloc, of.heap.total_alloc, of.heap.system(), t);
    batches(&mut text, of.pipelines.iter().map(|l| l.batches));
    let offered = |n: usize| of.pipelines[n].accepted + of.pipelines[n].refused;
    text.family("otelcol_processor_incoming_items", "counter", "Number of items passed to the processor. [Alpha]");
    for signal in SIGNALS.into_iter().filter(|s| offered(*s as usize) > 0) {
        let labels = [("otel_signal", signal.name()), LIMITER];
        text.sample("otelcol_processor_incoming_items", &labels, offered(signal as usize) as f64);
    }
    // The limiter's own counters were renamed.
    let stem = if minor >= 155 { "otelcol_processor_memory_limiter" } else { "otelcol_processor" };
    let passed = "Number of {} successfully pushed into the next component in the pipeline.";
    counters(&mut text, &format!("{stem}_accepted"), passed, &[LIMITER], |n| {
        Some(of.pipelines[n].accepted).filter(|n| *n > 0)
    });
    let rejected = "Number of {} that were rejected by the next component in the pipeline.";
    counters(&mut text, &format!("{stem}_refused"), rejected, &[LIMITER], |n| {
        Some(of.pipelines[n].refused).filter(|n| *n > 0)
    });
    text.family("otelcol_processor_outgoing_items", "counter", "Number of items emitted from the processor. [Alpha]");
    for signal in SIGNALS.into_iter().filter(|s| of.pipelines[*s as usize].accepted > 0) {
        let labels = [("otel_signal", signal.name()), LIMITER];
        text.sample("otelcol_processor_outgoing_items", &labels, of.pipelines[signal as usize].accepted as f64);
    }
    receivers(&mut text, minor, |n| (of.pipelines[n].accepted, of.pipelines[n].refused));
    end(text, "edot-gateway", version, pod)
}

pub fn agent(of: &Agent, version: &str, pod: &str, t: Ms) -> String {
    let mut text = MetricsText::default();
    let minor = minor(version);
    // 0.157 renamed the exporter's type.
    let name = if minor >= 157 { "otlp_grpc/gateway" } else { "otlp/gateway" };
    let exporter = ("exporter", name);
    let server = [exporter, ("server_address", "edot-gateway.observability-lab.svc"), ("server_port", "4317")];
    let failed = "Number of {} failed to be added to the sending queue.";
    counters(&mut text, "otelcol_exporter_enqueue_failed", failed, &[exporter], |n| {
        Some(of.pipelines[n].enqueue_failed).filter(|n| *n > 0)
    });
    if minor >= 152 {
        in_flight(&mut text, |n| of.pipelines[n].in_flight(), exporter);
    }
    queues(&mut text, of.queue_capacity(), |n| of.pipelines[n].size(), exporter);
    counters(
        &mut text,
        "otelcol_exporter_send_failed",
        "Number of {} in failed attempts to send to destination.",
        &server,
        |n| Some(of.pipelines[n].send_failed).filter(|n| *n > 0),
    );
    counters(&mut text, "otelcol_exporter_sent", "Number of {} successfully sent to destination.", &server, |n| {
        Some(of.pipelines[n].sent).filter(|n| *n > 0)
    });
    process(&mut text, &of.process, of.heap.alloc, of.heap.total_alloc, of.heap.system(), t);
    batches(&mut text, of.pipelines.iter().map(|l| l.batches));
    receivers(&mut text, minor, |n| (of.pipelines[n].accepted, 0));
    end(text, if of.of_cluster { "edot-cluster-collector" } else { "edot-agent" }, version, pod)
}

fn counters(
    text: &mut MetricsText,
    stem: &str,
    help: &str,
    labels: &[(&str, &str)],
    value: impl Fn(usize) -> Option<u64>,
) {
    let mut all: Vec<_> = SIGNALS.into_iter().filter_map(|s| Some((s, value(s as usize)?))).collect();
    all.sort_by_key(|(signal, _)| signal.unit());
    for (signal, value) in all {
        let name = format!("{stem}_{}", signal.unit());
        let help = format!("{} [Alpha]", help.replace("{}", &signal.unit().replace('_', " ")));
        text.single(&name, "counter", &help, labels, value as f64);
    }
}

fn in_flight(text: &mut MetricsText, requests: impl Fn(usize) -> usize, exporter: (&str, &str)) {
    let name = "otelcol_exporter_in_flight_requests";
    text.family(
        name,
        "gauge",
        "Number of export requests currently in-flight (including retry backoff). [Development]",
    );
    for signal in SIGNALS {
        text.sample(name, &[("data_type", signal.name()), exporter], requests(signal as usize) as f64);
    }
}

fn queues(text: &mut MetricsText, capacity: usize, size: impl Fn(usize) -> usize, exporter: (&str, &str)) {
    text.family("otelcol_exporter_queue_capacity", "gauge", "Fixed capacity of the retry queue (in batches). [Alpha]");
    for signal in SIGNALS {
        text.sample("otelcol_exporter_queue_capacity", &[("data_type", signal.name()), exporter], capacity as f64);
    }
    text.family("otelcol_exporter_queue_size", "gauge", "Current size of the retry queue (in batches). [Alpha]");
    for signal in SIGNALS {
        text.sample(
            "otelcol_exporter_queue_size",
            &[("data_type", signal.name()), exporter],
            size(signal as usize) as f64,
        );
    }
}

fn receivers(text: &mut MetricsText, minor: u32, of: impl Fn(usize) -> (u64, u64)) {
    let seen = |n: usize| of(n).0 + of(n).1 > 0;
    let accepted = "Number of {} successfully pushed into the pipeline.";
    counters(text, "otelcol_receiver_accepted", accepted, &RECEIVER, |n| Some(of(n).0).filter(|_| seen(n)));
    if minor >= 157 {
        let failed = "The number of {} that failed to be processed by the receiver due to internal errors.";
        counters(text, "otelcol_receiver_failed", failed, &RECEIVER, |n| Some(0).filter(|_| seen(n)));
    }
    let refused = "Number of {} that could not be pushed into the pipeline.";
    counters(text, "otelcol_receiver_refused", refused, &RECEIVER, |n| Some(of(n).1).filter(|_| seen(n)));
}

fn process(text: &mut MetricsText, process: &Process, alloc: f64, total: f64, system: f64, t: Ms) {
    let rows = [
        (
            "otelcol_process_cpu_seconds",
            "counter",
            "Total CPU user and system time in seconds [Alpha]",
            (process.core_seconds * 100.0).floor() / 100.0,
        ),
        (
            "otelcol_process_memory_rss",
            "gauge",
            "Total physical memory (resident set size) [Alpha]",
            (process.bytes / 4096.0).floor() * 4096.0,
        ),
        (
            "otelcol_process_runtime_heap_alloc_bytes",
            "gauge",
            "Bytes of allocated heap objects (see 'go doc runtime.MemStats.HeapAlloc') [Alpha]",
            alloc.floor(),
        ),
        (
            "otelcol_process_runtime_total_alloc_bytes",
            "counter",
            "Cumulative bytes allocated for heap objects (see 'go doc runtime.MemStats.TotalAlloc') [Alpha]",
            total.floor(),
        ),
        (
            "otelcol_process_runtime_total_sys_memory_bytes",
            "gauge",
            "Total bytes of memory obtained from the OS (see 'go doc runtime.MemStats.Sys') [Alpha]",
            system.floor(),
        ),
        ("otelcol_process_uptime", "counter", "Uptime of the process [Alpha]", (t - process.started) as f64 / 1000.0),
    ];
    for (name, kind, help, value) in rows {
        text.single(name, kind, help, &[], value);
    }
}

fn batches(text: &mut MetricsText, lines: impl Iterator<Item = (u64, u64, u64)>) {
    let (size, timeout, _) = lines.fold((0, 0, 0), |sum, l| (sum.0 + l.0, sum.1 + l.1, sum.2 + l.2));
    let rows = [
        (
            "otelcol_processor_batch_batch_size_trigger_send",
            "counter",
            "Number of times the batch was sent due to a size trigger [Development]",
            size,
        ),
        (
            "otelcol_processor_batch_metadata_cardinality",
            "gauge",
            "Number of distinct metadata value combinations being processed [Development]",
            3,
        ),
        (
            "otelcol_processor_batch_timeout_trigger_send",
            "counter",
            "Number of times the batch was sent due to a timeout trigger [Development]",
            timeout,
        ),
    ];
    for (name, kind, help, value) in rows.into_iter().filter(|row| row.3 > 0) {
        text.single(name, kind, help, &[BATCH], value as f64);
    }
}

/// The Elasticsearch exporter's counters of bulk requests.
fn outcomes(text: &mut MetricsText, of: &BulkCounters) {
    let words = |outcome: BulkOutcome| match outcome {
        BulkOutcome::Indexed => ("200", "success"),
        BulkOutcome::TooMany => ("429", "too_many"),
        BulkOutcome::Unavailable => ("503", "failed_server"),
        BulkOutcome::Unreachable => ("500", "internal_server_error"),
    };
    let labels =
        |outcome: BulkOutcome| [("http_response_status_code", words(outcome).0), ("outcome", words(outcome).1)];
    if !of.requests.is_empty() {
        let name = "otelcol_elasticsearch_bulk_requests_count";
        text.family(name, "counter", "Count of the completed bulk requests. [Alpha]");
        of.requests.iter().for_each(|(outcome, (count, _))| text.sample(name, &labels(*outcome), *count as f64));
        let name = "otelcol_elasticsearch_bulk_requests_latency";
        text.family(name, "histogram", "Latency of Elasticsearch bulk operations in seconds. [Alpha]");
        for (outcome, (count, sum)) in &of.requests {
            let own = labels(*outcome);
            let mut bucket = |le: &str, count: u64| {
                text.sample(&format!("{name}_bucket"), &[own[0], own[1], ("le", le)], count as f64);
            };
            let counts = of.buckets.get(outcome).copied().unwrap_or([0; BOUNDS.len()]);
            BOUNDS.iter().zip(counts).for_each(|(bound, count)| bucket(&bound.to_string(), count));
            bucket("+Inf", *count);
            text.sample(&format!("{name}_sum"), &own, *sum);
            text.sample(&format!("{name}_count"), &own, *count as f64);
        }
        let name = "otelcol_elasticsearch_docs_processed";
        text.family(name, "counter", "Count of documents flushed to Elasticsearch. [Alpha]");
        of.documents.iter().for_each(|(outcome, count)| text.sample(name, &labels(*outcome), *count as f64));
        if of.documents_refused > 0 {
            let own = [
                ("error_type", "es_rejected_execution_exception"),
                ("http_response_status_code", "429"),
                ("outcome", "too_many"),
            ];
            text.sample(name, &own, of.documents_refused as f64);
        }
    }
    let rows = [
        (
            "otelcol_elasticsearch_docs_received",
            "Count of Elasticsearch documents successfully received to be buffered. [Alpha]",
            of.received as f64,
        ),
        ("otelcol_elasticsearch_docs_retried", "Count of document retries. [Alpha]", of.retried as f64),
        (
            "otelcol_elasticsearch_docs_retried_http_request",
            "Count of HTTP request retries. [Alpha]",
            of.requests_retried as f64,
        ),
        (
            "otelcol_elasticsearch_flushed_bytes",
            "Number of bytes flushed by the indexer. [Alpha]",
            of.flushed_bytes.floor(),
        ),
        (
            "otelcol_elasticsearch_flushed_uncompressed_bytes",
            "Number of uncompressed bytes flushed by the indexer. [Alpha]",
            of.uncompressed_bytes.floor(),
        ),
    ];
    for (name, help, value) in rows.into_iter().filter(|row| row.2 > 0.0) {
        text.single(name, "counter", help, &[], value);
    }
}

fn end(mut text: MetricsText, service: &str, version: &str, pod: &str) -> String {
    let name = "promhttp_metric_handler_errors_total";
    text.family(name, "counter", "Total number of internal errors encountered by the promhttp metric handler.");
    ["encoding", "gathering"].iter().for_each(|cause| text.sample(name, &[("cause", cause)], 0.0));
    let info = [("service_instance_id", pod), ("service_name", service), ("service_version", version)];
    text.single("target_info", "gauge", "Target metadata", &info, 1.0);
    text.done()
}
