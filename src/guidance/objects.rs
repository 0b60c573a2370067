//! The rules over the objects around the collectors, and over how the tiers fit together. Pure.

use super::parts::{components, is_balancing, name, number, pipelines, selects, sending};
use super::{Collector, Judged, Over, Rule, Setup};
use crate::observe::{Role, component_kind};
use serde_json::Value;
use std::collections::BTreeSet;

const GUIDE: &str = "the guide, Production-Scale Guidance";
/// The most of a request, in percent, that leaves room to react.
const HIGH_TARGET: i64 = 85;

pub const RULES: &[Rule] = &[
    Rule {
        id: "gateway-replicas",
        advice: "several gateway replicas, at least two",
        hint: "minReplicas: 2; Elastic's figures are 2 to 5, cpu 70, memory 75",
        source: "the guide; Elastic, insufficient-resources-kubestack",
        harm: None,
        over: Over::Objects(replicas),
    },
    Rule {
        id: "gateway-targets",
        advice: "the HPA scales before a gateway is full",
        hint: "a utilization of 70 for cpu and 75 for memory; consider the exporter's queue as a metric besides",
        source: "Elastic, insufficient-resources-kubestack and c2c-resourceexhausted",
        harm: None,
        over: Over::Objects(targets),
    },
    Rule {
        id: "gateway-capacity",
        advice: "the gateway pool is sized by the rate of what comes in",
        hint: "raise maxReplicas, or scale what is behind: see the findings on queues and Elasticsearch for which of them it is",
        source: GUIDE,
        harm: None,
        over: Over::Objects(capacity),
    },
    Rule {
        id: "gateway-budget",
        advice: "a drain takes one gateway at a time",
        hint: "a PodDisruptionBudget with maxUnavailable: 1 for the gateway",
        source: GUIDE,
        harm: None,
        over: Over::Objects(budget),
    },
    Rule {
        id: "gateway-balancing",
        advice: "agents reach every gateway: a headless Service, or connections that end",
        hint: "a Service with clusterIP: None, dns:/// before its name and balancer_name: round_robin; or keepalive.server_parameters.max_connection_age in the gateway",
        source: "Elastic's kube-stack values (daemon to gateway)",
        harm: None,
        over: Over::Objects(balancing),
    },
    Rule {
        id: "message-size",
        advice: "the gateway takes the largest batches that are sent to it",
        hint: "max_recv_msg_size_mib: 16 in the gateway's otlp receiver, or send_batch_max_size in its senders",
        source: "Elastic, c2c-resourceexhausted (larger than max 4194304)",
        harm: None,
        over: Over::Objects(message_size),
    },
    Rule {
        id: "node-local-agents",
        advice: "an application sends to the agent on its own node",
        hint: "internalTrafficPolicy: Local on the agents' Service",
        source: "the guide, Architecture Flow",
        harm: None,
        over: Over::Objects(node_local),
    },
    Rule {
        id: "cluster-rights",
        advice: "the cluster collector may watch what it reports, HPAs included",
        hint: "list and watch on horizontalpodautoscalers (autoscaling) and replicationcontrollers in its ClusterRole",
        source: "OpenTelemetry, receiver k8s_cluster",
        harm: None,
        over: Over::Objects(cluster_rights),
    },
    Rule {
        id: "tail-sampling",
        advice: "before tail sampling, all spans of a trace go to one collector, and their number is fixed",
        hint: "load_balancing with routing_key: traceID in the tier before, and no HPA on the samplers",
        source: "OpenTelemetry, scaling; Elastic, tail-based sampling",
        harm: None,
        over: Over::Objects(tail_sampling),
    },
    Rule {
        id: "signals-apart",
        advice: "logs and metrics apart, if one of them dominates",
        hint: "the finding signal-dominates says when: a gateway with an HPA of its own for that signal",
        source: GUIDE,
        harm: None,
        over: Over::Objects(signals_apart),
    },
    Rule {
        id: "environments",
        advice: "each environment has a namespace of its own",
        hint: "one namespace, and one gateway, for each environment",
        source: "the guide, Observability at Scale",
        harm: None,
        over: Over::Objects(environments),
    },
    Rule {
        id: "elasticsearch-nodes",
        advice: "an Elasticsearch for this volume: several nodes",
        hint: "three nodes at least: two still agree when one is away",
        source: "the guide, Observability at Scale",
        harm: None,
        over: Over::Objects(elastic_nodes),
    },
    Rule {
        id: "elasticsearch-storage",
        advice: "Elasticsearch has a volume of the size that it needs",
        hint: "volumeClaimTemplates in every node set: ECK's default is 1Gi",
        source: "Elastic Cloud on Kubernetes, volume claim templates",
        harm: None,
        over: Over::Objects(elastic_storage),
    },
    Rule {
        id: "application-probes",
        advice: "the application's pods have readiness probes",
        hint: "a readinessProbe for each container that serves",
        source: "Kubernetes, probes",
        harm: None,
        over: Over::Objects(app_probes),
    },
    Rule {
        id: "application-logs",
        advice: "the application's log lines are JSON with a time, a level and a service",
        hint: "ECS names: @timestamp in RFC 3339 (strftime has no %f: datetime.isoformat), log.level, service.name",
        source: "the guide, Log Transformations",
        harm: None,
        over: Over::Objects(app_logs),
    },
    Rule {
        id: "metrics-server",
        advice: "metrics-server has an APIService's figures every 15 s, and checks the kubelets' certificates",
        hint: "--metric-resolution=15s, and --kubelet-insecure-tls at most once, where the kubelets sign their own",
        source: "metrics-server; the guide, Expected HPA Reaction",
        harm: None,
        over: Over::Objects(metrics_server),
    },
    Rule {
        id: "load-thresholds",
        advice: "the load's script says when a run has failed",
        hint: "thresholds: {http_req_failed: ['rate<0.01']} in the script",
        source: "k6, thresholds",
        harm: None,
        over: Over::Objects(thresholds),
    },
];

