//! The objects that the cluster starts with, one file for each part. It must not hold behaviour.

mod apps;
mod elastic;
mod gateway;
mod nodes;
mod shards;

pub use apps::job;
pub use elastic::password_of as elastic_password_of;

use super::{Store, Time};
use crate::lab::scenario::Scenario;
use serde_json::{Value, json};

/// The namespace of the gateways and Elasticsearch.
pub const OBSERVABILITY: &str = "observability-lab";
/// The namespace of the application and the load.
pub const DEMO: &str = "demo-app";
const SYSTEM: &str = "kube-system";
const OPERATOR: &str = "elastic-system";

/// Create all objects.
pub fn all(store: &mut Store, scenario: &Scenario, password: &str, now: Time) {
    let namespaces = ["default", SYSTEM, OBSERVABILITY, DEMO, OPERATOR];
    let mut objects: Vec<(&str, Value)> = namespaces.into_iter().map(|name| ("namespaces", namespace(name))).collect();
    objects.extend(nodes::all(scenario));
    objects.extend(elastic::all(scenario, password));
    objects.extend(gateway::all(scenario));
    objects.extend(apps::all(scenario));
    objects.extend(shards::all(scenario));
    for (resource, object) in objects {
        // All names differ; a test would find an object missing otherwise.
        let _created = store.create(resource, object, now);
    }
}

fn namespace(name: &str) -> Value {
    json!({
        "kind": "Namespace", "apiVersion": "v1",
        "metadata": {"name": name, "labels": {"kubernetes.io/metadata.name": name}},
        "spec": {"finalizers": ["kubernetes"]}, "status": {"phase": "Active"},
    })
}

/// A workload with one container.
struct Workload<'a> {
    kind: &'a str,
    namespace: &'a str,
    name: &'a str,
    labels: Value,
    replicas: Option<u32>,
    container: Value,
    volumes: Value,
    grace: u32,
}

fn workload(of: Workload<'_>) -> Value {
    let mut container = of.container;
    for (key, value) in [
        ("terminationMessagePath", json!("/dev/termination-log")),
        ("terminationMessagePolicy", json!("File")),
        ("imagePullPolicy", json!("IfNotPresent")),
    ] {
        container[key] = value;
    }
    let selector = match of.labels.get("app") {
        Some(app) => json!({"matchLabels": {"app": app}}),
        None => json!({"matchLabels": of.labels}),
    };
    let mut spec = json!({
        "selector": selector,
        "template": {
            "metadata": {"labels": of.labels},
            "spec": {
                "containers": [container], "restartPolicy": "Always", "terminationGracePeriodSeconds": of.grace,
                "dnsPolicy": "ClusterFirst", "securityContext": {}, "schedulerName": "default-scheduler",
            },
        },
    });
    if of.volumes.is_array() {
        spec["template"]["spec"]["volumes"] = of.volumes;
    }
    if let Some(replicas) = of.replicas {
        spec["replicas"] = json!(replicas);
    }
    let more = match of.kind {
        "Deployment" => json!({
            "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": "25%", "maxSurge": "25%"}},
            "revisionHistoryLimit": 10, "progressDeadlineSeconds": 600,
        }),
        "StatefulSet" => json!({
            "serviceName": of.name, "podManagementPolicy": "OrderedReady", "updateStrategy": {"type": "OnDelete"},
        }),
        _ => json!({"updateStrategy": {"type": "RollingUpdate"}}),
    };
    if let (Some(spec), Some(more)) = (spec.as_object_mut(), more.as_object()) {
        spec.extend(more.clone());
    }
    json!({
        "kind": of.kind, "apiVersion": "apps/v1",
        "metadata": {"name": of.name, "namespace": of.namespace, "labels": of.labels},
        "spec": spec, "status": {},
    })
}

/// A Service; `ports` are names and numbers. A headless one has no cluster IP.
fn service(namespace: &str, name: &str, selector: &Value, ports: &[(&str, u16)], headless: bool) -> Value {
    let ports: Vec<Value> = ports
        .iter()
        .map(|(name, port)| json!({"name": name, "port": port, "protocol": "TCP", "targetPort": port}))
        .collect();
    // Any address of the service network, but always the same for the same name.
    let place = name.bytes().chain(namespace.bytes()).fold(7_u32, |sum, b| (sum * 31 + u32::from(b)) % 60_000);
    let address = if headless { "None".to_owned() } else { format!("10.43.{}.{}", place / 250 + 1, place % 250 + 2) };
    json!({
        "kind": "Service", "apiVersion": "v1",
        "metadata": {"name": name, "namespace": namespace, "labels": selector},
        "spec": {
            "type": "ClusterIP", "selector": selector, "ports": ports, "clusterIP": address, "clusterIPs": [address],
            "ipFamilies": ["IPv4"], "ipFamilyPolicy": "SingleStack", "internalTrafficPolicy": "Cluster",
            "sessionAffinity": "None",
        },
        "status": {"loadBalancer": {}},
    })
}

fn config_map(namespace: &str, name: &str, labels: &Value, file: &str, text: &str) -> Value {
    json!({
        "kind": "ConfigMap", "apiVersion": "v1",
        "metadata": {"name": name, "namespace": namespace, "labels": labels}, "data": {file: text},
    })
}
