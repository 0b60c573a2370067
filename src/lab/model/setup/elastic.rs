//! Elasticsearch and Kibana as ECK sets them up: names, labels, services, secrets.

use super::{OBSERVABILITY, OPERATOR, Workload, service, workload};
use crate::lab::model::objects::fingerprint;
use crate::lab::scenario::Scenario;
use base64::{Engine, prelude::BASE64_STANDARD};
use serde_json::{Value, json};

/// The cluster's name.
pub const NAME: &str = "elasticsearch";

pub fn all(scenario: &Scenario, password: &str) -> Vec<(&'static str, Value)> {
    let es = &scenario.elasticsearch;
    let mut labels = json!({
        "common.k8s.elastic.co/type": "elasticsearch",
        "elasticsearch.k8s.elastic.co/cluster-name": NAME,
        "elasticsearch.k8s.elastic.co/statefulset-name": format!("{NAME}-es-default"),
        "elasticsearch.k8s.elastic.co/version": es.version,
        "elasticsearch.k8s.elastic.co/http-scheme": "http",
    });
    for role in ["master", "data", "ingest", "data_content", "data_hot", "ml", "transform", "remote_cluster_client"] {
        labels[format!("elasticsearch.k8s.elastic.co/node-{role}")] = json!("true");
    }
    let selector =
        json!({"common.k8s.elastic.co/type": "elasticsearch", "elasticsearch.k8s.elastic.co/cluster-name": NAME});
    let node = json!({
        "name": "elasticsearch", "image": format!("docker.elastic.co/elasticsearch/elasticsearch:{}", es.version),
        "ports": [{"name": "http", "containerPort": 9200, "protocol": "TCP"}, {"name": "transport", "containerPort": 9300, "protocol": "TCP"}],
        "resources": {
            "requests": {"cpu": "500m", "memory": es.memory.text}, "limits": {"cpu": es.cpu.text, "memory": es.memory.text},
        },
    });
    let kibana = json!({
        "name": "kibana", "image": format!("docker.elastic.co/kibana/kibana:{}", es.version),
        "ports": [{"name": "http", "containerPort": 5601, "protocol": "TCP"}],
        "resources": {"requests": {"cpu": "200m", "memory": "768Mi"}, "limits": {"memory": "1Gi"}},
    });
    let kibana_labels = json!({
        "common.k8s.elastic.co/type": "kibana", "kibana.k8s.elastic.co/name": "kibana",
        "kibana.k8s.elastic.co/version": es.version,
    });
    let operator = json!({
        "name": "manager", "image": "docker.elastic.co/eck/eck-operator:3.2.0",
        "resources": {"requests": {"cpu": "100m", "memory": "150Mi"}, "limits": {"cpu": "1", "memory": "1Gi"}},
    });
    let set = |kind, namespace, name, labels: &Value, container| {
        workload(Workload {
            kind,
            namespace,
            name,
            labels: labels.clone(),
            replicas: Some(1),
            container,
            volumes: Value::Null,
            grace: 30,
        })
    };
    let services =
        [("http", 9200, false), ("internal-http", 9200, false), ("transport", 9300, true), ("default", 9200, true)];
    let mut out = vec![
        ("statefulsets", set("StatefulSet", OBSERVABILITY, "elasticsearch-es-default", &labels, node)),
        ("deployments", set("Deployment", OBSERVABILITY, "kibana-kb", &kibana_labels, kibana)),
        (
            "statefulsets",
            set("StatefulSet", OPERATOR, "elastic-operator", &json!({"control-plane": "elastic-operator"}), operator),
        ),
        ("services", service(OBSERVABILITY, "kibana-kb-http", &kibana_labels, &[("http", 5601)], false)),
    ];
    for (name, port, headless) in services {
        let name = format!("{NAME}-es-{name}");
        out.push(("services", service(OBSERVABILITY, &name, &selector, &[("http", port)], headless)));
    }
    let users = json!({
        "elastic-internal": secret_text(password, "internal"), "elastic-internal-monitoring": secret_text(password, "monitoring"),
        "elastic-internal-diagnostics": secret_text(password, "diagnostics"),
    });
    out.push(("secrets", secret("elastic-user", json!({"elastic": BASE64_STANDARD.encode(password)}))));
    out.push(("secrets", secret("internal-users", users)));
    out
}

fn secret(name: &str, data: Value) -> Value {
    json!({
        "kind": "Secret", "apiVersion": "v1", "type": "Opaque",
        "metadata": {
            "name": format!("{NAME}-es-{name}"), "namespace": OBSERVABILITY,
            "labels": {
                "common.k8s.elastic.co/type": "elasticsearch", "elasticsearch.k8s.elastic.co/cluster-name": NAME,
                "eck.k8s.elastic.co/credentials": "true",
            },
        },
        "data": data,
    })
}

/// The password of one of ECK's own users, derived from that of `elastic`.
pub fn password_of(elastic: &str, user: &str) -> String {
    fingerprint(&format!("{elastic}{user}")).chars().take(24).collect()
}

fn secret_text(elastic: &str, user: &str) -> String {
    BASE64_STANDARD.encode(password_of(elastic, user))
}
