//! The rules over one collector: its container and its configuration. Pure.

use super::parts::{components, ingress, is_balancing, is_connector, is_filelog, number, pipelines, sending, texts};
use super::{Collector, Judged, Over, Rule};
use crate::hpa::quantity;
use crate::observe::{Role, component_kind};
use serde_json::Value;

const GUIDE: &str = "the guide, Production-Scale Guidance";
const MEBI: f64 = 1_048_576.0;

pub const OTLP_LOGS: Rule = Rule {
    id: "otlp-logs-refused",
    advice: "agents take every signal by OTLP",
    hint: "add the otlp receiver to a logs pipeline; senders of logs are refused otherwise",
    source: "OpenTelemetry, receiver otlp",
    harm: Some("an agent receives traces or metrics by OTLP, and no pipeline takes logs from the same receiver"),
    over: Over::Collector(otlp_logs),
};
pub const CONTAINER_LOGS: Rule = Rule {
    id: "container-logs-unparsed",
    advice: "container logs are read in the runtime's own format",
    hint: "begin the operators of file_log with {type: container}",
    source: "OpenTelemetry, receiver file_log, operator container",
    harm: Some(
        "`file_log` reads containers' logs without the operator `container`: lines of JSON begin with the runtime's own fields",
    ),
    over: Over::Collector(container_logs),
};
pub const OWN_LOGS: Rule = Rule {
    id: "own-logs-read",
    advice: "a collector does not read its own logs",
    hint: "exclude the collectors' files in file_log: a line about a line that was read is read again",
    source: "OpenTelemetry, receiver file_log",
    harm: Some("`file_log` reads the logs of all containers, and excludes none of a collector's"),
    over: Over::Collector(own_logs),
};
pub const LOG_LEVEL: Rule = Rule {
    id: "log-level-lost",
    advice: "log.level is the record's severity, where Kibana looks for it",
    hint: "set(log.severity_text, ...) in the transform, and not only attributes[\"log.level\"]",
    source: "the guide, Log Flow Expectations",
    harm: Some("a transform sets the attribute `log.level` and never `severity_text`"),
    over: Over::Collector(log_level),
};
pub const ELASTICAPM: Rule = Rule {
    id: "elasticapm-wiring",
    advice: "elasticapm is a connector: exporter of traces and receiver of metrics",
    hint: "declare elasticapm under connectors, export traces to it and receive from it in a metrics pipeline",
    source: "Elastic, misconfigured-elasticapm-connector",
    harm: Some("`elasticapm` is used, and is not a declared connector, exporter of traces and receiver of metrics"),
    over: Over::Collector(elasticapm),
};

pub const RULES: &[Rule] = &[
    Rule {
        id: "resources",
        advice: "requests and limits, for accurate scaling signals",
        hint: "give each collector's container requests for CPU and memory, and a memory limit",
        source: GUIDE,
        harm: None,
        over: Over::Collector(resources),
    },
    Rule {
        id: "readiness",
        advice: "a readiness probe, so that nothing is sent to a collector that does not listen yet",
        hint: "readinessProbe: {httpGet: {path: /, port: 13133}}, with the extension health_check",
        source: "OpenTelemetry, extension health_check",
        harm: None,
        over: Over::Collector(readiness),
    },
    Rule {
        id: "memory-bounded",
        advice: "memory_limiter, or GOMEMLIMIT below the container's limit",
        hint: "memory_limiter first in every pipeline, with limit_percentage 80; or GOMEMLIMIT in the environment",
        source: "the guide; Elastic's kube-stack values (GOMEMLIMIT and no limiter)",
        harm: None,
        over: Over::Collector(memory_bounded),
    },
    Rule {
        id: "limiter-place",
        advice: "memory_limiter before all other processors, with a limit below the container's",
        hint: "put memory_limiter first, with limit_percentage 80 and spike_limit_percentage 20",
        source: "OpenTelemetry, processor memory_limiter",
        harm: None,
        over: Over::Collector(limiter_place),
    },
    Rule {
        id: "batching",
        advice: "the batch processor, or batching in the exporter",
        hint: "processor batch last in each pipeline, or sending_queue.batch in the exporter",
        source: GUIDE,
        harm: None,
        over: Over::Collector(batching),
    },
    Rule {
        id: "bounded-queue",
        advice: "a bounded sending queue",
        hint: "sending_queue: {enabled: true, queue_size: ...} in each exporter; the defaults differ by version",
        source: "the guide; Elastic, telemetry-export-errors",
        harm: None,
        over: Over::Collector(bounded_queue),
    },
    Rule {
        id: "retry",
        advice: "retry with backoff",
        hint: "retry_on_failure: {enabled: true}; for Elasticsearch retry: {enabled: true, max_retries: 10}",
        source: GUIDE,
        harm: None,
        over: Over::Collector(retry),
    },
    Rule {
        id: "persistent-queue",
        advice: "agents keep on disk what they cannot send, and do not give it up",
        hint: "sending_queue.storage: file_storage, and retry_on_failure.max_elapsed_time: 0",
        source: "Elastic, c2c-resourceexhausted",
        harm: None,
        over: Over::Collector(persistent_queue),
    },
    OTLP_LOGS,
    CONTAINER_LOGS,
    OWN_LOGS,
    LOG_LEVEL,
    ELASTICAPM,
    Rule {
        id: "own-metrics",
        advice: "a collector's own metrics can be read",
        hint: "add a pull reader (prometheus, port 8888) beside the periodic one, or name its pod (k8s.pod.name in service.telemetry.resource), so that they can be read in Elasticsearch",
        source: "Elastic, ingest-docs 1897",
        harm: None,
        over: Over::Collector(own_metrics),
    },
];

