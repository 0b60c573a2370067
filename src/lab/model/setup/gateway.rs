//! The collectors: gateways with their HPA, agents on the nodes, one for the cluster; and their configuration files in the
//! usual form.

use super::{OBSERVABILITY, Workload, config_map, service, workload};
use crate::lab::scenario::{Connections, Hpa, PolicyType, Rules, Scenario, Select};
use serde_json::{Value, json};

const PORTS: [(&str, u16); 2] = [("otlp-grpc", 4317), ("otlp-http", 4318)];

pub fn all(scenario: &Scenario) -> Vec<(&'static str, Value)> {
    let gateway = &scenario.gateway;
    let image = "docker.elastic.co/elastic-agent/elastic-agent:9.2.5";
    let labels = |app: &str| json!({"app": app});
    let resources = json!({
        "requests": {"cpu": gateway.requests.cpu.text, "memory": gateway.requests.memory.text},
        "limits": {"cpu": gateway.limits.cpu.text, "memory": gateway.limits.memory.text},
    });
    let small = json!({
        "requests": {"cpu": scenario.agents.cpu.text, "memory": scenario.agents.memory.text},
        "limits": {"cpu": "500m", "memory": "512Mi"},
    });
    let container = |resources: &Value, probe: bool| {
        let mut container = json!({
            "name": "edot-collector", "image": image, "args": ["--config", "/etc/otelcol/config.yaml"],
            "env": [{"name": "ELASTIC_AGENT_OTEL", "value": "true"}],
            "ports": PORTS.map(|(name, port)| json!({"name": name, "containerPort": port, "protocol": "TCP"})),
            "resources": resources,
            "volumeMounts": [{"name": "config", "mountPath": "/etc/otelcol", "readOnly": true}],
        });
        if probe {
            container["readinessProbe"] = json!({
                "httpGet": {"path": "/", "port": 13133, "scheme": "HTTP"}, "periodSeconds": 1, "timeoutSeconds": 1,
                "successThreshold": 1, "failureThreshold": 3,
            });
        }
        container
    };
    let volumes = |map: &str| json!([{"name": "config", "configMap": {"name": map, "defaultMode": 420}}]);
    let collectors = [
        ("Deployment", "edot-gateway", Some(gateway.replicas), container(&resources, gateway.readiness_probe)),
        ("DaemonSet", "edot-agent", None, container(&small, false)),
        ("Deployment", "edot-cluster-collector", Some(1), container(&small, false)),
    ];
    let mut out = Vec::new();
    for (kind, name, replicas, container) in collectors {
        let resource = if kind == "DaemonSet" { "daemonsets" } else { "deployments" };
        let map = format!("{name}-config");
        let of = Workload {
            kind,
            namespace: OBSERVABILITY,
            name,
            labels: labels(name),
            replicas,
            container,
            volumes: volumes(&map),
            grace: 10,
        };
        out.push((resource, workload(of)));
        let text = match name {
            "edot-gateway" => gateway_config(scenario),
            _ => agent_config(scenario, name != "edot-agent"),
        };
        out.push(("configmaps", config_map(OBSERVABILITY, &map, &labels(name), "config.yaml", &text)));
    }
    let selector = labels("edot-gateway");
    out.push(("services", service(OBSERVABILITY, "edot-gateway", &selector, &PORTS, false)));
    if gateway.connections == Connections::RoundRobin {
        out.push(("services", service(OBSERVABILITY, "edot-gateway-headless", &selector, &PORTS, true)));
    }
    out.push(("horizontalpodautoscalers", hpa(&scenario.hpa)));
    out
}

fn hpa(of: &Hpa) -> Value {
    let metric = |name: &str, percent: i32| {
        json!({
            "type": "Resource",
            "resource": {"name": name, "target": {"type": "Utilization", "averageUtilization": percent}},
        })
    };
    let metrics: Vec<Value> =
        [("cpu", of.cpu), ("memory", of.memory)].into_iter().filter_map(|(name, p)| Some(metric(name, p?))).collect();
    let mut spec = json!({
        "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "edot-gateway"},
        "minReplicas": of.min, "maxReplicas": of.max, "metrics": metrics,
    });
    if of.up.is_some() || of.down.is_some() {
        // With the API server's defaults.
        spec["behavior"] = json!({
            "scaleUp": rules(of.up.as_ref(), Some(0), &[("Pods", 4), ("Percent", 100)]),
            "scaleDown": rules(of.down.as_ref(), None, &[("Percent", 100)]),
        });
    }
    json!({
        "kind": "HorizontalPodAutoscaler", "apiVersion": "autoscaling/v2",
        "metadata": {"name": "edot-gateway-hpa", "namespace": OBSERVABILITY, "labels": {"app": "edot-gateway"}},
        "spec": spec, "status": {"desiredReplicas": 0, "currentMetrics": null},
    })
}

