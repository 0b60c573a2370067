//! A collector's metrics -> CollectorSeen, whatever its version calls them. Sums what a collector splits by transport or
//! address. Must not judge or make rates.
//!
//! The names differ by version and by how the reader is set up: dots or underscores, `_total`, units as suffixes. They are
//! brought to one form first. A counter that has not counted is not there at all.

use super::text::{Cutter, Line, Sample};
use crate::observe::text::{NAME, clean};
use crate::observe::{
    BatchSeen, CollectorSeen, ElasticSeen, ExporterSeen, OutcomeSeen, ProcessorSeen, ReceiverSeen, Signal,
};

/// The most components of a kind that are kept.
const MOST: usize = 64;

/// Reads one answer, chunk by chunk.
#[derive(Debug, Default)]
pub struct Reader {
    cutter: Cutter,
    /// The histogram whose parts follow, in its own spelling.
    histogram: String,
    seen: CollectorSeen,
    /// A metric of a collector was seen.
    any: bool,
}

impl Reader {
    pub fn feed(&mut self, chunk: &[u8]) {
        let Reader { cutter, histogram, seen, any } = self;
        cutter.feed(chunk, &mut |line| take(histogram, seen, any, line));
    }

    /// What was read; None when there was no metric of a collector.
    pub fn end(mut self) -> Option<CollectorSeen> {
        let Reader { cutter, histogram, seen, any } = &mut self;
        cutter.end(&mut |line| take(histogram, seen, any, line));
        self.any.then_some(self.seen)
    }
}

/// A whole answer.
pub fn read(text: &[u8]) -> Option<CollectorSeen> {
    let mut reader = Reader::default();
    reader.feed(text);
    reader.end()
}

fn take(histogram: &mut String, seen: &mut CollectorSeen, any: &mut bool, line: Line) {
    let sample = match line {
        Line::Type { name, kind } => {
            histogram.clear();
            if kind == "histogram" {
                histogram.push_str(name);
            }
            return;
        }
        Line::Sample(sample) => sample,
    };
    if sample.name == "target_info" {
        seen.version = clean(sample.label("service_version"), NAME);
        return;
    }
    if !sample.value.is_finite() {
        return;
    }
    let part = sample.name.strip_prefix(histogram.as_str()).filter(|_| !histogram.is_empty());
    let name = match part {
        Some("_sum" | "_count") => normal(histogram) + part.unwrap_or_default(),
        Some(_) => return,
        None => normal(sample.name),
    };
    let Some(name) = name.strip_prefix("otelcol_") else { return };
    *any = true;
    // Of a histogram only what is named here; a counter may well end in `_count`.
    match name {
        "processor_batch_batch_send_size_sum" | "processor_batch_batch_send_size_count" => batch(seen, name, &sample),
        "elasticsearch_bulk_requests_latency_sum" => {
            outcome(seen, &sample, |o| add(&mut o.latency_s, sample.value));
        }
        _ if part.is_some() => {}
        _ => counter(seen, name, &sample),
    }
}

fn counter(seen: &mut CollectorSeen, name: &str, sample: &Sample) {
    let value = sample.value;
    let process = &mut seen.process;
    match name {
        "process_uptime" => process.uptime_s = Some(value),
        "process_cpu_seconds" => process.cpu_s = Some(value),
        "process_memory_rss" => process.rss_bytes = Some(value),
        "process_runtime_heap_alloc_bytes" => process.heap_bytes = Some(value),
        "process_runtime_total_sys_memory_bytes" => process.sys_bytes = Some(value),
        "exporter_queue_size" => exporter(seen, sample, data_type(sample), |e| add(&mut e.queue_size, value)),
        "exporter_queue_capacity" => exporter(seen, sample, data_type(sample), |e| add(&mut e.queue_capacity, value)),
        "exporter_in_flight_requests" => exporter(seen, sample, data_type(sample), |e| add(&mut e.in_flight, value)),
        "processor_incoming_items" => processor(seen, sample, otel_signal(sample), |p| add(&mut p.incoming, value)),
        "processor_outgoing_items" => processor(seen, sample, otel_signal(sample), |p| add(&mut p.outgoing, value)),
        _ if name.starts_with("processor_batch_") => batch(seen, name, sample),
        _ => match name.strip_prefix("elasticsearch_") {
            Some(rest) => elastic(seen, rest, sample),
            None => by_signal(seen, name, sample),
        },
    }
}

/// Counters with the signal in their name.
fn by_signal(seen: &mut CollectorSeen, name: &str, sample: &Sample) {
    let units = [("_spans", Signal::Traces), ("_metric_points", Signal::Metrics), ("_log_records", Signal::Logs)];
    let Some((what, signal)) = units.iter().find_map(|(unit, s)| Some((name.strip_suffix(unit)?, *s))) else { return };
    let value = sample.value;
    match what {
        "receiver_accepted" => receiver(seen, sample, signal, |r| add(&mut r.accepted, value)),
        "receiver_refused" => receiver(seen, sample, signal, |r| add(&mut r.refused, value)),
        "receiver_failed" => receiver(seen, sample, signal, |r| add(&mut r.failed, value)),
        "exporter_sent" => exporter(seen, sample, signal, |e| add(&mut e.sent, value)),
        "exporter_send_failed" => exporter(seen, sample, signal, |e| add(&mut e.send_failed, value)),
        "exporter_enqueue_failed" => exporter(seen, sample, signal, |e| add(&mut e.enqueue_failed, value)),
        "processor_refused" | "processor_memory_limiter_refused" => {
            processor(seen, sample, signal, |p| add(&mut p.refused, value));
        }
        _ => {}
    }
}