/// Only where the workload is known.
fn container(c: &Collector) -> Option<&Value> {
    c.container.is_object().then_some(&c.container)
}

fn resources(c: &Collector) -> Option<Judged> {
    let of = &container(c)?["resources"];
    let parts = [("cpu", "requests"), ("memory", "requests"), ("memory", "limits")];
    let missing = parts
        .iter()
        .filter(|(what, kind)| of[*kind][*what].is_null())
        .map(|(what, kind)| format!("no {what} in {kind}"));
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let fine = format!(
        "{} and {}, at most {}",
        text(&of["requests"]["cpu"]),
        text(&of["requests"]["memory"]),
        text(&of["limits"]["memory"])
    );
    Some(Judged::none_of(missing.collect(), &fine))
}

fn readiness(c: &Collector) -> Option<Judged> {
    Some(match container(c)?["readinessProbe"].is_object() {
        true => Judged::Fine("has one".into()),
        false => Judged::Against("Ready as soon as it runs".into()),
    })
}

fn go_limit(c: &Collector) -> bool {
    let env = c.container["env"].as_array();
    env.is_some_and(|all| all.iter().any(|one| one["name"] == "GOMEMLIMIT"))
}

fn extension(c: &Collector, kind: &str) -> bool {
    let used = c.config["service"]["extensions"].as_array();
    used.is_some_and(|all| all.iter().filter_map(Value::as_str).any(|id| component_kind(id) == kind))
}

fn memory_bounded(c: &Collector) -> Option<Judged> {
    if extension(c, "memory_limiter") {
        return Some(Judged::Fine("memory_limiter as an extension".into()));
    }
    let limits = |id: &&str| component_kind(id) == "memory_limiter";
    let without: Vec<String> = ingress(&c.config)
        .iter()
        .filter(|p| !p.processors.iter().any(limits))
        .map(|p| format!("neither in pipeline {}", p.name))
        .collect();
    Some(match (without.is_empty(), go_limit(c)) {
        (true, _) => Judged::Fine("memory_limiter".into()),
        (false, true) => Judged::Fine("GOMEMLIMIT".into()),
        (false, false) => Judged::Against(without.join("; ")),
    })
}

fn limiter_place(c: &Collector) -> Option<Judged> {
    let is = |id: &&str| component_kind(id) == "memory_limiter";
    let mut found = Vec::new();
    let mut any = false;
    for p in pipelines(&c.config) {
        let Some(at) = p.processors.iter().position(is) else { continue };
        any = true;
        if at > 0 {
            found.push(format!("in pipeline {} after {}", p.name, p.processors[..at].join(", ")));
        }
    }
    let limit = c.container["resources"]["limits"]["memory"].as_str().and_then(|text| quantity::approximate(text).ok());
    for (id, of) in components(&c.config, "processors").filter(|(id, _)| is(&id.as_str())) {
        let own = number(&of["limit_mib"]).map(|mib| mib * MEBI);
        if let (Some(own), Some(limit)) = (own, limit)
            && own >= limit
        {
            found.push(format!("{id} at {:.0} Mi, the container at {:.0} Mi", own / MEBI, limit / MEBI));
        }
    }
    any.then(|| Judged::none_of(found, "first, and below the container's limit"))
}