fn rules(of: Option<&Rules>, window: Option<i64>, default: &[(&str, u32)]) -> Value {
    let select = of.and_then(|r| r.select).unwrap_or(Select::Max);
    let policies: Vec<Value> = match of.and_then(|r| r.policies.as_ref()) {
        Some(all) => all
            .iter()
            .map(|p| {
                let kind = if p.kind == PolicyType::Pods { "Pods" } else { "Percent" };
                json!({"type": kind, "value": p.value, "periodSeconds": p.period.ms() / 1000})
            })
            .collect(),
        None => {
            default.iter().map(|(kind, value)| json!({"type": kind, "value": value, "periodSeconds": 15})).collect()
        }
    };
    let mut out = json!({"selectPolicy": format!("{select:?}"), "policies": policies});
    if let Some(window) = of.and_then(|r| r.window).map(|w| w.ms() / 1000).or(window) {
        out["stabilizationWindowSeconds"] = json!(window);
    }
    out
}

fn gateway_config(scenario: &Scenario) -> String {
    let (g, limiter) = (&scenario.gateway, &scenario.gateway.memory_limiter);
    let age = g.max_connection_age.map_or(String::new(), |age| {
        format!("\n        keepalive: {{server_parameters: {{max_connection_age: {}s}}}}", age.ms() / 1000)
    });
    format!(
        r#"receivers:
  otlp:
    protocols:
      grpc:
        endpoint: 0.0.0.0:4317{age}
      http:
        endpoint: 0.0.0.0:4318
processors:
  memory_limiter:
    check_interval: 1s
    limit_mib: {limit}
    spike_limit_mib: {spike}
  batch:
    send_batch_size: {size}
    timeout: {timeout}ms
  elasticapm: {{}}
connectors:
  elasticapm: {{}}
exporters:
  elasticsearch/otel:
    endpoints: [http://elasticsearch-es-http.observability-lab.svc:9200]
    user: elastic
    password: ${{env:ELASTIC_PASSWORD}}
    mapping: {{mode: otel}}
    sending_queue:
      queue_size: {queue}
      num_consumers: {consumers}
      block_on_overflow: true
extensions:
  health_check: {{endpoint: 0.0.0.0:13133}}
service:
  extensions: [health_check]
  pipelines:
    traces:
      receivers: [otlp]
      processors: [memory_limiter, batch, elasticapm]
      exporters: [elasticapm, elasticsearch/otel]
    metrics:
      receivers: [otlp]
      processors: [memory_limiter, batch]
      exporters: [elasticsearch/otel]
    metrics/aggregated:
      receivers: [elasticapm]
      processors: []
      exporters: [elasticsearch/otel]
    logs:
      receivers: [otlp]
      processors: [memory_limiter, batch]
      exporters: [elasticsearch/otel]
"#,
        limit = limiter.limit_mib,
        spike = limiter.spike_mib,
        size = g.batch.size,
        timeout = g.batch.timeout.ms(),
        queue = g.queue.size,
        consumers = g.queue.consumers,
    )
}

fn agent_config(scenario: &Scenario, of_cluster: bool) -> String {
    let receivers = if of_cluster {
        "  k8s_cluster: {auth_type: serviceAccount, collection_interval: 10s}\n  k8sobjects: {objects: [{name: events, mode: watch}]}"
    } else {
        "  otlp: {protocols: {grpc: {endpoint: 0.0.0.0:4317}, http: {endpoint: 0.0.0.0:4318}}}\n  hostmetrics: {collection_interval: 10s}\n  kubeletstats: {auth_type: serviceAccount, collection_interval: 10s}\n  filelog: {include: [/var/log/pods/*/*/*.log], exclude: [/var/log/pods/observability-lab_edot-*/*/*.log], operators: [{type: container}]}"
    };
    let pipelines = if of_cluster {
        "    metrics: {receivers: [k8s_cluster], processors: [batch], exporters: [otlp/gateway]}\n    logs: {receivers: [k8sobjects], processors: [batch], exporters: [otlp/gateway]}"
    } else {
        "    traces: {receivers: [otlp], processors: [batch], exporters: [otlp/gateway]}\n    metrics: {receivers: [otlp, hostmetrics, kubeletstats], processors: [batch], exporters: [otlp/gateway]}\n    logs: {receivers: [otlp, filelog], processors: [batch], exporters: [otlp/gateway]}"
    };
    let exporter = match scenario.gateway.connections {
        Connections::Sticky => "endpoint: edot-gateway.observability-lab.svc:4317",
        Connections::RoundRobin => {
            "endpoint: dns:///edot-gateway-headless.observability-lab.svc:4317\n    balancer_name: round_robin"
        }
    };
    format!(
        "receivers:\n{receivers}\nprocessors:\n  batch: {{send_batch_size: {}, timeout: {}ms}}\nexporters:\n  otlp/gateway:\n    {exporter}\n    tls: {{insecure: true}}\n    sending_queue: {{queue_size: {}}}\nservice:\n  pipelines:\n{pipelines}\n",
        scenario.agents.batch.size,
        scenario.agents.batch.timeout.ms(),
        scenario.agents.queue,
    )
}