fn gateways(setup: &Setup) -> Vec<&Collector> {
    setup.of(Role::Gateway).collect()
}

fn replicas(setup: &Setup) -> Option<Judged> {
    match &setup.hpa {
        Some(hpa) => {
            let least = hpa["spec"]["minReplicas"].as_i64().unwrap_or(1);
            let text = format!("{} has minReplicas {least}", name(hpa));
            Some(if least >= 2 { Judged::Fine(text) } else { Judged::Against(text) })
        }
        None => gateways(setup).first().map(|one| Judged::Against(format!("{} has no HPA", one.name))),
    }
}

fn targets(setup: &Setup) -> Option<Judged> {
    let hpa = setup.hpa.as_ref()?;
    let metrics = hpa["spec"]["metrics"].as_array()?;
    let of = |metric: &Value| {
        let percent = metric.pointer("/resource/target/averageUtilization")?.as_i64()?;
        Some((metric.pointer("/resource/name")?.as_str()?.to_owned(), percent))
    };
    let all: Vec<(String, i64)> = metrics.iter().filter_map(of).collect();
    let high = all
        .iter()
        .filter(|(_, percent)| *percent > HIGH_TARGET)
        .map(|(what, percent)| format!("{what} at {percent} %"));
    let text: Vec<String> = all.iter().map(|(what, percent)| format!("{what} {percent} %")).collect();
    (!all.is_empty()).then(|| Judged::none_of(high.collect(), &text.join(", ")))
}

fn capacity(setup: &Setup) -> Option<Judged> {
    let hpa = setup.hpa.as_ref()?;
    let most = hpa["spec"]["maxReplicas"].as_i64()?;
    let now = hpa["status"]["currentReplicas"].as_i64().unwrap_or(0);
    let limited = hpa["status"]["conditions"].as_array().is_some_and(|all| {
        all.iter().any(|c| c["type"] == "ScalingLimited" && c["status"] == "True" && c["reason"] == "TooManyReplicas")
    });
    Some(match limited {
        true => Judged::Against(format!("{now} gateways, and more are wanted than the {most} that are allowed")),
        false => Judged::Fine(format!("{now} of at most {most} gateways")),
    })
}