fn batching(c: &Collector) -> Option<Judged> {
    let sending = sending(&c.config);
    let batches = |id: &str| {
        let of = sending.iter().find(|(one, _)| *one == id).map(|(_, of)| *of);
        of.is_some_and(|of| of["sending_queue"]["batch"].is_object() || of["batcher"].is_object())
    };
    let leads = |p: &super::parts::Pipeline<'_>| {
        p.exporters.iter().any(|id| sending.iter().any(|(one, _)| one == id) && !batches(id))
    };
    let all = pipelines(&c.config);
    // What comes from a connector was batched before, or is small.
    let without = all.iter().filter(|p| {
        leads(p)
            && !p.processors.iter().any(|id| component_kind(id) == "batch")
            && p.receivers.iter().any(|id| !is_connector(&c.config, id))
    });
    Some(Judged::none_of(without.map(|p| format!("none in pipeline {}", p.name)).collect(), "in every pipeline"))
}

/// What is wrong with each exporter that leads out; None where there is none.
fn exporters(c: &Collector, fine: &str, wrong: impl Fn(&str, &Value) -> Option<String>) -> Option<Judged> {
    let all = sending(&c.config);
    let found = all.iter().filter_map(|(id, of)| wrong(id, of)).collect();
    (!all.is_empty()).then(|| Judged::none_of(found, fine))
}

fn bounded_queue(c: &Collector) -> Option<Judged> {
    exporters(c, "every exporter has one", |id, of| {
        let queue = &of["sending_queue"];
        if queue["enabled"] == false {
            Some(format!("{id} has its queue switched off"))
        } else if queue.is_null() && component_kind(id) == "elasticsearch" {
            Some(format!("{id} has no sending_queue of its own"))
        } else {
            None
        }
    })
}

fn retry(c: &Collector) -> Option<Judged> {
    exporters(c, "every exporter tries again", |id, of| {
        let key = if component_kind(id) == "elasticsearch" { "retry" } else { "retry_on_failure" };
        if of[key]["enabled"] == false {
            Some(format!("{id} never retries"))
        } else if of[key].is_null() && component_kind(id) == "elasticsearch" && of["sending_queue"].is_null() {
            // By default it gives up after half a second.
            Some(format!("{id} has no retry of its own"))
        } else {
            None
        }
    })
}

fn persistent_queue(c: &Collector) -> Option<Judged> {
    if c.role != Role::Agent {
        return None;
    }
    exporters(c, "on disk, and never given up", |id, of| {
        let never = matches!(of["retry_on_failure"]["max_elapsed_time"].as_str(), Some("0" | "0s"))
            || of["retry_on_failure"]["max_elapsed_time"] == 0;
        match (of["sending_queue"]["storage"].is_string(), never) {
            (false, _) => Some(format!("the queue of {id} is in memory")),
            (true, false) => Some(format!("{id} gives up after a while")),
            (true, true) => None,
        }
    })
}

fn otlp_logs(c: &Collector) -> Option<Judged> {
    // What applications send to. Another tier may be for one signal.
    if c.role != Role::Agent {
        return None;
    }
    let all = pipelines(&c.config);
    let with = |signal: &str| {
        all.iter().any(|p| p.signal() == signal && p.receivers.iter().any(|id| component_kind(id) == "otlp"))
    };
    let others: Vec<&str> = ["traces", "metrics"].into_iter().filter(|signal| with(signal)).collect();
    (!others.is_empty()).then(|| match with("logs") {
        true => Judged::Fine("logs, too".into()),
        false => Judged::Against(format!("otlp is received for {}, and not for logs", others.join(" and "))),
    })
}

