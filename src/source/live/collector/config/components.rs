//! Reads the text of a collector's configuration and keeps the parts that the rules need: pipelines, limiters, batching,
//! sending queues. Everything else, which may be secret, is dropped here and never quoted.

use crate::observe::{BatchingSeen, ConfigSeen, LimiterSeen, PipelineSeen, SendingSeen, Signal, component_kind};
use crate::source::live::convert;
use serde_json::{Map, Value};

/// The longest text that is parsed; a ConfigMap can hold no more than 1 MiB, which bounds the components, too.
const LONGEST: usize = 1 << 20;

/// Parse a text as YAML; None unless it is a map.
pub fn parse(text: &str) -> Option<Value> {
    (text.len() <= LONGEST).then(|| serde_saphyr::from_str::<Value>(text).ok()).flatten().filter(Value::is_object)
}

/// Whether the configuration has pipelines.
pub fn has_pipelines(config: &Value) -> bool {
    config["service"]["pipelines"].as_object().is_some_and(|p| !p.is_empty())
}

/// Merge `over` into `config` as the collector merges its files: maps key by key, everything else replaced.
pub fn merge(config: &mut Value, over: Value) {
    match (config, over) {
        (Value::Object(base), Value::Object(over)) => {
            for (key, value) in over {
                merge(base.entry(key).or_insert(Value::Null), value);
            }
        }
        (base, over) => *base = over,
    }
}

/// The parts that the rules need.
pub fn extract(config: &Value) -> ConfigSeen {
    let of = |part: &str, wanted: &str| -> Vec<(String, Value)> {
        let all = members(&config[part]).filter(|(id, _)| component_kind(id) == wanted);
        all.map(|(id, settings)| (convert::name(id), settings.clone())).collect()
    };
    let pipelines = members(&config["service"]["pipelines"]).map(|(name, p)| PipelineSeen {
        name: convert::name(name),
        signal: Signal::of_pipeline(name),
        receivers: ids(&p["receivers"]),
        processors: ids(&p["processors"]),
        exporters: ids(&p["exporters"]),
    });
    let limiters = of("processors", "memory_limiter").into_iter().map(|(name, l)| LimiterSeen {
        name,
        limit_mib: number(&l["limit_mib"]),
        spike_mib: number(&l["spike_limit_mib"]),
        limit_percent: number(&l["limit_percentage"]),
        spike_percent: number(&l["spike_limit_percentage"]),
    });
    let batches = of("processors", "batch").into_iter().map(|(name, b)| BatchingSeen {
        name,
        size: number(&b["send_batch_size"]),
        max_size: number(&b["send_batch_max_size"]),
    });
    let exporters = members(&config["exporters"]).map(|(name, e)| {
        let queue = &e["sending_queue"];
        // The Elasticsearch exporter's key is `retry`.
        let retry = if e["retry_on_failure"].is_null() { &e["retry"] } else { &e["retry_on_failure"] };
        let sizer = queue["sizer"].as_str().filter(|s| matches!(*s, "requests" | "items" | "bytes"));
        SendingSeen {
            name: convert::name(name),
            queue: switch(&queue["enabled"]),
            retry: switch(&retry["enabled"]),
            queue_size: number(&queue["queue_size"]),
            sizer: sizer.unwrap_or_default().to_owned(),
            batches: queue["batch"].is_object() || !e["batcher"].is_null(),
        }
    });
    let readers = config.pointer("/service/telemetry/metrics/readers").and_then(Value::as_array);
    let reads = |kind: &str| readers.is_some_and(|all| all.iter().any(|reader| reader[kind].is_object()));
    ConfigSeen {
        pushes_metrics: reads("periodic") && !reads("pull"),
        extensions: ids(&config["service"]["extensions"]),
        connectors: members(&config["connectors"]).map(|(id, _)| convert::name(id)).collect(),
        pipelines: pipelines.collect(),
        limiters: limiters.collect(),
        batches: batches.collect(),
        exporters: exporters.collect(),
        ..ConfigSeen::default()
    }
}

fn members(of: &Value) -> impl Iterator<Item = (&String, &Value)> {
    of.as_object().into_iter().flat_map(Map::iter)
}

fn ids(of: &Value) -> Vec<String> {
    of.as_array().into_iter().flatten().filter_map(Value::as_str).map(convert::name).collect()
}

/// A number, also when it is quoted; None for a reference to the environment.
fn number(of: &Value) -> Option<f64> {
    of.as_f64().or_else(|| of.as_str()?.trim().parse().ok()).filter(|n| n.is_finite())
}