fn budget(setup: &Setup) -> Option<Judged> {
    let all = gateways(setup);
    let found = all.iter().filter(|gateway| {
        !setup.budgets.iter().any(|budget| selects(&budget["spec"]["selector"]["matchLabels"], &gateway.labels))
    });
    let found = found.map(|gateway| format!("none for {}", gateway.name)).collect();
    (!all.is_empty()).then(|| Judged::none_of(found, "there is a budget"))
}

/// The host of an endpoint, without scheme and port, cut to the Service's name.
fn service_of<'a>(setup: &'a Setup, endpoint: &str) -> Option<&'a Value> {
    let host = endpoint.rsplit("//").next().unwrap_or(endpoint).trim_start_matches('/');
    let host = host.split(['/', ':']).next().unwrap_or_default();
    let service = host.split('.').next().unwrap_or_default();
    setup.services.iter().find(|one| name(one) == service)
}

/// The gateway's receivers for gRPC.
fn receivers(c: &Collector) -> impl Iterator<Item = &Value> {
    components(&c.config, "receivers")
        .filter(|(id, _)| component_kind(id) == "otlp")
        .map(|(_, of)| &of["protocols"]["grpc"])
}

fn balancing(setup: &Setup) -> Option<Judged> {
    let ages = gateways(setup).iter().any(|gateway| {
        receivers(gateway).any(|grpc| grpc.pointer("/keepalive/server_parameters/max_connection_age").is_some())
    });
    let (mut found, mut any) = (Vec::new(), false);
    for sender in setup.collectors.iter().filter(|c| matches!(c.role, Role::Agent | Role::Cluster)) {
        for (id, of) in sending(&sender.config).iter().filter(|(id, _)| component_kind(id).starts_with("otlp")) {
            let Some(service) = of["endpoint"].as_str().and_then(|endpoint| service_of(setup, endpoint)) else {
                continue;
            };
            any = true;
            if service["spec"]["clusterIP"] != "None" && !ages {
                found.push(format!("{}'s {id} keeps one connection to the Service {}", sender.name, name(service)));
            }
        }
    }
    any.then(|| Judged::none_of(found, if ages { "connections end after a while" } else { "a headless Service" }))
}

fn message_size(setup: &Setup) -> Option<Judged> {
    let all = gateways(setup);
    let small = all.iter().any(|gateway| {
        receivers(gateway).any(|grpc| number(&grpc["max_recv_msg_size_mib"]).is_none_or(|mib| mib <= 4.0))
    });
    let unbounded: Vec<String> = setup
        .collectors
        .iter()
        .filter(|c| matches!(c.role, Role::Agent | Role::Cluster))
        .filter(|c| {
            let bounded =
                |(_, of): &(&String, &Value)| number(&of["send_batch_max_size"]).is_some_and(|most| most > 0.0);
            let batches = || components(&c.config, "processors").filter(|(id, _)| component_kind(id) == "batch");
            !batches().all(|one| bounded(&one)) || batches().next().is_none()
        })
        .map(|c| format!("{} sends batches of any size, and the gateway takes 4 MiB", c.name))
        .collect();
    (!all.is_empty())
        .then(|| Judged::none_of(if small { unbounded } else { Vec::new() }, "larger than 4 MiB, or bounded batches"))
}

fn node_local(setup: &Setup) -> Option<Judged> {
    let agents: Vec<&Collector> = setup.of(Role::Agent).collect();
    let services: Vec<&Value> = setup
        .services
        .iter()
        .filter(|service| agents.iter().any(|agent| selects(&service["spec"]["selector"], &agent.labels)))
        .filter(|service| service["spec"]["clusterIP"] != "None")
        .collect();
    let found = services.iter().filter(|service| service["spec"]["internalTrafficPolicy"] != "Local");
    let found = found.map(|service| format!("the Service {} leads to agents on any node", name(service))).collect();
    (!services.is_empty()).then(|| Judged::none_of(found, "internalTrafficPolicy Local"))
}