/// The file receivers that read containers' logs.
fn container_files(c: &Collector) -> Vec<(&String, &Value)> {
    let reads = |of: &Value| {
        let mut all = Vec::new();
        texts(&of["include"], &mut all);
        all.iter().any(|path| path.starts_with("/var/log/pods") || path.starts_with("/var/log/containers"))
    };
    components(&c.config, "receivers").filter(|(id, of)| is_filelog(id) && reads(of)).collect()
}

fn container_logs(c: &Collector) -> Option<Judged> {
    let all = container_files(c);
    let parses = |of: &Value| {
        let operators = of["operators"].as_array();
        operators.is_some_and(|all| all.iter().any(|one| one["type"] == "container"))
    };
    let found =
        all.iter().filter(|(_, of)| !parses(of)).map(|(id, _)| format!("{id} has no operator container")).collect();
    (!all.is_empty()).then(|| Judged::none_of(found, "by the operator container"))
}

fn own_logs(c: &Collector) -> Option<Judged> {
    let all = container_files(c);
    let found = all.iter().filter(|(_, of)| {
        let (mut include, mut exclude) = (Vec::new(), Vec::new());
        texts(&of["include"], &mut include);
        texts(&of["exclude"], &mut exclude);
        // A path that names a namespace or a pod may leave them out by that.
        let everything = include.iter().any(|path| {
            let file = path.trim_start_matches("/var/log/pods/").trim_start_matches("/var/log/containers/");
            file.starts_with('*')
        });
        let left_out = ["edot", "otel", "collector", "elastic-agent", "observability", "${env"];
        everything && !exclude.iter().any(|path| left_out.iter().any(|word| path.contains(word)))
    });
    let found = found.map(|(id, _)| format!("{id} excludes no collector")).collect();
    (!all.is_empty()).then(|| Judged::none_of(found, "excluded"))
}

fn log_level(c: &Collector) -> Option<Judged> {
    let mut all = Vec::new();
    components(&c.config, "processors")
        .filter(|(id, _)| component_kind(id) == "transform")
        .for_each(|(_, of)| texts(of, &mut all));
    let sets = |field: &str| {
        all.iter().any(|text| text.contains(&format!("set({field}")) || text.contains(&format!("set(log.{field}")))
    };
    let attribute = sets("attributes[\"log.level\"]");
    (attribute || sets("severity_text")).then(|| match sets("severity_text") {
        true => Judged::Fine("severity_text is set".into()),
        false => Judged::Against("only the attribute log.level is set".into()),
    })
}

fn elasticapm(c: &Collector) -> Option<Judged> {
    let is = |id: &str| component_kind(id) == "elasticapm";
    let all = pipelines(&c.config);
    let declared = components(&c.config, "connectors").any(|(id, _)| is(id));
    let named = declared || components(&c.config, "processors").any(|(id, _)| is(id));
    if !named {
        return None;
    }
    // Where another tier samples, it makes the metrics of spans, too.
    let from = all.iter().any(|p| p.signal() == "traces" && p.exporters.iter().any(|id| is(id) || is_balancing(id)));
    let into = all.iter().any(|p| p.signal() == "metrics" && p.receivers.iter().any(|id| is(id)));
    let wrong = [
        (declared, "not declared under connectors"),
        (from, "no traces pipeline exports to it"),
        (into, "no metrics pipeline receives from it"),
    ];
    // A collector behind another may only add fields; then the connector is in neither place.
    if !declared && !from && !into && all.iter().all(|p| p.signal() != "traces") {
        return None;
    }
    let found = wrong.iter().filter(|(fine, _)| !fine).map(|(_, what)| (*what).to_owned()).collect();
    Some(Judged::none_of(found, "from traces to metrics"))
}

fn own_metrics(c: &Collector) -> Option<Judged> {
    let readers = c.config.pointer("/service/telemetry/metrics/readers").and_then(Value::as_array)?;
    let pulls = readers.iter().any(|reader| reader["pull"].is_object());
    let pushes = readers.iter().any(|reader| reader["periodic"].is_object());
    Some(match (pulls, pushes) {
        (true, _) => Judged::Fine("a pull reader".into()),
        (false, true) => Judged::Against("sent by a periodic reader only: no port 8888 is open".into()),
        (false, false) => Judged::Against("there is no reader".into()),
    })
}