fn switch(of: &Value) -> Option<bool> {
    of.as_bool().or_else(|| of.as_str()?.trim().parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = r#"
receivers: {otlp: {protocols: {grpc: {endpoint: "0.0.0.0:4317", auth: {authenticator: bearertokenauth}}}}}
extensions: {bearertokenauth: {token: hidden-token}}
processors:
  memory_limiter: {check_interval: 1s, limit_percentage: 80, spike_limit_percentage: "20"}
  batch/metrics: {send_batch_size: 1000, send_batch_max_size: "${env:MOST}"}
  batch:
exporters:
  elasticsearch/otel:
    endpoints: ["https://u:hidden-password@es:9200"]
    api_key: hidden-key
    headers: {authorization: hidden-header}
    sending_queue: {queue_size: 10, sizer: requests, batch: {min_size: 1}}
    retry: {enabled: false}
  otlp: {sending_queue: {enabled: false}, retry_on_failure: {enabled: true}}
connectors: {elasticapm: {}}
service:
  extensions: [bearertokenauth]
  pipelines:
    metrics/aggregated: {receivers: [elasticapm], processors: [memory_limiter, batch/metrics], exporters: [elasticsearch/otel]}
    profiles: {receivers: [otlp], exporters: [otlp]}
"#;

    #[test]
    fn order_and_limits_are_kept_and_nothing_secret() {
        let seen = extract(&parse(TEXT).unwrap());
        let metrics = &seen.pipelines[0];
        assert_eq!((&*metrics.name, metrics.signal), ("metrics/aggregated", Signal::Metrics));
        assert_eq!(metrics.processors, ["memory_limiter", "batch/metrics"]);
        assert_eq!((seen.pipelines[1].signal, seen.pipelines[1].processors.len()), (Signal::Other, 0));
        assert_eq!((seen.limiters[0].limit_percent, seen.limiters[0].spike_percent), (Some(80.0), Some(20.0)));
        let sizes: Vec<_> = seen.batches.iter().map(|b| (&*b.name, b.size, b.max_size)).collect();
        assert_eq!(sizes, [("batch", None, None), ("batch/metrics", Some(1000.0), None)]);
        let of = |name: &str| seen.exporters.iter().find(|e| e.name == name).unwrap();
        let es = of("elasticsearch/otel");
        assert_eq!((es.queue, es.retry, es.queue_size, &*es.sizer), (None, Some(false), Some(10.0), "requests"));
        assert_eq!((of("otlp").queue, of("otlp").retry, of("otlp").batches), (Some(false), Some(true), false));
        assert!(es.batches);
        assert_eq!((seen.connectors.len(), &seen.extensions[..]), (1, &["bearertokenauth".to_owned()][..]));
        let written = serde_json::to_string(&seen).unwrap();
        assert!(!written.contains("hidden") && !written.contains("9200"), "{written}");
    }

    #[test]
    fn later_files_override_earlier_ones() {
        let mut config = parse(TEXT).unwrap();
        merge(&mut config, parse("exporters: {otlp: {sending_queue: {enabled: true, queue_size: 5}}}").unwrap());
        let seen = extract(&config);
        let otlp = seen.exporters.iter().find(|e| e.name == "otlp").unwrap();
        assert_eq!((otlp.queue, otlp.queue_size, otlp.retry), (Some(true), Some(5.0), Some(true)));
    }

    #[test]
    fn text_that_is_no_configuration_is_ignored() {
        for text in ["", "a: [", "- 1", "hello", "service: {pipelines: 3}", "service: [pipelines]"] {
            assert!(!parse(text).is_some_and(|c| has_pipelines(&c)), "{text}");
            parse(text).map(|c| extract(&c));
        }
    }

    #[test]
    fn texts_that_would_exhaust_memory_are_rejected() {
        let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
        let mut laughs = "a: &a [x,x,x,x,x,x,x,x,x]\n".to_owned();
        for (before, name) in ('a'..'j').zip('b'..='j') {
            let again = vec![format!("*{before}"); 9].join(",");
            laughs.push_str(&format!("{name}: &{name} [{again}]\n"));
        }
        let long = format!("a: {}", "x".repeat(LONGEST));
        for text in [deep, laughs, long] {
            assert_eq!(parse(&text), None);
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_accepted(text in "\\PC{0,300}", at in 0usize..TEXT.len(), len in 0usize..20) {
            let _ = parse(&text).map(|c| extract(&c));
            let mut damaged = TEXT.as_bytes().to_vec();
            let end = (at + len).min(damaged.len());
            damaged.splice(at..end, text.bytes().take(8));
            let _ = parse(&String::from_utf8_lossy(&damaged)).map(|c| extract(&c));
        }
    }
}
