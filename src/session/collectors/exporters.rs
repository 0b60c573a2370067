//! Which exporters of a collector count towards what it sent: those that lead out, and of an exporter that wraps others
//! either itself or the others. Must not add up anything.

use crate::observe::{CollectorSeen, ConfigSeen, ExporterSeen, Signal, component_kind, leads_out};
use std::collections::BTreeSet;

/// Kinds that hand each item to an exporter of their own, which counts it again.
const WRAPPERS: [&str; 3] = ["loadbalancing", "load_balancing", "failover"];

/// The exporters that a configuration's pipelines name.
pub type Outlets = BTreeSet<String>;

/// Those of a configuration.
pub fn outlets(config: &ConfigSeen) -> Outlets {
    config.pipelines.iter().flat_map(|pipeline| pipeline.exporters.iter().cloned()).collect()
}

/// The exporters of a signal whose items are different ones. A wrapper that counts is taken in place of its own exporters,
/// whose failures it may still retry with another of them; where it counts nothing itself, they are taken. An exporter that
/// is in no pipeline beside a wrapper that is can only be the wrapper's.
pub fn counted<'a>(
    seen: &'a CollectorSeen,
    signal: Signal,
    outlets: Option<&Outlets>,
) -> impl Iterator<Item = &'a ExporterSeen> {
    let of_signal = move |e: &&ExporterSeen| e.signal == signal && leads_out(&e.name);
    let wraps = |e: &&ExporterSeen| {
        let counts = e.sent.is_some() || e.send_failed.is_some();
        WRAPPERS.contains(&component_kind(&e.name)) && !is_backend(&e.name) && counts
    };
    let wrappers = || seen.exporters.iter().filter(of_signal).filter(wraps);
    let wrapped = wrappers().next().is_some();
    // The configuration of another collector says nothing.
    let outlets = outlets.filter(|outlets| wrapped && wrappers().all(|e| outlets.contains(&e.name)));
    let inner = move |name: &str| wrapped && (is_backend(name) || outlets.is_some_and(|all| !all.contains(name)));
    seen.exporters.iter().filter(of_signal).filter(|e| !inner(&e.name)).collect::<Vec<_>>().into_iter()
}

/// Whether an exporter is one of a wrapper's own: they are named after the address that they send to, as
/// `loadbalancing/traces_10.0.0.1:4317` or `otlp/backend-0:4317`.
fn is_backend(id: &str) -> bool {
    let address = id.split_once('/').map_or("", |(_, name)| name).rsplit_once(':');
    address.is_some_and(|(host, port)| !host.is_empty() && !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_wrapper_and_its_own_exporters_count_is_taken_once() {
        for (names, sum) in [
            (&["loadbalancing", "loadbalancing/10.42.0.11:4317", "loadbalancing/10.42.1.12:4317"][..], 1.0),
            (&["loadbalancing", "otlp/10.42.0.11:4317", "otlp/[fd00::1]:4317"], 1.0),
            (&["load_balancing", "load_balancing/10.42.0.11:4317", "load_balancing/10.42.1.12:4317"], 1.0),
            (&["loadbalancing/logs", "loadbalancing/logs_backend-0.backend:4317"], 1.0),
            (&["failover", "otlp/primary.local:4317", "otlp/secondary.local:4317"], 1.0),
            // Two wrappers, and an exporter beside them.
            (&["loadbalancing/a", "loadbalancing/b", "loadbalancing/a_b:1", "elasticsearch/otel"], 3.0),
            // The wrapper itself counts nothing.
            (&["loadbalancing/10.42.0.11:4317", "loadbalancing/10.42.1.12:4317"], 2.0),
            // No wrapper at all.
            (&["otlp/10.42.0.11:4317", "otlp/other", "debug"], 2.0),
        ] {
            let one = |name: &&str| ExporterSeen {
                name: (*name).into(),
                signal: Signal::Logs,
                sent: Some(1.0),
                ..ExporterSeen::default()
            };
            let seen = CollectorSeen { exporters: names.iter().map(one).collect(), ..CollectorSeen::default() };
            assert_eq!(counted(&seen, Signal::Logs, None).filter_map(|e| e.sent).sum::<f64>(), sum, "{names:?}");
            assert_eq!(counted(&seen, Signal::Traces, None).count(), 0);
        }
    }

    #[test]
    fn a_wrapper_of_one_signal_does_not_hide_another_signals_exporters() {
        let one =
            |name: &str, signal| ExporterSeen { name: name.into(), signal, sent: Some(1.0), ..Default::default() };
        let exporters = vec![one("loadbalancing", Signal::Traces), one("otlp/10.0.0.1:4317", Signal::Logs)];
        let seen = CollectorSeen { exporters, ..CollectorSeen::default() };
        assert_eq!(counted(&seen, Signal::Logs, None).count(), 1);
    }

    #[test]
    fn a_wrappers_exporters_with_plain_names_are_those_that_no_pipeline_has() {
        for (named, counts) in [
            (&["failover"][..], &["failover"][..]),
            (&["failover", "elasticsearch/otel"], &["failover", "elasticsearch/otel"]),
            (&["failover", "otlp/first", "elasticsearch/otel"], &["failover", "otlp/first", "elasticsearch/otel"]),
            // Of another collector.
            (&["otlp/first"], &["failover", "otlp/first", "otlp/second", "elasticsearch/otel"]),
        ] {
            let one = |name: &str| ExporterSeen { name: name.into(), sent: Some(1.0), ..ExporterSeen::default() };
            let all = ["failover", "otlp/first", "otlp/second", "elasticsearch/otel"];
            let seen = CollectorSeen { exporters: all.map(one).to_vec(), ..CollectorSeen::default() };
            let outlets: Outlets = named.iter().map(|name| (*name).to_owned()).collect();
            let got: Vec<&str> = counted(&seen, Signal::default(), Some(&outlets)).map(|e| e.name.as_str()).collect();
            assert_eq!(got, counts, "{named:?}");
        }
    }
}
