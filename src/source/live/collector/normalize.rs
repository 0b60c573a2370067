//! A collector's metrics -> CollectorSeen, normalised across collector versions. Sums series that differ only by transport
//! or address. Must not judge or make rates.
//!
//! Metric names differ by version and by how the metric reader is configured: dots or underscores, `_total`, units as
//! suffixes. They are brought to one form first. A counter appears only once it has counted something.

use super::prometheus_text::{Entry, Sample, SampleParser};
use crate::observe::text::{NAME, clean};
use crate::observe::{
    BatchSeen, CollectorSeen, ElasticSeen, ExporterSeen, OutcomeSeen, ProcessorSeen, ReceiverSeen, Signal,
};

/// The most components of one kind that are kept by name; the figures of all further ones are summed under [`OTHERS`].
const MOST: usize = 256;
/// Stands for all components beyond the first [`MOST`].
const OTHERS: &str = "(others)";

/// Reads one response, chunk by chunk.
#[derive(Debug, Default)]
pub struct Normalizer {
    parser: SampleParser,
    /// The histogram whose parts follow, in its own spelling.
    histogram: String,
    seen: CollectorSeen,
    /// A collector's metric was found.
    found: bool,
}

impl Normalizer {
    pub fn feed(&mut self, chunk: &[u8]) {
        let Normalizer { parser, histogram, seen, found } = self;
        parser.feed(chunk, &mut |entry| take(histogram, seen, found, entry));
    }

    /// The figures; None when the response held no metric of a collector.
    pub fn end(mut self) -> Option<CollectorSeen> {
        let Normalizer { parser, histogram, seen, found } = &mut self;
        parser.end(&mut |entry| take(histogram, seen, found, entry));
        self.found.then_some(self.seen)
    }
}

/// The figures of a whole response.
pub fn normalize(text: &[u8]) -> Option<CollectorSeen> {
    let mut normalizer = Normalizer::default();
    normalizer.feed(text);
    normalizer.end()
}

fn take(histogram: &mut String, seen: &mut CollectorSeen, found: &mut bool, entry: Entry) {
    let sample = match entry {
        Entry::Type { name, kind } => {
            histogram.clear();
            if kind == "histogram" {
                histogram.push_str(name);
            }
            return;
        }
        Entry::Sample(sample) => sample,
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
        Some("_sum" | "_count") => normal_name(histogram) + part.unwrap_or_default(),
        Some(_) => return,
        None => normal_name(sample.name),
    };
    let Some(name) = name.strip_prefix("otelcol_") else { return };
    *found = true;
    // Of histograms only those named here are read. A counter's name may end in `_count`, too.
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
    let name = clean(sample.label("processor"), NAME);
    let new = |name: &String| BatchSeen { name: name.clone(), ..Default::default() };
    add(change(entry(&mut seen.batches, name, OTHERS.into(), |b, name| b.name == *name, new)), value);
}

fn receiver(seen: &mut CollectorSeen, sample: &Sample, signal: Signal, change: impl FnOnce(&mut ReceiverSeen)) {
    let name = clean(sample.label("receiver"), NAME);
    let same = |r: &ReceiverSeen, name: &String| r.name == *name && r.signal == signal;
    let new = |name: &String| ReceiverSeen { name: name.clone(), signal, ..Default::default() };
    change(entry(&mut seen.receivers, name, OTHERS.into(), same, new));
}

fn exporter(seen: &mut CollectorSeen, sample: &Sample, signal: Signal, change: impl FnOnce(&mut ExporterSeen)) {
    let name = clean(sample.label("exporter"), NAME);
    let same = |e: &ExporterSeen, name: &String| e.name == *name && e.signal == signal;
    let new = |name: &String| ExporterSeen { name: name.clone(), signal, ..Default::default() };
    change(entry(&mut seen.exporters, name, OTHERS.into(), same, new));
}

fn processor(seen: &mut CollectorSeen, sample: &Sample, signal: Signal, change: impl FnOnce(&mut ProcessorSeen)) {
    let name = clean(sample.label("processor"), NAME);
    let same = |p: &ProcessorSeen, name: &String| p.name == *name && p.signal == signal;
    let new = |name: &String| ProcessorSeen { name: name.clone(), signal, ..Default::default() };
    change(entry(&mut seen.processors, name, OTHERS.into(), same, new));
}

fn outcome(seen: &mut CollectorSeen, sample: &Sample, change: impl FnOnce(&mut OutcomeSeen)) {
    let labels = ["outcome", "http_response_status_code", "error_type"];
    let key = labels.map(|label| clean(sample.label(label), NAME));
    // Further codes and errors are summed by outcome, as that says whether documents were lost; further outcomes together.
    let others = match seen.elastic.outcomes.len() < MOST + Signal::ALL.len() {
        true => [key[0].clone(), String::new(), OTHERS.to_owned()],
        false => [OTHERS; 3].map(str::to_owned),
    };
    let same = |o: &OutcomeSeen, key: &[String; 3]| [&o.outcome, &o.code, &o.error] == [&key[0], &key[1], &key[2]];
    let new = |[outcome, code, error]: &[String; 3]| OutcomeSeen {
        outcome: outcome.clone(),
        code: code.clone(),
        error: error.clone(),
        ..Default::default()
    };
    change(entry(&mut seen.elastic.outcomes, key, others, same, new));
}