fn cluster_rights(setup: &Setup) -> Option<Judged> {
    let watches =
        |c: &&Collector| components(&c.config, "receivers").any(|(id, _)| component_kind(id) == "k8s_cluster");
    let one = setup.collectors.iter().find(watches)?;
    let Some(rights) = &one.rights else { return Some(Judged::Unknown("its ClusterRole may not be read".into())) };
    let has = |group: &str, resource: &str| {
        rights.iter().any(|rule| {
            let any = |key: &str, wanted: &str| {
                rule[key].as_array().is_some_and(|all| all.iter().any(|one| one == wanted || one == "*"))
            };
            any("apiGroups", group) && any("resources", resource) && any("verbs", "list") && any("verbs", "watch")
        })
    };
    let wanted = [("autoscaling", "horizontalpodautoscalers"), ("", "replicationcontrollers")];
    let found = wanted.iter().filter(|(group, resource)| !has(group, resource));
    Some(Judged::none_of(
        found.map(|(_, resource)| format!("{} may not watch {resource}", one.name)).collect(),
        "it may",
    ))
}

fn tail_sampling(setup: &Setup) -> Option<Judged> {
    let samples =
        |c: &&Collector| components(&c.config, "processors").any(|(id, _)| component_kind(id) == "tail_sampling");
    let samplers: Vec<&Collector> = setup.collectors.iter().filter(samples).collect();
    let routed = setup.collectors.iter().any(|c| {
        components(&c.config, "exporters")
            .any(|(id, of)| is_balancing(id) && of["routing_key"].as_str().unwrap_or("traceID") == "traceID")
    });
    let mut found = Vec::new();
    for sampler in &samplers {
        let several = sampler.role == Role::Gateway && setup.hpa.is_some() || sampler.replicas.unwrap_or(1) > 1;
        if several && !routed {
            found.push(format!("{} sees parts of traces: nothing routes them by their id", sampler.name));
        }
        if sampler.role == Role::Gateway && setup.hpa.is_some() {
            found.push(format!("an HPA changes the number of {}", sampler.name));
        }
    }
    (!samplers.is_empty())
        .then(|| Judged::none_of(found, "traces are routed by their id to a fixed number of samplers"))
}

fn signals_apart(setup: &Setup) -> Option<Judged> {
    let signals: BTreeSet<String> = gateways(setup)
        .iter()
        .flat_map(|gateway| pipelines(&gateway.config))
        .filter(|p| p.receivers.iter().any(|id| component_kind(id) == "otlp"))
        .map(|p| p.signal().to_owned())
        .collect();
    (!signals.is_empty()).then(|| {
        let all: Vec<String> = signals.into_iter().collect();
        Judged::Fine(format!(
            "this gateway takes {}; the finding signal-dominates compares their rates",
            all.join(", ")
        ))
    })
}

fn environments(setup: &Setup) -> Option<Judged> {
    let mut found: BTreeSet<String> = BTreeSet::new();
    for app in &setup.apps {
        let containers = app.pointer("/spec/template/spec/containers").and_then(Value::as_array);
        for variable in containers.into_iter().flatten().flat_map(|c| c["env"].as_array()).flatten() {
            let text = variable["value"]
                .as_str()
                .filter(|_| variable["name"] == "OTEL_RESOURCE_ATTRIBUTES")
                .unwrap_or_default();
            for key in ["deployment.environment.name=", "deployment.environment="] {
                found.extend(text.split(',').filter_map(|pair| pair.trim().strip_prefix(key)).map(str::to_owned));
            }
        }
    }
    (!setup.apps.is_empty()).then(|| {
        let all: Vec<String> = found.into_iter().collect();
        match all.len() {
            0 | 1 => Judged::Fine("one environment in the namespace".into()),
            _ => Judged::Against(format!("the namespace has {}", all.join(", "))),
        }
    })
}

fn elastic_nodes(setup: &Setup) -> Option<Judged> {
    let of = |one: &Value| {
        let sets = one["spec"]["nodeSets"].as_array().into_iter().flatten();
        (name(one).to_owned(), sets.filter_map(|set| set["count"].as_i64()).sum::<i64>())
    };
    let all: Vec<(String, i64)> = setup.elasticsearches.iter().map(of).collect();
    let found = all.iter().filter(|(_, count)| *count < 3).map(|(name, count)| format!("{name} has {count}")).collect();
    (!all.is_empty()).then(|| Judged::none_of(found, "three or more"))
}