fn elastic(seen: &mut CollectorSeen, name: &str, sample: &Sample) {
    let value = sample.value;
    let ElasticSeen { received, retried, retried_requests, flushed_bytes, uncompressed_bytes, .. } = &mut seen.elastic;
    match name {
        "docs_received" => add(received, value),
        "docs_retried" => add(retried, value),
        "docs_retried_http_request" => add(retried_requests, value),
        "flushed_bytes" => add(flushed_bytes, value),
        "flushed_uncompressed_bytes" => add(uncompressed_bytes, value),
        "docs_processed" => outcome(seen, sample, |o| add(&mut o.documents, value)),
        "bulk_requests_count" => outcome(seen, sample, |o| add(&mut o.requests, value)),
        _ => {}
    }
}

fn batch(seen: &mut CollectorSeen, name: &str, sample: &Sample) {
    let value = sample.value;
    let change: fn(&mut BatchSeen) -> &mut Option<f64> = match name {
        "processor_batch_batch_send_size_sum" => |b| &mut b.items,
        "processor_batch_batch_send_size_count" => |b| &mut b.batches,
        "processor_batch_batch_size_trigger_send" => |b| &mut b.by_size,
        "processor_batch_timeout_trigger_send" => |b| &mut b.by_timeout,
        _ => return,
    };
    let component = sample.label("processor");
    let new = || BatchSeen { name: clean(component, NAME), ..Default::default() };
    if let Some(found) = place(&mut seen.batches, |b| b.name == component, new) {
        add(change(found), value);
    }
}

fn receiver(seen: &mut CollectorSeen, sample: &Sample, signal: Signal, change: impl FnOnce(&mut ReceiverSeen)) {
    let name = sample.label("receiver");
    let new = || ReceiverSeen { name: clean(name, NAME), signal, ..Default::default() };
    place(&mut seen.receivers, |r| r.name == name && r.signal == signal, new).map(change);
}

fn exporter(seen: &mut CollectorSeen, sample: &Sample, signal: Signal, change: impl FnOnce(&mut ExporterSeen)) {
    let name = sample.label("exporter");
    let new = || ExporterSeen { name: clean(name, NAME), signal, ..Default::default() };
    place(&mut seen.exporters, |e| e.name == name && e.signal == signal, new).map(change);
}

fn processor(seen: &mut CollectorSeen, sample: &Sample, signal: Signal, change: impl FnOnce(&mut ProcessorSeen)) {
    let name = sample.label("processor");
    let new = || ProcessorSeen { name: clean(name, NAME), signal, ..Default::default() };
    place(&mut seen.processors, |p| p.name == name && p.signal == signal, new).map(change);
}

fn outcome(seen: &mut CollectorSeen, sample: &Sample, change: impl FnOnce(&mut OutcomeSeen)) {
    let [outcome, code, error] = ["outcome", "http_response_status_code", "error_type"].map(|l| sample.label(l));
    let new = || OutcomeSeen {
        outcome: clean(outcome, NAME),
        code: clean(code, NAME),
        error: clean(error, NAME),
        ..Default::default()
    };
    let same = |o: &OutcomeSeen| o.outcome == outcome && o.code == code && o.error == error;
    place(&mut seen.elastic.outcomes, same, new).map(change);
}

/// The one that is the same, or a new one while there is room.
fn place<T>(all: &mut Vec<T>, same: impl Fn(&T) -> bool, new: impl FnOnce() -> T) -> Option<&mut T> {
    let at = match all.iter().position(same) {
        Some(at) => at,
        None if all.len() < MOST => {
            all.push(new());
            all.len() - 1
        }
        None => return None,
    };
    all.get_mut(at)
}

fn add(to: &mut Option<f64>, value: f64) {
    *to = Some(to.unwrap_or(0.0) + value);
}

fn data_type(sample: &Sample) -> Signal {
    signal(sample.label("data_type"))
}

fn otel_signal(sample: &Sample) -> Signal {
    signal(sample.label("otel_signal"))
}

fn signal(name: &str) -> Signal {
    Signal::ALL.into_iter().find(|s| s.name() == name).unwrap_or(Signal::Other)
}

/// A name in the one form: underscores, no `_total`, no unit that only some set-ups add.
fn normal(name: &str) -> String {
    let mut name = name.replace('.', "_");
    let cut = |name: &mut String, suffix: &str| {
        if name.ends_with(suffix) {
            name.truncate(name.len() - suffix.len());
        }
    };
    cut(&mut name, "_total");
    // 0.130 wrote the unit twice: `sent_spans__spans`.
    for unit in ["__spans", "__datapoints", "__records", "__items", "__requests", "__batches", "__1"] {
        cut(&mut name, unit);
    }
    if name.ends_with("process_uptime_seconds") || name.ends_with("bulk_requests_latency_seconds") {
        cut(&mut name, "_seconds");
    }
    if name.ends_with("process_memory_rss_bytes") {
        cut(&mut name, "_bytes");
    }
    name
}

#[cfg(test)]
#[path = "read_tests.rs"]
mod tests;