/// The component with this key: the known one, a new one while there is room, else the one with the key `others`.
fn entry<T, K>(all: &mut Vec<T>, key: K, others: K, same: impl Fn(&T, &K) -> bool, new: impl Fn(&K) -> T) -> &mut T {
    let find = |all: &[T], key: &K| all.iter().position(|c| same(c, key));
    let (key, at) = match find(all, &key) {
        None if all.len() >= MOST => {
            let at = find(all, &others);
            (others, at)
        }
        at => (key, at),
    };
    let at = at.unwrap_or(all.len());
    if at == all.len() {
        all.push(new(&key));
    }
    &mut all[at]
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

/// A metric's name in one form: underscores, no `_total`, no unit that only some configurations add.
fn normal_name(name: &str) -> String {
    let mut name = name.replace('.', "_");
    let cut = |name: &mut String, suffix: &str| {
        if name.ends_with(suffix) {
            name.truncate(name.len() - suffix.len());
        }
    };
    cut(&mut name, "_total");
    // Collector 0.130 wrote the unit twice: `sent_spans__spans`.
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

/// Responses of real collectors.
#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn file(name: &str) -> CollectorSeen {
        normalize(&bytes(name)).unwrap()
    }

    fn bytes(name: &str) -> Vec<u8> {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/data/collector/{name}.prom"));
        std::fs::read(path).unwrap()
    }

    fn exporter_of(seen: &CollectorSeen, signal: Signal) -> &ExporterSeen {
        seen.exporters.iter().find(|e| e.signal == signal).unwrap()
    }

    #[test]
    fn reads_a_gateway_under_load() {
        let seen = file("under-load-3");
        assert_eq!(seen.version, "0.157.0");
        assert_eq!(seen.process.uptime_s, Some(23.294_325_499));
        assert_eq!((seen.process.rss_bytes, seen.process.cpu_s), (Some(9.641_984e7), Some(3.33)));
        assert_eq!(seen.receivers.len(), 3);
        assert!(
            seen.receivers.iter().all(|r| r.name == "otlp" && r.accepted == Some(69_200.0) && r.refused == Some(0.0))
        );
        let traces = exporter_of(&seen, Signal::Traces);
        assert_eq!(
            (traces.name.as_str(), traces.sent, traces.send_failed),
            ("elasticsearch/otel", Some(65_600.0), None)
        );
        assert_eq!((traces.queue_size, traces.queue_capacity, traces.in_flight), (Some(0.0), Some(10.0), Some(0.0)));
        let batch = &seen.batches[0];
        assert_eq!((batch.batches, batch.items, batch.by_size), (Some(24.0), Some(196_800.0), Some(24.0)));
        let ok = &seen.elastic.outcomes[0];
        assert_eq!((ok.outcome.as_str(), ok.code.as_str(), ok.error.as_str()), ("success", "200", ""));
        assert_eq!((ok.documents, ok.requests), (Some(196_800.0), Some(40.0)));
        assert!((ok.latency_s.unwrap() - 4.364_702_536).abs() < 1e-6);
        let limiter = seen.processors.iter().find(|p| p.name == "memory_limiter" && p.signal == Signal::Logs).unwrap();
        assert_eq!((limiter.incoming, limiter.outgoing, limiter.refused), (Some(69_200.0), Some(69_200.0), None));
    }

    #[test]
    fn all_spellings_of_names_give_the_same_figures() {
        for name in ["names-normal-suffixed", "names-normal-utf8", "names-basic"] {
            let seen = file(name);
            assert!(
                seen.process.uptime_s.is_some() && seen.process.rss_bytes.is_some() && seen.process.cpu_s.is_some(),
                "{name}"
            );
            assert!(seen.receivers.iter().all(|r| r.accepted == Some(6_600.0)), "{name}");
            assert_eq!(seen.receivers.len(), 3, "{name}");
            assert!(exporter_of(&seen, Signal::Traces).sent.is_some(), "{name}");
            let ok = &seen.elastic.outcomes[0];
            assert_eq!((ok.outcome.as_str(), ok.code.as_str()), ("success", "200"), "{name}");
            assert!(ok.requests.is_some() && ok.documents.is_some() && ok.latency_s.is_some(), "{name}: {ok:?}");
        }
    }

    #[test]
    fn before_the_first_item_there_are_only_gauges() {
        let seen = file("idle");
        assert!(seen.receivers.is_empty() && seen.elastic.outcomes.is_empty());
        assert_eq!(exporter_of(&seen, Signal::Logs).queue_capacity, Some(10.0));
        assert_eq!(exporter_of(&seen, Signal::Logs).sent, None);
    }

    #[test]
    fn documents_rejected_one_by_one_are_distinguished_from_failed_requests() {
        let seen = file("items-409-3");
        let lost: f64 = seen.elastic.outcomes.iter().filter(|o| o.is_lost()).filter_map(|o| o.documents).sum();
        assert_eq!(lost, 1603.0 + 8109.0);
        let failed: f64 = seen.exporters.iter().filter_map(|e| e.send_failed).sum();
        let whole: f64 =
            seen.elastic.outcomes.iter().filter(|o| o.outcome == "failed_server").filter_map(|o| o.documents).sum();
        assert_eq!(failed, whole, "whole requests that failed are in send_failed already");
    }

    #[test]
    fn series_are_summed_over_addresses() {
        let seen = file("agent-queue-full-10");
        let logs = exporter_of(&seen, Signal::Logs);
        assert_eq!((logs.name.as_str(), logs.sent, logs.queue_size), ("otlp_grpc/gateway", Some(46_000.0), Some(64.0)));
        let two = "otelcol_exporter_sent_spans{exporter=\"o\",server_address=\"a\"} 1\n\
                   otelcol_exporter_sent_spans{exporter=\"o\",server_address=\"b\"} 2\n";
        assert_eq!(exporter_of(&normalize(two.as_bytes()).unwrap(), Signal::Traces).sent, Some(3.0));
    }

    #[test]
    fn all_exporters_are_counted_at_any_number_and_length_of_name() {
        let long = "x".repeat(2 * NAME);
        for (exporters, suffix) in [(30, ""), (90, ""), (MOST, ""), (MOST + 1, ""), (3 * MOST, ""), (1, &*long)] {
            let units = ["spans", "metric_points", "log_records"];
            let mut text = String::new();
            for unit in units {
                for n in 0..exporters {
                    let name = format!("otlp/10.42.{}.{}:4317{suffix}", n / 250, n % 250);
                    text += &format!("otelcol_exporter_sent_{unit}_total{{exporter=\"{name}\"}} 10\n");
                    text += &format!("otelcol_exporter_send_failed_{unit}_total{{exporter=\"{name}\"}} 1\n");
                }
            }
            let seen = normalize(text.as_bytes()).unwrap();
            for signal in [Signal::Traces, Signal::Metrics, Signal::Logs] {
                let sum = |of: fn(&ExporterSeen) -> Option<f64>| -> f64 {
                    seen.exporters.iter().filter(|e| e.signal == signal).filter_map(of).sum()
                };
                let n = exporters as f64;
                assert_eq!((sum(|e| e.sent), sum(|e| e.send_failed)), (10.0 * n, n), "{exporters} {signal:?}");
            }
            let others = seen.exporters.iter().any(|e| e.name == OTHERS);
            assert_eq!(others, units.len() * exporters > MOST, "{exporters}: the bound is visible where it applies");
        }
    }

    #[test]
    fn refusals_of_a_memory_limiter_are_read() {
        let seen = file("memory-limiter-refusing-6");
        assert!(seen.receivers.iter().all(|r| r.refused == Some(55_500.0)));
        let limiter =
            seen.processors.iter().find(|p| p.name == "memory_limiter" && p.signal == Signal::Traces).unwrap();
        assert_eq!(limiter.refused, Some(55_500.0));
    }

    #[test]
    fn responses_of_other_servers_are_recognised() {
        assert_eq!(normalize(b"<html>404 page not found</html>"), None);
        assert_eq!(normalize(b"go_goroutines 12\nup 1\n"), None);
        assert_eq!(normalize(b""), None);
        assert_eq!(normalize(b"otelcol_process_uptime NaN\n"), None);
    }

    #[test]
    fn a_response_of_any_size_takes_bounded_memory() {
        let mut normalizer = Normalizer::default();
        let long = vec![b'x'; 1 << 20];
        for n in 0..MOST + 100 {
            normalizer.feed(format!("otelcol_receiver_accepted_spans{{receiver=\"r{n}\"}} 1\n").as_bytes());
            if n % 10 == 0 {
                normalizer.feed(&long);
                normalizer.feed(b"\n");
            }
        }
        let seen = normalizer.end().unwrap();
        assert_eq!(seen.receivers.len(), MOST + 1);
        let accepted: f64 = seen.receivers.iter().filter_map(|r| r.accepted).sum();
        assert_eq!(accepted, (MOST + 100) as f64, "the rest is summed");
        assert_eq!((&*seen.receivers[MOST].name, seen.receivers[MOST].accepted), (OTHERS, Some(100.0)));
    }

    proptest! {
        #[test]
        fn a_real_response_damaged_and_cut_anywhere_is_accepted(at in 0usize..9000, len in 0usize..40, byte in any::<u8>(), chunk in 1usize..700) {
            let mut text = bytes("under-load-3");
            let from = at.min(text.len());
            let to = (from + len).min(text.len());
            text[from..to].fill(byte);
            let whole = normalize(&text);
            let mut normalizer = Normalizer::default();
            text.chunks(chunk).for_each(|c| normalizer.feed(c));
            prop_assert_eq!(normalizer.end(), whole);
        }
    }
}