fn elastic_storage(setup: &Setup) -> Option<Judged> {
    let mut found = Vec::new();
    for one in &setup.elasticsearches {
        for set in one["spec"]["nodeSets"].as_array().into_iter().flatten() {
            let volumes = set.pointer("/podTemplate/spec/volumes").is_some();
            if set["volumeClaimTemplates"].is_null() && !volumes {
                found.push(format!("{} has the default of 1Gi", name(one)));
            }
        }
    }
    (!setup.elasticsearches.is_empty()).then(|| Judged::none_of(found, "volumeClaimTemplates"))
}

/// What the lines of each Deployment lack; the last line that is JSON speaks for all. Nothing of a line is quoted.
fn app_logs(setup: &Setup) -> Option<Judged> {
    let (mut found, mut structured) = (Vec::new(), 0);
    for (name, lines) in &setup.app_logs {
        let parsed =
            lines.iter().rev().find_map(|line| serde_json::from_str::<Value>(line).ok().filter(Value::is_object));
        // A database beside the application may write as it likes.
        let Some(line) = parsed else { continue };
        structured += 1;
        // Names with dots, and objects in objects, are the same to Elasticsearch.
        let has = |field: &str| {
            let nested = format!("/{}", field.replace('.', "/"));
            line.get(field).or_else(|| line.pointer(&nested)).and_then(Value::as_str)
        };
        match has("@timestamp").or(has("timestamp")).or(has("time")) {
            None => found.push(format!("lines of {name} have no @timestamp")),
            Some(at) if chrono::DateTime::parse_from_rfc3339(at).is_err() => {
                let why = if at.contains("%f") { " (a %f is left in it)" } else { "" };
                found.push(format!("the time of {name}'s lines cannot be read{why}"));
            }
            Some(_) => {}
        }
        let lacks = [("log.level", "level"), ("service.name", "service")];
        let lacks: Vec<&str> =
            lacks.iter().filter(|(a, b)| has(a).or(has(b)).is_none()).map(|(field, _)| *field).collect();
        if !lacks.is_empty() {
            found.push(format!("lines of {name} have no {}", lacks.join(", no ")));
        }
    }
    let all = setup.app_logs.len();
    match structured {
        0 if all == 0 => None,
        0 => Some(Judged::Against("no Deployment writes lines of JSON".into())),
        n => Some(Judged::none_of(found, &format!("so in {n} of the {all} Deployments that write to stdout"))),
    }
}

fn app_probes(setup: &Setup) -> Option<Judged> {
    let mut found = Vec::new();
    for app in &setup.apps {
        let containers = app.pointer("/spec/template/spec/containers").and_then(Value::as_array);
        if containers.is_some_and(|all| all.iter().all(|c| c["readinessProbe"].is_null())) {
            found.push(format!("none in {}", name(app)));
        }
    }
    (!setup.apps.is_empty()).then(|| Judged::none_of(found, "in every Deployment"))
}

fn metrics_server(setup: &Setup) -> Option<Judged> {
    let args = setup.metrics_server.as_ref()?.pointer("/spec/template/spec/containers/0/args")?.as_array()?;
    let args: Vec<&str> = args.iter().filter_map(Value::as_str).collect();
    let insecure = args.iter().filter(|arg| arg.starts_with("--kubelet-insecure-tls")).count();
    let mut found = Vec::new();
    if !args.iter().any(|arg| arg.starts_with("--metric-resolution=")) {
        found.push("no --metric-resolution, so a sample a minute".to_owned());
    }
    if insecure > 1 {
        found.push(format!("--kubelet-insecure-tls is there {insecure} times"));
    }
    Some(Judged::none_of(
        found,
        if insecure == 1 { "it does not check the kubelets' certificates, which only suits a test" } else { "both" },
    ))
}

fn thresholds(setup: &Setup) -> Option<Judged> {
    let data = setup.scripts.as_ref()?["data"].as_object()?;
    let has = data.values().filter_map(Value::as_str).any(|text| text.contains("thresholds"));
    Some(if has {
        Judged::Fine("it has thresholds".into())
    } else {
        Judged::Against("it has none: every run passes".into())
    })
}
